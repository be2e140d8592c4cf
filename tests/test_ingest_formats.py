"""Telling formats: with PRONOM and without it, where the two differ, and on files made to harm."""

import io
import os
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, PngImagePlugin
from scans import LIMITS, document, typeset

from ingest.digitise import digitise
from ingest.documents import Digitised, Limits
from ingest.engine import load_engine
from ingest.formats import Identifier, Match, Told, ask_pronom, own_agent, weigh
from ingest.sniffers import MOST, sniff
from metadata.formats import FORMATS

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"{claim}</rdf:RDF></x:xmpmeta>'
)
MARCXML = (
    b'<collection xmlns="http://www.loc.gov/MARC21/slim"><record>'
    b"<leader>00000nam a2200000 a 4500</leader></record></collection>"
)
DECLARATION = b'<?xml version="1.0"?>\n'
MARC = b"00049nam a2200037   4500001000500000\x1e1234\x1e\x1f\x1d"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"%b width="1" height="1"></svg>'
PRONOM = "pygfried"


@pytest.fixture(scope="module")
def identifier() -> Iterator[Identifier]:
    with Identifier(LIMITS) as opened:
        yield opened


def pdf(version: str, claim: str = "") -> bytes:
    """Return the least that is a PDF of a version, with a claim in its XMP."""
    with pikepdf.new() as made:
        made.add_blank_page()
        if claim:
            packet = made.make_stream(XMP.replace("{claim}", claim).encode())
            packet.Type, packet.Subtype = pikepdf.Name.Metadata, pikepdf.Name.XML
            made.Root.Metadata = packet
        out = io.BytesIO()
        made.save(out, force_version="1.7", compress_streams=False)
    return out.getvalue().replace(b"%PDF-1.7", f"%PDF-{version}".encode(), 1)


def image(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(out, form, **options)
    return out.getvalue()


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    info = PngImagePlugin.PngInfo()
    for kind, content in chunks:
        info.add(kind, content)
    return image("PNG", pnginfo=info)


def exif(version: bytes) -> bytes:
    """Return a JPEG whose first segment is Exif."""
    fields = Image.Exif()
    fields.get_ifd(0x8769)[0x9000] = version
    whole = image("JPEG", exif=fields)
    return whole[:2] + whole[4 + int.from_bytes(whole[4:6], "big") :]


def jfif(version: bytes) -> bytes:
    whole = image("JPEG")
    return whole[:11] + version + whole[13:]


def office(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr(name, "<x/>")
    return out.getvalue()


def element(part: str, level: str = "") -> str:
    conformance = f"<pdfaid:conformance>{level}</pdfaid:conformance>" if level else ""
    return f"><pdfaid:part>{part}</pdfaid:part>{conformance}</rdf:Description>"


def attribute(part: str, level: str) -> str:
    return f' pdfaid:part="{part}" pdfaid:conformance="{level}"></rdf:Description>'


# What PRONOM and our sniffers say alike: file name, content, PUID.
ALIKE: dict[str, tuple[bytes, str]] = {
    **{f"{v}.pdf": (pdf(v), p) for v, p in {
        "1.0": "fmt/14", "1.1": "fmt/15", "1.2": "fmt/16", "1.3": "fmt/17", "1.4": "fmt/18", "1.5": "fmt/19",
        "1.6": "fmt/20", "1.7": "fmt/276", "2.0": "fmt/1129",
    }.items()},
    "1a.pdf": (pdf("1.4", element("1", "A")), "fmt/95"), "1b.pdf": (pdf("1.4", attribute("1", "B")), "fmt/354"),
    "2a.pdf": (pdf("1.7", attribute("2", "A")), "fmt/476"), "2b.pdf": (pdf("1.7", element("2", "B")), "fmt/477"),
    "2u.pdf": (pdf("1.7", element("2", "U")), "fmt/478"), "3a.pdf": (pdf("1.7", element("3", "A")), "fmt/479"),
    "3b.pdf": (pdf("1.7", attribute("3", "B")), "fmt/480"), "3u.pdf": (pdf("1.7", element("3", "U")), "fmt/481"),
    "4.pdf": (pdf("2.0", element("4")), "fmt/1910"), "4e.pdf": (pdf("2.0", element("4", "E")), "fmt/1911"),
    "4f.pdf": (pdf("2.0", attribute("4", "F")), "fmt/1912"),
    "a.tif": (image("TIFF"), "fmt/353"),
    "100.jpg": (jfif(b"\x01\x00"), "fmt/42"), "101.jpg": (jfif(b"\x01\x01"), "fmt/43"),
    "102.jpg": (jfif(b"\x01\x02"), "fmt/44"), "raw.jpg": (b"\xff\xd8\xff\xdb" + image("JPEG")[24:], "fmt/41"),
    "e20.jpg": (exif(b"0200"), "x-fmt/398"), "e21.jpg": (exif(b"0210"), "x-fmt/390"),
    "e22.jpg": (exif(b"0220"), "x-fmt/391"), "e221.jpg": (exif(b"0221"), "fmt/645"),
    "e231.jpg": (exif(b"0231"), "fmt/1507"),
    "10.png": (png(), "fmt/11"), "11.png": (png((b"sRGB", b"\0")), "fmt/12"),
    "12.png": (png((b"iTXt", b"Title\0\0\0\0\0x")), "fmt/13"),
    "a.jp2": (image("JPEG2000"), "x-fmt/392"), "a.j2k": (image("JPEG2000", no_jp2=True), "fmt/1794"),
    "lossy.webp": (image("WEBP"), "fmt/566"), "lossless.webp": (image("WEBP", lossless=True), "fmt/567"),
    "87.gif": (image("GIF"), "fmt/3"), "a.bmp": (image("BMP"), "fmt/116"),
    "10.svg": (DECLARATION + SVG % b' version="1.0"', "fmt/91"),
    "11.svg": (DECLARATION + SVG % b' version="1.1"', "fmt/92"),
    "a.xml": (DECLARATION + b"<a/>", "fmt/101"),
    "a.html": (b"<!DOCTYPE html>\n<html><head><title>x</title></head><body></body></html>", "fmt/471"),
    "a.zip": (office("x.txt"), "x-fmt/263"),
}  # fmt: skip

# Where our own sniffers stand against PRONOM: name, content, media type, PUID, what PRONOM says.
OURS: dict[str, tuple[bytes, str, str, str]] = {
    "a.mrc": (MARC, "application/marc", "canoe/marc21", "no signature matched"),
    "a.dat": (MARC, "", "canoe/marc21", "fmt/1730 (match on extension only)"),
    "bare.xml": (MARCXML, "", "canoe/marcxml", "no signature matched"),
    "declared.xml": (DECLARATION + MARCXML, "", "canoe/marcxml", "fmt/101"),
    "bare.svg": (SVG % b"", "", "canoe/svg", "no signature matched"),
    "big.tif": (image("TIFF", big_tiff=True), "image/tiff", "fmt/1917", "fmt/898 (extension mismatch)"),
    "cut.pdf": (pdf("1.3")[:-6], "application/pdf", "fmt/17", "no signature matched"),
    "later.pdf": (b"\n" * 9 + pdf("1.4"), "application/pdf", "fmt/18", "no signature matched"),
    "pages.jsonl": (b'{"a": 1}\n', "application/jsonl", "fmt/2054", "fmt/2054 (match on extension only)"),
    "a.csv": (b"a,b\n1,2\n", "text/csv", "x-fmt/18", "x-fmt/18 (match on extension only)"),
}


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ALIKE)
def test_pronom_and_our_sniffers_agree(identifier: Identifier, tmp_path: Path, name: str) -> None:
    content, puid = ALIKE[name]
    path = written(tmp_path, name, content)
    told = identifier.identify(path, "")
    assert (told.puid, told.remark) == (puid, "")
    assert told.agent.startswith(f"{PRONOM} ")
    assert "siegfried 1." in told.agent
    assert "PRONOM V" in told.agent
    assert sniff(path, "") == puid
    assert puid in FORMATS


@pytest.mark.parametrize("name", OURS)
def test_ours_stands_where_pronom_knows_none_or_goes_by_the_name_or_says_less(
    identifier: Identifier, tmp_path: Path, name: str
) -> None:
    content, media_type, puid, against = OURS[name]
    told = identifier.identify(written(tmp_path, name, content), media_type)
    assert told.puid == puid
    if told.agent == own_agent():
        assert told.remark.startswith(PRONOM)
        assert told.remark.endswith(against)
    assert puid in FORMATS


def test_pronom_stands_where_it_says_more_than_we_do(identifier: Identifier, tmp_path: Path) -> None:
    content = pdf("1.3").replace(b"/Type /Catalog", b"/Type /Catalog /GTS_PDFXVersion (PDF/X-3:2002)")
    told = identifier.identify(written(tmp_path, "x.pdf", content), "application/pdf")
    assert (told.puid, told.remark) == ("fmt/158", "our own sniffer says fmt/17")


def test_a_name_that_does_not_fit_costs_nothing_where_both_mean_the_same_medium(
    identifier: Identifier, tmp_path: Path
) -> None:
    told = identifier.identify(written(tmp_path, "a.original", pdf("1.4")), "application/pdf")
    assert (told.puid, told.agent[:8], told.remark) == ("fmt/18", PRONOM, "extension mismatch")


@pytest.mark.parametrize(
    ("matches", "own", "puid", "agent", "remark"),
    [
        ([Match("fmt/17", "application/pdf", "")], "fmt/17", "fmt/17", "P", ""),
        ([Match("fmt/17", "application/pdf", "")], "fmt/95", "fmt/17", "P", "our own sniffer says fmt/95"),
        ([Match("fmt/17", "application/pdf", "")], "", "fmt/17", "P", ""),
        ([Match("fmt/9", "", ""), Match("fmt/8", "", "")], "", "fmt/9", "P", "also fmt/8"),
        ([Match("fmt/158", "application/pdf", "extension mismatch")], "fmt/17", "fmt/158", "P",
         "extension mismatch; our own sniffer says fmt/17"),
        ([Match("fmt/898", "", "extension mismatch")], "", "fmt/898", "P", "extension mismatch"),
        ([Match("fmt/898", "", "extension mismatch")], "fmt/353", "fmt/353", "", "P says fmt/898 (extension mismatch)"),
        ([Match("fmt/1730", "", "match on extension only")], "", "", "", "P says fmt/1730 (match on extension only)"),
        ([Match("x-fmt/111", "text/plain", "match on text only")], "canoe/marc21", "canoe/marc21", "",
         "P says x-fmt/111 (match on text only)"),
        ([Match("x-fmt/111", "text/plain", "match on text only")], "", "x-fmt/111", "P", "match on text only"),
        ([], "fmt/17", "fmt/17", "", "P: no signature matched"),
        ([], "", "", "", "P: no signature matched"),
    ],
)  # fmt: skip
def test_the_two_answers_are_weighed(matches: list[Match], own: str, puid: str, agent: str, remark: str) -> None:
    found = weigh(Told("P", tuple(matches)), own)
    assert (found.puid, found.agent, found.remark) == (puid, agent or own_agent(), remark)


# --- without pygfried -------------------------------------------------------------------------


def test_without_pygfried_our_sniffers_answer_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PRONOM, None)
    with pytest.raises(ImportError):
        ask_pronom(str(tmp_path))
    with Identifier(LIMITS) as alone:
        for name, (content, puid) in ALIKE.items():
            told = alone.identify(written(tmp_path, name, content), "")
            assert (told.puid, told.agent, told.remark) == (puid, own_agent(), "pygfried is not installed"), name
        for name, (content, media_type, puid, _) in OURS.items():
            assert alone.identify(written(tmp_path, name, content), media_type).puid == puid, name


def test_office_documents_are_told_by_what_is_in_them(tmp_path: Path) -> None:
    for name, puid in (
        ("word/document.xml", "fmt/412"),
        ("xl/workbook.xml", "fmt/214"),
        ("ppt/presentation.xml", "fmt/215"),
    ):
        assert sniff(written(tmp_path, "a", office(name)), "") == puid
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as packed:
        packed.writestr("mimetype", "application/epub+zip")
    assert sniff(written(tmp_path, "a", book.getvalue()), "") == "fmt/483"


# --- files made to harm -----------------------------------------------------------------------


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "a.pdf")
    return folder / "a.pdf"


def _loop(folder: Path) -> Path:
    (folder / "a.pdf").symlink_to(folder / "a.pdf")
    return folder / "a.pdf"


@pytest.mark.parametrize(
    "made",
    [_pipe, _loop, lambda folder: folder, lambda folder: folder / "nothing", lambda _: Path("/dev/zero")],
    ids=["pipe", "loop", "folder", "nothing", "device"],
)
def test_what_is_no_file_is_not_read_and_not_waited_for(
    identifier: Identifier, tmp_path: Path, made: Callable[[Path], Path]
) -> None:
    begun = time.monotonic()
    told = identifier.identify(made(tmp_path), "application/pdf")
    assert told.puid == ""
    assert "cannot be read" in told.remark
    assert time.monotonic() - begun < 5


def test_pygfried_is_never_given_a_pipe(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        ask_pronom(str(_pipe(tmp_path)))


def test_an_empty_file_has_no_format(identifier: Identifier, tmp_path: Path) -> None:
    assert identifier.identify(written(tmp_path, "a.csv", b""), "text/csv").puid == ""


def test_a_name_that_pygfried_cannot_take_leaves_our_own_answer(identifier: Identifier, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.pdf")
    path.write_bytes(pdf("1.4"))
    told = identifier.identify(path, "application/pdf")
    assert (told.puid, told.agent, told.remark) == ("fmt/18", own_agent(), "pygfried gave no answer on this file")


DYING = """
import os, time
def identify(path, detailed):
    content = open(path, "rb").read()
    if b"die" in content:
        os.write(2, b"goroutine 1 [running]")
        os.abort()
    if b"hang" in content:
        while True:
            pass
    raise OSError("siegfried: no")
"""


@pytest.mark.parametrize("harm", ["die", "hang", "raise"])
def test_a_pygfried_that_dies_hangs_or_raises_costs_its_own_answer_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], harm: str
) -> None:
    (tmp_path / "pygfried.py").write_text(DYING)
    monkeypatch.syspath_prepend(tmp_path)
    path = written(tmp_path, "a.pdf", pdf("1.4") + harm.encode())
    with Identifier(Limits(patience=1, processor=30)) as harmed:
        for _ in range(2):
            told = harmed.identify(path, "application/pdf")
            answer = ("fmt/18", own_agent(), "pygfried gave no answer on this file")
            assert (told.puid, told.agent, told.remark) == answer
    assert capfd.readouterr().err == ""


def test_our_sniffers_read_the_ends_of_a_file_only(tmp_path: Path) -> None:
    path = tmp_path / "huge.pdf"
    with path.open("wb") as stream:
        stream.write(b"%PDF-1.4\n")
        stream.truncate(3 << 30)
        stream.seek(3 << 30)
        stream.write(b"pdfaid:part>1<pdfaid:conformance>B")
    begun = time.monotonic()
    assert sniff(path, "") == "fmt/354"
    assert time.monotonic() - begun < 1
    with path.open("ab") as stream:
        stream.truncate(MOST + path.stat().st_size)
    assert sniff(path, "") == "fmt/18"


@pytest.mark.parametrize("seed", range(0, 48, 8))
def test_cut_and_spoilt_files_raise_nothing(tmp_path: Path, seed: int) -> None:
    for name, (whole, _) in ALIKE.items():
        for spoilt in (whole[:seed], whole[seed:], whole[:seed] + b"\xff" * 8 + whole[seed + 8 :]):
            assert sniff(written(tmp_path, name, spoilt), "") in {*FORMATS, ""}


# --- in the way through -----------------------------------------------------------------------


@pytest.mark.ocr
def test_digitising_tells_the_formats_of_what_will_be_kept(tmp_path: Path) -> None:
    path = typeset(tmp_path / "a.pdf", ["One page with some words on it."])
    (done,) = digitise([document(path, tmp_path / "w")], load_engine("tesseract"), 1, LIMITS, lambda _: None)
    assert isinstance(done, Digitised)
    assert done.original_format.puid == f"fmt/{ {'1.3': 17, '1.4': 18, '1.7': 276}[path.read_bytes()[5:8].decode()] }"
    assert done.original_format.agent.startswith(PRONOM)
    assert (done.access, done.access_format.puid) == (None, "")


# --- real files -------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["scans", "hostile"])
def test_no_real_or_hostile_file_raises_and_none_takes_long(identifier: Identifier, folder: str) -> None:
    differ = []
    for path in sorted((SHARED / folder).rglob("*")):
        if not path.is_file():
            continue
        begun = time.monotonic()
        told = identifier.identify(path, "")
        assert time.monotonic() - begun < 20, path
        assert told.agent
        if told.agent != own_agent() and told.puid != sniff(path, "") and told.puid in FORMATS and sniff(path, ""):
            differ.append((path.name, told.puid, sniff(path, "")))
    # Where both speak they agree, but for the special kinds that only PRONOM tells apart.
    assert {puid for _, puid, _ in differ} <= {"fmt/158", "fmt/155"}, differ
