"""Digests of the catalogue's files, noted beside it: SQLite's pages carry none, and a damaged one answers wrongly.

Only the holder of the writer's lock changes catalogue.db and its write-ahead log; everyone
else opens them read-only, so that not even closing them writes. Hence what they must be is
known at any time but one: catalogue.db is as it was when the log was last played into it, and
the log begins as it was after the last commit noted. While the log is played into the
catalogue there is no note, and a kill then leaves none: nothing is known, and nothing claimed.

CRC-32 is the fastest digest of the standard library (three to seven times SHA-256), and it
is against accidents: who means harm could write the note, too.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

from archive.durable import CHUNK, replace_file, sync_folder


@dataclass(frozen=True, slots=True)
class Sum:
    """The CRC-32 of the first ``size`` bytes of a file."""

    size: int = 0
    crc: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """What the catalogue is, and what its log begins with."""

    catalogue: Sum
    log: Sum = Sum()


class Sums:
    """The note beside the catalogue at ``path``: ``catalogue.db.sum``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path.with_name(f"{path.name}-wal")
        self._file = path.with_name(f"{path.name}.sum")

    def read(self) -> Note | None:
        """Return the note; None where there is none, or none that can be relied on."""
        try:
            line = unsealed(self._file.read_bytes())
        except FileNotFoundError:
            return None
        if line is None:
            return None
        size, crc, log_size, log_crc = (int(number, 16) for number in line.split())
        return Note(Sum(size, crc), Sum(log_size, log_crc))

    def differing(self) -> Path | None:
        """Return the file that is not what was noted; None when both are, or nothing is known.

        A writer takes the note away before it changes what was noted, so a difference counts
        only where the same note stands before and after looking.
        """
        while (noted := self.read()) is not None:
            found = self._differing(noted)
            if found is None or self.read() == noted:
                return found
        return None

    def forget(self) -> None:
        """Take the note away, also from what a power cut would leave."""
        if self._file.exists():
            self._file.unlink()
            sync_folder(self._file.parent)

    def note(self) -> Note:
        """Note what the catalogue is, its log being empty; survives a power cut."""
        made = Note(sum_of(self.path, self.path.stat().st_size))
        replace_file(self._file, _line(made))
        return made

    def follow(self, noted: Note) -> Note:
        """Note what a commit has added to the log.

        Not synced: an older note tells less and nothing wrong, and the log that it tells of is.
        """
        size = size_of(self.log)
        if size <= noted.log.size:
            return noted
        made = Note(noted.catalogue, sum_of(self.log, size, noted.log))
        with self._file.open("r+b", buffering=0) as stream:
            stream.write(_line(made))
        return made

    def _differing(self, noted: Note) -> Path | None:
        for path, wanted in ((self.path, noted.catalogue), (self.log, noted.log)):
            if wanted.size and sum_of(path, wanted.size) != wanted:
                return path
        # What a catalogue has more than was noted no page of it speaks of, but nobody put it there.
        return self.path if size_of(self.path) != noted.catalogue.size else None


def sum_of(path: Path, size: int, start: Sum = Sum()) -> Sum:
    """Return the sum of the first ``size`` bytes, or of all there are; what ``start`` covers is not read again."""
    done, crc = start.size, start.crc
    try:
        with path.open("rb", buffering=0) as stream:
            stream.seek(done)
            while done < size and (chunk := stream.read(min(CHUNK, size - done))):
                done, crc = done + len(chunk), zlib.crc32(chunk, crc)
    except FileNotFoundError:
        return Sum()
    return Sum(done, crc)


def size_of(path: Path) -> int:
    """Return the size of a file in bytes, 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def sealed(text: bytes) -> bytes:
    """Return a line of ``text`` and its CRC-32, so that damage to it is seen."""
    return b"%s %08x\n" % (text, zlib.crc32(text))


def unsealed(line: bytes) -> bytes | None:
    """Return the text of a sealed line, None when it is not as it was written."""
    text = line.rpartition(b" ")[0]
    return text if sealed(text) == line else None


def _line(note: Note) -> bytes:
    """Return the note as a line, always as long: it is written over the one before."""
    numbers = (note.catalogue.size, note.catalogue.crc, note.log.size, note.log.crc)
    return sealed(b"%016x %08x %016x %08x" % numbers)
