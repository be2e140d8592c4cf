"""Crossref's deposit XML: what that DOI agency is told of an item.

Crossref deposit schema 5.3.1 (https://data.crossref.org/reports/help/schema_doc/5.3.1/index.html). An article of which
the journal is known is a journal article, a thesis a dissertation, a book or proceedings a book; all
else is a report, the most general form that Crossref has for a document by itself. A title,
a year and an address are never missing; names that the schema has no place for are organisations.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from metadata import standard_numbers
from metadata.agency_rules import CROSSREF_LANGUAGES
from metadata.kernel import Related, Shares, plain, shares, tag, w3cdtf
from metadata.model import Agent, Contribution, Item, Text
from metadata.xmlbuild import element, leaf

NAMESPACE = "http://www.crossref.org/schema/5.3.1"
WITHDRAWN = "WITHDRAWN: "
_ROLES = {"edt": "editor", "trl": "translator"}
_BOOKS = {"book": "monograph", "proceedings": "other"}
_PERSON = re.compile(r"[^\d?]{1,60}")
_LONGEST_NAME, _LONGEST_PUBLISHER, _LONGEST_JOURNAL, _LONGEST_DEPOSITOR = 511, 255, 255, 130
_JATS, _REL = "http://www.ncbi.nlm.nih.gov/JATS1", "http://www.crossref.org/relations.xsd"
_TIES = {
    "isTranslationOf": ("intra_work_relation", "isTranslationOf", "hasTranslation"),
    "isVersionOf": ("intra_work_relation", "isVersionOf", "hasVersion"),
    "isFormatOf": ("intra_work_relation", "isFormatOf", "hasFormat"),
    "replaces": ("intra_work_relation", "replaces", "isReplacedBy"),
    "isPartOf": ("inter_work_relation", "isPartOf", "hasPart"),
    "continues": ("inter_work_relation", "continues", "isContinuedBy"),
}


@dataclass(frozen=True, slots=True)
class Head:
    """Who deposits: the batch's id and time stamp (the higher one counts), the library's name, its address."""

    batch: str
    timestamp: str
    depositor: str
    email: str


def deposit(body: str, head: Head) -> str:
    """Return the document that is uploaded: ``body`` is what :func:`crossref` made."""
    name = _short(plain(head.depositor), _LONGEST_DEPOSITOR)
    depositor = element("depositor", None, (leaf("depositor_name", name), leaf("email_address", head.email)))
    told = (
        leaf("doi_batch_id", head.batch), leaf("timestamp", head.timestamp), depositor, leaf("registrant", name),
    )  # fmt: skip
    attributes = {"xmlns": NAMESPACE, "version": "5.3.1"}
    return element("doi_batch", attributes, (element("head", None, told), element("body", None, (body,))))


def crossref(item: Item, url: str, publisher: str, year: int, related: Iterable[Related] = ()) -> str:
    """Return what stands in the body of a deposit: one element.

    ``url`` is where the DOI leads to; ``publisher`` is the library's name, for what names no publisher;
    ``year`` that of the registration, for what has no date. ``related`` are the item's ties, both ways. A
    withdrawn item says so in its title.
    """
    parts = _Parts(item, url, publisher, year, related)
    if item.type == "thesis":
        return parts.dissertation()
    if item.type == "article" and any(plain(one.title) for one in item.series):
        return parts.article()
    return parts.book(_BOOKS[item.type]) if item.type in _BOOKS else parts.report()


class _Parts:
    """The parts of one deposit, and how the forms put them together; their order is the schema's."""

    def __init__(self, item: Item, url: str, publisher: str, year: int, related: Iterable[Related]) -> None:
        self._item = item
        self._related = related
        self._url = url
        self._year = year
        self._people = shares(item)
        names = [plain(one.name) for one in self._people.publishers] or [plain(publisher) or "unknown"]
        self._publisher = _short(names[0], _LONGEST_PUBLISHER)
        language = item.languages[0] if item.languages else ""
        self._language = {"language": language if language in CROSSREF_LANGUAGES else None}

    def book(self, kind: str) -> str:
        isbns = [
            made
            for one in self._item.identifiers
            if one.scheme == "isbn" and (made := standard_numbers.isbn(one.value))
        ]
        numbers = [leaf("isbn", made) for made in dict.fromkeys(isbns)][:6]
        parts = (
            self._contributors(), self._titles(), self._abstracts(), self._date("publication_date"),
            "".join(numbers) or element("noisbn", {"reason": "monograph"}), self._publishers(), self._relations(),
            self._doi_data(),
        )  # fmt: skip
        return element("book", {"book_type": kind}, (element("book_metadata", self._language, parts),))

    def report(self) -> str:
        parts = (
            self._contributors(), self._titles(), self._abstracts(), self._date("publication_date"),
            self._publishers(), self._relations(), self._doi_data(),
        )  # fmt: skip
        return element("report-paper", None, (element("report-paper_metadata", self._language, parts),))

    def dissertation(self) -> str:
        people = self._contributors() or element("contributors", None, (element("anonymous", _first("author")),))
        institution = element("institution", None, (leaf("institution_name", self._publisher),))
        parts = (
            people, self._titles(), self._abstracts(), self._date("approval_date"), institution, self._relations(),
            self._doi_data(),
        )  # fmt: skip
        return element("dissertation", self._language, parts)

    def article(self) -> str:
        journal = next(one for one in self._item.series if plain(one.title))
        issn = standard_numbers.issn(journal.issn) if journal.issn else ""
        told = (leaf("full_title", _short(plain(journal.title), _LONGEST_JOURNAL)), leaf("issn", issn))
        parts = (
            self._titles(), self._contributors(), self._abstracts(), self._date("publication_date"), self._relations(),
            self._doi_data(),
        )  # fmt: skip
        article = element("journal_article", self._language, parts)
        return element("journal", None, (element("journal_metadata", None, told), article))

    def _titles(self) -> str:
        title = plain(self._item.title.value) or "[untitled]"
        sign = WITHDRAWN if self._item.status == "withdrawn" else ""
        return element("titles", None, (leaf("title", f"{sign}{title}"),))

    def _date(self, name: str) -> str:
        """Return the date of issue, else of creation, else the year of registration; a period by its first."""
        dated = sorted((d for d in self._item.dates if d.kind != "covered"), key=lambda d: d.kind != "issued")
        found = next((made for d in dated if (made := w3cdtf(d.value).strip("/").partition("/")[0])), "")
        year, month, day = [*found.split("-"), "", "", ""][:3]
        return element(name, None, (leaf("month", month), leaf("day", day), leaf("year", year or f"{self._year:04}")))

    def _abstracts(self) -> str:
        """Return each abstract in JATS, with its language; a paragraph for each that blank lines part."""
        made = (_abstract(text) for text in self._item.descriptions if plain(text.value))
        return "".join(dict.fromkeys(made))

    def _relations(self) -> str:
        """Return the ties (relations.xsd): by DOI, else by address."""
        made = dict.fromkeys(_related(tie, self._item) for tie in self._related if plain(tie.identifier.value))
        return element("rel:program", {"xmlns:rel": _REL, "name": "relations"}, made) if made else ""

    def _publishers(self) -> str:
        return element("publisher", None, (leaf("publisher_name", self._publisher),))

    def _contributors(self) -> str:
        named = list(_named(self._people))
        parts = [_contributor(one, "additional" if number else "first") for number, one in enumerate(named)]
        return element("contributors", None, parts) if parts else ""

    def _doi_data(self) -> str:
        name = self._item.doi.name if self._item.doi else ""
        return element("doi_data", None, (leaf("doi", name), leaf("resource", self._url)))


def _named(people: Shares) -> Iterator[Contribution]:
    yield from (Contribution(agent, "aut") for agent in people.creators)
    yield from (one for one in people.contributors if one.role in _ROLES)


def _contributor(one: Contribution, sequence: str) -> str:
    attributes = {"sequence": sequence, "contributor_role": _ROLES.get(one.role, "author")}
    surname, given = _name(one.agent)
    if not surname:
        return leaf("organization", plain(one.agent.name)[:_LONGEST_NAME], attributes)
    orcids = (standard_numbers.orcid(number.value) for number in one.agent.identifiers if number.scheme == "orcid")
    orcid = next(filter(None, orcids), "")
    orcid = f"https://orcid.org/{orcid}" if orcid else ""
    return element(
        "person_name", attributes, (leaf("given_name", given), leaf("surname", surname), leaf("ORCID", orcid))
    )


def _name(agent: Agent) -> tuple[str, str]:
    """Return a person's family and given name as the schema has them; ``""`` where it is none, or cannot."""
    family, _, given = (part.strip() for part in plain(agent.name).partition(","))
    fits = agent.kind == "person" and _PERSON.fullmatch(family) and (not given or _PERSON.fullmatch(given))
    return (family, given) if fits else ("", "")


def _abstract(text: Text) -> str:
    paragraphs = (leaf("jats:p", " ".join(part.split())) for part in re.split(r"\n\s*\n", plain(text.value)))
    return element("jats:abstract", {"xmlns:jats": _JATS, "xml:lang": tag(text.language)}, paragraphs)


def _related(tie: Related, item: Item) -> str:
    """Return a tie; a periodical continues another, anything else replaces it."""
    kind: str = "continues" if tie.kind == "replaces" and item.type == "periodical" else tie.kind
    name, *both = _TIES[kind]
    scheme = "doi" if tie.identifier.scheme == "doi" else "uri"
    attributes = {"relationship-type": both[tie.inverse], "identifier-type": scheme}
    return element("rel:related_item", None, (leaf(f"rel:{name}", tie.identifier.value.strip(), attributes),))


def _short(text: str, most: int) -> str:
    """Return a text as long as the schema allows; what is left out is shown to be."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _first(role: str) -> dict[str, str]:
    return {"sequence": "first", "contributor_role": role}
