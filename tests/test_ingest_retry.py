import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from failing_engines import Crashing, Good, Raising
from PIL import Image
from scans import scanned
from small_library import canoe_here, files_below, logical_files, working_in

from archive.lineage import READ_AGAIN
from archive.replay import item_object
from canoe.home import Home
from ingest.batch import ingest
from ingest.engine import OcrEngine
from ingest.publications import kept_problems
from ingest.retry import Retried, retry
from ingest.textlayer import read_layer
from ingest.tools import NOBODY, Watcher


def _tried(home: Path, engine: OcrEngine, watcher: Watcher = NOBODY, language: str = "") -> list[Retried]:
    opened = Home.read(home)
    tools = replace(opened.tools(language, "", 1), engine=engine)
    with opened.library.writer() as writer:
        return list(retry(opened.library, writer, tools, watcher))


@pytest.fixture(scope="module")
def _crashed(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crashed")
    home = shutil.copytree(empty_home, folder / "home")
    (folder / "box").mkdir()
    opened = Home.read(home)
    with working_in(folder):
        for name, engine in (("a.pdf", Raising(2)), ("b.pdf", Crashing(2))):
            tones = Image.linear_gradient("L").resize((300, 200))
            scanned(folder / "box" / name, [tones.rotate(n + ord(name[0])) for n in range(4)])
            tools = replace(opened.tools("", "", 1), engine=engine)
            with opened.library.writer() as writer:
                ingest([Path("box") / name], opened.library, writer, tools, NOBODY)
    return home


@pytest.fixture
def crashed(_crashed: Path, tmp_path: Path) -> Path:
    """Lend a library of two books of four pages, page 2 and 3 of the first unread, and page 2 of the second."""
    return shutil.copytree(_crashed, tmp_path / "home")


def _by_source(home: Path, source: str) -> str:
    return next(item.id for item in Home.read(home).library.items() if item.source == source)


def test_unread_pages_are_read_again_and_nothing_else_changes(crashed: Path) -> None:
    library = Home.read(crashed).library
    first, second = (_by_source(crashed, f"box/{name}.pdf") for name in "ab")
    before = {one.id: one for one in library.items()}
    lines = {one: [page for page in library.pages(one) if page.method == "ocr"] for one in before}
    tried = {one.item: one for one in _tried(crashed, Good())}
    assert {one: (tried[one].read, tried[one].unread) for one in tried} == {first: ((2, 3), ()), second: ((2,), ())}
    for one, held in before.items():
        pages = list(library.pages(one))
        assert [page.text for page in pages] == [f"page {n}" for n in range(1, 5)]
        assert [page for page in pages if page in lines[one]] == lines[one]
        now = library.item(one)
        assert replace(now, files=held.files) == held
        assert [file for file in now.files if file.role == "original"] == list(held.files_as("original"))
        assert kept_problems(library, now) == tuple(p for p in kept_problems(library, now) if p.code != "page-unread")


def test_the_access_copy_has_the_new_text_too_and_the_events_tell(crashed: Path) -> None:
    _tried(crashed, Good())
    library = Home.read(crashed).library
    item = library.item(_by_source(crashed, "box/a.pdf"))
    with closing(pdfium.PdfDocument(library.file(item, "access.pdf"))) as opened:
        assert [read_layer(page, 1).text for page in opened] == [f"page {n}" for n in range(1, 5)]
    event = next(one for one in reversed(library.events(item.id)) if one.type == "digitisation")
    assert event.detail.startswith("Pages read again: 2, 3; ")
    assert (event.outcome, event.agent) == ("success", "Good")
    inventory = library.archive.inventory(item_object(item.id))
    assert [version.message for version in inventory.versions][1:] == [READ_AGAIN]
    assert list(library.archive.inventories())


def _missed(home: Path) -> set[str]:
    """Return the fields that are said to be missing of the only item."""
    library = Home.read(home).library
    (item,) = library.items()
    return {dict(one.params)["field"] for one in kept_problems(library, item) if one.code == "field-missing"}


def test_a_language_that_is_told_by_what_is_read_now_is_missed_no_more(home: Path, tmp_path: Path) -> None:
    path = scanned(tmp_path / "a.pdf", [Image.linear_gradient("L").resize((300, 200))])
    opened = Home.read(home)
    with opened.library.writer() as writer:
        ingest([path], opened.library, writer, replace(opened.tools("", "", 1), engine=Raising(1)), NOBODY)
    assert "language" in _missed(home)
    _tried(home, Good(), language="eng")
    assert next(Home.read(home).library.items()).languages == ("en",)
    assert _missed(home) == {"date", "type"}


def test_what_still_cannot_be_read_stays_as_it_was(crashed: Path) -> None:
    before = files_below(crashed / "archive")
    tried = {one.source: one for one in _tried(crashed, Raising(2))}
    assert {source: (one.read, one.unread) for source, one in tried.items()} == {
        "box/a.pdf": ((), (2, 3)), "box/b.pdf": ((), (2,)),
    }  # fmt: skip
    assert [told.code for told in tried["box/a.pdf"].problems] == ["page-unread"] * 2
    assert tried["box/a.pdf"].problems[0].where == "box/a.pdf"
    assert files_below(crashed / "archive") == before


def test_some_pages_may_be_read_now_and_others_not(crashed: Path) -> None:
    tried = {one.source: one for one in _tried(crashed, Crashing(3))}
    assert (tried["box/a.pdf"].read, tried["box/a.pdf"].unread) == ((2,), (3,))
    library = Home.read(crashed).library
    item = library.item(_by_source(crashed, "box/a.pdf"))
    told = [one for one in kept_problems(library, item) if one.code == "page-unread"]
    assert [dict(one.params)["number"] for one in told] == ["3"]
    assert [page.method for page in library.pages(item.id)] == ["ocr", "ocr", "unread", "ocr"]


def test_again_there_is_nothing_to_do(crashed: Path) -> None:
    _tried(crashed, Good())
    before = files_below(crashed / "archive")
    assert _tried(crashed, Raising(1)) == []
    assert files_below(crashed / "archive") == before


def test_an_interrupted_run_keeps_what_was_done_and_the_next_goes_on(crashed: Path) -> None:
    opened = Home.read(crashed)
    tools = replace(opened.tools("", "", 1), engine=Good())
    with opened.library.writer() as writer:
        trying = retry(opened.library, writer, tools, NOBODY)
        next(trying)
        with pytest.raises(KeyboardInterrupt):
            trying.throw(KeyboardInterrupt())  # type: ignore[attr-defined]
    assert len(_tried(crashed, Good())) == 1
    assert not list((crashed / "staging").iterdir())


def test_a_damaged_original_is_named_and_the_others_are_read(crashed: Path) -> None:
    library = Home.read(crashed).library
    item = library.item(_by_source(crashed, "box/a.pdf"))
    path = library.file(item, "original/a.pdf")
    path.chmod(0o600)
    path.write_bytes(b"x" * path.stat().st_size)
    tried = {one.source: one for one in _tried(crashed, Good())}
    assert tried["box/b.pdf"].read == (2,)
    assert [told.code for told in tried["box/a.pdf"].problems] == ["retry-impossible"]


def test_the_command_reports_and_the_library_rebuilt_is_the_same(crashed: Path) -> None:
    answer = canoe_here("ingest", "--retry", "--home", crashed, "--json", "--workers", "1")
    assert answer.code == 0, answer.err
    report = json.loads(answer.out)
    assert report["pages"] == {"read": 3, "unread": 0}
    kept = logical_files(crashed)
    exported = canoe_here("export", "--home", crashed).out
    assert canoe_here("rebuild", "--home", crashed).code == 0
    assert (logical_files(crashed), canoe_here("export", "--home", crashed).out) == (kept, exported)
    assert canoe_here("check", "--home", crashed).code == 0
    assert "No page is unread." in canoe_here("ingest", "--retry", "--home", crashed).out


def test_an_accession_whose_pages_were_read_again_can_be_undone(crashed: Path) -> None:
    item = _by_source(crashed, "box/b.pdf")
    _tried(crashed, Good())
    answer = canoe_here("undo", "--home", crashed, Home.read(crashed).library.item(item).accession)
    assert answer.code == 0, answer.err
    assert Home.read(crashed).library.item(item).status == "withdrawn"
    assert canoe_here("check", "--home", crashed).code == 0


def test_the_worst_read_are_exported(crashed: Path) -> None:
    lines = canoe_here("export", "--worst", "1", "--home", crashed).out.splitlines()
    (found,) = map(json.loads, lines)
    assert (found["source"], found["unread"], found["methods"]) == ("box/a.pdf", 2, {"ocr": 2, "unread": 2})


def test_retry_takes_nothing_else(home: Path) -> None:
    assert canoe_here("ingest", "--retry", "somewhere", "--home", home).code == 2
    assert canoe_here("ingest", "--home", home).code == 2
