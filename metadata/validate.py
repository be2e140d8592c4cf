"""Looking an item over: what a careful librarian would ask about it, each as a Problem.

Everything found is a warning. What was wrong with the record itself, such as a value that
could not be read, its reader has said already and is not in the item.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import chain

from metadata import languages, small_words
from metadata.description import shorten
from metadata.folding import fold
from metadata.manifest_columns import column
from metadata.model import Identifier, Item
from metadata.problems import Problem, problem
from metadata.validate_text import check_text, fields_of, is_suspicious
from metadata.validate_values import address_fault, date_fault, is_edtf, is_number, is_unknown_place, rights_fault

_FEWEST_CAPITALS = 12  # letters; less may be names of organisations
# Fields that no spreadsheet has under this name: of MARC, MODS, BibTeX and RIS.
_FIELDS = {
    name: field
    for field, names in {
        "date": "dateIssued copyrightDate month PY Y1 DA",
        "language": "008 041$a languageTerm langid hyphenation LA",
        "type": "@ TY typeOfResource genre",
    }.items()
    for name in names.split()
}
_Finding = tuple[str, str, dict[str, str]]
"""A problem's code, its field, and its parameters."""


def validate(item: Item, where: str, known: Collection[Problem] = (), today: date | None = None) -> list[Problem]:
    """Return what is doubtful in an item, each with its field behind ``where``, in the order of the fields.

    ``known`` are problems already reported of it: they are not said again, and a field of
    which its reader said that a value was left out is not called missing. ``today`` (UTC) is
    the day after which a date is in the future.
    """
    findings = chain(
        _missing(item, known),
        _dates(item, today or datetime.now(UTC).date()),
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
    lacking = {
        "date": not any(one.kind != "covered" for one in item.dates),
        "language": not item.languages,
        "type": item.type in ("", "other"),
    }
    if any(lacking.values()):
        left = {_field(dict(one.params)["field"]) for one in known if one.code == "value-unknown"}
        yield from (("field-missing", field, {}) for field, is_so in lacking.items() if is_so and field not in left)


def _field(name: str) -> str:
    """Return what a field is by the name that its form gives it (``041$a``, ``originInfo/dateIssued``, ``Fecha``)."""
    last = name.rpartition("/")[2]
    found = _FIELDS.get(name) or _FIELDS.get(last)
    known = None if found else column(last)
    return found or (known.field if known else "")


def _dates(item: Item, today: date) -> Iterator[_Finding]:
    for one in item.dates:
        if code := date_fault(one.value, one.kind, today):
            yield code, {"issued": "date", "covered": "period"}.get(one.kind, one.kind), {"value": one.value}
    if item.embargo and not is_edtf(item.embargo):
        yield "date-malformed", "embargo", {"value": item.embargo}
    elif item.access == "embargoed" and not item.embargo:
        yield "field-missing", "embargo", {}
    elif item.embargo and not item.access:
        yield "field-missing", "access", {}


def _identifiers(item: Item) -> Iterator[_Finding]:
    named: list[tuple[str, Identifier]] = [(one.scheme, one) for one in item.identifiers]
    named += [("issn", Identifier("issn", one.issn)) for one in item.series if one.issn]
    named += [("contributor", one) for each in item.contributions for one in each.agent.identifiers]
    for field, one in named:
        if one.scheme == "url":
            if reason := address_fault(one.value):
                yield "address-wrong", field, {"value": one.value, "reason": reason}
        elif not is_number(one.scheme, one.value):
            yield "number-wrong", field, {"value": one.value, "scheme": one.scheme.upper()}
    if item.doi and not is_number("doi", item.doi.name):
        yield "number-wrong", "doi", {"value": item.doi.name, "scheme": "DOI"}


def _languages(item: Item) -> Iterator[_Finding]:
    for tag in item.languages:
        if not languages.from_code(tag):
            yield "language-unknown", "language", {"value": tag}
    # A text without a language is held to be in the item's own, where that is one.
    own = item.languages[0] if len(item.languages) == 1 else ""
    for field, texts in (("title", item.titles), ("description", item.descriptions)):
        for text in texts:
            claimed = text.language or own
            if claimed in small_words.LANGUAGES and (found := small_words.surely(text.value)) not in ("", claimed):
                yield "language-doubtful", field, {"claimed": claimed, "found": found, "value": text.value}


def _places(item: Item) -> Iterator[_Finding]:
    for value in (*(text.value for text in item.coverage), *item.countries, *item.places):
        if is_unknown_place(value):
            yield "place-unknown", "place", {"value": value}


def _rights(item: Item) -> Iterator[_Finding]:
    for text in item.rights:
        code, reason = rights_fault(text.value)
        if code:
            yield code, "rights", {"value": text.value} | ({"reason": reason} if reason else {})


def _repeated(item: Item) -> Iterator[_Finding]:
    """Yield values that differ only in case, accents or blanks from one before; beside each, what may tell it apart."""
    if len(item.titles) > 1:
        yield from _twice("title", [(one.value, one.language) for one in item.titles])
    if len(item.keywords) > 1:
        yield from _twice("subject", [(one.value, one.language) for one in item.keywords])
    if len(item.descriptions) > 1:
        yield from _twice("description", [(one.value, "") for one in item.descriptions])
    if len(item.notes) > 1:
        yield from _twice("note", [(one.value, "") for one in item.notes])
    if len(item.contributions) > 1:
        yield from _twice("contributor", [(one.agent.name, one.role) for one in item.contributions])
    if len(item.series) > 1:
        yield from _twice("series", [(one.title, one.number) for one in item.series])


def _twice(field: str, values: Sequence[tuple[str, str]]) -> Iterator[_Finding]:
    keys = list(zip(_folded([value for value, _ in values]), (beside for _, beside in values), strict=True))
    if len(set(keys)) == len(keys):
        return
    seen: set[tuple[str, str]] = set()
    for key, (value, _) in zip(keys, values, strict=True):
        if key in seen:
            yield "value-repeated", field, {"value": value}
        seen.add(key)


def _folded(values: Sequence[str]) -> list[str]:
    """Fold all at once, which costs as much as one; one by one where one holds what parts them."""
    parts = fold("\0".join(values)).split("\0")
    return [part.strip() for part in parts] if len(parts) == len(values) else list(map(fold, values))


def _texts(item: Item) -> Iterator[_Finding]:
    if is_suspicious(item):
        for field, value in fields_of(item):
            yield from ((code, field, values) for code, values in check_text(field, value))
    for text in item.titles:
        if text.value.isupper() and " " in text.value and sum(map(str.isalpha, text.value)) >= _FEWEST_CAPITALS:
            yield "title-in-capitals", "title", {"value": text.value}
