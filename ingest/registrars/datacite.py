"""DataCite: a DOI is PUT whole, document, address and event together.

DataCite REST API, https://support.datacite.org/docs/api: JSON:API documents, basic authentication. A PUT of a
DOI that is not there makes it, so one that was accepted while the answer was lost is sent again
and is one registration. ``publish`` makes it findable; ``hide`` makes a findable one registered.
"""

from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from ingest.registrars import AgencyTrouble, Answer, Credentials, Deposit, Publication, Seen
from ingest.registrars.calling import Caller, Reply, Unanswered, cleaned
from metadata.agency_rules import datacite_fault
from metadata.datacite import datacite

ENDPOINT = "https://api.datacite.org"
_TYPE = "application/vnd.api+json"
_EVENTS = {"findable": "publish", "registered": "hide"}
_GATEWAYS = frozenset((500, 502, 504))  # behind which the work may have been done
_ELSEWHERE = frozenset((301, 302, 303, 307, 308, 404, 405))


class _Attributes(msgspec.Struct):
    state: str = ""
    url: str | None = None


class _Data(msgspec.Struct):
    id: str
    attributes: _Attributes


class _Document(msgspec.Struct):
    data: _Data


class _Error(msgspec.Struct):
    title: str = ""
    source: str | None = None


class _Errors(msgspec.Struct):
    errors: list[_Error]


@dataclass(frozen=True, slots=True)
class _Fault:
    """What DataCite says is wrong, in a line; ``is_taken`` where that is only that the DOI is there already."""

    said: str
    is_taken: bool


class DataCite:
    """DataCite's REST API at one address."""

    def __init__(self, endpoint: str, credentials: Credentials, caller: Caller | None = None) -> None:
        """Take the address, without a slash at its end, and who calls."""
        self._endpoint = endpoint or ENDPOINT
        self._caller = caller or Caller(credentials)
        self._credentials = credentials
        self.agency = f"DataCite {self._endpoint}"

    def document(self, publication: Publication) -> bytes:
        """Return the item as kernel 4.6 has it; raises MandatoryMissing."""
        made = datacite(
            publication.item, publication.library, publication.vocabulary, publication.related, publication.year
        )
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{made}'.encode()

    def whole(self, document: bytes) -> bytes:
        """Return the document: it is sent as it is."""
        return document

    def fault(self, document: bytes) -> str:
        """Return what kernel 4.6 does not allow in a document, ``""`` for nothing."""
        return datacite_fault(document)

    def deposit(self, deposit: Deposit) -> Answer:
        """Put a DOI as it should be."""
        attributes = {
            "doi": deposit.name,
            "event": _EVENTS[deposit.wanted],
            "url": deposit.url,
            "xml": b64encode(deposit.document).decode(),
        }
        body = msgspec.json.encode({"data": {"id": deposit.name, "type": "dois", "attributes": attributes}})
        try:
            reply = self._caller.ask("PUT", self._url(deposit.name), {"Content-Type": _TYPE, "Accept": _TYPE}, body)
        except Unanswered as fault:
            return Answer("denied" if fault.is_distrusted else "passing", str(fault), in_doubt=fault.sent)
        return self._judged(deposit, reply)

    def ask(self, deposit: Deposit) -> Answer | None:  # noqa: ARG002 - whatever it was
        """Return None: the same is told again, which costs no more than to ask."""
        return None

    def look(self, name: str) -> Seen | None:
        """Return how a DOI stands there, None where it is unknown; raises AgencyTrouble."""
        try:
            reply = self._caller.ask("GET", self._url(name), {"Accept": _TYPE})
        except Unanswered as fault:
            raise AgencyTrouble(str(fault)) from fault
        if reply.status == 404:
            return None
        if reply.status != 200 or (found := _read(reply.data, name)) is None:
            raise AgencyTrouble(f"it answers with HTTP status {reply.status}: {self._fault(reply).said}")
        return Seen(found.state, found.url or "")

    def close(self) -> None:
        """Give up the connection."""
        self._caller.close()

    def _url(self, name: str) -> str:
        return f"{self._endpoint}/dois/{quote(name.lower(), safe='/')}"

    def _judged(self, deposit: Deposit, reply: Reply) -> Answer:
        """Say what an answer means; what is not DataCite's own (a portal's page, a gateway's) accepts nothing."""
        fault = self._fault(reply)
        said = f"HTTP status {reply.status}: {fault.said}"
        if reply.status in (200, 201):
            return self._accepted(deposit, reply)
        if reply.status in (401, 403) or reply.status in _ELSEWHERE:
            return Answer("denied", said)
        if reply.is_passing or fault.is_taken:
            return Answer("passing", said, reply.wait, in_doubt=reply.status in _GATEWAYS or fault.is_taken)
        return Answer("refused", said) if 400 <= reply.status < 500 else Answer("passing", said, in_doubt=True)

    def _accepted(self, deposit: Deposit, reply: Reply) -> Answer:
        found = _read(reply.data, deposit.name)
        if found is None:
            return Answer("passing", f"HTTP status {reply.status}, but the answer is not DataCite's", in_doubt=True)
        if found.state == deposit.wanted:
            return Answer("accepted", f"HTTP status {reply.status}: {found.state}")
        if found.state == "draft" and deposit.wanted == "registered":
            return Answer("hidden", f"HTTP status {reply.status}: it is a draft, which nobody sees")
        return Answer("refused", f"HTTP status {reply.status}, but the DOI was left {self._clean(found.state)}")

    def _fault(self, reply: Reply) -> _Fault:
        try:
            errors = msgspec.json.decode(reply.data, type=_Errors).errors
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return _Fault(self._clean(reply.data.decode("utf-8", "replace")), False)
        told = [f"{one.source}: {one.title}" if one.source else one.title for one in errors]
        is_taken = reply.status == 422 and bool(errors) and all("already been taken" in one.title for one in errors)
        return _Fault(self._clean("; ".join(told)), is_taken)

    def _clean(self, text: str) -> str:
        return cleaned(text, self._credentials)


def _read(data: bytes, name: str) -> _Attributes | None:
    """Return the attributes of the DOI that an answer speaks of; None where it speaks of no such one."""
    try:
        found = msgspec.json.decode(data, type=_Document).data
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found.attributes if found.id.lower() == name.lower() else None
