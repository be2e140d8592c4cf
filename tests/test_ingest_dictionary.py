import struct
from pathlib import Path

import pytest

from ingest.dictionary import Dictionaries, Dictionary, dictionary_words
from ingest.models import models_folder

LETTERS = "NULL a b c é"


def _edge(letter: int, leads_to: int, last: bool, end: bool) -> int:
    """Return an edge as a graph of five letters holds it: three bits for the letter, three flags, the place."""
    return letter | (last | end << 2) << 3 | leads_to << 6


def _model(path: Path, edges: list[int], letters: str = LETTERS) -> Path:
    """Write a model that holds words and letters only."""
    names = letters.split()
    told = "\n".join([str(len(names)), *(f"{name} 0" for name in names)]).encode()
    words = struct.pack("=hii", 42, len(names), len(edges)) + struct.pack(f"={len(edges)}Q", *edges)
    first = 4 + 24 * 8
    starts = [-1] * 24
    starts[19], starts[21] = first, first + len(words)
    path.write_bytes(struct.pack("=i24q", 24, *starts) + words + told)
    return path


def test_the_words_of_a_model_are_found_and_no_others(tmp_path: Path) -> None:
    # a, ab, abé, c: two edges at the root, then one each
    edges = [_edge(1, 2, False, True), _edge(3, 0, True, True), _edge(2, 3, True, True), _edge(4, 0, True, True)]
    known = Dictionary(_model(tmp_path / "xxx.traineddata", edges))
    asked = ("a", "ab", "abé", "c", "A", "ABÉ", "b", "ac", "abéa", "ca", "", "ñ")
    assert [word for word in asked if word in known] == ["a", "ab", "abé", "c", "A", "ABÉ"]


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 40, b"\xff" * 400, struct.pack("=i24q", 24, *[-1] * 24), b"\x18\0\0\0"]
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "xxx.traineddata").write_bytes(content)
    with pytest.raises(ValueError, match=r"\w"):
        Dictionary(tmp_path / "xxx.traineddata")


def test_a_graph_that_runs_in_circles_ends(tmp_path: Path) -> None:
    known = Dictionary(_model(tmp_path / "xxx.traineddata", [_edge(1, 1, True, False), _edge(1, 1, True, True)]))
    assert "a" * 500 in known
    assert "b" not in known


def test_of_a_printed_word_its_letters_count() -> None:
    assert dictionary_words("l'élève,") == ["élève"]
    assert dictionary_words("(sous-sol)") == ["sous", "sol"]
    assert dictionary_words("1988 x3 §") == []


@pytest.mark.ocr
def test_the_installed_models_know_their_language() -> None:
    assert models_folder().is_dir()
    known = Dictionaries()
    assert known.count("fr", ["Les", "forêts", "de", "la", "côte", "sont", "xqzzw"]) == (6, 7)
    assert known.count("es", ["Los", "bosques", "están", "qqxw"]) == (3, 4)
    assert known.count("en", ["The", "wetlands", "wxlqands"]) == (2, 3)
    assert known.count("", ["The"]) == known.count("tlh", ["The"]) == (0, 0)
