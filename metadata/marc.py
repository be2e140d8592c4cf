"""From a MARC 21 bibliographic record to an item.

Specification: MARC 21 Format for Bibliographic Data, Library of Congress; the fields are
named where they are used. What is not read here stays in the record, which is kept whole.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from metadata import edtf_dates, languages, relators, types
from metadata import standard_numbers as numbers
from metadata.description import Description, Link, Rejected, Remarks
from metadata.marc_record import Field, Record
from metadata.marc_text import heading, joined, trim
from metadata.model import Agent, Contribution, Date, Identifier, Item, Kind, RelationKind, Text

_T = TypeVar("_T")
_OTHER_FORMATS = {
    "z": "MARC authority (leader/06 z)",
    "w": "MARC classification (leader/06 w)",
    "q": "MARC community information (leader/06 q)",
    **{kind: f"MARC holdings (leader/06 {kind})" for kind in "uvxy"},
}
_NO_LANGUAGE = frozenset({"", "und", "mul", "zxx", "mis", "n/a", "xxx"})
_TITLE = "abnpfgks"
_NAMES: dict[str, tuple[Kind, str, str]] = {
    # tag: kind of agent, subfields of the name, subfield of the relator term
    "100": ("person", "abc", "e"),
    "110": ("organisation", "abn", "e"),
    "111": ("organisation", "andce", "j"),
    "700": ("person", "abc", "e"),
    "710": ("organisation", "abn", "e"),
    "711": ("organisation", "andce", "j"),
}
_MADE_BY = {" ": "pbl", "0": "pro", "1": "pbl", "2": "dst", "3": "mfr"}
_NAMELESS = re.compile(
    r"[\[\s]*(?:s\.? ?[nl]\.?|(?:publisher|distributor|éditeur) not identified)[\]\s.]*",
    re.IGNORECASE,
)
_SUBJECTS = {
    "600": "abcdqt",
    "610": "abcdnt",
    "611": "acdent",
    "630": "adnpt",
    "647": "acd",
    "648": "a",
    "650": "abc",
    "651": "a",
    "653": "a",
}
_THESAURUS_LANGUAGE = {
    **dict.fromkeys(("lcsh", "lcshac", "mesh", "nal", "fast", "agrovoc/eng", "sears", "aat", "tgn", "gtt/eng"), "en"),
    **dict.fromkeys(("rvm", "rameau", "ram", "rero", "fmesh", "rvmgf", "rvmfast"), "fr"),
    **dict.fromkeys(("embne", "bidex", "lemb", "decs/spa", "armac", "embucm"), "es"),
    **dict.fromkeys(("gnd", "swd"), "de"),
}
_BY_INDICATOR = {"0": "en", "1": "en", "2": "en", "3": "en", "5": "en", "6": "fr"}
_NUMBERED = {"0": "isrc", "1": "upc", "2": "ismn", "3": "ean", "4": "sici"}
_LINKS: dict[str, RelationKind] = {
    "765": "isTranslationOf",
    "773": "isPartOf",
    "775": "isTranslationOf",
    "780": "replaces",
}
_TRANSLATION = re.compile("transl|tradu", re.IGNORECASE)
_AUTHORITIES = (
    (
        "orcid",
        re.compile(r"(?:\(orcid\)|https?://orcid\.org/)\s*(\d{4}-\d{4}-\d{4}-\d{3}[\dX])", re.IGNORECASE),
    ),
    (
        "isni",
        re.compile(r"(?:\(isni\)|https?://(?:www\.)?isni\.org/(?:isni/)?)\s*([\d ]{15,18}[\dX])", re.IGNORECASE),
    ),
    ("viaf", re.compile(r"(?:\(viaf\)|https?://(?:www\.)?viaf\.org/viaf/)\s*(\d+)", re.IGNORECASE)),
    ("ror", re.compile(r"(?:\(ror\)|https?://ror\.org/)\s*(0[a-z0-9]{8})", re.IGNORECASE)),
    (
        "wikidata",
        re.compile(r"(?:\(wikidata\)|https?://www\.wikidata\.org/(?:entity|wiki)/)\s*(Q\d+)", re.IGNORECASE),
    ),
)


@dataclass(frozen=True, slots=True)
class _Source:
    """A record being read, with what its other fields need to know of it."""

    record: Record
    remarks: Remarks
    languages: tuple[str, ...]
    cataloguing: str

    @property
    def language(self) -> str:
        """The language of the text, where there is one."""
        return self.languages[0] if self.languages else ""


def describe(record: Record, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
    """Return the item that ``record`` describes, or why it describes none.

    ``number`` and ``raw`` are passed on; ``remarks`` may hold problems already and gets those
    found here.
    """
    if refused := _refusal(record, remarks):
        set_aside = refused != "record-without-title"
        return Rejected(number, tuple(remarks.problems), raw, set_aside)
    source = _Source(record, remarks, _languages(record, remarks), _language_of_cataloguing(record))
    item = Item(
        titles=_unique(_titles(source)),
        contributions=_unique((*_contributions(source), *_publishers(record))),
        dates=_dates(record),
        languages=source.languages,
        type=_type(record),
        keywords=_unique(_keywords(source)),
        descriptions=_texts(source, "520", "ab"),
        identifiers=_unique(_identifiers(source)),
        coverage=_unique(_places(source)),
        rights=(*_texts(source, "540", "abcdu"), *_texts(source, "506", "abcdefu")),
        source=remarks.where,
    )
    return Description(number, item, raw, "", tuple(_links(source)), tuple(remarks.problems))


def _unique(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))


def _refusal(record: Record, remarks: Remarks) -> str:
    """Return the code of the problem for which there is no item, else ``""``."""
    if kind := _OTHER_FORMATS.get(record.leader[6]):
        remarks.add("record-not-bibliographic", kind=kind)
        return "record-not-bibliographic"
    if any(joined(field, _TITLE) for field in record.each("245")):
        return ""
    if "245" not in record.fields and any(field.first("a") for field in record.each("200")):
        remarks.add("record-unimarc")
        return "record-unimarc"
    remarks.add("record-without-title", "245", field="245$a")
    return "record-without-title"


def _language_of_cataloguing(record: Record) -> str:
    for field in record.each("040"):
        if written := field.first("b"):
            return languages.from_code(written.strip(" .|"))
    return ""


def _languages(record: Record, remarks: Remarks) -> tuple[str, ...]:
    """Return the languages of the text: 008/35-37, then 041 $a, where old records run codes together."""
    found: dict[str, None] = {}
    for field, code in _language_codes(record):
        code = code.strip(" |#.-").lower()
        if code in _NO_LANGUAGE:
            continue
        if tag := languages.from_code(code):
            found[tag] = None
        else:
            remarks.unknown(field, code)
    return tuple(found)


def _language_codes(record: Record) -> Iterator[tuple[str, str]]:
    yield "008", record.control("008")[35:38]
    for field in record.each("041"):
        for value in field.all("a"):
            run_together = len(value) > 3 and len(value) % 3 == 0 and field.indicators[1] != "7"
            codes = [value[at : at + 3] for at in range(0, len(value), 3)] if run_together else [value]
            yield from (("041$a", code) for code in codes)


def _titles(source: _Source) -> Iterator[Text]:
    """Yield 245 first, then translations (242), variants (246), uniform titles, other scripts (880)."""
    for field in source.record.each("245", "242", "246", "130", "240", "880"):
        if field.tag == "880" and field.first("6")[:3] not in ("245", "246"):
            continue
        if title := joined(field, _TITLE):
            yield Text(title, _title_language(field, source))


def _title_language(field: Field, source: _Source) -> str:
    if field.tag == "242":
        return languages.from_code(field.first("y").strip())
    if field.tag in ("130", "240"):
        originals = [value for field in source.record.each("041") for value in field.all("h")]
        return languages.from_code(originals[0].strip()) if len(originals) == 1 else ""
    return source.language if field.tag in ("245", "880") else ""


def _contributions(source: _Source) -> Iterator[Contribution]:
    for tag, (kind, codes, term) in _NAMES.items():
        for field in source.record.each(tag):
            if name := joined(field, codes):
                agent = Agent(name, kind, tuple(_authority_links(field, source.remarks)))
                for role in _roles(field, term, source.remarks) or ("aut" if tag[0] == "1" else "ctb",):
                    yield Contribution(agent, role)


def _roles(field: Field, term: str, remarks: Remarks) -> tuple[str, ...]:
    coded = [role for value in field.all("4") if (role := relators.from_code(value))]
    if coded:
        return tuple(dict.fromkeys(coded))
    named = []
    for value in field.all(term):
        if role := relators.from_term(value):
            named.append(role)
        else:
            remarks.unknown(f"{field.tag}${term}", trim(value))
    return tuple(dict.fromkeys(named))


def _authority_links(field: Field, remarks: Remarks) -> Iterator[Identifier]:
    for value in field.all("01"):
        for scheme, pattern in _AUTHORITIES:
            if found := pattern.match(value):
                if scheme in ("orcid", "isni") and not numbers.isni(found[1]):
                    remarks.unknown(f"{field.tag}$0", value)
                else:
                    yield Identifier(scheme, found[1])


def _publishers(record: Record) -> Iterator[Contribution]:
    for field in record.each("264", "260"):
        role = _MADE_BY.get(field.indicators[1], "") if field.tag == "264" else "pbl"
        for value in field.all("b") if role else ():
            name = trim(value).strip("[]")
            if name and not _NAMELESS.fullmatch(name):
                yield Contribution(Agent(name, "organisation"), role)


def _dates(record: Record) -> tuple[Date, ...]:
    """Return the date of issue, with its doubts, by 264/260 $c, else by 008; then periods covered (648)."""
    coded = edtf_dates.from_008(record.control("008"))
    written = next(_dates_written(record), "")
    covered = (edtf_dates.from_text(field.first("a")) for field in record.each("648"))
    issued = coded if "/" in coded or not written else written
    return tuple([Date(issued)] * bool(issued) + [Date(value, "covered") for value in dict.fromkeys(covered) if value])


def _dates_written(record: Record) -> Iterator[str]:
    """Yield what 264 and 260 say: publication before production, distribution and copyright."""
    fields = sorted(record.each("264", "260"), key=lambda field: field.tag == "264" and field.indicators[1] != "1")
    for field in fields:
        for value in field.all("c"):
            if written := edtf_dates.from_text(value):
                yield written


def _type(record: Record) -> str:
    """Return the type of publication by leader/06-07 and 008, and where that says book, by 655."""
    material, level = record.leader[6], record.leader[7]
    if material in "at":
        return _type_of_text(record, level)
    if material == "m":
        return "dataset" if record.control("008")[26:27] == "a" else "other"
    return {"e": "map", "f": "map", "g": "video", "k": "image"}.get(material, "other")


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


def _keywords(source: _Source) -> Iterator[Text]:
    for tag, main in _SUBJECTS.items():
        for field in source.record.each(tag):
            language = _subject_language(field, source)
            if tag == "653":
                yield from (Text(value, language) for value in map(trim, field.all("a")) if value)
            elif subject := heading(field, main):
                yield Text(subject, language)


def _subject_language(field: Field, source: _Source) -> str:
    named = _THESAURUS_LANGUAGE.get(field.first("2").strip().lower(), "") if field.indicators[1] == "7" else ""
    known = named or (_BY_INDICATOR.get(field.indicators[1], "") if field.tag != "653" else "")
    return known or source.cataloguing


def _places(source: _Source) -> Iterator[Text]:
    for field in source.record.each("651"):
        if place := heading(field, "a", "z"):
            yield Text(place, _subject_language(field, source))
    for field in source.record.each("522"):
        if place := joined(field, "a"):
            yield Text(place, source.cataloguing)


def _texts(source: _Source, tag: str, codes: str) -> tuple[Text, ...]:
    values = (" ".join(" ".join(field.all(codes)).split()) for field in source.record.each(tag))
    return tuple(Text(value, source.cataloguing) for value in dict.fromkeys(values) if value)


def _identifiers(source: _Source) -> Iterator[Identifier]:
    if control := _control_number(source.record):
        yield Identifier("control-number", control)
    for field in source.record.each("020", "022", "024", "027", "035", "088", "856"):
        for value in field.all("u" if field.tag == "856" else "a"):
            if value := value.strip():
                yield from _identifier(field, value, source.remarks)


def _control_number(record: Record) -> str:
    number, agency = record.control("001").strip(), record.control("003").strip()
    return f"({agency}){number}" if agency and number else number


def _identifier(field: Field, value: str, remarks: Remarks) -> Iterator[Identifier]:
    scheme, made = _number(field, value)
    if made:
        yield Identifier(scheme, made)
    elif scheme:
        remarks.unknown(f"{field.tag}${'u' if scheme == 'url' else 'a'}", value)


def _number(field: Field, value: str) -> tuple[str, str]:
    """Return scheme and normal form of a number; no form where it is wrong, no scheme where not ours."""
    match field.tag:
        case "020":
            return "isbn", numbers.isbn(value)
        case "022":
            return "issn", numbers.issn(value)
        case "035":
            return "control-number", trim(value)
        case "027" | "088":
            return "report-number", trim(value)
        case "856":
            return ("", "") if field.indicators[1] == "2" else ("url", numbers.url(value))
    named = field.first("2").strip().lower() if field.indicators[0] == "7" else ""
    if named == "doi":
        return "doi", numbers.doi(value)
    return named or _NUMBERED.get(field.indicators[0], "other"), trim(value)


def _links(source: _Source) -> Iterator[Link]:
    for tag, kind in _LINKS.items():
        for field in source.record.each(tag):
            if tag == "775" and not _is_original(field, source):
                continue
            for value in field.all("w"):
                if value := value.strip():
                    yield Link(kind, "control-number", value, f"{tag}$w")


def _is_original(field: Field, source: _Source) -> bool:
    """Say whether a 775 (other edition) names the original of this record's translation."""
    if _TRANSLATION.search(field.first("i")):
        return True
    other = languages.from_code(field.first("e").strip())
    translated = any(field.indicators[0] == "1" for field in source.record.each("041"))
    return translated and bool(other) and other not in source.languages
