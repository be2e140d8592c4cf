"""The pieces of a batch, in a file: however many there are, they take no memory.

A piece with its problems is half a kilobyte and more, and a batch of records has hundreds of
thousands of them, which are looked at again only when all has come in.
"""

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import overload

import msgspec

from archive.durable import storage
from metadata.accession import Piece

_AT_ONCE = 256 << 10  # bytes that are gathered before they are written
_NUMBERS = 40  # bits for the number of a record in its file
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Piece).decode


class PieceFile(Sequence[Piece]):
    """Pieces in the order in which they were added, or, once :meth:`sort` was called, in that one.

    The file has no name, lies on the file system of ``folder`` and goes with the object. Adding raises
    StorageError where there is no room for it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with storage(folder):
            file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it is read for as long as this lives
        self._handle = file.fileno()
        weakref.finalize(self, file.close)
        self._ends = array("Q", (0,))
        self._order: array[int] | None = None
        self._waiting: list[bytes] = []
        self._written = 0

    def append(self, piece: Piece) -> None:
        """Add a piece."""
        line = _encode(piece)
        self._waiting.append(line)
        self._ends.append(self._ends[-1] + len(line))
        if self._ends[-1] - self._written >= _AT_ONCE:
            self._write()

    def extend(self, pieces: Iterable[Piece]) -> None:
        """Add pieces."""
        for piece in pieces:
            self.append(piece)

    def sort(self, places: Sequence[int]) -> None:
        """Put the pieces in the order of their ``places``, one for each; of two in one place the first stays first."""
        self._order = array("Q", sorted(range(len(places)), key=places.__getitem__))

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> Piece: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Piece]: ...

    def __getitem__(self, place: int | slice) -> Piece | Sequence[Piece]:
        if isinstance(place, slice):
            return tuple(self[number] for number in range(len(self))[place])
        number = range(len(self))[place]
        return self._read(self._order[number] if self._order else number)

    def __iter__(self) -> Iterator[Piece]:
        return map(self._read, self._order or range(len(self)))

    def _read(self, number: int) -> Piece:
        self._write()
        start, end = self._ends[number], self._ends[number + 1]
        return _decode(os.pread(self._handle, end - start, start))

    def _write(self) -> None:
        while self._waiting:
            with storage(self._folder):
                data = b"".join(self._waiting)
                written = os.pwrite(self._handle, data, self._written)
            self._written += written
            self._waiting = [data[written:]] if written < len(data) else []


def in_order(pieces: Iterable[Piece], order: Mapping[str, int], folder: Path) -> PieceFile:
    """Return pieces by the ``order`` of the files they come from, then by their numbers there."""
    made, places = PieceFile(folder), array("Q")
    for piece in pieces:
        made.append(piece)
        places.append(_place(piece.source, order))
    made.sort(places)
    return made


def _place(source: str, order: Mapping[str, int]) -> int:
    if source in order:
        return order[source] << _NUMBERS
    file, _, number = source.rpartition("#")
    return (order[file] << _NUMBERS) + int(number)
