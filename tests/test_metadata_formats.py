"""The table of formats: whole, in three languages, and found by the names that people use."""

import re

import pytest

from metadata.formats import FORMATS, JSON_LINES, RISKS, Sentence, format_of, is_pronom, puids_named


def test_every_format_has_a_pronom_identifier_or_a_name_of_our_own() -> None:
    own = {puid for puid in FORMATS if not is_pronom(puid)}
    assert own == {"canoe/marc21", "canoe/marcxml", "canoe/svg"}
    assert all(re.fullmatch(r"(x-)?fmt/[1-9]\d*", puid) for puid in set(FORMATS) - own)
    assert JSON_LINES in FORMATS


def test_what_is_within_a_format_names_one_of_the_table() -> None:
    assert {kind.within for kind in FORMATS.values()} - {""} <= set(FORMATS)


@pytest.mark.parametrize("puid", [*FORMATS, "", "fmt/99999"])
def test_every_format_is_judged_in_three_languages(puid: str) -> None:
    outlook = format_of(puid).outlook
    assert outlook.risk in RISKS
    for sentence in (outlook.reason, outlook.advice):
        told = [sentence.text(language) for language in ("en", "fr", "es")]
        assert len(set(told)) == 3
        assert all(text == text.strip() and text.endswith(".") for text in told)
        assert "'" not in sentence.fr


def test_a_label_is_the_name_in_the_readers_language_and_the_version() -> None:
    assert format_of("fmt/18").label() == "PDF 1.4"
    assert [format_of("x-fmt/111").label(tongue) for tongue in ("en", "fr", "es-MX", "de")] == [
        "Plain text", "Texte brut", "Texto sin formato", "Plain text",
    ]  # fmt: skip
    assert format_of("fmt/354").label() == "PDF/A-1b"


def test_labels_are_different_for_different_formats() -> None:
    labels = [kind.label() for kind in FORMATS.values()]
    assert sorted(set(labels)) == sorted(labels)


def test_a_format_that_the_table_lacks_is_called_by_its_puid() -> None:
    strange = format_of("fmt/99999")
    assert (strange.label("fr"), strange.outlook.risk) == ("fmt/99999", "unknown")
    assert format_of("").label("es") == "Formato desconocido"
    assert strange.outlook != format_of("").outlook


@pytest.mark.parametrize(
    ("name", "puids"),
    [
        ("fmt/18", {"fmt/18"}),
        ("FMT/18", {"fmt/18"}),
        ("fmt/99999", {"fmt/99999"}),
        ("PDF 1.4", {"fmt/18"}),
        ("pdf/a-2B", {"fmt/477"}),
        ("webp", {"fmt/566", "fmt/567", "fmt/568"}),
        ("jpeg 2000", {"x-fmt/392", "fmt/151", "fmt/463", "fmt/1794"}),
        ("texte  brut", {"x-fmt/111"}),
        ("Texto OpenDocument 1.2", {"fmt/291"}),
        ("marcxml", {"canoe/marcxml"}),
        ("canoe/marc21", {"canoe/marc21"}),
        ("papyrus", set()),
        ("", set()),
        ("canoe/papyrus", set()),
    ],
)
def test_a_name_means_its_formats(name: str, puids: set[str]) -> None:
    assert set(puids_named(name)) == puids


def test_pdf_is_not_pdf_a() -> None:
    plain, archival = set(puids_named("pdf")), set(puids_named("pdf/a"))
    assert {"fmt/14", "fmt/1129"} <= plain
    assert len(archival) == 11
    assert not plain & archival


def test_a_sentence_in_any_other_language_is_english() -> None:
    assert Sentence("a", "b", "c").text("") == "a"
