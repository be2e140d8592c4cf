"""What becomes of files that are ingested one by one, in a process of its own whose time and memory are measured."""

import multiprocessing
import os
import queue
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from failing_engines import Good

import ingest.batch
from canoe.home import Home
from canoe.report import report_json
from ingest.tools import NOBODY

Told = tuple[Path, Any, float, int]
"""A file, the report of its ingest, seconds of its processor, and the peak of memory in bytes so far."""


def reports(home: Path, paths: list[Path]) -> Iterator[Told]:
    """Plan the ingest of each file alone, without a network, and yield what would become of it."""
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[Told | None] = context.Queue()
    process = context.Process(target=_plan, args=(home, paths, told))
    process.start()
    while answer := _next(told, process):
        yield answer
    process.join()
    assert process.exitcode == 0


def _next(told: "multiprocessing.Queue[Told | None]", process: SpawnProcess) -> Told | None:
    for _ in range(70):
        try:
            return told.get(timeout=1)
        except queue.Empty:
            assert process.is_alive() or not told.empty(), f"it ended with {process.exitcode}"
    process.kill()
    raise AssertionError("a file took more than 70 seconds")


def _plan(home: Path, paths: list[Path], told: "multiprocessing.Queue[Told | None]") -> None:
    opened = Home.read(home)
    tools = replace(opened.tools("", "", 1), engine=Good())
    sys.addaudithook(_no_network)
    for path in paths:
        begun = time.process_time()
        report = report_json(ingest.batch.ingest([path], opened.library, None, tools, NOBODY))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        told.put((path, report, time.process_time() - begun, peak))
    told.put(None)


def _no_network(event: str, details: tuple[Any, ...]) -> None:
    """End the process that asks for a connection to anywhere but another process here."""
    if event == "socket.getaddrinfo" or (event == "socket.connect" and isinstance(details[1], tuple)):
        os._exit(9)
