"""Highwire tags: what Google Scholar asks for, and no address of a text that is not free."""

from dataclasses import replace

import pytest

from metadata.highwire import highwire
from metadata.model import Access, Agent, Contribution, Date, Doi, File, Identifier, Item, Series, Text

SITE = "https://library.example.org"
PDF = File("originals/a é.pdf", "original", "application/pdf", 1, "")
REPORT = Item(
    "0123456789",
    titles=(Text("Forests <of>\nSenegal", "en"), Text("Forêts")),
    contributions=(
        Contribution(Agent("Dupont, Jeanne", "person", (Identifier("orcid", "0000-0001-5109-3700"),)), "aut"),
        Contribution(Agent("Diop, Awa", "person"), "aut"),
        Contribution(Agent("Sy, Ba", "person"), "edt"),
        Contribution(Agent("IUCN", "organisation"), "pbl"),
    ),
    dates=(Date("1987-05-04"),),
    languages=("en",),
    type="report",
    keywords=(Text("trees"), Text("bats")),
    identifiers=(Identifier("isbn", "9780387234830"), Identifier("report-number", "TR 7")),
    doi=Doi("10.5555/0123456789", "findable"),
    files=(PDF,),
)


def values(item: Item, name: str) -> list[str]:
    return [content for found, content in highwire(item, SITE) if found == f"citation_{name}"]


def test_a_report() -> None:
    assert highwire(REPORT, SITE) == [
        ("citation_title", "Forests <of> Senegal"),
        ("citation_language", "en"),
        ("citation_keywords", "trees"),
        ("citation_keywords", "bats"),
        ("citation_author", "Dupont, Jeanne"),
        ("citation_author_orcid", "https://orcid.org/0000-0001-5109-3700"),
        ("citation_author", "Diop, Awa"),
        ("citation_editor", "Sy, Ba"),
        ("citation_publication_date", "1987/05/04"),
        ("citation_publisher", "IUCN"),
        ("citation_technical_report_institution", "IUCN"),
        ("citation_technical_report_number", "TR 7"),
        ("citation_doi", "10.5555/0123456789"),
        ("citation_isbn", "9780387234830"),
        ("citation_abstract_html_url", f"{SITE}/item/0123456789"),
        ("citation_pdf_url", f"{SITE}/item/0123456789/file/originals/a%20%C3%A9.pdf"),
    ]


def test_an_article() -> None:
    journal = Series("Journal of Forests", "12(3)", "0036-8075")
    item = replace(REPORT, type="article", series=(journal,), extent="p. 45–67", identifiers=())
    assert values(item, "journal_title") == ["Journal of Forests"]
    assert (values(item, "volume"), values(item, "issue"), values(item, "issn")) == (["12"], ["3"], ["0036-8075"])
    assert (values(item, "firstpage"), values(item, "lastpage")) == (["45"], ["67"])


@pytest.mark.parametrize(
    ("access", "given"), [("", 1), ("open", 1), ("embargoed", 0), ("restricted", 0), ("metadata-only", 0)]
)
def test_the_text_is_named_only_where_it_is_free(access: Access, given: int) -> None:
    assert len(values(replace(REPORT, access=access), "pdf_url")) == given


def test_the_copy_made_for_readers_goes_first() -> None:
    copy = File("access.pdf", "access", "application/pdf", 1, "")
    assert values(replace(REPORT, files=(PDF, copy)), "pdf_url") == [f"{SITE}/item/0123456789/file/access.pdf"]


def test_who_stands_in_for_an_author() -> None:
    assert values(replace(REPORT, contributions=REPORT.contributions[2:]), "author") == ["Sy, Ba"]
    assert values(replace(REPORT, contributions=REPORT.contributions[3:]), "author") == ["IUCN"]
