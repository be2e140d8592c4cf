"""An item: all that is known of it, what it was published as, its pages; or its tombstone."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response

from archive.catalogued import Held
from archive.cataloguing import PageSpan
from metadata.citation_styles import citations
from metadata.errors import CanoeError, NotFound
from metadata.ids import is_item_id
from metadata.model import Item, Page, RelationKind
from metadata.origins import page_at_home
from metadata.rights import is_readable
from web.agents import agents_on
from web.labels import creators, doi_address, publishers
from web.render import Service, View, respond
from web.signposting import gone_links, header

PAGES_SHOWN = 24
SIMILAR_SHOWN = 5
_LOG = logging.getLogger(__name__)
_OPENING = 90  # characters of a page's first words


@dataclass(frozen=True, slots=True)
class PageLine:
    """A page in the list: its number, first words and language."""

    number: int
    opening: str
    language: str


@dataclass(frozen=True, slots=True)
class Citation:
    """How to cite: a title to be set in italics, what stands before it, what after, the address last."""

    names: str
    year: str
    publisher: str
    address: str


def held_item(service: Service, item_id: str) -> Held:
    """Return an item as readers may know it, and its change number; raises NotFound, also for one that is held."""
    held = service.library.catalogue.shown(item_id) if is_item_id(item_id) else None
    if held is None:
        raise NotFound(f"There is no item {item_id[:40]!r}.")
    return held


def gone(service: Service, request: Request, held: Held) -> Response:
    """Answer for a withdrawn item: what it was, when and why it went, what replaces it, status 410."""
    instead = service.library.catalogue.replacements(held.item.id)
    reason = held.item.reason
    for other in instead:  # the page names what replaces it with a link: not in the archive's own words as well
        reason = reason.partition(f" Replaced by {other.id}:")[0]
    values: dict[str, object] = {"item": held.item, "change": held.change, "instead": instead, "reason": reason}
    headers = {"Link": header(gone_links(held.item, service.site.base_url))}
    return respond(service, request, View("tombstone.html", values, 410, f"/item/{held.item.id}"), headers)


def is_closed(item: Item) -> bool:
    """Say whether the files and pages of an item are not for the public, today."""
    return not is_readable(item, datetime.now(UTC).date())


def closed(service: Service, request: Request, item: Item) -> Response:
    """Answer for a file or page that is not public: why not, and until when, status 403."""
    return respond(service, request, View("closed.html", {"item": item}, 403, f"/item/{item.id}"))


def citation(service: Service, item: Item) -> Citation:
    """Return the parts of a citation; a DOI that does not resolve yet is not cited."""
    address = doi_address(item.doi) if item.doi else ""
    return Citation(
        names="; ".join(agent.name for agent in creators(item)),
        year=str(item.year or ""),
        publisher=", ".join(agent.name for agent in publishers(item)),
        address=address or page_at_home(item) or f"{service.site.base_url}/item/{item.id}",
    )


def item_values(service: Service, held: Held, language: str) -> dict[str, object]:
    """Return what the page of an item shows to a reader of an interface language."""
    item = held.item
    editions = service.library.catalogue.editions(item.id)
    copies = [one for one in editions if _is_copy(one, item.id)]
    hidden = is_closed(item)
    spans = () if hidden else service.library.catalogue.page_spans(item.id)
    return {
        "item": item,
        "agents": agents_on(service, item),
        "change": held.change,
        "editions": [one for one in editions if one not in copies and not _is_copy(item, one.id)],
        "copies": copies,
        "similar": _similar(service, item),
        "relations": _relations(service, item),
        "citation": (told := citation(service, item)),
        "styles": citations(item, told.address, language, datetime.now(UTC).date()),
        "files": () if hidden else [*item.files_as("access"), *item.files_as("original")],
        "hidden": hidden and bool(item.files),
        "page_lines": _page_lines(service, item, spans),
        "page_count": len(spans),
    }


def _is_copy(item: Item, of: str) -> bool:
    """Say whether an item is the same publication as another, kept elsewhere."""
    return any(tie.kind == "isFormatOf" and tie.target == of for tie in item.relations)


def _similar(service: Service, item: Item) -> list[Item]:
    """Return what else the library has on the matter; nothing while the index cannot be read."""
    try:
        found = service.engine.similar(item.id, SIMILAR_SHOWN)
    except CanoeError as fault:
        _LOG.warning("No similar items: %s", fault)
        return []
    items = (service.library.catalogue.shown_item(hit.id) for hit in found)
    return [one for one in items if one and one.status == "published"]


def _relations(service: Service, item: Item) -> list[tuple[RelationKind, Item]]:
    """Return the items this one is tied to, translations aside: those are the editions."""
    ties = [tie for tie in item.relations if tie.kind != "isTranslationOf"]
    targets = [(tie.kind, service.library.catalogue.shown_item(tie.target)) for tie in ties]
    return [(kind, target) for kind, target in targets if target and target.status == "published"]


def _page_lines(service: Service, item: Item, spans: Sequence[PageSpan]) -> list[PageLine]:
    """Read the first pages only: a page's line holds all its word boxes."""
    return [_page_line(page) for page in islice(service.library.pages(item.id), PAGES_SHOWN)] if spans else []


def _page_line(page: Page) -> PageLine:
    words = " ".join(page.text[: 4 * _OPENING].split())
    cut = words[:_OPENING].rpartition(" ")[0] + " …" if len(words) > _OPENING else words
    return PageLine(page.number, cut, page.language)
