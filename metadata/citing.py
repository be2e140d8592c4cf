"""What the forms of a reference (BibTeX, RIS, CSL, schema.org, Highwire) share: the parts that one cites by."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from metadata.dublin_core import iso_date
from metadata.model import Agent, Contribution, Date, File, Item, Series
from metadata.relators import TERMS
from metadata.rights import is_open
from metadata.vocabulary import Vocabulary
from metadata.xmltext import legal

# A DOI in these states resolves; others would be dead links.
_RESOLVING = frozenset({"findable", "registered", "external"})
_NUMBER = re.compile(r"([^()]+)\(([^()]+)\)")
_PAGES = re.compile(r"p\. ?(\w+)(?:[–-](\w+))?")


def clean(text: str) -> str:
    """Return ``text`` on one line, without characters that have no place in a record."""
    return " ".join(legal(text).split())


def joined(texts: Iterable[str]) -> str:
    """Join texts to one, each ended by a full stop where words or figures would run together."""
    known = [text for text in map(clean, texts) if text]
    ended = [text if re.search(r"[^\w)\]”»]$|://\S*$", text) else f"{text}." for text in known[:-1]]
    return " ".join([*ended, *known[-1:]])


def landing(item: Item, base_url: str) -> str:
    """Return the address of the item's page; ``base_url`` is without the slash at its end."""
    return f"{base_url}/item/{item.id}"


def doi(item: Item) -> str:
    """Return the DOI that the item is cited by, ``""`` where none resolves yet."""
    if item.doi and item.doi.state in _RESOLVING:
        return item.doi.name
    return next(iter(numbers(item, "doi")), "")


def numbers(item: Item, scheme: str) -> list[str]:
    """Return the item's identifiers of a scheme."""
    found = (clean(one.value) for one in item.identifiers if one.scheme == scheme)
    return [value for value in dict.fromkeys(found) if value]


def agents(item: Item, *roles: str) -> list[Agent]:
    """Return who plays one of these roles, in order, each once."""
    played = (one.agent for one in item.contributions if one.role in roles and clean(one.agent.name))
    return list(dict.fromkeys(played))


def others(item: Item, *known: str) -> list[Contribution]:
    """Return the contributions in none of these roles."""
    return [one for one in item.contributions if one.role not in known and clean(one.agent.name)]


def role_term(code: str) -> str:
    """Return the English term of a MARC relator code, the code itself where it is none."""
    return TERMS.get(code, code)


def issued(item: Item) -> str:
    """Return the date of issue, else of creation, in EDTF; ``""`` where neither is known."""
    dated = sorted((one for one in item.dates if one.kind != "covered"), key=lambda one: one.kind != "issued")
    return next((one.value for one in dated), "")


def iso(item: Item, kind: str = "issued") -> str:
    """Return the first date of a kind in ISO 8601, ``""`` where none can be said so."""
    found = (iso_date(one.value) for one in item.dates if one.kind == kind)
    return next((value for value in found if value), "")


def covered(item: Item) -> list[Date]:
    """Return the periods that the item speaks of."""
    return [one for one in item.dates if one.kind == "covered"]


def keywords(item: Item, vocabulary: Vocabulary) -> list[str]:
    """Return keywords and the labels of concepts in the item's language, each once."""
    language = item.languages[0] if item.languages else "en"
    known = (vocabulary.concepts.get(uri) for uri in item.concepts)
    labels = (concept.label(language).value for concept in known if concept)
    return [word for word in dict.fromkeys(map(clean, (*(text.value for text in item.keywords), *labels))) if word]


def host(item: Item) -> Series | None:
    """Return what an article is part of: its journal or book."""
    return item.series[0] if item.type == "article" and item.series else None


def is_chapter(item: Item) -> bool:
    """Say whether an article is part of a book: a book has an ISBN."""
    return item.type == "article" and bool(numbers(item, "isbn"))


def volume_and_issue(number: str) -> tuple[str, str]:
    """Part a place in a journal: ``12(3)`` gives volume 12, issue 3."""
    number = clean(number)
    found = _NUMBER.fullmatch(number)
    return (found[1].strip(), found[2].strip()) if found else (number, "")


def page_range(item: Item) -> tuple[str, str]:
    """Return the first and the last page in a whole (``p. 73–74``), ``""`` where the extent tells none."""
    found = _PAGES.fullmatch(clean(item.extent))
    return (found[1], found[2] or "") if found else ("", "")


def offered(item: Item) -> Iterator[File]:
    """Yield the files that readers are offered: access copies, then originals; none where access is closed."""
    if is_open(item):
        yield from item.files_as("access")
        yield from item.files_as("original")


def file_address(item: Item, file: File, base_url: str) -> str:
    """Return the address of a file."""
    return f"{landing(item, base_url)}/file/{quote(file.path, safe='/')}"


def family_and_given(agent: Agent) -> tuple[str, str]:
    """Part a person's name at its first comma; one without a comma is all family name."""
    family, _, given = clean(agent.name).partition(",")
    return family.strip(), given.strip()
