"""Items that come as a folder: of DSpace's Simple Archive Format, and of bags that Canoe made.

What its metadata says is :mod:`metadata.saf`'s. Files of the bundle ORIGINAL are the item's; what
DSpace made of them is left; licences and all that speaks of the item are kept beside it. An
item with any fault is refused with all that is wrong with it, and its neighbours come in.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from ingest.bags import ITEM
from ingest.draft import READABLE, Original
from ingest.gather import Found
from ingest.names import shown
from ingest.recognise import HEAD
from ingest.series import are_pages, natural
from metadata.accession import Piece
from metadata.description import Description, Rejected
from metadata.item_record import LARGEST as LARGEST_ITEM
from metadata.item_record import originals_of, page_count_of, read_item_record
from metadata.marc21 import is_marc21, read_marc21
from metadata.marcxml import is_marcxml, read_marcxml
from metadata.model import Item
from metadata.problems import Problem, problem
from metadata.saf import CONTENTS, DUBLIN_CORE, LARGEST, ORIGINAL, Bitstream, is_metadata, read_contents, read_item

_COMPARED = ("titles", "contributions", "dates", "languages", "descriptions", "notes", "series", "rights", "edition",
             "extent", "places")  # fmt: skip
_MOST_METADATA = 10 << 20
Look = Callable[[Found], Original | Problem]


@dataclass(frozen=True, slots=True)
class Parcel:
    """An item that came as a folder: its description, its own files, and those that are kept beside it.

    The first of ``originals`` is the one to digitise: the primary one, else the first that has pages; of a
    ``series`` of page images all are.
    """

    description: Description
    originals: tuple[Original, ...]
    beside: tuple[Original, ...]
    series: bool = False

    @property
    def digests(self) -> list[str]:
        """The sha512 of all that came of it."""
        return [one.sha512 for one in (*self.originals, *self.beside)]


def receive(parcel: Found, look: Look) -> Parcel | Piece:
    """Return an item with its files as they now are, or the piece that refuses it.

    ``look`` takes one file in, or says what refuses it.
    """
    return _Receiving(parcel, look).outcome()


class _Receiving:
    """One look at one item: its files by their paths in its folder, and all that is wrong with it."""

    def __init__(self, parcel: Found, look: Look) -> None:
        self._source = parcel.source
        self._look = look
        self._parts = {_key(shown(part.named.relative_to(parcel.named))): part for part in parcel.parts}
        self._faults: list[Problem] = []
        self._notes: list[Problem] = []

    def outcome(self) -> Parcel | Piece:
        return self._own() if ITEM in self._parts else self._of_dspace()

    def _own(self) -> Parcel | Piece:
        """Return an item as a bag that Canoe made holds it, its originals in their order."""
        speaking = dict(self._taken([ITEM], "tag"))
        data = self._content(speaking, ITEM, LARGEST_ITEM)
        read = read_item_record(data, f"{self._source}/{ITEM}")
        if isinstance(read, Rejected):
            self._faults += read.problems
        named = [path for path in originals_of(data) if _key(path) in self._parts]
        originals = dict(self._taken(named, "document"))
        sources = dict(self._taken([path for path in self._parts if path.startswith("source/")], "tag"))
        strays = (path for path in self._parts if path not in (ITEM, *map(_key, named), *sources))
        self._faults += (problem("bag-file-unlisted", f"{self._source}/{path}", manifest=ITEM) for path in strays)
        if self._faults or isinstance(read, Rejected):
            return Piece(self._source, "refused", problems=tuple(self._faults))
        images = all(one.media_type.startswith("image/") for one in originals.values())
        is_series = images and 1 < len(originals) <= page_count_of(data)
        notes = tuple(self._outdated(read.item, sources))
        described = replace(read, file="", problems=(*read.problems, *notes))
        return Parcel(described, tuple(originals.values()), tuple(sources.values()), is_series)

    def _outdated(self, item: Item, sources: Mapping[str, Original]) -> Iterator[Problem]:
        """Yield a note for each MARC record beside an item that says other than what has become of it."""
        for original in sources.values():
            if not _says_the_same(item, original):
                yield problem("sidecar-unused", self._source, name=original.name, first=ITEM)

    def _of_dspace(self) -> Parcel | Piece:
        speaking = dict(self._taken((path for path in self._parts if is_metadata(path)), "tag"))
        bitstreams = self._bitstreams(speaking)
        if DUBLIN_CORE not in self._parts:
            self._faults.append(problem("saf-incomplete", self._source, name=DUBLIN_CORE))
        originals = dict(self._taken((one.path for one in bitstreams if one.bundle == ORIGINAL), "document"))
        beside = dict(self._taken((one.path for one in bitstreams if one.bundle != ORIGINAL), "tag"))
        description = self._description(speaking) if not self._faults else None
        if description is None or self._faults:
            return Piece(self._source, "refused", problems=(*self._faults, *self._notes))
        images = tuple(sorted(originals.values(), key=lambda one: natural(one.name)))
        is_series = are_pages(images)
        return Parcel(
            replace(self._restricted(description, bitstreams), problems=(*description.problems, *self._notes)),
            images if is_series else tuple(_first_to_read(bitstreams, originals)),
            (*speaking.values(), *beside.values()),
            is_series,
        )

    def _bitstreams(self, speaking: Mapping[str, Original]) -> list[Bitstream]:
        """Return the files that are to be kept; what is missing, left or not named is told."""
        found, faults = read_contents(self._content(speaking, CONTENTS, LARGEST), f"{self._source}/{CONTENTS}")
        self._faults += faults
        named = {_key(one.path) for one in found}
        for one in found:
            if _key(one.path) not in self._parts:
                self._faults.append(problem("saf-file-missing", self._source, name=one.path))
            elif one.left:
                self._notes.append(problem("saf-file-left", self._source, name=one.path, reason=one.left))
        strays = (path for path in self._parts if path not in named and not is_metadata(path))
        reason = "the file contents does not name it"
        self._notes += (problem("saf-file-left", self._source, name=path, reason=reason) for path in strays)
        return [one for one in found if not one.left and _key(one.path) in self._parts and not is_metadata(one.path)]

    def _taken(self, paths: Iterable[str], kind: str) -> Iterator[tuple[str, Original]]:
        for path in paths:
            part = self._parts[_key(path)]
            name = path.removeprefix("original/").removeprefix("source/")
            looked = self._look(replace(part, kind="document" if kind == "document" else "tag", name=name))
            if isinstance(looked, Original):
                yield path, looked
            else:
                self._faults.append(looked)

    def _description(self, speaking: Mapping[str, Original]) -> Description | None:
        read = read_item({name: self._content(speaking, name, _MOST_METADATA) for name in speaking}, self._source)
        if isinstance(read, Rejected):
            self._faults += read.problems
            return None
        return read

    def _content(self, speaking: Mapping[str, Original], name: str, most: int) -> bytes:
        if name not in speaking:
            return b""
        with speaking[name].path.open("rb") as stream:
            return stream.read(most + 1)

    def _restricted(self, description: Description, bitstreams: Iterable[Bitstream]) -> Description:
        """Return the description marked as restricted where not everybody could read all of the item's files."""
        for one in bitstreams:
            if one.readers and one.bundle == ORIGINAL and one.readers.lower() != "anonymous":
                self._notes.append(problem("saf-permissions", self._source, name=one.path, group=one.readers))
                item = description.item
                description = replace(description, item=replace(item, access=item.access or "restricted"))
        return description


def _first_to_read(bitstreams: Iterable[Bitstream], originals: Mapping[str, Original]) -> Iterator[Original]:
    """Yield the files with the one to digitise first, the others in the order of ``contents``."""
    ordered = [(one, originals[one.path]) for one in bitstreams if one.path in originals]
    readable = [(one, original) for one, original in ordered if original.media_type in READABLE]
    primary = (original for one, original in readable if one.primary)
    first = next(chain(primary, (original for _, original in readable)), None)
    if first:
        yield first
    yield from (original for _, original in ordered if original is not first)


def _says_the_same(item: Item, source: Original) -> bool:
    """Say whether a record, if it is MARC, says what is known of an item; keywords may be concepts by now."""
    with source.path.open("rb") as stream:
        head = stream.read(HEAD)
        stream.seek(0)
        reader = read_marcxml if is_marcxml(head) else read_marc21 if is_marc21(head) else None
        read = next(reader(stream, source.name), None) if reader else None
    if reader is None or not isinstance(read, Description):
        return reader is None
    same = all(getattr(read.item, name) == getattr(item, name) for name in _COMPARED)
    return same and set(read.item.identifiers) <= set(item.identifiers)


def _key(path: str) -> str:
    """Return a path as the disk and ``contents`` may both spell it."""
    return unicodedata.normalize("NFC", path)
