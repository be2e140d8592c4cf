"""A Draft: a publication on its way into the library. A stage is a function from Draft to Draft."""

from dataclasses import dataclass
from pathlib import Path

from metadata.description import Link
from metadata.model import Item
from metadata.problems import Problem

READABLE = frozenset({"application/pdf", "image/tiff", "image/jpeg", "image/png", "image/jp2", "image/webp"})
"""Media types of files that are read page by page."""


@dataclass(frozen=True, slots=True)
class Original:
    """A file as submitted: where it lies, what it is, its size in bytes and its sha512.

    ``fixity`` holds other digests that came with it, algorithm and hexadecimal. ``source`` is
    its path as given.
    """

    path: Path
    name: str
    media_type: str
    size: int
    sha512: str
    fixity: tuple[tuple[str, str], ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An item in the making.

    ``described`` says that a catalogue record or a manifest's row speaks of it; ``links``
    are ties not yet resolved.
    """

    item: Item
    described: bool = False
    links: tuple[Link, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Submitted:
    """The draft of a publication and the files it was submitted as.

    The first of ``originals`` is the one that is digitised. ``beside`` are the files that its
    description stood in, kept with it. A ``parcel`` is kept with its files though none of them
    can be read as pages. The files of a ``series`` are images, and all of them are digitised, in their order.
    """

    draft: Draft
    originals: tuple[Original, ...]
    beside: tuple[Original, ...] = ()
    parcel: bool = False
    series: bool = False

    @property
    def original(self) -> Original:
        """The file that is digitised."""
        return self.originals[0]

    @property
    def is_readable(self) -> bool:
        """Whether the file that is to be digitised may have pages."""
        return not self.parcel or self.original.media_type in READABLE
