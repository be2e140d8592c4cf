"""A PDF of images, written page by page: however long a book is, one image is in memory.

What it holds is what pikepdf made of each page; copying pages from one document into another
would take all their images into memory at once. ISO 32000-1, 7.5.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import pikepdf
from pikepdf import Dictionary, Name

_CATALOGUE, _TREE, _FIRST = 1, 2, 3  # numbers of objects; a page has three: itself, its contents, its image


def write_pages(target: Path, pages: Iterable[pikepdf.Page]) -> None:
    """Write pages that show one image, or nothing; each is done with before the next is asked for."""
    with target.open("wb") as stream:
        out = _Objects(stream)
        numbers = [_write_page(out, page, _FIRST + 3 * place) for place, page in enumerate(pages)]
        kids = " ".join(f"{number} 0 R" for number in numbers)
        out.write(_TREE, f"<< /Type /Pages /Count {len(numbers)} /Kids [ {kids} ] >>".encode())
        out.write(_CATALOGUE, f"<< /Type /Catalog /Pages {_TREE} 0 R >>".encode())
        out.finish()


def _write_page(out: "_Objects", page: pikepdf.Page, number: int) -> int:
    images = page.resources.get("/XObject", Dictionary())
    image = images.get("/Scan") if isinstance(images, Dictionary) else None
    contents = page.obj.get("/Contents")
    entries = f"/Type /Page /Parent {_TREE} 0 R /MediaBox {page.obj.MediaBox.unparse().decode()}"
    if isinstance(contents, pikepdf.Stream):
        out.write_stream(number + 1, contents)
        entries += f" /Contents {number + 1} 0 R"
    if isinstance(image, pikepdf.Stream):
        out.write_stream(number + 2, image)
        entries += f" /Resources << /XObject << /Scan {number + 2} 0 R >> >>"
    out.write(number, f"<< {entries} >>".encode())
    return number


class _Objects:
    """The objects of a file in the making, and where they begin."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._places: dict[int, int] = {}
        stream.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")

    def write(self, number: int, *parts: bytes) -> None:
        self._places[number] = self._stream.tell()
        self._stream.writelines([b"%d 0 obj\n" % number, *parts, b"\nendobj\n"])

    def write_stream(self, number: int, stream: pikepdf.Stream) -> None:
        """Write a stream as it is coded; none of its entries is a reference."""
        data = stream.read_raw_bytes()
        entries = Dictionary(dict(stream.items()))
        entries[Name.Length] = len(data)
        self.write(number, entries.unparse(), b"\nstream\n", data, b"\nendstream")

    def finish(self) -> None:
        """Write the table of cross-references and the trailer."""
        start, size = self._stream.tell(), max(self._places) + 1
        rows = [b"0000000000 65535 f \n"]
        rows += [
            b"%010d 00000 n \n" % self._places[number] if number in self._places else b"0000000000 00000 f \n"
            for number in range(1, size)
        ]
        trailer = f"trailer << /Size {size} /Root {_CATALOGUE} 0 R >>\nstartxref\n{start}\n%%EOF\n"
        self._stream.writelines([b"xref\n0 %d\n" % size, *rows, trailer.encode()])
