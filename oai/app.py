"""The door to HTTP: GET and form POST alike (OAI-PMH 2.0, 3.1.1), gzip (3.1.3).

Errors of the protocol are answers with status 200; no request reaches the catalogue that
was not understood whole.
"""

import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from oai.arguments import OaiError, parse_pairs
from oai.limit import NO_LIMIT, Limit
from oai.pace import Pace
from oai.provider import Provider, answer, is_brief, refuse

FORM = "application/x-www-form-urlencoded"
MAX_BODY = 65_536
"""Bytes of a POST; the arguments of the longest honest request are under one thousand."""

_MEDIA_TYPE = "text/xml; charset=utf-8"
_GZIP = 16 + zlib.MAX_WBITS
_LANGUAGE = re.compile(rb"(?:lang=[a-z]{2})?")
_WEIGHT = re.compile(r"q=(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


Clock: TypeAlias = Callable[[], int]
"""Gives the moment up to which every change is among the records, in seconds since 1970."""


def wall_clock() -> int:
    """Return now: right where records carry the moment at which they can be seen."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Door:
    """How harvesters are let in.

    ``clock`` gives the responseDate. Harvesters ask next for what came after it, so it must
    not be later than a datestamp that is yet to appear. ``people`` makes the page of a browser
    that asks without any argument; without it a browser, too, is told badVerb.
    """

    clock: Clock = wall_clock
    limit: Limit = NO_LIMIT
    people: Callable[[Request], Response] | None = None


_OPEN = Door()


def application(provider: Provider, door: Door = _OPEN, path: str = "/oai") -> Route:
    """Return the route that answers harvesters at ``path``; all but brief answers are made in worker threads."""
    pace = Pace()

    async def oai(request: Request) -> Response:
        if wait := door.limit.seconds_to_wait(request.client.host if request.client else ""):
            return come_later(wait)
        if door.people and _is_person(request):
            return await run_in_threadpool(_shown, door.people, request)
        try:
            asked = await _asked(request)
        except ClientDisconnect:
            return Response(status_code=400)
        packed = accepts_gzip(",".join(request.headers.getlist("accept-encoding")))
        if pace.is_brisk and not packed and _is_brief(provider, asked, door.clock):
            with pace.watched():
                return _respond(provider, request, asked, door.clock, packed)
        return await run_in_threadpool(_respond, provider, request, asked, door.clock, packed)

    return Route(path, oai, methods=["GET", "POST"])


def come_later(wait: int) -> Response:
    """Answer who asks too fast: after ``wait`` seconds there is an answer again."""
    headers = {"Retry-After": str(wait), "Cache-Control": "no-store"}
    return PlainTextResponse("Too many requests from this address; come again later.\n", 503, headers)


def _is_person(request: Request) -> bool:
    """Say whether a browser asks for nothing but a language: a harvester that forgot its verb names no HTML."""
    accepted = ",".join(request.headers.getlist("accept")).lower()
    return request.method in ("GET", "HEAD") and _asks_nothing(request) and "text/html" in accepted


def _asks_nothing(request: Request) -> bool:
    return _LANGUAGE.fullmatch(request.scope["query_string"]) is not None


def _shown(people: Callable[[Request], Response], request: Request) -> Response:
    page = people(request)
    page.headers.append("Vary", "Accept")
    if request.method == "HEAD":
        page.body = b""
    return page


def accepts_gzip(header: str) -> bool:
    """Say whether an Accept-Encoding header asks for gzip (RFC 9110, 12.5.3), and not rather for no coding at all.

    A weight of 0 refuses.
    """
    weights = {}
    for entry in header.lower().split(","):
        coding, _, weight = (part.strip() for part in entry.partition(";"))
        weights[coding] = (float(weight[2:]) if _WEIGHT.fullmatch(weight) else 0.0) if weight else 1.0
    wanted = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return wanted > 0 and wanted >= weights.get("identity", 0.0)


async def _asked(request: Request) -> bytes | OaiError:
    """Return the arguments as sent. What the URL of a POST holds was sent, too, and so counts."""
    query: bytes = request.scope["query_string"]
    if request.method != "POST":
        return query
    media_type = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if media_type != FORM:
        return OaiError("badArgument", f"The body of a POST must be {FORM}.")
    body = await _body(request)
    if body is None:
        return OaiError("badArgument", f"The body is over {MAX_BODY} bytes.")
    return query + b"&" + body


async def _body(request: Request) -> bytes | None:
    received = b""
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_BODY:
            return None
    return received


def _is_brief(provider: Provider, asked: bytes | OaiError, clock: Clock) -> bool:
    return not isinstance(asked, OaiError) and is_brief(provider, parse_pairs(asked), clock())


def _respond(provider: Provider, request: Request, asked: bytes | OaiError, clock: Clock, packed: bool) -> Response:
    content = _document(provider, asked, clock())
    headers = {"Vary": "Accept, Accept-Encoding" if _asks_nothing(request) else "Accept-Encoding"}
    if packed:
        content = zlib.compress(content, level=1, wbits=_GZIP)
        headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(content))
    return Response(b"" if request.method == "HEAD" else content, headers=headers, media_type=_MEDIA_TYPE)


def _document(provider: Provider, asked: bytes | OaiError, now: int) -> bytes:
    if isinstance(asked, OaiError):
        return refuse(provider, (asked,), now)
    return answer(provider, parse_pairs(asked), now)
