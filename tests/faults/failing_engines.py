"""OCR engines that fail in every way a real one can, behind the real protocol."""

# ruff: noqa: ARG002 -- the protocol gives every engine what only some need

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from ingest.engine import OcrFailed
from metadata.model import Page, Word


def _page_number(image: Path) -> int:
    """Return the number of the page an image was made from: its name, as the workspace gives it."""
    return int(image.stem)


def _good_page(image: Path) -> Page:
    words = tuple(Word(text, (10 * n, 0, 10 * n + 9, 9)) for n, text in enumerate(["page", str(_page_number(image))]))
    return Page(1, 100, 100, " ".join(word.text for word in words), "en", 100.0, "ocr", 300, 0, words)


class _Engine:
    """What these engines have in common: a name, and no version."""

    __slots__ = ()

    def agent(self) -> str:
        return type(self).__name__


@dataclass(frozen=True, slots=True)
class Good(_Engine):
    """Reads every page, at once."""

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        return _good_page(image)


@dataclass(frozen=True, slots=True)
class Crashing(_Engine):
    """Takes its process down on one page, as a segmentation fault does."""

    page: int
    how: int = signal.SIGSEGV

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        if _page_number(image) == self.page:
            os.kill(os.getpid(), self.how)
        return _good_page(image)


@dataclass(frozen=True, slots=True)
class Exiting(_Engine):
    """Calls exit on one page."""

    page: int

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        if _page_number(image) == self.page:
            os._exit(0)
        return _good_page(image)


@dataclass(frozen=True, slots=True)
class Hanging(_Engine):
    """Never comes back from one page."""

    page: int

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        while _page_number(image) == self.page:
            time.sleep(3600)
        return _good_page(image)


@dataclass(frozen=True, slots=True)
class Devouring(_Engine):
    """Asks for more memory than there may be on one page."""

    page: int

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        if _page_number(image) == self.page:
            bytearray(64 << 30)
        return _good_page(image)


@dataclass(frozen=True, slots=True)
class Burning(_Engine):
    """Spins for ever on one page."""

    page: int

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        while _page_number(image) == self.page:
            pass
        return _good_page(image)


@dataclass(frozen=True, slots=True)
class Raising(_Engine):
    """Raises what it should on one page, and what it should not on the next."""

    page: int

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        if _page_number(image) == self.page:
            raise OcrFailed("the lamp is broken")
        if _page_number(image) == self.page + 1:
            raise KeyError("a fault of the engine's own")
        return _good_page(image)


@dataclass(frozen=True, slots=True)
class Rubbish(_Engine):
    """Emits what no page can be: ``kind`` is what is wrong with it."""

    kind: str

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        word = Word("a", (0, 0, 5, 5))
        pages: dict[str, object] = {
            "nothing": None,
            "control": Page(1, 9, 9, "a\x00b", words=(Word("a\x00b", (0, 0, 5, 5)),)),
            "outside": Page(1, 9, 9, "a", words=(Word("a", (0, 0, 50, 5)),)),
            "disagreeing": Page(1, 9, 9, "something else", words=(word,)),
            "flat": Page(1, 0, 0, "a", words=(word,)),
        }
        return pages[self.kind]  # type: ignore[return-value]
