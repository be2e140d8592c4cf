"""A library whose catalogue or index is damaged in a random way, and what it answers then."""

import asyncio
import json
import os
import random
import re
import shutil
import signal
import warnings
from dataclasses import dataclass
from pathlib import Path

import httpx
from archive_library import book, filled, publishing
from small_library import canoe_here
from starlette.applications import Starlette

from archive.library import Library
from canoe.home import Home
from canoe.server import build
from metadata.errors import CanoeError

_DATE = re.compile(r"<responseDate>[^<]*</responseDate>")
QUERY = "pagina OR forest OR bosques"


@dataclass(frozen=True, slots=True)
class Told:
    """What one question got: an answer, or a refusal that says what to do."""

    answer: str = ""
    refusal: str = ""


def make_home(home: Path) -> Path:
    """Make a library of books and records, and its index, without reading a page."""
    made = canoe_here("init", "--home", home, "--base-url", "http://library.example.org")
    assert made.code == 0, made.err
    filled(home).catalogue.close()
    opened = Home.read(home)
    opened.prepare_serving()
    return home


def leave_log(home: Path) -> Path:
    """Let a writer be killed, so that the last writes stand only in the catalogue's log."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        with Library.open(home, publishing()).writer() as writer:
            for number in range(50, 56):
                writer.put_item(*book(number), "Ingested")
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    Home.read(home).update_index()
    return home


def ask(home: Path) -> dict[str, Told]:
    """Ask by ``canoe search``, ``canoe export`` and OAI-PMH."""
    search = _command(home, "search", QUERY, "--limit", "100", "--json")
    found = [{**json.loads(line), "score": 0} for line in search.answer.splitlines()]
    ranked = "\n".join(sorted(json.dumps(one, sort_keys=True) for one in found))
    return {"search": Told(ranked, search.refusal), "export": _command(home, "export"), "harvest": _harvest(home)}


def get(app: Starlette, path: str) -> httpx.Response:
    """Return the server's answer to a GET, in this process."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://library.example.org") as client:
            return await client.get(path)

    return asyncio.run(ask())


def _command(home: Path, *arguments: str) -> Told:
    said = canoe_here(*arguments, "--home", home)
    if said.code == 0:
        return Told(said.out)
    assert said.code == 4, said
    return Told(refusal=said.err)


def _harvest(home: Path) -> Told:
    opened = Home.read(home)
    try:
        app = build(opened)
    except CanoeError as fault:
        return Told(refusal=str(fault))
    answer = get(app, "/oai?verb=ListRecords&metadataPrefix=oai_dc")
    opened.library.catalogue.close()
    if answer.status_code == 200:
        return Told(_DATE.sub("", answer.text))
    assert answer.status_code == 503
    return Told(refusal=answer.text)


def damage(home: Path, chance: random.Random) -> str:
    """Delete, cut or flip bytes of a file of the catalogue or index; only content tells. Return what was done."""
    patterns = ["catalogue.db*", "index/*/*"]
    path = chance.choice([path for path in sorted(home.glob(chance.choice(patterns))) if path.stat().st_size])
    how = chance.choice(["deleted", "cut", "flipped", "flipped"])
    status, content = path.stat(), bytearray(path.read_bytes())
    if how == "deleted":
        path.unlink()
        return f"{path.name} deleted"
    if how == "cut":
        content = content[: chance.randrange(len(content))]
        told = f"to {len(content)} bytes"
    else:
        number = chance.randint(1, 50)
        for _ in range(number):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        told = f"{number} times"
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return f"{path.name} {how} {told}"


@dataclass
class Damager:
    """Damages copies of libraries, one left in good order and one by a killed writer, and asks them."""

    folder: Path
    seed: int = 1
    refused: int = 0
    unharmed: int = 0

    def __post_init__(self) -> None:
        """Make the libraries."""
        made = make_home(self.folder / "orderly")
        killed = leave_log(shutil.copytree(made, self.folder / "killed"))
        self._answers = {home: ask(shutil.copytree(home, home.with_suffix(".asked"))) for home in (made, killed)}
        self._random = random.Random(self.seed)  # noqa: S311
        assert all(told.answer.count("agina") > 3 for told in (self._answers[made]["search"],))

    def wrong(self, number: int) -> list[str]:
        """Damage a copy; return each answer that is wrong, and each refusal that does not say what to do."""
        source = list(self._answers)[number % 2]
        home, expected = shutil.copytree(source, self.folder / str(number)), self._answers[source]
        done = damage(home, self._random)
        found = [f"{done}: {question}: {told}" for question, told in self._judged(ask(home), expected)]
        rebuilt = canoe_here("rebuild", "--home", home)
        if rebuilt.code or ask(home) != expected:
            found.append(f"{done}: canoe rebuild did not mend it: {rebuilt}")
        shutil.rmtree(home)
        return found

    def _judged(self, told: dict[str, Told], expected: dict[str, Told]) -> list[tuple[str, Told]]:
        refused = [one for one in told.values() if one.refusal]
        self.refused += bool(refused)
        self.unharmed += not refused
        return [
            (question, one)
            for question, one in told.items()
            if ("canoe rebuild" not in one.refusal if one.refusal else one != expected[question])
        ]
