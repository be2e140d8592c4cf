"""A small home whose items are worked on at the desk, over HTTP, by somebody who has signed in."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import uvicorn
from desk_library import CHEAP
from web_library import ENGLISH, FRENCH, PDF, digest, identifier

from archive.library import Library, Writer
from canoe.home import Home
from canoe.server import build
from desk.accounts import Accounts
from metadata.accession import Accession, Piece, count_outcomes
from metadata.model import Agent, Contribution, Date, Doi, File, Identifier, Item, Page, Relation, Status, Text
from metadata.pages import page_line
from metadata.problems import problem
from metadata.vocabulary import shipped

SETTINGS = """[library]
name = "The Library"
base_url = "http://localhost:8000"
admin_email = "librarian@example.org"

[doi]
prefix = "10.5555"

[oai]
namespace = "example.org"
"""
ACCOUNT, WHO, PASSWORD = "marie", "Marie Curie", "a long pass phrase of hers"
ONE, TWO, HELD, GONE = (identifier(name) for name in ("one", "two", "held", "gone"))
HIDDEN = "Zymurgy of the hidden valley"
HELD_DOI = f"10.5555/{HELD}"
ACCESSION = "a-first"


def make(path: Path) -> Home:
    """Make the home: two public items that are much alike, one that is held, one that is withdrawn."""
    path.mkdir()
    (path / "canoe.toml").write_text(SETTINGS, "utf-8")
    home = Home.read(path)
    library = Library.create(path, home.publishing)
    with library.writer() as writer:
        put(writer, item("one", "Reading the water"), ENGLISH)
        two = item("two", "Reading the water")
        # What is public says that it is tied to what is held: of that nobody is to hear yet.
        put(writer, item("held", HIDDEN, "held"), FRENCH)
        two = replace(two, relations=(Relation("isPartOf", HELD),), descriptions=(Text("A practical guide.", "en"),))
        writer.put_item(two, {}, f"Ingested with {ACCESSION}")
        gone = item("gone", "Sandy shores")
        writer.put_item(gone, {}, f"Ingested with {ACCESSION}")
        writer.withdraw(gone, "The rights holder asked for it.")
        _put_accession(writer)
    home.update_index()
    home.update_agents()
    return home


def item(name: str, title: str, status: Status = "published") -> Item:
    """Return an item without files."""
    doi = Doi(f"10.5555/{identifier(name)}", "reserved")
    return Item(
        id=identifier(name),
        titles=(Text(title, "en"),),
        contributions=(Contribution(Agent("Marsden, Eleanor", "person"), "aut"),),
        dates=(Date("1990-05"),),
        languages=("en",),
        type="guideline",
        concepts=(shipped().find("Wetlands", "en"),),
        keywords=(Text("peat", "en"),),
        identifiers=(Identifier("local", f"number-of-{name}"),),
        doi=doi,
        collections=("hidden-valley",) if status == "held" else ("guides",),
        status=status,
        source=name,
        submission=digest(name.encode()),
        accession=ACCESSION,
    )


def put(writer: Writer, described: Item, texts: tuple[str, ...]) -> None:
    """Put an item with a PDF and pages."""
    language = described.languages[0]
    pages = [Page(n, 2480, 3508, text, language, 91.4, "ocr") for n, text in enumerate(texts, 1) if text]
    lines = b"".join(map(page_line, pages))
    files = (
        File("originals/scan.pdf", "original", "application/pdf", len(PDF), digest(PDF), "scan.pdf"),
        File("pages.jsonl", "pages", "application/x-ndjson", len(lines), digest(lines)),
    )
    content = {"originals/scan.pdf": PDF, "pages.jsonl": lines}
    whole = replace(described, files=files, page_count=len(pages))
    writer.put_item(whole, content, f"Ingested with {ACCESSION}")


def _put_accession(writer: Writer) -> None:
    alike = problem("probable-duplicate", "two", other=ONE, title="Reading the water", reasons="title, agent")
    pieces = [Piece(name, "new", identifier(name)) for name in ("one", "held", "gone")]
    pieces.append(Piece("two", "new", TWO, (alike,)))
    with writer.workspace() as folder:
        (folder / "none").write_bytes(b"")
        accession = Accession(ACCESSION, "2026-11-23T10:00:00Z", ("batch",), count_outcomes(pieces))
        writer.put_accession(accession, pieces, folder / "none", {})


class Desk:
    """A browser at the desk: it keeps its cookie, and sends a form's token and what a page's fields hold."""

    def __init__(self, port: int) -> None:
        headers = {"Sec-Fetch-Site": "same-origin"}
        self.client = httpx.Client(base_url=f"http://localhost:{port}", timeout=30, headers=headers)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def is_signed_in_by(self, token: str) -> None:
        """Go on in a session that has begun; every form that follows is sent with the token of this session."""
        self.client.cookies.set("canoe-desk", token)

    def fields(self, path: str, shown: httpx.Response | None = None) -> list[tuple[str, str]]:
        """Return what the form of a page that has no button pressed would send: that of the page."""
        return fields_of((shown or self.get(path)).text)

    def send(self, path: str, fields: list[tuple[str, str]], **more: str) -> httpx.Response:
        """Send a form with the fields of a page, some of them typed anew (``more``, ``__`` for a hyphen) or added."""
        typed = {name.replace("__", "-"): value for name, value in more.items()}
        kept = [(name, value) for name, value in fields if name not in typed]
        pairs: dict[str, list[str]] = {}
        for name, value in [*kept, *typed.items()]:
            pairs.setdefault(name, []).append(value)
        return self.client.post(path, data=pairs)


def fields_of(page: str) -> list[tuple[str, str]]:
    """Return the successful controls (HTML, 4.10.21.4) of a page's last form that changes anything, buttons aside."""
    parser = _Forms()
    parser.feed(page)
    return [form for form in parser.forms if "csrf" in dict(form)][-1]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[list[tuple[str, str]]] = []
        self._name = ""
        self._text: str | None = None
        self._select: list[tuple[str, bool]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has: Mapping[str, str | None] = dict(attrs)
        name, value = has.get("name") or "", has.get("value") or ""
        if tag == "form":
            self.forms.append([])
        elif tag == "input" and name and has.get("type") in ("checkbox", "radio"):
            if "checked" in has:
                self.forms[-1].append((name, value))
        elif tag == "input" and name:
            self.forms[-1].append((name, value))
        elif tag == "textarea":
            self._name, self._text = name, ""
        elif tag == "select":
            self._name, self._select = name, []
        elif tag == "option" and self._select is not None:
            self._select.append((value, "selected" in has))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            self.forms[-1].append((self._name, self._text.removeprefix("\n")))
            self._text = None
        elif tag == "select" and self._select:
            chosen = next((value for value, is_chosen in self._select if is_chosen), self._select[0][0])
            self.forms[-1].append((self._name, chosen))
            self._select = None


@contextmanager
def at_desk(home: Home) -> Iterator[Desk]:
    """Serve a home, its desk too, on this machine for as long as the context lasts."""
    accounts = Accounts(home.path, passwords=CHEAP)
    accounts.add(ACCOUNT, WHO, PASSWORD)
    server = uvicorn.Server(uvicorn.Config(build(home), port=0, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    desk = Desk(server.servers[0].sockets[0].getsockname()[1])
    try:
        desk.is_signed_in_by(accounts._begin(ACCOUNT, "tests"))  # what signing in costs is not what is tested
        yield desk
    finally:
        desk.client.close()
        server.should_exit = True
        thread.join()
