"""An engine that takes its time and writes down who reads which page, and one that fails in several ways."""

# ruff: noqa: ARG002 -- the protocol gives every engine what only some need

import os
import time
from dataclasses import dataclass
from pathlib import Path

from ingest.engine import OcrEngine
from metadata.model import Page, Word


@dataclass(frozen=True, slots=True)
class Slow:
    """Reads each page in ``seconds``; ``notes`` is a folder that takes a file ``page-parent`` for each reading."""

    notes: Path
    seconds: float

    def agent(self) -> str:
        return "Slow 1"

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        (self.notes / f"{image.stem}-{os.getppid()}-{time.monotonic_ns()}").touch()
        time.sleep(self.seconds)
        words = (Word("page", (0, 0, 9, 9)), Word(image.stem, (10, 0, 19, 9)))
        return Page(1, 100, 100, f"page {image.stem}", "en", 100.0, "ocr", 300, 0, words)


@dataclass(frozen=True, slots=True)
class Each:
    """Fails as each of several engines does."""

    engines: tuple[OcrEngine, ...]

    def agent(self) -> str:
        return "Each 1"

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        return [engine.read(image, languages, dpi, folder) for engine in self.engines][-1]
