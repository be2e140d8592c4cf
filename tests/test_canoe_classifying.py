"""canoe classify and canoe subjects: proposed by the program, decided by people, kept in the archive."""

import csv
import json
import os
import shutil
import signal
import warnings
from pathlib import Path
from typing import Any

import pytest
from archive_library import dump
from small_library import canoe_here

from canoe.home import Home
from ingest.suggest_training import FILE, model_of
from metadata.matching_labels import Labels
from metadata.model import Item
from metadata.vocabulary import shipped

WETLANDS, BIRDS, PEATLANDS = (shipped().find(label, "en") for label in ("Wetlands", "Birds", "Peatlands"))
ROWS = """title,language,subject,description
Managing the marshes,en,Wetlnads; Old stock,"On peatlands, and on migratory birds in peatlands."
A second report,en,WETLNADS; wetlands; -old,On birds
Des oiseaux,fr,wetlnads@fr; Trucs,Sur les oiseaux
"""


@pytest.fixture(scope="module")
def made(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = shutil.copytree(empty_home, tmp_path_factory.mktemp("subjects") / "home")
    (home.parent / "rows.csv").write_text(ROWS, "utf-8")
    assert canoe_here("ingest", home.parent / "rows.csv", "--home", home).code == 0
    return home


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "home")


def items(home: Path) -> list[Item]:
    return sorted(Home.read(home).library.items(), key=lambda item: item.source)


def keywords(home: Path) -> list[list[str]]:
    return [[text.value for text in item.keywords] for item in items(home)]


def listed(home: Path) -> dict[str, Any]:
    return {one["keyword"]: one for one in canoe_here("subjects", "--json", "--home", home).lines}


def decided(home: Path, *arguments: str | Path, code: int = 0) -> str:
    answer = canoe_here("subjects", *arguments, "--home", home, "--by", "Ana")
    assert answer.code == code, answer.err
    return answer.out + answer.err


def test_keywords_that_match_nothing_are_listed_with_what_they_may_mean(library: Path) -> None:
    found = listed(library)
    assert set(found) == {"Wetlnads", "Old stock", "-old", "Trucs"} | ({"wetlnads@fr"} & set(found))
    assert found["Wetlnads"]["items"] >= 2
    assert found["Wetlnads"]["proposals"][0]["concept"] == WETLANDS
    assert found["Wetlnads"]["proposals"][0]["how"] == "alike"
    assert found["Trucs"]["proposals"] == []
    assert found["Trucs"]["examples"][0]["title"] == "Des oiseaux"
    assert len(canoe_here("subjects", "--json", "--limit", "1", "--home", library).lines) == 1


def test_a_decision_changes_items_with_one_event_each_and_later_ingests(library: Path) -> None:
    assert "2 items would change" in decided(library, "decide", "wetlnads", "Wetlands", "--plan")
    assert "2 items changed" in decided(library, "decide", "wetlnads", "Wetlands", "--reason", "a typing error")
    assert [WETLANDS in item.concepts for item in items(library)] == [True, True, False]
    assert [item.concepts.count(WETLANDS) for item in items(library)] == [1, 1, 0]
    assert keywords(library)[:2] == [["Old stock"], ["-old"]]
    event = Home.read(library).library.events(items(library)[0].id)[-1]
    assert event.type == "metadata modification"
    assert all(told in event.detail for told in ("Wetlnads", WETLANDS, "Ana", "a typing error"))
    assert "0 items changed" in decided(library, "decide", "WetLNADS", WETLANDS)
    more = library.parent / "more.csv"
    more.write_text("title,language,subject\nA third report,en,wetlnads\n", "utf-8")
    assert canoe_here("ingest", more, "--home", library).code == 0
    assert [item.concepts for item in items(library) if item.title.value == "A third report"] == [(WETLANDS,)]


def test_what_is_kept_is_listed_no_more_and_matched_with_nothing(library: Path) -> None:
    decided(library, "keep", "TRUCS")
    decided(library, "keep", "wetlands")
    assert "Trucs" not in listed(library)
    more = library.parent / "more.csv"
    more.write_text("title,language,subject\nA third report,en,wetlands\n", "utf-8")
    canoe_here("ingest", more, "--home", library)
    assert [item.concepts for item in items(library) if item.title.value == "A third report"] == [()]


@pytest.mark.parametrize(
    "arguments",
    [
        ("decide", "x", "no such concept"),
        ("decide", "x", ""),
        ("keep", " "),
        ("keep", "x" * 501),
        ("keep", "x", "--language", "no such one"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(library: Path, arguments: tuple[str, ...]) -> None:
    decided(library, *arguments, code=2)
    assert Home.read(library).decisions == {}


def test_a_decision_for_one_language_may_name_it_in_words(library: Path) -> None:
    more = library.parent / "more.csv"
    more.write_text("title,language,subject@fr\nEncore,fr,Trucs\n", "utf-8")
    canoe_here("ingest", more, "--home", library)
    assert "0 items changed" in decided(library, "decide", "Trucs", "Birds", "--language", "en")
    assert "1 item changed" in decided(library, "decide", "Trucs", "Birds", "--language", "French")
    assert Home.read(library).decisions == {("trucs", "en"): BIRDS, ("trucs", "fr"): BIRDS}


def test_a_table_goes_out_and_comes_back_decided(library: Path) -> None:
    path = library.parent / "subjects.csv"
    assert canoe_here("subjects", "--csv", path, "--home", library).code == 0
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert {row["keyword"] for row in rows} >= {"Wetlnads", "'-old", "Trucs"}
    told = {"Wetlnads": "yes", "'-old": "keep", "Trucs": "Birds", "Old stock": "nobody knows"}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows({**row, "decision": told.get(row["keyword"], "")} for row in rows)
    before = dump(library / "catalogue.db")
    assert "3 items would change" in decided(library, "apply", path, "--plan", code=3)
    assert dump(library / "catalogue.db") == before
    out = decided(library, "apply", path, code=3)
    assert "3 decisions" in out
    assert "nobody knows" in out
    assert [BIRDS in item.concepts for item in items(library)] == [False, False, True]
    assert [WETLANDS in item.concepts for item in items(library)] == [True, True, False]
    assert Home.read(library).decisions == {("wetlnads", ""): WETLANDS, ("-old", ""): "", ("trucs", ""): BIRDS}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n1,2\n",
        b"\xff\xfe",
        b'keyword,decision\nTrucs,"keep\n-old,keep\n',
        b"keyword,decision\nTrucs,keep\nTRUCS,Birds\n",
    ],
)
def test_what_is_no_such_table_is_refused(library: Path, content: bytes) -> None:
    path = library.parent / "bad.csv"
    path.write_bytes(content)
    decided(library, "apply", path, code=2)


def killed(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("step", ["archive.writer.Writer.put_item", "archive.catalogue.Catalogue.write"])
def test_killed_between_decision_and_items_the_same_again_completes(
    library: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warnings.catch_warnings():  # forking beside other threads: the child starts none and ends by a kill
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        monkeypatch.setattr(step, killed)
        try:
            canoe_here("subjects", "decide", "wetlnads", "Wetlands", "--home", library)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert Home.read(library).decisions == {("wetlnads", ""): WETLANDS}
    decided(library, "decide", "wetlnads", "Wetlands")
    assert [WETLANDS in item.concepts for item in items(library)][:2] == [True, True]
    assert "0 items changed" in decided(library, "decide", "wetlnads", "Wetlands")
    assert canoe_here("check", "--home", library).code == 0


def proposed(home: Path, item: str, *arguments: str) -> dict[str, Any]:
    answer = canoe_here("classify", item, "--json", "--home", home, *arguments)
    assert answer.code == 0, answer.err
    return {one["concept"]: one for one in answer.json["suggestions"]}


def test_concepts_are_proposed_and_nothing_is_changed(library: Path) -> None:
    before, item = dump(library / "catalogue.db"), items(library)[0].id
    found = proposed(library, item)
    assert {PEATLANDS, BIRDS} <= set(found)
    assert found[PEATLANDS]["passages"][0]["in"] == "abstract"
    assert "peatlands" in found[PEATLANDS]["passages"][0]["snippet"]
    assert list(proposed(library, item, "--limit", "1")) == [next(iter(found))]
    assert "Peatlands" in canoe_here("classify", item, "--home", library).out
    assert dump(library / "catalogue.db") == before


def test_what_is_accepted_and_refused_is_kept_and_outlives_a_rebuild(library: Path) -> None:
    item = items(library)[0].id
    proposed(library, item, "--accept", PEATLANDS, "--refuse", "Birds", "--by", "Ana")
    assert PEATLANDS in items(library)[0].concepts
    event = Home.read(library).library.events(item)[-1]
    assert all(told in event.detail for told in (f"accepted by Ana: Peatlands <{PEATLANDS}>", BIRDS))
    before = dump(library / "catalogue.db")
    assert canoe_here("rebuild", "--home", library).code == 0
    assert dump(library / "catalogue.db") == before
    assert not {BIRDS, PEATLANDS} & set(proposed(library, item))
    assert "like that already" in canoe_here("classify", item, "--refuse", BIRDS, "--home", library).err
    proposed(library, item, "--accept", BIRDS)
    assert BIRDS in items(library)[0].concepts


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("ITEM", "--all"),
        ("--all", "--accept", BIRDS),
        ("ITEM", "--accept", BIRDS, "--refuse", BIRDS),
        ("ITEM", "--accept", "u:nothing"),
        ("nosuchitem",),
    ],
)
def test_what_cannot_be_asked_is_refused(library: Path, arguments: tuple[str, ...]) -> None:
    asked = [items(library)[0].id if one == "ITEM" else one for one in arguments]
    assert canoe_here("classify", *asked, "--home", library).code == 2


def test_many_items_are_lines_of_json(library: Path) -> None:
    assert len(canoe_here("classify", "--all", "--home", library).lines) == 3
    (one,) = canoe_here("classify", "--query", "oiseaux", "--home", library).lines
    assert [found["concept"] for found in one["suggestions"]] == [BIRDS]


def test_a_library_learns_from_itself_and_keeps_what_it_learnt(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.suggest_training.LEAST_TEXTS", 2)
    canoe_here("classify", items(library)[0].id, "--accept", BIRDS, "--home", library)
    opened = Home.read(library)
    kept = library / "cache" / FILE
    assert kept.is_file()
    model = model_of(opened.library, Labels(opened.vocabulary), kept.parent)
    assert model.texts == 2
    kept.write_text("{", "utf-8")
    assert model_of(opened.library, Labels(opened.vocabulary), kept.parent) == model
    assert json.loads(kept.read_bytes())["model"]["texts"] == 2
