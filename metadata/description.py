"""What reading a record gives: a description of an item, or the reason why there is none.

A file of records is read piece by piece. Every piece becomes either a
:class:`Description` or a :class:`Rejected`, in the order of the file, so that what came in
can always be counted against what came out.
"""

from dataclasses import dataclass

from metadata.model import Item, RelationKind
from metadata.problems import Problem, problem


@dataclass(frozen=True, slots=True)
class Link:
    """A tie to another description, not yet resolved.

    ``scheme`` says what ``value`` is: ``file`` (a path, relative to the manifest that names
    it), ``control-number`` (``(003)001``, or a bare 001) or ``item`` (an item's id). ``field``
    names where it stood.
    """

    kind: RelationKind
    scheme: str
    value: str
    field: str


@dataclass(frozen=True, slots=True)
class Description:
    """A record that was read; ``number`` is its place in its file, counted from 1.

    ``item`` has no id yet. ``raw`` is the record as it came: the bytes up to the record
    terminator (MARC 21), the element as UTF-8 (MARCXML), the row as a JSON list of
    header and cell pairs (CSV). ``file`` is the file a manifest's row describes, ``""``
    where the record stands alone; ``pages`` are the page files of the folder that ``file`` names, in
    their order, where the row lists them.
    """

    number: int
    item: Item
    raw: bytes
    file: str = ""
    links: tuple[Link, ...] = ()
    problems: tuple[Problem, ...] = ()
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A piece that gives no item.

    ``set_aside`` tells what is sound but no bibliographic record of ours (authority,
    holdings, UNIMARC) from what was refused for a fault.
    """

    number: int
    problems: tuple[Problem, ...]
    raw: bytes = b""
    set_aside: bool = False


MOST_REMARKS = 100
_CHECKED = frozenset(("isbn", "issn", "ismn", "doi", "orcid", "isni"))


class Remarks:
    """Collects the problems of one record, up to a hundred; ``where`` is ``file#number``."""

    __slots__ = ("problems", "where")

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[Problem] = []

    def add(self, code: str, field: str = "", /, **params: object) -> None:
        """Note a problem of the record, or of one of its fields (``245$a``, a column's name)."""
        if len(self.problems) >= MOST_REMARKS:
            self.problems[-1] = problem("record-mended", self.where, reason="more remarks than these were left out")
            return
        place = f"{self.where}:{field}" if field else self.where
        made = problem(code, place, **{name: shorten(str(value)) for name, value in params.items()})
        if made not in self.problems:
            self.problems.append(made)

    def mended(self, reason: str, field: str = "") -> None:
        """Note a fault in spite of which the record was read."""
        self.add("record-mended", field, reason=reason)

    def unknown(self, field: str, value: str) -> None:
        """Note a value that was left out because it is not known here."""
        self.add("value-unknown", field, field=field, value=value)

    def wrong_number(self, field: str, value: str, scheme: str) -> None:
        """Note a number that was left out because it is none of its scheme (``isbn``); a URL is a value like others."""
        if scheme in _CHECKED:
            self.add("number-left-out", field, field=field, value=value, scheme=scheme.upper())
        else:
            self.unknown(field, value)


def shorten(value: str, limit: int = 120) -> str:
    """Cut ``value`` to what fits a report's line, marking the cut."""
    return value if len(value) <= limit else value[: limit - 1] + "…"
