"""Several ingests started at once, readers meanwhile, and what may and may not be seen then."""

import contextlib
import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from archive_library import sha512
from killing import start_ingest
from seen import Seen, harvested, passages
from small_library import PROGRAM, Answer, canoe_program, environment

HELD = re.compile(
    r"(?P<home>\S+) is being written to by process (?P<pid>\d+) on (?P<host>\S+) "
    r"since (?P<since>\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ)\.\n"
)


@dataclass(frozen=True, slots=True)
class Ended:
    """An ingest that came to its end: its process, its sources and its answer."""

    pid: int
    sources: tuple[str, ...]
    answer: Answer


def together(folder: Path, home: Path, asked: Sequence[tuple[str, ...]]) -> list[Ended]:
    """Start an ingest of each of ``asked`` at once and wait for all."""
    started = [(sources, start_ingest(folder, home, *sources, workers=1)) for sources in asked]
    return [_ended(sources, process) for sources, process in started]


def _ended(sources: tuple[str, ...], process: subprocess.Popen[str]) -> Ended:
    out, err = process.communicate()
    return Ended(process.pid, sources, Answer(process.returncode, out, err))


def wrong_ends(ends: Sequence[Ended], home: Path, alone: bool = True) -> list[str]:
    """Return what is wrong with how ingests that began together ended: each did its work, or says who held the home.

    Where they were not ``alone``, the holder may have been a check that looked for what there is to heal.
    """
    wrong = []
    pids = {str(one.pid) for one in ends}
    for one in ends:
        told = HELD.match(one.answer.err)
        if one.answer.code in (0, 3):
            continue
        if one.answer.code != 5 or not told or one.answer.out:
            wrong.append(f"exit {one.answer.code}: {one.answer.err.strip()}")
        elif (told["home"], told["host"]) != (str(home), socket.gethostname()) or (alone and told["pid"] not in pids):
            wrong.append(f"names another: {one.answer.err.strip()}")
    if alone and all(one.answer.code == 5 for one in ends):
        wrong.append("all were told that another held the home")
    return wrong


def settle(folder: Path, home: Path, ends: Sequence[Ended]) -> list[str]:
    """Run again what was told that another held the home, one after the other; return what is wrong then."""
    again = [together(folder, home, [one.sources])[0] for one in ends if one.answer.code == 5]
    return [f"again, exit {one.answer.code}: {one.answer.err}" for one in again if one.answer.code not in (0, 3)]


@contextlib.contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve a home; yield the URL at which it answers."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    command = [str(PROGRAM), "serve", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None and not _answers(port):
            time.sleep(0.05)
        assert process.poll() is None, "the server has ended"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Readers:
    """Readers that ask on and on, as programs and over HTTP, until they are stopped.

    ``before`` and ``after`` are what may be seen: each item as it was, or as it will be. ``pause`` is how many seconds
    each waits before it asks again, so that those who write get on.
    """

    home: Path
    url: str
    before: Seen
    after: Seen
    pause: float = 0.0
    wrong: list[str] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Ask while the block runs."""
        threads = [
            threading.Thread(target=self._ask_on, args=(one,)) for one in (self._export, self._search, self._web)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _ask_on(self, ask: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                ask()
            except (httpx.HTTPError, ValueError, KeyError) as fault:
                self.wrong.append(f"{ask.__name__}: {type(fault).__name__}: {fault}")
            self.asked += 1
            self._stop.wait(self.pause)

    def _call(self, *arguments: str) -> list[Any]:
        answer = canoe_program(*arguments, "--home", self.home)
        if answer.code:
            self.wrong.append(f"canoe {arguments[0]}: exit {answer.code}: {answer.err.strip()}")
        return answer.lines

    def _export(self) -> None:
        self._require("export", {item["id"]: json.dumps(item) for item in self._call("export")})
        (checked,) = self._call("check", "--json")
        self.wrong += map(json.dumps, checked["faults"])

    def _search(self) -> None:
        found = passages(self._call("search", "region", "--json", "--limit", "1000"))
        known = [*self.before.hits["region"].items(), *self.after.hits["region"].items()]
        self.wrong += [f"search finds half of {one}" for one in found.items() if one not in known]

    def _web(self) -> None:
        with httpx.Client(base_url=self.url, timeout=120) as client:
            records = harvested(lambda path: client.get(path).raise_for_status().text, self.wrong)
            self._require("oai", {identifier: facts["oai"] for identifier, facts in records.items()})
            for identifier in [one for one in records if "files" in self._item(one)][:5]:
                self._require_files(client, identifier)

    def _item(self, identifier: str) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = json.loads(self.after.items[identifier]["export"])
        return facts

    def _require_files(self, client: httpx.Client, identifier: str) -> None:
        client.get(f"/item/{identifier}").raise_for_status()
        for file in self._item(identifier)["files"]:
            answer = client.get(f"/item/{identifier}/file/{file['path']}")
            if file["role"] == "original" and sha512(answer.raise_for_status().content) != file["sha512"]:
                self.wrong.append(f"{identifier}: {file['path']} is not whole")

    def _require(self, fact: str, found: Mapping[str, str]) -> None:
        for identifier, value in found.items():
            sides = [side.items[identifier][fact] for side in (self.before, self.after) if identifier in side.items]
            if value not in sides:
                self.wrong.append(f"{fact} shows half of {identifier}: {value}")
