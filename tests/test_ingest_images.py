from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from scans import LIMITS, tiff

from ingest.images import TooLarge, believable_dpi, is_one_tone, page_sizes, picture, turned


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
    assert page_sizes(path, LIMITS) == {0: (90, 60)}
    assert shown.turn == 90
    with Image.open(shown.path) as upright:
        assert upright.size == (90, 60)
        assert upright.getpixel((88, 30)) < 40 < upright.getpixel((2, 30))  # type: ignore[operator]


@pytest.mark.parametrize(("mode", "compression"), [("L", "raw"), ("1", "group4")])
@pytest.mark.parametrize(("orientation", "size"), [(3, (60, 90)), (6, (90, 60)), (8, (90, 60)), (5, (90, 60))])
def test_the_orientation_of_a_tiff_is_heeded_once(
    tmp_path: Path, mode: str, compression: str, orientation: int, size: tuple[int, int]
) -> None:
    image = Image.new(mode, (60, 90), 255)
    image.paste(0, (0, 0, 60, 10))
    path = _saved(image, tmp_path / "a.tif", compression=compression, tiffinfo={274: orientation})
    shown = picture(path, 0, tmp_path, LIMITS)
    assert (page_sizes(path, LIMITS), shown.turn) == ({0: size}, 0)
    edge = {3: (30, 88), 6: (88, 30), 8: (2, 30), 5: (2, 30)}[orientation]
    with Image.open(shown.path) as upright:
        assert upright.size == size
        assert (upright.getpixel(edge), upright.getpixel((size[0] // 2, size[1] // 2))) == (0, 255)


def test_small_copies_and_masks_of_pages_are_no_pages(tmp_path: Path) -> None:
    assert page_sizes(tiff(tmp_path / "a.tif", [(30, 0), (4, 1), (60, 2), (60, 4)]), LIMITS) == {
        0: (30, 30),
        2: (60, 60),
    }
    assert page_sizes(tiff(tmp_path / "b.tif", [(4, 1), (60, 0)]), LIMITS) == {1: (60, 60)}
    assert page_sizes(tiff(tmp_path / "c.tif", [(4, 1), (2, 1)]), LIMITS) == {0: (4, 4)}


def test_a_photograph_with_a_small_copy_beside_it_is_a_jpeg(tmp_path: Path) -> None:
    images = [Image.new("RGB", (size, size)) for size in (60, 10)]
    path = _saved(images[0], tmp_path / "a.jpg", format="MPO", save_all=True, append_images=images[1:])
    assert page_sizes(path, LIMITS) == {0: (60, 60)}
    assert picture(path, 0, tmp_path, LIMITS).path == path


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
        ((2480, 3508), 1200, 300),
        ((870, 1245), 600, 106),
        ((1500, 900), 300, 300),
        ((256, 250), 300, 300),
    ],
)
def test_absurd_resolutions_are_mended_by_the_size_of_the_page(size: tuple[int, int], stated: int, dpi: int) -> None:
    image = Image.new("1", size)
    image.info["dpi"] = (stated, stated)
    assert believable_dpi(image) == dpi


@pytest.mark.parametrize(
    ("mode", "dpi", "size"),
    [("1", (204, 98), (60, 187)), ("1", (204, 196), (60, 90)), ("1", (300, 72), (60, 90)), ("L", (204, 98), (60, 90))],
)
def test_a_coarse_fax_is_read_in_its_true_proportions(
    tmp_path: Path, mode: str, dpi: tuple[int, int], size: tuple[int, int]
) -> None:
    path = _saved(Image.new(mode, (60, 90), 255), tmp_path / "a.tif", dpi=dpi)
    assert page_sizes(path, LIMITS) == {0: size}
    with Image.open(picture(path, 0, tmp_path, LIMITS).path) as shown:
        assert (shown.size, shown.mode) == (size, mode)
    with Image.open(picture(path, 0, tmp_path, replace(LIMITS, read_pixels=2000)).path) as reduced:
        assert reduced.width / reduced.height == pytest.approx(size[0] / size[1], rel=0.05)


def test_an_image_above_the_limit_is_not_decoded(tmp_path: Path) -> None:
    path = _saved(Image.new("1", (2000, 2000)), tmp_path / "a.png")
    with pytest.raises(TooLarge):
        picture(path, 0, tmp_path, replace(LIMITS, pixels=3_999_999))


def test_a_large_image_is_read_at_a_lower_resolution(tmp_path: Path) -> None:
    path = _saved(Image.new("L", (1200, 1200), 255), tmp_path / "a.png", dpi=(300, 300))
    reduced = picture(path, 0, tmp_path, replace(LIMITS, read_pixels=360_000))
    assert (reduced.reduced, reduced.dpi) == (True, 150)


def test_fine_lines_of_a_large_bitonal_image_are_not_left_out(tmp_path: Path) -> None:
    image = Image.new("1", (1200, 1200), 1)
    for place in range(0, 1200, 40):
        image.paste(0, (place, 0, place + 1, 1200))
    path = _saved(image, tmp_path / "a.png", dpi=(600, 600))
    with Image.open(picture(path, 0, tmp_path, replace(LIMITS, read_pixels=360_000)).path) as reduced:
        dark = sum(tone < 230 for tone in reduced.crop((0, 300, 600, 301)).tobytes())
    assert dark >= 30


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
