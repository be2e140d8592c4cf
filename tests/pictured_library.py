"""A small library with pages to be seen: scans in a PDF, turned ones, photographs, born-digital and damaged files.

Where words stand, the pages are black: so a test sees whether image and boxes agree.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw
from web_library import BASE, digest, identifier, index

from archive.cataloguing import Publishing
from archive.library import Library, Writer
from archive.ocfl import Content
from metadata.model import Agent, Contribution, Date, Doi, File, FileRole, Item, Page, Text, Word
from metadata.pages import page_line
from metadata.vocabulary import shipped

SCAN, TURNED, PHOTOS, BORN, CLOSED, GONE, BROKEN, BARE, HUGE = (
    identifier(name) for name in ("scan", "turned", "photos", "born", "closed", "gone.pdf", "broken", "bare", "huge")
)
SIZE = (1000, 1400)
DPI = 150
TEXT = "The marsh in spring\n\nWater rises over the sedge bed and the her-\nons return to the reed"
PAGES = 5


def words_of(text: str, size: tuple[int, int] = SIZE) -> tuple[Word, ...]:
    """Return words on lines 60 pixels apart, each a box of 30 pixels a letter at most."""
    placed = []
    for row, line in enumerate(text.split("\n")):
        at = 80
        for word in line.split():
            across = 15 * len(word)
            placed.append(Word(word, (at, 100 + 60 * row, min(at + across, size[0]), 130 + 60 * row), 90.0))
            at += across + 20
    return tuple(placed)


def drawn(words: Sequence[Word], size: tuple[int, int] = SIZE, paper: str = "white") -> Image.Image:
    """Return a page that is black where its words stand."""
    image = Image.new("RGB", size, paper)
    pen = ImageDraw.Draw(image)
    for word in words:
        left, top, right, bottom = word.box
        pen.rectangle((left, top, right - 1, bottom - 1), fill="black")
    return image


def pdf_of(images: Sequence[Image.Image], dpi: int = DPI) -> bytes:
    target = io.BytesIO()
    images[0].save(target, "PDF", save_all=True, append_images=list(images[1:]), resolution=dpi, quality=90)
    return target.getvalue()


def make(home: Path) -> Library:
    """Make the library and its index in ``home``."""
    library = Library.create(home, Publishing(BASE, "example.org", shipped()))
    words = words_of(TEXT)
    texts = [TEXT, *("Nothing of note" for _ in range(PAGES - 2)), ""]
    with library.writer() as writer:
        scans = pdf_of([drawn(words_of(text), paper="#fff4e0") for text in texts])
        pages = [_page(number, text) for number, text in enumerate(texts, 1)]
        _put(writer, _item(SCAN, "The marsh in spring"), {"access.pdf": scans, "originals/scan.txt": b"scan"}, pages)
        _put(writer, _item(TURNED, "Turned"), {"originals/turned.pdf": _turned(drawn(words))}, [_page(1, TEXT, 90)])
        _photos(writer, drawn(words))
        born = {"originals/born.pdf": pdf_of([drawn(words)])}
        _put(writer, _item(BORN, "Born digital"), born, [replace(_page(1, TEXT), method="text-layer")])
        _put(writer, replace(_item(CLOSED, "Closed"), access="restricted"), {"access.pdf": scans}, pages)
        _put(writer, _item(GONE, "Withdrawn"), {"access.pdf": scans}, pages)
        writer.withdraw(library.item(GONE), "It was asked for.")
        _put(writer, _item(BROKEN, "Broken"), {"access.pdf": b"%PDF-1.7\n" + bytes(500)}, [_page(1, "")])
        _put(writer, _item(BARE, "Bare"), {"originals/notes.txt": b"notes"}, [Page(1, 0, 0)])
        _put(writer, _item(HUGE, "Huge"), {"access.pdf": pdf_of([drawn(words)])}, [Page(1, 42_000, 58_800, dpi=300)])
    index(library)
    return library


def _turned(image: Image.Image) -> bytes:
    """Return a PDF in which a page lies on its side: turned clockwise by 90 degrees it stands upright."""
    return pdf_of([image.transpose(Image.Transpose.ROTATE_90)])


def _photos(writer: Writer, image: Image.Image) -> None:
    """Put two photographs, the second upside down, and no copy of them."""
    content = {}
    for number, turn in ((1, 0), (2, 180)):
        target = io.BytesIO()
        image.rotate(turn).save(target, "PNG")
        content[f"originals/{number}.png"] = target.getvalue()
    _put(writer, _item(PHOTOS, "Photographs"), content, [_page(1, TEXT), _page(2, TEXT, 180)])


def _page(number: int, text: str, rotation: int = 0) -> Page:
    if not text:
        return Page(number, *SIZE, method="blank", dpi=DPI)
    return Page(number, *SIZE, text, "en", 90.0, "ocr", DPI, rotation, words_of(text))


def _item(item_id: str, title: str) -> Item:
    return Item(
        id=item_id,
        titles=(Text(title, "en"), Text("Le marais au printemps", "fr", "translated")),
        contributions=(Contribution(Agent("Marsden, Eleanor", "person"), "aut"),),
        dates=(Date("1987-05"),),
        languages=("en",),
        type="report",
        concepts=(shipped().find("Wetlands", "en"),),
        descriptions=(Text("What was seen.", "en"), Text("Ce que l’on a vu.", "fr")),
        doi=Doi(f"10.99999/{item_id}", "findable"),
        rights=(Text("https://creativecommons.org/licenses/by/4.0/"),),
        collections=("field guides",),
        source=item_id,
        submission=digest(item_id.encode()),
    )


def _put(writer: Writer, item: Item, content: dict[str, bytes], pages: Sequence[Page]) -> None:
    held: dict[str, Content] = {**content, "pages.jsonl": b"".join(map(page_line, pages))}
    files = []
    for path, data in {**content, "pages.jsonl": b"".join(map(page_line, pages))}.items():
        role: FileRole = "pages" if path == "pages.jsonl" else "access" if path == "access.pdf" else "original"
        types = {"pdf": "application/pdf", "png": "image/png", "txt": "text/plain", "jsonl": "application/x-ndjson"}
        media_type = types[path.rpartition(".")[2]]
        files.append(File(path, role, media_type, len(data), hashlib.sha512(data).hexdigest(), path))
    writer.put_item(replace(item, files=tuple(files), page_count=len(pages)), held, "Ingested")
