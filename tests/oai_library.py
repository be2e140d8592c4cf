"""A catalogue of small items and a provider before it, for the tests of oai."""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from archive.catalogue import Catalogue
from archive.cataloguing import Batch, Entry, Publishing
from archive.clock import SECOND
from metadata.ids import item_id
from metadata.model import Agent, Contribution, Date, Item, Text
from metadata.vocabulary import shipped
from oai.arguments import parse_pairs
from oai.formats import Renderers
from oai.provider import Provider, Repository, answer

BASE_URL = "http://library.example.org/oai"
NAMESPACE = "library.example.org"
START = 1_000_000_000
"""The datestamp of the first record: 2001-09-09T01:46:40Z."""
NOW = START + 1_000_000

NS = {
    "oai": "http://www.openarchives.org/OAI/2.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
}


def made_item(number: int, title: str = "", collections: tuple[str, ...] = ("posters",)) -> Item:
    """Return item ``number``; even ones are English reports, odd ones French articles."""
    submission = hashlib.sha512(str(number).encode()).hexdigest()
    return Item(
        id=item_id(submission),
        titles=(Text(title or f"Roofs & <walls> {number}", "en"),),
        contributions=(Contribution(Agent("Durand, Zoé", "person"), "aut"),),
        dates=(Date("1987-05"),),
        languages=("fr",) if number % 2 else ("en",),
        type="article" if number % 2 else "report",
        descriptions=(Text("Comment garder l’humidité hors des murs. " * 5, "fr"),),
        collections=collections,
        source=f"records.mrc#{number}",
        submission=submission,
    )


def identifier(item: Item) -> str:
    """Return the OAI identifier of an item."""
    return f"oai:{NAMESPACE}:{item.id}"


def write(catalogue: Catalogue, items: list[Item], at: int, spread: int = 1) -> None:
    """Catalogue ``items`` with datestamps from ``at`` on, ``spread`` of them to the second."""
    changes = [(at + n // spread) * SECOND + n % spread for n in range(len(items))]
    entries = [Entry(item, change, item.id) for item, change in zip(items, changes, strict=True)]
    catalogue.write([Batch(entries)])


@contextmanager
def opened(path: Path) -> Iterator[Catalogue]:
    """Yield an empty catalogue."""
    with closing(Catalogue(path, Publishing("http://library.example.org", NAMESPACE, shipped()))) as catalogue:
        catalogue.create()
        yield catalogue


def repository(page_size: int = 10, base_url: str = BASE_URL) -> Repository:
    """Return the repository that the tests ask."""
    return Repository("Roofs & walls", base_url, "keeper@library.example.org", NAMESPACE, page_size, b"k" * 32)


def provider_of_all(catalogue: Catalogue, page_size: int = 10) -> Provider:
    """Return a provider of every format."""
    renders = Renderers(catalogue.publishing, "Roofs & walls", catalogue.item).by_prefix()
    return Provider(repository(page_size), catalogue, renders)


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed answer."""

    root: etree._Element

    def all(self, path: str) -> list[str]:
        """Return the texts of all elements at ``path``, whose steps are of OAI-PMH where unprefixed."""
        return [element.text or "" for element in self.root.iterfind(f".//{path}", NS)]

    @property
    def codes(self) -> list[str]:
        """The codes of the errors, in order."""
        return [str(error.get("code")) for error in self.root.iterfind("oai:error", NS)]

    @property
    def identifiers(self) -> list[str]:
        """The identifiers of the records or headers, in order."""
        return self.all("oai:header/oai:identifier")

    @property
    def echo(self) -> dict[str, str]:
        """The attributes of the request element."""
        request = self.root.find("oai:request", NS)
        assert request is not None
        assert request.text == BASE_URL
        return {str(name): str(value) for name, value in request.attrib.items()}

    @property
    def token(self) -> etree._Element | None:
        """The resumptionToken element."""
        return self.root.find("*/oai:resumptionToken", NS)


def parsed(document: bytes) -> Answer:
    """Parse an answer; raises where it is not well-formed."""
    return Answer(etree.fromstring(document))


def asked(provider: Provider, query: str, now: int = NOW) -> Answer:
    """Return the provider's answer to a query string."""
    return parsed(answer(provider, parse_pairs(query.encode()), now))


def pages(provider: Provider, query: str, now: int = NOW) -> Iterator[Answer]:
    """Follow resumption tokens to the end of a list."""
    verb = query.partition("&")[0]
    page = asked(provider, query, now)
    yield page
    while page.token is not None and page.token.text:
        page = asked(provider, f"{verb}&resumptionToken={page.token.text}", now)
        yield page
