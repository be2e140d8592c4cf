"""Canoe harvests Canoe, and is harvested in turn: nothing is lost on the way, and who kept it first is known."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from faulty_repository import DC, Record, Repository, serving
from harvest_library import RECORDS, asking, essence, full_items, giving_home, harvest, held, home_of, run, served, told
from lxml import etree
from schemas_here import SHARED

from canoe.home import Home
from metadata.harvested import read_answer
from metadata.origins import page_at_home


@pytest.fixture
def here(home: Path) -> Path:
    """Lend an empty home that may ask this machine, and does not wait long."""
    return asking(home)


@pytest.fixture(scope="module")
def giving(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return giving_home(empty_home, tmp_path_factory.mktemp("giving"))


@pytest.mark.parametrize("prefix", ["oai_dc", "oai_qdc", "marcxml", "mods", "oai_datacite"])
def test_canoe_harvests_canoe(here: Path, giving: Path, prefix: str) -> None:
    with served(giving) as url:
        assert told(harvest(here, url, "--prefix", prefix)) == {"new": 3}
    theirs = {f"oai:giving.example.org:{one['id']}": one for one in full_items(giving)}
    ours = held(here)
    assert ours.keys() == theirs.keys()
    for name, item in ours.items():
        own = essence(theirs[name])
        title, dates, numbers = essence(item)
        assert (title, dates) == own[:2]
        assert own[2] <= numbers
        there = f"http://giving.example.org/item/{theirs[name]['id']}"
        doi = f"https://doi.org/10.5555/{theirs[name]['id']}"
        assert page_at_home(Home.read(here).library.item(item["id"])) == (doi if prefix == "oai_datacite" else there)


def test_a_chain_of_libraries_follows_what_changes_and_knows_who_kept_it_first(
    giving: Path, empty_home: Path, tmp_path: Path
) -> None:
    first = shutil.copytree(giving, tmp_path / "first")
    second, third = (home_of(empty_home, tmp_path / name, name) for name in ("second", "third"))
    with served(first) as one, served(second) as two:
        homes = ((second, one, "marcxml"), (third, two, "mods"))

        def passed_on() -> list[dict[str, int]]:
            return [told(harvest(home, url, "--prefix", prefix)) for home, url, prefix in homes]

        assert passed_on() == [{"new": 3}, {"new": 3}]
        named = {item["id"]: f"oai:giving.example.org:{item['id']}" for item in full_items(first)}
        for item in full_items(third):
            near, far = item["origins"]
            assert (near["base_url"], near["repository"], far["base_url"]) == (two, "The second library", one)
            assert near["identifier"].startswith("oai:second.example.org:")
            assert far["identifier"] in named.values()
            assert (near["altered"], far["altered"]) == (True, True)
        edited, gone, _ = named
        run(first, "edit", edited, "--set", "title=Another title")
        run(first, "withdraw", gone, "--reason", "Withdrawn")
        assert [counts.pop("changed") for counts in passed_on()] == [2, 2]
        for home in (second, third):
            found = {item["origins"][-1]["identifier"]: item for item in full_items(home)}
            assert found[named[edited]]["titles"][0]["value"] == "Another title"
            assert found[named[gone]]["status"] == "withdrawn"
        run(first, "restore", gone)
        assert [counts.pop("changed") for counts in passed_on()] == [1, 1]
        assert {item["status"] for item in full_items(third)} == {"published"}
        assert all("new" not in counts and "changed" not in counts for counts in passed_on())


def test_own_records_that_come_back_are_left(here: Path, giving: Path, tmp_path: Path) -> None:
    giver = shutil.copytree(giving, tmp_path / "giver")
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


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<dc:identifier>urn:isbn:978-2-1234-5680-3</dc:identifier>", "duplicate-identifier"),
        ("<dc:date>1987</dc:date><dc:creator>Roe, Ann</dc:creator>", "probable-duplicate"),
    ],
)
def test_what_the_library_has_itself_is_tied_to_it_and_shown_as_one(
    giving: Path, tmp_path: Path, inside: str, code: str
) -> None:
    giver = shutil.copytree(giving, tmp_path / "giver")
    same = Record("oai:other:1", metadata=DC.format(f"<dc:title>Sand and shells</dc:title>{inside}"))
    other = Record("oai:other:2", metadata=DC.format("<dc:title>Dunes</dc:title>"))
    with serving(Repository([same, other], name="The other library")) as url:
        report = harvest(giver, url)
        assert told(report) == {"new": 2}
        assert code in [one["code"] for one in report["pieces"][0]["problems"]]
        assert told(harvest(giver, url, "--full")) == {"identical": 2}
    theirs = held(giver)
    (own,) = (
        one for one in full_items(giver) if one["titles"][0]["value"] == "Sand and shells" and "origins" not in one
    )
    assert theirs["oai:other:1"]["relations"] == [{"kind": "isFormatOf", "target": own["id"]}]
    assert "relations" not in theirs["oai:other:2"]
    there = f"/item/{theirs['oai:other:1']['id']}"
    with served(giver) as base:
        ask = web(base)
        assert f'Also kept by</h2>\n    <ul class="plain">\n      <li><a href="{there}">' in ask(f"item/{own['id']}")
        assert "In other languages" not in ask(f"item/{own['id']}")
        page = ask(there[1:])
        assert "Also in this library" in page
        assert f'<a href="/item/{own["id"]}">' in page
        found = ask("search?q=shells")
        assert found.count("<h2><a href=") == 1
        assert "Other editions:" in found
        records = base + "?verb=ListRecords&metadataPrefix="
        assert "otherFormat" in web(records)("mods")
        assert 'tag="776"' in web(records)("marcxml")
        assert "isFormatOf" in web(records)("oai_qdc")


def web(base: str) -> Callable[[str], str]:
    """Return what asks for a page."""
    return lambda path: urlopen(base.removesuffix("oai") + path).read().decode()  # noqa: S310 - our own server


@pytest.mark.shared
def test_harvested_records_are_given_on_with_where_they_are_from(here: Path) -> None:
    schemas = SHARED / "schemas" / "oai"
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
