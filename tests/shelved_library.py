"""A small library to browse: places in three continents, two series with gaps, collections, years; and a held item."""

from dataclasses import replace
from pathlib import Path
from random import Random

from web_library import BASE, digest, identifier, index

from archive.cataloguing import Publishing
from archive.library import Library
from metadata.model import Agent, Contribution, Date, Item, Series, Text
from metadata.places import WORLD, countries_in
from metadata.vocabulary import shipped

ISSN = "0317-8471"
NOTES = "Notes de l’Observatoire"
PLACES = (("KE",), ("KE", "TZ"), ("FR",), ("MT",), ("US-CA",), ("BO", "PE"), ("FJ",), ())
ODD = "wet & dry/été <1>"
"""The name of a collection that needs care in an address."""

NUMBERS = ("1", "No. 2", "V", "10", "3", "Special", "")
HELD, GONE = identifier("held"), identifier("gone")


def make(home: Path) -> Library:
    """Make the library and its index in ``home``."""
    library = Library.create(home, Publishing(BASE, "example.org", shipped()))
    add(library)
    index(library)
    return library


def add(library: Library) -> None:
    """Put the items into a library."""
    with library.writer() as writer:
        for place, countries in enumerate(PLACES):
            writer.put_item(replace(_item(f"place {place}", 1950 + 7 * place), countries=countries), {}, "Ingested")
        for number in NUMBERS:
            statement = Series(NOTES, number, ISSN if number == "1" else "")
            numbered = replace(_item(f"note {number}", 2001), series=(statement,), collections=(ODD,))
            writer.put_item(numbered, {}, "Ingested")
        named = replace(_item("atlas", 1999), series=(Series("Atlas & maps", "7"),), coverage=(Text("Kenya", "en"),))
        writer.put_item(named, {}, "Ingested")
        unseen = replace(_item("held", 1851), series=(Series("Unseen", "1"),), collections=("unseen",))
        writer.put_item(replace(unseen, countries=("IS",), status="held"), {}, "Ingested")
        gone = replace(_item("gone", 1852), countries=("NO",), series=(Series(NOTES, "4"),))
        writer.put_item(gone, {}, "Ingested")
        writer.withdraw(gone, "It was asked for.")


def spread(library: Library, number: int) -> None:
    """Put so many items more into a library, of many years and countries, of some more than of others."""
    chance = Random(number)  # noqa: S311 - for countries
    codes = sorted(countries_in(WORLD))
    with library.writer() as writer, writer.grouped():
        for one in range(number):
            countries = {
                codes[min(int(chance.expovariate(1 / 60)), len(codes) - 1)] for _ in range(chance.choice((1, 2)))
            }
            item = _item(f"spread {one}", int(chance.triangular(1948, 2026, 2012)))
            writer.put_item(replace(item, countries=tuple(sorted(countries))), {}, "Ingested")


def _item(source: str, year: int) -> Item:
    return Item(
        id=identifier(source),
        titles=(Text(f"Report on {source or 'the whole'}", "en"),),
        contributions=(Contribution(Agent("Marsden, Eleanor", "person"), "aut"),),
        dates=(Date(str(year)),),
        languages=("en",),
        type="report",
        concepts=(shipped().find("Wetlands", "en"),),
        collections=("reports",),
        source=source,
        submission=digest(source.encode()),
    )
