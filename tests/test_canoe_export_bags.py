"""Bags made of a library, and what comes of them in another one."""

import json
import logging
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import bagit
import pymarc
import pytest
import small_library
from archive_library import filled
from lxml import etree
from scans import ENGLISH, typeset
from small_library import PROGRAM, canoe_here, canoe_program, environment, exported, outcomes

from archive.bag import check_bag
from canoe.bag_export import _staging
from canoe.home import Home
from metadata.errors import HomeHeld

TOLD = ("titles", "contributions", "dates", "languages", "type", "concepts", "keywords", "identifiers", "doi")


def _export(home: Path, out: Path, *query: str) -> None:
    answer = canoe_here("export", *query, "--home", home, "--format", "bagit", "--out", out)
    assert answer.code == 0, answer.err
    assert answer.out == ""


@pytest.fixture(scope="module")
def source(_full_home: Path) -> Path:
    """Return the home of which the bag is; nothing may change it."""
    return _full_home


@pytest.fixture(scope="module")
def bag(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend a bag of everything in the library that the small batch made; nothing may change it."""
    out = tmp_path_factory.mktemp("bags") / "everything"
    _export(source, out)
    return out


def _accepted(bag: Path) -> None:
    judged = check_bag(bag)
    assert (judged.faults, judged.warnings) == ((), ())
    logging.disable(logging.CRITICAL)
    try:
        bagit.Bag(str(bag)).validate()
    finally:
        logging.disable(logging.NOTSET)


def _lines(home: Path) -> dict[str, dict[str, object]]:
    return {line["id"]: line for line in map(json.loads, exported(home).splitlines())}


def _originals(home: Path) -> dict[str, bytes]:
    library = Home.read(home).library
    return {item.id: library.file(item, file.path).read_bytes() for item in library.items() for file in item.files[:1]}


def test_both_judges_accept_the_bag_and_it_says_where_it_is_from(bag: Path, source: Path) -> None:
    _accepted(bag)
    info = bagit.Bag(str(bag)).info
    assert info["Source-Organization"] == "The test library"
    assert info["Bag-Software-Agent"].startswith("Canoe ")
    assert set(_lines(source)) <= set(info["External-Identifier"])
    assert {path.name for path in bag.iterdir() if path.name.startswith("manifest")} == {
        "manifest-sha256.txt", "manifest-sha512.txt",
    }  # fmt: skip


def test_every_item_is_there_with_its_files_and_descriptions(bag: Path, source: Path) -> None:
    library = Home.read(source).library
    for item in library.items():
        folder = bag / "data" / item.id
        assert (folder / "metadata" / "item.json").is_file()
        for name in ("dc.xml", "marc.xml", "premis.xml", "mets.xml"):
            etree.parse(folder / "metadata" / name)
        for file in item.files_as("original"):
            assert (folder / file.path).read_bytes() == library.file(item, file.path).read_bytes()
        for page in library.pages(item.id):
            words = etree.parse(folder / "alto" / f"{page.number:04}.xml").iter("{*}String")
            assert [word.get("CONTENT") for word in words] == [word.text for word in page.words]
        assert len(list(folder.glob("alto/*"))) == item.page_count
    assert list(bag.glob("data/*/access/access.pdf"))


def test_mets_names_every_file_of_the_item_with_its_digest(bag: Path) -> None:
    sums = {path: one.sha512 for path, one in check_bag(bag).payload.items()}
    for document in bag.glob("data/*/metadata/mets.xml"):
        listed = {}
        for part in etree.parse(document).iter("{*}file", "{*}mdRef"):
            place = part if str(part.tag).endswith("mdRef") else part.find("{*}FLocat")
            assert place is not None
            path = document.parent / str(place.get("{http://www.w3.org/1999/xlink}href")).replace("%20", " ")
            listed[os.path.relpath(os.path.normpath(path), bag)] = part.get("CHECKSUM")
        assert {path: sums[path] for path in listed} == listed
        folder = document.parent.parent
        there = {str(path.relative_to(bag)) for path in folder.rglob("*") if path.is_file()}
        told = {"item.json", "dc.xml", "mets.xml"}
        assert {path for path in there if path.rpartition("/")[2] not in told} == set(listed)


@pytest.mark.ocr
def test_a_bag_comes_in_again_as_what_it_was(bag: Path, source: Path, home: Path, tmp_path: Path) -> None:
    answer = canoe_here("ingest", bag, "--home", home, "--json")
    assert answer.code == 0, answer.out
    counts = answer.json["counts"]
    assert (counts["new"], counts["refused"], counts["set_aside"]) == (13, 0, 1)
    before, after = _lines(source), _lines(home)
    assert set(before) == set(after)
    for name in TOLD:
        assert {key: line.get(name) for key, line in after.items()} == {
            key: line.get(name) for key, line in before.items()
        }, name
    assert _ties(after) == _ties(before)
    assert _ties(before)
    assert _originals(home) == _originals(source)
    again = canoe_here("ingest", bag, "--home", home, "--json").json
    assert set(outcomes(again).values()) == {"identical", "set_aside"}
    _export(home, tmp_path / "once-more")
    _accepted(tmp_path / "once-more")


def _ties(lines: dict[str, dict[str, object]]) -> dict[str, object]:
    return {key: line["relations"] for key, line in lines.items() if "relations" in line}


def test_at_home_a_bag_of_its_own_brings_nothing_new(bag: Path, full_home: Path) -> None:
    before = exported(full_home)
    report = canoe_here("ingest", bag, "--home", full_home, "--json").json
    assert set(outcomes(report).values()) == {"identical", "set_aside"}
    assert report["accession"] is None
    assert exported(full_home) == before


def test_the_digests_of_the_bag_are_kept_with_the_original(bag: Path, home: Path) -> None:
    canoe_here("ingest", bag, "--home", home)
    given = check_bag(bag).payload
    for item in Home.read(home).library.items():
        for file in item.files_as("original"):
            (known,) = [one.given for path, one in given.items() if one.sha512 == file.sha512]
            assert file.fixity == tuple(pair for pair in known if pair[0] == "sha256")
            assert file.fixity


def test_a_query_s_items_alone_are_exported(full_home: Path, tmp_path: Path) -> None:
    _export(full_home, tmp_path / "some", "consejo")
    wanted = {line["id"] for line in canoe_here("export", "consejo", "--home", full_home).lines}
    assert {folder.name for folder in (tmp_path / "some" / "data").iterdir()} == wanted
    assert len(wanted) == 1


def test_of_a_withdrawn_item_only_the_metadata_leave_and_it_does_not_come_in(
    full_home: Path, home: Path, tmp_path: Path
) -> None:
    (item,) = canoe_here("export", "consejo", "--home", full_home).lines
    canoe_here("withdraw", item["id"], "--reason", "a copy", "--home", full_home)
    _export(full_home, tmp_path / "bag")
    folder = tmp_path / "bag" / "data" / item["id"]
    assert [path.name for path in folder.iterdir()] == ["metadata"]
    report = canoe_here("ingest", tmp_path / "bag", "--home", home, "--json").json
    assert outcomes(report)[f"{folder}/metadata/item.json#1"] == "set_aside"
    assert item["id"] not in _lines(home)


def test_an_empty_folder_is_filled_and_a_full_one_left_alone(full_home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _export(full_home, tmp_path / "empty", "consejo")
    _accepted(tmp_path / "empty")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for taken in ("empty", "file", "link", "no/such"):
        answer = canoe_here("export", "--home", full_home, "--format", "bagit", "--out", tmp_path / taken)
        assert answer.code == 2, taken
        assert "--out" in answer.err or "Name a new folder" in answer.err
    assert canoe_here("export", "--home", full_home, "--format", "bagit").code == 2
    nothing = canoe_here("export", "xyzzy", "--home", full_home, "--format", "bagit", "--out", tmp_path / "none")
    assert nothing.code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "full", "link"]


@pytest.mark.parametrize("out", ["archive/bag", "catalogue.db", "link/archive/bag"])
@pytest.mark.parametrize("form", ["bagit", "jsonl"])
def test_nothing_is_exported_into_the_library_itself(full_home: Path, form: str, out: str) -> None:
    before = (full_home / "catalogue.db").read_bytes()
    (full_home.parent / "link").symlink_to(full_home)
    target = full_home.parent / out if out.startswith("link") else full_home / out
    answer = canoe_here("export", "--home", full_home, "--format", form, "--out", target)
    assert (answer.code, answer.out) == (2, "")
    assert f"{target} lies in the library itself." in answer.err
    assert (full_home / "catalogue.db").read_bytes() == before
    assert not (full_home / "archive" / "bag").exists()


@pytest.mark.parametrize("form", ["bagit", "jsonl"])
@pytest.mark.parametrize("length", [250, 300])
def test_a_name_that_is_too_long_is_refused(source: Path, tmp_path: Path, form: str, length: int) -> None:
    answer = canoe_here("export", "--home", source, "--format", form, "--out", tmp_path / ("n" * length))
    assert (answer.code, answer.out) == (2, "")
    assert "nnn has too long a name." in answer.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("pattern", ["original/*.pdf", "access.pdf", "pages.jsonl"])
def test_nothing_damaged_leaves_the_archive_as_good(full_home: Path, tmp_path: Path, pattern: str) -> None:
    victim = sorted(full_home.glob(f"archive/*/*/*/v1/content/{pattern}"))[0]
    victim.write_bytes(victim.read_bytes()[:-1] + b"\xff")
    answer = canoe_here("export", "--home", full_home, "--format", "bagit", "--out", tmp_path / "bag")
    assert answer.code == 4
    assert victim.name in answer.err
    victim.unlink()
    answer = canoe_here("export", "--home", full_home, "--format", "bagit", "--out", tmp_path / "bag")
    assert answer.code == 4
    assert not (tmp_path / "bag").exists()
    assert not list(tmp_path.glob(".bag*"))


def test_names_that_readers_of_bags_would_take_for_others_are_replaced(home: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    names = ["100%0Asure.pdf", "a%25b%20c.pdf", "tab\tand\nline.pdf", "forêt.pdf", "fore\u0302t-2.pdf", "x\\y.pdf"]
    for number, name in enumerate([*names, os.fsdecode(b"caf\xe9.pdf")]):
        typeset(shelf / "plain.pdf", [f"{ENGLISH} Volume {number}."])
        (shelf / "plain.pdf").rename(shelf / name)
    assert canoe_here("ingest", shelf, "--home", home).code == 0
    _export(home, tmp_path / "bag")
    _accepted(tmp_path / "bag")
    other = tmp_path / "other"
    assert canoe_here("init", "--home", other, "--doi-prefix", "10.5555").code == 0
    assert canoe_here("ingest", tmp_path / "bag", "--home", other).code == 0
    assert {key: line["titles"] for key, line in _lines(other).items()} == {
        key: line["titles"] for key, line in _lines(home).items()
    }


def test_records_described_anew_and_withdrawn_items_are_packed_too(tmp_path: Path) -> None:
    answer = canoe_program("init", "--home", tmp_path / "home", "--base-url", "http://library.example.org")
    assert answer.code == 0
    shutil.rmtree(tmp_path / "home" / "archive")
    (tmp_path / "home" / "catalogue.db").unlink()
    library = filled(tmp_path / "home")
    library.catalogue.close()
    _export(tmp_path / "home", tmp_path / "bag")
    _accepted(tmp_path / "bag")


def test_a_kill_leaves_no_bag_and_the_next_export_clears_what_it_left(full_home: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    _export(full_home, tmp_path / "first")
    command: list[str | Path] = [PROGRAM, "export", "--home", full_home, "--format", "bagit", "--out", tmp_path / "bag"]
    took, left = max(1.0, time.monotonic() - began), 0
    for part in range(6):
        with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            while not (tmp_path / ".bag.canoe-bag").exists() and run.poll() is None:
                time.sleep(0.005)
            time.sleep(took * part / 12)
            run.send_signal(signal.SIGKILL)
        if (tmp_path / "bag").exists():
            _accepted(tmp_path / "bag")
            shutil.rmtree(tmp_path / "bag")
        else:
            left += (tmp_path / ".bag.canoe-bag").exists()
    assert left
    _export(full_home, tmp_path / "bag")
    _accepted(tmp_path / "bag")
    assert not list(tmp_path.glob(".bag*"))


def test_two_exports_to_one_folder_do_not_mix(full_home: Path, tmp_path: Path) -> None:
    with _staging(tmp_path / "bag") as staging, pytest.raises(HomeHeld), _staging(tmp_path / "bag"):
        pass
    assert staging.name == ".bag.canoe-bag"


def test_the_records_that_described_an_item_travel_with_it(home: Path, tmp_path: Path) -> None:
    shelf, other = tmp_path / "shelf", tmp_path / "other"
    shelf.mkdir()
    typeset(shelf / "report.pdf", [ENGLISH])
    told = small_library.record(7, "The wetlands of the north")
    told.add_ordered_field(pymarc.Field("583", pymarc.Indicators(" ", " "), [pymarc.Subfield("a", "bound in calf")]))
    kept = small_library.marc_file(shelf / "report.mrc", [told]).read_bytes()
    assert canoe_here("ingest", shelf, "--home", home).code == 0
    (item,) = Home.read(home).library.items()
    _export(home, tmp_path / "bag")
    _accepted(tmp_path / "bag")
    assert (tmp_path / "bag" / "data" / item.id / "source" / "report.mrc").read_bytes() == kept
    at_home = canoe_here("ingest", tmp_path / "bag", "--home", home, "--json").json
    assert [piece["outcome"] for piece in at_home["pieces"] if piece["item"]] == ["identical"]
    assert not [one for piece in at_home["pieces"] for one in piece["problems"] if one["code"] == "sidecar-unused"]
    assert canoe_here("init", "--home", other).code == 0
    assert canoe_here("ingest", tmp_path / "bag", "--home", other).code == 0
    assert "bound in calf" in canoe_here("show", item.id, "--format", "marcxml", "--home", other).out
    _export(other, tmp_path / "again")
    assert (tmp_path / "again" / "data" / item.id / "source" / "report.mrc").read_bytes() == kept


def test_what_was_edited_before_it_left_is_not_undone_by_the_record_that_travels_with_it(
    home: Path, tmp_path: Path
) -> None:
    shelf, other = tmp_path / "shelf", tmp_path / "other"
    shelf.mkdir()
    typeset(shelf / "report.pdf", [ENGLISH])
    small_library.marc_file(shelf / "report.mrc", [small_library.record(7, "The wetlands of the north")])
    assert canoe_here("ingest", shelf, "--home", home).code == 0
    (item,) = Home.read(home).library.items()
    assert canoe_here("edit", item.id, "--set", "note=A second look", "--home", home).code == 0
    _export(home, tmp_path / "bag")
    assert canoe_here("init", "--home", other).code == 0
    assert canoe_here("ingest", tmp_path / "bag", "--home", other).code == 0
    assert "A second look" in canoe_here("show", item.id, "--format", "marcxml", "--home", other).out
