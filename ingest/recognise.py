"""What a file is by its first bytes, and by its name only where they say nothing."""

import mimetypes
from collections.abc import Callable
from typing import Literal

from metadata.bibtex import is_bibtex
from metadata.crossref_reader import is_crossref
from metadata.datacite_reader import is_datacite
from metadata.dc_xml import is_dublin_core
from metadata.eprints import is_eprints
from metadata.item_record import is_item_record
from metadata.manifest import is_manifest
from metadata.marc21 import is_marc21
from metadata.marcxml import is_marcxml
from metadata.mets_reader import is_mets
from metadata.mods import is_mods
from metadata.rest_json import is_crossref_json, is_datacite_json
from metadata.ris import is_ris
from metadata.xlsx import is_xlsx

Records = Literal[
    "marc21", "marcxml", "mods", "mets", "datacite", "crossref", "eprints", "dublin-core", "bibtex", "ris", "workbook",
    "datacite-json", "crossref-json",
]  # fmt: skip
Kind = Literal["document", "manifest", "item", "json", "tag", "parcel", "part", "series"] | Records
HEAD = 65_536
_MAGIC = (
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
)
_BY_SUFFIX = {
    ".pdf": "application/pdf",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".jp2": "image/jp2",
    ".webp": "image/webp",
}
_RECORDS = {".mrc", ".marc", ".dat"}
_TABLES = {".csv", ".tsv"}
_PACKED_OTHERWISE = {".7z", ".rar"}
_MEDIA_TYPES = mimetypes.MimeTypes()  # as Python has them: what this machine adds may differ on the next
# In this order: what may hold Dublin Core is asked after what has its own namespace.
_OTHER_RECORDS: dict[Records, tuple[Callable[[bytes], bool], str, frozenset[str]]] = {
    "mods": (is_mods, "application/mods+xml", frozenset()),
    "datacite": (is_datacite, "application/xml", frozenset()),
    "crossref": (is_crossref, "application/xml", frozenset()),
    "eprints": (is_eprints, "application/xml", frozenset()),
    "dublin-core": (is_dublin_core, "application/xml", frozenset()),
    "bibtex": (is_bibtex, "application/x-bibtex", frozenset({".bib"})),
    "ris": (is_ris, "application/x-research-info-systems", frozenset({".ris"})),
    "workbook": (
        is_xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        frozenset({".xlsx", ".xlsm"}),
    ),
}


def recognise(suffix: str, head: bytes, mapped: bool) -> tuple[Kind, str] | None:
    """Return what a file is and its media type, None for what is not read.

    ``suffix`` is in lower case; ``mapped``: a table is a manifest whatever its columns are called.
    """
    if media_type := _by_magic(head):
        return "document", media_type
    if suffix in _RECORDS or is_marc21(head):
        return "marc21", "application/marc"
    if is_mets(head):  # before what may be wrapped in it
        return "mets", "application/mets+xml"
    if is_marcxml(head) or (suffix == ".xml" and b"MARC21/slim" in head):
        return "marcxml", "application/marcxml+xml"
    for kind, (is_kind, media_type, suffixes) in _OTHER_RECORDS.items():
        if suffix in suffixes or is_kind(head):
            return kind, media_type
    if suffix in _TABLES and (mapped or is_manifest(head)):
        return "manifest", "text/csv"
    if suffix == ".json" and is_item_record(head):
        return "json", "application/json"
    if suffix == ".json" and (answer := _agency_json(head)):
        return answer, "application/json"
    return ("document", _BY_SUFFIX[suffix]) if suffix in _BY_SUFFIX else None


def _agency_json(head: bytes) -> Records | None:
    if is_datacite_json(head):
        return "datacite-json"
    return "crossref-json" if is_crossref_json(head) else None


def media_type_of(suffix: str, head: bytes) -> str:
    """Return the media type of any file, ``application/octet-stream`` where nothing tells."""
    media_type = _by_magic(head) or _BY_SUFFIX.get(suffix) or _MEDIA_TYPES.guess_type(f"a{suffix}")[0]
    return media_type or "application/octet-stream"


def why_unknown(suffix: str) -> str:
    """Return why a file that was not recognised is set aside."""
    if suffix in _TABLES:
        return "a table without a column for a title or a file"
    if suffix in _PACKED_OTHERWISE:
        return "a packed archive of a kind that is not opened here; unpack it and ingest the folder"
    if suffix == ".xml":
        kinds = "MARCXML, MODS, DataCite, Crossref, EPrints, Dublin Core"
        return f"its XML is none of the kinds of records that are read: {kinds}"
    if suffix == ".json":
        return "its JSON is no whole item as canoe show prints it, nor an answer of DataCite's or Crossref's"
    return f"Canoe does not read {suffix or 'files without an ending'} yet"


def _by_magic(head: bytes) -> str:
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for magic, media_type in _MAGIC if head.startswith(magic)), "")
