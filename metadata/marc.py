"""From a MARC 21 bibliographic record to an item.

Specification: MARC 21 Format for Bibliographic Data, Library of Congress; the fields are
named where they are used, and docs/reference/marc.md lists them. What is not read stays in the
record, which is kept whole.
"""

from collections.abc import Iterator
from functools import lru_cache

from metadata import edtf_dates, languages, types
from metadata import marc_coverage as coverage
from metadata import marc_notes as notes
from metadata import marc_published as published
from metadata.description import Description, Rejected, Remarks
from metadata.marc_agents import contributions, publishers
from metadata.marc_links import links
from metadata.marc_numbers import identifiers
from metadata.marc_record import Record
from metadata.marc_source import Source, unique
from metadata.marc_subjects import keywords
from metadata.marc_text import joined, trim
from metadata.marc_titles import MAIN, titles
from metadata.model import Date, Item

_OTHER_FORMATS = {
    "z": "MARC authority (leader/06 z)",
    "w": "MARC classification (leader/06 w)",
    "q": "MARC community information (leader/06 q)",
    **{kind: f"MARC holdings (leader/06 {kind})" for kind in "uvxy"},
}
_NO_LANGUAGE = frozenset({"", "und", "mul", "zxx", "mis", "n/a", "xxx"})
# Fields of UNIMARC that MARC 21 does not have, or has for something else (IFLA, UNIMARC Bibliographic).
_UNIMARC = frozenset({"101", "102", "105", "106", "200", "205", "210", "215", "225", "606", "676", "702", "712", "801"})
_LONGEST_CODE = 100
# Types by leader/06, which 006/00 uses too; text (a, t) and computer files (m) say more elsewhere.
MATERIALS = {
    "c": "score", "d": "score", "e": "map", "f": "map", "g": "video", "i": "sound", "j": "music", "k": "image",
    "o": "mixed", "p": "mixed", "r": "object",
}  # fmt: skip
_OF_007 = {"a": "map", "d": "map", "c": "software", "g": "image", "k": "image", "m": "video", "v": "video",
           "s": "sound", "q": "score", "o": "mixed", "r": "map", "t": "book"}  # fmt: skip
_FILES = {"a": "dataset", "e": "dataset", "b": "software", "f": "software", "g": "software", "i": "software",
          "c": "image", "h": "sound"}  # fmt: skip
_STILL = frozenset("fst")  # 008/33 of visual materials: filmstrip, slide, transparency


def describe(record: Record, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
    """Return the item that ``record`` describes, or why it describes none.

    ``number`` and ``raw`` are passed on; ``remarks`` may hold problems already and gets those
    found here.
    """
    if refused := _refusal(record, remarks):
        set_aside = refused != "record-without-title"
        return Rejected(number, tuple(remarks.problems), raw, set_aside)
    source = _source(record, remarks)
    access, embargo = notes.access(source)
    item = Item(
        titles=titles(source),
        contributions=unique((*contributions(source), *publishers(source))),
        dates=unique((*_issued(record), *coverage.covered(record))),
        languages=source.languages,
        type=_type(record),
        keywords=unique(keywords(source)),
        descriptions=unique(notes.descriptions(source)),
        identifiers=unique(identifiers(source)),
        coverage=unique(coverage.places(source)),
        countries=unique(coverage.countries(source)),
        boxes=unique(coverage.boxes(source)),
        rights=unique(notes.rights(source)),
        access=access,
        embargo=embargo,
        places=unique(published.places(record)),
        edition=published.edition(record),
        extent=published.extent(record),
        series=unique(published.series(source)),
        notes=unique(notes.notes(source)),
        source=remarks.where,
    )
    return Description(number, item, raw, "", tuple(links(source)), tuple(remarks.problems))


def _refusal(record: Record, remarks: Remarks) -> str:
    """Return the code of the problem for which there is no item, else ``""``."""
    if kind := _OTHER_FORMATS.get(record.leader[6]):
        remarks.add("record-not-bibliographic", kind=kind)
        return "record-not-bibliographic"
    if any(joined(field, MAIN) for field in record.each("245")):
        return ""
    if _is_unimarc(record):
        remarks.add("record-unimarc")
        return "record-unimarc"
    remarks.add("record-without-title", "245", field="245$a")
    return "record-without-title"


def _is_unimarc(record: Record) -> bool:
    """Say whether a record without 245 is UNIMARC: by its title in 200 $a, or by three of its own fields."""
    if "245" in record.fields:
        return False
    return any(field.first("a") for field in record.each("200")) or len(_UNIMARC.intersection(record.fields)) >= 3


def _source(record: Record, remarks: Remarks) -> Source:
    tags, cataloguing = _languages(record, remarks), _language_of_cataloguing(record)
    if "041" not in record.fields:
        return Source(record, remarks, tags, cataloguing)
    fields = record.fields["041"]
    originals = [value for field in fields for value in field.all("h")]
    original = languages.from_code(originals[0].strip()[:_LONGEST_CODE]) if len(originals) == 1 else ""
    return Source(record, remarks, tags, cataloguing, original, any(one.indicators[:1] == "1" for one in fields))


def _language_of_cataloguing(record: Record) -> str:
    for field in record.each("040"):
        if written := field.first("b"):
            return languages.from_code(written.strip(" .|")[:_LONGEST_CODE])
    return ""


def _languages(record: Record, remarks: Remarks) -> tuple[str, ...]:
    """Return the languages of the text: 008/35-37, then 041 $a, where old records run codes together."""
    found: dict[str, None] = {}
    for field, code in _language_codes(record):
        code = code.strip(" |#.-").lower()
        if code in _NO_LANGUAGE:
            continue
        if tag := languages.from_code(code[:_LONGEST_CODE]):
            found[tag] = None
        else:
            remarks.unknown(field, code)
    return tuple(found)


def _language_codes(record: Record) -> Iterator[tuple[str, str]]:
    yield "008", record.control("008")[35:38]
    for field in record.each("041"):
        for value in field.all("a"):
            run_together = len(value) > 3 and len(value) % 3 == 0 and field.indicators[1:] != "7"
            codes = [value[at : at + 3] for at in range(0, len(value), 3)] if run_together else [value]
            yield from (("041$a", code) for code in codes)


def _issued(record: Record) -> Iterator[Date]:
    """Yield the date of issue, with its doubts, by 264/260 $c, else by 008."""
    coded = _coded(record.control("008")[6:15])
    written = "" if "/" in coded else _date_written(record)
    if issued := written or coded:
        yield Date(issued)


def _date_written(record: Record) -> str:
    """Return what 264 or 260 say: publication before production, distribution and copyright."""
    fields = record.each("264", "260")
    if len(fields) > 1:
        fields = sorted(fields, key=lambda field: field.tag == "264" and field.indicators[1:] != "1")
    for field in fields:
        for code, value in field.subfields:
            if code == "c" and (written := _date(value[:_LONGEST_CODE])):
                return written
    return ""


@lru_cache(maxsize=4096)
def _coded(positions: str) -> str:
    """Return the date in positions 06-14 of 008."""
    return edtf_dates.from_008(" " * 6 + positions)


@lru_cache(maxsize=4096)
def _date(text: str) -> str:
    return edtf_dates.from_text(text)


def _type(record: Record) -> str:
    """Return the type of resource by leader/06-07 and 008, where these leave it open by 006 and 007, then by 655."""
    material, level = record.leader[6], record.leader[7]
    if material in "at":
        return _type_of_text(record, level)
    if material == "m":
        return _FILES.get(record.control("008")[26:27]) or _of_006(record) or _computer_file(record, level)
    if material == "g" and _is_still(record):
        return "image"
    return MATERIALS.get(material) or _of_006(record) or _OF_007.get(record.control("007")[:1], "other")


def _of_006(record: Record) -> str:
    """Return the type by the form of material in 006/00; a text or computer file there says only how it comes."""
    forms = (field.data[:1] for field in record.each("006"))
    return next((MATERIALS[form] for form in forms if form in MATERIALS), "")


def _computer_file(record: Record, level: str) -> str:
    """Return the type of a computer file of no known kind: a text where 008 says so, as was usual until 1997."""
    if record.control("008")[26:27] == "d":
        return {"a": "article", "b": "article", "s": "periodical", "i": "periodical"}.get(level, "other")
    return "software"


def _is_still(record: Record) -> bool:
    """Say whether a projected medium is one that does not move: slides, filmstrips, transparencies."""
    return record.control("008")[33:34] in _STILL or {field.data[:1] for field in record.each("007")} == {"g"}


def _type_of_text(record: Record, level: str) -> str:
    field = record.control("008")
    contents = field[24:28]
    if "502" in record.fields or ("m" in contents and level not in "sbi"):
        return "thesis"
    if level in "ab":
        return "article"
    if level in "si":
        return "periodical"
    if field[29:30] == "1":
        return "proceedings"
    if "t" in contents:
        return "report"
    genres = (types.from_label(trim(field.first("a"))) for field in record.each("655"))
    return next((genre for genre in genres if genre), "book")
