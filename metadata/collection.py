"""Collections: what they are called and what they hold, in the languages in which their keepers say so."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from metadata.model import Text


@dataclass(frozen=True, slots=True)
class Collection:
    """What is said of a collection of this ``id``: its title and a description, each by language (BCP 47)."""

    id: str
    title: Mapping[str, str] = field(default_factory=dict, hash=False)
    description: Mapping[str, str] = field(default_factory=dict, hash=False)


Collections = Mapping[str, Collection]
"""What is said of collections, by id; they may be others than those that items are in."""


def by_id(collections: tuple[Collection, ...]) -> Collections:
    """Return collections by their ids."""
    return {one.id: one for one in collections}


def title_of(collections: Collections, name: str, language: str) -> Text:
    """Return what the collection ``name`` is called, in ``language`` if possible, else as it is called first.

    One that nothing is said of is called by its id, which is in no language.
    """
    known = collections.get(name)
    return (known and _in(known.title, language)) or Text(name)


def description_of(collections: Collections, name: str, language: str) -> Text | None:
    """Return what a collection holds, in ``language`` if possible, else as it is said first; None where nobody says."""
    known = collections.get(name)
    return _in(known.description, language) if known else None


def _in(said: Mapping[str, str], language: str) -> Text | None:
    found = language if language in said else next(iter(said), "")
    return Text(said[found], found) if found else None
