"""A plan says exactly what the ingest will say, whatever comes, the first time and when it comes again changed."""

from pathlib import Path
from typing import Any

import pymarc
import pytest
from lxml import html
from small_library import canoe_here, files_below, marc_file, record

pytestmark = pytest.mark.ocr
AUTHOR = "Durand, Zoé"


def _whales(number: int, title: str = "The blue whales of the Indian Ocean", language: str = "eng") -> pymarc.Record:
    made = record(number, title, language)
    author = pymarc.Field("100", pymarc.Indicators("1", " "), [pymarc.Subfield("a", AUTHOR)])
    extent = pymarc.Field("300", pymarc.Indicators(" ", " "), [pymarc.Subfield("a", "213 p.")])
    made.add_field(author, extent)  # type: ignore[no-untyped-call]
    return made


def _mixed(batch: Path) -> Path:
    """Add to the small batch what is damaged, alike or untidy, in several forms."""
    french = _whales(53, "Les baleines bleues de l'océan Indien", "fre")
    note = pymarc.Subfield("a", "Translation of: The blue whales of the Indian Ocean")
    french.add_field(pymarc.Field("500", pymarc.Indicators(" ", " "), [note]))  # type: ignore[no-untyped-call]
    good = [_whales(51), _whales(52), french, record(54, "  Untidy:   <i>Quercus</i>")]
    damaged = marc_file(batch / "damaged.mrc", good)
    data = bytearray(damaged.read_bytes())
    damaged.write_bytes(bytes(data) + b"00099nam a22" + bytes(data[:120]) + b"\x1d" + bytes(data))
    (batch / "more.csv").write_text("file,title,language,date\n,Fore\u0302ts ,fr,1987\n,Planches,xx,2999\n", "utf-8")
    (batch / "notes.docx").write_bytes(b"PK\x03\x04 no document of ours")
    (batch / "link.pdf").symlink_to("again.pdf")
    return batch


def _ingest(home: Path, batch: Path, *more: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = canoe_here("ingest", batch, "--home", home, "--workers", "1", "--json", *more).json
    return found


def _planned_and_done(home: Path, batch: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    before = files_below(home)
    planned = _ingest(home, batch, "--plan", "--report", folder / "plan.html")
    assert files_below(home) == before
    done = _ingest(home, batch, "--report", folder / "done.html")
    pages = [html.fromstring((folder / name).read_bytes()).find(".//main") for name in ("plan.html", "done.html")]
    assert pages[0] is not None
    assert pages[1] is not None
    assert html.tostring(pages[0]) == html.tostring(pages[1])
    return planned, done


def _codes(report: dict[str, Any]) -> set[str]:
    return {one["code"] for piece in report["pieces"] for one in piece["problems"]}


def test_a_plan_is_what_the_ingest_says(home: Path, batch: Path, tmp_path: Path) -> None:
    planned, done = _planned_and_done(home, _mixed(batch), tmp_path)
    assert planned == done
    alike = {"duplicate-of", "probable-duplicate", "probable-translation"}
    assert {"record-damaged", "markup-left", "value-unknown", "field-missing", *alike} <= _codes(done)

    manifest = batch / "scans" / "manifest.csv"
    manifest.write_text(
        manifest.read_text("utf-8").replace("Wetlands of the north", "Wetlands of the far north"), "utf-8"
    )
    marc_file(batch / "records.mrc", [record(3, "Report 3, revised"), _whales(60), record(61, "Wetlands of the north")])
    planned, done = _planned_and_done(home, batch, tmp_path)
    assert planned == done
    whales = next(piece for piece in done["pieces"] if piece["source"].endswith("records.mrc#2"))
    assert "probable-duplicate" in {one["code"] for one in whales["problems"]}
    counts = done["counts"]
    assert counts["changed"] == 2
    assert counts["new"] == 2
    assert counts["in"] == sum(counts.values()) - counts["in"]

    planned, done = _planned_and_done(home, batch, tmp_path)
    assert planned == done
    assert (done["accession"], done["counts"]["new"], done["counts"]["changed"]) == (None, 0, 0)
