"""Gathering: from the paths a librarian names to the files that came, each named once.

Nothing is opened that is not a regular file, and no link below a named folder is followed.
What a file is, its first bytes say; its name is asked only where they say nothing. A folder
that holds ``bagit.txt`` is a bag: gone into where it is valid, else refused as a whole.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from archive.bag import Bag, check_bag
from ingest.bags import DEEPEST, bag_piece, given_digests, is_bag, kept_name, nested_too_deep, part_of
from metadata.accession import Outcome, Piece
from metadata.bibtex import is_bibtex
from metadata.dc_xml import is_dublin_core
from metadata.eprints import is_eprints
from metadata.manifest import is_manifest
from metadata.marc21 import is_marc21
from metadata.marcxml import is_marcxml
from metadata.mods import is_mods
from metadata.problems import Problem, problem
from metadata.ris import is_ris
from metadata.xlsx import is_xlsx

Records = Literal["marc21", "marcxml", "mods", "eprints", "dublin-core", "bibtex", "ris", "workbook"]
Kind = Literal["document", "manifest", "item", "tag"] | Records
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
}
_RECORDS = {".mrc", ".marc", ".dat"}
_TABLES = {".csv", ".tsv"}
_SYSTEM = {"thumbs.db", "desktop.ini", ".ds_store"}
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}
_PACKED = {".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar"}
# In this order: what may hold Dublin Core is asked after what has its own namespace.
_OTHER_RECORDS: dict[Records, tuple[Callable[[bytes], bool], str, frozenset[str]]] = {
    "mods": (is_mods, "application/mods+xml", frozenset()),
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
_Place = tuple[int, int, str]
"""Device and number of the folder a file lies in, and its name there."""
_Bags = tuple[Bag, ...]
"""The bags that a file lies in, the innermost last."""
_LIKE_ESCAPED = re.compile(rb"\\(?=x[0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that came: ``source`` is its path as given, ``media_type`` what its content says it is.

    Of a payload file a bag has told the ``sha512``, and digests by other algorithms (``fixity``:
    algorithm and hexadecimal). ``name`` is what a tag file is kept as.
    """

    path: Path
    source: str
    kind: Kind
    media_type: str
    sha512: str = ""
    fixity: tuple[tuple[str, str], ...] = ()
    name: str = ""


def gather(paths: Iterable[Path], home: Path, mapped: bool = False) -> Iterator[Found | Piece]:
    """Yield every file below ``paths`` in a fixed order, or the Piece that says why it is left.

    A file that is reached twice comes once; two hard links are two files. The library's own
    ``home`` is not gone into. Nothing that a path may turn
    out to be is raised. ``mapped``: a table is a manifest whatever its columns are called.
    """
    seen: set[_Place] = set()
    at_home = _folder(Path(os.path.realpath(home)))
    for named in paths:
        for path, place, bags, left in _walk(named, at_home):
            if place not in seen:
                seen.add(place)
                if arrived := left or _arrived(path, bags, mapped):
                    yield arrived


def shown(path: Path) -> str:
    """Return a path as text that any encoding takes, different for different paths.

    Bytes that are no UTF-8 are written ``\\xff``, and a backslash that looks like one of these ``\\x5c``.
    """
    return _LIKE_ESCAPED.sub(rb"\\x5c", os.fsencode(path)).decode("utf-8", "backslashreplace")


def _walk(named: Path, home: tuple[int, int]) -> Iterator[tuple[Path, _Place, _Bags, Piece | None]]:
    """Yield the regular files at or below a path with the bags they lie in, and what is left with its reason.

    A link that is named outright is followed. A bag comes before its files, as a piece of its own.
    """
    waiting: list[tuple[Path, _Place, _Bags]] = [(named, _place(named), ())]
    while waiting:
        path, place, bags = waiting.pop()
        kind = _kind_of(path, path is named)
        if kind == "file":
            yield path, place, bags, None
        elif kind != "folder":
            yield path, place, bags, _left(path, "refused", problem("not-a-regular-file", shown(path), kind=kind))
        elif _folder(path) == home:
            yield path, place, bags, _left(path, "set_aside", _aside(path, "this is the library’s own home"))
        else:
            try:
                below = sorted(path.iterdir(), key=lambda entry: os.fsencode(entry.name), reverse=True)
            except OSError as fault:
                yield path, place, bags, _unreadable(path, fault)
                continue
            if is_bag([entry.name for entry in below]):
                piece, bags = _opened(path, bags)
                yield path, place, bags, piece
                if piece.outcome == "refused":
                    continue
            folder = _folder(path)
            waiting += [(entry, (*folder, entry.name), bags) for entry in below]


def _opened(path: Path, outer: _Bags) -> tuple[Piece, _Bags]:
    """Judge a bag; return its piece, and the bags that its files lie in."""
    if len(outer) == DEEPEST:
        return nested_too_deep(shown(path)), outer
    bag = check_bag(path, shown(path))
    return bag_piece(bag, shown(path)), (*outer, bag)


def _arrived(path: Path, bags: _Bags, mapped: bool) -> Found | Piece | None:
    """Return what a file is, also to the bag it lies in; None for what a bag holds only as a copy."""
    part = part_of(bags[-1], path) if bags else "payload"
    if part == "copy":
        return None
    if part == "tag":
        return Found(path, shown(path), "tag", "text/plain", name=kept_name(bags[-1], path))
    sha512, fixity = given_digests(bags, path)
    if part == "item":
        return Found(path, shown(path), "item", "application/json", sha512, fixity)
    found = _look(path, mapped)
    return replace(found, sha512=sha512, fixity=fixity) if isinstance(found, Found) else found


def _place(path: Path) -> _Place:
    """Return where a named path lies, the same however it is spelt; a link lies where it leads."""
    real = Path(os.path.realpath(path)) if os.path.exists(path) else path  # noqa: PTH110 - exists() may raise
    return (*_folder(real.parent), real.name)


def _folder(path: Path) -> tuple[int, int]:
    """Return what tells a folder from every other: its device and its number there."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def _look(path: Path, mapped: bool) -> Found | Piece:
    if path.name.lower() in _SYSTEM or path.name.startswith("._"):
        return _left(path, "set_aside", _aside(path, "a file of the operating system, not a document"))
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as fault:
        return _unreadable(path, fault)
    if not head:
        return _left(path, "refused", problem("file-empty", shown(path)))
    return _recognise(path, shown(path), head, mapped)


def _recognise(path: Path, source: str, head: bytes, mapped: bool) -> Found | Piece:
    suffix = path.suffix.lower()
    if media_type := _media_type(head):
        return Found(path, source, "document", media_type)
    if suffix in _RECORDS or is_marc21(head):
        return Found(path, source, "marc21", "application/marc")
    if is_marcxml(head) or (suffix == ".xml" and b"MARC21/slim" in head):
        return Found(path, source, "marcxml", "application/marcxml+xml")
    for kind, (is_kind, media_type, suffixes) in _OTHER_RECORDS.items():
        if suffix in suffixes or is_kind(head):
            return Found(path, source, kind, media_type)
    if suffix in _TABLES and (mapped or is_manifest(head)):
        return Found(path, source, "manifest", "text/csv")
    if suffix in _BY_SUFFIX:
        return Found(path, source, "document", _BY_SUFFIX[suffix])
    if suffix in _TABLES:
        return _left(path, "set_aside", _aside(path, "a table without a column for a title or a file"))
    if suffix in _PACKED:
        return _left(path, "set_aside", _aside(path, "a packed archive; unpack it and ingest the folder"))
    return _left(path, "set_aside", _aside(path, f"Canoe does not read {suffix or 'files without an ending'} yet"))


def _media_type(head: bytes) -> str:
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    return next((media_type for magic, media_type in _MAGIC if head.startswith(magic)), "")


def _kind_of(path: Path, follow: bool) -> str:
    try:
        mode = path.stat().st_mode if follow else path.lstat().st_mode
    except OSError:
        return "symbolic link" if os.path.islink(path) else "path that leads nowhere"  # noqa: PTH114 - is_symlink() may raise
    return _KINDS.get(stat.S_IFMT(mode), "device")


def _unreadable(path: Path, fault: OSError) -> Piece:
    why = problem("file-unreadable", shown(path), reason=fault.strerror or str(fault))
    return _left(path, "refused", why)


def _aside(path: Path, reason: str) -> Problem:
    return problem("not-a-document", shown(path), reason=reason)


def _left(path: Path, outcome: Outcome, why: Problem) -> Piece:
    return Piece(shown(path), outcome, problems=(why,))
