"""MARC-8, the character sets of MARC before Unicode.

Specification: MARC 21 Specifications for Record Structure, Character Sets, and Exchange
Media, "Character Sets and Encoding Options: MARC-8". The code tables are pymarc's; the
decoder is our own because it must say what it could not read.
"""

import re
import unicodedata

from pymarc.marc8_mapping import CODESETS, ODD_MAP

_ASCII, _ANSEL, _EAST_ASIAN = 0x42, 0x45, 0x31
_TOKEN = re.compile(
    rb"&#x[0-9A-Fa-f]{4,5};"
    rb"|\x1b(?:\$?[(,)\-]?!?[0-9A-Zac-fh-oq-rt-z]|[gbps])"
    rb"|[\x00-\x1a\x1c-\x7f]+?(?=&#x|\x1b|[\x80-\xff]|\Z)|.",
    re.DOTALL,
)
_CONTROLS = {0x88: "", 0x89: "", 0x8D: "\u200d", 0x8E: "\u200c"}
_Table = dict[int, tuple[int, int]]


def decode(data: bytes) -> tuple[str, int]:
    """Return the text of one subfield in Unicode (NFC), and how many codes could not be read.

    Both sets start at their defaults, Basic Latin and ANSEL; what neither has may come as a
    character reference (``&#x0391;``). Marks that precede their letter
    in MARC-8 follow it in Unicode. What cannot be read is counted: a code without meaning
    (read as what Windows or ASCII means by it, else U+FFFD), a mark without a letter, an escape
    that leads nowhere (dropped, and what follows it kept).
    """
    sink = _Sink()
    lower, upper = _ASCII, _ANSEL
    for token in _TOKEN.findall(data):
        if token[0] == 0x1B:
            lower, upper = sink.escape(token, lower, upper)
        elif token[0] >= 0x80:
            sink.code(token[0], upper)
        elif lower == _ASCII and token.startswith(b"&#x") and token.endswith(b";"):
            sink.letters(chr(int(token[3:-1], 16)))
        elif lower == _ASCII:
            sink.letters(token.decode("ascii"))
        elif lower == _EAST_ASIAN:
            sink.triples(token)
        else:
            for code in token:
                sink.code(code, lower)
    return sink.finish()


class _Sink:
    """Where decoded characters go; holds back marks until their letter has come."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.marks: list[str] = []
        self.faults = 0

    def letters(self, text: str) -> None:
        if self.marks and text:
            self.faults += not text[0].isalnum()
            text = text[0] + "".join(self.marks) + text[1:]
            self.marks.clear()
        self.parts.append(text)

    def code(self, code: int, charset: int) -> None:
        if code <= 0x20 or code in _CONTROLS:
            self.letters(_CONTROLS.get(code, chr(code)))
            return
        table: _Table = CODESETS.get(charset, {})
        point, is_mark = table.get(code) or table.get(code ^ 0x80) or (0, 0)
        if is_mark:
            self.marks.append(chr(point))
        else:
            self.faults += not point
            self.letters(chr(point) if point else _stand_in(code))

    def triples(self, token: bytes) -> None:
        token = token.replace(b" ", b"") if len(token) % 3 else token
        for start in range(0, len(token), 3):
            code = int.from_bytes(token[start : start + 3], "big")
            point = CODESETS[_EAST_ASIAN].get(code, (ODD_MAP.get(code, 0), 0))[0]
            self.faults += not point
            self.letters(chr(point or 0xFFFD))

    def escape(self, token: bytes, lower: int, upper: int) -> tuple[int, int]:
        charset = _ASCII if token[-1:] == b"s" else token[-1]
        if len(token) == 1 or charset not in CODESETS:
            self.faults += 1
            self.letters(token[1:].decode("ascii"))
            return lower, upper
        return (lower, charset) if b")" in token or b"-" in token else (charset, upper)

    def finish(self) -> tuple[str, int]:
        text = unicodedata.normalize("NFC", "".join(self.parts) + "".join(self.marks))
        return text, self.faults + len(self.marks)


def _stand_in(code: int) -> str:
    return bytes((code,)).decode("cp1252" if code < 0xA0 else "ascii", "replace")
