"""MARCXML, one record at a time.

Specification: MARCXML, Library of Congress, namespace ``http://www.loc.gov/MARC21/slim``.
The stream is cut at ``<record>`` and ``</record>`` and each piece is parsed by itself: a
record that is not well formed costs itself and not its neighbours, and several documents in
one file are read as one. Any document type declaration ends the reading: nothing is
expanded, followed or fetched.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from metadata.description import Description, Rejected, Remarks
from metadata.marc import describe
from metadata.marc_charset import purify
from metadata.marc_record import Field, Record

NAMESPACE = "http://www.loc.gov/MARC21/slim"
LARGEST = 10 * 1024 * 1024
_CHUNK = 256 * 1024
_LONGEST_TAG = 64 * 1024
_NAME = rb"(?:[A-Za-z_][\w.-]*:)?"
_ATTRIBUTES = rb"(?:[^<>\"']|\"[^\"]*\"|'[^']*')*"
_TOKEN = re.compile(
    rb"(?P<opaque><!--|<!\[CDATA\[|<\?)|(?P<doctype>(?i:<!DOCTYPE))"
    rb"|<(?P<close>/?)" + _NAME + rb"(?P<name>record|collection)\b(?P<rest>" + _ATTRIBUTES + rb")>"
)
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_OPENING = re.compile(rb"<" + _NAME + rb"(?:record|collection)[\s>/]")
_CONTENT = re.compile(rb"<" + _NAME + rb"(?:leader|controlfield|datafield)[\s>/]")
_DECLARATION = re.compile(rb"""\sxmlns(?::[A-Za-z_][\w.-]*)?\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_ENCODING = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_LIKE_ASCII = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d")


class Refused(ValueError):
    """The file is not read further; the message is the reason."""


def read_marcxml(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every record of ``stream``, in order, as a description or with the reason why not.

    ``where`` is the file's name for reports. Memory stays flat; one record may have up to
    10 MiB. A file without any record, one with a document type declaration and one that ends
    too early each give a refusal.
    """
    number = 0
    try:
        for piece, context in pieces(in_ascii_superset(stream)):
            number += 1
            yield _read(piece, context, number, Remarks(f"{where}#{number}"))
        if not number:
            raise Refused("there is no MARC record in it")
    except Refused as fault:
        remarks = Remarks(f"{where}#{number + 1}")
        remarks.add("xml-refused", reason=fault)
        yield Rejected(number + 1, tuple(remarks.problems))


def is_marcxml(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like MARCXML, in whatever namespace."""
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        head = head.decode("utf-16", "ignore").encode()
    return bool(_OPENING.search(head)) and (NAMESPACE.encode() in head or bool(_CONTENT.search(head)))


def in_ascii_superset(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the stream in UTF-8 behind its declaration, so that tags can be found among its bytes."""
    first = stream.read(_CHUNK)
    encoding = _encoding(first)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    chunk = first.removeprefix(codecs.BOM_UTF8)
    while chunk:
        if encoding == "utf-8":
            yield chunk
        else:
            try:
                yield decoder.decode(chunk).encode("utf-8")
            except UnicodeError as fault:
                raise Refused(f"its bytes are not {encoding}") from fault
        chunk = stream.read(_CHUNK)


def _encoding(first: bytes) -> str:
    if first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    found = _ENCODING.search(first[:1000])
    named = found[1].decode("ascii") if found else "utf-8"
    try:
        encoding = codecs.lookup(named).name
    except LookupError as fault:
        raise Refused(f"the encoding {named} is not known") from fault
    if not _LIKE_ASCII.fullmatch(encoding):
        raise Refused(f"the encoding {named} is not accepted")
    return "utf-8" if encoding == "ascii" else encoding


def pieces(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield each record as it stands, with the namespace declarations of what encloses it."""
    scanner = _Scanner()
    for chunk in chunks:
        yield from scanner.feed(chunk)
    yield from scanner.finish()


class _Scanner:
    """Cuts a stream at its record tags, comments and CDATA sections passed over."""

    def __init__(self) -> None:
        self.buffer = b""
        self.position = 0  # where the last tag ended
        self.looked = 0  # up to here there is no other
        self.until = b""  # what ends the comment, CDATA section or instruction that is open
        self.start = -1  # where the record begins that is open, -1 for none
        self.context: dict[bytes, bytes] = {}
        self.depth = 0

    def feed(self, chunk: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Take in a chunk and yield the records that end in it."""
        self._forget()
        self.buffer += chunk
        while self._passed_over() and (found := _TOKEN.search(self.buffer, self.looked)):
            if found["doctype"]:
                raise Refused("it has a document type declaration (DOCTYPE)")
            yield from self._between(found.start())
            if found["name"]:
                yield from self._tag(found)
            self.position = self.looked = found.end()
            self.until = _ENDS.get(found["opaque"], b"")
        if not self.until:
            self.looked = max(self.looked, self.buffer.rfind(b"<"), len(self.buffer) - _LONGEST_TAG)
        if len(self.buffer) > LARGEST + _CHUNK:
            raise Refused(f"a record or the space between two is longer than {LARGEST // 1024 // 1024} MiB")

    def _passed_over(self) -> bool:
        """Pass over a comment, CDATA section or processing instruction; False if its end is yet to come."""
        if not self.until:
            return True
        end = self.buffer.find(self.until, self.looked)
        if end < 0:
            self.looked = max(self.looked, len(self.buffer) - 2)
            return False
        self.position = self.looked = end + len(self.until)
        self.until = b""
        return True

    def finish(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield what never came to its end, and refuse a file that was cut."""
        if self.start >= 0:
            yield self.buffer[self.start :], self._declarations()
        elif self.depth > 0:
            yield from self._between(len(self.buffer))
            raise Refused("it ends before its collection does; records may be missing")
        yield from self._between(len(self.buffer))

    def _between(self, end: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield what stands outside records and yet holds fields: a record that lost its own tag."""
        if self.start < 0 and _CONTENT.search(self.buffer, self.position, end):
            yield self.buffer[self.position : end], self._declarations()

    def _forget(self) -> None:
        """Drop what lies before the open record, or what has been looked at."""
        done = self.start if self.start >= 0 else self.position
        self.buffer = self.buffer[done:]
        self.position -= done
        self.looked -= done
        self.start = min(self.start, 0)

    def _tag(self, found: re.Match[bytes]) -> Iterator[tuple[bytes, bytes]]:
        if found["name"] == b"collection":
            self._declare(found["rest"])
            self.depth += -1 if found["close"] else not found["rest"].endswith(b"/")
        elif found["close"]:
            if self.start >= 0:
                yield self.buffer[self.start : found.end()], self._declarations()
            self.start = -1
        else:
            yield from self._open(found)

    def _open(self, found: re.Match[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Begin a record; one that is open still was a wrapper (OAI-PMH's) or lost its end."""
        if self.start >= 0:
            outer = self.buffer[self.start : found.start()]
            if _CONTENT.search(outer):
                yield outer, self._declarations()
            else:
                self._declare(outer)
        self.start = found.start()
        if found["rest"].endswith(b"/"):
            yield found[0], self._declarations()
            self.start = -1

    def _declare(self, text: bytes) -> None:
        for declaration in _DECLARATION.findall(text):
            name, _, value = declaration.partition(b"=")
            self.context[name.strip()] = value.strip()

    def _declarations(self) -> bytes:
        return b" ".join(name + b"=" + value for name, value in self.context.items())


def _read(piece: bytes, context: bytes, number: int, remarks: Remarks) -> Description | Rejected:
    try:
        element = element_of(piece, context)
        record = record_of(element, remarks)
    except (etree.XMLSyntaxError, Refused) as fault:
        remarks.problems.clear()
        remarks.add("record-damaged", reason=_reason(fault))
        return Rejected(number, tuple(remarks.problems), piece)
    return describe(record, number, etree.tostring(element, encoding="utf-8", with_tail=False), remarks)


def _reason(fault: Exception) -> str:
    return f"its XML is not well formed ({fault.args[0]})" if isinstance(fault, etree.XMLSyntaxError) else str(fault)


def element_of(piece: bytes, context: bytes) -> etree._Element:
    """Return the element of a record cut out of its file; ``context`` has the namespaces declared around it.

    Raises XMLSyntaxError.
    """
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(b"<records " + context + b">" + piece + b"</records>", parser)
    return root[0] if len(root) else root


def record_of(element: etree._Element, remarks: Remarks) -> Record:
    """Return the record in ``element``; an element out of place is remarked on."""
    namespace = etree.QName(element).namespace or ""
    if namespace not in ("", NAMESPACE):
        raise Refused(f"its namespace is {namespace}, not {NAMESPACE}")
    if not namespace:
        remarks.mended("it has no namespace")
    leader, fields = "", dict[str, list[Field]]()
    for child in element.iterchildren(etree.Element):
        name = etree.QName(child)
        if name.localname == "leader":
            leader = leader or "".join(child.itertext())
        elif name.namespace == element.nsmap.get(element.prefix) and (field := _field(child, remarks)):
            fields.setdefault(field.tag, []).append(field)
        else:
            remarks.mended(f"an element {name.localname} has no place here")
    if not fields:
        raise Refused("it has no fields")
    if len(leader) != 24:
        remarks.mended(f"the leader has {len(leader)} characters, not 24", "LDR")
    return Record(leader.ljust(24), fields)


def _field(element: etree._Element, remarks: Remarks) -> Field | None:
    name = etree.QName(element).localname
    tag = element.get("tag", "")
    if len(tag) != 3:
        remarks.mended("a tag is not three letters or digits", tag)
        tag = tag.rjust(3, "0")
    if name == "controlfield":
        return Field(tag, "", (("", _text(element, remarks)),))
    if name != "datafield":
        return None
    subfields = []
    for child in element.iterchildren(etree.Element):
        if etree.QName(child).localname == "subfield":
            subfields.append((child.get("code", ""), _text(child, remarks)))
        else:
            remarks.mended(f"an element {etree.QName(child).localname} has no place here", tag)
    indicators = element.get("ind1", " ")[:1].ljust(1) + element.get("ind2", " ")[:1].ljust(1)
    return Field(tag, indicators, tuple([sub for sub in subfields if sub[1]]))


def _text(element: etree._Element, remarks: Remarks) -> str:
    text = (element.text or "") if not len(element) else "".join(element.itertext())
    return purify(unicodedata.normalize("NFC", text), remarks)
