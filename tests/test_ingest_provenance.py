"""What was done to a publication is told as events, each with who did it and with what outcome."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from failing_engines import Good

from ingest.documents import Digitised, Document, Identification
from ingest.provenance import Looked, events_of
from ingest.virus import VirusChecked
from metadata.events import Event
from metadata.model import File, Item, Method, Page
from metadata.pages import page_line

ORIGINAL = File("original/a.pdf", "original", "application/pdf", 3, "0" * 128, "a.pdf")
ACCESS = File("access.pdf", "access", "application/pdf", 3, "1" * 128)
PAGES = File("pages.jsonl", "pages", "application/jsonl", 3, "2" * 128)
BOOK = Item(id="i", files=(ORIGINAL, ACCESS, PAGES), accession="a-1")
PRONOM = Identification("fmt/18", "siegfried 1.11.9", "the name says otherwise")


@dataclass(frozen=True, slots=True)
class Careful(Good):
    """Reads every page, and has a setting."""

    threshold: int = 2

    def agent(self) -> str:
        return "Careful 4.1"


def digitised(folder: Path, *methods: Method) -> Digitised:
    pages = folder / "pages.jsonl"
    made = (Page(n, 10, 10, "text", "en", 80.0 + n, method) for n, method in enumerate(methods, 1))
    pages.write_bytes(b"".join(map(page_line, made)))
    document = Document(folder / "a.pdf", "application/pdf", ("eng", "fra"), folder, "a.pdf")
    return Digitised(document, pages, None, len(methods), ("en",), (), original_format=PRONOM)


def told(folder: Path, *methods: Method, item: Item = BOOK, checked: VirusChecked | None = None) -> dict[str, Event]:
    events = events_of(item, digitised(folder, *methods), Careful(), [Looked(checked, PRONOM)], "Canoe 9")
    assert all(event.at == "" for event in events)  # the writer dates them
    return {event.type: event for event in events}


def test_each_step_is_an_event_of_the_file_it_was_done_to(tmp_path: Path) -> None:
    events = told(tmp_path, "ocr", checked=VirusChecked("clamdscan 1.4", "success", "clean"))
    assert {kind: (one.agent, one.files) for kind, one in events.items()} == {
        "ingestion": ("Canoe 9", (ORIGINAL.path,)),
        "virus check": ("clamdscan 1.4", (ORIGINAL.path,)),
        "format identification": ("siegfried 1.11.9", (ORIGINAL.path,)),
        "validation": ("Canoe 9", (ORIGINAL.path,)),
        "digitisation": ("Careful 4.1", (PAGES.path,)),
        "migration": ("Canoe 9", (ACCESS.path,)),
    }
    assert events["ingestion"].detail == "From a.pdf, a-1"
    assert events["format identification"].detail == "fmt/18 the name says otherwise"


def test_what_was_not_done_is_not_told(tmp_path: Path) -> None:
    events = told(tmp_path, "text-layer", item=replace(BOOK, files=(ORIGINAL, PAGES)))
    assert "virus check" not in events
    assert "migration" not in events


def test_digitisation_tells_the_engine_its_settings_and_what_it_gave(tmp_path: Path) -> None:
    event = told(tmp_path, "ocr", "text-layer", "ocr", "blank")["digitisation"]
    assert event.outcome == "success"
    for part in ("read by OCR: 2", "by their text layer: 1", "blank: 1", "confidence 82", "eng+fra", "threshold 2"):
        assert part in event.detail


@pytest.mark.parametrize(("methods", "outcome"), [(("text-layer", "unread"), "warning"), (("blank",), "success")])
def test_pages_that_nobody_read_make_it_a_warning(tmp_path: Path, methods: tuple[Method, ...], outcome: str) -> None:
    event = told(tmp_path, *methods)["digitisation"]
    assert event.outcome == outcome
    assert event.agent == "Canoe 9", "no engine was at work"


def test_a_format_that_is_not_known_is_a_warning(tmp_path: Path) -> None:
    done, looked = digitised(tmp_path, "ocr"), [Looked(None, Identification("", "Canoe 9"))]
    event = next(
        one for one in events_of(BOOK, done, Careful(), looked, "Canoe 9") if one.type == "format identification"
    )
    assert (event.outcome, event.detail) == ("warning", "not known")
