"""Arguments → answer: OAI-PMH 2.0, one function a verb.

Each verb's function returns its element, or the errors that stand in its place. Nothing
here knows of HTTP, and the time is an argument.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from metadata.errors import UsageError
from oai import answers, datestamps, tokens
from oai.arguments import Errors, OaiError, OaiRequest, Pairs, read
from oai.records import OaiRecord, Records
from oai.tokens import Place

_EMAIL = re.compile(r"\S+@(\S+\.)+\S+")
_NAMESPACE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-]*(\.[a-zA-Z0-9][a-zA-Z0-9\-]*)+")
_KEY_LENGTH = 16

SETS_PER_PAGE = 500
"""ListSets gives them all at once up to here."""

FORMATS: Mapping[str, answers.Format] = {
    "oai_dc": answers.Format(
        "oai_dc",
        "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
        "http://www.openarchives.org/OAI/2.0/oai_dc/",
    ),
}
"""What records can be had in, by metadataPrefix."""

_UNKNOWN_IDENTIFIER = OaiError("idDoesNotExist", "No item has this identifier.")
_UNKNOWN_PREFIX = OaiError("cannotDisseminateFormat", "This is not available in that metadata format.")
_BAD_TOKEN = OaiError("badResumptionToken", "The token is not of this list, or it has expired: begin again.")


@dataclass(frozen=True, slots=True)
class Repository:
    """What a repository is from the outside.

    ``base_url`` is given out byte for byte, whatever host a request names. Identifiers are
    ``oai:NAMESPACE:item id``, so ``namespace`` is a domain name. ``token_key`` signs
    resumption tokens (16 bytes at least), ``token_life`` is their life in seconds.

    Raises UsageError for what would make the answers invalid.
    """

    name: str
    base_url: str
    admin_email: str
    namespace: str
    page_size: int
    token_key: bytes
    token_life: int = 48 * 3600

    def __post_init__(self) -> None:
        if not _EMAIL.fullmatch(self.admin_email):
            raise UsageError(f"{self.admin_email!r} is not an e-mail address", "Set the administrator's address.")
        if not _NAMESPACE.fullmatch(self.namespace):
            raise UsageError(f"{self.namespace!r} is not a domain name", "Set a namespace such as library.example.org.")
        if self.page_size < 1 or len(self.token_key) < _KEY_LENGTH:
            raise UsageError("OAI-PMH needs a page size of 1 or more, and a token key of 16 bytes or more")


@dataclass(frozen=True, slots=True)
class Provider:
    """A repository and the records it gives."""

    repository: Repository
    records: Records


Element: TypeAlias = str | Errors
Verb: TypeAlias = Callable[[Provider, OaiRequest, int], Element]


def answer(provider: Provider, pairs: Pairs, now: int) -> str:
    """Return the document that answers ``pairs`` at ``now`` (epoch seconds)."""
    request = read(pairs)
    if isinstance(request, OaiRequest):
        return _envelope(provider, request, VERBS[request.verb](provider, request, now), now)
    return refuse(provider, request, now)


def refuse(provider: Provider, errors: Errors, now: int) -> str:
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
        )
    )


def list_metadata_formats(provider: Provider, request: OaiRequest, _now: int) -> Element:
    """Answer ListMetadataFormats (4.4), for the repository or for one item."""
    if "identifier" not in request.arguments:
        return answers.metadata_formats(FORMATS.values())
    record = _find(provider, request.arguments["identifier"])
    if record is None:
        return (_UNKNOWN_IDENTIFIER,)
    if not _is_available(record):
        return (OaiError("noMetadataFormats", "The item is in no metadata format."),)
    return answers.metadata_formats(FORMATS.values())


def list_sets(provider: Provider, request: OaiRequest, now: int) -> Element:
    """Answer ListSets (4.6)."""
    place = _resumed(provider, request, now) or Place("ListSets", "", "", 0, 0, 0)
    if isinstance(place, OaiError):
        return (place,)
    sets = provider.records.oai_sets()
    if not sets:
        return (OaiError("noSetHierarchy", "The repository has no sets yet."),)
    start = bisect_right(sets, place.set_spec, key=lambda each: each[0])
    shown = sets[start : start + SETS_PER_PAGE]
    if not shown:
        return (_BAD_TOKEN,)
    cursor = place.cursor + len(shown)
    more = start + len(shown) < len(sets)
    rest = Place("ListSets", "", shown[-1][0], 0, 0, 0, cursor, len(sets)) if more else None
    return answers.sets(shown, _resumption(provider, place, rest, cursor, now))


def get_record(provider: Provider, request: OaiRequest, _now: int) -> Element:
    """Answer GetRecord (4.1)."""
    prefix = request.arguments["metadataPrefix"]
    record = _find(provider, request.arguments["identifier"])
    if record is None:
        return (_UNKNOWN_IDENTIFIER,) if prefix in FORMATS else (_UNKNOWN_IDENTIFIER, _UNKNOWN_PREFIX)
    if prefix not in FORMATS or not _is_available(record):
        return (_UNKNOWN_PREFIX,)
    return answers.record(record)


def list_records(provider: Provider, request: OaiRequest, now: int) -> Element:
    """Answer ListRecords (4.5) and ListIdentifiers (4.3), which differ only in what is shown of a record."""
    place = _resumed(provider, request, now) or _first_place(request)
    if isinstance(place, OaiError):
        return (place,)
    size = provider.repository.page_size
    # One more than is shown tells whether the list goes on, so none ends in a dangling token.
    after = (place.datestamp, place.change)
    page = provider.records.oai_page(after, place.until, place.set_spec, size + 1)
    if not page:
        return (OaiError("noRecordsMatch", "No record matches from, until and set."),)
    shown = page[:size]
    rest = _next_place(provider, place, shown) if len(page) > size else None
    resumption = _resumption(provider, place, rest, place.cursor + len(shown), now)
    return _SHOW[request.verb](shown, resumption)


VERBS: Mapping[str, Verb] = {
    "Identify": identify,
    "ListMetadataFormats": list_metadata_formats,
    "ListSets": list_sets,
    "GetRecord": get_record,
    "ListIdentifiers": list_records,
    "ListRecords": list_records,
}

_SHOW: Mapping[str, Callable[[Sequence[OaiRecord], answers.Resumption | None], str]] = {
    "ListIdentifiers": answers.headers,
    "ListRecords": answers.records,
}


def _envelope(provider: Provider, request: OaiRequest, element: Element, now: int) -> str:
    echo = {"verb": request.verb, **request.arguments}
    content = element if isinstance(element, str) else answers.errors(element)
    return answers.envelope(provider.repository.base_url, now, echo, content)


def _find(provider: Provider, identifier: str) -> OaiRecord | None:
    prefix = f"oai:{provider.repository.namespace}:"
    item_id = identifier.removeprefix(prefix)
    return provider.records.oai_record(item_id) if identifier.startswith(prefix) else None


def _is_available(record: OaiRecord) -> bool:
    # A tombstone stands in every format that its item may have been harvested in.
    return record.deleted or record.metadata != ""


def _resumed(provider: Provider, request: OaiRequest, now: int) -> Place | OaiError | None:
    """Return the place of the request's token, the error that it is, or None where it has no token."""
    token = request.arguments.get("resumptionToken")
    if token is None:
        return None
    place = tokens.accept(token, provider.repository.token_key, now)
    if place is None or place.verb != request.verb or place.prefix not in {"", *FORMATS}:
        return _BAD_TOKEN
    return place


def _first_place(request: OaiRequest) -> Place | OaiError:
    arguments = request.arguments
    if arguments["metadataPrefix"] not in FORMATS:
        return _UNKNOWN_PREFIX
    since = datestamps.parse(arguments.get("from", "")) or (datestamps.BEGINNING, 0)
    until = datestamps.parse(arguments.get("until", "")) or (0, datestamps.END)
    # No change number is negative, so this place lies before all records of its second.
    return Place(request.verb, arguments["metadataPrefix"], arguments.get("set", ""), until[1], since[0], change=-1)


def _next_place(provider: Provider, place: Place, shown: Sequence[OaiRecord]) -> Place:
    size = place.size
    if place.cursor == 0:
        size = provider.records.oai_count(place.datestamp, place.until, place.set_spec)
    cursor = place.cursor + len(shown)
    last = shown[-1]
    return Place(
        place.verb,
        place.prefix,
        place.set_spec,
        place.until,
        last.datestamp,
        last.change,
        cursor,
        max(size, cursor + 1),
    )


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
