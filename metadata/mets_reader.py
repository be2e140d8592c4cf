"""METS as others write it: which files are the pages of a publication, and in what order.

METS 1.12 (https://www.loc.gov/standards/mets/), ``fileSec`` and the physical ``structMap``. Nothing is
followed: a file is named by its path from where the document lies, and what is named otherwise (an
address on the web, an absolute path, one that leads outside) is no file of ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from lxml import etree

from metadata.mets import NAMESPACE
from metadata.xmlrecords import named, opening_names

LARGEST = 64 << 20
"""Bytes of the largest METS document that is read for its pages."""

_HREF = "{http://www.w3.org/1999/xlink}href"
_FORMAT = f"{{{NAMESPACE}}}"
_DEEPEST = 50  # divisions in divisions


@dataclass(frozen=True, slots=True)
class PageFiles:
    """What a METS document says of pages: its label, and for each use of files (master, copy …) the pages' paths.

    Paths are relative to the document's folder, in the order in which the pages are read.
    """

    label: str
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _File:
    group: int
    path: str


def is_mets(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, is that of a METS document."""
    return next(opening_names(head), "") == "mets" and named(head, NAMESPACE)


def read_page_files(path: Path) -> PageFiles:
    """Return what the METS document at ``path`` says of pages; without groups where it says nothing.

    Raises ValueError where it cannot be read or has a document type declaration, and OSError.
    """
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it is longer than {LARGEST >> 20} MiB")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(path.read_bytes(), parser)
    except etree.XMLSyntaxError as fault:
        raise ValueError(str(fault)) from fault
    if tree.getroottree().docinfo.internalDTD is not None:
        raise ValueError("it has a document type declaration")
    files = {name: file for name, file in _files(tree) if file.path}
    pages = [page for struct in _physical(tree) for page in _pages(struct, files, 0)]
    groups = sorted({group for page in pages for group in page})
    named_in = (tuple(page[group] for page in pages if group in page) for group in groups)
    return PageFiles(" ".join(tree.get("LABEL", "").split()), tuple(tuple(dict.fromkeys(one)) for one in named_in))


def _files(tree: etree._Element) -> Iterator[tuple[str, _File]]:
    """Yield the id of each file, its group and its path, ``""`` for none of ours."""
    for number, group in enumerate(tree.iter(f"{_FORMAT}fileGrp")):
        for file in group.iterchildren(f"{_FORMAT}file"):
            places = (place.get(_HREF, "") for place in file.iterchildren(f"{_FORMAT}FLocat"))
            yield file.get("ID", ""), _File(number, next(filter(None, map(_relative, places)), ""))


def _relative(href: str) -> str:
    """Return the path that a reference names below the document's folder, else ``""``."""
    try:
        parts = urlsplit(href.strip().replace("\\", "/"))
    except ValueError:
        return ""
    if parts.scheme not in ("", "file") or (parts.netloc and not parts.scheme):
        return ""
    named = unquote(parts.netloc + parts.path)  # many write file://images/1.tif and mean it from here
    path = normpath(named) if named else ""
    return "" if path.startswith(("/", "..")) or "\0" in path or path == "." else path


def _physical(tree: etree._Element) -> Sequence[etree._Element]:
    """Return the structure that speaks of pages: the one that says so, else the only one."""
    structs = list(tree.iterchildren(f"{_FORMAT}structMap"))
    physical = [struct for struct in structs if struct.get("TYPE", "").lower() == "physical"]
    return physical[:1] or (structs if len(structs) == 1 else [])


def _pages(above: etree._Element, files: Mapping[str, _File], depth: int) -> Iterator[dict[int, str]]:
    """Yield the paths of each division that is tied to files, by their groups, in the order of the pages."""
    divisions = list(above.iterchildren(f"{_FORMAT}div"))
    orders = [one.get("ORDER", "") for one in divisions]
    if all(order.isascii() and order.isdigit() and len(order) < 10 for order in orders):
        divisions.sort(key=lambda one: int(one.get("ORDER", "0")))
    for division in divisions:
        page: dict[int, str] = {}
        for pointer in division.iterchildren(f"{_FORMAT}fptr"):
            known = (files.get(one.get("FILEID", "")) for one in pointer.iter(etree.Element))
            for file in filter(None, known):
                page.setdefault(file.group, file.path)
        if page:
            yield page
        if depth < _DEEPEST:
            yield from _pages(division, files, depth + 1)
