"""Serve a benchmark's records with another library: ``PYTHON benchmarks/oai_peers.py NAME CATALOGUE PAGE``.

Run by the interpreter that has the other libraries, pyoai and oai-repo, and uvicorn; it needs nothing of Canoe. The
port is printed. Exit code 4 says that the library is not installed.

Both are spared whatever can be spared them. The records are read from Canoe's catalogue once, at the start, and taken
apart into what each library asks for: no database is asked while they serve, every page is a slice of a list in
memory, sets and dates included, and the application answers in uvicorn's loop, without framework and threads.

pyoai 2.5.0 calls ``cgi.parse_qs``, which is gone since Python 3.8: it is put back, or no list would go beyond its
first page. Its BatchingServer is used, which asks for one page at a time. oai-repo wants an element for every record,
and takes it away: it is given each record's oai_dc parsed anew, which is quicker than building it.
"""
# mypy: disable-error-code="import-not-found, import-untyped"

import importlib.util
import socket
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl

NOT_INSTALLED = 4
BASE_URL = "http://library.example.org/oai"
EMAIL = "keeper@library.example.org"
FORMAT = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd", "http://www.openarchives.org/OAI/2.0/oai_dc/"
DECLARED = (
    b'<record xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)

Answer = Callable[[dict[str, str]], bytes]


@dataclass(frozen=True)
class Kept:
    """A record taken apart: its header, the fields of its Dublin Core, and that as XML."""

    identifier: str
    datestamp: datetime
    sets: list[str]
    fields: dict[str, list[str]]
    metadata: bytes


def main() -> None:
    """Read the records, serve them, and say where."""
    name, catalogue, page = sys.argv[1:]
    module = {"pyoai": "oaipmh", "oai-repo": "oai_repo"}[name]
    if not all(importlib.util.find_spec(each) for each in (module, "uvicorn", "lxml")):
        raise SystemExit(NOT_INSTALLED)
    answer = {"pyoai": pyoai, "oai-repo": oai_repo}[name](read(catalogue), int(page))
    serve(answer)


def read(catalogue: str) -> list[Kept]:
    """Return all records of a catalogue."""
    with closing(sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True)) as connection:
        return [taken_apart(row[0]) for row in connection.execute("SELECT record FROM oai_records ORDER BY change")]


def taken_apart(record: bytes) -> Kept:
    """Return what a record says."""
    from lxml import etree

    header, metadata = etree.fromstring(record.replace(b"<record>", DECLARED, 1))
    said = [(etree.QName(child).localname, child.text or "") for child in header]
    fields: dict[str, list[str]] = {}
    for child in metadata[0]:
        fields.setdefault(etree.QName(child).localname, []).append(child.text or "")
    stamp = datetime.strptime(dict(said)["datestamp"], "%Y-%m-%dT%H:%M:%SZ")
    sets = [text for name, text in said if name == "setSpec"]
    etree.cleanup_namespaces(metadata[0], keep_ns_prefixes=["oai_dc", "dc", "xsi"])
    return Kept(dict(said)["identifier"], stamp, sets, fields, etree.tostring(metadata[0], with_tail=False))


def pyoai(kept: list[Kept], page: int) -> Answer:
    """Return what answers with pyoai."""
    import cgi

    cgi.parse_qs = parse_qs  # type: ignore[attr-defined]
    from oaipmh.common import Header, Identify, Metadata
    from oaipmh.metadata import MetadataRegistry
    from oaipmh.server import BatchingServer, oai_dc_writer

    records = [
        (Header(None, one.identifier, one.datestamp, one.sets, False), Metadata(None, one.fields), None) for one in kept
    ]
    identity = Identify(
        "Benchmark", BASE_URL, "2.0", [EMAIL], kept[0].datestamp, "no", "YYYY-MM-DDThh:mm:ssZ", ["identity"]
    )

    class Data:
        def identify(self) -> Any:
            return identity

        def listRecords(self, cursor: int = 0, batch_size: int = 0, **_: Any) -> Any:  # noqa: N802 - pyoai's name
            return records[cursor : cursor + batch_size]

    registry = MetadataRegistry()
    registry.registerWriter("oai_dc", oai_dc_writer)
    answer: Answer = BatchingServer(Data(), registry, resumption_batch_size=page).handleRequest
    return answer


def oai_repo(kept: list[Kept], page: int) -> Answer:
    """Return what answers with oai-repo."""
    from lxml import etree
    from oai_repo import DataInterface, Identify, MetadataFormat, OAIRepository, RecordHeader

    identity = Identify("Benchmark", BASE_URL, [EMAIL], kept[0].datestamp, "no", "YYYY-MM-DDThh:mm:ssZ")
    formats = [MetadataFormat("oai_dc", *FORMAT)]
    identifiers = [one.identifier for one in kept]
    headers = {one.identifier: RecordHeader(one.identifier, one.datestamp, one.sets) for one in kept}
    metadata = {one.identifier: one.metadata for one in kept}

    class Data(DataInterface):  # type: ignore[misc]
        limit = page

        def get_identify(self) -> Any:
            return identity

        def get_metadata_formats(self, _identifier: str | None = None) -> Any:
            return formats

        def list_identifiers(self, *_filters: Any) -> Any:
            cursor = _filters[-1]
            return identifiers[cursor : cursor + page], len(identifiers), None

        def get_records_header(self, wanted: list[str]) -> Any:
            return [headers[identifier] for identifier in wanted]

        def get_records_metadata(self, wanted: list[str], _prefix: str) -> Any:
            return [etree.fromstring(metadata[identifier]) for identifier in wanted]

        def get_records_abouts(self, wanted: list[str]) -> Any:
            return [[] for _ in wanted]

    repository = OAIRepository(Data())
    return lambda asked: bytes(repository.process(asked))


def serve(answer: Answer) -> None:
    """Answer over uvicorn at a free port, and print which."""
    import uvicorn

    async def application(scope: Any, _receive: Any, send: Any) -> None:
        content = answer(dict(parse_qsl(scope["query_string"].decode())))
        headers = [(b"content-type", b"text/xml"), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    config = uvicorn.Config(application, log_level="warning", access_log=False, lifespan="off")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()
