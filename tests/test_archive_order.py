"""The order of a write, as the kernel sees it: content → note → rename → parents → catalogue → staging removed.

A child writes under strace; its log is judged by one set of rules. Then every fsync is left
out of the log in turn, and each time the rules must be broken: none of them is missing, none
is superfluous, and the rules see each.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from archive_library import book, publishing

from archive.library import Library
from archive.replay import item_object

_CALLS = "trace=fsync,fdatasync,rename,renameat,renameat2,pwrite64,write,unlink,unlinkat"
_WRITES = """
import sys
from pathlib import Path
from archive_library import book, publishing
from archive.library import Library
library = Library.create(Path(sys.argv[1]), publishing())
with library.writer() as writer:
    writer.put_item(*book(1), "Ingested")
    writer.withdraw(book(1)[0], "a copy")
    with writer.grouped():
        writer.put_item(*book(2), "Ingested")
        writer.restore(library.item(book(1)[0].id))
        writer.put_item(*book(3), "Ingested")
        writer.put_item(*book(4), "Ingested")
"""
_LINE = re.compile(r"(\d+) +(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))")
_DONE = re.compile(r"\) += 0$|\) += \d+$")


@dataclass(frozen=True)
class Call:
    """A system call: its paths, and the lines of the log where it began and ended."""

    name: str
    paths: tuple[str, ...]
    began: int
    ended: int


class Broken(AssertionError):
    """A rule of the order is broken."""


def require(rule: bool, what: str) -> None:
    if not rule:
        raise Broken(what)


def calls_of(log: str) -> list[Call]:
    """Read a log: a call that another thread's interrupts goes on in a later line."""
    found: list[Call] = []
    begun: dict[str, tuple[str, str, int]] = {}
    for number, line in enumerate(log.splitlines()):
        match = _LINE.match(line)
        if match is None:
            continue
        process, name, rest, resumed, end = match.groups()
        if resumed:
            name, rest, began = begun.pop(process)
            rest += end
        else:
            began = number
        if rest.endswith("<unfinished ...>"):
            begun[process] = name, rest.removesuffix("<unfinished ...>"), began
        elif _DONE.search(rest):
            found.append(Call(name, paths_of(name, rest), began, number))
    return found


def paths_of(name: str, arguments: str) -> tuple[str, ...]:
    """Return the paths of a call: of its open file, or those it names, below the folder it names them in."""
    opened = re.match(r"\d+<([^>]*)>", arguments)
    named = re.findall(r'"([^"]*)"', arguments)
    if name.startswith("unlink") and opened:
        return (f"{opened[1]}/{named[0]}",)
    return (opened[1],) if opened else tuple(named)


@dataclass(frozen=True)
class Log:
    """The calls of one home."""

    home: str
    calls: Sequence[Call]

    def of(self, name: str, path: str) -> list[Call]:
        return [call for call in self.calls if re.fullmatch(name, call.name) and call.paths[-1] == path]

    def synced(self, path: str, after: int, before: int, what: str) -> int:
        """Require an fsync of ``path`` that begins after one line and has ended before another; return its end."""
        ends = [call.ended for call in self.of("f(data)?sync", path) if after < call.began and call.ended < before]
        require(bool(ends), f"{what}: {path} is not synced between lines {after} and {before}")
        return ends[0]

    def renames(self, since: int, until: int) -> list[Call]:
        inside = f"{self.home}/archive/"
        found = (call for call in self.calls if call.name.startswith("rename") and since < call.began < until)
        return [call for call in found if call.paths[1].startswith(inside)]


def judge(log: Log) -> int:
    """Judge every group of writes; return how many there were."""
    notes = [call for call in log.calls if call.name == "write" and call.paths[0].endswith("/objects.json")]
    since = -1
    for note in notes:
        since = judge_group(log, note, since)
    return len(notes)


def judge_group(log: Log, note: Call, since: int) -> int:
    """Judge the group that a note names, begun after line ``since``; return where it ends."""
    group = note.paths[0].rpartition("/")[0]
    cleared = log.of("unlink(at)?", note.paths[0])[-1].began
    moves = log.renames(note.ended, cleared)
    require(bool(moves), "nothing is moved")
    judge_content(log, group, moves, (since, note.began))
    first = moves[0].began
    noted = log.synced(note.paths[0], note.ended, first, "the note")
    log.synced(group, noted, first, "the group's folder")
    log.synced(f"{log.home}/staging", noted, first, "the staging folder")
    last = max(judge_move(log, move, moves, (noted, cleared)) for move in moves)
    catalogued = [
        call for call in log.calls if call.name in ("write", "pwrite64") and call.paths[0].endswith("catalogue.db-wal")
    ]
    written = [call for call in catalogued if note.ended < call.began < cleared]
    require(bool(written), "nothing is catalogued")
    require(last < written[0].began, "it is catalogued before it is safe")
    log.synced(f"{log.home}/catalogue.db-wal", written[-1].ended, cleared, "the catalogue")
    return cleared


def judge_content(log: Log, group: str, moves: Sequence[Call], span: tuple[int, int]) -> None:
    """All that is moved is on disk before the note is written: files, folders, inventories."""
    for path in moved_paths(group, moves):
        log.synced(path, *span, "content")


def moved_paths(group: str, moves: Sequence[Call]) -> Iterator[str]:
    """Yield where every file and folder that is now in the archive lay in staging."""
    for move in moves:
        source, target = Path(move.paths[0]), Path(move.paths[1])
        yield str(source)
        if target.is_dir():
            version = "v1/**/*" if (target / "v1").exists() else "**/*"
            yield from (str(source / inner.relative_to(target)) for inner in target.glob(version))
        if source.parent != Path(group):  # a version: its own folder names it and its inventory
            yield str(source.parent)
        elif (target / "v1").exists():
            yield from (
                str(source / name) for name in ("v1", "0=ocfl_object_1.1", "inventory.json", "inventory.json.sha512")
            )


def judge_move(log: Log, move: Call, moves: Sequence[Call], span: tuple[int, int]) -> int:
    """Judge one rename; return where it is safe."""
    noted, cleared = span
    target = Path(move.paths[1])
    if target.name.startswith("urn"):
        way = [target.parent.parent, target.parent.parent.parent]
        for folder in way:
            log.synced(str(folder), noted, min(one.began for one in moves), "the way")
        return log.synced(str(target.parent), move.ended, cleared, "the parent")
    own = [one for one in moves if Path(one.paths[1]).parent == target.parent]
    names = [Path(one.paths[1]).name for one in own]
    require(names[1:] == ["inventory.json", "inventory.json.sha512"], "the inventory is not last")
    if target.name.startswith("v"):
        return log.synced(str(target.parent), move.ended, own[1].began, "the version")
    return log.synced(str(target.parent), own[-1].ended, cleared, "the inventory")


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """Return what a child did that wrote one item, another version of it, and a group."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    folder = tmp_path_factory.mktemp("traced")
    log, home = folder / "log", folder / "home"
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    ran = subprocess.run(
        [strace, "-f", "-y", "-qq", "-s", "400", "-e", _CALLS, "-o", log, sys.executable, "-c", _WRITES, home],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    if b"ptrace" in ran.stderr.lower() or not log.exists():
        pytest.skip(f"strace may not trace here: {ran.stderr!r}")
    assert ran.returncode == 0, ran.stderr
    return Log(str(home), calls_of(log.read_text(errors="replace")))


def test_the_kernel_sees_the_order(traced: Log) -> None:
    assert judge(traced) == 3
    library = Library.open(Path(traced.home), publishing())
    for number in (1, 2, 3, 4):
        folder = library.archive.folder(item_object(book(number)[0].id))
        assert traced.of("rename", str(folder)), "every object came by a rename"


def test_without_any_one_fsync_the_order_is_broken(traced: Log) -> None:
    """The rules see each fsync of a write; the one that is left out is missed, so none is there for nothing."""
    of_a_write = re.compile(r"/staging|/archive/[0-9a-f]{3}")
    syncs = [call for call in traced.calls if call.name == "fsync" and of_a_write.search(call.paths[0])]
    unseen = [call for call in syncs if holds(Log(traced.home, [other for other in traced.calls if other is not call]))]
    assert len(syncs) > 60
    assert unseen == []


def holds(log: Log) -> bool:
    """Say whether no rule is broken."""
    try:
        judge(log)
    except Broken:
        return False
    return True


@pytest.mark.parametrize("name", ["0=ocfl_object_1.1", "inventory.json", "item.json", "pages.jsonl", "original"])
def test_a_rename_before_its_content_is_synced_is_seen(traced: Log, name: str) -> None:
    """The same calls, with one fsync only later: at the very end."""
    late = next(call for call in traced.calls if call.name == "fsync" and call.paths[0].endswith(f"/{name}"))
    end = traced.calls[-1].ended + 1
    moved = Call(late.name, late.paths, end, end)
    with pytest.raises(Broken, match=re.escape(name)):
        judge(Log(traced.home, [*(call for call in traced.calls if call is not late), moved]))
