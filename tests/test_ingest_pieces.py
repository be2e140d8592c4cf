"""Pieces in a file: what was added comes back, in the order that was asked for."""

import gc
import os
from pathlib import Path

import pytest

from ingest.pieces import PieceFile, in_order
from metadata.accession import Piece
from metadata.errors import StorageError
from metadata.problems import problem

PIECES = tuple(
    Piece(f"a.mrc#{number}", "new", f"item{number}", (problem("title-missing", "é"),) * (number % 3))
    for number in range(1000)
)


@pytest.fixture
def added(tmp_path: Path) -> PieceFile:
    """Make a file of a thousand pieces."""
    made = PieceFile(tmp_path)
    made.extend(PIECES)
    return made


def test_what_was_added_comes_back_one_by_one_and_in_slices(added: PieceFile) -> None:
    assert tuple(added) == PIECES
    assert len(added) == 1000
    assert (added[0], added[-1]) == (PIECES[0], PIECES[-1])
    assert added[10:20] == PIECES[10:20]
    with pytest.raises(IndexError):
        added[1000]


def test_it_is_read_while_it_is_added_to(tmp_path: Path) -> None:
    made = PieceFile(tmp_path)
    for number, piece in enumerate(PIECES[:50], 1):
        made.append(piece)
        assert made[number - 1] == piece
    assert tuple(made) == PIECES[:50]


def test_it_is_sorted_by_places_and_of_two_in_one_the_first_stays_first(added: PieceFile) -> None:
    added.sort([-(number // 2) for number in range(1000)])
    expected = [PIECES[number] for pair in range(499, -1, -1) for number in (2 * pair, 2 * pair + 1)]
    assert list(added) == expected
    assert added[1] == PIECES[999]


def test_pieces_are_put_in_the_order_of_their_files_then_of_their_numbers(tmp_path: Path) -> None:
    order = {"b.mrc": 0, "a#b.pdf": 1, "a.mrc": 2}
    sources = ["a.mrc#10", "a.mrc#9", "a.mrc", "a#b.pdf", "b.mrc#2"]
    made = in_order((Piece(source, "refused") for source in sources), order, tmp_path)
    assert [piece.source for piece in made] == ["b.mrc#2", "a#b.pdf", "a.mrc", "a.mrc#9", "a.mrc#10"]


def test_nothing_stays_on_the_disk(tmp_path: Path) -> None:
    made = PieceFile(tmp_path)
    made.extend(PIECES)
    assert tuple(made) == PIECES
    handle = made._handle
    assert os.fstat(handle).st_size
    assert not list(tmp_path.iterdir())
    del made
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle)


def test_a_full_disk_is_said(added: PieceFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StorageError, match="No space left"):
        list(added)
