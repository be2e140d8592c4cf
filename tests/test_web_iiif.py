"""IIIF: images, manifests, collections, searching inside and content states, as viewers elsewhere ask for them."""

import io
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from pictured_library import (
    BARE,
    BORN,
    BROKEN,
    CLOSED,
    GONE,
    HUGE,
    PAGES,
    PHOTOS,
    SCAN,
    SIZE,
    TEXT,
    TURNED,
    make,
    words_of,
)
from PIL import Image
from web_library import BASE, SITE, Pages, serving
from xml_shared import shared

from archive.library import Library
from ingest.page_images import Cut, Leaf
from ingest.painters import Painters
from metadata.model import Word
from web.content_state import coded, state_of

WORDS = words_of(TEXT)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return make(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def pages(library: Library) -> Iterator[Pages]:
    with serving(library, SITE) as opened:
        yield opened


def image(pages: Pages, name: str, rest: str = "full/max/0/default.jpg") -> Image.Image:
    answer = pages.get(f"/iiif/image/{name}/{rest}")
    assert answer.status_code == 200, answer.text
    opened = Image.open(io.BytesIO(answer.content))
    opened.load()
    return opened


def document(pages: Pages, path: str) -> Any:
    answer = pages.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    return json.loads(answer.text)


def is_dark(shown: Image.Image, word: Word) -> bool:
    left, top, right, bottom = word.box
    tones = shown.convert("L").tobytes()
    return tones[(top + bottom) // 2 * shown.width + (left + right) // 2] < 60


# --- Image API --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [f"{SCAN}:1", f"{TURNED}:1", f"{PHOTOS}:1", f"{PHOTOS}:2", f"{BORN}:1"])
def test_word_boxes_and_images_agree(pages: Pages, name: str) -> None:
    shown = image(pages, name)
    assert shown.size == SIZE
    assert all(is_dark(shown, word) for word in WORDS)


def test_the_description_of_an_image(pages: Pages) -> None:
    answer = pages.get(f"/iiif/image/{SCAN}:1/info.json")
    info = json.loads(answer.text)
    assert answer.headers["content-type"] == 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'
    assert "level2.json" in answer.headers["link"]
    assert info["id"] == f"{BASE}/iiif/image/{SCAN}:1"
    assert (info["type"], info["profile"], info["protocol"]) == ("ImageService3", "level2", "http://iiif.io/api/image")
    assert (info["width"], info["height"]) == SIZE
    assert info["tiles"] == [{"width": 512, "height": 512, "scaleFactors": [1, 2, 4]}]
    for size in info["sizes"]:
        shown = image(pages, f"{SCAN}:1", f"full/{size['width']},{size['height']}/0/default.jpg")
        assert shown.size == (size["width"], size["height"])
    plain = pages.get(f"/iiif/image/{SCAN}:1/info.json", headers={"Accept": "application/json"})
    assert plain.headers["content-type"] == "application/json"
    moved = pages.get(f"/iiif/image/{SCAN}:1", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (303, f"{BASE}/iiif/image/{SCAN}:1/info.json")


def test_every_tile_of_every_size_is_given(pages: Pages) -> None:
    info = document(pages, f"/iiif/image/{SCAN}:1/info.json")
    side = info["tiles"][0]["width"]
    for factor in info["tiles"][0]["scaleFactors"]:
        for left in range(0, SIZE[0], side * factor):
            for top in range(0, SIZE[1], side * factor):
                width, height = min(side * factor, SIZE[0] - left), min(side * factor, SIZE[1] - top)
                size = (-(-width // factor), -(-height // factor))
                region = f"{left},{top},{width},{height}/{size[0]},{size[1]}"
                assert image(pages, f"{SCAN}:1", f"{region}/0/default.jpg").size == size


def test_headers_let_images_be_kept_and_name_the_canonical_address(pages: Pages) -> None:
    path = f"/iiif/image/{SCAN}:1/0,0,1000,1400/500,/0/default.jpg"
    answer = pages.get(path)
    assert f'<{BASE}/iiif/image/{SCAN}:1/full/500,700/0/default.jpg>;rel="canonical"' in answer.headers["link"]
    assert answer.headers["cache-control"].startswith("public")
    assert answer.headers["access-control-allow-origin"] == "*"
    again = pages.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    canonical = pages.get(f"/iiif/image/{SCAN}:1/full/500,700/0/default.jpg")
    assert (canonical.headers["etag"], canonical.content) == (answer.headers["etag"], answer.content)
    assert pages.head(path).headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("full/max/0/native.jpg", 400), ("full/0,/0/default.jpg", 400), ("pct:0,0,0,0/max/0/default.jpg", 400),
        ("full/pct:0/0/default.jpg", 400), ("full/1000000000,1000000000/0/default.jpg", 400),
        ("99999999999999999999,0,1,1/max/0/default.jpg", 400), ("full/%D9%A3,/0/default.jpg", 400),
        ("full/max/45/default.jpg", 501), ("full/%5Emax/0/default.jpg", 501), ("%00/max/0/default.jpg", 400),
        ("..%2F..%2Fetc/max/0/default.jpg", 404), ("full/max/0/default.jpg/more", 404), ("full/max/0", 404),
        ("full/max/0/" + "9" * 5000, 400), ("full/%0A/0/default.jpg", 400),
    ],
)  # fmt: skip
def test_bad_requests_are_refused_as_the_specification_says(pages: Pages, rest: str, status: int) -> None:
    assert pages.get(f"/iiif/image/{SCAN}:1/{rest}").status_code == status


@pytest.mark.parametrize(
    "name",
    [
        f"{SCAN}:0", f"{SCAN}:{PAGES + 1}", f"{SCAN}:", SCAN, f"{SCAN}:-1", f"{SCAN}:1:1", f"{SCAN}:%D9%A1",
        f"{SCAN}:{'1' * 4000}", "x:1", ":1", f"..%2f{SCAN}:1", f"{SCAN}%00:1", f"{BARE}:1", "%EF%BF%BF:1",
        quote("' OR 1=1 --:1"),
    ],
)  # fmt: skip
def test_what_there_is_no_image_of(pages: Pages, name: str) -> None:
    for rest in ("info.json", "full/max/0/default.jpg"):
        assert pages.get(f"/iiif/image/{name}/{rest}").status_code == 404


def test_a_damaged_file_is_no_fault_of_the_server(pages: Pages) -> None:
    for _ in range(2):
        assert pages.get(f"/iiif/image/{BROKEN}:1/full/max/0/default.jpg").status_code == 404
    assert pages.get(f"/item/{BROKEN}/page/1").status_code == 200


@pytest.mark.parametrize(("item", "status"), [(CLOSED, 403), (GONE, 410)])
def test_what_is_not_public_has_no_images_either(pages: Pages, item: str, status: int) -> None:
    paths = (
        f"/iiif/image/{item}:1", f"/iiif/image/{item}:1/info.json", f"/iiif/image/{item}:1/full/max/0/default.jpg",
        f"/iiif/{item}/manifest.json", f"/iiif/{item}/search?q=marsh", f"/iiif/{item}/text/1",
        f"/item/{item}/page/1", f"/item/{item}/pages", f"/item/{item}/search?q=marsh",
    )  # fmt: skip
    for path in paths:
        answer = pages.get(path)
        assert answer.status_code == status, path
        assert "sedge" not in answer.text


def test_a_page_too_large_to_be_given_whole(pages: Pages) -> None:
    info = document(pages, f"/iiif/image/{HUGE}:1/info.json")
    whole = image(pages, f"{HUGE}:1")
    assert whole.width * whole.height <= info["maxArea"] < info["width"] * info["height"]
    assert image(pages, f"{HUGE}:1", "0,0,512,512/512,512/0/default.jpg").size == (512, 512)
    assert pages.get(f"/iiif/image/{HUGE}:1/full/10000,14000/0/default.jpg").status_code == 400


def test_one_image_is_drawn_once_however_many_ask(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Cut] = []
    paint = Painters.paint

    def counting(self: Painters, leaf: Leaf, cut: Cut) -> "Future[bytes]":
        begun.append(cut)
        return paint(self, leaf, cut)

    monkeypatch.setattr(Painters, "paint", counting)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: pages.get(f"/iiif/image/{SCAN}:2/full/900,/0/default.jpg"), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(begun) == 1


def test_images_are_kept_in_the_home_and_drawn_again_when_that_is_emptied(pages: Pages, library: Library) -> None:
    path = f"/iiif/image/{SCAN}:3/full/300,/0/default.jpg"
    first = pages.get(path).content
    (kept,) = [one for one in (library.home / "cache" / "images").glob("*/*") if one.read_bytes() == first]
    kept.unlink()
    assert pages.get(path).content == first


# --- Presentation API -------------------------------------------------------------------------


def test_the_manifest_of_an_item(pages: Pages) -> None:
    made = document(pages, f"/iiif/{SCAN}/manifest.json")
    assert made["id"] == f"{BASE}/iiif/{SCAN}/manifest.json"
    assert made["label"] == {"en": ["The marsh in spring"]}
    assert made["summary"] == {"en": ["What was seen."], "fr": ["Ce que l’on a vu."]}
    assert made["rights"] == "http://creativecommons.org/licenses/by/4.0/"
    assert made["behavior"] == ["paged"]
    assert {code for fact in made["metadata"] for code in fact["label"]} == {"en", "fr", "es"}
    (published,) = [fact["value"] for fact in made["metadata"] if fact["label"]["en"] == ["Published"]]
    assert published == {"en": ["May 1987"], "fr": ["mai 1987"], "es": ["mayo de 1987"]}
    assert [canvas["label"]["none"] for canvas in made["items"]] == [[str(n)] for n in range(1, PAGES + 1)]
    assert {(canvas["width"], canvas["height"]) for canvas in made["items"]} == {SIZE}
    assert [one["format"] for one in made["rendering"]] == ["application/pdf", "text/plain"]
    assert {one["format"] for one in made["seeAlso"]} >= {"application/ld+json", "application/mods+xml"}
    assert made["service"][0]["type"] == "SearchService2"


def test_what_a_manifest_names_is_there(pages: Pages) -> None:
    made = pages.get(f"/iiif/{SCAN}/manifest.json").text
    own = set(re.findall(rf'"({re.escape(BASE)}[^"]*)"', made))
    names = {address for address in own if "/canvas/" in address}
    for address in own - names:
        assert pages.get(address.removeprefix(BASE) or "/", follow_redirects=False).status_code in (200, 303), address


def test_manifests_are_not_sent_twice(pages: Pages) -> None:
    path = f"/iiif/{SCAN}/manifest.json"
    tag = pages.get(path).headers["etag"]
    assert pages.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert pages.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_pages_without_an_image_have_no_canvas(pages: Pages) -> None:
    assert document(pages, f"/iiif/{BARE}/manifest.json")["items"] == []


def test_collections_lead_to_every_public_item(pages: Pages) -> None:
    top = document(pages, "/iiif/collection/library")
    addresses = {entry["id"]: entry["label"] for entry in top["items"]}
    assert addresses[f"{BASE}/iiif/collection/decade:1980"]["fr"] == ["années 1980"]
    found = document(pages, "/iiif/collection/collection:field%20guides")
    assert f"{BASE}/iiif/collection/collection:field%20guides" in addresses
    manifests = {entry["id"] for entry in found["items"]}
    assert f"{BASE}/iiif/{SCAN}/manifest.json" in manifests
    assert not any(item in address for item in (CLOSED, GONE) for address in manifests)
    for name in ("none", "collection:", "collection:no%20such", "subject:x", "collection:%00", "decade:1980/99"):
        assert pages.get(f"/iiif/collection/{name}").status_code == 404, name


@pytest.mark.parametrize("path", [f"/iiif/{SCAN}/manifest.json", "/iiif/collection/library"])
def test_an_independent_implementation_reads_them(pages: Pages, path: str) -> None:
    iiif = pytest.importorskip("iiif_prezi3", reason="pip install --no-deps iiif-prezi3 requests")
    kind = iiif.Manifest if path.endswith("manifest.json") else iiif.Collection
    text = pages.get(path).text
    read = json.loads(kind.model_validate_json(text).json())
    assert read["id"] == json.loads(text)["id"]
    assert len(read["items"]) == len(json.loads(text)["items"])


def test_the_lines_of_a_page_supplement_its_canvas(pages: Pages) -> None:
    made = document(pages, f"/iiif/{SCAN}/text/1")
    assert [one["body"]["value"] for one in made["items"]] == [line for line in TEXT.split("\n") if line]
    first = made["items"][0]
    assert (first["motivation"], first["body"]["language"]) == ("supplementing", "en")
    assert first["target"] == f"{BASE}/iiif/{SCAN}/canvas/1#xywh=80,100,300,30"
    assert pages.get(f"/iiif/{SCAN}/text/99").status_code == 404


# --- Content Search and Content State ---------------------------------------------------------


def test_searching_inside_gives_places_and_quotes(pages: Pages) -> None:
    made = document(pages, f"/iiif/{SCAN}/search?q=herons&motivation=painting")
    assert made["@context"] == "http://iiif.io/api/search/2/context.json"
    assert made["ignored"] == ["motivation"]
    assert len(made["items"]) == 2  # the word is broken: one box a line
    assert all(re.fullmatch(r".*/canvas/1#xywh=(\d+,){3}\d+", one["target"]) for one in made["items"])
    (quoted,) = made["annotations"][0]["items"]
    assert quoted["target"]["source"] == made["items"][0]["id"]
    (selector,) = quoted["target"]["selector"]
    assert (selector["type"], selector["exact"]) == ("TextQuoteSelector", "herons")
    assert selector["prefix"].endswith("and the")
    assert selector["suffix"].startswith("return to")


@pytest.mark.parametrize("query", ["", "nosuchword", "((((", "%00", "a" * 3000, '"', "year:1987"])
def test_searches_that_find_nothing_are_answers(pages: Pages, query: str) -> None:
    assert document(pages, f"/iiif/{SCAN}/search?q={quote(query)}")["items"] == []
    assert document(pages, f"/iiif/{SCAN}/search?q={quote(query)}&page=99999")["items"] == []


def test_a_content_state_leads_back_to_the_place(pages: Pages) -> None:
    manifest, canvas = f"{BASE}/iiif/{SCAN}/manifest.json", f"{BASE}/iiif/{SCAN}/canvas/1"
    for state, target in (
        (coded(state_of(manifest, canvas)), f"/item/{SCAN}/page/1"),
        (coded(state_of(manifest, canvas, "xywh=80,100,300,30")), f"/item/{SCAN}/page/1?xywh=80%2C100%2C300%2C30"),
        (quote(manifest, safe=""), f"/item/{SCAN}"),
    ):
        answer = pages.get(f"/iiif/view?iiif-content={state}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, target)
        assert pages.get(target).status_code == 200


@pytest.mark.parametrize(
    "state",
    [
        "", "https://evil.example/iiif/x/manifest.json", "//evil.example",
        f"{BASE}.evil.example/iiif/{SCAN}/manifest.json",
        coded({"type": "Canvas", "id": f"https://evil.example/iiif/{SCAN}/canvas/1"}), "%00", "javascript:alert(1)",
        coded({"type": "Canvas", "id": f"{BASE}/iiif/../../x/canvas/1"}),
        coded({"type": "Canvas", "id": f"{BASE}/iiif/x/canvas/1"}),
    ],
)  # fmt: skip
def test_content_states_of_others_lead_nowhere(pages: Pages, state: str) -> None:
    answer = pages.get(f"/iiif/view?iiif-content={quote(state, safe='%')}", follow_redirects=False)
    assert (answer.status_code, "location" in answer.headers) == (404, False)


@pytest.mark.shared
def test_hostile_questions_and_paths_are_no_fault_of_the_server(pages: Pages) -> None:
    folder = shared("hostile", "web")
    queries = [json.loads(line)["q"] for line in (folder / "search_fuzz.jsonl").read_text("utf-8").splitlines()]
    paths = [json.loads(line)["path"] for line in (folder / "path_fuzz.jsonl").read_text("utf-8").splitlines()]
    asked = [quote(text, safe="")[:5000].rstrip("%") for text in (*queries, *paths)]
    for text in asked:
        for path in (
            f"/iiif/{SCAN}/search?q={text}", f"/iiif/view?iiif-content={text}", f"/iiif/collection/{text}",
            f"/item/{SCAN}/search?q={text}&part={text}", f"/item/{SCAN}/pages?part={text}",
            f"/iiif/{text}/manifest.json",
            f"/item/{SCAN}/page/1?q={text}&xywh={text}&view={text}&zoom={text}", f"/iiif/{SCAN}/text/{text}",
            f"/iiif/image/{text}/info.json", f"/iiif/image/{SCAN}:1/{text}/{text}/{text}/{text}",
        ):  # fmt: skip
            answer = pages.get(path)
            assert answer.status_code < 500, path
            assert "<script>alert" not in answer.text


def test_many_who_look_at_images_do_not_stop_those_who_read(pages: Pages) -> None:
    def tile(number: int) -> int:
        region = f"{number % 37},{number},{200 + number},300"
        return pages.get(f"/iiif/image/{SCAN}:{1 + number % PAGES}/{region}/max/0/default.png").status_code

    with ThreadPoolExecutor(16) as pool:
        coming = [pool.submit(tile, number) for number in range(160)]
        slowest = 0.0
        while not all(one.done() for one in coming):
            started = time.monotonic()
            assert pages.get(f"/item/{SCAN}").status_code == 200
            slowest = max(slowest, time.monotonic() - started)
    assert {one.result() for one in coming} <= {200, 503}
    assert slowest < 2
