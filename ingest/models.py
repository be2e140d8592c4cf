"""Where the models of Tesseract are installed: both engines read with the same ones."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from metadata.errors import ProgramMissing

SUFFIX = ".traineddata"
"""What a model's file ends in; before it stands its language (``fra``)."""

_USUAL = ("/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tessdata", "/usr/local/share/tessdata")


def models_folder() -> Path:
    """Return the folder of the installed models: the environment's, the program's, or where they usually are.

    Raises ProgramMissing where there are none.
    """
    for folder in _candidates():
        if any(folder.glob(f"*{SUFFIX}")):
            return folder
    hint = "On Debian or Ubuntu: apt install tesseract-ocr-eng tesseract-ocr-fra tesseract-ocr-spa tesseract-ocr-osd"
    raise ProgramMissing("Tesseract's language models are not installed.", hint)


def _candidates() -> Iterator[Path]:
    if stated := os.environ.get("TESSDATA_PREFIX"):
        yield Path(stated)
    if shutil.which("tesseract"):
        told = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False, timeout=30)
        if named := told.stdout.partition('"')[2].partition('"')[0]:
            yield Path(named)
    yield from map(Path, _USUAL)
