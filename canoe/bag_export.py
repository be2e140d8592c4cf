"""Items as a bag: their files, and what is known of them in the forms that others read.

RFC 8493 says what a bag is; the ``bagit`` library makes it, on a staging copy beside the folder
that is asked for. That gets its name when all is written and synced, so a kill leaves no half
bag there. Every digest is compared while a file is copied: nothing damaged leaves as good.

    data/ID/original/…      as received
    data/ID/access/…        the copy that is read
    data/ID/alto/0001.xml   the words of each page
    data/ID/hocr/0001.html  the same as hOCR
    data/ID/source/…        the records that described it, as received
    data/ID/metadata/       item.json, dc.xml, marc.xml, premis.xml, mets.xml

Of a withdrawn item only the metadata leave: whoever withdrew it meant its content to be read no more.
"""

import fcntl
import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import bagit

from archive.check_log import checks_of
from archive.durable import copy_file, make_folders, remove_tree, storage, sync_folder, write_file
from archive.replay import PAGES_FILE, item_object
from canoe import __version__
from canoe.home import Home
from canoe.marc_records import MarcRecords
from ingest.recognise import HEAD, media_type_of
from metadata.alto import alto
from metadata.dublin_core import oai_dc
from metadata.errors import DamageFound, HomeHeld, NotFound, StorageError, UsageError
from metadata.events import Event, read_events
from metadata.hocr import hocr
from metadata.item_record import portable
from metadata.marc_writing import to_marcxml
from metadata.mets import Package, Packed, mets
from metadata.model import File, Item
from metadata.premis import premis
from metadata.serial import to_json

AGENT = f"Canoe {__version__}"
CHECKSUMS = ["sha256", "sha512"]
EVENTS_FILE = "events.jsonl"
SOURCES = "source/"
_XML, _HTML = "application/xml", "text/html"
_HINT = "Run canoe check to see all that is damaged; canoe repair mends it from a second copy. No bag was made."


def export_bag(home: Home, items: Iterable[Item], out: Path, done: Callable[[int], None]) -> int:
    """Make the bag ``out`` of these items and return how many they are; ``done`` is told after each.

    Raises UsageError where ``out`` is neither new nor empty, NotFound where there are no items,
    HomeHeld where another process is making the same bag, DamageFound that names the first file
    whose digest is wrong, and StorageError. Then there is no bag, and nothing else is left.
    """
    target = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow a link that is there
    _require_free(target)
    with storage(target), _staging(target) as staging:
        names: list[str] = []
        packed, records = 0, MarcRecords(home)
        for packed, item in enumerate(items, 1):
            _Packing(home, item, staging / item.id).pack(records)
            names += [item.id, *([item.doi.name] if item.doi else [])]
            done(packed)
        if not packed:
            raise NotFound("No item was found, so no bag was made.", "canoe search shows what a query finds.")
        _make_bag(staging, _bag_info(home, names))
        _sync_tree(staging)
        staging.rename(target)
        sync_folder(target.parent)
    return packed


def _require_free(target: Path) -> None:
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent} is no folder.", "Name a new folder in one that is there.")
    if os.path.lexists(target) and not (target.is_dir() and not target.is_symlink() and not any(target.iterdir())):
        raise UsageError(f"{target} is there already.", "Name a folder with --out that is new or empty.")


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """Lend an empty folder beside ``target``, locked; what a killed export left in it is cleared away.

    It goes, too, when something is raised.
    """
    staging = target.with_name(f".{target.name}.canoe-bag")
    staging.mkdir(exist_ok=True)
    handle = os.open(staging, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeHeld(f"Another process is making {target}.", "Wait until it is done, or stop it.") from None
        try:
            for left in staging.iterdir():
                remove_tree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            yield staging
        except BaseException:
            remove_tree(staging)
            raise
    finally:
        os.close(handle)


class _Packing:
    """One item on its way into a bag; ``folder`` is its own below the bag's payload."""

    def __init__(self, home: Home, item: Item, folder: Path) -> None:
        self._home = home
        self._library = home.library
        self._item = item
        self._folder = folder
        self._events = tuple(self._read_events())

    def pack(self, records: MarcRecords) -> None:
        """Write all that the bag holds of the item; ``records`` makes the MARC record."""
        item = self._item
        dublin_core = oai_dc(item, self._home.settings.library.base_url, self._home.vocabulary)
        given = item.status == "published"
        originals = tuple(self._copied(file) for file in item.files_as("original")) if given else ()
        access = tuple(self._copied(file) for file in item.files_as("access")) if given else ()
        words = [*self._pages()] if given else []
        texts, hocrs = tuple(alto for alto, _ in words), tuple(hocr for _, hocr in words)
        self._write("metadata/item.json", to_json(item), "application/json")
        self._write("metadata/dc.xml", dublin_core.encode(), _XML)
        marc = self._write("metadata/marc.xml", to_marcxml(records.record(item)), _XML)
        kept = self._write("metadata/premis.xml", premis(item, self._events), _XML)
        package = Package(_now(), self._home.settings.library.name, AGENT, originals, access, texts, hocrs, marc, kept)
        package = replace(package, sources=tuple(self._sources()) if given else ())
        self._write(package.path, mets(item, package, dublin_core), _XML)

    def _sources(self) -> Iterator[Packed]:
        """Copy the files that described the item when it came, which are kept beside its own."""
        archive = self._library.archive
        inventory = archive.former(item_object(self._item.id))
        for name, sha512 in sorted(inventory.state.items()):
            if name.startswith(SOURCES):
                with (archive.folder(inventory.object_id) / inventory.content_path(name)).open("rb") as stream:
                    media_type = media_type_of(Path(name).suffix.lower(), stream.read(HEAD))
                    size = stream.seek(0, os.SEEK_END)
                yield self._copied(File(name, "original", media_type, size, sha512))

    def _copied(self, file: File) -> Packed:
        """Copy a file of the archive, and prove it by its digest while it is copied."""
        path = portable(file.path if "/" in file.path else f"{file.role}/{file.path}")
        target = self._folder / path
        make_folders(target.parent)
        try:
            digest = copy_file(self._library.archive.path(item_object(self._item.id), file.path), target)
        except (FileNotFoundError, NotFound) as fault:
            raise DamageFound(f"{file.path} of item {self._item.id} is not in the archive.", _HINT) from fault
        if digest != file.sha512:
            raise DamageFound(f"{file.path} of item {self._item.id} is not what its digest says.", _HINT)
        return Packed(path, file.media_type, file.size, file.sha512, file.path)

    def _pages(self) -> Iterator[tuple[Packed, Packed]]:
        """Write an ALTO and a hOCR document a page, from pages whose digest is right."""
        item, read_by = self._item, next((one for one in self._events if one.type == "digitisation"), None)
        if not any(file.path == PAGES_FILE for file in item.files):
            return
        archive = self._library.archive
        try:
            archive.verified(archive.inventory(item_object(item.id)), PAGES_FILE)
        except (KeyError, FileNotFoundError) as fault:
            raise DamageFound(f"{PAGES_FILE} of item {item.id} is not in the archive.", _HINT) from fault
        name = next((portable(file.path) for file in item.files_as("original")), "")
        for page in self._library.pages(item.id):
            written = self._write(f"alto/{page.number:04}.xml", alto(page, name, read_by), _XML, page.number)
            words = hocr(page, name, read_by.agent if read_by else "")
            yield written, self._write(f"hocr/{page.number:04}.html", words, _HTML, page.number)

    def _read_events(self) -> Iterator[Event]:
        """Yield the events that the item's object tells of, and the checks that its log does."""
        archive, object_id = self._library.archive, item_object(self._item.id)
        if not archive.exists(object_id):
            return
        inventory = archive.inventory(object_id)
        if EVENTS_FILE in inventory.state:
            yield from read_events(archive.read(inventory, EVENTS_FILE))
        yield from checks_of(archive.folder(object_id))

    def _write(self, path: str, content: bytes, media_type: str, page: int = 0) -> Packed:
        make_folders((self._folder / path).parent)
        write_file(self._folder / path, content)
        return Packed(path, media_type, len(content), hashlib.sha512(content).hexdigest(), page=page)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _bag_info(home: Home, names: list[str]) -> Mapping[str, str | list[str]]:
    """Return the elements of bag-info.txt (RFC 8493, section 2.2.2); Payload-Oxum is bagit's to tell."""
    library = home.settings.library
    return {
        "Source-Organization": " ".join(library.name.split()),
        "Contact-Email": library.admin_email,
        "Bagging-Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "External-Identifier": names,
        "Bag-Software-Agent": f"{AGENT}, with bagit {version('bagit')}",
    }


def _make_bag(staging: Path, info: Mapping[str, str | list[str]]) -> None:
    """Make a bag of a folder, in place; raises StorageError where bagit cannot."""
    log = logging.getLogger("bagit")  # it tells of every file it moves, to whoever listens
    silent, log.disabled = log.disabled, True
    try:
        bagit.make_bag(str(staging), dict(info), checksums=CHECKSUMS)
    except bagit.BagError as fault:
        raise StorageError(f"{staging}: {fault}.", "Give this account the permission to write there.") from fault
    finally:
        log.disabled = silent


def _sync_tree(staging: Path) -> None:
    """Lay to the disk what bagit wrote (all files at the top) and every folder."""
    for path in staging.iterdir():
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    for folder, _, _ in os.walk(staging, topdown=False):
        sync_folder(Path(folder))
