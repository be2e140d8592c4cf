"""Many objects checked: on several cores, in order, at a pace, each check noted; the longest unchecked first."""

import os
import random
import shutil
import signal
import time
from collections.abc import Iterable
from contextlib import closing
from itertools import count, cycle, islice, pairwise
from pathlib import Path

import pytest
from archive_library import book, faults, oracle, publishing, sha512
from damages import KINDS, answer_after, damage, die, missed, strange

from archive.check import survey
from archive.check_log import checks_of, last_check, record_check
from archive.check_run import begin_run, end_run, interrupted_run
from archive.checking import Checked, Manner, check_objects, longest_unchecked
from archive.clock import from_rfc3339, to_rfc3339
from archive.crew import Crew
from archive.fixity import Reader, Throttle
from archive.library import Library
from archive.replay import item_object
from metadata.errors import CanoeError
from metadata.events import Event, event_lines

AGENT = "Canoe 9.9"
NOTED = Manner(agent=AGENT)
FAULTS = 36


@pytest.fixture
def library(pristine: Path, tmp_path: Path) -> Library:
    shutil.copytree(pristine, tmp_path / "home")
    return Library.open(tmp_path / "home", publishing())


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the workers begin at once, with one object each."""
    monkeypatch.setattr("archive.checking._ALONE", 0.0)
    monkeypatch.setattr("archive.checking._MOST", 1)


def folders(library: Library) -> list[Path]:
    return list(survey(library.archive.root, []))


def log_of(folder: Path) -> Path:
    return folder / "logs" / "fixity.jsonl"


def run(library: Library, manner: Manner, among: Iterable[Path] | None = None) -> Checked:
    """Return all the answers as one."""
    answers = list(check_objects(library.archive, folders(library) if among is None else among, manner))
    return Checked(
        sum(one.objects for one in answers),
        sum(one.passed_over for one in answers),
        sum(one.size for one in answers),
        tuple(fault for one in answers for fault in one.faults),
        "".join(one.unrecorded for one in answers),
    )


def flip(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


def scan(library: Library, number: int) -> Path:
    return library.archive.folder(item_object(book(number)[0].id)) / "v1/content/original/scan.tif"


# --- faults -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(FAULTS))
def test_a_fault_put_into_any_file_is_found_and_named(library: Library, seed: int) -> None:
    root = library.archive.root
    wrong = damage(root, KINDS[seed % len(KINDS)], random.Random(seed))  # noqa: S311
    named = [fault.where for fault in faults(library)]
    assert missed(wrong, named) == []
    assert strange(wrong, named, root) == []


def test_every_fault_of_an_object_is_named(library: Library) -> None:
    folder = library.archive.folder(item_object(book(2)[0].id))
    content = folder / "v1/content"
    flip(content / "original/scan.tif")
    os.truncate(content / "access/text.pdf", 3)
    (content / "pages.jsonl").unlink()
    (content / "original/extra").write_bytes(b"extra")
    (folder / "v1/inventory.json").rename(library.home / "aside")
    (folder / "v1/inventory.json").symlink_to(library.home / "aside")
    flip(folder / "v2/inventory.json")
    (folder / "0=ocfl_object_1.1").write_bytes(b"")
    named = {fault.where.removeprefix(f"{folder}/") for fault in run(library, Manner()).faults}
    assert named == {
        "0=ocfl_object_1.1", "inventory.json", "v1/inventory.json", "v2/inventory.json", "v1/content/original/scan.tif",
        "v1/content/access/text.pdf", "v1/content/pages.jsonl", "v1/content/original/extra",
    }  # fmt: skip


@pytest.mark.parametrize("how", ["removed", "cut", "another's", "flipped"])
def test_a_damaged_root_inventory_hides_no_other_fault(library: Library, how: str) -> None:
    """The newest version has a copy: by that the rest is judged, and what is sound is not accused."""
    folder = library.archive.folder(item_object(book(2)[0].id))
    inventory, text = folder / "inventory.json", folder / "v1/content/access/text.pdf"
    content = inventory.read_bytes()
    inventory.unlink()
    if how != "removed":
        wrong = {"cut": content[:200], "another's": b"{}", "flipped": content.replace(b"tif", b"tiff")}
        inventory.write_bytes(wrong[how])
    text.unlink()
    assert {fault.where for fault in run(library, Manner()).faults} == {str(inventory), str(text), str(text.parent)}


# --- workers ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("eager")
def test_workers_find_what_one_process_finds_in_the_same_order(library: Library) -> None:
    for number in (1, 2, 4):
        flip(scan(library, number))
    alone, together = run(library, Manner()), run(library, Manner(workers=3))
    assert len(alone.faults) == 3
    assert alone == together
    assert alone.objects == len(folders(library)) == 8


@pytest.mark.usefixtures("eager")
def test_workers_note_each_check_and_leave_out_what_is_known(library: Library) -> None:
    began = time.time_ns() // 1000
    run(library, Manner(workers=2, agent=AGENT))
    assert [len(list(checks_of(folder))) for folder in folders(library)] == [1] * 8
    again = run(library, Manner(workers=2, agent=AGENT, since=began))
    assert (again.objects, again.passed_over, again.size) == (0, 8, 0)


@pytest.mark.usefixtures("eager")
def test_objects_are_taken_as_they_are_needed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million of them are never held at once, not even when one takes long."""
    monkeypatch.setattr("archive.crew._AHEAD", 10)
    taken = count()
    endless = (folder for folder in cycle(folders(library)) if next(taken) >= 0)
    with closing(check_objects(library.archive, endless, Manner(workers=2))) as answers:
        assert sum(one.objects for one in islice(answers, 30)) == 30
    assert next(taken) <= 30 + 10 + 2


@pytest.mark.usefixtures("eager")
def test_leaving_early_ends_the_workers_and_keeps_the_notes(library: Library) -> None:
    with closing(check_objects(library.archive, folders(library), Manner(workers=2, agent=AGENT))) as answers:
        assert len([*islice(answers, 3)]) == 3
        assert children()
    assert sum(last_check(folder) is not None for folder in folders(library)) >= 3
    assert children() == []


def children() -> list[str]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    commands = {child: Path(f"/proc/{child}/cmdline").read_text() for child in listed}
    return [child for child, command in commands.items() if "spawn_main" in command]


def test_answers_come_in_the_order_of_the_tasks() -> None:
    with Crew(answer_after, 2) as crew:
        assert list(crew.results([0.5, *([0.0] * 30)])) == [0.5, *([0.0] * 30)]


def test_a_worker_that_dies_is_told_of() -> None:
    with pytest.raises(CanoeError, match="exit code -9"), Crew(die, 2) as crew:
        list(crew.results([signal.SIGKILL] * 3))
    assert children() == []


def test_what_a_writer_takes_away_meanwhile_is_no_fault(library: Library) -> None:
    among = folders(library)
    shutil.rmtree(among[3])
    found = run(library, NOTED, among)
    assert (found.objects, found.faults, found.unrecorded) == (7, (), "")
    assert not among[3].exists()


# --- pace -------------------------------------------------------------------------------------


def test_reading_keeps_its_pace_within_a_file_too(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(2_000_000))
    moments: list[float] = []

    class Watched(Throttle):
        def keep(self, count: int) -> None:
            super().keep(count)
            moments.append(time.monotonic())

    began = time.monotonic()
    digests = Reader(Watched(4e6)).digests(str(big), ["sha512"])
    took = time.monotonic() - began
    assert digests == {"sha512": sha512(bytes(2_000_000))}
    assert took >= 0.5
    assert len(moments) >= 7
    assert min(after - before for before, after in pairwise(moments[:-1])) > 0.02


@pytest.mark.usefixtures("eager")
def test_all_workers_together_keep_the_pace(library: Library) -> None:
    size = run(library, Manner()).size
    began = time.monotonic()
    assert run(library, Manner(workers=3, pace=size / 0.8)).size == size
    assert time.monotonic() - began >= 0.8


# --- notes ------------------------------------------------------------------------------------


def test_each_check_is_an_event_in_its_object(library: Library) -> None:
    flip(scan(library, 1))
    began = time.time_ns() // 1000
    run(library, NOTED)
    run(library, NOTED)
    sound, wrong = scan(library, 2).parents[3], scan(library, 1).parents[3]
    first, second = checks_of(sound)
    assert (first.type, first.outcome, first.agent, first.detail) == ("fixity check", "success", AGENT, "")
    assert began <= from_rfc3339(first.at) < from_rfc3339(second.at) <= time.time_ns() // 1000
    assert last_check(sound) == (from_rfc3339(second.at), True)
    failed = list(checks_of(wrong))[-1]
    assert (failed.outcome, failed.detail) == ("failure", "E092 v1/content/original/scan.tif")
    assert last_check(wrong) == (from_rfc3339(failed.at), False)


def test_an_archive_with_notes_is_sound_and_goes_on(library: Library) -> None:
    """For our own check, for ocfl-py, for the next version of an object, and for a rebuild."""
    run(library, NOTED)
    item, content = book(1)
    with library.writer() as writer:
        writer.withdraw(item, "a copy")
        writer.put_item(*book(9), "Ingested")
        assert not writer.put_item(item, content, "the same again") or True
    assert faults(library) == []
    assert oracle(library.archive.root) == []
    assert len(list(checks_of(scan(library, 1).parents[3]))) == 1
    library.catalogue.path.unlink()
    rebuilt = library.rebuild_catalogue()
    assert (rebuilt.objects, rebuilt.damaged) == (9, ())


def test_what_the_library_writes_notes_no_check(library: Library) -> None:
    with library.writer() as writer:
        writer.withdraw(book(1)[0], "a copy")
    assert not [*library.archive.root.rglob("logs")]


@pytest.mark.parametrize("kind", ["log a link", "log a fifo", "log a folder", "folder a link", "folder a file"])
def test_a_log_that_is_none_is_not_followed(library: Library, tmp_path: Path, kind: str) -> None:
    outside, folder = tmp_path / "outside", scan(library, 1).parents[3]
    outside.mkdir()
    (outside / "fixity.jsonl").write_bytes(b"")
    logs = folder / "logs"
    if kind.startswith("log"):
        logs.mkdir()
    if kind == "log a link":
        (logs / "fixity.jsonl").symlink_to(outside / "fixity.jsonl")
    elif kind == "log a fifo":
        os.mkfifo(logs / "fixity.jsonl")
    elif kind == "log a folder":
        (logs / "fixity.jsonl").mkdir()
    elif kind == "folder a link":
        logs.symlink_to(outside)
    else:
        logs.write_bytes(b"")
    found = run(library, NOTED)
    assert str(folder) in found.unrecorded
    assert (outside / "fixity.jsonl").read_bytes() == b""
    named = [fault.where for fault in found.faults]
    assert named == ({"log a folder": []}.get(kind, [str(logs / "fixity.jsonl" if kind.startswith("log") else logs)]))
    assert (last_check(folder), list(checks_of(folder))) == (None, [])


def test_a_log_of_garbage_stops_nothing(library: Library) -> None:
    folder = scan(library, 1).parents[3]
    log_of(folder).parent.mkdir()
    good = Event("fixity check", to_rfc3339(1_700_000_000_000_000), "success", AGENT)
    strange_lines = [
        b"\0\xff\n", b"[" * 5000 + b"\n", b"{}\n", event_lines([Event("ingestion", good.at)]),
        event_lines([Event("fixity check", "yesterday")]), event_lines([good]), b'{"type": "fixity che',
    ]  # fmt: skip
    log_of(folder).write_bytes(b"".join(strange_lines))
    assert list(checks_of(folder)) == [good]
    assert last_check(folder) == (1_700_000_000_000_000, True)
    assert run(library, NOTED).faults == ()
    assert len(list(checks_of(folder))) == 2  # the torn line did not swallow the new one
    log_of(folder).write_bytes(b"x" * 100_000)
    assert last_check(folder) is None
    assert run(library, NOTED).faults == ()
    assert last_check(folder) is not None


def test_only_the_end_of_a_long_log_is_read(library: Library) -> None:
    folder = scan(library, 1).parents[3]
    log_of(folder).parent.mkdir()
    with log_of(folder).open("wb") as log:
        log.truncate(50 << 30)
    record_check(folder, to_rfc3339(1_700_000_000_000_000), AGENT, [])
    began = time.monotonic()
    assert last_check(folder) == (1_700_000_000_000_000, True)
    assert time.monotonic() - began < 10


def test_many_faults_make_no_long_line(library: Library) -> None:
    folder = scan(library, 1).parents[3]
    for number in range(300):
        (folder / f"\x01stray-{number}").write_bytes(b"")
    run(library, NOTED)
    assert log_of(folder).stat().st_size < 4096
    assert next(iter(checks_of(folder))).detail.endswith("…")


def test_nothing_is_noted_where_no_object_is(library: Library) -> None:
    stray = library.archive.root / "000/111/stray"
    stray.mkdir(parents=True)
    assert run(library, NOTED).faults
    assert list(stray.iterdir()) == []


def test_an_archive_that_cannot_be_written_is_checked(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    found = run(library, NOTED)
    assert (found.objects, found.faults) == (8, ())
    assert "Read-only file system" in found.unrecorded


# --- a share, and going on --------------------------------------------------------------------


def test_the_longest_unchecked_come_first_in_folder_order(library: Library) -> None:
    everything = folders(library)
    now = time.time_ns() // 1000
    ages = {1: 500, 2: 400, 4: 300, 5: 300, 6: 300, 7: -900}  # seconds ago; 0 and 3 never, 7 in the future
    for number, age in ages.items():
        record_check(everything[number], to_rfc3339(now - age * 1_000_000), AGENT, [])

    def chosen(count: int) -> list[int]:
        return [everything.index(folder) for folder in longest_unchecked(iter(everything), count)]

    assert chosen(0) == chosen(1) == [0]
    assert chosen(3) == [0, 3, 7]
    assert chosen(4) == [0, 1, 3, 7]
    assert chosen(6) == [0, 1, 2, 3, 4, 7]
    assert chosen(99) == [*range(8)]
    flip(next(path for path in (everything[6] / "v1").rglob("content/*") if path.is_file()))
    run(library, NOTED, [everything[6]])
    assert chosen(1) == [0, 6]
    assert longest_unchecked(iter(()), 5) == []


def test_shares_go_round(library: Library) -> None:
    seen: list[Path] = []
    for _ in range(4):
        share = longest_unchecked(folders(library), 2)
        run(library, NOTED, share)
        seen += share
    assert sorted(seen) == folders(library)


def test_an_interrupted_run_is_known_until_one_ends(library: Library) -> None:
    assert interrupted_run(library.home) is None
    began = begin_run(library.home)
    assert interrupted_run(library.home) == began
    end_run(library.home, began - 1)
    assert interrupted_run(library.home) == began
    end_run(library.home, began)
    assert interrupted_run(library.home) is None
    for garbage in (b"", b"{}", b"[1]", b'{"began": "never"}', b"\xff" * 5000):
        (library.home / "check.json").write_bytes(garbage)
        assert interrupted_run(library.home) is None


def test_what_was_sound_is_passed_over_and_what_was_not_is_looked_at_again(library: Library) -> None:
    flip(scan(library, 1))
    everything = folders(library)
    run(library, NOTED, everything[:2])
    began = time.time_ns() // 1000
    run(library, NOTED, [*everything[2:5], scan(library, 1).parents[3]])
    rest = run(library, Manner(agent=AGENT, since=began))
    sound = {*everything[2:5]} - {scan(library, 1).parents[3]}
    assert (rest.objects, rest.passed_over) == (8 - len(sound), len(sound))
    assert [fault.where for fault in rest.faults] == [str(scan(library, 1))]
