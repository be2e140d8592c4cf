"""Every format: which items have it, its lists page by page, its records valid, its losses told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from oai_library import NS, START, asked, identifier, made_item, opened, pages, provider_of_all, write
from schemas_here import SHARED, schema_of
from thoroughness import usually

from archive.catalogue import Catalogue
from metadata.disseminations import DATACITE, OPENAIRE, formats_of
from metadata.model import Agent, Contribution, Date, Doi, Item, Relation, Text
from metadata.vocabulary import shipped
from oai.formats import FORMATS
from oai.provider import Provider

PREFIXES = [*FORMATS]
SCHEMAS = {
    "oai_dc": "oai/oai_dc.xsd",
    "marcxml": "oai/MARC21slim.xsd",
    "mods": "oai/mods-3-7.xsd",
    "oai_datacite": "oai/datacite-4.6/metadata.xsd",
    "oai_openaire": "oai/openaire-4/openaire.xsd",
}


def item(number: int) -> Item:
    """Return item ``number``: every third has a DOI, every fourth no date, every fifth is withdrawn."""
    made = made_item(number)
    return replace(
        made,
        doi=Doi(f"10.5555/{made.id}", "findable") if number % 3 == 0 else None,
        dates=() if number % 4 == 0 else made.dates,
        status="withdrawn" if number % 5 == 0 else "published",
        relations=(Relation("isTranslationOf", made_item(1).id),) if number == 2 else (),
    )


ITEMS = [item(number) for number in range(40)]


def has(item: Item, prefix: str) -> bool:
    """Say whether an item is to be had in a format, by what the formats demand."""
    if prefix == "oai_datacite":
        return item.doi is not None and item.dates != ()
    return prefix != "oai_openaire" or item.dates != ()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    with opened(tmp_path_factory.mktemp("oai") / "catalogue.db") as made:
        write(made, ITEMS, START, spread=4)
        yield made


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("page_size", [1, 4, 100])
@pytest.mark.parametrize("set_spec", ["", "type:report"])
def test_a_list_has_the_items_that_have_the_format(
    catalogue: Catalogue, prefix: str, page_size: int, set_spec: str
) -> None:
    provider = provider_of_all(catalogue, page_size)
    wanted = [one for one in ITEMS if has(one, prefix) and set_spec in ("", f"type:{one.type}")]
    tail = f"&set={set_spec}" if set_spec else ""
    for verb in ("ListRecords", "ListIdentifiers"):
        found = list(pages(provider, f"verb={verb}&metadataPrefix={prefix}{tail}"))
        assert [name for page in found for name in page.identifiers] == [identifier(one) for one in wanted]
        sizes = {page.token.get("completeListSize") for page in found if page.token is not None}
        assert sizes <= {str(len(wanted))}
        deleted = [h.get("status") for page in found for h in page.root.iter(f"{{{NS['oai']}}}header")]
        assert deleted == ["deleted" if one.status == "withdrawn" else None for one in wanted]
    assert len(found[0].root.findall(".//oai:record", NS)) == 0


def test_the_formats_of_an_item_are_those_it_is_given_in(catalogue: Catalogue) -> None:
    provider = provider_of_all(catalogue)
    for one in ITEMS[:15]:
        listed = asked(provider, f"verb=ListMetadataFormats&identifier={identifier(one)}").all("oai:metadataPrefix")
        assert listed == [prefix for prefix in PREFIXES if has(one, prefix)]
        for prefix in PREFIXES:
            got = asked(provider, f"verb=GetRecord&metadataPrefix={prefix}&identifier={identifier(one)}")
            assert got.codes == ([] if prefix in listed else ["cannotDisseminateFormat"])


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_record_is_the_same_by_itself_and_in_the_list(catalogue: Catalogue, prefix: str) -> None:
    provider = provider_of_all(catalogue, 100)
    listed = asked(provider, f"verb=ListRecords&metadataPrefix={prefix}").root.findall(".//oai:record", NS)
    for record in listed[:12]:
        name = record.findtext("oai:header/oai:identifier", namespaces=NS)
        got = asked(provider, f"verb=GetRecord&metadataPrefix={prefix}&identifier={name}").root.find(
            ".//oai:record", NS
        )
        assert got is not None
        assert etree.tostring(got, with_tail=False) == etree.tostring(record, with_tail=False)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_metadata_says_where_its_schema_is(catalogue: Catalogue, prefix: str) -> None:
    said = asked(provider_of_all(catalogue, 100), f"verb=ListRecords&metadataPrefix={prefix}")
    located = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
    found = {str(metadata[0].get(located)) for metadata in said.root.iterfind(".//oai:metadata", NS)}
    assert [one.split() for one in found] == [[FORMATS[prefix].namespace, FORMATS[prefix].schema]]


@pytest.mark.shared
@pytest.mark.parametrize(("prefix", "path"), SCHEMAS.items())
def test_records_are_valid_and_of_the_namespace_that_is_announced(catalogue: Catalogue, prefix: str, path: str) -> None:
    schema = schema_of(SHARED / "schemas" / path, (SHARED / "schemas" / path).parent)
    said = asked(provider_of_all(catalogue, 100), f"verb=ListRecords&metadataPrefix={prefix}")
    contents = [metadata[0] for metadata in said.root.iterfind(".//oai:metadata", NS)]
    assert len(contents) == sum(has(one, prefix) and one.status == "published" for one in ITEMS)
    for content in contents:
        schema.assertValid(etree.fromstring(etree.tostring(content)))
        assert etree.QName(content).namespace == FORMATS[prefix].namespace


def test_qualified_dc_is_of_the_namespace_that_is_announced(catalogue: Catalogue) -> None:
    said = asked(provider_of_all(catalogue, 100), "verb=ListRecords&metadataPrefix=oai_qdc")
    contents = [metadata[0] for metadata in said.root.iterfind(".//oai:metadata", NS)]
    assert {etree.QName(content).namespace for content in contents} == {FORMATS["oai_qdc"].namespace}
    assert len(contents) == sum(one.status == "published" for one in ITEMS)


def test_a_tie_is_told_by_what_it_ties_to(catalogue: Catalogue) -> None:
    tied = f"identifier={identifier(ITEMS[2])}"
    provider = provider_of_all(catalogue)
    address = f"http://library.example.org/item/{made_item(1).id}"
    related = asked(provider, f"verb=GetRecord&metadataPrefix=oai_openaire&{tied}")
    assert address in etree.tostring(related.root).decode()
    marc = asked(provider, f"verb=GetRecord&metadataPrefix=marcxml&{tied}")
    assert "Roofs &amp; &lt;walls&gt; 1" in etree.tostring(marc.root).decode()


def test_the_loss_of_a_format_is_told_in_that_format_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "catalogue.db") as catalogue:
        dated = replace(ITEMS[3], doi=Doi(f"10.5555/{ITEMS[3].id}", "findable"))
        write(catalogue, [dated], START)
        write(catalogue, [replace(dated, dates=())], START + 10)
        provider, tail = provider_of_all(catalogue), f"identifier={identifier(dated)}"
        for prefix in PREFIXES:
            lost = prefix in ("oai_datacite", "oai_openaire")
            for query in (
                f"verb=GetRecord&metadataPrefix={prefix}&{tail}",
                f"verb=ListRecords&metadataPrefix={prefix}",
                f"verb=ListIdentifiers&metadataPrefix={prefix}&set=type:article",
            ):
                said = asked(provider, query)
                assert said.all("oai:header/oai:datestamp") == ["2001-09-09T01:46:50Z"], query
                assert [h.get("status") for h in said.root.iter(f"{{{NS['oai']}}}header")] == [
                    "deleted" if lost else None
                ]
                assert (said.root.find(".//oai:metadata", NS) is None) == (lost or "Identifiers" in query)


def test_a_format_without_a_renderer_is_not_given(catalogue: Catalogue) -> None:
    provider = Provider(provider_of_all(catalogue).repository, catalogue)
    assert asked(provider, "verb=ListMetadataFormats").all("oai:metadataPrefix") == ["oai_dc"]
    assert asked(provider, "verb=ListRecords&metadataPrefix=mods").codes == ["cannotDisseminateFormat"]
    first = asked(provider_of_all(catalogue, 1), "verb=ListRecords&metadataPrefix=mods")
    assert first.token is not None
    query = f"verb=ListRecords&resumptionToken={first.token.text}"
    assert asked(provider, query).codes == ["badResumptionToken"]


TEXTS = st.one_of(st.text(max_size=6), st.sampled_from(["\x00", " ", "1987", "198X", "1987/", "\ud800", "2031-02-30"]))


@given(title=TEXTS, date=TEXTS, doi=TEXTS, embargo=TEXTS, kind=st.sampled_from(["issued", "created", "covered"]))
@settings(max_examples=usually(90, thoroughly=300), deadline=None)
def test_what_is_said_to_have_a_format_can_be_made_in_it(
    title: str, date: str, doi: str, embargo: str, kind: str
) -> None:
    made = Item(
        id="a" * 10,
        titles=(Text(title),),
        dates=(Date(date, kind),),  # type: ignore[arg-type]
        doi=Doi(doi, "findable"),
        access="embargoed",
        embargo=embargo,
        contributions=(Contribution(Agent(title, "person"), "aut"),),
    )
    from archive.cataloguing import Publishing
    from metadata.kernel import MandatoryMissing
    from oai.formats import Renderers

    renders = Renderers(Publishing("http://a.example", "a.example", shipped()), "Library", lambda _: None).by_prefix()
    for prefix, render in renders.items():
        if formats_of(made) & FORMATS[prefix].bit:
            etree.fromstring(render(made, 1))
        else:
            assert FORMATS[prefix].bit in (DATACITE, OPENAIRE)
            with pytest.raises(MandatoryMissing):
                render(made, 1)


@pytest.mark.shared
def test_a_full_mods_record_is_valid_as_harvesters_get_it() -> None:
    from test_metadata_mods_export import AGENCY, FULL, VOCABULARY

    from metadata.mods_export import mods_for_harvesters

    schema = schema_of(SHARED / "schemas" / "oai" / "mods-3-7.xsd", SHARED / "schemas" / "oai")
    quoting = Text(' xml:lang="fr" & </title>', "pt-BR")
    for one in (FULL, replace(FULL, titles=(quoting,), descriptions=(quoting,)), Item(titles=(Text("A"),))):
        root = etree.fromstring(mods_for_harvesters(one, VOCABULARY, AGENCY))
        schema.assertValid(root)
        assert "".join(root.itertext()).count(' xml:lang="fr"') == 2 * (quoting in one.titles)
