"""Small libraries with every kind of content, and what the tests of archive look at them with."""

import hashlib
import logging
import sqlite3
import warnings
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from archive.cataloguing import Publishing
from archive.check import check_archive
from archive.library import Library, Writer
from metadata.accession import Accession, Piece
from metadata.ids import item_id
from metadata.model import Doi, File, FileRole, Identifier, Item, Page, Relation, Series, Text, Word
from metadata.pages import page_line
from metadata.problems import Problem
from metadata.serial import record_line
from metadata.vocabulary import shipped

Content = dict[str, Path | bytes]


def publishing(base_url: str = "http://library.example.org") -> Publishing:
    """Return what the records of these libraries are rendered with."""
    return Publishing(base_url, "library.example.org", shipped())


def sha512(content: bytes) -> str:
    """Return the digest of some bytes."""
    return hashlib.sha512(content).hexdigest()


def bare_item(number: int) -> Item:
    """Return item ``number``, a record without files."""
    submission = sha512(str(number).encode())
    made = item_id(submission)
    return Item(
        id=made,
        titles=(Text(f"Forest & water {number}", "en"),),
        languages=(("en", "fr", "es")[number % 3],),
        identifiers=(Identifier("isbn", f"97800000000{number:02}"), Identifier("isbn", f"97800000000{number:02}")),
        doi=Doi(f"10.5555/{made}", "reserved"),
        collections=("leaflets",),
        source=f"records.mrc#{number}",
        submission=submission,
        accession="a-first",
    )


def book(number: int, pages: int = 3) -> tuple[Item, Content]:
    """Return item ``number`` with an original, an access copy and its pages."""
    lines = [
        Page(n, 800, 1200, f"pagina {n} of {number}", "en", words=(Word("pagina", (1, 2, 30, 40)),))
        for n in range(1, pages + 1)
    ]
    content: dict[str, bytes] = {
        "original/scan.tif": b"II*\0" + str(number).encode() * 1000,
        "access/text.pdf": b"%PDF-1.7 " + str(number).encode(),
        "pages.jsonl": b"".join(map(page_line, lines)),
    }
    item = replace(bare_item(number), source=f"shelf/{number}.tif", page_count=pages, files=files_of(content))
    return item, dict(content)


def files_of(content: dict[str, bytes]) -> tuple[File, ...]:
    """Return the files of an item with this content."""
    roles: dict[str, FileRole] = {"original": "original", "access": "access", "pages.jsonl": "pages"}
    return tuple(
        File(path, roles[path.split("/")[0]], "application/octet-stream", len(data), sha512(data))
        for path, data in content.items()
    )


def put_records(writer: Writer, numbers: Sequence[int], accession_id: str = "a-first") -> None:
    """Archive and catalogue an accession of records without files."""
    items = [replace(bare_item(number), accession=accession_id) for number in numbers]
    accession = Accession(accession_id, "2026-11-22T10:00:00Z", ("records.mrc",), (("new", len(items)),))
    pieces = [Piece(item.source, "new", item.id) for item in items]
    with writer.workspace() as folder:
        records, received = folder / "records.jsonl", folder / "records.mrc"
        records.write_bytes(b"".join(map(record_line, items)))
        received.write_bytes(b"00000nam  22000000  4500")
        writer.put_accession(accession, pieces, records, {"0001-records.mrc": received})


def filled(home: Path) -> Library:
    """Return a library with books, records, a withdrawn item, a restored one and records described anew."""
    library = Library.create(home, publishing())
    with library.writer() as writer:
        put_records(writer, (20, 21, 22))
        for number in (1, 2, 3, 4):
            writer.put_item(*book(number), "Ingested")
        second, _ = book(2)
        translation = replace(second, relations=(Relation("isTranslationOf", book(1)[0].id),))
        writer.put_item(translation, {}, "Described anew")
        writer.withdraw(book(3)[0], "a copy")
        writer.restore(writer.withdraw(book(4)[0], "by mistake"))
        bosques = replace(bare_item(21), titles=(Text("Bosques", "es"),), series=(Series("Cuadernos", "4"),))
        writer.put_item(bosques, {}, "Described anew")
        writer.withdraw(bare_item(22), "not ours")
        put_records(writer, (30,), "a-second")
    return library


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file and every empty folder below ``folder``."""
    found = sorted(folder.rglob("*"))
    files = {str(path.relative_to(folder)): path.read_bytes() for path in found if path.is_file()}
    return files | {f"{path.relative_to(folder)}/": b"" for path in found if path.is_dir() and not any(path.iterdir())}


def dump(catalogue: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, read without the code under test."""
    with closing(sqlite3.connect(catalogue)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)  # noqa: S608
            for name in sorted(names)
        }


def faults(library: Library) -> list[Problem]:
    """Return all that canoe check would name."""
    return [fault for _, found in check_archive(library.archive) for fault in found]


def oracle(root: Path) -> list[str]:
    """Return what ocfl-py says against a storage root, its layout and the objects in it; warnings too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ocfl import Object, StorageRoot

        logging.disable(logging.CRITICAL)
        try:
            storage = StorageRoot(root=str(root))
            valid = storage.validate(log_warnings=True, log_errors=False)
            said = [message for _, message in storage.errors]
            said += [] if valid and storage.good_objects == storage.num_objects else [f"invalid: {storage.log}"]
            for path in storage.object_paths():
                identifier = Object(path=str(root / path)).id_from_inventory()
                if storage.object_path(identifier) != path:
                    said.append(f"{identifier} lies at {path}")
            return said
        finally:
            logging.disable(logging.NOTSET)
