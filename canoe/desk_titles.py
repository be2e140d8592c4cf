"""What an upload that is one publication is called: by the title typed with it, else by the names of its images.

A title comes in as any description does, in a manifest beside the files. Images that are uploaded together
lie in a folder called after what their names have in common, so that for want of a title the publication is
called so, and not after the upload's own folder.
"""

import csv
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePath

from desk.ingesting import Folders
from ingest.recognise import HEAD, recognise

_COUNTED = re.compile(r"([ ._-]+(pp?|pag|pages?|fol|f))?[ ._-]*\d*$", re.I)  # what all names have of a page's number
_BETWEEN = " .-_"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Files that were uploaded together, all in ``folder``, and how images among them are to be taken."""

    folder: Path
    folders: Folders

    @property
    def is_one(self) -> bool:
        """Whether they may have one title: they are one document, or images that may be its pages."""
        return len(self._documents) == 1 == len(self._names) or self._are_pages

    def arrange(self, title: str) -> None:
        """Put images that may be the pages of one publication in a folder, and write the title down if there is one.

        Raises OSError.
        """
        names = self._names
        if self._are_pages:
            names = [_in_common(names)]
            aside = self.folder.with_name("pages")
            self.folder.rename(aside)
            self.folder.mkdir()
            aside.rename(self.folder / names[0])
        if title and len(names) == 1:
            _write_manifest(self.folder, names[0], title)

    @property
    def _names(self) -> Sequence[str]:
        return sorted(os.listdir(self.folder))  # noqa: PTH208 - names only

    @property
    def _documents(self) -> Sequence[str]:
        """The media types of those that are documents, not records, tables or packed folders."""
        known = (_recognised(self.folder / name) for name in self._names)
        return [media_type for kind, media_type in filter(None, known) if kind == "document"]

    @property
    def _are_pages(self) -> bool:
        images = [one for one in self._documents if one.startswith("image/")]
        return self.folders != "files" and len(images) == len(self._names) > 1


def _recognised(path: Path) -> tuple[str, str] | None:
    with path.open("rb") as stream:
        return recognise(path.suffix.lower(), stream.read(HEAD), mapped=False)


def _in_common(names: Sequence[str]) -> str:
    """Return what names of numbered files have in common before their number; the first's own where that is nothing."""
    stems = [PurePath(name).stem for name in names]
    alike = takewhile(lambda letters: len({*letters}) == 1, zip(*stems, strict=False))
    common = "".join(letters[0] for letters in alike)
    return _COUNTED.sub("", common).strip(_BETWEEN) or stems[0].strip(_BETWEEN) or "pages"


def _write_manifest(folder: Path, described: str, title: str) -> None:
    """Write a manifest of one row; ``described`` is the file or folder that has the title."""
    name = "manifest.csv" if described.lower() != "manifest.csv" else "title.csv"
    with (folder / name).open("x", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("file", "title"), (described, title)])
