"""What an entry of BibTeX has from others: of its parent (``crossref``), of data containers (``xdata``).

Oren Patashnik, *BibTeXing*, section 4: an entry has from its parent every field that it lacks. The biblatex
manual 3.19, section 2.4.1 and appendix B: the title of the parent is what the entry stands in. Not inherited
is what names the parent alone (its numbers and addresses, abstract, pages): an entry that had its parent's
DOI would be taken for it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

from metadata.bibtex_syntax import Abbreviations, Damaged, Entry, parse, pieces
from metadata.description import Remarks
from metadata.reference_reading import blocks, decoded

_REFERS = re.compile(rb"(?:crossref|xdata)\s{0,40}=", re.IGNORECASE)
_OVERLAP = 64
_KEYS = re.compile(r"[^\s,]+")
DEEPEST = 10
"""So many generations are followed; BibTeX itself follows one."""
MOST_PARENTS = 50
"""An entry has from so many others at most."""
_MOST = 16 << 20  # bytes of all parents together
_LARGEST = 64 << 10  # bytes of one
_OWN = frozenset(
    """
    title subtitle titleaddon shorttitle sorttitle indextitle crossref xref xdata ids entryset entrysubtype execute
    label options presort sortkey sortname sortyear related relatedtype relatedstring relatedoptions key keywords
    keyword shortauthor shorteditor shorthand shorthandintro doi url urldate eprint eprinttype eprintclass archiveprefix
    primaryclass isbn isrn howpublished abstract annotation annote file note addendum pages pagetotal numpages
    volumes type
    """.split()  # noqa: SIM905 -- a table is read more easily than fifty quotes
)
_PARTS = frozenset(
    "inbook incollection inproceedings conference bookinbook suppbook suppcollection inreference".split()  # noqa: SIM905
)
_IN_PERIODICALS = frozenset({"article", "suppperiodical", "review"})
_OF_BOOKS = frozenset({"inbook", "bookinbook", "suppbook"})
# What the parent's title and the rest of it become, by what the entry is.
_BOOK = {"title": "booktitle", "subtitle": "booksubtitle", "titleaddon": "booktitleaddon"}
_JOURNAL = {"title": "journaltitle", "subtitle": "journalsubtitle", "titleaddon": "journaltitleaddon"}
_MAIN = {"title": "maintitle", "subtitle": "mainsubtitle", "titleaddon": "maintitleaddon"}
_ALIKE = ({"year", "date", "month"}, {"journal", "journaltitle"}, {"address", "location"}, {"school", "institution"})


class Parents:
    """The entries of one file that others refer to, by their keys; at most 16 MiB of them."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Entry, bytes]] = {}
        self._folded: dict[str, str] = {}

    def inherited(self, entry: Entry, remarks: Remarks) -> tuple[Entry, bytes]:
        """Return an entry with what it has from others, and the bytes of these; what is amiss is remarked on."""
        if not entry.first("crossref", "xdata"):
            return entry, b""
        gathered: list[bytes] = []
        return self._with_parents(entry, remarks, gathered, (entry.key,)), b"\n".join(gathered)

    def key(self, written: str) -> str:
        """Return the key of the entry that is meant: BibTeX does not tell capitals from small letters."""
        return written if written in self._entries else self._folded.get(written.lower(), written)

    def _with_parents(self, entry: Entry, remarks: Remarks, gathered: list[bytes], line: tuple[str, ...]) -> Entry:
        made = replace(entry, fields=dict(entry.fields))
        for field in ("xdata", "crossref"):
            for written in _KEYS.findall(entry.first(field)):
                key = self.key(written)
                if key in line or len(line) > DEEPEST or len(gathered) >= MOST_PARENTS:
                    remarks.add("parent-circular", field, field=field, key=written)
                elif key not in self._entries:
                    remarks.add("parent-missing", field, field=field, key=written)
                else:
                    parent, raw = self._entries[key]
                    gathered.append(raw)
                    whole = self._with_parents(parent, remarks, gathered, (*line, key))
                    _inherit(made, whole, field)
        return made

    def add(self, entry: Entry, raw: bytes) -> None:
        """Keep an entry; of two with one key the first counts, as in BibTeX."""
        self._entries.setdefault(entry.key, (entry, raw))
        self._folded.setdefault(entry.key.lower(), entry.key)


def parents(stream: BinaryIO) -> Parents:
    """Return the entries that others in ``stream`` refer to; the stream is read up to three times and set back."""
    found = Parents()
    if not _refers(stream):
        return found
    wanted = {key.lower() for entry, _ in _entries(stream, _REFERS) for key in _referred(entry)}
    size = 0
    for entry, raw in _entries(stream, None, wanted):
        if len(raw) <= _LARGEST and size + len(raw) <= _MOST:
            size += len(raw)
            found.add(entry, raw)
    return found


def _refers(stream: BinaryIO) -> bool:
    start = stream.tell()
    try:
        tail = b""
        for block in blocks(stream):
            if _REFERS.search(tail + block):
                return True
            tail = block[-_OVERLAP:]
        return False
    finally:
        stream.seek(start)


def _entries(
    stream: BinaryIO, having: re.Pattern[bytes] | None, keys: frozenset[str] | set[str] = frozenset()
) -> Iterator[tuple[Entry, bytes]]:
    """Yield the entries that can be read, those alone that match ``having`` or have one of ``keys``."""
    start, abbreviations = stream.tell(), Abbreviations()
    for piece in pieces(stream):
        is_command = piece.kind in ("comment", "preamble", "")
        if piece.fault or is_command or (having and piece.kind != "string" and not having.search(piece.raw)):
            continue
        remarks = Remarks("")
        try:
            entry = parse(decoded(piece.raw, remarks), piece.kind, abbreviations, remarks)
        except Damaged:
            continue
        if entry.kind == "string":
            for name, values in entry.fields.items():
                abbreviations.define(name, values[-1])
        elif having or entry.key.lower() in keys:
            yield entry, piece.raw
    stream.seek(start)


def _referred(entry: Entry) -> Iterator[str]:
    for field in ("crossref", "xdata"):
        yield from _KEYS.findall(entry.first(field))


def _inherit(entry: Entry, parent: Entry, field: str) -> None:
    """Give an entry the fields of another that it lacks; of a data container (``xdata``) all of them."""
    has = set(entry.fields)
    has |= {name for names in _ALIKE if names & has for name in names}
    for name, values in parent.fields.items():
        if name not in has and (name not in _OWN if field == "crossref" else name != "xdata"):
            entry.fields[name] = list(values)
    if field != "crossref":
        return
    for name, becomes in _titles(entry.kind, parent.kind).items():
        if name in parent.fields and becomes not in entry.fields and not (has & {"journal"} and "journal" in becomes):
            entry.fields[becomes] = list(parent.fields[name])
    if entry.kind in _OF_BOOKS and "author" in parent.fields:
        entry.fields.setdefault("bookauthor", list(parent.fields["author"]))


def _titles(kind: str, parent: str) -> Mapping[str, str]:
    """Return what the parts of the parent's title become in an entry."""
    if parent.startswith("mv"):
        return _MAIN
    if kind in _PARTS:
        return _BOOK
    return _JOURNAL if kind in _IN_PERIODICALS else _MAIN
