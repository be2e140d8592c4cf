"""Who searches or takes lists too fast is told when to come again; who reads pages is not."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from web_library import EN, FR, SITE, index, make

from metadata.errors import NotFound
from metadata.model import Item
from metadata.vocabulary import shipped
from oai.limit import NO_LIMIT, Limit
from search.engine import Answer, open_reader
from search.engine import Request as Question
from search.tantivy_engine import TantivyReader
from web.app import routes
from web.line import Limits, Line
from web.missing import nothing_here
from web.render import Service

SEARCHES = (
    "/search", "/search?language=fr&type=report", "/search?page=51", "/search.csv", "/search.json", "/search.bib",
    "/search.ris", "/search.atom", "/sru", "/suggest?q=ca", f"/item/{FR}/search?q=eau", f"/iiif/{FR}/search?q=eau",
)  # fmt: skip
LISTS = (
    "/new.atom", "/sitemap.xml", "/sitemap-0-0.xml", "/.well-known/resourcesync", "/resourcesync/capabilitylist.xml",
    "/resourcesync/resourcelist.xml", "/resourcesync/resourcelist-0-0.xml", "/resourcesync/changelist.xml",
    "/resourcesync/changelist-1.xml",
)  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starlette]:
    library = make(tmp_path_factory.mktemp("home"))
    index(library)
    reader = open_reader(library.home / "index")
    limits = Limits(Limit(0.01, len(SEARCHES)), Limit(0.01, len(LISTS)))
    yield Starlette(routes=routes(SITE, library, reader, shipped(), limits=limits))
    reader.close()


def asked(app: Starlette, address: str, paths: Iterable[str]) -> list[httpx.Response]:
    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(ask())


@pytest.mark.parametrize(("paths", "others"), [(SEARCHES, LISTS), (LISTS, SEARCHES)], ids=["searches", "lists"])
def test_each_client_is_limited_by_itself(app: Starlette, paths: Iterable[str], others: Iterable[str]) -> None:
    address, another = ("192.0.2.1", "192.0.2.2") if paths is LISTS else ("192.0.2.3", "192.0.2.4")
    assert {answer.status_code for answer in asked(app, address, paths)} <= {200, 400, 404}
    for refused in asked(app, address, paths):
        assert (refused.status_code, refused.headers["cache-control"]) == (503, "no-store")
        assert 1 <= int(refused.headers["retry-after"]) <= 100
        assert refused.headers["x-content-type-options"] == "nosniff"
    pages = asked(app, address, ("/", f"/item/{FR}", "/robots.txt", *[*others][:1]))
    assert [answer.status_code for answer in pages] == [200] * 4
    assert [answer.status_code for answer in asked(app, another, [*paths][:1])] == [200]


def test_what_is_refused_is_not_searched_for(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(app, "192.0.2.5", SEARCHES)
    monkeypatch.setattr(TantivyReader, "find", lambda *_: pytest.fail("it was searched for"))
    refused = asked(app, "192.0.2.5", (*SEARCHES, "/search.csv?q=water", "/no-such-address-of-wetlands"))
    assert [answer.status_code for answer in refused] == [503] * (len(SEARCHES) + 1) + [404]


def test_an_address_that_nothing_is_at_is_searched_for_within_the_limit(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    find = TantivyReader.find

    def counted(reader: TantivyReader, question: Question) -> Answer:
        searched.append(question.query)
        return find(reader, question)

    monkeypatch.setattr(TantivyReader, "find", counted)
    paths = [f"/no/such/report/of/wetlands/{number}" for number in range(len(SEARCHES) + 3)]
    answers = asked(app, "192.0.2.6", paths)
    assert {answer.status_code for answer in answers} == {404}
    assert len(searched) == len(SEARCHES)
    assert [f"/item/{EN}" in answer.text for answer in answers] == [True] * len(SEARCHES) + [False] * 3


def test_an_address_that_nothing_is_at_waits_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = [0], [0]

    def slow(*_: object) -> list[Item]:
        now[0] += 1
        most[0] = max(*most, *now)
        time.sleep(0.1)
        now[0] -= 1
        return []

    monkeypatch.setattr("web.missing._found", slow)
    monkeypatch.setattr("web.missing._page", lambda *_: Response(status_code=404))
    line, request = Line(1, 2, 5.0), Request({"type": "http", "path": "/wetlands", "client": None})

    async def ask() -> list[Response]:
        asking = (nothing_here(cast(Service, None), line, NO_LIMIT, request, NotFound("x")) for _ in range(5))
        return await asyncio.gather(*asking)

    assert [answer.status_code for answer in asyncio.run(ask())] == [404] * 5
    assert most == [1]


def test_a_line_is_served_in_its_order_few_at_a_time_and_is_not_endless() -> None:
    line, done, most, now = Line(2, 3, 5.0), list[int](), [0], [0]

    def work(number: int) -> Response:
        now[0] += 1
        most[0] = max(most[0], now[0])
        time.sleep(0.05)
        now[0] -= 1
        done.append(number)
        return Response()

    async def ask() -> list[Response]:
        return await asyncio.gather(*(line.answer(partial(work, number)) for number in range(8)))

    answers = asyncio.run(ask())
    # Two at once, three that wait: who comes then is told to come again.
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200] * sum(status == 200 for status in statuses) + [503] * statuses.count(503)
    assert statuses.count(503) >= 3
    assert most[0] <= 2
    assert sorted(done[:2]) == [0, 1]
    assert all(answer.headers["retry-after"] == "5" for answer in answers if answer.status_code == 503)


def test_nobody_waits_in_a_line_for_ever() -> None:
    line = Line(1, 10, 0.05)

    def slow() -> Response:
        time.sleep(0.3)
        return Response()

    async def ask() -> list[Response]:
        return await asyncio.gather(*(line.answer(slow) for _ in range(3)))

    began = time.monotonic()
    assert [answer.status_code for answer in asyncio.run(ask())] == [200, 503, 503]
    assert time.monotonic() - began < 0.6


def test_a_fault_gives_its_place_to_the_next() -> None:
    line = Line(1, 10, 5.0)

    async def ask() -> int:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await line.answer(lambda: Response(status_code=1 // 0))
        return (await line.answer(Response)).status_code

    assert asyncio.run(ask()) == 200
