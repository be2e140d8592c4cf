"""The query DSL of OpenSearch, held against shapes written down from its reference; no server is asked."""

from typing import Any

import pytest

from search.engine import Request
from search.opensearch_query import body, found, mapping
from search.plan import plan
from search.query import parse


def unscored(query: dict[str, Any]) -> dict[str, Any]:
    return {"constant_score": {"filter": query, "boost": 0}}


AB, CD = {"prefix": {"whole": {"value": "ab"}}}, {"prefix": {"whole": {"value": "cd"}}}
TORTUE = {"value": "tortue", "fuzziness": 1, "transpositions": True, "max_expansions": 1024}
STEM = {"boost": 0.8}
FORET = {
    "dis_max": {
        "queries": [
            {"term": {"whole": {"value": "forets"}}},
            {"term": {"whole_en": {"value": "foret", **STEM}}},
            {"term": {"whole_fr": {"value": "foret", **STEM}}},
            {"term": {"whole_es": {"value": "forets", **STEM}}},
        ]
    }
}


def near(field: str, slop: int, in_order: bool, *words: str) -> dict[str, Any]:
    clauses = [{"span_term": {field: word}} for word in words]
    return {"span_near": {"clauses": clauses, "slop": slop, "in_order": in_order}}


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("forêts", FORET),
        ('"zones humides"', near("whole", 0, True, "zones", "humides")),
        ('"zones humides"~5', near("whole", 5, False, "zones", "humides")),
        ("mangro*", {"prefix": {"whole": {"value": "mangro"}}}),
        ("tortue~1", {"fuzzy": {"whole": TORTUE}}),
        ("year:1990..", unscored({"range": {"year": {"gte": 1990}}})),
        ("author:dupont", {"term": {"author": {"value": "dupont"}}}),
        ("language:fr", unscored({"term": {"languages": {"value": "fr"}}})),
        ("ab* OR cd*", {"bool": {"should": [AB, CD], "minimum_should_match": 1}}),
        ("ab* -cd*", {"bool": {"must": [AB], "must_not": [CD]}}),
        ("-ab*", {"bool": {"must": [{"match_all": {}}], "must_not": [AB]}}),
    ],
)  # fmt: skip
def test_a_tree_becomes_the_query_dsl(query: str, shape: dict[str, Any]) -> None:
    node = parse(query).node
    assert node
    assert found(plan(node)) == shape


def test_a_body_narrows_and_counts_items() -> None:
    made = body(
        parse("ab*").node, Request("ab*", (("type", "book"), ("type", "map")), 20, 10, without=(("year", "1990"),))
    )
    either = [unscored({"term": {"type": {"value": value}}}) for value in ("book", "map")]
    assert made["query"]["bool"]["filter"] == [{"bool": {"should": either, "minimum_should_match": 1}}]
    assert made["query"]["bool"]["must"] == [AB]
    (left_out,) = made["query"]["bool"]["must_not"]
    assert left_out["bool"]["should"] == [unscored({"range": {"year": {"gte": 1990, "lte": 1990}}})]
    assert (made["track_total_hits"], made["from"], made["size"]) == (True, 20, 10)
    described, in_title = made["query"]["bool"]["should"]
    assert described == {"constant_score": {"filter": {"prefix": {"about": {"value": "ab"}}}, "boost": 3.0}}
    assert in_title == {"bool": {"should": [{"prefix": {"title": {"value": "ab"}}}], "boost": 2.0}}


def test_every_field_that_is_asked_is_mapped() -> None:
    fields = mapping()["properties"]
    fielded = "title author sujet lieu serie publisher collection".split()  # noqa: SIM905
    values = ("isbn:2831711851", "access:open", "type:book", "year:1990", "date:1990")
    query = " OR ".join(("ab", *(f"{field}:ab" for field in fielded), *values))
    node = parse(query).node
    assert node
    assert asked(found(plan(node))) <= set(fields)
    assert fields["year"] == {"type": "integer"}
    assert fields["whole_fr"]["index_options"] == "freqs"


def asked(query: Any) -> set[str]:
    if isinstance(query, list):
        return set().union(*map(asked, query))
    if not isinstance(query, dict):
        return set()
    leaves = {field for kind in ("term", "range", "prefix") if kind in query for field in query[kind]}
    return leaves.union(*(asked(value) for value in query.values()))
