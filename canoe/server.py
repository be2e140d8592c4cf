"""One process that serves everything: the web pages and OAI-PMH over one library."""

import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from canoe.home import Home
from canoe.settings import home_folder
from metadata.errors import CanoeError, HomeHeld
from oai.app import application
from oai.provider import Repository
from search.engine import SearchReader, open_reader
from web.app import routes
from web.site import Site

log = logging.getLogger(__name__)
_LOOK_EVERY = 1.0


def from_environment() -> Starlette:
    """Return the application for ``$CANOE_HOME``; what each server process calls."""
    return build(Home.read(home_folder(None)))


def build(home: Home) -> Starlette:
    """Return the application: pages at /, OAI-PMH at /oai."""
    reader = open_reader(home.index)
    oai = application(repository(home), home.library.catalogue, clock=home.library.settled)
    pages = routes(site(home), home.library, reader, home.vocabulary)
    handlers = {CanoeError: _unavailable}
    return Starlette(routes=[oai, *pages], exception_handlers=handlers, lifespan=_following(home, reader))


def _unavailable(request: Request, fault: Exception) -> Response:
    """Answer a harvester while the library cannot be read; the log says why."""
    log.error("%s: %s", request.url.path, fault)
    return PlainTextResponse("The library cannot be read just now.\n", 503, headers={"Retry-After": "120"})


def repository(home: Home) -> Repository:
    """Return what the OAI-PMH provider says of this home."""
    library = home.settings.library
    return Repository(
        name=library.name,
        base_url=f"{library.base_url}/oai",
        admin_email=library.admin_email,
        namespace=home.settings.namespace,
        page_size=home.settings.oai.page_size,
        token_key=home.token_key(),
    )


def site(home: Home) -> Site:
    """Return what the pages say of this home."""
    library = home.settings.library
    return Site(library.name, library.base_url, library.admin_email, library.language)


def _following(home: Home, reader: SearchReader) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        follower = _Follower(home, threading.Event())
        thread = threading.Thread(target=follower.run, name="follower", daemon=True)
        thread.start()
        yield
        follower.stop.set()
        thread.join(timeout=10)
        reader.close()

    return lifespan


@dataclass(frozen=True)
class _Follower:
    """Lets the index follow the catalogue while the server runs, whoever writes to the home."""

    home: Home
    stop: threading.Event

    def run(self) -> None:
        seen = -1
        while not self.stop.wait(_LOOK_EVERY):
            try:
                newest = self.home.library.catalogue.last_change()
                if newest != seen:
                    self.home.update_index()
                    seen = newest
            except HomeHeld:
                continue  # whoever holds the index is bringing it up to date
            except CanoeError:
                log.exception("The search index could not follow.")
