"""Folders of page images that are one publication, once they are given to the digitising as one document."""

from contextlib import closing
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
from failing_engines import Good
from PIL import Image
from scans import ENGLISH, FRENCH, LIMITS, scan_of

from ingest.digitise import digitise
from ingest.documents import Digitised, Document, Refused
from ingest.survey import Survey, survey
from ingest.tesseract import Tesseract
from ingest.textlayer import read_layer
from metadata.pages import read_page


def _series(folder: Path, *files: Path) -> Document:
    (folder / "work").mkdir()
    return Document(files[0], "image/tiff", ("eng", "fra"), folder / "work", "book", "The book", files[1:])


def _image(path: Path, frames: int = 1) -> Path:
    tones = [Image.linear_gradient("L").resize((300 + 10 * n, 200)) for n in range(frames)]
    if frames > 1:
        tones[0].save(path, save_all=True, append_images=tones[1:])
    else:
        tones[0].save(path)
    return path


def test_pages_are_numbered_through_the_files_and_their_frames(tmp_path: Path) -> None:
    made = _series(tmp_path, _image(tmp_path / "1.png"), _image(tmp_path / "2.tif", 3), _image(tmp_path / "3.jpg"))
    found = survey(made, LIMITS)
    assert isinstance(found, Survey)
    assert found.places == ((0, 0), (1, 0), (1, 1), (1, 2), (2, 0))
    assert [width for width, _ in found.sizes] == [300, 300, 310, 320, 300]


@pytest.mark.ocr
def test_images_become_one_searchable_pdf_in_their_order(tmp_path: Path) -> None:
    files = []
    for number, picture in enumerate(scan_of(tmp_path, [ENGLISH, FRENCH]), 9):
        files.append(tmp_path / f"{number}.png")
        picture.save(files[-1], dpi=(300, 300))
    (done,) = digitise([_series(tmp_path, *files)], Tesseract(), 2, LIMITS, lambda _: None)
    assert isinstance(done, Digitised)
    pages = [read_page(line) for line in done.pages.read_bytes().splitlines()]
    assert [(page.number, page.language) for page in pages] == [(1, "en"), (2, "fr")]
    assert done.access
    with closing(pdfium.PdfDocument(done.access)) as opened:
        layers = [read_layer(page, n) for n, page in enumerate(opened, 1)]
    assert [layer.text.split() for layer in layers] == [page.text.split() for page in pages]
    with pikepdf.open(done.access) as pdf:
        assert (str(pdf.docinfo["/Title"]), str(pdf.Root.Lang)) == ("The book", "en")


def test_a_damaged_image_among_others_is_a_page_unread(tmp_path: Path) -> None:
    (tmp_path / "2.tif").write_bytes(b"II*\0 no more")
    made = _series(tmp_path, _image(tmp_path / "1.tif"), tmp_path / "2.tif", _image(tmp_path / "3.tif"))
    (done,) = digitise([made], Good(), 1, LIMITS, lambda _: None)
    assert isinstance(done, Digitised)
    pages = [read_page(line) for line in done.pages.read_bytes().splitlines()]
    assert [page.method for page in pages] == ["ocr", "unread", "ocr"]
    assert [fault.code for fault in done.problems] == ["page-unread"]
    assert done.access
    with pikepdf.open(done.access) as pdf:
        assert ["/Resources" in page.obj and "/XObject" in page.obj.Resources for page in pdf.pages] == [
            True,
            False,
            True,
        ]


def test_a_series_of_which_no_file_opens_is_refused(tmp_path: Path) -> None:
    for name in ("1.tif", "2.tif"):
        (tmp_path / name).write_bytes(b"")
    (done,) = digitise([_series(tmp_path, tmp_path / "1.tif", tmp_path / "2.tif")], Good(), 1, LIMITS, lambda _: None)
    assert isinstance(done, Refused)
    assert [fault.code for fault in done.problems] == ["file-empty"]
