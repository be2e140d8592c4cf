"""In what two items differ, written for people in their own language."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from desk.editing_choices import WORDS
from desk.editing_form import PARTS
from metadata.edit_fields import Difference, differences, shown
from metadata.model import Contribution, Date, Doi, File, Identifier, Item, Relation, Text
from web.i18n import N_
from web.labels import ACCESS, Labels

_TITLES = {
    "doi": "DOI",
    "files": N_("Files"),
    "page_count": N_("Number of pages"),
    "origins": N_("Where it comes from"),
    "source": N_("Came as"),
    "status": N_("State"),
    "reason": N_("Reason"),
}
"""The parts of an item that no form has."""


def told(before: Item, after: Item, labels: Labels, but: Collection[str] = ()) -> list[tuple[str, Difference]]:
    """Return in what two items differ, each part by what it is called; those named in ``but`` are left out."""
    found = differences(before, after, partial(_told, labels))
    return [(_title(one.field, labels), one) for one in found if one.field not in but]


def value_of(part: str, value: Any, labels: Labels) -> str:
    """Return a value of a part of an item with all that tells it from others, codes by what they stand for."""
    match value:
        case Text():
            return _with(value.value, [_tongue(value.language, labels), _word("titles", value.kind, labels)])
        case Contribution():
            agent = value.agent
            known = [f"{labels.scheme(one.scheme)} {one.value}" for one in agent.identifiers]
            return _with(agent.name, [labels.role(value.role), _word("agents", agent.kind, labels), *known])
        case Date():
            return _with(value.value, [_word("dates", value.kind, labels)])
        case Identifier():
            return f"{labels.scheme(value.scheme)} {value.value}"
        case Relation():
            return f"{_word('relations', value.kind, labels)} {value.target}"
        case Doi():
            return value.name
        case File():
            return value.path
        case str():
            return _named(part, value, labels)
    return shown(value)


def _told(labels: Labels, part: str, value: Any) -> str:
    return value_of(part, value, labels)


def _title(part: str, labels: Labels) -> str:
    return labels.text(PARTS[part].title if part in PARTS else _TITLES.get(part, part))


def _named(part: str, code: str, labels: Labels) -> str:
    if part == "languages":
        return _tongue(code, labels)
    if part == "type":
        return labels.kind(code)
    if part == "concepts":
        return labels.concept(code).value
    return labels.text(ACCESS[code]) if part == "access" and code in ACCESS else code


def _word(kind: str, code: str, labels: Labels) -> str:
    known: Mapping[str, str] = WORDS[kind]
    return labels.text(known[code]) if code in known and code else code


def _tongue(tag: str, labels: Labels) -> str:
    return labels.tongue(tag) if tag else ""


def _with(text: str, beside: list[str]) -> str:
    """Return a text with what is known beside it in brackets."""
    more = ", ".join(filter(None, beside))
    return f"{text} ({more})" if more else text
