"""Faults that are put into an archive at random places, drawn from a seed: what repair must mend."""

import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from archive_library import tree


def kept(archive: Path) -> dict[str, bytes]:
    """Return every file and every empty folder of an archive, but for the objects' logs."""
    return {path: data for path, data in tree(archive).items() if "/logs/" not in f"/{path}"}


def flip(path: Path, place: int = 11) -> None:
    """Turn one bit of a file."""
    data = bytearray(path.read_bytes())
    data[place // 8] ^= 1 << place % 8
    path.write_bytes(data)


def bit(path: Path, dice: random.Random) -> str:
    place = dice.randrange(path.stat().st_size * 8)
    flip(path, place)
    return f"bit {place} of {path}"


def cut(path: Path, dice: random.Random) -> str:
    newline = path.name.startswith("inventory.json.")  # a sidecar without its last byte, a newline, is still one
    size = dice.randrange(path.stat().st_size - newline)
    os.truncate(path, size)
    return f"{path} cut to {size}"


def removed(path: Path, _: random.Random) -> str:
    path.unlink()
    return f"{path} removed"


def extra(path: Path, dice: random.Random) -> str:
    """Put a file or folders where nothing must be: beside any file but the root's own."""
    name = dice.choice(["stray", ".hidden", "inventory.json.md5", "v9", "Thumbs.db", "é\n"])
    stray = path.parent / name if path.parent.name != "archive" else path.parent / "abc" / name
    stray.parent.mkdir(exist_ok=True)
    if dice.random() < 0.5:
        stray.write_bytes(b"stray")
    else:
        (stray / "in").mkdir(parents=True)
        (stray / "in" / "deep").write_bytes(b"stray")
    return f"extra {stray}"


def swapped(path: Path, dice: random.Random) -> str:
    """Exchange the contents of two files; another's of the same archive."""
    archive = next(parent for parent in path.parents if parent.name == "archive")
    data = path.read_bytes()
    others = [one for one in files(archive) if one != path and one.read_bytes() != data]
    other = dice.choice(others)
    path.write_bytes(other.read_bytes())
    other.write_bytes(data)
    return f"{path} swapped with {other}"


def symlink(path: Path, dice: random.Random) -> str:
    """Put a link to a true copy in place of a file, or of the folder it lies in."""
    folder = path.parent if path.parent.name != "archive" and dice.random() < 0.3 else path
    archive = next(parent for parent in path.parents if parent.name == "archive")
    aside = archive.parent / f"aside-{dice.randrange(1 << 30)}"
    folder.rename(aside)
    folder.symlink_to(aside)
    return f"link at {folder}"


def lost(path: Path, _: random.Random) -> str:
    """Remove the whole object that a file belongs to."""
    archive = next(parent for parent in path.parents if parent.name == "archive")
    parts = path.relative_to(archive).parts
    if len(parts) < 4:
        return removed(path, _)
    shutil.rmtree(archive.joinpath(*parts[:3]))
    return f"object of {path} removed"


FAULTS: Sequence[Callable[[Path, random.Random], str]] = [bit, cut, removed, extra, swapped, symlink, lost]


def files(archive: Path) -> list[Path]:
    """Return the regular files of an archive, those of logs left out."""
    found = sorted(archive.rglob("*"))
    return [path for path in found if path.is_file() and not path.is_symlink() and "logs" not in path.parts]


def a_file(archive: Path, dice: random.Random) -> Path:
    """Return a file: content, inventories, sidecars and declarations are drawn as often as each other."""
    kinds: dict[str, list[Path]] = {}
    for path in files(archive):
        kind = path.name if path.name.startswith(("inventory.json", "0=")) else "content"
        kinds.setdefault(kind if path.parent != archive else "root", []).append(path)
    return dice.choice(kinds[dice.choice(sorted(kinds))])


def spoil(archive: Path, seed: int, count: int = 1) -> list[str]:
    """Put ``count`` faults into an archive and return what they are."""
    dice = random.Random(seed)  # noqa: S311
    return [FAULTS[(seed + n) % len(FAULTS)](a_file(archive, dice), dice) for n in range(count)]
