"""Atom feeds (RFC 4287) of what is new and of what a search finds, and the OpenSearch 1.1 description of the search."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from archive.catalogued import Change
from archive.clock import to_datestamp
from metadata import citing
from metadata.model import Item
from metadata.xmlbuild import document, element, leaf
from search.engine import Request as Question
from search.engine import gathered
from web.labels import creators
from web.render import Service
from web.results import Asked, asked_for, flat, question_of
from web.sitemaps import HOUR, xml_answer

ATOM, OPENSEARCH = "http://www.w3.org/2005/Atom", "http://a9.com/-/spec/opensearch/1.1/"
NEWEST, LATELY, BEST = 50, 500, 200
"""Entries of a feed; that of a search has what answers of the items that changed lately, then of the best answers."""

_ATOM_TYPE = "application/atom+xml; charset=utf-8"
_DESCRIPTION_TYPE = "application/opensearchdescription+xml; charset=utf-8"
_NEVER = 0
_SHORT, _LONG = 16, 48  # characters of the names in a description
_SUMMARY = 1_000


def new_items(service: Service, _: Request) -> Response:
    """Answer ``/new.atom``: the items that changed last, newest first."""
    return _feed(service, "/new.atom", service.site.name, service.library.catalogue.last_changed(NEWEST))


def found_items(service: Service, request: Request) -> Response:
    """Answer ``/search.atom``, with the parameters of ``/search``: what is newest of what it finds."""
    asked = asked_for(service, request)
    question = question_of(service, asked)
    total = service.engine.find(replace(question, limit=0, facets=(), respell=False)).total
    changes = _last_changed(service, question)
    counted = [leaf("opensearch:totalResults", str(total)), leaf("opensearch:itemsPerPage", str(len(changes)))]
    return _feed(service, f"/search.atom{_query(asked)}", _title(service, asked), changes, counted)


def description(service: Service, _: Request) -> Response:
    """Answer ``/opensearch.xml``: how browsers and other programs search here."""
    base_url, name = service.site.base_url, service.site.name
    content = [
        leaf("ShortName", name[:_SHORT].strip()),
        leaf("LongName", name[:_LONG].strip()),
        leaf("Description", name[:_SUMMARY]),
        leaf("Contact", service.site.admin_email),
        _template("text/html", f"{base_url}/search?q={{searchTerms}}&page={{startPage?}}", "results"),
        _template("application/atom+xml", f"{base_url}/search.atom?q={{searchTerms}}", "results"),
        _template("application/opensearchdescription+xml", f"{base_url}/opensearch.xml", "self"),
        *(leaf("Language", code) for code in ("en", "fr", "es")),
        leaf("InputEncoding", "UTF-8"),
        leaf("OutputEncoding", "UTF-8"),
    ]
    root = element("OpenSearchDescription", {"xmlns": OPENSEARCH}, content)
    return xml_answer(document(root), _DESCRIPTION_TYPE)


def _template(media_type: str, template: str, rel: str) -> str:
    return element("Url", {"type": media_type, "rel": rel, "template": template})


def _last_changed(service: Service, question: Question) -> list[Change]:
    """Return what changed last of what a search finds, newest first.

    Nothing that is new is missed, however well other items answer: those that changed last are asked about first.
    """
    last = service.library.catalogue.ids_last_changed(LATELY)
    answering = service.engine.every(replace(question, items=tuple(last))) if last else ()
    found = [*service.library.catalogue.published([one for one in last if one in answering][:NEWEST])]
    if len(found) < NEWEST and len(last) == LATELY:
        best = gathered(service.engine, replace(question, limit=BEST, pages_per_item=0))
        older = service.library.catalogue.published({hit.id for hit in flat(best)}.difference(last))
        found += older[: NEWEST - len(found)]
    return found


def _title(service: Service, asked: Asked) -> str:
    labels = service.labels(service.site.default_language)
    left_out = (f"-{labels.value(name, value).value}" for name, value in asked.excluded)
    parts = [asked.query, *(labels.value(name, value).value for name, value in asked.filters), *left_out]
    return " · ".join([part for part in parts if part] + [service.site.name])


def _query(asked: Asked) -> str:
    pairs = asked.pairs()
    return f"?{urlencode(pairs)}" if pairs else ""


def _feed(service: Service, path: str, title: str, changes: Sequence[Change], more: Iterable[str] = ()) -> Response:
    address = service.site.base_url + path
    page = service.site.base_url + path.replace("/search.atom", "/search").replace("/new.atom", "/")
    content = [
        leaf("id", address),
        leaf("title", title),
        leaf("updated", to_datestamp(max((one.number for one in changes), default=_NEVER))),
        element("author", None, [leaf("name", service.site.name)]),
        _link("self", address, "application/atom+xml"),
        _link("alternate", page, "text/html"),
        _link("search", f"{service.site.base_url}/opensearch.xml", "application/opensearchdescription+xml"),
        *more,
        *(_entry(service, one) for one in changes),
    ]
    answer = xml_answer(document(element("feed", {"xmlns": ATOM, "xmlns:opensearch": OPENSEARCH}, content)), _ATOM_TYPE)
    answer.headers["Cache-Control"] = f"public, max-age={HOUR // 4}"
    return answer


def _entry(service: Service, change: Change) -> str:
    item, base_url = change.item, service.site.base_url
    landing = citing.landing(item, base_url)
    content = [
        leaf("id", landing),
        leaf("title", citing.clean(item.title.value) or item.id),
        leaf("updated", to_datestamp(change.number)),
        *(element("author", None, [name]) for name in _names(item)),
        _link("alternate", landing, "text/html"),
        *_enclosures(item, base_url),
        leaf("summary", citing.clean(next((text.value for text in item.descriptions), ""))[:_SUMMARY]),
        element("category", {"term": item.type, "label": service.labels("en").kind(item.type)}),
    ]
    return element("entry", None, content)


def _names(item: Item) -> list[str]:
    return [name for agent in creators(item) if (name := leaf("name", citing.clean(agent.name)))]


def _enclosures(item: Item, base_url: str) -> Iterator[str]:
    for file in citing.offered(item):
        if file.role == "access" or not any(item.files_as("access")):
            address = citing.file_address(item, file, base_url)
            yield _link("enclosure", address, file.media_type, file.size)
            return


def _link(rel: str, href: str, media_type: str, length: int | None = None) -> str:
    return element("link", {"rel": rel, "href": href, "type": media_type, "length": length})
