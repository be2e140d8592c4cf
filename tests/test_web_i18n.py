"""Three languages: every message translated, placeholders kept, the right language chosen, facts in words."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import web
from metadata.vocabulary import shipped
from web.dates import shown
from web.i18n import choose
from web.labels import Labels, web_address

WEB = Path(web.__file__).parent
_PLACEHOLDER = re.compile(r"%\(\w+\)s|<[^>]+>")


def extracted() -> set[str | tuple[str, ...]]:
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    keywords = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
    return {message for _, _, message, _, _ in extract_from_dir(str(WEB), methods, keywords=keywords)}


def catalog(language: str) -> Catalog:
    with (WEB / "locale" / f"{language}.po").open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def translated(language: str) -> Iterator[tuple[str, str]]:
    for message in catalog(language):
        if message.id:
            yield from zip(forms(message.id), forms(message.string), strict=True)


@pytest.mark.parametrize("language", ["fr", "es"])
def test_every_message_is_translated_and_nothing_else_is_there(language: str) -> None:
    found = {message.id: message for message in catalog(language) if message.id}
    messages = {m if isinstance(m, str) else tuple(m) for m in extracted()}
    assert len(messages) > 100
    assert set(found) == messages
    assert not [message.id for message in found.values() if message.fuzzy or not all(forms(message.string))]


@pytest.mark.parametrize("language", ["fr", "es"])
def test_placeholders_and_tags_are_kept(language: str) -> None:
    for source, target in translated(language):
        assert sorted(_PLACEHOLDER.findall(source)) == sorted(_PLACEHOLDER.findall(target)), source


def test_french_typography() -> None:
    for _, target in translated("fr"):
        for mark in re.finditer(r"[:;?!»](?=\s|$)", target):
            assert target[mark.start() - 1] in "\xa0\u202f", target
        assert "'" not in target, target


def test_spanish_questions_open_as_they_close() -> None:
    for _, target in translated("es"):
        assert target.count("¿") == target.count("?")
        assert target.count("¡") == target.count("!")


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("fr", "es", "fr"),
        ("", "es-MX,es;q=0.9", "es"),
        ("xx", "de, fr;q=0.7, en;q=0.3", "fr"),
        ("", "en;q=0.1, fr;q=0.9", "fr"),
        ("", "fr;q=0, de", "en"),
        ("", "fr;q=nan, es;q=x", "en"),
        ("../../etc", "*", "en"),
        ("", "", "en"),
    ],
)
def test_the_language_chosen(asked: str, accepted: str, language: str) -> None:
    assert choose(asked, accepted, "en") == language


@pytest.mark.parametrize(
    ("edtf", "en", "fr", "es"),
    [
        ("1987", "1987", "1987", "1987"),
        ("1987-05", "May 1987", "mai 1987", "mayo de 1987"),
        ("1987-05-04", "May 4, 1987", "4 mai 1987", "4 de mayo de 1987"),
        ("1987/1989", "1987–1989", "1987–1989", "1987–1989"),
        ("1987-05/1989", "May 1987 – 1989", "mai 1987 – 1989", "mayo de 1987 – 1989"),
        ("1987~", "about 1987", "vers 1987", "hacia 1987"),
        ("1987?", "1987?", "1987?", "1987?"),
        ("198X", "1980–1989", "1980–1989", "1980–1989"),
        ("1987/..", "from 1987", "à partir de 1987", "desde 1987"),
        ("../1987", "until 1987", "jusqu’à 1987", "hasta 1987"),
        ("1987-13", "1987-13", "1987-13", "1987-13"),
        ("no date", "no date", "no date", "no date"),
    ],
)
def test_dates_in_words(edtf: str, en: str, fr: str, es: str) -> None:
    assert [shown(edtf, language) for language in ("en", "fr", "es")] == [en, fr, es]


def test_labels_are_in_the_readers_language() -> None:
    labels = Labels("fr", shipped())
    wetlands = shipped().find("Wetlands", "en")
    assert (labels.kind("map"), labels.tongue("es"), labels.concept(wetlands).value) == (
        "Carte",
        "Espagnol",
        "Zones humides",
    )
    assert (labels.role("trl"), labels.role("zzz"), labels.format("image/jp2")) == (
        "traduction",
        "collaboration",
        "JPEG 2000",
    )
    assert [labels.size(n).replace("\u202f", " ").replace("\xa0", " ") for n in (999, 12_345, 3_456_789)] == [
        "999 octets",
        "12,3 ko",
        "3,5 Mo",
    ]


@pytest.mark.parametrize("value", ["javascript:alert(1)", "http://", "http://[::1", "https://a b", "ftp://x/y", "x"])
def test_only_web_addresses_are_linked(value: str) -> None:
    assert web_address(value) == ""
    assert web_address("https://example.org/x") == "https://example.org/x"
