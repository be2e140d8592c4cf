"""canoe check as people call it: all, a share, slowly, stopped and gone on with, beside a writer."""

import contextlib
import json
import os
import pty
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from archive_library import book, publishing
from killing import all_gone
from small_library import PROGRAM, Answer, canoe_here, environment
from thoroughness import usually

from archive.check import survey
from archive.check_log import checks_of, last_check
from archive.library import Library
from archive.replay import item_object

OBJECTS = 8


@pytest.fixture
def library(pristine: Path, tmp_path: Path) -> Library:
    home = shutil.copytree(pristine, tmp_path / "home")
    (home / "canoe.toml").write_text(
        '[library]\nbase_url = "http://library.example.org"\n[oai]\nnamespace = "library.example.org"\n'
    )
    return Library.open(home, publishing())


def check(library: Library, *arguments: str) -> Answer:
    return canoe_here("check", "--home", library.home, *arguments)


def object_of(library: Library, number: int) -> Path:
    return library.archive.folder(item_object(book(number)[0].id))


def flip(library: Library, number: int) -> Path:
    path = object_of(library, number) / "v1/content/original/scan.tif"
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    return path


def noted(library: Library) -> int:
    """Return how many checks are noted in all objects."""
    return sum(len(list(checks_of(folder))) for folder in survey(library.archive.root, []))


def test_a_check_says_what_it_read_and_notes_it(library: Library) -> None:
    answer = check(library, "--json")
    size = sum(path.stat().st_size for path in library.archive.root.rglob("*/*/*/*") if path.is_file())
    assert answer.code == 0
    assert answer.json["objects"] == OBJECTS
    assert answer.json["faults"] == []
    assert answer.json["passed_over"] == 0
    assert 0.9 * size < answer.json["bytes"] <= size
    assert (answer.err, noted(library)) == ("", OBJECTS)
    folder = object_of(library, 1)
    assert json.loads((folder / "logs/fixity.jsonl").read_text())["agent"].startswith("Canoe ")


def test_a_lost_declaration_of_the_root_is_a_fault_like_others(library: Library) -> None:
    path = flip(library, 1)
    (library.archive.root / "0=ocfl_1.1").unlink()
    answer = check(library, "--json")
    named = [fault["where"] for fault in answer.json["faults"]]
    assert (answer.code, named) == (4, [str(path), str(library.archive.root / "0=ocfl_1.1")])


def test_a_fault_is_noted_as_a_failure(library: Library) -> None:
    path = flip(library, 1)
    answer = check(library)
    assert answer.code == 4
    assert str(path) in answer.out
    assert answer.out.endswith(f"{OBJECTS} objects checked, 1 fault.\n")
    assert [event.outcome for event in checks_of(object_of(library, 1))] == ["failure"]


def test_one_item_is_checked_and_noted_alone(library: Library) -> None:
    answer = check(library, book(1)[0].id)
    assert (answer.code, answer.out) == (0, "1 object checked, 0 faults.\n")
    assert noted(library) == 1
    shutil.rmtree(object_of(library, 1))
    lost = check(library, book(1)[0].id, "--json")
    assert (lost.code, [fault["code"] for fault in lost.json["faults"]]) == (4, ["object-lost"])


@pytest.mark.parametrize(("share", "objects"), [("3", 3), ("25%", 2), ("0.1%", 1), ("0", 1), ("100%", 8), ("900", 8)])
def test_a_share_is_checked(library: Library, share: str, objects: int) -> None:
    answer = check(library, "--oldest", share, "--json")
    assert (answer.code, answer.json["objects"], noted(library)) == (0, objects, objects)


def test_a_share_a_day_checks_everything_and_faults_every_day(library: Library) -> None:
    path = flip(library, 1)
    answers = [check(library, "--oldest", "2", "--json").json for _ in range(6)]
    found = [[fault["where"] for fault in answer["faults"]] for answer in answers]
    first = found.index([str(path)])
    assert all(day == [str(path)] for day in found[first:])
    assert all(last_check(folder) for folder in survey(library.archive.root, []))


def test_a_share_sees_what_lies_between_the_objects_and_what_is_lost(library: Library) -> None:
    (library.archive.root / "000/stray").mkdir(parents=True)
    shutil.rmtree(object_of(library, 1))
    answer = check(library, "--oldest", "1", "--json")
    codes = {fault["code"] for fault in answer.json["faults"]}
    assert (answer.code, codes) == (4, {"file-stray", "object-lost"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["--oldest", "5 %"],
        ["--oldest", "-1"],
        ["--oldest", "some"],
        ["--oldest", "5%", "--resume"],
        ["--oldest", "5%", "0123456789"],
        ["--resume", "0123456789"],
        ["--rate", "-1"],
        ["--rate", "nan"],
        ["--workers", "-1"],
    ],
)
def test_what_makes_no_sense_is_wrong_usage(library: Library, arguments: list[str]) -> None:
    answer = check(library, *arguments)
    assert (answer.code, answer.out, noted(library)) == (2, "", 0)


def test_reading_is_slowed_down(library: Library) -> None:
    size = check(library, "--json").json["bytes"]
    began = time.monotonic()
    answer = check(library, "--rate", f"{size / 1e6:.6f}", "--json")
    assert (answer.code, answer.json["bytes"]) == (0, size)
    assert time.monotonic() - began > 0.9


def test_nothing_to_go_on_with_is_said_and_all_is_checked(library: Library) -> None:
    answer = check(library, "--resume", "--json")
    assert (answer.code, answer.json["objects"]) == (0, OBJECTS)
    assert "No check was interrupted" in answer.err


def test_a_check_that_is_stopped_by_hand_goes_on(library: Library) -> None:
    path = flip(library, 1)
    size = check(library, "--json").json["bytes"]
    for log in library.archive.root.rglob("logs"):
        shutil.rmtree(log)
    command = [str(PROGRAM), "check", "--home", str(library.home), "--rate", f"{size / 5e6:.6f}", "--workers", "2"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    )
    deadline = time.monotonic() + 300
    while (
        (not last_check(path.parents[3]) or noted(library) < 3)
        and process.poll() is None
        and time.monotonic() < deadline
    ):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal's Ctrl-C: to all of them
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "canoe check --resume goes on" in err
    assert "Traceback" not in err
    assert all_gone(process.pid)
    done = noted(library)
    assert 3 <= done < OBJECTS
    rest = check(library, "--resume", "--json")
    assert rest.code == 4
    assert rest.json["passed_over"] == done - 1
    assert rest.json["objects"] == OBJECTS - done + 1
    assert [fault["where"] for fault in rest.json["faults"]] == [str(path)]
    assert not (library.home / "check.json").exists()


def test_workers_end_when_the_program_is_killed(library: Library) -> None:
    command = [str(PROGRAM), "check", "--home", str(library.home), "--rate", "0.02", "--workers", "2"]
    process = subprocess.Popen(command, env=environment(), start_new_session=True, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while len(children.read_text().split()) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    process.kill()
    process.wait()
    assert all_gone(process.pid)
    assert (library.home / "check.json").exists()


def test_a_writer_at_work_makes_no_false_alarm(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The items change all the time, a check with workers goes over them again and again."""
    monkeypatch.setattr("archive.checking._ALONE", 0.0)
    done, times = threading.Event(), usually(2, thoroughly=8)

    def write() -> None:
        number = 10
        while not done.is_set():
            with library.writer() as writer:
                for other in (1, 2, 4):
                    writer.restore(writer.withdraw(book(other)[0], "a test"))
                writer.put_item(*book(number), "Ingested")
            number += 1

    writing = threading.Thread(target=write)
    writing.start()
    try:
        answers = [check(library, "--workers", "2") for _ in range(times)]
    finally:
        done.set()
        writing.join()
    assert [(answer.code, answer.err) for answer in answers] == [(0, "")] * times, answers
    assert check(library).code == 0


def test_a_terminal_shows_a_bar_and_the_answer_stays_whole(library: Library) -> None:
    path = flip(library, 1)
    ours, theirs = pty.openpty()
    command = [str(PROGRAM), "check", "--home", str(library.home), "--rate", "0.1"]
    shown = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # nobody has the terminal open any more
            while part := os.read(ours, 1 << 16):
                shown.extend(part)

    # It is read all the while: a terminal takes only so much, and then lets who writes wait.
    reading = threading.Thread(target=read)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env=environment(TERM="xterm", COLUMNS="100")
    ) as process:
        os.close(theirs)
        reading.start()
        out, _ = process.communicate()
        reading.join()
    os.close(ours)
    assert process.returncode == 4
    assert "Objects checked" in shown.decode("utf-8", "replace")
    lines = out.decode().splitlines()
    assert [line.partition(":")[0] for line in lines] == [str(path), f"{OBJECTS} objects checked, 1 fault."]
