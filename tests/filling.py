"""Ingests onto disks that fill up, refuse large files, or become read-only; runs in a mount namespace of its own.

:func:`run_inside` starts this file as a program there, so that no mount is ever seen, or left, outside.
"""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from killing import Course, finish, start_ingest
from seen import Seen, halves, look
from small_library import Answer, canoe_here

P = ParamSpec("P")
T = TypeVar("T")
PAGE = 4096
PLENTY = 1 << 30
SPARE = 24 << 20  # bytes that Canoe wants to see free where pages are read, and more
_SAID = re.compile(
    r"(?:\A|\n)(?:The search index )?(?P<path>/[^\s:]*)(?::| cannot be written:) "
    r"(No space left on device|File too large|Read-only file system|Permission denied|An error occurred in a thread|"
    r"only \d+ bytes are free, too few to read pages|[^\n]*(?:disk is full|disk I/O error|readonly database))"
    r"[^\n]*\n(?P<hint>[A-Z][^\n]+\.)\n\Z"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What came of an ingest onto a disk that refused something.

    ``part`` is the part of the home where there was no room, ``""`` when there was enough; ``kept`` how many items
    could be seen then; ``wrong`` all that was not as it should be, then and after the disk had been mended.
    """

    disk: str
    code: int
    part: str
    kept: int
    said: str
    wrong: tuple[str, ...]


def namespace() -> list[str]:
    """Return the command before a command that gives it mounts of its own; empty where nothing does."""
    for command in (["unshare", "-m", "--propagation", "private"], ["unshare", "-rm"]):
        probe = [*command, "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]
        try:
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
                return command
        except FileNotFoundError:
            return []
    return []


def run_inside(command: list[str], batch: Path, empty: Path, asked: Sequence[tuple[str, int]]) -> Iterator[Refusal]:
    """Run :func:`main` after ``command`` and yield its answers while they come; ``asked`` are kinds and sizes."""
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    kinds = [f"{kind}={size}" for kind, size in asked]
    with subprocess.Popen(
        [*command, sys.executable, __file__, str(batch), str(empty), *kinds],
        env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        for line in process.stdout:
            told = json.loads(line)
            yield Refusal(**{**told, "wrong": tuple(told["wrong"])})
    assert process.returncode == 0


@dataclass(frozen=True, slots=True)
class Scene:
    """An undisturbed ingest of a batch, where disturbed ones are made, and how much room that one needed.

    ``base`` is what the empty home takes, ``peak`` the most that was taken at any moment, in bytes.
    """

    course: Course
    disk: Path
    base: int
    peak: int

    @property
    def home(self) -> Path:
        """The home on the disk."""
        return self.disk / "home"

    def ingest(self, limit: int | None = None) -> Answer:
        """Run the ingest, its files limited to ``limit`` bytes."""
        limited = [] if limit is None else ["prlimit", f"--fsize={limit}"]
        process = start_ingest(self.course.folder, self.home, before=limited)
        out, err = process.communicate()
        return Answer(process.returncode, out, err)

    def refused(self, disk: str, answer: Answer) -> Refusal:
        """Judge an ingest that may have been refused, and what readers see while the disk is as it is."""
        told = _SAID.search(answer.err)
        wrong = [] if answer.code in (6, 0, 3) else [f"exit {answer.code}: {answer.err.strip()}"]
        if "Traceback" in answer.err:
            wrong.append(f"a traceback was shown: {answer.err}")
        if answer.code == 6 and not (told and Path(told["path"]).is_relative_to(self.home)):
            wrong.append(f"said: {answer.err.strip()}")
        if answer.out and json.loads(answer.out) not in self.course.reports:
            wrong.append(f"reported otherwise: {self._strange_pieces(json.loads(answer.out))}")
        part = "/".join(Path(told["path"]).relative_to(self.disk).parts[:2]) if told and not wrong else ""
        if part == "home/index" and not answer.out:
            wrong.append("what was kept was not reported")
        seen, said = apart(self._read)
        return Refusal(disk, answer.code, part, len(seen.items) if seen else -1, answer.err, (*wrong, *said))

    def _strange_pieces(self, report: Any) -> list[Any]:
        known = [piece for known in self.course.reports for piece in known["pieces"]]
        return [piece for piece in report["pieces"] if piece not in known]

    def _read(self) -> tuple[Seen | None, list[str]]:
        """Return what is seen while the disk refuses to take more."""
        wrong = []
        for command in (["export"], ["search", "station", "--json"], ["check", "--json"]):
            answer = canoe_here(*command, "--home", self.home)
            if answer.code:
                wrong.append(f"canoe {command[0]}: exit {answer.code}: {answer.err.strip()} {answer.out[-300:]}")
        if wrong:
            return None, wrong
        seen = look(self.home)
        return seen, halves(seen, self.course.before, self.course.after.seen)

    def mended(self, refusal: Refusal) -> Refusal:
        """Run the ingest once more, now that there is room, and compare with the undisturbed one."""
        report = finish(start_ingest(self.course.folder, self.home))
        wrong = list(refusal.wrong)
        if report not in self.course.reports:
            wrong.append(f"mended, another report: {self._strange_pieces(report)}")
        wrong += [f"mended: {one}" for one in apart(self.course.differences, self.home)]
        return replace(refusal, wrong=tuple(wrong))


def apart(function: Callable[P, T], *arguments: P.args, **more: P.kwargs) -> T:
    """Call a function in a process of its own, so that nothing here keeps a file of the disk open."""
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        return pool.submit(function, *arguments, **more).result()


def measure(batch: Path, empty: Path, folder: Path) -> Scene:
    """Run the ingest on a disk that is large enough and tell how much of it was ever taken."""
    (folder / "batch").symlink_to(batch)
    look(shutil.copytree(empty, folder / "empty"))  # makes the key that a server makes when it is first started
    disk = folder / "disk"
    disk.mkdir()
    with tmpfs(disk, PLENTY):
        home = shutil.copytree(folder / "empty", disk / "home")
        base, peaks, done = taken(disk), [0], threading.Event()
        watching = threading.Thread(target=_watch, args=(disk, peaks, done))
        watching.start()
        try:
            course = Course.run(folder, folder / "empty", home)
        finally:
            done.set()
            watching.join()
    return Scene(course, disk, base, max(peaks))


def _watch(disk: Path, peaks: list[int], done: threading.Event) -> None:
    while not done.wait(0.001):
        peaks.append(max(peaks.pop(), taken(disk)))


def taken(disk: Path) -> int:
    """Return how many bytes of a disk are taken."""
    status = os.statvfs(disk)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


@contextmanager
def tmpfs(disk: Path, size: int) -> Iterator[None]:
    """Mount a disk of ``size`` bytes in memory."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def full(scene: Scene, percent: int) -> Refusal:
    """Ingest onto a disk that has ``percent`` of what is needed."""
    size = scene.base + (scene.peak - scene.base) * percent // 100
    with tmpfs(scene.disk, size - size % PAGE):
        shutil.copytree(scene.course.start, scene.home)
        refusal = scene.refused(f"full at {percent} %", scene.ingest())
        subprocess.run(["mount", "-o", f"remount,size={PLENTY}", scene.disk], check=True)
        return scene.mended(refusal)


def filled(scene: Scene, percent: int) -> Refusal:
    """Ingest onto a disk that others fill to the last byte when ``percent`` of what is needed is taken."""
    with tmpfs(scene.disk, scene.peak + SPARE):
        shutil.copytree(scene.course.start, scene.home)
        process = start_ingest(scene.course.folder, scene.home)
        while process.poll() is None and taken(scene.disk) < scene.base + (scene.peak - scene.base) * percent // 100:
            time.sleep(0.0005)
        with (scene.disk / "of others").open("wb") as stream, suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGSTOP)  # else a quick one has come to its end before the others
            _fill(stream.fileno(), scene.disk)
            os.killpg(process.pid, signal.SIGCONT)
            while process.poll() is None:
                _fill(stream.fileno(), scene.disk)
        out, err = process.communicate()
        refusal = scene.refused(f"filled up at {percent} %", Answer(process.returncode, out, err))
        (scene.disk / "of others").unlink()
        return scene.mended(refusal)


def _fill(handle: int, disk: Path) -> None:
    """Take all that is free of a disk, and wait a moment where nothing is."""
    status = os.statvfs(disk)
    try:
        os.posix_fallocate(handle, os.fstat(handle).st_size, max(1, status.f_bavail * status.f_frsize))
    except OSError as fault:
        if fault.errno != errno.ENOSPC:
            raise
        time.sleep(0.0005)


def limited(scene: Scene, kilobytes: int) -> Refusal:
    """Ingest with a limit on the size of every file (RLIMIT_FSIZE)."""
    with tmpfs(scene.disk, PLENTY):
        shutil.copytree(scene.course.start, scene.home)
        answer = scene.ingest(kilobytes << 10)
        return scene.mended(scene.refused(f"files up to {kilobytes} KiB", answer))


def read_only(scene: Scene, percent: int) -> Refusal:
    """Ingest onto a disk (ext4) that becomes read-only after ``percent`` of the time, as one does at a fault."""
    image = scene.disk.with_name("image")
    with image.open("wb") as stream:
        stream.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(scene.disk)], check=True)
    try:
        shutil.copytree(scene.course.start, scene.home)
        os.sync()
        process = start_ingest(scene.course.folder, scene.home)
        time.sleep(scene.course.duration * percent / 100)
        subprocess.run(["mount", "-o", "remount,abort", str(scene.disk)], check=True)
        out, err = process.communicate()
        refusal = scene.refused(f"read-only after {percent} %", Answer(process.returncode, out, err))
    finally:
        subprocess.run(["umount", str(scene.disk)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(scene.disk)], check=True)
    try:
        return scene.mended(refusal)
    finally:
        subprocess.run(["umount", str(scene.disk)], check=True)


KINDS = {"full": full, "filled": filled, "limited": limited, "read-only": read_only}


def main(batch: str, empty: str, *asked: str) -> None:
    """Print a JSON line for each kind and size of ``asked``."""
    with tempfile.TemporaryDirectory() as name:
        scene = measure(Path(batch), Path(empty), Path(name))
        for kind, _, size in (one.partition("=") for one in asked):
            print(json.dumps(asdict(KINDS[kind](scene, int(size)))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
