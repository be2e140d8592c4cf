"""What came in is what is counted."""

import msgspec

from metadata.accession import OUTCOMES, Accession, Piece, count_outcomes
from metadata.problems import problem


def pieces() -> list[Piece]:
    bad = Piece("c.pdf", "refused", problems=(problem("file-unreadable", "c.pdf", reason="Permission denied"),))
    return [Piece("a.tif", "new", "0123456789"), Piece("b.mrc#1", "new", "abcdefghjk"), bad]


def test_every_piece_is_counted_once() -> None:
    counts = count_outcomes(pieces())
    assert dict(counts) == {"new": 2, "changed": 0, "identical": 0, "duplicate": 0, "refused": 1, "set_aside": 0}
    assert [outcome for outcome, _ in counts] == list(OUTCOMES)
    assert sum(number for _, number in counts) == len(pieces())
    assert count_outcomes([]) == tuple((outcome, 0) for outcome in OUTCOMES)


def test_an_accession_says_its_counts() -> None:
    accession = Accession("a-1", "2026-11-22T15:04:05Z", ("shelf",), count_outcomes(pieces()))
    assert (accession.count("new"), accession.count("refused"), accession.count("changed")) == (2, 1, 0)
    assert Accession("a-1", "", (), ()).count("new") == 0


def test_they_are_kept_as_json() -> None:
    for piece in pieces():
        assert msgspec.json.decode(msgspec.json.encode(piece), type=Piece) == piece
    accession = Accession("a-1", "2026-11-22T15:04:05Z", ("shelf", "é\udc80".encode("utf-8", "replace").decode()), ())
    assert msgspec.json.decode(msgspec.json.encode(accession), type=Accession) == accession
