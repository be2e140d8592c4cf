"""Editing an item at the desk over HTTP: nothing without a look before, nothing lost, all with who and why."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk_items import HELD, ONE, TWO, WHO, Desk, at_desk, fields_of
from test_archive_recovery import copy

from canoe.desk_editing import DeskEditing
from canoe.home import Home
from desk.editing import three_way
from desk.editing_work import Doing
from metadata.model import Item, Text

EDIT = f"/desk/items/{ONE}/edit"


@pytest.fixture
def home(desk_made: Path, tmp_path: Path) -> Home:
    return Home.read(copy(desk_made, tmp_path / "library"))


@pytest.fixture
def desk(home: Home) -> Iterator[Desk]:
    with at_desk(home) as made:
        yield made


def test_an_edit_is_looked_at_before_it_is_saved_and_kept_with_who_and_why(home: Home, desk: Desk) -> None:
    before = home.library.item(ONE)
    fields = desk.fields(EDIT)
    preview = desk.send(EDIT, fields, titles__0__value="Reading the <b>water</b>", preview="1")
    assert preview.status_code == 200
    assert "<del>Reading the water (English)</del>" in preview.text
    assert "<ins>Reading the &lt;b&gt;water&lt;/b&gt; (English)</ins>" in preview.text
    assert home.library.item(ONE) == before  # nothing is written by looking
    without = desk.send(EDIT, fields_of(preview.text), save="1")
    assert without.status_code == 422
    assert "Say why: it is kept with the item." in without.text
    saved = desk.send(EDIT, fields_of(without.text), save="1", why="the title page says so")
    assert saved.status_code == 303
    after = home.library.item(ONE)
    assert after.title.value == "Reading the <b>water</b>"
    event = home.library.events(ONE)[-1]
    assert (event.type, event.agent) == ("metadata modification", WHO)
    assert event.detail.startswith("the title page says so\n")
    history = desk.get(f"/desk/items/{ONE}?done=edited").text
    assert "The item is saved." in history
    assert WHO in history
    assert "the title page says so" in history


def test_a_form_that_is_sent_back_unchanged_makes_nothing_different(home: Home, desk: Desk) -> None:
    for item in home.library.items():
        path = f"/desk/items/{item.id}/edit"
        answer = desk.send(path, desk.fields(path), preview="1")
        assert answer.status_code == 200
        assert "Nothing is different yet." in answer.text, item.id


def test_one_more_row_keeps_what_was_typed(desk: Desk) -> None:
    answer = desk.send(EDIT, desk.fields(EDIT), titles__0__value="Typed", add="titles")
    fields = dict(fields_of(answer.text))
    assert fields["titles-0-value"] == "Typed"
    assert fields["titles-1-value"] == ""
    assert "titles-2-value" not in fields


def test_a_fault_is_named_at_its_field_and_on_top(home: Home, desk: Desk) -> None:
    fields = desk.fields(EDIT)
    answer = desk.send(EDIT, fields, dates__0__value="next <year>", titles__0__value="", preview="1")
    assert answer.status_code == 422
    assert '<a href="#dates-0-value">' in answer.text
    assert 'id="dates-0-value-fault"' in answer.text
    assert "“next &lt;year&gt;” is no date." in answer.text
    assert '<a href="#titles-0-value">Every item needs a title.</a>' in answer.text
    assert dict(fields_of(answer.text))["dates-0-value"] == "next <year>"
    french = desk.send(f"{EDIT}?lang=fr", fields, dates__0__value="demain", preview="1")
    assert "n’est pas une date" in french.text
    unknown = desk.send(EDIT, fields, relations__0__kind="isPartOf", relations__0__target="nosuchitem", preview="1")
    assert unknown.status_code == 422
    assert '<a href="#relations">' in unknown.text


def test_a_title_that_is_faulty_is_not_said_to_be_missing(desk: Desk) -> None:
    fields = [(name, "zz9" if name == "titles-0-language" else value) for name, value in desk.fields(EDIT)]
    answer = desk.send(EDIT, fields, preview="1")
    assert answer.status_code == 422
    assert '<a href="#titles-0-language">' in answer.text
    assert "Every item needs a title." not in answer.text


def test_whoever_comes_second_is_told_and_loses_nothing(home: Home, desk: Desk) -> None:
    mine = desk.fields(EDIT)
    theirs = desk.send(EDIT, desk.fields(EDIT), extent="", extent__0__value="12 p.", preview="1")
    assert desk.send(EDIT, fields_of(theirs.text), save="1", why="counted").status_code == 303
    answer = desk.send(EDIT, mine, titles__0__value="Mine", preview="1")
    assert answer.status_code == 409
    assert "12 p." in answer.text
    assert "<ins>Mine (English)</ins>" in answer.text
    assert "counted" in answer.text
    form = desk.send(EDIT, fields_of(answer.text), rebase="1")
    preview = desk.send(EDIT, fields_of(form.text), preview="1")
    assert "<ins>12 p." not in preview.text  # it is there already, and stays
    assert desk.send(EDIT, fields_of(preview.text), save="1", why="both").status_code == 303
    after = home.library.item(ONE)
    assert (after.title.value, after.extent) == ("Mine", "12 p.")


def test_people_and_subjects_are_looked_up_without_script(home: Home, desk: Desk) -> None:
    fields = desk.fields(EDIT)
    people = desk.send(EDIT, fields, find__contributions="marsd", find="contributions")
    assert "Marsden, Eleanor" in people.text
    picked = people.text.partition('name="pick" value="')[2].partition('"')[0]
    added = desk.send(EDIT, fields_of(people.text), pick=picked, again="1")
    assert dict(fields_of(added.text))["contributions-1-name"] == "Marsden, Eleanor"
    subjects = desk.send(f"{EDIT}?lang=es", fields, find__concepts="bosques", find="concepts")
    uri = [part.partition('"')[0] for part in subjects.text.split('name="concepts" value="')[1:]][-1]
    chosen = [*fields_of(subjects.text), ("concepts", uri)]
    preview = desk.send(EDIT, chosen, preview="1")
    assert desk.send(EDIT, fields_of(preview.text), save="1", why="it is about them").status_code == 303
    assert uri in home.library.item(ONE).concepts


def test_withdrawn_with_a_reason_and_published_again(home: Home, desk: Desk) -> None:
    path = f"/desk/items/{ONE}"
    assert desk.send(path, desk.fields(path), do="withdraw").status_code == 422
    assert home.library.item(ONE).status == "published"
    assert desk.send(path, desk.fields(path), do="withdraw", why="An error").status_code == 303
    assert home.library.item(ONE).reason == "An error"
    assert desk.get(f"/item/{ONE}").status_code == 410
    assert desk.send(path, desk.fields(path), do="restore", why="It was none").status_code == 303
    assert home.library.item(ONE).status == "published"
    assert [(one.type, one.agent, one.detail) for one in home.library.events(ONE)][-2:] == [
        ("withdrawal", WHO, "An error"),
        ("restoration", WHO, "It was none"),
    ]


def test_approved_at_the_desk(home: Home, desk: Desk) -> None:
    page = desk.get("/desk/approve")
    assert HELD in page.text
    assert desk.send("/desk/approve", fields_of(page.text)).status_code == 422
    assert desk.get(f"/item/{HELD}").status_code == 404
    assert desk.send("/desk/approve", fields_of(page.text), item=HELD).status_code == 303
    assert desk.get(f"/item/{HELD}").status_code == 200
    assert home.library.events(HELD)[-1].agent == WHO
    assert "Nothing is held for approval." in desk.get("/desk/approve").text


def test_what_is_saved_between_a_look_and_a_save_is_not_overwritten(home: Home) -> None:
    work, held = DeskEditing.of(home), home.library.catalogue.held(ONE)
    assert held is not None
    doing = Doing(WHO, "why")
    assert work.save(replace(held.item, extent="12 p."), held.change, doing) == "done"
    assert work.save(replace(held.item, extent="13 p."), held.change, doing) == "overtaken"
    now = home.library.catalogue.held(ONE)
    assert now is not None
    assert now.item.extent == "12 p."
    assert work.save(now.item, now.change, doing) == "same"
    assert work.save(replace(now.item, titles=()), now.change, doing) == "faulty"
    assert work.as_of(ONE, held.change) == held.item


def test_what_both_changed_is_put_together() -> None:
    base = Item(titles=(Text("a", "en"),), extent="1", edition="1", keywords=(Text("x"), Text("y")))
    theirs = replace(base, extent="2", edition="2", keywords=(Text("y"), Text("z")))
    mine = replace(base, titles=(Text("b", "en"),), edition="3", keywords=(Text("x"), Text("w")))
    merged = three_way(base, theirs, mine)
    assert merged == replace(theirs, titles=mine.titles, edition="3", keywords=(Text("z"), Text("w")))


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            ("Carson, Rachel (editor, Person, ORCID 0000-0002-1825-0097)", "(French, ", "is part of ", "Restricted"),
        ),
        ("fr", ("Personne, ORCID 0000-0002-1825-0097)", "fait partie de ", "Livre", "(Français, ", "Restreint")),
        ("es", ("Persona, ORCID 0000-0002-1825-0097)", "es parte de ", "Libro", "(Francés, ", "Restringido")),
    ],
)
def test_differences_are_told_in_words_not_in_codes(desk: Desk, language: str, told: tuple[str, ...]) -> None:
    typed = {
        "contributions-1-name": "Carson, Rachel", "contributions-1-role": "edt", "contributions-1-kind": "person",
        "contributions-1-identifiers": "orcid:0000-0002-1825-0097", "relations-0-kind": "isPartOf",
        "relations-0-target": TWO, "type-0-value": "book", "dates-1-value": "1987/1989", "dates-1-kind": "covered",
        "titles-1-value": "Lire l’eau", "titles-1-language": "fr", "titles-1-kind": "translated",
        "access-0-value": "restricted", "languages-1-value": "fr",
    }  # fmt: skip
    address = f"{EDIT}?lang={language}"
    preview = desk.send(address, desk.fields(address), **typed, preview="1")
    assert preview.status_code == 200, preview.text
    text = " ".join(
        re.sub("<[^>]+>", " ", preview.text.partition('class="differences"')[2].partition("<form")[0]).split()
    )
    for words in told:
        assert words in text
    assert not re.search(r"\b(edt|isPartOf|covered|restricted|organisation)\b|\[fr\]", text)


def test_whoever_was_chosen_and_is_gone_meanwhile_loses_nothing_typed(desk: Desk) -> None:
    answer = desk.send(EDIT, desk.fields(EDIT), extent__0__value="9 p.", pick="nothere", again="1")
    assert answer.status_code == 200
    assert 'value="9 p."' in answer.text


def test_the_history_tells_what_differed(home: Home, desk: Desk) -> None:
    with home.library.writer() as writer:
        writer.put_item(replace(home.library.item(ONE), type="book", languages=("fr",)), {}, "Edited: x")
    text = desk.get(f"/desk/items/{ONE}?lang=fr").text
    assert "<ins>Livre</ins>" in text
    assert "<ins>Français</ins>" in text
