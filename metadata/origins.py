"""The homes of harvested records: how the feed tells of them, and what their home may do to an item.

Specification: the guidelines for provenance of OAI-PMH 2.0
(http://www.openarchives.org/OAI/2.0/guidelines-provenance.htm).
"""

import re
from itertools import chain
from urllib.parse import quote, urlsplit

from metadata.model import Item, Origin
from metadata.standard_numbers import doi_address
from metadata.xmlbuild import element, leaf
from metadata.xmltext import legal

PROVENANCE = "http://www.openarchives.org/OAI/2.0/provenance"
_ATTRIBUTES = {
    "xmlns": PROVENANCE,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{PROVENANCE} http://www.openarchives.org/OAI/2.0/provenance.xsd",
}
_WEB = re.compile(r"https?://[^\s<>\"\\]{1,2000}")
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
    """Say whether an item's home is the repository at ``base_url``, by whichever of http and https it is asked."""
    return bool(item.origins) and _place(item.origins[0].base_url) == _place(base_url)


def is_record(item: Item, base_url: str, identifier: str) -> bool:
    """Say whether an item is what the repository at ``base_url`` calls ``identifier``."""
    return is_harvested_from(item, base_url) and item.origins[0].identifier == identifier


def _place(base_url: str) -> str:
    return base_url.partition("://")[2].rstrip("/")


def deleted_reason(origin: Origin) -> str:
    """Return the reason for which an item is withdrawn whose record its home has deleted."""
    return f"It was deleted in {origin.base_url}, where it had been harvested."


def is_deleted_at_home(item: Item) -> bool:
    """Say whether an item is withdrawn only because its home deleted it: it may come again."""
    return item.status == "withdrawn" and bool(item.origins) and item.reason == deleted_reason(item.origins[0])


def home_name(item: Item) -> str:
    """Return who keeps what was harvested: its name, else the host of its address; ``""`` for our own."""
    home = item.origins[0] if item.origins else None
    return (home.repository or urlsplit(home.base_url).netloc) if home else ""


def page_at_home(item: Item) -> str:
    """Return the address for readers of an item at its home, ``""`` where none is known, or it is our own.

    That is what the record names on the home's own host, else the first address, DOI or handle in it.
    """
    if not item.origins:
        return ""
    named = [one.value for one in item.identifiers if one.scheme == "url" and _WEB.fullmatch(one.value)]
    host = _host(item.origins[0].base_url)
    doi = [doi_address(item.doi.name)] if item.doi and item.doi.state == "external" else []
    handles = [f"https://hdl.handle.net/{quote(one.value)}" for one in item.identifiers if one.scheme == "handle"]
    there = (address for address in named if _host(address) == host)
    return next(chain(there, named, doi, handles), "")


def link_home(item: Item) -> str:
    """Return the address of an item at its home: its page there, else its record; ``""`` for our own."""
    if not item.origins:
        return ""
    home = item.origins[0]
    identifier, joint = quote(home.identifier, safe=""), "&" if "?" in home.base_url else "?"
    return page_at_home(item) or f"{home.base_url}{joint}verb=GetRecord&metadataPrefix=oai_dc&identifier={identifier}"


def _host(address: str) -> str:
    return address.partition("://")[2].partition("/")[0].lower()
