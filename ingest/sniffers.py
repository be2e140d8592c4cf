"""Sniffers of our own: what a file is by its first and last bytes, without a parser and without PRONOM.

They know the formats that the library takes in, so that it can do without PRONOM's
signatures, and those that PRONOM lacks. A sniffer never raises on any bytes.
"""

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from metadata.formats import UNKNOWN
from metadata.marc21 import is_marc21
from metadata.marcxml import is_marcxml

MOST = 1 << 20
"""Bytes that are read at each end of a file."""

_MARC_HEAD = 65_536
_PDF_HEAD = 1024  # ISO 32000-1, annex H.3.4.1: readers look for the header in the first 1024 bytes
_PDF = {
    b"1.0": "fmt/14", b"1.1": "fmt/15", b"1.2": "fmt/16", b"1.3": "fmt/17", b"1.4": "fmt/18", b"1.5": "fmt/19",
    b"1.6": "fmt/20", b"1.7": "fmt/276", b"2.0": "fmt/1129",
}  # fmt: skip
_PDF_A = {
    b"1A": "fmt/95", b"1B": "fmt/354", b"2A": "fmt/476", b"2B": "fmt/477", b"2U": "fmt/478", b"3A": "fmt/479",
    b"3B": "fmt/480", b"3U": "fmt/481", b"4": "fmt/1910", b"4E": "fmt/1911", b"4F": "fmt/1912",
}  # fmt: skip
# ISO 19005-1, 6.7.11: part and conformance stand in the XMP packet, as elements or as attributes.
_PDF_A_PART = re.compile(rb"pdfaid:part(?:>|\s*=\s*[\"'])\s*([1-4])")
_PDF_A_LEVEL = re.compile(rb"pdfaid:conformance(?:>|\s*=\s*[\"'])\s*([A-Za-z])")
_JFIF = {b"\x01\x00": "fmt/42", b"\x01\x01": "fmt/43", b"\x01\x02": "fmt/44"}
_EXIF = {b"0200": "x-fmt/398", b"0210": "x-fmt/390", b"0220": "x-fmt/391", b"0221": "fmt/645"}
# Exif 2.32, 4.6.5 A: the field ExifVersion, tag 9000, four bytes of type 7, in either byte order.
_EXIF_VERSION = re.compile(rb"(?:\x00\x90\x07\x00\x04\x00\x00\x00|\x90\x00\x00\x07\x00\x00\x00\x04)(0\d{3})")
_WEBP = {b"VP8 ": "fmt/566", b"VP8L": "fmt/567", b"VP8X": "fmt/568"}
_JP2 = {b"jp2 ": "x-fmt/392", b"jpx ": "fmt/151", b"jpm ": "fmt/463"}
_BMP = {12: "fmt/115", 40: "fmt/116", 108: "fmt/118", 124: "fmt/119"}  # by the size of the second header
_OFFICE = ((b"word/document.xml", "fmt/412"), (b"xl/workbook.xml", "fmt/214"), (b"ppt/presentation.xml", "fmt/215"))
_SVG_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?svg\b([^>]*)>")
_SVG_VERSION = re.compile(rb"""\sversion\s*=\s*["'](1\.[01])["']""")
_BLANK = b" \t\r\n"
_BY_MEDIA_TYPE = {
    "text/csv": "x-fmt/18",
    "text/tab-separated-values": "x-fmt/13",
    "text/plain": "x-fmt/111",
    "text/markdown": "fmt/1149",
    "application/json": "fmt/817",
    "application/jsonl": "fmt/2054",
    "application/marc": "canoe/marc21",
    "application/marcxml+xml": "canoe/marcxml",
}
"""Formats without a signature: here the media type speaks, which is what the content was read as."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The ends of a file; of a short one both are all of it."""

    head: bytes
    tail: bytes


def sniff(path: Path, media_type: str) -> str:
    """Return the PUID of a file, or our own name for its format, ``""`` where nothing tells.

    At most twice :data:`MOST` bytes are read. What is no regular file tells nothing; raises
    OSError where it cannot be read.
    """
    glance = _glance(path)
    found = (recognise(glance) for recognise in _SNIFFERS)
    by_content = next(filter(None, found), UNKNOWN) if glance.head else UNKNOWN
    return by_content or (_BY_MEDIA_TYPE.get(media_type, UNKNOWN) if glance.head else UNKNOWN)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; raises OSError for anything else, and does not wait for a pipe."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{path} is not a regular file")
    return os.fdopen(handle, "rb")


def _glance(path: Path) -> Glance:
    with open_regular(path) as stream:
        head = stream.read(MOST)
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - MOST))
        return Glance(head, stream.read(MOST))


def _pdf(glance: Glance) -> str:
    header = re.search(rb"%PDF-(\d\.\d)", glance.head[:_PDF_HEAD])
    if not header:
        return UNKNOWN
    return _pdf_a(glance.head) or _pdf_a(glance.tail) or _PDF.get(header[1], UNKNOWN)


def _pdf_a(end: bytes) -> str:
    part = _PDF_A_PART.search(end)
    level = _PDF_A_LEVEL.search(end)
    return _PDF_A.get((part[1] if part else b"") + (level[1].upper() if level else b""), UNKNOWN)


def _tiff(glance: Glance) -> str:
    if glance.head[:4] in (b"II*\0", b"MM\0*"):
        return "fmt/353"
    return "fmt/1917" if glance.head[:4] in (b"II+\0", b"MM\0+") else UNKNOWN


def _jpeg(glance: Glance) -> str:
    """Tell JPEGs apart by their first segment, as PRONOM does: JFIF, else Exif, else neither."""
    head = glance.head
    if not head.startswith(b"\xff\xd8\xff"):
        return UNKNOWN
    if head[6:11] == b"JFIF\0":
        return _JFIF.get(head[11:13], "fmt/41")
    version = _EXIF_VERSION.search(head[:65_600]) if head[6:10] == b"Exif" else None
    if not version:
        return "fmt/41"
    return _EXIF.get(version[1], "fmt/1507" if version[1].startswith(b"023") else "fmt/41")


def _png(glance: Glance) -> str:
    """Tell PNG versions apart by the chunks before the image: 1.1 brought profiles, 1.2 text in any language."""
    if not glance.head.startswith(b"\x89PNG\r\n\x1a\n"):
        return UNKNOWN
    chunks = _chunks(glance.head)
    if b"acTL" in chunks:
        return "fmt/935"
    if b"iTXt" in chunks:
        return "fmt/13"
    return "fmt/12" if chunks & {b"iCCP", b"sRGB", b"sPLT"} else "fmt/11"


def _chunks(head: bytes) -> set[bytes]:
    found, place = set[bytes](), 8
    while place + 8 <= len(head) and b"IDAT" not in found:
        found.add(head[place + 4 : place + 8])
        place += 12 + int.from_bytes(head[place : place + 4], "big")
    return found


def _jpeg_2000(glance: Glance) -> str:
    if glance.head.startswith(b"\x00\x00\x00\x0cjP  \r\n\x87\n"):
        return _JP2.get(glance.head[20:24], UNKNOWN)
    return "fmt/1794" if glance.head.startswith(b"\xff\x4f\xff\x51") else UNKNOWN


def _other_image(glance: Glance) -> str:
    head = glance.head
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _WEBP.get(head[12:16], UNKNOWN)
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "fmt/3" if head[3:6] == b"87a" else "fmt/4"
    if head.startswith(b"AT&TFORM") and head[12:16] in (b"DJVU", b"DJVM"):
        return "fmt/255"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return _BMP.get(int.from_bytes(head[14:18], "little"), UNKNOWN)
    return UNKNOWN


def _packed(glance: Glance) -> str:
    """Tell ZIP archives apart by the names in them; the directory stands at the end."""
    head = glance.head
    if head.startswith(b"\x1f\x8b\x08"):
        return "x-fmt/266"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "fmt/111"
    if not head.startswith(b"PK\x03\x04"):
        return UNKNOWN
    if head[30:58] == b"mimetypeapplication/epub+zip":
        return "fmt/483"
    return next((puid for name, puid in _OFFICE if name in glance.tail), "x-fmt/263")


def _markup(glance: Glance) -> str:
    start = glance.head[:_MARC_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    if not start.startswith(b"<"):
        return UNKNOWN
    if is_marcxml(glance.head[:_MARC_HEAD]):
        return "canoe/marcxml"
    if re.match(rb"<(!doctype\s+html|html)[\s>]", start, re.IGNORECASE):
        return "fmt/471" if re.match(rb"<!doctype\s+html\s*>", start, re.IGNORECASE) else "fmt/96"
    if root := _SVG_ROOT.search(start[:4096]):
        version = _SVG_VERSION.search(root[1])
        return {b"1.0": "fmt/91", b"1.1": "fmt/92"}[version[1]] if version else "canoe/svg"
    declared = re.match(rb"""<\?xml\s+version\s*=\s*["'](1\.[01])["']""", start)
    return {b"1.0": "fmt/101", b"1.1": "fmt/1776"}[declared[1]] if declared else UNKNOWN


def _marc(glance: Glance) -> str:
    return "canoe/marc21" if is_marc21(glance.head[:_MARC_HEAD]) else UNKNOWN


_SNIFFERS: tuple[Callable[[Glance], str], ...] = (
    _pdf, _tiff, _jpeg, _png, _jpeg_2000, _other_image, _packed, _markup, _marc,
)  # fmt: skip
