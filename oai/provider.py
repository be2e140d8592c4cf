"""Arguments → answer: OAI-PMH 2.0, one function a verb.

Each verb's function returns its element, or the errors that stand in its place. Nothing
here knows of HTTP, and the time is an argument.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from archive.catalogued import Listing, OaiRecord
from archive.clock import SECOND
from archive.feed import deleted_header
from archive.feed import record as joined
from metadata.errors import UsageError
from metadata.model import Item
from metadata.origins import about
from oai import answers, datestamps, tokens
from oai.arguments import Errors, OaiError, OaiRequest, Pairs, read
from oai.formats import FORMATS, OAI_DC, Format, Render
from oai.records import Records
from oai.tokens import Place

_EMAIL = re.compile(r"\S+@(\S+\.)+\S+")
_NAMESPACE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-]*(\.[a-zA-Z0-9][a-zA-Z0-9\-]*)+")
_KEY_LENGTH = 16

SETS_PER_PAGE = 500
"""ListSets gives them all at once up to here."""

_BRIEF = 1000
"""Records that are read in a millisecond or two."""

_UNKNOWN_IDENTIFIER = OaiError("idDoesNotExist", "No item has this identifier.")
_UNKNOWN_PREFIX = OaiError("cannotDisseminateFormat", "This is not available in that metadata format.")
_NO_MATCH = OaiError("noRecordsMatch", "No record matches metadataPrefix, from, until and set.")
_NO_SETS = OaiError("noSetHierarchy", "The repository has no sets yet.")
_BAD_TOKEN = OaiError("badResumptionToken", "The token is not of this list, or it has expired: begin again.")


@dataclass(frozen=True, slots=True)
class Repository:
    """What a repository is from the outside.

    ``base_url`` is given out byte for byte, whatever host a request names. Identifiers are
    ``oai:NAMESPACE:item id``, so ``namespace`` is a domain name. ``token_key`` signs
    resumption tokens (16 bytes at least), ``token_life`` is their life in seconds. ``friends``
    and ``icon`` are described by :class:`oai.answers.Identity`. ``set_names`` are names of sets
    (by setSpec) that count instead of those the records have.

    Raises UsageError for what would make the answers invalid.
    """

    name: str
    base_url: str
    admin_email: str
    namespace: str
    page_size: int
    token_key: bytes
    token_life: int = 48 * 3600
    friends: tuple[str, ...] = ()
    icon: str = ""
    set_names: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not _EMAIL.fullmatch(self.admin_email):
            raise UsageError(f"{self.admin_email!r} is not an e-mail address", "Set the administrator's address.")
        if not _NAMESPACE.fullmatch(self.namespace):
            raise UsageError(f"{self.namespace!r} is not a domain name", "Set a namespace such as library.example.org.")
        if self.page_size < 1 or len(self.token_key) < _KEY_LENGTH:
            raise UsageError("OAI-PMH needs a page size of 1 or more, and a token key of 16 bytes or more")


@dataclass(frozen=True, slots=True)
class Provider:
    """A repository and the records it gives, in oai_dc and in the formats that there are ``renders`` for."""

    repository: Repository
    records: Records
    renders: Mapping[str, Render] = field(default_factory=dict)

    @property
    def formats(self) -> dict[str, Format]:
        """The formats it gives records in, by metadataPrefix."""
        return {prefix: one for prefix, one in FORMATS.items() if one is OAI_DC or prefix in self.renders}


Pieces: TypeAlias = list[bytes]
Element: TypeAlias = Pieces | Errors
Verb: TypeAlias = Callable[[Provider, OaiRequest, int], Element]


def answer(provider: Provider, pairs: Pairs, now: int) -> bytes:
    """Return the document (UTF-8) that answers ``pairs`` at ``now`` (epoch seconds)."""
    request = read(pairs)
    if isinstance(request, OaiRequest):
        return _envelope(provider, request, VERBS[request.verb](provider, request, now), now)
    return refuse(provider, request, now)


def is_brief(provider: Provider, pairs: Pairs, now: int) -> bool:
    """Say whether an answer takes next to no time: some more records of all, as they stand in the catalogue."""
    request = read(pairs)
    place = _resumed(provider, request, now) if isinstance(request, OaiRequest) else None
    if not isinstance(place, Place) or provider.repository.page_size > _BRIEF:
        return False
    return place.verb == "ListRecords" and place.prefix == OAI_DC.prefix and not place.set_spec


def refuse(provider: Provider, errors: Errors, now: int) -> bytes:
    """Return the answer to a request that was badVerb or badArgument: the base URL alone is echoed (3.6)."""
    return answers.envelope(provider.repository.base_url, now, {}, answers.errors(errors))


def identify(provider: Provider, _request: OaiRequest, _now: int) -> Element:
    """Answer Identify (4.2)."""
    repository = provider.repository
    return answers.identify(
        answers.Identity(
            repository.name,
            repository.base_url,
            repository.admin_email,
            repository.namespace,
            provider.records.earliest_datestamp(),
            repository.friends,
            repository.icon,
        )
    )


def list_metadata_formats(provider: Provider, request: OaiRequest, _now: int) -> Element:
    """Answer ListMetadataFormats (4.4), for the repository or for one item."""
    formats = list(provider.formats.values())
    if "identifier" in request.arguments:
        record = _find(provider, request.arguments["identifier"])
        if record is None:
            return (_UNKNOWN_IDENTIFIER,)
        formats = [one for one in formats if _is_available(record, one)]
    if not formats:
        return (OaiError("noMetadataFormats", "The item is in no metadata format."),)
    return answers.metadata_formats(formats)


def list_sets(provider: Provider, request: OaiRequest, now: int) -> Element:
    """Answer ListSets (4.6)."""
    place = _resumed(provider, request, now) or Place("ListSets", "", "", 0, 0)
    if isinstance(place, OaiError):
        return (place,)
    sets = provider.records.oai_sets()
    if not sets:
        return (_NO_SETS,)
    start = bisect_right(sets, place.set_spec, key=lambda each: each[0])
    known = provider.repository.set_names
    shown = [(spec, known.get(spec, name)) for spec, name in sets[start : start + SETS_PER_PAGE]]
    if not shown:
        return (_BAD_TOKEN,)
    cursor = place.cursor + len(shown)
    more = start + len(shown) < len(sets)
    rest = Place("ListSets", "", shown[-1][0], 0, 0, cursor, len(sets)) if more else None
    return answers.sets(shown, _resumption(provider, place, rest, cursor, now))


def get_record(provider: Provider, request: OaiRequest, _now: int) -> Element:
    """Answer GetRecord (4.1)."""
    found = provider.formats.get(request.arguments["metadataPrefix"])
    record = _find(provider, request.arguments["identifier"])
    if record is None:
        return (_UNKNOWN_IDENTIFIER,) if found else (_UNKNOWN_IDENTIFIER, _UNKNOWN_PREFIX)
    if found is None or not _is_available(record, found):
        return (_UNKNOWN_PREFIX,)
    return answers.record(_record(provider, record, found))


def list_records(provider: Provider, request: OaiRequest, now: int) -> Element:
    """Answer ListRecords (4.5) and ListIdentifiers (4.3), which differ only in what is shown of a record."""
    place = _resumed(provider, request, now) or _first_place(provider, request)
    if isinstance(place, OaiError):
        return (place,)
    size = provider.repository.page_size
    # One more than is shown tells whether the list goes on, so none ends in a dangling token.
    changes, page = _page(provider, place, size + 1)
    if not changes:
        return (_NO_SETS if place.set_spec and not provider.records.oai_sets() else _NO_MATCH,)
    reached = place.cursor + min(len(changes), size)
    rest = _next_place(provider, place, changes[size - 1], reached) if len(changes) > size else None
    return _SHOW[request.verb](islice(page, size), _resumption(provider, place, rest, reached, now))


VERBS: Mapping[str, Verb] = {
    "Identify": identify,
    "ListMetadataFormats": list_metadata_formats,
    "ListSets": list_sets,
    "GetRecord": get_record,
    "ListIdentifiers": list_records,
    "ListRecords": list_records,
}

_SHOW: Mapping[str, Callable[[Iterable[bytes], answers.Resumption | None], Pieces]] = {
    "ListIdentifiers": answers.headers,
    "ListRecords": answers.records,
}


def _envelope(provider: Provider, request: OaiRequest, element: Element, now: int) -> bytes:
    echo = {"verb": request.verb, **request.arguments}
    content = element if isinstance(element, list) else answers.errors(element)
    return answers.envelope(provider.repository.base_url, now, echo, content)


def _find(provider: Provider, identifier: str) -> OaiRecord | None:
    prefix = f"oai:{provider.repository.namespace}:"
    item_id = identifier.removeprefix(prefix)
    return provider.records.oai_record(item_id) if identifier.startswith(prefix) else None


def _is_available(record: OaiRecord, wanted: Format) -> bool:
    # A tombstone stands in every format that its item may have been harvested in.
    return (record.formats | record.gone) & wanted.bit != 0


def _record(provider: Provider, record: OaiRecord, wanted: Format) -> bytes:
    if wanted is OAI_DC:
        return record.record
    if record.formats & wanted.bit:
        return _made(provider.renders[wanted.prefix], record.change, record.header, record.item)
    return joined(deleted_header(record.header), b"")


def _made(render: Render, change: int, header: bytes, item: Item | None) -> bytes:
    return joined(header, render(item, change).encode(), about(item).encode()) if item else joined(header, b"")


def _page(provider: Provider, place: Place, limit: int) -> tuple[list[int], Iterator[bytes]]:
    """Return the change numbers of at most ``limit`` records, and what is shown of each, made as it is taken."""
    listing = Listing(FORMATS[place.prefix].bit, place.set_spec, place.after, place.until)
    if place.verb == "ListRecords" and place.prefix != OAI_DC.prefix:
        items = provider.records.oai_items(listing, limit)
        render = provider.renders[place.prefix]
        return [change for change, *_ in items], (_made(render, *each) for each in items)
    find = provider.records.oai_headers if place.verb == "ListIdentifiers" else provider.records.oai_records
    rows = find(listing, limit)
    return [change for change, _ in rows], (shown for _, shown in rows)


def _resumed(provider: Provider, request: OaiRequest, now: int) -> Place | OaiError | None:
    """Return the place of the request's token, the error that it is, or None where it has no token."""
    token = request.arguments.get("resumptionToken")
    if token is None:
        return None
    place = tokens.accept(token, provider.repository.token_key, now)
    if place is None or place.verb != request.verb or place.prefix not in {"", *provider.formats}:
        return _BAD_TOKEN
    return place


def _first_place(provider: Provider, request: OaiRequest) -> Place | OaiError:
    arguments = request.arguments
    if arguments["metadataPrefix"] not in provider.formats:
        return _UNKNOWN_PREFIX
    since = datestamps.parse(arguments.get("from", "")) or (datestamps.BEGINNING, 0)
    until = datestamps.parse(arguments.get("until", "")) or (0, datestamps.END)
    # The last change number before that second.
    after = since[0] * SECOND - 1
    return Place(request.verb, arguments["metadataPrefix"], arguments.get("set", ""), until[1], after)


def _next_place(provider: Provider, place: Place, last: int, reached: int) -> Place:
    size = place.size
    if place.cursor == 0:
        listing = Listing(FORMATS[place.prefix].bit, place.set_spec, place.after, place.until)
        size = provider.records.oai_count(listing)
    return Place(place.verb, place.prefix, place.set_spec, place.until, last, reached, max(size, reached + 1))


def _resumption(
    provider: Provider, place: Place, rest: Place | None, reached: int, now: int
) -> answers.Resumption | None:
    """Return what ends a page: nothing for a whole list, an empty token for the last of several pages.

    ``reached`` counts the records up to the end of this page: at the last one, the whole list.
    """
    if rest is None and place.cursor == 0:
        return None
    repository = provider.repository
    expires = now + repository.token_life
    token = tokens.issue(rest, repository.token_key, expires) if rest else ""
    return answers.Resumption(token, expires, rest.size if rest else reached, place.cursor)
