"""What was done to an item and its files: events as PREMIS understands them, kept as JSON lines.

PREMIS Data Dictionary 3.0, section 2 (event entity). An object's ``events.jsonl`` is part of
its content; the fixity checks of later years stand in its ``logs/`` folder, where OCFL puts
what is recorded without a new version (OCFL 1.1, section 3.7).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

EventType = Literal[
    "ingestion",
    "format identification",
    "virus check",
    "validation",
    "digitisation",
    "migration",
    "metadata modification",
    "fixity check",
    "approval",
    "withdrawal",
    "restoration",
    "repair",
]
EventOutcome = Literal["success", "warning", "failure"]

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done: what, when (RFC 3339, UTC), with what outcome, by which program.

    ``agent`` names the program and its version (``Tesseract 5.3.0``); ``detail`` is for people:
    settings, findings, reasons. ``files`` are the logical paths that it was done to; none
    means the item as a whole.
    """

    type: EventType
    at: str
    outcome: EventOutcome = "success"
    agent: str = ""
    detail: str = ""
    files: tuple[str, ...] = ()


_decoder = msgspec.json.Decoder(Event)


def event_lines(events: Iterable[Event]) -> bytes:
    """Return events as lines of JSON, UTF-8, each with its newline."""
    return b"".join(_encoder.encode(event) + b"\n" for event in events)


def read_events(lines: bytes) -> Iterator[Event]:
    """Yield the events of lines that :func:`event_lines` wrote; raises ValueError at one that is none."""
    return (_decoder.decode(line) for line in lines.splitlines() if line)
