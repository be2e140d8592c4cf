"""Attacks on the public site as it is served: through metadata, questions, addresses and the Host header.

One server, a process of its own, answers all of them, and is as it was at the end. Pages are read as browsers do, by
the parsing rules of HTML: no hostile value may make an element or an attribute that a plain one does not.
"""

import csv
import io
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element

import html5lib
import httpx
import pytest
from crowding import served
from hostile_library import BASE, OWN, Hostile, make
from lxml import etree
from xml_shared import SHARED

from metadata.errors import UsageError
from metadata.folding import fold
from oai.fetching import Fetcher, Forbidden, Manners, Trouble, require_address

WEB = SHARED / "hostile" / "web"
FORMS = ("jsonld", "dc.xml", "qdc.xml", "mods", "marcxml", "openaire.xml", "bib", "ris", "csl.json", "json",
         "linkset.json", "linkset")  # fmt: skip
LISTS = (
    "/", "/search?q=wetland", "/about", "/agents", "/subjects", "/collections", "/series", "/map", "/years",
    "/statistics", "/search?q=wetland&lang=fr", "/no/such/wetland",
)  # fmt: skip
MACHINES = (
    "/search.json?q=wetland", "/search.atom?q=wetland", "/new.atom", "/opensearch.xml", "/sitemap.xml", "/robots.txt",
    "/sru?operation=searchRetrieve&version=1.2&query=wetland&maximumRecords=40", "/suggest?q=pla", "/sru",
    "/resourcesync/resourcelist.xml", "/resourcesync/changelist.xml", "/oai?verb=Identify", "/oai?verb=ListSets",
    *(f"/oai?verb=ListRecords&metadataPrefix={prefix}"
      for prefix in ("oai_dc", "oai_qdc", "mods", "marcxml", "oai_openaire")),
)  # fmt: skip
_HANDLER = re.compile(r"on[a-z]+", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://|/(?!/)|mailto:|#|\?)")


@dataclass(frozen=True, slots=True)
class Attacked:
    """The library, and a client of its server."""

    library: Hostile
    client: httpx.Client

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask; whatever is answered is no fault of the server, and has the headers that it has on purpose."""
        answer = self.client.get(path, headers=headers)
        assert answer.status_code < 500, path
        assert not {"x-injected", "set-cookie"} & {*answer.headers}, path
        if not path.startswith("/oai"):
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert "default-src 'none'" in answer.headers["content-security-policy"], path
        return answer

    def shape(self, path: str) -> set[tuple[str, ...]]:
        """Return the elements of a page, each with the names of its attributes; nothing in it can run or leads away."""
        tree = html5lib.parse(self.get(path, accept="text/html").text, namespaceHTMLElements=False)
        shape = set()
        for element in tree.iter():
            if isinstance(element.tag, str):  # and no comment
                shape.add(self._judged(path, element))
        return shape

    def _judged(self, path: str, element: Element) -> tuple[str, ...]:
        names = {str(name) for name in element.attrib}
        assert not any(map(_HANDLER.fullmatch, names)), (path, names)
        assert "style" not in names, path
        if element.tag == "script":
            assert element.get("type") == "application/ld+json" or element.get("src", "").startswith("/static/")
            json.loads(element.text or "{}")
        for name in names & {"href", "src", "action", "formaction", "poster", "data"}:
            assert _ADDRESS.match(element.attrib[name]), (path, element.attrib[name])
            if element.get("rel") != "license":  # that one is where the item says
                assert "evil.example" not in urlsplit(element.attrib[name]).netloc, path
        return (element.tag, *sorted(names))


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    library = make(tmp_path_factory.mktemp("hostile") / "home", WEB / "metadata_injection.jsonl")
    with served(library.home) as url, httpx.Client(base_url=url, timeout=20) as client:
        deadline = time.monotonic() + 20  # until who made what is known, too
        while "Plain" not in client.get("/agents?letter=P").text and time.monotonic() < deadline:
            time.sleep(0.1)
        yield Attacked(library, client)


def lines(name: str, key: str) -> list[str]:
    """Return what is shared of a kind; skip, saying so, where it is absent."""
    path = WEB / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip("../shared/data is absent")
    return [json.loads(line)[key] for line in path.read_text("utf-8").splitlines()]


def _kept(text: str) -> str:
    """Return the letters and figures of a text: what no tidying takes away."""
    return "".join(character for character in fold(text) if character.isalnum())


def test_metadata_make_no_element_on_the_pages_of_items(attacked: Attacked) -> None:
    pages = {"/item/{}": 99, "/item/{}/page/1?q=wetland": 99, "/item/{}/pages": 3, "/item/{}/search?q=wetland": 3}
    for page, most in pages.items():
        usual = attacked.shape(page.format(attacked.library.plain))
        for identifier, text in [*attacked.library.said.items()][:most]:
            strange = attacked.shape(page.format(identifier)) - usual - {("bdi",), ("br",), ("span", "dir", "lang")}
            if page == "/item/{}":  # it is part of the plain one, and may be like others
                strange -= attacked.shape(LISTS[0]) | {("a", "href"), ("span", "dir")}
            assert not strange, (page, text)


@pytest.mark.parametrize("path", LISTS)
def test_metadata_run_nowhere(attacked: Attacked, path: str) -> None:
    allowed = {("script", "type"), ("script", "src", "type"), ("script", "defer", "src"), ("script", "src")}
    scripts = {one for one in attacked.shape(path) if one[0] == "script"}
    assert scripts <= allowed


def test_every_page_that_lists_what_is_hostile_can_be_followed(attacked: Attacked) -> None:
    """Agents, collections, series and subjects have pages of their own, whose addresses are made of names."""
    followed = set()
    for path in ("/agents", "/collections", "/series", "/subjects"):
        for letter in ("", *({"/agents": ("?letter=X", "?letter=S")}.get(path, ()))):
            tree = html5lib.parse(attacked.get(path + letter, accept="text/html").text, namespaceHTMLElements=False)
            found = {element.get("href", "") for element in tree.iter("a")}
            followed |= {href for href in found if re.match(r"/(agent|collections|series|subjects)/", href)}
    assert len(followed) > 20
    for href in sorted(followed):
        answer = attacked.get(href, accept="text/html")
        assert answer.status_code == 200 or "%0D" in href, href
        assert "<script>alert" not in answer.text


def test_metadata_survive_in_every_form_of_a_record_and_break_none(attacked: Attacked) -> None:
    for identifier, text in attacked.library.said.items():
        for form in FORMS:
            answer = attacked.get(f"/item/{identifier}.{form}")
            assert answer.status_code == 200, (form, text)
            if "xml" in answer.headers["content-type"]:
                found = "".join(map(str, etree.fromstring(answer.content).itertext()))
            elif "json" in answer.headers["content-type"]:
                found = json.dumps(answer.json(), ensure_ascii=False)
            else:
                found = answer.text
            if not form.startswith("linkset"):
                assert _kept(text) in _kept(found.replace("\\n", " ").replace("\\r", " ").replace("\\t", " ")), (
                    form,
                    text,
                )
        assert not re.search(
            r"^(?:TY  - BOOK|ER  - [^\r\n])", attacked.get(f"/item/{identifier}.ris").text, re.MULTILINE
        )
        assert attacked.get(f"/item/{identifier}.ris").text.count("\nER  - ") == 1
        assert attacked.get(f"/item/{identifier}.bib").text.count("\n@") == 0


def test_viewers_get_the_text_as_text(attacked: Attacked) -> None:
    for identifier, text in attacked.library.said.items():
        manifest = attacked.get(f"/iiif/{identifier}/manifest.json").json()
        assert _kept(text) in _kept(" ".join(*manifest["label"].values()))
        attacked.get(f"/iiif/{identifier}/search?q=wetland").json()


def test_files_are_saved_under_harmless_names(attacked: Attacked) -> None:
    for identifier in attacked.library.said:
        answer = attacked.get(f"/item/{identifier}/file/original/scan.pdf")
        assert answer.content == b"%PDF-1.7\n"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["content-disposition"].isprintable()
        assert not re.search(r"filename=\"[^\"]*[/\\]", answer.headers["content-disposition"])


@pytest.mark.parametrize("path", MACHINES)
def test_machines_get_well_formed_answers(attacked: Attacked, path: str) -> None:
    answer = attacked.get(path)
    assert answer.status_code == 200
    if "xml" in answer.headers["content-type"]:
        tree = etree.fromstring(answer.content)
        assert not tree.xpath("//*[local-name() = 'script' or local-name() = 'img' or namespace-uri() = 'urn:evil']")
    elif "json" in answer.headers["content-type"]:
        answer.json()


def test_no_cell_of_a_table_is_a_formula(attacked: Attacked) -> None:
    answer = attacked.get("/search.csv?q=wetland&limit=100")
    rows = [*csv.reader(io.StringIO(answer.text, newline=""))]
    assert len(rows) > len(OWN)
    assert not {cell[:1] for row in rows for cell in row} & {"=", "+", "-", "@", "\t", "\r", "\n"}


def test_the_host_header_is_never_in_an_answer(attacked: Attacked) -> None:
    one = next(iter(attacked.library.said))
    paths = (*LISTS, *MACHINES, f"/item/{one}", f"/item/{one}/page/1", f"/item/{one}.jsonld", "/search/", "/desk",
             f"/iiif/{one}/manifest.json", f"/item/{one}.linkset", "/id/unknown", f"/item/{one}/page?n=1")  # fmt: skip
    for path in paths:
        told = {"host": "attacker.test", "x-forwarded-host": "attacker.test", "forwarded": "host=attacker.test",
                "x-original-url": "http://attacker.test/", "x-forwarded-proto": "gopher"}  # fmt: skip
        answer = attacked.client.get(path, headers=told)
        assert answer.status_code < 500, path
        assert "attacker.test" not in answer.text + str(answer.headers), path
        assert "gopher" not in answer.text + str(answer.headers), path
        assert answer.headers.get("location", "/").startswith(("/", BASE)), path


TEXTUAL = ("p", "a", "li", "ul", "mark", "bdi", "span")
"""What differs by what is found; their attributes are judged all the same."""


def test_robots_are_led_into_no_facet(attacked: Attacked) -> None:
    answer = attacked.get("/search?q=wetland&type=report&page=1", accept="text/html")
    tree = html5lib.parse(answer.text, namespaceHTMLElements=False)
    links = [one for one in tree.iter("a") if "/search?" in one.get("href", "")]
    assert len(links) > 10
    assert not [one.get("href") for one in links if "nofollow" not in one.get("rel", "").split()]
    assert [one.get("content") for one in tree.iter("meta") if one.get("name") == "robots"] == ["noindex"]
    assert [one.get("href") for one in tree.iter("link") if one.get("rel") == "canonical"] == [f"{BASE}/search"]
    rules = attacked.get("/robots.txt").text.splitlines()
    assert {"Disallow: /search", "Disallow: /sru", "Disallow: /iiif/image/"} <= {*rules}


QUESTIONS = (
    *OWN,
    '"><script>alert(1)</script>',
    "' onfocus=alert(1) autofocus='",
    "javascript:alert(1)",
    "</title><b>",
)


def _answered(attacked: Attacked, questions: list[str]) -> None:
    usual = attacked.shape("/search?q=nothingatall") | attacked.shape("/search?q=wetland&type=report")
    usual |= attacked.shape("/search?q=a&language=en&sort=title")
    for text in questions:
        began = time.monotonic()
        path = f"/search?q={quote(text.encode('utf-8', 'replace'))}"[:60_000].rstrip("%")
        assert not {one for one in attacked.shape(path) - usual if one[0] not in TEXTUAL}, text[:60]
        assert time.monotonic() - began < 4, text[:60]


def test_questions_come_back_as_text(attacked: Attacked) -> None:
    _answered(attacked, [*QUESTIONS])
    for text in QUESTIONS[-4:]:
        asked = quote(text)
        for path in (
            f"/search?type={asked}&year={asked}&sort={asked}&q=a&lang={asked}", f"/agents?letter={asked}", f"/{asked}",
            f"/subjects/x?concept={asked}", f"/id/{asked}", f"/collections/{asked}", f"/series/{asked}",
            f"/years/{asked}", f"/map?place={asked}", f"/desk/login?next={asked}",
        ):  # fmt: skip
            attacked.shape(path)


@pytest.mark.shared
def test_shared_questions_come_back_as_text_in_time(attacked: Attacked) -> None:
    _answered(attacked, lines("search_fuzz", "q"))


@pytest.mark.shared
def test_shared_addresses_lead_nowhere(attacked: Attacked) -> None:
    for path in lines("path_fuzz", "path"):
        status, head, body = _raw(attacked, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert 300 < status < 500 or (status == 200 and "next=" in path), (status, path[:80])
        assert not re.search(rb"(?im)^(set-cookie|location: *(//|https?:))", head), path[:80]
        assert b"root:" not in body
        assert b"[core]" not in body


@pytest.mark.shared
def test_shared_harvesters_get_the_error_of_the_protocol(attacked: Attacked) -> None:
    for query, expected in zip(lines("oai_fuzz", "query"), lines("oai_fuzz", "expect"), strict=True):
        answer = attacked.get(f"/oai?{query}")
        assert answer.status_code == 200
        codes = etree.fromstring(answer.content).xpath("//*[local-name() = 'error']/@code")
        assert isinstance(codes, list)
        assert {*map(str, codes)} & {*expected.split("|")}, (query, codes)
        assert b"<script" not in answer.content


@pytest.mark.shared
def test_shared_addresses_of_others_are_not_asked(attacked: Attacked) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        port = listening.getsockname()[1]
        for url in (one.replace(":9/", f":{port}/").replace(":9@", f":{port}@") for one in lines("ssrf_urls", "url")):
            with pytest.raises((Forbidden, Trouble, UsageError)):
                _harvest(url)
            for path in (
                f"/iiif/view?iiif-content={quote(url)}", f"/id/{quote(url)}", f"/search?q={quote(url[:200])}",
                f"/subjects/x?concept={quote(url)}", f"/{url[:200]}", f"/desk/login?next={quote(url)}",
            ):  # fmt: skip
                assert _ADDRESS.match(attacked.get(path).headers.get("location", "/")), path
        with pytest.raises(TimeoutError):
            listening.accept()


def _harvest(url: str) -> None:
    fetcher = Fetcher(require_address(url), Manners(tries=1, seconds=2, silence=2), lambda *_: None)
    try:
        fetcher.get({"verb": "Identify"})
    finally:
        fetcher.close()


def _raw(attacked: Attacked, sent: bytes, patience: float = 10.0) -> tuple[int, bytes, bytes]:
    """Send bytes as they are; return status, head and body; 0 where nothing had come when the patience ended."""
    address = attacked.client.base_url
    answer = b""
    with socket.create_connection((address.host, address.port or 80), timeout=patience) as connection:
        with suppress(ConnectionError, TimeoutError):
            connection.sendall(sent)
        with suppress(ConnectionError, TimeoutError):
            while part := connection.recv(1 << 16):
                answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, head, body


RAW = (
    "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b: folded\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=b",
    "PUT /item/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n",
    "TRACE / HTTP/1.1\r\nHost: x\r\nCookie: secret\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET http://x/no/such HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /oai HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx",
    "POST /desk/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n" + "X: y\r\n" * 50_000 + "\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nX: " + "y" * 200_000 + "\r\n\r\n",
)
FINE = ("Cookie: lang", "folded", "HTTP/9.9")
"""What is in requests that may be answered: it does no harm, and the specification allows it."""


def _refuses(attacked: Attacked, sent: str) -> None:
    closing = sent.encode("latin-1").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    status, head, body = _raw(attacked, closing, 2.0)
    assert status == 0 or 400 <= status < 500 or any(one in sent for one in FINE), sent[:80]
    assert b"evil" not in head, sent[:80]
    assert b"<script>" not in body, sent[:80]
    assert b"secret" not in head + body, sent[:80]
    assert attacked.get("/robots.txt").status_code == 200, sent[:80]


@pytest.mark.parametrize("number", range(len(RAW)))
def test_what_is_no_request_is_refused(attacked: Attacked, number: int) -> None:
    _refuses(attacked, RAW[number])


@pytest.mark.shared
def test_shared_requests_are_refused(attacked: Attacked) -> None:
    for sent in lines("raw_http", "raw"):
        _refuses(attacked, sent)


FRAMES = (
    "Content-Length: 0\r\nTransfer-Encoding: chunked",
    "Content-Length: 80\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: \x0bchunked",
    "Content-Length: +4",
    "Content-Length: 0, 40",
)


@pytest.mark.parametrize("frame", FRAMES)
def test_what_is_smuggled_behind_a_request_is_not_answered(attacked: Attacked, frame: str) -> None:
    smuggled = "GET /about HTTP/1.1\r\nHost: x\r\n\r\n"
    sent = f"POST /oai HTTP/1.1\r\nHost: x\r\n{frame}\r\n\r\n0\r\n\r\n{smuggled}"
    status, answer, body = _raw(attacked, sent.encode("latin-1"), 1.0)
    assert 400 <= status < 500
    assert (answer + body).count(b"HTTP/1.1 ") == 1


def test_the_server_is_as_it_was(attacked: Attacked) -> None:
    assert attacked.get("/").status_code == 200
    assert not [*attacked.library.home.rglob("*pwned*")]
