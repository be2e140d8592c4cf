"""Reserving DOIs for items that came in before there was a prefix for them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from archive.library import Library, Writer
from archive.lineage import DOI_STATE
from ingest.doi_prefixes import Prefixes
from ingest.publications import kept_problems
from ingest.stages import own_doi
from metadata.errors import DamageFound
from metadata.events import Event
from metadata.model import Item


def nameless(items: Iterable[Item], prefixes: Prefixes) -> Iterator[Item]:
    """Yield the items that lack a DOI and get one, each with it.

    None is for what is withdrawn, what others keep, what has a DOI elsewhere, and what no prefix is for.
    """
    for item in items:
        if item.doi or item.status == "withdrawn" or item.origins:
            continue
        doi, _ = own_doi(item, item.id, prefixes.of(item.type, item.collections, item.source))
        if doi and doi.state == "reserved":
            yield replace(item, doi=doi)


def is_doubtful(library: Library, item: Item) -> bool:
    """Say whether the file of an item may tell of a DOI elsewhere, so that somebody has to look first."""
    try:
        return bool(item.files) and any(one.code == "doi-unsure" for one in kept_problems(library, item))
    except DamageFound:
        return True


def reserve(library: Library, writer: Writer, items: Iterable[Item]) -> Iterator[Item]:
    """Archive and catalogue items with the DOIs that :func:`nameless` gave them, in groups; yield each.

    Those that have one by now are passed over, so that what is broken off can be done again. Raises StorageError.
    """
    with writer.grouped():
        for named in items:
            item = library.catalogue.item(named.id)
            if item is None or item.doi or named.doi is None:
                continue
            detail = f"DOI {named.doi.name}: reserved"
            event = Event("metadata modification", "", agent=writer.agent, detail=detail)
            writer.put_item(replace(item, doi=named.doi), {}, DOI_STATE, [event])
            yield named
