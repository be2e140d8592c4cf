"""The inventories that can be found of an object, and which of them is to be believed.

An inventory is proven when its sidecar is right and it has no fault of its own (OCFL 1.1,
section 3.5 and 3.7). Every version keeps a copy of its own (section 3.6), which tells what the
root's said when that version was the newest.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from archive.inventory_check import Document, inventory_faults
from archive.ocfl import INVENTORY
from archive.replica import Digest, chunks_of

VERSION_FOLDER = re.compile(r"v[0-9]*[1-9][0-9]*")
LONGEST = 1 << 28  # bytes of an inventory: half a million files
_SIDECAR = re.compile(rb"(\S+)[ \t]+inventory\.json\n?")

Look = Callable[[str], bytes | None]
"""Returns the content of a file of an object, by its path there; None when there is none."""


@dataclass(frozen=True)
class Found:
    """A proven inventory, as it lies there."""

    data: bytes
    document: Document

    @property
    def object_id(self) -> str:
        """The object that it is of."""
        return str(self.document.raw["id"])

    @property
    def head(self) -> str:
        """The newest version it knows."""
        return self.document.newest

    @property
    def number(self) -> int:
        """That version's number."""
        return int(self.head[1:])

    @property
    def sidecar_name(self) -> str:
        """The name of the file that holds its digest."""
        return f"{INVENTORY}.{self.document.algorithm}"

    @property
    def sidecar(self) -> bytes:
        """What that file holds."""
        digest = hashlib.new(self.document.algorithm, self.data).hexdigest()
        return f"{digest}  {INVENTORY}\n".encode()

    @property
    def declaration(self) -> tuple[str, bytes]:
        """The name of the object's declaration, and what it holds."""
        kind = f"ocfl_object_{self.document.specification}"
        return f"0={kind}", f"{kind}\n".encode()

    @cached_property
    def content(self) -> dict[str, Digest]:
        """The digest of each content path, sorted."""
        rows = sorted((path, digest) for digest, path in self.document.manifest)
        return {path: Digest(self.document.algorithm, digest) for path, digest in rows}

    def shares_history_with(self, other: "Found") -> bool:
        """Say whether both tell the same of every version that both know."""
        shared = self.document.versions.keys() & other.document.versions.keys()
        return (
            self.object_id == other.object_id
            and all(self.document.versions[name] == other.document.versions[name] for name in shared)
            and _held(self, shared) == _held(other, shared)
        )


def proven(look: Look, folder: str = "") -> Found | None:
    """Return the inventory in ``folder`` of an object, ``""`` for its root's; None when it is not proven."""
    start = f"{folder}/" if folder else ""
    data = look(start + INVENTORY)
    document = _document(data)
    if data is None or document is None or any(inventory_faults(document)):
        return None
    found = Found(data, document)
    if folder not in ("", found.head) or not is_sidecar(look(start + found.sidecar_name), found):
        return None
    return found


def is_sidecar(written: bytes | None, found: Found) -> bool:
    """Say whether some bytes are a right sidecar of an inventory."""
    told = _SIDECAR.fullmatch(written or b"")
    digest = found.sidecar.split()[0]
    return told is not None and told[1] in (digest, digest.upper())


def all_proven(look: Look, names: Iterable[str]) -> Iterator[Found]:
    """Yield every proven inventory of an object, the root's first; ``names`` are those in its folder."""
    if root := proven(look):
        yield root
    for name in sorted(names, key=len):
        if VERSION_FOLDER.fullmatch(name) and (found := proven(look, name)):
            yield found


def local(folder: Path) -> Look:
    """Return how to look into a folder of this machine."""

    def look(path: str) -> bytes | None:
        content = b""
        try:
            for chunk in chunks_of(folder / path):
                content += chunk
                if len(content) > LONGEST:
                    return None
        except OSError:
            return None
        return content

    return look


def _document(data: bytes | None) -> Document | None:
    try:
        raw = msgspec.json.decode(data or b"")
    except (ValueError, RecursionError):
        return None
    return Document(raw) if isinstance(raw, dict) else None


def _held(found: Found, versions: Iterable[str]) -> set[tuple[str, str]]:
    """Return the digests and content paths that an inventory gives to some versions."""
    wanted = set(versions)
    return {(digest.lower(), path) for digest, path in found.document.manifest if path.split("/")[0] in wanted}
