"""A PDF page as the image that is read."""

from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array
from PIL import Image
from scans import LIMITS, scanned

from ingest.pdfpages import page_picture


def test_a_scan_on_a_sheet_as_small_as_a_stamp_is_taken_out_whole(tmp_path: Path) -> None:
    path = scanned(tmp_path / "a.pdf", [Image.linear_gradient("L").resize((1250, 1733))], dpi=1300)
    found = page_picture(path, 1, tmp_path, LIMITS)
    assert found
    with Image.open(found.path) as image:
        assert (image.size, found.dpi) == ((1250, 1733), 300)


@pytest.mark.parametrize("mode", ["taken out", "rendered"])
@pytest.mark.parametrize("unit", [1, 10])
def test_a_sheet_in_large_units_is_read_in_full(tmp_path: Path, mode: str, unit: int) -> None:
    path = scanned(tmp_path / "a.pdf", [Image.linear_gradient("L").resize((1250, 833))])
    with pikepdf.open(path) as pdf:
        page = pdf.pages[0].obj
        width, height = (float(side) / unit for side in list(page.MediaBox)[2:])
        page.MediaBox, page.UserUnit = Array([0, 0, width, height]), unit
        line = b"" if mode == "taken out" else b"0 0 1 1 re f"
        page.Contents = pdf.make_stream(b"q %f 0 0 %f 0 0 cm /Im0 Do Q " % (width, height) + line)
        pdf.save(tmp_path / "b.pdf")
    found = page_picture(tmp_path / "b.pdf", 1, tmp_path, LIMITS)
    assert found
    with Image.open(found.path) as image:
        assert (image.size, found.dpi) == ((1250, 833), 300)
        assert image.format == ("JPEG" if mode == "taken out" else "PPM")
