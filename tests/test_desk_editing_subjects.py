"""Subjects decided at the desk: accepted, refused for good, and keywords made concepts in every item."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk_items import ONE, TWO, WHO, Desk, at_desk, fields_of
from test_archive_recovery import copy

from archive.refusals import read_refused
from archive.subject_decisions import read_decisions
from canoe.home import Home
from metadata.model import Text
from metadata.vocabulary import shipped

WETLANDS = shipped().find("Wetlands", "en")
FORESTS = shipped().find("Forests", "en")


@pytest.fixture(scope="module")
def made(desk_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home.read(copy(desk_made, tmp_path_factory.mktemp("subjects") / "library"))
    with home.library.writer() as writer:
        one, two = home.library.item(ONE), home.library.item(TWO)
        told = "Forests of the north. The forests, forests and again forests, and wetlands beside the wetlands."
        words = (Text("Woods of Arden", "en"),)
        writer.put_item(replace(one, descriptions=(Text(told, "en"),), concepts=(), keywords=words), {}, "Edited: x")
        writer.put_item(replace(two, keywords=words), {}, "Edited: x")
    return home.path


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Home:
    return Home.read(copy(made, tmp_path / "library"))


@pytest.fixture
def desk(home: Home) -> Iterator[Desk]:
    with at_desk(home) as made:
        yield made


def test_what_is_proposed_is_accepted_or_refused_each_with_its_passages(home: Home, desk: Desk) -> None:
    path = f"/desk/items/{ONE}/subjects"
    page = desk.get(path)
    assert "again forests" in page.text  # a passage
    fields = fields_of(page.text)
    proposed = [value for name, value in fields if name == "concept"]
    assert {FORESTS, WETLANDS} <= {*proposed}
    assert desk.send(path, fields).status_code == 422
    kept = [(name, value) for name, value in fields if name not in (FORESTS, WETLANDS)]
    assert desk.send(path, [*kept, (FORESTS, "accept"), (WETLANDS, "refuse")]).status_code == 303
    assert home.library.item(ONE).concepts == (FORESTS,)
    assert read_refused(home.library, ONE) == {WETLANDS}
    assert home.library.events(ONE)[-1].agent == WHO
    again = [value for name, value in fields_of(desk.get(path).text) if name == "concept"]
    assert not {FORESTS, WETLANDS} & {*again}


def test_a_keyword_becomes_a_concept_in_every_item_that_has_it(home: Home, desk: Desk) -> None:
    path = "/desk/keyword?word=woods+of+arden"
    page = desk.get(path)
    assert desk.send("/desk/keyword", fields_of(page.text)).status_code == 422
    found = desk.send("/desk/keyword", fields_of(page.text), find__concepts="forests", find="concepts")
    assert f'value="{FORESTS}"' in found.text
    answer = desk.send("/desk/keyword", fields_of(found.text), concept=FORESTS, why="it is a wood")
    assert answer.status_code == 303
    assert "2 items have changed" in desk.get(answer.headers["location"].removeprefix("http://localhost:8000")).text
    for item in (home.library.item(ONE), home.library.item(TWO)):
        assert FORESTS in item.concepts
        assert item.keywords == ()
    assert [(one.by, one.reason) for one in read_decisions(home.library.archive)] == [(WHO, "it is a wood")]


def test_a_keyword_that_stays_one_and_nonsense(home: Home, desk: Desk) -> None:
    fields = desk.fields("/desk/keyword?word=Woods+of+Arden")
    assert desk.send("/desk/keyword", fields, concept="no such concept").status_code == 422
    assert desk.send("/desk/keyword", fields, concept="keep").status_code == 303
    assert [one.concept for one in read_decisions(home.library.archive)] == [""]
    assert home.library.item(ONE).keywords == (Text("Woods of Arden", "en"),)
    assert desk.get("/desk/keyword").status_code == 404
