"""What is held for approval is known to nobody but the desk; once approved it is public, everywhere and for good."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from desk_items import ACCESSION, HELD, HELD_DOI, HIDDEN, ONE, TWO, Desk, at_desk
from small_library import canoe_here
from test_archive_recovery import copy
from web_library import identifier

from archive.catalogued import Listing
from archive.doi_ledger import open_ledger
from archive.library import Library
from archive.undo import undo
from canoe.home import Home
from metadata.accession import is_undone
from metadata.model import Text
from metadata.serial import to_json
from oai.formats import FORMATS

BASE = "http://localhost:8000"
TRACES = (HELD, "Zymurgy", "hidden-valley", "number-of-held")
STARTS = (
    "/", "/about", "/search", "/search?q=zymurgy", "/search?q=valley&sort=newest", "/search?q=pâturages", "/agents",
    "/subjects", "/sitemap.xml", "/robots.txt", "/new.atom", "/search.atom?q=", "/search.json?q=water",
    "/search.csv?q=", "/suggest?q=zym", "/suggest?q=hidden", "/opensearch.xml", "/.well-known/resourcesync",
    "/resourcesync/changelist.xml", "/resourcesync/changelist-1.xml", "/resourcesync/resourcelist.xml",
    "/resourcesync/resourcelist-0-0.xml", "/sitemap-0-0.xml", "/collections", "/map", "/statistics",
    "/sru?version=1.2&operation=searchRetrieve&query=water",
    "/sru?operation=explain", f"/item/{ONE}", f"/item/{TWO}", f"/item/{ONE}.json", f"/item/{TWO}.jsonld",
    "/oai?verb=Identify", "/oai?verb=ListSets", "/oai?verb=ListMetadataFormats",
    *(f"/oai?verb={verb}&metadataPrefix={prefix}" for verb in ("ListRecords", "ListIdentifiers") for prefix in FORMATS),
    *(f"/oai?verb=GetRecord&identifier=oai:example.org:{TWO}&metadataPrefix={prefix}" for prefix in FORMATS),
)  # fmt: skip
OWN = (
    "", ".json", ".jsonld", ".dc.xml", ".marcxml", ".mods", ".linkset", ".bib", "/page/1", "/pages", "/page",
    "/search?q=eau", "/file/originals/scan.pdf", "/file/pages.jsonl",
)  # fmt: skip
_LINK = re.compile(
    r"""(?:href|src|loc|url|id|uri|iri)["']?\s*[=>:]\s*["']?(https?://localhost:8000[^"'<>\s]*|/[^"'<>\s]*)"""
)
_MOST_PAGES = 400


@pytest.fixture
def home(desk_made: Path, tmp_path: Path) -> Home:
    return Home.read(copy(desk_made, tmp_path / "library"))


def walked(desk: Desk) -> Iterator[httpx.Response]:
    """Ask for every public address that one is led to."""
    waiting, met = [*STARTS], {*STARTS}
    while waiting and len(met) < _MOST_PAGES:
        answer = desk.get(waiting.pop(0))
        yield answer
        if answer.headers.get("content-type", "").startswith(("image/", "application/pdf")):
            continue
        for link in _LINK.findall(answer.text + answer.headers.get("link", "")):
            path = unescape(link).removeprefix(BASE).partition("#")[0] or "/"
            if path not in met and not path.startswith(("/static", "//", "/desk")) and "lang=" not in path:
                met.add(path)
                waiting.append(path)


def test_nobody_hears_of_what_is_held(home: Home) -> None:
    with at_desk(home) as desk:
        desk.client.cookies.clear()
        answers = [*walked(desk)]
        assert len(answers) > 80
        for answer in answers:
            assert answer.status_code < 500, answer.url
            asked = str(answer.url).partition("?")[0]
            told = answer.text.replace("q=zymurgy", "").replace('value="zymurgy"', "").replace("“zymurgy”", "")
            assert not [trace for trace in TRACES if trace in told], (answer.url, asked)
        unknown = desk.get("/item/0123456789abc.json").status_code
        for path in OWN:
            assert desk.get(f"/item/{HELD}{path}").status_code == unknown == 404, path
        for path in (
            f"/iiif/{HELD}/manifest",
            f"/iiif/{HELD}/text/1",
            "/collections/hidden-valley",
            f"/iiif/{HELD}_1/info.json",
            f"/id/{HELD}",
            f"/id/{quote(HELD_DOI)}",
        ):
            assert desk.get(path).status_code == 404, path
        record = desk.get(f"/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:example.org:{HELD}")
        assert "idDoesNotExist" in record.text
        assert home.library.catalogue.counts() == (2, 1, len(list(home.library.pages(ONE))))


def test_it_has_a_doi_that_is_only_reserved(home: Home) -> None:
    with open_ledger(home.path) as ledger:
        ledger.follow(home.library)
        row = ledger.row(HELD_DOI)
        assert (row.state, row.status, row.wanted) == ("reserved", "held", "")


def test_once_approved_it_is_public_from_that_moment_and_what_is_tied_to_it_says_so(home: Home) -> None:
    catalogue = home.library.catalogue
    last = catalogue.last_change()
    assert HELD not in _harvested(home, 0)
    answer = canoe_here("approve", HELD, "--reason", "looked through", "--home", home.path, "--json")
    assert (answer.code, answer.json["approved"], answer.json["status"]) == (0, True, "published")
    harvested = _harvested(home, last)
    assert list(harvested) == [HELD, TWO]  # what is tied to it is given anew
    assert HELD in harvested[TWO]
    event = home.library.events(HELD)[-1]
    assert (event.type, event.detail) == ("approval", "looked through")
    assert catalogue.counts()[:2] == (3, 1)
    again = canoe_here("approve", HELD, "--home", home.path, "--json")
    assert (again.code, again.json["approved"]) == (0, False)
    assert list(_harvested(home, last)) == [HELD, TWO]
    with at_desk(home) as desk:
        assert desk.get(f"/item/{HELD}").status_code == 200
        assert HIDDEN in desk.get("/search?q=zymurgy").text
        assert desk.get(f"/item/{HELD}/file/originals/scan.pdf").status_code == 200


def _harvested(home: Home, after: int) -> dict[str, str]:
    records = home.library.catalogue.oai_records(Listing(after=after), 100)
    texts = [bytes(record).decode() for _, record in records]
    return {text.partition("oai:example.org:")[2].partition("<")[0]: text for text in texts}


@pytest.mark.parametrize("approved", [False, True])
def test_a_rebuild_keeps_it(home: Home, approved: bool) -> None:
    if approved:
        assert canoe_here("approve", "--accession", ACCESSION, "--home", home.path).code == 0
        home.library.catalogue.close()
    before = _rows(home)
    home.library.catalogue.close()
    (home.path / "catalogue.db").unlink()
    Library.open_unverified(home.path, home.publishing).rebuild_catalogue()
    assert _rows(home) == before
    assert (HELD in _harvested(home, 0)) == approved


def _rows(home: Home) -> list[object]:
    catalogue = Library.open(home.path, home.publishing).catalogue
    found: list[object] = [*catalogue.changes(0, 100), *catalogue.waiting(), *catalogue.oai_sets(), catalogue.counts()]
    return [*found, *catalogue.oai_records(Listing(), 100), catalogue.oai_count(Listing())]


def test_what_is_held_is_neither_withdrawn_nor_restored_and_its_undoing_leaves_no_tombstone(home: Home) -> None:
    for command in (("withdraw", HELD, "--reason", "no"), ("restore", HELD)):
        answer = canoe_here(*command, "--home", home.path)
        assert (answer.code, "canoe" in answer.err) == (2, True)
    with home.library.writer() as writer:
        undo(home.library, writer, ACCESSION)
    item = home.library.item(HELD)
    assert (item.status, is_undone(item)) == ("held", True)
    assert home.library.catalogue.oai_record(HELD) is None
    assert home.library.catalogue.shown(HELD) is None
    assert home.library.catalogue.waiting() == []
    assert home.library.catalogue.number_waiting() == 0
    assert home.library.item(ONE).status == "withdrawn"
    assert canoe_here("approve", HELD, "--home", home.path).code == 2


def test_undoing_after_an_approval_withdraws_it(home: Home) -> None:
    with home.library.writer() as writer:
        writer.approve(home.library.item(HELD))
        undo(home.library, writer, ACCESSION)
    assert home.library.item(HELD).status == "withdrawn"
    assert home.library.events(HELD)[-1].type == "withdrawal"


def test_an_edit_of_what_is_held_leaves_it_held(home: Home) -> None:
    assert canoe_here("edit", HELD, "--set", "title=Better", "--home", home.path).code == 0
    assert (home.library.item(HELD).status, _harvested(home, 0).get(HELD)) == ("held", None)
    item = replace(home.library.item(HELD), status="published")
    file = home.path.parent / "item.json"
    file.write_bytes(to_json(replace(item, titles=(Text("Sneaked in", "en"),))))
    assert canoe_here("edit", HELD, "--file", file, "--home", home.path).code == 2


def test_an_ingest_may_hold_what_is_new(home: Home, tmp_path: Path) -> None:
    batch = tmp_path / "batch"
    batch.mkdir()
    (batch / "records.csv").write_text("title,date\nOf the fens,1987\nOf the moors,1988\n", "utf-8")
    answer = canoe_here("ingest", batch, "--hold", "--home", home.path, "--json")
    report = answer.json
    assert f"2 items held for approval: canoe approve --accession {report['accession']}" in answer.err
    brought = [piece["item"] for piece in report["pieces"] if piece["item"]]
    assert [home.library.item(one).status for one in brought] == ["held", "held"]
    listed = canoe_here("approve", "--list", "--home", home.path, "--json").lines
    assert {one["item"] for one in listed} == {HELD, *brought}
    again = canoe_here("ingest", batch, "--home", home.path, "--json").json
    assert again["counts"]["identical"] == 2
    assert canoe_here("approve", "--accession", report["accession"], "--home", home.path).code == 0
    assert [home.library.item(one).status for one in brought] == ["published", "published"]
    assert home.library.item(HELD).status == "held"
    changed = "title,date\nOf the fens,1987\nOf the moors,1988\nOf the hills,1989\n"
    (batch / "records.csv").write_text(changed, "utf-8")
    settings = (home.path / "canoe.toml").read_text("utf-8")
    (home.path / "canoe.toml").write_text(f"{settings}\n[ingest]\nhold = true\n", "utf-8")
    report = canoe_here("ingest", batch, "--home", home.path, "--json").json
    new = [piece["item"] for piece in report["pieces"] if piece["outcome"] == "new"]
    assert [home.library.item(one).status for one in new] == ["held"] * len(new)
    assert len(new) >= 1


def test_what_is_given_to_others_leaves_it_out(home: Home, tmp_path: Path) -> None:
    listed = canoe_here("export", "--home", home.path).lines
    assert {one["id"]: one.get("status") for one in listed}[HELD] == "held"
    marc = canoe_here("export", "--format", "marcxml", "--home", home.path).out
    assert ONE in marc
    assert "Zymurgy" not in marc
    assert canoe_here("export", "--format", "bagit", "--out", tmp_path / "bag", "--home", home.path).code == 0
    assert not [path for path in (tmp_path / "bag").rglob("*") if HELD in path.name]


def test_what_waits_is_counted_and_the_oldest_come_first(home: Home) -> None:
    catalogue = home.library.catalogue
    with home.library.writer() as writer:
        writer.put_item(
            replace(home.library.item(HELD), id=identifier("later"), doi=None, files=(), page_count=0), {}, "Ingested"
        )
    assert [one.item.id for one in catalogue.waiting()] == [HELD, identifier("later")]
    assert [one.item.id for one in catalogue.waiting(1)] == [HELD]
    assert catalogue.number_waiting() == 2
