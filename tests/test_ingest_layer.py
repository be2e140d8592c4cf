import zlib
from contextlib import closing
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
from pikepdf import Array, Dictionary, Name, Pdf
from scans import ENGLISH, FRENCH, SPANISH, typeset

from ingest.graft import Grafter
from ingest.layer import layer_of
from ingest.layer_font import Alphabet
from ingest.textlayer import read_layer
from metadata.model import Page, Word

TEXTS = [ENGLISH, FRENCH, SPANISH]


def _layer(path: Path, number: int = 1) -> Page:
    with closing(pdfium.PdfDocument(path)) as opened, closing(opened[number - 1]) as page:
        return read_layer(page, number)


def _words(folder: Path, text: str) -> Page:
    """Return the words of a page of 300 × 200 points in their true places."""
    return _layer(typeset(folder / "words.pdf", [text]))


def _blank(folder: Path, sizes: int = 1) -> Path:
    with Pdf.new() as pdf:
        for _ in range(sizes):
            pdf.add_blank_page(page_size=(300, 200))
        pdf.save(folder / "blank.pdf")
    return folder / "blank.pdf"


def _laid(path: Path, *pages: Page) -> Path:
    target = path.with_suffix(".laid.pdf")
    with pikepdf.open(path) as pdf:
        grafter = Grafter(pdf)
        for page, read in zip(pdf.pages, pages, strict=True):
            grafter.lay(page, read)
        grafter.finish()
        pdf.save(target)
    return target


def _assert_in_place(laid: Page, read: Page, near: float = 20) -> None:
    """Each word lies where it was read: its start, its end, its middle across, to ``near`` pixels (300 a inch)."""
    assert laid.text.split() == read.text.split()
    across, down = laid.width / read.width, laid.height / read.height
    for word, other in zip(read.words, laid.words, strict=True):
        left, top, right, bottom = word.box
        expected = (left * across, right * across, (top + bottom) / 2 * down)
        found = (other.box[0], other.box[2], (other.box[1] + other.box[3]) / 2)
        assert found == pytest.approx(expected, abs=near), word.text


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_words_are_found_where_they_stand_on_pages_turned_cropped_and_of_another_unit(
    tmp_path: Path, text: str, turn: int
) -> None:
    read, path = _words(tmp_path, text), _blank(tmp_path)
    width, height = (300, 200) if turn in (0, 180) else (200, 300)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        page = pdf.pages[0].obj
        page.MediaBox = Array([-70, 30, 500, 500])
        page.CropBox = Array([-20, 50, -20 + width, 50 + height])
        page.Rotate = turn
        page.UserUnit = 2
        pdf.save(path)
    _assert_in_place(_layer(_laid(path, read)), read)


def test_lines_are_copied_line_by_line(tmp_path: Path) -> None:
    laid = _layer(_laid(_blank(tmp_path), _words(tmp_path, SPANISH)))
    assert laid.text == SPANISH


def test_one_font_serves_all_pages_and_every_alphabet_has_its_codes(tmp_path: Path) -> None:
    letters = "".join(map(chr, [*range(0x391, 0x3C9), *range(0x410, 0x450), *range(0x531, 0x556), *range(0xC0, 0x17F)]))
    letters = letters.replace("\u03a2", "") + "𝔘"
    rows = [letters[start : start + 20] for start in range(0, len(letters), 20)]
    words = tuple(Word(row, (50, 50 + 40 * n, 600, 80 + 40 * n)) for n, row in enumerate(rows))
    strange = Page(1, 1250, 833, "\n".join(rows), words=words)
    path = _laid(_blank(tmp_path, 3), _words(tmp_path, ENGLISH), strange, _words(tmp_path, ENGLISH))
    assert _layer(path, 2).text.split() == rows
    with pikepdf.open(path) as pdf:
        fonts = [[font.objgen for font in page.obj.Resources.Font.values()] for page in pdf.pages]
    assert [len(of) for of in fonts] == [1, 2, 1]
    assert len({objgen for of in fonts for objgen in of}) == 2


def test_a_slanted_line_a_line_up_and_one_down_keep_their_words_in_place(tmp_path: Path) -> None:
    slanted = [Word(f"wor{n}", (100 + 150 * n, 100 + 12 * n, 220 + 150 * n, 130 + 12 * n)) for n in range(6)]
    up = [Word(f"rise{n}", (40, 700 - 100 * n, 70, 780 - 100 * n)) for n in range(3)]
    down = [Word(f"fall{n}", (1180, 300 + 100 * n, 1210, 380 + 100 * n)) for n in range(3)]
    lines = [slanted, up, down]
    text = "\n".join(" ".join(word.text for word in line) for line in lines)
    read = Page(1, 1250, 833, text, words=tuple(word for line in lines for word in line))
    laid = _layer(_laid(_blank(tmp_path), read))
    found = {word.text: word.box for word in laid.words}
    for word in read.words:
        middle, other = ([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] for box in (word.box, found[word.text]))
        assert other == pytest.approx(middle, abs=15), word.text


def test_an_initial_stays_where_it_is(tmp_path: Path) -> None:
    initial = Word("L", (50, 100, 130, 220))
    line = [Word(text, (140 + 110 * n, 100, 240 + 110 * n, 130)) for n, text in enumerate(["histoire", "des", "pays"])]
    read = Page(1, 1250, 833, "L histoire des pays", words=(initial, *line))
    found = {word.text: word.box for word in _layer(_laid(_blank(tmp_path), read)).words}
    assert found["L"][0] == pytest.approx(50, abs=10)
    assert found["L"][3] > 200
    assert found["histoire"][1] == pytest.approx(100, abs=15)


def test_a_page_keeps_what_it_draws_and_the_fonts_it_inherits(tmp_path: Path) -> None:
    path = typeset(tmp_path / "a.pdf", ["visible"])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        page = pdf.pages[0].obj
        pdf.Root.Pages.Resources = page.Resources
        del page["/Resources"]
        page.Contents = Array([page.Contents, pdf.make_stream(b"2 0 0 2 40 40 cm")])  # left over for what follows
        pdf.Root.Pages.Resources.Font["/Canoe0"] = Dictionary(Type=Name.Font)
        pdf.save(path)
    read = Page(1, 1250, 833, "invisible", words=(Word("invisible", (500, 600, 700, 630)),))
    laid = _layer(_laid(path, read))
    assert laid.text.split() == ["invisible", "visible"]
    assert laid.words[0].box[0] == pytest.approx(500, abs=10)


def test_a_page_without_words_is_left_alone(tmp_path: Path) -> None:
    with pikepdf.open(_blank(tmp_path)) as pdf:
        before = pdf.pages[0].obj.unparse()
        Grafter(pdf).lay(pdf.pages[0], Page(1, 100, 100))
        assert pdf.pages[0].obj.unparse() == before


def test_places_cost_less_than_the_text(tmp_path: Path) -> None:
    text = "\n".join([ENGLISH, FRENCH, SPANISH] * 3)
    read = _layer(typeset(tmp_path / "long.pdf", [text], (0, 0, 300, 900)))
    content, _ = layer_of(read, (0.24, 0, 0, 0.24, 0, 0), Alphabet(), "F")
    assert len(zlib.compress(content, 9)) < 1.6 * len(zlib.compress(text.encode("cp1252"), 9))
