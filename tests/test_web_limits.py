"""Who searches or takes lists too fast is told when to come again; who reads pages is not."""

import asyncio
from collections.abc import Iterable, Iterator

import httpx
import pytest
from starlette.applications import Starlette
from web_library import FR, SITE, index, make

from metadata.vocabulary import shipped
from oai.limit import Limit
from search.engine import open_reader
from web.app import routes

LISTS = (
    "/search", "/search.csv", "/search.json", "/search.bib", "/search.ris", "/search.atom", "/new.atom", "/sru",
    "/sitemap.xml", "/sitemap-0-0.xml", "/.well-known/resourcesync", "/resourcesync/capabilitylist.xml",
    "/resourcesync/resourcelist.xml", "/resourcesync/resourcelist-0-0.xml", "/resourcesync/changelist.xml",
    "/resourcesync/changelist-1.xml", f"/item/{FR}/search?q=eau", f"/iiif/{FR}/search?q=eau",
)  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starlette]:
    library = make(tmp_path_factory.mktemp("home"))
    index(library)
    reader = open_reader(library.home / "index")
    yield Starlette(routes=routes(SITE, library, reader, shipped(), limit=Limit(0.01, len(LISTS))))
    reader.close()


def asked(app: Starlette, address: str, paths: Iterable[str]) -> list[httpx.Response]:
    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(ask())


def test_lists_are_limited_for_each_client_by_itself(app: Starlette) -> None:
    assert [answer.status_code for answer in asked(app, "192.0.2.1", LISTS)] == [200] * len(LISTS)
    for refused in asked(app, "192.0.2.1", LISTS):
        assert (refused.status_code, refused.headers["cache-control"]) == (503, "no-store")
        assert 1 <= int(refused.headers["retry-after"]) <= 100
    pages = asked(app, "192.0.2.1", ("/", f"/item/{FR}", "/robots.txt"))
    assert [answer.status_code for answer in pages] == [200] * 3
    assert [answer.status_code for answer in asked(app, "192.0.2.2", ("/sru",))] == [200]
