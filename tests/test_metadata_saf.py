"""What the files of an item of DSpace say."""

import pytest

from metadata.description import Description, Rejected
from metadata.model import Date, Identifier, Item, Series, Text
from metadata.saf import Bitstream, first_path, is_item, read_contents, read_item

DUBLIN_CORE = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<dublin_core schema="dc">
<dcvalue element="contributor" qualifier="author">Silva, Ana</dcvalue>
<dcvalue element="contributor" qualifier="editor">Rey, Luc</dcvalue>
<dcvalue element="contributor" qualifier="advisor">Wood, Jane</dcvalue>
<dcvalue element="date" qualifier="accessioned">2012-03-04T10:11:12Z</dcvalue>
<dcvalue element="date" qualifier="issued">1998-05</dcvalue>
<dcvalue element="identifier" qualifier="isbn">9782831710983</dcvalue>
<dcvalue element="identifier" qualifier="issn">0378-5955</dcvalue>
<dcvalue element="identifier" qualifier="doi">10.1000/xyz</dcvalue>
<dcvalue element="identifier" qualifier="uri">http://hdl.handle.net/123456789/7</dcvalue>
<dcvalue element="identifier" qualifier="citation">Parks 8 (1998), 3-9</dcvalue>
<dcvalue element="description" qualifier="abstract" language="fr">Un résumé.</dcvalue>
<dcvalue element="description" qualifier="tableofcontents">1. One. 2. Two.</dcvalue>
<dcvalue element="description" qualifier="sponsorship">A fund</dcvalue>
<dcvalue element="description" qualifier="provenance">Made available by X</dcvalue>
<dcvalue element="format" qualifier="extent">xii, 40 p.</dcvalue>
<dcvalue element="language" qualifier="iso">fr</dcvalue>
<dcvalue element="publisher" qualifier="none">IUCN</dcvalue>
<dcvalue element="relation" qualifier="ispartofseries">Parks papers; 12</dcvalue>
<dcvalue element="rights" qualifier="uri">http://creativecommons.org/licenses/by/4.0/</dcvalue>
<dcvalue element="subject" qualifier="lcsh">Wetlands</dcvalue>
<dcvalue element="coverage" qualifier="spatial">Gabon</dcvalue>
<dcvalue element="title" qualifier="none" language="fr">Les zones humides</dcvalue>
<dcvalue element="title" qualifier="alternative" language="en">Wetlands</dcvalue>
<dcvalue element="type" qualifier="none">Book</dcvalue>
</dublin_core>
""".encode()
TERMS = b"""<dublin_core schema="dcterms"><dcvalue element="spatial">Cameroun</dcvalue>
<dcvalue element="alternative">Marais</dcvalue></dublin_core>"""
LOCAL = b"""<dublin_core schema="local"><dcvalue element="title">Not a title</dcvalue></dublin_core>"""


def _item(files: dict[str, bytes]) -> Item:
    found = read_item(files, "saf/item_1")
    assert isinstance(found, Description), found.problems
    return found.item


def test_qualified_dublin_core_is_mapped_richly() -> None:
    item = _item({"dublin_core.xml": DUBLIN_CORE, "metadata_dcterms.xml": TERMS, "metadata_local.xml": LOCAL})
    assert [(one.value, one.language) for one in item.titles] == [
        ("Les zones humides", "fr"), ("Wetlands", "en"), ("Marais", ""),
    ]  # fmt: skip
    assert [(one.agent.name, one.role) for one in item.contributions] == [
        ("Silva, Ana", "aut"), ("Rey, Luc", "edt"), ("Wood, Jane", "ths"), ("IUCN", "pbl"),
    ]  # fmt: skip
    assert item.dates == (Date("1998-05", "issued"),)
    assert item.identifiers == (
        Identifier("isbn", "9782831710983"), Identifier("issn", "0378-5955"), Identifier("doi", "10.1000/xyz"),
        Identifier("handle", "123456789/7"),
    )  # fmt: skip
    assert item.descriptions == (Text("Un résumé.", "fr"),)
    notes = [note.value for note in item.notes]
    assert notes == ["Parks 8 (1998), 3-9", "1. One. 2. Two.", "A fund"]
    assert (item.extent, item.languages, item.type) == ("xii, 40 p.", ("fr",), "book")
    assert item.series == (Series("Parks papers", "12"),)
    assert [one.value for one in item.rights] == ["http://creativecommons.org/licenses/by/4.0/"]
    assert [one.value for one in item.keywords] == ["Wetlands"]
    assert [one.value for one in item.coverage] == ["Gabon", "Cameroun"]


def test_handle_and_collections_are_taken_and_a_handle_stands_once() -> None:
    item = _item({"dublin_core.xml": DUBLIN_CORE, "handle": b"123456789/7\n", "collections": b"123456789/2\n1/3\n"})
    assert item.identifiers.count(Identifier("handle", "123456789/7")) == 1
    assert item.collections == ("col_123456789_2", "col_1_3")
    bare = b"<dublin_core><dcvalue element='title'>T</dcvalue></dublin_core>"
    assert _item({"dublin_core.xml": bare, "handle": b"1/2"}).identifiers == (Identifier("handle", "1/2"),)
    assert _item({"dublin_core.xml": bare, "handle": b"<script>\0"}).identifiers == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<dublin_core><dcvalue element='title'>T", "not well formed"),
        (b"<!DOCTYPE x SYSTEM 'file:///etc/hostname'><dublin_core/>", "DOCTYPE"),
        (b"", "dublin_core.xml"),
        (b"<other/>", "no record"),
    ],
)
def test_metadata_that_cannot_be_read_is_refused(data: bytes, reason: str) -> None:
    found = read_item({"dublin_core.xml": data}, "saf/item_1")
    assert isinstance(found, Rejected)
    assert reason in found.problems[-1].message()
    spoilt = read_item({"dublin_core.xml": DUBLIN_CORE, "metadata_local.xml": data}, "saf/item_1")
    assert isinstance(spoilt, Rejected), "half of what is said is not the whole"


def test_an_item_without_a_title_is_refused() -> None:
    found = read_item({"dublin_core.xml": b"<dublin_core/>"}, "saf/item_1")
    assert isinstance(found, Rejected)
    assert found.problems[-1].code == "record-without-title"


def test_contents_tell_files_bundles_and_who_might_read_them() -> None:
    text = (
        "\ufeffreport.pdf\tbundle:ORIGINAL\tprimary:true\tdescription:The report\r\n"
        "./data/table 1.csv\n\n"
        "license.txt\tbundle:LICENSE\n"
        "report.pdf.txt\tbundle:TEXT\tpermissions:-r 'Anonymous'\n"
        "secret.pdf\tpermissions:-r 'Staff only'\n"
        "report.pdf\tbundle:OTHER\n"
    )
    found, problems = read_contents(text.encode(), "contents")
    assert problems == ()
    assert found == (
        Bitstream("report.pdf", primary=True), Bitstream("data/table 1.csv"), Bitstream("license.txt", "LICENSE"),
        Bitstream("report.pdf.txt", "TEXT", readers="Anonymous"), Bitstream("secret.pdf", readers="Staff only"),
    )  # fmt: skip
    assert [one.path for one in found if one.left] == ["report.pdf.txt"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("-r -s 0 -f 2012/report.pdf\tbundle:ORIGINAL", "saf-registered"),
        ("../../etc/passwd", "saf-path-outside"),
        ("/etc/passwd", "saf-path-outside"),
        ("a/../../b", "saf-path-outside"),
        ("..\\b", "saf-path-outside"),
        ("C:\\b", "saf-path-outside"),
        ("\tbundle:ORIGINAL", "saf-path-outside"),
    ],
)
def test_what_lies_elsewhere_is_never_named(line: str, code: str) -> None:
    found, problems = read_contents(f"good.pdf\n{line}\n".encode(), "contents")
    assert [one.path for one in found] == ["good.pdf"]
    assert [one.code for one in problems] == [code]


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\0b", b"x" * (5 << 20)])
def test_contents_that_make_no_sense_are_refused(data: bytes) -> None:
    assert [one.code for one in read_contents(data, "contents")[1]] == ["saf-contents-wrong"]


@pytest.mark.parametrize(
    ("names", "first", "expected"),
    [
        (["dublin_core.xml", "contents"], "", True),
        (["dublin_core.xml", "handle"], "", True),
        (["dublin_core.xml", "metadata_local.xml"], "", True),
        (["dublin_core.xml"], "", False),
        (["contents", "a.pdf"], "a.pdf", True),
        (["contents", "a.pdf"], "b.pdf", False),
        (["contents", "handle"], "", True),
        (["handle", "a.pdf"], "", False),
    ],
)
def test_an_item_is_known_by_its_names(names: list[str], first: str, expected: bool) -> None:
    assert is_item(names, first) is expected


def test_the_first_path_is_read_from_a_beginning() -> None:
    assert first_path(b"a.pdf\tbundle:ORIGINAL\nb.p") == "a.pdf"
    assert first_path(b"") == first_path(b"\xff") == ""
