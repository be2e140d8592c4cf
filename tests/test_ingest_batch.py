import os
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from failing_engines import Crashing, Good, Hanging, Raising, Rubbish
from PIL import Image
from scans import ENGLISH, FRENCH, SPANISH, scanned, typeset
from small_library import (
    COUNTS,
    catalogue_rows,
    codes,
    exported,
    files_below,
    items,
    logical_files,
    marc_file,
    outcomes,
    record,
    working_in,
)

import ingest.batch
import ingest.publications
from archive.library import Writer
from canoe.home import Home
from canoe.report import report_json
from ingest.documents import Digitised, Progress
from ingest.draft import Draft, Submitted
from ingest.engine import OcrEngine
from ingest.ties import Ties
from ingest.tools import NOBODY, Watcher
from metadata.accession import Piece
from metadata.errors import StorageError


def _ingest(
    home: Path,
    *paths: Path,
    watcher: Watcher = NOBODY,
    engine: OcrEngine | None = None,
    plan: bool = False,
    **more: Any,
) -> Any:
    """Ingest ``paths`` as they lie in the folder above the home and return the report as JSON."""
    opened = Home.read(home)
    tools = replace(opened.tools("", more.pop("collection", ""), 1), **more)
    tools = replace(tools, engine=engine) if engine else tools
    given = [path.relative_to(home.parent) for path in paths]
    with working_in(home.parent):
        if plan:
            return report_json(ingest.batch.ingest(given, opened.library, None, tools, watcher))
        with opened.library.writer() as writer:
            return report_json(ingest.batch.ingest(given, opened.library, writer, tools, watcher))


def _told(piece: Callable[[Piece], None]) -> Watcher:
    return replace(NOBODY, piece=piece)


def _item(report: Any, source: str) -> str:
    (item,) = [piece["item"] for piece in report["pieces"] if piece["source"] == source]
    assert isinstance(item, str)
    return item


def _versions(home: Path) -> dict[str, int]:
    opened = Home.read(home).library
    return {one.object_id: len(one.versions) for one in opened.archive.inventories()}


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Make an empty folder to put things in."""
    (tmp_path / "box").mkdir()
    return tmp_path / "box"


def _manifest(box: Path, text: str) -> Path:
    path = box / "manifest.csv"
    path.write_text(text, "utf-8")
    return path


def _pictures(box: Path, name: str, count: int) -> Path:
    pictures = [Image.linear_gradient("L").resize((300, 200)).rotate(len(name) * 7 + n) for n in range(count)]
    return scanned(box / name, pictures)


@pytest.mark.ocr
def test_all_that_comes_in_is_an_item_or_is_reported(home: Path, batch: Path) -> None:
    report = _ingest(home, batch)
    found = outcomes(report)
    assert report["counts"] == COUNTS
    assert {source for source, outcome in found.items() if outcome == "refused"} == {"batch/bad.pdf", "batch/empty.tif"}
    assert found["batch/again.pdf"] == "duplicate"
    kept = items(home)
    assert set(kept) == {source for source, outcome in found.items() if outcome == "new"}
    assert all(kept[source]["id"] == _item(report, source) for source in kept)
    assert {item["accession"] for item in kept.values()} == {report["accession"]}
    assert [piece["source"] for piece in report["pieces"]] == sorted(found, key=_natural)


def _natural(source: str) -> tuple[str, int]:
    file, _, number = source.partition("#")
    return file, int(number or 0)


@pytest.mark.ocr
def test_the_same_again_writes_nothing(full_home: Path, batch: Path) -> None:
    archived, rows = files_below(full_home / "archive"), catalogue_rows(full_home)
    report = _ingest(full_home, batch)
    assert report["accession"] is None
    assert set(outcomes(report).values()) == {"identical", "duplicate", "refused"}
    assert files_below(full_home / "archive") == archived
    assert catalogue_rows(full_home) == rows
    assert not list((full_home / "staging").iterdir())


@pytest.mark.ocr
def test_two_homes_give_the_same_ids_and_the_same_bytes(full_home: Path, home: Path, batch: Path) -> None:
    _ingest(home, batch)
    assert exported(home) == exported(full_home)
    assert logical_files(home) == logical_files(full_home)
    assert any("access.pdf" in files for files in logical_files(home).values())


def test_of_two_copies_the_one_that_is_described_is_the_item(home: Path, box: Path) -> None:
    typeset(box / "a.pdf", [ENGLISH])
    shutil.copy(box / "a.pdf", box / "b.pdf")
    _manifest(box, "file,title\nb.pdf,Described\n")
    report = _ingest(home, box)
    assert outcomes(report) == {"box/a.pdf": "duplicate", "box/b.pdf": "new"}
    assert codes(report, "box/a.pdf") == ["duplicate-of"]
    assert items(home)["box/b.pdf"]["titles"] == [{"value": "Described"}]


def test_a_copy_of_what_was_refused_is_refused_too(home: Path, box: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        (box / name).write_bytes(b"%PDF-1.4 and no more")
    report = _ingest(home, box)
    assert outcomes(report) == {"box/a.pdf": "refused", "box/b.pdf": "refused"}
    assert codes(report, "box/b.pdf") == ["file-damaged", "duplicate-of"]
    assert report["accession"] is None


def test_a_row_describes_its_file_and_a_changed_row_changes_it_without_reading_again(home: Path, box: Path) -> None:
    _pictures(box, "a.pdf", 2)
    _manifest(box, "file,title,date,language\na.pdf,First,1987,en\n")
    first = _ingest(home, box, engine=Good())
    before = items(home)["box/a.pdf"]
    assert (before["titles"], before["dates"]) == (
        [{"value": "First", "language": "en"}],
        [{"value": "1987", "kind": "issued"}],
    )
    _manifest(box, "file,title,date,language\na.pdf,Second,1988,en\n")
    second = _ingest(home, box, engine=Crashing(1))
    assert outcomes(second) == {"box/a.pdf": "changed"}
    after = items(home)["box/a.pdf"]
    assert after["titles"] == [{"value": "Second", "language": "en"}]
    unchanged = ("id", "files", "doi", "page_count", "accession", "submission")
    assert [after[fact] for fact in unchanged] == [before[fact] for fact in unchanged]
    assert _versions(home)[f"urn:canoe:item:{after['id']}"] == 2
    assert first["accession"] != second["accession"]
    assert outcomes(_ingest(home, box, engine=Crashing(1))) == {"box/a.pdf": "identical"}
    assert outcomes(_ingest(home, box / "a.pdf", engine=Crashing(1))) == {"box/a.pdf": "identical"}
    assert items(home)["box/a.pdf"] == after


def test_a_row_whose_file_did_not_come_and_a_row_that_repeats_another_are_refused(home: Path, box: Path) -> None:
    typeset(box / "a.pdf", [ENGLISH])
    _manifest(box, "file,title,colour\na.pdf,One,\ngone.pdf,Two,\n./a.pdf,Three,\n,Four,\n")
    report = _ingest(home, box)
    assert outcomes(report) == {
        "box/a.pdf": "new",
        "box/manifest.csv#2": "refused",
        "box/manifest.csv#3": "refused",
        "box/manifest.csv#4": "new",
    }  # fmt: skip
    assert codes(report, "box/manifest.csv#2") == ["file-missing"]
    assert codes(report, "box/manifest.csv#3") == ["row-repeated"]
    assert codes(report, "box/a.pdf") == ["column-unknown"]


def test_a_row_of_a_file_that_came_and_was_left_is_not_said_to_be_missing(home: Path, box: Path) -> None:
    (box / "empty.pdf").write_bytes(b"")
    (box / "text.docx").write_bytes(b"PK")
    _manifest(box, "file,title,colour\nempty.pdf,One,red\ntext.docx,Two,red\n")
    report = _ingest(home, box)
    assert outcomes(report) == {"box/empty.pdf": "refused", "box/text.docx": "set_aside"}
    assert codes(report, "box/empty.pdf") == ["file-empty", "column-unknown"]
    assert codes(report, "box/text.docx") == ["not-a-document"]


def test_a_file_of_records_without_a_record_is_reported(home: Path, box: Path) -> None:
    (box / "blank.mrc").write_bytes(b"\n\n")
    (box / "collection.xml").write_bytes(b'<collection xmlns="http://www.loc.gov/MARC21/slim"/>')
    _manifest(box, "file,title\n,\n")
    report = _ingest(home, box)
    assert set(outcomes(report)) == {"box/blank.mrc#1", "box/collection.xml#1", "box/manifest.csv#1"}
    assert set(outcomes(report).values()) == {"refused"}


def test_editions_are_tied_in_whatever_order_they_come(home: Path, box: Path) -> None:
    for name, text in (("a.pdf", FRENCH), ("b.pdf", ENGLISH), ("c.pdf", SPANISH), ("d.pdf", ENGLISH + " x")):
        typeset(box / name, [text])
    _manifest(box, "file,title,traduction de\na.pdf,A,b.pdf\nb.pdf,B,\nc.pdf,C,a.pdf\nd.pdf,D,c.pdf; d.pdf; e.pdf\n")
    report = _ingest(home, box)
    ids = {name: _item(report, f"box/{name}.pdf") for name in "abcd"}
    ties = {source: [tie["target"] for tie in item.get("relations", [])] for source, item in items(home).items()}
    assert ties == {
        "box/a.pdf": [ids["b"]], "box/b.pdf": [], "box/c.pdf": [ids["a"]], "box/d.pdf": [ids["c"]],
    }  # fmt: skip
    assert codes(report, "box/d.pdf") == ["relation-unresolved"] * 2
    assert set(_versions(home).values()) == {1}


def test_editions_that_name_each_other_are_both_kept(home: Path, box: Path) -> None:
    for name, text in (("a.pdf", FRENCH), ("b.pdf", ENGLISH)):
        typeset(box / name, [text])
    _manifest(box, "file,title,translation of\na.pdf,A,b.pdf\nb.pdf,B,a.pdf\n")
    report = _ingest(home, box)
    kept = items(home)
    assert kept["box/a.pdf"]["relations"] == [{"kind": "isTranslationOf", "target": _item(report, "box/b.pdf")}]
    assert kept["box/b.pdf"]["relations"] == [{"kind": "isTranslationOf", "target": _item(report, "box/a.pdf")}]


def test_an_edition_is_tied_to_what_the_library_held(home: Path, box: Path) -> None:
    typeset(box / "original.pdf", [ENGLISH])
    first = _ingest(home, box)
    (box / "new").mkdir()
    typeset(box / "new" / "translation.pdf", [FRENCH])
    _manifest(box / "new", "file,title,translation of\ntranslation.pdf,T,../original.pdf\n")
    _ingest(home, box / "new")
    tie = {"kind": "isTranslationOf", "target": _item(first, "box/original.pdf")}
    assert items(home)["box/new/translation.pdf"]["relations"] == [tie]


def test_nothing_is_tied_to_a_file_that_was_refused(home: Path, box: Path) -> None:
    typeset(box / "a.pdf", [FRENCH])
    (box / "b.pdf").write_bytes(b"%PDF-1.4 and no more")
    _manifest(box, "file,title,translation of\na.pdf,A,b.pdf\n")
    report = _ingest(home, box)
    assert codes(report, "box/a.pdf") == ["relation-unresolved"]
    assert "relations" not in items(home)["box/a.pdf"]
    again = _ingest(home, box)
    assert outcomes(again) == {"box/a.pdf": "identical", "box/b.pdf": "refused"}
    assert codes(again, "box/a.pdf") == ["relation-unresolved"]
    typeset(box / "b.pdf", [ENGLISH])
    mended = _ingest(home, box)
    assert outcomes(mended) == {"box/a.pdf": "changed", "box/b.pdf": "new"}
    assert items(home)["box/a.pdf"]["relations"][0]["target"] == _item(mended, "box/b.pdf")


def test_records_are_tied_by_their_numbers_in_any_order(home: Path, box: Path) -> None:
    records = [record(1, "Un", "fre", "2"), record(2, "Two"), record(3, "Trois", "fre", "99")]
    marc_file(box / "r.mrc", records)
    report = _ingest(home, box)
    kept = items(home)
    assert kept["box/r.mrc#1"]["relations"] == [{"kind": "isTranslationOf", "target": _item(report, "box/r.mrc#2")}]
    assert codes(report, "box/r.mrc#3") == ["relation-unresolved"]
    assert "relations" not in kept["box/r.mrc#3"]


def test_a_record_is_tied_when_what_it_names_comes_later(home: Path, box: Path) -> None:
    marc_file(box / "r.mrc", [record(1, "Un", "fre", "2")])
    assert codes(_ingest(home, box), "box/r.mrc#1") == ["relation-unresolved"]
    marc_file(box / "s.mrc", [record(2, "Two")])
    report = _ingest(home, box)
    assert outcomes(report) == {"box/r.mrc#1": "changed", "box/s.mrc#1": "new"}
    assert codes(report, "box/r.mrc#1") == []
    assert items(home)["box/r.mrc#1"]["relations"][0]["target"] == _item(report, "box/s.mrc#1")
    assert set(outcomes(_ingest(home, box)).values()) == {"identical"}


def test_a_record_that_changed_keeps_its_id(home: Path, box: Path) -> None:
    marc_file(box / "r.mrc", [record(1, "One"), record(2, "Two")])
    first = _ingest(home, box)
    marc_file(box / "r.mrc", [record(1, "One, revised"), record(2, "Two")])
    second = _ingest(home, box)
    assert outcomes(second) == {"box/r.mrc#1": "changed", "box/r.mrc#2": "identical"}
    assert [piece["item"] for piece in second["pieces"]] == [piece["item"] for piece in first["pieces"]]
    assert items(home)["box/r.mrc#1"]["titles"][0]["value"] == "One, revised"
    assert set(outcomes(_ingest(home, box)).values()) == {"identical"}


def test_records_with_one_number_are_all_kept(home: Path, box: Path) -> None:
    marc_file(box / "r.mrc", [record(1, "One"), record(1, "Other"), record(1, "One")])
    report = _ingest(home, box)
    assert list(outcomes(report).values()) == ["new", "new", "duplicate"]
    assert sorted(item["titles"][0]["value"] for item in items(home).values()) == ["One", "Other"]
    assert list(outcomes(_ingest(home, box)).values()) == ["identical", "identical", "duplicate"]


def test_a_collection_is_joined_by_what_is_there_already(home: Path, box: Path) -> None:
    typeset(box / "a.pdf", [ENGLISH])
    marc_file(box / "r.mrc", [record(1, "One")])
    _ingest(home, box)
    report = _ingest(home, box, collection="posters")
    assert set(outcomes(report).values()) == {"changed"}
    assert {tuple(item["collections"]) for item in items(home).values()} == {("posters",)}
    assert set(outcomes(_ingest(home, box, collection="posters")).values()) == {"identical"}
    assert set(outcomes(_ingest(home, box)).values()) == {"identical"}


def test_what_a_manifest_describes_stays_in_its_collection(home: Path, box: Path) -> None:
    typeset(box / "a.pdf", [ENGLISH])
    (box / "manifest.csv").write_text("file,title,collection\na.pdf,One,history\n")
    _ingest(home, box, collection="posters")
    assert outcomes(_ingest(home, box)) == {"box/a.pdf": "identical"}
    (box / "manifest.csv").write_text("file,title,collection\na.pdf,One,maps\n")
    assert outcomes(_ingest(home, box)) == {"box/a.pdf": "changed"}
    assert [item["collections"] for item in items(home).values()] == [["history", "posters", "maps"]]


@pytest.mark.parametrize(("engine", "patience"), [(Crashing(2), 60), (Hanging(2), 1), (Raising(2), 60)])
def test_a_page_that_fails_is_reported_and_all_else_comes_in(
    home: Path, box: Path, engine: OcrEngine, patience: int
) -> None:
    _pictures(box, "a.pdf", 2)
    _pictures(box, "bb.pdf", 1)
    limits = replace(Home.read(home).tools("", "", 1).limits, patience=patience)
    report = _ingest(home, box, engine=engine, limits=limits)
    assert outcomes(report) == {"box/a.pdf": "new", "box/bb.pdf": "new"}
    assert codes(report, "box/a.pdf").count("page-unread") == 1
    assert "page-unread" not in codes(report, "box/bb.pdf")
    pages = [*Home.read(home).library.pages(_item(report, "box/a.pdf"))]
    assert [(page.number, page.method) for page in pages] == [(1, "ocr"), (2, "unread")]


def test_rubbish_from_the_engine_is_reported_page_by_page(home: Path, box: Path) -> None:
    _pictures(box, "a.pdf", 2)
    report = _ingest(home, box, engine=Rubbish("control"))
    assert codes(report, "box/a.pdf").count("page-unread") == 2
    assert outcomes(report) == {"box/a.pdf": "new"}


def test_pages_in_a_language_without_a_model_are_read_all_the_same(home: Path, box: Path) -> None:
    _pictures(box, "a.pdf", 1)
    typeset(box / "b.pdf", [ENGLISH])
    _manifest(box, "file,title,language\na.pdf,A,de\nb.pdf,B,de\n")
    report = _ingest(home, box, engine=Good(), models=frozenset(["eng", "fra"]))
    assert codes(report, "box/a.pdf") == ["model-missing"]
    assert codes(report, "box/b.pdf") == []
    assert items(home)["box/a.pdf"]["languages"] == ["de"]


def test_a_file_that_changes_meanwhile_is_refused(home: Path, box: Path) -> None:
    for name, text in (("a.pdf", ENGLISH), ("b.pdf", FRENCH), ("c.pdf", SPANISH)):
        typeset(box / name, [text])
    shutil.copy(box / "a.pdf", box / "copy.pdf")

    def read(progress: Progress) -> None:
        if progress.document.path.name == "a.pdf":
            (box / "a.pdf").write_bytes(b"%PDF-1.4 something else")
        if progress.document.path.name == "b.pdf":
            (box / "b.pdf").unlink(missing_ok=True)

    report = _ingest(home, box, watcher=replace(NOBODY, read=read))
    assert outcomes(report)["box/c.pdf"] == "new"
    assert {outcomes(report)[f"box/{name}.pdf"] for name in ("a", "b", "copy")} == {"refused"}
    assert set(items(home)) == {"box/c.pdf"}
    assert sorted(_versions(home)) == sorted(["urn:canoe:accession:" + report["accession"],
                                              "urn:canoe:item:" + _item(report, "box/c.pdf")])  # fmt: skip
    assert not list((home / "staging").iterdir())


def test_a_file_that_goes_before_it_is_read_is_refused(home: Path, box: Path) -> None:
    typeset(box / "a.pdf", [ENGLISH])
    marc_file(box / "r.mrc", [record(1, "One")])
    marc_file(box / "s.mrc", [record(2, "Two")])

    def looked(done: int, _: int) -> None:
        if done == 1:
            (box / "a.pdf").unlink()
            (box / "s.mrc").unlink()

    report = _ingest(home, box, watcher=replace(NOBODY, looked=looked))
    assert outcomes(report) == {"box/a.pdf": "refused", "box/r.mrc#1": "new", "box/s.mrc": "refused"}
    assert codes(report, "box/s.mrc") == ["file-unreadable"]


def test_the_records_that_are_kept_are_those_that_were_read(home: Path, box: Path) -> None:
    came = marc_file(box / "r.mrc", [record(1, "One")]).read_bytes()

    def piece(_: Piece) -> None:
        (box / "r.mrc").write_bytes(b"other")

    _ingest(home, box, watcher=_told(piece))
    (kept,) = home.glob("archive/*/*/*/v1/content/received/*")
    assert kept.read_bytes() == came


def test_a_fault_of_our_own_costs_only_its_piece(home: Path, box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def complete(submitted: Submitted, done: Digitised, *rest: Any) -> Draft:
        if "b.pdf" in submitted.draft.item.source:
            raise ZeroDivisionError("a fault")
        return real(submitted, done, *rest)

    real = ingest.publications.complete
    monkeypatch.setattr(ingest.batch, "complete", complete)
    for name, text in (("a.pdf", ENGLISH), ("b.pdf", FRENCH), ("c.pdf", SPANISH)):
        typeset(box / name, [text])
    report = _ingest(home, box)
    assert list(outcomes(report).values()) == ["new", "refused", "new"]
    assert codes(report, "box/b.pdf") == ["unexpected-fault"]


class _Interrupted(BaseException):
    """Stands for a kill between two pieces."""


def _stop_after(number: int) -> Watcher:
    pieces: list[Piece] = []

    def piece(one: Piece) -> None:
        pieces.append(one)
        if len(pieces) == number:
            raise _Interrupted

    return _told(piece)


def _untitled(box: Path) -> Path:
    for name, text in (("a.pdf", ENGLISH), ("b.pdf", FRENCH), ("c.pdf", SPANISH)):
        typeset(box / name, [text])
    return box


def test_an_interrupted_ingest_goes_on_as_if_nothing_had_happened(
    home: Path, box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Writer, "GROUP_NUMBER", 1)
    undisturbed = shutil.copytree(home, tmp_path / "undisturbed")
    expected = _ingest(undisturbed, _untitled(box))
    assert codes(expected, "box/a.pdf") == ["title-missing"]
    for number in (1, 2):
        with pytest.raises(_Interrupted):
            _ingest(home, box, watcher=_stop_after(1))
        assert len(items(home)) == number
    assert _ingest(home, box) == expected
    assert exported(home) == exported(undisturbed)
    assert logical_files(home) == logical_files(undisturbed)


def test_what_is_told_of_a_piece_is_so(home: Path, box: Path) -> None:
    """Items are stored in groups; nobody is told of one before it is there to be seen."""
    told: list[str] = []
    library = Home.read(home).library

    def piece(one: Piece) -> None:
        told.append(one.source)
        assert library.catalogue.item(one.item) is not None
        assert library.archive.writing_since() is None

    report = _ingest(home, _untitled(box), watcher=_told(piece))
    assert sorted(told) == [one["source"] for one in report["pieces"]]


def test_an_interrupt_keeps_all_that_was_ready(home: Path, box: Path) -> None:
    with pytest.raises(_Interrupted):
        _ingest(home, _untitled(box), watcher=_stop_after(1))
    assert len(items(home)) == 3, "they went together"
    assert set(outcomes(_ingest(home, box)).values()) == {"new"}


def test_what_an_interrupted_ingest_changed_is_counted_as_changed(home: Path, box: Path) -> None:
    _ingest(home, _untitled(box))
    _manifest(box, "file,title\na.pdf,A\nb.pdf,B\nc.pdf,C\n")
    with pytest.raises(_Interrupted):
        _ingest(home, box, watcher=_stop_after(3))
    assert {item["titles"][0]["value"] for item in items(home).values()} == {"A", "B", "C"}
    report = _ingest(home, box)
    assert set(outcomes(report).values()) == {"changed"}
    assert set(outcomes(_ingest(home, box)).values()) == {"identical"}


def test_what_an_interrupted_ingest_brought_belongs_to_the_one_that_is_finished(home: Path, box: Path) -> None:
    with pytest.raises(_Interrupted):
        _ingest(home, _untitled(box), watcher=_stop_after(2))
    marc_file(box / "r.mrc", [record(1, "One")])
    report = _ingest(home, box)
    assert set(outcomes(report).values()) == {"new"}
    assert {item["accession"] for item in items(home).values()} == {report["accession"]}
    assert set(outcomes(_ingest(home, box)).values()) == {"identical"}


def test_names_of_any_bytes_come_in_and_are_kept(home: Path, box: Path) -> None:
    names = [b"caf\xe9.pdf", "forêts.pdf".encode(), b"new\nline.pdf", b"#3 of 4.pdf", b"r\xe9cords.mrc"]
    for number, name in enumerate(names[:-1]):
        typeset(box / os.fsdecode(name), [f"{ENGLISH} {number}"])
    marc_file(box / os.fsdecode(names[-1]), [record(1, "One")])
    decomposed = unicodedata.normalize("NFD", "forêts.pdf")
    (box / "forêts.pdf").rename(box / decomposed)
    _manifest(box, "file,title\nforêts.pdf,Forests\n")
    report = _ingest(home, box)
    assert set(outcomes(report)) == {
        "box/caf\\xe9.pdf", f"box/{decomposed}", "box/new\nline.pdf", "box/#3 of 4.pdf", "box/r\\xe9cords.mrc#1",
    }  # fmt: skip
    assert set(outcomes(report).values()) == {"new"}
    kept = items(home)
    assert kept[f"box/{decomposed}"]["titles"] == [{"value": "Forests"}]
    assert kept["box/caf\\xe9.pdf"]["files"][0]["path"] == "original/caf_.pdf"
    (accession,) = Home.read(home).library.catalogue.accessions()
    assert set(accession.sources) == {source.removesuffix("#1") for source in (*outcomes(report), "box/manifest.csv")}


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(home: Path, box: Path) -> None:
    typeset(box / "a.pdf", [ENGLISH])
    limits = replace(Home.read(home).tools("", "", 1).limits, size=100)
    report = _ingest(home, box, limits=limits)
    assert codes(report, "box/a.pdf") == ["file-too-large"]


def test_a_plan_writes_nothing_and_tells_what_will_be(home: Path, box: Path) -> None:
    _untitled(box)
    marc_file(box / "r.mrc", [record(1, "Un", "fre", "2"), record(2, "Two")])
    before = files_below(home / "archive"), catalogue_rows(home)
    planned = _ingest(home, box, plan=True)
    assert (files_below(home / "archive"), catalogue_rows(home)) == before
    assert not list((home / "staging").iterdir())
    assert planned == _ingest(home, box)


def test_a_home_without_room_stops_the_batch(home: Path, box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tie(*_: object) -> None:
        raise OSError(28, "No space left on device", str(home / "staging"))

    monkeypatch.setattr(Ties, "tie", tie)
    typeset(box / "a.pdf", [ENGLISH])
    with pytest.raises(StorageError, match="staging"):
        _ingest(home, box)
    monkeypatch.undo()
    assert outcomes(_ingest(home, box)) == {"box/a.pdf": "new"}
