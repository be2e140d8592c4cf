"""What a MARC 21 record says in sentences: abstracts, notes, rights, and what else people read in it.

Specification: MARC 21 Bibliographic, 5XX, 255, 310, 362, 856 and 880; Standard Copyright and
Access Terms (506 $2 ``star``). All are in the language of cataloguing. Left to the record: what
one library did with its copy (541, 583, 59X) and what its first indicator calls private.
"""

from collections.abc import Iterator

from metadata import record_values as values
from metadata.marc_links import LINKING
from metadata.marc_links import notes as notes_of_links
from metadata.marc_record import Field
from metadata.marc_source import Source
from metadata.marc_subjects import HEADINGS
from metadata.marc_text import separated, trim
from metadata.marc_titles import OTHERS
from metadata.model import Access, Text

_ELSEWHERE = frozenset(("506", "520", "522", "540", "542"))
_ADMINISTRATIVE = frozenset(("541", "583"))
_PRIVATE = frozenset(("541", "542", "561"))
_BESIDE = {"310": "ab", "321": "ab", "362": "a", "255": "ab"}
_UNSAID = frozenset("012345678wxy9")
_RIGHTS = {"540": "abcdu", "506": "abcdefu", "542": "dfglnru"}
_TERMS: dict[str, Access] = {
    "unrestricted online access": "open",
    "restricted online access": "restricted",
    "online access with authorization": "restricted",
    "no online access": "metadata-only",
}


def descriptions(source: Source) -> Iterator[Text]:
    """Yield the abstracts (520), in other scripts too."""
    for field in (*source.record.each("520"), *_other_script(source, "520")):
        if value := _sentence(field, "ab"):
            yield Text(value, source.cataloguing)


def notes(source: Source) -> Iterator[Text]:
    """Yield the notes in the order of the record, then scale and frequency, other works, links and other scripts."""
    language = source.cataloguing
    present = source.record.fields
    for tag, fields in present.items():
        if tag[0] == "5" and _is_for_readers(tag):
            for field in fields:
                if value := _note(field):
                    yield Text(value, language)
    if not _BESIDE.keys().isdisjoint(present):
        yield from _notes_beside(source)
    if not LINKING.isdisjoint(present):
        yield from notes_of_links(source)
    if "856" in present:
        yield from _addresses(source)
    if "880" in present:
        yield from _in_other_scripts(source)


def _notes_beside(source: Source) -> Iterator[Text]:
    """Yield what is no note in MARC and reads as one: frequency, numbering, scale and projection."""
    for tag, codes in _BESIDE.items():
        for field in source.record.fields.get(tag, ()):
            if value := "; ".join(filter(None, map(separated, field.all(codes)))):
                yield Text(value, source.cataloguing)


def rights(source: Source) -> Iterator[Text]:
    """Yield the terms of use (540), of access (506) and the copyright (542), with the addresses they name."""
    for tag, codes in _RIGHTS.items():
        for field in source.record.fields.get(tag, ()):
            if tag == "542" and field.indicators[:1] == "0":
                continue
            value = _sentence(field, codes)
            if value and not (tag == "506" and (values.access(value) or values.embargo(value))):
                yield Text(value, source.cataloguing)


def access(source: Source) -> tuple[Access, str]:
    """Return what 506 says of access in a controlled term, and the date (EDTF) on which an embargo ends."""
    known: Access = ""
    embargo = ""
    for field in source.record.each("506"):
        for code, value in field.subfields:
            if code == "a":
                known, embargo = known or values.access(value), embargo or values.embargo(value)
            elif code == "f":
                known = known or _TERMS.get(trim(value).lower(), "")
            elif code == "g" and not embargo:
                embargo = values.date(value)
    return ("embargoed" if embargo and not known else known), embargo


def _is_for_readers(tag: str) -> bool:
    return tag < "590" and tag not in _ELSEWHERE and tag not in _ADMINISTRATIVE


def _note(field: Field) -> str:
    """Return a note as one text, ``""`` where it is private; what it is about ($3) stands before it."""
    if field.tag in _PRIVATE and field.indicators[:1] == "0":
        return ""
    return _sentence(field, "")


def _sentence(field: Field, codes: str) -> str:
    """Return the subfields of ``codes`` (all that people read where none are named) as one text."""
    if codes:
        parts = [value for code, value in field.subfields if code in codes]
    else:
        parts = [value for code, value in field.subfields if code not in _UNSAID]
    text = " ".join(" ".join(parts).split())
    about = field.first("3")
    return f"{trim(about)}: {text}" if about and text else text


def _addresses(source: Source) -> Iterator[Text]:
    """Yield the addresses that are not the item's own (856, second indicator 2) or have words beside them."""
    for field in source.record.each("856"):
        words = [trim(value).rstrip(":") for code, value in field.subfields if code in "3yz"]
        found = [value.strip() for value in field.all("u")] if words or field.indicators[1:] == "2" else []
        for address in filter(None, found):
            yield Text(": ".join(filter(None, (*words, address))), source.cataloguing)


def _other_script(source: Source, tag: str) -> list[Field]:
    """Return the fields in another script (880) that are linked to a tag."""
    return [field for field in source.record.each("880") if field.first("6")[:3] == tag]


def _in_other_scripts(source: Source) -> Iterator[Text]:
    """Yield what 880 says of names, places and notes: ``in Latin letters = in its own``."""
    fields = [field for field in source.record.each("880") if _is_told(field.first("6")[:3])]
    twins = _twins(source, {field.first("6")[:3] for field in fields})
    for field in fields:
        if value := trim(_sentence(field, "")):
            twin = twins.get(field.first("6")[:6])
            latin = trim(_sentence(twin, "")) if twin else ""
            yield Text(f"{latin} = {value}" if latin else value)


def _is_told(tag: str) -> bool:
    """Say whether 880 for a field of this tag is a note: no title, heading or abstract, nothing of a library's own."""
    if tag[:1] == "5":
        return tag != "520" and _is_for_readers(tag)
    return tag != "245" and tag not in OTHERS and tag not in HEADINGS


def _twins(source: Source, tags: set[str]) -> dict[str, Field]:
    """Return the fields to which 880 is linked, by tag and number as its $6 names them (``100-01``); no notes."""
    linked = (field for tag in sorted(tags) if tag[:1] != "5" for field in source.record.each(tag))
    found = {f"{field.tag}-{field.first('6')[4:6]}": field for field in linked if field.first("6")[:4] == "880-"}
    return {name: field for name, field in found.items() if not name.endswith("-00")}
