"""The desk's pages of items: sound HTML in three languages, a label for every field, nothing inline."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from desk_items import HELD, ONE, TWO, Desk, at_desk, fields_of
from lxml import html
from test_archive_recovery import copy

import desk as desk_package
from canoe.home import Home

LOCALE = Path(desk_package.__file__).parent / "locale"
PATHS = (
    f"/desk/items/{ONE}",
    f"/desk/items/{HELD}",
    f"/desk/items/{ONE}/edit",
    f"/desk/items/{ONE}/subjects",
    "/desk/keyword?word=wetland",
    "/desk/approve",
    "/desk/duplicates",
    f"/desk/merge/{ONE}/{TWO}",
    "/desk",
    "/desk/find?q=water",
    "/desk/find?q=nothing+like+it",
    "/desk/needs/keywords",
)


@pytest.fixture(scope="module")
def desk(desk_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with at_desk(Home.read(copy(desk_made, tmp_path_factory.mktemp("sound") / "library"))) as made:
        yield made


def require_sound(text: str, language: str) -> None:
    tree = html.document_fromstring(text)
    ids = tree.xpath("//@id")
    assert tree.get("lang") == language
    assert len(ids) == len(set(ids))
    assert len(tree.xpath("//main")) == len(tree.xpath("//h1")) == 1
    assert not tree.xpath("//script | //style | //@style | //iframe | //*[starts-with(@on, 'on')]")
    shown = "//input[not(@type='hidden')] | //select | //textarea[not(@hidden)]"
    unnamed = [one for one in tree.xpath(shown) if one.get("id") not in tree.xpath("//label/@for")]
    assert [one.get("name") for one in unnamed] == []
    assert set(tree.xpath("//label/@for")) <= set(ids)
    assert {one for found in tree.xpath("//@aria-describedby") for one in found.split()} <= set(ids)
    assert {link[1:] for link in tree.xpath("//a/@href") if link.startswith("#")} <= set(ids)
    assert all(" ".join(one.text_content().split()) for one in tree.xpath("//label | //button | //legend | //a | //h2"))
    assert tree.xpath("count(//fieldset)") == tree.xpath("count(//fieldset/legend)")


@pytest.mark.parametrize("language", ["en", "fr", "es"])
@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_sound(desk: Desk, path: str, language: str) -> None:
    answer = desk.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    require_sound(answer.text, language)


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_every_step_is_sound(desk: Desk, language: str) -> None:
    edit, merge = f"/desk/items/{ONE}/edit?lang={language}", f"/desk/merge/{ONE}/{TWO}?lang={language}"
    fields = desk.fields(edit)
    found = desk.send(edit, fields, find__concepts="wat", find="concepts")
    people = desk.send(edit, fields, find__contributions="mar", find="contributions")
    faulty = desk.send(edit, fields, dates__0__value="x", contributions__0__identifiers="y", preview="1")
    preview = desk.send(edit, fields, extent__0__value="<9> p.", preview="1")
    unsaid = desk.send(edit, fields_of(preview.text), save="1")
    late = desk.send(edit, fields, extent__0__value="9 p.", version="1", preview="1")
    side = desk.send(merge, desk.fields(merge), preview="1")
    answers = (found, people, faulty, preview, unsaid, late, side)
    assert [one.status_code for one in answers] == [200, 200, 422, 200, 422, 409, 200]
    for answer in answers:
        require_sound(answer.text, language)


@pytest.mark.parametrize("path", ["/desk/items/nothere", "/desk/items/0123456789/edit", f"/desk/merge/{ONE}/{ONE}"])
def test_what_is_not_there(desk: Desk, path: str) -> None:
    assert desk.get(path).status_code == 404


def test_hostile_forms_do_no_harm(desk: Desk) -> None:
    edit = f"/desk/items/{ONE}/edit"
    for fields in (
        [],
        [("titles-99999-value", "x"), ("titles-x-value", "y"), ("nothing-0-value", "z"), ("titles-0-files", "f")],
        [(f"titles-{n}-value", "x") for n in range(900)],
        [("titles-0-value", "<script>alert(1)</script>"), ("concepts", "javascript:alert(1)")],
        [("status", "withdrawn"), ("files-0-value", "x"), ("titles-0-value", "x")],
    ):
        answer = desk.send(edit, [*fields, *(one for one in desk.fields(edit) if one[0] == "csrf")], preview="1")
        assert answer.status_code in (200, 409, 422)
        assert "<script>alert" not in answer.text


def catalog(language: str) -> Catalog:
    with (LOCALE / f"editing.{language}.po").open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


@pytest.mark.parametrize("language", ["fr", "es"])
def test_the_words_are_translated_as_the_house_writes_them(language: str) -> None:
    for message in catalog(language):
        if not message.id:
            continue
        for source, target in zip(forms(message.id), forms(message.string), strict=True):
            assert target, source
            assert sorted(re.findall(r"%\(\w+\)s", source)) == sorted(re.findall(r"%\(\w+\)s", target)), source
            if language == "fr":
                assert all(target[mark.start() - 1] in "\xa0\u202f" for mark in re.finditer(r"[:;?!»](?=\s|$)", target))
                assert "'" not in target
            assert language != "es" or target.count("¿") == target.count("?")
