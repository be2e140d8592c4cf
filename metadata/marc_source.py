"""A MARC 21 record while it is read: the record, and what all of its fields need to know of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from metadata.description import Remarks
from metadata.marc_record import Record

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Source:
    """A record being read.

    ``languages`` are those of its text, ``cataloguing`` that of its notes (040 $b). ``original`` is the
    one language of the original (041 $h), ``translated`` whether 041 calls it a translation.
    """

    record: Record
    remarks: Remarks
    languages: tuple[str, ...]
    cataloguing: str
    original: str = ""
    translated: bool = False

    @property
    def language(self) -> str:
        """The language of the text, where there is one."""
        return self.languages[0] if self.languages else ""


def unique(values: Iterable[_T]) -> tuple[_T, ...]:
    """Return the values in order, each once."""
    made = tuple(values)
    return made if len(made) < 2 else tuple(dict.fromkeys(made))
