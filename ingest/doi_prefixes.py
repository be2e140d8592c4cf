"""Under which prefix the DOI of an item is reserved: by its collections, its type and what it came from."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

NO_DOI = "none"
"""In place of a prefix: nothing is reserved."""


@dataclass(frozen=True, slots=True)
class PrefixRule:
    """A prefix, or ``none``, for the items that fit all that is said: a collection, a type, a pattern of the source.

    ``""`` is nothing said. ``source`` is the path as given at ingest, ``*`` in it any characters.
    """

    prefix: str
    collection: str = ""
    type: str = ""
    source: str = ""

    def fits(self, kind: str, collections: Collection[str], source: str) -> bool:
        """Say whether an item of this type (``kind``), these collections and this source is one of those meant."""
        return (
            (not self.collection or self.collection in collections)
            and (not self.type or self.type == kind)
            and (not self.source or _pattern(self.source).match(source) is not None)
        )


@dataclass(frozen=True, slots=True)
class Prefixes:
    """The prefixes of a library: the first rule that fits an item counts, ``usual`` (``""``: none) where none does."""

    usual: str = ""
    rules: tuple[PrefixRule, ...] = ()

    def of(self, kind: str, collections: Collection[str], source: str) -> str:
        """Return the prefix for an item of this type (``kind``), these collections and this source; ``""`` for none."""
        found = next((rule.prefix for rule in self.rules if rule.fits(kind, collections, source)), self.usual)
        return "" if found == NO_DOI else found

    @property
    def all(self) -> tuple[str, ...]:
        """Every prefix that is the library's, each once, the usual one first."""
        named = (self.usual, *(rule.prefix for rule in self.rules))
        return tuple(dict.fromkeys(one for one in named if one not in ("", NO_DOI)))


@lru_cache(maxsize=100)
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(translate(source))
