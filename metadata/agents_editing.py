"""Editing an authority: ``field=value``, ``field+=value``, ``field-=value``, ``field=``; and what a value may be."""

import re
from collections.abc import Callable
from dataclasses import replace

from metadata import languages
from metadata.agents import Authority, Parent
from metadata.agents_identifiers import SCHEMES, read
from metadata.agents_names import name_key
from metadata.errors import UsageError
from metadata.model import Identifier, Text
from metadata.validate_values import is_edtf

FIELDS = ("name", "variant", "identifier", "parent", "language", "begun", "ended", "kind", "note")
LONGEST = 500
"""Characters of a name."""

_ASSIGNMENT = re.compile(r"(?P<field>[a-z]{1,20})(?:@(?P<tag>[\w-]{1,35}))?(?P<sign>[+-]?)=(?P<value>.*)", re.DOTALL)
_PERIOD = re.compile(r"(?P<agent>.+?)\s*\[(?P<since>[^/\]]*)/(?P<until>[^/\]]*)\]")
_SINGLE = frozenset(("name", "begun", "ended", "kind", "note"))
_MOST_NOTE = 10_000
Resolve = Callable[[str], str]
"""From how an agent is named to its id; raises NotFound, UsageError."""


def edit(one: Authority, assignments: list[str], resolve: Resolve) -> Authority:
    """Return the authority with the assignments done, one after the other.

    A preferred name that is replaced stays as a variant. Raises UsageError for what is no assignment, or a value
    that its field cannot have.
    """
    for text in assignments:
        found = _ASSIGNMENT.fullmatch(text.strip())
        if not found or found["field"] not in FIELDS:
            hint = f"Write field=value, field+=value, field-=value or field=; fields: {', '.join(FIELDS)}."
            raise UsageError(f"{text[:80]!r} sets nothing.", hint)
        field, sign, value = found["field"], found["sign"], found["value"].strip()
        if sign and field in _SINGLE:
            raise UsageError(f"{field} holds one value.", f"Replace it: {field}={value}")
        tag = language_tag(found["tag"]) if found["tag"] else ""
        one = _single(one, field, value, tag) if field in _SINGLE else _several(one, (field, sign, tag), value, resolve)
    return one


def language_tag(text: str) -> str:
    """Return a BCP 47 tag; raises UsageError where it is none."""
    tag = languages.from_code(text)
    if not tag:
        raise UsageError(f"{text[:40]!r} is no language.", "Give its tag: en, fr, pt-BR.")
    return tag


def checked_name(value: str) -> str:
    """Return a name with single spaces; raises UsageError where it has no word, or too many characters."""
    name = " ".join(value.split())
    if not name_key(name, "organisation") or len(name) > LONGEST:
        raise UsageError(
            f"{name[:80]!r} is no name.", f"A name has a letter or a digit, and at most {LONGEST} characters."
        )
    return name


def checked_date(field: str, value: str) -> str:
    """Return a date; raises UsageError where it is none in EDTF."""
    if value and not is_edtf(value):
        raise UsageError(f"{field} cannot be {value[:40]!r}.", "A date in EDTF: 1948, 1948-10-05, 194X.")
    return value


def checked_identifier(value: str) -> Identifier:
    """Return an identifier; raises UsageError where it is none, or its check character is wrong."""
    made = read(value)
    if made is None:
        hint = f"Write scheme:number or its address; its check character must be right. Schemes: {', '.join(SCHEMES)}."
        raise UsageError(f"{value[:80]!r} is no identifier of an agent.", hint)
    return made


def parent_of(text: str, resolve: Resolve) -> Parent:
    """Return the parent that ``agent`` or ``agent [since/until]`` names."""
    found = _PERIOD.fullmatch(text)
    if not found:
        return Parent(resolve(text))
    since, until = (checked_date("parent", found[name].strip()) for name in ("since", "until"))
    return Parent(resolve(found["agent"]), since, until)


def renamed(one: Authority, name: Text) -> Authority:
    """Return an authority with another preferred name; the one that it had stays as a variant."""
    others = (one.name, *one.variants) if name.value != one.name.value else one.variants
    return replace(one, name=name, variants=tuple(text for text in others if text.value != name.value))


def _single(one: Authority, field: str, value: str, tag: str) -> Authority:
    if field == "name":
        return renamed(one, Text(checked_name(value), tag))
    if field == "kind":
        if value not in ("person", "organisation"):
            raise UsageError(f"kind cannot be {value[:40]!r}.", "It is person or organisation.")
        return replace(one, kind="person" if value == "person" else "organisation")
    if field == "note":
        return replace(one, note=value[:_MOST_NOTE])
    date = checked_date(field, value)
    return replace(one, begun=date) if field == "begun" else replace(one, ended=date)


def _several(one: Authority, asked: tuple[str, str, str], value: str, resolve: Resolve) -> Authority:
    field, sign, tag = asked
    if field == "variant":
        variants = _changed(one.variants, sign, _name(one, sign, value, tag))
        return replace(one, variants=variants, unclaimed=tuple(name for name in one.unclaimed if name != value))
    if field == "identifier":
        made = checked_identifier(value) if value else None
        return replace(one, identifiers=_changed(one.identifiers, sign, made))
    if field == "language":
        return replace(one, languages=_changed(one.languages, sign, language_tag(value) if value else None))
    parent = parent_of(value, resolve) if value else None
    if parent and sign == "-":
        parent = next((known for known in one.parents if known.agent == parent.agent), parent)
    if parent and parent.agent == one.id:
        raise UsageError("An agent is no part of itself.")
    return replace(one, parents=_changed(one.parents, sign, parent))


def _name(one: Authority, sign: str, value: str, tag: str) -> Text | None:
    """Return the variant that is meant: one that is there, whatever its language, or a new one."""
    if not value:
        return None
    name = checked_name(value)
    known = next((text for text in one.variants if text.value == name), None)
    return known if known and sign == "-" else Text(name, tag)


def _changed(values: tuple, sign: str, value: object) -> tuple:  # type: ignore[type-arg]
    """Return values with one more, one less, or another in their place."""
    if sign == "-" and value not in values:
        raise UsageError(f"There is no such value to take away: {value}.")
    if sign == "-":
        return tuple(known for known in values if known != value)
    kept = values if sign == "+" else ()
    return tuple(dict.fromkeys((*kept, value))) if value is not None else kept
