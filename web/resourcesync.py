"""ResourceSync (ANSI/NISO Z39.99-2017): what there is to copy, and what has changed of it since.

The resources are each item's record in Dublin Core and the files that readers are offered. Lists are
given in shares (:mod:`web.shares`), so each costs the same, wherever in the library it begins.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response

from archive.catalogued import Change
from archive.clock import SECOND, to_rfc3339
from archive.library import Library
from archive.lineage import INGESTED
from archive.replay import is_accession
from metadata import citing
from metadata.errors import DamageFound, NotFound
from metadata.model import File, Item
from metadata.xmlbuild import document, element, leaf
from oai.formats import OAI_DC
from web.render import Service
from web.shares import ChangeShare, IdShare, change_share, change_shares, holds_more, id_share, id_shares
from web.signposting import LINKSET_JSON
from web.sitemaps import NAMESPACE, xml_answer

MOST_ITEMS, MOST_CHANGES, MOST_FILES = 500, 1_000, 49
"""Items of a resource list (about), of a change list, files of an item: no list has more than 50,000 entries."""

TERMS = "http://www.openarchives.org/rs/terms/"
_ROOT = {"xmlns": NAMESPACE, "xmlns:rs": TERMS}
_HASHES = {"md5": "md5", "sha1": "sha-1", "sha256": "sha-256"}
_DC_TYPE = "application/xml"
_INGESTED = INGESTED.split()[0]


def description(service: Service, _: Request) -> Response:
    """Answer ``/.well-known/resourcesync``, the Source Description (section 13)."""
    listed = [_pointer(f"{_place(service)}/capabilitylist.xml", "capabilitylist")]
    about = _ln("describedby", f"{service.site.base_url}/about", "text/html")
    return xml_answer(document(element("urlset", _ROOT, [about, _md(capability="description"), *listed])))


def capability_list(service: Service, _: Request) -> Response:
    """Answer ``/resourcesync/capabilitylist.xml`` (section 13.2)."""
    up = _ln("up", f"{service.site.base_url}/.well-known/resourcesync")
    names = ("resourcelist", "changelist")
    listed = (_pointer(f"{_place(service)}/{name}.xml", name) for name in names)
    return xml_answer(document(element("urlset", _ROOT, [up, _md(capability="capabilitylist"), *listed])))


def resource_list(service: Service, _: Request) -> Response:
    """Answer ``/resourcesync/resourcelist.xml``, a Resource List, or the index of several (sections 10.1, 10.2)."""
    now = _stamp(service.library.settled() * SECOND)
    shares = id_shares(service.library.catalogue, MOST_ITEMS)
    if len(shares) == 1:
        return xml_answer(_resources(service, shares[0], now, ""))
    about = _md(capability="resourcelist", at=now)
    parts = ((f"{_place(service)}/resourcelist-{share.name}.xml", _md(at=now)) for share in shares)
    return xml_answer(_index(service, about, parts))


def resource_part(service: Service, request: Request) -> Response:
    """Answer ``/resourcesync/resourcelist-{part}.xml``."""
    now = _stamp(service.library.settled() * SECOND)
    share = id_share(request.path_params["part"])
    return xml_answer(_resources(service, share, now, f"{_place(service)}/resourcelist.xml"))


def change_list(service: Service, _: Request) -> Response:
    """Answer ``/resourcesync/changelist.xml``, an open Change List, or the index of several (sections 12.1, 12.2)."""
    shares = list(change_shares(service.library.catalogue, MOST_CHANGES)) or [ChangeShare()]
    if shares == [ChangeShare()]:
        return xml_answer(_changes(service, shares[0], ""))
    settled = service.library.settled() * SECOND
    about = _md(capability="changelist", **{"from": _stamp(shares[0].bounds[0])})
    parts = ((f"{_place(service)}/changelist-{one.digits}.xml", _md(**_period(one, settled))) for one in shares)
    return xml_answer(_index(service, about, parts))


def change_part(service: Service, request: Request) -> Response:
    """Answer ``/resourcesync/changelist-{part}.xml``; 404 for a part with more changes than one list has."""
    share = change_share(request.path_params["part"])
    if holds_more(service.library.catalogue, share, MOST_CHANGES):
        raise NotFound("There is no such part of the list.")
    return xml_answer(_changes(service, share, f"{_place(service)}/changelist.xml"))


def change_kind(library: Library, change: Change) -> str:
    """Return what a change did to an item: ``created``, ``updated`` or ``deleted``."""
    if change.item.status == "withdrawn":
        return "deleted"
    try:
        return "created" if _brought(library, change.item) else "updated"
    except (DamageFound, NotFound, OSError, ValueError):
        return "updated"  # one damaged object must not keep others from being told


def _brought(library: Library, item: Item) -> bool:
    """Say whether the newest change of an item is the one that brought it; raises what reading the archive does."""
    held = library.catalogue.shown(item.id)
    if held is None or (library.archive.folder(held.object_id) / "v2").is_dir():
        return False
    if is_accession(held.object_id):
        return item.id not in _described_anew(library, held.item.accession)
    # What has files began with its object; a record without may have been a line of an accession before.
    return bool(item.files) or library.archive.inventory(held.object_id).versions[0].message.startswith(_INGESTED)


@lru_cache(maxsize=8)
def _described_anew(library: Library, accession: str) -> frozenset[str]:
    """Return the items that an accession met, and did not bring."""
    return frozenset(piece.item for piece in library.each_piece(accession) if piece.outcome == "changed")


def _resources(service: Service, share: IdShare, now: str, index: str) -> bytes:
    changes = service.library.catalogue.between(*share.bounds)
    entries = (entry for change in changes for entry in _entries(service, change, ""))
    head = [*_ups(service, index), _md(capability="resourcelist", at=now)]
    return document(element("urlset", _ROOT, [*head, *entries]))


def _changes(service: Service, share: ChangeShare, index: str) -> bytes:
    library = service.library
    settled = library.settled() * SECOND
    first, end = share.bounds
    found = [one for one in _public_changes(library, first - 1) if one.number < end]
    entries = (entry for one in found for entry in _entries(service, one, change_kind(library, one)))
    head = [*_ups(service, index), _md(capability="changelist", **_period(share, settled))]
    return document(element("urlset", _ROOT, [*head, *entries]))


def _public_changes(library: Library, after: int) -> list[Change]:
    """Return as many changes as a list has, or some more, without those of what is held for approval."""
    found: list[Change] = []
    while len(found) < MOST_CHANGES and (changes := library.changes(after, MOST_CHANGES)):
        found += [one for one in changes if one.item.status != "held"]
        after = changes[-1].number
        if len(changes) < MOST_CHANGES:
            break
    return found


def _period(share: ChangeShare, settled: int) -> dict[str, str]:
    """Return from when a share is, and until when: nothing while changes may still come to it."""
    first, end = share.bounds
    return {"from": _stamp(first), **({"until": _stamp(end)} if end <= settled else {})}


def _entries(service: Service, change: Change, kind: str) -> Iterator[str]:
    """Yield the resources of an item: its record, then its files; ``kind`` is that of the change, in a change list."""
    item, base_url, stamp = change.item, service.site.base_url, _stamp(change.number)
    record = f"{citing.landing(item, base_url)}.dc.xml"
    files = list(islice(citing.offered(item), MOST_FILES))
    told = {"change": kind, "datetime": stamp} if kind else {}
    yield _entry(record, stamp, _md(**told, type=_DC_TYPE), _record_links(item, files, base_url))
    for file in files:
        facts = {"hash": _hash(file), "length": str(file.size), "type": file.media_type}
        known = {**told, **(facts if kind != "deleted" else {})}
        described = _ln("describedby", record, _DC_TYPE)
        yield _entry(citing.file_address(item, file, base_url), stamp, _md(**known), [described])


def _record_links(item: Item, files: Iterable[File], base_url: str) -> Iterator[str]:
    landing = citing.landing(item, base_url)
    yield _ln("profile", OAI_DC.namespace)
    if item.status == "published":
        yield _ln("describes", landing, "text/html")
        yield from (_ln("describes", citing.file_address(item, file, base_url), file.media_type) for file in files)
        yield _ln("linkset", f"{landing}.linkset.json", LINKSET_JSON)


def _hash(file: File) -> str:
    """Return the digests of a file that ResourceSync knows (section 8); SHA-512 is not among them."""
    return " ".join(f"{_HASHES[name]}:{value}" for name, value in file.fixity if name in _HASHES)


def _entry(address: str, stamp: str, about: str, links: Iterable[str]) -> str:
    return element("url", None, [leaf("loc", address), leaf("lastmod", stamp), about, *links])


def _index(service: Service, about: str, parts: Iterable[tuple[str, str]]) -> bytes:
    entries = (element("sitemap", None, [leaf("loc", address), told]) for address, told in parts)
    return document(element("sitemapindex", _ROOT, [*_ups(service, ""), about, *entries]))


def _ups(service: Service, index: str) -> Iterator[str]:
    yield _ln("up", f"{_place(service)}/capabilitylist.xml")
    if index:
        yield _ln("index", index)


def _pointer(address: str, capability: str) -> str:
    return element("url", None, [leaf("loc", address), _md(capability=capability)])


def _md(**attributes: str) -> str:
    return element("rs:md", {name: value or None for name, value in attributes.items()})


def _ln(rel: str, href: str, media_type: str = "") -> str:
    return element("rs:ln", {"rel": rel, "href": href, "type": media_type or None})


def _place(service: Service) -> str:
    return f"{service.site.base_url}/resourcesync"


def _stamp(change: int) -> str:
    """Return a change number as a W3C Datetime."""
    return to_rfc3339(change)
