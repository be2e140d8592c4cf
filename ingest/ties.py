"""Ties between items: links as a source names them, resolved to the ids of items."""

import os
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from archive.catalogue import Catalogue
from ingest.ledger import Ledger
from metadata.description import Link
from metadata.model import Item, Relation
from metadata.problems import Problem, problem


class Ties:
    """Who is called what: the names given in a batch, then those the library knows."""

    def __init__(self, catalogue: Catalogue, ledger: Ledger | None = None) -> None:
        self._catalogue = catalogue
        self._ledger = ledger or Ledger()

    def note_file(self, path: Path, item_id: str) -> None:
        """Remember which item was made from a file."""
        self._ledger.name("file", file_key(path), item_id)
        self._ledger.name("item", item_id, item_id)

    def forget(self, item_id: str) -> None:
        """Let go of an item that came to nothing: no tie leads to it."""
        self._ledger.unname(item_id)

    def targets(self, links: Iterable[Link]) -> set[str]:
        """Return the items of this batch that links lead to."""
        return {item for link in links if (item := self._ledger.named(link.scheme, link.value))}

    def knows(self, links: Iterable[Link]) -> bool:
        """Say whether this batch alone tells where links lead to."""
        return all(self._ledger.named(link.scheme, link.value) for link in links)

    def note_record(self, item: Item) -> None:
        """Remember the id of a record, and its control numbers, with and without their agency."""
        self._ledger.name("item", item.id, item.id)
        for identifier in item.identifiers:
            if identifier.scheme == "control-number":
                for value in {identifier.value, identifier.value.rpartition(")")[2]}:
                    self._ledger.name("control-number", value, item.id)

    def tie(self, item: Item, links: Iterable[Link]) -> tuple[Item, tuple[Problem, ...]]:
        """Return the item with its links as relations, and a problem for each that leads nowhere."""
        targets = {link: self._target(link, item.id) for link in links}
        found = (Relation(link.kind, target) for link, target in targets.items() if target)
        relations = tuple(dict.fromkeys([*item.relations, *found]))
        problems = tuple(_unresolved(item, link) for link, target in targets.items() if not target)
        return replace(item, relations=relations), problems

    def _target(self, link: Link, item_id: str) -> str:
        target = self._ledger.named(link.scheme, link.value) or self._in_library(link)
        return target if target != item_id else ""

    def _in_library(self, link: Link) -> str:
        if link.scheme == "item":
            return link.value if self._catalogue.item(link.value) else ""
        if link.scheme == "file":
            spellings = dict.fromkeys([link.value, unicodedata.normalize("NFD", link.value)])
            known = [item for source in spellings for item in self._catalogue.by_source(source)]
        else:
            known = [*self._catalogue.by_identifier(link.scheme, link.value)]
        return known[0].id if len(known) == 1 else ""


def file_key(path: Path) -> str:
    """Return a path in the one form in which a manifest's and a file system's spelling meet."""
    return unicodedata.normalize("NFC", os.path.normpath(os.fsencode(path).decode("utf-8", "backslashreplace")))


def from_manifest(links: Iterable[Link], manifest: Path) -> tuple[Link, ...]:
    """Return a manifest's links with their files named from where the manifest lies."""
    return tuple(
        replace(link, value=file_key(manifest.parent / link.value)) if link.scheme == "file" else link for link in links
    )


def _unresolved(item: Item, link: Link) -> Problem:
    where = f"{item.source}:{link.field}"
    return problem("relation-unresolved", where, field=link.field, value=link.value)
