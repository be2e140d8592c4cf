"""Harvests while hundreds of records change: nothing is missed, nothing that stayed is met twice, in any list."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from oai_library import NS, START, Answer, asked, identifier, made_item, opened, provider_of_all, write
from thoroughness import usually

from archive.catalogue import Catalogue
from metadata.model import Item
from oai.provider import Provider

COUNT = 1200
LATER = START + 10_000

Told = dict[str, tuple[str, bool]]
"""What a harvester holds: by identifier, the datestamp and whether it is deleted."""


def batches(items: list[Item]) -> Iterator[list[Item]]:
    """Yield what changes after each page: 36 items at a time, by turns described anew, moved, withdrawn, undated."""
    for turn in range(18):
        picked = [items[(turn * 61 + step * 33) % COUNT] for step in range(36)]
        yield [changed(item, (turn + n) % 4) for n, item in enumerate({one.id: one for one in picked}.values())]


def changed(item: Item, how: int) -> Item:
    """Return an item that became another."""
    return (
        replace(item, edition="2"),
        replace(item, type="map"),
        replace(item, status="withdrawn"),
        replace(item, dates=()),
    )[how]


def harvest(provider: Provider, query: str, after_page: Iterator[object]) -> Iterator[Answer]:
    """Follow the tokens of a list; something happens after each page."""
    verb, page = query.partition("&")[0], asked(provider, query)
    yield page
    while page.token is not None and page.token.text:
        next(after_page, None)
        page = asked(provider, f"{verb}&resumptionToken={page.token.text}")
        yield page


def told(page: Answer) -> Iterator[tuple[str, tuple[str, bool]]]:
    for header in page.root.iterfind(".//oai:header", NS):
        name, stamp = (header.findtext(f"oai:{part}", "", NS) for part in ("identifier", "datestamp"))
        yield name, (stamp, header.get("status") == "deleted")


def happening(catalogue: Catalogue, items: list[Item], touched: set[str]) -> Iterator[None]:
    for turn, batch in enumerate(batches(items)):
        write(catalogue, batch, LATER + 100 * turn, spread=7)
        touched.update(identifier(one) for one in batch)
        yield


@pytest.mark.parametrize("set_spec", usually(["", "type:report"], thoroughly=["", "type:report", "openaire"]))
@pytest.mark.parametrize(
    ("verb", "prefix"),
    usually([("ListRecords", "oai_dc")], thoroughly=[("ListRecords", "oai_dc"), ("ListIdentifiers", "oai_openaire")]),
)
def test_a_harvest_amid_changes_knows_all_in_the_end(tmp_path: Path, verb: str, prefix: str, set_spec: str) -> None:
    items = [made_item(number) for number in range(COUNT)]
    query = f"verb={verb}&metadataPrefix={prefix}" + (f"&set={set_spec}" if set_spec else "")
    with opened(tmp_path / "catalogue.db") as catalogue:
        write(catalogue, items, START, spread=9)
        provider = provider_of_all(catalogue, 31)
        touched: set[str] = set()
        changes = happening(catalogue, items, touched)
        seen = [each for page in harvest(provider, query, changes) for each in told(page)]
        assert len(touched) >= 500
        assert len(set(seen)) == len(seen)
        met = Counter(name for name, _ in seen)
        assert {met[name] for name in met.keys() - touched} == {1}
        # Who harvests now from the start is told no more: what left is among it, as deleted.
        assert dict(seen) == dict(each for page in harvest(provider, query, iter(())) for each in told(page))
        assert {state[1] for _, state in seen} == {True, False}


def test_a_harvester_that_comes_again_from_its_last_answer_follows_every_set(tmp_path: Path) -> None:
    items = [made_item(number) for number in range(COUNT)]
    with opened(tmp_path / "catalogue.db") as catalogue:
        write(catalogue, items, START, spread=9)
        provider = provider_of_all(catalogue, 100)
        specs = ("type:report", "type:map", "openaire", "language:en", "")
        held: dict[str, Told] = {spec: {} for spec in specs}
        for turn, _ in enumerate(chain([None], happening(catalogue, items, set()))):
            since = f"&from={'2001-09-09' if turn == 0 else stamp(LATER + 100 * (turn - 1))}"
            for spec in specs:
                query = f"verb=ListIdentifiers&metadataPrefix=oai_openaire{since}" + (f"&set={spec}" if spec else "")
                held[spec].update(each for page in harvest(provider, query, iter(())) for each in told(page))
        for spec in specs:
            alive = {name for name, (_, deleted) in held[spec].items() if not deleted}
            wanted = {
                identifier(one)
                for one in catalogue.items(limit=2 * COUNT)
                if one.status == "published"
                and one.dates
                and spec in ("", "openaire", "language:en", f"type:{one.type}")
                if spec != "language:en" or one.languages == ("en",)
            }
            assert alive == wanted, spec


def stamp(second: int) -> str:
    from oai import datestamps

    return datestamps.render(second)
