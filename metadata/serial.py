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
_decode = msgspec.json.Decoder(Item).decode
_ATOMS = frozenset((str, int, float, bool, type(None)))


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
    if not _is_known(raw, Item) and (unknown := _unknown(raw, Item, "")):
        raise UsageError(f"This is not an item: {unknown[:_SHOWN]} is not a field of the model")
    return item


def from_own(line: str) -> Item:
    """Return the item of a line that this program wrote itself and nobody else can have changed since.

    A third of the time that :func:`from_json` takes; a key that the model does not have goes unnoticed.
    """
    return _decode(line)


def _encode(item: Item) -> bytes:
    try:
        return msgspec.json.encode(_plain(item), order="sorted")
    except UnicodeEncodeError as fault:
        raise UsageError(f"The item holds a text that is not Unicode: {fault}") from fault


def _plain(value: Any) -> object:
    """Turn dataclasses into dicts, without the fields that are empty by default."""
    if value.__class__ in _ATOMS:
        return value
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    required, optional = _names(value.__class__)
    found = {name: _plain(getattr(value, name)) for name in required}
    for name in optional:
        if part := getattr(value, name):
            found[name] = _plain(part)
    return found


@cache
def _names(kind: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name the fields of a dataclass: those always written, and those empty by default."""
    optional = [f.name for f in fields(kind) if f.default is not MISSING and not f.default]
    return tuple(f.name for f in fields(kind) if f.name not in optional), tuple(optional)


def _is_known(given: Any, kind: Any) -> bool:
    """Say whether all keys of what was read as a ``kind``, and of what is in it, are fields of the model."""
    parts, nested = _parts(kind)
    if not given.keys() <= parts:
        return False
    for key in given.keys() & nested.keys():
        inner, value = nested[key], given[key]
        for one in value if value.__class__ is list else () if value is None else (value,):
            if not _is_known(one, inner):
                return False
    return True


def _unknown(given: object, kind: Any, path: str) -> str:
    """Return the path of the first key of ``given`` that ``kind``, a dataclass, lacks, else ``""``."""
    parts, nested = _parts(kind)
    for key, value in given.items() if isinstance(given, dict) else ():
        if key not in parts:
            return f"{path}{key}"
        if inner := nested.get(key):
            inside = (_unknown(one, inner, f"{path}{key}{place}.") for place, one in _each(value))
            if found := next(filter(None, inside), ""):
                return found
    return ""


def _each(value: object) -> Iterable[tuple[str, object]]:
    """Return the parts of a list, each with its place in brackets, or the one value without any."""
    return ((f"[{n}]", one) for n, one in enumerate(value)) if isinstance(value, list) else [("", value)]


@cache
def _parts(kind: Any) -> tuple[frozenset[str], dict[str, Any]]:
    """Name the fields of a dataclass, and map those whose values are dataclasses to these."""
    hints = get_type_hints(kind)
    made_of = {field.name: next(filter(is_dataclass, _atoms(hints[field.name])), None) for field in fields(kind)}
    return frozenset(made_of), {name: inner for name, inner in made_of.items() if inner}


def _atoms(kind: Any) -> Iterator[Any]:
    """Yield a type, or those that it is made of: ``tuple[File, ...]`` gives ``File``."""
    inner = get_args(kind)
    yield from (atom for one in inner for atom in _atoms(one)) if inner else (kind,)
