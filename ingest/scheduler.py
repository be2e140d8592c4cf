"""The way to a dask cluster: its scheduler found, and its workers asked what they would read a page with."""

import asyncio
import logging
import re
import socket
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import dask
from distributed import Client, Security
from distributed.comm.core import connect as connect_to

from ingest.engine import OcrEngine
from ingest.far import difference, facts_here
from metadata.errors import UsageError

FIRST_WORKER = 10.0
"""Seconds within which a cluster must have a worker when it is first asked."""

QUESTION = 10.0
"""Seconds within which the scheduler must answer a question."""

# Every page travels with its image, on purpose: dask would warn of each. What it logs, we say.
dask.config.set({"distributed.admin.large-graph-warning-threshold": 1 << 30})
for _name in ("distributed", "distributed.client", "tornado", "tornado.application"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def connect(address: str, patience: float) -> Client:
    """Return a connection to the scheduler at ``address`` (``tcp://host:port`` or ``tls://host:port``).

    One that breaks is made again within ``patience`` seconds, or not at all.

    Raises UsageError where that is no address, or no scheduler answers there.
    """
    host, port = _place(address)
    try:
        socket.create_connection((host, port), QUESTION).close()  # dask would try for long
        asyncio.run(_knock(address))  # a Client that finds no scheduler there keeps this process from its end
        return Client(address, timeout=patience, set_as_default=False, name="canoe")
    except (OSError, ValueError, RuntimeError, TypeError) as fault:  # dask has no type of its own for these
        why = getattr(fault, "strerror", None) or _one_line(fault)
        hint = "Start one there (dask scheduler), or read here: leave out --scheduler."
        raise UsageError(f"No scheduler answers at {address}: {why}.", hint) from fault


def require_cluster(address: str, engine: OcrEngine, languages: Sequence[str]) -> None:
    """Raise UsageError unless a cluster is at ``address`` whose workers read ``languages`` as this machine does."""
    with connect(address, QUESTION) as client:
        require_fit(client, address, engine, languages)


async def _knock(address: str) -> None:
    """Try to speak to a scheduler, by TLS as dask's configuration says where the address asks for it."""
    try:
        async with asyncio.timeout(QUESTION):
            comm = await connect_to(address, **Security().get_connection_args("client"))
            await comm.close()
    except TimeoutError as late:
        raise OSError(f"what answers there is no scheduler, or had not said so after {QUESTION:g} s") from late


def _place(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        place = parts.hostname or "", parts.port or 0
    except ValueError:
        place = "", 0
    if not (all(place) and re.fullmatch(r"(tcp|tls)://[^/?#@\s]+", address)):
        raise UsageError(f"--scheduler cannot be {address!r}.", "Its form is tcp://host:port or tls://host:port.")
    return place


def require_fit(client: Client, address: str, engine: OcrEngine, languages: Sequence[str]) -> dict[str, int]:
    """Return the workers, and how many pages each reads at a time; raises as :func:`require_cluster` does."""
    threads = _first_workers(client, address)
    facts = facts_here(engine, languages)
    for worker, answer in client.run(facts_here, engine, tuple(languages), on_error="return").items():
        known = isinstance(answer, dict)
        if why := difference(facts, answer) if known else f"it cannot tell what it has ({_one_line(answer)})":
            hint = "Install the same Canoe, engine and language models on every machine, and start its workers again."
            raise UsageError(f"The worker {worker} would read otherwise than this machine: {why}.", hint)
    return threads


def _one_line(fault: object) -> str:
    return " ".join(str(fault).split()).rstrip(".")


def _first_workers(client: Client, address: str) -> dict[str, int]:
    deadline = time.monotonic() + FIRST_WORKER
    while not (threads := threads_of(client)):
        if time.monotonic() > deadline:
            hint = f"Start one on each machine: dask worker {address}"
            raise UsageError(f"The scheduler at {address} has no workers.", hint)
        time.sleep(0.2)
    return threads


def threads_of(client: Client) -> dict[str, int] | None:
    """Return each worker's address and how many pages it reads at a time; None while no scheduler answers."""
    if client.status != "running":
        return None
    try:
        return dict(client.nthreads(callback_timeout=QUESTION))
    except (OSError, RuntimeError, AttributeError):  # it went away while it was asked
        return None
