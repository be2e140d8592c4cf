"""How vocabularies are kept in the archive, and vocabularies.db made from that.

Each is an OCFL object ``urn:canoe:vocabulary:ID``: its files as they were received, ``vocabulary.json`` about them, and
``gone.jsonl``, the concepts that former versions had. The object ``urn:canoe:vocabularies`` says in
``vocabularies.json`` which there are, in which version, and which one is the library's own classification;
``reissued-vN.jsonl`` in it names the items whose records that version changed, for harvesters are given them anew.
So one small file tells whether vocabularies.db is as the archive has it.
"""

import hashlib
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

import msgspec

from archive.durable import storage, sync_folder
from archive.inventory import Inventory
from archive.lock import file_lock
from archive.ocfl import Archive, place_of
from archive.staging import SIDECAR
from archive.vocabularies_db import EDITION, Filled, Making, made, versions
from metadata.errors import DamageFound, HomeMissing, NotFound, StorageError, UsageError
from metadata.model import Concept, Text
from metadata.skos import Source, read_vocabulary, uncollected
from metadata.vocabulary import SHIPPED, shipped, shipped_file

FILE = "vocabularies.db"
REGISTRY = "urn:canoe:vocabularies"
REGISTRY_FILE, VOCABULARY_FILE, GONE_FILE = "vocabularies.json", "vocabulary.json", "gone.jsonl"
_VOCABULARY = "urn:canoe:vocabulary:"
_REISSUED = "reissued-"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PATIENCE = 120.0  # seconds for which another makes the file


class KeptFile(msgspec.Struct, frozen=True):
    """A file of a vocabulary: its name in the object, and how it was read."""

    name: str
    language: str = ""
    form: str = ""


class Kept(msgspec.Struct, frozen=True):
    """What is kept about a vocabulary: ``vocabulary.json``.

    ``base`` is what the URIs of a table's concepts begin with; ``titles`` are given ones, none where the
    files' own count. ``scheme`` and ``concepts`` tell what was found in the files.
    """

    id: str
    base: str
    files: tuple[KeptFile, ...]
    titles: tuple[Text, ...] = ()
    scheme: str = ""
    concepts: int = 0
    added_at: str = ""


class Registry(msgspec.Struct, frozen=True):
    """Which vocabularies there are: version numbers by id, in the order in which they came; ``own`` is one of them."""

    own: str = SHIPPED
    vocabularies: dict[str, int] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is to be in vocabularies.db, and vocabularies that were read already."""

    registry: Registry
    digest: str
    read: Mapping[str, Filled] = field(default_factory=dict)


def vocabulary_object(vocabulary_id: str) -> str:
    """Return the OCFL object id of a vocabulary."""
    return _VOCABULARY + vocabulary_id


def require_id(vocabulary_id: str) -> str:
    """Return the id; raises UsageError where it cannot be a vocabulary's."""
    if not _ID.fullmatch(vocabulary_id):
        hint = "An id has small letters, digits and hyphens, forty at most: --id habitats"
        raise UsageError(f"{vocabulary_id!r} cannot be a vocabulary's id.", hint)
    return vocabulary_id


def base_of(vocabulary_id: str) -> str:
    """Return what the URIs of a table's concepts begin with where nobody said."""
    return _VOCABULARY + quote(vocabulary_id)


def read_registry(archive: Archive, inventory: Inventory | None = None, number: int = 0) -> Registry:
    """Return which vocabularies there are, or were in version ``number`` of the registry. Raises DamageFound."""
    inventory = inventory or archive.former(REGISTRY)
    if not inventory.versions:
        return Registry()
    try:
        content = archive.read_former(inventory, number or len(inventory.versions), REGISTRY_FILE)
        return msgspec.json.decode(content, type=Registry)
    except (OSError, KeyError, msgspec.DecodeError) as fault:
        raise _damage(REGISTRY, fault) from fault


def reissued(archive: Archive, inventory: Inventory, number: int) -> Sequence[str]:
    """Return the items whose records version ``number`` of the registry changed. Raises OSError, ValueError."""
    name = f"{_REISSUED}v{number}.jsonl"
    if name not in inventory.versions[number - 1].state:
        return ()
    return [msgspec.json.decode(line, type=str) for line in archive.read_former(inventory, number, name).splitlines()]


def reissued_file(inventory: Inventory) -> str:
    """Return under which name the next version of the registry keeps what it changes."""
    return f"{_REISSUED}v{len(inventory.versions) + 1}.jsonl"


def version_of(inventory: Inventory, number: int) -> str:
    """Return what tells a version of a vocabulary from every other, be it of another archive."""
    state = sorted(inventory.versions[number - 1].state.items())
    return f"v{number}-{hashlib.sha256(msgspec.json.encode(state)).hexdigest()[:32]}"


def read_kept(archive: Archive, vocabulary_id: str, number: int) -> Kept:
    """Return what is kept about a version of a vocabulary. Raises DamageFound."""
    try:
        inventory = archive.inventory(vocabulary_object(vocabulary_id))
        return msgspec.json.decode(archive.read_former(inventory, number, VOCABULARY_FILE), type=Kept)
    except (OSError, LookupError, msgspec.DecodeError, NotFound) as fault:
        raise _damage(vocabulary_object(vocabulary_id), fault) from fault


def sources_of(archive: Archive, kept: Kept, number: int) -> Iterator[Source]:
    """Yield the files of a version of a vocabulary, as they came. Raises DamageFound, OSError, KeyError."""
    inventory = archive.inventory(vocabulary_object(kept.id))
    for file in kept.files:
        content = archive.read_former(inventory, number, file.name)
        yield Source(content, file.name.rpartition("/")[2], file.language, file.form)


def load(archive: Archive, vocabulary_id: str, number: int) -> Filled:
    """Read a version of a vocabulary from the archive. Raises DamageFound."""
    object_id = vocabulary_object(vocabulary_id)
    try:
        inventory = archive.inventory(object_id)
        kept = read_kept(archive, vocabulary_id, number)
        read = read_vocabulary(list(sources_of(archive, kept, number)), kept.base)
        gone = _gone(archive, inventory, number)
    except (OSError, LookupError, ValueError, UsageError) as fault:
        raise _damage(object_id, fault) from fault
    version = version_of(inventory, number)
    return Filled(vocabulary_id, version, read.scheme, kept.titles or read.titles, read.concepts, read.top, gone)


@cache
def shipped_filled() -> Filled:
    """Return the vocabulary that comes with Canoe, as it is put into the file."""
    held = shipped()
    scheme = held.schemes[0]
    return Filled(SHIPPED, _shipped_version(), scheme.uri, held.titles, held.concepts, held.top)


@cache
def _shipped_version() -> str:
    return hashlib.sha256(shipped_file()).hexdigest()


def _gone(archive: Archive, inventory: Inventory, number: int) -> Sequence[Concept]:
    if GONE_FILE not in inventory.versions[number - 1].state:
        return ()
    lines = archive.read_former(inventory, number, GONE_FILE).splitlines()
    return [msgspec.json.decode(line, type=Concept) for line in lines]


def file_of(home: Path) -> Path:
    """Return where the vocabularies of a home can be asked, made again where that is not what the archive has.

    There is no file where no vocabulary was ever added. In a home that can only be read one is made for this
    process. Raises DamageFound, StorageError.
    """
    path = home / FILE
    if not _is_outdated(home, path):
        return path
    with suppress(HomeMissing):
        archive = Archive(home / "archive", home / "staging")
        try:
            bring_up_to_date(home, archive)
        except StorageError:
            return _made_for_this_process(archive)
    return path


def bring_up_to_date(home: Path, archive: Archive, anew: bool = False) -> Sequence[DamageFound]:
    """Make vocabularies.db as the archive has it; ``anew``: all of it. Raises DamageFound, StorageError, HomeHeld.

    A vocabulary that is damaged is left out and returned, and looked for again at the next opening; a file that
    still has it is left in its place.
    """
    path = home / FILE
    told, hint = f"{path} is being made", "Wait until it is done."
    with file_lock(home / "vocabularies.lock", told, hint, _PATIENCE):
        outdated = _is_outdated(home, path)
        if not (anew or outdated) or not archive.exists(REGISTRY):
            return ()
        with storage(path):
            made_beside, wanted = beside(home), Loaded(read_registry(archive), digest_of(home))
            damaged = make(made_beside, archive, wanted, None if anew else path)
            for fault in damaged:
                _log.warning("%s", fault.message)
            if outdated or not damaged:
                put_in_place(made_beside, path)
            return damaged


def beside(home: Path) -> Path:
    """Return where the next vocabularies.db is made."""
    return home / f".{FILE}.new"


def put_in_place(made_beside: Path, path: Path) -> None:
    """Put a file that was made beside another in its place; it is on disk then."""
    with made_beside.open("rb") as stream:
        os.fsync(stream.fileno())
    made_beside.replace(path)
    sync_folder(path.parent)


@uncollected()
def make(target: Path, archive: Archive, wanted: Loaded, former: Path | None) -> Sequence[DamageFound]:
    """Make a file at ``target``, with what is the same taken over from the ``former``; return what was left out.

    Raises OSError. A file that lacks a vocabulary does not say that it is what the archive has.
    """
    target.unlink(missing_ok=True)
    held = _take_over(target, former)
    damaged: list[DamageFound] = []
    listed = {SHIPPED: _shipped_version()}
    for name, number in wanted.registry.vocabularies.items():
        given = wanted.read.get(name)
        try:
            listed[name] = given.version if given else version_of(archive.inventory(vocabulary_object(name)), number)
        except (DamageFound, NotFound, IndexError) as fault:
            damaged.append(_damage(vocabulary_object(name), fault))
    with Making(target) as making:
        if not held:
            making.create()
        for name in held:
            if listed.get(name) != held[name]:
                making.drop(name)
        for name, version in listed.items():
            try:
                if held.get(name) != version:
                    making.fill(_filled(archive, wanted, name))
            except DamageFound as fault:
                damaged.append(fault)
        order = [*wanted.registry.vocabularies, SHIPPED]
        about = {"registry": "" if damaged else wanted.digest, "shipped": _shipped_version()}
        making.finish(wanted.registry.own, order, about)
    return damaged


def digest_of(home: Path) -> str:
    """Return what tells the registry of a home from every other; ``""`` where there is none."""
    try:
        sidecar = home / "archive" / place_of(REGISTRY) / SIDECAR
        return sidecar.read_text("utf-8", errors="replace").partition(" ")[0]
    except OSError:
        return ""


def objects_known(home: Path) -> Iterator[str]:
    """Yield the OCFL objects that vocabularies.db was made from."""
    path = home / FILE
    if made(path):
        yield REGISTRY
        yield from (vocabulary_object(name) for name in versions(path) if name != SHIPPED)


def _is_outdated(home: Path, path: Path) -> bool:
    digest = digest_of(home)
    if not digest:
        return False
    about = made(path) if path.exists() else {}
    wanted = {"registry": digest, "edition": EDITION, "shipped": _shipped_version()}
    return any(about.get(name) != value for name, value in wanted.items())


def _filled(archive: Archive, wanted: Loaded, name: str) -> Filled:
    if name == SHIPPED:
        return shipped_filled()
    return wanted.read.get(name) or load(archive, name, wanted.registry.vocabularies[name])


def _take_over(target: Path, former: Path | None) -> Mapping[str, str]:
    """Copy the former file where it can be used; return the versions that it has."""
    if former is None or not former.exists() or made(former).get("edition") != EDITION:
        return {}
    shutil.copyfile(former, target)
    return versions(target)


_log = logging.getLogger(__name__)
_for_this_process: list[tempfile.TemporaryDirectory[str]] = []


def _made_for_this_process(archive: Archive) -> Path:
    folder = tempfile.TemporaryDirectory(prefix="canoe-vocabularies-", ignore_cleanup_errors=True)
    _for_this_process.append(folder)  # it goes with the process
    path = Path(folder.name) / FILE
    make(path, archive, Loaded(read_registry(archive), digest_of(archive.root.parent)), None)
    return path


def _damage(object_id: str, fault: Exception) -> DamageFound:
    return DamageFound(f"{object_id} cannot be read: {fault}.", "Run canoe check to see all that is damaged.")
