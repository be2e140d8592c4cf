"""A small library in three languages for the tests of the search."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from search.engine import Answer, PageDocument, open_writer

FRENCH = PageDocument(
    "fr1",
    0,
    "fr",
    "La forêt d’Afrique",
    "La forêt d’Afrique\nDupont, Jean\nDes forêts et de leurs gardiens.",
    "book",
    1990,
    ("fr",),
    summary="Des forêts et de leurs gardiens.",
    formats=("fmt/17",),
)
ENGLISH = PageDocument(
    "en1",
    0,
    "en",
    "Wetlands",
    "Wetlands\nSmith, Anne\nReed beds of the coast.",
    "report",
    2001,
    ("en",),
    summary="Reed beds of the coast.",
    formats=("fmt/276", "fmt/353"),
)
SPANISH = PageDocument("es1", 0, "es", "Humedales", "Humedales\nRamsar", "report", 1999, ("es", "en"))


def item_of(description: PageDocument, *texts: str) -> Iterator[PageDocument]:
    yield description
    for number, text in enumerate(texts, 1):
        yield replace(description, page=number, text=text, summary="")


def sample() -> Iterator[PageDocument]:
    yield from item_of(FRENCH, "Les forêts claires et l’honnête homme.", "Œuvre sur le Porte-Monnaie.")
    yield from item_of(ENGLISH, "Forests burn at the forest’s edge.", "A forest\nfire. Don’t panic: O’Brien.")
    yield from item_of(SPANISH, "Los bosques, los humedales y el año 1971.")


def fill(folder: Path, documents: Iterator[PageDocument], position: int = 1) -> None:
    writer = open_writer(folder)
    writer.put(documents)
    writer.commit(position)
    writer.close()


def ids(answer: Answer) -> set[str]:
    assert answer.total == len(answer.hits)
    return {hit.id for hit in answer.hits}
