"""Items of DSpace's Simple Archive Format come in as items with all their files."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from scans import ENGLISH, FRENCH, typeset
from small_library import canoe_here, codes, exported, items, logical_files, outcomes
from xml_shared import shared

TITLE = "<dublin_core schema='dc'><dcvalue element='title' qualifier='none'>%s</dcvalue></dublin_core>"


def _item(folder: Path, files: dict[str, bytes], contents: str | None, title: str = "A title") -> Path:
    folder.mkdir(parents=True)
    (folder / "dublin_core.xml").write_text(TITLE % title, "utf-8")
    if contents is not None:
        (folder / "contents").write_text(contents, "utf-8")
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def _pdf(folder: Path, text: str) -> bytes:
    return typeset(folder / "made.pdf", [text]).read_bytes()


def _ingest(home: Path, *paths: Path, plan: bool = False) -> Any:
    answer = canoe_here("ingest", *paths, "--home", home, "--json", *(["--plan"] if plan else []))
    assert answer.err == "" or answer.code in (0, 3), answer.err
    return answer.json


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Make an export of five items: several files, none readable, a damaged PDF, no files, and a stray file."""
    first = _pdf(tmp_path, ENGLISH)
    second = _pdf(tmp_path, FRENCH)
    (tmp_path / "made.pdf").unlink()
    shelf = tmp_path / "saf"
    contents = (
        "data.csv\tbundle:ORIGINAL\nappendix.pdf\nreport.pdf\tprimary:true\n"
        "license.txt\tbundle:LICENSE\nreport.pdf.txt\tbundle:TEXT\nreport.pdf.jpg\tbundle:THUMBNAIL\n"
    )
    files = {"report.pdf": first, "appendix.pdf": second, "data.csv": b"a,b\n", "license.txt": b"You may.",
             "report.pdf.txt": b"text", "report.pdf.jpg": b"\xff\xd8\xff", "handle": b"1/2"}  # fmt: skip
    _item(shelf / "item_1", files, contents, "Several files")
    _item(shelf / "item_2", {"film.mp4": b"\0" * 99, "notes.txt": b"x"}, "film.mp4\nnotes.txt\n", "A film")
    _item(shelf / "item_3", {"bad.pdf": b"%PDF-1.4 cut", "collections": b"1/9"}, "bad.pdf", "Damaged")
    _item(shelf / "item_4", {"handle": b"1/4"}, "", "Only a record")
    _item(shelf / "item_5", {"a.pdf": second, "stray.bin": b"x"}, "a.pdf", "With a stray")
    return shelf


def test_every_item_comes_in_with_its_files(home: Path, shelf: Path) -> None:
    plan = _ingest(home, shelf, plan=True)
    report = _ingest(home, shelf)
    assert {**report, "accession": ""} == {**plan, "accession": ""}
    assert set(outcomes(report).values()) == {"new"}
    found = {source.rpartition("/")[2]: item for source, item in items(home).items()}
    assert len(found) == 5
    first = found["item_1"]
    assert [(one["path"], one["role"]) for one in first["files"]] == [
        ("original/report.pdf", "original"), ("original/data.csv", "original"), ("original/appendix.pdf", "original"),
        ("pages.jsonl", "pages"),
    ]  # fmt: skip
    assert (first["page_count"], first["titles"][0]["value"]) == (1, "Several files")
    assert {"scheme": "handle", "value": "1/2"} in first["identifiers"]
    assert [one["path"] for one in found["item_2"]["files"]] == ["original/film.mp4", "original/notes.txt"]
    assert [one["path"] for one in found["item_3"]["files"]] == ["original/bad.pdf"]
    assert found["item_3"]["collections"] == ["col_1_9"]
    assert "files" not in found["item_4"]
    told = {
        piece["source"].rpartition("/")[2]: [one["code"] for one in piece["problems"]] for piece in report["pieces"]
    }
    assert told["item_1"].count("saf-file-left") == 2
    assert "item-without-pages" in told["item_2"]
    assert "item-without-pages" in told["item_3"]
    assert told["item_5"].count("saf-file-left") == 1


def test_what_describes_an_item_is_kept_byte_for_byte_and_every_file_has_its_events(home: Path, shelf: Path) -> None:
    _ingest(home, shelf)
    (item,) = [one for source, one in items(home).items() if source.endswith("item_1")]
    kept = logical_files(home)[f"urn:canoe:item:{item['id']}"]
    assert {name for name in kept if name.startswith("source/")} == {
        "source/dublin_core.xml", "source/contents", "source/handle", "source/license.txt",
    }  # fmt: skip
    (document,) = [path for path in home.rglob("source/dublin_core.xml") if f"%3a{item['id']}" in str(path)]
    assert document.read_bytes() == (shelf / "item_1/dublin_core.xml").read_bytes()
    (log,) = (path for path in home.rglob("events.jsonl") if f"%3a{item['id']}" in str(path))
    events = [json.loads(line) for line in log.read_bytes().splitlines()]
    told = [one["files"] for one in events if one["type"] == "format identification"]
    assert told == [["original/report.pdf"], ["original/data.csv"], ["original/appendix.pdf"]]
    assert canoe_here("check", "--home", home).code == 0
    before = exported(home)
    assert canoe_here("rebuild", "--home", home).code == 0
    assert exported(home) == before


def test_again_it_is_known_whatever_the_order_of_its_files(home: Path, shelf: Path) -> None:
    _ingest(home, shelf)
    again = _ingest(home, shelf)
    assert (again["accession"], again["counts"]["identical"]) == (None, 5)
    contents = shelf / "item_2/contents"
    contents.write_text("notes.txt\nfilm.mp4\n")
    ids = {item["id"] for item in items(home).values()}
    moved = _ingest(home, shelf)
    assert outcomes(moved)[str(shelf / "item_2")] == "changed", "its contents are kept anew"
    assert {item["id"] for item in items(home).values()} == ids


def test_a_new_description_changes_the_item_and_is_kept(home: Path, shelf: Path) -> None:
    _ingest(home, shelf)
    path = shelf / "item_1/dublin_core.xml"
    path.write_text(path.read_text().replace("Several files", "Several files, revised"))
    report = _ingest(home, shelf)
    assert report["counts"]["changed"] == 1
    (item,) = [one for source, one in items(home).items() if source.endswith("item_1")]
    assert item["titles"][0]["value"] == "Several files, revised"
    assert len(item["files"]) == 4
    path.write_text(path.read_text() + "<!-- said in no field -->")
    assert _ingest(home, shelf)["counts"]["changed"] == 1, "the source record is another"
    assert _ingest(home, shelf)["accession"] is None


def test_a_file_alone_and_as_an_item_is_the_same(home: Path, tmp_path: Path) -> None:
    pdf = _pdf(tmp_path, ENGLISH)
    (alone,) = _ingest(home, tmp_path / "made.pdf")["pieces"]
    _item(tmp_path / "saf/item_1", {"a.pdf": pdf}, "a.pdf", "Now with a title")
    (told,) = _ingest(home, tmp_path / "saf")["pieces"]
    assert (told["outcome"], told["item"]) == ("changed", alone["item"])


def test_items_with_faults_are_refused_and_their_neighbours_come_in(home: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "saf"
    (tmp_path / "secret.txt").write_text("not to be read")
    _item(shelf / "1", {"a.txt": b"1"}, "a.txt\nlost.pdf\n")
    _item(shelf / "2", {"a.txt": b"2"}, "a.txt\n../../secret.txt\n/etc/hostname\n")
    _item(shelf / "3", {"a.txt": b"3"}, "-r -s 0 -f a.txt\n")
    _item(shelf / "4", {"a.txt": b"4"}, "a.txt\n")
    (shelf / "4/dublin_core.xml").unlink()
    _item(shelf / "5", {"a.txt": b"5"}, "a.txt\nlink.txt\n")
    (shelf / "5/link.txt").symlink_to(tmp_path / "secret.txt")
    _item(shelf / "6", {"a.txt": b"6"}, "a.txt\n")
    (shelf / "6/dublin_core.xml").write_text("<dublin_core><dcvalue element='title'>cut")
    _item(shelf / "7", {"a.txt": b"7"}, "a.txt\tpermissions:-r 'Staff'\n")
    report = _ingest(home, shelf)
    found = {source.removeprefix(f"{shelf}/"): outcome for source, outcome in outcomes(report).items()}
    assert found == {**dict.fromkeys("12345", "refused"), "5/link.txt": "refused", "6": "refused", "7": "new"}
    expected = {
        "1": ["saf-file-missing"], "2": ["saf-path-outside", "saf-path-outside"], "3": ["saf-registered"],
        "4": ["saf-incomplete"], "5": ["saf-file-missing"], "6": ["record-damaged"],
        "5/link.txt": ["not-a-regular-file"],
    }  # fmt: skip
    for name, wanted in expected.items():
        assert [code for code in codes(report, f"{shelf}/{name}") if code != "saf-file-left"] == wanted, name
    assert "saf-permissions" in codes(report, f"{shelf}/7")
    (item,) = items(home).values()
    assert item["access"] == "restricted"
    assert not any(b"not to be read" in path.read_bytes() for path in (home / "archive").rglob("*") if path.is_file())


def test_a_folder_in_which_a_file_is_called_contents_is_no_item(home: Path, tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    (box / "contents").write_text("Chapter one\nChapter two\n")
    (box / "dublin_core.txt").write_text("x")
    (box / "a.mrc").write_bytes(b"")
    assert set(outcomes(_ingest(home, box)).values()) == {"set_aside", "refused"}


def test_an_export_comes_in_packed_just_the_same(home: Path, shelf: Path, tmp_path: Path) -> None:
    for number in (1, 3, 5):
        shutil.rmtree(shelf / f"item_{number}")
    shutil.make_archive(str(tmp_path / "export"), "zip", shelf)
    report = _ingest(home, tmp_path / "export.zip")
    assert outcomes(report) == {
        f"{tmp_path}/export.zip": "set_aside", f"{tmp_path}/export.zip/item_2": "new",
        f"{tmp_path}/export.zip/item_4": "new",
    }  # fmt: skip
    again = _ingest(home, shelf)
    assert (again["counts"]["identical"], again["counts"]["in"]) == (2, 2)
    assert f"{tmp_path}/export.zip/item_2" in items(home)


def test_items_of_several_files_go_from_library_to_library_in_a_bag(
    home: Path, empty_home: Path, shelf: Path, tmp_path: Path
) -> None:
    _ingest(home, shelf)
    bag = tmp_path / "bag"
    answer = canoe_here("export", "--format", "bagit", "--out", bag, "--home", home)
    assert answer.code == 0, answer.err
    there = shutil.copytree(empty_home, tmp_path / "there")
    report = _ingest(there, bag)
    assert report["counts"]["new"] == report["counts"]["in"] - 1, "all but the bag itself"
    before = {item["id"]: _compared(item) for item in items(home).values()}
    after = {item["id"]: _compared(item) for item in items(there).values()}
    assert before == after
    assert {len(files) for files, *_ in after.values()} == {0, 1, 2, 3}


def _compared(item: dict[str, Any]) -> tuple[Any, ...]:
    originals = [file for file in item.get("files", []) if file["role"] == "original"]
    files = [(file["path"], file["name"], file["sha512"]) for file in originals]
    return files, item["titles"], item.get("identifiers"), item.get("collections"), item.get("page_count")


@pytest.mark.shared
def test_dspace_s_own_example_comes_in(home: Path) -> None:
    report = _ingest(home, shared("other", "dspace", "saf-bitstreams.zip"))
    assert (report["counts"]["in"], report["counts"]["new"]) == (2, 1)
    (item,) = items(home).values()
    assert [one["value"] for one in item["titles"]] == ["A Tale of Two Cities", "J'aime les Printemps"]
    assert [one["path"] for one in item["files"]] == ["original/file1.txt"]


def test_an_item_without_files_is_known_by_its_handle_when_its_metadata_change(home: Path, tmp_path: Path) -> None:
    folder = _item(tmp_path / "export" / "1", {"handle": b"10673/4\n"}, "")
    _item(tmp_path / "export" / "2", {"handle": b"10673/5\n"}, "")
    (first, other) = _ingest(home, folder.parent)["pieces"]
    assert (first["outcome"], other["outcome"]) == ("new", "new")
    (folder / "dublin_core.xml").write_text(TITLE % "Another title", "utf-8")
    (again, same) = _ingest(home, folder.parent)["pieces"]
    assert (again["outcome"], again["item"]) == ("changed", first["item"])
    assert (same["outcome"], same["item"]) == ("identical", other["item"])
    assert _ingest(home, folder.parent)["counts"]["identical"] == 2
