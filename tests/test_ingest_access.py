from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
from pikepdf import Name
from PIL import Image, ImageChops, ImageStat
from scans import ENGLISH, FRENCH, LIMITS, document, images, scan_of, scanned, typeset
from thoroughness import usually

from ingest.digitise import digitise
from ingest.documents import Digitised, Document
from ingest.tesseract import Tesseract
from ingest.textlayer import read_layer
from metadata.model import Page
from metadata.pages import read_page

pytestmark = pytest.mark.ocr


def _digitised(*documents: Document) -> list[Digitised]:
    outcomes = list(digitise(documents, Tesseract(), 2, LIMITS, lambda _: None))
    assert all(isinstance(outcome, Digitised) for outcome in outcomes)
    return [outcome for outcome in outcomes if isinstance(outcome, Digitised)]


def _pages(digitised: Digitised) -> list[Page]:
    return [read_page(line) for line in digitised.pages.read_bytes().splitlines()]


def _layer(path: Path, number: int) -> Page:
    with closing(pdfium.PdfDocument(path)) as opened, closing(opened[number - 1]) as page:
        return read_layer(page, number)


def _image_streams(path: Path) -> list[bytes]:
    with pikepdf.open(path) as pdf:
        found = (
            image.read_raw_bytes()
            for page in pdf.pages
            for image in page.resources.get("/XObject", pikepdf.Dictionary()).values()
            if image.get("/Subtype") == Name.Image
        )
        return list(found)


def _assert_same_places(pages: Iterable[Page], access: Path) -> None:
    """Each word that was read is found in the access copy, at its place on the page as it is shown."""
    for page in pages:
        layer = _layer(access, page.number)
        assert layer.text.split() == page.text.split()
        across, down = layer.width / page.width, layer.height / page.height
        for word, laid in zip(page.words, layer.words, strict=True):
            middle = (word.box[0] + word.box[2]) / 2 * across, (word.box[1] + word.box[3]) / 2 * down
            assert middle == pytest.approx(((laid.box[0] + laid.box[2]) / 2, (laid.box[1] + laid.box[3]) / 2), abs=25)


def _scan(page: pikepdf.Page) -> Image.Image:
    stream = page.resources.XObject.Scan
    assert isinstance(stream, pikepdf.Stream)
    return pikepdf.PdfImage(stream).as_pil_image()


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Return by how many of 255 tones the pixels of two grey images differ in the mean."""
    assert one.size == other.size
    return ImageStat.Stat(ImageChops.difference(one, other)).mean[0]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a PDF with an upright scan on a page with an odd box, one upside down, one with /Rotate, and a born page."""
    folder = tmp_path_factory.mktemp("mixed")
    upright, second, third = scan_of(folder, [ENGLISH, FRENCH, ENGLISH])
    pictures = [upright, second.rotate(180), third.rotate(90, expand=True)]
    path = scanned(folder / "scans.pdf", pictures)
    with pikepdf.open(path) as pdf, pikepdf.open(typeset(folder / "born.pdf", [ENGLISH])) as born:
        pdf.pages[0].mediabox = pikepdf.Array([-50, -20, 300, 200])
        pdf.pages[0].cropbox = pikepdf.Array([0, 0, 400, 200])
        pdf.pages[2].obj.Rotate = 90
        pdf.pages.extend(born.pages)
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Chapter", 1))
        pdf.docinfo["/Title"] = "Wetlands of the coast"
        pdf.save(folder / "mixed.pdf")
    return folder / "mixed.pdf"


@pytest.fixture(scope="module")
def twice(mixed: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Digitised]:
    """Digitise the same document twice, in two places."""
    folder = tmp_path_factory.mktemp("twice")
    return _digitised(*(document(mixed, folder / name, ("eng", "fra")) for name in ("a", "b")))


def test_pages_come_out_upright_in_their_languages(twice: list[Digitised]) -> None:
    pages = _pages(twice[0])
    assert [page.method for page in pages] == ["ocr", "ocr", "ocr", "text-layer"]
    assert [page.language for page in pages] == ["en", "fr", "en", "en"]
    assert [page.rotation for page in pages] == [0, 180, 0, 0]
    assert "forêts de la côte sont protégées" in pages[1].text
    assert all("forty species" in pages[index].text for index in (0, 2, 3))
    assert (twice[0].languages, twice[0].title) == (("en", "fr"), "Wetlands of the coast")


def test_the_text_lies_on_the_words_of_pages_offset_turned_and_upside_down(twice: list[Digitised]) -> None:
    assert twice[0].access
    _assert_same_places(_pages(twice[0])[:3], twice[0].access)


def test_the_layer_cannot_be_seen(twice: list[Digitised], mixed: Path) -> None:
    assert twice[0].access
    before, after = images(mixed, 72), images(twice[0].access, 72)
    assert before[0].tobytes() == after[0].tobytes()
    assert _difference(before[1].rotate(180), after[1]) < 2


def test_the_original_s_images_outline_and_title_are_kept(twice: list[Digitised], mixed: Path) -> None:
    assert twice[0].access
    assert _image_streams(twice[0].access) == _image_streams(mixed)
    with pikepdf.open(twice[0].access) as pdf:
        assert pdf.is_linearized
        assert str(pdf.docinfo["/Title"]) == "Wetlands of the coast"
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == ["Chapter"]


def test_the_same_input_gives_the_same_bytes(twice: list[Digitised]) -> None:
    first, second = ([one.access, one.pages] for one in twice)
    assert [path and path.read_bytes() for path in first] == [path and path.read_bytes() for path in second]


def test_images_become_searchable_pdfs_without_loss(tmp_path: Path) -> None:
    scan = scan_of(tmp_path, [ENGLISH])[0]
    scan.save(tmp_path / "a.jpg", dpi=(300, 300), quality=70)
    scan.save(tmp_path / "b.png", dpi=(300, 300))
    bitonal = scan.point(lambda value: 255 * (value > 150)).convert("1")
    frames = [bitonal, bitonal.rotate(180)]
    frames[0].save(tmp_path / "c.tif", save_all=True, append_images=frames[1:], compression="group4", dpi=(300, 300))
    digitised = _digitised(*(document(tmp_path / name, tmp_path / f"w-{name}") for name in ("a.jpg", "b.png", "c.tif")))
    for one in digitised:
        assert one.access
        assert all("forty species" in page.text for page in _pages(one))
        _assert_same_places(_pages(one), one.access)
    assert [one.page_count for one in digitised] == [1, 1, 2]
    jpeg, png, tiff = (one.access for one in digitised)
    assert jpeg
    assert png
    assert tiff
    assert _image_streams(jpeg) == [(tmp_path / "a.jpg").read_bytes()]
    for path, originals in ((png, [scan]), (tiff, frames)):
        with pikepdf.open(path) as pdf:
            kept = [_scan(page) for page in pdf.pages]
        assert [image.convert("L").tobytes() for image in kept] == [image.convert("L").tobytes() for image in originals]
    assert tiff.stat().st_size < 1.4 * (tmp_path / "c.tif").stat().st_size + 20_000


@pytest.mark.parametrize("mode", usually(["CMYK", "P", "I;16"], thoroughly=["CMYK", "P", "RGBA", "I;16", "L", "RGB"]))
def test_every_kind_of_image_is_shown_as_it_is(tmp_path: Path, mode: str) -> None:
    grey = images(typeset(tmp_path / "a.pdf", ["Word"]), 150)[0]
    picture = grey.point(lambda value: value * 257, "I").convert("I;16") if mode == "I;16" else grey.convert(mode)
    path = tmp_path / f"b.{'jpg' if mode == 'CMYK' else 'png'}"
    picture.save(path, dpi=(150, 150))
    access = _digitised(document(path, tmp_path / "w"))[0].access
    assert access
    shown = images(access, 150)[0]
    assert _difference(shown, grey) < 3


def test_a_born_digital_pdf_serves_as_it_is(tmp_path: Path) -> None:
    one = _digitised(document(typeset(tmp_path / "a.pdf", [ENGLISH, ""]), tmp_path / "w", ("eng", "fra", "spa")))[0]
    assert one.access is None
    assert one.problems == ()
    assert [page.method for page in _pages(one)] == ["text-layer", "blank"]


def test_what_an_owner_forbids_is_not_done_but_said(tmp_path: Path) -> None:
    path = scanned(tmp_path / "a.pdf", scan_of(tmp_path, [ENGLISH]))
    with pikepdf.open(path) as pdf:
        allow = pikepdf.Permissions(modify_other=False, extract=False)
        pdf.save(tmp_path / "b.pdf", encryption=pikepdf.Encryption(user="", owner="secret", allow=allow))
    one = _digitised(document(tmp_path / "b.pdf", tmp_path / "w"))[0]
    assert one.access is None
    assert [fault.code for fault in one.problems] == ["access-copy-failed"]
    assert "forty species" in _pages(one)[0].text
