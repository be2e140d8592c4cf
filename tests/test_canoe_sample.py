"""The sample collection: whole, the same each time, described, readable, and spoilt where it is meant to be."""

import csv
import os
import re
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Iterator
from ctypes import c_float
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image
from pymarc import MARCReader, Record
from pypdfium2 import raw as pdfium
from thoroughness import THOROUGH, usually

from canoe.sample.build import COLUMNS, EDITIONS, bound, build
from canoe.sample.canvas import Style
from canoe.sample.fonts import Font, width
from canoe.sample.layout import lines, words
from canoe.sample.paper import add_canvas, saved
from canoe.sample.publications import Publication, publication
from canoe.sample.records import isbn_10, isbn_13, issn
from canoe.sample.typeset import MARGIN, WIDTH, typeset
from metadata import standard_numbers
from metadata.description import Description
from metadata.manifest import is_manifest, read_manifest
from metadata.marc21 import read_marc21
from metadata.vocabulary import shipped

EXPECTED_PAGES = {
    "a-short-history-of-national-parks-2011.pdf": 3,
    "caring-for-wetlands-1988.pdf": 3,
    "cuidar-los-humedales-1991.tif": 3,
    "el-agua-de-las-nubes-1994.pdf": 2,
    "petite-histoire-des-parcs-nationaux-2012.pdf": 3,
    "prendre-soin-des-zones-humides-1990.pdf": 3,
    "tortues-marines-anse-aux-tamarins-1979.pdf": 3,
    "tortugas-marinas-anse-aux-tamarins-1981.pdf": 3,
    "water-from-the-clouds-1995.pdf": 2,
}
FRENCH_SCAN = "prendre-soin-des-zones-humides-1990.pdf"
UPSIDE_DOWN = 3
ONLY_ON_IT = "loutre"
ACCENTED = "frayère"
SPOILT = ("downloads/atlas-of-estuaries.pdf", "downloads/inventaire-des-tourbieres.pdf")
TEXTS = [publication(edition.name) for edition in EDITIONS]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "collection"
    told: list[str] = []
    build(folder, told.append)
    assert sorted(told) == _files(folder)
    return folder


@pytest.fixture(scope="module")
def catalogue(sample: Path) -> list[Record]:
    with (sample / "catalogue" / "records.mrc").open("rb") as file:
        return [record for record in MARCReader(file) if record is not None]


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _control(record: Record, tag: str) -> str:
    """Return the content of a control field, or ``""``."""
    return next((field.data or "" for field in record.get_fields(tag)), "")


def _value(record: Record, tag: str, code: str) -> str:
    """Return the first subfield ``code`` of the first field ``tag``, or ``""``."""
    return next((value for field in record.get_fields(tag) for value in field.get_subfields(code)), "")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFC", text).lower())


def _printed(text: Publication) -> list[str]:
    """Return the words of each page as typeset, read back by pdfium."""
    pdf = pikepdf.Pdf.new()
    for canvas in typeset(text).pages:
        add_canvas(pdf, canvas)
    return _text_layer(saved(pdf))


def _text_layer(source: bytes) -> list[str]:
    with pypdfium2.PdfDocument(source) as document:
        return [page.get_textpage().get_text_range() for page in document]


def test_every_file_is_there_and_meant(sample: Path) -> None:
    scans = [f"scans/{name}" for name in EXPECTED_PAGES]
    assert _files(sample) == sorted(["catalogue/records.mrc", "scans/manifest.csv", *scans, *SPOILT])
    assert sum(path.stat().st_size for path in sample.rglob("*") if path.is_file()) < 10_000_000


@pytest.mark.parametrize(("name", "pages"), EXPECTED_PAGES.items())
def test_a_file_has_its_pages(sample: Path, name: str, pages: int) -> None:
    path = sample / "scans" / name
    if path.suffix == ".tif":
        with Image.open(path) as image:
            assert (getattr(image, "n_frames", 1), image.mode) == (pages, "1")
            assert (image.info["compression"], image.info["dpi"]) == ("group4", (300, 300))
        return
    with pikepdf.open(path) as pdf:
        assert len(pdf.pages) == pages
        assert not pdf.check_pdf_syntax()


@pytest.mark.parametrize("name", ["cloudforest.en", "parks.en"])
def test_the_same_bytes_come_again(sample: Path, name: str) -> None:
    edition = next(edition for edition in EDITIONS if edition.name == name)
    text = publication(name)
    assert bound(edition, text) == (sample / "scans" / text.file).read_bytes()


def test_text_layers_stand_where_pages_were_born_digital(sample: Path) -> None:
    for edition, text in zip(EDITIONS, TEXTS, strict=True):
        if text.file.endswith(".pdf"):
            layers = _text_layer((sample / "scans" / text.file).read_bytes())
            with_text = len(layers) if edition.scanner is None else edition.born_digital
            assert [bool(layer.strip()) for layer in layers] == [i < with_text for i in range(len(layers))]


def test_the_born_digital_book_names_itself_and_has_an_outline(sample: Path) -> None:
    with pikepdf.open(sample / "scans" / "a-short-history-of-national-parks-2011.pdf") as pdf:
        assert str(pdf.docinfo.Title) == "A Short History of National Parks: From scenery to stewardship"
        assert str(pdf.Root.Lang) == "en"
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root][1:] == ["The price of emptiness", "What a park is for"]


def test_scans_are_jpeg_and_group_4_at_their_resolution(sample: Path) -> None:
    seen = Counter[tuple[str, str, int]]()
    for path in (sample / "scans").glob("*.pdf"):
        with pikepdf.open(path) as pdf:
            for page in pdf.pages:
                if "/XObject" in page.obj.Resources:
                    image = page.obj.Resources.XObject.Scan
                    dpi = round(int(image.Width) / (float(page.mediabox[2]) / 72))
                    seen[str(image.Filter), str(image.ColorSpace), dpi] += 1
    assert seen == {
        ("/DCTDecode", "/DeviceGray", 300): 7,
        ("/DCTDecode", "/DeviceGray", 200): 2,
        ("/DCTDecode", "/DeviceRGB", 300): 3,
        ("/CCITTFaxDecode", "/DeviceGray", 300): 5,
    }


def test_a_group_4_page_is_black_on_white(sample: Path) -> None:
    with pypdfium2.PdfDocument(sample / "scans" / "el-agua-de-las-nubes-1994.pdf") as document:
        histogram = document[0].render(grayscale=True).to_pil().histogram()
    assert sum(histogram[192:]) > 4 * sum(histogram[:64]) > 0


@pytest.mark.parametrize("name", SPOILT)
def test_the_spoilt_files_are_of_no_use_to_any_reader(sample: Path, name: str) -> None:
    with pytest.raises(pikepdf.PdfError):
        pikepdf.open(sample / name)
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(sample / name)


def test_one_spoilt_file_is_a_web_page_and_one_a_pdf_without_its_end(sample: Path) -> None:
    page, cut = ((sample / name).read_bytes() for name in SPOILT)
    assert page.startswith(b"<!DOCTYPE html>")
    assert cut.startswith(b"%PDF-1.4")
    assert b"/Catalog" not in cut
    assert b"startxref" not in cut


def test_the_manifest_describes_every_publication_and_its_translations_meet(sample: Path) -> None:
    with (sample / "scans" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert {row["file"] for row in rows} == set(EXPECTED_PAGES)
    languages = {row["file"]: row["language"] for row in rows}
    works: dict[str, list[str]] = {}
    for row in rows:
        assert all(row[column] for column in COLUMNS if column != "translation_of")
        works.setdefault(row["translation_of"] or row["file"], []).append(row["language"])
    assert sorted(map(len, works.values())) == [2, 2, 2, 3]
    assert all(original in languages and len(set(found)) == len(found) for original, found in works.items())


def test_the_manifest_is_read_without_a_remark(sample: Path) -> None:
    data = (sample / "scans" / "manifest.csv").read_bytes()
    assert is_manifest(data)
    rows = list(read_manifest(data, "manifest.csv"))
    assert [row.problems for row in rows] == [()] * len(EXPECTED_PAGES)
    described = [row for row in rows if isinstance(row, Description)]
    assert {row.item.type for row in described} == {"book", "guideline", "proceedings", "report"}
    assert sum(bool(row.links) for row in described) == 5
    assert {len(row.item.keywords) for row in described} == {3}


def test_subjects_are_labels_of_the_shipped_vocabulary(catalogue: list[Record]) -> None:
    held = shipped()
    given = {(subject, text.language) for text in TEXTS for subject in text.subjects}
    codes = {"eng": "en", "fre": "fr", "spa": "es"}
    for record in catalogue:
        language = codes[_value(record, "040", "b")]
        given |= {(value, language) for field in record.get_fields("650") for value in field.get_subfields("a")}
    unknown = {subject for subject, language in given if not held.find(subject, language)}
    assert unknown == {"Cloud forests", "Bosques nublados"}


def test_the_records_are_read_without_a_remark(sample: Path) -> None:
    with (sample / "catalogue" / "records.mrc").open("rb") as file:
        found = list(read_marc21(file, "records.mrc"))
    assert len(found) == 26
    assert [piece.problems for piece in found] == [()] * 26
    kinds = Counter(piece.item.type for piece in found if isinstance(piece, Description))
    assert kinds == {"book": 9, "report": 6, "guideline": 4, "proceedings": 3, "map": 2, "periodical": 2}


def test_the_records_hold_what_their_codes_say(catalogue: list[Record]) -> None:
    for record in catalogue:
        fixed = _control(record, "008")
        assert len(fixed) == 40
        assert record.leader[9] == "a"
        assert fixed[35:38] == (_value(record, "041", "a") if "041" in record else _value(record, "040", "b"))
        assert fixed[7:11] in _value(record, "264", "c")
        assert (fixed[29] == "1") == ("111" in record)
        assert len(_value(record, "520", "a")) > 100


def test_each_work_of_the_catalogue_is_there_in_two_languages(catalogue: list[Record]) -> None:
    numbers = {"(XXCRP)" + _control(record, "001"): record for record in catalogue}
    originals: dict[str, set[str]] = {}
    for number, record in numbers.items():
        original = _value(record, "765", "w") if "765" in record else number
        originals.setdefault(original, set()).add(_control(record, "008")[35:38])
        if "765" in record:
            assert _value(record, "041", "h") == _control(numbers[original], "008")[35:38]
            assert number in [
                value for field in numbers[original].get_fields("767") for value in field.get_subfields("w")
            ]
    assert sorted(map(len, originals.values())) == [2] * 10 + [3] * 2


def test_standard_numbers_have_the_right_check_and_belong_to_nobody(catalogue: list[Record]) -> None:
    books = [_value(record, "020", "a") for record in catalogue if "020" in record]
    assert len(set(books)) == len(books) == 22
    assert all(standard_numbers.isbn(number) for number in books)
    assert all(number.startswith(("99999", "97899999")) for number in books)
    assert all(standard_numbers.issn(_value(record, "022", "a")) for record in catalogue if "022" in record)
    assert isbn_13(1)[3:12] == isbn_10(1)[:9]
    assert issn(317847) == "0317-8471"


def test_the_distinctive_words_are_where_they_are_said_to_be() -> None:
    places = {word: [] for word in (ONLY_ON_IT, ACCENTED)}  # type: dict[str, list[tuple[str, int]]]
    for text in TEXTS:
        for number, page in enumerate(_printed(text), 1):
            for word in places:
                if word in _words(page):
                    places[word].append((text.file, number))
    assert places == {ONLY_ON_IT: [(FRENCH_SCAN, UPSIDE_DOWN)], ACCENTED: [(FRENCH_SCAN, 2)]}


def test_each_character_is_measured_as_the_font_has_it() -> None:
    used = sorted({c for text in TEXTS for page in _printed(text) for c in page if c not in "\r\n"})
    fonts: tuple[Font, ...] = ("Times-Roman", "Times-Italic", "Times-Bold", "Helvetica")
    with pypdfium2.PdfDocument.new() as document:
        for font in fonts:
            handle = pdfium.FPDFText_LoadStandardFont(document.raw, font.encode())
            for character in used:
                measured = c_float()
                pdfium.FPDFFont_GetGlyphWidth(handle, ord(character), 1000.0, measured)
                assert width(character, font, 1000) == pytest.approx(measured.value, abs=1), (font, character)
            pdfium.FPDFFont_Close(handle)


def test_no_line_leaves_its_margins() -> None:
    for text in TEXTS:
        for canvas in typeset(text).pages:
            for run in canvas.operators:
                if found := re.match(rb"BT /F\d ([\d.]+) Tf ([-\d.]+) Tw ([\d.]+) ([\d.]+) Td \((.*)\) Tj", run):
                    assert MARGIN - 10 <= float(found[3]) < WIDTH - MARGIN
                    assert 30 < float(found[4]) < 650


def test_a_justified_line_fills_its_measure() -> None:
    style = Style("Times-Roman", 12.0)
    set_lines = lines(words(" ".join(["canoe", "and", "compass"] * 30), 12.0), 300.0, indent=14.0)
    assert len(set_lines) > 5
    for line in set_lines[:-1]:
        text = " ".join(word[0].text for word in line.words)
        stretched = line.indent + style.width(text) + line.word_space * text.count(" ")
        assert stretched == pytest.approx(300.0)
    assert [line.indent for line in set_lines[:2]] == [14.0, 0.0]
    assert set_lines[-1].word_space <= 0.0


@pytest.mark.parametrize("character", ["\u0101", "\u4eba", "\u2192"])
def test_what_windows_1252_lacks_is_refused_not_dropped(character: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        width(f"M{character}ori", "Times-Roman", 12.0)


def _scanned_pages(path: Path, dpi: int) -> Iterator[Image.Image]:
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            yield page.render(scale=dpi / 72, grayscale=True).to_pil()


def _read(image: Image.Image, language: str, folder: Path) -> list[str]:
    target = folder / "page.png"
    image.save(target, dpi=(300, 300))
    command = ["tesseract", str(target), "-", "-l", language]
    limited = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    return _words(subprocess.run(command, capture_output=True, text=True, check=True, env=limited).stdout)


def _share_found(printed: str, read: list[str]) -> float:
    wanted = Counter(_words(printed))
    return 1 - (wanted - Counter(read)).total() / wanted.total()


@pytest.mark.ocr
def test_tesseract_reads_the_french_scan_also_the_page_that_lay_upside_down(sample: Path, tmp_path: Path) -> None:
    scans = list(_scanned_pages(sample / "scans" / FRENCH_SCAN, 300))
    printed = _printed(publication("wetlands.fr"))
    wrong = scans[UPSIDE_DOWN - 1]
    if THOROUGH:
        page = _read(scans[1], "fra", tmp_path)
        assert ACCENTED in page
        assert _share_found(printed[1], page) >= 0.97
        assert ONLY_ON_IT not in _read(wrong, "fra", tmp_path)
    turned = _read(wrong.rotate(180), "fra", tmp_path)
    assert ONLY_ON_IT in turned
    assert _share_found(printed[UPSIDE_DOWN - 1], turned) >= 0.97


@pytest.mark.ocr
@pytest.mark.parametrize(
    ("name", "language", "dpi"),
    usually(
        [("cloudforest.en", "eng", 200)],
        thoroughly=[("cloudforest.es", "spa", 300), ("cloudforest.en", "eng", 200), ("turtles.fr", "fra", 300)],
    ),
)
def test_tesseract_reads_the_other_kinds_of_scan(
    sample: Path, tmp_path: Path, name: str, language: str, dpi: int
) -> None:
    text = publication(name)
    second = list(_scanned_pages(sample / "scans" / text.file, dpi))[1]
    assert _share_found(_printed(text)[1], _read(second, language, tmp_path)) >= 0.97
