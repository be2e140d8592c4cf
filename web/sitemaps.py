"""Sitemaps (protocol 0.9, sitemaps.org) and robots.txt (RFC 9309): what there is for search engines to read."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from archive.clock import to_datestamp
from metadata.xmlbuild import document, element, leaf
from web import collection_links, series
from web.reader import alternates
from web.render import Service
from web.shares import IdShare, id_share, id_shares

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST = 2_000
"""Items of a sitemap, about: 50,000 addresses and 50 MB are allowed, but each is made when it is asked for."""

SHELVES, SERIES = 5_000, 20_000
"""Collections and series that are named at most."""

MEDIA_TYPE = "application/xml; charset=utf-8"
DAY, HOUR = 86_400, 3_600
_XHTML = "http://www.w3.org/1999/xhtml"
_PAGES = ("/", "/about", "/subjects", "/collections", "/series", "/agents", "/map", "/years", "/statistics")
_ID, _MOMENT = "-id-of-the-item-", "-its-datestamp-"


def robots(service: Service, _: Request) -> Response:
    """Answer ``/robots.txt``: items and pages are for all; searches, facets and images are for people."""
    root = service.site.root
    refused = (f"{root}/search", f"{root}/sru", f"{root}/iiif/image/", f"{root}/desk", f"{root}/*?*q=")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in refused), ""]
    lines += [f"Sitemap: {service.site.base_url}/sitemap.xml", ""]
    return PlainTextResponse("\n".join(lines), headers={"Cache-Control": f"public, max-age={DAY}"})


def sitemap(service: Service, _: Request) -> Response:
    """Answer ``/sitemap.xml``: the sitemap, or an index of several."""
    shares = id_shares(service.library.catalogue, MOST)
    if len(shares) == 1:
        return xml_answer(_sitemap(service, shares[0]))
    names = [f"{service.site.base_url}/sitemap-{share.name}.xml" for share in shares]
    entries = (element("sitemap", None, [leaf("loc", name)]) for name in names)
    return xml_answer(document(element("sitemapindex", {"xmlns": NAMESPACE}, entries)))


def part(service: Service, request: Request) -> Response:
    """Answer ``/sitemap-{part}.xml``."""
    return xml_answer(_sitemap(service, id_share(request.path_params["part"])))


def xml_answer(content: bytes, media_type: str = MEDIA_TYPE) -> Response:
    """Return a list for machines; it may be kept for an hour, and stands in no search engine itself."""
    headers = {"Cache-Control": f"public, max-age={HOUR}", "Content-Type": media_type, "X-Robots-Tag": "noindex"}
    return Response(content, headers=headers)


def _sitemap(service: Service, share: IdShare) -> bytes:
    stamps = service.library.catalogue.stamps_between(*share.bounds)
    entries = [*(_pages(service) if share.number == 0 else ()), *_items(service, stamps)]
    return document(element("urlset", {"xmlns": NAMESPACE, "xmlns:xhtml": _XHTML}, entries))


def _pages(service: Service) -> Iterator[str]:
    """Yield the pages that are no item's: those there always are, and one for each collection and series."""
    shelves = sorted(service.library.catalogue.shelf("collection"), key=lambda one: (-one[1], one[0]))
    names = (path for path, pairs in (collection_links.address(name) for name, _ in shelves[:SHELVES]) if not pairs)
    numbered = (f"/series/{one_id}" for one_id in sorted(series.ids(service))[:SERIES])
    yield from (_entry(service, path) for path in (*_PAGES, *names, *numbered))


def _items(service: Service, stamps: Iterable[tuple[str, int]]) -> Iterator[str]:
    # One entry is built, and the others are made from it: a crawler takes them by the hundred thousand.
    pattern = _entry(service, f"/item/{_ID}", _MOMENT)
    for item_id, change in stamps:
        yield pattern.replace(_ID, item_id).replace(_MOMENT, to_datestamp(change))


def _entry(service: Service, path: str, changed: str = "") -> str:
    others = (
        element("xhtml:link", {"rel": "alternate", "hreflang": code, "href": address})
        for code, address in alternates(service.site, path)
    )
    return element("url", None, [leaf("loc", service.site.base_url + quote(path)), leaf("lastmod", changed), *others])
