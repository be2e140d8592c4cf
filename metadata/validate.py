"""Looking an item over: what a careful librarian would ask about it, each as a Problem.

Everything found is a warning. What was wrong with the record itself, such as a value that
could not be read, its reader has said already and is not in the item.
"""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime
from itertools import chain

from babel import Locale
from babel.core import get_global

from metadata import languages, licences, small_words
from metadata import standard_numbers as numbers
from metadata.description import shorten
from metadata.folding import fold
from metadata.model import Identifier, Item, Text
from metadata.problems import Problem, problem
from metadata.validate_text import check_text

EARLIEST = 1400
_NUMBERS: dict[str, Callable[[str], str]] = {
    "isbn": numbers.isbn,
    "issn": numbers.issn,
    "ismn": numbers.ismn,
    "doi": numbers.doi,
    "orcid": numbers.orcid,
    "isni": numbers.isni,
    "ror": numbers.ror,
}
# EDTF levels 0 and 1 (ISO 8601-2:2019, section 4), as far as catalogues use them.
_DAY = (
    r"\d{4}(?:-(?:0[1-9]|1[0-2]|2[1-4])(?:-(?:0[1-9]|[12]\d|3[01]))?)?[?~%]?"
    r"|(?:\d{2}XX|\d{3}X)[?~%]?|\d{4}-XX(?:-XX)?|\d{4}-\d\d-XX"
)
_EDTF = re.compile(rf"(?:{_DAY})(?:/(?:{_DAY}|\.\.)?)?|(?:\.\.)?/(?:{_DAY})")
_WHOLE_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_ADDRESS = re.compile(
    r"https?://(?P<user>[^\s/@]*@)?(?P<host>\[[^\]\s]+\]|[^\s/:?#@]+)(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE
)
_HOST = re.compile(r"\[[0-9a-f:.]+\]|[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*\.?", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]{2,3}|\d{3}|[A-Z]{2}-[A-Z0-9]{1,3}")
_FEWEST_CAPITALS = 12  # letters; less may be names of organisations
_LONGEST_ADDRESS = 2000
_Finding = tuple[str, str, dict[str, str]]
"""A problem's code, its field, and its parameters."""


def validate(item: Item, where: str, known: Collection[Problem] = (), today: date | None = None) -> list[Problem]:
    """Return what is doubtful in an item, each with its field behind ``where``, in the order of the fields.

    ``known`` are problems already reported of it: they are not said again, and a field of
    which its reader said that a value was left out is not called missing. ``today`` (UTC) is
    the day after which a date is in the future.
    """
    today = today or datetime.now(UTC).date()
    findings = chain(
        _missing(item, known),
        _dates(item, today),
        _identifiers(item),
        _languages(item),
        _places(item),
        _rights(item),
        _repeated(item),
        _texts(item),
    )
    made = (
        problem(code, f"{where}:{field}", field=field, **{name: shorten(value) for name, value in values.items()})
        for code, field, values in findings
    )
    return [one for one in dict.fromkeys(made) if one not in known]


def _missing(item: Item, known: Collection[Problem]) -> Iterator[_Finding]:
    told = {problem.code for problem in known}
    if not item.titles and "title-missing" not in told:
        yield "field-missing", "title", {}
    if "value-unknown" in told:
        return
    if not any(one.kind != "covered" for one in item.dates):
        yield "field-missing", "date", {}
    if not item.languages:
        yield "field-missing", "language", {}
    if item.type in ("", "other"):
        yield "field-missing", "type", {}


def _dates(item: Item, today: date) -> Iterator[_Finding]:
    for one in item.dates:
        field = {"issued": "date", "covered": "period"}.get(one.kind, one.kind)
        if not is_edtf(one.value):
            yield "date-malformed", field, {"value": one.value}
        elif one.kind == "covered":
            continue
        elif one.value[:4].isdigit() and (_later(one.value, today) or (one.kind == "issued" and _early(one.value))):
            yield "date-implausible", field, {"value": one.value}
    if item.embargo and not is_edtf(item.embargo):
        yield "date-malformed", "embargo", {"value": item.embargo}
    elif item.access == "embargoed" and not item.embargo:
        yield "field-missing", "embargo", {}


def is_edtf(value: str) -> bool:
    """Say whether a date is EDTF, level 0 or 1, and its days are days of the calendar."""
    return bool(_EDTF.fullmatch(value)) and all(map(_exists, _WHOLE_DAY.findall(value)))


def _exists(parts: tuple[str, str, str]) -> bool:
    try:
        date(*map(int, parts))
    except ValueError:
        return False
    return True


def _later(value: str, today: date) -> bool:
    """Say whether a date begins after ``today``, compared as far as it goes."""
    begins = re.match(r"\d{4}(?:-\d\d(?:-\d\d)?)?", value)
    return begins is not None and begins[0] > today.isoformat()[: len(begins[0])]


def _early(value: str) -> bool:
    return int(value[:4]) < EARLIEST


def _identifiers(item: Item) -> Iterator[_Finding]:
    named: list[tuple[str, Identifier]] = [(one.scheme, one) for one in item.identifiers]
    named += [("issn", Identifier("issn", one.issn)) for one in item.series if one.issn]
    named += [("contributor", one) for each in item.contributions for one in each.agent.identifiers]
    for field, one in named:
        if one.scheme == "url":
            if reason := address_fault(one.value):
                yield "address-wrong", field, {"value": one.value, "reason": reason}
        elif (made := _NUMBERS.get(one.scheme)) and not made(one.value):
            yield "number-wrong", field, {"value": one.value, "scheme": one.scheme.upper()}
    if item.doi and not numbers.doi(item.doi.name):
        yield "number-wrong", "doi", {"value": item.doi.name, "scheme": "DOI"}


def address_fault(text: str) -> str:
    """Return what is wrong with a web address, ``""`` where nothing is."""
    scheme = text.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        return "it begins with neither http:// nor https://"
    found = _ADDRESS.fullmatch(text) if len(text) <= _LONGEST_ADDRESS else None
    if not found:
        return "it is no whole address, is too long or has blanks in it"
    if found["user"]:
        return "it holds a user's name or password"
    if not _HOST.fullmatch(found["host"]) or ("." not in found["host"] and ":" not in found["host"]):
        return f"{found['host']} is no name of a computer on the internet"
    return ""


def _languages(item: Item) -> Iterator[_Finding]:
    for tag in item.languages:
        if not languages.from_code(tag):
            yield "language-unknown", "language", {"value": tag}
    for field, text in _tagged(item):
        found = small_words.surely(text.value)
        if found and text.language in small_words.LANGUAGES and found != text.language:
            yield "language-doubtful", field, {"claimed": text.language, "found": found, "value": text.value}


def _tagged(item: Item) -> Iterator[tuple[str, Text]]:
    """Yield the longer texts; one without a language is held to be in the item's own, where that is one."""
    own = item.languages[0] if len(item.languages) == 1 else ""
    for field, texts in (("title", item.titles), ("description", item.descriptions)):
        for text in texts:
            yield field, Text(text.value, text.language or own)


def _places(item: Item) -> Iterator[_Finding]:
    """Yield codes of countries and regions that ISO 3166, ISO 3166-2 or UN M49 do not have."""
    territories, old = Locale("en").territories, get_global("territory_aliases")
    for value in (*(text.value for text in item.coverage), *item.places):
        if _CODE.fullmatch(value):
            country = value.partition("-")[0]
            if country not in territories and country not in old:
                yield "place-unknown", "place", {"value": value}


def _rights(item: Item) -> Iterator[_Finding]:
    for text in item.rights:
        if licences.malformed(text.value):
            yield "licence-malformed", "rights", {"value": text.value}
        elif re.match(r"[a-z]+://\S*$|javascript:", text.value, re.IGNORECASE) and (
            reason := address_fault(text.value)
        ):
            yield "address-wrong", "rights", {"value": text.value, "reason": reason}


def _repeated(item: Item) -> Iterator[_Finding]:
    """Yield values that differ only in case, accents or blanks from one before."""
    listed = {
        "title": [(fold(one.value), one.language, one.value) for one in item.titles],
        "subject": [(fold(one.value), one.language, one.value) for one in item.keywords],
        "description": [(fold(one.value), "", one.value) for one in item.descriptions],
        "note": [(fold(one.value), "", one.value) for one in item.notes],
        "contributor": [(fold(one.agent.name), one.role, one.agent.name) for one in item.contributions],
        "series": [(fold(one.title), one.number, one.title) for one in item.series],
    }
    for field, values in listed.items():
        seen: set[tuple[str, str]] = set()
        for folded, beside, value in values:
            if (folded, beside) in seen:
                yield "value-repeated", field, {"value": value}
            seen.add((folded, beside))


def _texts(item: Item) -> Iterator[_Finding]:
    for field, value in fields_of(item):
        yield from ((code, field, values) for code, values in check_text(field, value))
    for text in item.titles:
        if text.value.isupper() and " " in text.value and sum(map(str.isalpha, text.value)) >= _FEWEST_CAPITALS:
            yield "title-in-capitals", "title", {"value": text.value}


def fields_of(item: Item) -> Iterator[tuple[str, str]]:
    """Yield every text of an item that people read, with the name of its field as a manifest names it."""
    yield from (("title", one.value) for one in item.titles)
    yield from (("contributor", one.agent.name) for one in item.contributions)
    yield from (("subject", one.value) for one in item.keywords)
    yield from (("description", one.value) for one in item.descriptions)
    yield from (("place", one.value) for one in item.coverage)
    yield from (("rights", one.value) for one in item.rights)
    yield from (("note", one.value) for one in item.notes)
    yield from (("published_in", one) for one in item.places)
    yield from (("series", one.title) for one in item.series)
    yield from (("series_number", one.number) for one in item.series if one.number)
    yield from ((one.scheme, one.value) for one in item.identifiers)
    yield from ((name, value) for name, value in (("edition", item.edition), ("extent", item.extent)) if value)
