"""The DOI in a PDF's metadata: in the fields of XMP and of the information dictionary that are for it.

XMP, ISO 16684-1; PRISM 3.0 (prism:doi), Dublin Core (dc:identifier), pdfx and Crossmark (doi), and the document
information dictionary (ISO 32000-1, 14.3.3) with the keys that publishers write: doi, DOI, and Subject.
"""

import re
from collections.abc import Iterator
from contextlib import suppress

import pikepdf
from lxml import etree
from pikepdf import Pdf

from ingest.doi_elsewhere import from_metadata
from ingest.pdfclaims import xmp_of

_KEYS = ("/doi", "/DOI", "/WPS-ARTICLEDOI", "/prism:doi", "/Subject")
_FIELDS = frozenset(("doi", "identifier", "articledoi"))
_MARKED = re.compile(r"doi", re.IGNORECASE)
_LONGEST = 4000  # characters of one value


def stated_dois(pdf: Pdf) -> tuple[str, ...]:
    """Return the DOIs that a PDF's metadata state, in normal form, each once; nothing of what cannot be read."""
    return from_metadata(iter([*_of_information(pdf), *_of_xmp(pdf)]))


def _of_information(pdf: Pdf) -> Iterator[str]:
    stated = pdf.trailer.get("/Info", pikepdf.Dictionary())
    for key in _KEYS:
        value = stated.get(key) if isinstance(stated, pikepdf.Dictionary) else None
        text = str(value)[:_LONGEST] if isinstance(value, pikepdf.String) else ""
        if key != "/Subject" or _MARKED.search(text):  # what it is about may be any text
            yield text


def _of_xmp(pdf: Pdf) -> Iterator[str]:
    with suppress(etree.XMLSyntaxError, ValueError):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=False)
        root = etree.fromstring(xmp_of(pdf), parser)
        for element in root.iter(etree.Element):
            if etree.QName(element).localname.lower() in _FIELDS:
                yield from (_doi_text(str(text), etree.QName(element).localname) for text in element.itertext())
            for name, value in element.attrib.items():
                if etree.QName(name).localname.lower() in _FIELDS:
                    yield _doi_text(str(value), etree.QName(name).localname)


def _doi_text(text: str, name: str) -> str:
    """Return a value that is a DOI's: an identifier may be one of another kind that only holds the digits of one."""
    text = text.strip()[:_LONGEST]
    if name.lower() == "identifier" and not (_MARKED.search(text) or text.startswith("10.")):
        return ""
    return text
