"""Items as JSON: exact there and back, readable between, strict on the way in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thoroughness import usually

from metadata.errors import UsageError
from metadata.model import Agent, Box, Contribution, Date, Doi, File, Identifier, Item, Relation, Text
from metadata.serial import from_json, record_line, to_json

degrees = st.floats(-180, 180, allow_nan=False)
st.register_type_strategy(Box, st.builds(Box, degrees, degrees, degrees, degrees))
for kind in (File, Item):
    counts = {name: st.integers(0, 2**63) for name in ("size", "page_count") if name in kind.__annotations__}
    st.register_type_strategy(kind, st.builds(kind, **counts))
items = st.from_type(Item)


@settings(max_examples=usually(18, thoroughly=60), deadline=None)
@given(items)
def test_the_round_trip_is_exact(item: Item) -> None:
    assert from_json(to_json(item)) == item
    assert from_json(record_line(item)) == item


@settings(max_examples=usually(12, thoroughly=30), deadline=None)
@given(items)
def test_a_record_is_one_line_and_says_the_same(item: Item) -> None:
    line = record_line(item)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line) == json.loads(to_json(item))


def test_what_a_person_reads() -> None:
    item = Item(
        id="0123456789",
        titles=(Text("Forêts", "fr"), Text("Untagged")),
        contributions=(Contribution(Agent("Dupont, Jeanne", "person"), "aut"),),
        dates=(Date("1987"),),
        type="report",
    )
    assert (
        to_json(item).decode()
        == """{
  "contributions": [
    {
      "agent": {
        "kind": "person",
        "name": "Dupont, Jeanne"
      },
      "role": "aut"
    }
  ],
  "dates": [
    {
      "kind": "issued",
      "value": "1987"
    }
  ],
  "id": "0123456789",
  "status": "published",
  "titles": [
    {
      "language": "fr",
      "value": "Forêts"
    },
    {
      "value": "Untagged"
    }
  ],
  "type": "report"
}
"""
    )


def test_a_field_without_default_is_written_even_when_empty() -> None:
    item = Item(titles=(Text(""),), files=(File("", "original", "", 0, ""),), doi=Doi("", "draft"))
    assert json.loads(to_json(item))["titles"] == [{"value": ""}]
    assert from_json(to_json(item)) == item


def test_what_is_empty_is_left_out_however_it_came_to_be() -> None:
    title = Text("a", language="".join([]), kind="")
    item = Item(id="a", titles=(title,), edition="a"[1:], places=tuple(iter("")), page_count=int("7") - 7)
    assert json.loads(to_json(item)) == {
        "id": "a",
        "status": "published",
        "titles": [{"value": "a"}],
        "type": "other",
    }


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "truncated"),
        (b"[]", "array"),
        (b"null", "null"),
        (b"\xff\xfe", "malformed"),
        (b'{"id": "a"} {}', "trailing"),
        (b'{"titel": []}', "titel"),
        (b'{"titles": [{"value": "a", "lang": "fr"}]}', "titles[0].lang"),
        (b'{"doi": {"name": "a", "state": "draft", "url": "u"}}', "doi.url"),
        (b'{"titles": [{"language": "fr"}]}', "value"),
        (b'{"page_count": "3"}', "page_count"),
        (b'{"dates": [{"value": "1987", "kind": "guessed"}]}', "dates[0].kind"),
        (b'{"titles": [{"value": "a", "kind": "main title"}]}', "titles[0].kind"),
        (b'{"boxes": [{"west": 1.0, "south": 1.0, "east": 2.0}]}', "north"),
        (b'{"boxes": [{"west": "1", "south": 1.0, "east": 2.0, "north": 2.0}]}', "boxes[0].west"),
        (b'{"boxes": [{"west": 1.0, "south": 1.0, "east": 2.0, "north": 2.0, "top": 1}]}', "boxes[0].top"),
        (b'{"a": ' + b"[" * 200_000, "recursion"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, named: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_json(data)
    assert named in str(caught.value)


def test_a_lone_surrogate_is_refused_on_the_way_out() -> None:
    with pytest.raises(UsageError, match="not Unicode"):
        to_json(Item(source="scan\udcff.tif"))


def test_identifiers_and_relations_keep_their_order() -> None:
    item = Item(
        identifiers=(Identifier("isbn", "2"), Identifier("isbn", "1")),
        relations=(Relation("isPartOf", "b"), Relation("replaces", "a")),
    )
    assert from_json(to_json(item)) == item


def test_kinds_of_title_codes_of_places_and_boxes_are_written_and_read() -> None:
    item = Item(
        titles=(Text("Forêts", "fr"), Text("Les forêts", "fr", "other"), Text("Forests", "en", "translated")),
        countries=("SN", "US-CA"),
        boxes=(Box(-17.5, 12.25, -11.0, 16.75),),
    )
    assert json.loads(to_json(item)) == {
        "boxes": [{"east": -11.0, "north": 16.75, "south": 12.25, "west": -17.5}],
        "countries": ["SN", "US-CA"],
        "status": "published",
        "titles": [
            {"language": "fr", "value": "Forêts"},
            {"kind": "other", "language": "fr", "value": "Les forêts"},
            {"kind": "translated", "language": "en", "value": "Forests"},
        ],
        "type": "other",
    }
    assert from_json(to_json(item)) == item


def test_a_box_on_the_equator_and_on_the_meridian_is_written_whole() -> None:
    item = Item(boxes=(Box(0.0, 0.0, 0.0, 0.0),))
    assert json.loads(record_line(item))["boxes"] == [{"east": 0.0, "north": 0.0, "south": 0.0, "west": 0.0}]
    assert from_json(record_line(item)) == item


def test_what_was_kept_before_titles_had_kinds_reads_as_it_was() -> None:
    kept = b'{"coverage":[{"value":"Senegal"}],"titles":[{"language":"fr","value":"A"},{"value":"B"}]}'
    assert from_json(kept) == Item(titles=(Text("A", "fr"), Text("B")), coverage=(Text("Senegal"),))
