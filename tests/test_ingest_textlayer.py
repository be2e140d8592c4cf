from contextlib import closing
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image
from scans import ENGLISH, scanned, typeset

from ingest.textlayer import Content, content_of, read_layer
from metadata.model import Page


def _read(path: Path) -> tuple[Content, Page]:
    with closing(pdfium.PdfDocument(path)) as document, closing(document[0]) as page:
        return content_of(page), read_layer(page, 1)


def test_words_are_those_of_the_page_line_by_line(tmp_path: Path) -> None:
    content, page = _read(typeset(tmp_path / "a.pdf", [ENGLISH]))
    assert content.is_readable
    assert page.text == ENGLISH
    assert [word.text for word in page.words] == page.text.split()
    assert (page.width, page.height, page.method, page.confidence) == (1250, 833, "text-layer", 100.0)


def test_a_word_that_is_broken_at_the_end_of_a_line_stands_on_both_lines(tmp_path: Path) -> None:
    text = "the protec-\ntion of all marshes by the Franco-\nAmerican guard"
    _, page = _read(typeset(tmp_path / "a.pdf", [text]))
    assert page.text == text
    assert [word.text for word in page.words] == text.split()
    heights = [bottom - top for _, top, _, bottom in (word.box for word in page.words)]
    assert max(heights) < 2 * min(heights)  # no box spans two lines


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_lie_on_the_page_as_it_is_shown(tmp_path: Path, turn: int) -> None:
    _, page = _read(typeset(tmp_path / "a.pdf", ["Word"], (-40, 100, 260, 300), turn))
    left, top, right, bottom = page.words[0].box
    x, y = (left + right) / 2 / page.width, (top + bottom) / 2 / page.height
    near = {0: (0.11, 0.14), 90: (0.86, 0.11), 180: (0.89, 0.86), 270: (0.14, 0.89)}
    assert (x, y) == pytest.approx(near[turn], abs=0.03)


def test_words_from_characters_that_xml_forbids_are_clean(tmp_path: Path) -> None:
    _, page = _read(typeset(tmp_path / "a.pdf", ["be\x03fore e\u0301t\u00e9".replace("\u0301", "")]))
    assert page.text.isprintable()
    assert page.text.split() == [word.text for word in page.words]


@pytest.mark.parametrize(
    ("text", "covered", "readable"),
    [
        (ENGLISH, 0.0, True),
        (ENGLISH * 3, 1.0, True),
        ("Downloaded from library.example.org on 2019-03-02", 1.0, False),
        ("Annual report 1978", 0.0, True),
        ("", 1.0, False),
        (".,; ^^ ~|l! W// W// |.| rn0 c0n " * 20, 1.0, False),
        ("\ue001\ue002 \ue003\ue004 " * 30, 0.0, False),
        ("rn0 c0n l1I 8ut w1th 0ld " * 20, 0.0, False),
        ("Contents\nHeading ........................................ 1\n" * 5, 0.0, True),
        ("1978 1979 1980\n12.5 13.7 14,020\n" * 10, 0.0, True),
        ("国際自然保護連合の報告 " * 30, 0.0, True),
        (
            "".join(chr((ord(letter) - 94) % 26 + 97) if letter.islower() else letter for letter in ENGLISH * 2),
            0.0,
            False,
        ),
        ("được những trường người thường " * 10, 0.0, True),
    ],
)
def test_a_layer_is_judged_by_count_letters_words_and_images(text: str, covered: float, readable: bool) -> None:
    assert Content(text, covered, True).is_readable is readable


@pytest.mark.parametrize(("size", "times", "readable"), [(4, 2, False), (10, 2, True), (3, 5, True)])
def test_long_text_in_a_corner_of_a_scan_is_a_stamp(tmp_path: Path, size: int, times: int, readable: bool) -> None:
    path = scanned(tmp_path / "a.pdf", [Image.linear_gradient("L").resize((2480, 3508))])
    lines = b"T* ".join(b"(" + line.encode() + b") Tj " for line in (ENGLISH * times).split("\n"))
    with pikepdf.open(path) as pdf:
        page = pdf.pages[0].obj
        page.Resources.Font = Dictionary(F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        text = b"BT /F1 %d Tf %d TL 20 200 Td " % (size, size) + lines + b"ET"
        page.Contents = Array([page.Contents, pdf.make_stream(text)])
        pdf.save(tmp_path / "b.pdf")
    content, _ = _read(tmp_path / "b.pdf")
    assert content.is_readable is readable


def test_an_image_that_covers_its_page_is_seen(tmp_path: Path) -> None:
    content, _ = _read(scanned(tmp_path / "a.pdf", [Image.new("L", (300, 200), 200)]))
    assert content.covered == pytest.approx(1.0)
    assert not content.is_blank


def test_an_image_in_a_form_within_a_form_is_seen(tmp_path: Path) -> None:
    path = scanned(tmp_path / "a.pdf", [Image.new("L", (300, 200), 200)])
    with pikepdf.open(path) as pdf:
        page = pdf.pages[0].obj
        for name in (b"/A", b"/B", b"/C"):
            form = pdf.make_stream(page.Contents.read_bytes())
            form.update(Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=page.MediaBox, Resources=page.Resources))
            page.Resources = Dictionary(XObject=Dictionary({name.decode(): form}))
            page.Contents = pdf.make_stream(name + b" Do")
        pdf.save(tmp_path / "b.pdf")
    content, _ = _read(tmp_path / "b.pdf")
    assert content.covered == pytest.approx(1.0)


def test_a_page_with_nothing_on_it_is_blank(tmp_path: Path) -> None:
    content, _ = _read(typeset(tmp_path / "a.pdf", [""]))
    assert content.is_blank
