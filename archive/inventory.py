"""The OCFL inventory: what an object holds, version by version (OCFL 1.1, section 3.5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

ALGORITHM = "sha512"
TYPE = "https://ocfl.io/1.1/spec/#inventory"


@dataclass(frozen=True, slots=True)
class Version:
    """One version: when it was made (RFC 3339), why, and its state: logical path → sha512."""

    created: str
    message: str
    state: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inventory:
    """An object's inventory: ``manifest`` is sha512 → content path, ``versions`` from v1 to the head."""

    object_id: str
    manifest: Mapping[str, str]
    versions: tuple[Version, ...]

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
        document = {
            "id": self.object_id,
            "type": TYPE,
            "digestAlgorithm": ALGORITHM,
            "head": self.head,
            "manifest": {digest: [path] for digest, path in sorted(self.manifest.items())},
            "versions": {f"v{n}": _version_json(v) for n, v in enumerate(self.versions, 1)},
        }
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
        return Inventory(document["id"], manifest, versions)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as fault:
        raise ValueError(f"not an OCFL inventory: {fault!r}") from fault


def _version_json(version: Version) -> dict[str, object]:
    state: dict[str, list[str]] = {}
    for logical, digest in sorted(version.state.items()):
        state.setdefault(digest, []).append(logical)
    return {
        "created": version.created,
        "message": version.message,
        "user": {"name": "Canoe", "address": "https://w3id.org/canoe"},
        "state": state,
    }


def _read_version(document: Mapping[str, object]) -> Version:
    state = document["state"]
    if not isinstance(state, dict):
        raise TypeError("state is not an object")
    return Version(str(document["created"]), str(document.get("message", "")), dict(_logical_paths(state)))


def _logical_paths(state: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for digest, paths in state.items():
        for path in paths:
            yield path, digest
