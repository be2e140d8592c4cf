"""Items of DSpace's Simple Archive Format: what dublin_core.xml, contents, handle and collections say.

Specification: DSpace documentation, "Importing and Exporting Items via Simple Archive Format". An
item is a folder: ``dublin_core.xml`` holds its Dublin Core, ``metadata_SCHEMA.xml`` other
schemas, ``contents`` a line for each of its files. What of the metadata our model does not hold
stays in the files themselves, which are kept.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lxml import etree

from metadata.dc_values import Source, Value, statements
from metadata.dc_xml import described
from metadata.description import Description, Rejected, Remarks, shorten
from metadata.marc_charset import purify
from metadata.model import Identifier, Item
from metadata.problems import Problem, problem
from metadata.xmlrecords import Form, damaged, local, read_records

DUBLIN_CORE = "dublin_core.xml"
CONTENTS = "contents"
LARGEST = 4 << 20
"""Bytes of the largest contents, handle or collections that is read."""

ORIGINAL = "ORIGINAL"
_DERIVED = {"TEXT": "DSpace made it of the text of another file", "THUMBNAIL": "it is a small copy of another file",
            "BRANDED_PREVIEW": "it is a small copy of another file"}  # fmt: skip
_METADATA = re.compile(r"metadata_[A-Za-z0-9_.-]{1,64}\.xml")
_BESIDE = {"handle", "collections", "relationships"}
_HANDLE = re.compile(r"(?:https?://hdl\.handle\.net/|hdl:)?([0-9A-Za-z.]{1,64}/\S{1,200})")
_READERS = re.compile(r"-\s*r\s+(.+)")


@dataclass(frozen=True, slots=True)
class Bitstream:
    """A file of an item: its path in the item's folder, the bundle it is in, and whether it is the primary one."""

    path: str
    bundle: str = ORIGINAL
    primary: bool = False
    readers: str = ""

    @property
    def left(self) -> str:
        """Why the file need not be kept, ``""`` where it is."""
        return _DERIVED.get(self.bundle, "")


def is_item(names: Sequence[str], first: str = "") -> bool:
    """Say whether a folder with these names in it is an item.

    ``first`` is the first file that its ``contents`` names: that it is there tells an item
    without metadata from a folder in which a file is called so by chance.
    """
    told = any(name in _BESIDE or _METADATA.fullmatch(name) for name in names)
    if DUBLIN_CORE in names:
        return told or CONTENTS in names
    return CONTENTS in names and (told or first in names)


def is_metadata(name: str) -> bool:
    """Say whether a file of an item's folder speaks of the item and is none of its files."""
    return name in (DUBLIN_CORE, CONTENTS) or name in _BESIDE or _METADATA.fullmatch(name) is not None


def read_contents(data: bytes, where: str) -> tuple[tuple[Bitstream, ...], tuple[Problem, ...]]:
    """Return the files that ``contents`` (UTF-8) names, each once, and what is wrong with it.

    ``where`` is the file's name for reports. A line is a path, then after tabs ``bundle:``, ``primary:true``,
    ``permissions:`` and ``description:``; ``-r`` begins that of a file which lies elsewhere.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return (), (problem("saf-contents-wrong", where, reason="it is not UTF-8"),)
    if len(data) > LARGEST or "\0" in text:
        reason = f"it is longer than {LARGEST} bytes" if len(data) > LARGEST else "there are zero bytes in it"
        return (), (problem("saf-contents-wrong", where, reason=reason),)
    found: dict[str, Bitstream] = {}
    problems: list[Problem] = []
    for line in filter(str.strip, re.split(r"\r\n|\r|\n", text)):
        match _line(line, where):
            case Bitstream() as one:
                found.setdefault(one.path, one)
            case fault:
                problems.append(fault)
    return tuple(found.values()), tuple(dict.fromkeys(problems))


def _line(line: str, where: str) -> Bitstream | Problem:
    path, *fields = [part.strip() for part in line.split("\t")]
    if re.match(r"-[rsf]\s", line.strip() + " "):
        named = re.search(r"-f\s+(\S[^\t]*)", line)
        return problem("saf-registered", where, name=shorten(named[1].strip() if named else line.strip()))
    path = path.removeprefix("./")
    if _leads_outside(path):
        return problem("saf-path-outside", where, name=shorten(path))
    told = {name.strip().lower(): value.strip() for name, _, value in (part.partition(":") for part in fields)}
    readers = _READERS.search(told.get("permissions", ""))
    return Bitstream(
        path,
        told.get("bundle") or ("LICENSE" if path == "license.txt" else ORIGINAL),
        told.get("primary", "").lower() == "true",
        readers[1].strip(" '\"") if readers else "",
    )


def _leads_outside(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return not all(part not in ("", ".", "..") for part in parts) or (len(path) > 1 and path[1] == ":")


def first_path(data: bytes) -> str:
    """Return the first path that the beginning of a ``contents`` names, ``""`` where it makes no sense."""
    bitstreams, _ = read_contents(data.rpartition(b"\n")[0] or data, "")
    return bitstreams[0].path if bitstreams else ""


@dataclass(slots=True)
class _Collector:
    """Gathers the statements of several files into one record."""

    remarks: Remarks
    values: list[Value] = field(default_factory=list)

    def collect(self, element: etree._Element, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
        remarks.where = self.remarks.where
        self.values += statements(element, remarks)
        for found in remarks.problems:
            if found not in self.remarks.problems:
                self.remarks.problems.append(found)
        return Description(number, Item(), raw)


def read_item(files: Mapping[str, bytes], where: str) -> Description | Rejected:
    """Return the description of an item by the files that speak of it, or why there is none.

    ``files`` are these by name: ``dublin_core.xml``, ``metadata_*.xml``, ``handle``, ``collections``; ``where`` is
    the item's folder for reports. ``raw`` is all of them, one after the other.
    """
    raw = b"\n".join(files[name] for name in sorted(files) if name != CONTENTS)
    remarks = Remarks(where)
    collector = _Collector(remarks)
    form = Form(
        "record of DSpace", ("dublin_core",), lambda element: local(element) == "dublin_core", collector.collect
    )
    for name in sorted(name for name in files if name == DUBLIN_CORE or _METADATA.fullmatch(name)):
        for outcome in read_records(io.BytesIO(files[name]), f"{where}/{name}", form):
            if isinstance(outcome, Rejected):
                return damaged(1, f"{name}: {outcome.problems[-1].message().rstrip('.')}", raw, remarks)
    made = described(Source(tuple(collector.values), remarks), 1, raw)
    if isinstance(made, Rejected):
        return made
    return replace(made, item=_placed(made.item, files), problems=tuple(remarks.problems))


def _placed(item: Item, files: Mapping[str, bytes]) -> Item:
    """Return the item with its handle and the collections it was in, as DSpace names their sets."""
    handles = (Identifier("handle", one) for one in _handles(files.get("handle", b"")))
    sets = (f"col_{one.replace('/', '_')}" for one in _handles(files.get("collections", b"")))
    return replace(
        item,
        identifiers=tuple(dict.fromkeys([*item.identifiers, *handles])),
        collections=tuple(dict.fromkeys([*item.collections, *sets])),
    )


def _handles(data: bytes) -> Iterator[str]:
    text = purify(data[:LARGEST].decode("utf-8-sig", "replace"), Remarks(""))
    for line in text.splitlines():
        if found := _HANDLE.fullmatch(line.strip()):
            yield found[1]
