"""A source record given out again: whole where nothing was changed, and without loss where something was."""

import io
from collections import Counter
from dataclasses import replace

import pymarc
import pytest

from metadata.description import Description
from metadata.marc21 import read_marc21
from metadata.marc_export import Agency
from metadata.marc_merge import Origin, merged
from metadata.marc_pieces import Kept, parse
from metadata.marc_record import Field
from metadata.marc_writing import Written, to_iso2709, to_marcxml
from metadata.marcxml import read_marcxml
from metadata.model import (
    Agent,
    Concept,
    Contribution,
    Date,
    Doi,
    Identifier,
    Item,
    Relation,
    Series,
    Text,
)
from metadata.vocabulary import Vocabulary

HOME = "https://library.example.org"
AGENCY = Agency("library.example.org", HOME, "2026-11-22T12:13:14Z", {"1111111111": "Forests"})
WETLANDS = "http://example.org/wetlands"
VOCABULARY = Vocabulary({WETLANDS: Concept(WETLANDS, (Text("Wetlands", "en"),))})
FIELDS = """
001 ocm42
003 OCoLC
005 19940223151047.0
008 870513s1987    sz a     b    000 0 eng d
020 ## $a 0786808772 $q (pbk.) $c CHF 20
040 ## $a DLC $b eng $c DLC
100 1# $a Dupont, Marie, $d 1950- $e author.
245 14 $a The wetlands : $b a survey / $c Marie Dupont and others.
650 #0 $a Wetlands $z France.
246 3# $a Survey of wetlands
264 #1 $a Gland : $b IUCN ; $a Cambridge : $b WCMC, $c 1987.
264 #4 $c ©1987
300 ## $a 120 p. : $b ill. ; $c 24 cm
490 1# $a Wetland programme ; $v 12
500 ## $a Includes index.
500 ## $a Cover title.
583 1# $a bound $5 XX
650 #0 $a Rivers $x Management.
700 1# $a Roe, Jane, $e editor.
710 2# $a IUCN. $b Wetland Programme.
856 40 $u https://example.org/a.pdf $y Text
949 ## $a 333.91 $c 2 $h BOOKS
"""


def fields(text: str = FIELDS) -> list[Field]:
    """Read fields as they are written above."""
    found = []
    for line in text.strip().splitlines():
        tag, rest = line[:3], line[4:]
        if tag < "010":
            found.append(Field(tag, "", (("", rest),)))
            continue
        parts = tuple((part[0], part[1:].strip()) for part in rest[2:].split("$")[1:])
        found.append(Field(tag, rest[:2].replace("#", " "), parts))
    return found


def came(text: str = FIELDS) -> tuple[Item, Kept]:
    """Return the item of a record that came as MARC 21, and the record."""
    data = to_iso2709(Written("00000cam a2200000 i 4500", tuple(fields(text))))
    (found,) = read_marc21(io.BytesIO(data), "x.mrc")
    assert isinstance(found, Description)
    return replace(found.item, id="0000000000"), Kept("marc21", data[:-1])


def lines(record: Written) -> list[str]:
    """Return the fields as they are written above."""
    return [
        f"{one.tag} {one.indicators.replace(' ', '#')} " + " ".join(f"${code} {value}" for code, value in one.subfields)
        if one.indicators
        else f"{one.tag} {one.data}"
        for one in record.fields
    ]


def changes(now: Item, was: Item, kept: Kept) -> tuple[list[str], list[str]]:
    """Return the lines that an edited item's record has not, and those that it has more than before."""
    before = lines(merged(was, Origin(kept, was), VOCABULARY, AGENCY))
    after = lines(merged(now, Origin(kept, was), VOCABULARY, AGENCY))
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    return sorted(line for line in gone if line[:3] != "040"), sorted(line for line in come if line[:3] != "040")


def test_an_item_that_nobody_changed_gives_its_source_in_its_order_and_what_the_library_adds() -> None:
    item, kept = came()
    record = merged(item, Origin(kept, item), VOCABULARY, AGENCY)
    theirs = FIELDS.strip().splitlines()[3:]
    assert [line for line in lines(record) if line in theirs] == theirs
    assert [line for line in lines(record) if line not in theirs] == [
        "001 0000000000",
        "003 library.example.org",
        "005 20261122121314.0",
        "035 ## $a (OCoLC)ocm42",
        f"856 40 $u {HOME}/item/0000000000",
    ]
    assert record.leader[5:10] == "cam a"


def test_concepts_doi_and_ties_are_added() -> None:
    item, kept = came()
    now = replace(
        item,
        concepts=(WETLANDS,),
        doi=Doi("10.5555/0000000000", "findable"),
        relations=(Relation("isPartOf", "1111111111"),),
    )
    assert changes(now, replace(item, concepts=(WETLANDS,)), kept) == (
        [f"856 40 $u {HOME}/item/0000000000"],
        [
            "024 7# $a 10.5555/0000000000 $2 doi",
            f"773 0# $t Forests $o {HOME}/item/1111111111 $w (library.example.org)1111111111",
            "856 40 $u https://doi.org/10.5555/0000000000",
        ],
    )
    assert f"650 #7 $a Wetlands $0 {WETLANDS} $2 local" in lines(merged(now, Origin(kept, now), VOCABULARY, AGENCY))


def test_a_doi_that_the_record_has_in_another_spelling_is_not_added_again() -> None:
    told = "856 40 $u http://dx.doi.org/10.5555/0000000000 $y Text"
    item, kept = came(FIELDS.replace("856 40 $u https://example.org/a.pdf $y Text", told))
    record = merged(replace(item, doi=Doi("10.5555/0000000000", "findable")), Origin(kept, item), VOCABULARY, AGENCY)
    assert [line for line in lines(record) if line[:3] == "856"] == [told]


def test_a_new_title_loses_nothing_that_stood_beside_the_old() -> None:
    item, kept = came()
    now = replace(item, titles=(Text("A new title : with more", "en"), *item.titles[1:]))
    assert changes(now, item, kept) == (
        ["245 14 $a The wetlands : $b a survey / $c Marie Dupont and others."],
        ["245 12 $a A new title : $b with more / $c Marie Dupont and others."],
    )
    record = merged(now, Origin(kept, item), VOCABULARY, AGENCY)
    assert record.leader[5] == "c"
    assert "040 ## $a DLC $b eng $c DLC $d library.example.org" in lines(record)


def test_titles_that_change_places_do_so_in_the_record() -> None:
    item, kept = came()
    other = item.titles[1]
    now = replace(item, titles=(replace(other, kind=""), replace(item.title, kind="other")))
    gone, come = changes(now, item, kept)
    assert gone == [
        "245 14 $a The wetlands : $b a survey / $c Marie Dupont and others.",
        "246 3# $a Survey of wetlands",
    ]
    assert come == [
        "245 10 $a Survey of wetlands / $c Marie Dupont and others.",
        "246 3# $a The wetlands : $b a survey",
    ]


def test_subfields_without_a_code_and_tags_of_another_length_spoil_nothing_in_iso_2709() -> None:
    odd = (Field("245", "00", (("a", "One"), ("", "two"), ("cd", "three"))), Field("9", "  ", (("a", "x"),)))
    (record,) = pymarc.MARCReader(to_iso2709(Written(" " * 24, odd)), permissive=False)
    assert record is not None
    assert [(one.code, one.value) for one in record["245"].subfields] == [("a", "One"), ("a", "two"), ("c", "three")]
    assert [one.tag for one in record.fields] == ["245", "009"]


EDITS: dict[str, tuple[dict[str, object], list[str], list[str]]] = {
    "date": (
        {"dates": (Date("1988"),)},
        [
            "008 870513s1987    sz a     b    000 0 eng d",
            "264 #1 $a Gland : $b IUCN ; $a Cambridge : $b WCMC, $c 1987.",
        ],
        ["008 870513s1988    sz a     b    000 0 eng d", "264 #1 $a Gland : $b IUCN ; $a Cambridge : $b WCMC, $c 1988"],
    ),
    "languages": (
        {"languages": ("fr", "es")},
        ["008 870513s1987    sz a     b    000 0 eng d"],
        ["008 870513s1987    sz a     b    000 0 fre d", "041 ## $a fre $a spa"],
    ),
    "type": (
        {"type": "report"},
        ["008 870513s1987    sz a     b    000 0 eng d"],
        [
            "008 870513s1987    sz a     t    000 0 eng d",
            "655 #7 $a Report $0 http://purl.org/coar/resource_type/c_93fc $2 local",
        ],
    ),
    "edition": ({"edition": "2nd ed."}, [], ["250 ## $a 2nd ed."]),
    "extent": (
        {"extent": "130 p."},
        ["300 ## $a 120 p. : $b ill. ; $c 24 cm"],
        ["300 ## $a 130 p."],
    ),
    "series": (
        {"series": (Series("Wetland programme", "13"),)},
        ["490 1# $a Wetland programme ; $v 12"],
        ["490 0# $a Wetland programme ; $v 13"],
    ),
    "contributions": (
        {"contributions": (Contribution(Agent("Doe, John", "person"), "aut"),)},
        [
            "100 1# $a Dupont, Marie, $d 1950- $e author.",
            "264 #1 $a Gland : $b IUCN ; $a Cambridge : $b WCMC, $c 1987.",
            "700 1# $a Roe, Jane, $e editor.",
            "710 2# $a IUCN. $b Wetland Programme.",
        ],
        ["100 1# $a Doe, John, $e author $4 aut", "264 #1 $a Gland ; $a Cambridge, $c 1987"],
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_was_changed_replaces_what_it_was_read_from_and_nothing_else(name: str) -> None:
    item, kept = came()
    edit, gone, come = EDITS[name]
    assert changes(replace(item, **edit), item, kept) == (gone, come)  # type: ignore[arg-type]


def test_a_note_that_goes_leaves_the_others() -> None:
    item, kept = came()
    now = replace(item, notes=tuple(one for one in item.notes if one.value != "Cover title."))
    assert changes(now, item, kept) == (["500 ## $a Cover title."], [])


def test_a_keyword_that_goes_takes_its_heading_and_one_that_comes_is_added() -> None:
    item, kept = came()
    keywords = tuple(one for one in item.keywords if "Rivers" not in one.value)
    now = replace(item, keywords=(*keywords, Text("lakes", "en")))
    assert len(keywords) == len(item.keywords) - 1
    assert changes(now, item, kept) == (["650 #0 $a Rivers $x Management."], ["653 ## $a lakes"])


def test_a_concept_that_goes_takes_the_heading_it_was_found_by() -> None:
    item, kept = came(FIELDS.replace("$a Wetlands $z France.", "$a Wetlands"))
    was = replace(item, concepts=(WETLANDS,), keywords=tuple(one for one in item.keywords if one.value != "Wetlands"))
    assert changes(replace(was, concepts=()), was, kept) == (
        ["650 #0 $a Wetlands", f"650 #7 $a Wetlands $0 {WETLANDS} $2 local"],
        [],
    )


def test_an_identifier_that_goes_takes_its_field() -> None:
    item, kept = came()
    now = replace(item, identifiers=(*item.identifiers[2:], Identifier("issn", "0009-7330")))
    gone, come = changes(now, item, kept)
    assert gone == ["020 ## $a 0786808772 $q (pbk.) $c CHF 20"]
    assert come == ["022 ## $a 0009-7330"]


def test_a_withdrawn_item_is_a_deleted_record_that_keeps_all() -> None:
    item, kept = came()
    now = replace(item, status="withdrawn", reason="a copy")
    assert merged(now, Origin(kept, item), VOCABULARY, AGENCY).leader[5] == "d"
    assert changes(now, item, kept) == ([], [])


def test_marcxml_gives_the_same_record() -> None:
    item, kept = came()
    xml = to_marcxml(Written("00000cam a2200000 i 4500", tuple(fields())))
    (found,) = read_marcxml(io.BytesIO(xml), "x.xml")
    assert isinstance(found, Description)
    assert replace(found.item, id=item.id, source=item.source) == item
    origins = (Origin(kept, item), Origin(Kept("marcxml", found.raw), item))
    one, other = (to_iso2709(merged(item, origin, VOCABULARY, AGENCY)) for origin in origins)
    assert one == other


def test_fields_keep_the_order_of_the_record_across_tags() -> None:
    _, kept = came()
    assert [one.tag for one in parse(kept)[1]] == [line[:3] for line in FIELDS.strip().splitlines()]


def test_what_is_written_pymarc_reads() -> None:
    item, kept = came()
    data = to_iso2709(merged(item, Origin(kept, item), VOCABULARY, AGENCY))
    (record,) = pymarc.MARCReader(data, permissive=False)
    assert record is not None
    assert [one.tag for one in record.fields][:4] == ["001", "003", "005", "008"]
    assert record["264"].get_subfields("a") == ["Gland :", "Cambridge :"]
    assert data[:5] == b"%05d" % len(data)


@pytest.mark.parametrize(
    "heading", ["$a Wetland programme series ; $v 12", "$a Wetland programme ; $v 12 $x 0028-0836"]
)
def test_a_series_that_is_gone_takes_its_heading_with_it(heading: str) -> None:
    text = FIELDS.replace("500 ## $a Includes", f"490 1# $a Other notes\n830 #0 {heading}\n500 ## $a Includes")
    item, kept = came(text)
    assert [one.title for one in item.series] == ["Wetland programme", "Other notes"]
    now = replace(item, series=(Series("Peat papers", "3"), item.series[1]))
    assert changes(now, item, kept) == (
        ["490 1# $a Wetland programme ; $v 12", f"830 #0 {heading}"],
        ["490 0# $a Peat papers ; $v 3"],
    )
