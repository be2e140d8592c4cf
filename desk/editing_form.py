"""The form of an item: what its fields are, how an item fills them, and what was typed into them.

A part of the form is an attribute of :class:`metadata.model.Item`; its values are rows of cells. A cell is
named ``part-row-cell`` (``titles-0-value``), which is its id in the page, too. A row with nothing in it is no value.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from desk.editing_values import (
    VALUES,
    Row,
    Unfit,
    rows_of,
)
from desk.form import Form
from metadata.model import Item
from web.i18n import N_

MOST_ROWS = 400
"""Rows of a part that are read; more than any item has."""

CellKind = Literal["text", "area", "language", "choice"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A field of a row; ``choices`` names a list that :class:`desk.editing_choices.Choices` has."""

    name: str
    label: str
    kind: CellKind = "text"
    choices: str = ""
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the form: its rows are the values of an attribute; one that is ``single`` has one row."""

    name: str
    title: str
    cells: tuple[Cell, ...]
    another: str = ""
    hint: str = ""

    @property
    def single(self) -> bool:
        """Whether an item has one value of it; what is chosen among concepts has no cells, and may be many."""
        return bool(self.cells) and not self.another


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of the form that belong together."""

    title: str
    parts: tuple[Part, ...]


_VALUE = Cell("value", N_("Text"))
_LANGUAGE = Cell("language", N_("Language"), "language", narrow=True)
_AREA = Cell("value", N_("Text"), "area")
_EDTF = N_("A year, month or day: 1987, 1987-05, 1987-05-04; a span: 1987/1989; 1987~ for about 1987.")

GROUPS: tuple[Group, ...] = (
    Group(
        N_("Titles"),
        (
            Part(
                "titles",
                N_("Titles"),
                (_VALUE, _LANGUAGE, Cell("kind", N_("Kind"), "choice", "titles", narrow=True)),
                N_("Add another title"),
                N_("The first is the main title."),
            ),
        ),
    ),
    Group(
        N_("People and organisations"),
        (
            Part(
                "contributions",
                N_("People and organisations"),
                (
                    Cell("name", N_("Name")),
                    Cell("role", N_("Role"), "choice", "roles", narrow=True),
                    Cell("kind", N_("Kind"), "choice", "agents", narrow=True),
                    Cell("identifiers", N_("Identifiers")),
                ),
                N_("Add another name"),
                N_("Family, Given; or an organisation’s name. Identifiers as orcid:0000-0002-1825-0097."),
            ),
        ),
    ),
    Group(
        N_("What it is"),
        (
            Part("type", N_("Type"), (Cell("value", N_("Type"), "choice", "types"),)),
            Part(
                "languages", N_("Languages"), (Cell("value", N_("Language"), "language"),), N_("Add another language")
            ),
            Part(
                "dates",
                N_("Dates"),
                (Cell("value", N_("Date")), Cell("kind", N_("Kind"), "choice", "dates", narrow=True)),
                N_("Add another date"),
                _EDTF,
            ),
            Part("edition", N_("Edition"), (Cell("value", N_("Edition")),)),
            Part("extent", N_("Extent"), (Cell("value", N_("Extent")),)),
            Part("places", N_("Places of publication"), (Cell("value", N_("Place")),), N_("Add another place")),
            Part(
                "series",
                N_("Series"),
                (
                    Cell("title", N_("Title of the series")),
                    Cell("number", N_("Number"), narrow=True),
                    Cell("issn", "ISSN", narrow=True),
                ),
                N_("Add another series"),
            ),
        ),
    ),
    Group(
        N_("What it is about"),
        (
            Part("concepts", N_("Subjects"), ()),
            Part("keywords", N_("Keywords"), (_VALUE, _LANGUAGE), N_("Add another keyword")),
            Part("descriptions", N_("Descriptions"), (_AREA, _LANGUAGE), N_("Add another description")),
            Part("coverage", N_("Places it speaks of"), (_VALUE, _LANGUAGE), N_("Add another place it speaks of")),
            Part(
                "countries",
                N_("Countries"),
                (Cell("value", N_("Country")),),
                N_("Add another country"),
                N_("A code: FR, KE, US-CA."),
            ),
            Part(
                "boxes",
                N_("Part of the Earth"),
                (
                    Cell("west", N_("West"), narrow=True),
                    Cell("south", N_("South"), narrow=True),
                    Cell("east", N_("East"), narrow=True),
                    Cell("north", N_("North"), narrow=True),
                ),
                N_("Add another part of the Earth"),
                N_("In decimal degrees, east and north positive."),
            ),
        ),
    ),
    Group(
        N_("Names and ties"),
        (
            Part(
                "identifiers",
                N_("Identifiers"),
                (Cell("scheme", N_("Scheme"), narrow=True), Cell("value", N_("Identifier"))),
                N_("Add another identifier"),
                N_("Schemes are isbn, issn, doi, url, report-number and the like."),
            ),
            Part(
                "relations",
                N_("Ties to other items"),
                (Cell("kind", N_("Kind"), "choice", "relations", narrow=True), Cell("target", N_("The other’s id"))),
                N_("Add another tie"),
            ),
            Part("collections", N_("Collections"), (Cell("value", N_("Collection")),), N_("Add another collection")),
        ),
    ),
    Group(
        N_("Rights and notes"),
        (
            Part("access", N_("Access"), (Cell("value", N_("Access"), "choice", "access"),)),
            Part("embargo", N_("End of the embargo"), (Cell("value", N_("Date")),)),
            Part("rights", N_("Rights"), (_AREA, _LANGUAGE), N_("Add another statement of rights")),
            Part("notes", N_("Notes"), (_AREA, _LANGUAGE), N_("Add another note")),
        ),
    ),
)
PARTS: Mapping[str, Part] = {part.name: part for group in GROUPS for part in group.parts}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in a form: rows by part, the chosen concepts, and what is wrong (field's id, message, value)."""

    rows: Mapping[str, Sequence[Row]]
    concepts: Sequence[str]
    faults: Sequence[tuple[str, str, str]] = field(default_factory=tuple)

    def with_rows(self, part: str, rows: Sequence[Row]) -> "Typed":
        """Return it with other rows of a part."""
        return replace(self, rows={**self.rows, part: rows})

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield the fields as a form sends them."""
        for part, rows in self.rows.items():
            for number, row in enumerate(rows):
                yield from ((f"{part}-{number}-{cell}", value) for cell, value in row.items())
        yield from (("concepts", uri) for uri in self.concepts)


def filled(item: Item) -> Typed:
    """Return a form as an item fills it, a part without values with an empty row."""
    rows = {part.name: rows_of(part.name, item) or [_empty(part)] for part in PARTS.values() if part.cells}
    return Typed(rows, item.concepts)


def typed(form: Form) -> Typed:
    """Return what was typed into a form; rows come in the order of their numbers."""
    found: dict[str, dict[int, dict[str, str]]] = {name: {} for name, part in PARTS.items() if part.cells}
    for name, value in form.pairs:
        part, _, rest = name.partition("-")
        number, _, cell = rest.partition("-")
        known = PARTS.get(part)
        if known and number.isascii() and number.isdigit() and len(number) < 5 and cell in _cells(known):
            found[part].setdefault(int(number), _empty(known))[cell] = value.strip()
    rows = {part: [by[number] for number in sorted(by)][:MOST_ROWS] for part, by in found.items()}
    complete = {part: one or [_empty(PARTS[part])] for part, one in rows.items()}
    return Typed(complete, [*dict.fromkeys(form.values("concepts"))])


def with_another(form: Typed, part: str) -> Typed:
    """Return a form with one more, empty, row of a part."""
    known = PARTS.get(part)
    if known is None or not known.another or len(form.rows[part]) >= MOST_ROWS:
        return form
    return form.with_rows(part, [*form.rows[part], _empty(known)])


def read(form: Typed, before: Item) -> tuple[Item, Typed]:
    """Return the item that a form makes of another, and the form with what is wrong in it, if anything is."""
    values: dict[str, Any] = {"concepts": tuple(form.concepts)}
    faults: list[tuple[str, str, str]] = []
    for name, rows in form.rows.items():
        found: list[object] = []
        for number, row in enumerate(rows):
            try:
                found += [VALUES[name](row, before)] if _is_filled(PARTS[name], row) else []
            except Unfit as fault:
                faults.append((f"{name}-{number}-{fault.cell}", fault.message, fault.value))
        if PARTS[name].single:
            values[name] = found[0] if found else _NOTHING.get(name, "")
        else:
            values[name] = tuple(dict.fromkeys(found))
    if not values["titles"]:
        if not any(row["value"].strip() for row in form.rows["titles"]):  # one that is faulty is not missing
            faults.append(("titles-0-value", N_("Every item needs a title."), ""))
    elif values["titles"][0].kind:
        values["titles"] = (replace(values["titles"][0], kind=""), *values["titles"][1:])
    return replace(before, **values), replace(form, faults=faults)


_NOTHING = {"type": "other"}


def _cells(part: Part) -> set[str]:
    return {cell.name for cell in part.cells}


def _empty(part: Part) -> dict[str, str]:
    return {cell.name: "" for cell in part.cells}


def _is_filled(part: Part, row: Row) -> bool:
    """Say whether anything was typed into a row; what is only chosen from a list does not count beside that."""
    typed_in = [cell.name for cell in part.cells if cell.kind != "choice"] or [c.name for c in part.cells]
    return any(row.get(name) for name in typed_in)
