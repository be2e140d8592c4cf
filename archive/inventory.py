"""The OCFL inventory: what an object holds, version by version (OCFL 1.1, section 3.5)."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from metadata.errors import UsageError

if TYPE_CHECKING:
    from hashlib import _Hash

ALGORITHM = "sha512"
NAMED = frozenset(["md5", "sha1", "sha256", "sha512", "blake2b-512"])
"""The algorithms that a fixity block may have by OCFL itself (section 3.4), without an extension."""
TYPE = "https://ocfl.io/1.1/spec/#inventory"
_HASHLIB = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}


@dataclass(frozen=True, slots=True)
class Version:
    """One version: when it was made (RFC 3339), why, and its state: logical path → sha512."""

    created: str
    message: str
    state: Mapping[str, str]


Fixity = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Inventory:
    """An object's inventory: ``manifest`` is sha512 → content path, ``versions`` from v1 to the head.

    ``fixity`` holds other digests that came with files (section 3.5.4): algorithm → content
    path → hexadecimal.
    """

    object_id: str
    manifest: Mapping[str, str]
    versions: tuple[Version, ...]
    fixity: Fixity = field(default_factory=dict)

    @property
    def head(self) -> str:
        """The name of the newest version, ``v1`` and up."""
        return f"v{len(self.versions)}"

    @property
    def state(self) -> Mapping[str, str]:
        """What the newest version holds: logical path → sha512."""
        return self.versions[-1].state if self.versions else {}

    @property
    def created(self) -> str:
        """When the newest version was made."""
        return self.versions[-1].created

    def content_path(self, logical: str) -> str:
        """Return where the newest version's ``logical`` lies, relative to the object; KeyError if nowhere."""
        return self.manifest[self.state[logical]]

    def to_json(self) -> bytes:
        """Return the inventory as the specification writes it."""
        document: dict[str, object] = {
            "id": self.object_id,
            "type": TYPE,
            "digestAlgorithm": ALGORITHM,
            "head": self.head,
            "manifest": {digest: [path] for digest, path in sorted(self.manifest.items())},
            "versions": {f"v{n}": _version_json(v) for n, v in enumerate(self.versions, 1)},
        }
        if self.fixity:
            document["fixity"] = {name: _by_digest(paths) for name, paths in sorted(self.fixity.items())}
        return msgspec.json.format(msgspec.json.encode(document), indent=1)


def read_inventory(data: bytes) -> Inventory:
    """Return the inventory that :meth:`Inventory.to_json` wrote.

    Raises ValueError, saying what is wrong, when ``data`` is not such an inventory.
    """
    try:
        document = msgspec.json.decode(data)
        count = int(document["head"].removeprefix("v"))
        versions = tuple(_read_version(document["versions"][f"v{n}"]) for n in range(1, count + 1))
        manifest = {digest: paths[0] for digest, paths in document["manifest"].items()}
        fixity = {name: dict(_by_path(block)) for name, block in document.get("fixity", {}).items()}
        return Inventory(document["id"], manifest, versions, fixity)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as fault:
        raise ValueError(f"not an OCFL inventory: {fault!r}") from fault


def hasher(algorithm: str) -> "_Hash | hashlib.blake2b":
    """Return a new digest; raises UsageError where the algorithm is none of those that bags and OCFL use."""
    if algorithm == "blake2b-512":
        return hashlib.blake2b()
    if algorithm in _HASHLIB:
        return hashlib.new(algorithm, usedforsecurity=False)
    raise UsageError(f"The digest {algorithm!r} is not known.", f"Give one of these: {', '.join(sorted(_HASHLIB))}.")


def _version_json(version: Version) -> dict[str, object]:
    return {
        "created": version.created,
        "message": version.message,
        "user": {"name": "Canoe", "address": "https://w3id.org/canoe"},
        "state": _by_digest(version.state),
    }


def _by_digest(digests: Mapping[str, str]) -> dict[str, list[str]]:
    """Turn path → digest into digest → paths, which is how OCFL writes it."""
    turned: dict[str, list[str]] = {}
    for path, digest in sorted(digests.items()):
        turned.setdefault(digest, []).append(path)
    return turned


def _read_version(document: Mapping[str, object]) -> Version:
    state = document["state"]
    if not isinstance(state, dict):
        raise TypeError("state is not an object")
    return Version(str(document["created"]), str(document.get("message", "")), dict(_by_path(state)))


def _by_path(block: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for digest, paths in block.items():
        for path in paths:
            yield path, digest
