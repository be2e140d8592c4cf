import pytest
from hypothesis import given
from hypothesis import strategies as st

from oai.arguments import RULES, OaiRequest, parse_pairs, read


def codes(query: str) -> list[str]:
    asked = read(parse_pairs(query.encode()))
    return [] if isinstance(asked, OaiRequest) else [error.code for error in asked]


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        (b"", ()),
        (b"&&", ()),
        (b"verb", (("verb", ""),)),
        (b"a=1&a=2&", (("a", "1"), ("a", "2"))),
        (b"a=b=c", (("a", "b=c"),)),
        (b"a+b=c+d%2B", (("a b", "c d+"),)),
        (b"s%65t=caf%C3%A9", (("set", "café"),)),
        (b"a=%zz%4", (("a", "%zz%4"),)),
        (b"a=1;b=2", (("a", "1;b=2"),)),
    ],
)
def test_pairs_are_read_in_order_and_none_is_dropped(raw: bytes, pairs: tuple[tuple[str, str], ...]) -> None:
    assert parse_pairs(raw) == pairs


@pytest.mark.parametrize(
    "query",
    [
        "verb=Identify",
        "verb=ListMetadataFormats",
        "verb=ListMetadataFormats&identifier=oai:a.b:c",
        "verb=ListSets",
        "verb=ListSets&resumptionToken=x",
        "identifier=oai:a.b:c&metadataPrefix=oai_dc&verb=GetRecord",
        "verb=ListRecords&metadataPrefix=(any)~prefix*'!",
        "verb=ListRecords&metadataPrefix=oai_dc&set=a:b-c:d_e",
        "verb=ListRecords&metadataPrefix=oai_dc&from=2002-05-01&until=2002-05-01",
        "verb=ListIdentifiers&metadataPrefix=oai_dc&from=2002-05-01T00:00:00Z&until=2002-05-01T00:00:00Z",
        "verb=ListIdentifiers&resumptionToken=",
    ],
)
def test_what_the_protocol_allows_is_read(query: str) -> None:
    assert isinstance(read(parse_pairs(query.encode())), OaiRequest)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "verb",
        "verb=",
        "verb=identify",
        "verb=Identify%20",
        "verb=Identify%00",
        "verb=%FF",
        "VERB=Identify",
        "verb=Identify&verb=Identify",
        "verb=ListSets&verb=Identify",
        "junk",
    ],
)
def test_a_verb_is_given_once_as_it_is_written(query: str) -> None:
    assert codes(query) == ["badVerb"]


LIST = "verb=ListRecords&metadataPrefix=oai_dc"


@pytest.mark.parametrize(
    "query",
    [
        "verb=Identify&junk=1",
        "verb=Identify&%FF=1",
        "verb=Identify&resumptionToken=x",
        "verb=ListMetadataFormats&resumptionToken=x",
        "verb=ListSets&set=a",
        "verb=GetRecord&identifier=oai:a.b:c",
        "verb=GetRecord&metadataPrefix=oai_dc",
        "verb=GetRecord&identifier=oai:a.b:c&metadataPrefix=oai_dc&resumptionToken=x",
        "verb=ListRecords",
        "verb=ListRecords&MetadataPrefix=oai_dc",
        f"{LIST}&metadataPrefix=oai_dc",
        f"{LIST}&from=2002-05-01&from=2002-05-01",
        f"{LIST}&identifier=oai:a.b:c",
        f"{LIST}&resumptionToken=x",
        "verb=ListRecords&set=a&resumptionToken=x",
        "verb=ListRecords&resumptionToken=x&resumptionToken=x",
        "verb=ListRecords&metadataPrefix=",
        "verb=ListRecords&metadataPrefix=oai%20dc",
        "verb=ListRecords&metadataPrefix=oai_d%C3%A7",
        "verb=ListRecords&metadataPrefix=oai_dc%0A",
        f"{LIST}&set=",
        f"{LIST}&set=:a",
        f"{LIST}&set=a:",
        f"{LIST}&set=a::b",
        f"{LIST}&set=a/b",
        f"{LIST}&set=a%00b",
        f"{LIST}&set=%FF",
        f"{LIST}&set=%EF%BF%BE",
        f"{LIST}&set=%ED%A0%80",
        f"{LIST}&set=%C0%AF",
        f"{LIST}&from=",
        f"{LIST}&from=junk",
        f"{LIST}&until=2002-02-30",
        f"{LIST}&from=2002-05-01&until=2002-05-01T00:00:00Z",
        f"{LIST}&from=2002-05-02&until=2002-05-01",
        f"{LIST}&from=2002-05-01T00:00:01Z&until=2002-05-01T00:00:00Z",
    ],
)
def test_an_illegal_argument_is_named_as_such(query: str) -> None:
    assert set(codes(query)) == {"badArgument"}


@pytest.mark.parametrize(
    "identifier",
    ['invalid"id', "", "a b", "oai:x:%25zz", "http://a:port/", "http://[::1", "a#b#c", "1a:b", "caf%C3%A9"],
)
def test_an_illegal_identifier_has_both_codes_that_the_protocol_gives_it(identifier: str) -> None:
    assert codes(f"verb=GetRecord&metadataPrefix=oai_dc&identifier={identifier.replace('#', '%23')}") == [
        "badArgument",
        "idDoesNotExist",
    ]


def test_every_fault_is_reported() -> None:
    assert codes("verb=ListRecords&from=1&from=2&junk=1") == ["badArgument"] * 3


@given(st.lists(st.tuples(st.sampled_from([*RULES, "verb", "set", "from", "x"]), st.binary(max_size=8))))
def test_any_bytes_are_read_or_refused(pairs: list[tuple[str, bytes]]) -> None:
    asked = read(parse_pairs(b"&".join(name.encode() + b"=" + value for name, value in pairs)))
    assert isinstance(asked, OaiRequest) or len(asked) > 0


def test_a_hostile_identifier_costs_no_time() -> None:
    for hostile in (
        "a" * 60_000 + '"',
        "//" + "a@" * 30_000 + '"',
        "a:" * 30_000 + '"',
        "%41" * 20_000 + '"',
    ):
        assert codes(f"verb=GetRecord&metadataPrefix=oai_dc&identifier={hostile}")[0] == "badArgument"
