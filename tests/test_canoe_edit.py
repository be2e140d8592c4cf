"""canoe edit: every field can be put right, and what a field cannot have is refused by name."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from archive_library import dump
from scans import ENGLISH, typeset
from seen import look
from small_library import Answer, canoe_here, files_below, marc_file, record

from canoe.edit import plan_edit
from canoe.home import Home
from metadata.editing import assignment
from metadata.model import Item
from metadata.serial import to_json
from metadata.vocabulary import shipped


@pytest.fixture(scope="module")
def untouched(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with three records, that nothing may change."""
    home = shutil.copytree(empty_home, tmp_path_factory.mktemp("edit") / "home")
    path = marc_file(home.parent / "records.mrc", [record(number, f"Station book {number}") for number in (1, 2, 3)])
    assert canoe_here("ingest", path, "--home", home).code == 0
    return home


@pytest.fixture
def records(untouched: Path, tmp_path: Path) -> Path:
    """Lend a copy of that home."""
    return shutil.copytree(untouched, tmp_path / "home")


def ids(home: Path) -> list[str]:
    """Return the ids of the records in the order of the file."""
    library = Home.read(home).library
    return [one.id for one in sorted(library.items(), key=lambda one: one.source)]


def edited(home: Path, *arguments: str | Path, code: int = 0) -> Answer:
    """Edit the first record: each argument without a dash in front is something to set."""
    options = [part for one in arguments for part in ([one] if str(one).startswith("--") else ["--set", one])]
    answer = canoe_here("edit", ids(home)[0], *options, "--home", home)
    assert answer.code == code, answer.err
    return answer


def item(home: Path) -> dict[str, Any]:
    """Return the first record."""
    return as_json(Home.read(home).library.item(ids(home)[0]))


def as_json(one: Item) -> dict[str, Any]:
    """Return an item as canoe show prints it."""
    return dict(json.loads(to_json(one)))


CONCEPT = next(uri for uri, one in shipped().concepts.items() if shipped().find(one.label("en").value, "en") == uri)
LABEL = shipped().concepts[CONCEPT].label("en").value


@pytest.mark.parametrize(
    ("given", "part", "value"),
    [
        (["title=Peat"], "titles", [{"value": "Peat", "language": "en"}]),
        (
            ["title@fr=La tourbe", "title=Peat"],
            "titles",
            [{"value": "Peat", "language": "en"}, {"value": "La tourbe", "language": "fr"}],
        ),
        (["language=fra", "language=Spanish"], "languages", ["fr", "es"]),
        (["language+=fr"], "languages", ["en", "fr"]),
        (["type=Rapport"], "type", "report"),
        (["date=1987-05"], "dates", [{"kind": "issued", "value": "1987-05"}]),
        (
            ["date:covered=1900/1910", "date=12 mai 1988"],
            "dates",
            [{"kind": "issued", "value": "1988-05-12"}, {"kind": "covered", "value": "1900/1910"}],
        ),
        (
            ["creator=Dupont, Marie", "creator=IUCN"],
            "contributions",
            [
                {"agent": {"name": "Dupont, Marie", "kind": "person"}, "role": "aut"},
                {"agent": {"name": "IUCN", "kind": "organisation"}, "role": "aut"},
            ],
        ),
        (
            ["contributor:edt=Marsden, Eleanor", "publisher=Ramsar; Gland"],
            "contributions",
            [
                {"agent": {"name": "Marsden, Eleanor", "kind": "person"}, "role": "edt"},
                {"agent": {"name": "Ramsar; Gland", "kind": "organisation"}, "role": "pbl"},
            ],
        ),
        (["keyword=peat; wet", "keyword=fen"], "keywords", [{"value": "peat; wet"}, {"value": "fen"}]),
        ([f"concept={LABEL}@en"], "concepts", [CONCEPT]),
        ([f"concept={CONCEPT}"], "concepts", [CONCEPT]),
        (["description@en=About peat."], "descriptions", [{"value": "About peat.", "language": "en"}]),
        (["access=embargo"], "access", "embargoed"),
        (["embargo=2030-01-31"], "embargo", "2030-01-31"),
        (["edition=2nd"], "edition", "2nd"),
        (["extent=xii, 240 p."], "extent", "xii, 240 p."),
        (["place@en=Finland"], "coverage", [{"value": "Finland", "language": "en"}]),
        (["coverage=Finland"], "coverage", [{"value": "Finland"}]),
        (["published in=Gland"], "places", ["Gland"]),
        (["series=Notes ; 12", "series=Books"], "series", [{"title": "Notes", "number": "12"}, {"title": "Books"}]),
        (["note=Torn."], "notes", [{"value": "Torn."}]),
        (["collection=peat"], "collections", ["peat"]),
        (
            ["licence=https://creativecommons.org/licenses/by/4.0/"],
            "rights",
            [{"value": "https://creativecommons.org/licenses/by/4.0/"}],
        ),
    ],
)
def test_a_field_is_set(untouched: Path, given: list[str], part: str, value: object) -> None:
    planned = plan_edit(Home.read(untouched), ids(untouched)[0], [*map(assignment, given)], None)
    before, after = as_json(planned.before), as_json(planned.after)
    assert after[part] == value
    assert {name: one for name, one in after.items() if name != part} == {
        name: one for name, one in before.items() if name != part
    }


def test_identifiers_are_set_by_their_scheme_and_the_others_stay(records: Path) -> None:
    edited(records, "identifier:isbn=978-2-8317-0000-7", "identifier:handle=123/4", "identifier+=IUCN-1")
    told = [(one["scheme"], one["value"]) for one in item(records)["identifiers"]]
    assert told == [
        ("control-number", "(XX-Test)1"),
        ("isbn", "9782831700007"),
        ("handle", "123/4"),
        ("local", "IUCN-1"),
    ]
    edited(records, "isbn=")
    assert "isbn" not in {one["scheme"] for one in item(records)["identifiers"]}


def test_values_are_added_and_taken_away(records: Path) -> None:
    edited(records, "keyword=peat", "keyword=fen", "note=Torn.", "date=1987")
    edited(records, "keyword+=bog", "keyword-=peat", "note-=Torn.", "date-=1987")
    after = item(records)
    assert [one["value"] for one in after["keywords"]] == ["fen", "bog"]
    assert "notes" not in after
    assert "dates" not in after
    answer = edited(records, "keyword-=marsh", code=2)
    assert "'marsh'" in answer.err
    assert "fen; bog" in answer.err


def test_ties_lead_to_items_that_are_here(records: Path) -> None:
    first, second, third = ids(records)
    edited(records, f"part of={second}", "translation_of=(XX-Test)3")
    assert item(records)["relations"] == [
        {"kind": "isPartOf", "target": second},
        {"kind": "isTranslationOf", "target": third},
    ]
    for lost in (first, "0000000000", "(XX-Test)99"):
        assert lost in edited(records, f"part of={lost}", code=2).err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("type=leaflet-ish", ["type", "'leaflet-ish'", "report"]),
        ("language=klingonese", ["language", "'klingonese'", "fra"]),
        ("date=yesterday", ["date", "'yesterday'", "EDTF"]),
        ("access=maybe", ["access", "'maybe'", "restricted"]),
        ("isbn=978-2-8317-0000-0", ["isbn", "check digit"]),
        ("concept=nothing of the kind@en", ["concept", "canoe vocabulary list"]),
        ("contributor:boss=Dupont", ["boss", "relator"]),
        ("contributor:xyz=Dupont", ["xyz", "relator"]),
        ("period=1900/1800", ["period", "'1900/1800'", "EDTF"]),
        ("colour=red", ["'colour'", "title, author"]),
        ("files=x", ["'files'"]),
        ("date@fr=1987", ["date@fr", "language", "title"]),
        ("title@xx-nothing=A", ["xx-nothing"]),
        ("title=", ["title"]),
        ("edition+=2nd", ["edition", "one value"]),
        ("keyword+=", ["keyword"]),
        ("no assignment", ["no assignment", "field=value"]),
        ("series_number=12", ["series_number"]),
    ],
)
def test_what_a_field_cannot_have_is_refused_by_name(untouched: Path, given: str, told: list[str]) -> None:
    before = files_below(untouched / "archive")
    err = edited(untouched, given, code=2).err
    assert [word for word in told if word not in err] == []
    assert files_below(untouched / "archive") == before


def test_the_difference_is_shown_before_anything_is_written(records: Path) -> None:
    before = files_below(records / "archive")
    for option in ("--plan", "--dry-run"):
        out = edited(records, "title=Peat", "keyword=fen", option).out
        assert out.splitlines()[:5] == [
            "titles", "    - Station book 1 [en]", "    + Peat [en]", "keywords", "    + fen"
        ]  # fmt: skip
    assert files_below(records / "archive") == before
    planned = edited(records, "title=Peat", "--plan", "--json").json
    assert edited(records, "title=Peat", "--json").json == planned
    assert planned["differences"] == [
        {"field": "titles", "removed": ["Station book 1 [en]"], "added": ["Peat [en]"]},
    ]


def test_what_changes_nothing_makes_no_version(records: Path) -> None:
    before = files_below(records / "archive")
    answer = edited(records, "title=Station book 1")
    assert "nothing was changed" in answer.out
    assert files_below(records / "archive") == before


def test_an_edit_is_a_version_with_its_reason_and_everything_follows(records: Path) -> None:
    changed = ids(records)[0]
    stamp = Home.read(records).library.catalogue.held(changed)
    edited(records, "title=Peat and fens", "--reason=misread on the cover")
    library = Home.read(records).library
    (event,) = [one for one in library.events(changed) if one.type == "metadata modification"]
    assert event.detail == "misread on the cover\ntitles: - Station book 1 [en]; + Peat and fens [en]"
    assert event.agent.startswith("Canoe")
    held = library.catalogue.held(changed)
    assert held is not None
    assert stamp is not None
    assert held.change > stamp.change
    (version,) = library.archive.inventory(held.object_id).versions
    assert version.message == "Edited: misread on the cover"
    (hit,) = canoe_here("search", "fens", "--home", records, "--json").lines
    assert hit["id"] == changed
    assert "Peat and fens" in canoe_here("show", changed, "--format", "dc", "--home", records).out
    assert "Peat and fens" in look(records).items[changed]["oai"]
    library.catalogue.close()
    before = dump(records / "catalogue.db")
    assert canoe_here("rebuild", "--home", records).code == canoe_here("check", "--home", records).code == 0
    assert dump(records / "catalogue.db") == before


def test_what_is_doubtful_is_shown_and_done(records: Path) -> None:
    answer = edited(records, "date=2999", "title=&lt;i&gt;Peat")
    assert "warning" in answer.err
    assert "2999" in answer.err
    assert item(records)["dates"][0]["value"] == "2999"


def test_an_external_doi_is_taken_and_one_that_was_given_here_stays(records: Path) -> None:
    own = item(records)["doi"]
    edited(records, "doi=10.1000/xyz")
    after = item(records)
    assert after["doi"] == own
    assert {"scheme": "doi", "value": "10.1000/xyz"} in after["identifiers"]


def test_a_whole_item_is_edited_by_its_file(records: Path) -> None:
    path, told = records.parent / "item.json", item(records)
    path.write_text(json.dumps({**told, "titles": [{"value": "Peat", "language": "en"}], "edition": "3rd"}), "utf-8")
    out = edited(records, f"--file={path}").out
    assert "+ 3rd" in out
    assert item(records) == {**told, "titles": [{"value": "Peat", "language": "en"}], "edition": "3rd"}
    assert "nothing was changed" in edited(records, f"--file={path}").out


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        ("id", "0000000000", "id cannot be changed"),
        ("status", "withdrawn", "canoe withdraw"),
        ("source", "elsewhere", "source cannot be changed"),
        ("submission", "0", "submission cannot be changed"),
        ("accession", "a-other", "accession cannot be changed"),
        ("files", [{"path": "x", "role": "access", "media_type": "y", "size": 1, "sha512": "0"}], "files cannot"),
        ("doi", {"name": "10.1/2", "state": "findable"}, "doi cannot be changed"),
        ("titles", [], "title"),
        ("type", "nonsense", "'nonsense'"),
        ("languages", ["english"], "'english'"),
        ("dates", [{"value": "yesterday", "kind": "issued"}], "'yesterday'"),
        ("concepts", ["http://example.org/none"], "vocabulary"),
        ("relations", [{"kind": "isPartOf", "target": "0000000000"}], "'0000000000'"),
        ("contributions", [{"agent": {"name": "A", "kind": "person"}, "role": "author"}], "'author'"),
        ("contributions", [{"agent": {"name": "A", "kind": "person"}, "role": "xyz"}], "'xyz'"),
        ("edition", "a\x0bb", "a text"),
        ("colour", "red", "colour"),
        ("access", "maybe", "maybe"),
    ],
)
def test_a_file_cannot_say_what_no_item_can_have(
    untouched: Path, tmp_path: Path, part: str, value: object, told: str
) -> None:
    path, before = tmp_path / "item.json", item(untouched)
    path.write_text(json.dumps({**before, part: value}), "utf-8")
    assert told in edited(untouched, f"--file={path}", code=2).err
    assert item(untouched) == before


def test_wrong_usage_is_said(records: Path) -> None:
    assert "--set" in canoe_here("edit", ids(records)[0], "--home", records).err
    missing = canoe_here("edit", "0000000000", "--set", "title=A", "--home", records)
    assert (missing.code, "There is no item 0000000000." in missing.err) == (2, True)
    assert "cannot be read" in edited(records, "--file=nowhere.json", code=2).err


def test_a_record_that_was_edited_may_come_again_and_check_finds_nothing(records: Path) -> None:
    edited(records, "title=Peat")
    changed = ids(records)[0]
    path = marc_file(records.parent / "records.mrc", [record(1, "Station book 1, corrected")])
    assert canoe_here("ingest", path, "--home", records).code == 0
    assert Home.read(records).library.item(changed).title.value == "Station book 1, corrected"
    checked = canoe_here("check", "--home", records)
    assert checked.code == 0, checked.out


def test_an_edit_stays_until_the_description_of_the_file_says_something_new(empty_home: Path, tmp_path: Path) -> None:
    home, shelf = shutil.copytree(empty_home, tmp_path / "home"), tmp_path / "shelf"
    shelf.mkdir()
    typeset(shelf / "a.pdf", [ENGLISH])
    rows = shelf / "rows.csv"

    def ingested(title: str, *options: str) -> tuple[str, str]:
        rows.write_text(f"file,title,language,date\na.pdf,{title},en,1988\n")
        answer = canoe_here("ingest", shelf, "--home", home, "--json", *options)
        (piece,) = json.loads(answer.out)["pieces"]
        return piece["outcome"], item(home)["titles"][0]["value"]

    assert ingested("Told") == ("new", "Told")
    edited(home, "title=By hand")
    assert ingested("Told", "--plan") == ingested("Told") == ("identical", "By hand")
    assert ingested("Told", "--collection", "seas") == ("changed", "By hand")
    assert ingested("Told") == ("identical", "By hand")
    assert ingested("Told anew") == ("changed", "Told anew")
    assert ingested("Told") == ("changed", "Told")
