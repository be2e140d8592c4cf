"""The provider over real HTTP: methods, bodies, compression, and a harvest by Sickle."""

import asyncio
import http.client
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from oai_library import NAMESPACE, START, Answer, identifier, made_item, opened, parsed, repository, write
from sickle import Sickle
from sickle.oaiexceptions import BadArgument, NoRecordsMatch
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Message
from thoroughness import usually

from archive.catalogue import Catalogue
from archive.catalogued import Listing
from oai.app import FORM, MAX_BODY, Door, accepts_gzip, application
from oai.limit import Limit
from oai.pace import Pace
from oai.provider import Provider

ITEMS = [made_item(number) for number in range(300)]
WITHDRAWN = {identifier(ITEMS[number]) for number in (0, 7, 299)}
IDENTIFY = "verb=Identify"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def said(self) -> Answer:
        return parsed(self.body)


@dataclass(frozen=True, slots=True)
class Site:
    port: int
    catalogue: Catalogue

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/oai"

    def send(
        self, method: str, query: str = "", body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, f"/oai?{query}" if query else "/oai", body, headers or {})
        response = connection.getresponse()
        reply = Reply(response.status, response.headers, response.read())
        connection.close()
        return reply

    def post(self, body: bytes, media_type: str = FORM, query: str = "") -> Reply:
        return self.send("POST", query, body, {"Content-Type": media_type})


@contextmanager
def served(catalogue: Catalogue, door: Door = Door()) -> Iterator[Site]:  # noqa: B008 - it is frozen
    route = application(Provider(repository(page_size=40), catalogue), door)
    config = uvicorn.Config(Starlette(routes=[route]), port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield Site(server.servers[0].sockets[0].getsockname()[1], catalogue)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three hundred records, ten to the second, three of them withdrawn."""
    with opened(tmp_path_factory.mktemp("oai") / "catalogue.db") as catalogue:
        items = [replace(item, status="withdrawn") if identifier(item) in WITHDRAWN else item for item in ITEMS]
        write(catalogue, items, START, spread=10)
        with served(catalogue) as site:
            yield site


def test_get_and_form_post_are_answered_alike(site: Site) -> None:
    query = "verb=ListRecords&metadataPrefix=oai_dc&set=type:report"
    got, posted = site.send("GET", query), site.post(query.encode())
    for reply in (got, posted):
        assert (reply.status, reply.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert got.said.identifiers == posted.said.identifiers
    assert got.said.echo == posted.said.echo


def test_a_token_is_good_by_post(site: Site) -> None:
    token = site.send("GET", "verb=ListRecords&metadataPrefix=oai_dc").said.token
    assert token is not None
    body = urlencode({"verb": "ListRecords", "resumptionToken": token.text}).encode()
    assert site.post(body).said.identifiers == [identifier(item) for item in ITEMS[40:80]]


@pytest.mark.parametrize(
    ("media_type", "codes"),
    [
        (FORM, []),
        (f"{FORM}; charset=UTF-8", []),
        (FORM.upper(), []),
        ("multipart/form-data; boundary=x", ["badArgument"]),
        ("application/json", ["badArgument"]),
        ("text/xml", ["badArgument"]),
        ("", ["badArgument"]),
    ],
)
def test_the_body_of_a_post_is_a_form(site: Site, media_type: str, codes: list[str]) -> None:
    reply = site.post(IDENTIFY.encode(), media_type)
    assert reply.status == 200
    assert reply.said.codes == codes


def test_what_the_address_of_a_post_holds_counts_too(site: Site) -> None:
    assert site.post(b"", query=IDENTIFY).said.codes == []
    assert site.post(IDENTIFY.encode(), query=IDENTIFY).said.codes == ["badVerb"]
    assert site.post(IDENTIFY.encode(), query="junk=1").said.codes == ["badArgument"]
    assert site.post(b"").said.codes == ["badVerb"]


def test_a_body_has_its_measure(site: Site) -> None:
    fitting = b"verb=ListRecords&resumptionToken="
    assert site.post(fitting.ljust(MAX_BODY, b"x")).said.codes == ["badResumptionToken"]
    assert site.post(fitting.ljust(MAX_BODY + 1, b"x")).said.codes == ["badArgument"]


def test_the_base_url_is_never_the_host_that_was_called(site: Site) -> None:
    reply = site.send("GET", IDENTIFY, headers={"Host": "evil.example.net"})
    assert b"evil" not in reply.body
    assert reply.said.all("oai:baseURL") == ["http://library.example.org/oai"]


def test_head_says_what_get_would_send(site: Site) -> None:
    for query in (IDENTIFY, "verb=ListRecords&metadataPrefix=oai_dc", ""):
        got, head = site.send("GET", query), site.send("HEAD", query)
        assert (head.status, head.body) == (200, b"")
        assert int(head.headers["content-length"]) == len(got.body)


def test_other_methods_are_refused(site: Site) -> None:
    for method in ("PUT", "DELETE", "OPTIONS"):
        assert site.send(method, IDENTIFY).status == 405


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("GZip ; Q=0.001", True),
        ("x-gzip", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("identity", False),
        ("gzip;q=2", False),
        ("gzip;q=nan", False),
        ("gzip;level=1", False),
        ("notgzip, gzip2", False),
        ("identity, gzip", True),
        ("gzip, identity;q=0.5", True),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0, gzip;q=0.1", True),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(site: Site, header: str, accepted: bool) -> None:
    assert accepts_gzip(header) == accepted
    reply = site.send("GET", "verb=ListRecords&metadataPrefix=oai_dc", headers={"Accept-Encoding": header})
    assert reply.headers["vary"] == "Accept-Encoding"
    assert reply.headers["content-encoding"] == ("gzip" if accepted else None)
    document = zlib.decompress(reply.body, 31) if accepted else reply.body
    assert len(parsed(document).identifiers) == 40


@given(st.binary(max_size=80), st.sampled_from([FORM, "", "a/b", "\x7f;;="]))
@settings(max_examples=usually(18, thoroughly=60), deadline=None)
def test_any_body_has_an_answer(site: Site, body: bytes, media_type: str) -> None:
    reply = site.post(body, media_type)
    assert reply.status == 200
    assert reply.said.codes


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=80))
@settings(max_examples=usually(18, thoroughly=60), deadline=None)
def test_any_address_has_an_answer(site: Site, query: str) -> None:
    reply = site.send("GET", query)
    assert reply.status == 200
    assert reply.said.codes


def test_a_client_that_goes_away_in_mid_body_is_no_fault_of_ours(site: Site) -> None:
    events: list[Message] = [
        {"type": "http.request", "body": b"verb=", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return events.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/oai", "query_string": b"", "headers": []}

    async def post() -> None:
        await application(Provider(repository(), site.catalogue)).app(scope, receive, send)

    asyncio.run(post())
    assert sent[0]["status"] == 400


def test_sickle_harvests_everything_once(site: Site) -> None:
    records = list(Sickle(site.url).ListRecords(metadataPrefix="oai_dc"))
    assert [record.header.identifier for record in records] == [identifier(item) for item in ITEMS]
    assert {record.header.identifier for record in records if record.deleted} == WITHDRAWN
    live = [record for record in records if not record.deleted]
    assert live[0].metadata["title"] == ["Roofs & <walls> 1"]
    assert live[0].metadata["creator"] == ["Durand, Zoé"]


def test_sickle_harvests_by_post(site: Site) -> None:
    headers = list(Sickle(site.url, http_method="POST").ListIdentifiers(metadataPrefix="oai_dc"))
    assert [header.identifier for header in headers] == [identifier(item) for item in ITEMS]


def test_sickle_harvests_what_changed_and_sets(site: Site) -> None:
    sickle = Sickle(site.url)
    since = {"metadataPrefix": "oai_dc", "from": "2001-09-09T01:46:50Z", "until": "2001-09-09T01:46:59Z"}
    window = [header.identifier for header in sickle.ListIdentifiers(**since)]
    assert window == [identifier(item) for item in ITEMS[100:200]]
    assert {"collection:posters", "type:report"} <= {each.setSpec for each in sickle.ListSets()}
    reports = [h.identifier for h in sickle.ListIdentifiers(metadataPrefix="oai_dc", set="type:report")]
    assert reports == [identifier(item) for item in ITEMS if item.type == "report"]


def test_sickle_understands_who_answers_and_what_is_wrong(site: Site) -> None:
    sickle = Sickle(site.url)
    assert sickle.Identify().deletedRecord == "persistent"
    assert sickle.Identify().repositoryIdentifier == NAMESPACE
    assert [each.metadataPrefix for each in sickle.ListMetadataFormats()] == ["oai_dc"]
    assert sickle.GetRecord(metadataPrefix="oai_dc", identifier=identifier(ITEMS[7])).deleted
    with pytest.raises(NoRecordsMatch):
        sickle.ListRecords(metadataPrefix="oai_dc", set="type:map")
    with pytest.raises(BadArgument):
        sickle.ListRecords(metadataPrefix="oai_dc", until="yesterday")


def test_sickle_loses_nothing_while_records_change(tmp_path: Path) -> None:
    with opened(tmp_path / "catalogue.db") as catalogue:
        write(catalogue, ITEMS, START)
        with served(catalogue) as site:
            harvest = Sickle(site.url).ListRecords(metadataPrefix="oai_dc")
            seen = [next(harvest) for _ in range(100)]
            changed = [made_item(number, title="Anew") for number in (5, 50, 150, 250)]
            withdrawn = [replace(ITEMS[number], status="withdrawn") for number in (6, 151)]
            write(catalogue, [*changed, *withdrawn, made_item(1000)], START + 1000)
            seen += harvest
    names = [record.header.identifier for record in seen]
    again = {identifier(ITEMS[number]) for number in (5, 50, 6)}
    assert set(names) == {identifier(item) for item in [*ITEMS, made_item(1000)]}
    assert {name for name in names if names.count(name) > 1} == again
    assert names[-7:] == [identifier(item) for item in [*changed, *withdrawn, made_item(1000)]]
    assert [record.deleted for record in seen[-7:]] == [False] * 4 + [True] * 2 + [False]


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def _page(request: Request) -> Response:
    return HTMLResponse(f"<h1>{request.query_params.get('lang', 'en')}</h1>", headers={"Vary": "Accept-Language"})


def test_a_browser_that_asks_nothing_gets_a_page_and_everybody_else_xml(site: Site) -> None:
    with served(site.catalogue, Door(people=_page)) as open_door:
        for query, shown in (("", b"<h1>en</h1>"), ("lang=fr", b"<h1>fr</h1>")):
            page = open_door.send("GET", query, headers={"Accept": BROWSER})
            assert (page.status, page.body) == (200, shown)
            assert page.headers.get_all("vary") == ["Accept-Language", "Accept"]
            assert open_door.send("HEAD", query, headers={"Accept": BROWSER}).body == b""
        for query, accept in (("", "*/*"), ("", ""), ("", "application/xml"), ("lang=fr", "*/*"), ("verb=", BROWSER)):
            reply = open_door.send("GET", query, headers={"Accept": accept})
            assert reply.headers["content-type"] == "text/xml; charset=utf-8"
            assert reply.said.codes == ["badVerb"]
        assert open_door.send("GET", IDENTIFY, headers={"Accept": BROWSER}).said.codes == []
    assert site.send("GET", headers={"Accept": BROWSER}).said.codes == ["badVerb"]
    for query in ("", "lang=fr"):
        assert site.send("GET", query).headers["vary"] == "Accept, Accept-Encoding"


def test_who_asks_too_fast_is_told_when_to_come_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oai.limit._client", lambda address: address)  # this machine, too, is counted
    with served(site.catalogue, Door(limit=Limit(0.5, 3))) as narrow:
        replies = [narrow.send("GET", IDENTIFY) for _ in range(5)]
        assert [reply.status for reply in replies] == [200, 200, 200, 503, 503]
        assert [reply.headers["retry-after"] for reply in replies[3:]] == ["2", "2"]
        assert narrow.post(IDENTIFY.encode()).status == 503


def test_ten_megabytes_are_refused_like_little_too_much(site: Site) -> None:
    reply = site.post(b"verb=ListRecords&resumptionToken=".ljust(10_000_000, b"x"))
    assert (reply.status, reply.said.codes) == (200, ["badArgument"])


class Watched(Catalogue):
    """A catalogue that notes which thread it reads records in."""

    def oai_records(self, listing: Listing, limit: int) -> Sequence[tuple[int, bytes]]:
        self.thread = threading.get_ident()
        return super().oai_records(listing, limit)


def test_more_of_the_list_of_all_is_given_without_a_thread(tmp_path: Path) -> None:
    with opened(tmp_path / "catalogue.db") as catalogue:
        write(catalogue, ITEMS, START)
    with closing(Watched(tmp_path / "catalogue.db", catalogue.publishing)) as watched, served(watched) as site:
        whole = site.send("GET", "verb=ListRecords&metadataPrefix=oai_dc").said.token
        of_a_set = site.send("GET", "verb=ListRecords&metadataPrefix=oai_dc&set=collection:posters").said.token
        assert whole is not None
        assert of_a_set is not None

        def thread(token: str | None, coding: str) -> int:
            query = urlencode({"verb": "ListRecords", "resumptionToken": token})
            assert site.send("GET", query, headers={"Accept-Encoding": coding}).status == 200
            return watched.thread

        loop = thread(whole.text, "identity")
        assert thread(whole.text, "identity") == loop
        assert thread(whole.text, "gzip") != loop
        assert thread(of_a_set.text, "identity") != loop


def test_a_slow_answer_sends_those_after_it_to_threads_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("oai.pace.time", SimpleNamespace(monotonic=lambda: now))
    pace, brisk = Pace(slow=0.01, calm=0.05), []
    for seconds in (0, 0.02, 0.06):
        with pace.watched() if seconds != 0.06 else nullcontext():
            now += seconds
        brisk.append(pace.is_brisk)
    assert brisk == [True, False, True]
