"""The protocol, statement by statement, asked from outside by GET and by POST: codes, echo, validity, headers."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import pytest
from lxml import etree
from oai_library import NOW, START, Answer, identifier, made_item, opened, parsed, provider_of_all, write
from schemas_here import SHARED, schema_of
from starlette.types import Message

from oai.app import FORM, Door, application
from oai.provider import Provider

ITEMS = [made_item(number) for number in range(60)]
KNOWN = identifier(ITEMS[0])
LIST = "verb=ListRecords&metadataPrefix=oai_dc"
HEADS = "verb=ListIdentifiers&metadataPrefix=oai_dc"
GET = "verb=GetRecord&metadataPrefix=oai_dc"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with ExitStack() as stack:
        catalogue = stack.enter_context(opened(tmp_path_factory.mktemp("oai") / "catalogue.db"))
        write(catalogue, ITEMS, START, spread=3)
        yield provider_of_all(catalogue, 20)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    oai = SHARED / "schemas" / "oai"
    return schema_of(oai / "OAI-PMH.xsd", oai)


def send(
    provider: Provider, method: str, query: bytes, body: bytes = b"", headers: dict[str, str] | None = None
) -> Reply:
    """Ask the endpoint as a server would, whatever bytes the query holds."""
    listed = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {
        "type": "http", "method": method, "path": "/oai", "query_string": query, "headers": listed,
        "client": ("192.0.2.1", 1), "server": ("evil.example", 80), "scheme": "http", "root_path": "",
    }  # fmt: skip
    sent: list[Message] = []
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return waiting.pop(0)

    async def take(message: Message) -> None:
        sent.append(message)

    door = Door(clock=lambda: NOW)
    asyncio.run(application(provider, door).handle(scope, receive, take))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Reply(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


def get(provider: Provider, query: str) -> Answer:
    return parsed(send(provider, "GET", query.encode()).body)


BAD_VERB = [
    "", "verb", "verb=", "verb=identify", "verb=Identify%20", "Verb=Identify", "verb=Identify&verb=Identify",
    "verb=Identify&verb=ListSets", "verb=%00", "verb=%FF", "verb=Ident%C3%AFfy", "nothing=1", "%00", "%FF=%FE", "&&&",
    "verb=" + "x" * 4096, "verb[]=Identify", "verb=Identify%0A", "verb=+Identify",
]  # fmt: skip
BAD_ARGUMENT = [
    "verb=Identify&x=1", "verb=Identify&metadataPrefix=oai_dc", "verb=Identify&resumptionToken=x",
    "verb=ListSets&set=type",
    "verb=ListMetadataFormats&metadataPrefix=oai_dc", "verb=GetRecord", GET, f"verb=GetRecord&identifier={KNOWN}",
    f"{GET}&identifier={KNOWN}&identifier={KNOWN}", f"{GET}&identifier={KNOWN}&set=type",
    f"{GET}&identifier={KNOWN}&from=2001-09-09",
    "verb=ListRecords", "verb=ListIdentifiers", f"{LIST}&metadataPrefix=oai_dc", f"{LIST}&metadataPrefix=mods",
    f"{LIST}&resumptionToken=x", "verb=ListRecords&resumptionToken=x&from=2001-09-09",
    "verb=ListRecords&resumptionToken=x&resumptionToken=x",
    "verb=ListSets&resumptionToken=x&resumptionToken=x", f"{LIST}&identifier={KNOWN}", f"{LIST}&From=2001-09-09",
    f"{LIST}&=1",
    *(f"{verb}&{end}={date}" for verb in (LIST, HEADS) for end in ("from", "until") for date in (
        "", "2002-02-30", "2001-02-29", "2002-13-01", "2002-00-10", "2002-01-00", "2002-5-1", "02-05-01", "20020501",
        "2002",
        "2002-05", "2002-05-01T00:00:00", "2002-05-01T00:00Z", "2002-05-01T24:00:00Z", "2002-05-01T00:60:00Z",
        "2002-05-01T00:00:60Z", "2002-05-01T00:00:00.0Z", "2002-05-01T00:00:00.123Z", "2002-05-01T00:00:00%2B01:00",
        "2002-05-01T00:00:00-00:00", "2002-05-01t00:00:00z", "2002-05-01%2000:00:00Z", "%202002-05-01", "2002-05-01%0A",
        "2002-05-01Z", "-2002-05-01", "12002-05-01", "0000-01-01", "%EF%BC%92%EF%BC%90%EF%BC%90%EF%BC%92-05-01",
        "%D9%A2%D9%A0%D9%A0%D9%A2-05-01", "now", "%00", "2002-05-01%00", "%FF",
    )),
    f"{LIST}&from=2002-05-02&until=2002-05-01", f"{LIST}&from=2002-05-01T00:00:01Z&until=2002-05-01T00:00:00Z",
    f"{LIST}&from=2002-05-01&until=2003-05-01T00:00:00Z", f"{LIST}&from=2002-05-01T00:00:00Z&until=2003-05-01",
    *(f"{LIST}&set={spec}" for spec in ("", ":", "type:", ":type", "a::b", "a%20b", "a/b", "%22", "%C3%A9", "a%00",
    "%FF", "a%0A")),
    *(f"verb=ListRecords&metadataPrefix={prefix}" for prefix in ("", "%20", "oai%20dc", "%22%3E", "%C3%A9", "%00",
    "%FF", "oai_dc%0A")),
    f"verb=GetRecord&metadataPrefix=%22&identifier={KNOWN}", f"{GET}&identifier={KNOWN}%00", f"{GET}&identifier=%FF",
    f"{LIST}&x=%00",
]  # fmt: skip
LATER = [
    ("cannotDisseminateFormat", "verb=ListRecords&metadataPrefix=nothing"),
    ("cannotDisseminateFormat", "verb=ListIdentifiers&metadataPrefix=OAI_DC&from=2001-09-09"),
    ("cannotDisseminateFormat", "verb=ListRecords&metadataPrefix=" + "x" * 4096),
    ("cannotDisseminateFormat", f"verb=GetRecord&metadataPrefix=oai_datacite&identifier={KNOWN}"),
    ("idDoesNotExist", f"{GET}&identifier=oai:library.example.org:0"),
    ("idDoesNotExist", f"{GET}&identifier={KNOWN.upper()}"),
    ("idDoesNotExist", f"{GET}&identifier={KNOWN}/"),
    ("idDoesNotExist", f"{GET}&identifier={KNOWN}%2500"),
    ("idDoesNotExist", f"{GET}&identifier=http://a.example/?b%26c=d'e*"),
    ("idDoesNotExist", f"{GET}&identifier={'x' * 4096}"),
    ("idDoesNotExist", "verb=ListMetadataFormats&identifier=oai:other.example.org:1"),
    ("noRecordsMatch", f"{LIST}&set=type:nothing"),
    ("noRecordsMatch", f"{LIST}&set=report"),
    ("noRecordsMatch", f"{LIST}&set=type:Report"),
    ("noRecordsMatch", f"{LIST}&set=type:report:x"),
    ("noRecordsMatch", f"{LIST}&from=2030-01-01"),
    ("noRecordsMatch", f"{LIST}&until=1990-01-01T00:00:00Z"),
    ("noRecordsMatch", "verb=ListRecords&metadataPrefix=oai_datacite"),
    ("badResumptionToken", "verb=ListRecords&resumptionToken="),
    ("badResumptionToken", "verb=ListRecords&resumptionToken=" + "A" * 4096),
    ("badResumptionToken", "verb=ListIdentifiers&resumptionToken=%C3%A9%22%3C%26."),
    ("badResumptionToken", "verb=ListSets&resumptionToken=0"),
]
ANSWERED = [
    "verb=Identify", "verb=ListMetadataFormats", f"verb=ListMetadataFormats&identifier={KNOWN}", "verb=ListSets",
    f"{GET}&identifier={KNOWN}", f"identifier={KNOWN.replace(':', '%3A')}&verb=GetRecord&metadataPrefix=oai%5Fdc",
    LIST, HEADS,
    f"{LIST}&from=2001-09-09", f"{LIST}&from=2001-09-09&until=2001-09-09",
    f"{LIST}&from=2001-09-09T01:46:40Z&until=2001-09-09T01:46:40Z",
    f"{HEADS}&set=type", f"{HEADS}&set=type:report", f"{HEADS}&set=openaire",
    "verb=ListIdentifiers&metadataPrefix=oai_openaire",
    f"{LIST}&until=9999-12-31T23:59:59Z", f"{LIST}&from=0001-01-01", f"{LIST}&&",
]  # fmt: skip


def both(provider: Provider, query: str) -> Answer:
    """Ask by GET and by POST; return the answer, which must be the same."""
    got = send(provider, "GET", query.encode())
    posted = send(provider, "POST", b"", query.encode(), {"Content-Type": FORM})
    for reply in (got, posted):
        assert reply.status == 200
        assert reply.headers["content-type"] == "text/xml; charset=utf-8"
        assert int(reply.headers["content-length"]) == len(reply.body)
    assert got.body == posted.body
    return parsed(got.body)


def echoed(query: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return {unquote_to_bytes(name).decode(): unquote_to_bytes(value).decode() for name, _, value in pairs}


@pytest.mark.parametrize("query", BAD_VERB)
def test_a_verb_is_one_of_six_and_stands_once(provider: Provider, query: str) -> None:
    said = both(provider, query)
    assert (said.codes, said.echo) == (["badVerb"], {})


@pytest.mark.parametrize("query", BAD_ARGUMENT)
def test_an_argument_is_one_of_the_verbs_legal_and_stands_once(provider: Provider, query: str) -> None:
    said = both(provider, query)
    assert (set(said.codes) - {"idDoesNotExist"}, said.echo) == ({"badArgument"}, {})


@pytest.mark.parametrize(("code", "query"), LATER)
def test_what_is_legal_but_not_here_has_its_own_code_and_is_echoed(provider: Provider, code: str, query: str) -> None:
    said = both(provider, query)
    assert (said.codes, said.echo) == ([code], echoed(query))


@pytest.mark.parametrize("query", ANSWERED)
def test_what_is_asked_well_is_answered_and_echoed_as_sent(provider: Provider, query: str) -> None:
    said = both(provider, query)
    assert (said.codes, said.echo) == ([], echoed(query))


@pytest.mark.shared
@pytest.mark.parametrize("query", [*BAD_VERB, *BAD_ARGUMENT, *(query for _, query in LATER)])
def test_every_error_is_valid(schema: etree.XMLSchema, provider: Provider, query: str) -> None:
    schema.assertValid(get(provider, query).root)


def test_a_token_is_of_its_verb_alone_whole_and_repeatable(provider: Provider) -> None:
    first = get(provider, f"{HEADS}&set=type&from=2001-09-09")
    assert first.token is not None
    token = str(first.token.text)
    following = both(provider, f"verb=ListIdentifiers&resumptionToken={token}")
    assert following.identifiers == [identifier(item) for item in ITEMS[20:40]]
    assert following.echo == {"verb": "ListIdentifiers", "resumptionToken": token}
    for verb in ("ListRecords", "ListSets"):
        assert both(provider, f"verb={verb}&resumptionToken={token}").codes == ["badResumptionToken"]
    for verb in ("Identify", "GetRecord", "ListMetadataFormats"):
        assert set(both(provider, f"verb={verb}&resumptionToken={token}").codes) == {"badArgument"}
    for broken in (token[:-1], token[1:], token + "A", token.swapcase(), f"%20{token}", f"{token}%00"):
        said = both(provider, f"verb=ListIdentifiers&resumptionToken={broken}")
        assert said.codes == (["badArgument"] if "%00" in broken else ["badResumptionToken"])


def test_a_day_is_all_of_it_and_a_second_is_one(provider: Provider) -> None:
    day = get(provider, f"{HEADS}&from=2001-09-09&until=2001-09-09").token
    assert day is not None
    assert day.get("completeListSize") == "60"
    second = get(provider, f"{HEADS}&from=2001-09-09T01:46:41Z&until=2001-09-09T01:46:41Z")
    assert second.identifiers == [identifier(item) for item in ITEMS[3:6]]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_is_written(provider: Provider, method: str) -> None:
    assert send(provider, method, b"verb=Identify").status == 405


def test_head_has_no_body(provider: Provider) -> None:
    head = send(provider, "HEAD", LIST.encode())
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) == len(send(provider, "GET", LIST.encode()).body)
