"""Tesseract, through pytesseract: a run of the program for every pass over a page image."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytesseract.pytesseract as program

from archive.crew import die_with_parent
from ingest.engine import OcrFailed
from ingest.passes import read_page_image
from ingest.tsv import Block, parse
from metadata.errors import ProgramMissing
from metadata.model import Page

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

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        """Read the page as :class:`ingest.engine.OcrEngine` says; raises OcrFailed."""
        with tempfile.TemporaryDirectory(prefix="ocr-", dir=folder) as name:
            return read_page_image(_Runs(self, Path(name)), image, languages, dpi, Path(name))


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs of the program; ``folder`` takes what each writes."""

    engine: Tesseract
    folder: Path

    def recognise(self, image: Path, languages: tuple[str, ...], dpi: int) -> tuple[Block, ...]:
        """Run the program for one table of words: what else is made of a page is made from them."""
        settings = f"--dpi {dpi} -c tessedit_create_tsv=1"
        return parse(self._run(image, "tsv", "+".join(languages), settings))

    def orientation(self, image: Path) -> int:
        """Ask the program's model of orientations; raises nothing, it may have too little to tell by."""
        try:
            told = self._run(image, "osd", "osd", "--psm 0")
        except OcrFailed:
            return 0
        found = re.search(r"^Rotate: (90|180|270)$", told, re.MULTILINE)
        return int(found[1]) if found else 0

    def _run(self, image: Path, output: str, model: str, config: str) -> str:
        """Run the program and return the file it wrote."""
        base = self.folder / "out"
        timeout = self.engine.timeout
        try:
            program.run_tesseract(str(image), str(base), output, model, config, timeout=timeout)
            return base.with_suffix(f".{output}").read_text("utf-8", "replace")
        except program.TesseractError as error:
            raise OcrFailed(f"tesseract: {error.message[-200:]}") from error
        except RuntimeError as error:  # pytesseract has no type of its own for a timeout
            raise OcrFailed(f"tesseract took more than {timeout:g} s") from error
        except OSError as error:
            raise OcrFailed(f"tesseract cannot be started: {error}") from error
