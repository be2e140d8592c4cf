"""What readers see of a home, all of it, and what is half about it."""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from small_library import canoe_here

from canoe.home import Home
from canoe.server import build
from metadata.errors import CanoeError

logging.getLogger("httpx").setLevel(logging.WARNING)  # what this module asks is nobody's news
QUERIES = ("region", "especies", "wetlands", "station", "map")
_DATESTAMP = re.compile(r"<datestamp>[^<]*</datestamp>")
_RECORD = re.compile(r"<record>.*?</record>", re.DOTALL)
_IDENTIFIER = re.compile(r"<identifier>oai:[^:<]*:([^<]*)</identifier>")
_TOKEN = re.compile(r"<resumptionToken[^>]*>([^<]+)</resumptionToken>")

Facts = Mapping[str, str]
Get = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to see: each item's facts by its id, each query's passages by item, the accessions."""

    items: Mapping[str, Facts]
    hits: Mapping[str, Mapping[str, str]]
    accessions: Mapping[str, str]
    faults: tuple[str, ...] = ()


@dataclass
class _Look:
    """One look at a home that nobody writes to."""

    home: Path
    faults: list[str] = field(default_factory=list)

    def call(self, *arguments: str) -> list[Any]:
        """Return the JSON lines that a command prints; what it cannot say is a fault."""
        answer = canoe_here(*arguments, "--home", self.home)
        if answer.code != 0:
            self.faults.append(f"canoe {' '.join(arguments)}: exit {answer.code}: {answer.err.strip()}")
        return answer.lines

    def items(self) -> dict[str, dict[str, str]]:
        exported = {item["id"]: item for item in self.call("export")}
        opened = Home.read(self.home)
        with_records = harvested(_unserved(opened), self.faults)
        if with_records.keys() != exported.keys():
            self.faults.append(f"only in one of export and OAI: {sorted(with_records.keys() ^ exported.keys())}")
        for identifier, item in exported.items():
            self._require_files(opened, item)
            pages = self.call("show", identifier, "--pages") if item.get("page_count") else []
            if len(pages) != item.get("page_count", 0):
                self.faults.append(f"{identifier} has {len(pages)} of {item['page_count']} pages")
            with_records.setdefault(identifier, {})["pages"] = json.dumps(pages)
        return {
            identifier: {"export": json.dumps(item), **with_records[identifier]}
            for identifier, item in exported.items()
        }

    def _require_files(self, opened: Home, item: dict[str, Any]) -> None:
        for file in item.get("files", ()):
            try:
                content = opened.library.file(opened.library.item(item["id"]), file["path"]).read_bytes()
            except (CanoeError, OSError) as fault:
                self.faults.append(f"{item['id']}: {file['path']}: {fault}")
                continue
            if hashlib.sha512(content).hexdigest() != file["sha512"]:
                self.faults.append(f"{item['id']}: {file['path']} is not what its digest says")


def look(home: Path) -> Seen:
    """Return all that can be seen of a home: by export, search, OAI-PMH, pages and files."""
    looking = _Look(home)
    items = looking.items()
    hits = {query: passages(looking.call("search", query, "--json", "--limit", "1000")) for query in QUERIES}
    accessions = {
        one["accession"]: json.dumps(
            [{**one, "received_at": ""}, looking.call("accessions", one["accession"], "--json")]
        )
        for one in (looking.call("accessions", "--json") or [[]])[0]
    }
    unknown = {hit for found in hits.values() for hit in found} - items.keys()
    if unknown:
        looking.faults.append(f"found, but not there: {sorted(unknown)}")
    return Seen(items, hits, accessions, tuple(looking.faults))


def passages(lines: list[Any]) -> dict[str, str]:
    """Return the pages found of each item, without what depends on the rest of the library."""
    return {hit["id"]: json.dumps(sorted(hit["pages"], key=lambda page: int(page["number"]))) for hit in lines}


def _unserved(opened: Home) -> Get:
    """Return what asks the server's application, without the healing and following that a running server does."""
    transport = httpx.ASGITransport(build(opened))

    async def ask(path: str) -> str:
        async with httpx.AsyncClient(transport=transport, base_url="http://library") as client:
            return (await client.get(path)).raise_for_status().text

    return lambda path: asyncio.run(ask(path))


def harvested(get: Get, faults: list[str]) -> dict[str, dict[str, str]]:
    """Return the facts that OAI-PMH gives of each item; a record that comes twice is a fault."""
    found: dict[str, dict[str, str]] = {}
    asked = "metadataPrefix=oai_dc"
    while asked:
        document = get(f"/oai?verb=ListRecords&{asked}")
        for record in _RECORD.findall(document):
            ((identifier,),) = [match.groups() for match in _IDENTIFIER.finditer(record)]
            if identifier in found:
                faults.append(f"harvested twice: {identifier}")
            found[identifier] = {"oai": _DATESTAMP.sub("", record)}
        token = _TOKEN.search(document)
        asked = f"resumptionToken={token[1]}" if token else ""
    return found


def halves(seen: Seen, before: Seen, after: Seen) -> list[str]:
    """Return what is neither as it was before a disturbed ingest nor as it is after it, and what was lost."""
    wrong = list(seen.faults)
    wrong += [f"lost: {identifier}" for identifier in before.items.keys() - seen.items.keys()]
    wrong += [f"lost: {one}" for one in before.accessions.keys() - seen.accessions.keys()]
    wrong += _strange("item", seen.items, before.items, after.items)
    wrong += _strange("accession", seen.accessions, before.accessions, after.accessions)
    for query, found in seen.hits.items():
        wrong += _strange(f"{query!r} finds", found, before.hits[query], after.hits[query])
    for accession in seen.accessions.keys() - before.accessions.keys():
        wrong += _unfinished(accession, seen, after)
    return wrong


def _strange(what: str, seen: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    known = [(key, value) for side in (before, after) for key, value in side.items()]
    return [f"{what} {key} is half: {value}" for key, value in seen.items() if (key, value) not in known]


def _unfinished(accession: str, seen: Seen, after: Seen) -> list[str]:
    """Return the items that an accession, once it is seen, says have come or changed and that have not."""
    _, pieces = json.loads(after.accessions[accession])
    told = {piece["item"] for piece in pieces[0] if piece["outcome"] in ("new", "changed")}
    return [f"{accession} is there, {one} is not as it says" for one in told if seen.items.get(one) != after.items[one]]
