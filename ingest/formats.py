"""Telling formats: PRONOM's signatures where pygfried is installed, our own sniffers beside them.

pygfried holds siegfried, a program in Go. On files that are made to harm it, or where memory is
short, such a program ends the whole process, and it reserves nearly two gigabytes of
addresses, all that a worker which reads pages may have. So it runs in one process of its own,
which costs nothing but the file's own answer when it dies.
"""

import importlib.metadata
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from ingest.documents import Identification, Limits
from ingest.sniffers import open_regular, sniff
from ingest.workers import Workers
from metadata.formats import UNKNOWN, format_of

_ROOM = 4 << 30  # addresses that pygfried reserves and its program needs; the file's own come on top of it
_BY_NAME_ONLY = re.compile(r"match on (extension|filename|MIME) only")
_ONE_PROCESS = 1


@dataclass(frozen=True, slots=True)
class Match:
    """One of PRONOM's answers: its PUID, its media types, what siegfried doubts (``""``: nothing)."""

    puid: str
    media_types: str
    warning: str

    @property
    def by_content(self) -> bool:
        """Whether bytes of the file matched, not its name alone."""
        return not _BY_NAME_ONLY.search(self.warning)


@dataclass(frozen=True, slots=True)
class Told:
    """What PRONOM says of a file, and by which program; no matches where it knows none."""

    agent: str
    matches: tuple[Match, ...] = ()


class Identifier:
    """Tells formats. A context manager: leaving it ends the process that holds pygfried, if one was started.

    ``limits`` give the time one file may take and the size of the largest.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = replace(limits, memory=_ROOM + limits.size)
        self._workers: Workers[str] | None = None

    def __enter__(self) -> "Identifier":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._workers:
            self._workers.__exit__(kind, error, trace)

    def identify(self, path: Path, media_type: str) -> Identification:
        """Return the format of a file; nothing that the file may be is raised. Raises StorageError.

        ``media_type`` is what the file was read as; it speaks only for formats without any signature.
        """
        try:
            own = sniff(path, media_type)
        except OSError as fault:
            return Identification(UNKNOWN, own_agent(), f"the file cannot be read: {fault.strerror or 'no file'}")
        if find_spec("pygfried") is None:
            return _own(own, "pygfried is not installed")
        told = self._told(path)
        return weigh(told, own) if isinstance(told, Told) else _own(own, told)

    def _told(self, path: Path) -> Told | str:
        """Ask PRONOM in the other process; return why there is no answer where there is none."""
        if self._workers is None:
            self._workers = Workers(_ONE_PROCESS, self._limits)
        self._workers.submit("", _ask_quietly, str(path))
        ((_, result),) = self._workers.results()
        return result if isinstance(result, Told) else "pygfried gave no answer on this file"


def _ask_quietly(path: str) -> Told:
    """Do :func:`ask_pronom` in a worker: a Go program that dies writes pages on standard error, which is the user's."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    return ask_pronom(path)


def ask_pronom(path: str) -> Told:
    """Ask pygfried, in a process that may die of it. Raises OSError and ValueError, and ImportError without it."""
    import pygfried

    open_regular(Path(path)).close()  # a pipe would hold it for ever
    answer = pygfried.identify(path, detailed=True)
    agent = _agent(answer["siegfried"], answer["identifiers"][0]["details"])
    found = (match for match in answer["files"][0]["matches"] if match["ns"] == "pronom" and match["id"] != "UNKNOWN")
    return Told(agent, tuple(Match(match["id"], match["mime"], match["warning"]) for match in found))


def weigh(told: Told, own: str) -> Identification:
    """Return which of the two answers stands, and in the remark what spoke against it.

    PRONOM's stands, with two exceptions. Ours says more where it is a kind of PRONOM's: MARCXML
    is XML. And ours stands where PRONOM's goes by the name alone, or does not fit the name and is
    another medium: libtiff's BigTIFF matches the signature of Zoomify images, too.
    """
    first = next(iter(told.matches), None)
    if first is None:
        return _own(own, f"{told.agent}: no signature matched")
    ours = format_of(own)
    refined = bool(ours.within) and ours.within == first.puid
    same_medium = bool(ours.media_type) and ours.media_type in first.media_types
    doubted = not first.by_content or (first.warning != "" and own != UNKNOWN and not same_medium)
    if refined or (doubted and own != first.puid):
        return _own(own, f"{told.agent} says {first.puid}" + (f" ({first.warning})" if first.warning else ""))
    return Identification(first.puid, told.agent, "; ".join(_remarks(told.matches, own)))


def _remarks(matches: Sequence[Match], own: str) -> list[str]:
    first, *others = matches
    remarks = [first.warning] if first.warning else []
    remarks += [f"also {one.puid}" for one in others]
    return remarks + ([f"our own sniffer says {own}"] if own not in (UNKNOWN, first.puid) else [])


def _own(puid: str, remark: str) -> Identification:
    return Identification(puid, own_agent(), remark)


def own_agent() -> str:
    """Return the name and version under which our own sniffers stand in an event."""
    return f"Canoe {importlib.metadata.version('canoe')}"


def _agent(siegfried: str, details: str) -> str:
    signatures = re.search(r"SignatureFile_(V\d+)", details)
    version = signatures[1] if signatures else details
    return f"pygfried {importlib.metadata.version('pygfried')}, siegfried {siegfried}, PRONOM {version}"
