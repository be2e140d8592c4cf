"""The page at the address for harvesters, for people who open it in a browser."""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from metadata.sets import set_name
from oai.provider import Provider
from web.guard import HEADERS
from web.reader import reader
from web.render import Service, View, respond

_MOST_SETS = 200
"""Sets that the page names; ListSets names all."""


def harvesting(service: Service, provider: Provider) -> Callable[[Request], Response]:
    """Return what answers a browser at ``/oai``: where and how to harvest, the formats and the sets."""

    def page(request: Request) -> Response:
        sets = provider.records.oai_sets()
        values: dict[str, object] = {
            "base_url": provider.repository.base_url,
            "formats": [*provider.formats.values()],
            "sets": _named(service, request, [spec for spec, _ in sets[:_MOST_SETS]]),
            "more": max(0, len(sets) - _MOST_SETS),
        }
        return respond(service, request, View("harvesting.html", values), HEADERS)

    return page


def _named(service: Service, request: Request, specs: Sequence[str]) -> list[tuple[str, str]]:
    language = reader(service.site, request).language
    return [(spec, set_name(spec, language, service.vocabulary, service.site.collections)) for spec in specs]
