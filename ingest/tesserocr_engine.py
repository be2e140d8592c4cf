"""Tesseract as a library, through tesserocr: no program to start and no model to load for every page.

Each worker keeps its models (:func:`_model`). A page that takes too long is given up by Tesseract itself
where it can; where it cannot, and where it crashes, it is the worker's end (:mod:`ingest.workers`).
"""

import importlib.metadata
import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ingest.engine import OcrFailed
from ingest.models import SUFFIX, models_folder
from ingest.passes import read_page_image
from ingest.tsv import Block, parse
from metadata.errors import ProgramMissing
from metadata.model import Page

_MODELS_KEPT = 3


@dataclass(frozen=True, slots=True)
class TesserOcr:
    """The library in this process; ``timeout`` is seconds of wall time for one pass, ``models`` their folder."""

    timeout: float = 120
    models: str = ""

    @classmethod
    def installed(cls) -> "TesserOcr":
        """Return the engine; raises ProgramMissing where the package or the models are not installed."""
        if find_spec("tesserocr") is None:
            hint = 'pip install "canoe[fast]", or set engine = "tesseract".'
            raise ProgramMissing("tesserocr is not installed.", hint)
        return cls(models=str(models_folder()))

    @staticmethod
    def languages() -> tuple[str, ...]:
        """Return the ISO 639-2 codes of the installed models, sorted; raises ProgramMissing."""
        found = Path(TesserOcr.installed().models).glob(f"*{SUFFIX}")
        return tuple(sorted(path.stem for path in found if path.stem != "osd"))

    def agent(self) -> str:
        """Return the package with its version and that of the Tesseract inside it, the one that counts, last."""
        import tesserocr

        inside = tesserocr.tesseract_version().split()[1]
        return f"Tesseract (tesserocr {importlib.metadata.version('tesserocr')}) {inside}"

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        """Read the page as :class:`ingest.engine.OcrEngine` says; raises OcrFailed."""
        with tempfile.TemporaryDirectory(prefix="ocr-", dir=folder) as name:
            return read_page_image(_Calls(self), image, languages, dpi, Path(name))


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls of the library."""

    engine: TesserOcr

    def recognise(self, image: Path, languages: tuple[str, ...], dpi: int) -> tuple[Block, ...]:
        """Recognise the image within the engine's time."""
        model = self._model("+".join(languages))
        try:
            _show(model, image, dpi)
            if not model.Recognize(max(1, round(self.engine.timeout * 1000))):
                raise OcrFailed(f"tesseract took more than {self.engine.timeout:g} s")
            return parse(model.GetTSVText(0))
        finally:
            model.Clear()

    def orientation(self, image: Path) -> int:
        """Ask the library's model of orientations."""
        model = self._model("osd")
        try:
            _show(model, image, 0)
            told = model.DetectOrientationScript()
        except OcrFailed:
            return 0
        finally:
            model.Clear()
        return (360 - int(told["orient_deg"])) % 360 if told and told["orient_conf"] > 0 else 0

    def _model(self, languages: str) -> Any:
        missing = [code for code in languages.split("+") if not Path(self.engine.models, code + SUFFIX).is_file()]
        if missing:
            raise OcrFailed(f"tesseract: {self.engine.models} has no model for {', '.join(missing)}")
        return _model(self.engine.models, languages)


@lru_cache(maxsize=_MODELS_KEPT)
def _model(folder: str, languages: str) -> Any:
    """Return a model ready to read, this process's own; tesserocr has no types."""
    os.environ["OMP_THREAD_LIMIT"] = "1"  # heard only by what is loaded after it
    import tesserocr

    mode = tesserocr.PSM.OSD_ONLY if languages == "osd" else tesserocr.PSM.AUTO
    try:
        model = tesserocr.PyTessBaseAPI(path=folder, lang=languages, psm=mode)
    except RuntimeError as error:
        raise OcrFailed(f"tesseract: {error}") from error
    model.SetVariable("debug_file", os.devnull)
    return model


def _show(model: Any, image: Path, dpi: int) -> None:
    try:
        model.SetImageFile(str(image))
    except RuntimeError as error:
        raise OcrFailed(f"tesseract: {error}") from error
    if dpi:
        model.SetSourceResolution(dpi)
