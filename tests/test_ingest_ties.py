import os
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from oai_library import made_item, opened, write

from archive.catalogue import Catalogue
from ingest.ties import Ties, file_key, from_manifest
from metadata.description import Link
from metadata.model import Identifier, Item, Relation


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """Make an empty catalogue."""
    with opened(tmp_path / "catalogue.db") as made:
        yield made


def _link(value: str, scheme: str = "file") -> Link:
    return Link("isTranslationOf", scheme, value, "translation of")


def _tied(ties: Ties, *links: Link, item: Item | None = None) -> tuple[list[str], list[str]]:
    tied, problems = ties.tie(item or Item(id="self", source="m.csv#1"), links)
    return [relation.target for relation in tied.relations], [f"{one.code} {one.where}" for one in problems]


LOST = "relation-unresolved m.csv#1:translation of"


def test_a_link_leads_to_the_item_made_from_the_file_however_it_is_spelt(catalogue: Catalogue) -> None:
    ties = Ties(catalogue)
    ties.note_file(Path("scans") / unicodedata.normalize("NFD", "forêts.pdf"), "1")
    links = from_manifest([_link("../scans/./forêts.pdf")], Path("scans/manifest.csv"))
    assert _tied(ties, *links) == (["1"], [])


def test_a_link_leads_to_a_record_by_its_number_with_its_agency_or_without(catalogue: Catalogue) -> None:
    ties = Ties(catalogue)
    ties.note_record(replace(made_item(1), id="1", identifiers=(Identifier("control-number", "(A)7"),)))
    assert _tied(ties, _link("(A)7", "control-number"), _link("7", "control-number")) == (["1"], [])
    assert _tied(ties, _link("(B)7", "control-number")) == ([], [LOST])


def test_a_link_leads_to_what_the_library_holds(catalogue: Catalogue) -> None:
    name = unicodedata.normalize("NFD", "été.pdf")
    numbered = (Identifier("control-number", "(A)1"),)
    held = [
        replace(made_item(1), source="scans/a.pdf"),
        replace(made_item(2), source=f"scans/{name}"),
        replace(made_item(3), identifiers=numbered),
    ]
    write(catalogue, held, 1)
    links = (_link("scans/a.pdf"), _link("scans/été.pdf"), _link("(A)1", "control-number"))
    assert _tied(Ties(catalogue), *links) == ([item.id for item in held], [])


def test_a_number_that_two_items_bear_leads_nowhere(catalogue: Catalogue) -> None:
    numbered = (Identifier("control-number", "(A)1"),)
    write(catalogue, [replace(made_item(number), identifiers=numbered) for number in (1, 2)], 1)
    assert _tied(Ties(catalogue), _link("(A)1", "control-number")) == ([], [LOST])


def test_what_came_to_nothing_is_no_target(catalogue: Catalogue) -> None:
    ties = Ties(catalogue)
    ties.note_file(Path("a.pdf"), "1")
    ties.note_file(Path("b.pdf"), "2")
    assert ties.targets([_link("a.pdf"), _link("b.pdf"), _link("c.pdf")]) == {"1", "2"}
    ties.forget("1")
    assert _tied(ties, _link("a.pdf"), _link("b.pdf")) == (["2"], [LOST])


def test_nothing_is_tied_to_itself_or_twice(catalogue: Catalogue) -> None:
    ties = Ties(catalogue)
    ties.note_file(Path("a.pdf"), "self")
    ties.note_file(Path("b.pdf"), "1")
    known = Item(id="self", source="m.csv#1", relations=(Relation("isTranslationOf", "1"),))
    assert _tied(ties, _link("a.pdf"), _link("b.pdf"), _link("b.pdf"), item=known) == (["1"], [LOST])


def test_a_name_that_is_no_utf_8_has_a_key(catalogue: Catalogue) -> None:
    assert file_key(Path(os.fsdecode(b"caf\xe9.pdf"))) == "caf\\xe9.pdf"
