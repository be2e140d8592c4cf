"""A writer that is killed at any step: what it wrote is absent or whole, and the next writer goes on."""

import gc
import os
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from archive_library import bare_item, book, dump, faults, files_of, oracle, publishing, put_records, tree
from sqlalchemy import Engine, event
from thoroughness import steps

from archive import durable
from archive.library import Library, Writer
from metadata.errors import Outdated
from metadata.model import Text

_INTERRUPTED = 130
NOW = 1_795_000_000_000_000_000

Work = Callable[[Path], object]
State = tuple[dict[str, bytes], dict[str, list[tuple[object, ...]]]]
"""Every byte of the archive, and every row of the catalogue."""


@pytest.fixture(autouse=True)
def frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every run the same change numbers, so that whole libraries can be compared byte for byte."""
    monkeypatch.setattr(time, "time_ns", lambda: NOW)


def in_library(home: Path, work: Callable[[Writer], object]) -> None:
    """Open the library, heal it, and do some work; no connection stays open across a fork."""
    library = Library.open(home, publishing())
    with library.writer() as writer:
        work(writer)
    library.catalogue.close()


def new_item(writer: Writer) -> None:
    writer.put_item(*book(2), "Ingested")


def second_version(writer: Writer) -> None:
    item, content = book(1)
    content["access/text.pdf"] = b"%PDF-1.7 better"
    files = files_of({path: bytes(data) for path, data in content.items() if isinstance(data, bytes)})
    writer.put_item(replace(item, files=files), content, "Digitised anew")


def described_anew(writer: Writer) -> None:
    writer.put_item(replace(bare_item(21), titles=(Text("Bosques", "es"),)), {}, "Described anew")


def withdrawn(writer: Writer) -> None:
    writer.withdraw(book(1)[0], "a copy")


def accession(writer: Writer) -> None:
    if writer.catalogue.accession("a-second") is None:
        put_records(writer, (30, 31), "a-second")


def group(writer: Writer) -> None:
    """Put a new item, a new version and an item's first own object in one group."""
    with writer.grouped():
        new_item(writer)
        second_version(writer)
        described_anew(writer)


def nothing(_: Writer) -> None:
    pass


WRITES: list[Callable[[Writer], object]] = [new_item, second_version, described_anew, withdrawn, accession, group]


def state(home: Path) -> State:
    assert not list((home / "staging").iterdir())
    return tree(home / "archive"), dump(home / "catalogue.db")


@pytest.fixture
def base(folder: Path) -> Path:
    """Make the library that every write is tried on."""
    library = Library.create(folder / "base", publishing())
    with library.writer() as writer:
        put_records(writer, (20, 21))
        writer.put_item(*book(1), "Ingested")
    library.catalogue.close()
    return folder / "base"


def copy(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


def killed_before(step: int, work: Work, home: Path) -> bool:
    """Do ``work`` in a child that is killed before its ``step``-th step; say whether it was."""
    return stopped_before(step, work, home, _kill)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _interrupt() -> None:
    raise KeyboardInterrupt


def stopped_before(step: int, work: Work, home: Path, stop: Callable[[], None]) -> bool:
    """Do ``work`` in a child that ``stop`` ends before its ``step``-th step; say whether it did."""
    with warnings.catch_warnings():  # forking beside other threads: the child starts none and ends by _exit
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _die(step, work, home, stop)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL, _INTERRUPTED << 8), "the write failed of itself"
    return status != 0


def _die(step: int, work: Work, home: Path, stop: Callable[[], None]) -> NoReturn:
    try:
        gc.disable()  # it would copy all that is shared with the parent, only to count it
        _count_down(step, stop)
        work(home)
        os._exit(0)
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)
    finally:
        traceback.print_exc()
        os._exit(70)


def _count_down(step: int, stop: Callable[[], None]) -> None:
    """Stop this process before its ``step``-th change of a file, a folder or the catalogue.

    An fsync is none: it makes no difference to a kill. Between opening a file and its flush
    the file is there and empty.
    """
    left = step

    def tick(*_: Any, **__: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            stop()

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            tick()
            return function(*arguments, **named)

        return counted

    def audit(name: str, arguments: tuple[Any, ...]) -> None:
        writing = name == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writing or name in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate"):
            tick()

    def statement(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        if sql.startswith("INSERT INTO items"):
            tick()

    durable._flush = before(durable._flush)  # between opening and this, what was written is in no file yet
    sys.addaudithook(audit)
    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", tick)


def outcomes(source: Path, home: Path, work: Work, stride: int, first: int = 1) -> Iterator[int]:
    """Kill ``work`` on a copy of ``source`` before step ``first``, the next by ``stride``, and so on to its end."""
    for step in steps(stride, first):
        if not killed_before(step, work, copy(source, home)):
            return
        yield step


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
def test_killed_at_any_step_it_is_absent_or_whole(folder: Path, base: Path, write: Callable[[Writer], object]) -> None:
    before = state(base)
    done = copy(base, folder / "done")
    in_library(done, write)
    after = state(done)
    assert before != after
    step, seen = 0, []
    first = 1 + WRITES.index(write)  # what the writes have in common is met at another step in each
    stride = 11 if write is group else 5
    for step in outcomes(base, folder / "home", lambda home: in_library(home, write), stride, first):
        in_library(folder / "home", nothing)
        healed = state(folder / "home")
        assert healed in (before, after), f"killed before step {step}"
        seen.append(healed == after)
        if len(seen) % 5 == 0:
            in_library(folder / "home", write)
            assert state(folder / "home") == after, f"again after a kill before step {step}"
    in_library(folder / "home", write)
    assert step > 20
    assert seen == sorted(seen), "once it is in the archive it stays"
    assert {True, False} == set(seen)
    library = Library.open(folder / "home", publishing())
    assert faults(library) == []
    assert oracle(library.archive.root) == []


def test_interrupted_at_any_step_nothing_is_left_to_heal(folder: Path, base: Path) -> None:
    """Ctrl-C in a group: what was staged whole is completed, the rest leaves no trace, in this very process."""
    kept = set()
    for number, step in enumerate(steps(5)):
        home = copy(base, folder / "home")
        if not stopped_before(step, lambda home: in_library(home, group), home, _interrupt):
            break
        archive, catalogue = state(home)
        library = Library.open_unverified(home, publishing())
        assert faults(library) == []
        assert list(library.uncatalogued()) == [], f"interrupted before step {step}"
        if number % 7 == 0:
            rebuilt(home)
            assert state(home) == (archive, catalogue), f"interrupted before step {step}"
        kept.add(sum(len(one.versions) for one in library.archive.inventories()))
    assert step > 70
    assert kept == {2, 3, 4, 5}, "each number of the writes is kept at some step"


def left_behind(base: Path, home: Path, write: Callable[[Writer], object]) -> Iterator[int]:
    """Kill a write at step after step; go on where it left something that the next writer must finish."""
    shapes = set()
    for step in outcomes(base, home, lambda home: in_library(home, write), stride=3):
        shape = tuple(sorted(path.name for path in home.rglob("*") if "catalogue" not in path.name))
        noted = any(note.stat().st_size for note in (home / "staging").glob("*/objects.json"))
        if noted and len(shape) not in shapes:
            shapes.add(len(shape))
            yield step


@pytest.mark.parametrize("write", [new_item, second_version, group], ids=lambda write: write.__name__)
def test_healing_may_be_killed_too(folder: Path, base: Path, write: Callable[[Writer], object]) -> None:
    done = copy(base, folder / "done")
    in_library(done, write)
    after, kills = state(done), 0
    for number, _ in enumerate(left_behind(base, folder / "left", write)):
        if write is group and number % 6:
            continue  # what is left is much alike, and there is three times as much to heal
        for step in outcomes(folder / "left", folder / "home", lambda home: in_library(home, nothing), stride=3):
            in_library(folder / "home", nothing)
            assert state(folder / "home") == after, f"healing killed before step {step}"
            kills += 1
    assert kills >= 5


def rebuilt(home: Path) -> None:
    library = Library.open_unverified(home, publishing())
    library.rebuild_catalogue()
    library.catalogue.close()


@pytest.mark.parametrize("lost", [False, True], ids=["beside a catalogue", "without one"])
def test_a_killed_rebuild_is_all_or_nothing(folder: Path, base: Path, lost: bool) -> None:
    """With what a killed writer left: no catalogue is ever sound by its own account and lacks an item."""
    done, left = copy(base, folder / "done"), copy(base, folder / "left")
    in_library(done, second_version)
    after = state(done)
    step = next(left_behind(base, folder / "home", second_version))
    assert killed_before(step, lambda home: in_library(home, second_version), left)
    if lost:
        for path in left.glob("catalogue.db*"):
            path.unlink()
    kills = 0
    for kills in outcomes(left, folder / "home", rebuilt, stride=4, first=1 + lost):
        try:
            in_library(folder / "home", nothing)
        except Outdated:
            rebuilt(folder / "home")
        assert state(folder / "home") == after, f"rebuild killed before step {kills}"
    assert kills >= 8


@pytest.mark.parametrize("cut", [0, 5, 33])
def test_a_note_that_was_cut_off_is_no_note(base: Path, cut: int) -> None:
    """A power cut may leave a file without its content; it names nothing then."""
    before = state(base)
    staging = base / "staging" / "0123"
    (staging / "1" / "v1").mkdir(parents=True)
    (staging / "objects.json").write_text('{"1":"urn:canoe:item:0123456789"}'[:cut].replace("}", "\0"))
    in_library(base, nothing)
    assert state(base) == before


def test_what_else_lies_in_staging_does_not_stop_a_writer(base: Path) -> None:
    (base / "staging" / "stray").write_text("?")
    (base / "staging" / "work-abc" / "deep").mkdir(parents=True)
    in_library(base, nothing)
    assert [path.name for path in (base / "staging").iterdir()] == ["stray"]


def test_a_home_restored_without_staging_is_opened(base: Path) -> None:
    (base / "staging").rmdir()
    in_library(base, new_item)
    assert not list((base / "staging").iterdir())


def test_what_the_catalogue_forgot_is_written_again(folder: Path, base: Path) -> None:
    """A catalogue copied back from before the item: the same submission brings it back."""
    done = copy(base, folder / "done")
    in_library(done, new_item)
    for path in done.glob("catalogue.db*"):
        path.unlink()
    shutil.copy(base / "catalogue.db", done)
    in_library(done, new_item)
    library = Library.open(done, publishing())
    assert library.item(book(2)[0].id) == book(2)[0]
    assert faults(library) == []
