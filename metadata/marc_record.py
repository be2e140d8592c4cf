"""A MARC record in memory, the same whether it came as ISO 2709 or as MARCXML."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Field(NamedTuple):
    """A field in order of its record. A control field has no indicators and one subfield with code ``""``."""

    tag: str
    indicators: str
    subfields: tuple[tuple[str, str], ...]

    @property
    def data(self) -> str:
        """The content of a control field."""
        return self.subfields[0][1] if self.subfields else ""

    def first(self, codes: str) -> str:
        """Return the first subfield that has one of ``codes``, else ``""``."""
        for code, value in self.subfields:
            if code in codes:
                return value
        return ""

    def all(self, codes: str) -> list[str]:
        """Return the values of every subfield that has one of ``codes``, in order."""
        return [value for code, value in self.subfields if code in codes]


@dataclass(slots=True)
class Record:
    """Leader (24 characters) and fields by tag; within a tag the record's order is kept."""

    leader: str
    fields: dict[str, list[Field]]

    def each(self, *tags: str) -> Sequence[Field]:
        """Return the fields of ``tags``, tag by tag."""
        if len(tags) == 1:
            return self.fields.get(tags[0], ())
        return [field for tag in tags if tag in self.fields for field in self.fields[tag]]

    def control(self, tag: str) -> str:
        """Return the content of a control field (``001`` … ``009``), else ``""``."""
        found = self.fields.get(tag)
        return found[0].data if found else ""
