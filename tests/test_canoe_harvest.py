"""canoe harvest and canoe repositories: records of others come in, stay up to date, and say where they are at home."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import uvicorn
from faulty_repository import DC, Record, Reply, Repository, dublin_core, on_list, refusal, serving
from lxml import etree
from schemas_here import SHARED
from small_library import PROGRAM, Answer, canoe_here, environment, items

import canoe.harvest_parts
from canoe.home import Home
from canoe.server import build
from metadata.harvested import read_answer
from metadata.origins import link_home
from metadata.serial import to_json

RECORDS = [dublin_core(number) for number in range(7)]
EVERY = {f"oai:faulty.example:{number}" for number in range(7)}


@pytest.fixture
def here(home: Path) -> Path:
    """Lend an empty home that may ask this machine, and does not wait long."""
    return asking(home)


def asking(home: Path) -> Path:
    settings = home / "canoe.toml"
    text = settings.read_text().replace("allow_private = false", "allow_private = true")
    settings.write_text(text.replace("pause_seconds = 1.0", "pause_seconds = 0.01").replace("tries = 6", "tries = 2"))
    return home


def run(home: Path, *arguments: str | Path, code: int = 0) -> Answer:
    answer = canoe_here(*arguments, "--home", home)
    assert answer.code == code, (answer.out, answer.err)
    return answer


def harvest(home: Path, url: str, *options: str, code: int = 0) -> Any:
    """Return the report, in which what came in is what is told."""
    report = run(home, "harvest", url, "--json", *options, code=code).json
    counts = dict(report["counts"])
    assert counts.pop("in") == sum(counts.values()) == len(report["pieces"])
    return report


def told(report: Any) -> dict[str, int]:
    """Return the outcomes that there are."""
    return {outcome: count for outcome, count in report["counts"].items() if count and outcome != "in"}


def lists(home: Path) -> list[Any]:
    found: list[Any] = run(home, "repositories", "--json").json
    return found


def held(home: Path) -> dict[str, Any]:
    """Return the items by the identifiers that they have at home."""
    return {one["origins"][0]["identifier"]: one for one in full_items(home) if one.get("origins")}


def full_items(home: Path) -> Iterator[Any]:
    library = Home.read(home).library
    for item in library.items():
        yield json.loads(to_json(item))
    library.catalogue.close()


def test_records_come_in_and_say_where_they_are_at_home(here: Path) -> None:
    about = (
        '<about><rights xmlns="http://www.openarchives.org/OAI/2.0/rights/">'
        '<rightsReference ref="https://creativecommons.org/licenses/by/4.0/"/></rights></about>'
    )
    records = [replace(RECORDS[0], about=about), *RECORDS[1:]]
    with serving(Repository(records)) as url:
        report = harvest(here, url)
        assert told(report) == {"new": 7}
        assert report["lists"] == [
            {"set": None, "from": None, "resumed": False, "complete": True, "records": 7,
             "newest": "2026-01-01T06:00:00Z", "error": None}
        ]  # fmt: skip
        found = held(here)
        assert found.keys() == EVERY
        first = found["oai:faulty.example:0"]
        assert first["source"] == f"{url}#oai:faulty.example:0"
        assert {"scheme": "oai", "value": "oai:faulty.example:0"} in first["identifiers"]
        assert first["rights"] == [{"value": "https://creativecommons.org/licenses/by/4.0/"}]
        assert "doi" not in first
        (origin,) = first["origins"]
        assert origin.pop("harvested_at")[:3] == "202"
        assert origin == {
            "base_url": url, "repository": "The faulty repository", "identifier": "oai:faulty.example:0",
            "datestamp": "2026-01-01T00:00:00Z", "namespace": "http://www.openarchives.org/OAI/2.0/oai_dc/",
            "altered": True,
        }  # fmt: skip
        (listed,) = lists(here)
        assert (listed["name"], listed["base_url"], listed["prefix"], listed["set"], listed["pending"]) == (
            "The faulty repository", url, "oai_dc", None, False,
        )  # fmt: skip
        assert (listed["from"], listed["counts"]["new"], listed["last_error"]) == ("2026-01-01T06:00:00Z", 7, None)
        (accession,) = run(here, "accessions", "--json").json
        assert accession["sources"] == [f"harvest of {url} (oai_dc)"]
        assert accession["harvest"]["complete"] is True
        assert "harvest of" in run(here, "accessions").out
        assert "7 new" in run(here, "repositories").out
        folder = Home.read(here).library.archive.folder(f"urn:canoe:accession:{accession['accession']}")
        pages = sorted((folder / "v1" / "content" / "received").iterdir())
        assert [len(read_answer(page.read_bytes()).records) for page in pages] == [3, 3, 1]


def test_the_next_harvest_asks_for_what_changed_and_follows_deletions(here: Path) -> None:
    repository = Repository(RECORDS)
    with serving(repository) as url:
        harvest(here, url)
        before = held(here)
        later = [
            replace(dublin_core(1, "<dc:creator>Roe, Ann</dc:creator>"), datestamp="2026-01-03T00:00:00Z"),
            Record("oai:faulty.example:2", "2026-01-03T00:00:00Z", deleted=True),
            Record("oai:faulty.example:99", "2026-01-03T00:00:00Z", deleted=True),
        ]
        repository.records = [RECORDS[0], *RECORDS[3:], *later]
        repository.asked.clear()
        report = harvest(here, url)
        assert repository.lists[0]["from"] == "2026-01-01T06:00:00Z"
        assert told(report) == {"identical": 1, "changed": 2, "set_aside": 1}
        after = held(here)
        assert {name: one["id"] for name, one in after.items()} == {name: one["id"] for name, one in before.items()}
        assert after["oai:faulty.example:1"]["contributions"][0]["agent"]["name"] == "Roe, Ann"
        gone = after["oai:faulty.example:2"]
        assert (gone["status"], url in gone["reason"]) == ("withdrawn", True)
        events = [event.type for event in Home.read(here).library.events(gone["id"])]
        assert events[-1] == "withdrawal"
        assert "harvest-deleted" in json.dumps(report)

        repository.records = [*repository.records[:-2], replace(RECORDS[2], datestamp="2026-01-04T00:00:00Z")]
        assert told(harvest(here, url))["changed"] == 1
        assert held(here)["oai:faulty.example:2"]["status"] == "published"


def test_what_a_librarian_withdrew_stays_withdrawn(here: Path) -> None:
    repository = Repository(RECORDS)
    with serving(repository) as url:
        harvest(here, url)
        item = held(here)["oai:faulty.example:1"]["id"]
        run(here, "withdraw", item, "--reason", "Not of our field")
        repository.records = [replace(dublin_core(1, "<dc:subject>x</dc:subject>"), datestamp="2026-02-01T00:00:00Z")]
        harvest(here, url)
        found = held(here)["oai:faulty.example:1"]
        assert (found["status"], found["reason"]) == ("withdrawn", "Not of our field")


def test_a_break_in_mid_list_loses_nothing_and_the_next_harvest_goes_on(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canoe.harvest_parts, "MOST_RECORDS", 3)
    repository = Repository(RECORDS, fault=on_list(3, Reply(b"", 500), 2))
    with serving(repository) as url:
        report = harvest(here, url, code=3)
        assert told(report) == {"new": 6, "refused": 1}
        assert report["pieces"][-1]["problems"][0]["code"] == "harvest-broken"
        assert "HTTP status 500" in report["lists"][0]["error"]
        (listed,) = lists(here)
        assert (listed["pending"], listed["from"], listed["last_success_at"]) == (True, None, None)
        assert "HTTP status 500" in listed["last_error"]
        run(here, "rebuild", "--catalogue")
        assert lists(here) == [listed]
        repository.asked.clear()
        report = harvest(here, url)
        assert repository.lists == [{"resumptionToken": "||6"}]
        assert (told(report), report["lists"][0]["resumed"]) == ({"new": 1}, True)
        assert held(here).keys() == EVERY
        (listed,) = lists(here)
        assert (listed["pending"], listed["from"], listed["last_error"]) == (False, "2026-01-01T06:00:00Z", None)


def test_a_list_that_was_broken_off_and_brings_no_more_news_is_noted_as_complete(here: Path) -> None:
    repository = Repository(RECORDS, fault=on_list(2, refusal("badArgument")))
    with serving(repository) as url:
        harvest(here, url, code=3)
        repository.records = RECORDS[:3]
        repository.fault = on_list(1, refusal("noRecordsMatch"))
        assert told(harvest(here, url)) == {}
        assert lists(here)[0]["pending"] is False
        (_, last) = run(here, "accessions", "--json").json
        assert last["harvest"]["complete"] is True


def test_bad_records_are_refused_by_name_and_the_rest_comes_in(here: Path) -> None:
    broken = replace(RECORDS[1], metadata=RECORDS[1].metadata.replace("</dc:title>", ""))
    strange = replace(RECORDS[2], metadata="<x xmlns='urn:x'/>")
    nameless = replace(RECORDS[4], identifier="")
    with serving(Repository([RECORDS[0], broken, strange, RECORDS[3], nameless, RECORDS[5]])) as url:
        report = harvest(here, url, code=3)
        assert told(report) == {"new": 3, "refused": 3}
        refused = {piece["source"] for piece in report["pieces"] if piece["outcome"] == "refused"}
        assert refused == {f"{url}#oai:faulty.example:1", f"{url}#oai:faulty.example:2", f"{url}#5"}
        assert lists(here)[0]["pending"] is False
        out = run(here, "harvest", url, "--full", code=3).out
        assert "refused" in out
        assert "3 identical, 3 refused" in out


def test_a_record_that_comes_twice_is_taken_as_it_is_last(here: Path) -> None:
    newer = replace(RECORDS[1], metadata=DC.format("<dc:title>Newer</dc:title>"), datestamp="2026-01-02T00:00:00Z")
    with serving(Repository([*RECORDS, newer, RECORDS[3]])) as url:
        assert told(harvest(here, url)) == {"new": 7, "duplicate": 2}
    assert held(here)["oai:faulty.example:1"]["titles"] == [{"value": "Newer"}]


def test_sets_are_lists_of_their_own(here: Path) -> None:
    repository = Repository(RECORDS, sets={"a": RECORDS[:4], "b:c": RECORDS[3:6]})
    with serving(repository) as url:
        report = harvest(here, url, "--set", "a", "--set", "b:c")
        assert told(report) == {"new": 6, "identical": 1}
        assert [one["set"] for one in report["lists"]] == ["a", "b:c"]
        assert [(one["set"], one["from"]) for one in lists(here)] == [
            ("a", "2026-01-01T03:00:00Z"),
            ("b:c", "2026-01-01T05:00:00Z"),
        ]


def test_from_and_full_say_otherwise(here: Path) -> None:
    repository = Repository(RECORDS)
    with serving(repository) as url:
        assert told(harvest(here, url, "--from", "2026-01-01T04:00:00Z")) == {"new": 3}
        assert told(harvest(here, url, "--full")) == {"new": 4, "identical": 3}
        harvest(here, url, "--from", "2026-05-01")
        assert lists(here)[0]["from"] == "2026-01-01T06:00:00Z"
        repository.by_day = True
        repository.asked.clear()
        harvest(here, url)
        assert repository.lists[0]["from"] == "2026-01-01"


@pytest.mark.parametrize(
    "options",
    [("--prefix", "a b"), ("--set", "a::b"), ("--from", "yesterday"), ("--from", "2026-02-30"), ("--prefix", "ore"),
     ("--from", "2026-01-01", "--full")],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_wrong_usage(here: Path, options: tuple[str, ...]) -> None:
    with serving(Repository(RECORDS)) as url:
        run(here, "harvest", url, *options, code=2)


def test_a_form_that_canoe_does_not_read_is_wrong_usage(here: Path) -> None:
    with serving(Repository(RECORDS, prefix="ore", namespace="http://www.w3.org/2005/Atom")) as url:
        assert "does not read" in run(here, "harvest", url, "--prefix", "ore", code=2).err


def test_this_machine_is_not_asked_unless_the_settings_say_so(home: Path) -> None:
    with serving(Repository(RECORDS)) as url:
        answer = run(home, "harvest", url, code=2)
        assert "private network" in answer.err
        assert "allow_private" in answer.err


def test_a_repository_that_is_not_there_is_reported(here: Path) -> None:
    with serving(Repository(RECORDS)) as url:
        pass
    report = harvest(here, url, code=3)
    assert told(report) == {"refused": 1}
    assert "cannot be reached" in lists(here)[0]["last_error"]
    assert "last error" in run(here, "repositories").out


def test_a_harvest_can_be_undone_and_comes_again(here: Path) -> None:
    with serving(Repository(RECORDS)) as url:
        accession = harvest(here, url)["accession"]
        run(here, "undo", accession)
        assert {one["status"] for one in held(here).values()} == {"withdrawn"}
        assert lists(here)[0]["from"] is None
        assert told(harvest(here, url)) == {"new": 7}
        assert {one["status"] for one in held(here).values()} == {"published"}
        assert run(here, "check", "--json").code == 0


def test_other_librarys_numbers_name_nothing_of_ours(here: Path, tmp_path: Path) -> None:
    """Two repositories, and our own catalogue, may give the same number to different things."""
    marc = (
        '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 a 4500</leader>'
        '<controlfield tag="001">1</controlfield><controlfield tag="003">XX</controlfield>'
        '<datafield tag="245" ind1="0" ind2="0"><subfield code="a">{}</subfield></datafield></record>'
    )
    namespace = "http://www.loc.gov/MARC21/slim"
    (tmp_path / "own.xml").write_text(marc.format("Ours"))
    run(here, "ingest", tmp_path / "own.xml")
    for title in ("Theirs", "Another's"):
        records = [Record("oai:x:1", metadata=marc.format(title))]
        with serving(Repository(records, prefix="marc21", namespace=namespace)) as url:
            assert told(harvest(here, url, "--prefix", "marc21")) == {"new": 1}
    titles = sorted(item["titles"][0]["value"] for item in full_items(here))
    assert titles == ["Another's", "Ours", "Theirs"]


def test_ctrl_c_brings_in_what_came_and_the_next_harvest_goes_on(here: Path) -> None:
    waiting = threading.Event()

    def slow(asked: dict[str, str]) -> Reply | None:
        waiting.set()
        time.sleep(3)
        return None

    repository = Repository(RECORDS, fault=on_list(3, slow))
    with serving(repository) as url:
        command = [str(PROGRAM), "harvest", url, "--home", str(here)]
        with subprocess.Popen(command, env=environment(), stdout=-1, stderr=-1) as running:
            assert waiting.wait(30)
            time.sleep(0.2)
            os.kill(running.pid, signal.SIGINT)
            _, err = running.communicate(timeout=30)
        assert running.returncode == 130, err
        assert lists(here)[0]["pending"] is True
        assert len(held(here)) == 6
        repository.asked.clear()
        assert told(harvest(here, url)) == {"new": 1}
        assert repository.lists == [{"resumptionToken": "||6"}]


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve a home by the real application; yield the base URL of its endpoint."""
    server = uvicorn.Server(uvicorn.Config(build(Home.read(home)), port=0, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/oai"
    finally:
        server.should_exit = True
        thread.join()


def essence(item: Any) -> Any:
    """Return what a record of any form says of an item: title, dates, and the numbers it had."""
    numbers = {
        (one["scheme"], one["value"]) for one in item.get("identifiers", ()) if one["scheme"] in ("isbn", "issn", "doi")
    }
    dates = {one["value"][:4] for one in item.get("dates", ()) if one.get("kind", "issued") == "issued"}
    return item["titles"][0]["value"], dates, numbers


BOOKS = """title,date,isbn,language,type,creator
Sand and shells,1987,978-2-1234-5680-3,en,book,"Roe, Ann"
Forêts du Sénégal,2003-05,,fr,report,"Diop, Awa"
Aguas abiertas,1999,,es,book,Universidad de la Costa
"""


@pytest.fixture(scope="module")
def giving(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that others harvest: three records, in a namespace of its own."""
    home = shutil.copytree(empty_home, tmp_path_factory.mktemp("giving") / "home")
    settings = home / "canoe.toml"
    settings.write_text(
        settings.read_text()
        .replace('base_url = "http://127.0.0.1:8000"', 'base_url = "http://giving.example.org"')
        .replace("The test library", "The giving library")
    )
    run(home, "rebuild")
    (home.parent / "books.csv").write_text(BOOKS)
    run(home, "ingest", home.parent / "books.csv")
    return home


@pytest.mark.parametrize("prefix", ["oai_dc", "oai_qdc", "marcxml", "mods", "oai_datacite"])
def test_canoe_harvests_canoe(here: Path, giving: Path, tmp_path: Path, prefix: str) -> None:
    giver = shutil.copytree(giving, tmp_path / "giver")
    with served(giver) as url:
        assert told(harvest(here, url, "--prefix", prefix)) == {"new": 3}
        theirs = {f"oai:giving.example.org:{one['id']}": one for one in full_items(giver)}
        ours = held(here)
        assert ours.keys() == theirs.keys()
        for name, item in ours.items():
            own = essence(theirs[name])
            title, dates, numbers = essence(item)
            assert (title, dates) == own[:2]
            assert own[2] <= numbers
            assert link_home(Home.read(here).library.item(item["id"]))
        gone = next(iter(theirs.values()))["id"]
        run(giver, "withdraw", gone, "--reason", "Withdrawn")
        report = harvest(here, url, "--prefix", prefix)
        assert report["counts"]["changed"] == 1
        assert held(here)[f"oai:giving.example.org:{gone}"]["status"] == "withdrawn"
        run(giver, "restore", gone)
        harvest(here, url, "--prefix", prefix)
        assert held(here)[f"oai:giving.example.org:{gone}"]["status"] == "published"


def test_own_records_that_come_back_are_left(here: Path, giving: Path, tmp_path: Path) -> None:
    giver = asking(shutil.copytree(giving, tmp_path / "giver"))
    with served(giver) as url:
        harvest(here, url)
    before = len(list(full_items(giver)))
    with served(here) as url:
        report = harvest(giver, url)
        assert told(report) == {"duplicate": 3}
        assert {one["problems"][0]["code"] for one in report["pieces"]} == {"own-record"}
    assert len(list(full_items(giver))) == before
    identified = next(item["id"] for item in full_items(giver) if item["titles"][0]["value"] == "Sand and shells")
    doi = DC.format(
        f"<dc:title>Sand and shells</dc:title><dc:identifier>https://doi.org/10.5555/{identified}</dc:identifier>"
    )
    with serving(Repository([Record("oai:other:1", metadata=doi)])) as url:
        assert told(harvest(giver, url)) == {"duplicate": 1}


def test_what_is_like_an_item_here_comes_in_and_is_reported(here: Path, giving: Path, tmp_path: Path) -> None:
    giver = asking(shutil.copytree(giving, tmp_path / "giver"))
    same = DC.format("<dc:title>Sand and shells</dc:title><dc:identifier>urn:isbn:978-2-1234-5680-3</dc:identifier>")
    with serving(Repository([Record("oai:other:1", metadata=same)])) as url:
        report = harvest(giver, url)
        assert told(report) == {"new": 1}
        assert "duplicate-identifier" in [one["code"] for one in report["pieces"][0]["problems"]]


@pytest.mark.shared
def test_harvested_records_are_given_on_with_where_they_are_from(here: Path) -> None:
    schemas = SHARED / "schemas" / "oai"
    if not schemas.is_dir():
        pytest.skip("../shared/data is absent")
    schema = etree.XMLSchema(etree.parse(schemas / "provenance.xsd"))
    inner = (
        '<about><provenance xmlns="http://www.openarchives.org/OAI/2.0/provenance">'
        '<originDescription harvestDate="2025-01-01T00:00:00Z" altered="false"><baseURL>http://first.example/</baseURL>'
        "<identifier>oai:first:1</identifier><datestamp>2024-01-01</datestamp>"
        "<metadataNamespace>urn:x</metadataNamespace></originDescription></provenance></about>"
    )
    odd = replace(RECORDS[1], identifier="a strange|identifier%é", datestamp="long ago")
    with serving(Repository([replace(RECORDS[0], about=inner), odd])) as url:
        harvest(here, url)
        home = url
    with serving_bytes(here) as ask:
        for prefix in ("oai_dc", "mods", "marcxml", "oai_qdc"):
            answer = read_answer(ask(f"verb=ListRecords&metadataPrefix={prefix}"))
            for record in answer.records:
                (told,) = record.about
                schema.assertValid(etree.fromstring(etree.tostring(told)))
            texts = [text for record in answer.records[:1] for text in record.about[0].itertext()]
            assert [texts[0], texts[1], texts[4], texts[5]] == [
                home,
                RECORDS[0].identifier,
                "http://first.example/",
                "oai:first:1",
            ]


@contextmanager
def serving_bytes(home: Path) -> Iterator[Any]:
    with served(home) as url:
        yield lambda query: urlopen(f"{url}?{query}").read()  # noqa: S310 - our own server


def test_lists_outlive_a_rebuild(here: Path) -> None:
    with serving(Repository(RECORDS, sets={"a": RECORDS[:2]})) as url:
        harvest(here, url)
        harvest(here, url, "--set", "a")
    before, kept = lists(here), items(here)
    (here / "catalogue.db").unlink()
    run(here, "rebuild")
    assert (lists(here), items(here)) == (before, kept)
