"""canoe formats: every file counted once, risk first, and each file listed."""

import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_library import canoe_here, canoe_program, items, working_in

from archive.library import Library
from canoe.commands import formats
from canoe.home import Home
from metadata.model import File, Item, Text


def held(home: Path) -> list[dict[str, Any]]:
    answer = canoe_here("formats", "--home", home, "--json")
    assert (answer.code, answer.err) == (0, "")
    found: list[dict[str, Any]] = answer.json["formats"]
    return found


def digest(content: bytes) -> str:
    return hashlib.sha512(content).hexdigest()


def put(library: Library, number: int, *files: tuple[str, bytes]) -> str:
    """Keep an item with files: the PUID and the content of each."""
    name = f"{number:010}"
    made = tuple(
        File(
            f"original/{place}",
            "original",
            "application/octet-stream",
            len(content),
            digest(content),
            f"file {place}",
            puid,
        )
        for place, (puid, content) in enumerate(files)
    )
    content = {file.path: content for file, (_, content) in zip(made, files, strict=True)}
    item = Item(id=name, titles=(Text(f"Item {number}"),), files=made, source=name, submission=f"{number:0128}")
    with library.writer() as writer:
        writer.put_item(item, content, "Made for a test")
    return name


@pytest.fixture
def mixed(home: Path) -> Path:
    """Fill a home with files in several formats; one item is withdrawn."""
    library = Home.read(home).library
    put(library, 1, ("fmt/354", b"12345"), ("fmt/354", b"123"))
    put(library, 2, ("fmt/354", b"1"), ("", b"what"))
    put(library, 3, ("fmt/40", b"old"), ("fmt/99999", b"rare"))
    put(library, 4, ("fmt/568", b"shown"), ("fmt/18", b"pdf"))
    with library.writer() as writer:
        writer.withdraw(library.item("0000000004"), "a test")
    return home


def test_an_empty_library_holds_nothing(home: Path) -> None:
    assert held(home) == []
    assert canoe_here("formats", "--home", home).out == "The library holds no files.\n"


def test_formats_are_counted_with_files_items_and_bytes_the_gravest_risk_first(mixed: Path) -> None:
    found = held(mixed)
    assert [(one["puid"], one["risk"], one["files"], one["items"], one["bytes"]) for one in found] == [
        ("fmt/40", "high", 1, 1, 3),
        ("", "unknown", 1, 1, 4),
        ("fmt/99999", "unknown", 1, 1, 4),
        ("fmt/568", "moderate", 1, 1, 5),
        ("fmt/354", "low", 3, 2, 9),
        ("fmt/18", "low", 1, 1, 3),
    ]
    assert [one["name"] for one in found][:2] == ["Microsoft Word 97-2003", "Unknown format"]
    assert all(one["reason"] and one["advice"] for one in found)


def test_people_read_a_table_and_what_to_do(mixed: Path) -> None:
    lines = canoe_here("formats", "--home", mixed).out.splitlines()
    assert lines[0].split() == ["PUID", "format", "files", "items", "size", "risk"]
    assert lines[1].split() == ["fmt/40", "Microsoft", "Word", "97-2003", "1", "1", "3", "B", "high"]
    assert "    canoe formats --list fmt/40" in lines
    assert "    canoe formats --list unknown" in lines
    assert not [line for line in lines if line.startswith("PDF/A-1b:")]
    assert lines[-1] == "8 files in 6 formats."


@pytest.mark.parametrize(
    ("asked", "paths"),
    [
        ("unknown", ["0000000002/original/1"]),
        ("fmt/354", ["0000000001/original/0", "0000000001/original/1", "0000000002/original/0"]),
        ("pdf/a", ["0000000001/original/0", "0000000001/original/1", "0000000002/original/0"]),
        ("PDF 1.4", ["0000000004/original/1"]),
        ("fmt/99999", ["0000000003/original/1"]),
        ("tiff", []),
    ],
)
def test_the_files_of_a_format_are_listed(mixed: Path, asked: str, paths: list[str]) -> None:
    answer = canoe_here("formats", "--home", mixed, "--list", asked, "--json")
    assert answer.code == 0
    assert [f"{line['item']}/{line['path']}" for line in answer.lines] == paths
    assert all(line["name"] and line["bytes"] and line["media_type"] for line in answer.lines)
    plain = canoe_here("formats", "--home", mixed, "--list", asked).out.splitlines()
    assert [line.split()[0] + "/" + line.split()[-1] for line in plain] == paths


@pytest.mark.parametrize("asked", ["papyrus", "canoe/papyrus", " "])
def test_a_format_that_nobody_knows_is_wrong_usage(home: Path, asked: str) -> None:
    answer = canoe_here("formats", "--home", home, "--list", asked)
    assert (answer.code, answer.out) == (2, "")
    assert "There is no format called" in answer.err


def test_the_catalogue_is_read_in_portions_and_nothing_is_missed(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = held(mixed)
    monkeypatch.setattr(formats, "_AT_ONCE", 1)
    assert held(mixed) == whole


def test_a_name_that_a_terminal_would_obey_is_shown(home: Path) -> None:
    library = Home.read(home).library
    put(library, 1, ("fmt/18", b"x"))
    item = library.item("0000000001")
    evil = replace(item, files=(replace(item.files[0], puid="fmt/\x1b[31m1"),))
    with library.writer() as writer:
        writer.put_item(evil, {}, "Made for a test")
    assert "\x1b" not in canoe_here("formats", "--home", home).out


# --- after a real ingest ----------------------------------------------------------------------


@pytest.mark.ocr
def test_what_came_in_is_identified_each_file_once(full_home: Path) -> None:
    kept = [file for item in items(full_home).values() for file in item.get("files", [])]
    told = {(file["role"], file["media_type"]): file["puid"] for file in kept}
    assert told[("original", "image/tiff")] == "fmt/353"
    assert told[("pages", "application/jsonl")] == "fmt/2054"
    assert {file["puid"] for file in kept if file["media_type"] == "application/pdf"} <= {"fmt/17", "fmt/19"}
    assert {one["puid"]: one["files"] for one in held(full_home)} == Counter(file["puid"] for file in kept)


@pytest.mark.ocr
def test_the_same_again_is_identical_and_readers_find_it_by_format(full_home: Path, small_batch: Path) -> None:
    with working_in(small_batch.parent):
        again = canoe_here("ingest", "batch", "--home", full_home, "--json")
    assert again.json["accession"] is None
    found = canoe_here("search", "format:tiff", "--home", full_home, "--json").lines
    assert [hit["title"] for hit in found] == ["Los bosques de la costa"]
    assert canoe_here("search", "report format:pdf", "--home", full_home, "--json").lines == []


@pytest.mark.ocr
def test_without_pygfried_the_same_formats_come_in(
    home: Path, full_home: Path, small_batch: Path, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden" / "sitecustomize.py"
    hidden.parent.mkdir()
    marker = hidden.with_name("started")
    hidden.write_text(f"import sys\nsys.modules['pygfried'] = None\nopen({str(marker)!r}, 'w').close()\n")
    answer = canoe_program("ingest", "batch", "--home", home, cwd=small_batch.parent, PYTHONPATH=str(hidden.parent))
    assert answer.code == 3, answer.err
    assert marker.exists()
    assert _formats_by_path(home) == _formats_by_path(full_home)


def _formats_by_path(home: Path) -> dict[str, str]:
    return {
        f"{source}:{file['path']}": file["puid"]
        for source, item in items(home).items()
        for file in item.get("files", [])
    }
