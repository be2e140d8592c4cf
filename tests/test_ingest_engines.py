"""What every engine must do: the same tests for all."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageOps
from scans import ENGLISH, FRENCH, scan_of
from thoroughness import usually

from ingest.engine import ENGINES, OcrEngine, OcrFailed, engine_languages, load_engine
from metadata.alto import name_and_version
from metadata.errors import UsageError
from metadata.model import Page

pytestmark = pytest.mark.ocr


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> OcrEngine:
    if request.param == "tesserocr" and importlib.util.find_spec("tesserocr") is None:
        pytest.skip('tesserocr is not installed: pip install "canoe[fast]"')
    return load_engine(request.param)


def _read(engine: OcrEngine, image: Image.Image, folder: Path, language: str = "eng") -> Page:
    path = folder / "page.png"
    image.save(path)
    return engine.read(path, (language,), 300, folder)


def _shadowed(image: Image.Image) -> Image.Image:
    """Return the image with a shadow over its right half: paper there is darker than ink in the light."""
    light = Image.linear_gradient("L").rotate(90).resize(image.size)
    return ImageChops.multiply(image, light.point([min(255, max(70, 3 * value - 200)) for value in range(256)]))


def test_one_reading_gives_text_words_and_boxes(engine: OcrEngine, tmp_path: Path) -> None:
    page = _read(engine, scan_of(tmp_path, [ENGLISH])[0], tmp_path)
    assert page.text.replace("\n\n", "\n") == ENGLISH
    assert page.text.split() == [word.text for word in page.words]
    assert (page.width, page.height, page.language, page.rotation, page.dpi) == (1250, 834, "en", 0, 300)
    assert page.confidence > 85
    left, top, right, bottom = page.words[0].box
    assert 75 < left < 100 < right < 200
    assert 70 < top < 110 < bottom < 140
    assert {path.name for path in tmp_path.iterdir()} == {"page.png", "source.pdf"}


@pytest.mark.parametrize("turn", usually([180, 270], thoroughly=[90, 180, 270]))
def test_a_turned_page_is_mended(engine: OcrEngine, tmp_path: Path, turn: int) -> None:
    page = _read(engine, scan_of(tmp_path, [ENGLISH])[0].rotate(turn, expand=True), tmp_path)
    assert page.rotation == turn
    assert "forty species" in page.text
    assert (page.width, page.height) == (1250, 834)


@pytest.mark.parametrize("angle", [-9, 4])
def test_a_page_askew_is_read_and_its_words_stand_where_they_are(engine: OcrEngine, tmp_path: Path, angle: int) -> None:
    image = scan_of(tmp_path, [FRENCH])[0].rotate(angle, Image.Resampling.BICUBIC, fillcolor=245)
    page = _read(engine, image, tmp_path, "fra")
    assert page.text.replace("\n\n", "\n") == FRENCH
    assert (page.width, page.height, page.rotation) == (*image.size, 0)
    for word in page.words:
        assert min(image.crop(word.box).tobytes()) < 100, word
    last, first = page.words[5].box, page.words[0].box  # of the first line
    assert (last[1] < first[1]) == (angle > 0)


def test_words_in_the_shadow_are_read(engine: OcrEngine, tmp_path: Path) -> None:
    page = _read(engine, _shadowed(scan_of(tmp_path, [ENGLISH])[0]), tmp_path)
    assert page.text.replace("\n\n", "\n") == ENGLISH


def test_a_page_is_read_the_same_whatever_was_read_before(engine: OcrEngine, tmp_path: Path) -> None:
    english, french = scan_of(tmp_path, [ENGLISH, FRENCH])
    first = _read(engine, english, tmp_path)
    _read(engine, _shadowed(french), tmp_path, "fra")
    _read(engine, french.rotate(90, expand=True), tmp_path)
    assert _read(engine, english, tmp_path) == first


@pytest.mark.parametrize("kind", ["paper", "dust", "dither", "black", "shine"])
def test_what_says_nothing_has_no_words(engine: OcrEngine, tmp_path: Path, kind: str) -> None:
    paper = scan_of(tmp_path, [""])[0]
    noise = Image.effect_noise((480, 320), 120)  # as small as shows it: to find nothing takes long
    images = {
        "paper": paper,
        "dust": noise.point([0 if value < 10 else 255 for value in range(256)]),
        "dither": noise.resize((120, 80)).resize((480, 320)).convert("1"),
        "black": Image.new("L", (1250, 834), 3),
        "shine": Image.blend(paper, ImageOps.mirror(scan_of(tmp_path, [FRENCH])[0]), 0.5),
    }
    page = _read(engine, images[kind], tmp_path)
    assert (page.text, page.words, page.confidence) == ("", (), 0.0)


def test_coarse_print_is_kept_as_far_as_it_is_read(engine: OcrEngine, tmp_path: Path) -> None:
    fine = scan_of(tmp_path, [ENGLISH])[0]
    coarse = fine.resize((fine.width * 10 // 52, fine.height * 10 // 52), Image.Resampling.BOX)
    page = _read(engine, coarse, tmp_path)
    assert page.confidence < 60
    assert {"wetlands", "northern", "home"} <= set(page.text.split())


def test_a_reading_that_takes_too_long_is_given_up_and_the_next_goes_on(engine: Any, tmp_path: Path) -> None:
    image = scan_of(tmp_path, [ENGLISH])[0]
    with pytest.raises(OcrFailed, match="more than"):
        _read(replace(engine, timeout=0.02), image, tmp_path)
    assert "forty species" in _read(engine, image, tmp_path).text


def test_a_language_that_is_not_installed_is_named(engine: OcrEngine, tmp_path: Path) -> None:
    with pytest.raises(OcrFailed, match="tlh"):
        _read(engine, scan_of(tmp_path, ["x"])[0], tmp_path, "tlh")


def test_what_is_no_image_is_a_failure_and_no_crash(engine: OcrEngine, tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    scan_of(tmp_path, [ENGLISH])[0].save(path)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises((OcrFailed, OSError)):
        engine.read(path, ("eng",), 300, tmp_path)


def test_an_engine_tells_its_version_and_languages(engine: OcrEngine) -> None:
    name, version = name_and_version(engine.agent())
    assert name.startswith("Tesseract")
    assert version[0] == "5"
    named = next(name for name in ENGINES if type(load_engine(name)) is type(engine))
    assert {"eng", "fra", "spa"} <= engine_languages(named)


def test_there_is_no_other_engine() -> None:
    with pytest.raises(UsageError, match="abbyy"):
        engine_languages("abbyy")
