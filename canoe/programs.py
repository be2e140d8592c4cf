"""Programs that are not Python packages: found on the PATH, never installed by Canoe."""

import shutil
import subprocess
from collections.abc import Container, Iterable

from metadata.errors import ProgramMissing

NEEDED_LANGUAGES = ("eng", "fra", "spa", "osd")


def tesseract_languages() -> tuple[str, ...]:
    """Return the languages Tesseract can read; raises ProgramMissing where it is not installed."""
    if shutil.which("tesseract") is None:
        raise ProgramMissing("Tesseract is not installed.", "On Debian or Ubuntu: apt install tesseract-ocr")
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False, timeout=30)
    return tuple(listed.stdout.split("\n")[1:-1])


def tesseract_version() -> str:
    """Return Tesseract's version; raises ProgramMissing where it is not installed."""
    tesseract_languages()
    told = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=False, timeout=30)
    return (told.stdout or told.stderr).partition("\n")[0].removeprefix("tesseract ").strip()


def require_languages(wanted: Iterable[str], known: Container[str] | None = None) -> None:
    """Raise ProgramMissing, naming the packages, when Tesseract lacks one of ``wanted``.

    ``known`` are the models that the engine found, None those of the program.
    """
    known = tesseract_languages() if known is None else known
    if missing := [code for code in wanted if code not in known]:
        packages = " ".join(f"tesseract-ocr-{code.replace('_', '-').lower()}" for code in missing)
        raise ProgramMissing(
            f"Tesseract cannot read {', '.join(missing)}.", f"On Debian or Ubuntu: apt install {packages}"
        )
