"""A home that harvests and one that is harvested: canoe harvest called, what it says, and what is then held."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from faulty_repository import dublin_core
from small_library import Answer, canoe_here

from canoe.home import Home
from canoe.server import build
from metadata.serial import to_json

RECORDS = [dublin_core(number) for number in range(7)]
EVERY = {f"oai:faulty.example:{number}" for number in range(7)}


def asking(home: Path) -> Path:
    """Let a home ask this machine, and not wait long."""
    settings = home / "canoe.toml"
    text = settings.read_text().replace("allow_private = false", "allow_private = true")
    settings.write_text(text.replace("pause_seconds = 1.0", "pause_seconds = 0.01").replace("tries = 6", "tries = 2"))
    return home


def run(home: Path, *arguments: str | Path, code: int = 0) -> Answer:
    """Call the program for a home; it must end with ``code``."""
    answer = canoe_here(*arguments, "--home", home)
    assert answer.code == code, (answer.out, answer.err)
    return answer


def harvest(home: Path, url: str, *options: str, code: int = 0) -> Any:
    """Return the report, in which what came in is what is told."""
    report = run(home, "harvest", url, "--json", *options, code=code).json
    counts = dict(report["counts"])
    assert counts.pop("in") == sum(counts.values()) == len(report["pieces"])
    return report


def told(report: Any) -> dict[str, int]:
    """Return the outcomes that there are."""
    return {outcome: count for outcome, count in report["counts"].items() if count and outcome != "in"}


def lists(home: Path) -> list[Any]:
    """Return what canoe repositories tells."""
    found: list[Any] = run(home, "repositories", "--json").json
    return found


def held(home: Path) -> dict[str, Any]:
    """Return the items by the identifiers that they have at home."""
    return {one["origins"][0]["identifier"]: one for one in full_items(home) if one.get("origins")}


def full_items(home: Path) -> Iterator[Any]:
    """Yield all items as they are kept."""
    library = Home.read(home).library
    for item in library.items():
        yield json.loads(to_json(item))
    library.catalogue.close()


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve a home by the real application; yield the base URL of its endpoint."""
    server = uvicorn.Server(uvicorn.Config(build(Home.read(home)), port=0, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/oai"
    finally:
        server.should_exit = True
        thread.join()


def essence(item: Any) -> Any:
    """Return what a record of any form says of an item: title, dates, and the numbers it had."""
    numbers = {
        (one["scheme"], one["value"]) for one in item.get("identifiers", ()) if one["scheme"] in ("isbn", "issn", "doi")
    }
    dates = {one["value"][:4] for one in item.get("dates", ()) if one.get("kind", "issued") == "issued"}
    return item["titles"][0]["value"], dates, numbers


BOOKS = """title,date,isbn,language,type,creator
Sand and shells,1987,978-2-1234-5680-3,en,book,"Roe, Ann"
Forêts du Sénégal,2003-05,,fr,report,"Diop, Awa"
Aguas abiertas,1999,,es,book,Universidad de la Costa
"""


def home_of(empty_home: Path, folder: Path, name: str) -> Path:
    """Return an empty home with an address and a name of its own, that may ask this machine."""
    home = asking(shutil.copytree(empty_home, folder / "home"))
    settings = home / "canoe.toml"
    settings.write_text(
        settings.read_text()
        .replace('base_url = "http://127.0.0.1:8000"', f'base_url = "http://{name}.example.org"')
        .replace("The test library", f"The {name} library")
    )
    run(home, "rebuild")
    return home


def giving_home(empty_home: Path, folder: Path) -> Path:
    """Return a home that others harvest: three records, in a namespace of its own."""
    home = home_of(empty_home, folder, "giving")
    (home.parent / "books.csv").write_text(BOOKS)
    run(home, "ingest", home.parent / "books.csv")
    return home
