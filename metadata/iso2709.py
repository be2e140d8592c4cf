"""The structure of one ISO 2709 record: leader, directory, fields.

Specification: MARC 21 Specifications for Record Structure, "Record Structure" (ANSI/NISO
Z39.2, ISO 2709). pymarc reads several kinds of damage without a word, so the directory is
proved against the fields it points to. Where they disagree, the field terminators are
believed: they are in the data, lengths and offsets are only about it.
"""

import re
import unicodedata

from metadata import marc_charset
from metadata.description import Remarks
from metadata.marc_record import Field, Record

LEADER = 24
ENTRY = 12
_new = tuple.__new__  # what a named tuple's own constructor comes to, without its cost
_NOT_LEADER = re.compile(rb"[^\x20-\x7e]")


class Damaged(ValueError):
    """The piece is no record that could be read; the message is the reason."""


def parse(piece: bytes, remarks: Remarks) -> Record:
    """Return the record in ``piece`` (no record terminator), remarking on what had to be mended.

    Raises :class:`Damaged` when leader, directory or characters cannot be made sense of.
    """
    if len(piece) <= LEADER:
        raise Damaged(f"{len(piece)} bytes are too few for a leader and fields")
    leader = _leader(piece, remarks)
    base = _base(piece, leader, remarks)
    body = piece[base:]
    whole = body.endswith(b"\x1e")
    parts = (body[:-1] if whole else body).split(b"\x1e")
    tags, order = _directory(piece[LEADER : base - 1], parts, remarks)
    if not whole:
        remarks.mended("the last field has no terminator")
    text = marc_charset.decode(body, leader, _language(tags, order, parts), remarks)
    if text is None:
        raise Damaged("its characters are neither UTF-8 nor MARC-8 nor those of a known code page")
    return Record(leader, _fields(tags, order, text.split("\x1e"), remarks))


def _leader(piece: bytes, remarks: Remarks) -> str:
    raw = piece[:LEADER]
    if _NOT_LEADER.search(raw):
        remarks.mended("the leader has bytes that are no characters", "LDR")
        raw = _NOT_LEADER.sub(b" ", raw)
    if raw[:5] != b"%05d" % (len(piece) + 1):
        remarks.mended(f"the leader says {raw[:5].decode()} bytes, there are {len(piece) + 1}", "LDR")
    return raw.decode("ascii")


def _base(piece: bytes, leader: str, remarks: Remarks) -> int:
    """Return where the fields begin: after the first field terminator, which ends the directory."""
    end = piece.find(b"\x1e", LEADER)
    if end < 0:
        raise Damaged("it has no field terminator")
    if leader[12:17] != f"{end + 1:05d}":
        remarks.mended(f"the leader says fields begin at {leader[12:17]}, they begin at {end + 1}", "LDR")
    return end + 1


def _directory(raw: bytes, parts: list[bytes], remarks: Remarks) -> tuple[list[str], list[int]]:
    """Return the tags, and for each of them which of ``parts`` it names."""
    directory = raw.decode("latin-1")
    tags, starts, offset = [], {}, 0
    for number, part in enumerate(parts):
        length = len(part) + 1
        # Four digits and five, formatted as one number while that comes to the same.
        starts[f"{length * 100_000 + offset:09d}" if offset < 100_000 else f"{length:04d}{offset}"] = number
        offset += length
    entries = [directory[at : at + ENTRY] for at in range(0, len(directory), ENTRY)]
    tags = [entry[:3] for entry in entries]
    order = [starts.get(entry[3:], -1) for entry in entries]
    if -1 in order or len(set(order)) < len(parts):
        tags, order = _mend(directory, entries, starts, remarks)
    together = "".join(tags)
    if len(together) != 3 * len(tags) or not (together.isascii() and together.isalnum()):
        remarks.mended("a tag is not three letters or digits")
    return tags, order


def _mend(directory: str, entries: list[str], starts: dict[str, int], remarks: Remarks) -> tuple[list[str], list[int]]:
    """Match directory and fields as well as may be: by length and offset, else by count."""
    tags, order, at = [], [], 0
    for key, number in starts.items():
        if 0 < (found := directory.find(key, at)) - at <= 3:
            tags.append(directory[at:found].rjust(3, "0"))
            order.append(number)
            at = found + len(key)
    if at == len(directory) and len(order) == len(starts):
        remarks.mended("the directory is shifted; it was matched by lengths and offsets")
        return tags, order
    if len(directory) % ENTRY == 0 and len(entries) == len(starts):
        remarks.mended("the directory’s lengths or offsets are wrong; its fields were taken in order")
        return [entry[:3] for entry in entries], list(range(len(entries)))
    broken = "" if len(directory) % ENTRY == 0 else " and the last is cut off"
    raise Damaged(f"the directory has {len(entries)} entries{broken}, the record {len(starts)} fields")


def _language(tags: list[str], order: list[int], parts: list[bytes]) -> bytes:
    return parts[order[tags.index("008")]][35:38] if "008" in tags else b""


def _fields(tags: list[str], order: list[int], texts: list[str], remarks: Remarks) -> dict[str, list[Field]]:
    fields: dict[str, list[Field]] = {}
    for tag, number in zip(tags, order, strict=True):
        text = texts[number]
        if tag < "010" and tag.isdigit():
            field = _new(Field, (tag, "", (("", text),)))
        else:
            head, *rest = text.split("\x1f")
            subfields = tuple([(sub[0], sub[1:]) for sub in rest if sub])
            if len(head) != 2 or not text.isascii():
                head, subfields = _checked(tag, head, subfields, remarks)
            field = _new(Field, (tag, head, subfields))
        if tag in fields:
            fields[tag].append(field)
        else:
            fields[tag] = [field]
    return fields


def _checked(
    tag: str, head: str, subfields: tuple[tuple[str, str], ...], remarks: Remarks
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Mend indicators that are not two characters, and subfield codes that no keyboard has."""
    rest = head[2:].strip()
    if len(head) != 2:
        remarks.mended("the field does not begin with two indicators", tag)
    if rest:
        subfields = (("a", rest), *subfields)
    if any(not code.isascii() for code, _ in subfields):
        remarks.mended("a subfield code is no ASCII character", tag)
        subfields = tuple([_coded(code, value) for code, value in subfields])
    return head[:2].ljust(2), subfields


def _coded(code: str, value: str) -> tuple[str, str]:
    """Read a code that wears an accent as the letter under it, any other as text of ``$a``."""
    bare = unicodedata.normalize("NFD", code)[0]
    return (code, value) if code.isascii() else (bare, value) if bare.isascii() else ("a", code + value)
