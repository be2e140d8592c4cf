"""What Canoe's digitising costs over the bare ``tesseract`` command line, on the same pages in the same run.

    python -m benchmarks.ocr [--runs N] [--language fra] [PATH…]

PATHs are PDF, TIFF, JPEG or PNG files. Both sides get the same page images and one language,
and run one thread a page. The floor is one ``tesseract`` run a page that gives txt, hOCR, ALTO
and a text-only PDF; Canoe opens the document, reads it and makes the searchable copy. Prints
CPU seconds (children included) and wall seconds, medians of N runs, and their ratios.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ingest.digitise import digitise
from ingest.documents import Digitised, Document, Limits
from ingest.images import Picture, frame_sizes, picture
from ingest.pdfpages import page_picture
from ingest.survey import Survey, survey
from ingest.tesseract import Tesseract

MEDIA_TYPES = {
    ".pdf": "application/pdf", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
}  # fmt: skip
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "scans" / "long_fr_4p_grey.pdf"
LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall time of one run, in seconds."""

    processor: float
    wall: float


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="canoe-bench-") as name:
        folder = Path(name)
        paths = arguments.paths or [SHARED if SHARED.exists() else _typeset(folder)]
        images = [image.path for path in paths for image in _images(path, folder)]
        sides: dict[str, Callable[[], None]] = {
            "tesseract": lambda: _bare(images, arguments.language, folder),
            "canoe, 1 worker": lambda: _canoe(paths, arguments.language, 1),
            "canoe, 2 workers": lambda: _canoe(paths, arguments.language, 2),
        }
        costs: dict[str, list[Cost]] = {side: [] for side in sides}
        for _ in range(arguments.runs):
            for side, run in sides.items():
                costs[side].append(_cost(run))
        _report(len(images), costs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--language", default="fra")
    return parser.parse_args()


def _bare(images: Sequence[Path], language: str, folder: Path) -> None:
    """Run the command line once a page, one after the other, for the four outputs."""
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    for image in images:
        settings = ["-l", language, "--dpi", "300", "-c", "textonly_pdf=1"]
        command = ["tesseract", str(image), str(folder / "out"), *settings, "txt", "hocr", "alto", "pdf"]
        subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)


def _canoe(paths: Sequence[Path], language: str, workers: int) -> None:
    with tempfile.TemporaryDirectory(prefix="canoe-bench-") as folder:
        documents = [_document(path, language, Path(folder) / str(number)) for number, path in enumerate(paths)]
        for outcome in digitise(documents, Tesseract(), workers, LIMITS, lambda _: None):
            if not isinstance(outcome, Digitised) or outcome.problems:
                raise SystemExit(f"{outcome.document.path}: {[fault.message() for fault in outcome.problems]}")


def _document(path: Path, language: str, workspace: Path) -> Document:
    workspace.mkdir()
    return Document(path, MEDIA_TYPES[path.suffix.lower()], (language,), workspace, path.name)


def _images(path: Path, folder: Path) -> list[Picture]:
    """Return the page images that Canoe itself hands to Tesseract, so that both sides read the same."""
    target = folder / path.name
    target.mkdir()
    if MEDIA_TYPES[path.suffix.lower()] != "application/pdf":
        return [picture(path, frame, target, LIMITS) for frame in range(len(frame_sizes(path, LIMITS)))]
    found = survey(_document(path, "eng", folder / f"{path.name}.survey"), LIMITS)
    if not isinstance(found, Survey):
        raise SystemExit(f"{path}: {found.message()}")
    pages = (page_picture(path, number, target, LIMITS) for number in range(1, len(found.sizes) + 1))
    return [page for page in pages if page]


def _cost(run: Callable[[], None]) -> Cost:
    before, began = _processor(), time.perf_counter()
    run()
    return Cost(_processor() - before, time.perf_counter() - began)


def _processor() -> float:
    """Return the CPU seconds of this process and of all its children that have ended."""
    used = [resource.getrusage(whom) for whom in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _report(pages: int, costs: dict[str, list[Cost]]) -> None:
    processor = {side: statistics.median(cost.processor for cost in runs) for side, runs in costs.items()}
    wall = {side: statistics.median(cost.wall for cost in runs) for side, runs in costs.items()}
    sys.stdout.write(f"{pages} pages, median of {len(costs['tesseract'])} runs\n")
    for side in costs:
        ratio = processor[side] / processor["tesseract"]
        sys.stdout.write(f"{side:18} CPU {processor[side]:7.2f} s  ratio {ratio:5.3f}   wall {wall[side]:7.2f} s\n")
    sys.stdout.write(f"wall, 1 → 2 workers: {wall['canoe, 1 worker'] / wall['canoe, 2 workers']:.2f} ×\n")


def _typeset(folder: Path) -> Path:
    """Write a scan of four French pages of our own, for where no other is at hand."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from scans import FRENCH, scan_of, scanned

    return scanned(folder / "typeset.pdf", scan_of(folder, [FRENCH] * 4))


if __name__ == "__main__":
    main()
