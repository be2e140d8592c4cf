"""Items as JSON: ``item.json`` for people, one line a record for batches.

What is empty is left out; a value that is not empty is always written, even where it is the
model's default, so that what is kept does not change its meaning when a default does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec

from metadata.errors import UsageError
from metadata.model import Item

_SHOWN = 80


def to_json(item: Item) -> bytes:
    """Return ``item`` as JSON (RFC 8259): UTF-8, sorted keys, two spaces, a newline at the end.

    Raises UsageError when a text of the item is not Unicode (holds a lone surrogate).
    """
    return msgspec.json.format(_encode(item), indent=2) + b"\n"


def record_line(item: Item) -> bytes:
    """Return ``item`` as one compact line of JSON with its newline; raises what :func:`to_json` does."""
    return _encode(item) + b"\n"


def from_json(data: bytes) -> Item:
    """Return the item of ``data``, as :func:`to_json` or :func:`record_line` wrote it.

    Raises UsageError that names what is wrong: not JSON, a wrong type or value, a missing
    part, a key the model does not have.
    """
    try:
        raw = msgspec.json.decode(data)
        item = msgspec.convert(raw, Item)
    except (ValueError, RecursionError) as fault:
        raise UsageError(f"This is not an item: {fault}") from fault
    if unknown := _unknown(raw, Item, ""):
        raise UsageError(f"This is not an item: {unknown[:_SHOWN]} is not a field of the model")
    return item


def _encode(item: Item) -> bytes:
    try:
        return msgspec.json.encode(_plain(item), order="sorted")
    except UnicodeEncodeError as fault:
        raise UsageError(f"The item holds a text that is not Unicode: {fault}") from fault


def _plain(value: Any) -> object:
    """Turn dataclasses into dicts, without the fields that are empty by default."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, str | int | float):
        return value
    names = _names(value.__class__)
    found = ((name, getattr(value, name), may_lack) for name, may_lack in names)
    return {name: _plain(part) for name, part, may_lack in found if part or not may_lack}


@cache
def _names(kind: Any) -> tuple[tuple[str, bool], ...]:
    """Name the fields of a dataclass, and say of each whether it is empty by default."""
    return tuple((f.name, f.default is not MISSING and not f.default) for f in fields(kind))


def _unknown(given: object, kind: Any, path: str) -> str:
    """Return the path of the first key of ``given`` that ``kind``, a dataclass, lacks, else ``""``."""
    parts = _parts(kind)
    for key, value in given.items() if isinstance(given, dict) else ():
        if key not in parts:
            return f"{path}{key}"
        if inner := parts[key]:
            nested = (_unknown(one, inner, f"{path}{key}{place}.") for place, one in _each(value))
            if found := next(filter(None, nested), ""):
                return found
    return ""


def _each(value: object) -> Iterable[tuple[str, object]]:
    """Return the parts of a list, each with its place in brackets, or the one value without any."""
    return ((f"[{n}]", one) for n, one in enumerate(value)) if isinstance(value, list) else [("", value)]


@cache
def _parts(kind: Any) -> dict[str, Any]:
    """Map each field of a dataclass to the dataclass that its values are made of, else None."""
    hints = get_type_hints(kind)
    return {field.name: next(filter(is_dataclass, _atoms(hints[field.name])), None) for field in fields(kind)}


def _atoms(kind: Any) -> Iterator[Any]:
    """Yield a type, or those that it is made of: ``tuple[File, ...]`` gives ``File``."""
    inner = get_args(kind)
    yield from (atom for one in inner for atom in _atoms(one)) if inner else (kind,)
