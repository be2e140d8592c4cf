"""What lies in a folder, each folder listed once: names and kinds, without looking at the files themselves."""

import os
from collections.abc import Container, Iterator, Mapping
from typing import Literal

from archive.fixity import Reader

Kind = Literal["file", "folder", "link", "other"]


def entries(folder: str) -> dict[str, Kind]:
    """Return the kind of all that lies in ``folder``, by name; raises OSError."""
    with os.scandir(folder) as found:
        return {entry.name: "file" if entry.is_file(follow_symlinks=False) else _kind(entry) for entry in found}


def shown(path: str) -> str:
    """Return a path as text that can be shown, whatever bytes its name has."""
    return path.encode("utf-8", "backslashreplace").decode()


class Tree:
    """An object's folder. Paths are relative to it, with slashes; ``""`` is the folder itself.

    ``unreadable`` takes the faults of the disk that kept a folder or a file from being read.
    """

    def __init__(self, root: str, reader: Reader) -> None:
        self.root = root
        self.reader = reader
        self.unreadable: list[OSError] = []
        self._listed: dict[str, Mapping[str, Kind]] = {}

    def path(self, path: str) -> str:
        """Return where a path of this tree lies."""
        return f"{self.root}/{path}" if path else self.root

    def at(self, path: str = "") -> str:
        """Return the same for people."""
        return shown(self.path(path))

    def names(self, folder: str = "") -> Mapping[str, Kind]:
        """Return what lies in a folder; nothing where there is none, or a link in its place."""
        if folder not in self._listed:
            self._listed[folder] = self._list(folder)
        return self._listed[folder]

    def kind(self, path: str) -> Kind | None:
        """Return what lies at a path; None when nothing does."""
        folder, _, name = path.rpartition("/")
        return self.names(folder).get(name)

    def read(self, path: str, most: int = 4096) -> bytes | None:
        """Return the first ``most`` bytes of a file; None when it is none, or a link, or cannot be read."""
        if self.kind(path) != "file":
            return None
        try:
            return self.reader.read(self.path(path), most)
        except OSError:
            return None

    def below(self, folder: str) -> Iterator[tuple[str, Kind]]:
        """Yield every path below a folder with its kind, a folder only when it is empty; in no order."""
        waiting = [folder]
        while waiting:
            inside = waiting.pop()
            for name, kind in self.names(inside).items():
                path = f"{inside}/{name}"
                if kind != "folder":
                    yield path, kind
                elif self.names(path) or self.path(path) in self._closed:
                    waiting.append(path)
                else:
                    yield path, kind

    @property
    def _closed(self) -> Container[str]:
        return [fault.filename for fault in self.unreadable]

    def _list(self, folder: str) -> Mapping[str, Kind]:
        # Names are only looked for below the object's folder: ``..`` is none that is there.
        if folder and self.kind(folder) != "folder":
            return {}
        try:
            return entries(self.path(folder))
        except OSError as fault:
            self.unreadable.append(fault)
            return {}


def _kind(entry: os.DirEntry[str]) -> Kind:
    """Return the kind of what is no file."""
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "link" if entry.is_symlink() else "other"
