"""What was done to a publication on its way in, told as events (:mod:`metadata.events`).

``at`` is left to the writer: all of it counts as done when the object's version is made, so
that the same ingest gives the same events but for that moment.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from ingest.documents import Digitised, Identification
from ingest.engine import OcrEngine
from ingest.virus import VirusChecked
from metadata.events import Event, EventOutcome
from metadata.model import File, Item, Method

_METHODS: dict[Method, str] = {
    "ocr": "read by OCR",
    "text-layer": "by their text layer",
    "blank": "blank",
    "unread": "unread",
}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is told of a page: how it was read, in which language, how surely (0–100)."""

    method: Method = "unread"
    language: str = ""
    confidence: float = 0.0


_decoder = msgspec.json.Decoder(_Reading)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of an original: what the virus scanner said, None where there is none, and its format."""

    checked: VirusChecked | None
    format: Identification


def events_of(
    item: Item, done: Digitised | None, engine: OcrEngine, looked: Sequence[Looked], agent: str
) -> list[Event]:
    """Return the events of an item that comes in with its files; ``agent`` is Canoe with its version.

    ``looked`` is what was found of each of its originals, in order. The first was digitised, of a
    folder of page images all, unless ``done`` is None.
    """
    originals = list(item.files_as("original"))
    paths = tuple(file.path for file in originals)
    came = originals[0].name if len(originals) == 1 else f"{item.source}, {len(originals)} files"
    events = [Event("ingestion", "", agent=agent, detail=f"From {came}, {item.accession}", files=paths)]
    for original, found in zip(originals, looked, strict=True):
        events += [*_virus_check(original, found.checked), *_format(original, found.format)]
    if done:
        detail = f"Opened; pages: {done.page_count}"
        opened = paths if done.document.more else paths[:1]
        events += [Event("validation", "", agent=agent, detail=detail, files=opened)]
        events += [_digitisation(item, done, engine, agent)]
        events += [event for copy in item.files_as("access") for event in _access_copy(copy, done.access_format, agent)]
    return events


def events_of_retry(item: Item, done: Digitised, engine: OcrEngine, read: Sequence[int], agent: str) -> list[Event]:
    """Return the events of an item whose pages ``read`` could be read now."""
    event = _digitisation(item, done, engine, agent)
    events = [replace(event, detail=f"Pages read again: {', '.join(map(str, read))}; {event.detail}")]
    if done.access:
        events += [made for copy in item.files_as("access") for made in _access_copy(copy, done.access_format, agent)]
    return events


def _virus_check(original: File, checked: VirusChecked | None) -> Iterator[Event]:
    if checked:
        yield Event("virus check", "", checked.outcome, checked.agent, checked.detail, (original.path,))


def _format(file: File, found: Identification) -> Iterator[Event]:
    if found.agent:
        outcome: EventOutcome = "success" if found.puid else "warning"
        detail = " ".join(filter(None, (found.puid or "not known", found.remark)))
        yield Event("format identification", "", outcome, found.agent, detail, (file.path,))


def _access_copy(copy: File, found: Identification, agent: str) -> Iterator[Event]:
    yield Event("migration", "", agent=agent, detail="Searchable copy with a text layer", files=(copy.path,))
    yield from _format(copy, found)


def _digitisation(item: Item, done: Digitised, engine: OcrEngine, agent: str) -> Event:
    """Tell how the pages were read: by which engine with which settings and models, how many of each kind."""
    readings = list(_readings(done.pages))
    methods = Counter(reading.method for reading in readings)
    recognised = [reading.confidence for reading in readings if reading.method == "ocr"]
    parts = [f"pages {name}: {methods[method]}" for method, name in _METHODS.items() if methods[method]]
    if recognised:
        parts.append(f"mean confidence {sum(recognised) / len(recognised):.0f}")
        models = (*done.document.languages, *done.document.others)
        parts.append(f"models {'+'.join(models)}, {_settings(engine)}")
    outcome: EventOutcome = "warning" if methods["unread"] else "success"
    by = engine.agent() if recognised else agent
    pages = tuple(file.path for file in item.files_as("pages"))
    return Event("digitisation", "", outcome, by, "; ".join(parts), pages)


def _settings(engine: OcrEngine) -> str:
    """Return an engine's settings, which are its fields."""
    return ", ".join(f"{name} {value}" for name, value in msgspec.to_builtins(engine).items())


def _readings(pages: Path) -> Iterator[_Reading]:
    with pages.open("rb") as lines:
        yield from map(_decoder.decode, lines)
