"""The pages of agents: what one made, with whom, on what; merged ones lead on; lists by letter."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from agents_library import ORCID, RECORDS, UNION, made, whose
from lxml import html
from web_library import BASE, HOSTILE, Pages, index, make, serving

from archive.agents import deciding, keep, merge
from archive.agents_following import open_agents
from archive.agents_lookup import as_authority, find
from archive.library import Library
from metadata.agents import Parent
from metadata.agents_editing import edit


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return made(tmp_path_factory.mktemp("agents") / "home")


@pytest.fixture(scope="module")
def before(library: Library) -> dict[str, str]:
    return {name: agent for (_, name), agent in whose(library).items()}


@pytest.fixture(scope="module")
def merged(library: Library, before: dict[str, str]) -> str:
    with deciding(library) as held:
        one = merge(held, [f"orcid:{ORCID}", "Eleanor Marsden", "Marsden, E."])
        sets = [f"parent+={UNION} [1980/]", "variant@fr+=La dame des marais", "begun=1950", "note=</script><b>"]
        made_of = edit(one, sets, lambda text: find(held.index, text))
        keep(held, [made_of], "edit")
        keep(held, [replace(as_authority(held.index, before["Otter, Ann"]), parents=(Parent(one.id),))], "edit")
    return one.id


@pytest.fixture(scope="module")
def pages(library: Library, merged: str) -> Iterator[Pages]:
    index(library)
    with serving(library) as opened:
        yield opened


def test_a_page_tells_what_an_agent_made_with_whom_and_on_what(pages: Pages, merged: str) -> None:
    answer = pages.get(f"/agent/{merged}?lang=fr")
    tree = html.document_fromstring(answer.text)
    assert answer.status_code == 200
    assert [h.text_content() for h in tree.xpath("//main//h3")] == [
        "Reeds",
        "Marsh fish",
        "Marsh birds",
        "Marsh plants",
    ]
    text = " ".join(tree.text_content().split())
    assert "Zones humides 2" in text
    assert "Otter, Ann 3" in text
    assert "La dame des marais" in text
    assert f"https://orcid.org/{ORCID}" in tree.xpath("//a/@href")
    assert not tree.xpath("//main//b[not(ancestor::p)]")


def test_its_data_name_it_for_machines(pages: Pages, merged: str) -> None:
    tree = html.document_fromstring(pages.get(f"/agent/{merged}").text)
    data = json.loads(tree.xpath("//script[@type='application/ld+json']")[0].text)
    assert (data["@type"], data["name"], data["birthDate"]) == ("Person", "Marsden, Eleanor", "1950")
    assert data["sameAs"] == [f"https://orcid.org/{ORCID}"]
    assert data["affiliation"][0]["name"] == UNION
    assert data["@id"] == f"{BASE}/agent/{merged}"
    assert data["description"] == "</script><b>"


def test_one_that_was_merged_leads_to_the_one_that_is_left(pages: Pages, merged: str, before: dict[str, str]) -> None:
    answer = pages.get(f"/agent/{before['Marsden, E.']}?lang=es")
    assert (answer.status_code, answer.headers["location"]) == (301, f"/agent/{merged}?lang=es")


@pytest.mark.parametrize("path", ["/agent/zzzzzzzzzz", "/agent/x", "/agent/" + "9" * 300])
def test_nobody_is_not_found(pages: Pages, path: str) -> None:
    assert pages.get(path).status_code == 404


def test_pages_beyond_the_last_and_roles_that_are_none(pages: Pages, merged: str) -> None:
    assert pages.get(f"/agent/{merged}?page=2").status_code == 404
    assert pages.get(f"/agent/{merged}?page=-7&role=zzz").status_code == 200


def test_items_lead_to_their_agents_and_agents_to_each_other(pages: Pages, merged: str, before: dict[str, str]) -> None:
    links = html.document_fromstring(pages.get(f"/item/{RECORDS[3].id}").text).xpath("//main//a/@href")
    assert f"/agent/{merged}" in links
    assert f"/agent/{before[UNION]}" in links
    assert f"/agent/{merged}" in html.document_fromstring(pages.get(f"/agent/{before['Otter, Ann']}").text).xpath(
        "//a/@href"
    )
    assert f"/agent/{before['Otter, Ann']}" in html.document_fromstring(pages.get(f"/agent/{merged}").text).xpath(
        "//a/@href"
    )


def test_a_search_narrowed_to_one_name_finds_what_is_under_the_others(pages: Pages, merged: str) -> None:
    assert merged
    tree = html.document_fromstring(pages.get("/search?agent=Marsden%2C+E.").text)
    found = {link.rpartition("/")[2] for link in tree.xpath("//main//h2/a/@href | //main//h3/a/@href")}
    assert found == {item.id for item in RECORDS[:4]}


def test_all_are_listed_by_letter_with_counts(pages: Pages) -> None:
    tree = html.document_fromstring(pages.get("/agents?letter=s").text)
    listed = [" ".join(li.text_content().split()) for li in tree.xpath("//main//ul/li")]
    assert listed == ["Smith, J. 2", "SSC 1", "Stone House 1"]
    assert pages.get("/agents").status_code == 200


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    library = make(tmp_path / "home")
    with serving(library) as opened:
        assert opened.get("/agents").status_code == 503
        assert "/agent/" not in opened.get(f"/item/{HOSTILE}").text
        with open_agents(library) as held:
            ((agent,), *_) = held.ask("SELECT id FROM agents WHERE name GLOB '*script*'")
        answer = opened.get(f"/agent/{agent}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_any_name_of_an_agent_finds_what_stands_under_the_others_and_the_page_says_so(
    pages: Pages, merged: str
) -> None:
    for query in ("la dame des marais", "Marsden E", "e. marsden", 'author:"Marsden, Eleanor"'):
        answer = pages.get("/search.json", params={"q": query}).json()
        assert answer["total"] == 4, query
        assert [(one["agent"], one["concept"]) for one in answer["expansions"]] == [("Marsden, Eleanor", "")]
    assert "also finds Marsden, Eleanor, by all names: 4 items." in pages.get("/search?q=la+dame+des+marais").text
    assert pages.get("/search.json?q=la+dame+des+marais&concepts=no").json()["total"] == 0
    assert pages.get("/search.json?q=marsden+-%22la+dame+des+marais%22").json()["total"] == 4


def test_the_facet_of_agents_counts_one_once_however_the_name_is_written(pages: Pages, merged: str) -> None:
    counts = pages.get("/search.json?q=marsden").json()["facets"]["agent"]
    assert counts["Marsden, Eleanor"] == 4
    assert not {"Eleanor Marsden", "Marsden, E."} & counts.keys()
    chosen = pages.get("/search.json", params={"agent": "Marsden, E."}).json()
    assert (chosen["total"], chosen["facets"]["agent"]["Marsden, E."]) == (4, 4)
    assert pages.get("/search.json", params={"q": "marsden", "-agent": "Marsden, E."}).json()["total"] == 0
