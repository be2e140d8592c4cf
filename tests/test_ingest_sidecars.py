"""A record that lies beside a document under its name describes it."""

import json
from pathlib import Path
from typing import Any

import pytest
from pymarc import record_to_xml
from scans import ENGLISH, FRENCH, typeset
from small_library import canoe_here, codes, items, logical_files, marc_file, outcomes, record

MODS = """<mods xmlns="http://www.loc.gov/mods/v3"><titleInfo><title>%s</title></titleInfo></mods>"""
DC = """<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>%s</dc:title></oai_dc:dc>"""
EPRINTS = """<eprints xmlns="http://eprints.org/ep2/data/2.0"><eprint><eprintid>1</eprintid><title>%s</title>
<type>article</type></eprint></eprints>"""
BIBTEX = "@book{a, title = {%s}, year = 1999}"
RIS = "TY  - BOOK\r\nTI  - %s\r\nER  - \r\n"
JSON = '{"titles": [{"value": "%s"}], "type": "book"}'


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Make a folder with one report of a page with a text layer."""
    (tmp_path / "box").mkdir()
    typeset(tmp_path / "box/report.pdf", [ENGLISH])
    return tmp_path / "box"


def _ingest(home: Path, box: Path, plan: bool = False) -> Any:
    return canoe_here("ingest", box, "--home", home, "--json", *(["--plan"] if plan else [])).json


def _outcomes(box: Path, report: Any) -> dict[str, str]:
    return {source.removeprefix(f"{box}/"): outcome for source, outcome in outcomes(report).items()}


def _write(path: Path, title: str) -> None:
    if path.suffix == ".mrc":
        marc_file(path, [record(1, title)])
    else:
        texts = {".bib": BIBTEX, ".ris": RIS, ".json": JSON, ".xml": MODS}
        path.write_text(texts[path.suffix] % title, "utf-8")


def test_a_sidecar_of_any_form_describes_its_document_and_is_kept_with_it(home: Path, box: Path) -> None:
    (box / "report.pdf").unlink()
    forms: dict[str, bytes | str] = {
        "mrc": marc_file(box / "1.mrc", [record(1, "Title 1")]).read_bytes(), "bib": BIBTEX % "Title 2",
        "ris": RIS % "Title 3", "json": JSON % "Title 4", "xml": MODS % "Title 5", "XML": DC % "Title 6",
        "pdf.xml": EPRINTS % "Title 7", "pdf.bib": BIBTEX % "Title 9",
    }  # fmt: skip
    forms["pdf.marc"] = (box / "1.mrc").read_bytes().replace(b"Title 1", b"Title 8")
    sidecars: dict[str, bytes] = {}
    for form, text in forms.items():
        number = (text if isinstance(text, bytes) else text.encode()).partition(b"Title ")[2][:1].decode()
        typeset(box / f"{number}.pdf", [f"{ENGLISH} {number}"])
        sidecars[f"{number}.{form}"] = text if isinstance(text, bytes) else text.encode()
        (box / f"{number}.{form}").write_bytes(sidecars[f"{number}.{form}"])
    plan = _ingest(home, box, plan=True)
    report = _ingest(home, box)
    assert {**plan, "accession": ""} == {**report, "accession": ""}
    assert _outcomes(box, report) == {f"{number}.pdf": "new" for number in range(1, 10)}
    found = {source.rpartition("/")[2]: item for source, item in items(home).items()}
    for name, content in sidecars.items():
        document = f"{name[0]}.pdf"
        assert "described-by" in codes(report, f"{box}/{document}")
        assert found[document]["titles"][0]["value"] == f"Title {name[0]}"
        assert {one["role"] for one in found[document]["files"]} == {"original", "pages"}
        (kept,) = home.glob(f"archive/*/*/*{found[document]['id']}/v1/content/source/{name}")
        assert kept.read_bytes() == content
    again = _ingest(home, box)
    assert (again["accession"], set(outcomes(again).values())) == (None, {"identical"})
    assert canoe_here("check", "--home", home).code == 0


def test_marcxml_may_be_one(home: Path, box: Path) -> None:
    xml = record_to_xml(record(7, "As told"), namespace=True)  # type: ignore[no-untyped-call]
    (box / "report.xml").write_bytes(xml)
    assert _outcomes(box, _ingest(home, box)) == {"report.pdf": "new"}
    (item,) = items(home).values()
    assert {"scheme": "control-number", "value": "(XX-Test)7"} in item["identifiers"]


def test_a_sidecar_that_says_something_else_changes_the_item(home: Path, box: Path) -> None:
    _write(box / "report.ris", "Before")
    _ingest(home, box)
    _write(box / "report.ris", "After")
    assert _outcomes(box, _ingest(home, box)) == {"report.pdf": "changed"}
    (box / "report.ris").write_text(RIS % "After" + "\r\n\r\n")
    assert _outcomes(box, _ingest(home, box)) == {"report.pdf": "changed"}, "the record as it came is kept anew"
    (item,) = items(home).values()
    (kept,) = home.glob(f"archive/*/*/*{item['id']}/v3/content/source/report.ris")
    assert kept.read_bytes() == (box / "report.ris").read_bytes()


def test_several_records_are_records_and_the_document_stays_without(home: Path, box: Path) -> None:
    marc_file(box / "report.mrc", [record(number, f"Title {number}") for number in (1, 2, 3)])
    report = _ingest(home, box)
    assert _outcomes(box, report) == {
        "report.mrc#1": "new", "report.mrc#2": "new", "report.mrc#3": "new", "report.pdf": "new",
    }  # fmt: skip
    assert "sidecar-doubtful" in codes(report, f"{box}/report.pdf")


def test_a_record_that_cannot_be_read_is_refused_and_the_document_comes_in(home: Path, box: Path) -> None:
    (box / "report.xml").write_text(MODS % "cut"[:2] + "<")
    report = _ingest(home, box)
    assert _outcomes(box, report)["report.pdf"] == "new"
    assert "refused" in _outcomes(box, report).values()
    assert "sidecar-doubtful" in codes(report, f"{box}/report.pdf")


def test_of_several_the_richest_is_taken_and_all_are_kept(home: Path, box: Path) -> None:
    for name in ("report.bib", "report.mrc", "report.ris"):
        _write(box / name, f"From {name}")
    report = _ingest(home, box)
    assert _outcomes(box, report) == {"report.pdf": "new"}
    told = codes(report, f"{box}/report.pdf")
    assert (told.count("described-by"), told.count("sidecar-unused")) == (1, 2)
    (item,) = items(home).values()
    assert item["titles"][0]["value"] == "From report.mrc"
    kept = logical_files(home)[f"urn:canoe:item:{item['id']}"]
    assert {"source/report.bib", "source/report.mrc", "source/report.ris"} <= set(kept)


def test_a_manifest_s_row_goes_before_a_sidecar(home: Path, box: Path) -> None:
    _write(box / "report.ris", "From the sidecar")
    (box / "manifest.csv").write_text("file,title\nreport.pdf,From the row\n")
    report = _ingest(home, box)
    assert _outcomes(box, report) == {"report.pdf": "new"}
    assert "sidecar-unused" in codes(report, f"{box}/report.pdf")
    (item,) = items(home).values()
    assert item["titles"][0]["value"] == "From the row"


def test_a_name_that_two_documents_share_describes_neither(home: Path, box: Path) -> None:
    typeset(box / "other.pdf", [FRENCH]).rename(box / "report.tif.pdf")
    (box / "report.PDF").write_bytes(b"%PDF-1.4 no more")
    _write(box / "report.ris", "Whose?")
    report = _ingest(home, box)
    found = _outcomes(box, report)
    assert found["report.ris#1"] == "new"
    assert found["report.pdf"] == "new"
    assert "sidecar-doubtful" in codes(report, f"{box}/report.pdf")
    assert "sidecar-doubtful" not in codes(report, f"{box}/report.tif.pdf")


def test_a_whole_name_goes_before_a_stem(home: Path, box: Path) -> None:
    (box / "report.pdf.tif").write_bytes(b"II*\0 no more")
    _write(box / "report.pdf.xml", "Of the PDF")
    report = _ingest(home, box)
    assert _outcomes(box, report) == {"report.pdf": "new", "report.pdf.tif": "refused"}
    (item,) = items(home).values()
    assert item["titles"][0]["value"] == "Of the PDF"


def test_a_refused_document_names_what_described_it(home: Path, box: Path) -> None:
    (box / "report.pdf").write_bytes(b"%PDF-1.4 no more")
    _write(box / "report.ris", "Told")
    report = _ingest(home, box)
    assert _outcomes(box, report) == {"report.pdf": "refused"}
    assert "described-by" in codes(report, f"{box}/report.pdf")


def test_what_lies_in_another_folder_or_is_no_item_record_is_no_sidecar(home: Path, box: Path) -> None:
    (box / "below").mkdir()
    (box / "below/report.ris").write_text(RIS % "Elsewhere")
    (box / "report.json").write_text(json.dumps({"data": {"attributes": {"titles": [{"title": "DataCite"}]}}}))
    (box / "alone.json").write_text(JSON % "Beside nothing")
    assert _outcomes(box, _ingest(home, box)) == {
        "alone.json": "set_aside", "below/report.ris#1": "new", "report.json": "set_aside", "report.pdf": "new",
    }  # fmt: skip
