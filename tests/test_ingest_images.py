from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from scans import LIMITS

from ingest.images import TooLarge, believable_dpi, frame_sizes, is_one_tone, picture, turned


def _saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def test_a_plain_jpeg_goes_to_the_engine_as_it_is(tmp_path: Path) -> None:
    path = _saved(Image.new("L", (600, 900), 255), tmp_path / "a.jpg", dpi=(300, 300))
    assert picture(path, 0, tmp_path, LIMITS).path == path


@pytest.mark.parametrize("mode", ["CMYK", "1", "P", "RGBA", "LA", "I;16"])
def test_other_images_become_plain_ones(tmp_path: Path, mode: str) -> None:
    suffix = "tif" if mode in ("CMYK", "1") else "png"
    path = _saved(Image.new("L", (60, 90), 255).convert(mode), tmp_path / f"a.{suffix}")
    with Image.open(picture(path, 0, tmp_path, LIMITS).path) as plain:
        assert plain.mode in ("1", "L")
        assert plain.size == (60, 90)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    path = _saved(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), tmp_path / "a.png")
    with Image.open(picture(path, 0, tmp_path, LIMITS).path) as plain:
        assert plain.getextrema() == (255, 255)


def test_the_orientation_a_camera_notes_is_heeded(tmp_path: Path) -> None:
    image = Image.new("L", (60, 90), 255)
    image.paste(0, (0, 0, 60, 10))
    exif = Image.Exif()
    exif[0x0112] = 6
    path = _saved(image, tmp_path / "a.jpg", exif=exif)
    shown = picture(path, 0, tmp_path, LIMITS)
    assert frame_sizes(path, LIMITS) == ((90, 60),)
    assert shown.turn == 90
    with Image.open(shown.path) as upright:
        assert upright.size == (90, 60)
        assert upright.getpixel((88, 30)) < 40 < upright.getpixel((2, 30))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("size", "stated", "dpi"),
    [
        ((2480, 3508), 300, 300),
        ((2480, 3508), 72, 300),
        ((2480, 3508), 5000, 300),
        ((1000, 1566), 72, 300),
        ((600, 900), 0, 100),
        ((9000, 12000), 0, 1026),
        ((4960, 7016), 600, 600),
    ],
)
def test_absurd_resolutions_are_mended_by_the_size_of_the_page(size: tuple[int, int], stated: int, dpi: int) -> None:
    image = Image.new("1", size)
    image.info["dpi"] = (stated, stated)
    assert believable_dpi(image) == dpi


def test_an_image_above_the_limit_is_not_decoded(tmp_path: Path) -> None:
    path = _saved(Image.new("1", (2000, 2000)), tmp_path / "a.png")
    with pytest.raises(TooLarge):
        picture(path, 0, tmp_path, replace(LIMITS, pixels=3_999_999))


def test_a_large_image_is_read_at_a_lower_resolution(tmp_path: Path) -> None:
    path = _saved(Image.new("L", (1200, 1200), 255), tmp_path / "a.png", dpi=(300, 300))
    reduced = picture(path, 0, tmp_path, replace(LIMITS, read_pixels=360_000))
    assert (reduced.reduced, reduced.dpi) == (True, 150)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turning_is_clockwise(tmp_path: Path, turn: int) -> None:
    image = Image.new("L", (3, 2), 255)
    image.putpixel((0, 0), 0)
    with Image.open(turned(_saved(image, tmp_path / "a.png"), turn, tmp_path / "b")) as after:
        corner = {90: (1, 0), 180: (2, 1), 270: (0, 2)}[turn]
        assert after.getpixel(corner) == 0


def test_one_tone_is_told() -> None:
    blank = Image.new("L", (800, 800), 240)
    blank.paste(0, (300, 300, 400, 400))
    assert is_one_tone(Image.new("L", (9, 9), 7))
    assert not is_one_tone(blank)
