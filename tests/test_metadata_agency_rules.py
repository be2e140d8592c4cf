"""What is known of the agencies' schemas, held against the schemas: spoilt documents are refused by both."""

import copy
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from kernel_items import ITEM, RELATED, items, some, ties
from lxml import etree
from schemas_here import SHARED, schema_of
from thoroughness import usually

from ingest.doi_schema import Schema
from metadata.agency_rules import crossref_fault, datacite_fault
from metadata.crossref import NAMESPACE, Head, crossref, deposit
from metadata.datacite import datacite
from metadata.errors import UsageError
from metadata.kernel import Related
from metadata.model import Agent, Contribution, Date, Doi, Identifier, Item, Series, Text
from metadata.vocabulary import shipped

KERNEL = SHARED / "schemas" / "datacite" / "kernel-4.6" / "metadata.xsd"
DEPOSITS = SHARED / "schemas" / "crossref-5.3.1" / "crossref5.3.1.xsd"
HEAD = Head("canoe-0123", "20261122150405000", "The library", "librarian@example.org")
URL = "https://library.example.org/item/c7ahmjjc4k"
K, C = "{http://datacite.org/schema/kernel-4}", f"{{{NAMESPACE}}}"
NAMED = replace(ITEM, doi=Doi("10.5555/c7ahmjjc4k", "reserved"), identifiers=(*ITEM.identifiers,))
FULL = replace(
    NAMED,
    identifiers=(Identifier("isbn", "978-2-8317-0819-5"),),
    contributions=(
        Contribution(Agent("Silva, Ana", "person", (Identifier("orcid", "0000-0002-1825-0097"),)), "aut"),
        Contribution(Agent("World Union", "organisation"), "edt"),
        Contribution(Agent("Island Press", "organisation"), "pbl"),
    ),
)


@pytest.fixture(scope="module")
def kernel() -> etree.XMLSchema:
    return schema_of(KERNEL, KERNEL.parent)


@pytest.fixture(scope="module")
def deposits() -> etree.XMLSchema:
    return schema_of(DEPOSITS, DEPOSITS.parent)


def of_datacite(item: Item) -> etree._Element:
    return etree.fromstring(datacite(item, "The library", shipped(), RELATED, 2026))


def body(item: Item, related: tuple[Related, ...] = RELATED) -> str:
    return crossref(item, URL, "The library", 2026, related)


def whole(told: str) -> etree._Element:
    return etree.fromstring(deposit(told, HEAD).encode())


def spoilt(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the document with each element left out, emptied, doubled or filled otherwise, each attribute changed."""
    for at, _ in enumerate(root.iter()):
        if at:
            for change in (_without, _emptied, _overlong, _nonsense):
                made = copy.deepcopy(root)
                change([*made.iter()][at])
                yield made
        for name in [*root.iter()][at].attrib:
            for value in (None, "Nonsense"):
                made = copy.deepcopy(root)
                element = [*made.iter()][at]
                element.attrib.pop(name) if value is None else element.set(name, value)
                yield made


def _without(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _emptied(element: etree._Element) -> None:
    for child in [*element]:
        element.remove(child)
    element.text = None


def _overlong(element: etree._Element) -> None:
    if not len(element):
        element.text = f"{element.text}{'x' * 3000}"


def _nonsense(element: etree._Element) -> None:
    if not len(element):
        element.text = "?"


@pytest.mark.shared
def test_what_kernel_4_6_refuses_is_refused_before_it_is_sent(kernel: etree.XMLSchema) -> None:
    refused, overlooked = 0, []
    for made in spoilt(of_datacite(NAMED)):
        if not kernel.validate(made):
            refused += 1
            if not datacite_fault(etree.tostring(made)):
                overlooked.append(str(kernel.error_log[0].message))
    assert (refused > 60, overlooked) == (True, [])


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["book", "report", "thesis", "article"])
def test_what_the_deposit_schema_refuses_is_refused_before_it_is_sent(kind: str, deposits: etree.XMLSchema) -> None:
    told = body(replace(FULL, type=kind))
    refused, overlooked = 0, []
    for made in spoilt(etree.fromstring(told)):
        spoilt_body = etree.tostring(made, encoding="unicode")
        if not deposits.validate(whole(spoilt_body)):
            refused += 1
            if not crossref_fault(spoilt_body.encode()):
                overlooked.append(str(deposits.error_log[0].message))
    assert (refused > 30, overlooked) == (True, [])


@pytest.mark.shared
@settings(max_examples=usually(18, thoroughly=60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(item=items, related=some(ties))
def test_what_is_sent_of_any_item_is_valid_and_not_refused(
    kernel: etree.XMLSchema, deposits: etree.XMLSchema, item: Item, related: tuple[Related, ...]
) -> None:
    named = replace(item, doi=NAMED.doi)
    made = datacite(named, "The library", shipped(), related, registered=2026)
    kernel.assertValid(etree.fromstring(made))
    assert datacite_fault(made.encode()) == ""
    told = body(named, related)
    assert deposits.validate(whole(told)) == (crossref_fault(told.encode()) == ""), crossref_fault(told.encode())


def test_long_names_are_shortened_as_the_schema_asks() -> None:
    long = "Ministry of " + "Water " * 80
    item = replace(
        FULL, contributions=(Contribution(Agent(long, "organisation"), "pbl"),), series=(Series("Letters " * 60),)
    )
    for kind in ("book", "report", "thesis", "article"):
        told = body(replace(item, type=kind))
        assert crossref_fault(told.encode()) == ""
        assert "…" in told


def test_a_year_that_crossref_does_not_take_is_named() -> None:
    told = body(replace(FULL, dates=(Date("1350"),)))
    assert crossref_fault(told.encode()) == "year cannot be '1350'"


def test_abstracts_and_relations_are_told_to_crossref() -> None:
    abstracts = (Text("First.\n\nSecond & last.", "en"), Text("Résumé.", "fr"), Text(" "))
    root = etree.fromstring(body(replace(FULL, type="report", descriptions=abstracts)))
    jats, rel = "{http://www.ncbi.nlm.nih.gov/JATS1}", "{http://www.crossref.org/relations.xsd}"
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    told = [(one.get(lang), [p.text for p in one.iter(f"{jats}p")]) for one in root.iter(f"{jats}abstract")]
    assert told == [("en", ["First.", "Second & last."]), ("fr", ["Résumé."])]
    found = [
        (
            etree.QName(one).localname.partition("_")[0],
            one.get("relationship-type"),
            one.get("identifier-type"),
            one.text,
        )
        for one in root.iter(f"{rel}inter_work_relation", f"{rel}intra_work_relation")
    ]
    assert found == [
        ("intra", "isTranslationOf", "doi", "10.12345/abc"),
        ("intra", "hasTranslation", "doi", "10.12345/def"),
        ("intra", "replaces", "uri", "https://library.example.org/item/9876543210"),
        ("inter", "isPartOf", "uri", "https://library.example.org/item/1111111111"),
    ]
    serial = body(replace(FULL, type="periodical"))
    assert 'relationship-type="continues"' in serial


def test_what_is_no_record_is_named() -> None:
    assert datacite_fault(b"<x/>") == "x is no record of this agency's"
    assert "no XML" in crossref_fault(b"<x")
    assert crossref_fault(b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><book>&a;</book>')


@pytest.mark.shared
def test_a_document_is_held_against_the_schema_that_is_set(kernel: etree.XMLSchema) -> None:
    assert kernel is not None
    schema = Schema(KERNEL)
    sound = etree.tostring(of_datacite(NAMED))
    assert schema.fault(sound) == ""
    fault = schema.fault(re.sub(rb"<publicationYear>\d+", b"<publicationYear>MMXX", sound))
    assert fault.startswith("line 1: ")
    assert "publicationYear" in fault


def test_a_schema_that_is_none_is_named(tmp_path: object) -> None:
    with pytest.raises(UsageError, match="cannot be used as a schema"):
        Schema(KERNEL.with_name("absent.xsd"))


@pytest.mark.parametrize(("tag", "told"), [("fr", 'language="fr"'), ("jv", ""), ("zh-Hans", ""), ("zzz", "")])
def test_a_language_that_crossref_has_no_code_for_is_left_out(tag: str, told: str) -> None:
    made = body(replace(FULL, type="report", languages=(tag,)))
    assert crossref_fault(made.encode()) == ""
    assert (told in made, "language=" in made) == (True, bool(told))
