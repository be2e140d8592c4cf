"""Problems: every code says the same thing in three languages, and is one that is used."""

import re
from pathlib import Path
from string import Formatter

import pytest

from metadata.problems import SENTENCES, Sentence, problem

HOUSE = Path(__file__).resolve().parents[1]
ROOMS = ("canoe", "desk", "web", "ingest", "metadata", "oai", "search", "archive")
CODES = sorted(SENTENCES)


def _parameters(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def _sources() -> str:
    return "\n".join(path.read_text("utf-8") for room in ROOMS for path in sorted((HOUSE / room).rglob("*.py")))


@pytest.mark.parametrize("code", CODES)
def test_three_sentences_with_the_same_parameters(code: str) -> None:
    sentence: Sentence = SENTENCES[code]
    said = (sentence.en, sentence.fr, sentence.es)
    assert all(text.strip() == text and text.endswith(".") for text in said)
    assert len(set(said)) == 3
    assert _parameters(sentence.en) == _parameters(sentence.fr) == _parameters(sentence.es)


def test_every_code_is_used() -> None:
    sources = _sources()
    assert [code for code in CODES if f'"{code}"' not in sources] == []


def test_every_problem_made_is_in_the_table() -> None:
    made = set(re.findall(r'\bproblem\(\s*"([a-z0-9-]+)"', _sources()))
    assert made - SENTENCES.keys() == set()


def test_a_problem_speaks_three_languages() -> None:
    found = problem("file-missing", "batch/list.csv#3", name="a.pdf")
    assert found.severity == "error"
    assert found.where == "batch/list.csv#3"
    assert found.message() == "The manifest names a.pdf, which did not come with it; add the file or correct the row."
    assert found.message("fr").startswith("Le manifeste nomme a.pdf")
    assert found.message("es").startswith("El manifiesto nombra a.pdf")


def test_braces_in_a_parameter_are_only_text() -> None:
    assert "{0.__class__}" in problem("file-unreadable", "x", reason="{0.__class__}").message()


def test_an_unknown_code_or_a_lacking_parameter_fails_at_once() -> None:
    with pytest.raises(KeyError):
        problem("no-such-problem")
    with pytest.raises(KeyError):
        problem("file-missing", "x")
