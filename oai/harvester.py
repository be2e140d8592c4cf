"""Taking the records of another repository: OAI-PMH 2.0, section 2.5 to 4.5, from the other side.

Sickle walks the lists and names the protocol's errors; what it asks goes through :mod:`oai.fetching`, what
comes back through :mod:`metadata.harvested`, and every list has an end here, whatever its tokens say.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lxml import etree
from sickle import Sickle, oaiexceptions
from sickle.iterator import OAIResponseIterator

from metadata.accession import Harvest
from metadata.description import shorten
from metadata.errors import UsageError
from metadata.harvested import Answer, PageRefused, each_identifier, read_answer
from metadata.harvested_forms import moment
from metadata.xmlrecords import OAI
from oai.fetching import Fetcher, Trouble

DAY = len("2026-11-22")
_MOST_EMPTY = 3  # pages one after the other that bring nothing new
_SPARE = 1000  # records that a list may have beyond twice what it says
_CODES = {
    "badArgument", "badResumptionToken", "badVerb", "cannotDisseminateFormat", "idDoesNotExist", "noRecordsMatch",
    "noMetadataFormats", "noSetHierarchy",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identity:
    """What a repository says of itself; ``by_day`` tells whether its datestamps are days."""

    name: str
    by_day: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list as it came, and how far the list had come with it.

    ``size`` is what the list says it has, ``charset`` the encoding that HTTP said of the page, ``""`` for none.
    """

    data: bytes
    answer: Answer
    harvest: Harvest
    size: int = 0
    charset: str = ""


@dataclass(frozen=True, slots=True)
class _Response:
    """What Sickle asks for of an answer: the errors and the token, as a tree."""

    data: bytes
    answer: Answer
    charset: str

    @property
    def xml(self) -> etree._Element:
        told = etree.Element(f"{{{OAI}}}OAI-PMH", nsmap={None: OAI})
        for code, text in self.answer.errors[:1]:
            known = code if code in _CODES else "undefined"
            etree.SubElement(told, f"{{{OAI}}}error", code=known).text = shorten(f"{code}: {text}" if text else code)
        if self.answer.token is not None:
            etree.SubElement(told, f"{{{OAI}}}resumptionToken").text = self.answer.token
        return told


class Harvester:
    """Takes records from the repository that a fetcher asks."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._client: Any = Sickle(fetcher.base_url, iterator=OAIResponseIterator)
        self._client.harvest = self._ask

    @property
    def base_url(self) -> str:
        """The address that is asked."""
        return self._fetcher.base_url

    def identify(self) -> Identity:
        """Return what the repository says of itself. Raises Trouble."""
        response = self._ask(verb="Identify")
        root = response.answer.root
        told = None if root is None else root.find(f"{{{OAI}}}Identify")
        if told is None:
            said = "; ".join(f"{code} {text}".strip() for code, text in response.answer.errors)
            raise Trouble(f"it does not say who it is ({shorten(said or 'no Identify in its answer')})")
        name, granularity, earliest = (
            " ".join((told.findtext(f"{{{OAI}}}{tag}") or "").split())
            for tag in ("repositoryName", "granularity", "earliestDatestamp")
        )
        by_day = "hh" not in granularity.lower() if granularity else len(earliest) <= DAY
        return Identity(shorten(name, 200) or self.base_url, by_day)

    def formats(self) -> dict[str, str]:
        """Return the namespaces of the metadata that is offered, by prefix; nothing where it does not say."""
        root = self._ask(verb="ListMetadataFormats").answer.root
        found = () if root is None else root.iterfind(f".//{{{OAI}}}metadataFormat")
        pairs = (
            (one.findtext(f"{{{OAI}}}metadataPrefix"), one.findtext(f"{{{OAI}}}metadataNamespace")) for one in found
        )
        return {prefix.strip(): (namespace or "").strip() for prefix, namespace in pairs if prefix}

    def pages(self, wanted: Harvest) -> Iterator[Page]:
        """Yield the pages of a list, from its token on where it has one.

        Where the token is refused, now or in the middle, the list begins once again: at the newest
        datestamp that was seen, if it is in the order of datestamps, else at its beginning. Raises
        Trouble, after which what was yielded is good; UsageError for a set where there are none.
        """
        walk = _Walk(wanted)
        try:
            yield from self._listed(walk)
        except oaiexceptions.BadResumptionToken as fault:
            walk.begin_again()
            try:
                yield from self._listed(walk)
            except oaiexceptions.BadResumptionToken:
                raise Trouble(f"it refuses its own resumption token ({shorten(str(fault))})") from fault

    def _listed(self, walk: "_Walk") -> Iterator[Page]:
        try:
            for response in self._client.ListRecords(**walk.arguments):
                yield walk.taken(response)
                walk.require_end()
        except oaiexceptions.NoRecordsMatch:
            yield walk.ended()
        except oaiexceptions.BadResumptionToken:
            raise
        except oaiexceptions.NoSetHierarchy as fault:
            raise UsageError("The repository has no sets.", "Harvest it without --set.") from fault
        except _ERRORS as fault:
            kind = type(fault).__name__
            said = str(fault) if kind == "OAIError" else f"{kind[0].lower()}{kind[1:]}: {fault}"
            raise Trouble(f"it answers with an error ({shorten(said)})") from fault

    def _ask(self, **arguments: str) -> _Response:
        """Return the answer to a request; one that cannot be read is asked for once more."""
        try:
            return self._answered(arguments)
        except PageRefused as fault:
            self._fetcher.breathe(f"what it answers cannot be read: {fault}")
        try:
            return self._answered(arguments)
        except PageRefused as fault:
            raise Trouble(f"what it answers cannot be read: {fault}") from fault

    def _answered(self, arguments: dict[str, str]) -> _Response:
        reply = self._fetcher.get(arguments)
        try:
            answer = read_answer(reply.data, reply.charset)
        except PageRefused as fault:
            if reply.status == 200:
                raise
            raise Trouble(f"it answers with HTTP status {reply.status}") from fault
        if reply.status != 200 and not answer.errors:
            raise Trouble(f"it answers with HTTP status {reply.status}")
        return _Response(reply.data, answer, reply.charset)


_ERRORS = (
    oaiexceptions.BadArgument,
    oaiexceptions.BadVerb,
    oaiexceptions.CannotDisseminateFormat,
    oaiexceptions.IdDoesNotExist,
    oaiexceptions.NoMetadataFormat,
    oaiexceptions.OAIError,
)


class _Walk:
    """One list on its way: how far it has come, and whether it still gets anywhere."""

    def __init__(self, wanted: Harvest) -> None:
        self.harvest = wanted
        self._since = self._where_none_was_missed()
        self._tokens: set[bytes] = set()
        self._seen: set[bytes] = set()
        self._empty = 0
        self._records = 0
        self._size = 0
        self._end = ""  # why the list goes no further

    @property
    def arguments(self) -> dict[str, str]:
        """What the next request of the list is, the verb apart."""
        asked = self.harvest
        if asked.token:
            return {"resumptionToken": asked.token}
        named = {"metadataPrefix": asked.prefix, "set": asked.set_spec, "from": self._since}
        return {name: value for name, value in named.items() if value}

    def begin_again(self) -> None:
        """Go back to where no record was missed."""
        self._since = self._where_none_was_missed()
        self.harvest = replace(self.harvest, token="")
        self._tokens.clear()
        self._seen.clear()
        self._records = 0

    def _where_none_was_missed(self) -> str:
        begun = self.harvest
        return begun.newest if begun.in_order and begun.newest else begun.since

    def taken(self, response: _Response) -> Page:
        """Take in a page."""
        answer = response.answer
        stamps = [stamp for record in answer.records if (stamp := moment(record.datestamp))]
        known = [self.harvest.newest, *stamps] if self.harvest.newest else stamps
        self._records += len(answer.records)
        self._size = max(self._size, answer.size)
        self._judge(answer)
        self.harvest = replace(
            self.harvest,
            began=self.harvest.began or moment(answer.responded) or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            newest=max(known, default=""),
            in_order=self.harvest.in_order and known == sorted(known),
            token="" if self._end else answer.token or "",
            complete=not self._end and not answer.token,
        )
        return Page(response.data, answer, self.harvest, self._size, response.charset)

    def ended(self) -> Page:
        """Return the page of a list, or of the rest of one, that has no record."""
        self.harvest = replace(self.harvest, token="", complete=True)
        return Page(b"", Answer(None), self.harvest)

    def require_end(self) -> None:
        """Raise Trouble where the list goes on without getting anywhere."""
        if self._end:
            raise Trouble(self._end)

    def _judge(self, answer: Answer) -> None:
        """Say where a list that has a token must end all the same."""
        if not answer.token:
            return
        token, page = _digest(answer.token), _digest("\n".join(each_identifier(answer)))
        self._empty = 0 if answer.records and page not in self._seen else self._empty + 1
        if token in self._tokens:
            self._end = "a resumption token comes a second time, and its list would never end"
        elif self._empty >= _MOST_EMPTY:
            self._end = f"{_MOST_EMPTY} pages one after the other bring nothing new, and there is always another"
        elif self._size and self._records > 2 * self._size + _SPARE:
            self._end = f"it says that the list has {self._size} records, and has given {self._records}"
        self._tokens.add(token)
        self._seen.add(page)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
