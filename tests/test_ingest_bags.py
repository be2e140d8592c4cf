"""Bags among what came: judged first, gone into where they are valid, refused as a whole else."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import bare_item, book, sha512
from scans import ENGLISH, typeset
from small_library import canoe_here, codes, items, marc_file, outcomes, record
from test_archive_bag import digest, make, seal

from archive.library import Library
from canoe.home import Home
from ingest.batch import ingest
from ingest.gather import Found, gather
from ingest.tools import NOBODY
from metadata.accession import Piece
from metadata.description import Description, Link, Rejected
from metadata.item_record import LARGEST, portable, read_item_record
from metadata.model import Agent, Box, Contribution, Date, Doi, Identifier, Item, Relation, Series, Text
from metadata.serial import to_json

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Path]:
    """Work in a folder, and lend an empty one in it by the name that a command line gives it."""
    (tmp_path / "shelf").mkdir()
    with contextlib.chdir(tmp_path):
        yield Path("shelf")


def _gathered(*paths: Path) -> list[Found | Piece]:
    with tempfile.TemporaryDirectory() as workspace:
        return list(gather(paths, Path("home"), Path(workspace)))


def _told(found: list[Found | Piece]) -> list[tuple[str, str]]:
    return [(one.source, one.kind if isinstance(one, Found) else one.outcome) for one in found]


def _own(folder: Path, item: Item, agent: str = "Canoe 1.0") -> Path:
    """Make a bag such as Canoe makes, of one item with an original, an access copy and a page."""
    below = item.id
    files = {
        f"{below}/original/a.pdf": PDF, f"{below}/access/access.pdf": PDF + b"%", f"{below}/alto/0001.xml": b"<alto/>",
        f"{below}/metadata/item.json": to_json(item), f"{below}/metadata/dc.xml": b"<dc/>",
    }  # fmt: skip
    make(folder, files)
    (folder / "bag-info.txt").write_text(f"Bag-Software-Agent: {agent}\n")
    seal(folder)
    return folder


# --- gathering ----------------------------------------------------------------------------------


def test_a_valid_bag_is_opened_and_its_payload_told_with_its_digests(shelf: Path) -> None:
    make(shelf / "bag", {"a.pdf": PDF, "below/r.mrc": record(1, "T").as_marc(), "notes.txt": b"hello"}, algorithm="md5")
    (shelf / "z.pdf").write_bytes(PDF + b"%")
    found = _gathered(shelf)
    assert _told(found) == [
        ("shelf/bag", "set_aside"),
        ("shelf/bag/bag-info.txt", "tag"),
        ("shelf/bag/bagit.txt", "tag"),
        ("shelf/bag/data/a.pdf", "document"),
        ("shelf/bag/data/below/r.mrc", "marc21"),
        ("shelf/bag/data/notes.txt", "set_aside"),
        ("shelf/bag/manifest-md5.txt", "tag"),
        ("shelf/bag/tagmanifest-md5.txt", "tag"),
        ("shelf/z.pdf", "document"),
    ]
    document, outside = found[3], found[-1]
    assert isinstance(document, Found)
    assert (document.sha512, document.fixity) == (sha512(PDF), (("md5", digest(PDF, "md5")),))
    assert isinstance(outside, Found)
    assert (outside.sha512, outside.fixity) == ("", ())
    assert isinstance(found[1], Found)
    assert found[1].name == "bag-bag-info.txt"
    assert isinstance(found[0], Piece)
    assert dict(found[0].problems[0].params) == {"version": "1.0", "payload": "3", "tags": "4"}


def test_a_bag_is_one_however_it_is_named(shelf: Path) -> None:
    make(shelf / "bag", {"a.pdf": PDF})
    inside = _told(_gathered(shelf / "bag"))
    assert inside == _told(_gathered(shelf))
    assert _told(_gathered(shelf, shelf / "bag")) == inside
    with contextlib.chdir(shelf / "bag"):
        found = _gathered(Path())
    assert _told(found)[0] == (".", "set_aside")
    assert {one.name for one in found if isinstance(one, Found) and one.kind == "tag"} >= {"bag-bagit.txt"}


def test_of_an_invalid_bag_nothing_comes_in_and_every_reason_is_told(shelf: Path) -> None:
    bag = make(shelf / "bag", {"a.pdf": PDF, "b.pdf": PDF})
    (bag / "data" / "a.pdf").write_bytes(b"%PDF-1.5\n%%EOF\n")
    (bag / "data" / "b.pdf").unlink()
    (found,) = _gathered(shelf)
    assert isinstance(found, Piece)
    assert (found.source, found.outcome) == ("shelf/bag", "refused")
    assert {(one.code, one.where) for one in found.problems} == {
        ("bag-oxum-wrong", "shelf/bag"),
        ("bag-file-missing", "shelf/bag/data/b.pdf"),
        ("bag-file-wrong", "shelf/bag/data/a.pdf"),
    }


def test_a_bag_in_a_bag_is_judged_too_and_gives_its_digests(shelf: Path) -> None:
    make(shelf / "inner", {"a.pdf": PDF}, algorithm="md5")
    inner = {f"in/{path.relative_to(shelf / 'inner')}": path.read_bytes() for path in (shelf / "inner").rglob("*.*")}
    shutil.rmtree(shelf / "inner")
    make(shelf / "outer", inner)
    (document,) = [one for one in _gathered(shelf) if isinstance(one, Found) and one.kind == "document"]
    assert dict(document.fixity) == {"md5": digest(PDF, "md5"), "sha256": digest(PDF)}
    inner["in/data/extra.pdf"] = PDF
    make(shelf / "second", inner)
    refused = [one.source for one in _gathered(shelf / "second") if isinstance(one, Piece) and one.outcome == "refused"]
    assert refused == ["shelf/second/data/in"]


def test_bags_are_not_opened_without_end(shelf: Path) -> None:
    payload = {"a.pdf": PDF}
    for depth in range(6):
        made = make(shelf / f"{depth}", payload)
        payload = {f"in/{path.relative_to(made)}": path.read_bytes() for path in made.rglob("*") if path.is_file()}
    found = _gathered(shelf / "5")
    assert [one.problems[0].code for one in found if isinstance(one, Piece)] == ["bag-received"] * 3 + ["bag-nested"]
    assert not [one for one in found if isinstance(one, Found) and one.kind == "document"]


def test_of_a_bag_of_our_own_originals_and_what_is_known_of_them_come_in(shelf: Path) -> None:
    item = book(1)[0]
    found = _gathered(_own(shelf / "bag", item))
    assert [told for told in _told(found) if told[1] not in ("tag", "set_aside")] == [
        (f"shelf/bag/data/{item.id}/metadata/item.json", "item"),
        (f"shelf/bag/data/{item.id}/original/a.pdf", "document"),
    ]
    assert isinstance(found[0], Piece)
    assert [one.code for one in found[0].problems] == ["bag-received", "bag-copies-left"]
    assert dict(found[0].problems[1].params) == {"count": "3"}


def test_a_bag_that_only_looks_like_ours_is_taken_as_it_is(shelf: Path) -> None:
    found = _told(_gathered(_own(shelf / "bag", book(1)[0], "Else 1.0")))
    assert [kind for _, kind in found].count("document") == 2
    strange = replace(book(1)[0], id="notanitem1")
    assert [kind for _, kind in _told(_gathered(_own(shelf / "b", strange)))].count("document") == 2


def test_packed_bags_are_opened_and_judged(shelf: Path) -> None:
    make(Path("bag"), {"a.pdf": PDF})
    for form in ("zip", "tar", "gztar"):
        shutil.make_archive(str(shelf / f"bag-{form}"), form, ".", "bag")
    found = _gathered(shelf)
    documents = [one for one in found if isinstance(one, Found) and one.kind == "document"]
    assert [one.source for one in documents] == [
        f"shelf/bag-{form}/bag/data/a.pdf" for form in ("gztar.tar.gz", "tar.tar", "zip.zip")
    ]
    assert all(one.sha512 for one in documents), "the bag’s digests were checked"
    assert {one.outcome for one in found if isinstance(one, Piece)} == {"set_aside"}


# --- an item.json from outside ------------------------------------------------------------------


def _read(item: Item) -> Description:
    found = read_item_record(to_json(item), "bag/item.json")
    assert isinstance(found, Description), found
    return found


def test_an_item_record_says_what_was_known_and_not_what_a_library_finds_out() -> None:
    item = replace(book(1)[0], relations=(Relation("isPartOf", book(2)[0].id),), page_count=9, accession="a-x")
    found = _read(item)
    assert found.file == "../original/scan.tif"
    assert found.links == (Link("isPartOf", "item", book(2)[0].id, "relations"),)
    told = found.item
    assert (told.id, told.submission, told.accession, told.doi) == ("", "", "", None)
    assert (told.files, told.page_count) == ((), 0)
    assert (told.titles, told.identifiers) == (item.titles, tuple(dict.fromkeys(item.identifiers)))
    assert found.problems == ()


def test_an_item_record_keeps_all_that_describes() -> None:
    item = replace(
        bare_item(3), titles=(Text("A", "fr"), Text("B", "en", "translated")), countries=("SN",), access="embargoed",
        boxes=(Box(-17.5, 12.25, -11.0, 16.75), Box(1e300, 0.0, 0.0, 0.0)), embargo="2031-02-03", places=("Dakar",),
        edition="2e éd.", extent="12 p.", series=(Series("Série", "5"),), notes=(Text("Note", "fr"),),
    )  # fmt: skip
    told = _read(item).item
    same = replace(told, source=item.source, boxes=item.boxes, identifiers=item.identifiers)
    assert same == replace(item, accession="", doi=None)
    assert told.boxes == item.boxes[:1]
    assert _read(replace(item, embargo="<b>")).item.embargo == ""


def test_a_record_without_files_keeps_its_id_and_what_it_was_submitted_as() -> None:
    item = bare_item(3)
    told = _read(item).item
    assert (told.id, told.submission) == (item.id, item.submission)
    for wrong in (replace(item, id="../../etc/x"), replace(item, submission="x")):
        assert (_read(wrong).item.id, _read(wrong).item.submission) == ("", "")


def test_a_doi_that_was_registered_comes_along_and_a_reserved_one_does_not() -> None:
    for state, known in (("findable", True), ("registered", True), ("external", True), ("reserved", False)):
        item = replace(bare_item(3), doi=Doi("10.5555/abc", state), identifiers=())  # type: ignore[arg-type]
        assert (Identifier("doi", "10.5555/abc") in _read(item).item.identifiers) is known


def test_what_the_model_does_not_know_is_left_out_with_a_remark() -> None:
    agent = Contribution(agent=replace(_agent(), name="A\x00B"), role="<b>")
    item = replace(
        bare_item(3), titles=(Text("Title\x0b"),), type="tomb", languages=("en", "qqq-no-such"), contributions=(agent,),
        dates=(Date("<script>"), Date("1987~")), relations=(Relation("isPartOf", "nobody"),),
    )  # fmt: skip
    found = _read(item)
    assert found.item.titles == (Text("Title"),)
    assert (found.item.type, found.item.languages, found.item.contributions) == ("other", ("en",), ())
    assert (found.item.dates, found.links) == ((Date("1987~"),), ())
    assert {one.code for one in found.problems} == {"record-mended", "value-unknown"}
    assert {one.where for one in found.problems} >= {"bag/item.json#1:role", "bag/item.json#1:relations"}


def _agent() -> Agent:
    return Agent("A", "person")


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"[]", b"{}" * 2, b'{"id": 3}', b'{"strange": 1}', b"[" * 100_000, b" " * (LARGEST + 1), b"{}"],
)
def test_what_is_no_item_is_refused_with_its_reason(data: bytes) -> None:
    found = read_item_record(data, "x")
    assert isinstance(found, Rejected)
    assert not found.set_aside
    assert found.problems


@pytest.mark.parametrize(
    ("path", "fit"),
    [
        ("original/a b.pdf", "original/a b.pdf"), ("original/100%25.pdf", "original/100_25.pdf"),
        ("original/%0Ax%20.pdf", "original/_0Ax%20.pdf"), ("original/bagit.txt", "original/_bagit.txt"),
        ("original/my-bagit.txt", "original/my-bagit.txt"),
    ],
)  # fmt: skip
def test_a_path_is_made_fit_for_a_bag(path: str, fit: str) -> None:
    assert portable(path) == fit


# --- the whole way ------------------------------------------------------------------------------


def _library(home: Path) -> Library:
    return Home.read(home).library


def test_a_bag_comes_in_like_a_folder_and_nothing_it_said_is_lost(shelf: Path, home: Path) -> None:
    typeset(Path("made.pdf"), [ENGLISH])
    marc_file(Path("made.mrc"), [record(1, "Report one"), record(2, "Report two")])
    payload = {
        "paper.pdf": Path("made.pdf").read_bytes(),
        "records.mrc": Path("made.mrc").read_bytes(),
        "manifest.csv": b"file,title\npaper.pdf,A paper\n",
        "notes.txt": b"hello",
    }
    bag = make(shelf / "bag", payload, algorithm="md5")
    planned = canoe_here("ingest", shelf, "--home", home, "--plan", "--json").json
    answer = canoe_here("ingest", shelf, "--home", home, "--json")
    assert answer.code == 0, answer.out
    report = answer.json
    assert planned["pieces"] == report["pieces"]
    assert outcomes(report) == {
        "shelf/bag": "set_aside",
        "shelf/bag/data/notes.txt": "set_aside",
        "shelf/bag/data/paper.pdf": "new",
        "shelf/bag/data/records.mrc#1": "new",
        "shelf/bag/data/records.mrc#2": "new",
    }
    assert codes(report, "shelf/bag") == ["bag-received"]
    paper = items(home)["shelf/bag/data/paper.pdf"]
    assert paper["titles"][0]["value"] == "A paper"
    (original, *_) = _library(home).item(paper["id"]).files
    assert original.fixity == (("md5", digest(payload["paper.pdf"], "md5")),)
    kept = {path.name: path.read_bytes() for path in home.glob("archive/*/*/*/v1/content/received/*")}
    for path in [path for path in bag.iterdir() if path.is_file()]:
        assert [content for name, content in kept.items() if name.endswith(f"-bag-{path.name}")] == [path.read_bytes()]
    again = canoe_here("ingest", shelf, "--home", home, "--json").json
    assert set(outcomes(again).values()) == {"identical", "set_aside"}
    assert again["accession"] is None


def test_a_refused_bag_does_not_stop_the_batch(shelf: Path, home: Path) -> None:
    bag = make(shelf / "bag", {"paper.pdf": PDF})
    (bag / "fetch.txt").write_text("https://example.org/x - data/more.pdf\n")
    seal(bag)
    marc_file(shelf / "r.mrc", [record(1, "Report one")])
    answer = canoe_here("ingest", shelf, "--home", home, "--json")
    assert answer.code == 3
    assert outcomes(answer.json) == {"shelf/bag": "refused", "shelf/r.mrc#1": "new"}
    assert codes(answer.json, "shelf/bag") == ["bag-fetch-needed"]
    (piece, _) = answer.json["pieces"]
    assert "Canoe fetches nothing" in piece["problems"][0]["message"]
    people = canoe_here("ingest", shelf, "--home", home).out
    assert "error: data/more.pdf: fetch.txt says" in people  # which file of the bag it is


def test_a_record_that_claims_the_id_of_another_does_not_take_its_place(shelf: Path, home: Path) -> None:
    marc_file(shelf / "r.mrc", [record(1, "Report one")])
    canoe_here("ingest", shelf / "r.mrc", "--home", home)
    ((source, held),) = items(home).items()
    forged = replace(bare_item(9), id=held["id"], titles=(Text("Forged"),), identifiers=(), doi=None, collections=())
    _own_record(shelf / "bag", forged)
    report = canoe_here("ingest", shelf / "bag", "--home", home, "--json").json
    assert outcomes(report)[f"shelf/bag/data/{forged.id}/metadata/item.json#1"] == "new"
    after = items(home)
    assert after[source] == held
    assert len(after) == 2


def _own_record(folder: Path, item: Item) -> None:
    make(folder, {f"{item.id}/metadata/item.json": to_json(item)})
    (folder / "bag-info.txt").write_text("Bag-Software-Agent: Canoe 1.0\n")
    seal(folder)


def test_a_doi_of_this_library_stays_reserved_here_and_is_another_s_elsewhere(shelf: Path, home: Path) -> None:
    for number, prefix in ((1, "10.5555"), (2, "10.9999")):
        item = bare_item(number)
        _own_record(shelf / f"bag-{number}", replace(item, doi=Doi(f"{prefix}/{item.id}", "findable"), identifiers=()))
    canoe_here("ingest", shelf, "--home", home)
    own, other = (_library(home).item(bare_item(number).id) for number in (1, 2))
    assert (own.doi, own.identifiers) == (Doi(f"10.5555/{own.id}", "reserved"), ())
    assert other.doi == Doi(f"10.9999/{other.id}", "external")


def test_a_tie_to_what_is_not_there_is_reported(shelf: Path, home: Path) -> None:
    item = replace(bare_item(1), relations=(Relation("isPartOf", bare_item(2).id),))
    _own_record(shelf / "bag", item)
    source = f"shelf/bag/data/{item.id}/metadata/item.json#1"
    report = canoe_here("ingest", shelf, "--home", home, "--json").json
    assert codes(report, source) == ["number-wrong", "relation-unresolved"]
    assert _library(home).item(item.id).relations == ()
    _own_record(shelf / "second", bare_item(2))
    report = canoe_here("ingest", shelf, "--home", home, "--json").json
    assert outcomes(report)[source] == "changed"
    assert _library(home).item(item.id).relations == (Relation("isPartOf", bare_item(2).id),)


def test_what_changes_after_it_was_judged_does_not_come_in(shelf: Path, home: Path) -> None:
    typeset(Path("made.pdf"), [ENGLISH])
    content = Path("made.pdf").read_bytes()
    bag = make(shelf / "bag", {"r.mrc": record(1, "Report one").as_marc(), "paper.pdf": content})

    def change(*_: int) -> None:
        (bag / "data" / "r.mrc").write_bytes(record(1, "Forged").as_marc())
        (bag / "data" / "paper.pdf").write_bytes(content + b"%")

    opened = Home.read(home)
    with opened.library.writer() as writer:
        watcher = replace(NOBODY, looked=change)
        report = ingest([shelf], opened.library, writer, opened.tools("", "", 1), watcher)
    assert [(one.source, one.outcome) for one in report.pieces if one.outcome != "set_aside"] == [
        ("shelf/bag/data/paper.pdf", "refused"),
        ("shelf/bag/data/r.mrc", "refused"),
    ]
    assert items(home) == {}
