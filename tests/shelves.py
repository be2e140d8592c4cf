"""A shelf of everything that may come in, large enough to be disturbed at many moments, and the same a year later."""

import csv
import io
from pathlib import Path

from pymarc import record_to_xml
from scans import ENGLISH, FRENCH, SPANISH, images, scan_of, scanned, typeset
from small_library import marc_file, record

TEXTS = {"en": ENGLISH, "fr": FRENCH, "es": SPANISH}
LANGUAGES = tuple(TEXTS)
COLUMNS = ("file", "title", "language", "subject", "translation_of")


def make_shelf(folder: Path, reports: int = 16, records: int = 150) -> Path:
    """Write a shelf of typeset reports, a scan of a page, records in three forms, copies and bad files."""
    (folder / "reports").mkdir(parents=True)
    for number in range(1, reports + 1):
        make_report(folder, number)
    (folder / "reports/copy.pdf").write_bytes((folder / "reports/1.pdf").read_bytes())
    scanned(folder / "reports/scan.pdf", scan_of(folder, [FRENCH]))
    (folder / "source.pdf").unlink()
    _write_manifest(folder, reports, "")
    _write_records(folder, records, 0)
    (folder / "bad.pdf").write_bytes(b"<html><body>404 Not Found</body></html>")
    (folder / "empty.tif").write_bytes(b"")
    (folder / "notes.txt").write_text("Not a document that is read.", "utf-8")
    return folder


def a_year_later(folder: Path, reports: int = 16, records: int = 150) -> Path:
    """Change what :func:`make_shelf` wrote: new titles, more records, two more reports."""
    for number in (reports + 1, reports + 2):
        make_report(folder, number)
    _write_manifest(folder, reports + 2, ", revised")
    _write_records(folder, records + 20, 10)
    return folder


def make_report(folder: Path, number: int) -> Path:
    """Typeset one report of one to three pages."""
    text = TEXTS[LANGUAGES[number % 3]]
    pages = [f"{text}\nReport {number}, page {page}." for page in range(1, 2 + number % 3)]
    return typeset(folder / f"reports/{number}.pdf", pages)


def make_scan(path: Path) -> Path:
    """Write a page as a TIFF image."""
    images(typeset(path.with_suffix(".pdf"), [SPANISH]))[0].save(path, dpi=(300, 300))
    path.with_suffix(".pdf").unlink()
    return path


def _write_manifest(folder: Path, reports: int, edition: str) -> None:
    """Describe every second report, a publication without a file, and a file that never came."""
    rows = [
        (f"reports/{number}.pdf", f"Report {number} on the wetlands{edition}", LANGUAGES[number % 3], "wetlands", tie)
        for number in range(2, reports + 1, 2)
        for tie in ([f"reports/{number - 2}.pdf"] if number % 6 == 0 else [""])
    ]
    rows += [("", f"A map of the wetlands{edition}", "en", "maps", ""), ("reports/lost.pdf", "Lost", "en", "", "")]
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *rows])
    (folder / "manifest.csv").write_text(out.getvalue(), "utf-8")


def _write_records(folder: Path, records: int, changed: int) -> None:
    """Write MARC 21 and, a tenth of it, MARCXML; the first ``changed`` of each under other titles."""
    titles = {number: f"Station book {number}" for number in range(1, records + 1)}
    titles |= {number: f"Station book {number} as corrected" for number in range(1, changed + 1)}
    made = [record(number, title, "fre" if number % 7 == 0 else "eng") for number, title in titles.items()]
    made[-1] = record(records, titles[records], "fre", "1")
    marc_file(folder / "records.mrc", made)
    xml = [record(10_000 + number, titles[number]) for number in range(1, records // 10 + 1)]
    body = b"".join(record_to_xml(one) for one in xml)  # type: ignore[no-untyped-call]
    collection = b'<collection xmlns="http://www.loc.gov/MARC21/slim">%s</collection>' % body
    (folder / "records.xml").write_bytes(collection)
