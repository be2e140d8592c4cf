"""Items as JSON: ``item.json`` for people, one line a record for batches.

What is empty is left out; a value that is not empty is always written, even where it is the
model's default, so that what is kept does not change its meaning when a default does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import GenericAlias
from typing import Any, get_args, get_type_hints

import msgspec

from metadata.errors import UsageError
from metadata.model import Item

_SHOWN = 80
_decode = msgspec.json.Decoder(Item).decode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


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
        item = _decode(data)
        if not _has_known_keys(data) and (unknown := _unknown(msgspec.json.decode(data), Item, "")):
            raise UsageError(f"This is not an item: {unknown[:_SHOWN]} is not a field of the model")
    except (ValueError, RecursionError) as fault:
        raise UsageError(f"This is not an item: {fault}") from fault
    return item


def from_own(line: str) -> Item:
    """Return the item of a line that this program wrote itself and nobody else can have changed since.

    Quicker than :func:`from_json`; a key that the model does not have goes unnoticed.
    """
    return _decode(line)


def _encode(item: Item) -> bytes:
    try:
        return _encode_sorted(msgspec.convert(item, _WRITTEN, from_attributes=True))
    except UnicodeEncodeError as fault:
        raise UsageError(f"The item holds a text that is not Unicode: {fault}") from fault


def _written(kind: Any) -> Any:
    """Return a type that takes the values of a dataclass and is written without the fields that are empty by default.

    Its values are not looked at, so that to write an item takes a quarter of the time of making dicts of it.
    """
    _, nested = _parts(kind)
    inner = {name: _written(nested[name]) for name in nested}
    types = {name: GenericAlias(tuple, (made, ...)) | made | None for name, made in inner.items()}
    given = [(field.name, types.get(field.name, Any), field.default) for field in fields(kind)]
    made = [(name, hint) if default is MISSING or default else (name, hint, default) for name, hint, default in given]
    return msgspec.defstruct(kind.__name__, made, omit_defaults=True, kw_only=True, gc=False)


def _has_known_keys(data: bytes) -> bool:
    """Say whether all keys of an item that can be decoded, and of what is in it, are fields of the model."""
    try:
        _decode_keys(data)
    except (ValueError, RecursionError):
        return False
    return True


def _keys(kind: Any) -> Any:
    """Return a type that decodes from what has no other keys than a dataclass, and looks at nothing else in it."""
    parts, nested = _parts(kind)
    inner = {name: _keys(nested[name]) for name in nested}
    types = {name: GenericAlias(list, made) | made | None for name, made in inner.items()}
    made = [(name, types.get(name, msgspec.Raw), None) for name in parts]
    return msgspec.defstruct(kind.__name__, made, forbid_unknown_fields=True, gc=False)


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


_WRITTEN = _written(Item)
_decode_keys = msgspec.json.Decoder(_keys(Item)).decode
