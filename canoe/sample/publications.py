"""The sample's publications as they were written: one TOML file an edition."""

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

import msgspec

BlockKind = Literal["heading", "paragraph", "table", "figure", "caption", "page"]
_MARKS: dict[str, BlockKind] = {
    "## ": "heading",
    "|": "table",
    "!": "figure",
    "^ ": "caption",
    "---": "page",
}


@dataclass(frozen=True, slots=True)
class Publication:
    """One edition. ``file`` is its file name, ``translation_of`` the file name of the original edition.

    ``date`` is EDTF, ``language`` a BCP 47 tag, ``byline`` the author as printed, ``author``
    as catalogued, ``notice`` the small print, ``body`` the text in the marks that
    :func:`blocks` reads.
    """

    file: str
    title: str
    subtitle: str
    author: str
    byline: str
    organisation: str
    publisher: str
    place: str
    date: str
    language: str
    type: str
    subjects: tuple[str, ...]
    description: str
    collection: str
    translation_of: str
    notice: str
    body: str

    @property
    def full_title(self) -> str:
        """Title and subtitle, the colon set as the language sets it."""
        colon = " : " if self.language == "fr" else ": "
        return f"{self.title}{colon}{self.subtitle}"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the body and what kind of piece it is."""

    kind: BlockKind
    text: str


def publication(name: str) -> Publication:
    """Read ``texts/<name>.toml``, for instance ``wetlands.fr``."""
    source = files("canoe.sample").joinpath("texts", f"{name}.toml").read_bytes()
    return msgspec.toml.decode(source, type=Publication)


def blocks(body: str) -> list[Block]:
    """Split a body into its blocks.

    Blank lines part blocks, and so does a line with a mark: ``## `` a heading, ``|`` the rows
    of a table, ``!name words`` a figure, ``^ `` a caption, ``---`` a new page.
    """
    pieces = re.split(r"\n\s*\n|\n(?=\^)", body.strip())
    return [_block(piece) for piece in pieces]


def _block(piece: str) -> Block:
    for mark, kind in _MARKS.items():
        if piece.startswith(mark):
            return Block(kind, piece.removeprefix(mark).strip())
    return Block("paragraph", " ".join(piece.split()))
