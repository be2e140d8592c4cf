"""A Draft: a publication on its way into the library. A stage is a function from Draft to Draft."""

from dataclasses import dataclass
from pathlib import Path

from metadata.description import Link
from metadata.model import Item
from metadata.problems import Problem


@dataclass(frozen=True, slots=True)
class Original:
    """A file as submitted: where it lies, what it is, its size in bytes and its sha512.

    ``fixity`` holds other digests that came with it, algorithm and hexadecimal.
    """

    path: Path
    name: str
    media_type: str
    size: int
    sha512: str
    fixity: tuple[tuple[str, str], ...] = ()


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
    """The draft of a publication and the file it was submitted as."""

    draft: Draft
    original: Original
