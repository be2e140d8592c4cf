"""METS: what a package holds, and in which order it is read.

METS 1.12 (https://www.loc.gov/standards/mets/). Dublin Core is wrapped in it, MARCXML and
PREMIS lie beside it and are referred to with their checksums; pages are divisions of the
physical structure, each tied to its ALTO file and to its page in the PDF.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from posixpath import dirname, relpath
from typing import Literal
from urllib.parse import quote

from metadata.model import Item
from metadata.premis import file_identifier, object_identifier
from metadata.types import TYPES
from metadata.xmlbuild import document, element, leaf

NAMESPACE = "http://www.loc.gov/METS/"
SCHEMA = "https://www.loc.gov/standards/mets/mets.xsd"

_PDF = "application/pdf"

Use = Literal["original", "access", "text", "hocr", "source"]


@dataclass(frozen=True, slots=True)
class Packed:
    """A file in a package: its path from the item's folder there (``original/Report 1.pdf``), and what it is.

    ``path`` is as the file system has it, with ``/`` between. ``kept_as`` is its logical path
    in the item's object in the archive, ``""`` for what was made for the package; ``page`` is
    the number of the page that it is the text of.
    """

    path: str
    media_type: str
    size: int
    sha512: str
    kept_as: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True)
class Package:
    """What lies in an item's folder of a package, and who made it.

    ``created`` is RFC 3339 in UTC; ``library`` is the library's name, ``program`` the one that
    writes, with its version. ``path`` is where the METS document itself will lie.
    """

    created: str
    library: str = ""
    program: str = "Canoe"
    originals: tuple[Packed, ...] = ()
    access: tuple[Packed, ...] = ()
    texts: tuple[Packed, ...] = ()
    hocrs: tuple[Packed, ...] = ()
    marc: Packed | None = None
    premis: Packed | None = None
    sources: tuple[Packed, ...] = ()
    path: str = "metadata/mets.xml"


@dataclass(frozen=True, slots=True)
class _Listed:
    """A file of the fileSec: its XML id, its use, and itself."""

    name: str
    use: Use
    packed: Packed


def mets(item: Item, package: Package, dublin_core: str) -> bytes:
    """Return the METS document (XML, UTF-8) of an item in a package, valid against mets.xsd 1.12.1.

    ``dublin_core`` is its record as :func:`metadata.dublin_core.oai_dc` gives it.
    """
    files = list(_listed(package))
    attributes = {
        "xmlns:mets": NAMESPACE,
        "xmlns:xlink": "http://www.w3.org/1999/xlink",
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
        "OBJID": object_identifier(item.id),
        "LABEL": item.title.value,
        "TYPE": TYPES.get(item.type, TYPES["other"]).en,
    }
    parts = (
        _header(item, package),
        *_described(package, dublin_core),
        *_administered(package),
        _files(item, package, files),
        _structure(item, package, files),
    )
    return document(element("mets:mets", attributes, parts))


def _listed(package: Package) -> Iterator[_Listed]:
    numbers = count(1)
    shelves: tuple[tuple[Use, tuple[Packed, ...]], ...] = (
        ("original", package.originals),
        ("access", package.access),
        ("text", package.texts),
        ("hocr", package.hocrs),
        ("source", package.sources),
    )
    for use, shelf in shelves:
        for packed in shelf:
            yield _Listed(f"file-{next(numbers)}", use, packed)


def _element(name: str, attributes: dict[str, object] | None, *content: str) -> str:
    return element(f"mets:{name}", attributes, content)


def _header(item: Item, package: Package) -> str:
    program: dict[str, object] = {"ROLE": "CREATOR", "TYPE": "OTHER", "OTHERTYPE": "SOFTWARE"}
    library: dict[str, object] = {"ROLE": "CUSTODIAN", "TYPE": "ORGANIZATION"}
    return _element(
        "metsHdr",
        {"CREATEDATE": package.created, "RECORDSTATUS": item.status},
        _agent(program, package.program),
        _agent(library, package.library),
        leaf("mets:altRecordID", item.doi.name, {"TYPE": "DOI"}) if item.doi else "",
    )


def _agent(attributes: dict[str, object], name: str) -> str:
    named = leaf("mets:name", name)
    return _element("agent", attributes, named) if named else ""


def _described(package: Package, dublin_core: str) -> Iterator[str]:
    """Yield the descriptions: Dublin Core within, MARCXML by its address."""
    inside = _element("xmlData", None, dublin_core)
    yield _element("dmdSec", {"ID": "dc"}, _element("mdWrap", {"MDTYPE": "DC", "MIMETYPE": "text/xml"}, inside))
    if package.marc:
        yield _element("dmdSec", {"ID": "marc"}, _reference(package, package.marc, "MARC", "1.1"))


def _administered(package: Package) -> Iterator[str]:
    if package.premis:
        reference = _reference(package, package.premis, "PREMIS", "3.0")
        yield _element("amdSec", {"ID": "amd"}, _element("digiprovMD", {"ID": "premis"}, reference))


def _reference(package: Package, packed: Packed, kind: str, version: str) -> str:
    return _element("mdRef", {"MDTYPE": kind, "MDTYPEVERSION": version, **_location(package, packed), **_core(packed)})


def _location(package: Package, packed: Packed) -> dict[str, object]:
    """Say where a file lies: a relative reference (RFC 3986) from the METS document's own place."""
    href = quote(relpath(packed.path, dirname(package.path) or "."), errors="replace")
    return {"LOCTYPE": "URL", "xlink:type": "simple", "xlink:href": href}


def _core(packed: Packed) -> dict[str, object]:
    checksum = {"CHECKSUM": packed.sha512, "CHECKSUMTYPE": "SHA-512"}
    return {"MIMETYPE": packed.media_type or None, "SIZE": packed.size, **checksum}


def _files(item: Item, package: Package, files: list[_Listed]) -> str:
    """Return the fileSec, a group for each use; nothing for a package without files."""
    groups = (
        _element("fileGrp", {"USE": use}, *(_file(item, package, one) for one in files if one.use == use))
        for use in dict.fromkeys(one.use for one in files)
    )
    return _element("fileSec", None, *groups) if files else ""


def _file(item: Item, package: Package, listed: _Listed) -> str:
    packed = listed.packed
    attributes: dict[str, object] = {
        "ID": listed.name,
        **_core(packed),
        "OWNERID": file_identifier(item.id, packed.kept_as) if packed.kept_as else None,
        "ADMID": "premis" if package.premis and packed.kept_as else None,
        "SEQ": packed.page or None,
    }
    return _element("file", attributes, _element("FLocat", _location(package, packed)))


def _structure(item: Item, package: Package, files: list[_Listed]) -> str:
    """Return the physical structure: the item, its files, and its pages in order."""
    attributes: dict[str, object] = {
        "ID": "item",
        "TYPE": "item",
        "LABEL": item.title.value or None,
        "DMDID": "dc marc" if package.marc else "dc",
        "ADMID": "premis" if package.premis else None,
    }
    whole = (_element("fptr", {"FILEID": one.name}) for one in files if not one.packed.page)
    return _element(
        "structMap", {"TYPE": "physical"}, _element("div", attributes, *whole, *_pages(item.page_count, files))
    )


def _pages(page_count: int, files: list[_Listed]) -> Iterator[str]:
    texts: dict[int, list[_Listed]] = {}
    for one in files:
        if one.packed.page:
            texts.setdefault(one.packed.page, []).append(one)
    paged = _paged(files)
    for number in range(1, max(page_count, *texts, 0) + 1):
        attributes: dict[str, object] = {"ID": f"page-{number}", "TYPE": "page", "ORDER": number}
        attributes |= {"ORDERLABEL": number, "LABEL": f"Page {number}"}
        words = [_element("fptr", {"FILEID": one.name}) for one in texts.get(number, ())]
        area = _element("area", {"FILEID": paged.name, "BEGIN": number, "END": number}) if paged else ""
        yield _element("div", attributes, *words, _element("fptr", None, area) if area else "")


def _paged(files: list[_Listed]) -> _Listed | None:
    """Return the one PDF whose pages are the item's: the access copy, else the only original."""
    for use in ("access", "original"):
        found = [one for one in files if one.use == use]
        if found:
            return found[0] if len(found) == 1 and found[0].packed.media_type == _PDF else None
    return None
