"""What an OCR engine is, and which ones there are.

An engine is a frozen dataclass: its fields are its settings, and it travels to the workers by
pickle. One call in, one page out; it reads a page once, and again only where the first
reading shows that the page is turned.
"""

from importlib import import_module
from pathlib import Path
from typing import Protocol

from metadata.errors import UsageError
from metadata.model import Page

ENGINES: dict[str, str] = {"tesseract": "ingest.tesseract:Tesseract"}
"""Name in the settings → ``module:class``; the module is imported when the engine is asked for."""


class OcrFailed(Exception):
    """The engine could not read an image; its text says why."""


class OcrEngine(Protocol):
    """Reads one image of one page."""

    def read(self, image: Path, languages: tuple[str, ...], layer: Path | None) -> Page:
        """Return the page in ``image`` (PNG, JPEG, PBM, PGM or PPM; an absolute path).

        ``languages`` are ISO 639-2 codes (``eng``), the likeliest first. Word boxes, width and
        height are pixels of the image turned upright, ``rotation`` what it was turned by,
        ``language`` a BCP 47 tag where one language was asked for. A one-page PDF of the text
        alone, invisible and upright, is written to ``layer`` if given. Raises OcrFailed.
        """
        ...

    def agent(self) -> str:
        """Return the engine's name and version, as an event names what did it: ``Tesseract 5.3.0``."""
        ...


def load_engine(name: str) -> OcrEngine:
    """Return the engine ``name`` with its default settings.

    Raises UsageError where there is none of this name, ProgramMissing where its program is not installed.
    """
    if name not in ENGINES:
        raise UsageError(f"There is no OCR engine {name!r}.", f"Engines: {', '.join(sorted(ENGINES))}.")
    module, _, attribute = ENGINES[name].partition(":")
    engine: OcrEngine = getattr(import_module(module), attribute).installed()
    return engine
