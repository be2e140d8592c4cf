from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw
from scans import ENGLISH, degraded, scan_of

from ingest.look import Look, look_at
from ingest.straighten import level
from metadata.model import Word


def _look(image: Image.Image, folder: Path) -> Look:
    path = folder / "page.png"
    image.save(path)
    return look_at(path)


@pytest.fixture
def scan(tmp_path: Path) -> Image.Image:
    return scan_of(tmp_path, [ENGLISH])[0]


def test_a_straight_and_evenly_lit_page_needs_nothing(scan: Image.Image, tmp_path: Path) -> None:
    look = _look(scan, tmp_path)
    assert (look.skew, look.sideways, look.uneven) == (0.0, False, False)
    assert look.paper > 230
    assert 0.01 < look.ink < 0.2


@pytest.mark.parametrize("angle", [-11.0, -4.3, -1.4, 2.5, 8.0])
def test_skew_is_told_to_a_fraction_of_a_degree(scan: Image.Image, tmp_path: Path, angle: float) -> None:
    turned = scan.rotate(-angle, Image.Resampling.BICUBIC, expand=True, fillcolor=245)
    assert _look(turned, tmp_path).skew == pytest.approx(angle, abs=0.25)


@pytest.mark.parametrize("angle", [-0.6, 0.4])
def test_what_does_no_harm_is_left_as_it_lies(scan: Image.Image, tmp_path: Path, angle: float) -> None:
    assert _look(scan.rotate(angle, Image.Resampling.BICUBIC, fillcolor=245), tmp_path).skew == 0.0


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_a_page_on_its_side_is_told(scan: Image.Image, tmp_path: Path, mode: str) -> None:
    look = _look(scan.rotate(90, expand=True).convert(mode, dither=Image.Dither.NONE), tmp_path)
    assert look.sideways
    assert look.skew == 0.0
    assert not look.uneven


def test_a_shadow_is_told_from_dark_paper(scan: Image.Image, tmp_path: Path) -> None:
    shadow = Image.new("L", scan.size, 255)
    ImageDraw.Draw(shadow).rectangle((0, 0, scan.width // 2, scan.height), fill=90)
    assert _look(ImageChops.multiply(scan, shadow), tmp_path).uneven
    assert not _look(ImageChops.multiply(scan, Image.new("L", scan.size, 90)), tmp_path).uneven


def test_a_picture_within_its_margins_is_no_shadow(scan: Image.Image, tmp_path: Path) -> None:
    picture = Image.new("L", (scan.width // 2, scan.height // 2), 70)
    scan.paste(picture, (scan.width // 4, scan.height // 4))
    assert not _look(scan, tmp_path).uneven
    scan.paste(picture, (scan.width // 4, scan.height // 2))  # down to the edge
    assert _look(scan, tmp_path).uneven


def test_white_print_on_a_dark_ground_is_not_unevenly_lit(scan: Image.Image, tmp_path: Path) -> None:
    dark = ImageChops.invert(scan).crop((60, 80, 1000, 420))
    assert not _look(dark.point([min(255, 70 + value) for value in range(256)]), tmp_path).uneven


def test_paper_noise_is_no_ink(tmp_path: Path) -> None:
    blank = Image.new("L", (800, 800), 240)
    assert _look(degraded(blank), tmp_path).ink < 0.001
    blank.paste(0, (300, 300, 400, 400))
    assert _look(degraded(blank), tmp_path).ink > 0.001


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (3000, 2)])
def test_the_smallest_images_have_nothing_to_tell(tmp_path: Path, size: tuple[int, int]) -> None:
    assert _look(Image.new("L", size, 9), tmp_path).skew == 0.0


@pytest.mark.parametrize("angle", [-7.0, 3.0, 12.0])
def test_a_box_on_the_levelled_image_comes_back_to_its_place(tmp_path: Path, angle: float) -> None:
    image = Image.new("L", (900, 600), 255)
    image.paste(0, (600, 100, 640, 120))
    image.save(tmp_path / "page.png")
    made = level(tmp_path / "page.png", angle, 255, tmp_path / "level.pnm")
    with Image.open(made.path) as levelled:
        assert levelled.size == made.size
        dark = levelled.point([255 if value < 128 else 0 for value in range(256)]).getbbox()
    assert dark
    left, top, right, bottom = made.back(Word("a", dark)).box
    middle = ((left + right) / 2, (top + bottom) / 2)
    assert middle == pytest.approx((620, 110), abs=1.5)
    assert left <= 601
    assert right >= 639
    edge = made.back(Word("a", (0, 0, *made.size))).box
    assert edge == (0, 0, 900, 600)
