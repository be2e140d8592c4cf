"""A home that can only be read stays readable: on read-only media, and without the permission to write."""

import asyncio
import contextlib
import importlib
import logging
import multiprocessing
import os
import pickle
import shutil
import subprocess
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from archive_library import book, publishing, tree
from damaging import Told, ask, get, leave_log, make_home
from small_library import Answer, canoe_here
from typer.core import TyperGroup

from archive import catalogue_file
from archive.library import Library
from canoe.cli import app
from canoe.home import Home
from canoe.server import build
from metadata.errors import HomeHeld

NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Medium:
    """A home that can only be read, perhaps because its reader has no permission to write."""

    home: Path
    as_nobody: bool

    def do(self, work: Callable[..., Any], *arguments: object) -> Any:
        """Do ``work`` in a child that can only read the home, and return what it returns."""
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            self._do(work, arguments, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as stream:
            returned = stream.read()
        assert os.waitpid(child, 0)[1] == 0
        return pickle.loads(returned)  # noqa: S301 - it is from our own child

    def _do(self, work: Callable[..., Any], arguments: tuple[object, ...], pipe: int) -> None:
        try:
            if self.as_nobody:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.write(pipe, pickle.dumps(work(*arguments)))
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(70)

    def canoe(self, *arguments: str | Path) -> Answer:
        """Run a command as one who can only read."""
        answer: Answer = self.do(canoe_here, *arguments, "--home", self.home)
        return answer


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = make_home(tmp_path_factory.mktemp("made") / "home")
    seen(home)
    preload()
    return home


def preload() -> None:
    """Import what commands import when they run: whoever has no permission may not be able to read it by then."""
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    for name in program.list_commands(typer.Context(program)):
        program.get_command(typer.Context(program), name)
    for module in (
        "concurrent.futures.process",
        "multiprocessing.popen_spawn_posix",
        "multiprocessing.resource_tracker",
    ):
        importlib.import_module(module)


@pytest.fixture(scope="module")
def killed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return leave_log(shutil.copytree(made, tmp_path_factory.mktemp("killed") / "home"))


@contextlib.contextmanager
def burnt(source: Path) -> Iterator[Medium]:
    """Lend a copy of a home on a file system that is mounted read-only; skip where none may be mounted."""
    with tempfile.TemporaryDirectory(prefix="canoe-test-") as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        if mounted.returncode:
            pytest.skip(f"no file system may be mounted here: {mounted.stderr.decode().strip()}")
        try:
            home = shutil.copytree(source, Path(folder) / "home")
            subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
            yield Medium(home, as_nobody=False)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def forbidden(source: Path) -> Iterator[Medium]:
    """Lend a copy of a home that another account owns; skip where this process cannot become another."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory(prefix="canoe-test-") as folder:
        Path(folder).chmod(0o755)
        home = shutil.copytree(source, Path(folder) / "home")
        (home / "oai-token.key").chmod(0o600)
        yield Medium(home, as_nobody=True)


Lend = Callable[[Path], contextlib.AbstractContextManager[Medium]]


@pytest.fixture(params=[burnt, forbidden], ids=["read-only medium", "no permission"])
def lend(request: pytest.FixtureRequest) -> Lend:
    chosen: Lend = request.param
    return chosen


def seen(home: Path) -> dict[str, object]:
    """Return what a reader of the pages is shown, and what the commands that read say."""
    opened = Home.read(home)
    opened.prepare_serving()
    app = build(opened)
    item = next(opened.library.items()).id
    paths = ("/", "/search?q=pagina", f"/item/{item}", "/oai?verb=Identify", "/about")
    pages: dict[str, object] = {path: get(app, path).status_code for path in paths}
    commands = (["show", item], ["show", item, "--pages"], ["accessions"], ["check"])
    return {**pages, **{command[0]: canoe_here(*command, "--home", home).code for command in commands}}


@pytest.mark.parametrize("left", ["in good order", "by a killed writer", "by a killed writer, without shared memory"])
def test_it_is_read_as_ever(made: Path, killed: Path, lend: Lend, tmp_path: Path, left: str) -> None:
    source = shutil.copytree(made if left == "in good order" else killed, tmp_path / "home")
    if left.endswith("memory"):
        (source / "catalogue.db-shm").unlink()
    expected: dict[str, Told] = ask(shutil.copytree(source, tmp_path / "asked"))
    assert not any(told.refusal for told in expected.values())
    with lend(source) as medium:
        before = tree(medium.home)
        assert medium.do(ask, medium.home) == expected
        assert set(medium.do(seen, medium.home).values()) == {0, 200}
        assert tree(medium.home) == before


def test_doctor_says_so_and_finds_no_fault_with_it(made: Path, lend: Lend) -> None:
    with lend(made) as medium:
        said = medium.canoe("doctor").out
    assert "can only be read" in said
    assert "ok  catalogue: " in said
    assert "ok  search index: up to date" in said


def test_what_must_write_says_where_it_cannot_and_what_to_do(made: Path, lend: Lend) -> None:
    commands: tuple[tuple[str | Path, ...], ...] = (
        ("ingest", Path(__file__)),
        ("withdraw", book(1)[0].id, "--reason", "a copy"),
        ("restore", book(3)[0].id),
        ("rebuild",),
        ("rebuild", "--catalogue"),
        ("rebuild", "--index"),
    )
    with lend(made) as medium:
        for command in commands:
            answer = medium.canoe(*command)
            assert answer.code == 6, (command, answer)
            assert str(medium.home) in answer.err
            assert "mount it for writing" in answer.err or "permission" in answer.err
            assert "Traceback" not in answer.err
        assert medium.canoe("check").code == 0


def followed(home: Path) -> list[str]:
    """Serve for some seconds and return what the log says of it."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    opened = Home.read(home)
    opened.prepare_serving()
    app = build(opened)

    async def served() -> None:
        async with app.router.lifespan_context(app):
            await asyncio.sleep(2.5)

    asyncio.run(served())
    return said


def test_a_server_says_once_that_it_serves_what_is_there(made: Path, lend: Lend) -> None:
    with lend(made) as medium:
        said = medium.do(followed, medium.home)
    assert 1 <= len(said) <= 2, said
    assert all(line.startswith("Served as it is: ") for line in said)


def tokens(home: Path) -> list[bytes]:
    """Return the key that each process of a server signs with."""
    Home.read(home).prepare_serving()
    return [Home.read(home).token_key() for _ in range(3)]


def test_tokens_are_signed_with_one_key_where_none_can_be_kept(made: Path, lend: Lend) -> None:
    kept = Home.read(made).token_key()
    with lend(made) as medium:
        assert set(medium.do(tokens, medium.home)) == {kept} or medium.as_nobody
        keys = set(medium.do(tokens, medium.home))
        assert {len(keys), *map(len, keys)} == {1, 32}


def writing(home: Path) -> None:
    """Write some books, and play the log into the catalogue at each."""
    catalogue_file._LOG_LIMIT = 1
    time.sleep(0.5)
    for number in range(60, 64):
        with Library.open(home, publishing()).writer() as writer:
            writer.put_item(*book(number), "Ingested")
            writer.put_item(*book(number + 10), "Ingested")
        time.sleep(0.2)


def read_until(home: Path, wanted: int) -> tuple[list[int], int]:
    """Read on one opened library until there are as many items as ``wanted``; return all counts in turn."""
    library, counts, refused = Library.open(home, publishing()), [0], 0
    deadline = time.monotonic() + 300
    while counts[-1] < wanted and time.monotonic() < deadline:
        try:
            now = library.catalogue.counts()
            assert len(list(library.items())) >= now[0]
        except HomeHeld:
            refused += 1
            continue
        if now[0] != counts[-1]:
            counts.append(now[0])
    return counts, refused


def test_a_reader_without_permission_sees_what_others_write(made: Path) -> None:
    """It is opened while nobody writes, and SQLite takes for granted then that nobody will."""
    with forbidden(made) as medium:
        wanted = Library.open(made, publishing()).catalogue.counts()[0] + 8
        for left in medium.home.glob("catalogue.db-*"):
            left.unlink()
        writer = multiprocessing.get_context("fork").Process(target=writing, args=(medium.home,))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            writer.start()
        counts, _ = medium.do(read_until, medium.home, wanted)
        writer.join()
        assert writer.exitcode == 0
        assert counts[-1] == wanted
        assert counts == sorted(counts)
        assert len(counts) > 3
