"""The DOI that a file tells: taken where it is told plainly, doubted where not, and never invented."""

from pathlib import Path

import pikepdf
import pytest
from scans import typeset

from ingest.doi_elsewhere import Printed, from_metadata, printed, with_doi_elsewhere
from ingest.doi_prefixes import Prefixes
from ingest.draft import Draft
from ingest.pdfdoi import stated_dois
from metadata.model import Identifier, Item, Method, Page, Text, Word
from metadata.pages import page_line

PREFIXES = Prefixes("10.5555")
XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
xmlns:prism="http://prismstandard.org/namespaces/basic/3.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
xmlns:pdfx="http://ns.adobe.com/pdfx/1.3/" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>"""


def page(text: str, method: Method = "text-layer", confidence: float = 95.0) -> Page:
    words = tuple(Word(word, (0, 0, 1, 1), confidence) for word in text.split())
    return Page(1, 100, 100, text, "en", confidence, method, words=words)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Wetlands\nhttps://doi.org/10.2305/IUCN.CH.2020.04.en\nGland", "10.2305/iucn.ch.2020.04.en"),
        ("doi:10.1016/j.biocon.2009.12.004.", "10.1016/j.biocon.2009.12.004"),
        ("DOI 10.1000/182)", "10.1000/182"),
        ("doi: 10.1002/(sici)1097-4679(199809)54:5<655", "10.1002/(sici)1097-4679(199809)54:5"),
        ("DOI: https://doi.org/10.1000/abc, 2010", "10.1000/abc"),
        ("http://dx.doi.org/10.1000/abc and again https://doi.org/10.1000/ABC", "10.1000/abc"),
        ("doi.org/10.1000/abc", "10.1000/abc"),
        ("https://doi.org/10.1000/a%2Fbc", "10.1000/a/bc"),
        ("doi:10.1000/own\n\nReferences\n1. Roe, doi:10.1000/other", "10.1000/own"),
        ("doi:10.1000/own\n\nBIBLIOGRAFÍA\nRoe, https://doi.org/10.1000/other", "10.1000/own"),
    ],
)
def test_the_one_doi_of_a_first_page_is_its_own(text: str, name: str) -> None:
    assert printed(page(text)) == Printed(name, sure=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.1000/abc",  # nothing says what it is
        "Version 10.1000/2",
        "doi:10.1000/one and doi:10.1000/two",
        "Erratum to: Wetlands of the north, doi:10.1000/abc",
        "Review of Wetlands. https://doi.org/10.1000/abc",
        "The data are at https://doi.org/10.1000/abc",
        "[1] Roe, A. https://doi.org/10.1000/abc",
        "12. Roe, A. https://doi.org/10.1000/abc",
        "References\ndoi:10.1000/abc",
        "Références bibliographiques\ndoi:10.1000/abc",
        "https://doi.org.evil.example/10.1000/abc",
        "radoi 10.1000/abc",
        "https://doi.org/",
    ],
)
def test_what_is_another_s_or_nobody_s_is_passed_over(text: str) -> None:
    assert printed(page(text)) is None


@pytest.mark.parametrize(
    "found",
    [
        page("https://doi.org/10.1016/j.biocon.\n2009.12.004"),
        page("https://doi.org/10.1000/wet-\nlands"),
        page("doi:10.1000/abc", "ocr", 71.0),
        Page(1, 100, 100, "doi:10.1000/abc", method="ocr", confidence=99.0),  # its words are not known
    ],
)
def test_what_may_not_be_whole_or_rightly_read_is_not_sure(found: Page) -> None:
    made = printed(found)
    assert made
    assert not made.sure


def test_what_recognition_is_sure_of_is_taken() -> None:
    assert printed(page("doi:10.1000/abc", "ocr", 96.0)) == Printed("10.1000/abc", sure=True)


def judged(
    tmp_path: Path, told: tuple[str, ...], text: str, *identifiers: Identifier
) -> tuple[list[str], list[str], bool]:
    """Return the DOIs of the item, the codes of problems, and whether one may be reserved."""
    lines = tmp_path / "pages.jsonl"
    lines.write_bytes(page_line(page(text)) if text else b"")
    item = Item(id="c7ahmjjc4k", titles=(Text("A"),), identifiers=identifiers, source="a.pdf")
    draft, prefixes = with_doi_elsewhere(Draft(item), told, lines, PREFIXES)
    dois = [one.value for one in draft.item.identifiers if one.scheme == "doi"]
    return dois, [one.code for one in draft.problems], prefixes == PREFIXES


def test_which_doi_an_item_is_given(tmp_path: Path) -> None:
    assert judged(tmp_path, (), "") == ([], [], True)
    assert judged(tmp_path, (), "doi:10.1000/abc") == (["10.1000/abc"], ["doi-found"], True)
    assert judged(tmp_path, ("10.1000/abc",), "") == (["10.1000/abc"], ["doi-found"], True)
    assert judged(tmp_path, ("10.1000/abc",), "doi:10.1000/ABC") == (["10.1000/abc"], ["doi-found"], True)
    assert judged(tmp_path, ("10.1000/abc",), "doi:10.1000/xyz") == ([], ["doi-unsure"], False)
    assert judged(tmp_path, ("10.1000/abc", "10.1000/d"), "") == ([], ["doi-unsure"], False)
    assert judged(tmp_path, (), "doi:10.1000/ab-\nc") == ([], ["doi-unsure"], False)


def test_what_the_record_says_goes_before_the_file(tmp_path: Path) -> None:
    known = Identifier("doi", "10.1000/known")
    assert judged(tmp_path, ("10.1000/abc",), "doi:10.1000/xyz", known) == (["10.1000/known"], [], True)


def test_a_doi_of_this_library_s_own_is_not_taken_for_another_s(tmp_path: Path) -> None:
    assert judged(tmp_path, ("10.5555/c7ahmjjc4k",), "") == ([], [], True)
    assert judged(tmp_path, (), "doi:10.5555/0000000000") == ([], ["doi-of-another"], True)
    assert judged(tmp_path, ("10.5555/0000000000",), "doi:10.1000/abc") == (
        ["10.1000/abc"],
        ["doi-of-another", "doi-found"],
        True,
    )


def stated(tmp_path: Path, information: dict[str, str], attributes: str = "", elements: str = "") -> tuple[str, ...]:
    with pikepdf.open(typeset(tmp_path / "a.pdf", ["Wetlands"])) as pdf:
        for key, value in information.items():
            pdf.docinfo[key] = value
        if attributes or elements:
            xmp = XMP.format(attributes=attributes, elements=elements).encode()
            pdf.Root.Metadata = pdf.make_stream(xmp, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
        pdf.save(tmp_path / "b.pdf")
    with pikepdf.open(tmp_path / "b.pdf") as pdf:
        return stated_dois(pdf)


@pytest.mark.parametrize(
    ("information", "attributes", "elements", "found"),
    [
        ({}, "", "<prism:doi>10.1000/ABC</prism:doi>", ("10.1000/abc",)),
        ({}, 'prism:doi="10.1000/abc"', "", ("10.1000/abc",)),
        ({}, "", "<dc:identifier>doi:10.1000/abc</dc:identifier>", ("10.1000/abc",)),
        ({}, "", "<dc:identifier>urn:isbn:9782831711850</dc:identifier>", ()),
        ({}, "", "<dc:identifier>file 10.1000/abc of 12</dc:identifier>", ()),
        ({}, "", "<pdfx:doi>https://doi.org/10.1000/abc</pdfx:doi>", ("10.1000/abc",)),
        ({"/doi": "10.1000/abc"}, "", "<prism:doi>10.1000/abc</prism:doi>", ("10.1000/abc",)),
        ({"/Subject": "Biological Conservation, 143 (2010) 1. doi:10.1016/j.biocon.2009.12.004"}, "", "",
         ("10.1016/j.biocon.2009.12.004",)),
        ({"/Subject": "About 10.1000/abc"}, "", "", ()),
        ({"/WPS-ARTICLEDOI": "10.1000/abc", "/doi": "10.1000/other"}, "", "", ("10.1000/other", "10.1000/abc")),
        ({"/doi": "none"}, "", "<prism:doi>none</prism:doi>", ()),
        ({"/Title": "doi:10.1000/abc"}, "", "", ()),
    ],
)  # fmt: skip
def test_what_metadata_state(
    tmp_path: Path, information: dict[str, str], attributes: str, elements: str, found: tuple[str, ...]
) -> None:
    assert stated(tmp_path, information, attributes, elements) == found


def test_hostile_metadata_are_nothing(tmp_path: Path) -> None:
    entity = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x><doi>&a;</doi></x>'
    with pikepdf.open(typeset(tmp_path / "a.pdf", ["Wetlands"])) as pdf:
        for content in (entity.encode(), b"<" * 100, b"", b"<a>" * 5000, b"\xff\xfe<\x00"):
            pdf.Root.Metadata = pdf.make_stream(content)
            assert stated_dois(pdf) == ()
        pdf.docinfo["/doi"] = pikepdf.Array([1, 2])
        assert stated_dois(pdf) == ()


def test_only_a_whole_doi_is_one() -> None:
    assert from_metadata(iter(["10.1000/", "10.1/abc", "DOI 10.1000/abc;", "10.1000/abc", "x"])) == ("10.1000/abc",)
    assert from_metadata(iter(["https://doi.org/10.1000/a%2Fb", "DOI 10.1000%2Fabc."])) == (
        "10.1000/a/b",
        "10.1000/abc",
    )
    assert from_metadata(iter([])) == ()
