"""The address of an item: its page for people, and beside it its record in every form and its links."""

from starlette.requests import Request
from starlette.responses import Response

from archive.catalogued import Held
from metadata import places
from metadata.highwire import highwire
from metadata.model import Item
from metadata.origins import link_home, page_at_home
from web import collection_links, series
from web.forms import Form, form_links, forms_of, linked_data, record_form, written
from web.items import gone, held_item, item_values
from web.jsonld import in_html
from web.negotiation import preferred
from web.reader import reader
from web.render import Service, View, respond
from web.signposting import LINKSET, LINKSET_JSON, Link, as_json, as_text, by_anchor, header, item_links
from web.usage_report import used

_PAGE = ("text/html", "application/xhtml+xml")
_VARY = "Accept, Accept-Language"
_LINKSETS = {"linkset": LINKSET, "linkset.json": LINKSET_JSON}


def item(service: Service, request: Request) -> Response:
    """Answer ``/item/{id}``, in the form that is asked for, and ``/item/{id}.{suffix}``.

    A withdrawn item is 410 with a tombstone, whatever is asked for; what nobody can give, 406.
    """
    item_id, dot, suffix = request.path_params["id"].partition(".")
    if suffix in _LINKSETS:
        return linkset(service, request, item_id, suffix)
    if dot:
        return record_form(service, request, item_id, suffix)
    held = held_item(service, item_id)
    if held.item.status == "withdrawn":
        return gone(service, request, held)
    return _negotiated(service, request, held)


def linkset(service: Service, request: Request, item_id: str, suffix: str) -> Response:
    """Answer ``/item/{id}.linkset`` and ``/item/{id}.linkset.json`` (RFC 9264)."""
    held = held_item(service, item_id)
    if held.item.status == "withdrawn":
        return gone(service, request, held)
    links = by_anchor(held.item, links_of(service, held.item), service.site.base_url)
    content = as_json(links) if suffix == "linkset.json" else as_text(links)
    headers = {"Content-Type": _LINKSETS[suffix], "Cache-Control": "no-cache", "X-Robots-Tag": "noindex"}
    return Response(content, headers=headers)


def links_of(service: Service, item: Item) -> list[Link]:
    """Return all links of an item's page."""
    wholes = [tie.target for tie in item.relations if tie.kind == "isPartOf" and _is_public(service, tie.target)]
    return item_links(item, service.site.base_url, form_links(service, item), wholes)


def _negotiated(service: Service, request: Request, held: Held) -> Response:
    forms = forms_of(held.item)
    offers: list[tuple[str, Form | None]] = [(name, None) for name in _PAGE]
    offers += [(name, form) for form in forms for name in (form.media_type, *form.also)]
    accepted = ",".join(request.headers.getlist("accept"))
    place = preferred(accepted, [name for name, _ in offers])
    if place is None:
        return respond(service, request, View("error.html", {"status": 406}, 406), {"Vary": _VARY})
    form = offers[place][1]
    return written(service, held, form) if form else _page(service, request, held)


def _page(service: Service, request: Request, held: Held) -> Response:
    links = links_of(service, held.item)
    values = {
        **item_values(service, held, reader(service.site, request).language),
        "tags": highwire(held.item, service.site.base_url),
        "data": in_html(linked_data(service, held)),
        "forms": [(form, f"{service.site.base_url}/item/{held.item.id}.{form.suffix}") for form in forms_of(held.item)],
        **_home(held.item),
        "use": used(service.usage, held.item.id),
        **_whereabouts(service, request, held.item),
        "links": [link for link in links if link.rel in ("cite-as", "license", "author", "linkset")],
    }
    return respond(service, request, View("item.html", values), {"Link": header(links), "Vary": _VARY})


def _home(item: Item) -> dict[str, object]:
    """Return what a page says of where its item is at home; what others keep is known by its page there."""
    at_home = page_at_home(item)
    known = {"canonical": at_home, "alternates": ()} if at_home else {}
    return {**known, "home_link": link_home(item)}


def _whereabouts(service: Service, request: Request, item: Item) -> dict[str, object]:
    """Return where else an item stands: its countries by name, its series, and what leads to its collections."""
    language = reader(service.site, request).language
    return {
        "countries": [(code.partition("-")[0], places.name_of(code, language)) for code in item.countries],
        "series": [(one, series.address(service, one)) for one in item.series],
        "collection_address": collection_links.address,
    }


def _is_public(service: Service, item_id: str) -> bool:
    found = service.library.catalogue.shown_item(item_id)
    return found is not None and found.status == "published"
