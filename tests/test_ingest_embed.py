"""Images as PDF pages: the same picture, and the same bytes where the format allows it."""

from pathlib import Path

import pikepdf
import pytest
from pikepdf import Pdf
from PIL import Image, ImageChops
from scans import LIMITS, images

from ingest.embed import add_image_page
from ingest.tiff_jpeg import jpeg_in_tiff


def _shown(path: Path) -> tuple[Image.Image, bytes]:
    """Return what the page of an image shows, and its image's stream."""
    with Pdf.new() as pdf:
        page = add_image_page(pdf, path, 0, LIMITS)
        data = page.obj.Resources.XObject.Scan.read_raw_bytes()
        pdf.save(path.with_suffix(".pdf"))
    return images(path.with_suffix(".pdf"), 300)[0], data


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("I;16", "png"), ("I;16", "tif"), ("I;16B", "tif"), ("I", "tif"), ("F", "tif"), ("LA", "png"), ("1", "tif")],
)
def test_images_of_any_depth_show_what_they_did(tmp_path: Path, mode: str, suffix: str) -> None:
    grey = Image.linear_gradient("L").resize((300, 256))
    deep = grey.point(lambda tone: tone * 257, "I")
    picture = deep.convert(mode) if mode.startswith("I") else grey.convert(mode)
    picture.save(tmp_path / f"a.{suffix}", dpi=(300, 300))
    shown, _ = _shown(tmp_path / f"a.{suffix}")
    wanted = grey.convert("1") if mode == "1" else grey
    assert shown.size == wanted.size
    assert shown.resize((3, 3)).tobytes() == pytest.approx(wanted.convert("L").resize((3, 3)).tobytes(), abs=3)


def test_a_coarse_fax_is_shown_in_its_true_proportions(tmp_path: Path) -> None:
    Image.new("1", (1020, 490), 1).save(tmp_path / "a.tif", dpi=(204, 98), compression="group4")
    shown, _ = _shown(tmp_path / "a.tif")
    assert shown.size == (1500, 1500)


def test_a_photograph_of_several_images_stays_as_it_is(tmp_path: Path) -> None:
    colours = [Image.new("RGB", (200, 100), colour) for colour in ("red", "blue")]
    colours[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=colours[1:])
    _, data = _shown(tmp_path / "a.jpg")
    assert data == (tmp_path / "a.jpg").read_bytes()


def test_a_tiff_on_its_side_is_shown_upright(tmp_path: Path) -> None:
    lying = Image.new("1", (60, 90), 1)
    lying.paste(0, (0, 0, 60, 10))
    lying.save(tmp_path / "a.tif", tiffinfo={274: 6}, dpi=(300, 300), compression="group4")
    shown, _ = _shown(tmp_path / "a.tif")
    assert shown.size == (90, 60)
    assert (shown.getpixel((85, 30)), shown.getpixel((5, 30))) == (0, 255)


@pytest.mark.parametrize("rows", [16, 256])
@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr"])
def test_a_jpeg_in_a_tiff_is_taken_out_of_it(tmp_path: Path, mode: str, rows: int) -> None:
    tones = [Image.linear_gradient("L"), Image.radial_gradient("L"), Image.new("L", (256, 256), 90)]
    picture = Image.merge("RGB", tones).convert(mode).crop((0, 0, 253, 251))
    picture.save(tmp_path / "a.tif", compression="jpeg", tiffinfo={278: rows}, dpi=(300, 300))
    shown, data = _shown(tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as tiff:
        wanted = tiff.convert("L")
    assert data.startswith(b"\xff\xd8")
    assert max(ImageChops.difference(shown, wanted).tobytes()) <= 2


def test_a_jpeg_in_a_tiff_that_lies_turned_is_decoded(tmp_path: Path) -> None:
    picture = Image.linear_gradient("L")
    picture.save(tmp_path / "a.tif", compression="jpeg", tiffinfo={278: 16, 274: 3}, dpi=(300, 300))
    shown, data = _shown(tmp_path / "a.tif")
    assert not data.startswith(b"\xff\xd8")
    assert (shown.getpixel((100, 5)), shown.getpixel((100, 250))) == pytest.approx((250, 5), abs=3)


@pytest.mark.parametrize("place", ["counts", "a strip's frame", "a strip's start"])
def test_strips_that_make_no_jpeg_are_left_to_the_decoder(tmp_path: Path, place: str) -> None:
    path = tmp_path / "a.tif"
    Image.linear_gradient("L").save(path, compression="jpeg", tiffinfo={278: 64}, dpi=(300, 300))
    data = bytearray(path.read_bytes())
    with Image.open(path) as image:
        tags = image.tag_v2  # type: ignore[attr-defined]
        second = tags[273][1]
        if place == "counts":
            tags[279] = (1 << 30, *tags[279][1:])
        elif place == "a strip's frame":
            data[data.index(b"\xff\xc0", second) + 6] ^= 8
        else:
            data[second] = 0
        path.write_bytes(data)
        assert jpeg_in_tiff(image, path) is None


@pytest.mark.parametrize("size", [(1, 1), (2000, 3), (3, 2000)])
def test_the_smallest_images_are_pages_too(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("L", size, 90).save(tmp_path / "a.png")
    _shown(tmp_path / "a.png")
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        assert min(float(side) for side in list(pdf.pages[0].mediabox)[2:]) >= 3


@pytest.mark.parametrize("kind", ["jp2", "jpg"])
def test_coded_streams_are_taken_over(tmp_path: Path, kind: str) -> None:
    Image.linear_gradient("L").save(tmp_path / f"a.{kind}")
    _, data = _shown(tmp_path / f"a.{kind}")
    assert data == (tmp_path / f"a.{kind}").read_bytes()
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        assert len(pdf.pages) == 1
