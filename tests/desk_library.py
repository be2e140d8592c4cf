"""A desk over real HTTP for the tests, and a librarian's browser: cookies, forms, and what browsers say of them."""

import asyncio
import html
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import httpx
import uvicorn
from argon2 import PasswordHasher
from starlette.applications import Starlette

from canoe.desk import desk
from canoe.home import Home
from canoe.server import site
from desk.accounts import Accounts, Patience
from desk.app import routes as desk_routes
from desk.passwords import Passwords
from web.app import routes
from web.render import Service

NAME, FULL_NAME, PASSWORD = "ada", "Ada Lovelace", "wool lantern orbit seven"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass(slots=True)
class Librarian:
    """A browser at a desk at ``url``; it says where its forms come from, as browsers do."""

    url: str
    client: httpx.Client
    origin: str

    def get(self, path: str, **asked: Any) -> httpx.Response:
        """Ask for a page; redirects are not followed."""
        return self.client.get(self.url + path, **asked)

    def post(self, path: str, fields: Any = (), token: str | None = None, **asked: Any) -> httpx.Response:
        """Send a form, with the token of a page of the desk unless another is given."""
        pairs = [*(fields.items() if isinstance(fields, dict) else fields)]
        sent = [("csrf", self.token() if token is None else token), *pairs]
        asked.setdefault("headers", {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"})
        encoded = httpx.QueryParams(sent)
        headers = {"Content-Type": "application/x-www-form-urlencoded", **asked.pop("headers")}
        return self.client.post(self.url + path, content=str(encoded), headers=headers, **asked)

    def upload(
        self, fields: dict[str, str], files: list[tuple[str, bytes]], token: str | None = None
    ) -> httpx.Response:
        """Send files with a form."""
        sent = {"csrf": self.token() if token is None else token, **fields}
        parts = [("files", (name, content)) for name, content in files]
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        return self.client.post(f"{self.url}/desk/upload", data=sent, files=parts, headers=headers)

    def token(self) -> str:
        """Return the token of this session's forms."""
        found = _TOKEN.search(self.get("/desk/upload").text)
        assert found, "nobody is signed in"
        return found[1]

    def sign_in(self, name: str = NAME, password: str = PASSWORD, **fields: str) -> httpx.Response:
        """Sign in."""
        return self.post("/desk/login", {"name": name, "password": password, **fields}, token="")

    def close(self) -> None:
        """Close the browser; cookies are gone with it."""
        self.client.close()


def librarian(url: str, origin: str = "") -> Librarian:
    """Return a browser that nobody has signed in with."""
    return Librarian(url, httpx.Client(timeout=30), origin or url)


@contextmanager
def serving_desk(
    home: Path,
    clock: Callable[[], float] = time.time,
    patience: Patience | None = None,
    http: type[asyncio.Protocol] | Literal["auto"] = "auto",
) -> Iterator[Librarian]:
    """Serve desk and pages of a home in this process, with one account, :data:`NAME`; lend a browser."""
    opened = Home.read(home)
    reader = opened.index_reader()
    service = Service(site(opened), opened.library, reader, opened.vocabulary)
    accounts = Accounts(home, patience or Patience(), CHEAP, clock)
    if not accounts.all():
        accounts.add(NAME, FULL_NAME, PASSWORD)
    at_desk = replace(desk(opened, service), accounts=accounts)
    pages = routes(site(opened), opened.library, reader, opened.vocabulary)
    made = Starlette(routes=[*desk_routes(at_desk), *pages])
    server = uvicorn.Server(uvicorn.Config(made, port=0, lifespan="off", log_config=None, http=http))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    browser = librarian(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    try:
        yield browser
    finally:
        browser.close()
        server.should_exit = True
        thread.join()
        reader.close()


@contextmanager
def at_desk(home: Path) -> Iterator[Librarian]:
    """Serve the desk of a home; lend the browser of someone who is signed in."""
    with serving_desk(home) as browser:
        assert browser.sign_in().status_code == 303
        yield browser


def text_of(answer: httpx.Response) -> str:
    """Return what a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())
