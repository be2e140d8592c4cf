"""Completion while somebody types: titles, agents and subjects, as JSON for whatever offers them."""

from collections.abc import Iterator, Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from metadata.concepts import label_key
from metadata.vocabulary import Vocabulary
from search.completion import SHORTEST
from search.engine import FacetCount
from search.engine import Request as Question
from web.reader import reader
from web.render import Service
from web.results import clean, whole_number

MOST, USUAL = 20, 8
LONGEST = 80
"""Characters of what was typed that are read."""


def suggest(service: Service, request: Request) -> Response:
    """Answer ``/suggest?q=&limit=``: a JSON array of objects with kind, text and count.

    ``kind`` is ``title``, ``agent`` or ``subject``; a subject has its ``uri``, too. Less than
    two letters give none.
    """
    typed = clean(request.query_params.get("q", ""))[:LONGEST]
    limit = min(whole_number(request.query_params.get("limit", "")) or USUAL, MOST)
    language = reader(service.site, request).language
    found: list[dict[str, object]] = [*_subjects(service, typed, language, limit)]
    for one in service.engine.complete(typed, limit):
        found.append({"kind": one.kind, "text": one.text, "count": one.count})
    content = msgspec.json.encode(found[:limit])
    return Response(content, headers={"Content-Type": "application/json", "Cache-Control": "max-age=60"})


def _subjects(service: Service, typed: str, language: str, limit: int) -> Iterator[dict[str, object]]:
    """Yield the concepts that a label of has a word beginning as was typed, the most used first; half at most."""
    start = label_key(typed)
    if len(start) < SHORTEST:
        return
    counts = _used(service)  # of all that a large vocabulary has, few are used
    likely = (uri for uri in counts if _begins(service.vocabulary, uri, start))
    used = sorted(likely, key=lambda uri: (-counts[uri].count, uri))
    for uri in used[: max(1, limit // 2)]:
        label = service.vocabulary.concepts[uri].label(language).value
        yield {"kind": "subject", "text": label, "count": counts[uri].count, "uri": uri}


def _begins(vocabulary: Vocabulary, uri: str, start: str) -> bool:
    concept = vocabulary.concepts.get(uri)
    texts = (*concept.labels, *concept.alternatives) if concept else ()
    return any(f" {label_key(text.value)}".find(f" {start}") >= 0 for text in texts)


def _used(service: Service) -> Mapping[str, FacetCount]:
    counts = service.engine.find(Question("", limit=0, facets=("subject",))).facets["subject"]
    return {count.value: count for count in counts}
