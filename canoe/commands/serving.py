"""canoe serve."""

import os
import socket
from typing import Annotated

import typer
import uvicorn

from canoe.commands.options import HomeOption, open_home, say
from canoe.connections import Connection
from canoe.home import Home
from canoe.usage_processes import counting_for
from metadata.errors import UsageError


def serve(
    home: HomeOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 1,
) -> None:
    """Serve the web pages and OAI-PMH (at /oai) in one process. Ctrl-C stops it.

    Ingest may go on meanwhile: what comes in is seen within a second or two.
    """
    run_server(open_home(home), host, port, workers)


def run_server(home: Home, host: str, port: int, workers: int = 1) -> None:
    """Serve until told to stop; raises UsageError when the address cannot be listened on."""
    _require_free(host, port)
    home.prepare_serving()
    os.environ["CANOE_HOME"] = str(home.path.resolve())
    say(f"Serving {home.settings.library.name} at http://{host}:{port}/ — Ctrl-C stops.")
    with counting_for(home, workers):
        uvicorn.run(
            "canoe.server:from_environment",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_level="warning",
            http=Connection,
            ws="none",
            server_header=False,
            timeout_keep_alive=15,
            limit_concurrency=512,
        )


def _require_free(host: str, port: int) -> None:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.create_server((host, port), family=family):
            pass
    except OSError as fault:
        raise UsageError(
            f"{host}:{port} cannot be listened on: {fault.strerror or fault}.", "Name another with --host and --port."
        ) from None
