"""Content states: a place in an item as a short text that viewers hand on (IIIF Content State API 1.0).

https://iiif.io/api/content-state/1.0/. A state is coded as its section 3.2 has it: escaped as
``encodeURIComponent`` does, then base64url without padding.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

import msgspec

from web.word_boxes import Box

LONGEST = 4000
"""Characters of a coded state that is read."""

_UNESCAPED = "!'()*~"
_XYWH = re.compile(r"xywh=(?:pixel:)?([0-9]{1,6}),([0-9]{1,6}),([0-9]{1,6}),([0-9]{1,6})")
_MOST_DEEP = 6


@dataclass(frozen=True, slots=True)
class Place:
    """A manifest, a canvas of it, and a box on that; ``""`` and None where none is named."""

    manifest: str = ""
    canvas: str = ""
    box: Box | None = None


def coded(state: object) -> str:
    """Return a content state as text for an address."""
    escaped = quote(msgspec.json.encode(state).decode(), safe=_UNESCAPED)
    return base64.urlsafe_b64encode(escaped.encode("ascii")).decode("ascii").rstrip("=")


def state_of(manifest: str, canvas: str, fragment: str = "") -> dict[str, object]:
    """Return the content state for a canvas of a manifest, or for a part of it (``fragment``: ``xywh=…``)."""
    return {
        "id": f"{canvas}#{fragment}" if fragment else canvas,
        "type": "Canvas",
        "partOf": [{"id": manifest, "type": "Manifest"}],
    }


def place_of(text: str) -> Place:
    """Return the place that a content state names: an address, JSON, or JSON coded; an empty one for all else."""
    if len(text) > LONGEST:
        return Place()
    if text.startswith(("http://", "https://")):
        return Place(manifest=text)
    return _named(_decoded(text), 0)


def _decoded(text: str) -> object:
    try:
        if not text.lstrip().startswith("{"):
            padded = text + "=" * (-len(text) % 4)
            text = unquote(base64.b64decode(padded, b"-_", validate=True).decode("utf-8"), errors="strict")
        return msgspec.json.decode(text)
    except (ValueError, binascii.Error, RecursionError):
        return None


def _named(value: object, depth: int) -> Place:
    """Find manifest and canvas in an annotation's target, a canvas or a manifest."""
    if depth > _MOST_DEEP:
        return Place()
    match value:
        case [first, *_]:
            return _named(first, depth + 1)
        case {"type": "Annotation", "target": target}:
            return _named(target, depth + 1)
        case {"type": "SpecificResource", "source": source, **rest}:
            found = _named(source, depth + 1)
            return Place(found.manifest, found.canvas, _selected(rest.get("selector")) or found.box)
        case {"type": "Manifest", "id": str(address)}:
            return Place(manifest=address)
        case {"type": "Canvas", "id": str(address), **rest}:
            canvas, _, fragment = address.partition("#")
            return Place(_named(rest.get("partOf"), depth + 1).manifest, canvas, _box(fragment))
        case str(address):
            canvas, _, fragment = address.partition("#")
            return Place(canvas=canvas, box=_box(fragment))
    return Place()


def _selected(selector: object) -> Box | None:
    match selector:
        case [first, *_]:
            return _selected(first)
        case {"type": "FragmentSelector", "value": str(fragment)}:
            return _box(fragment)
    return None


def _box(fragment: str) -> Box | None:
    return box_of(fragment) if fragment else None


def box_of(fragment: str) -> Box | None:
    """Return the box of a media fragment in pixels, None where it is none."""
    found = _XYWH.fullmatch(fragment)
    if not found:
        return None
    left, top, width, height = map(int, found.groups())
    return (left, top, width, height) if width and height else None
