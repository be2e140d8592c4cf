"""MODS out: valid, and the same again when it is read."""

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from schemas_here import _Local
from thoroughness import usually
from xml_shared import shared, sole

from metadata.marc_export import Agency
from metadata.model import Agent, Box, Concept, Contribution, Date, Doi, File, Identifier, Item, Relation, Series, Text
from metadata.mods import read_mods
from metadata.mods_export import mods
from metadata.vocabulary import Vocabulary
from metadata.xmlbuild import document

PEAT = "http://example.org/c/peat"
VOCABULARY = Vocabulary({PEAT: Concept(PEAT, (Text("Peat", "en"), Text("Tourbe", "fr")))})
AGENCY = Agency("lib.example", "https://lib.example", "2026-01-02T03:04:05.000000Z", {"b" * 12: "Original"})
FULL = Item(
    id="a" * 12,
    titles=(
        Text("Le livre : une vue. Tome 2.", "fr"), Text("Book", "", "other"), Text("The book", "en", "translated"),
        Text("Livre II", "fr", "other"), Text("Das Buch", "de", "other"),
    ),
    contributions=(
        Contribution(Agent("Lee, Ann", "person", (Identifier("orcid", "0000-0002-1825-0097"),)), "aut"),
        Contribution(Agent("Lee, Ann", "person", (Identifier("orcid", "0000-0002-1825-0097"),)), "ill"),
        Contribution(Agent("Ministère de l’Eau. Bureau", "organisation", (Identifier("viaf", "1234"),)), "isb"),
        Contribution(Agent("Oh, Jo", "person", (Identifier("gnd", "118540238"),)), "trl"),
        Contribution(Agent("Presses & Cie", "organisation"), "pbl"),
    ),
    dates=(Date("1987~"), Date("1906?/1912?"), Date("1985-03", "created"), Date("1914/1918", "covered"), Date("198X")),
    languages=("fr", "pt-BR", "arn"),
    type="guideline",
    concepts=(PEAT,),
    keywords=(Text("Eau -- France", "fr"), Text("mud")),
    descriptions=(Text("Résumé <b>", "fr"), Text("Abstract")),
    identifiers=(
        Identifier("isbn", "9780521168120"), Identifier("issn", "0317-8471"), Identifier("control-number", "(OCoLC)12"),
        Identifier("report-number", "R/12"), Identifier("handle", "2268/1"), Identifier("doi", "10.1234/abc"),
        Identifier("local", "X 1"), Identifier("uri", "oai:x:1"), Identifier("url", "https://x.org/a?b=1&c=2"),
    ),
    coverage=(Text("Tchad", "fr"), Text("Lima")),
    countries=("TD", "US-CA"),
    boxes=(Box(-0.0000001, -90.0, 179.9999999, 45.5), Box(170.0, -10.0, -170.0, 0.0)),
    rights=(Text("Tous droits réservés.", "fr"), Text("https://creativecommons.org/licenses/by/4.0/")),
    access="embargoed",
    embargo="2031-02-03",
    places=("Lyon", "Genève"),
    edition="2e éd.",
    extent="xv, 450 p.",
    series=(Series("Série verte", "no 5", "0317-8471"), Series("Autre")),
    notes=(Text("Une note.", "fr"), Text("A note")),
)  # fmt: skip
ODD_ADDRESSES = tuple(
    Identifier("url", f"http://e.org{rest}")
    for rest in ("/?a[]=1", "/%zz", "/%", "/#a#b", ":/x", ":port/", "/a%20b?c#d", "/é", "/{x}|y^z`", ":80", "?q=1")
)
"""Addresses as records have them; six of them are no URI."""

FIELDS = (
    "titles", "dates", "languages", "type", "concepts", "descriptions", "coverage", "countries", "boxes", "rights",
    "access", "embargo",
    "places", "edition", "extent", "series", "notes", "contributions",
)  # fmt: skip


def again(item: Item) -> Item:
    found = sole(list(read_mods(io.BytesIO(document(mods(item, VOCABULARY, AGENCY))), "x")))
    assert found.problems == ()
    return found.item


def own(item: Item) -> set[Identifier]:
    """Return what a record read back has beyond the item: the library's number and address for it."""
    return {
        Identifier("control-number", f"({AGENCY.namespace}){item.id}"),
        Identifier("url", f"{AGENCY.base_url}/item/{item.id}"),
    }


def same(item: Item) -> None:
    read = again(item)
    for name in FIELDS:
        expected = getattr(item, name)
        if name == "dates":
            expected = tuple(sorted(expected, key=lambda one: ("issued", "created", "covered").index(one.kind)))
        assert getattr(read, name) == expected, name
    assert {one for one in read.identifiers if one not in own(item)} == set(item.identifiers)
    assert [one for one in read.keywords if one.value not in ("Peat", "Tourbe")] == list(item.keywords)


@pytest.mark.parametrize("kind", ["guideline", "article", "periodical", "map", "dataset", "thesis", "other", "book"])
def test_what_is_written_reads_the_same(kind: str) -> None:
    same(replace(FULL, type=kind))


def test_an_address_that_is_no_uri_is_told_all_the_same() -> None:
    item = replace(FULL, identifiers=ODD_ADDRESSES)
    same(item)
    assert mods(item, VOCABULARY, AGENCY).count('<identifier type="uri">') == 6


def test_a_title_of_unknown_language_stays_so() -> None:
    same(Item(id="c" * 12, titles=(Text("Mystery"),), languages=("fr",)))
    same(Item(id="c" * 12, titles=(Text(" : odd"[1:], "en"),), languages=("fr",)))


def test_a_title_whose_kind_is_not_told_is_a_translation_where_it_is_in_another_language() -> None:
    item = Item(id="c" * 12, titles=(Text("A", "fr"), Text("B", "en"), Text("C", "fr")), languages=("fr",))
    assert [title.kind for title in again(item).titles] == ["", "translated", "other"]


def test_a_doi_that_resolves_and_ties_to_other_items_are_told() -> None:
    tied = replace(
        FULL,
        doi=Doi("10.5555/xyz", "findable"),
        relations=(
            Relation("isTranslationOf", "b" * 12),
            Relation("replaces", "d" * 12),
            Relation("isPartOf", "e" * 12),
        ),
        files=(File("a.pdf", "original", "application/pdf", 1, "00"),),
    )
    found = sole(list(read_mods(io.BytesIO(document(mods(tied, VOCABULARY, AGENCY))), "x")))
    assert Identifier("doi", "10.5555/xyz") in found.item.identifiers
    assert [(link.kind, link.value) for link in found.links] == [
        ("isTranslationOf", f"(lib.example){'b' * 12}"), ("replaces", f"(lib.example){'d' * 12}"),
        ("isPartOf", f"(lib.example){'e' * 12}"),
    ]  # fmt: skip
    reserved = mods(replace(FULL, doi=Doi("10.5555/xyz", "reserved")), VOCABULARY, AGENCY)
    assert "10.5555" not in reserved
    assert "<internetMediaType>application/pdf" in mods(tied, VOCABULARY, AGENCY)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """Compile MODS 3.8. It gives accessCondition the attributes ID and IDREF twice, which no processor takes."""
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local(shared("schemas", "oai")))
    root = etree.fromstring(shared("schemas", "mods", "mods-3-8.xsd").read_bytes(), parser)
    repeated = root.findall(
        ".//{*}complexType[@name='accessConditionDefinition']//{*}attributeGroup[@ref='IDAttributeGroup']"
    )
    assert len(repeated) == 1
    for one in repeated:
        above = one.getparent()
        assert above is not None
        above.remove(one)
    return etree.XMLSchema(root)


@pytest.mark.shared
def test_a_full_and_an_empty_record_are_valid(schema: etree.XMLSchema) -> None:
    odd = replace(FULL, identifiers=(*ODD_ADDRESSES, Identifier("url", "http://[::1/")))
    for item in (
        FULL,
        Item(id="a" * 12),
        odd,
        replace(FULL, relations=(Relation("isPartOf", "b" * 12),), type="article"),
    ):
        schema.assertValid(etree.fromstring(mods(item, VOCABULARY, AGENCY)))


@pytest.mark.shared
@settings(max_examples=usually(18, thoroughly=60), deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(["fr", "", "zz?", "pt-BR"]))
def test_whatever_stands_in_an_item_the_record_is_valid(
    schema: etree.XMLSchema, one: str, other: str, tag: str
) -> None:
    text = Text(one, tag)
    item = Item(
        id="a" * 12,
        titles=(text, Text(other)),
        contributions=(Contribution(Agent(one, "person", (Identifier(other, one),)), "aut"),),
        dates=(Date(other),), languages=(tag,) if tag else (), keywords=(text,), descriptions=(text,), coverage=(text,),
        rights=(text,), notes=(text,), identifiers=(Identifier(other, one),), places=(one,), edition=one, extent=other,
        series=(Series(one, other, one),),
    )  # fmt: skip
    schema.assertValid(etree.fromstring(mods(item, VOCABULARY, AGENCY)))
