"""Content states: coded as the specification has it, and read without believing anything."""

import base64

import pytest

from web.content_state import LONGEST, Place, box_of, coded, place_of, state_of

MANIFEST = "https://library.example.org/iiif/x/manifest.json"
CANVAS = "https://library.example.org/iiif/x/canvas/2"
WHERE = Place(MANIFEST, CANVAS, (1, 2, 30, 40))


def test_the_example_of_the_specification() -> None:
    state = {"id": "https://example.org/iiif/object1/canvas7#xywh=1000,2000,1000,2000", "type": "Canvas"}
    text = coded(state)
    assert "=" not in text
    assert text.startswith("JTdCJTIyaWQlMjIlM0ElMjJodHRwcyUzQSUyRiUyRmV4YW1wbGUub3Jn")
    assert place_of(text) == Place("", "https://example.org/iiif/object1/canvas7", (1000, 2000, 1000, 2000))


@pytest.mark.parametrize(
    "state",
    [
        state_of(MANIFEST, CANVAS, "xywh=1,2,30,40"),
        {"type": "Annotation", "motivation": ["contentState"], "target": state_of(MANIFEST, CANVAS, "xywh=1,2,30,40")},
        {
            "type": "SpecificResource",
            "source": state_of(MANIFEST, CANVAS),
            "selector": {"type": "FragmentSelector", "value": "xywh=1,2,30,40"},
        },
        [state_of(MANIFEST, CANVAS, "xywh=pixel:1,2,30,40"), {"type": "Canvas", "id": "other"}],
    ],
)
def test_the_forms_a_state_may_have(state: object) -> None:
    assert place_of(coded(state)) == WHERE


def test_letters_of_any_script_survive() -> None:
    assert place_of(coded({"type": "Manifest", "id": "https://例え.jp/é?a=ß&b=~'()*!"})).manifest.endswith(
        "é?a=ß&b=~'()*!"
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "a" * (LONGEST + 1), "JTdC", "{", '{"type": 1}', '{"type": "Canvas"}', '{"type": "Canvas", "id": []}',
        "%00", "\0", "ÿ", base64.urlsafe_b64encode(b"\xff\xfe").decode(), "[" * 3000, coded(None), coded([]), coded(7),
    ],
)  # fmt: skip
def test_nonsense_names_no_place(text: str) -> None:
    assert place_of(text) == Place()


def test_deep_ones_are_not_followed() -> None:
    state: object = state_of(MANIFEST, CANVAS)
    for _ in range(50):
        state = {"type": "Annotation", "target": state}
    assert place_of(coded(state)) == Place()


@pytest.mark.parametrize("text", ["xywh=1,2,3", "xywh=-1,2,3,4", "xywh=1,2,0,4", "xywh=1,2,3,9999999", "xywh=١,2,3,4"])
def test_boxes_are_whole_numbers_that_can_be(text: str) -> None:
    assert box_of(text) is None
    assert box_of("xywh=0,0,1,1") == (0, 0, 1, 1)
