"""Everything the Library of Congress's crosswalk to Dublin Core finds in real records is in ours.

The oracle is what MARC21slim2OAIDC.xsl makes of 595 records. Two texts are compared as sets of
words, without case, accents and ISBD's signs. What it takes for a value and is none stands in
:data:`ERRORS`, by the MARC subfield it comes from, each with its reason.
"""

import io
import json
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pymarc
import pytest
from lxml import etree

from metadata import languages
from metadata import standard_numbers as numbers
from metadata.description import Description, Rejected
from metadata.dublin_core import oai_dc
from metadata.folding import fold
from metadata.marc21 import read_marc21
from metadata.vocabulary import shipped

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "marc"
DC = "{http://purl.org/dc/elements/1.1/}"
Values = list[tuple[str, str]]

# The elements of ours in which an element of the oracle's may stand.
PLACES = {
    # It makes all names of 1XX and 7XX creators; ours go by their roles.
    "creator": ("creator", "contributor", "publisher"),
    # It has relations for other works and other forms; ours are relations, series and notes.
    "relation": ("relation", "description", "title"),
    # It gives addresses of related things (856, second indicator 2) as this one's own; ours are notes.
    "identifier": ("identifier", "description"),
    # It takes genres (655) for types; ours are subjects.
    "type": ("subject", "type"),
}
ERRORS = (
    # element, tags, subfields, why it is not in ours
    ("title", "245", "h", "a medium is no part of the title: it is the item's type"),
    ("creator", "100 700 110 710 111 711", "dq", "dates and fuller forms tell authors apart and are not their names"),
    ("creator", "100 700 110 710 111 711", "e4j", "a relator term is a role, not a name"),
    ("creator", "100 700 710 711", "tfklmnoprsh", "the title of a work is no name: it is a note"),
    ("creator", "100 700 110 710 111 711", "0568u", "numbers, institutions and affiliations are no names"),
    ("type", "655", "2", "the code of a thesaurus is no part of its term"),
    ("format", "856", "q", "a library's own letters for a format; ours are those of the files"),
    ("publisher", "260", "ag", "a place is not its publisher: it is the item's place of publication"),
    (
        "description",
        "583 590 591 592 593 594 595 596 597 598 599",
        "*",
        "what one library did with its copy is no note",
    ),
)
LEADER_TYPES = {"text", "cartographic", "notated music", "sound recording", "still image", "moving image",
                "three dimensional object", "software, multimedia", "mixed material", "collection"}  # fmt: skip


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", fold(text)))


@cache
def records(name: str) -> tuple[list[Description | Rejected], list[pymarc.Record | None]]:
    """Return what we and what pymarc read in a file."""
    data = next(path for path in SHARED.rglob(name) if path.is_file()).read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peers = list(pymarc.MARCReader(io.BytesIO(data)))
    ours = list(read_marc21(io.BytesIO(data), name))
    assert len(ours) == len(peers)
    return ours, peers


def oracle() -> Iterator[tuple[str, Description | Rejected, pymarc.Record, Values]]:
    if not SHARED.exists():
        pytest.skip("../shared/data is absent")
    for path in sorted((SHARED / "dc-oracle").glob("*.jsonl")):
        ours, peers = records(path.name.removesuffix(".dc.jsonl"))
        for line in path.read_text("utf-8").splitlines():
            found = json.loads(line)
            peer = peers[found["n"]]
            assert peer is not None
            yield f"{path.name}#{found['n']}", ours[found["n"]], peer, found["dc"]


def ours(found: Description) -> Values:
    root = etree.fromstring(oai_dc(found.item, "https://example.org", shipped()))
    return [(str(one.tag).removeprefix(DC), one.text or "") for one in root]


def error(record: pymarc.Record, tags: str, codes: str) -> set[str]:
    """Return the words of these subfields."""
    found = [one for field in record.get_fields(*tags.split()) for one in field.subfields]
    return words(" ".join([one.value for one in found if codes == "*" or one.code in codes]))


def errors(element: str, record: pymarc.Record) -> set[str]:
    """Return the words that the oracle has for this element and that are listed as none of its."""
    return {word for name, tags, codes, _ in ERRORS if name == element for word in error(record, tags, codes)}


def missing(element: str, text: str, values: Values, record: pymarc.Record) -> bool:
    """Say whether ours lack a value of the oracle's."""
    held = [value for name, value in values if name in PLACES.get(element, (element,))]
    match element:
        case "date":  # ours is one year or the first of several, corrected where the cataloguer corrects it
            years = re.findall(r"1\d{3}|20\d\d", text)
            return bool(years) and not any(value[:4] in years for value in held)
        case "language":  # ours is ISO 639-3, its whatever stands in 008: ISO 639-2/B, blanks, what is no code
            made = languages.from_code(text)
            return bool(made) and languages.to_iso639_3(made) not in held
        case "identifier" if text.startswith("URN:ISBN:"):
            made = numbers.isbn(text.removeprefix("URN:ISBN:"))
            return bool(made) and f"urn:ISBN:{made}" not in held  # ours has no ISBN whose check digit is wrong
        case "type" if text in LEADER_TYPES:  # ours are of COAR and info:eu-repo
            return not held
    wanted = words(text) - errors(element, record)
    if element == "publisher":  # its are one statement; "sine nomine" is nobody
        wanted -= set() if held else {"s", "n"}
        held = [" ".join(held)]
    return not any(wanted <= words(value) for value in held) and bool(wanted)


@pytest.mark.shared
def test_everything_the_oracle_finds_is_in_ours() -> None:
    count, lacking = 0, []
    for where, found, record, expected in oracle():
        if isinstance(found, Rejected):
            continue
        values = ours(found)
        for element, text in expected:
            count += 1
            if missing(element, text, values, record):
                lacking.append((where, element, " ".join(text.split())))
    assert lacking == []
    assert count > 4_000


@pytest.mark.shared
def test_records_of_the_oracle_that_give_no_item_are_unimarc_among_marc_21() -> None:
    refused = [(found, expected) for _, found, _, expected in oracle() if isinstance(found, Rejected)]
    assert all("title" not in dict(expected) for _, expected in refused)
    assert {found.problems[-1].code for found, _ in refused} == {"record-unimarc"}


@pytest.mark.shared
def test_every_listed_error_is_one() -> None:
    seen: set[str] = set()
    for _, found, record, expected in oracle():
        if isinstance(found, Rejected):
            continue
        for name, tags, codes, _ in ERRORS:
            told = error(record, tags, codes)
            if any(element == name and told & words(text) for element, text in expected):
                seen.add(f"{name} {tags} {codes}")
    assert seen == {f"{name} {tags} {codes}" for name, tags, codes, _ in ERRORS}
