"""Editing an item: ``field=value`` for its new values, ``field+=value`` for one more, ``field-=value`` for one less.

Values are read as the cells of a manifest are, but strictly: what a manifest would leave out
with a remark is refused here, naming the field, the value and what is allowed.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from metadata.description import Link, Remarks, shorten
from metadata.edit_fields import Field, allowed, field_of, plain
from metadata.errors import UsageError
from metadata.manifest_cells import read_values
from metadata.model import Contribution, Date, Item, Relation, Text
from metadata.problems import Problem
from metadata.record_values import agent
from metadata.validate_values import is_edtf
from metadata.vocabulary import Vocabulary

_ASSIGNMENT = re.compile(r"(?P<field>[^=]{1,200}?)(?P<sign>[+-]?)=(?P<value>.*)", re.DOTALL)
_LONGEST = 1024 * 1024
_REFUSED = ("value-unknown", "number-left-out", "number-rounded")
Resolve = Callable[[Link], str]
"""From a tie as it was written to the id of the item it leads to, ``""`` where that is none."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is to be done with a field: ``=``, ``+`` or ``-``, and the value, ``""`` to empty it."""

    field: Field
    sign: str
    value: str


@dataclass(frozen=True, slots=True)
class Edited:
    """An item as it was edited, and what was doubtful in the values given."""

    item: Item
    problems: tuple[Problem, ...]


def assignment(text: str) -> Assignment:
    """Return what ``field=value`` asks for; raises UsageError where it is none, or its field is unknown."""
    found = _ASSIGNMENT.fullmatch(text)
    if not found:
        raise UsageError(f"{shorten(text)!r} sets nothing.", "Write field=value, field+=value, field-=value or field=.")
    field, sign, value = field_of(found["field"]), found["sign"] or "=", found["value"].strip()
    if len(value) > _LONGEST:
        raise UsageError(f"{field.written}: the value has {len(value)} characters, the limit is {_LONGEST}.")
    if sign != "=" and not value:
        raise UsageError(f"{field.written}{sign}= names no value.", f"{field.written}= empties the field.")
    if sign == "+" and field.is_single:
        raise UsageError(f"{field.written} holds one value.", f"Replace it: {field.written}={value}")
    return Assignment(field, sign, value)


def edit(item: Item, assignments: Sequence[Assignment], vocabulary: Vocabulary, resolve: Resolve) -> Edited:
    """Return the item with the assignments done, fields in the order in which they are first named.

    Raises UsageError, naming field and value, for a value that its field cannot have.
    """
    reader = _Reader(item, vocabulary, resolve)
    by_field: dict[tuple[str, str, str], list[Assignment]] = defaultdict(list)
    for one in assignments:
        by_field[(one.field.column.field, one.field.column.language, one.field.kind)].append(one)
    for together in by_field.values():
        item = _edited(item, together, reader)
    if not item.titles:
        raise UsageError("title= leaves the item without a title.", "Give it another: title=…")
    return Edited(item, tuple(reader.remarks.problems))


def _edited(item: Item, assignments: Sequence[Assignment], reader: "_Reader") -> Item:
    """Do what is asked of one field: first what replaces, then what takes away, then what adds."""
    field = assignments[0].field
    asked = {sign: [one.value for one in assignments if one.sign == sign] for sign in "=-+"}
    given = [value for value in asked["="] if value]
    if field.is_single and len(given) > 1:
        raise UsageError(f"{field.written} holds one value, {len(given)} are given.", allowed(field))
    values = list(reader.read(field, given)) if asked["="] else list(field.values(item))
    for value in asked["-"]:
        values = _without(field, values, value, reader)
    added = reader.read(field, asked["+"])
    made = field.put(item, [*values, *added])
    main = made.titles[:1]
    return replace(made, titles=(replace(main[0], kind=""), *made.titles[1:])) if main and main[0].kind else made


def _without(field: Field, values: Sequence[Any], value: str, reader: "_Reader") -> list[Any]:
    kept = [one for one in values if plain(one) != value]
    if len(kept) == len(values):
        read = {plain(one) for one in reader.read(field, [value])}
        kept = [one for one in values if plain(one) not in read]
    if len(kept) == len(values):
        there = "; ".join(shorten(plain(one)) for one in values[:10]) or "nothing"
        raise UsageError(f"{field.written}: there is no {shorten(value)!r} to take away.", f"There is: {there}.")
    return kept


class _Reader:
    """Reads values of fields for one item."""

    def __init__(self, item: Item, vocabulary: Vocabulary, resolve: Resolve) -> None:
        self.remarks = Remarks(item.id)
        self._item = item
        self._vocabulary = vocabulary
        self._resolve = resolve

    def read(self, field: Field, values: Iterable[str]) -> tuple[Any, ...]:
        """Return values of a field; raises UsageError for one that it cannot have."""
        return tuple(one for value in values for one in self._read(field, value))

    def _read(self, field: Field, value: str) -> tuple[Any, ...]:
        name = field.column.field
        if name == "concept":
            return (self._concept(field, value),)
        if field.attribute == "dates" and is_edtf(value):
            return (Date(value, field.kind_of_date),)
        if name == "embargo" and is_edtf(value):
            return (value,)
        remarks = Remarks(self._item.id)
        told, links = read_values(field.column, field.written, [value], remarks)
        for problem in remarks.problems:
            if problem.code in _REFUSED:
                raise _refused(field, value)
        self.remarks.problems.extend(remarks.problems)
        if field.attribute == "relations":
            return tuple(self._relation(field, link, value) for link in links)
        found = tuple(self._fitted(field, one) for one in _parts(field, told))
        if not found:
            raise _refused(field, value)
        return found

    def _concept(self, field: Field, value: str) -> str:
        label, _, tag = value.rpartition("@")
        found = self._vocabulary.find(value) or (self._vocabulary.find(label, tag) if label else "")
        if not found:
            raise _refused(field, value)
        return found

    def _relation(self, field: Field, link: Link, value: str) -> Relation:
        target = self._resolve(link)
        if not target or target == self._item.id:
            raise _refused(field, value)
        return Relation(link.kind, target)

    def _fitted(self, field: Field, value: object) -> object:
        """Return a value as this item takes it: with the language of its title, with what is known of an agent."""
        if isinstance(value, Text) and field.column.field == "title" and not value.language:
            return replace(value, language=self._own_language())
        if isinstance(value, Contribution):
            return self._contribution(field, value)
        if field.kind and field.attribute == "identifiers":
            return replace(value, scheme=field.kind)  # type: ignore[type-var]
        return value

    def _own_language(self) -> str:
        known = self._item.languages
        return self._item.title.language or (known[0] if len(known) == 1 else "")

    def _contribution(self, field: Field, told: Contribution) -> Contribution:
        role = told.role if told.role not in ("aut", "ctb") else field.role
        known = [one.agent for one in self._item.contributions if one.agent.name == told.agent.name]
        if field.column.field == "organisation":
            known = [one for one in known if one.kind == "organisation"] or [told.agent]
        made = known[0] if known else agent(told.agent.name, role)
        if made is None:
            raise _refused(field, told.agent.name)
        return Contribution(made, role)


def _parts(field: Field, told: Item) -> tuple[Any, ...]:
    """Return what was read for a field, whichever part of the item it would be by itself."""
    found = getattr(told, field.attribute)
    if isinstance(found, tuple):
        return found
    return (found,) if found else ()


def _refused(field: Field, value: str) -> UsageError:
    return UsageError(f"{field.written} cannot be {shorten(value)!r}.", allowed(field))
