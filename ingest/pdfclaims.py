"""What a copy says of itself: its title and language, and its claim to be PDF/A only where that holds.

The text layer keeps to the rules of PDF/A parts 1 to 3: its fonts are embedded and agree in widths with their
programs, map to Unicode, never show .notdef, and nothing is transparent (ISO 19005-1, 6.3;
ISO 19005-2 and -3, 6.2.11). It is not tagged, so that level A becomes B. A claim of another part, and that of an
encrypted file, which is false, are taken out.
"""

from contextlib import suppress

import pikepdf
from lxml.etree import LxmlError
from pikepdf import Name, Pdf
from pikepdf.models.metadata import PdfMetadata

from ingest.pdfnature import decoded_length

_LONGEST = 1 << 20  # bytes of XMP; more is not read
_XML_FAULTS = (LxmlError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError, pikepdf.PdfError)
_KEPT = {"1A": "B", "1B": "B", "2A": "B", "2B": "B", "2U": "U", "3A": "B", "3B": "B", "3U": "U"}
_TITLE = "dc:title"


def is_pdfa_1(pdf: Pdf) -> bool:
    """Say whether a PDF claims part 1, which knows no object streams (ISO 19005-1, 6.1.4)."""
    with suppress(*_XML_FAULTS):
        return _has_xmp(pdf) and _opened(pdf).pdfa_status.startswith("1")
    return False


def settle_claim(pdf: Pdf) -> None:
    """Leave a copy the claim to be PDF/A that holds for it, see above."""
    with suppress(*_XML_FAULTS):
        if not _has_xmp(pdf) or not (claim := _opened(pdf).pdfa_status):
            return
        level = "" if pdf.is_encrypted else _KEPT.get(claim, "")
        if level != claim[1:]:
            with _opened(pdf) as xmp:
                if level:
                    xmp["pdfaid:conformance"] = level
                else:
                    for key in [key for key in xmp if key.startswith("{http://www.aiim.org/pdfa/ns/id/}")]:
                        del xmp[key]


def name_copy(pdf: Pdf, title: str, language: str) -> None:
    """Give a copy a title and a language (BCP 47) where it has none; ``""`` is none."""
    if language and not str(pdf.Root.get("/Lang", "")):
        pdf.Root.Lang = language
    if not title or str(pdf.docinfo.get("/Title", "")).strip():
        return
    with suppress(*_XML_FAULTS):
        if "/Metadata" in pdf.Root and not _has_xmp(pdf):
            return
        with _opened(pdf) as xmp:
            if not xmp.get(_TITLE):
                xmp[_TITLE] = title
                pdf.docinfo[Name.Title] = title


def xmp_of(pdf: Pdf) -> bytes:
    """Return the XMP packet of a PDF, empty where there is none or it is longer than is read."""
    return pdf.Root.Metadata.read_bytes() if _has_xmp(pdf) else b""


def _has_xmp(pdf: Pdf) -> bool:
    length = decoded_length(pdf.Root.get("/Metadata"), _LONGEST)
    return length is not None and length <= _LONGEST


def _opened(pdf: Pdf) -> PdfMetadata:
    """Open the XMP packet; no date is written into it, and the document information is left as it is."""
    return pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False, strict=True)
