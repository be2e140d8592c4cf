"""A book of a thousand pages: what memory its workers take from the first page to the last.

    python tests/soak/long_book.py SCAN [--pages 1000] [--form pdf|folder] [--engine words|tesseract]

SCAN is an image (JPEG). The book is that scan over and over, as one PDF or as a folder of images, and is digitised by
two workers: surveyed, read, bound. ``words`` is an engine that only gives five hundred words a page, so that all of
Canoe's own work is done and a run takes minutes; ``tesseract`` reads. Prints the largest anonymous memory of any
process for each tenth of the pages, and fails where one takes more than 400 MB, or in the last third half as much
again as in the second.
"""

import argparse
import io
import os
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Dictionary, Name, Pdf
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ingest.digitise import digitise
from ingest.documents import Digitised, Document, Limits, Progress
from ingest.engine import OcrEngine
from ingest.tesseract import Tesseract
from metadata.model import Page, Word

MOST = 400_000  # kB


@dataclass(frozen=True, slots=True)
class Words:
    """Gives every page the same words."""

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:  # noqa: ARG002
        words = tuple(
            Word(f"word{n}", (100 + n % 10 * 80, 100 + n // 10 * 25, 160 + n % 10 * 80, 120 + n // 10 * 25), 90.0)
            for n in range(500)
        )
        lines = [" ".join(word.text for word in words[start : start + 10]) for start in range(0, 500, 10)]
        return Page(1, 1000, 1500, "\n".join(lines), "en", 90.0, "ocr", dpi, 0, words)

    def agent(self) -> str:
        return "Words"


def main() -> None:
    """Make the book, digitise it, and tell what it took."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="canoe-soak-") as name:
        folder = Path(name)
        book = _as_pdf(arguments.scan, arguments.pages, folder) if arguments.form == "pdf" else None
        files = (book,) if book else tuple(_as_folder(arguments.scan, arguments.pages, folder))
        (folder / "work").mkdir()
        kind = "application/pdf" if book else "image/jpeg"
        made = Document(files[0], kind, ("eng",), folder / "work", "book", more=files[1:])
        engine: OcrEngine = Tesseract() if arguments.engine == "tesseract" else Words()
        watch = _Watch(arguments.pages)
        (done,) = digitise([made], engine, 2, Limits(), watch.note)
        if not isinstance(done, Digitised) or done.access is None or done.page_count != arguments.pages:
            raise SystemExit(f"not digitised: {[fault.message() for fault in done.problems]}")
        size = sum(file.stat().st_size for file in files)
        print(f"{done.page_count} pages, {size >> 20} MiB, access copy {done.access.stat().st_size / size:.3f} of it")
    watch.judge()


class _Watch:
    """The largest anonymous memory of a process, this one's children too, by tenths of the pages."""

    def __init__(self, pages: int) -> None:
        self._pages = pages
        self._tenth = 0
        self._most = [0] * 11
        threading.Thread(target=self._look, daemon=True).start()

    def note(self, told: Progress) -> None:
        self._tenth = 10 * told.pages_done // self._pages

    def _look(self) -> None:
        while True:
            found = max(map(_anonymous, _children(os.getpid())))
            self._most[self._tenth] = max(self._most[self._tenth], found)
            time.sleep(0.1)

    def judge(self) -> None:
        print("MB by tenths of the pages, the binding last:", [kilobytes // 1000 for kilobytes in self._most])
        if max(self._most) > MOST or max(self._most[7:10]) > 1.5 * max(self._most[3:7]):
            raise SystemExit("it is not flat")


def _children(process: int) -> list[int]:
    told = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    found = [int(child) for child in told]
    return [process, *found, *(below for child in found for below in _grandchildren(child))]


def _grandchildren(child: int) -> list[int]:
    try:
        return _children(child)[1:]
    except OSError:
        return []


def _anonymous(process: int) -> int:
    """Return what a process has in memory that is no file's, in kB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def _as_folder(scan: Path, pages: int, folder: Path) -> list[Path]:
    (folder / "book").mkdir()
    files = [folder / "book" / f"{number:04}.jpg" for number in range(pages)]
    for file in files:
        shutil.copyfile(scan, file)
    return files


def _as_pdf(scan: Path, pages: int, folder: Path) -> Path:
    """Write a PDF in which every page has an image of its own."""
    with Image.open(scan) as image, Pdf.new() as pdf:
        buffer = io.BytesIO()
        image.convert("L").save(buffer, "JPEG", quality=60)
        width, height = image.size
        for number in range(pages):
            stream = pikepdf.Stream(
                pdf, buffer.getvalue() + b"\0" * (number % 7), Type=Name.XObject, Subtype=Name.Image, Width=width,
                Height=height, BitsPerComponent=8, ColorSpace=Name.DeviceGray, Filter=Name.DCTDecode,
            )  # fmt: skip
            size = width * 72 / 300, height * 72 / 300
            page = pdf.add_blank_page(page_size=size)
            page.Resources = Dictionary(XObject=Dictionary(Im0=stream))
            page.Contents = pdf.make_stream(f"q {size[0]} 0 0 {size[1]} 0 0 cm /Im0 Do Q".encode())
        pdf.save(folder / "book.pdf")
    return folder / "book.pdf"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scan", type=Path)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--form", choices=["pdf", "folder"], default="pdf")
    parser.add_argument("--engine", choices=["words", "tesseract"], default="words")
    return parser.parse_args()


if __name__ == "__main__":
    main()
