"""canoe undo: what one ingest brought is withdrawn, what it changed is as it was, and it can come again."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from archive_library import dump, oracle
from killing import archived
from scans import ENGLISH, FRENCH, typeset
from seen import look
from small_library import PROGRAM, Answer, canoe_here, environment, items, marc_file, record, working_in
from thoroughness import usually

from canoe.home import Home

MANIFEST = "file,title,language\nmarsh.pdf,{title},en\n"
RECORDS = 5


def run(home: Path, *arguments: str | Path, code: int = 0) -> Answer:
    """Run a command on the home from the folder above it."""
    with working_in(home.parent):
        answer = canoe_here(*arguments, "--home", home)
    assert answer.code == code, answer.err
    return answer


def ingest(home: Path, *paths: str) -> Any:
    """Return the report of an ingest."""
    return run(home, "ingest", *paths, "--json").json


def undo(home: Path, accession: str, *options: str) -> Any:
    """Return the report of an undoing."""
    return run(home, "undo", accession, "--json", *options).json


def taken(report: Any) -> dict[str, str]:
    """Return the outcome of each item of an undoing by its source."""
    return {step["source"]: step["outcome"] for step in report["items"]}


def oai(home: Path) -> dict[str, tuple[bool, int]]:
    """Return of each item whether harvesters get a deleted record, and the change number that dates it."""
    seen, library = look(home), Home.read(home).library
    assert seen.faults == ()
    held = {item: library.catalogue.held(item) for item in seen.items}
    return {
        item: ('status="deleted"' in facts["oai"], one.change)
        for item, facts in seen.items.items()
        if (one := held[item])
    }


def found(home: Path, query: str) -> list[str]:
    """Return the ids that a search finds."""
    return sorted(hit["id"] for hit in run(home, "search", query, "--json").lines)


def is_rebuilt_the_same(home: Path) -> bool:
    """Say whether a rebuild makes every row again as it was, and nothing is wrong with the archive."""
    Home.read(home).library.catalogue.close()
    before = dump(home / "catalogue.db")
    run(home, "rebuild")
    run(home, "check")
    assert oracle(home / "archive") == []
    return dump(home / "catalogue.db") == before


@pytest.fixture
def shelf(home: Path) -> Path:
    """Write two reports, one of them described, and five records beside the home."""
    folder = home.parent / "shelf"
    folder.mkdir()
    typeset(folder / "marsh.pdf", [ENGLISH])
    typeset(folder / "marais.pdf", [FRENCH])
    (folder / "manifest.csv").write_text(MANIFEST.format(title="Marshes"), "utf-8")
    marc_file(folder / "records.mrc", [record(number, f"Station book {number}") for number in range(1, RECORDS + 1)])
    return folder


def describe_anew(shelf: Path) -> None:
    """Give the described report and the first two records other titles, and bring one record more."""
    (shelf / "manifest.csv").write_text(MANIFEST.format(title="Marshes, revised"), "utf-8")
    titles = [f"Station book {number}, corrected" for number in (1, 2)]
    titles += [f"Station book {number}" for number in range(3, RECORDS + 2)]
    marc_file(shelf / "records.mrc", [record(number, title) for number, title in enumerate(titles, 1)])


def test_what_an_ingest_brought_is_withdrawn_and_says_why(home: Path, shelf: Path) -> None:
    accession = ingest(home, "shelf")["accession"]
    before, records = items(home), oai(home)
    planned = undo(home, accession, "--plan")
    assert (items(home), oai(home)) == (before, records)
    report = undo(home, accession)
    assert report["items"] == planned["items"]
    assert report["counts"] == planned["counts"] == {"withdrawn": 7, "reverted": 0, "undone before": 0, "left": 0}
    assert (report["state"], planned["state"]) == ("undone", "kept")
    after = items(home)
    assert {item["status"] for item in after.values()} == {"withdrawn"}
    assert {item["reason"] for item in after.values()} == {f"The accession {accession}, which brought it, was undone."}
    assert {source: item["doi"] for source, item in after.items()} == {
        source: item["doi"] for source, item in before.items()
    }
    oai_after = oai(home)
    assert all(deleted for deleted, _ in oai_after.values())
    assert all(oai_after[item][1] > stamp for item, (_, stamp) in records.items())
    assert found(home, "station") == found(home, "marshes") == []
    for item in after.values():
        (event,) = [one for one in Home.read(home).library.events(item["id"]) if one.type == "withdrawal"]
        assert event.detail == f"Accession {accession} undone"
        assert event.agent.startswith("Canoe")
    (listed,) = run(home, "accessions", "--json").json
    assert (listed["state"], listed["undone_at"]) == ("undone", report["undone_at"])
    assert report["undone_at"] in run(home, "accessions").out
    assert is_rebuilt_the_same(home)
    assert run(home, "accessions", "--json").json == [listed]


def test_undoing_twice_says_that_there_is_nothing_to_do(home: Path, shelf: Path) -> None:
    accession = ingest(home, "shelf")["accession"]
    undone = undo(home, accession)
    archive = archived(home)
    answer = run(home, "undo", accession)
    assert answer.out.splitlines()[-1] == (
        f"Accession {accession} was undone on {undone['undone_at'][:10]}; there is nothing to do."
    )
    again = undo(home, accession)
    assert again["counts"] == {"withdrawn": 0, "reverted": 0, "undone before": 7, "left": 0}
    assert (again["undone_at"], archived(home)) == (undone["undone_at"], archive)


@pytest.mark.parametrize("command", ["undo", "undo --plan"])
def test_an_accession_that_is_not_there_is_wrong_usage(home: Path, command: str) -> None:
    name, *options = command.split()
    assert "There is no accession a-nothing." in run(home, name, "a-nothing", *options, code=2).err


def test_what_an_ingest_changed_is_as_it_was_before(home: Path, shelf: Path) -> None:
    first = ingest(home, "shelf")["accession"]
    before, stamps = items(home), oai(home)
    describe_anew(shelf)
    second = ingest(home, "shelf")
    assert (second["counts"]["changed"], second["counts"]["new"]) == (3, 1)
    changed = items(home)
    report = undo(home, second["accession"])
    assert taken(report) == {
        "shelf/marsh.pdf": "reverted",
        "shelf/records.mrc#1": "reverted",
        "shelf/records.mrc#2": "reverted",
        "shelf/records.mrc#6": "withdrawn",
    }
    after = items(home)
    assert after.pop("shelf/records.mrc#6")["status"] == "withdrawn"
    assert after == before != changed
    oai_after = oai(home)
    for source in ("shelf/marsh.pdf", "shelf/records.mrc#1"):
        item = before[source]["id"]
        told = [(one.type, one.detail) for one in Home.read(home).library.events(item)]
        assert told[-1][0] == "metadata modification"
        if source.endswith("pdf"):
            assert told[-1][1] == f"Accession {second['accession']} undone"
        deleted, change = oai_after[item]
        assert change > stamps[item][1]
        assert not deleted
    assert found(home, "revised") == found(home, "corrected") == []
    assert is_rebuilt_the_same(home)
    assert {one["accession"]: one["state"] for one in run(home, "accessions", "--json").json} == {
        first: "kept",
        second["accession"]: "undone",
    }
    undo(home, first)
    assert {item["status"] for item in items(home).values()} == {"withdrawn"}
    assert is_rebuilt_the_same(home)


def test_what_is_newer_is_left_and_named_and_is_taken_back_when_it_is_free(home: Path, shelf: Path) -> None:
    first = ingest(home, "shelf")["accession"]
    describe_anew(shelf)
    second = ingest(home, "shelf")["accession"]
    by_source = {source: item["id"] for source, item in items(home).items()}
    run(home, "withdraw", by_source["shelf/marais.pdf"], "--reason", "a copy")
    run(home, "withdraw", by_source["shelf/records.mrc#3"], "--reason", "not ours")
    run(home, "restore", by_source["shelf/records.mrc#3"])
    before = items(home)
    report = undo(home, first)
    left = {step["source"]: step["reason"] for step in report["items"] if step["outcome"] == "left"}
    assert set(left) == {
        "shelf/marsh.pdf", "shelf/marais.pdf", "shelf/records.mrc#1", "shelf/records.mrc#2", "shelf/records.mrc#3"
    }  # fmt: skip
    assert second in left["shelf/marsh.pdf"]
    assert second in left["shelf/records.mrc#1"]
    assert "by hand (Withdrawn: a copy)" in left["shelf/marais.pdf"]
    assert "by hand (Restored)" in left["shelf/records.mrc#3"]
    assert {source: items(home)[source] for source in left} == {source: before[source] for source in left}
    assert report["state"] == "partly undone"
    assert is_rebuilt_the_same(home)
    undo(home, second)
    again = undo(home, first)
    assert again["counts"] == {"withdrawn": 3, "reverted": 0, "undone before": 2, "left": 2}
    assert items(home)["shelf/records.mrc#3"]["status"] == "published"
    assert items(home)["shelf/marais.pdf"]["reason"] == "a copy"
    assert is_rebuilt_the_same(home)
    assert undo(home, first)["counts"]["undone before"] == 5


def test_the_same_files_come_again_as_if_they_never_had_been_here(home: Path, shelf: Path) -> None:
    first = ingest(home, "shelf", "--collection", "wrong")["accession"]
    before = items(home)
    undo(home, first)
    (shelf / "manifest.csv").unlink()
    planned = run(home, "ingest", "shelf", "--collection", "right", "--plan", "--json").json
    report = ingest(home, "shelf", "--collection", "right")
    assert planned == report
    assert report["counts"]["new"] == 7
    after = items(home)
    assert {source: item["id"] for source, item in after.items()} == {
        source: item["id"] for source, item in before.items()
    }
    assert {item["status"] for item in after.values()} == {"published"}
    assert {tuple(item["collections"]) for item in after.values()} == {("right",)}
    assert {item["accession"] for item in after.values()} == {report["accession"]}
    assert after["shelf/marsh.pdf"]["titles"] != before["shelf/marsh.pdf"]["titles"]
    assert {source: item["doi"] for source, item in after.items()} == {
        source: item["doi"] for source, item in before.items()
    }
    assert len(found(home, "station")) == RECORDS
    assert not any(deleted for deleted, _ in oai(home).values())
    assert is_rebuilt_the_same(home)
    assert undo(home, first)["counts"]["undone before"] == 7
    assert items(home) == after
    undo(home, report["accession"])
    assert {item["reason"] for item in items(home).values()} == {
        f"The accession {report['accession']}, which brought it, was undone."
    }
    assert is_rebuilt_the_same(home)


def test_what_was_withdrawn_by_hand_does_not_come_again(home: Path, shelf: Path) -> None:
    accession = ingest(home, "shelf")["accession"]
    gone = items(home)["shelf/records.mrc#3"]["id"]
    run(home, "withdraw", gone, "--reason", "not ours")
    undo(home, accession)
    report = ingest(home, "shelf")
    assert (report["counts"]["new"], report["counts"]["identical"]) == (6, 1)
    assert items(home)["shelf/records.mrc#3"]["reason"] == "not ours"


def test_a_collection_that_was_joined_is_left_again(home: Path, shelf: Path) -> None:
    ingest(home, "shelf")
    before = items(home)
    joined = ingest(home, "shelf", "--collection", "wrong")["accession"]
    assert {tuple(item["collections"]) for item in items(home).values()} == {("wrong",)}
    assert undo(home, joined)["counts"]["reverted"] == 7
    assert items(home) == before
    assert is_rebuilt_the_same(home)


def test_a_damaged_item_is_left_and_the_rest_is_undone(home: Path, shelf: Path) -> None:
    accession = ingest(home, "shelf")["accession"]
    damaged = items(home)["shelf/marsh.pdf"]["id"]
    (pages,) = home.glob(f"archive/*/*/*{damaged}/v1/content/pages.jsonl")
    pages.write_bytes(b"garbage")
    answer = run(home, "undo", accession, "--json", code=4)
    assert answer.json["counts"] == {"withdrawn": 6, "reverted": 0, "undone before": 0, "left": 1}
    assert "pages.jsonl" in next(step["reason"] for step in answer.json["items"] if step["outcome"] == "left")
    assert items(home)["shelf/marsh.pdf"]["status"] == "published"


def test_an_undoing_that_is_killed_goes_on_to_the_same_end(home: Path, tmp_path: Path) -> None:
    """Kill it at random moments, many in a row, and look whether each item is whole; then let it finish."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for number in range(6):
        typeset(folder / f"{number}.pdf", [f"{ENGLISH}\nReport {number}."])
    marc_file(folder / "records.mrc", [record(number, f"Station book {number}") for number in range(1, 40)])
    accession = ingest(home, "shelf")["accession"]
    before = items(home)
    undisturbed = shutil.copytree(home, tmp_path / "undisturbed")
    undo(undisturbed, accession)
    after, archive = items(undisturbed), archived(undisturbed)
    chance, kills = random.Random(4), 0  # noqa: S311
    wanted = usually(2, thoroughly=8)
    for _ in range(20 * wanted):
        if kills == wanted or items(home) == after:
            break
        earlier = shutil.copytree(home, tmp_path / f"before-{kills}", dirs_exist_ok=True)
        if not _killed(home, accession, chance):  # it came to its end: once more from before
            shutil.rmtree(home)
            shutil.copytree(earlier, home)
            continue
        kills += 1
        now = items(home)
        assert all(now[source] in (before[source], after[source]) for source in before)
        records = [item["status"] for source, item in now.items() if "#" in source]
        assert len(set(records)) == 1, "the records of an accession go together"
    assert kills
    assert undo(home, accession)["state"] == "undone"
    assert (items(home), archived(home)) == (after, archive)
    assert found(home, "station") == []
    assert list((home / "staging").iterdir()) == []
    assert is_rebuilt_the_same(home)


def _killed(home: Path, accession: str, chance: random.Random) -> bool:
    """Start an undoing and kill it soon after it is at work; say whether it had not ended before."""
    command = [str(PROGRAM), "undo", accession, "--home", str(home), "--json"]
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while process.poll() is None and not any((home / "staging").iterdir()):
        time.sleep(0.001)
    try:
        process.wait(chance.uniform(0, 0.04))
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
