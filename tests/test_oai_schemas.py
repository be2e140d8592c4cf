"""Every kind of answer is valid against the official schemas, whatever was asked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from oai_library import NOW, START, made_item, opened, repository, write
from thoroughness import usually

from archive.catalogued import Listing
from metadata.model import Text
from oai.arguments import RULES, parse_pairs
from oai.provider import Provider, answer

if TYPE_CHECKING:
    from lxml.etree._docloader import _InputDocument

SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "data" / "schemas" / "oai"

pytestmark = pytest.mark.shared

# All at once: OAI-PMH.xsd leaves what is in <metadata> and <description> to the schema of its namespace.
TOGETHER = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:import namespace="http://www.openarchives.org/OAI/2.0/" schemaLocation="local:/OAI-PMH.xsd"/>
<xs:import namespace="http://www.openarchives.org/OAI/2.0/oai_dc/" schemaLocation="local:/oai_dc.xsd"/>
<xs:import namespace="http://www.openarchives.org/OAI/2.0/oai-identifier"
           schemaLocation="local:/oai-identifier.xsd"/>
</xs:schema>"""


class Local(etree.Resolver):
    """Finds every schema, whatever its address, by its file name beside the others."""

    def resolve(self, system_url: str | None, _public_id: str | None, context: object, /) -> "_InputDocument | None":
        return self.resolve_filename(str(SCHEMAS / str(system_url).rpartition("/")[2]), context)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Local())
    return etree.XMLSchema(etree.fromstring(TOGETHER, parser))


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with opened(tmp_path_factory.mktemp("oai") / "catalogue.db") as made:
        items = [replace(made_item(n), status="withdrawn" if n == 3 else "published") for n in range(12)]
        hard = replace(made_item(99), titles=(Text("]]> \x01 &", "zz?"),), collections=("a\x02 & b",))
        write(made, [*items, hard], START, spread=3)
        yield Provider(repository(5), made)


def valid(schema: etree.XMLSchema, provider: Provider, raw: bytes) -> etree._Element:
    root = etree.fromstring(answer(provider, parse_pairs(raw), NOW))
    schema.assertValid(root)
    return root


ANSWERS = [
    b"verb=Identify",
    b"verb=ListMetadataFormats",
    b"verb=ListSets",
    b"verb=ListRecords&metadataPrefix=oai_dc",
    b"verb=ListIdentifiers&metadataPrefix=oai_dc",
    b"verb=ListRecords&metadataPrefix=oai_dc&set=collection&from=2001-09-09",
    b"verb=GetRecord&metadataPrefix=oai_dc&identifier=",
    b"verb=ListMetadataFormats&identifier=",
]
ERRORS = [
    b"",
    b"verb=ListRecords&metadataPrefix=oai%20dc",
    b"verb=ListRecords&metadataPrefix=oai_dc&set=a/b",
    b"verb=ListRecords&metadataPrefix=oai_dc&from=2002-02-30",
    b"verb=ListRecords&metadataPrefix=no",
    b"verb=ListRecords&metadataPrefix=oai_dc&until=0001-01-01",
    b"verb=ListRecords&resumptionToken=" + b"%22%3C&%0A".replace(b"&", b"%26") + b"x" * 4096,
    b'verb=GetRecord&metadataPrefix=oai_dc&identifier=invalid"id',
    b"verb=GetRecord&metadataPrefix=oai_dc&identifier=%00",
    b"verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:library.example.org:no",
    b"verb=Identify&%FF=%C0%AF",
    b"verb=Identify&" + b"<script>" * 20 + b"=1",
]


def _completed(provider: Provider, raw: bytes) -> bytes:
    if not raw.endswith(b"identifier="):
        return raw
    ((_, header),) = provider.records.oai_headers(Listing(), 1)
    return raw + etree.fromstring(header).findtext("identifier", "").encode()


@pytest.mark.parametrize("raw", ANSWERS)
def test_answers_are_valid_page_after_page(schema: etree.XMLSchema, provider: Provider, raw: bytes) -> None:
    root = valid(schema, provider, _completed(provider, raw))
    assert root.find("{*}error") is None
    verb = raw.partition(b"&")[0]
    while token := root.findtext("*/{*}resumptionToken"):
        root = valid(schema, provider, verb + b"&resumptionToken=" + token.encode())
        assert root.find("{*}error") is None


@pytest.mark.parametrize("raw", ERRORS)
def test_errors_are_valid(schema: etree.XMLSchema, provider: Provider, raw: bytes) -> None:
    assert valid(schema, provider, raw).find("{*}error") is not None


def percent_encoded(value: str) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in value.encode("utf-8", "surrogatepass"))


NAMES = st.sampled_from(["identifier", "metadataPrefix", "set", "from", "until", "resumptionToken", "x"])
TEXTS = st.one_of(st.text(max_size=12), st.text("oai:/?#[]@%0aF.-~\"'<>& 1", max_size=12))
VALUES = st.one_of(TEXTS, st.sampled_from(["oai_dc", "2001-09-09", "0000-01-01", "type", ""]))


@given(st.sampled_from([*RULES]), st.dictionaries(NAMES, VALUES, max_size=3))
@settings(max_examples=usually(90, thoroughly=300), deadline=None)
@example("GetRecord", {"identifier": "http://a:99999/", "metadataPrefix": "oai_dc"})
@example("GetRecord", {"identifier": "//[", "metadataPrefix": "oai_dc"})
@example("GetRecord", {"identifier": "a:%", "metadataPrefix": "oai_dc"})
def test_whatever_is_asked_the_answer_is_valid(
    schema: etree.XMLSchema, provider: Provider, verb: str, asked: dict[str, str]
) -> None:
    pairs = [b"verb=" + verb.encode(), *(n.encode() + b"=" + percent_encoded(v) for n, v in asked.items())]
    valid(schema, provider, b"&".join(pairs))


@given(TEXTS)
@settings(max_examples=usually(150, thoroughly=500), deadline=None)
def test_whatever_identifier_is_echoed_is_one_to_the_schema(
    schema: etree.XMLSchema, provider: Provider, identifier: str
) -> None:
    raw = b"verb=GetRecord&metadataPrefix=oai_dc&identifier=" + percent_encoded(identifier)
    root = valid(schema, provider, raw)
    assert "idDoesNotExist" in {error.get("code") for error in root.iterfind("{*}error")} or not legal_text(identifier)


def legal_text(text: str) -> bool:
    return all(c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" for c in text)


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_bytes_are_answered(schema: etree.XMLSchema, provider: Provider, raw: bytes) -> None:
    assert valid(schema, provider, raw).find("{*}error") is not None
