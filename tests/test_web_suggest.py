"""Completion and the results of a search in other forms, over HTTP."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_library import BASE, EN, FR, RECORDS, Pages, make, serving

from metadata.ris import read_ris
from web.result_forms import MOST


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with serving(make(tmp_path_factory.mktemp("home"))) as opened:
        yield opened


def offered(pages: Pages, **asked: str) -> list[dict[str, Any]]:
    answer = pages.get("/suggest", params=asked)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    found: list[dict[str, Any]] = answer.json()
    return found


def test_titles_agents_and_subjects_are_offered(pages: Pages) -> None:
    assert {"kind": "agent", "text": "Marsden, Eleanor", "count": 2} in offered(pages, q="elea")
    assert {"kind": "title", "text": "Caring for Wetlands", "count": 1} in offered(pages, q="wetl")
    (subject,) = (one for one in offered(pages, q="humed", lang="es") if one["kind"] == "subject")
    assert subject["text"] == "Humedales"
    assert subject["count"] == 2
    found = pages.get("/search.json", params={"subject": subject["uri"]}).json()
    assert {item["id"] for item in found["items"]} == {FR, EN}


def test_what_is_offered_is_bounded(pages: Pages) -> None:
    assert offered(pages) == offered(pages, q="a") == offered(pages, q="zzzz") == []
    assert len(offered(pages, q="annual", limit="3")) == 3
    assert len(offered(pages, q="annual", limit="100000")) == 20


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200), st.text(max_size=9))
def test_nothing_that_is_typed_breaks_it(pages: Pages, typed: str, limit: str) -> None:
    offered(pages, q=typed.encode("utf-8", "replace").decode(), limit=limit.encode("utf-8", "replace").decode())


def rows(pages: Pages, query: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(pages.get(f"/search.csv?{query}").text)))


def test_results_are_a_table(pages: Pages) -> None:
    found = rows(pages, "q=eleanor&lang=fr")
    assert {row["id"] for row in found} == {FR, EN}
    (french,) = (row for row in found if row["id"] == FR)
    assert french["creators"] == "Marsden, Eleanor"
    assert french["subjects"] == "Zones humides | roselières"
    assert french["address"] == f"{BASE}/item/{FR}"
    assert len(rows(pages, "q=annual&limit=5")) == 5
    assert len(rows(pages, "q=annual&limit=9999999")) == RECORDS <= MOST


def test_results_are_references(pages: Pages) -> None:
    answer = pages.get("/search.ris?q=eleanor")
    assert answer.text.count("TY  - ") == answer.text.count("ER  - ") == 2
    assert answer.headers["content-disposition"] == 'attachment; filename="results.ris"'
    drafts = list(read_ris(io.BytesIO(answer.content), "results.ris"))
    assert len(drafts) == 2
    assert pages.get("/search.bib?q=eleanor").text.count("author = ") == 2


def test_results_are_data(pages: Pages) -> None:
    found = pages.get("/search.json?q=paturages&type=guideline&-language=en").json()
    assert (found["total"], found["works"], found["facets"]["language"]) == (1, 1, {"fr": 1})
    (item,) = found["items"]
    assert (item["id"], item["pages_found"], item["pages"][0]["number"]) == (FR, 1, 2)
    assert "pâturages inondés" in item["pages"][0]["snippet"]
    assert pages.get("/search.json?q=wetlandz").json()["instead"] == "wetlands"


def test_editions_are_shown_as_one_work(pages: Pages) -> None:
    found = pages.get("/search.json?q=eleanor").json()
    assert (found["total"], found["works"]) == (2, 1)
    assert json.dumps(found).count(f'"work": "{min(FR, EN)}"') == 2
    assert [item["id"] for item in pages.get("/search.json?q=eleanor&lang=fr").json()["items"]] == [FR, EN]
    assert [item["id"] for item in pages.get("/search.json?q=eleanor&lang=en").json()["items"]] == [EN, FR]
