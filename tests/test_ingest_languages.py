import pytest
from scans import ENGLISH, FRENCH, SPANISH

from ingest.languages import detect, most_frequent, tag_of


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (FRENCH, "fr"), (SPANISH, "es")])
def test_a_few_lines_tell_their_language(text: str, language: str) -> None:
    assert detect(text.split()) == language


@pytest.mark.parametrize("text", ["", "Panthera leo 1753", "la de la de", "the la el of le los"])
def test_too_little_tells_nothing(text: str) -> None:
    assert detect(text.split()) == ""


def test_tags_are_those_of_bcp_47() -> None:
    assert [tag_of(code) for code in ("eng", "fra", "spa", "deu", "chi_sim")] == ["en", "fr", "es", "de", "zh"]


def test_the_most_frequent_language_comes_first() -> None:
    assert most_frequent(["en", "", "fr", "fr", "es", ""]) == ("fr", "en", "es")
