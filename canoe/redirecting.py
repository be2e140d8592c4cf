"""Old web addresses taken into the library's table: what is asked for, whether it may be, and what is wrong with it."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.library import Library
from archive.redirects import MOST, bearers
from canoe.table_text import table_text
from metadata.description import shorten
from metadata.errors import UsageError
from metadata.old_addresses import old_address, path_of
from metadata.problems import Problem, problem
from metadata.table_cells import delimiter_of
from web.app import is_own

LARGEST = 64 << 20
_LONGEST_TARGET = 400


@dataclass(frozen=True, slots=True)
class Wish:
    """An old address and what it should lead to, as they were given, and where: ``FILE#line``, ``""`` for a command."""

    old: str
    target: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Taking:
    """How wishes are taken: may a target be one that the library has not yet, may they change what an address leads to.

    Without either such a wish is refused.
    """

    ahead: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """The table as it becomes; how many addresses are new or changed, how many were so before; what is refused."""

    table: dict[str, str]
    changed: int
    same: int
    refused: tuple[Problem, ...]


def read_wishes(path: Path) -> Iterator[Wish]:
    """Yield the lines of a CSV file (RFC 4180; comma, semicolon or tab): an old address, then an item.

    A first line whose first cell is no address is a heading. Columns beyond the second, and empty lines, are
    passed over. Raises UsageError for what is no such file; a quotation that is never closed would swallow all lines
    after it.
    """
    text = table_text(path, LARGEST, "Name a CSV file; or an old address and the item that it leads to.")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    begun = 1
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if any(cells) and (begun > 1 or old_address(cells[0])):
                yield Wish(cells[0], cells[1] if len(cells) > 1 else "", f"{path.name}#{begun}")
            begun = rows.line_num + 1
    except csv.Error as fault:
        raise UsageError(f"{path}: line {begun} is no CSV: {fault}.") from fault


def take(library: Library, table: dict[str, str], wishes: Iterable[Wish], taking: Taking) -> Taken:
    """Return the table with the wishes that may be, and every reason why one may not.

    An address leads to an item and never to another address, so there are no loops, and no other host is
    ever led to.
    """
    made, changed, same, refused = dict(table), 0, 0, []
    seen: set[str] = set()
    for wish in wishes:
        form = old_address(wish.old)
        if (fault := _fault(library, wish, form, taking)) or (fault := _clash(table, made, form, wish, seen, taking)):
            refused.append(fault)
        elif made.get(form) == wish.target:
            same += 1
        else:
            made[form], changed = wish.target, changed + 1
        seen.add(form)
    if len(made) > MOST:
        raise UsageError(f"The table would have {len(made)} addresses; it has place for {MOST}.")
    return Taken(made, changed, same, tuple(refused))


def amiss(library: Library, table: dict[str, str]) -> Iterator[Problem]:
    """Yield what of the table leads nowhere, or to several items, or is an address of the site by now."""
    for form, target in sorted(table.items()):
        if fault := _fault(library, Wish(form, target, form), form, Taking()):
            yield fault


def _fault(library: Library, wish: Wish, form: str, taking: Taking) -> Problem | None:
    old, target, where = shorten(wish.old), shorten(wish.target), wish.where
    if not form:
        return problem("redirect-address", where, address=old)
    if is_own(path_of(form)):
        return problem("redirect-own", where, address=old)
    if not wish.target or len(wish.target) > _LONGEST_TARGET or not wish.target.isprintable():
        return problem("redirect-nowhere", where, address=old, target=target)
    number = len(bearers(library.catalogue, wish.target))
    if number > 1:
        return problem("redirect-several", where, address=old, target=target, number=number)
    return problem("redirect-nowhere", where, address=old, target=target) if not (number or taking.ahead) else None


def _clash(
    table: dict[str, str], made: dict[str, str], form: str, wish: Wish, seen: set[str], taking: Taking
) -> Problem | None:
    """Return what is wrong where an address leads elsewhere already, by the table or by an earlier line."""
    known = made.get(form, wish.target)
    if known == wish.target or (form not in seen and taking.over and form in table):
        return None
    return problem("redirect-known", wish.where, address=shorten(wish.old), target=shorten(known))
