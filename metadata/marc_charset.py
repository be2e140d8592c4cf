"""Which characters the bytes of one MARC 21 record mean.

Leader/09 claims UTF-8 (``a``) or MARC-8 (blank), and in real files it is wrong both ways.
So the bytes are asked: what is valid UTF-8 and not plain ASCII is UTF-8; what is not is
MARC-8 when that reads without fault, else a Windows code page when that gives words.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import partial

from metadata import marc8
from metadata.description import Remarks

_SEPARATOR = re.compile(rb"([\x1e\x1f])")
_LONG_RUN = re.compile(rb"[\xc0-\xff]{4}")
_WESTERN = "cp1252"
_PAGES = {
    **dict.fromkeys((b"rus", b"ukr", b"bul", b"bel", b"mac", b"srp"), "cp1251"),
    b"gre": "cp1253",
    b"tur": "cp1254",
    **dict.fromkeys((b"pol", b"cze", b"slo", b"hun", b"slv", b"hrv", b"rum"), "cp1250"),
}
# Illegal in XML 1.0 (section 2.2); with them go C1 controls, of which MARC uses only the
# two around non-filing words, and the BOM. Within a record the separators of ISO 2709 stay.
_UPPER = "\x7f-\x87\x8a-\x9b\x9d-\x9f\ud800-\udfff\ufeff\ufffe\uffff"
_ILLEGAL = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{_UPPER}]")
_IN_RECORD = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1d{_UPPER}]")
_PLAIN = bytes((*b"\t\n\r\x1e\x1f", *range(0x20, 0x7F)))
_NON_FILING = re.compile("[\x88\x89\x98\x9c]")


def decode(data: bytes, leader: str, language: bytes, remarks: Remarks) -> str | None:
    """Return the text of a record's fields in NFC, ISO 2709 separators kept; None if nothing fits.

    ``data`` is what follows the directory, ``language`` the code in 008/35-37. Doubts are
    added to ``remarks``.
    """
    claimed = "UTF-8" if leader[9] == "a" else "MARC-8"
    if data.isascii():
        if claimed == "MARC-8" and (b"\x1b" in data or b"&#x" in data):
            return _decode_8bit(data, claimed, language, remarks)
        text = data.decode("ascii")
        return purify(text, remarks, _IN_RECORD) if data.translate(None, _PLAIN) else text
    try:
        text = data.decode("utf-8", "surrogatepass" if claimed == "UTF-8" else "strict")
    except UnicodeDecodeError:
        return _decode_8bit(data, claimed, language, remarks)
    if claimed == "MARC-8":
        remarks.add("charset-doubtful", claimed=claimed, found="UTF-8")
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return purify(text, remarks, _IN_RECORD)


def purify(text: str, remarks: Remarks, illegal: re.Pattern[str] = _ILLEGAL) -> str:
    """Return ``text`` without the control characters that XML forbids, remarking on what went."""
    text = _NON_FILING.sub("", text) if not text.isascii() else text
    if not (found := illegal.search(text)):
        return text
    remarks.mended(f"control characters removed (U+{ord(found[0]):04X})")
    return illegal.sub("", text)


def _decode_8bit(data: bytes, claimed: str, language: bytes, remarks: Remarks) -> str | None:
    mixed = claimed == "UTF-8"
    text, faults = _by_subfield(data, mixed, marc8.decode)
    if not faults:
        if mixed:
            remarks.add("charset-doubtful", claimed=claimed, found="MARC-8")
        return purify(text, remarks, _IN_RECORD)
    if b"\x1b" in data or faults * 4 <= sum(byte >= 0x80 for byte in data):
        remarks.mended(f"{faults} characters could not be read as MARC-8")
        return purify(text, remarks, _IN_RECORD)
    page = _PAGES.get(language, _WESTERN)
    text, faults = _by_subfield(data, mixed, partial(_in_page, page=page))
    if faults:
        return None
    remarks.add("charset-doubtful", claimed=claimed, found=page)
    return purify(text, remarks, _IN_RECORD)


def _by_subfield(data: bytes, mixed: bool, reader: Callable[[bytes], tuple[str, int]]) -> tuple[str, int]:
    """Decode what needs it with ``reader``; in a ``mixed`` record subfields that are UTF-8 stay UTF-8."""
    parts, faults = [], 0
    escapes = b"\x1b" in data or b"&#x" in data
    for part in _SEPARATOR.split(data):
        if part.isascii() and not (escapes and (b"\x1b" in part or b"&#x" in part)):
            parts.append(part.decode("ascii"))
            continue
        text, wrong = _utf8(part) if mixed else None, 0
        if text is None:
            text, wrong = reader(part)
        parts.append(text)
        faults += wrong
    return "".join(parts), faults


def _utf8(part: bytes) -> str | None:
    try:
        return unicodedata.normalize("NFC", part.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def _in_page(part: bytes, page: str) -> tuple[str, int]:
    """Decode in a Windows code page. Western words have no long runs of accents."""
    try:
        text = unicodedata.normalize("NFC", part.decode(page))
    except UnicodeDecodeError:
        return "", 1
    return text, page == _WESTERN and bool(_LONG_RUN.search(part))
