"""The digests of the catalogue: damage is never read in silence, and nothing whole is called damaged."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from archive_library import bare_item, book, dump, publishing
from thoroughness import usually

from archive import catalogue_file
from archive.catalogue import Catalogue
from archive.catalogued import Listing
from archive.cataloguing import Batch, Entry
from archive.library import Library
from archive.sums import Note, Sum, Sums, sealed, sum_of, unsealed
from metadata.errors import Outdated

NAMES = ("catalogue.db", "catalogue.db-wal", "catalogue.db-shm")


@pytest.fixture
def home(pristine: Path, folder: Path) -> Path:
    """Lend a copy of a library that was left in good order."""
    return shutil.copytree(pristine, folder / "home")


def opened(home: Path) -> Library:
    return Library.open(home, publishing())


def answers(home: Path) -> list[str]:
    """Return all that a reader is told, on connections that are given up at once."""
    library = opened(home)
    try:
        told = [repr(item) for item in library.items()]
        return told + [repr(record) for record in library.catalogue.oai_records(Listing(), 1 << 20)]
    finally:
        library.catalogue.close()


def sums(home: Path) -> Sums:
    return Sums(home / "catalogue.db")


def rewrite(path: Path, change: Callable[[bytearray], bytes | bytearray]) -> None:
    """Change a file in such a way that only its content tells."""
    before = path.stat()
    path.write_bytes(change(bytearray(path.read_bytes())))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flipped(place: int, bit: int = 0) -> Callable[[bytearray], bytearray]:
    def flip(content: bytearray) -> bytearray:
        content[place] ^= 1 << bit
        return content

    return flip


def child(work: Callable[[], object]) -> int:
    """Do ``work`` in a child of this process, which ends by itself or is killed; return its number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        number = os.fork()
    if number:
        return number
    try:
        work()
        os._exit(0)
    finally:
        traceback.print_exc()
        os._exit(70)


def kill(number: int) -> int:
    os.kill(number, signal.SIGKILL)
    return os.waitpid(number, 0)[1]


def killed_after(home: Path, numbers: range) -> None:
    """Put some books in a writer that is killed before it ends its session."""

    def work() -> None:
        with opened(home).writer() as writer:
            for number in numbers:
                writer.put_item(*book(number), "Ingested")
            os.kill(os.getpid(), signal.SIGKILL)

    assert os.waitpid(child(work), 0)[1] == signal.SIGKILL


def test_a_sum_goes_on_from_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(3 << 20))
    half = sum_of(path, 1 << 20)
    assert half.size == 1 << 20
    assert sum_of(path, 3 << 20, half) == sum_of(path, 3 << 20) != half
    assert sum_of(path, 9 << 20) == sum_of(path, 3 << 20)
    assert sum_of(tmp_path / "none", 5) == Sum()


def test_a_sealed_line_that_is_damaged_says_nothing() -> None:
    line = sealed(b"2026-11-22T15:04:05Z")
    assert unsealed(line) == b"2026-11-22T15:04:05Z"
    damaged = [bytes(flipped(n, bit)(bytearray(line))) for n in range(len(line)) for bit in range(8)]
    cut = [line[:n] for n in range(len(line))]
    assert {unsealed(one) for one in [*damaged, *cut, line + line, line + b"x"]} == {None}


def test_a_writer_leaves_a_note_and_no_log(home: Path) -> None:
    noted = sums(home).read()
    assert noted == Note(sum_of(home / "catalogue.db", 1 << 40))
    assert sums(home).differing() is None
    before = answers(home)
    with opened(home).writer() as writer:
        assert sums(home).read() == noted
        writer.put_item(*book(7), "Ingested")
        during = sums(home).read()
        assert during is not None
        assert (during.catalogue, during.log.size > 0) == (noted.catalogue, True)
        assert sums(home).differing() is None
    after = sums(home).read()
    assert after is not None
    assert (after.log, after == noted) == (Sum(), False)
    assert len(answers(home)) == len(before) + 2
    assert sums(home).differing() is None


def test_no_byte_of_it_can_change_unnoticed(home: Path) -> None:
    path, chance = home / "catalogue.db", random.Random(1)  # noqa: S311
    whole = path.read_bytes()
    places = [0, 24, 40, 100, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(120))]
    for place in places:
        rewrite(path, flipped(place, chance.randrange(8)))
        with pytest.raises(Outdated, match=r"catalogue\.db is damaged") as raised:
            opened(home)
        assert "canoe rebuild" in raised.value.hint
        rewrite(path, lambda _: whole)
    assert answers(home)
    for other in (whole[:-1], whole + b"\0", whole[: len(whole) // 2], whole + whole):
        rewrite(path, lambda _, other=other: other)  # type: ignore[misc]
        with pytest.raises(Outdated):
            opened(home)


def test_a_writer_does_not_put_its_seal_on_damage(home: Path) -> None:
    rewrite(home / "catalogue.db", flipped(9000))
    for _ in range(2):
        with pytest.raises(Outdated), Library.open_unverified(home, publishing()).writer():
            pass
        with pytest.raises(Outdated):
            opened(home)
    library = Library.open_unverified(home, publishing())
    library.rebuild_catalogue()
    assert sums(home).differing() is None
    assert sums(home).read() is not None
    with opened(home).writer() as writer:
        writer.put_item(*book(7), "Ingested")
    assert opened(home).item(book(7)[0].id) == book(7)[0]


def test_a_killed_writers_log_is_vouched_for(home: Path, folder: Path) -> None:
    killed_after(home, range(40, 45))
    noted = sums(home).read()
    assert noted is not None
    assert noted.log.size == (home / "catalogue.db-wal").stat().st_size > 0
    whole = answers(home)
    assert len(whole) >= 2 * 5
    chance, log = random.Random(2), home / "catalogue.db-wal"  # noqa: S311
    content = log.read_bytes()
    for place in [0, 20, 40, *(chance.randrange(len(content)) for _ in range(40))]:
        rewrite(log, flipped(place))
        with pytest.raises(Outdated, match=r"catalogue\.db-wal is damaged"):
            opened(home)
        rewrite(log, lambda _: content)
    for size in (0, 31, len(content) // 2, len(content) - 1):
        rewrite(log, lambda _, size=size: content[:size])  # type: ignore[misc]
        with pytest.raises(Outdated, match=r"catalogue\.db-wal is damaged"):
            opened(home)
    log.unlink()
    with pytest.raises(Outdated, match=r"catalogue\.db-wal is damaged"):
        opened(home)
    log.write_bytes(content)
    assert answers(home) == whole
    with opened(home).writer():
        pass
    assert answers(home) == whole


@pytest.mark.parametrize("how", ["flipped", "cut", "emptied", "missing"])
def test_the_shared_memory_of_the_dead_does_not_matter(home: Path, how: str) -> None:
    killed_after(home, range(40, 42))
    whole, memory = answers(home), home / "catalogue.db-shm"
    if how == "missing":
        memory.unlink()
    else:
        rewrite(memory, {"flipped": flipped(20), "cut": lambda c: c[:99], "emptied": lambda _: b""}[how])
    assert answers(home) == whole


def test_a_note_that_is_damaged_or_lost_claims_nothing_and_is_made_again(home: Path) -> None:
    whole, note = answers(home), home / "catalogue.db.sum"
    for damage in (flipped(3), lambda c: c[:9], lambda _: b"", lambda _: b"\xff" * 900):
        rewrite(note, damage)
        assert answers(home) == whole
    note.unlink()
    assert answers(home) == whole
    assert sums(home).read() is None
    with opened(home).writer():
        pass
    assert sums(home).read() is not None


def test_where_nothing_is_known_a_writer_looks_at_the_structure(home: Path) -> None:
    (home / "catalogue.db.sum").unlink()
    with closing(sqlite3.connect(home / "catalogue.db")) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'items_by_status'").fetchone()[0]
    rewrite(home / "catalogue.db", flipped(root * 4096 - 1, 3))  # the last byte of an index: a change number
    with pytest.raises(Outdated, match="damaged"), opened(home).writer():
        pass
    assert sums(home).read() is None


def test_a_reader_that_does_not_let_go_costs_the_note_and_nothing_else(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_file, "_CHECKPOINT_PATIENCE", 50)
    with closing(sqlite3.connect(f"file:{home}/catalogue.db?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*) FROM items").fetchone()
        for number in (7, 8):
            with opened(home).writer() as writer:
                writer.put_item(*book(number), "Ingested")
            assert sums(home).read() is None
        assert opened(home).item(book(8)[0].id) == book(8)[0]
        assert reader.execute("SELECT count(*) FROM items").fetchone() == before
    whole = answers(home)
    with opened(home).writer():
        pass
    assert sums(home).read() is not None
    assert answers(home) == whole


def test_a_failed_write_is_not_noted_nor_what_comes_after_it_called_damage(folder: Path) -> None:
    """What is rolled back may stay in the log; the next commit is written over it."""
    with closing(Catalogue(folder / "catalogue.db", publishing())) as catalogue:
        catalogue.create()

        def failing() -> Iterator[Batch]:
            for start in range(0, 900, 100):
                yield Batch([Entry(bare_item(n), n, "urn:x:1") for n in range(start + 1, start + 101)])
            raise RuntimeError("the archive is damaged")

        with catalogue.writing():
            catalogue.write([Batch([Entry(bare_item(1), 1, "urn:x:1")])])
            with pytest.raises(RuntimeError):
                catalogue.write(failing())
            catalogue.write([Batch([Entry(bare_item(2), 2, "urn:x:1")])])
            assert Sums(catalogue.path).differing() is None
        assert Sums(catalogue.path).read() is not None
        catalogue.verify()
        assert catalogue.counts() == (2, 0, 0)


def test_the_log_is_played_in_while_much_is_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_file, "_LOG_LIMIT", 100_000)
    sizes, first = [], sums(home).read()
    with opened(home).writer() as writer:
        for number in range(40, 60):
            writer.put_item(*book(number), "Ingested")
            sizes.append((home / "catalogue.db-wal").stat().st_size)
            assert sums(home).differing() is None
        noted = sums(home).read()
        assert None not in (first, noted)
        assert noted.catalogue != first.catalogue  # type: ignore[union-attr]
    assert max(sizes) < 400_000
    assert sizes.count(0) > 2


def test_a_server_sees_a_catalogue_that_was_put_in_place_of_a_damaged_one(home: Path) -> None:
    whole = dump(home / "catalogue.db")
    serving = opened(home)
    counts = serving.catalogue.counts()
    rewrite(home / "catalogue.db", lambda _: b"garbage" * 1000)
    Library.open_unverified(home, publishing()).rebuild_catalogue()
    assert dump(home / "catalogue.db") == whole
    with opened(home).writer() as writer:
        writer.put_item(*book(7), "Ingested")
    assert serving.catalogue.counts() == (counts[0] + 1, counts[1], counts[2] + 3)
    serving.catalogue.path.unlink()
    with pytest.raises(Outdated, match="is missing"):
        serving.catalogue.counts()
    Library.open_unverified(home, publishing()).rebuild_catalogue()
    assert serving.catalogue.counts() == (counts[0] + 1, counts[1], counts[2] + 3)


def test_other_processes_go_on_seeing_what_is_written(home: Path) -> None:
    """Verifying must not cost this process the locks that tell others it is reading (POSIX.1, fcntl)."""
    serving = opened(home)
    number = serving.catalogue.counts()[0]
    for _ in range(3):
        second = opened(home)
        second.catalogue.counts()
        serving.catalogue.counts()
    for n in (7, 8):
        read_with_another_program(home)
        assert (home / "catalogue.db-shm").exists(), "the others take this process for gone"
        os.waitpid(child(lambda n=n: written(home, n)), 0)  # type: ignore[misc]
        number += 1
        assert (serving.catalogue.counts()[0], second.catalogue.counts()[0]) == (number, number)


def written(home: Path, number: int) -> None:
    with opened(home).writer() as writer:
        writer.put_item(*book(number), "Ingested")


def read_with_another_program(home: Path) -> None:
    """Open it for writing and close it: the last one to close takes the log away, if it believes to be the last."""
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM items'); c.close()"
    subprocess.run([sys.executable, "-c", program, home / "catalogue.db"], check=True)


def ingesting(home: Path, first: int) -> None:
    """Put books for ever, in sessions of three; the log is played in every few of them."""
    catalogue_file._LOG_LIMIT = 60_000
    number = first
    while True:
        with opened(home).writer() as writer:
            for _ in range(3):
                writer.put_item(*book(number), "Ingested")
                number += 1


def serving(home: Path, faults: Path) -> None:
    """Read for ever, on an opened library as a server does, and on new ones as commands do."""
    library = opened(home)
    while True:
        try:
            library.catalogue.counts()
            library.catalogue.oai_records(Listing(), 50)
            Library.open(home, publishing()).catalogue.close()
        except Exception as fault:  # noqa: BLE001 - whatever it is, the test must see it
            faults.write_text(f"{type(fault).__name__}: {fault}")


@pytest.mark.parametrize("seed", usually([1], thoroughly=[1, 2, 3]))
def test_kills_at_any_moment_beside_a_server_are_never_called_damage(home: Path, folder: Path, seed: int) -> None:
    faults, chance, known = folder / "faults", random.Random(seed), 0  # noqa: S311
    before = len(answers(home))
    server = child(lambda: serving(home, faults))
    try:
        for round_ in range(6):
            first = 100 + 200 * round_
            there = set(home.glob("archive/*/*/*"))
            writer = child(lambda first=first: ingesting(home, first))  # type: ignore[misc]
            for _ in range(1000):  # until it is at work, however slow the machine is
                time.sleep(0.01)
                if set(home.glob("archive/*/*/*")) - there:
                    break
            time.sleep(chance.uniform(0.0, 0.5))
            assert kill(writer) == signal.SIGKILL, "the writer failed of itself"
            known += sums(home).read() is not None
            told = answers(home)
            library = opened(home)
            with library.writer():
                pass
            library.catalogue.close()
            assert set(told) <= set(answers(home))
    finally:
        assert kill(server) == signal.SIGKILL
    assert not faults.exists(), faults.read_text()
    assert len(answers(home)) > before
    assert known >= 2, "a kill seldom leaves nothing known"
    assert sums(home).read() is not None
