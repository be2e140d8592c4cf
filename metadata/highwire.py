"""Highwire Press tags: ``citation_*``, by which Google Scholar and Zotero read a page.

Google Scholar, *Inclusion Guidelines for Webmasters*, "Configuring the meta-tags". Dates are
``YYYY/MM/DD``, ``YYYY/MM`` or ``YYYY``; one tag an author; the text's address only where it is free.
"""

from collections.abc import Iterator

from metadata import citing
from metadata.model import Agent, Item
from metadata.relators import CREATORS

_Tags = Iterator[tuple[str, str]]


def highwire(item: Item, base_url: str) -> list[tuple[str, str]]:
    """Return names and contents of the page's ``<meta>`` tags, in order, not yet escaped for HTML.

    ``base_url`` is the library's web address, without the slash at its end.
    """
    parts = (_titles, _people, _published, _whole, _numbers)
    tags = [*(tag for part in parts for tag in part(item)), *_addresses(item, base_url)]
    return [(name, content) for name, content in ((name, citing.clean(text)) for name, text in tags) if content]


def _titles(item: Item) -> _Tags:
    yield "citation_title", item.title.value
    yield from (("citation_language", tag) for tag in item.languages)
    yield from (("citation_keywords", word.value) for word in item.keywords)
    yield from (("citation_abstract", text.value) for text in item.descriptions[:1])


def _people(item: Item) -> _Tags:
    """Yield who is cited as author: where there is none those who stand in, since an author is asked for."""
    creators = citing.agents(item, *CREATORS)
    editors = citing.agents(item, "edt", "com")
    for agent in creators or editors or citing.agents(item, "isb") or citing.agents(item, "pbl"):
        yield "citation_author", agent.name
        yield from _orcid(agent)
    if creators:
        yield from (("citation_editor", agent.name) for agent in editors)


def _orcid(agent: Agent) -> _Tags:
    for one in agent.identifiers:
        if one.scheme == "orcid":
            yield "citation_author_orcid", f"https://orcid.org/{one.value}"


def _published(item: Item) -> _Tags:
    yield "citation_publication_date", (citing.iso(item) or citing.iso(item, "created")).replace("-", "/")
    publishers = citing.agents(item, "pbl")
    yield from (("citation_publisher", agent.name) for agent in publishers)
    if item.type in ("report", "guideline"):
        makers = publishers or citing.agents(item, "isb")
        yield from (("citation_technical_report_institution", agent.name) for agent in makers)
        yield "citation_technical_report_number", next(iter(citing.numbers(item, "report-number")), "")
    if item.type == "thesis":
        schools = citing.agents(item, "dgg") or publishers
        yield from (("citation_dissertation_institution", agent.name) for agent in schools)


def _whole(item: Item) -> _Tags:
    """Yield what the item is part of, and where it stands there."""
    if host := citing.host(item):
        volume, issue = citing.volume_and_issue(host.number)
        yield "citation_inbook_title" if citing.is_chapter(item) else "citation_journal_title", host.title
        yield from (("citation_volume", volume), ("citation_issue", issue))
    for series in item.series[1 if host else 0 :]:
        yield "citation_series_title", series.title
    first, last = citing.page_range(item)
    yield from (("citation_firstpage", first), ("citation_lastpage", last))


def _numbers(item: Item) -> _Tags:
    yield "citation_doi", citing.doi(item)
    yield from (("citation_isbn", number) for number in citing.numbers(item, "isbn"))
    serials = (*(one.issn for one in item.series), *citing.numbers(item, "issn"))
    yield from (("citation_issn", number) for number in dict.fromkeys(serials))


def _addresses(item: Item, base_url: str) -> _Tags:
    yield "citation_abstract_html_url", citing.landing(item, base_url)
    pdf = (file for file in citing.offered(item) if file.media_type == "application/pdf")
    if file := next(pdf, None):
        yield "citation_pdf_url", citing.file_address(item, file, base_url)
