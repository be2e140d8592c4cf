"""Answers of other repositories, read: OAI-PMH 2.0, sections 3.2 and 3.6, as it is really spoken.

What comes may be anything. A document type declaration, another namespace, a page of HTML and a tree too
large to hold are refused with the reason. A page that is not well formed is cut at its records: each is
read by itself, so that a bad one costs itself and is named. Nothing is expanded, followed or fetched.
"""

import codecs
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from lxml import etree

from metadata.description import shorten
from metadata.xmlrecords import OAI
from metadata.xmltext import legal

LONGEST_TOKEN = 65_536
_MOST_NODES = 2_000_000  # elements and attributes of one answer: some hundreds of megabytes of tree
_LONGEST_IDENTIFIER = 1000
_TAIL = 4096  # bytes in which an answer's end must stand
_NAME = rb"(?:[A-Za-z_][\w.-]*:)?"
_PROLOGUE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_LIKE_ASCII = re.compile(r"iso8859-\d+|cp125\d|latin-1|koi8-[ru]")
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_RECORD = re.compile(rb"<(?P<name>" + _NAME + rb"record)(?:\s[^<>]*)?>\s*(?=<" + _NAME + rb"header[\s/>])")
_DECLARED = re.compile(rb"""\sxmlns(?::[A-Za-z_][\w.-]*)?\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_END = re.compile(rb"</" + _NAME + rb"OAI-PMH\s*>\s*(?:<!--.*?-->\s*)*\Z", re.DOTALL)
_TOKEN = re.compile(rb"<(?P<name>" + _NAME + rb"resumptionToken)(?:\s[^<>]*)?(?:/>|>[^<>]*</(?P=name)\s*>)")
_RESPONSE = re.compile(rb"<" + _NAME + rb"responseDate\s*>\s*([0-9TZ:.+-]{10,40})\s*<")
_IDENTIFIER = re.compile(rb"<" + _NAME + rb"identifier\s*>\s*([^<>\s]{1,1000})\s*</")
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")  # in UTF-8, U+FFFE and U+FFFF the last two
_REFERENCE = re.compile(rb"&#(?:0*([0-9]{1,7})|[xX]0*([0-9a-fA-F]{1,6}));")
_AMPERSAND = re.compile(rb"&(?!(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")


class PageRefused(ValueError):
    """The answer is none of OAI-PMH's that can be read; the message is the reason."""


@dataclass(frozen=True, slots=True)
class HarvestedRecord:
    """A record as it came: its header, its metadata (None where there is none) and its ``about`` containers.

    ``fault`` says why it cannot be read, ``""`` where it can; then the header may be empty.
    ``mended`` are the faults in spite of which it was read.
    """

    identifier: str
    datestamp: str = ""
    deleted: bool = False
    metadata: etree._Element | None = None
    about: tuple[etree._Element, ...] = ()
    fault: str = ""
    mended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of OAI-PMH.

    ``root`` is its tree, None where it had to be cut; ``errors`` are its error codes with what is said of
    each. ``token`` is None where there is none; ``size`` is what the repository says that the whole list
    has, 0 where it does not. ``responded`` is when the repository says that it answered.
    """

    root: etree._Element | None
    responded: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    records: tuple[HarvestedRecord, ...] = ()
    token: str | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Text:
    """The bytes of an answer, in UTF-8 where ``sound``; ``remark`` says what its encoding was taken for."""

    data: bytes
    sound: bool = True
    remark: tuple[str, ...] = field(default=())


def read_answer(data: bytes, charset: str = "") -> Answer:
    """Return an answer, the records of ListRecords among it; ``charset`` is what HTTP said of its encoding.

    Raises PageRefused.
    """
    text = _in_utf8(data, charset)
    _require_xml(text.data)
    if text.sound:
        try:
            return _of_tree(_parsed(text.data), text.remark)
        except etree.XMLSyntaxError as fault:
            return _cut(text, _reason(fault))
    return _cut(text, "its bytes are not UTF-8")


def _require_xml(data: bytes) -> None:
    prologue = _PROLOGUE.match(data)
    start = data[prologue.end() if prologue else 0 :][:1000]
    if _HTML.match(start):
        raise PageRefused("it is a page of HTML and not an answer of OAI-PMH")
    if start[:9].upper() == b"<!DOCTYPE":
        raise PageRefused("it has a document type declaration (DOCTYPE)")
    if not start.startswith(b"<"):
        raise PageRefused("it is not XML" if start.strip() else "it is empty")
    if data.count(b"<") // 2 + data.count(b'="') + data.count(b"='") > _MOST_NODES:
        raise PageRefused(f"it has more than {_MOST_NODES} elements and attributes")


def _parsed(data: bytes) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip
    return etree.fromstring(data, parser)


def _reason(fault: etree.XMLSyntaxError) -> str:
    return f"it is not well formed ({' '.join(str(fault.msg).split())})"


def _of_tree(root: etree._Element, remark: tuple[str, ...]) -> Answer:
    _require_namespace(root)
    listed = root.find(f"{{{OAI}}}ListRecords")
    records = () if listed is None else tuple(_record(one, remark) for one in listed.iterfind(f"{{{OAI}}}record"))
    token, size = (None, 0) if listed is None else _token(listed.find(f"{{{OAI}}}resumptionToken"))
    errors = tuple((one.get("code", ""), _line(one)) for one in root.iterfind(f"{{{OAI}}}error"))
    return Answer(root, _line(root.find(f"{{{OAI}}}responseDate")), errors, records, token, size)


def _require_namespace(root: etree._Element) -> None:
    name = etree.QName(root)
    if name.localname.lower() == "html":
        raise PageRefused("it is a page of HTML and not an answer of OAI-PMH")
    if name.localname != "OAI-PMH" or name.namespace != OAI:
        namespace = shorten(name.namespace or "no namespace")
        raise PageRefused(f"it is {shorten(name.localname, 40)} of {namespace}, and not OAI-PMH of {OAI}")


def _record(record: etree._Element, mended: tuple[str, ...]) -> HarvestedRecord:
    header = record.find(f"{{{OAI}}}header")
    if header is None:
        return HarvestedRecord("", fault="it has no header")
    identifier = _line(header.find(f"{{{OAI}}}identifier"))
    if not identifier or len(identifier) > _LONGEST_IDENTIFIER:
        return HarvestedRecord(shorten(identifier), fault="its header has no identifier that can be one")
    return HarvestedRecord(
        identifier,
        _line(header.find(f"{{{OAI}}}datestamp"))[:40],
        header.get("status") == "deleted",
        next(record.iterfind(f"{{{OAI}}}metadata/*"), None),
        tuple(record.iterfind(f"{{{OAI}}}about/*")),
        mended=mended,
    )


def _token(element: etree._Element | None) -> tuple[str | None, int]:
    if element is None:
        return None, 0
    token = (element.text or "").strip()
    if len(token) > LONGEST_TOKEN:
        raise PageRefused(f"its resumption token has more than {LONGEST_TOKEN} characters")
    told = element.get("completeListSize", "")
    return token, int(told) if told.isascii() and told.isdigit() and len(told) < 16 else 0


def _line(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def _cut(text: _Text, reason: str) -> Answer:
    """Read the records of a page that is not well formed, each by itself."""
    starts = list(_RECORD.finditer(text.data))
    if not _END.search(text.data[-_TAIL:]):
        raise PageRefused(f"{reason}; it seems to be cut short")
    if not starts:
        raise PageRefused(reason)
    head, name = text.data[: starts[0].start()], starts[0]["name"]
    last = text.data.rfind(b"</" + name, starts[-1].end())
    end = text.data.find(b">", last) + 1 if last >= 0 else len(text.data)
    bounds = [*(found.start() for found in starts), end]
    context = b" ".join(dict.fromkeys(one.strip() for one in _DECLARED.findall(head)))
    if OAI.encode() not in context:
        raise PageRefused(f"{reason}, and it does not name the namespace {OAI}")
    pieces = (text.data[start:stop] for start, stop in pairwise(bounds))
    records = tuple(_read_piece(piece, context, text.remark) for piece in pieces)
    token, size = _token(_token_after(text.data, end, context))
    responded = _RESPONSE.search(head)
    return Answer(None, responded[1].decode() if responded else "", (), records, token, size)


def _token_after(data: bytes, end: int, context: bytes) -> etree._Element | None:
    found = _TOKEN.search(data, end)
    try:
        return _wrapped(found[0], context) if found else None
    except etree.XMLSyntaxError as fault:
        raise PageRefused(f"its resumption token cannot be read: {_reason(fault)}") from fault


def _read_piece(piece: bytes, context: bytes, remark: tuple[str, ...]) -> HarvestedRecord:
    """Read a record that was cut out: as it stands, else without what XML forbids, else name it."""
    data, mended = _decoded(piece, remark)
    try:
        return _record(_wrapped(data, context), mended)
    except etree.XMLSyntaxError as fault:
        reason = _reason(fault)
    clean = _AMPERSAND.sub(b"&amp;", _REFERENCE.sub(_lawful, _FORBIDDEN.sub(b"", data)))
    try:
        return _record(_wrapped(clean, context), (*mended, "characters that XML does not allow were taken out"))
    except etree.XMLSyntaxError:
        found = _IDENTIFIER.search(data)
        return HarvestedRecord(found[1].decode("utf-8", "replace") if found else "", fault=reason, mended=mended)


def _lawful(reference: re.Match[bytes]) -> bytes:
    """Return a reference to a character as XML has it, nothing where it is to one that XML forbids."""
    number = int(reference[1]) if reference[1] else int(reference[2], 16)
    return b"&#%d;" % number if number <= sys.maxunicode and legal(chr(number)) else b""


def _wrapped(piece: bytes, context: bytes) -> etree._Element:
    return _parsed(b"<x " + context + b">" + piece + b"</x>")[0]


def _decoded(piece: bytes, remark: tuple[str, ...]) -> tuple[bytes, tuple[str, ...]]:
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError:
        told = "its bytes are not UTF-8, and were read as Windows-1252"
        return piece.decode("cp1252", "replace").encode(), (*remark, told)
    return piece, remark


def _in_utf8(data: bytes, charset: str) -> _Text:
    """Return the answer in UTF-8, whatever is said of it: what its bytes say counts before that."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        try:
            return _Text(data.decode("utf-16").encode())
        except UnicodeError:
            raise PageRefused("its bytes are not UTF-16, as it begins") from None
    data = data.removeprefix(codecs.BOM_UTF8)
    claimed = list(_claimed(data, charset))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _otherwise(data, claimed)
    if claimed and not data.isascii():
        return _Text(data, remark=(f"its page says that it is {claimed[0]}, and is UTF-8",))
    return _Text(data)


def _claimed(data: bytes, charset: str) -> Iterator[str]:
    """Yield the encodings, UTF-8 apart, that document and transport name, where they hide no tags."""
    found = _ENCODING.match(data)
    for name in (found[1].decode("ascii") if found else "", charset):
        try:
            known = codecs.lookup(name).name if name else ""
        except LookupError:
            continue
        if _LIKE_ASCII.fullmatch(known):
            yield known


def _otherwise(data: bytes, claimed: list[str]) -> _Text:
    for name in claimed:
        try:
            return _Text(data.decode(name).encode())
        except UnicodeDecodeError:
            continue
    return _Text(data, sound=False)


def each_identifier(answer: Answer) -> Iterator[str]:
    """Yield the identifiers of an answer's records that could be read."""
    return (record.identifier for record in answer.records if not record.fault)
