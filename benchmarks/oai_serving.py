"""The servers of the OAI-PMH benchmarks, each in a process of its own: Canoe, static files, and two other libraries.

Canoe is served as ``canoe serve`` does it. Static files are its own pages, served over the same uvicorn and Starlette,
at the address that a harvester asks or at a name of their own. For the others see :mod:`benchmarks.oai_peers`.
"""

import multiprocessing
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archive.catalogue import Catalogue
from benchmarks import oai_peers
from benchmarks.oai_store import publishing
from oai.app import application
from oai.provider import Provider, Repository

TOKEN = re.compile(rb"<resumptionToken[^>]*>([^<]+)<")
TOKEN_WITHIN = 1000  # bytes at the end of a page


@dataclass(frozen=True, slots=True)
class Server:
    """A server on this machine: its port and its process id."""

    port: int
    process: int


Serve = Callable[[Connection, Path, int], None]


@contextmanager
def served(serve: Serve, path: Path, page: int) -> Iterator[Server]:
    """Run a server of this project in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there, path, page), daemon=True)
    process.start()
    try:
        port = here.recv()
        assert process.pid is not None
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.join()


@contextmanager
def served_by(python: str, name: str, path: Path, page: int) -> Iterator[Server | None]:
    """Run the other library ``name`` with the interpreter ``python``; None where that does not have it."""
    command = [python, "-W", "ignore::DeprecationWarning", oai_peers.__file__, name, str(path), str(page)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            if not port and process.wait() != oai_peers.NOT_INSTALLED:
                raise SystemExit(f"{name} could not be served with {python}.")
            yield Server(int(port), process.pid) if port else None
        finally:
            process.terminate()


def serve_oai(port: Connection, path: Path, page: int) -> None:
    """Serve the catalogue at ``path``."""
    base_url, namespace = "http://library.example.org/oai", "library.example.org"
    repository = Repository("Benchmark", base_url, "keeper@library.example.org", namespace, page, os.urandom(32))
    run(Starlette(routes=[application(Provider(repository, Catalogue(path, publishing())))]), port)


def serve_files(port: Connection, path: Path, _page: int) -> None:
    """Serve the pages of ``path``, each read and sent whole (StaticFiles, in pieces, takes twice as long)."""
    after = {}
    for page in path.glob("*.xml"):
        if token := TOKEN.search(page.read_bytes()[-TOKEN_WITHIN:]):
            after[token[1].decode()] = f"{int(page.stem) + 1}.xml"

    async def file(request: Request) -> Response:
        name = request.path_params.get("name") or after.get(request.query_params.get("resumptionToken", ""), "0.xml")
        return Response((path / name).read_bytes(), media_type="text/xml")

    run(Starlette(routes=[Route("/oai", file), Route("/{name}", file)]), port)


def run(application: Starlette, port: Connection) -> None:
    """Serve ``application``, and say at which port."""
    config = uvicorn.Config(application, port=0, log_level="warning", access_log=False, lifespan="off")
    with config.bind_socket() as socket:
        socket.listen()
        port.send(socket.getsockname()[1])
        uvicorn.Server(config).run([socket])
