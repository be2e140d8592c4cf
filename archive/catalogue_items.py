"""The items of a catalogue one by one: as they are, and as readers may know them.

What is held for approval is known to nobody but who approves it: readers do not see it, nor ties to it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, select
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from archive import schema
from archive.catalogue_file import REBUILD, CatalogueFile
from archive.catalogued import Change, Held
from archive.cataloguing import HELD_AMONG, Publishing, without_ties
from archive.clock import Told
from metadata.accession import undone_reason
from metadata.errors import Outdated
from metadata.model import Item
from metadata.serial import from_own

_EACH = "{}"
_UNDONE = undone_reason(_EACH)


class CatalogueItems:
    """catalogue.db of one home, as far as it answers for single items (:class:`archive.catalogue.Catalogue`)."""

    def __init__(self, path: Path, publishing: Publishing) -> None:
        self.path = path
        self.publishing = publishing
        self.told = Told(path.with_name("clock"))
        self._file = CatalogueFile(path)

    def verify(self) -> None:
        """Raise Outdated when there is none, or one of another edition, base URL or namespace, or damaged."""
        self._file.verify()
        with self._file.reading() as connection:
            rows = connection.execute(select(schema.settings.c.name, schema.settings.c.value)).all()
        found, wanted = dict(pairs(rows)), {row["name"]: row["value"] for row in made_for(self.publishing)}
        for name in (*wanted, *found):
            was, now = found.get(name), wanted.get(name)
            if was != now:
                raise Outdated(f"{self.path} was made for {name} {was!r}, now it is {now!r}.", REBUILD)

    def close(self) -> None:
        """Give up all connections; the next one to ask opens it again."""
        self._file.release()

    def held(self, item_id: str) -> Held | None:
        """Return an item, where it is kept and its change number; None where there is none."""
        for line, object_id, change in self._ask(_HELD, item_id):
            return Held(from_own(line), object_id, change)
        return None

    def __contains__(self, item_id: str) -> bool:
        """Say whether there is an item of this id, withdrawn or not."""
        return bool(self._ask(_IS_HELD, item_id))

    def item(self, item_id: str) -> Item | None:
        """Return an item, withdrawn ones too; None where there is none."""
        held = self.held(item_id)
        return held.item if held else None

    def shown(self, item_id: str) -> Held | None:
        """Return what :meth:`held` does as readers may know it: of what waits for approval nothing, nor ties to it."""
        found = self.held(item_id)
        if found is None or found.item.status == "held":
            return None
        return replace(found, item=self.public([found.item])[0])

    def shown_item(self, item_id: str) -> Item | None:
        """Return what :meth:`item` does as readers may know it."""
        found = self.shown(item_id)
        return found.item if found else None

    def is_tied_to(self, item_id: str) -> bool:
        """Say whether any item says of itself that it is tied to this one."""
        return bool(self._ask("SELECT 1 FROM relations WHERE target = ? LIMIT 1", item_id))

    def replacements(self, item_id: str) -> Sequence[Item]:
        """Return the published items that say that they replace this one, by id."""
        return [from_own(line) for (line,) in self._ask(_REPLACEMENTS, item_id)]

    def waiting(self, most: int = -1) -> Sequence[Change]:
        """Return the items that are held for approval, oldest first, ``most`` at most (-1: all).

        Those are left out whose accession was undone.
        """
        return [Change(number, from_own(line)) for number, line in self._ask(_WAITING, _UNDONE, _EACH, most)]

    def number_waiting(self) -> int:
        """Return how many items :meth:`waiting` has; it costs next to nothing."""
        return int(self._ask(_NUMBER_WAITING, _UNDONE, _EACH)[0][0])

    def public(self, items: Sequence[Item]) -> list[Item]:
        """Return items without their ties to such as are held for approval."""
        targets = {tie.target for item in items for tie in item.relations}
        if not targets or not (found := self._ask(HELD_AMONG, msgspec.json.encode(sorted(targets)).decode())):
            return [*items]
        held = {item for (item,) in found}
        return [without_ties(item, held) for item in items]

    def _ask(self, statement: str, *values: str | int) -> list[tuple[Any, ...]]:
        if self._file.is_replaced():
            self.verify()
        return self._file.ask(statement, *values)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._file.is_replaced():
            self.verify()
        with self._file.reading() as connection:
            yield connection


def written(wanted: Select[Any]) -> str:
    """Return a statement as SQLite takes it: what is asked for every record of a batch is written once."""
    return str(wanted.compile(dialect=SQLiteDialect()))


_HELD = written(
    select(schema.items.c.json, schema.items.c.object_id, schema.items.c.change).where(
        schema.items.c.id == bindparam("id")
    )
)
_IS_HELD = written(select(schema.items.c.id).where(schema.items.c.id == bindparam("id")))
_REPLACEMENTS = """SELECT i.json FROM relations r JOIN items i ON i.id = r.item
WHERE r.target = ? AND r.kind = 'replaces' AND i.status = 'published' ORDER BY i.id"""
_IS_WAITING = "status = 'held' AND coalesce(json_extract(json, '$.reason'), '') <> replace(?, ?, accession)"
_WAITING = f"SELECT change, json FROM items WHERE {_IS_WAITING} ORDER BY change LIMIT ?"  # noqa: S608 - of constants
_NUMBER_WAITING = f"SELECT count(*) FROM items WHERE {_IS_WAITING}"  # noqa: S608 - of constants


def made_for(publishing: Publishing) -> list[dict[str, str]]:
    """Return the rows that say what a catalogue was made for."""
    values = {
        "edition": schema.EDITION,
        "base URL": publishing.base_url,
        "OAI namespace": publishing.namespace,
        **({"language of subjects": publishing.subjects_in} if publishing.subjects_in else {}),
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def pairs(rows: Sequence[Any]) -> list[tuple[str, Any]]:
    """Return rows of two columns as tuples."""
    return [(name, value) for name, value in rows]
