"""Looking at what came: each file as it now is, or the reason why it cannot come in."""

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from archive.durable import copy_file, sha512_of, storage
from ingest.draft import Original
from ingest.gather import Found
from ingest.publications import fit_name
from ingest.saf import Parcel, receive
from ingest.tools import Tools
from ingest.virus import VirusChecked
from metadata.accession import Piece
from metadata.problems import Problem, problem

Taken = Original | Parcel
"""What came, as it now is: a file, or an item of several files."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


class Arrivals:
    """Takes files in: not too large, clean, and records copied, so that what is read is what is kept."""

    def __init__(self, workspace: Path, tools: Tools) -> None:
        self.checked: dict[str, VirusChecked] = {}  # by source: what the virus scanner said
        self._workspace = workspace
        self._limits = tools.limits
        self._scanner = tools.scanner
        self._numbers = count(1)

    def take(self, one: Found) -> Taken | Piece:
        """Return what came as it now is, or the piece that refuses it. Raises StorageError."""
        if one.kind == "parcel":
            return receive(one, self._look)
        looked = self._look(one)
        return Piece(one.source, "refused", problems=(looked,)) if isinstance(looked, Problem) else looked

    def _look(self, one: Found) -> Original | Problem:
        """Return a file as it now is, or what refuses it."""
        try:
            if refusal := self._too_large(one):
                return refusal
            with room(self._workspace):
                original = self._taken(one)
            return self._infection(original, one.source) or original
        except OSError as fault:
            return problem("file-unreadable", one.source, reason=fault.strerror or str(fault))

    def _too_large(self, one: Found) -> Problem | None:
        """Refuse what is beyond the limit before its digest is asked for."""
        size, limit = one.path.stat().st_size, self._limits.size
        if one.kind != "document" or size <= limit:
            return None
        return problem("file-too-large", one.source, what="The file", size=f"{size} bytes", limit=limit)

    def _taken(self, one: Found) -> Original:
        path, name = one.path, one.name or one.source.rpartition("/")[2]
        if one.kind == "document":
            sha512 = one.sha512 or sha512_of(path)
        else:
            path = self._workspace / f"{next(self._numbers):04}-{fit_name(name)[-50:]}"
            sha512 = copy_file(one.path, path)
            if one.sha512 not in ("", sha512):
                raise OSError("it has changed since its bag was judged")
        return Original(path, name, one.media_type, path.stat().st_size, sha512, one.fixity, one.source)

    def _infection(self, original: Original, source: str) -> Problem | None:
        """Show a file to the virus scanner before anything decodes it; keep what it said for the event."""
        if self._scanner is None:
            return None
        self.checked[source] = self._scanner.check(original.path, source)
        return self.checked[source].problem


def is_publication(one: Found, taken: Taken) -> bool:
    """Say whether what came is kept with its files, and not a record or what describes others."""
    return bool(taken.originals) if isinstance(taken, Parcel) else one.kind == "document"


def digests(everything: Iterable[Taken]) -> Iterator[str]:
    """Yield the sha512 of every file that came."""
    for taken in everything:
        yield from taken.digests if isinstance(taken, Parcel) else [taken.sha512]


def received(everything: Iterable[tuple[Found, Taken]]) -> Iterator[Original]:
    """Yield the files that an accession keeps as they came: all that are no publication's own."""
    for one, taken in everything:
        if not is_publication(one, taken):
            yield from taken.beside if isinstance(taken, Parcel) else [taken]


@contextmanager
def room(workspace: Path) -> Iterator[None]:
    """Raise StorageError when there is no room left to write in; other faults of files pass."""
    try:
        yield
    except OSError as fault:
        if fault.errno in _NO_ROOM:
            with storage(workspace):
                raise
        raise
