"""Lemmas: words of a language meet in one form, and nobody pays for a dictionary that is not asked."""

import subprocess
import sys
from importlib import import_module

import pytest

from metadata.lemmas import LANGUAGES, function_words, lemma, lemma_language, lemmas


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "wetlands", "Wetland"),
        ("en", "mice", "mouse"),
        ("en", "studies", "study"),
        ("en", "gases", "gas"),
        ("fr", "forêts", "Forêt"),
        ("fr", "animaux", "animal"),
        ("fr-CA", "naturelles", "naturel"),
        ("es", "peces", "pez"),
        ("es", "naciones", "nación"),
    ],
)
def test_forms_of_a_word_meet(language: str, one: str, other: str) -> None:
    assert lemma(one, language) == lemma(other, language)


@pytest.mark.parametrize("language", ["", "zz", "tlh-Latn"])
def test_a_language_without_a_dictionary_is_only_folded(language: str) -> None:
    assert lemma("Forêts", language) == "forets"
    assert lemma_language(language) == ""
    assert lemma_language("hr") == "hbs"


def test_words_that_only_join_others_are_left_out() -> None:
    assert lemmas("The management of the wetlands", "en") == lemmas("management, wetland", "en")
    assert lemmas("qualité de l’eau", "fr") == lemmas("Qualité des eaux", "fr")
    assert function_words("zz") == frozenset()


def test_a_word_of_any_length_is_quick_and_not_remembered() -> None:
    assert lemma("w" * 1_000_000, "en") == "w" * 1_000_000


def test_the_languages_are_those_that_there_are_dictionaries_for() -> None:
    factory = import_module("simplemma.strategies.dictionaries.dictionary_factory")
    assert factory.SUPPORTED_LANGUAGES == LANGUAGES


def test_dictionaries_are_loaded_when_one_is_asked() -> None:
    program = "import sys, canoe.cli, ingest.batch, metadata.lemmas; sys.exit('simplemma' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
