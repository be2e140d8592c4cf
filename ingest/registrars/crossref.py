"""Crossref: a deposit is uploaded, put into a queue, and judged later; the judgement is asked for by its batch id.

Crossref, https://www.crossref.org/documentation/register-maintain-records/direct-deposit-xml/https-post/ and
https://www.crossref.org/documentation/register-maintain-records/verify-your-registration/. A failure may come with
HTTP status 200, so the body counts. The batch id follows from the DOI and what is told of it: a deposit of
which no answer came is found by it, and is sent again only where Crossref knows none. Of two deposits the
one with the higher time stamp counts. Crossref hides nothing: what is withdrawn says so in its title.
"""

import logging
import time
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import urlencode

from lxml import etree
from urllib3.filepost import encode_multipart_formdata

from ingest.registrars import AgencyTrouble, Answer, Credentials, Deposit, Publication, Seen
from ingest.registrars.calling import Caller, Reply, Unanswered, cleaned
from metadata.agency_rules import crossref_fault
from metadata.citing import landing
from metadata.crossref import WITHDRAWN, Head
from metadata.crossref import crossref as body_of
from metadata.crossref import deposit as whole

ENDPOINT = "https://doi.crossref.org"
_LONGEST_SHOWN = 200
_POLL = 60.0  # seconds after which a judgement may be there
_ELSEWHERE = frozenset((301, 302, 303, 307, 308, 404, 405))


class Crossref:
    """Crossref's deposit system at one address; ``depositor`` and ``email`` are the library's."""

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        depositor: str,
        email: str,
        caller: Caller | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take the address, without a slash at its end, and who deposits."""
        self._endpoint = endpoint or ENDPOINT
        self._credentials = credentials
        self._depositor, self._email = depositor, email
        self._caller = caller or Caller(None)
        self._now = now
        # The password is part of an address there, and addresses are logged where somebody looks for faults.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        self.agency = f"Crossref {self._endpoint}"

    def document(self, publication: Publication) -> bytes:
        """Return what stands in the body of a deposit."""
        url = landing(publication.item, publication.base_url)
        return body_of(publication.item, url, publication.library, publication.year, publication.related).encode()

    def whole(self, document: bytes) -> bytes:
        """Return a deposit with a head such as it is uploaded with."""
        return self._uploaded(document, "canoe-checked")

    def fault(self, document: bytes) -> str:
        """Return what the deposit schema does not allow in what stands in the body, ``""`` for nothing."""
        return crossref_fault(document)

    def _uploaded(self, document: bytes, batch: str) -> bytes:
        head = Head(batch, f"{self._now() * 1000:.0f}", self._depositor, self._email)
        return ('<?xml version="1.0" encoding="UTF-8"?>\n' + whole(document.decode(), head)).encode()

    def deposit(self, deposit: Deposit) -> Answer:
        """Upload a deposit; it is judged later."""
        batch = _batch(deposit)
        fields: dict[str, str | bytes | tuple[str, str | bytes] | tuple[str, str | bytes, str]] = {
            "operation": "doMDUpload",
            "login_id": self._credentials.user,
            "login_passwd": self._credentials.password,
            "fname": (f"{batch}.xml", self._uploaded(deposit.document, batch), "application/xml"),
        }
        body, kind = encode_multipart_formdata(fields)
        try:
            reply = self._caller.ask("POST", f"{self._endpoint}/servlet/deposit", {"Content-Type": kind}, body)
        except Unanswered as fault:
            return _unanswered(fault)
        if (trouble := self._trouble(reply)) is not None:
            return trouble
        text = reply.data.decode("utf-8", "replace")
        if "SUCCESS" in text:
            return Answer("pending", "uploaded", wait=_POLL)
        if "FAILURE" in text:
            return Answer("refused", self._clean(text))
        return Answer("passing", "HTTP status 200, but the answer is not Crossref's", in_doubt=True)

    def ask(self, deposit: Deposit) -> Answer | None:
        """Return the judgement of what was uploaded before; None where Crossref knows of no such upload."""
        known = {"usr": self._credentials.user, "pwd": self._credentials.password}
        query = urlencode({**known, "doi_batch_id": _batch(deposit), "type": "result"})
        try:
            reply = self._caller.ask("GET", f"{self._endpoint}/servlet/submissionDownload?{query}", {})
        except Unanswered as fault:
            return _unanswered(fault)
        trouble = self._trouble(reply)
        return trouble if trouble is not None else self._judged(deposit, reply)

    def look(self, name: str) -> Seen | None:
        """Return how a DOI stands there, None where it is unknown; raises AgencyTrouble.

        By the query system, which anybody may ask who leaves an e-mail address
        (https://www.crossref.org/documentation/retrieve-metadata/xml-api/using-https-to-query/); the password is not
        sent. A DOI whose title says that the work is withdrawn is as hidden as Crossref has it.
        """
        query = urlencode({"pid": self._email, "format": "unixsd", "doi": name})
        try:
            reply = self._caller.ask("GET", f"{self._endpoint}/search/doi?{query}", {})
        except Unanswered as fault:
            raise AgencyTrouble(str(fault)) from fault
        if reply.status == 404:
            return None
        root = _read(reply.data, "crossref_result") if reply.status == 200 else None
        if root is None:
            said = self._clean(reply.data.decode("utf-8", "replace"))[:_LONGEST_SHOWN]
            raise AgencyTrouble(f"it answers with HTTP status {reply.status}: {said}")
        return _seen(root, name)

    def close(self) -> None:
        """Give up the connection."""
        self._caller.close()

    def _trouble(self, reply: Reply) -> Answer | None:
        """Return what an HTTP status says, None where the body is to be read."""
        said = f"HTTP status {reply.status}: {self._clean(reply.data.decode('utf-8', 'replace'))}"
        if reply.status in (401, 403) or reply.status in _ELSEWHERE:
            return Answer("denied", said)
        if reply.is_passing:
            return Answer("passing", said, reply.wait, in_doubt=reply.status in (500, 502, 504))
        if reply.status == 200:
            return None
        return Answer("refused", said) if 400 <= reply.status < 500 else Answer("passing", said, in_doubt=True)

    def _judged(self, deposit: Deposit, reply: Reply) -> Answer | None:
        root = _read(reply.data)
        if root is None:
            return Answer("passing", "HTTP status 200, but the answer is not Crossref's", in_doubt=True)
        status = root.get("status", "")
        if status == "unknown_submission":
            return None
        if status != "completed":
            return Answer("pending", f"the upload is {self._clean(status) or 'in the queue'}", wait=_POLL)
        for record in root.iter("record_diagnostic"):
            if (record.findtext("doi") or "").strip().lower() in ("", deposit.name.lower()):
                said = self._clean(record.findtext("msg") or "")
                is_bad = record.get("status", "").lower() == "failure"
                return Answer("refused", said) if is_bad else Answer("accepted", said)
        return Answer("refused", self._clean("".join(root.itertext())))

    def _clean(self, text: str) -> str:
        return cleaned(text, self._credentials)


def _unanswered(fault: Unanswered) -> Answer:
    return Answer("denied" if fault.is_distrusted else "passing", str(fault), in_doubt=fault.sent)


def _batch(deposit: Deposit) -> str:
    told = b"\n".join([deposit.name.lower().encode(), deposit.wanted.encode(), deposit.document])
    return f"canoe-{sha256(told).hexdigest()[:40]}"


def _seen(root: etree._Element, name: str) -> Seen | None:
    """Return what the answer to a query says of a DOI; None where it resolved none."""
    by_name: dict[str, list[str]] = {}
    for element in root.iter(etree.Element):
        by_name.setdefault(etree.QName(element).localname, []).append((element.text or "").strip())
        if etree.QName(element).localname == "query" and element.get("status") != "resolved":
            return None
    for data in root.iter("{*}doi_data"):
        if (data.findtext("{*}doi") or "").strip().lower() == name.lower():
            withdrawn = any(title.startswith(WITHDRAWN.strip()) for title in by_name.get("title", ()))
            return Seen("registered" if withdrawn else "findable", (data.findtext("{*}resource") or "").strip())
    return None


def _read(data: bytes, kind: str = "doi_batch_diagnostic") -> etree._Element | None:
    """Return the root of an answer, None where it is none; nothing that it names is fetched or expanded."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return None
    return root if etree.QName(root).localname == kind and not root.getroottree().docinfo.doctype else None
