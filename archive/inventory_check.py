"""What an inventory gets wrong as a document, by the validation codes of OCFL 1.1.

The codes are those of https://ocfl.io/1.1/spec/validation-codes.html. Nothing here looks at
files: :mod:`archive.check` does. Every fault is named, never only the first.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

Fault = tuple[str, str]
"""A validation code and what is wrong, in English."""

SPECIFICATIONS = {f"https://ocfl.io/{version}/spec/#inventory": version for version in ("1.0", "1.1")}
ALGORITHMS = ("sha512", "sha256")
_REQUIRED = ("id", "type", "digestAlgorithm", "head")
_VERSION = re.compile(r"v[0-9]*[1-9][0-9]*")
_UNFIT = re.compile(r"(?:^|/)\.{0,2}(?:/|\Z)")  # an empty part of a path, or one of dots
_CREATED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Document:
    """An inventory as it was decoded from JSON; what is missing or of the wrong kind reads as empty."""

    raw: Mapping[str, Any]

    @property
    def specification(self) -> str:
        """The version of the specification it follows: ``1.0``, ``1.1`` or ``""``."""
        return SPECIFICATIONS.get(_text(self.raw.get("type")), "")

    @property
    def algorithm(self) -> str:
        """The digest algorithm of its manifest, ``""`` when OCFL does not allow it."""
        algorithm = _text(self.raw.get("digestAlgorithm"))
        return algorithm if algorithm in ALGORITHMS else ""

    @property
    def content_folder(self) -> str:
        """The name of the folder in each version that holds content."""
        return _text(self.raw.get("contentDirectory", "content"))

    @cached_property
    def versions(self) -> Mapping[str, Mapping[str, Any]]:
        """The version blocks with a proper name, by number."""
        blocks = _table(self.raw.get("versions"))
        names = sorted(filter(_VERSION.fullmatch, blocks), key=_number)
        return {name: _table(blocks[name]) for name in names}

    @property
    def newest(self) -> str:
        """The name of the newest version, ``""`` when there is none."""
        return list(self.versions)[-1] if self.versions else ""

    @cached_property
    def manifest(self) -> Sequence[tuple[str, str]]:
        """Each digest, as it is written, with each of its content paths."""
        return _pairs(self.raw.get("manifest"))

    @property
    def fixity(self) -> Sequence[tuple[str, str, str]]:
        """Each algorithm, digest and content path of the fixity block."""
        blocks = _table(self.raw.get("fixity"))
        return [(algorithm, digest, path) for algorithm in blocks for digest, path in _pairs(blocks[algorithm])]

    def state(self, version: str) -> Sequence[tuple[str, str]]:
        """Return each digest of a version's state with each of its logical paths."""
        return self._states.get(version, ())

    @cached_property
    def _states(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        return {name: _pairs(block.get("state")) for name, block in self.versions.items()}

    def content_of(self, version: str) -> Mapping[str, frozenset[str]]:
        """Return the content paths that may stand for each logical path of a version."""
        return {logical: frozenset(self._content.get(digest, ())) for digest, logical in self.state(version)}

    @cached_property
    def _content(self) -> Mapping[str, Sequence[str]]:
        held: dict[str, list[str]] = {}
        for digest, path in self.manifest:
            held.setdefault(digest, []).append(path)
        return held


def inventory_faults(document: Document) -> Iterator[Fault]:
    """Yield every fault of an inventory, whatever is in it."""
    yield from _head_faults(document)
    yield from _sequence_faults(document)
    yield from _manifest_faults(document)
    for name, block in document.versions.items():
        yield from ((code, f"{name}: {reason}") for code, reason in _version_faults(document, name, block))
    yield from _fixity_faults(document)


def _head_faults(document: Document) -> Iterator[Fault]:
    raw = document.raw
    yield from (("E036", f"{key} is missing") for key in _REQUIRED if key not in raw)
    if "id" in raw and not _text(raw["id"]):
        yield "E037", "id is not a text"
    if "type" in raw and not document.specification:
        yield "E038", f"type is {raw['type']!r}"
    if "digestAlgorithm" in raw and not document.algorithm:
        yield "E025", f"digestAlgorithm is {raw['digestAlgorithm']!r}"
    if "/" in document.content_folder or not document.content_folder:
        yield "E017", f"contentDirectory is {raw['contentDirectory']!r}"
    if document.content_folder in (".", ".."):
        yield "E018", f"contentDirectory is {document.content_folder!r}"
    if "head" in raw and raw["head"] != (document.newest or None):
        yield "E040", f"head is {raw['head']!r}, not the newest version"


def _sequence_faults(document: Document) -> Iterator[Fault]:
    names, numbers = list(document.versions), [_number(name) for name in document.versions]
    if not isinstance(document.raw.get("versions"), dict):
        yield "E044", "there is no versions block"
    elif not document.raw["versions"]:
        yield "E008", "there is no version"
    yield from (
        ("E046", f"{name!r} names no version") for name in document.raw.get("versions") or () if name not in names
    )
    if numbers and numbers[0] != 1:
        yield "E009", f"the first version is {names[0]}"
    elif numbers != list(range(1, len(numbers) + 1)):
        yield "E010", f"the versions are {', '.join(names)}"
    padded = [name for name in names if name.startswith("v0")]
    if padded and len({len(name) for name in names}) > 1:
        yield "E012", "some versions are zero-padded, not all alike"
    elif padded and padded != names:
        yield "E011", f"{names[-1]} has no room for its zero"


def _manifest_faults(document: Document) -> Iterator[Fault]:
    block = document.raw.get("manifest")
    if block is None:
        yield "E041", "there is no manifest"
    elif _misshapen(block):
        yield "E041", "manifest does not map digests to lists of paths"
    paths = [path for _, path in document.manifest]
    yield from _path_faults(paths, "E100", "E099")
    yield from (("E101", f"{path} is named twice or lies below another") for path in _conflicts(paths))
    yield from (("E096", f"the digest {digest} stands twice") for digest in _repeated(_table(block)))
    used = {digest for name in document.versions for digest, _ in document.state(name)}
    yield from (("E107", f"no version uses {path}") for digest, path in document.manifest if digest not in used)


def _version_faults(document: Document, name: str, block: Mapping[str, Any]) -> Iterator[Fault]:
    yield from (("E048", f"{key} is missing") for key in ("created", "state") if key not in block)
    if "created" in block and not _is_instant(_text(block["created"])):
        yield "E049", f"created is {block['created']!r}"
    if "state" in block and _misshapen(block["state"]):
        yield "E050", "state does not map digests to lists of paths"
    if not isinstance(block.get("message", ""), str):
        yield "E094", f"message is {block['message']!r}"
    if "user" in block and not _text(_table(block["user"]).get("name")):
        yield "E054", "user has no name"
    held = {digest for digest, _ in document.manifest}
    state = document.state(name)
    yield from (("E050", f"no manifest entry holds {path}") for digest, path in state if digest not in held)
    paths = [path for _, path in state]
    yield from _path_faults(paths, "E053", "E052")
    yield from (("E095", f"{path} is named twice or lies below another") for path in _conflicts(paths))


def _fixity_faults(document: Document) -> Iterator[Fault]:
    block = document.raw.get("fixity", {})
    if not isinstance(block, dict) or any(map(_misshapen, block.values())):
        yield "E057", "fixity does not map algorithms to digests and lists of paths"
    yield from _path_faults([path for _, _, path in document.fixity], "E100", "E099")
    for digests in map(_table, _table(block).values()):
        yield from (("E097", f"the digest {digest} stands twice") for digest in _repeated(digests))


def _path_faults(paths: Iterable[str], at_the_ends: str, within: str) -> Iterator[Fault]:
    for path in filter(_UNFIT.search, paths):
        if path.startswith("/") or path.endswith("/"):
            yield at_the_ends, f"{path!r} begins or ends with a slash"
        else:
            yield within, f"{path!r} has an empty part or a dot for a part"


def _conflicts(paths: Sequence[str]) -> Iterator[str]:
    """Yield the paths that are there twice or that another path takes for a folder."""
    folders: set[str] = set()
    for path in paths:
        while (path := path.rpartition("/")[0]) and path not in folders:
            folders.add(path)
    once = set(paths)
    if len(once) < len(paths) or not folders.isdisjoint(once):
        yield from (path for path, count in Counter(paths).items() if count > 1 or path in folders)


def _repeated(digests: Iterable[str]) -> Iterator[str]:
    """Yield the digests that are there twice, written differently: OCFL does not tell case apart."""
    alike = [digest.lower() for digest in digests]
    if len(set(alike)) < len(alike):
        yield from (digest for digest, count in Counter(alike).items() if count > 1)


def _is_instant(text: str) -> bool:
    """Say whether ``text`` is RFC 3339, to the second and with a time zone."""
    with suppress(ValueError):
        if found := _CREATED.fullmatch(text):
            return bool(datetime.fromisoformat(found[1] + found[3]))
    return False


def _misshapen(block: object) -> bool:
    """Say whether a block is anything but lists of texts by digest."""
    try:
        msgspec.convert(block, dict[str, list[str]])
    except msgspec.ValidationError:
        return True
    return False


def _pairs(block: object) -> list[tuple[str, str]]:
    rows = ((digest, paths) for digest, paths in _table(block).items() if isinstance(paths, list))
    return [(digest, path) for digest, paths in rows for path in paths if isinstance(path, str)]


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(version: str) -> int:
    return int(version[1:])
