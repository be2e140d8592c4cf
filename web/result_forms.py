"""The results of a search as a table, as references or as data, for other programs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from metadata.bibtex_export import bibtex
from metadata.listing import listing_csv
from metadata.model import Item
from metadata.ris_export import ris
from search.engine import FACETS, Answer, ItemHit, gathered
from web.agents_counted import counted_once
from web.items import is_closed
from web.labels import creators
from web.reader import reader
from web.render import Service
from web.results import asked_for, question_of, whole_number

MOST, USUAL = 500, 100
"""Works at most in one answer; whoever wants all harvests them."""

Pair = tuple[Item, ItemHit]


def results_csv(service: Service, request: Request) -> Response:
    """Answer ``/search.csv``."""
    return _written(service, request, "csv")


def results_bibtex(service: Service, request: Request) -> Response:
    """Answer ``/search.bib``."""
    return _written(service, request, "bib")


def results_ris(service: Service, request: Request) -> Response:
    """Answer ``/search.ris``."""
    return _written(service, request, "ris")


def results_json(service: Service, request: Request) -> Response:
    """Answer ``/search.json``: what was asked, how much answers, its facets, and the items with their passages."""
    asked = asked_for(service, request)
    question = replace(
        question_of(service, asked), limit=_limit(request), language=reader(service.site, request).language
    )
    counted = replace(question, limit=0, facets=FACETS)
    answer = counted_once(service, counted, service.engine.find(counted), asked.filters)
    found = _pairs(service, gathered(service.engine, question))
    made = {**_counted(asked.query, answer), "items": [_object(item, hit, service) for item, hit in found]}
    return _answer(msgspec.json.encode(made), "application/json", "json")


ROUTES: Mapping[str, Callable[[Service, Request], Response]] = {
    "/search.csv": results_csv,
    "/search.bib": results_bibtex,
    "/search.ris": results_ris,
    "/search.json": results_json,
}
_MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "bib": "application/x-bibtex; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
}


def _written(service: Service, request: Request, suffix: str) -> Response:
    language = reader(service.site, request).language
    question = question_of(service, asked_for(service, request))
    question = replace(question, limit=_limit(request), pages_per_item=0)
    found = _pairs(service, gathered(service.engine, replace(question, language=language)))
    place = service.site.base_url, service.vocabulary
    if suffix == "csv":
        content = listing_csv(((item, hit.score) for item, hit in found), *place, language)
    else:
        made = bibtex if suffix == "bib" else ris
        content = "".join(made(item, *place).rstrip("\r\n") + "\n\n" for item, _ in found)
    return _answer(content.encode(), _MEDIA_TYPES[suffix], suffix)


def _answer(content: bytes, media_type: str, suffix: str) -> Response:
    headers = {
        "Content-Type": media_type,
        "Content-Disposition": f'attachment; filename="results.{suffix}"',
        "Cache-Control": "no-cache",
        "X-Robots-Tag": "noindex",
    }
    return Response(content, headers=headers)


def _limit(request: Request) -> int:
    return min(whole_number(request.query_params.get("limit", "")) or USUAL, MOST)


def _pairs(service: Service, hits: Iterator[ItemHit]) -> Iterator[Pair]:
    """Yield the published items of works, editions too, no more than :data:`MOST`."""
    for hit in islice((one for work in hits for one in work.all_editions), MOST):
        item = service.library.catalogue.shown_item(hit.id)
        if item and item.status == "published":
            yield item, replace(hit, pages=(), page_total=0) if is_closed(item) else hit


def _counted(query: str, answer: Answer) -> dict[str, object]:
    return {
        "query": query,
        "total": answer.total,
        "works": answer.works,
        "instead": answer.instead,
        "problems": answer.remarks,
        "expansions": [
            {"text": one.text, "concept": one.concept, "agent": one.agent, "count": one.count}
            for one in answer.expansions
        ],
        "facets": {name: {count.value: count.count for count in counts} for name, counts in answer.facets.items()},
    }


def _object(item: Item, hit: ItemHit, service: Service) -> dict[str, object]:
    return {
        "id": item.id,
        "title": item.title.value,
        "creators": [agent.name for agent in creators(item)],
        "year": item.year,
        "languages": item.languages,
        "type": item.type,
        "subjects": item.concepts,
        "doi": item.doi.name if item.doi else "",
        "address": f"{service.site.base_url}/item/{item.id}",
        "work": hit.work,
        "score": round(hit.score, 4),
        "pages_found": hit.page_total,
        "pages": [{"number": page.number, "snippet": _plain(page.snippet)} for page in hit.pages],
    }


def _plain(snippet: Sequence[tuple[str, bool]]) -> str:
    return "".join(piece for piece, _ in snippet)
