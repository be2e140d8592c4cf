"""Tasks for the worker pool: one that works, one that dies, one that tells its limits, one with a child."""

import logging
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import ingest.tesseract as engine  # what it does to pytesseract is what is tried here


def double(number: int) -> int:
    return 2 * number


def die(how: int) -> None:
    os.kill(os.getpid(), how)


def limits_here() -> tuple[int, int, int, str]:
    kinds = (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU)
    memory, written, processor = (resource.getrlimit(kind)[0] for kind in kinds)
    return memory, written, processor, os.environ["OMP_THREAD_LIMIT"]


def remark() -> None:
    """Say something as libraries do of what is a little wrong."""
    logging.getLogger("pikepdf").warning("a remark")
    os.write(2, b"a remark\n")


def sleep_beside_a_child(note: str) -> None:
    """Start a child as the OCR engine does, write down both processes, and sleep."""
    child = subprocess.Popen(["sleep", "600"], **engine.arguments())
    Path(note).write_text(f"{os.getpid()} {child.pid}")
    child.wait()


def open_socket(family: int) -> str:
    """Open a socket, to nowhere."""
    with socket.socket(family):
        return "open"


def open_in_a_child() -> str:
    """Return what a child says that opens a socket."""
    program = "import socket; socket.socket()"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stderr
