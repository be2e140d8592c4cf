"""Languages: every way a catalogue writes one leads to the same tag."""

import re

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from metadata import languages
from metadata.languages import from_code, to_iso639_3, to_tesseract


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("fr", "fr"),
        ("fre", "fr"),
        ("fra", "fr"),
        ("FR", "fr"),
        ("French", "fr"),
        ("français", "fr"),
        ("Francais", "fr"),
        ("FRANCÉS", "fr"),
        ("  espagnol ", "es"),
        ("castellano", "es"),
        ("Español", "es"),
        ("inglés", "en"),
        ("anglais", "en"),
        ("ger", "de"),
        ("deu", "de"),
        ("chi", "zh"),
        ("pt_BR", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("zh-hant", "zh-Hant"),
        ("eng-GB", "en-GB"),
        ("es-419", "es-419"),
        ("de-1996", "de-1996"),
        ("grc", "grc"),
        ("nah", "nah"),
        ("gua", "gn"),
        ("iw", "he"),
        ("mul", "mul"),
        ("zxx", "zxx"),
        ("ga", "ga"),
        ("bas-allemand", "nds"),
        ("sl-nedis", "sl-nedis"),
    ],
)
def test_the_tag_of_a_code_or_name(written: str, tag: str) -> None:
    assert from_code(written) == tag


@pytest.mark.parametrize(
    "written", ["", " ", "und", "mis", "|||", "xx", "qqq", "en-XX", "en-US-US", "mon-khmer", "f", "fr" * 99]
)
def test_what_is_unknown_gives_nothing(written: str) -> None:
    assert from_code(written) == ""


def test_names_of_the_three_languages_lead_back_to_their_tag() -> None:
    for spoken in languages.NAMED_IN:
        named = {code: text for code, text in Locale(spoken).languages.items() if code not in ("und", "root", "mis")}
        astray = {text for code, text in named.items() if from_code(text) != code.replace("_", "-")}
        assert astray <= {"Makua", "makua", "Ga", "ga", "Kom", "kom"}  # a name of two; names that are others' codes


@given(st.text())
def test_any_text_gives_a_well_formed_tag_or_nothing(text: str) -> None:
    assert re.fullmatch(r"([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?", from_code(text))


def test_a_tag_is_its_own_code() -> None:
    for written in ("fre", "pt_BR", "zh-hans", "mul", "sw"):
        assert from_code(from_code(written)) == from_code(written)


def test_iso_639_3_is_three_letters_for_every_tag_and_leads_back() -> None:
    for two in (str(code) for code in Locale("en").languages if len(str(code)) == 2):
        three = to_iso639_3(from_code(two))
        assert len(three) == 3
        assert from_code(three) == two


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en", "eng"), ("en-GB", "eng"), ("fr", "fra"), ("es-MX", "spa"), ("grc", "grc"), ("", "")],
)
def test_iso_639_3(tag: str, code: str) -> None:
    assert to_iso639_3(tag) == code


@pytest.mark.parametrize(
    ("tag", "model"),
    [
        ("fr", "fra"),
        ("es-PE", "spa"),
        ("zh-Hant", "chi_tra"),
        ("zh", "chi_sim"),
        ("nb", "nor"),
        ("sr-Latn", "srp_latn"),
        ("", ""),
    ],
)
def test_the_name_of_the_model(tag: str, model: str) -> None:
    assert to_tesseract(tag) == model


@pytest.mark.parametrize(
    ("tag", "spoken", "said"),
    [
        ("fr", "en", "French"),
        ("fr", "fr", "français"),
        ("fr", "es", "francés"),
        ("pt-BR", "fr", "portugais brésilien"),
        ("fr-SN", "es", "francés (Senegal)"),
        ("en", "xx", "English"),
        ("en", "../../etc", "English"),
        ("tl", "en", "Tagalog"),
        ("nah", "fr", "nah"),
        ("", "en", ""),
    ],
)
def test_the_name_in_another_language(tag: str, spoken: str, said: str) -> None:
    assert languages.name(tag, spoken) == said
