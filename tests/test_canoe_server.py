"""The server as it is run: one process, pages and OAI-PMH over HTTP, while others write to the home."""

import contextlib
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sickle import Sickle
from sickle.oaiexceptions import IdDoesNotExist
from small_library import COUNTS, PROGRAM, canoe_here, canoe_program, environment, items, marc_file, record

SOON = 3.0
"""Seconds within which readers see what an ingest has brought."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers at ``url``, and its home."""

    url: str
    home: Path
    process: subprocess.Popen[str]

    def get(self, path: str) -> httpx.Response:
        """Return the answer to a GET."""
        return httpx.get(f"{self.url}{path}", timeout=120)

    def harvester(self) -> Any:
        """Return a client that harvests it."""
        return Sickle(f"{self.url}/oai", timeout=120)


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _base_url(home: Path, port: int) -> None:
    settings = (home / "canoe.toml").read_text("utf-8")
    settings = re.sub(r'base_url = ".*"', f'base_url = "http://127.0.0.1:{port}"', settings)
    (home / "canoe.toml").write_text(settings.replace("page_size = 100", "page_size = 3"), "utf-8")
    assert canoe_here("rebuild", "--home", home).code == 0


@contextlib.contextmanager
def _serving(home: Path, port: int) -> Iterator[Served]:
    command = [str(PROGRAM), "serve", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, env=environment(), text=True, stderr=subprocess.PIPE)
    served = Served(f"http://127.0.0.1:{port}", home, process)
    try:
        assert _within(300, lambda: _answers(port) or process.poll() is not None)
        yield served
    finally:
        process.kill()
        process.communicate()


def _answers(port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _within(seconds: float, condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def served(full_home: Path) -> Iterator[Served]:
    """Serve the home that holds the batch."""
    port = _free_port()
    _base_url(full_home, port)
    with _serving(full_home, port) as serving:
        yield serving


@pytest.mark.ocr
def test_pages_are_served_for_people(served: Served) -> None:
    kept = items(served.home)
    scan = kept["batch/scans/forets.pdf"]
    assert served.get("/").status_code == 200
    found = served.get("/search?q=conseil")
    assert found.status_code == 200
    assert scan["id"] in found.text
    page = served.get(f"/item/{scan['id']}")
    assert "Les forêts de la côte" in page.text
    assert f"10.5555/{scan['id']}" in page.text
    assert "protégées" in served.get(f"/item/{scan['id']}/page/1").text
    original = served.get(f"/item/{scan['id']}/file/original/forets.pdf")
    assert original.content.startswith(b"%PDF-")
    assert served.get("/item/0000000000").status_code == 404


@pytest.mark.ocr
def test_sickle_harvests_all_of_it_by_every_verb(served: Served) -> None:
    harvester, kept = served.harvester(), items(served.home)
    assert harvester.Identify().baseURL == f"{served.url}/oai"
    assert harvester.Identify().repositoryName == "The test library"
    formats = [one.metadataPrefix for one in harvester.ListMetadataFormats()]
    assert formats == ["oai_dc", "oai_qdc", "marcxml", "mods", "oai_datacite", "oai_openaire"]
    records = list(harvester.ListRecords(metadataPrefix="oai_dc"))
    assert len(records) == COUNTS["new"]
    ids = [one.header.identifier.rpartition(":")[2] for one in records]
    assert sorted(ids) == sorted(item["id"] for item in kept.values())
    titles = {one.metadata["title"][0] for one in records}
    assert titles == {item["titles"][0]["value"] for item in kept.values()}
    headers = [one.identifier for one in harvester.ListIdentifiers(metadataPrefix="oai_dc")]
    assert headers == [one.header.identifier for one in records]
    single = harvester.GetRecord(identifier=headers[4], metadataPrefix="oai_dc")
    assert single.raw == records[4].raw
    with pytest.raises(IdDoesNotExist):
        harvester.GetRecord(identifier="oai:canoe.localhost:0000000000", metadataPrefix="oai_dc")
    members: dict[str, set[str]] = {}
    for one in harvester.ListSets():
        found = harvester.ListIdentifiers(metadataPrefix="oai_dc", set=one.setSpec)
        members[one.setSpec] = {header.identifier for header in found}
    assert all(members.values())
    assert any(len(found) == 2 and "fr" in spec for spec, found in members.items())
    by_header = {spec for one in records for spec in one.header.setSpecs}
    assert by_header <= set(members)


def test_what_comes_in_while_it_is_served_is_seen_soon_and_what_is_withdrawn_is_gone(
    home: Path, tmp_path: Path
) -> None:
    port = _free_port()
    _base_url(home, port)
    with _serving(home, port) as served:
        harvester = served.harvester()
        assert served.get("/oai?verb=ListRecords&metadataPrefix=oai_dc").text.count("noRecordsMatch") == 1
        marc_file(tmp_path / "r.mrc", [record(1, "Zebras of the plain"), record(2, "Okapis")])
        ingest = canoe_program("ingest", tmp_path / "r.mrc", "--home", home, "--json")
        assert ingest.code == 0, ingest.err
        item = ingest.json["pieces"][0]["item"]
        assert _within(SOON, lambda: item in served.get("/search?q=zebras").text)
        assert len(list(harvester.ListRecords(metadataPrefix="oai_dc"))) == 2
        assert "Zebras" in served.get(f"/item/{item}").text
        withdrawal = canoe_program("withdraw", item, "--reason", "counted wrongly", "--home", home)
        assert withdrawal.code == 0, withdrawal.err
        assert _within(SOON, lambda: item not in served.get("/search?q=zebras").text)
        assert "counted wrongly" in served.get(f"/item/{item}").text
        headers = {one.header.identifier: one.header.deleted for one in harvester.ListRecords(metadataPrefix="oai_dc")}
        assert headers[f"oai:canoe.localhost:{item}"] is True
        assert sorted(headers.values()) == [False, True]
        assert canoe_program("restore", item, "--home", home).code == 0
        assert _within(SOON, lambda: item in served.get("/search?q=zebras").text)


def test_it_serves_while_the_first_ingest_holds_the_home(home: Path) -> None:
    from archive.lock import writer_lock

    with writer_lock(home), _serving(home, _free_port()) as served:
        assert served.get("/").status_code == 200
        assert served.get("/search?q=x").status_code == 200


def test_ctrl_c_stops_it_at_once(home: Path) -> None:
    with _serving(home, _free_port()) as served:
        served.get("/")
        served.process.send_signal(signal.SIGINT)
        _, err = served.process.communicate(timeout=300)
        assert served.process.returncode in (0, 130)
        assert "Traceback" not in err
        assert "Serving The test library" in err


def test_an_address_that_is_taken_exits_2(home: Path) -> None:
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = canoe_program("serve", "--home", home, "--port", str(taken.getsockname()[1]))
    assert answer.code == 2
    assert "--port" in answer.err
    assert "Traceback" not in answer.err
