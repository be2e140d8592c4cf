"""What may be chosen in the form of an item, in the reader's language: lists, people and organisations, concepts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from archive import agents_pages
from archive.agents_following import read_agents
from archive.agents_lookup import as_authority
from metadata.agents import Authority
from metadata.errors import NotFound, Outdated
from metadata.folding import fold
from metadata.model import Agent, Contribution, Text
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary
from web.i18n import N_
from web.labels import ACCESS, ROLES, Labels
from web.render import Service
from web.subjects import paths

MOST = 12
"""Matches that are shown."""

_LOOKED_THROUGH = 100_000  # concepts
_SHORTEST = 2
WORDS = {
    "titles": {"": N_("not said"), "other": N_("another title of it"), "translated": N_("translated by a cataloguer")},
    "agents": {"person": N_("Person"), "organisation": N_("Organisation")},
    "dates": {"issued": N_("Published"), "created": N_("Made"), "covered": N_("Time it speaks of")},
    "relations": {
        "isTranslationOf": N_("is a translation of"),
        "isPartOf": N_("is part of"),
        "replaces": N_("replaces"),
        "isFormatOf": N_("is the same, kept elsewhere, as"),
        "isVersionOf": N_("is a version of"),
    },
}
"""What the values of a list are called."""


@dataclass(frozen=True, slots=True)
class AgentMatch:
    """A person or an organisation that a search found: what is to be told from others, and what a row would have."""

    id: str
    name: str
    kind: str
    dates: str
    identifiers: str
    items: int


@dataclass(frozen=True, slots=True)
class ConceptMatch:
    """A concept: its label in the reader's language, or the nearest, and the labels of what is above it."""

    uri: str
    label: Text
    paths: Sequence[str] = ()


def options(name: str, labels: Labels, text: str) -> list[tuple[str, str]]:
    """Return (value, label) of a list; ``text`` is the value that stands there, kept where the list has no such."""
    if name == "types":
        found = [(code, labels.kind(code)) for code in TYPES]
    elif name == "roles":
        found = sorted(((code, labels.role(code)) for code in ROLES), key=lambda one: fold(one[1]))
    elif name == "access":
        found = [("", labels.text(WORDS["titles"][""])), *((code, labels.text(ACCESS[code])) for code in ACCESS)]
    else:
        found = [(code, labels.text(word)) for code, word in WORDS[name].items()]
    return found if text in dict(found) else [(text, labels.role(text) if name == "roles" else text), *found]


def agents(service: Service, asked: str) -> list[AgentMatch]:
    """Return the people and organisations whose names have words that begin as was asked; none without an index."""
    if len(fold(asked)) < _SHORTEST:
        return []
    try:
        with read_agents(service.library.home) as index:
            found = agents_pages.listed(index, asked, limit=MOST)
            return [_match(as_authority(index, one.id), one.id, one.items) for one in found]
    except Outdated:
        return []


def contribution_of(service: Service, agent: str) -> Contribution | None:
    """Return what a row has of an agent that was chosen, as an author; None where there is none."""
    try:
        with read_agents(service.library.home) as index:
            one = as_authority(index, agent)
    except (Outdated, NotFound):
        return None
    return Contribution(Agent(one.name.value, one.kind, one.identifiers), "aut")


def concepts(service: Service, asked: str, language: str) -> list[ConceptMatch]:
    """Return the concepts with a label of which a word begins as was asked, those whose label is just that first."""
    start = fold(asked)
    if len(start) < _SHORTEST:
        return []
    vocabulary = service.vocabulary
    exact = [uri for uri in vocabulary.meanings(asked) if uri in vocabulary.concepts]
    begun = (uri for uri in islice(vocabulary.concepts, _LOOKED_THROUGH) if _begins(vocabulary, uri, start))
    found = islice(dict.fromkeys([*exact, *islice(begun, MOST)]), MOST)
    return [concept_match(vocabulary, uri, language) for uri in found]


def concept_match(vocabulary: Vocabulary, uri: str, language: str) -> ConceptMatch:
    """Return a concept as it is shown; one that nobody knows is its URI."""
    known = vocabulary.concepts.get(uri)
    if known is None:
        return ConceptMatch(uri, Text(uri))
    ways = (" › ".join(_label(vocabulary, one, language) for one in way) for way in paths(vocabulary, uri))
    return ConceptMatch(uri, known.label(language), tuple(filter(None, ways)))


def _match(one: Authority, agent: str, items: int) -> AgentMatch:
    years = " – ".join([one.begun, one.ended]) if one.begun or one.ended else ""
    named = ", ".join(f"{each.scheme} {each.value}" for each in one.identifiers)
    return AgentMatch(agent, one.name.value, one.kind, years.strip(), named, items)


def _label(vocabulary: Vocabulary, uri: str, language: str) -> str:
    return vocabulary.concepts[uri].label(language).value


def _begins(vocabulary: Vocabulary, uri: str, start: str) -> bool:
    concept = vocabulary.concepts[uri]
    if concept.deprecated:
        return False
    return any(f" {fold(text.value)}".find(f" {start}") >= 0 for text in _texts(concept.labels, concept.alternatives))


def _texts(*many: Sequence[Text]) -> Iterator[Text]:
    for one in many:
        yield from one
