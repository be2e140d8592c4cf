"""Where readers who browse find an item: by the places it is about, its collections, its year, its series."""

from collections.abc import Iterable, Iterator
from typing import Any

from metadata import places, series
from metadata.model import Item

Row = dict[str, Any]


def shelf_rows(items: Iterable[Item]) -> Iterator[Row]:
    """Yield the rows of ``shelves``; only what is published stands there."""
    for item in items:
        if item.status == "published":
            for kind, value in dict.fromkeys(_shelves(item)):
                yield {"kind": kind, "value": value, "item": item.id}


def series_rows(items: Iterable[Item]) -> Iterator[Row]:
    """Yield the rows of ``series``; what has neither a title with a word nor an ISSN is none."""
    for item in items:
        if item.series and item.status == "published":
            found = {(*series.known_by(one), one.number): one.title for one in item.series}
            for (name, issn, number), title in found.items():
                if name or issn:
                    yield {"name": name, "issn": issn, "item": item.id, "number": number, "title": title}


def _shelves(item: Item) -> Iterator[tuple[str, str]]:
    yield from (("place", code) for code in places.covered(item.countries, (text.value for text in item.coverage)))
    yield from (("collection", name) for name in item.collections if name)
    if item.year is not None:
        yield "year", str(item.year)
