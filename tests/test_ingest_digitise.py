import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from failing_engines import Burning, Crashing, Devouring, Exiting, Good, Hanging, Raising, Rubbish
from PIL import Image
from scans import ENGLISH, FRENCH, LIMITS, SPANISH, document, scan_of, scanned, typeset
from thoroughness import ONLY_THOROUGHLY, usually

from ingest.digitise import digitise
from ingest.documents import Digitised, Document, Limits, Progress, Refused
from ingest.engine import OcrEngine, load_engine
from ingest.tesseract import Tesseract
from metadata.errors import StorageError, UsageError
from metadata.model import Page
from metadata.pages import read_page

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
HARD = SHARED / "scans" / "hard"


def _run(
    documents: Sequence[Document], engine: OcrEngine, limits: Limits = LIMITS, heard: list[Progress] | None = None
) -> list[Digitised | Refused]:
    progress = heard.append if heard is not None else lambda _: None
    return list(digitise(documents, engine, 2, limits, progress))


def _one(made: Document, engine: OcrEngine, limits: Limits = LIMITS) -> Digitised:
    (outcome,) = _run([made], engine, limits)
    assert isinstance(outcome, Digitised)
    return outcome


def _pages(digitised: Digitised) -> list[Page]:
    return [read_page(line) for line in digitised.pages.read_bytes().splitlines()]


def _codes(outcome: Digitised | Refused) -> list[str]:
    return [fault.code for fault in outcome.problems]


@pytest.fixture
def five(tmp_path: Path) -> Document:
    """Make a document of five pages that no text layer tells about."""
    pictures = [Image.linear_gradient("L").resize((300, 200)) for _ in range(5)]
    return document(scanned(tmp_path / "five.pdf", pictures), tmp_path / "five")


def test_twenty_documents_come_out_in_the_order_they_went_in(tmp_path: Path) -> None:
    sizes = [3, 1, 0, 1, 2] * 4
    heard: list[Progress] = []
    made = []
    for number, size in enumerate(sizes):
        path = tmp_path / f"{number}.pdf"
        if size:
            typeset(path, [ENGLISH] * size)
        else:
            path.write_bytes(b"")
        made.append(document(path, tmp_path / str(number)))
    outcomes = _run(made, Good(), heard=heard)
    assert [outcome.document for outcome in outcomes] == made
    assert [o.page_count if isinstance(o, Digitised) else 0 for o in outcomes] == sizes
    assert all(_codes(o) == ["file-empty"] for o in outcomes if isinstance(o, Refused))
    assert (heard[-1].documents, heard[-1].documents_done) == (20, 20)
    assert (heard[-1].pages, heard[-1].pages_done) == (sum(sizes), sum(sizes))
    left = {path.name for one in made for path in one.workspace.iterdir()}
    assert left == {"pages.jsonl"}


def test_documents_are_taken_up_only_as_they_are_needed(tmp_path: Path) -> None:
    typeset(tmp_path / "a.pdf", [ENGLISH])
    taken: list[Document] = []

    def endless() -> Iterator[Document]:
        while True:
            taken.append(document(tmp_path / "a.pdf", tmp_path / str(len(taken))))
            yield taken[-1]

    outcomes = digitise(endless(), Good(), 1, LIMITS, lambda _: None)
    for _ in range(3):
        next(outcomes)
    assert len(taken) < 10
    outcomes.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("engine", "limits"),
    [
        (Crashing(3), LIMITS),
        *usually([], thoroughly=[(Crashing(3, signal.SIGKILL), LIMITS), (Exiting(3), LIMITS)]),
        (Devouring(3), LIMITS),
        (Hanging(3), replace(LIMITS, patience=1)),
        (Burning(3), replace(LIMITS, processor=1, patience=20)),
    ],
)
def test_a_page_that_kills_its_reader_is_unread_and_the_others_are_read(
    five: Document, engine: OcrEngine, limits: Limits
) -> None:
    outcome = _one(five, engine, limits)
    assert [page.method for page in _pages(outcome)] == ["ocr", "ocr", "unread", "ocr", "ocr"]
    assert [page.text for page in _pages(outcome)] == ["page 1", "page 2", "", "page 4", "page 5"]
    assert [(page.number, page.width > 0) for page in _pages(outcome)] == [(n, True) for n in range(1, 6)]
    assert _codes(outcome) == ["page-unread"]
    assert dict(outcome.problems[0].params)["number"] == "3"


def test_what_an_engine_raises_costs_only_its_page(five: Document) -> None:
    outcome = _one(five, Raising(2))
    assert [page.method for page in _pages(outcome)] == ["ocr", "unread", "unread", "ocr", "ocr"]
    reasons = [dict(fault.params)["reason"] for fault in outcome.problems]
    assert reasons[0] == "the lamp is broken"
    assert "a fault of the engine" in reasons[1]


@pytest.mark.parametrize("kind", ["nothing", "control", "outside", "disagreeing", "flat"])
def test_rubbish_is_not_kept(five: Document, kind: str) -> None:
    outcome = _one(five, Rubbish(kind))
    assert _codes(outcome) == ["page-unread"] * 5
    assert [page.words for page in _pages(outcome)] == [()] * 5


def test_closing_ends_the_workers_at_once(five: Document, tmp_path: Path) -> None:
    first = document(typeset(tmp_path / "a.pdf", [ENGLISH]), tmp_path / "a")
    outcomes = digitise([first, five], Hanging(1), 2, LIMITS, lambda _: None)
    assert isinstance(next(outcomes), Digitised)
    began = time.monotonic()
    outcomes.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < LIMITS.patience / 2


def test_there_is_no_engine_of_another_name() -> None:
    with pytest.raises(UsageError, match="tesseract"):
        load_engine("abbyy")


@pytest.mark.ocr
def test_the_language_is_found_on_the_first_pages_and_followed(tmp_path: Path) -> None:
    path = scanned(tmp_path / "a.pdf", scan_of(tmp_path, [FRENCH, FRENCH, SPANISH, "Figure 3"]))
    outcome = _one(document(path, tmp_path / "a", ("eng", "fra", "spa")), load_engine("tesseract"))
    pages = _pages(outcome)
    assert [page.language for page in pages] == ["fr", "fr", "es", "fr"]
    assert outcome.languages == ("fr", "es")
    assert "protégées" in pages[0].text
    assert "región" in pages[2].text
    assert pages[3].text == "Figure 3"


@pytest.mark.ocr
def test_a_page_in_another_language_than_the_record_names_is_read_in_its_own(tmp_path: Path) -> None:
    path = scanned(tmp_path / "a.pdf", scan_of(tmp_path, [FRENCH, "Figure 3", SPANISH]))
    named = document(path, tmp_path / "a", ("eng",))
    pages = _pages(_one(replace(named, others=("fra", "spa")), Tesseract()))
    assert [page.language for page in pages] == ["fr", "fr", "es"]  # the second page is taken to be as the first
    assert "protégées" in pages[0].text
    assert "región" in pages[2].text


@pytest.mark.ocr
def test_a_blank_sheet_says_nothing(tmp_path: Path) -> None:
    pictures = [*scan_of(tmp_path, [""]), Image.new("L", (1250, 833), 255)]
    outcome = _one(document(scanned(tmp_path / "a.pdf", pictures), tmp_path / "a"), Tesseract())
    assert [page.text for page in _pages(outcome)] == ["", ""]
    assert outcome.access is None


@pytest.mark.ocr
@pytest.mark.shared
def test_awkward_files_come_in_or_are_refused_by_name(tmp_path: Path) -> None:
    names = ["stamp_only.pdf", "html_named.pdf", "enc_user.pdf", "bad_text_layer.pdf", "bomb_40000.tif"]
    names += ["a'b;$(x) & c.pdf", *usually([], thoroughly=["Año 2080 – Ñandú «edición».pdf"])]
    made = [document(HARD / name, tmp_path / str(n), ("fra",) if n < 4 else ("spa",)) for n, name in enumerate(names)]
    outcomes = _run(made, Tesseract())
    assert [_codes(outcome) for outcome in outcomes] == [
        [], ["file-disguised"], ["file-locked"], [], ["file-too-large"], *([] for _ in names[5:]),
    ]  # fmt: skip
    texts = [" ".join(page.text for page in _pages(one)) for one in outcomes if isinstance(one, Digitised)]
    assert all("tous les sens" in text for text in texts[:2])
    assert all("HISTORIA VEROSIMIL" in text for text in texts[2:])


@pytest.mark.ocr
def test_turned_and_multipage_scans_are_read(tmp_path: Path) -> None:
    first, *others = scan_of(tmp_path, [ENGLISH, FRENCH, SPANISH])
    scanned(tmp_path / "turned.pdf", [first.rotate(180)])
    frames = [one.point(lambda value: 255 * (value > 150)).convert("1") for one in (first, *others)]
    frames[0].save(
        tmp_path / "frames.tif", save_all=True, append_images=frames[1:], compression="group4", dpi=(300, 300)
    )
    turned, tiff = _turned_and_tiff(tmp_path / "turned.pdf", tmp_path / "frames.tif", tmp_path)
    assert [page.rotation for page in turned] == [180]
    assert "forty species" in turned[0].text
    assert [page.language for page in tiff] == ["en", "fr", "es"]


def _turned_and_tiff(turned: Path, tiff: Path, folder: Path) -> tuple[list[Page], list[Page]]:
    """Return the pages of two documents."""
    made = [document(path, folder / f"work-{path.name}", ("eng", "fra", "spa")) for path in (turned, tiff)]
    first, second = (_pages(one) for one in _run(made, Tesseract()) if isinstance(one, Digitised))
    return first, second


@pytest.mark.ocr
@pytest.mark.shared
@ONLY_THOROUGHLY
def test_turned_and_multipage_scans_of_whole_pages_are_read(tmp_path: Path) -> None:
    turned, tiff = _turned_and_tiff(HARD / "rot180.pdf", HARD / "multipage_g4.tif", tmp_path)
    assert [page.rotation for page in turned] == [180]
    assert "all very well to join them" in turned[0].text
    assert [page.language for page in tiff] == ["en", "fr", "es"]


def test_a_disk_that_is_all_but_full_stops_the_run_and_costs_no_page(
    five: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(five.workspace).free
    monkeypatch.setattr("ingest.digitise.LEAST_ROOM", 2 * free)
    with pytest.raises(StorageError, match=str(five.workspace.parent)) as raised:
        list(digitise([five], Good(), 1, LIMITS, lambda _: None))
    assert "Free some space" in raised.value.hint
