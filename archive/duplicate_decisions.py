"""What librarians decided on likenesses: which items are not the same publication, though they look so.

It is an object of the archive (``urn:canoe:duplicates``), so it is checked, copied and rebuilt as all is there, and its
versions are its history. ``distinct.jsonl`` holds a pair a line, sorted. Such a pair is not proposed again.
"""

from dataclasses import dataclass

import msgspec

from archive.clock import from_rfc3339, next_stamp, to_rfc3339
from archive.inventory import Version
from archive.ocfl import Archive
from archive.writer import Writer
from metadata.errors import DamageFound

OBJECT = "urn:canoe:duplicates"
TABLE = "distinct.jsonl"


@dataclass(frozen=True, slots=True)
class Distinct:
    """That two items are not the same publication; ``one`` is the id that comes first. ``by`` decided it, and why."""

    one: str
    other: str
    by: str = ""
    reason: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The two, however they are named."""
        return self.one, self.other


_line = msgspec.json.Decoder(Distinct).decode


def pair(one: str, other: str) -> tuple[str, str]:
    """Return two ids in the order in which they are kept."""
    return min(one, other), max(one, other)


def read_distinct(archive: Archive) -> tuple[Distinct, ...]:
    """Return what was decided, sorted; nothing where there is no such object. Raises DamageFound."""
    if not archive.exists(OBJECT):
        return ()
    try:
        lines = archive.read(archive.inventory(OBJECT), TABLE).splitlines()
        return tuple(_line(line) for line in lines if line)
    except (OSError, ValueError, KeyError) as fault:
        raise DamageFound(
            f"{archive.folder(OBJECT)}: the decisions on likenesses cannot be read: {fault}.",
            "Run canoe check to see all that is damaged; canoe repair mends it from a second copy.",
        ) from fault


def keep_distinct(writer: Writer, made: Distinct, message: str) -> bool:
    """Add a decision; return False, and write nothing, where the same pair was decided before.

    What is pending is completed first. Raises StorageError, DamageFound.
    """
    writer.flush()
    known = {one.key: one for one in read_distinct(writer.archive)}
    if made.key in known:
        return False
    merged = {**known, made.key: made}
    content = b"".join(msgspec.json.encode(merged[key]) + b"\n" for key in sorted(merged))
    former = writer.archive.former(OBJECT)
    last = next_stamp(from_rfc3339(former.created)) if former.versions else 0
    change = max(writer.catalogue.next_change(), last)
    writer.archive.put(OBJECT, {TABLE: content}, Version(to_rfc3339(change), message, {})).done()
    return True
