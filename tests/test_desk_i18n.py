"""The desk in three languages: every message translated, nothing twice, placeholders kept."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import desk
import web
from desk.i18n import PARTS

DESK, WEB = Path(desk.__file__).parent, Path(web.__file__).parent
_PLACEHOLDER = re.compile(r"%\(\w+\)s|<[^>]+>")

Message = str | tuple[str, ...]


def extracted() -> set[Message]:
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    keywords = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
    found = extract_from_dir(str(DESK), methods, keywords=keywords)
    return {message if isinstance(message, str) else tuple(message) for _, _, message, _, _ in found}


def catalog(path: Path, language: str) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def messages(language: str, part: str) -> Iterator[tuple[Message, tuple[str, ...]]]:
    for message in catalog(DESK / "locale" / f"{part}.{language}.po", language):
        if message.id:
            assert not message.fuzzy
            yield message.id if isinstance(message.id, str) else tuple(message.id), forms(message.string)


@pytest.mark.parametrize("language", ["fr", "es"])
def test_every_message_is_translated_once_and_nothing_else_is_there(language: str) -> None:
    public = {
        message.id if isinstance(message.id, str) else tuple(message.id)
        for message in catalog(WEB / "locale" / f"{language}.po", language)
    }
    own = [message for part in PARTS for message, said in messages(language, part) if all(said)]
    assert len(own) == len(set(own))
    assert not set(own) & public
    assert extracted() - public == set(own)
    assert len(own) > 100


@pytest.mark.parametrize("language", ["fr", "es"])
@pytest.mark.parametrize("part", PARTS)
def test_placeholders_and_tags_are_kept(language: str, part: str) -> None:
    for message, said in messages(language, part):
        for source, target in zip(forms(message), said, strict=True):
            assert sorted(_PLACEHOLDER.findall(source)) == sorted(_PLACEHOLDER.findall(target)), source


@pytest.mark.parametrize("part", PARTS)
def test_french_typography(part: str) -> None:
    for _, said in messages("fr", part):
        for target in said:
            for mark in re.finditer(r"[:;?!»](?=\s|$)", target):
                assert target[mark.start() - 1] in "\xa0\u202f", target
            assert "'" not in target, target


@pytest.mark.parametrize("part", PARTS)
def test_spanish_questions_open_as_they_close(part: str) -> None:
    for _, said in messages("es", part):
        for target in said:
            assert target.count("¿") == target.count("?")
            assert target.count("¡") == target.count("!")
