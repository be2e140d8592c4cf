"""The homes of harvested records: how the feed tells of them, and what their home may do to an item.

Specification: the guidelines for provenance of OAI-PMH 2.0
(http://www.openarchives.org/OAI/2.0/guidelines-provenance.htm).
"""

import re
from urllib.parse import quote

from metadata.model import Item, Origin
from metadata.xmlbuild import element, leaf
from metadata.xmltext import legal

PROVENANCE = "http://www.openarchives.org/OAI/2.0/provenance"
_ATTRIBUTES = {
    "xmlns": PROVENANCE,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{PROVENANCE} http://www.openarchives.org/OAI/2.0/provenance.xsd",
}
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def about(item: Item) -> str:
    """Return the ``<about>`` of a record that was harvested, ``""`` for one of the library's own.

    The outermost origin is the one that it was harvested from here; those within are what that one told.
    """
    inner = ""
    for origin in reversed(item.origins):
        attributes = {"harvestDate": origin.harvested_at, "altered": "true" if origin.altered else "false"}
        parts = (
            leaf("baseURL", _uri(origin.base_url)),
            leaf("identifier", _uri(origin.identifier)),
            leaf("datestamp", origin.datestamp or origin.harvested_at),
            leaf("metadataNamespace", _uri(origin.namespace)) or element("metadataNamespace"),
            inner,
        )
        inner = element("originDescription", attributes, parts)
    return element("about", None, (element("provenance", _ATTRIBUTES, (inner,)),)) if inner else ""


def _uri(text: str) -> str:
    """Return ``text`` as xs:anyURI may have it."""
    return quote(_STRAY_PERCENT.sub("%25", legal(text).strip()), safe="%/:?#@!$&'()*+,;=~")


def is_harvested_from(item: Item, base_url: str) -> bool:
    """Say whether an item's home is the repository at ``base_url``."""
    return bool(item.origins) and item.origins[0].base_url == base_url


def deleted_reason(origin: Origin) -> str:
    """Return the reason for which an item is withdrawn whose record its home has deleted."""
    return f"It was deleted in {origin.base_url}, where it had been harvested."


def is_deleted_at_home(item: Item) -> bool:
    """Say whether an item is withdrawn only because its home deleted it: it may come again."""
    return item.status == "withdrawn" and bool(item.origins) and item.reason == deleted_reason(item.origins[0])


def link_home(item: Item) -> str:
    """Return the address of an item at its home: its own page there, its DOI, else its record; ``""`` for our own."""
    if not item.origins:
        return ""
    found = {one.scheme: one.value for one in reversed(item.identifiers)}
    if "url" in found:
        return found["url"]
    if item.doi and item.doi.state == "external":
        return f"https://doi.org/{item.doi.name}"
    if "handle" in found:
        return f"https://hdl.handle.net/{found['handle']}"
    home = item.origins[0]
    identifier = quote(home.identifier, safe="")
    return f"{home.base_url}?verb=GetRecord&metadataPrefix=oai_dc&identifier={identifier}"
