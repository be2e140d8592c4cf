"""Tesseract, through pytesseract: one run a page gives words, boxes, confidences and the text layer.

Only a page that reads badly is looked at for its orientation: that costs half a reading, and
an upright page shows itself by its confidence.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytesseract.pytesseract as program
from PIL import Image

from archive.crew import die_with_parent
from ingest.engine import OcrFailed
from ingest.images import READABLE, believable_dpi, has_ink, turned
from ingest.languages import tag_of
from ingest.words import mean_confidence, text_of, words_of
from metadata.errors import ProgramMissing
from metadata.model import Page, Word

_TSV_WORD = "5"  # the level of a row that is a word; 2 block, 3 paragraph, 4 line
_DOUBTFUL = 60.0  # upright pages score 85–96, turned ones about 35
_NOISE = 45.0
_FEW_LETTERS = 20
_plain_arguments = program.subprocess_args


def arguments(include_stdout: bool = True) -> dict[str, Any]:
    """Return what :class:`subprocess.Popen` is given for a child that must not outlive its worker."""
    # Tesseract's own threads cost five times the CPU they save.
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    return {**_plain_arguments(include_stdout), "preexec_fn": die_with_parent, "env": environment}


# pytesseract offers no other way to say how its child is started.
program.subprocess_args = arguments


@dataclass(frozen=True, slots=True)
class Tesseract:
    """The program ``tesseract`` on the PATH; ``timeout`` is seconds of wall time for one run of it."""

    timeout: float = 120

    @classmethod
    def installed(cls) -> "Tesseract":
        """Return the engine; raises ProgramMissing where the program is not on the PATH."""
        if shutil.which(program.tesseract_cmd) is None:
            raise ProgramMissing("Tesseract is not installed.", "On Debian or Ubuntu: apt install tesseract-ocr")
        return cls()

    @staticmethod
    def languages() -> tuple[str, ...]:
        """Return the ISO 639-2 codes of the installed models, sorted; raises ProgramMissing."""
        Tesseract.installed()
        return tuple(sorted(code for code in program.get_languages() if code != "osd"))

    def agent(self) -> str:
        """Return ``Tesseract`` and its version."""
        return f"Tesseract {program.get_tesseract_version()}"

    def read(self, image: Path, languages: tuple[str, ...], layer: Path | None) -> Page:
        """Read the page as :class:`ingest.engine.OcrEngine` says; raises OcrFailed."""
        with tempfile.TemporaryDirectory(prefix="ocr-", dir=layer and layer.parent) as name:
            folder = Path(name)
            best = self._once(image, languages, folder / "first", layer is not None)
            if _doubtful(best.page, image) and (turn := self._turn(image, folder / "osd")):
                upright = turned(image, turn, folder / "upright")
                second = self._once(upright, languages, folder / "second", layer is not None)
                second = _Reading(replace(second.page, rotation=turn), second.base)
                best = max(best, second, key=lambda reading: _evidence(reading.page))
            if not _says_something(best.page):
                return replace(best.page, text="", words=(), confidence=0.0, language="")
            if layer:
                best.base.with_suffix(".pdf").replace(layer)
            return best.page

    def _once(self, image: Path, languages: tuple[str, ...], base: Path, with_layer: bool) -> "_Reading":
        with Image.open(image, formats=READABLE) as opened:
            width, height = opened.size
            dpi = believable_dpi(opened)
        settings = f"--dpi {dpi} -c tessedit_create_tsv=1 -c textonly_pdf=1"
        self._run(image, base, "pdf" if with_layer else "tsv", "+".join(languages), settings)
        text, words = _parse(base.with_suffix(".tsv").read_text("utf-8", "replace"))
        language = tag_of(languages[0]) if len(languages) == 1 else ""
        return _Reading(Page(1, width, height, text, language, mean_confidence(words), "ocr", dpi, 0, words), base)

    def _run(self, image: Path, base: Path, output: str, model: str, config: str) -> None:
        try:
            program.run_tesseract(str(image), str(base), output, model, config, timeout=self.timeout)
        except program.TesseractError as error:
            raise OcrFailed(f"tesseract: {error.message[-200:]}") from error
        except RuntimeError as error:  # pytesseract has no type of its own for a timeout
            raise OcrFailed(f"tesseract took more than {self.timeout:g} s") from error
        except OSError as error:
            raise OcrFailed(f"tesseract cannot be started: {error}") from error

    def _turn(self, image: Path, base: Path) -> int:
        """Return the clockwise turn that makes the page upright, 0 where none or it cannot be told."""
        try:
            self._run(image, base, "osd", "osd", "--psm 0")
        except OcrFailed:
            return 0
        found = re.search(r"^Rotate: (90|180|270)$", base.with_suffix(".osd").read_text("utf-8"), re.MULTILINE)
        return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class _Reading:
    """A page, and the path its outputs share but for their extensions."""

    page: Page
    base: Path


def _parse(table: str) -> tuple[str, tuple[Word, ...]]:
    """Return the text and the words of Tesseract's TSV (a row a word: its box, confidence, characters)."""
    rows = [row for row in _rows(table) if row[0] == _TSV_WORD]
    blocks = [
        [list(_words(line)) for _, line in groupby(block, key=lambda row: row[4])]
        for _, block in groupby(rows, key=lambda row: (row[2], row[3]))
    ]
    return text_of(blocks), tuple(word for block in blocks for line in block for word in line)


def _rows(table: str) -> Iterator[list[str]]:
    for line in table.splitlines()[1:]:
        row = line.split("\t", 11)
        if len(row) == 12:
            yield row


def _words(line: Iterator[list[str]]) -> Iterator[Word]:
    for row in line:
        left, top, width, height = (int(value) for value in row[6:10])
        yield from words_of(row[11], (left, top, left + width, top + height), float(row[10]))


def _evidence(page: Page) -> float:
    """Return how much was read well: a turned page has many words, and doubts nearly all of them."""
    well = sum(max(0.0, word.confidence - 50) for word in page.words)
    return well / 2 if _is_sideways(page) else well


def _doubtful(page: Page, image: Path) -> bool:
    return page.confidence < _DOUBTFUL or _is_sideways(page) if page.words else has_ink(image)


def _is_sideways(page: Page) -> bool:
    """Say whether lines run up or down: Tesseract reads some such pages well, but leaves them lying."""
    boxes = [word.box for word in page.words if len(word.text) >= 4]
    tall = sum(bottom - top > right - left for left, top, right, bottom in boxes)
    return tall > len(boxes) / 2


def _says_something(page: Page) -> bool:
    """Say whether the words are words, and not what dust on a blank sheet was taken for."""
    letters = sum(character.isalnum() for word in page.words for character in word.text)
    return letters >= _FEW_LETTERS or (letters > 0 and page.confidence >= _NOISE)
