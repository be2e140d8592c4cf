"""What an OCR engine is, and which ones there are.

An engine is a frozen dataclass: its fields are its settings, and it travels to the workers by
pickle. One call in, one page out: its words with their boxes and confidences, from which text,
ALTO, hOCR and the text layer of the access copy are made.
"""

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from metadata.errors import UsageError
from metadata.model import Page

ENGINES: dict[str, str] = {
    "tesseract": "ingest.tesseract:Tesseract",
    "tesserocr": "ingest.tesserocr_engine:TesserOcr",
}
"""Name in the settings → ``module:class``; the module is imported when the engine is asked for."""


class OcrFailed(Exception):
    """The engine could not read an image; its text says why."""


class OcrEngine(Protocol):
    """Reads one image of one page."""

    def read(self, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
        """Return the page in ``image`` (PNG, JPEG, PBM, PGM or PPM; an absolute path).

        ``languages`` are ISO 639-2 codes (``eng``), the likeliest first; ``dpi`` is the image's
        resolution; ``folder`` takes what the work needs, and is left as it was. Word boxes, width and
        height are pixels of the image turned upright, ``rotation`` what it was turned by (by quarters;
        a page askew keeps its size, and boxes stand where the words do), ``language`` a BCP 47 tag
        where one language was asked for. Raises OcrFailed.
        """
        ...

    def agent(self) -> str:
        """Return the engine's name and version, as an event names what did it: ``Tesseract 5.3.0``."""
        ...


def load_engine(name: str) -> OcrEngine:
    """Return the engine ``name`` with its default settings.

    Raises UsageError where there is none of this name, ProgramMissing where its program is not installed.
    """
    engine: OcrEngine = _engine_class(name).installed()
    return engine


def engine_languages(name: str) -> frozenset[str]:
    """Return the ISO 639-2 codes of what the engine ``name`` can read; raises as :func:`load_engine` does."""
    return frozenset(_engine_class(name).languages())


def _engine_class(name: str) -> Any:
    if name not in ENGINES:
        raise UsageError(f"There is no OCR engine {name!r}.", f"Engines: {', '.join(sorted(ENGINES))}.")
    module, _, attribute = ENGINES[name].partition(":")
    return getattr(import_module(module), attribute)
