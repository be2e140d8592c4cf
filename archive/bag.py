"""Bags: what a folder that says it is one must hold, and all that is wrong with it.

Specification: RFC 8493 (BagIt 1.0), and the drafts 0.93 to 0.97. A bag comes from outside:
nothing that it names elsewhere is fetched, no link is followed, tag files are bounded, and
payload is read in pieces.

Where the disk that a bag lay on may have changed a name (its case, its Unicode
normalisation) or thrown away a file of its system, the bag is accepted with a warning: the
digests tell that no content is missing.
"""

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive.bag_tags import (
    DIGITS,
    Declaration,
    Entry,
    Unfit,
    decode,
    leads_outside,
    read_declaration,
    read_fetch,
    read_info,
    read_manifest,
    unescape,
)
from archive.durable import CHUNK
from metadata.problems import Problem, problem

DECLARATION = "bagit.txt"
LARGEST_TAG_FILE = 64 << 20
MOST_FILES = 500_000
MOST_PROBLEMS = 1_000
_MANIFEST = re.compile(r"(tag)?manifest-(.+)\.txt", re.IGNORECASE)
_INFO = {"0.93": "package-info.txt", "0.94": "package-info.txt", "0.95": "package-info.txt"}
_SYSTEM = re.compile(r"(?:.*/)?(?:\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)", re.IGNORECASE)
_OXUM = re.compile(r"(\d{1,30})\.(\d{1,30})")
_KINDS = {stat.S_IFLNK: "symbolic link", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload file: its sha512 as it is, and the digests that the bag's manifests gave it, by algorithm."""

    sha512: str
    given: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bag:
    """A folder judged. It is a valid bag where there are no ``faults``; ``warnings`` are apart.

    ``payload`` holds what was verified, by path below the bag as the disk has it (``data/…``);
    ``tags`` are the other files. ``info`` is bag-info.txt, label and value in order.
    """

    folder: Path
    version: str
    info: tuple[tuple[str, str], ...]
    payload: Mapping[str, Payload]
    tags: tuple[str, ...]
    faults: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults

    def value(self, label: str) -> str:
        """Return the first value of an element of bag-info.txt, ``""`` where it has none."""
        return next((value for name, value in self.info if name.lower() == label.lower()), "")


def check_bag(folder: Path, name: str = "") -> Bag:
    """Judge a folder as a bag; every fault is named, up to a thousand.

    ``name`` is what problems call the folder. Nothing that the folder may hold is raised.
    """
    return _Judge(folder, name or _shown(str(folder))).bag()


class _Judge:
    """One look at one bag: what is on the disk, what its tag files say, and what does not agree."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._faults: list[Problem] = []
        self._warnings: list[Problem] = []
        self._sizes: dict[str, int] = {}  # of every regular file, by its path below the bag
        self._declared = Declaration()
        self._expected: dict[str, list[tuple[str, str, str]]] = {}  # path → algorithm, digest, manifest
        self._fetched: set[str] = set()
        self._by_key: dict[str, list[str]] = {}
        self._forgiven = False  # a file that only a system needs is not there

    def bag(self) -> Bag:
        self._list()
        self._declare()
        info = tuple(self._info())
        self._read_fetch()
        manifests = dict(self._manifests())
        if not any(not tag for tag, _ in manifests.values()):
            self._fault("bag-incomplete", reason="it has no payload manifest that could be read")
        self._complete(manifests)
        self._name_twins()
        self._compare_oxum(info)
        payload = dict(self._verify())
        tags = tuple(sorted(path for path in self._sizes if not _is_payload(path)))
        found = tuple(self._faults), tuple(self._warnings)
        return Bag(self._folder, self._declared.version, info, payload, tags, *found)

    def _fault(self, code: str, path: str = "", /, **params: object) -> None:
        self._report(self._faults, code, path, params)

    def _warn(self, reason: str, path: str = "") -> None:
        self._report(self._warnings, "bag-remark", path, {"reason": reason})

    def _report(self, found: list[Problem], code: str, path: str, params: Mapping[str, object]) -> None:
        if len(found) == MOST_PROBLEMS:
            found.append(problem("bag-more-faults", self._name, count=MOST_PROBLEMS))
        if len(found) <= MOST_PROBLEMS:
            where = f"{self._name}/{_shown(path)}" if path else self._name
            made = problem(code, where, **{name: _shown(str(value)) for name, value in params.items()})
            if made not in found[-10:]:
                found.append(made)

    # --- what is on the disk -------------------------------------------------------------------

    def _list(self) -> None:
        waiting = [""]
        while waiting and len(self._sizes) <= MOST_FILES:
            below = waiting.pop()
            try:
                with os.scandir(self._folder / below) as entries:
                    for entry in entries:
                        path = f"{below}/{entry.name}" if below else entry.name
                        waiting += self._meet(path, entry.stat(follow_symlinks=False))
            except OSError as fault:
                self._fault("file-unreadable", below, reason=fault.strerror or str(fault))
        if len(self._sizes) > MOST_FILES:
            self._fault("bag-incomplete", reason=f"it has more than {MOST_FILES} files; divide it")
        if not (self._folder / "data").is_dir():
            self._fault("bag-incomplete", reason="it has no folder ‘data’")

    def _meet(self, path: str, status: os.stat_result) -> Iterator[str]:
        if stat.S_ISDIR(status.st_mode):
            yield path
        elif stat.S_ISREG(status.st_mode):
            self._sizes[path] = status.st_size
        else:
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), "device")
            self._fault("not-a-regular-file", path, kind=kind)

    def _text(self, path: str) -> str:
        """Return the text of a tag file, ``""`` with a fault where it has none."""
        try:
            text = decode(self._bytes(path), self._declared.encoding)
        except Unfit as fault:
            self._fault("bag-tag-file", path, reason=fault)
            return ""
        if text.startswith("\ufeff"):
            self._warn("it begins with a byte order mark", path)
        return text.removeprefix("\ufeff")

    def _bytes(self, path: str) -> bytes:
        if self._sizes[path] > LARGEST_TAG_FILE:
            raise Unfit(f"it has {self._sizes[path]} bytes, the limit is {LARGEST_TAG_FILE}")
        try:
            with _opened(self._folder / path) as stream:
                return stream.read(LARGEST_TAG_FILE)
        except OSError as fault:
            raise Unfit(fault.strerror or str(fault)) from fault

    # --- what the tag files say ----------------------------------------------------------------

    def _declare(self) -> None:
        if DECLARATION not in self._sizes:
            self._fault("bag-declaration", DECLARATION, reason="it is not there")
            return
        try:
            self._declared = read_declaration(self._bytes(DECLARATION))
        except Unfit as fault:
            self._fault("bag-declaration", DECLARATION, reason=fault)
        for remark in self._declared.remarks:
            self._warn(remark, DECLARATION)

    def _info(self) -> Iterator[tuple[str, str]]:
        path = _INFO.get(self._declared.version, "bag-info.txt")
        for found in read_info(self._text(path)) if path in self._sizes else ():
            if isinstance(found, Unfit):
                self._fault("bag-tag-file", path, reason=found)
            else:
                yield found

    def _read_fetch(self) -> None:
        for found in read_fetch(self._text("fetch.txt")) if "fetch.txt" in self._sizes else ():
            if isinstance(found, Unfit):
                self._fault("bag-tag-file", "fetch.txt", reason=found)
            elif leads_outside(found) or not _is_payload(found):
                self._fault("bag-path-outside", "fetch.txt", path=found)
            elif (path := self._find(found)) not in self._sizes:
                self._fetched.add(path)
                self._fault("bag-fetch-needed", path)

    def _manifests(self) -> Iterator[tuple[str, tuple[bool, set[str]]]]:
        """Yield the name of each manifest, whether it lists tag files, and the files it lists."""
        for name in sorted(self._sizes):
            named = _MANIFEST.fullmatch(name)
            if not named:
                continue
            algorithm = re.sub("[^a-z0-9]", "", named[2].lower())
            if algorithm in DIGITS:
                yield name, (bool(named[1]), self._read_manifest(name, algorithm, bool(named[1])))
            else:
                self._warn(f"the algorithm {named[2][:20]} is not known; what it lists was not verified by it", name)

    def _read_manifest(self, name: str, algorithm: str, tag: bool) -> set[str]:
        listed: dict[str, str] = {}
        for entry in read_manifest(self._text(name), algorithm):
            if isinstance(entry, Unfit):
                self._fault("bag-tag-file", name, reason=entry)
            elif leads_outside(entry.path) or _is_payload(entry.path) is tag:
                self._fault("bag-path-outside", name, path=entry.path)
            elif entry.path in listed:
                self._repeated(entry, name, listed[entry.path])
            else:
                listed[entry.path] = entry.digest
                self._expect(entry, algorithm, name)
        return {self._find(path) for path in listed}

    def _repeated(self, entry: Entry, manifest: str, digest: str) -> None:
        """Only the drafts bore with a file that is listed twice, and only with the same digest."""
        if self._declared.strict or entry.digest != digest:
            self._fault("bag-file-twice", entry.path, manifest=manifest)
        else:
            self._warn(f"{manifest} lists it twice, with the same digest", entry.path)

    def _expect(self, entry: Entry, algorithm: str, manifest: str) -> None:
        if entry.remark:
            self._warn(entry.remark, manifest)
        path = self._find(entry.path)
        if path in self._sizes:
            if path not in (entry.path, unescape(entry.path)):
                self._warn(f"{manifest} spells its name otherwise", path)
            self._expected.setdefault(path, []).append((algorithm, entry.digest, manifest))
        elif _SYSTEM.fullmatch(path):
            self._forgiven = True
            self._warn(f"{manifest} lists it; a file of an operating system, it is not needed", path)
        elif path not in self._fetched:
            self._fault("bag-file-missing", path, manifest=manifest)

    def _find(self, path: str) -> str:
        """Return the file that a tag file's path means, by the name the disk has for it.

        Only BagIt 1.0 says that percent signs are encoded; before it they stood for themselves.
        """
        spelt = (unescape(path), path) if self._declared.strict else (path, unescape(path))
        if spelt[0] in self._sizes:
            return spelt[0]
        if spelt[1] in self._sizes:
            return spelt[1]
        near = self._twins().get(_key(spelt[0]), [])
        return near[0] if len(near) == 1 else spelt[0]

    def _twins(self) -> Mapping[str, list[str]]:
        """Return the files by what is left of their names where case and normalisation do not count."""
        if not self._by_key:
            for path in self._sizes:
                self._by_key.setdefault(_key(path), []).append(path)
        return self._by_key

    # --- whether both agree --------------------------------------------------------------------

    def _complete(self, manifests: Mapping[str, tuple[bool, set[str]]]) -> None:
        payload = [path for path in sorted(self._sizes) if _is_payload(path)]
        for name, (tag, listed) in manifests.items():
            if tag and self._declared.strict:
                self._complete_tags(name, listed, manifests)
            elif not tag and self._declared.strict:
                for path in payload:
                    if path not in listed:
                        self._fault("bag-file-unlisted", path, manifest=name)
        if not self._declared.strict and manifests:
            for path in payload:
                if path not in self._expected:
                    self._fault("bag-file-unlisted", path, manifest="no manifest")

    def _complete_tags(self, name: str, listed: set[str], manifests: Iterable[str]) -> None:
        for other in manifests:
            is_tag_manifest = other.lower().startswith("tag")
            if is_tag_manifest and other in listed:
                self._fault("bag-path-outside", name, path=other)
            elif not is_tag_manifest and other not in listed:
                self._fault("bag-file-unlisted", other, manifest=name)

    def _name_twins(self) -> None:
        for same in self._twins().values():
            for path in same[1:]:
                self._warn(f"its name differs from that of {same[0]} by case or normalisation only", path)

    def _compare_oxum(self, info: Iterable[tuple[str, str]]) -> None:
        sizes = [size for path, size in self._sizes.items() if _is_payload(path)]
        for claimed in (value for label, value in info if label.lower() == "payload-oxum"):
            found = _OXUM.fullmatch(claimed)
            if not found:
                self._warn("its Payload-Oxum is not two numbers joined by a dot")
            elif (int(found[1]), int(found[2])) != (sum(sizes), len(sizes)) and not self._forgiven:
                self._fault("bag-oxum-wrong", claimed=claimed, found=f"{sum(sizes)}.{len(sizes)}")

    def _verify(self) -> Iterator[tuple[str, Payload]]:
        """Read every file that a manifest lists, once, and yield the payload that is right."""
        for path, expected in sorted(self._expected.items()):
            try:
                digests = _digests(self._folder / path, {algorithm for algorithm, _, _ in expected})
            except OSError as fault:
                self._fault("file-unreadable", path, reason=fault.strerror or str(fault))
                continue
            wrong = [(algorithm, manifest) for algorithm, digest, manifest in expected if digests[algorithm] != digest]
            for algorithm, manifest in wrong:
                self._fault("bag-file-wrong", path, algorithm=algorithm, manifest=manifest)
            if _is_payload(path) and not wrong:
                given = dict.fromkeys((algorithm, digest) for algorithm, digest, _ in expected)
                yield path, Payload(digests["sha512"], tuple(given))


def _digests(path: Path, algorithms: set[str]) -> dict[str, str]:
    """Return the digests of a file by these algorithms and by sha512, all from one reading."""
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in {*algorithms, "sha512"}}
    with _opened(path) as stream:
        while chunk := stream.read(CHUNK):
            for one in hashes.values():
                one.update(chunk)
    return {name: one.hexdigest() for name, one in hashes.items()}


def _opened(path: Path) -> BinaryIO:
    """Open a file to read it; not where a link or a pipe has taken its place since it was listed."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("it is no regular file any more")
    return os.fdopen(handle, "rb")


def _is_payload(path: str) -> bool:
    return path.startswith("data/")


def _key(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _shown(text: str) -> str:
    """Return a name as text that any encoding takes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
