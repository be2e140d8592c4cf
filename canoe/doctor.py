"""The doctor: what is installed, what is missing and how to get it, and how the home is."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from archive.library import Library
from canoe.home import Home
from canoe.programs import NEEDED_LANGUAGES, require_languages, tesseract_version
from ingest.engine import load_engine
from ingest.offline import can_go_offline
from ingest.virus import Scanner
from metadata.errors import CanoeError, HomeMissing

_LIBRARIES = ("pymarc", "lxml", "pikepdf", "pypdfium2", "pytesseract", "tantivy", "sqlalchemy", "starlette")
_ROOM = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: is it good, how is it, what to do, and the exit code if it is not good."""

    subject: str
    good: bool
    state: str
    advice: str = ""
    exit_code: int = 0


def examine(home: Path) -> list[Finding]:
    """Look at the machine and at ``home``; nothing is changed."""
    return [*_machine(), *_home(home)]


def _machine() -> Iterator[Finding]:
    yield Finding("Python", True, sys.version.partition(" ")[0])
    for name in _LIBRARIES:
        yield Finding(name, True, importlib.metadata.version(name))
    yield _tried("Tesseract", tesseract_version)
    yield _tried("Tesseract languages", _languages)
    yield _fast()
    yield _offline()


def _home(path: Path) -> Iterator[Finding]:
    if not (path / "archive").is_dir():
        yield Finding("home", True, f"there is no library in {path}", f"Make one: canoe init --home {path}")
        return
    yield _tried("settings", lambda: f"{Home.read(path).settings.library.name}, in {path}")
    yield _tried("OCR engine", lambda: load_engine(Home.read(path).settings.ocr.engine).agent())
    yield _tried("virus check", lambda: _scanner(path))
    yield _tried("catalogue", lambda: _catalogue(path))
    yield _tried("search index", lambda: _index(path))
    yield _writing(path)
    free = shutil.disk_usage(path).free
    advice = "" if free > _ROOM else "Free some space: scans and their copies need room."
    yield Finding("free space", free > _ROOM, f"{free / 1e9:.1f} GB", advice, 6)


def _writing(path: Path) -> Finding:
    """Say whether the home can be written; one that cannot is as good for reading, so it is no fault."""
    if os.access(path, os.W_OK | os.X_OK):
        return Finding("writing", True, f"{path} can be written")
    advice = f"To ingest or change anything, mount {path} for writing or give this account the permission."
    return Finding("writing", True, f"{path} can only be read: searching, showing and serving go on", advice)


def _fast() -> Finding:
    """Say whether Tesseract is there as a library too; that it is not is no fault."""
    if find_spec("tesserocr") is None:
        return Finding("tesserocr", True, "not installed", 'To read faster: pip install "canoe[fast]"')
    return Finding("tesserocr", True, importlib.metadata.version("tesserocr"))


def _offline() -> Finding:
    """Say whether what decodes files is kept from the network; that it is not is no fault."""
    if can_go_offline():
        return Finding("decoders", True, "run without network")
    advice = "This system knows no filter of system calls (seccomp); keep the machine that ingests off the network."
    return Finding("decoders", True, "could reach the network", advice)


def _languages() -> str:
    require_languages(NEEDED_LANGUAGES)
    return ", ".join(NEEDED_LANGUAGES)


def _scanner(path: Path) -> str:
    scanner = Scanner.installed(Home.read(path).settings.ingest.virus_check)
    return scanner.agent if scanner else "none is set"


def _catalogue(path: Path) -> str:
    library = Library.open(path, Home.read(path).publishing)
    published, withdrawn, pages = library.catalogue.counts()
    waiting = library.catalogue.number_waiting()
    held = f", {waiting} held for approval" if waiting else ""
    return f"{published} items, {withdrawn} withdrawn, {pages} pages{held}"


def _index(path: Path) -> str:
    reader = Home.read(path).index_reader()
    try:
        behind = len(Home.read(path).library.changes(reader.position(), 1000))
    finally:
        reader.close()
    return f"{behind} changes behind" if behind else "up to date"


def _tried(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, look())
    except HomeMissing as fault:
        return Finding(subject, True, fault.message, fault.hint)
    except CanoeError as fault:
        return Finding(subject, False, fault.message, fault.hint, fault.exit_code)
