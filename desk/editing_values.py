"""The values of an item as rows of a form, and rows as values: strict, for somebody is there to be asked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from metadata import languages, relators
from metadata.agents_identifiers import read as read_identifier
from metadata.model import (
    Agent,
    Box,
    Contribution,
    Date,
    DateKind,
    Identifier,
    Item,
    Kind,
    Relation,
    RelationKind,
    Series,
    Text,
    TitleKind,
)
from metadata.standard_numbers import doi as read_doi
from metadata.types import TYPES
from metadata.validate_values import is_edtf
from web.i18n import N_

Row = Mapping[str, str]
"""What stands in a row, by the name of the cell."""

TITLE_KINDS = ("", "other", "translated")
DATE_KINDS = ("issued", "created", "covered")
AGENT_KINDS = ("person", "organisation")
RELATION_KINDS = ("isTranslationOf", "isPartOf", "replaces", "isFormatOf", "isVersionOf")
ACCESS = ("", "open", "embargoed", "restricted", "metadata-only")


class Unfit(Exception):
    """A cell that cannot have its value; ``message`` is one of the interface's."""

    def __init__(self, cell: str, message: str, value: str = "") -> None:
        super().__init__(message)
        self.cell = cell
        self.message = message
        self.value = value


def rows_of(part: str, item: Item) -> list[Row]:
    """Return the rows that an item's values fill."""
    values = getattr(item, part)
    if isinstance(values, str):
        return [{"value": "" if (part, values) == ("type", "other") else values}]
    return [_row(value) for value in values]


def _row(value: object) -> Row:
    match value:
        case Text():
            return {"value": value.value, "language": value.language, "kind": value.kind}
        case Contribution():
            named = " ".join(f"{one.scheme}:{one.value}" for one in value.agent.identifiers)
            return {"name": value.agent.name, "role": value.role, "kind": value.agent.kind, "identifiers": named}
        case Date():
            return {"value": value.value, "kind": value.kind}
        case Identifier():
            return {"scheme": value.scheme, "value": value.value}
        case Relation():
            return {"kind": value.kind, "target": value.target}
        case Series():
            return {"title": value.title, "number": value.number, "issn": value.issn}
        case Box():
            return {edge: f"{getattr(value, edge):.10g}" for edge in ("west", "south", "east", "north")}
    return {"value": str(value)}


def _text(row: Row, _: Item) -> Text:
    if not row["value"]:
        raise Unfit("value", N_("There is a language, but no text."))
    return Text(row["value"], _tag(row["language"], "language"))


def _title(row: Row, item: Item) -> Text:
    found = _text(row, item)
    return Text(found.value, found.language, cast("TitleKind", _one_of(row, "kind", TITLE_KINDS)))


def _language(row: Row, _: Item) -> str:
    return _tag(row["value"], "value")


def _tag(written: str, cell: str) -> str:
    found = languages.from_code(written) if written else ""
    if written and not found:
        raise Unfit(cell, N_("“%(value)s” is no language. Write its code or its name: en, fra, Spanish."), written)
    return found


def _contribution(row: Row, item: Item) -> Contribution:
    if not row["name"]:
        raise Unfit("name", N_("There is something beside it, but no name."))
    kind = cast("Kind", _one_of(row, "kind", AGENT_KINDS))
    known = {_row(one)["identifiers"]: one.agent.identifiers for one in item.contributions}
    identifiers = known.get(row["identifiers"]) or _agent_identifiers(row["identifiers"])
    role = row["role"] or "ctb"
    if role not in relators.CODES and role not in {one.role for one in item.contributions}:
        raise Unfit("role", N_("Choose one from the list."))
    return Contribution(Agent(row["name"], kind, identifiers), role)


def _agent_identifiers(written: str) -> tuple[Identifier, ...]:
    found: list[Identifier] = []
    for one in written.replace(";", " ").replace(",", " ").split():
        known = read_identifier(one)
        if known is None:
            message = N_("“%(value)s” is no identifier of a person or organisation, or its check digit is wrong.")
            raise Unfit("identifiers", message, one)
        found.append(known)
    return tuple(dict.fromkeys(found))


def _date(row: Row, item: Item) -> Date:
    kind = cast("DateKind", _one_of(row, "kind", DATE_KINDS))
    found = Date(row["value"], kind)
    return found if found in item.dates else Date(_edtf(row["value"]), kind)


def _edtf(written: str) -> str:
    if not is_edtf(written):
        raise Unfit("value", N_("“%(value)s” is no date. Write 1987, 1987-05 or 1987-05-04."), written)
    return written


def _type(row: Row, item: Item) -> str:
    return _one_of(row, "value", (*TYPES, item.type))


def _access(row: Row, _: Item) -> str:
    return _one_of(row, "value", ACCESS)


def _embargo(row: Row, item: Item) -> str:
    return row["value"] if row["value"] == item.embargo else _edtf(row["value"])


def _plain(row: Row, _: Item) -> str:
    return row["value"]


def _series(row: Row, _: Item) -> Series:
    if not row["title"]:
        raise Unfit("title", N_("There is a number, but no title of the series."))
    return Series(row["title"], row["number"], row["issn"])


def _box(row: Row, _: Item) -> Box:
    edges: list[float] = []
    for edge in ("west", "south", "east", "north"):
        try:
            edges.append(float(row[edge].replace(",", ".")))
        except ValueError:
            raise Unfit(edge, N_("“%(value)s” is no number of degrees."), row[edge]) from None
    made = Box(*edges)
    if not made.on_earth:
        raise Unfit("west", N_("These are no four edges of a part of the Earth."))
    return made


def _identifier(row: Row, item: Item) -> Identifier:
    scheme, value = row["scheme"].lower(), row["value"]
    if not scheme:
        raise Unfit("scheme", N_("There is an identifier, but nothing says of which scheme."))
    if not value:
        raise Unfit("value", N_("There is a scheme, but no identifier."))
    found = Identifier(scheme, value)
    if scheme == "doi" and found not in item.identifiers:
        if not read_doi(value):
            raise Unfit("value", N_("“%(value)s” is no DOI. It begins with 10 and a full stop."), value)
        return Identifier("doi", read_doi(value))
    return found


def _relation(row: Row, item: Item) -> Relation:
    kind = cast("RelationKind", _one_of(row, "kind", RELATION_KINDS))
    target = row["target"].rstrip("/").rpartition("/")[2]
    if target == item.id:
        raise Unfit("target", N_("An item cannot be tied to itself."))
    return Relation(kind, target)


def _one_of(row: Row, cell: str, allowed: Sequence[str]) -> str:
    if row[cell] not in allowed:
        raise Unfit(cell, N_("Choose one from the list."))
    return row[cell]


VALUES: Mapping[str, Callable[[Row, Item], Any]] = {
    "titles": _title,
    "contributions": _contribution,
    "type": _type,
    "languages": _language,
    "dates": _date,
    "edition": _plain,
    "extent": _plain,
    "places": _plain,
    "series": _series,
    "keywords": _text,
    "descriptions": _text,
    "coverage": _text,
    "countries": _plain,
    "boxes": _box,
    "identifiers": _identifier,
    "relations": _relation,
    "collections": _plain,
    "access": _access,
    "embargo": _embargo,
    "rights": _text,
    "notes": _text,
}
"""What makes a value of a row that has something in it, by the part it is of; raises Unfit."""
