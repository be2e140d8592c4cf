"""Binary MARC 21: one record after another, each ended by the byte 1D.

The stream is split on the terminator, never on the lengths that leaders claim, so one wrong
length costs one record and not its neighbours. Blanks and line ends between records are
passed over; anything else between them is a piece of its own and is reported.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from metadata import iso2709
from metadata.description import Description, Rejected, Remarks
from metadata.marc import describe

LARGEST = 10 * 1024 * 1024
_CHUNK = 256 * 1024
_BLANK = b" \t\r\n\x1a"
BOM = b"\xef\xbb\xbf"
_LEADER = re.compile(rb"[0-9]{5}[ -~]{5}[ -~]{2}[0-9]{5}[ -~]{3}4[ -~]{3}")

_JUNK = "these bytes stand between records and are none"
_CUT = "; the file ends before the record does"


def read_marc21(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every record of ``stream``, in order, as a description or with the reason why not.

    ``where`` is the file's name for reports. Memory stays flat however long the stream is;
    a single record may have up to 10 MiB.
    """
    number = 0
    for piece, terminated in pieces(stream):
        junk, record = resynchronise(piece)
        for part in (junk, record):
            if part:
                number += 1
                remarks = Remarks(f"{where}#{number}")
                yield (
                    _refuse(part, number, remarks, _JUNK) if part is junk else _read(part, terminated, number, remarks)
                )
    if not number:
        remarks = Remarks(f"{where}#1")
        remarks.add("record-damaged", reason="there is no MARC record in the file")
        yield Rejected(1, tuple(remarks.problems))


def is_marc21(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like binary MARC (MARC 21 or UNIMARC)."""
    begins = head.removeprefix(BOM).lstrip(_BLANK + b"\0")[:5].isdigit()
    return (begins or bool(_LEADER.search(head))) and b"\x1e" in head and b"\x1f" in head


def pieces(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Yield what stands between terminators, and whether a terminator ended it."""
    held, passing = b"", False
    while chunk := stream.read(_CHUNK):
        *ended, held = (held + chunk).split(b"\x1d")
        for piece in ended:
            if not passing and piece.strip(_BLANK):
                yield piece, True
            passing = False
        if len(held) > LARGEST:
            if not passing:
                yield held, False
            held, passing = b"", True
    if not passing and held.strip(_BLANK):
        yield held, False


def resynchronise(piece: bytes) -> tuple[bytes, bytes]:
    """Part what precedes the leader from the record; blanks and a byte order mark stay out of the first."""
    piece = piece.lstrip(_BLANK)
    begins = piece.removeprefix(BOM)[:5].isdigit() or b"\x1e" not in piece
    found = None if begins else _LEADER.search(piece)
    return (piece[: found.start()], piece[found.start() :]) if found else (b"", piece)


def _read(piece: bytes, terminated: bool, number: int, remarks: Remarks) -> Description | Rejected:
    if piece.startswith(BOM):
        piece = piece.removeprefix(BOM)
        remarks.mended("a byte order mark precedes it")
    try:
        if len(piece) > LARGEST:
            raise iso2709.Damaged(f"it is longer than {LARGEST // 1024 // 1024} MiB")
        record = iso2709.parse(piece, remarks)
    except iso2709.Damaged as fault:
        return _refuse(piece, number, remarks, str(fault) + ("" if terminated else _CUT))
    if not terminated:
        remarks.mended("the file ends without a record terminator")
    return describe(record, number, piece, remarks)


def _refuse(piece: bytes, number: int, remarks: Remarks, reason: str) -> Rejected:
    remarks.problems.clear()
    remarks.add("record-damaged", reason=reason)
    return Rejected(number, tuple(remarks.problems), piece)
