"""Folders of page images through a whole batch: which are publications, in which order, and what a change does."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from failing_engines import Good, Raising
from PIL import Image
from scans import tiff
from small_library import codes, items, outcomes, working_in

import ingest.batch
from canoe.home import Home
from canoe.report import report_json
from ingest.documents import Folders
from ingest.engine import OcrEngine
from ingest.retry import retry
from ingest.series import are_numbered, earlier
from ingest.tiff_pages import has_more_pages
from ingest.tools import NOBODY
from metadata.pages import read_page

METS = """<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink" LABEL="A book in METS">
<fileSec><fileGrp USE="MASTER">{files}</fileGrp></fileSec>
<structMap TYPE="PHYSICAL"><div TYPE="physSequence">{pages}</div></structMap></mets>"""


def _ingest(home: Path, folders: Folders = "auto", engine: OcrEngine | None = None) -> Any:
    opened = Home.read(home)
    tools = replace(opened.tools("", "", 1), engine=engine or Good(), folders=folders)
    with working_in(home.parent), opened.library.writer() as writer:
        return report_json(ingest.batch.ingest([Path("box")], opened.library, writer, tools, NOBODY))


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Make an empty folder to put things in."""
    (tmp_path / "box").mkdir()
    return tmp_path / "box"


def _images(folder: Path, *names: str) -> Path:
    """Write images, each of a width of its own: 300 pixels and ten times the first number in its name."""
    folder.mkdir(exist_ok=True)
    for place, name in enumerate(names):
        digits = "".join(character for character in name if character.isdigit())
        width = 300 + 10 * int(digits or 90 + place)
        Image.linear_gradient("L").resize((width, 200)).save(folder / name)
    return folder


def _mets(folder: Path, hrefs: Sequence[str]) -> None:
    files = "".join(
        f'<file ID="f{n}"><FLocat LOCTYPE="URL" xlink:href="{href}"/></file>' for n, href in enumerate(hrefs)
    )
    pages = "".join(f'<div TYPE="page"><fptr FILEID="f{n}"/></div>' for n in range(len(hrefs)))
    (folder / "mets.xml").write_text(METS.format(files=files, pages=pages), "utf-8")


def _pages(home: Path, source: str) -> list[int]:
    """Return the numbers that the pages of an item's access copy were made of, in their order."""
    library = Home.read(home).library
    (item,) = [item for item in library.items() if item.source == source]
    assert item.page_count == len(list(library.pages(item.id)))
    with pikepdf.open(library.file(item, "access.pdf")) as pdf:
        widths = [page.resources.XObject.Scan.Width for page in pdf.pages]
    return [(int(width) - 300) // 10 for width in widths]


def test_numbered_images_are_the_pages_of_one_publication_in_natural_order(home: Path, box: Path) -> None:
    folder = _images(box / "book", "001.png", "2.png", "10.png")
    report = _ingest(home)
    assert outcomes(report) == {"box/book": "new"}
    assert report["counts"]["in"] == 1
    assert _pages(home, "box/book") == [1, 2, 10]
    library = Home.read(home).library
    (item,) = library.items()
    assert [file.name for file in item.files_as("original")] == ["001.png", "2.png", "10.png"]
    for file in item.files_as("original"):
        assert library.file(item, file.path).read_bytes() == (folder / file.name).read_bytes()
    assert [page.number for page in library.pages(item.id)] == [1, 2, 3]
    assert item.title.value == "book"
    assert codes(report, "box/book")[0] == "pages-missing"
    assert _ingest(home)["counts"]["identical"] == 1

    _images(folder, "3.png")
    added = _ingest(home)
    assert (outcomes(added), added["pieces"][0]["item"]) == ({"box/book": "changed"}, item.id)
    assert _pages(home, "box/book") == [1, 2, 3, 10]
    (folder / "2.png").unlink()
    assert outcomes(_ingest(home)) == {"box/book": "changed"}
    assert _pages(home, "box/book") == [1, 3, 10]
    assert list(items(home)) == ["box/book"]


def test_another_book_in_a_folder_of_the_same_name_is_another_item(home: Path, box: Path) -> None:
    _images(box / "book", "1.png", "2.png")
    report = _ingest(home)
    library = Home.read(home).library
    (item,) = library.items()
    digests = [file.sha512 for file in item.files_as("original")]
    assert earlier(library.catalogue, "box/book", [*digests, "x"]) == report["pieces"][0]["item"] == item.id
    assert earlier(library.catalogue, "box/book", ["x", "y"]) == ""
    assert earlier(library.catalogue, "box/other", digests) == ""


@pytest.mark.parametrize(
    ("names", "numbered"),
    [
        ("001.png 2.png 10.png", True),
        ("IMG_0001.PNG IMG_0002.png", True),
        ("p1r.png p1v.png p2r.png", True),
        ("a.png b.png", False),
        ("1.png 2.jpg", False),
        ("1.png cover.png", False),
        ("p1_2.png p2_3.png", False),
        ("IMG_0412.png IMG_0533.png", False),
        ("1.png 01.png", False),
    ],
)
def test_names_tell_whether_images_are_numbered_pages(names: str, numbered: bool) -> None:
    assert are_numbered([(name, name.rpartition(".")[2].lower()) for name in names.split()]) == numbered


@pytest.mark.parametrize(("frames", "more"), [(1, False), (2, True)], ids=["one", "two"])
@pytest.mark.parametrize("big", [False, True])
def test_a_tiff_of_several_pages_is_told_by_its_directories(tmp_path: Path, frames: int, more: bool, big: bool) -> None:
    tones = [Image.linear_gradient("L").resize((30, 20 + n)) for n in range(frames)]
    tones[0].save(tmp_path / "1.tif", save_all=True, append_images=tones[1:], big_tiff=big)
    assert has_more_pages(tmp_path / "1.tif") == more


@pytest.mark.parametrize(("kinds", "more"), [((0, 1), False), ((1, 0, 4), False), ((0, 1, 2), True)])
def test_small_copies_in_a_tiff_are_no_pages(tmp_path: Path, kinds: tuple[int, ...], more: bool) -> None:
    assert has_more_pages(tiff(tmp_path / "1.tif", [(20, kind) for kind in kinds])) == more


@pytest.mark.parametrize(
    "content", [b"", b"II*\0", b"II*\0\xff\xff\xff\x7f", b"II*\0\x08\0\0\0\xff\xff", b"MM\0+" + b"\xff" * 40]
)
def test_a_damaged_tiff_has_no_more_pages(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "1.tif").write_bytes(content)
    assert not has_more_pages(tmp_path / "1.tif")


def test_the_switch_says_otherwise(home: Path, box: Path) -> None:
    _images(box / "odd", "a.png", "b.png")
    _images(box / "even", "1.png", "2.png")
    assert outcomes(_ingest(home, "one")) == {"box/odd": "new", "box/even": "new"}
    again = _ingest(home, "files")
    assert again["counts"] == {**again["counts"], "in": 4, "new": 4}


def test_mets_gives_title_order_and_choice(home: Path, box: Path) -> None:
    (box / "book").mkdir()
    _images(box / "book" / "images", "7.png", "x3.png", "5.png")
    _mets(
        box / "book",
        ["images/x3.png", "file://images/7.png", "images/9.png", "../../etc/passwd", "https://x.org/5.png"],
    )
    report = _ingest(home)
    assert outcomes(report) == {"box/book": "new", "box/book/images/5.png": "set_aside"}
    assert _pages(home, "box/book") == [3, 7]
    (item,) = Home.read(home).library.items()
    assert item.title.value == "A book in METS"
    assert (codes(report, "box/book")[:2], "mets.xml" in str(report["pieces"])) == (
        ["described-by", "pages-missing"],
        True,
    )


def test_a_row_names_the_folder_and_its_pages(home: Path, box: Path) -> None:
    _images(box / "book", "1.png", "2.png", "cover.png")
    row = "file,title,page files\nbook/,Named pages,cover.png | 2.png | 4.png\n"
    (box / "list.csv").write_text(row, "utf-8")
    report = _ingest(home)
    assert outcomes(report) == {"box/book": "new", "box/book/1.png": "set_aside"}
    assert _pages(home, "box/book") == [92, 2]
    assert "4.png" in json.dumps(report)
    assert items(home)["box/book"]["titles"][0]["value"] == "Named pages"
    (box / "list.csv").write_text(f"{row}posters/1.png,First poster,\n", "utf-8")
    _images(box / "posters", "1.png", "2.png")  # numbered, but a row for one keeps them apart
    told = outcomes(_ingest(home))
    assert (told["box/book"], told["box/posters/1.png"], told["box/posters/2.png"]) == ("identical", "new", "new")


def test_a_record_in_the_folder_or_of_its_name_describes_the_publication(home: Path, box: Path) -> None:
    _images(box / "one", "1.png", "2.png")
    _images(box / "two", "1.webp", "3.webp")
    (box / "one" / "record.ris").write_text("TY  - BOOK\nTI  - Inside\nER  - \n")
    (box / "two.ris").write_text("TY  - BOOK\nTI  - Beside\nER  - \n")
    report = _ingest(home)
    assert outcomes(report) == {"box/one": "new", "box/two": "new"}
    found = items(home)
    assert [found[source]["titles"][0]["value"] for source in ("box/one", "box/two")] == ["Inside", "Beside"]
    assert {file["puid"] for file in found["box/two"]["files"] if file["role"] == "original"} == {"fmt/566"}
    assert _pages(home, "box/two") == [1, 3]


def test_an_unread_page_of_a_folder_is_read_again(home: Path, box: Path) -> None:
    _images(box / "book", "1.png", "2.png", "10.png")
    _ingest(home, engine=Raising(2))
    opened = Home.read(home)
    with opened.library.writer() as writer:
        tools = replace(opened.tools("", "", 1), engine=Good())
        (done,) = retry(opened.library, writer, tools, NOBODY)
    assert (done.read, done.unread) == ((2,), ())
    (item,) = opened.library.items()
    assert [page.text for page in opened.library.pages(item.id)] == ["page 1", "page 2", "page 10"]
    assert _pages(home, "box/book") == [1, 2, 10]


def test_a_damaged_page_does_not_keep_the_others_out(home: Path, box: Path) -> None:
    _images(box / "book", "1.png", "2.png", "3.png", "4.png")
    (box / "book" / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    (box / "book" / "3.png").write_bytes(b"")
    report = _ingest(home)
    assert outcomes(report) == {"box/book": "new", "box/book/3.png": "refused"}
    assert {"page-unread", "pages-missing"} <= set(codes(report, "box/book"))
    library = Home.read(home).library
    (item,) = library.items()
    lines = library.file(item, "pages.jsonl").read_bytes().splitlines()
    assert [read_page(line).method for line in lines] == ["ocr", "unread", "ocr"]
