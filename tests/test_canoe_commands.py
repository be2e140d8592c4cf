"""The command line: every command's answers and exit codes, as its contract says."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from scans import ENGLISH, typeset
from small_library import (
    COUNTS,
    PROGRAM,
    canoe_here,
    canoe_program,
    catalogue_rows,
    codes,
    environment,
    exported,
    files_below,
    items,
    marc_file,
    outcomes,
    record,
    working_in,
)
from thoroughness import usually

from archive.catalogued import Listing
from archive.lock import writer_lock
from canoe.home import Home
from metadata.ids import is_item_id

PIECE = {"source", "outcome", "item", "problems"}


def _item(home: Path, source: str) -> str:
    made = items(home)[source]["id"]
    assert isinstance(made, str)
    return made


def _oai(home: Path) -> list[Any]:
    catalogue = Home.read(home).library.catalogue
    return [
        catalogue.oai_headers(Listing(set_spec=spec), 1000)
        for spec in ("", *(spec for spec, _ in catalogue.oai_sets()))
    ]


QUERIES = ("bosques", "protegees", "report", "language:fr", '"the northern coast"', "nothing")


def _without_scores(answers: list[list[Any]]) -> list[list[Any]]:
    return [[{**hit, "score": 0} for hit in answer] for answer in answers]


def _remove_empty(folder: Path) -> None:
    """Remove a folder of the archive's layout, and those above it, where nothing is left in them."""
    while not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _found(home: Path, query: str) -> list[Any]:
    answer = canoe_here("search", query, "--home", home, "--json")
    assert answer.code == 0, answer.err
    return answer.lines


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Make a file of two records, which come in without a page being read."""
    return marc_file(tmp_path / "records.mrc", [record(1, "One"), record(2, "Deux", "fre", "1")])


# --- init, and which home is meant ------------------------------------------------------------


def test_init_makes_a_home_that_answers_at_once(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    answer = canoe_program("init", "--home", home, "--name", "Bücherei", "--base-url", "https://b.example.org/")
    assert (answer.code, answer.err) == (0, "")
    assert _found(home, "anything") == []
    assert exported(home) == ""
    assert canoe_here("check", "--home", home).code == 0
    assert Home.read(home).settings.library.name == "Bücherei"
    assert Home.read(home).settings.library.base_url == "https://b.example.org"


def test_init_leaves_what_is_there(full_home: Path, tmp_path: Path) -> None:
    before = files_below(full_home)
    assert canoe_here("init", "--home", full_home, "--name", "Other").code == 0
    after = files_below(full_home)
    assert {name: after[name] for name in before} == before
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "file").write_text("mine")
    answer = canoe_here("init", "--home", strange)
    assert (answer.code, answer.out) == (2, "")
    assert "strange" in answer.err
    assert [path.name for path in strange.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("option", "value", "setting"),
    [
        ("--base-url", "library.example.org", "library.base_url"),
        ("--base-url", "http://[x", "library.base_url"),
        ("--admin-email", "nobody", "library.admin_email"),
        ("--language", "de", "library.language"),
        ("--doi-prefix", "11.5", "doi.prefix"),
        ("--name", "two\nlines", "library.name"),
    ],
)
def test_init_refuses_settings_that_cannot_be_and_leaves_nothing(
    tmp_path: Path, option: str, value: str, setting: str
) -> None:
    answer = canoe_here("init", "--home", tmp_path / "home", option, value)
    assert answer.code == 2
    assert setting in answer.err
    assert not (tmp_path / "home").exists()


def test_init_below_a_file_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert canoe_here("init", "--home", tmp_path / "file" / "home").code == 2
    assert canoe_here("init", "--home", tmp_path / "file").code == 2


def test_the_home_is_the_option_s_else_the_environment_s_else_library(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.delenv("CANOE_HOME", raising=False)
    answer = canoe_here("accessions", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert "library" in answer.err
    monkeypatch.setenv("CANOE_HOME", str(home))
    assert canoe_here("accessions", "--json").json == []
    monkeypatch.setenv("CANOE_HOME", str(tmp_path / "no"))
    assert canoe_here("accessions").code == 2
    assert canoe_here("accessions", "--home", home).code == 0
    home.rename(elsewhere / "library")
    assert canoe_program("accessions", "--json", cwd=elsewhere).json == []


# --- ingest ------------------------------------------------------------------------------------


@pytest.mark.ocr
def test_ingest_reports_plans_and_repeats(home: Path, batch: Path, tmp_path: Path) -> None:
    before = files_below(home)
    with working_in(tmp_path):
        planned = canoe_here("ingest", "batch", "--plan", "--json", "--home", "home")
    assert planned.code == 3
    assert files_below(home) == before
    done = canoe_program("ingest", "batch", "--json", "--home", "home", cwd=tmp_path)
    assert (done.code, done.json) == (3, planned.json)
    assert set(done.json) == {"accession", "counts", "pieces"}
    assert done.json["counts"] == COUNTS
    assert all(set(piece) == PIECE for piece in done.json["pieces"])
    problems = [problem for piece in done.json["pieces"] for problem in piece["problems"]]
    assert all(set(problem) == {"code", "where", "message"} and all(problem.values()) for problem in problems)
    assert all(piece["item"] == "" or is_item_id(piece["item"]) for piece in done.json["pieces"])
    people = canoe_program("ingest", "batch", "--home", "home", cwd=tmp_path, FORCE_COLOR="1", GITHUB_ACTIONS="true")
    assert people.code == 3
    assert "16 in: 13 identical, 1 duplicate, 2 refused." in people.out
    assert "\x1b" not in people.out + people.err
    (accession,) = canoe_here("accessions", "--home", home, "--json").json
    assert set(accession) == {"accession", "received_at", "sources", "counts", "state", "undone_at"}
    assert accession["accession"] == done.json["accession"]
    assert {"in": sum(accession["counts"].values()), **accession["counts"]} == COUNTS
    assert canoe_here("accessions", accession["accession"], "--home", home, "--json").json == done.json["pieces"]
    assert accession["accession"] in canoe_here("accessions", "--home", home).out


def test_ingest_of_what_is_all_good_exits_0_and_says_so(home: Path, records: Path) -> None:
    answer = canoe_here("ingest", records, "--home", home, "--collection", "posters")
    assert (answer.code, answer.err) == (0, "")
    assert "2 in: 2 new." in answer.out
    assert _found(home, "One")[0]["title"] == "One"
    assert {tuple(item["collections"]) for item in items(home).values()} == {("posters",)}
    assert "Nothing new came in" in canoe_here("ingest", records, "--home", home).out


def test_a_name_that_would_command_a_terminal_is_shown(home: Path, tmp_path: Path) -> None:
    (tmp_path / "\x1b[2Jboo.pdf").write_bytes(b"")
    answer = canoe_here("ingest", tmp_path / "\x1b[2Jboo.pdf", "--home", home)
    assert answer.code == 3
    assert "\x1b" not in answer.out
    assert "\\x1b[2Jboo.pdf" in answer.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["ingest"],
        ["ingest", "nowhere.pdf"],
        ["ingest", "x" * 300],
        ["ingest", ".", "--workers", "-1"],
        ["ingest", ".", "--language", "eng fra"],
        ["ingest", ".", "--unknown"],
        ["show"],
        ["show", "0000000000"],
        ["show", "0000000000", "--format", "marc"],
        ["withdraw", "0000000000"],
        ["withdraw", "0000000000", "--reason", "x"],
        ["restore", "0000000000"],
        ["check", "0000000000"],
        ["accessions", "a-0000000000"],
        ["search", "x", "--limit", "0"],
        ["export", "--format", "pdf"],
        ["export", "--out", "."],
        ["export", "--out", "no/such/folder"],
        ["vocabulary", "show", "urn:x"],
        ["serve", "--port", "99999"],
        ["bogus"],
        [],
    ],
)
def test_wrong_usage_exits_2_with_a_sentence_and_changes_nothing(
    home: Path, arguments: list[str], tmp_path: Path
) -> None:
    before = catalogue_rows(home), files_below(home / "archive")
    named = [*arguments, "--home", str(home)] if arguments and arguments != ["bogus"] else arguments
    with working_in(tmp_path):
        answer = canoe_here(*named)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.strip()
    assert "Traceback" not in answer.err
    assert (catalogue_rows(home), files_below(home / "archive")) == before


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("library = 3", "library"),
        ("[library]\nname = 3 4", "line 2"),
        ("[oai]\npage_size = 'many'", "oai.page_size"),
        ("[oai]\npage_size = 0", "oai.page_size"),
        ("[oai]\npage = 5", "oai.page"),
        ("[colours]\n", "colours"),
        ("[library]\nbase_url = 'http://a b'", "library.base_url"),
        ("[ocr]\nengine = 'abbyy'", "ocr.engine"),
        ("[ocr]\nlanguages = 'eng,fra'", "ocr.languages"),
        ("[limits]\npages = 0", "limits.pages"),
    ],
)
def test_settings_that_cannot_be_exit_2_naming_file_and_setting(home: Path, text: str, named: str) -> None:
    (home / "canoe.toml").write_text(text, "utf-8")
    for command in (["accessions"], ["check"], ["rebuild"], ["serve"], ["ingest", "."]):
        answer = canoe_here(*command, "--home", home)
        assert (answer.code, answer.out) == (2, "")
        assert str(home / "canoe.toml") in answer.err
        assert named in answer.err


def test_a_home_that_is_held_exits_5_naming_its_holder(home: Path, records: Path) -> None:
    canoe_here("ingest", records, "--home", home)
    item = _item(home, f"{records}#1")
    with writer_lock(home):
        for command in (["ingest", str(records)], ["withdraw", item, "--reason", "x"], ["restore", item], ["rebuild"]):
            answer = canoe_here(*command, "--home", home)
            assert (answer.code, answer.out) == (5, "")
            assert "process " in answer.err
        assert canoe_here("search", "One", "--home", home, "--json").code == 0
        assert canoe_here("ingest", records, "--plan", "--home", home).code == 0
    assert canoe_here("withdraw", item, "--home", home, "--reason", "x").code == 0


def test_a_missing_tesseract_exits_7_naming_the_package(
    home: Path, records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for command in ("ingest", str(records)), ("doctor",):
        answer = canoe_here(*command, "--home", home)
        assert answer.code == 7
        assert "tesseract-ocr" in answer.err + answer.out


def test_a_missing_language_exits_7_naming_its_package(home: Path, records: Path) -> None:
    answer = canoe_here("ingest", records, "--home", home, "--language", "eng+chi_sim+qqq")
    assert (answer.code, answer.out) == (7, "")
    assert "tesseract-ocr-chi-sim tesseract-ocr-qqq" in answer.err


def test_a_disk_without_room_exits_6_naming_the_path_and_the_same_goes_on(home: Path, tmp_path: Path) -> None:
    typeset(tmp_path / "a.pdf", [f"{ENGLISH} {number}" for number in range(20)])
    command = [str(PROGRAM), "ingest", "a.pdf", "--home", "home", "--json"]
    limited = subprocess.run(
        ["sh", "-c", 'ulimit -f 30; exec "$@"', "sh", *command],
        cwd=tmp_path, capture_output=True, text=True, check=False, env=environment(),
    )  # fmt: skip
    assert (limited.returncode, limited.stdout) == (6, "")
    assert "home" in limited.stderr
    done = canoe_program(*command[1:], cwd=tmp_path)
    assert (done.code, outcomes(done.json)) == (0, {"a.pdf": "new"})


def test_output_that_nobody_takes_is_no_fault_and_a_full_one_is(full_home: Path) -> None:
    export = f"'{PROGRAM}' export --home '{full_home}'"
    closed = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{export} | head -c 1"], capture_output=True, text=True, env=environment()
    )
    assert (closed.returncode, closed.stderr) == (0, "")
    full = subprocess.run(["bash", "-c", f"{export} > /dev/full"], capture_output=True, text=True, env=environment())
    assert full.returncode == 6
    assert "No space left" in full.stderr


def test_json_is_utf_8_whatever_the_locale(home: Path, tmp_path: Path) -> None:
    marc_file(tmp_path / "r.mrc", [record(1, "Forêts — ✓")])
    canoe_here("ingest", tmp_path / "r.mrc", "--home", home)
    answer = canoe_program("export", "--home", home, PYTHONIOENCODING="latin-1", PYTHONUTF8="0", LC_ALL="C")
    assert json.loads(answer.out)["titles"][0]["value"] == "Forêts — ✓"


# --- show, search, export, vocabulary ----------------------------------------------------------


@pytest.mark.ocr
def test_show_gives_an_item_as_json_as_dublin_core_and_page_by_page(full_home: Path) -> None:
    item = _item(full_home, "batch/scans/forets.pdf")
    shown = canoe_here("show", item, "--home", full_home).json
    assert shown["titles"] == [{"value": "Les forêts de la côte", "language": "fr"}]
    assert shown["doi"] == {"name": f"10.5555/{item}", "state": "reserved"}
    dc = canoe_here("show", item, "--home", full_home, "--format", "dc").out
    assert "<dc:title" in dc
    assert "\\n" not in dc
    (page,) = canoe_here("show", item, "--home", full_home, "--pages", "--json").lines
    assert set(page) == {"number", "language", "confidence", "method", "text"}
    assert (page["number"], page["language"], page["method"]) == (1, "fr", "ocr")
    assert "protégées" in page["text"]


@pytest.mark.ocr
def test_search_answers_with_items_and_their_pages(full_home: Path) -> None:
    (hit,) = _found(full_home, "regions conseil")
    assert set(hit) == {"id", "title", "score", "pages"}
    assert hit["title"] == "Les forêts de la côte"
    (page,) = hit["pages"]
    assert page["number"] == 1
    assert "protégées" in page["snippet"]
    assert len(_found(full_home, "report station")) == 9
    limited = canoe_here("search", "report", "--home", full_home, "--json", "--limit", "2").lines
    assert len(limited) == 2
    people = canoe_here("search", "bosques", "--home", full_home)
    assert "Los bosques de la costa" in people.out
    doubtful = canoe_here("search", "colour:red", "--home", full_home, "--json")
    assert doubtful.code == 0
    assert "colour" in doubtful.err
    assert doubtful.lines == []


@pytest.mark.ocr
def test_export_gives_every_item_sorted_and_nothing_that_a_re_run_would_not(full_home: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in exported(full_home).splitlines()]
    assert len(lines) == COUNTS["new"]
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    assert len({line["source"] for line in lines}) == len(lines)
    assert all(list(line) == sorted(line) for line in lines)
    assert canoe_here("export", "--home", full_home, "--out", tmp_path / "out.jsonl").out == ""
    assert (tmp_path / "out.jsonl").read_text("utf-8") == exported(full_home)
    chosen = canoe_here("export", "consejo", "--home", full_home).lines
    assert [line["source"] for line in chosen] == ["batch/scans/bosques.tif"]


def test_export_as_csv_holds_no_formula_and_tells_sources_apart(home: Path, tmp_path: Path) -> None:
    marc_file(tmp_path / "r.mrc", [record(1, "=1+1")])
    canoe_here("ingest", tmp_path / "r.mrc", "--home", home)
    marc_file(tmp_path / "r.mrc", [record(2, "Other")])
    canoe_here("ingest", tmp_path / "r.mrc", "--home", home)
    sources = [line["source"] for line in map(json.loads, exported(home).splitlines())]
    assert len(set(sources)) == 2
    header, *rows = canoe_here("export", "--format", "csv", "--home", home).out.splitlines()
    assert header.startswith("id,source,status,type,titles")
    assert len(rows) == 2
    assert any(",'=1+1," in row for row in rows)


def test_a_row_of_the_csv_has_all_that_is_said_of_an_item(home: Path, tmp_path: Path) -> None:
    told = {
        "title": "Marshes", "date": "1988", "created": "1986", "period": "1900/1950", "description": "About",
        "note": "Damp", "published in": "Gland", "edition": "2nd", "extent": "12 p.", "series": "Notes ; 4",
        "place": "Chad", "access": "embargoed", "embargo": "2031-01-01",
    }  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(",".join(row) for row in (told, told.values())), "utf-8")
    assert canoe_here("ingest", tmp_path / "t.csv", "--home", home).code == 0
    (row,) = csv.DictReader(canoe_here("export", "--format", "csv", "--home", home).out.splitlines())
    renamed = {"title": "titles", "date": "dates", "description": "descriptions", "note": "notes",
               "published in": "places", "place": "coverage"}  # fmt: skip
    assert {name: row[renamed.get(name, name)] for name in told} == told


def test_the_vocabulary_is_listed_and_shown(tmp_path: Path) -> None:
    listed = canoe_here("vocabulary", "list", "conservation", "--json", "--home", tmp_path).lines
    concept = listed[5]
    assert canoe_here("vocabulary", "show", concept["uri"], "--json", "--home", tmp_path).json == concept
    people = canoe_here("vocabulary", "show", concept["uri"], "--home", tmp_path).out
    assert {f"{label['language']}: {label['value']}" for label in concept["labels"]} <= set(people.splitlines())
    assert len(canoe_here("vocabulary", "list", "conservation", "--home", tmp_path).out.splitlines()) == len(listed)


# --- withdraw, check, rebuild, doctor ----------------------------------------------------------


def test_withdraw_tells_harvesters_and_takes_it_from_search_until_restore(home: Path, records: Path) -> None:
    canoe_here("ingest", records, "--home", home)
    item, before = _item(home, f"{records}#1"), items(home)
    stamp = Home.read(home).library.catalogue.oai_record(item)
    answer = canoe_here("withdraw", item, "--reason", "a mistake", "--home", home)
    assert (answer.code, answer.err) == (0, "")
    withdrawn = Home.read(home).library.catalogue.oai_record(item)
    assert stamp
    assert withdrawn
    assert withdrawn.deleted
    assert withdrawn.datestamp >= stamp.datestamp
    assert b'status="deleted"' in withdrawn.header
    assert _found(home, "One") == []
    shown = canoe_here("show", item, "--home", home).json
    assert (shown["status"], shown["reason"]) == ("withdrawn", "a mistake")
    assert canoe_here("rebuild", "--home", home).code == 0
    assert canoe_here("show", item, "--home", home).json == shown
    assert set(outcomes(canoe_here("ingest", records, "--home", home, "--json").json).values()) == {"identical"}
    assert canoe_here("restore", item, "--home", home).code == 0
    assert items(home) == before
    assert [hit["id"] for hit in _found(home, "One")] == [item]
    assert canoe_here("check", "--home", home).code == 0


@pytest.mark.ocr
def test_check_names_a_flipped_bit(full_home: Path) -> None:
    sound = canoe_here("check", "--home", full_home, "--json")
    assert (sound.code, sound.json["faults"]) == (0, [])
    assert sound.json["objects"] == 4
    item = _item(full_home, "batch/scans/forets.pdf")
    (victim,) = full_home.glob(f"archive/*/*/*{item}/v1/content/access.pdf")
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    answer = canoe_here("check", "--home", full_home, "--json")
    assert answer.code == 4
    (fault,) = answer.json["faults"]
    assert (fault["code"], fault["where"]) == ("fixity-wrong", str(victim))
    assert str(victim) in canoe_here("check", item, "--home", full_home).out
    assert canoe_here("check", item, "--home", full_home).code == 4
    other = _item(full_home, "batch/records.mrc#1")
    assert canoe_here("check", other, "--home", full_home).code == 0


@pytest.mark.ocr
def test_check_names_what_is_lost(full_home: Path) -> None:
    item = _item(full_home, "batch/scans/forets.pdf")
    (accession,) = canoe_here("accessions", "--home", full_home, "--json").json
    for lost in (item, accession["accession"]):
        (folder,) = full_home.glob(f"archive/*/*/*{lost}")
        shutil.rmtree(folder)
        _remove_empty(folder.parent)
    answer = canoe_here("check", "--home", full_home, "--json")
    assert answer.code == 4
    assert {fault["code"] for fault in answer.json["faults"]} == {"object-lost"}
    assert len(answer.json["faults"]) == 2
    assert all(lost in json.dumps(answer.json["faults"]) for lost in (item, accession["accession"]))


@pytest.mark.ocr
def test_rebuild_makes_all_again_from_the_archive(full_home: Path) -> None:
    for change in usually(["withdraw"], thoroughly=["nothing", "withdraw"]):
        if change == "withdraw":
            item = _item(full_home, "batch/records.mrc#2")
            canoe_here("withdraw", item, "--reason", "x", "--home", full_home)
        before = exported(full_home), _oai(full_home), catalogue_rows(full_home)
        found = [_found(full_home, query) for query in QUERIES]
        for path in full_home.glob("catalogue.db*"):
            path.unlink()
        shutil.rmtree(full_home / "index")
        assert canoe_here("export", "--home", full_home).code == 4
        assert canoe_here("rebuild", "--home", full_home).code == 0
        assert (exported(full_home), _oai(full_home), catalogue_rows(full_home)) == before
        again = [_found(full_home, query) for query in QUERIES]
        if change == "withdraw":  # an index remembers what was taken out in its scores, until it is made again
            found, again = _without_scores(found), _without_scores(again)
        assert again == found


@pytest.mark.parametrize("part", ["catalogue", "index"])
def test_what_is_damaged_exits_4_saying_what_to_do_and_rebuild_does_it(home: Path, records: Path, part: str) -> None:
    canoe_here("ingest", records, "--home", home)
    before = exported(home)
    paths = [home / "catalogue.db"] if part == "catalogue" else [*(home / "index").rglob("meta.json")]
    for path in paths:
        path.write_bytes(b"rubbish" * 1000)
    answer = canoe_here("search", "One", "--home", home)
    assert (answer.code, answer.out) == (4, "")
    assert "canoe rebuild" in answer.err
    assert canoe_here("doctor", "--home", home).code == 4
    assert canoe_here("rebuild", f"--{part}", "--home", home).code == 0
    assert exported(home) == before
    assert len(_found(home, "One")) == 1


def test_a_changed_base_url_asks_for_a_rebuild(home: Path, records: Path) -> None:
    canoe_here("ingest", records, "--home", home)
    settings = (home / "canoe.toml").read_text("utf-8")
    (home / "canoe.toml").write_text(settings.replace("http://127.0.0.1:8000", "https://new.example.org"), "utf-8")
    answer = canoe_here("export", "--home", home)
    assert answer.code == 4
    assert "canoe rebuild" in answer.err
    assert canoe_here("rebuild", "--home", home).code == 0
    assert "oai:new.example.org:" in str(_oai(home))


def test_doctor_tells_what_is_there(home: Path, tmp_path: Path) -> None:
    answer = canoe_here("doctor", "--home", home, "--json")
    assert answer.code == 0, answer.out
    found = {one["subject"]: one for one in answer.json}
    assert {"Python", "Tesseract", "Tesseract languages", "catalogue", "search index", "free space"} <= set(found)
    assert all(one["good"] for one in found.values())
    assert "0 items" in found["catalogue"]["state"]
    nothing = canoe_here("doctor", "--home", tmp_path / "no")
    assert nothing.code == 0
    assert "canoe init" in nothing.out


def test_a_bug_is_said_in_a_sentence(home: Path) -> None:
    (home / "oai-token.key").mkdir()
    answer = canoe_program("serve", "--home", home, "--port", "0")
    assert answer.code not in (0, 3, 4, 5, 7)
    assert answer.err.strip()


def test_codes_of_pieces_are_in_the_table(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"<html>")
    report = canoe_here("ingest", tmp_path / "bad.pdf", "--home", home, "--json")
    assert (report.code, codes(report.json, str(tmp_path / "bad.pdf"))) == (3, ["file-disguised"])
    assert report.json["accession"] is None


def test_withdrawing_twice_and_restoring_what_is_published_say_so(full_home: Path) -> None:
    item = canoe_here("export", "--home", full_home).lines[0]["id"]
    assert (
        canoe_here("restore", item, "--home", full_home).out == f"{item} is published already; nothing was changed.\n"
    )
    assert canoe_here("withdraw", item, "--reason", " ", "--home", full_home).code == 2
    assert canoe_here("withdraw", item, "--reason", "Doubled", "--home", full_home).code == 0
    again = canoe_here("withdraw", item, "--reason", "Other", "--home", full_home)
    assert (again.code, again.out) == (0, f"{item} was withdrawn before: Doubled\n")


def test_check_names_what_only_the_archive_knows(full_home: Path) -> None:
    catalogue = Home.read(full_home).library.catalogue
    *_, object_id = catalogue.object_ids()
    with sqlite3.connect(catalogue.path) as connection:
        connection.execute("DELETE FROM items WHERE object_id = ?", [object_id])
    connection.close()
    answer = canoe_here("check", "--home", full_home, "--json")
    assert answer.code == 4
    assert [(one["code"], object_id in one["message"]) for one in answer.json["faults"]] == [("catalogue-behind", True)]
    assert canoe_here("rebuild", "--home", full_home).code == 0
    assert canoe_here("check", "--home", full_home).code == 0


@pytest.mark.parametrize("command", [("init",), ("export",), ("check",), ("rebuild",), ("doctor",), ("serve",)])
def test_a_home_whose_path_is_not_utf_8_is_refused(command: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"old \xe9") / "home"
    answer = canoe_program(*command, "--home", folder)
    assert (answer.code, answer.out) == (2, "")
    assert f"{tmp_path}/old \\xe9/home is not UTF-8." in answer.err
    assert not list(tmp_path.iterdir())
