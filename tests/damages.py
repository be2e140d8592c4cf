"""Faults put into the files of an archive at random, as a disk or a hand might; and tasks that hold workers up."""

import os
import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

KINDS = ("bit", "cut", "removed", "extra", "swapped", "symlink")


def answer_after(seconds: float) -> float:
    """Be a worker's task that takes its time."""
    time.sleep(seconds)
    return seconds


def die(how: int) -> None:
    """Be a task that ends its worker."""
    os.kill(os.getpid(), how)


def files_of(root: Path) -> list[Path]:
    """Return every file of an archive that a check judges, sorted."""
    return [path for path in sorted(root.rglob("*")) if path.is_file() and path.parent.name != "logs"]


def damage(root: Path, kind: str, dice: random.Random) -> list[Path]:
    """Put a fault of this kind into any file below ``root``; return the files that are wrong now."""
    files = files_of(root)
    if kind == "swapped":
        one, other = dice.choice(_unlike(files, dice.choice(files)))
        return _swapped(one, other)
    if kind == "extra":  # in the root itself OCFL allows other files
        beside = dice.choice([path for path in files if path.parent != root and "extensions" not in path.parts])
        return [_written(beside.with_name(f"{beside.name}{dice.choice(('~', '.bak', '.md5', '2'))}"), b"extra")]
    path = dice.choice(files)
    changes: dict[str, Callable[[], object]] = {
        "bit": lambda: _flip(path, dice.randrange(path.stat().st_size * 8)),
        "cut": lambda: os.truncate(path, dice.randrange(path.stat().st_size)),
        "removed": path.unlink,
        "symlink": lambda: _link(path, root.parent / "aside"),
    }
    changes[kind]()
    return [path]


def missed(wrong: Sequence[Path], named: Iterable[str]) -> list[Path]:
    """Return the files of ``wrong`` that no fault names.

    From a digest in a sidecar that is not the inventory's nobody can tell which is wrong: the inventory is named.
    """
    found = set(named)
    return [path for path in wrong if not {str(path), str(path.with_suffix(""))} & found]


def strange(wrong: Sequence[Path], named: Iterable[str], root: Path) -> list[str]:
    """Return what is named and lies in no object that ``wrong`` lies in."""
    objects = {_object(path, root) for path in wrong}
    return [where for where in named if _object(Path(where), root) not in objects]


def _object(path: Path, root: Path) -> Path:
    return Path(*path.relative_to(root).parts[:3])


def _unlike(files: Sequence[Path], one: Path) -> list[tuple[Path, Path]]:
    content = one.read_bytes()
    return [(one, other) for other in files if other.read_bytes() != content]


def _swapped(one: Path, other: Path) -> list[Path]:
    first, second = one.read_bytes(), other.read_bytes()
    return [_written(one, second), _written(other, first)]


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def _link(path: Path, aside: Path) -> None:
    path.rename(aside)
    path.symlink_to(aside)
