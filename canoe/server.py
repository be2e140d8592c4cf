"""One process that serves everything: the web pages and OAI-PMH over one library."""

import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from math import inf

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from canoe.desk import desk
from canoe.desk_needing import Watching
from canoe.desk_running import Running
from canoe.doi_in_background import Registering
from canoe.embargoes import Lifting
from canoe.home import Home
from canoe.marc_records import MarcRecords
from canoe.settings import home_folder
from canoe.usage_keeping import Keeping
from canoe.usage_processes import usage_counter
from desk.app import routes as desk_routes
from metadata.collection import by_id
from metadata.errors import CanoeError, HomeHeld, Outdated
from metadata.marc_writing import record_for_harvesters
from metadata.model import Item
from metadata.sets import collection_set, set_name
from oai.app import Door, application
from oai.formats import Renderers
from oai.limit import Limit
from oai.provider import Provider, Repository
from search.engine import SearchReader
from web.app import routes
from web.harvesting import harvesting
from web.line import Limits
from web.pictures import ImageLimits
from web.render import Service
from web.site import Site
from web.usage import Counting, Noting

log = logging.getLogger(__name__)
_LOOK_EVERY = 0.05  # seconds, at the catalogue's files: whether anything was written
_LOOK_ALL_THE_SAME = 5.0  # seconds
_LOOK_WHEN_HELD = 0.2
_LOOK_AFTER_A_FAULT = 10.0


def from_environment() -> Starlette:
    """Return the application for ``$CANOE_HOME``; what each server process calls."""
    return build(Home.read(home_folder(None)))


def build(home: Home) -> Starlette:
    """Return the application: pages at /, OAI-PMH at /oai."""
    reader = home.index_reader()
    harvested = provider(home)
    people = harvesting(Service(site(home), home.library, reader, home.vocabulary), harvested)
    allowed = limits(home)
    oai = application(harvested, Door(home.library.settled, allowed.lists, people))
    at_desk = desk_routes(desk(home, Service(site(home), home.library, reader, home.vocabulary)))
    pages = routes(site(home), home.library, reader, home.vocabulary, harvested.renders, allowed)
    handlers = {CanoeError: _unavailable}
    counter = usage_counter(home)
    served = Starlette(
        routes=[oai, *at_desk, *pages], exception_handlers=handlers, lifespan=_following(home, reader, counter)
    )
    if counter:
        served.add_middleware(Counting, counter=counter)
    return served


def _unavailable(request: Request, fault: Exception) -> Response:
    """Answer a harvester while the library cannot be read; the log says why."""
    log.error("%s: %s", request.url.path, fault)
    return PlainTextResponse("The library cannot be read just now.\n", 503, headers={"Retry-After": "120"})


def repository(home: Home) -> Repository:
    """Return what the OAI-PMH provider says of this home."""
    library, known = home.settings.library, by_id(home.settings.collections)
    sets = map(collection_set, known)
    return Repository(
        name=library.name,
        base_url=f"{library.base_url}/oai",
        admin_email=library.admin_email,
        namespace=home.settings.namespace,
        page_size=home.settings.oai.page_size,
        token_key=home.token_key(),
        friends=home.settings.oai.friends,
        icon=home.settings.oai.icon,
        set_names={spec: set_name(spec, collections=known) for spec in sets},
    )


def provider(home: Home) -> Provider:
    """Return what answers harvesters: the records of this home in every format."""
    catalogue = home.library.catalogue
    made = Renderers(home.publishing, home.settings.library.name, catalogue.shown_item).by_prefix()
    return Provider(repository(home), catalogue, {**made, "marcxml": _Marc(home).element})


def limits(home: Home) -> Limits:
    """Return how fast one client may search, and how fast it may harvest and take lists."""
    search, oai = home.settings.search, home.settings.oai
    return Limits(
        Limit(search.requests_per_second, search.requests_at_once),
        Limit(oai.requests_per_second, oai.requests_at_once),
    )


class _Marc:
    """Makes MARCXML for harvesters with what the records that came as MARC said, one record at a time.

    A source record that is damaged is left out, and the log says so.
    """

    def __init__(self, home: Home) -> None:
        self._records = MarcRecords(home, lambda fault: log.error("%s", fault))
        self._making = threading.Lock()

    def element(self, item: Item, _change: int) -> str:
        with self._making:
            return record_for_harvesters(self._records.record(item))


def site(home: Home) -> Site:
    """Return what the pages say of this home."""
    library, images = home.settings.library, home.settings.images
    limits = ImageLimits(images.cache_bytes, images.pixels, images.processes)
    known = by_id(home.settings.collections)
    return Site(library.name, library.base_url, library.admin_email, library.language, limits, known)


def _following(
    home: Home, reader: SearchReader, counter: Noting | None
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        follower = _Follower(home, reader, threading.Event())
        lifting = Lifting(Home(home.path, home.settings).library, follower.stop)
        tasks = [follower.run, lifting.run, Running(home, follower.stop).run]
        tasks.append(Watching(Home(home.path, home.settings), follower.stop).run)
        if home.settings.doi.every:
            tasks.append(Registering(Home(home.path, home.settings), follower.stop).run)
        if counter:
            counter.stop = follower.stop
            tasks += [counter.run, Keeping(Home(home.path, home.settings).library, follower.stop).run]
        threads = [threading.Thread(target=task, name=task.__qualname__, daemon=True) for task in tasks]
        for thread in threads:
            thread.start()
        yield
        follower.stop.set()
        for thread in threads:
            thread.join(timeout=10)
        reader.close()

    return lifespan


@dataclass(frozen=True)
class _Follower:
    """Lets the index follow the catalogue while the server runs, whoever writes to the home."""

    home: Home
    reader: SearchReader
    stop: threading.Event

    def run(self) -> None:
        """Follow until told to stop; what is written is found within half a second."""
        pause, seen, looked = _LOOK_EVERY, self._state(), -inf
        while not self.stop.wait(pause):
            pause, state = _LOOK_EVERY, self._state()
            if state == seen and time.monotonic() < looked + _LOOK_ALL_THE_SAME:
                continue
            seen, looked = state, time.monotonic()
            try:
                if not self._is_up_to_date():
                    self.home.update_index()
                with suppress(HomeHeld):  # who holds the agents brings them up to date
                    self.home.update_agents()
            except HomeHeld:  # whoever holds the index is bringing it up to date
                pause, looked = _LOOK_WHEN_HELD, -inf
            except CanoeError as fault:
                log.error("The search index could not follow. %s", fault)
                pause, looked = _LOOK_AFTER_A_FAULT, -inf

    def _state(self) -> list[tuple[int, int, int]]:
        """Return what changes with every write to the catalogue or its journal; costs next to nothing."""
        path = self.home.library.catalogue.path
        state = []
        for file in (path, path.with_name(f"{path.name}-wal")):
            with suppress(OSError):
                status = file.stat()
                state.append((status.st_ino, status.st_mtime_ns, status.st_size))
        return state

    def _is_up_to_date(self) -> bool:
        """Look before writing: a home that can only be read is served, too. An index that is lost is none."""
        library = self.home.library
        newest = library.catalogue.last_change()
        try:
            position = self.reader.position()
        except Outdated:
            return False
        return position <= newest and not library.changes(position, 1)
