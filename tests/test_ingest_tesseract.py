from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from scans import ENGLISH, scan_of

from ingest.engine import OcrFailed, load_engine
from ingest.tesseract import Tesseract
from metadata.errors import ProgramMissing

pytestmark = pytest.mark.ocr


def _saved(image: Image.Image, path: Path) -> Path:
    image.save(path)
    return path


def test_one_reading_gives_text_words_boxes_and_layer(tmp_path: Path) -> None:
    path = _saved(scan_of(tmp_path, [ENGLISH])[0], tmp_path / "a.png")
    page = Tesseract().read(path, ("eng",), tmp_path / "layer.pdf")
    assert page.text.replace("\n\n", "\n") == ENGLISH
    assert page.text.split() == [word.text for word in page.words]
    assert (page.width, page.height, page.language, page.rotation) == (1250, 834, "en", 0)
    assert page.confidence > 85
    left, top, right, bottom = page.words[0].box
    assert 75 < left < 100 < right < 200
    assert 70 < top < 110 < bottom < 140
    with pikepdf.open(tmp_path / "layer.pdf") as layer:
        assert len(layer.pages) == 1
        assert b"3 Tr" in layer.pages[0].Contents.read_bytes()


@pytest.mark.parametrize("turn", [90, 270])  # 180: with the access copies
def test_a_turned_page_is_mended(tmp_path: Path, turn: int) -> None:
    path = _saved(scan_of(tmp_path, [ENGLISH])[0].rotate(turn, expand=True), tmp_path / "a.png")
    page = Tesseract().read(path, ("eng",), None)
    assert page.rotation == turn
    assert "forty species" in page.text
    assert (page.width, page.height) == (1250, 834)


def test_noise_has_no_words_and_no_layer(tmp_path: Path) -> None:
    path = _saved(scan_of(tmp_path, [""])[0], tmp_path / "a.png")
    page = Tesseract().read(path, ("eng",), tmp_path / "layer.pdf")
    assert (page.text, page.words, page.confidence) == ("", (), 0.0)
    assert not (tmp_path / "layer.pdf").exists()


def test_a_reading_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = _saved(scan_of(tmp_path, [ENGLISH])[0], tmp_path / "a.png")
    with pytest.raises(OcrFailed, match="more than"):
        replace(Tesseract(), timeout=0.05).read(path, ("eng",), None)


def test_a_language_that_is_not_installed_is_named(tmp_path: Path) -> None:
    path = _saved(scan_of(tmp_path, ["x"])[0], tmp_path / "a.png")
    with pytest.raises(OcrFailed, match="tlh"):
        Tesseract().read(path, ("tlh",), None)
    assert {"eng", "fra", "spa"} <= set(Tesseract.languages())
    assert "osd" not in Tesseract.languages()


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ProgramMissing) as caught:
        load_engine("tesseract")
    assert "tesseract-ocr" in caught.value.hint
