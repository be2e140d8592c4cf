"""The record that an item was made from is found in the archive, byte for byte, in any order."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import bare_item, book, publishing, sha512

from archive import sources
from archive.library import Library, Writer
from archive.sources import SourceRecords
from metadata.accession import Accession
from metadata.errors import DamageFound
from metadata.marc_pieces import Kept, submission_of
from metadata.marc_record import Field
from metadata.marc_writing import NAMESPACE, Written, record_element, to_iso2709
from metadata.model import Item, Text
from metadata.problems import Problem
from metadata.serial import record_line

OPEN = f'<collection xmlns="{NAMESPACE}">'


def marc(title: str) -> bytes:
    fields = (Field("001", "", (("", title),)), Field("245", "00", (("a", title),)))
    return to_iso2709(Written("00000nam a2200000 a 4500", fields))


def xml(title: str) -> str:
    return record_element(Written(" " * 24, (Field("245", "00", (("a", title),)),))).replace(
        f' xmlns="{NAMESPACE}"', ""
    )


def put(writer: Writer, accession: str, files: Mapping[str, bytes], items: list[Item]) -> None:
    """Archive an accession that received these files, ``NNNN-name``, and made these items of them."""
    with writer.workspace() as folder:
        records, received = folder / "records.jsonl", {name: folder / name for name in files}
        records.write_bytes(b"".join(record_line(replace(one, accession=accession)) for one in items))
        for name, content in files.items():
            received[name].write_bytes(content)
        writer.put_accession(Accession(accession, "2026-11-22T10:00:00Z", (), ()), [], records, received)


def item(number: int, source: str, raw: bytes = b"", accession: str = "a-first") -> Item:
    made = replace(bare_item(number), source=source, accession=accession)
    return replace(made, submission=submission_of(Kept("marc21", raw))) if raw else made


@pytest.fixture(name="library")
def _library(tmp_path: Path) -> Library:
    return Library.create(tmp_path / "home", publishing())


def found(library: Library, *items: Item) -> list[bytes]:
    """Return the source records of items, by one finder, ``b""`` where there is none."""
    finder = SourceRecords(library.archive)
    return [kept.raw if (kept := finder.record(one)) else b"" for one in items]


def test_the_nth_record_of_a_file_is_found_among_damaged_neighbours_in_any_order(library: Library) -> None:
    one, two, three = (marc(title)[:-1] for title in ("One", "Two", "Three"))
    data = b"\xef\xbb\xbf" + one + b"\x1d\r\n" + b"rubbish\x1d" + b"more" + two + b"\x1d\n\n" + three
    numbered = {1: one, 2: b"rubbish", 3: b"more", 4: two, 5: three}
    items = [item(n, f"shelf/x.mrc#{n}", raw) for n, raw in numbered.items()]
    with library.writer() as writer:
        put(writer, "a-first", {"0001-x.mrc": data}, items)
    assert found(library, *reversed(items)) == list(reversed(numbered.values()))
    assert found(library, item(9, "shelf/x.mrc#6", b"?"), item(9, "shelf/x.mrc#0", b"?"), item(9, "x.mrc")) == [b""] * 3


def test_of_two_files_of_one_name_the_digest_tells_which_it_was(library: Library) -> None:
    first, second = marc("First"), marc("Second")
    items = [item(1, "a/x.mrc#1", first[:-1]), item(2, "b/x.mrc#1", second[:-1])]
    with library.writer() as writer:
        put(writer, "a-first", {"0001-x.mrc": first, "0003-x.mrc": second}, items)
    assert found(library, *items) == [first[:-1], second[:-1]]
    assert found(library, item(3, "c/x.mrc#1", b"Third")) == [b""]


def test_a_name_that_was_cut_or_changed_when_it_was_kept_is_no_hindrance(library: Library) -> None:
    name, data = "n" * 80 + ".mrc", marc("One")
    items = [item(1, f"shelf/{name}#1", data[:-1]), item(2, "shelf/a\tb.mrc#1", marc("Two")[:-1])]
    with library.writer() as writer:
        put(writer, "a-first", {f"0001-{name[-50:]}": data, "0002-a_b.mrc": marc("Two")}, items)
    assert found(library, *items) == [data[:-1], marc("Two")[:-1]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_records_of_marcxml_are_found_in_any_encoding(library: Library, encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    text = f"{head}{OPEN}<!-- <record> -->{xml('Été')}\n{xml('Two')}</collection>"
    items = [item(n, f"x.xml#{n}") for n in (1, 2)]
    with library.writer() as writer:
        put(writer, "a-first", {"0001-x.xml": text.encode(encoding)}, items)
    finder = SourceRecords(library.archive)
    kept = [finder.record(one) for one in (items[1], items[0])]
    assert [one.raw.decode() for one in kept if one] == [xml("Two"), xml("Été")]
    assert all(NAMESPACE.encode() in one.context for one in kept if one)


def test_documents_with_other_namespaces_in_one_file_keep_their_own(library: Library) -> None:
    other = f'<m:collection xmlns:m="{NAMESPACE}"><m:record/></m:collection>'
    text = f"{OPEN}{xml('One')}</collection>{other}{OPEN}{xml('Three')}</collection>"
    items = [item(n, f"x.xml#{n}") for n in (1, 2, 3)]
    with library.writer() as writer:
        put(writer, "a-first", {"0001-x.xml": text.encode()}, items)
    finder = SourceRecords(library.archive)
    kept = [finder.record(one) for one in items]
    assert [one.raw.decode() for one in kept if one] == [xml("One"), "<m:record/>", xml("Three")]
    assert kept[1]
    assert b"xmlns:m=" in kept[1].context


def test_what_is_no_marc_has_no_source_record(library: Library) -> None:
    with library.writer() as writer:
        put(writer, "a-first", {"0001-x.csv": b"title\nOne\n"}, [item(1, "x.csv#1", b"row")])
    assert found(library, item(1, "x.csv#1", b"row"), item(2, "x.csv#1", b"row", "a-nowhere")) == [b"", b""]


def test_a_damaged_file_is_named_and_not_read_again_for_each_item(library: Library) -> None:
    data = marc("One")
    with library.writer() as writer:
        put(writer, "a-first", {"0001-x.mrc": data}, [item(1, "x.mrc#1", data[:-1])])
    (path,) = library.home.glob("archive/*/*/*/v1/content/received/0001-x.mrc")
    path.chmod(0o644)
    path.write_bytes(data.replace(b"One", b"Two"))
    finder = SourceRecords(library.archive)
    with pytest.raises(DamageFound, match="not what its digest says"):
        finder.record(item(1, "x.mrc#1", data[:-1]))
    path.write_bytes(data)
    with pytest.raises(DamageFound):
        finder.record(item(1, "x.mrc#1", data[:-1]))
    path.unlink()
    with pytest.raises(DamageFound, match=r"x\.mrc"):
        SourceRecords(library.archive).record(item(1, "x.mrc#1", data[:-1]))


def test_what_is_noted_of_many_files_is_bounded(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_MOST", 8)
    files = {f"{n:04}-{n}.mrc": marc(f"{n}a") + marc(f"{n}b") for n in range(1, 6)}
    items = [item(n, f"{n}.mrc#2", marc(f"{n}b")[:-1]) for n in range(1, 6)]
    with library.writer() as writer:
        put(writer, "a-first", files, items)
    finder = SourceRecords(library.archive)
    for one in (*items, *items):
        kept = finder.record(one)
        assert kept
        assert submission_of(kept) == one.submission
    assert len(finder._places._held) <= 3


def test_an_item_as_it_was_described_is_told_from_what_it_has_become(library: Library) -> None:
    data = marc("One")
    one = item(1, "x.mrc#1", data[:-1])
    with library.writer() as writer:
        put(writer, "a-first", {"0001-x.mrc": data}, [one, item(2, "x.mrc#2", b"?")])
        writer.put_item(replace(one, titles=(Text("Edited"),)), {}, "Edited")
    edited = library.item(one.id)
    assert edited.title.value == "Edited"
    assert SourceRecords(library.archive).as_described(edited) == one
    assert SourceRecords(library.archive).as_described(item(7, "x.mrc#7", b"?")) is None


def publication(library: Library, *, left: bool = False, title: str = "Forest & water 1") -> Item:
    """Archive a book that a record beside it described; ``left``: another description was taken."""
    made, content = book(1)
    fields = (Field("245", "00", (("a", title),)), Field("949", "  ", (("a", "333.91"),)))
    beside: dict[str, Path | bytes] = {"source/1.mrc": to_iso2709(Written("00000nam a2200000 a 4500", fields))}
    if left:
        problem = Problem("sidecar-unused", made.source, (("first", "x"), ("name", "1.mrc")))
        beside["problems.jsonl"] = b'{"code":"sidecar-unused","params":[["first","x"],["name","1.mrc"]]}\n'
        assert problem.params[1][1] == "1.mrc"
    with library.writer() as writer:
        writer.put_item(made, {**content, **beside}, "Ingested with a-first")
        writer.put_item(replace(made, titles=(Text("Edited", "en"),)), {}, "Edited")
    return made


def test_a_publications_record_lies_beside_it(library: Library) -> None:
    made = publication(library)
    finder, edited = SourceRecords(library.archive), library.item(made.id)
    kept = finder.record(edited)
    assert kept
    assert b"333.91" in kept.raw
    assert finder.as_described(edited) == made


def test_a_record_beside_a_publication_that_did_not_describe_it_is_not_its_source(library: Library) -> None:
    assert found(library, publication(library, left=True)) == [b""]


def test_a_record_of_another_title_is_not_a_publications_source(library: Library) -> None:
    assert found(library, publication(library, title="Quite another")) == [b""]


def test_submissions_are_those_that_items_have() -> None:
    raw = marc("One")[:-1]
    assert submission_of(Kept("marc21", raw)) == sha512(hashlib.sha512(raw).hexdigest().encode())
