"""What Canoe's digitising costs and how well it reads, beside the bare ``tesseract`` command line.

    python -m benchmarks.ocr [--runs N] [--engine NAME]… [--language fra] [--ocrmypdf PROGRAM] [PATH…]
    python -m benchmarks.ocr --pages FOLDER [--engine NAME]…

PATHs are PDF, TIFF, JPEG or PNG files; both sides read them in one language, on one thread a page.
The floor is one ``tesseract`` run a page that gives txt, hOCR, ALTO and a text-only PDF of the page images
that Canoe itself would read; Canoe opens the document, reads it, makes text, hOCR and ALTO of each page
and the searchable copy. Prints CPU seconds (children included) and wall seconds, medians of N runs, and the medians
of their ratios within a run. OCRmyPDF reads the same beside them where it is one PDF and the program is installed, or
named by ``--ocrmypdf`` (in an environment of its own, for instance); it makes its searchable PDF and a text file.

``--pages`` reads every page in FOLDER (and below) that has its text beside it (``name.gt.txt``, pages parted by
form feeds) and prints a row each: errors a hundred characters, bare and by each engine, and what the reading cost.
The language is the name's first two letters where they are ``en_``, ``fr_`` or ``es_``, else the one the text speaks.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.scoring import error_rate
from ingest.digitise import digitise
from ingest.documents import Digitised, Document, Limits
from ingest.engine import ENGINES, OcrEngine, load_engine
from ingest.images import Picture, page_sizes, picture
from ingest.languages import detect
from ingest.pdfpages import page_picture
from ingest.survey import Survey, survey
from metadata.alto import alto
from metadata.errors import ProgramMissing
from metadata.hocr import hocr
from metadata.pages import read_page

MEDIA_TYPES = {
    ".pdf": "application/pdf", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
}  # fmt: skip
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "scans" / "long_fr_4p_grey.pdf"
LIMITS = Limits()
MODELS = {"en": "eng", "fr": "fra", "es": "spa"}
# An engine that is a library reads in this process, and hears this when it is loaded.
os.environ["OMP_THREAD_LIMIT"] = "1"


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall time of one run, in seconds."""

    processor: float
    wall: float


@dataclass(frozen=True, slots=True)
class Truth:
    """A page image, the text that is on it, and its language as Tesseract names it."""

    name: str
    image: Picture
    text: str
    language: str


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    engines = dict(_engines(arguments.engine or sorted(ENGINES)))
    with tempfile.TemporaryDirectory(prefix="canoe-bench-") as name:
        if arguments.pages:
            _compare_pages(arguments.pages, engines, Path(name))
        else:
            _compare_costs(arguments, engines, Path(name))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--language", default="fra")
    parser.add_argument("--engine", action="append", choices=sorted(ENGINES))
    parser.add_argument("--pages", type=Path)
    parser.add_argument("--ocrmypdf", default=shutil.which("ocrmypdf"))
    return parser.parse_args()


def _engines(names: Sequence[str]) -> Iterator[tuple[str, OcrEngine]]:
    for name in names:
        try:
            yield name, load_engine(name)
        except ProgramMissing as missing:
            _say(f"{name}: left out. {missing.message}")


def _compare_costs(arguments: argparse.Namespace, engines: dict[str, OcrEngine], folder: Path) -> None:
    paths = arguments.paths or [SHARED if SHARED.exists() else _typeset(folder)]
    images = [image for path in paths for image in _images(path, folder)]
    sides: dict[str, Callable[[], None]] = {"tesseract": lambda: _bare_all(images, arguments.language, folder)}
    for name, engine in engines.items():
        for workers in (1, 2):
            sides[f"canoe, {name}, {workers}"] = partial(_canoe, paths, arguments.language, engine, workers)
    if len(paths) == 1 and paths[0].suffix == ".pdf" and arguments.ocrmypdf:
        sides["ocrmypdf"] = lambda: _ocrmypdf(arguments.ocrmypdf, paths[0], arguments.language, folder)
    else:
        _say("OCRmyPDF: left out, " + ("this is not one PDF." if arguments.ocrmypdf else "it is not installed."))
    costs: dict[str, list[Cost]] = {side: [] for side in sides}
    for _ in range(arguments.runs):
        for side, run in sides.items():
            costs[side].append(_cost(run))
    _report(len(images), costs)


def _bare_all(images: Sequence[Picture], language: str, folder: Path) -> None:
    for image in images:
        _bare(image, language, folder)


def _bare(image: Picture, language: str, folder: Path) -> str:
    """Run the command line for the four outputs and return the text."""
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    settings = ["-l", language, "--dpi", str(image.dpi), "-c", "textonly_pdf=1"]
    command = ["tesseract", str(image.path), str(folder / "out"), *settings, "txt", "hocr", "alto", "pdf"]
    subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
    return (folder / "out.txt").read_text("utf-8")


def _canoe(paths: Sequence[Path], language: str, engine: OcrEngine, workers: int) -> None:
    with tempfile.TemporaryDirectory(prefix="canoe-bench-") as folder:
        documents = [_document(path, language, Path(folder) / str(number)) for number, path in enumerate(paths)]
        for outcome in digitise(documents, engine, workers, LIMITS, lambda _: None):
            if not isinstance(outcome, Digitised) or outcome.problems:
                raise SystemExit(f"{outcome.document.path}: {[fault.message() for fault in outcome.problems]}")
            for line in outcome.pages.read_bytes().splitlines():
                page = read_page(line)
                outputs = (page.text.encode(), hocr(page), alto(page))
                for number, output in enumerate(outputs):
                    (Path(folder) / f"out.{number}").write_bytes(output)


def _ocrmypdf(program: str, path: Path, language: str, folder: Path) -> None:
    command = [program, "--jobs", "1", "--language", language, "--output-type", "pdf", "--quiet"]
    outputs = ["--skip-text", "--sidecar", str(folder / "ocrmypdf.txt"), str(path), str(folder / "ocrmypdf.pdf")]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    subprocess.run([*command, *outputs], check=True, env=environment, stderr=subprocess.DEVNULL)


def _document(path: Path, language: str, workspace: Path) -> Document:
    workspace.mkdir()
    return Document(path, MEDIA_TYPES[path.suffix.lower()], (language,), workspace, path.name)


def _images(path: Path, folder: Path) -> list[Picture]:
    """Return the page images that Canoe itself hands to Tesseract, so that both sides read the same."""
    target = folder / path.name
    target.mkdir()
    if MEDIA_TYPES[path.suffix.lower()] != "application/pdf":
        return [picture(path, frame, target, LIMITS) for frame in page_sizes(path, LIMITS)]
    found = survey(_document(path, "eng", folder / f"{path.name}.survey"), LIMITS)
    if not isinstance(found, Survey):
        raise SystemExit(f"{path}: {found.message()}")
    pages = (page_picture(path, number, target, LIMITS) for number in range(1, len(found.sizes) + 1))
    return [page for page in pages if page]


def _cost(run: Callable[[], object]) -> Cost:
    before, began = _processor(), time.perf_counter()
    run()
    return Cost(_processor() - before, time.perf_counter() - began)


def _processor() -> float:
    """Return the CPU seconds of this process and of all its children that have ended."""
    used = [resource.getrusage(whom) for whom in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _report(pages: int, costs: dict[str, list[Cost]]) -> None:
    processor = {side: [cost.processor for cost in runs] for side, runs in costs.items()}
    wall = {side: [cost.wall for cost in runs] for side, runs in costs.items()}
    _say(f"{pages} pages, median of {len(costs['tesseract'])} runs; the last number is of workers")
    for side in costs:
        ratio = _ratio(processor[side], processor["tesseract"])
        cpu, clock = (statistics.median(times[side]) for times in (processor, wall))
        _say(f"{side:20} CPU {cpu:7.2f} s  ratio {ratio:5.3f}   wall {clock:7.2f} s")
    if "ocrmypdf" in costs:
        for side in (side for side in costs if side.startswith("canoe")):
            _say(f"{side:20} CPU ÷ OCRmyPDF {_ratio(processor[side], processor['ocrmypdf']):5.3f}")
    for side in costs:
        if side.endswith(", 2"):
            _say(f"{side[:-3]}, wall, 1 → 2 workers: {_ratio(wall[side[:-1] + '1'], wall[side]):.2f} ×")


def _ratio(times: Sequence[float], to: Sequence[float]) -> float:
    """Return the median of the ratios within each run: the machine's pace changes from one run to the next."""
    return statistics.median(one / other for one, other in zip(times, to, strict=True))


def _compare_pages(folder: Path, engines: dict[str, OcrEngine], work: Path) -> None:
    """Print a row a page, in Markdown, then the medians."""
    _say(f"| page | `tesseract`, CER % | CPU s |{''.join(f' {name}, CER % | CPU ratio |' for name in engines)}")
    _say("|---|---|---|" + "---|---|" * len(engines))
    rows = []
    for truth in _truths(folder, work):
        rows.append(_row(truth, engines, work))
        _say(f"| {truth.name} | " + " | ".join(f"{value:.2f}" for value in rows[-1]) + " |")
    medians = [statistics.median(values) for values in zip(*rows, strict=True)]
    _say("| median | " + " | ".join(f"{value:.2f}" for value in medians) + " |")


def _row(truth: Truth, engines: dict[str, OcrEngine], work: Path) -> list[float]:
    texts: list[str] = []
    bare = _cost(lambda: texts.append(_bare(truth.image, truth.language, work)))
    row = [error_rate(truth.text, texts[0]), bare.processor]
    for engine in engines.values():
        cost = _cost(partial(_read, engine, truth, work, texts))
        row += [error_rate(truth.text, texts[-1]), cost.processor / bare.processor]
    return row


def _read(engine: OcrEngine, truth: Truth, work: Path, texts: list[str]) -> None:
    texts.append(engine.read(truth.image.path, (truth.language,), truth.image.dpi, work).text)


def _truths(folder: Path, work: Path) -> Iterator[Truth]:
    for written in sorted(folder.rglob("*.gt.txt")):
        stem = written.name.removesuffix(".gt.txt")
        path = next(path for path in sorted(written.parent.glob(f"{stem}.*")) if path.suffix.lower() in MEDIA_TYPES)
        texts = written.read_text("utf-8").split("\f")
        images = _images(path, work)
        for number, (image, text) in enumerate(zip(images, texts, strict=False), 1):
            if not text.strip():  # not to be read: nothing on it, or text already
                continue
            language = MODELS.get(stem[:2]) or MODELS.get(detect(text.split()), "eng")
            name = path.name if len(images) == 1 else f"{path.name}, {number}"
            yield Truth(name, image, text, language)


def _typeset(folder: Path) -> Path:
    """Write a scan of four French pages of our own, for where no other is at hand."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from scans import FRENCH, scan_of, scanned

    return scanned(folder / "typeset.pdf", scan_of(folder, [FRENCH] * 4))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
