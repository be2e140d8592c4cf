"""Bags among what came: what each of their files is to an ingest.

Of a valid bag the payload comes in like any folder; its tag files are kept as they came. A bag
that Canoe made is known by its ``Bag-Software-Agent``: of that only the originals and what was
known of each item come in, for all the rest is made of these.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from archive.bag import DECLARATION, Bag
from metadata.accession import Piece
from metadata.ids import is_item_id
from metadata.problems import problem

DEEPEST = 3
AGENT = "Canoe "
ITEM = "metadata/item.json"
"""Where a bag that Canoe made holds what was known of an item, below the item's folder."""

_OURS = re.compile(r"data/([0-9a-z]{10})/(.+)")

Part = Literal["payload", "tag", "item", "copy"]


def is_bag(names: Sequence[str]) -> bool:
    """Say whether a folder with these names in it says that it is a bag (RFC 8493, section 2.1.1)."""
    return DECLARATION in names


def part_of(bag: Bag, path: Path) -> Part:
    """Return what a file below a bag's folder is: ``copy`` for what is made of the originals again."""
    inside = str(path.relative_to(bag.folder))
    return _part(bag, inside) if inside.startswith("data/") else "tag"


def _part(bag: Bag, inside: str) -> Part:
    found = _OURS.fullmatch(inside)
    if not found or not _is_ours(bag) or not is_item_id(found[1]):
        return "payload"
    if f"data/{found[1]}/metadata/item.json" not in bag.payload or found[2].startswith(("original/", "source/")):
        return "payload"
    return "item" if found[2] == "metadata/item.json" else "copy"


def is_own_item(bag: Bag, folder: Path) -> bool:
    """Say whether a folder in a bag that Canoe made is an item of several originals, without pages or with a source.

    Any other is met as the document it is, and its item.json is what describes it.
    """
    inside = str(folder.relative_to(bag.folder))
    if part_of(bag, folder / ITEM) != "item" or not is_item_id(inside.removeprefix("data/")):
        return False
    # The bag was judged: what lies on the disk is its payload, and is found faster there.
    originals = len(list((folder / "original").glob("*")))
    return originals > 1 or (originals == 1 and ((folder / "source").exists() or not (folder / "alto").exists()))


def _is_ours(bag: Bag) -> bool:
    return bag.value("Bag-Software-Agent").startswith(AGENT)


def given_digests(bags: Sequence[Bag], path: Path) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a payload file's sha512, as it was verified, and its digests by other algorithms.

    ``bags`` are those the file lies in; each may have given it some.
    """
    known = [found for bag in bags if (found := bag.payload.get(str(path.relative_to(bag.folder))))]
    digests = dict.fromkeys(pair for one in known for pair in one.given if pair[0] != "sha512")
    return (known[-1].sha512 if known else ""), tuple(sorted(digests))


def kept_name(bag: Bag, path: Path) -> str:
    """Return the name under which a tag file is kept: the bag's, then its path in the bag."""
    return f"{bag.folder.absolute().name}-{path.relative_to(bag.folder)}"


def bag_piece(bag: Bag, source: str) -> Piece:
    """Return the piece of a bag itself: refused with all that is wrong with it, or opened."""
    if not bag.is_valid:
        return Piece(source, "refused", problems=(*bag.faults, *bag.warnings))
    counts = {"version": bag.version, "payload": len(bag.payload), "tags": len(bag.tags)}
    notes = [problem("bag-received", source, **counts)]
    if left := sum(_part(bag, path) == "copy" for path in bag.payload):
        notes.append(problem("bag-copies-left", source, count=left))
    return Piece(source, "set_aside", problems=(*notes, *bag.warnings))


def nested_too_deep(source: str) -> Piece:
    """Return the piece of a bag in a bag in a bag and so on: to judge each would cost a reading of all of it."""
    return Piece(source, "refused", problems=(problem("bag-nested", source, limit=DEEPEST),))
