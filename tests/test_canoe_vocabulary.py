"""canoe vocabulary: added, checked, listed, shown, chosen, exported, removed; what a library does with them."""

import json
import shutil
from pathlib import Path

import pytest
from small_library import canoe_here

from canoe.home import Home

TABLE = "notation,parent,en,fr,altLabel@en\n1,,Waters,Eaux,\n1.1,1,Marshes,Marais,Fens|Bogs\n1.2,1,Mires,,\n"
LESS = "notation,parent,en,fr,replacedBy\n1,,Waters,Eaux,\n1.2,1,Quagmires,Bourbiers,\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a library with a record on marshes, one on mires, one on mammals."""
    tmp_path = tmp_path_factory.mktemp("made")
    home = tmp_path / "home"
    assert canoe_here("init", "--home", home).code == 0
    (tmp_path / "waters.csv").write_text(TABLE, "utf-8")
    added = canoe_here("vocabulary", "add", tmp_path / "waters.csv", "--title", "Waters@en", "--json", "--home", home)
    assert added.json["outcome"] == "new"
    (tmp_path / "t.csv").write_text("title,subject\nOne,Fens\nTwo,Mires\nThree,Mammals\n", "utf-8")
    assert canoe_here("ingest", tmp_path / "t.csv", "--home", home).code == 0
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """Lend a copy of the library."""
    (tmp_path / "waters.csv").write_text(TABLE, "utf-8")
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def found(home: Path, *query: str) -> list[str]:
    return sorted(one["title"] for one in canoe_here("search", *query, "--json", "--home", home).lines)


def test_subjects_are_concepts_of_every_vocabulary(home: Path) -> None:
    concepts = [json.loads(line)["concepts"] for line in canoe_here("export", "--home", home).out.splitlines()]
    assert sorted(concepts) == [
        ["https://w3id.org/canoe/conservation/c0102"], ["urn:canoe:vocabulary:waters:1.1"],
        ["urn:canoe:vocabulary:waters:1.2"],
    ]  # fmt: skip
    assert found(home, "eaux") == ["One", "Two"]
    assert found(home, "marais") == ["One"]


def test_vocabularies_are_listed_and_one_is_chosen(home: Path) -> None:
    listed = canoe_here("vocabulary", "list", "--json", "--home", home).lines
    assert [(one["id"], one["concepts"], one["own"]) for one in listed] == [
        ("conservation", 142, True),
        ("waters", 3, False),
    ]
    assert canoe_here("vocabulary", "use", "waters", "--home", home).code == 0
    first = canoe_here("vocabulary", "list", "--home", home).out.splitlines()[0]
    assert first.startswith("* waters") and "Waters" in first  # noqa: PT018
    assert "already" in canoe_here("vocabulary", "use", "waters", "--home", home).out
    assert canoe_here("vocabulary", "use", "none", "--home", home).code == 2
    assert canoe_here("vocabulary", "list", "none", "--home", home).code == 2


@pytest.mark.parametrize("name", ["urn:canoe:vocabulary:waters:1.1", "marais", "bogs", "1.1"])
def test_a_concept_is_shown_by_uri_label_or_notation(home: Path, name: str) -> None:
    if name == "1.1":
        assert canoe_here("vocabulary", "show", name, "--home", home).code == 2  # the shipped one has a 1.1, too
        canoe_here("vocabulary", "use", "waters", "--home", home)
        return
    listed = canoe_here("vocabulary", "list", "waters", "--json", "--home", home).lines
    assert canoe_here("vocabulary", "show", name, "--json", "--home", home).json == listed[1]
    people = canoe_here("vocabulary", "show", name, "--home", home).out.splitlines()
    assert {"fr: Marais", "also en: Bogs", "broader: Waters  urn:canoe:vocabulary:waters:1"} <= set(people)


def test_replacing_tells_of_what_went_away_and_who_uses_it(home: Path, tmp_path: Path) -> None:
    (tmp_path / "waters.csv").write_text(LESS, "utf-8")
    checked = canoe_here("vocabulary", "check", tmp_path / "waters.csv", "--json", "--home", home)
    assert (checked.code, list(checked.json["gone"])) == (0, ["urn:canoe:vocabulary:waters:1.1"])
    added = canoe_here("vocabulary", "add", tmp_path / "waters.csv", "--title", "Waters@en", "--home", home)
    assert added.code == 0
    assert "concept “Marshes” is no longer in the vocabulary; 1 items have it" in added.out
    assert "0 added, 1 changed, 1 gone." in added.out
    assert "The records of 1 item are given to harvesters anew." in added.out
    assert found(home, "bourbiers") == ["Two"]
    assert found(home, "eaux") == ["One", "Two"] or found(home, "eaux") == ["Two"]


def test_a_file_without_a_scheme_is_told_of_without_a_place(home: Path, tmp_path: Path) -> None:
    concept = "<urn:x> a <http://www.w3.org/2004/02/skos/core#Concept> ."
    (tmp_path / "bare.ttl").write_text(concept, "utf-8")
    told = canoe_here("vocabulary", "check", tmp_path / "bare.ttl", "--home", home).out.splitlines()
    assert told[0].startswith("warning: The file names no concept scheme")
    assert told[1].startswith("warning: urn:x: The concept has no label")


def test_replacing_under_another_file_name_goes_by_the_scheme(home: Path, tmp_path: Path) -> None:
    skos = "http://www.w3.org/2004/02/skos/core#"
    turtle = f"<urn:s> a <{skos}ConceptScheme> . <urn:c> a <{skos}Concept> ; <{skos}prefLabel> "
    turtle += '"Seas"@en'
    (tmp_path / "seas-2025.ttl").write_text(turtle + " .", "utf-8")
    (tmp_path / "seas-2026.ttl").write_text(turtle + ', "Mers"@fr .', "utf-8")
    first = canoe_here("vocabulary", "add", tmp_path / "seas-2025.ttl", "--id", "seas", "--json", "--home", home).json
    second = canoe_here("vocabulary", "add", tmp_path / "seas-2026.ttl", "--json", "--home", home).json
    assert (first["outcome"], second["outcome"], second["id"]) == ("new", "changed", "seas")
    third = canoe_here("vocabulary", "add", tmp_path / "seas-2026.ttl", "--home", home)
    assert "nothing was changed" in third.out


def test_what_is_left_out_is_exit_3_and_odd_things_are_not(home: Path, tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("notation,en\n1,A\n1,B\n2,A\n", "utf-8")
    answer = canoe_here("vocabulary", "add", tmp_path / "v.csv", "--json", "--home", home)
    assert (answer.code, answer.json["refused"], answer.json["concepts"]) == (3, 1, 2)
    assert {one["code"] for one in answer.json["problems"]} == {"concept-key-twice", "concept-label-shared"}
    (tmp_path / "w.csv").write_text("notation,en\n1,A\n2,A\n", "utf-8")
    assert canoe_here("vocabulary", "add", tmp_path / "w.csv", "--home", home).code == 0


@pytest.mark.parametrize("form", ["ttl", "csv", "jsonl"])
def test_what_is_given_out_can_be_added_again(home: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"out.{form}"
    assert canoe_here("vocabulary", "export", "waters", "--format", form, "--out", out, "--home", home).code == 0
    if form == "jsonl":
        assert len(out.read_text("utf-8").splitlines()) == 3
        return
    again = canoe_here(
        "vocabulary", "add", out, "--id", "waters", "--title", "Waters@en", "--json", "--home", home
    ).json
    assert (again["concepts"], again["changed"], again["gone"], again["items"]) == (3, [], {}, 0)


def test_removing_is_refused_while_items_use_it(home: Path) -> None:
    refused = canoe_here("vocabulary", "remove", "waters", "--home", home)
    assert refused.code == 2
    assert "concepts of waters: 2" in refused.err
    assert canoe_here("vocabulary", "remove", "waters", "--force", "--home", home).code == 0
    assert len(canoe_here("vocabulary", "list", "--home", home).out.splitlines()) == 1


def test_rebuild_check_and_the_index_know_vocabularies(home: Path) -> None:
    assert canoe_here("check", "--home", home).code == 0
    (home / "vocabularies.db").unlink()
    assert canoe_here("rebuild", "--home", home).code == 0
    assert found(home, "eaux") == ["One", "Two"]
    assert Home.read(home).vocabulary.find("fens")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.ttl"], "no file none.ttl"),
        ([".", "--id", "x"], "no file ."),
        (["v.csv", "--id", "A B"], "cannot be a vocabulary's id"),
        (["v.csv", "--id", "conservation"], "comes with Canoe"),
        (["v.csv", "--language", "xx-nothing"], "--language cannot be"),
        (["v.csv", "--language", "en,fr"], "names 2 languages for 1 files"),
        (["empty.csv"], "no form"),
    ],
)
def test_wrong_usage_is_named(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "v.csv").write_text(TABLE, "utf-8")
    (tmp_path / "empty.csv").write_text("", "utf-8")
    answer = canoe_here("vocabulary", "add", *arguments, "--home", home)
    assert answer.code == 2
    assert told in answer.err
