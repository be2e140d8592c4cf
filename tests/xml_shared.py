"""Where the shared files for the readers of XML records lie, and what every such reader must stand."""

import gzip
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from metadata.description import Description, Rejected

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
Reader = Callable[[BinaryIO, str], Iterator[Description | Rejected]]


def shared(*path: str) -> Path:
    """Return a shared file or folder; skip, saying so, where it is absent."""
    if not SHARED.exists():
        pytest.skip("../shared/data is absent")
    return SHARED.joinpath(*path)


def stands_hostile_files(reader: Reader) -> dict[str, list[Description | Rejected]]:
    """Read every hostile file; check that each ends, with something said of it and nothing from outside."""
    found: dict[str, list[Description | Rejected]] = {}
    secret = Path("/etc/hostname").read_bytes().strip() if Path("/etc/hostname").exists() else b""
    for path in sorted(shared("hostile", "xml").glob("*.xml*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        begun = time.monotonic()
        found[path.name] = list(reader(io.BytesIO(data), path.name))
        assert time.monotonic() - begun < 10, path.name
        assert found[path.name], path.name
        for one in found[path.name]:
            if isinstance(one, Description) and secret and secret not in data:
                assert secret not in repr(one).encode(), path.name
    return found


def sole(found: list[Description | Rejected]) -> Description:
    """Return the only description of a file."""
    assert len(found) == 1
    assert isinstance(found[0], Description), found[0].problems
    return found[0]


def outcomes(found: list[Description | Rejected]) -> list[str]:
    """Return each piece's title, or the code of its last problem."""
    return [one.item.title.value if isinstance(one, Description) else one.problems[-1].code for one in found]
