"""The forms in which an item's record can be had, each at an address of its own beside the item's page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from archive.catalogued import Held
from archive.clock import to_datestamp
from metadata.bibtex_export import bibtex
from metadata.csl import csl
from metadata.disseminations import DATACITE, OPENAIRE, formats_of
from metadata.dublin_core import oai_dc
from metadata.errors import NotFound
from metadata.model import Item
from metadata.ris_export import ris
from metadata.schemaorg import schemaorg
from metadata.serial import to_json
from metadata.xmlbuild import DECLARATION
from oai.formats import FORMATS, OAI_DC
from web.collection_links import reference
from web.items import gone, held_item
from web.render import Service
from web.signposting import Link, header, record_links

Make = Callable[[Service, Held], str]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of an item's record: its address is the item's with ``.suffix``.

    ``profile`` is the URI of what its content follows. ``also`` are media types that ask for it,
    too. Only items that have the dissemination ``bit`` can be had in it; 0: all.
    """

    suffix: str
    media_type: str
    title: str
    profile: str
    make: Make
    also: tuple[str, ...] = ()
    bit: int = 0


def record_form(service: Service, request: Request, item_id: str, suffix: str) -> Response:
    """Answer ``/item/{id}.{suffix}``; 410 with a tombstone when the item was withdrawn."""
    held = held_item(service, item_id)
    if held.item.status == "withdrawn":
        return gone(service, request, held)
    form = next((one for one in forms_of(held.item) if one.suffix == suffix), None)
    if form is None:
        raise NotFound(f"Item {item_id} is not to be had in this form.")
    return written(service, held, form)


def written(service: Service, held: Held, form: Form) -> Response:
    """Return the answer that gives an item in a form."""
    landing = f"{service.site.base_url}/item/{held.item.id}"
    headers = {
        "Content-Location": f"{service.site.root}/item/{held.item.id}.{form.suffix}",
        "Link": header(record_links(landing)),
        "Cache-Control": "no-cache",
        "Vary": "Accept",
        "X-Robots-Tag": "noindex",
    }
    charset = "" if form.media_type.endswith("json") else "; charset=utf-8"
    content = form.make(service, held).rstrip("\n") + "\n"
    return Response(content.encode(), headers={**headers, "Content-Type": form.media_type + charset})


def forms_of(item: Item) -> list[Form]:
    """Return the forms that an item has all it needs for."""
    held = formats_of(item)
    return [form for form in FORMS if not form.bit or held & form.bit]


def form_links(service: Service, item: Item) -> list[Link]:
    """Return where the forms of an item are, as those that describe it."""
    landing = f"{service.site.base_url}/item/{item.id}"
    return [Link("describedby", f"{landing}.{one.suffix}", one.media_type, one.profile) for one in forms_of(item)]


def linked_data(service: Service, held: Held) -> dict[str, object]:
    """Return an item as a schema.org object, with who provides it and when it last changed here."""
    item, site = held.item, service.site
    editions = service.library.catalogue.editions(item.id)
    made_from = [one.id for one in editions if any(_translates(tie.kind, tie.target, item) for tie in one.relations)]
    made = schemaorg(item, site.base_url, service.vocabulary, made_from)
    return {
        **made,
        **_wholes(made.get("isPartOf", []), [reference(service, name) for name in item.collections]),
        "provider": {"@type": "Organization", "name": site.name, "url": site.base_url},
        "sdDatePublished": to_datestamp(held.change),
    }


def _wholes(others: object, collections: list[dict[str, object]]) -> dict[str, object]:
    """Return what an item is part of: others, as they were written already, and the collections it is in."""
    found = [*(others if isinstance(others, list) else [others]), *collections]
    return {"isPartOf": found[0] if len(found) == 1 else found} if found else {}


def _translates(kind: str, target: str, item: Item) -> bool:
    return kind == "isTranslationOf" and target == item.id


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _own(_: Service, held: Held) -> str:
    """Return item.json without what only its keepers need: where it came from, and with which batch."""
    return to_json(replace(held.item, source="", submission="", accession="")).decode()


def _dublin_core(service: Service, held: Held) -> str:
    return DECLARATION + oai_dc(held.item, service.site.base_url, service.vocabulary)


def _harvested(prefix: str) -> Make:
    """Return what makes the record that harvesters get, by metadataPrefix."""
    return lambda service, held: DECLARATION + service.renders[prefix](held.item, held.change)


FORMS: Sequence[Form] = (
    Form(
        "jsonld", "application/ld+json", "schema.org (JSON-LD)", "https://schema.org/",
        lambda service, held: _json(linked_data(service, held)), ("application/vnd.schemaorg.ld+json",),
    ),
    Form("dc.xml", "application/xml", "Dublin Core", OAI_DC.namespace, _dublin_core, ("text/xml",)),
    Form(
        "qdc.xml", "application/xml", "Qualified Dublin Core", FORMATS["oai_qdc"].namespace, _harvested("oai_qdc")
    ),
    Form("mods", "application/mods+xml", "MODS", FORMATS["mods"].namespace, _harvested("mods")),
    Form("marcxml", "application/marcxml+xml", "MARCXML", FORMATS["marcxml"].namespace, _harvested("marcxml")),
    Form(
        "datacite.xml", "application/vnd.datacite.datacite+xml", "DataCite", FORMATS["oai_datacite"].namespace,
        _harvested("oai_datacite"), bit=DATACITE,
    ),
    Form(
        "openaire.xml", "application/xml", "OpenAIRE", FORMATS["oai_openaire"].namespace,
        _harvested("oai_openaire"), bit=OPENAIRE,
    ),
    Form(
        "bib", "application/x-bibtex", "BibTeX", "",
        lambda service, held: bibtex(held.item, service.site.base_url, service.vocabulary), ("text/x-bibliography",),
    ),
    Form(
        "ris", "application/x-research-info-systems", "RIS", "",
        lambda service, held: ris(held.item, service.site.base_url, service.vocabulary),
    ),
    Form(
        "csl.json", "application/vnd.citationstyles.csl+json", "CSL JSON", "",
        lambda service, held: _json(csl(held.item, service.site.base_url, service.vocabulary)),
    ),
    Form("json", "application/json", "JSON", "", _own),
)  # fmt: skip
"""Every form there is; of two with one media type the first is what asking for the type gets."""
