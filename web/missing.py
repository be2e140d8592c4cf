"""What answers when nothing is at an address: its words, searched for, where they say anything."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from metadata.errors import CanoeError
from metadata.model import Item
from oai.limit import Limit
from search.engine import Request as Question
from web.line import Line, seconds_to_wait
from web.render import Service, View, respond

SHOWN = 5
_STATUS = 404
_MOST_WORDS = 8
_LONGEST = 300  # characters of an address that are looked at
_SHORTEST_WORD = 3
_TOKENS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ENDING = re.compile(r"\.[a-z0-9]{2,5}$", re.IGNORECASE)
_SAYS_NOTHING = frozenset(
    word
    for line in (
        "item items page pages file files search index home default html htm php asp aspx jsp cgi bin www http https",
        "static agent agents subjects collection collections series handle bitstream bitstreams record records",
        "download downloads view node wiki admin login content uploads and the for not",
    )
    for word in line.split()
)
_FOR_PROGRAMS = frozenset(("iiif", "oai", "resourcesync", "sru", "static", ".well-known"))


async def nothing_here(service: Service, line: Line, limit: Limit, request: Request, _: Exception) -> Response:
    """Answer for an address that nothing is at, status 404, with what its words find.

    The search waits in ``line``; where that is too long, and for clients that ask faster than ``limit``
    allows, nothing is searched.
    """
    words = words_of(request.scope["path"])
    if words and not seconds_to_wait(limit, request):
        answer = await line.answer(lambda: _page(service, request, words, _found(service, words)))
        if answer.status_code == _STATUS:
            return answer
    return await run_in_threadpool(_page, service, request, words, [])


def _page(service: Service, request: Request, words: Sequence[str], found: Sequence[Item]) -> Response:
    values: dict[str, object] = {"status": _STATUS, "query": " ".join(words), "found": found}
    return respond(service, request, View("error.html", values, _STATUS, "/"))


def words_of(path: str) -> list[str]:
    """Return the words of an address that may say what was looked for, in their order, each once."""
    if path.split("/")[1:2] and path.split("/")[1] in _FOR_PROGRAMS:
        return []
    plain = _ENDING.sub("", unquote(path[:_LONGEST]))
    words = (word.lower() for word in _TOKENS.findall(plain.replace("+", " ")))
    telling = (word for word in words if len(word) >= _SHORTEST_WORD and _is_word(word))
    return [*dict.fromkeys(telling)][:_MOST_WORDS]


def _is_word(word: str) -> bool:
    return all(character.isalpha() or character in "'’" for character in word) and word not in _SAYS_NOTHING


def _found(service: Service, words: Sequence[str]) -> list[Item]:
    """Return the items that any of the words finds, best first; none while the index cannot be read."""
    question = Question(" OR ".join(words), limit=SHOWN, pages_per_item=0, facets=(), expand=False)
    try:
        hits = service.engine.find(question).hits
    except CanoeError:
        return []
    items = (service.library.catalogue.shown_item(hit.id) for hit in hits)
    return [item for item in items if item and item.status == "published"]
