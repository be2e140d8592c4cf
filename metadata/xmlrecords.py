"""Records out of an XML document, one at a time: what the readers of MODS, Dublin Core, DataCite and EPrints share.

Specification: XML 1.0 (Fifth Edition); OAI-PMH 2.0, section 3.2, for the records of a harvest.
The document is parsed as it comes and each record is dropped once it was read, so memory stays
flat. Any document type declaration ends the reading: nothing is expanded, followed or fetched.
A document that is not well formed gives the records before the fault.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from lxml import etree

from metadata import languages
from metadata.description import Description, Rejected, Remarks
from metadata.marc_charset import purify

OAI = "http://www.openarchives.org/OAI/2.0/"
LARGEST = 10 * 1024 * 1024
_CHUNK = 64 * 1024
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_PROLOGUE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_ENCODING = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_LIKE_ASCII = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d")
_TAG = re.compile(rb"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")

Outcome = Description | Rejected
Crosswalk = Callable[[etree._Element, int, bytes, Remarks], Outcome]


class Refused(ValueError):
    """The file is not read further; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of record: its ``name`` in messages, the elements that may be one, and what is made of it.

    ``tags`` are local names. ``is_record`` looks at a whole element of such a name: what only wraps
    records is none. ``describe`` gets the element, the record's number, its bytes and its remarks.
    """

    name: str
    tags: tuple[str, ...]
    is_record: Callable[[etree._Element], bool]
    describe: Crosswalk


def read_records(stream: BinaryIO, where: str, form: Form) -> Iterator[Outcome]:
    """Yield every record of ``stream``, in order, as a description or with the reason why not.

    ``where`` is the file's name for reports. One record may have up to 10 MiB. ``raw`` is its
    element, UTF-8, without comments and processing instructions. A file without any record, one
    with a document type declaration and one that is not well formed each give a last refusal.
    """
    number = 0
    try:
        for element in _elements(stream, form):
            number += 1
            yield _outcome(element, number, Remarks(f"{where}#{number}"), form)
        if not number:
            raise Refused(f"there is no {form.name} in it")
    except (Refused, etree.XMLSyntaxError) as fault:
        remarks = Remarks(f"{where}#{number + 1}")
        remarks.add("xml-refused", reason=_reason(fault))
        yield Rejected(number + 1, tuple(remarks.problems))


def opening_names(head: bytes) -> Iterator[str]:
    """Yield the local names of the elements that open in ``head``, the beginning of a file, in order."""
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        head = head.decode("utf-16", "ignore").encode()
    if head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"<":
        yield from (found[2].decode("utf-8", "replace") for found in _TAG.finditer(head))


def named(head: bytes, namespace: str) -> bool:
    """Say whether ``head``, the beginning of a file, names ``namespace``."""
    return namespace.encode() in head or namespace.encode("utf-16-le") in head or namespace.encode("utf-16-be") in head


def _elements(stream: BinaryIO, form: Form) -> Iterator[etree._Element]:
    """Yield each record's element, whole; it is emptied when the next is asked for."""
    parser = etree.XMLPullParser(
        events=("start", "end"), tag=[f"{{*}}{tag}" for tag in (*form.tags, "record")], encoding="utf-8",
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    since = 0
    shelf = _Shelf(form)
    for chunk in _without_doctype(_in_utf8(stream)):
        since += len(chunk)
        fault = _fed(parser, chunk)
        for event, element in parser.read_events():
            if shelf.is_whole(event, element):
                yield element
                _drop(element)
                since = 0
        if fault:
            raise fault
        if since > LARGEST + _CHUNK:
            raise Refused(f"a record or the space between two is longer than {LARGEST // 1024 // 1024} MiB")
    parser.close()


def _fed(parser: etree.XMLPullParser, chunk: bytes) -> etree.XMLSyntaxError | None:
    """Feed the parser; a fault is returned, so that what came before it can be read first."""
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as fault:
        return fault
    return None


class _Shelf:
    """Tells which element that ends is a record by itself, and not part of one."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.harvested = 0  # OAI-PMH's own records that are open
        self.open = 0  # elements that are open and may be a record

    def is_whole(self, event: str, element: etree._Element) -> bool:
        """Take in an event, say whether it ends a record."""
        step = 1 if event == "start" else -1
        if element.tag == f"{{{OAI}}}record":
            self.harvested += step
            return step < 0 and not self.harvested
        self.open += step
        return step < 0 and not self.harvested and self.form.is_record(element) and not self._is_inner(element)

    def _is_inner(self, element: etree._Element) -> bool:
        """Say whether a record of the same name encloses the element: then it is no record by itself."""
        return self.open > 0 and any(above.tag == element.tag for above in element.iterancestors())


def _drop(element: etree._Element) -> None:
    """Free what was read; the element itself stays, its parser may still be at it."""
    element.clear(keep_tail=False)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _outcome(element: etree._Element, number: int, remarks: Remarks, form: Form) -> Outcome:
    if element.tag == f"{{{OAI}}}record":
        return _harvested(element, number, remarks, form)
    raw = etree.tostring(element, encoding="utf-8", with_tail=False)
    if len(raw) > LARGEST:
        return damaged(number, f"it is longer than {LARGEST // 1024 // 1024} MiB", b"", remarks)
    return form.describe(element, number, raw, remarks)


def _harvested(record: etree._Element, number: int, remarks: Remarks, form: Form) -> Outcome:
    """Read what a record of OAI-PMH carries; one that was deleted is set aside."""
    header = record.find(f"{{{OAI}}}header")
    inside = chain(record.iterfind(f"{{{OAI}}}metadata/*"), record.iterfind(f"{{{OAI}}}metadata/*//*"))
    payload = (one for one in inside if form.is_record(one))
    if (found := next(payload, None)) is not None:
        return _outcome(found, number, remarks, form)
    raw = etree.tostring(record, encoding="utf-8", with_tail=False)
    if header is not None and header.get("status") == "deleted":
        return set_aside(number, "it was deleted where it was harvested", raw, remarks)
    return damaged(number, f"there is no {form.name} in it", raw, remarks)


def damaged(number: int, reason: str, raw: bytes, remarks: Remarks) -> Rejected:
    """Return the refusal of a record that cannot be read, for ``reason``."""
    remarks.add("record-damaged", reason=reason)
    return Rejected(number, tuple(remarks.problems), raw)


def set_aside(number: int, reason: str, raw: bytes, remarks: Remarks) -> Rejected:
    """Return the outcome of a sound record that is not to become an item, for ``reason``."""
    remarks.add("not-a-document", reason=reason)
    return Rejected(number, tuple(remarks.problems), raw, set_aside=True)


def untitled(number: int, field: str, raw: bytes, remarks: Remarks) -> Rejected:
    """Return the refusal of a record without a title, which ought to stand in ``field``."""
    remarks.add("record-without-title", field, field=field)
    return Rejected(number, tuple(remarks.problems), raw)


def _reason(fault: Exception) -> str:
    if isinstance(fault, etree.XMLSyntaxError):
        return f"it is not well formed ({' '.join(str(fault.msg).split())})"
    return str(fault)


def _without_doctype(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass the document on once its prologue is known to hold no document type declaration."""
    head, found = b"", None
    for chunk in chunks:
        head += chunk
        found = _PROLOGUE.match(head)
        if found and found.end() < len(head) - len(b"<!DOCTYPE") and not _unclosed(head[found.end() :]):
            break
        if len(head) > LARGEST:
            raise Refused("what stands before its first element is too long")
    if found and head[found.end() : found.end() + 9].upper() == b"<!DOCTYPE":
        raise Refused("it has a document type declaration (DOCTYPE)")
    if head:
        yield head
    yield from chunks


def _unclosed(rest: bytes) -> bool:
    return rest.startswith((b"<?", b"<!--"))


def _in_utf8(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the stream in UTF-8, whatever it declares: only encodings that hide no tags are taken."""
    first = stream.read(_CHUNK)
    encoding = _encoding(first)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    chunk = first.removeprefix(codecs.BOM_UTF8)
    while chunk:
        try:
            made = chunk if encoding == "utf-8" else decoder.decode(chunk).encode("utf-8")
        except UnicodeError as fault:
            raise Refused(f"its bytes are not {encoding}") from fault
        if made:
            yield made
        chunk = stream.read(_CHUNK)


def _encoding(first: bytes) -> str:
    if first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    found = _ENCODING.search(first[:1000])
    declared = found[1].decode("ascii") if found else "utf-8"
    try:
        encoding = codecs.lookup(declared).name
    except LookupError as fault:
        raise Refused(f"the encoding {declared} is not known") from fault
    if not _LIKE_ASCII.fullmatch(encoding):
        raise Refused(f"the encoding {declared} is not accepted")
    return "utf-8" if encoding == "ascii" else encoding


def local(element: etree._Element) -> str:
    """Return the element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def space(element: etree._Element) -> str:
    """Return the element's namespace, ``""`` for none."""
    return str(element.tag).rpartition("}")[0].lstrip("{")


def by_name(element: etree._Element) -> dict[str, list[etree._Element]]:
    """Return the children of ``element`` that are in its namespace, by their local names."""
    found: dict[str, list[etree._Element]] = {}
    own = str(element.tag).rpartition("}")[0]
    for child in element.iterchildren(etree.Element):
        namespace, _, name = str(child.tag).rpartition("}")
        if namespace == own:
            found.setdefault(name, []).append(child)
    return found


def content(element: etree._Element | None, remarks: Remarks) -> str:
    """Return the text of an element and of all it holds: NFC, single spaces, without control characters."""
    if element is None:
        return ""
    text = "".join(element.itertext()) if len(element) else element.text or ""
    whole = text if text.isascii() else unicodedata.normalize("NFC", text)
    return " ".join(purify(whole, remarks).split())


def stated_language(*elements: etree._Element) -> str | None:
    """Return the BCP 47 tag that the first of ``elements`` to have a language states, None where none does."""
    for element in elements:
        stated = element.get(_LANG, element.get("lang"))
        if stated is not None:
            return languages.from_code(stated) if stated else ""
    return None
