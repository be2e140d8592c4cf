"""canoe harvest and canoe repositories: records of others come in, stay up to date, and say where they are at home."""

import json
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest
from faulty_repository import (
    DC,
    Asked,
    Record,
    Reply,
    Repository,
    dublin_core,
    envelope,
    refusal,
    serving,
)
from harvest_library import EVERY, RECORDS, asking, full_items, harvest, held, lists, run, served, told
from small_library import items

from canoe.home import Home
from metadata.harvested import read_answer
from metadata.mods import NAMESPACE as MODS


@pytest.fixture
def here(home: Path) -> Path:
    """Lend an empty home that may ask this machine, and does not wait long."""
    return asking(home)


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


def test_a_record_is_known_by_what_its_home_calls_it_whatever_else_is_said(here: Path) -> None:
    """Neither an edit here nor a record that names another may double one, or put one in another's place."""
    impostor = f'<mods xmlns="{MODS}"><titleInfo><title>Impostor</title></titleInfo>{{}}</mods>'
    names = '<identifier type="oai">oai:x:2</identifier>'
    records = [Record("oai:x:1", metadata=impostor.format(names)), Record("oai:x:2", metadata=impostor.format(""))]
    repository = Repository(records, prefix="mods", namespace=MODS)
    with serving(repository) as url:
        assert told(harvest(here, url, "--prefix", "mods")) == {"new": 2}
        second = held(here)["oai:x:2"]["id"]
        run(here, "edit", second, "--set", "identifier:oai=", "--set", "keyword=ours")
        repository.records = [replace(records[1], datestamp="2026-01-05T00:00:00Z", deleted=True)]
        assert told(harvest(here, url, "--prefix", "mods")) == {"changed": 1}
        assert {name: one["status"] for name, one in held(here).items()} == {
            "oai:x:1": "published", "oai:x:2": "withdrawn",
        }  # fmt: skip
        repository.records = [replace(records[1], datestamp="2026-01-06T00:00:00Z")]
        assert told(harvest(here, url, "--prefix", "mods")) == {"changed": 1}
        assert (held(here)["oai:x:2"]["id"], held(here)["oai:x:2"]["status"]) == (second, "published")
        assert len(list(full_items(here))) == 2


def test_what_left_a_set_stays_while_another_that_is_harvested_has_it(here: Path) -> None:
    gone = [Record(f"oai:faulty.example:{number}", "2026-01-03T00:00:00Z", deleted=True) for number in (1, 2, 3)]
    headers = {"1": "<setSpec>b:c</setSpec>", "2": "<setSpec>other</setSpec>", "3": ""}

    def alone(asked: Asked) -> Reply | None:
        number = asked.get("identifier", "")[-1:]
        if asked["verb"] != "GetRecord" or number == "3":
            return refusal("idDoesNotExist") if asked["verb"] == "GetRecord" else None
        header = f"<header><identifier>{asked['identifier']}</identifier>{headers[number]}</header>"
        return Reply(envelope(f"<GetRecord><record>{header}</record></GetRecord>"))

    repository = Repository(RECORDS, sets={"a": RECORDS[:4], "b": RECORDS[1:5]}, fault=alone)
    with serving(repository) as url:
        harvest(here, url, "--set", "b", "--set", "a")
        repository.sets = {"a": gone, "b": []}
        report = harvest(here, url, "--set", "b", "--set", "a")
        assert told(report) == {"changed": 2, "identical": 1}
        assert report["pieces"][0]["problems"][0]["code"] == "harvest-left-set"
        withdrawn = {name[-1] for name, one in held(here).items() if one["status"] == "withdrawn"}
        assert withdrawn == {"2", "3"}


def test_pages_say_who_keeps_what_was_harvested_and_lead_there(here: Path) -> None:
    there = "https://repository.example.org/report/1"
    named = dublin_core(0, f"<dc:identifier>{there}</dc:identifier>")
    with serving(Repository([named, RECORDS[1]], name="The &lt;other&gt; library")) as url:
        harvest(here, url)
    ids = {name[-1]: one["id"] for name, one in held(here).items()}
    with served(here) as base:
        answer = urlopen(base.removesuffix("oai") + f"item/{ids['0']}")  # noqa: S310 - our own server
        page = answer.read().decode()
        assert f'<{there}>; rel="cite-as"' in answer.headers["Link"]
        assert f'<link rel="canonical" href="{there}">' in page
        assert 'hreflang="x-default"' not in page
        assert f'Kept by <a rel="nofollow" href="{there}"><bdi>The &lt;other&gt; library</bdi></a>' in page
        assert f'<span class="address">{there}</span>' in page
        page = urlopen(base.removesuffix("oai") + f"item/{ids['1']}").read().decode()  # noqa: S310
        assert f'<link rel="canonical" href="http://127.0.0.1:8000/item/{ids["1"]}">' in page
        assert f'href="{url}?verb=GetRecord&amp;metadataPrefix=oai_dc&amp;identifier=oai%3Afaulty.example%3A1"' in page
        found = urlopen(base.removesuffix("oai") + "search?repository=The+%3Cother%3E+library").read().decode()  # noqa: S310
        assert found.count("Kept by <bdi>The &lt;other&gt; library</bdi>") == 2


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


def test_lists_outlive_a_rebuild(here: Path) -> None:
    with serving(Repository(RECORDS, sets={"a": RECORDS[:2]})) as url:
        harvest(here, url)
        harvest(here, url, "--set", "a")
    before, kept = lists(here), items(here)
    (here / "catalogue.db").unlink()
    run(here, "rebuild")
    assert (lists(here), items(here)) == (before, kept)
