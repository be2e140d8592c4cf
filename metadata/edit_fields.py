"""The fields by which an item is edited: how each is written, and which of the item's values it stands for.

They are called as the columns of a manifest are (:mod:`metadata.manifest_columns`), in three
languages, with a language (``title@fr``) or a kind behind them (``date:covered``,
``contributor:edt``, ``identifier:isbn``).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from metadata import languages, relators
from metadata.description import shorten
from metadata.errors import UsageError
from metadata.manifest_columns import IN_LANGUAGES, Column, column
from metadata.model import Box, Contribution, Date, DateKind, Doi, Identifier, Item, Relation, Series, Text
from metadata.types import TYPES

_FIELD = re.compile(r"(?P<name>[^:@]{1,80})(?::(?P<kind>[^:@]{1,80}))?(?:@(?P<language>[\w-]{1,40}))?")
_TEXTS = {
    "subject": "keywords",
    "description": "descriptions",
    "place": "coverage",
    "rights": "rights",
    "note": "notes",
}
_LISTS = {
    "published_in": "places",
    "collection": "collections",
    "language": "languages",
    "series": "series",
    "concept": "concepts",
}
_SINGLE = ("type", "access", "embargo", "edition", "extent")
_DATES: dict[str, DateKind] = {"date": "issued", "created": "created", "period": "covered"}
_KINDS = {"issued": "date", "created": "created", "covered": "period"}
_ROLES = {"author": "aut", "organisation": "aut", "editor": "edt", "translator": "trl", "publisher": "pbl"}
_TIES = {
    "translation_of": "isTranslationOf",
    "part_of": "isPartOf",
    "replaces": "replaces",
    "version_of": "isVersionOf",
}
_NUMBERS = ("isbn", "issn", "doi", "url")
_OWN_NAMES = {"concept": "concept", "concepts": "concept", "concepto": "concept"}
_HINT = (
    "The fields are the columns of a manifest (title, author, date, language, type, keyword …) and concept;"
    " title@fr, date:covered, contributor:edt and identifier:isbn are more exact."
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it was ``written``: the column that its values are read as, and a role or scheme, if it names one."""

    written: str
    column: Column
    kind: str = ""

    @property
    def is_single(self) -> bool:
        """Whether an item has one value of it."""
        return self.column.field in _SINGLE

    @property
    def attribute(self) -> str:
        """The name of the part of :class:`Item` that its values are in."""
        name = self.column.field
        if name in ("title", "other_title"):
            return "titles"
        if name in _DATES:
            return "dates"
        if name in _ROLES or name == "contributor":
            return "contributions"
        if name in _TIES:
            return "relations"
        if name in _NUMBERS or name == "identifier":
            return "identifiers"
        return {**_TEXTS, **_LISTS}.get(name, name)

    def values(self, item: Item) -> tuple[Any, ...]:
        """Return the values of this field that an item has."""
        found = getattr(item, self.attribute)
        if self.is_single:
            return (found,) if found and (self.column.field, found) != ("type", "other") else ()
        return tuple(value for nth, value in enumerate(found) if self._has(value, nth))

    def put(self, item: Item, values: Iterable[Any]) -> Item:
        """Return the item with these values in place of those of :meth:`values`: where the first of them stood."""
        values = tuple(dict.fromkeys(values))
        if self.is_single:
            empty = "other" if self.column.field == "type" else ""
            return _with(item, self.attribute, values[0] if values else empty)
        old = getattr(item, self.attribute)
        mine = [nth for nth, value in enumerate(old) if self._has(value, nth)]
        place = mine[0] if mine else (0 if self._is_main else len(old))
        rest = [value for nth, value in enumerate(old) if nth not in mine]
        return _with(item, self.attribute, tuple(dict.fromkeys([*rest[:place], *values, *rest[place:]])))

    @property
    def _is_main(self) -> bool:
        return self.column.field == "title" and not self.column.language

    def _has(self, value: Any, nth: int) -> bool:
        """Say whether a value, the ``nth`` of its part of the item, is one of this field's."""
        name, language = self.column.field, self.column.language
        if isinstance(value, Text):
            wanted = {"title": bool(language) or nth == 0, "other_title": nth > 0}.get(name, True)
            return wanted and language in ("", value.language)
        if isinstance(value, Date):
            return value.kind == _DATES[name]
        if isinstance(value, Contribution):
            wanted = name != "organisation" or value.agent.kind == "organisation"
            return wanted and value.role == self.role
        if isinstance(value, Relation):
            return value.kind == _TIES[name]
        if isinstance(value, Identifier):
            return value.scheme == self.scheme
        return True

    @property
    def kind_of_date(self) -> DateKind:
        """What a date is of."""
        return _DATES[self.column.field]

    @property
    def role(self) -> str:
        """The relator code of a contributor."""
        return self.kind or _ROLES.get(self.column.field, "ctb")

    @property
    def scheme(self) -> str:
        """The scheme of an identifier."""
        return self.kind or (self.column.field if self.column.field in _NUMBERS else "local")


def field_of(written: str) -> Field:
    """Return the field that a name stands for; raises UsageError, saying which there are."""
    found = _FIELD.fullmatch(written.strip())
    if not found:
        raise UsageError(f"{shorten(written)!r} is no field.", _HINT)
    name, kind, tag = found["name"], (found["kind"] or "").strip().lower(), found["language"] or ""
    known = Column("concept") if name.lower() in _OWN_NAMES else column(name)
    if known is None or known.field in ("file", "subtitle", "series_number", "series_issn"):
        raise UsageError(f"{shorten(name)!r} is no field that can be edited.", _HINT)
    made = _of_kind(known, kind, written) if kind else Field(written, known)
    if not hasattr(Item, made.attribute):
        raise UsageError(f"{shorten(name)!r} is no field that can be edited one by one.", "Edit the item with --file.")
    return _in_language(made, tag) if tag else made


def _of_kind(known: Column, kind: str, written: str) -> Field:
    if known.field == "date" and kind in _KINDS:
        return Field(written, Column(_KINDS[kind]))
    if known.field in ("contributor", "author", "organisation"):
        if role := relators.from_term(kind) or relators.from_code(kind):
            return Field(written, known, role)
        raise UsageError(
            f"{shorten(written)!r}: {kind!r} is no MARC relator.", "Give a code: aut, edt, trl, ill, pbl …"
        )
    if known.field == "identifier" and re.fullmatch(r"[a-z][a-z0-9-]{1,40}", kind):
        return Field(written, Column(kind)) if kind in _NUMBERS else Field(written, known, kind)
    raise UsageError(f"{shorten(written)!r} is no field.", _HINT)


def _in_language(field: Field, tag: str) -> Field:
    language = languages.from_code(tag)
    if field.column.field not in IN_LANGUAGES:
        told = ", ".join(sorted(IN_LANGUAGES))
        raise UsageError(f"{field.written!r}: this field has no language.", f"Those that have: {told}.")
    if not language:
        raise UsageError(f"{field.written!r}: {tag!r} is no language.", "Give a code: en, fra, es …")
    return replace(field, column=replace(field.column, language=language))


def allowed(field: Field) -> str:
    """Return, for people, what values of a field may be."""
    told = {
        "type": f"One of: {', '.join(TYPES)}; or its name in English, French or Spanish.",
        "access": "One of: open, embargoed, restricted, metadata-only.",
        "language": "A language by its code or name: en, fra, Spanish.",
        "isbn": "An ISBN of 10 or 13 digits whose check digit is right.",
        "issn": "An ISSN whose check digit is right: 0027-8424.",
        "doi": "A DOI: 10.5555/abc.",
        "url": "An address that begins with http:// or https://.",
        "concept": "The URI of a concept, or its label and language: wetlands@en; canoe vocabulary list ID shows all.",
        "series": "A series, and behind a semicolon its number: Technical notes ; 12.",
        "embargo": "A date: 2027-01-31.",
        **dict.fromkeys(_DATES, "A date in EDTF: 1987, 1987-05, 1987-05-04, 1987/1989, 1987?."),
        **dict.fromkeys(_TIES, "The id of another item here, or its control number with the agency: (XX-Test)12."),
        **dict.fromkeys(_ROLES, "A name: Family, Given; or an organisation's."),
    }
    return told.get(field.column.field, "A text.")


def plain(value: object) -> str:
    """Return a value of any field as people would write it, without its language or kind."""
    match value:
        case Text() | Date() | Identifier():
            return value.value
        case Contribution():
            return value.agent.name
        case Series():
            return f"{value.title} ; {value.number}" if value.number else value.title
        case Relation():
            return value.target
    return str(value)


def shown(value: object) -> str:
    """Return a value for people, with all that tells it from others."""
    match value:
        case Text():
            return " ".join(filter(None, [value.value, f"[{value.language}]" if value.language else "", value.kind]))
        case Contribution():
            known = ", ".join(f"{one.scheme} {one.value}" for one in value.agent.identifiers)
            return f"{value.agent.name} ({value.role}, {value.agent.kind}{', ' if known else ''}{known})"
        case Date():
            return f"{value.value} ({value.kind})"
        case Identifier():
            return f"{value.scheme} {value.value}"
        case Relation():
            return f"{value.kind} {value.target}"
        case Series():
            return plain(value) + (f" (ISSN {value.issn})" if value.issn else "")
        case Doi():
            return f"{value.name} ({value.state})"
        case Box():
            return f"west {value.west:g}, south {value.south:g}, east {value.east:g}, north {value.north:g}"
    return str(value)


@dataclass(frozen=True, slots=True)
class Difference:
    """What was taken out of a part of an item, and what came in, for people."""

    field: str
    removed: tuple[str, ...]
    added: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in one line."""
        signed = [f"- {value}" for value in self.removed] + [f"+ {value}" for value in self.added]
        return f"{self.field}: {'; '.join(signed) or 'in another order'}"


def differences(
    before: Item, after: Item, show: Callable[[str, Any], str] = lambda _, value: shown(value)
) -> tuple[Difference, ...]:
    """Return in what two items differ, by the names of their parts in ``item.json``.

    ``show`` says how a value of a part is written for those who are to read it.
    """
    found = ((part.name, _each(getattr(before, part.name)), _each(getattr(after, part.name))) for part in fields(Item))
    return tuple(
        Difference(name, _beyond(old, new, partial(show, name)), _beyond(new, old, partial(show, name)))
        for name, old, new in found
        if old != new
    )


def _each(value: Any) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return value
    return (value,) if value else ()


def _beyond(values: Iterable[Any], known: Iterable[Any], show: Callable[[Any], str]) -> tuple[str, ...]:
    others = list(known)
    return tuple(show(value) for value in values if value not in others)


def _with(item: Item, attribute: str, value: object) -> Item:
    change: Callable[..., Item] = replace
    return change(item, **{attribute: value})
