"""What a form sent: its fields, as they were typed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_BYTES = 2 << 20
"""Bytes of a form that brings no files."""
MOST_FIELDS = 5000


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form in their order; a name may be there more than once.

    Lines end in ``\\n``, and no value holds other control characters than that and tabs.
    """

    pairs: Sequence[tuple[str, str]] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Form":
        """Return the form of fields as they came."""
        return cls(tuple((_cleaned(name), _cleaned(value)) for name, value in pairs))

    def value(self, name: str) -> str:
        """Return the first value of a field, without space around it; ``""`` where there is none."""
        return next((value.strip() for key, value in self.pairs if key == name), "")

    def values(self, name: str) -> list[str]:
        """Return all values of a field, without space around them."""
        return [value.strip() for key, value in self.pairs if key == name]

    def has(self, name: str) -> bool:
        """Say whether a field or button was sent."""
        return any(key == name for key, _ in self.pairs)


def _cleaned(text: str) -> str:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in plain if one in "\n\t" or (one >= " " and one != "\x7f"))
