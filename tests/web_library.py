"""A small library for the tests of the pages: made in a temporary folder, read through the real pages."""

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from archive.agents_names import bearing
from archive.cataloguing import Publishing
from archive.library import Library, Writer
from archive.ocfl import Content
from metadata.ids import item_id
from metadata.model import Agent, Contribution, Date, Doi, File, Identifier, Item, Page, Relation, Text
from metadata.pages import page_line
from metadata.vocabulary import shipped
from search.engine import open_reader, open_writer
from search.follower import catch_up
from web.app import routes
from web.site import Site

BASE = "https://library.example.org"
SITE = Site("The <Test> Library", BASE, "librarian@example.org")
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40

FRENCH = (
    "Lire l'eau\n\nPlantez une échelle peinte là où le fond ne sèche jamais, dans la roselière.",
    "Les pâtu-\nrages inondés nourrissent la bécassine.",
    "",
)
ENGLISH = ("Reading the water. Set a painted staff where the bed never dries.", "Otters mark the same stone.")


def digest(content: bytes) -> str:
    return hashlib.sha512(content).hexdigest()


def identifier(source: str) -> str:
    return item_id(digest(source.encode()))


EVIL = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e"
FR, EN, GONE, HOSTILE = (identifier(name) for name in ("fr.pdf", "en.pdf", "gone", "hostile"))
RECORDS = 24


def make(home: Path) -> Library:
    """Make the library and its index in ``home``."""
    library = Library.create(home, Publishing(BASE, "example.org", shipped()))
    with library.writer() as writer:
        _put(writer, _french(), FRENCH)
        _put(writer, _english(), ENGLISH)
        writer.put_item(_hostile(), {}, "Ingested")
        for number in range(RECORDS):
            writer.put_item(_record(number), {}, "Ingested")
        gone = Item(GONE, (Text("Sandy shores", "en"),), (_part("Doe, Jane", "aut"),), source="gone", submission="0")
        writer.put_item(gone, {}, "Ingested")
        writer.withdraw(gone, "The rights holder asked for it.")
    index(library)
    return library


def index(library: Library) -> None:
    """Bring the index up to the library."""
    engine = open_writer(library.home / "index")
    catch_up(engine, library, shipped())
    engine.close()


class Pages:
    """What a reader's browser does: asks for a path, as it stands, over HTTP."""

    def __init__(self, port: int) -> None:
        self._server = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(timeout=30)

    def get(self, path: str, **asked: Any) -> httpx.Response:
        return self.request("GET", path, **asked)

    def head(self, path: str) -> httpx.Response:
        return self.request("HEAD", path)

    def request(self, method: str, path: str, **asked: Any) -> httpx.Response:
        return self._client.request(method, self._server + path, **asked)

    def close(self) -> None:
        self._client.close()


@contextmanager
def serving(
    library: Library, site: Site = SITE, before: Sequence[BaseRoute] = (), through: Sequence[Middleware] = ()
) -> Iterator[Pages]:
    """Serve the pages of a library, after other routes, on 127.0.0.1 for as long as the context lasts."""
    reader = open_reader(library.home / "index", vocabulary=shipped(), agents=partial(bearing, library.home))
    made = Starlette(
        routes=[*before, *routes(site, library, reader, shipped())],
        middleware=through,
    )
    server = uvicorn.Server(uvicorn.Config(made, port=0, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    pages = Pages(server.servers[0].sockets[0].getsockname()[1])
    try:
        yield pages
    finally:
        pages.close()
        server.should_exit = True
        thread.join()


def _put(writer: Writer, item: Item, texts: tuple[str, ...]) -> None:
    language = item.languages[0]
    pages = [
        Page(
            n, 2480, 3508, text, language, 91.4 if text else 0.0, "ocr" if text else "blank", 300, 180 if n == 2 else 0
        )
        for n, text in enumerate(texts, 1)
    ]
    lines = b"".join(map(page_line, pages))
    content: dict[str, Content] = {
        "originals/the scan.pdf": PDF,
        "originals/plan.svg": b"<svg/>",
        "access.pdf": PDF,
        "pages.jsonl": lines,
    }
    files = (
        File(
            "originals/the scan.pdf",
            "original",
            "application/pdf",
            len(PDF),
            digest(PDF),
            "dossier/le scan é.pdf",
            "fmt/18",
        ),
        File("originals/plan.svg", "original", "image/svg+xml", 6, digest(b"<svg/>"), "plan.svg"),
        File("access.pdf", "access", "application/pdf", len(PDF), digest(PDF)),
        File("pages.jsonl", "pages", "application/x-ndjson", len(lines), digest(lines)),
    )
    writer.put_item(replace(item, files=files, page_count=len(pages)), content, "Ingested")


def _page(number: int, text: str, language: str) -> Page:
    if not text:
        return Page(number, 2480, 3508, language=language, method="blank")
    return Page(number, 2480, 3508, text, language, 91.4, "ocr", rotation=180 if number == 2 else 0)


def _part(name: str, role: str) -> Contribution:
    return Contribution(Agent(name, "person" if role == "aut" else "organisation"), role)


def _french() -> Item:
    return Item(
        id=FR,
        titles=(Text("Prendre soin des zones humides", "fr"),),
        contributions=(_part("Marsden, Eleanor", "aut"), _part("Éditions de la Rose", "pbl")),
        dates=(Date("1990-05"),),
        languages=("fr",),
        type="guideline",
        concepts=(shipped().find("Zones humides", "fr"),),
        keywords=(Text("roselières", "fr"),),
        descriptions=(Text("Un guide pratique.", "fr"),),
        identifiers=(Identifier("isbn", "978-2-1234-5680-3"), Identifier("url", "javascript:alert(1)")),
        doi=Doi(f"10.99999/{FR}", "reserved"),
        relations=(Relation("isTranslationOf", EN),),
        rights=(Text("https://creativecommons.org/licenses/by/4.0/"),),
        collections=("field-guides",),
        source="fr.pdf",
        submission=digest(b"fr.pdf"),
    )


def _english() -> Item:
    return Item(
        id=EN,
        titles=(Text("Caring for Wetlands", "en"),),
        contributions=(_part("Marsden, Eleanor", "aut"),),
        dates=(Date("1988"),),
        languages=("en",),
        type="guideline",
        concepts=(shipped().find("Wetlands", "en"),),
        doi=Doi("10.99999/elsewhere", "findable"),
        source="en.pdf",
        submission=digest(b"en.pdf"),
    )


def _hostile() -> Item:
    evil = EVIL
    return Item(
        id=HOSTILE,
        titles=(Text(evil, "en"), Text(evil)),
        contributions=(_part(evil, "aut"), _part(evil, "zzz")),
        dates=(Date("19XX"), Date("1985~/..", "covered"), Date(evil, "created")),
        languages=("x-evil",),
        type="no-such-type",
        concepts=("javascript:alert(1)",),
        keywords=(Text(evil),),
        descriptions=(Text(evil),),
        identifiers=(Identifier(evil, evil), Identifier("url", "http://[::1")),
        coverage=(Text(evil),),
        rights=(Text("javascript:alert(3)"),),
        collections=(evil,),
        source="hostile",
        submission=digest(b"hostile"),
    )


def _record(number: int) -> Item:
    source = f"records.mrc#{number}"
    return Item(
        id=identifier(source),
        titles=(Text(f"Annual report {1970 + number}", "en"),),
        contributions=(_part("Commission on Parks", "isb"),),
        dates=(Date(str(1970 + number)),),
        languages=("en",),
        type="report",
        concepts=(shipped().find("Protected areas", "en"),),
        descriptions=(Text(f"What the parks of the Commission saw in {1970 + number}.", "en"),),
        source=source,
        submission=digest(source.encode()),
    )
