"""ResourceSync: documents of the right shape, and a copy kept by them alone is the library."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from web_library import BASE, EN, FR, GONE, HOSTILE, PDF, Pages, digest, identifier, make, serving

import web.resourcesync
from archive.cataloguing import Publishing
from archive.library import Library, Writer
from metadata.accession import Accession, Piece
from metadata.model import File, Item, Text
from metadata.serial import record_line
from metadata.vocabulary import shipped
from web.resourcesync import TERMS
from web.sitemaps import NAMESPACE

NAMES = {"s": NAMESPACE, "rs": TERMS}
WELL_KNOWN = "/.well-known/resourcesync"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = make(tmp_path_factory.mktemp("made"))
    library.catalogue.close()
    return library.home


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Library:
    return Library.open(shutil.copytree(made, tmp_path / "home"), Publishing(BASE, "example.org", shipped()))


@pytest.fixture
def pages(library: Library) -> Iterator[Pages]:
    with serving(library) as opened:
        yield opened


def tree_of(pages: Pages, address: str) -> etree._Element:
    answer = pages.get(address.removeprefix(BASE))
    assert answer.status_code == 200, address
    tree = etree.fromstring(answer.content)
    require_shape(tree)
    return tree


def require_shape(tree: etree._Element) -> None:
    """Assert what Z39.99 asks of every document: one md with a capability, entries each with one loc."""
    entry = {"urlset": "url", "sitemapindex": "sitemap"}[etree.QName(tree).localname]
    (about,) = tree.xpath("rs:md", namespaces=NAMES)
    capability = about.get("capability")
    assert capability in ("description", "capabilitylist", "resourcelist", "changelist")
    assert ("at" in about.attrib) == (capability == "resourcelist")
    assert ("from" in about.attrib) == (capability == "changelist")
    assert len(tree.xpath("rs:ln[@rel='up']", namespaces=NAMES)) == (capability != "description")
    for one in tree.xpath(f"s:{entry}", namespaces=NAMES):
        assert len(one.xpath("s:loc", namespaces=NAMES)) == len(one.xpath("rs:md", namespaces=NAMES)) == 1
    assert {etree.QName(one).localname for one in tree} <= {"ln", "md", entry}
    if capability == "changelist" and entry == "url":
        moments = tree.xpath("s:url/rs:md/@datetime", namespaces=NAMES)
        assert moments == sorted(moments)
        assert {*tree.xpath("s:url/rs:md/@change", namespaces=NAMES)} <= {"created", "updated", "deleted"}
        assert len(moments) == len(tree.xpath("s:url", namespaces=NAMES))


def listed(pages: Pages, capability: str) -> list[etree._Element]:
    """Return the entries of a capability, found from the well-known address as a destination does."""
    (lists,) = tree_of(pages, WELL_KNOWN).xpath("//s:loc/text()", namespaces=NAMES)
    (start,) = tree_of(pages, lists).xpath(f"//s:url[rs:md/@capability='{capability}']/s:loc/text()", namespaces=NAMES)
    tree = tree_of(pages, start)
    parts = [tree]
    if etree.QName(tree).localname == "sitemapindex":
        parts = [tree_of(pages, place) for place in tree.xpath("//s:loc/text()", namespaces=NAMES)]
        assert all(part.xpath("rs:ln[@rel='index']/@href", namespaces=NAMES) == [start] for part in parts)
    return [entry for part in parts for entry in part.xpath("s:url", namespaces=NAMES)]


def place_of(entry: etree._Element) -> str:
    (place,) = entry.xpath("s:loc/text()", namespaces=NAMES)
    return str(place)


def facts_of(entry: etree._Element) -> dict[str, str]:
    (about,) = entry.xpath("rs:md", namespaces=NAMES)
    return dict(about.attrib)


def copied(pages: Pages) -> dict[str, bytes]:
    """Return everything there is, by its address, as the resource list has it."""
    return {place_of(one): pages.get(place_of(one).removeprefix(BASE)).content for one in listed(pages, "resourcelist")}


def test_the_resource_list_has_records_and_files_as_they_are(pages: Pages) -> None:
    entries = {place_of(one): one for one in listed(pages, "resourcelist")}
    file = entries[f"{BASE}/item/{FR}/file/originals/the%20scan.pdf"]
    assert facts_of(file) == {"length": str(len(PDF)), "type": "application/pdf"}
    assert file.xpath("rs:ln[@rel='describedby']/@href", namespaces=NAMES) == [f"{BASE}/item/{FR}.dc.xml"]
    record = entries[f"{BASE}/item/{FR}.dc.xml"]
    assert place_of(file) in record.xpath("rs:ln[@rel='describes']/@href", namespaces=NAMES)
    assert not [place for place in entries if GONE in place]
    for place, content in copied(pages).items():
        assert int(facts_of(entries[place]).get("length", len(content))) == len(content)
        assert b"<oai_dc:dc" in content or content in (PDF, b"<svg/>")


def test_digests_that_the_standard_knows_are_given(library: Library, pages: Pages) -> None:
    with library.writer() as writer:
        known = tuple((name, hashlib.new(name, PDF).hexdigest()) for name in ("sha256", "md5", "sha3_256"))
        item = library.item(EN)
        files = tuple(replace(one, fixity=known) if one.role == "access" else one for one in item.files)
        writer.put_item(replace(item, files=files), {}, "Described anew")
    (entry,) = [one for one in listed(pages, "resourcelist") if place_of(one).endswith(f"{EN}/file/access.pdf")]
    assert facts_of(entry)["hash"] == f"sha-256:{known[0][1]} md5:{known[1][1]}"


def changes(pages: Pages) -> dict[str, str]:
    return {place_of(one): facts_of(one)["change"] for one in listed(pages, "changelist")}


def record_accession(writer: Writer, folder: Path, name: str, items: dict[str, str]) -> None:
    """Bring records without files: titles by source, with what they are to the library."""
    made = [
        Item(identifier(one), (Text(one),), accession=name, source=one, submission=digest(one.encode()))
        for one in items
    ]
    (folder / name).write_bytes(b"".join(map(record_line, made)))
    pieces = [Piece(one.source, items[one.source], one.id) for one in made]  # type: ignore[arg-type]
    writer.put_accession(Accession(name, "2026-01-01T00:00:00Z", (), ()), pieces, folder / name, {})


def test_changes_are_what_they_were(library: Library, pages: Pages, tmp_path: Path) -> None:
    with library.writer() as writer:
        writer.put_item(replace(library.item(FR), notes=(Text("n"),)), {}, "Described anew")
        record_accession(writer, tmp_path, "a" * 10, {"one": "new", "two": "new"})
        record_accession(writer, tmp_path, "b" * 10, {"two": "changed"})
        writer.put_item(replace(library.item(identifier("one")), notes=(Text("n"),)), {}, "Edited")
        record_accession(writer, tmp_path, "c" * 10, {"three": "new"})
        writer.withdraw(library.item(EN), "wrong")
    told = changes(pages)
    kinds = {item: told[f"{BASE}/item/{item}.dc.xml"] for item in (
        FR, EN, GONE, HOSTILE, *(identifier(name) for name in ("one", "two", "three")))}  # fmt: skip
    assert list(kinds.values()) == ["updated", "deleted", "deleted", "created", "updated", "updated", "created"]
    assert told[f"{BASE}/item/{EN}/file/access.pdf"] == "deleted"
    assert told[f"{BASE}/item/{FR}/file/access.pdf"] == "updated"


def test_a_copy_kept_by_changes_alone_is_the_library(
    library: Library, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.resourcesync, "MOST_CHANGES", 4)
    monkeypatch.setattr(web.resourcesync, "MOST_ITEMS", 4)
    copy, until = copied(pages), library.settled()
    assert until
    seen = {place_of(one) + facts_of(one)["datetime"] for one in listed(pages, "changelist")}
    new = File("originals/new.txt", "original", "text/plain", 3, digest(b"new"))
    with library.writer() as writer:
        writer.put_item(
            Item(identifier("n"), (Text("New"),), files=(new,), source="n", submission="0"),
            {new.path: b"new"},
            "Ingested",
        )
        writer.put_item(replace(library.item(FR), titles=(Text("Other"),)), {}, "Described anew")
        writer.withdraw(library.item(EN), "wrong")
    for entry in listed(pages, "changelist"):
        if place_of(entry) + facts_of(entry)["datetime"] not in seen:
            if facts_of(entry)["change"] == "deleted":
                del copy[place_of(entry)]
            else:
                copy[place_of(entry)] = pages.get(place_of(entry).removeprefix(BASE)).content
    assert copy == copied(pages)
    assert copy[f"{BASE}/item/{identifier('n')}/file/originals/new.txt"] == b"new"


def test_parts_keep_their_addresses_and_say_when_they_are_over(
    library: Library, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.resourcesync, "MOST_CHANGES", 4)
    index = tree_of(pages, "/resourcesync/changelist.xml")
    places = index.xpath("//s:loc/text()", namespaces=NAMES)
    assert len(places) > 3
    for about, place in zip(index.xpath("s:sitemap/rs:md", namespaces=NAMES), places, strict=True):
        part = tree_of(pages, place)
        (own,) = part.xpath("rs:md", namespaces=NAMES)
        assert about.get("from") == own.get("from")
        dated = part.xpath("s:url/rs:md/@datetime", namespaces=NAMES)
        assert all(own.get("from") <= moment < own.get("until", "9") for moment in dated)
    with library.writer() as writer:
        writer.put_item(replace(library.item(FR), notes=(Text("n"),)), {}, "Described anew")
    for place in places:
        tree_of(pages, place)
    monkeypatch.undo()
    assert "until" not in tree_of(pages, "/resourcesync/changelist.xml").xpath("rs:md", namespaces=NAMES)[0].attrib


def test_lists_never_grow_beyond_what_is_allowed() -> None:
    assert web.resourcesync.MOST_CHANGES * (web.resourcesync.MOST_FILES + 1) <= 50_000
    assert 2 * web.resourcesync.MOST_ITEMS * (web.resourcesync.MOST_FILES + 1) <= 50_000


def test_lists_that_are_not_there(pages: Pages) -> None:
    long = "9" * 5000
    parts = ("changelist-", "changelist-x", "changelist-12345678901234567", "changelist-٣", f"changelist-{long}")
    for name in (*parts, "resourcelist-1-2", "nothing"):
        assert pages.get(f"/resourcesync/{name}.xml").status_code == 404


def test_a_part_that_is_too_large_is_no_list(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.resourcesync, "MOST_CHANGES", 4)
    assert pages.get("/resourcesync/changelist-1.xml").status_code == 404
