"""Access copies of PDFs that need care: signed, restricted, tagged as PDF/A, with an older layer of text."""

import zlib
from contextlib import closing
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
from failing_engines import Good
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, ImageFont
from scans import LIMITS, document, images, scanned

from ingest.access import bind
from ingest.digitise import digitise
from ingest.documents import Digitised, Document, Refused
from ingest.oldlayer import remove_invisible_text
from ingest.pdfclaims import is_pdfa_1
from ingest.pdfnature import MOST_CONTENTS, remarks, swollen_page
from ingest.read import PageRead, work_folder, write_page
from ingest.survey import survey
from ingest.textlayer import read_layer
from metadata.model import Page, Word
from metadata.problems import Problem

GOOD = Page(
    1,
    1250,
    833,
    "page 1",
    "fr",
    90.0,
    "ocr",
    300,
    0,
    (Word("page", (100, 100, 200, 130)), Word("1", (220, 100, 240, 130))),
)


def _scan(path: Path, pages: int = 1) -> Path:
    return scanned(path, [Image.linear_gradient("L").resize((1250, 833)) for _ in range(pages)])


def _bound(path: Path, title: str = "") -> tuple[Path | None, list[str]]:
    """Return the access copy of a PDF whose first page was read anew, and the codes of what was said."""
    made = document(path, path.with_suffix(".work"))
    made = Document(made.path, made.media_type, made.languages, made.workspace, made.key, title)
    work_folder(made).mkdir()
    write_page(made, GOOD)
    bound = bind(made, (PageRead(1, "ocr", "fr"),), LIMITS)
    return bound.access, [fault.code for fault in bound.problems]


def _text(path: Path) -> str:
    with closing(pdfium.PdfDocument(path)) as opened, closing(opened[0]) as page:
        return read_layer(page, 1).text


def _signed(path: Path) -> Path:
    with pikepdf.open(_scan(path), allow_overwriting_input=True) as pdf:
        value = Dictionary(
            Type=Name.Sig, Filter=Name("/Adobe.PPKLite"), ByteRange=Array([0, 10, 20, 30]), Contents=b"x" * 20
        )
        widget = pdf.make_indirect(
            Dictionary(
                Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T="Signature", V=value, Rect=Array([0, 0, 0, 0])
            )
        )
        pdf.pages[0].obj.Annots = Array([widget])
        pdf.Root.AcroForm = Dictionary(Fields=Array([Dictionary(Kids=Array([widget]))]), SigFlags=3)
        pdf.Root.Perms = Dictionary(DocMDP=value)
        pdf.save(path)
    return path


def test_the_copy_of_a_signed_document_is_without_the_signature_and_says_so(tmp_path: Path) -> None:
    path = _signed(tmp_path / "a.pdf")
    before = path.read_bytes()
    access, codes = _bound(path)
    assert codes == ["signed-copy"]
    assert path.read_bytes() == before
    assert access
    assert _text(access) == "page 1"
    assert b"ByteRange" not in access.read_bytes()
    with pikepdf.open(access) as pdf:
        field = pdf.Root.AcroForm.Fields[0].Kids[0]
        assert (field.FT, "/V" in field, "/SigFlags" in pdf.Root.AcroForm, "/Perms" in pdf.Root) == (
            Name.Sig, False, False, False,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("allow", "what"),
    [
        ({"modify_other": False}, "changing it"),
        ({"extract": False}, "copying from it"),
        ({"print_highres": False}, "printing it"),
        ({}, ""),
    ],
)
def test_what_the_owner_of_a_restricted_document_forbids_is_not_done(
    tmp_path: Path, allow: dict[str, bool], what: str
) -> None:
    with pikepdf.open(_scan(tmp_path / "a.pdf")) as pdf:
        encryption = pikepdf.Encryption(user="", owner="secret", allow=pikepdf.Permissions(**allow))
        pdf.save(tmp_path / "b.pdf", encryption=encryption)
    made = document(tmp_path / "b.pdf", tmp_path / "work")
    (done,) = digitise([made], Good(), 1, LIMITS, lambda _: None)
    assert isinstance(done, Digitised)
    assert [dict(fault.params)["reason"] for fault in done.problems] == ([f"its owner forbids {what}"] if what else [])
    assert bool(done.access) is not bool(what)
    assert b"page 1" in done.pages.read_bytes()


def test_a_document_with_a_password_is_refused_by_name(tmp_path: Path) -> None:
    with pikepdf.open(_scan(tmp_path / "a.pdf")) as pdf:
        pdf.save(tmp_path / "b.pdf", encryption=pikepdf.Encryption(user="secret", owner="secret"))
    (done,) = digitise([document(tmp_path / "b.pdf", tmp_path / "work")], Good(), 1, LIMITS, lambda _: None)
    assert isinstance(done, Refused)
    assert [fault.code for fault in done.problems] == ["file-locked"]


def test_forms_and_portfolios_are_named(tmp_path: Path) -> None:
    with pikepdf.open(_scan(tmp_path / "a.pdf")) as pdf:
        pdf.Root.AcroForm = Dictionary(Fields=Array(), XFA=pdf.make_stream(b"<xdp/>"))
        pdf.Root.Collection = Dictionary(Type=Name.Collection)
        pdf.attachments["one.txt"] = b"1"
        told = list(remarks(pdf, "a.pdf"))
    assert [(fault.code, dict(fault.params).get("count")) for fault in told] == [
        ("pdf-form-xfa", None), ("pdf-portfolio", "1"),
    ]  # fmt: skip


def _claiming(path: Path, part: str, level: str) -> Path:
    with pikepdf.open(_scan(path), allow_overwriting_input=True) as pdf:
        with pdf.open_metadata(set_pikepdf_as_editor=False) as xmp:
            xmp["pdfaid:part"], xmp["pdfaid:conformance"] = part, level
        pdf.save(path)
    return path


@pytest.mark.parametrize(
    ("part", "level", "kept"),
    [("1", "B", "1B"), ("2", "B", "2B"), ("2", "U", "2U"), ("3", "A", "3B"), ("4", "E", "")],
)
def test_a_claim_to_be_pdfa_is_kept_where_it_holds(tmp_path: Path, part: str, level: str, kept: str) -> None:
    access, _ = _bound(_claiming(tmp_path / "a.pdf", part, level), "Le marais")
    assert access
    with pikepdf.open(access) as pdf, pdf.open_metadata() as xmp:
        assert xmp.pdfa_status == kept
        assert xmp["dc:title"] == str(pdf.docinfo["/Title"]) == "Le marais"
        assert pdf.Root.Lang == "fr"
        assert is_pdfa_1(pdf) == (part == "1")
    assert (b"/ObjStm" in access.read_bytes()) == (part != "1")
    assert (b"\nxref\n" in access.read_bytes()) == (part == "1")


def test_the_font_of_the_layer_keeps_to_the_rules_of_pdfa(tmp_path: Path) -> None:
    access, _ = _bound(_scan(tmp_path / "a.pdf"))
    assert access
    with pikepdf.open(access) as pdf:
        (font,) = pdf.pages[0].obj.Resources.Font.values()
        program = font.FontDescriptor.FontFile2.read_bytes()
        codes = set(range(int(font.FirstChar), int(font.LastChar) + 1))
        assert len(font.Widths) == len(codes)
        assert "/ToUnicode" in font
    (tmp_path / "font.ttf").write_bytes(program)
    loaded = ImageFont.truetype(str(tmp_path / "font.ttf"), 1000)
    assert loaded.getmetrics() == (700, 220)


def test_a_title_and_a_language_that_are_there_stay(tmp_path: Path) -> None:
    with pikepdf.open(_scan(tmp_path / "a.pdf"), allow_overwriting_input=True) as pdf:
        pdf.docinfo["/Title"] = "Its own"
        pdf.Root.Lang = "es-MX"
        pdf.save(tmp_path / "a.pdf")
    access, _ = _bound(tmp_path / "a.pdf", "The record's")
    assert access
    with pikepdf.open(access) as pdf:
        assert (str(pdf.docinfo["/Title"]), str(pdf.Root.Lang), "/Metadata" in pdf.Root) == ("Its own", "es-MX", False)


OLD = {
    "its own contents": b"BT 3 Tr /F1 12 Tf 20 100 Td (garbage) Tj (more) ' 1 1 (yet) \" [(x) 3 (y)] TJ ET",
    "a saved state": b"q 3 Tr BT /F1 12 Tf 20 100 Td (garbage) Tj ET Q",
    "a form": b"q /Old Do Q",
}


@pytest.mark.parametrize("contents", OLD.values(), ids=OLD.keys())
def test_an_older_invisible_layer_is_taken_out_of_pages_read_anew(tmp_path: Path, contents: bytes) -> None:
    path = _with_contents(tmp_path / "a.pdf", contents)
    assert "garbage" in _text(path)
    access, _ = _bound(path)
    assert access
    assert _text(access).split() == ["page", "1"]
    assert images(access, 72)[0].tobytes() == images(path, 72)[0].tobytes()


VISIBLE = {
    "visible text": b"BT /F1 12 Tf 20 100 Td (kept) Tj ET",
    "text of both kinds": b"BT 3 Tr /F1 12 Tf 20 100 Td (old) Tj 0 Tr (kept) Tj ET",
    "a form that draws": b"q /Drawn Do Q",
    "visible again": b"q 3 Tr Q BT /F1 12 Tf 20 100 Td (kept) Tj ET",
    "a clip": b"BT 7 Tr /F1 12 Tf 20 100 Td (kept) Tj ET",
}


@pytest.mark.parametrize("contents", VISIBLE.values(), ids=VISIBLE.keys())
def test_what_is_seen_is_never_taken_out(tmp_path: Path, contents: bytes) -> None:
    path = _with_contents(tmp_path / "a.pdf", contents)
    with pikepdf.open(path) as pdf:
        before = [stream.read_bytes() for stream in pdf.pages[0].obj.Contents]
        assert not remove_invisible_text(pdf, pdf.pages[0])
        assert [stream.read_bytes() for stream in pdf.pages[0].obj.Contents] == before


def test_contents_that_grow_without_end_are_left_alone(tmp_path: Path) -> None:
    with pikepdf.open(_with_contents(tmp_path / "a.pdf", OLD["its own contents"] + b" " * (64 << 20))) as pdf:
        assert not remove_invisible_text(pdf, pdf.pages[0])


def _with_contents(path: Path, contents: bytes) -> Path:
    """Write a scan with more contents, a font F1 and the forms Old, only invisible text, and Drawn, some more."""
    with pikepdf.open(_scan(path), allow_overwriting_input=True) as pdf:
        font = Dictionary(F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        page = pdf.pages[0].obj
        page.Resources.Font = font
        for name, drawn in (("/Old", b""), ("/Drawn", b" 0 0 5 5 re f")):
            page.Resources.XObject[name] = pikepdf.Stream(
                pdf, b"BT 3 Tr /F1 12 Tf 20 100 Td (garbage) Tj ET" + drawn, Type=Name.XObject, Subtype=Name.Form,
                BBox=Array([0, 0, 300, 200]), Resources=Dictionary(Font=font),
            )  # fmt: skip
        page.Contents = Array([page.Contents, pdf.make_stream(contents)])
        pdf.save(path, compress_streams=True)
    return path


def test_outlines_links_attachments_and_streams_are_kept(tmp_path: Path) -> None:
    path = _scan(tmp_path / "a.pdf", 2)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.attachments["data.csv"] = b"a,b"
        link = Dictionary(
            Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), Dest=Array([pdf.pages[1].obj, Name.Fit])
        )
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(link)])
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Chapter", 1))
        pdf.save(path)
    access, _ = _bound(path)
    assert access
    with pikepdf.open(access) as pdf, pikepdf.open(path) as original:
        assert pdf.attachments["data.csv"].get_file().read_bytes() == b"a,b"
        assert pdf.pages[0].obj.Annots[0].Dest[0].objgen == pdf.pages[1].obj.objgen
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == ["Chapter"]
        for ours, theirs in zip(pdf.pages, original.pages, strict=True):
            scans = [page.obj.Resources.XObject.Im0 for page in (ours, theirs)]
            assert scans[0].read_raw_bytes() == scans[1].read_raw_bytes()
        assert pdf.is_linearized


STATES = {
    "never restored": b"q %a 0 0 %a 0 0 cm q /Im0 Do",
    "not saved": b"%a 0 0 %a 0 0 cm /Im0 Do",
    "restored too often": b"q %a 0 0 %a 0 0 cm /Im0 Do Q Q Q",
    "long": b"q %a 0 0 %a 0 0 cm q /Im0 Do " + b" " * 5000,
}


@pytest.mark.parametrize("contents", STATES.values(), ids=STATES.keys())
def test_text_lies_in_its_place_whatever_state_the_contents_leave(tmp_path: Path, contents: bytes) -> None:
    with pikepdf.open(_scan(tmp_path / "a.pdf")) as pdf:
        pdf.pages[0].obj.Contents = pdf.make_stream(contents % (300, 200))
        pdf.save(tmp_path / "b.pdf")
    _assert_laid_as_read(tmp_path / "b.pdf")


@pytest.mark.parametrize("box", [[0, 0, 0, 0], [300, 200, 0, 0], None], ids=["empty", "swapped", "missing"])
def test_text_lies_in_its_place_whatever_the_media_box_is(tmp_path: Path, box: list[int] | None) -> None:
    with pikepdf.open(_scan(tmp_path / "a.pdf")) as pdf:
        pdf.pages[0].obj.MediaBox = Array(box or [0, 0, 1, 1])
        if not box:
            del pdf.pages[0].obj["/MediaBox"]
        pdf.save(tmp_path / "b.pdf")
    _assert_laid_as_read(tmp_path / "b.pdf")


def _assert_laid_as_read(path: Path) -> None:
    """Assert that the copy shows what the original does, and has the words of GOOD in their places there."""
    access, _ = _bound(path)
    assert access
    with closing(pdfium.PdfDocument(access)) as opened, closing(opened[0]) as page:
        laid = read_layer(page, 1)
    across, down = laid.width / GOOD.width, laid.height / GOOD.height
    assert [word.text for word in laid.words] == ["page", "1"]
    for word, read in zip(laid.words, GOOD.words, strict=True):
        left, top, right, bottom = read.box
        assert word.box == pytest.approx((left * across, top * down, right * across, bottom * down), abs=50)
    assert images(access, 72)[0].tobytes() == images(path, 72)[0].tobytes()


def test_a_copy_is_made_only_where_something_is_new(tmp_path: Path) -> None:
    with Pdf.new() as pdf:
        pdf.add_blank_page(page_size=(300, 200))
        pdf.save(tmp_path / "a.pdf")
    made = document(tmp_path / "a.pdf", tmp_path / "work")
    work_folder(made).mkdir()
    write_page(made, Page(1, 1250, 833, method="ocr"))
    assert bind(made, (PageRead(1, "ocr"),), LIMITS).access is None


def test_contents_that_are_coded_twice_and_swell_are_refused_before_they_are_rendered(tmp_path: Path) -> None:
    once = zlib.compress(bytes(MOST_CONTENTS + 1), 9)
    with pikepdf.open(_scan(tmp_path / "a.pdf", 2)) as pdf:
        twice = pikepdf.Stream(pdf, zlib.compress(once, 9), Filter=Array([Name.FlateDecode, Name.FlateDecode]))
        pdf.pages[1].obj.Contents = Array([pdf.pages[1].obj.Contents, twice])
        assert swollen_page(pdf) == 2
        pdf.pages[1].obj.Contents = pikepdf.Stream(pdf, once, Filter=Name.FlateDecode)
        assert swollen_page(pdf) == 2
        pdf.pages[1].obj.Contents = pikepdf.Stream(pdf, once[: len(once) // 2], Filter=Name.FlateDecode)
        assert swollen_page(pdf) == 0
        pdf.pages[1].obj.Contents = twice
        pdf.save(tmp_path / "b.pdf", stream_decode_level=pikepdf.StreamDecodeLevel.none)
    refused = survey(document(tmp_path / "b.pdf", tmp_path / "work"), LIMITS)
    assert isinstance(refused, Problem)
    assert refused.code == "file-too-large"


def test_a_document_without_pages_is_refused_by_name(tmp_path: Path) -> None:
    with Pdf.new() as pdf:
        pdf.save(tmp_path / "a.pdf")
    refused = survey(document(tmp_path / "a.pdf", tmp_path / "work"), LIMITS)
    assert isinstance(refused, Problem)
    assert "no pages" in refused.message()
