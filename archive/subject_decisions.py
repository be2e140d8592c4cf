"""What librarians decided on keywords: which concept each one is, or that it stays a keyword.

It is an object of the archive (``urn:canoe:subjects``), so it is checked, copied and rebuilt as all is there, and its
versions are its history. ``decisions.jsonl`` holds a decision a line, sorted. What an ingest makes of a keyword
goes by it (:mod:`metadata.matching`); items that are there already are changed by who decides (canoe subjects).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from archive.clock import from_rfc3339, next_stamp, to_rfc3339
from archive.inventory import Version
from archive.ocfl import Archive
from archive.writer import Writer
from metadata.concepts import label_key
from metadata.errors import DamageFound
from metadata.matching import Decisions

OBJECT = "urn:canoe:subjects"
TABLE = "decisions.jsonl"
MOST = 200_000
"""Decisions that there may be: an ingest has them in memory."""


@dataclass(frozen=True, slots=True)
class Decision:
    """That a keyword is a concept (its URI), or stays a keyword (``""``).

    It holds for the keyword in any case and with or without accents, in ``language`` (BCP 47) or, ``""``, in all.
    ``by`` is who decided, ``reason`` why.
    """

    keyword: str
    concept: str
    language: str = ""
    by: str = ""
    reason: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What a keyword is looked up by."""
        return label_key(self.keyword), self.language.partition("-")[0]


_line = msgspec.json.Decoder(Decision).decode


def by_keyword(decisions: Iterable[Decision]) -> Decisions:
    """Return decisions as they are looked up."""
    return {one.key: one.concept for one in decisions}


def read_decisions(archive: Archive) -> tuple[Decision, ...]:
    """Return what was decided, sorted by keyword; nothing where there is no such object. Raises DamageFound."""
    if not archive.exists(OBJECT):
        return ()
    try:
        lines = archive.read(archive.inventory(OBJECT), TABLE).splitlines()
        return tuple(_line(line) for line in lines if line)
    except (OSError, ValueError, KeyError) as fault:
        raise DamageFound(
            f"{archive.folder(OBJECT)}: the decisions on keywords cannot be read: {fault}.",
            "Run canoe check to see all that is damaged; canoe repair mends it from a second copy.",
        ) from fault


def keep_decisions(writer: Writer, made: Iterable[Decision], message: str) -> bool:
    """Add decisions to those that are kept, each in place of a former one on the same keyword.

    Returns False, and writes nothing, where nothing becomes different. What is pending is completed first.
    Raises StorageError, DamageFound.
    """
    writer.flush()
    known: Mapping[tuple[str, str], Decision] = {one.key: one for one in read_decisions(writer.archive)}
    merged = {**known, **{one.key: one for one in made if not _says_the_same(known.get(one.key), one)}}
    if merged == known:
        return False
    content = b"".join(msgspec.json.encode(merged[key]) + b"\n" for key in sorted(merged))
    former = writer.archive.former(OBJECT)
    last = next_stamp(from_rfc3339(former.created)) if former.versions else 0
    change = max(writer.catalogue.next_change(), last)
    writer.archive.put(OBJECT, {TABLE: content}, Version(to_rfc3339(change), message, {})).done()
    return True


def _says_the_same(known: Decision | None, made: Decision) -> bool:
    return known is not None and known.concept == made.concept
