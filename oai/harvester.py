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
from oai.fetching import Fetcher, Forbidden, Trouble, Unavailable

DAY, SECOND = len("2026-11-22"), len("2026-11-22T10:20:30")
MOST_RECORDS = 20_000_000
_MOST_EMPTY = 10  # pages one after the other that bring nothing new
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

    def __init__(self, fetcher: Fetcher, most_records: int = MOST_RECORDS) -> None:
        """``most_records`` is how many records a list may have: one may be made up for ever."""
        self._fetcher = fetcher
        self._most_records = most_records
        self._by_day = False
        self._client: Any = Sickle(fetcher.base_url, iterator=OAIResponseIterator)
        self._client.harvest = self._ask

    @property
    def base_url(self) -> str:
        """The address that is asked."""
        return self._fetcher.base_url

    def identify(self) -> Identity:
        """Return what the repository says of itself, and go by its days or instants from now on. Raises Trouble."""
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
        self._by_day = by_day
        return Identity(shorten(name, 200) or self.base_url, by_day)

    def formats(self) -> dict[str, str]:
        """Return the namespaces of the metadata that is offered, by prefix; nothing where it does not say.

        Raises Trouble where nobody answers at all.
        """
        try:
            root = self._ask(verb="ListMetadataFormats").answer.root
        except (Unavailable, Forbidden):
            raise
        except Trouble:
            return {}  # a list may come all the same
        found = () if root is None else root.iterfind(f".//{{{OAI}}}metadataFormat")
        pairs = (
            (one.findtext(f"{{{OAI}}}metadataPrefix"), one.findtext(f"{{{OAI}}}metadataNamespace")) for one in found
        )
        return {prefix.strip(): (namespace or "").strip() for prefix, namespace in pairs if prefix}

    def pages(self, wanted: Harvest) -> Iterator[Page]:
        """Yield the pages of a list, from its token on where it has one.

        Where the token is refused, now or in the middle, the list begins again: at the newest datestamp that
        was seen, if what is left then is as much as is missing, else at its beginning. Raises Trouble, after
        which what was yielded is good; UsageError for a set where there are none.
        """
        walk = _Walk(wanted, self._by_day, self._most_records)
        while True:
            try:
                yield from self._listed(walk)
            except _TokenRefused as fault:
                if not walk.begin_again():
                    raise Trouble(f"it refuses its own resumption token ({fault})") from fault
            except _Missed:
                walk.begin_anew()
            else:
                return

    def _listed(self, walk: "_Walk") -> Iterator[Page]:
        try:
            for response in self._client.ListRecords(**walk.arguments):
                yield walk.taken(response)
                walk.require_end()
        except oaiexceptions.NoRecordsMatch:
            yield walk.ended()
        except oaiexceptions.BadResumptionToken as fault:
            raise _TokenRefused(shorten(str(fault))) from fault
        except oaiexceptions.NoSetHierarchy as fault:
            raise UsageError("The repository has no sets.", "Harvest it without --set.") from fault
        except _ERRORS as fault:
            said = shorten(str(fault))
            raise (_TokenRefused(said) if walk.is_resumed else Trouble(f"it answers with an error ({said})")) from fault
        except Unavailable:
            raise
        except Trouble as fault:
            # A token that has expired may be answered with anything: Not Found, a page of HTML, a failure.
            if walk.is_resumed:
                raise _TokenRefused(str(fault)) from fault
            raise

    def record_header(self, identifier: str, prefix: str) -> tuple[bool, frozenset[str]] | None:
        """Return whether a record is deleted, and its sets; None where there is none. Raises Trouble."""
        root = self._ask(verb="GetRecord", identifier=identifier, metadataPrefix=prefix).answer.root
        header = None if root is None else root.find(f".//{{{OAI}}}GetRecord/{{{OAI}}}record/{{{OAI}}}header")
        if header is None:
            return None
        specs = frozenset((one.text or "").strip() for one in header.iterfind(f"{{{OAI}}}setSpec"))
        return header.get("status") == "deleted", specs

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


class _TokenRefused(Exception):
    """A list cannot be gone on with from its token; the message is what was answered."""


class _Missed(Exception):
    """What was to be the rest of a list is not all of it."""


class _Walk:
    """One list on its way: how far it has come, and whether it still gets anywhere."""

    def __init__(self, wanted: Harvest, by_day: bool, most_records: int) -> None:
        self.harvest = wanted
        self.is_resumed = bool(wanted.token)  # and nothing has come since
        self._by_day = by_day
        self._most = most_records
        self._from = wanted.since
        self._left = 0  # records that the list must still have where it began at a datestamp
        self._is_first = not wanted.token
        self._begun_at = ""
        self._tokens: set[bytes] = set()
        self._seen: set[bytes] = set()
        self._empty = 0
        self._end = ""  # why the list goes no further
        if wanted.newest and not wanted.token:
            self.begin_again()

    @property
    def arguments(self) -> dict[str, str]:
        """What the next request of the list is, the verb apart."""
        asked = self.harvest
        if asked.token:
            return {"resumptionToken": asked.token}
        named = {"metadataPrefix": asked.prefix, "set": asked.set_spec, "from": self._from}
        return {name: value for name, value in named.items() if value}

    def begin_again(self) -> bool:
        """Go back to where no record was missed, to be shown by how many are left; say whether that is of use.

        Only a list that has come further since it last began may begin again.
        """
        reached = self.harvest
        if self._begun_at and (reached.newest <= self._begun_at or not reached.in_order):
            return False
        self._begun_at = reached.newest or "-"
        if not (reached.in_order and reached.newest and reached.size):
            self.begin_anew()
            return True
        self._forget()
        self._from, self._left = self._granular(reached.newest), reached.size - reached.passed
        self.harvest = replace(reached, token="")
        return True

    def begin_anew(self) -> None:
        """Go back to the beginning."""
        self._forget()
        self._from, self._left = self.harvest.since, 0
        self.harvest = replace(self.harvest, token="", newest="", in_order=True, size=0, came=0, passed=0)

    def _forget(self) -> None:
        self._is_first, self.is_resumed = True, False
        self._tokens.clear()
        self._seen.clear()
        self._empty = 0

    def _granular(self, stamp: str) -> str:
        return stamp[:DAY] if self._by_day else _whole(stamp)

    def taken(self, response: _Response) -> Page:
        """Take in a page. Raises _Missed where it shows that the list began too late."""
        answer, now = response.answer, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        if self._is_first:
            self._begin(answer)
        self.is_resumed = False
        # A clock that is ahead would have the next harvest ask for what has not been yet.
        began = self.harvest.began or min(_whole(moment(answer.responded)) or now, now)
        size = max(self.harvest.size, answer.size)
        self.harvest = self._counted(replace(self.harvest, began=began, size=size), answer)
        self._judge(answer)
        token = "" if self._end else answer.token or ""
        self.harvest = replace(self.harvest, token=token, complete=not self._end and not answer.token)
        return Page(response.data, answer, self.harvest, size, response.charset)

    def _begin(self, answer: Answer) -> None:
        if (answer.size or (0 if answer.token else len(answer.records))) < self._left:
            raise _Missed
        self.harvest = replace(self.harvest, size=0, came=0, passed=0)
        self._is_first, self._left = False, 0

    def _counted(self, harvest: Harvest, answer: Answer) -> Harvest:
        newest, in_order, passed = harvest.newest, harvest.in_order, harvest.passed
        for came, record in enumerate(answer.records, harvest.came):
            stamp = self._granular(moment(record.datestamp))
            if stamp > newest:
                newest, passed = stamp, came
            elif stamp and stamp < newest:
                in_order = False
        return replace(
            harvest, newest=newest, in_order=in_order, passed=passed, came=harvest.came + len(answer.records)
        )

    def ended(self) -> Page:
        """Return the page of a list, or of the rest of one, that has no record. Raises _Missed, _TokenRefused."""
        if self._left:
            raise _Missed
        if self.harvest.token and self.harvest.came < self.harvest.size:
            raise _TokenRefused(f"there is no more, with {self.harvest.came} of {self.harvest.size} records")
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
        came, size = self.harvest.came, self.harvest.size
        if token in self._tokens:
            self._end = "a resumption token comes a second time, and its list would never end"
        elif self._empty >= _MOST_EMPTY:
            self._end = f"{_MOST_EMPTY} pages one after the other bring nothing new, and there is always another"
        elif size and came > 2 * size + _SPARE:
            self._end = f"it says that the list has {size} records, and has given {came}"
        elif came >= self._most:
            self._end = f"its list has more than {self._most} records, the limit of the settings"
        self._tokens.add(token)
        self._seen.add(page)


def _whole(stamp: str) -> str:
    """Return a day or an instant without parts of a second, which some repositories write and none may be asked for."""
    return f"{stamp[:SECOND]}Z" if len(stamp) > SECOND else stamp


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
