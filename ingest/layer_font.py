"""The font of invisible text: nothing to see, only widths, heights and what each code means.

The codes of a document's characters are one byte each, given in the order in which they first
come, so that what is written with them compresses as well as the text itself; a document with
more kinds of characters has more such fonts. Widths are those of a common book face in a few
steps: words then take nearly the room that they have in print. A simple TrueType font with
everything that PDF/A asks of one (ISO 19005-2, 6.2.11): embedded, its widths agreeing with the
program's, no reference to .notdef, and a ToUnicode map (ISO 32000-1, 9.10.3).
"""

import struct
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from functools import cache

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

ASCENT, DESCENT = 700, -220
"""What a selected line is high, in thousandths of the font's size above and below its baseline."""

_SPACE = 0x20
_MAGIC = 0x5F0F3CF5
_CODES = tuple(code for code in range(1, 256) if code not in (0x0A, 0x0D, _SPACE, *b"()\\"))
_WIDTHS = (0, 260, 340, 450, 500, 600, 700, 830, 1000)  # by glyph; 0 is .notdef
_CLASSES = {
    1: " .,:;'’‘|!ijlt·/\\",
    2: 'frsIJ()[]{}-–"“”`°*',
    3: "aceszv?",
    5: "PSFELTZB«»=+<>#$€£&",
    6: "ACDGHKNOQRUVXYw%",
    7: "mMW@—…",
}
_GLYPHS = {character: glyph for glyph, characters in _CLASSES.items() for character in characters}


@cache
def width_of(character: str) -> int:
    """Return how wide a character is, in thousandths of the font's size."""
    return _WIDTHS[_glyph_of(character)]


@cache
def _glyph_of(character: str) -> int:
    base = unicodedata.normalize("NFKD", character)[:1]
    if glyph := _GLYPHS.get(character) or _GLYPHS.get(base):
        return glyph
    return 8 if unicodedata.east_asian_width(character) in ("W", "F") else 6 if character.isupper() else 4


class Alphabet:
    """The characters of a document's invisible text, each with its font and its code."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        self._fonts: list[list[str]] = []

    def place(self, character: str) -> tuple[int, int]:
        """Return font (from 0) and code of a character, new ones where it is new; a blank is 32 in every font."""
        place = self._places.get(character)
        if place is None:
            if not self._fonts or len(self._fonts[-1]) == len(_CODES):
                self._fonts.append([])
            self._fonts[-1].append(character)
            place = len(self._fonts) - 1, _CODES[len(self._fonts[-1]) - 1]
            self._places[character] = place
        return place

    def fonts(self, pdf: Pdf) -> Iterator[Dictionary]:
        """Yield the fonts, as objects of ``pdf``, in order."""
        for characters in self._fonts:
            coded = [(_SPACE, " "), *zip(_CODES, characters, strict=False)]
            yield _font(pdf, sorted(coded))


def _font(pdf: Pdf, coded: Sequence[tuple[int, str]]) -> Dictionary:
    """Return a simple TrueType font (ISO 32000-1, 9.6.3); it is symbolic, so its program's cmap tells glyphs."""
    glyphs = dict.fromkeys(range(256), 0) | {code: _glyph_of(character) for code, character in coded}
    first, last = coded[0][0], coded[-1][0]
    program = _program(bytes(glyphs.values()))
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=Name.CanoeInvisible, Flags=4, FontBBox=Array([0, DESCENT, 1000, ASCENT]),
        ItalicAngle=0, Ascent=ASCENT, Descent=DESCENT, CapHeight=ASCENT, StemV=80,
        FontFile2=packed(pdf, program, Length1=len(program)),
    )  # fmt: skip
    return Dictionary(
        Type=Name.Font, Subtype=Name.TrueType, BaseFont=Name.CanoeInvisible, FirstChar=first, LastChar=last,
        Widths=Array([_WIDTHS[glyphs[code]] for code in range(first, last + 1)]),
        FontDescriptor=pdf.make_indirect(descriptor), ToUnicode=packed(pdf, _to_unicode(coded)),
    )  # fmt: skip


def packed(pdf: Pdf, data: bytes, **entries: object) -> pikepdf.Stream:
    """Return a stream of ``data``, compressed as far as Flate can."""
    return pikepdf.Stream(pdf, zlib.compress(data, 9), Filter=Name.FlateDecode, **entries)


def _to_unicode(coded: Sequence[tuple[int, str]]) -> bytes:
    """Return the CMap that says which characters codes stand for (Adobe Technical Note 5411)."""
    parts = [
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Canoe def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"
    ]
    for start in range(0, len(coded), 100):  # no more may stand in one list
        some = coded[start : start + 100]
        lines = "".join(f"<{code:02X}> <{text.encode('utf-16-be').hex().upper()}>\n" for code, text in some)
        parts.append(f"{len(some)} beginbfchar\n{lines}endbfchar\n")
    parts.append("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
    return "".join(parts).encode("ascii")


def _program(glyphs: bytes) -> bytes:
    """Return a TrueType font; ``glyphs`` has one for each code."""
    count = len(_WIDTHS)
    outlines = [_outline(width) if width else b"" for width in _WIDTHS]
    ends = [sum(map(len, outlines[:number])) // 2 for number in range(count + 1)]
    box = (0, DESCENT, max(_WIDTHS), ASCENT)
    head = (0x10000, 0x10000, 0, _MAGIC, 0, 1000, 0, 0, *box, 0, 8, 2, 0, 0)
    profile = (0x10000, count, 2, 1, 0, 0, 2, *[0] * 8)
    tables = {
        b"cmap": struct.pack(">HHHHLHHH", 0, 1, 1, 0, 12, 0, 262, 0) + glyphs,
        b"glyf": b"".join(outlines),
        b"head": struct.pack(">LLLLHHqqhhhhHHhhh", *head),
        b"hhea": struct.pack(">LhhhHhhhhhhhhhhhH", 0x10000, ASCENT, DESCENT, 0, 1000, *[0] * 11, count),
        b"hmtx": b"".join(struct.pack(">Hh", width, 0) for width in _WIDTHS),
        b"loca": struct.pack(f">{count + 1}H", *ends),
        b"maxp": struct.pack(">L14H", *profile),
        b"post": struct.pack(">LLhhLLLLL", 0x30000, *[0] * 8),
    }
    return _assembled(tables)


def _outline(width: int) -> bytes:
    """Return a glyph that is a line there and back: it has no area, but the box from which readers tell places."""
    box = struct.pack(">hhhhh", 1, 0, DESCENT, width, ASCENT)
    return box + struct.pack(">HHBBhhhh", 1, 0, 1, 1, 0, width, DESCENT, ASCENT - DESCENT)


def _assembled(tables: dict[bytes, bytes]) -> bytes:
    """Return tables as a font file (OpenType 1.9, Organization of an OpenType font)."""
    power = len(tables).bit_length() - 1
    header = struct.pack(">LHHHH", 0x10000, len(tables), 16 << power, power, 16 * (len(tables) - (1 << power)))
    offset, rows, body = len(header) + 16 * len(tables), b"", b""
    for tag, data in sorted(tables.items()):
        rows += struct.pack(">4sLLL", tag, _sum(data), offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    font = header + rows + body
    adjusted = (0xB1B0AFBA - _sum(font)) & 0xFFFFFFFF
    place = font.index(struct.pack(">L", _MAGIC)) - 4  # head.checkSumAdjustment stands before the magic number
    return font[:place] + struct.pack(">L", adjusted) + font[place + 4 :]


def _sum(data: bytes) -> int:
    whole = data + bytes(-len(data) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(whole) // 4}L", whole)
    return sum(words) & 0xFFFFFFFF
