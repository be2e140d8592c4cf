"""The same ingest again writes nothing into the archive: not a byte, not a name, not a time."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from killing import State, finish, start_ingest
from shelves import a_year_later, make_scan, make_shelf
from small_library import PROGRAM, catalogue_rows, environment, outcomes

_WRITERS = (
    *("%file", "write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate", "copy_file_range", "sendfile"),
    *("fchmod", "fchown", "fsetxattr", "fremovexattr"),
)
_OPENED_TO_WRITE = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
_CONTENT = re.compile(r'(?<=>), ".*')
_READS = re.compile(
    r"\b(?:open|openat|stat|lstat|newfstatat|statx|access|faccessat2?|readlink|readlinkat|statfs|execve|chdir|getcwd|"
    r"getxattr|lgetxattr|listxattr|inotify_add_watch)\("
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with ``batch``: reports, scans, records in every form, copies, what is refused and set aside."""
    folder = tmp_path_factory.mktemp("again")
    make_shelf(folder / "batch", reports=4, records=30)
    make_scan(folder / "batch/page.tif")
    return folder


@pytest.fixture(scope="module")
def ingested(shelf: Path, empty_home: Path) -> Path:
    """Return a home into which the shelf came, and a year later came again with changes."""
    home = shutil.copytree(empty_home, shelf / "home")
    finish(start_ingest(shelf, home, workers=1))
    a_year_later(shelf / "batch", reports=4, records=30)
    finish(start_ingest(shelf, home, workers=1))
    return home


def inodes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return what tells whether anything at or below a folder was touched, for every file and folder."""
    found = [folder, *sorted(folder.rglob("*"))]
    stats = ((path, path.lstat()) for path in found)
    return {
        str(path.relative_to(folder.parent)): (one.st_ino, one.st_mode, one.st_size, one.st_mtime_ns, one.st_ctime_ns)
        for path, one in stats
    }


def writes(trace: Path, below: Path) -> Iterator[str]:
    """Yield the traced calls that may change something at or below a folder.

    Calls on descriptors are traced with the paths these stand for (``strace -y``).
    """
    place = re.compile(re.escape(str(below)) + r"[/\">]")
    for line in trace.read_text("utf-8", "replace").splitlines():
        called = _CONTENT.sub("", line) if "write" in line.partition("(")[0] else line
        if place.search(called) and (not _READS.search(line) or _OPENED_TO_WRITE.search(line)):
            yield line


@pytest.mark.ocr
def test_the_same_ingest_again_touches_nothing_in_the_archive(shelf: Path, ingested: Path) -> None:
    before, rows, state = inodes(ingested / "archive"), catalogue_rows(ingested), State.of(ingested)
    report = finish(start_ingest(shelf, ingested, workers=1))
    assert inodes(ingested / "archive") == before
    assert catalogue_rows(ingested) == rows
    assert state.differences(State.of(ingested)) == []
    assert report["accession"] is None
    assert set(outcomes(report).values()) == {"identical", "duplicate", "refused", "set_aside"}
    assert _of(report["counts"], "new", "changed") == [0, 0]
    names = {name.rpartition("/")[2] for name in before}
    assert {"accession.json", "pieces.jsonl", "records.jsonl", "0=ocfl_object_1.1", "page.tif"} <= names


@pytest.mark.ocr
def test_the_same_ingest_again_makes_no_writing_call_on_the_archive(shelf: Path, ingested: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    trace = shelf / "trace"
    tracing = [strace, "-f", "-y", "-qq", "-s", "4096", "-e", f"trace={','.join(_WRITERS)}", "-o", str(trace)]
    done = subprocess.run(
        [*tracing, str(PROGRAM), "ingest", "batch", "--home", str(ingested), "--json"],
        cwd=shelf, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "ptrace" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr}")
    assert done.returncode == 3, done.stderr
    assert list(writes(trace, ingested / "archive")) == []
    assert list(writes(trace, ingested / "staging")) != [], "the trace sees no writes at all"
    assert not [line for line in writes(trace, ingested / "catalogue.db") if "write(" in line or "pwrite64(" in line]


def test_the_trace_is_read_rightly(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    archive = tmp_path / "archive"
    (archive / "a").mkdir(parents=True)
    (archive / "a/file").write_text("old")
    for script in ("print(1) > $1/a/file", "mv $1/a/file $1/a/new", "touch $1/a", "rmdir $1/a/b", "chmod 600 $1/a"):
        command = ["sh", "-c", script.replace("print(1)", "echo 1"), "sh", str(archive)]
        trace = tmp_path / "trace"
        tracing = [strace, "-f", "-y", "-qq", "-s", "4096", "-e", f"trace={','.join(_WRITERS)}", "-o", str(trace)]
        if subprocess.run([*tracing, *command], capture_output=True, check=False).stderr.startswith(b"strace: "):
            pytest.skip("strace may not trace here")
        assert list(writes(trace, archive)), script
    subprocess.run([*tracing, "sh", "-c", "ls -lR $1; cat $1/a/*", "sh", str(archive)], capture_output=True, check=True)
    assert list(writes(trace, archive)) == []


def _of(counts: Mapping[str, int], *names: str) -> list[int]:
    return [counts[name] for name in names]
