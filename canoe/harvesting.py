"""A harvest from beginning to end: which lists, from where on, and in what parts they are brought in.

While pages come nothing of the home is held: they are spooled to disk. A part of the list is then brought
in at once, under the writer's lock. A break, whatever it is, costs no more than the part on its way.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir
from typing import BinaryIO

import msgspec

from archive.durable import storage
from archive.harvests import Key, Listed, Note, harvests, read_notes, write_note
from canoe import __version__
from canoe.harvest_parts import spooling
from canoe.home import Home
from ingest.tools import Report
from metadata.accession import OUTCOMES, Harvest, Outcome, Piece
from metadata.errors import UsageError
from metadata.harvested_forms import is_read, moment
from metadata.origins import is_record
from metadata.problems import problem
from oai.fetching import Fetcher, Forbidden, Manners, Trouble
from oai.harvester import DAY, Harvester, Identity

_PREFIX = re.compile(r"[A-Za-z0-9\-_.!~*'()]+")
_SET = re.compile(r"[A-Za-z0-9\-_.!~*'()]+(:[A-Za-z0-9\-_.!~*'()]+)*")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be harvested: from which address, in which form, which sets (none: all records), from when on.

    ``since`` is a day or an instant (UTC), ``""`` for where the last harvest ended; ``full`` begins anew.
    """

    url: str
    prefix: str = "oai_dc"
    sets: tuple[str, ...] = ()
    since: str = ""
    full: bool = False
    collection: str = ""

    def require_sense(self) -> None:
        """Raise UsageError for what no repository can be asked for."""
        if not _PREFIX.fullmatch(self.prefix):
            raise UsageError(f"--prefix cannot be {self.prefix!r}.", "A metadataPrefix such as oai_dc or marcxml.")
        for one in self.sets:
            if not _SET.fullmatch(one):
                raise UsageError(f"--set cannot be {one!r}.", "A setSpec: words joined by colons.")
        if self.since and not moment(self.since):
            raise UsageError(f"--from cannot be {self.since!r}.", "A day, 2026-05-04, or 2026-05-04T10:20:30Z.")
        if self.since and self.full:
            raise UsageError("--from and --full say different things.", "Give one of them.")


@dataclass(frozen=True, slots=True)
class HarvestedList:
    """One list of a harvest: which, asked from when on (``resumed``: from its token), and how it ended."""

    set_spec: str
    since: str
    resumed: bool = False
    complete: bool = False
    records: int = 0
    newest: str = ""
    error: str = ""


@dataclass(slots=True)
class Harvested:
    """What a harvest brought: its accessions, its lists, its counts, and its pieces, kept on disk."""

    repository: str
    base_url: str
    pieces: BinaryIO
    accessions: list[str] = field(default_factory=list)
    lists: list[HarvestedList] = field(default_factory=list)
    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))

    def note(self, pieces: Sequence[Piece]) -> None:
        """Keep what became of more records. Raises StorageError."""
        with storage(Path(gettempdir())):
            for piece in pieces:
                self.counts[piece.outcome] += 1
                self.pieces.write(msgspec.json.encode(piece) + b"\n")

    def each_piece(self) -> Iterator[Piece]:
        """Yield what became of each record, in the order in which they came."""
        self.pieces.seek(0)
        decode = msgspec.json.Decoder(Piece).decode
        yield from map(decode, self.pieces)


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told how a harvest goes: records that came (of how many, 0: not known), records brought in, pauses."""

    came: Callable[[int, int], None] = lambda _done, _size: None
    brought: Callable[[int], None] = lambda _done: None
    waiting: Callable[[str, float], None] = lambda _reason, _seconds: None


def harvest(home: Home, wanted: Wanted, pieces: BinaryIO, told: Told) -> Harvested:
    """Take what is new from a repository; what became of each record is kept in ``pieces``.

    A repository that fails, at once or in the middle, is a piece of the report; what came before is kept.
    Raises UsageError, HomeHeld, StorageError; KeyboardInterrupt after what came was brought in.
    """
    wanted.require_sense()
    fetcher = Fetcher(wanted.url, _manners(home), told.waiting)
    wanted = replace(wanted, url=fetcher.base_url)
    harvester = Harvester(fetcher, home.settings.harvest.list_records)
    try:
        return _Run(home, wanted, harvester, Harvested("", fetcher.base_url, pieces), told).run()
    finally:
        fetcher.close()


def _is_within(spec: str, other: str) -> bool:
    """Say whether a set is another or below it; ``""`` is all records."""
    return spec == other or (other != "" and spec.startswith(f"{other}:"))


def listed(home: Home) -> dict[Key, Listed]:
    """Return every list that was ever harvested, and how it stands."""
    return harvests(home.library.catalogue.accessions(), read_notes(home.path))


def _manners(home: Home) -> Manners:
    asked, library = home.settings.harvest, home.settings.library
    return Manners(
        agent=f"Canoe/{__version__} (OAI-PMH harvester; +{library.base_url})".encode("ascii", "ignore").decode(),
        allow_private=asked.allow_private,
        most_bytes=asked.answer_bytes,
        seconds=float(asked.answer_seconds),
        silence=float(min(asked.answer_seconds, 60)),
        tries=asked.tries,
        pause=asked.pause_seconds,
    )


class _Run:
    def __init__(self, home: Home, wanted: Wanted, harvester: Harvester, found: Harvested, told: Told) -> None:
        self._home = home
        self._wanted = wanted
        self._harvester = harvester
        self._found = found
        self._told = told

    def run(self) -> Harvested:
        try:
            identity = self._identified()
        except Forbidden as fault:
            hint = "Where that is meant, set allow_private = true under [harvest] in canoe.toml."
            raise UsageError(f"{self._wanted.url} is not asked: {fault}.", hint) from fault
        except Trouble as fault:
            self._fail(str(fault))
            return self._found
        for set_spec in dict.fromkeys(self._wanted.sets or ("",)):
            self._list(set_spec, identity)
        return self._found

    def _identified(self) -> Identity:
        identity = self._harvester.identify()
        self._found.repository = identity.name
        offered = self._harvester.formats()
        prefix = self._wanted.prefix
        if offered and prefix not in offered:
            hint = f"It offers: {', '.join(sorted(offered))}."
            raise UsageError(f"{identity.name} does not offer records as {prefix}.", hint)
        if not is_read(offered.get(prefix, "")):
            hint = "Canoe reads Dublin Core, MARCXML, MODS and DataCite."
            raise UsageError(f"{prefix} is {offered[prefix]} there, which Canoe does not read.", hint)
        return identity

    def _fail(self, reason: str) -> None:
        """Report that nothing could be asked for at all."""
        url = self._wanted.url
        why = problem("harvest-broken", url, reason=reason)
        self._found.note([Piece(url, "refused", problems=(why,))])
        for set_spec in dict.fromkeys(self._wanted.sets or ("",)):
            self._found.lists.append(HarvestedList(set_spec, self._wanted.since, error=reason))
            self._note((url, self._wanted.prefix, set_spec), reason)

    def _list(self, set_spec: str, identity: Identity) -> None:
        """Harvest one list, part by part."""
        key = (self._wanted.url, self._wanted.prefix, set_spec)
        stand = listed(self._home).get(key, Listed(*key))
        start = self._start(stand, identity)
        shown = HarvestedList(set_spec, start.since, resumed=bool(start.token))
        error = ""
        with spooling(self._home, start, stand.pending is not None, self._wanted.collection) as parts:
            parts.brought, parts.spares = self._brought, self._spares(set_spec)
            try:
                for page in self._harvester.pages(start):
                    parts.take(page)
                    self._told.came(parts.records, page.size)
            except Trouble as fault:
                error = str(fault)
            except KeyboardInterrupt:
                parts.bring_in()
                raise
            parts.bring_in(error)
        self._note(key, error)
        reached = parts.harvest
        self._found.lists.append(
            replace(shown, complete=reached.complete, records=parts.records, newest=reached.newest, error=error)
        )

    def _spares(self, set_spec: str) -> Callable[[str], bool]:
        """Return what says of a record that is deleted in a set, whether another set that is harvested has it."""
        harvested = {one.set_spec for one in listed(self._home).values() if one.base_url == self._wanted.url}
        others = (harvested | set(self._wanted.sets)) - {set_spec}
        catalogue, url = self._home.library.catalogue, self._wanted.url

        def spares(identifier: str) -> bool:
            held = (one for one in catalogue.by_identifier("oai", identifier) if is_record(one, url, identifier))
            if not any(one.status == "published" for one in held):
                return False
            deleted, specs = self._harvester.record_header(identifier, self._wanted.prefix) or (True, frozenset())
            return not deleted and any(_is_within(spec, other) for other in others for spec in ("", *specs))

        return spares if set_spec and others else lambda _: False

    def _brought(self, report: Report) -> None:
        self._found.note(report.pieces)
        self._found.accessions += [report.accession] if report.accession else []
        self._told.brought(sum(self._found.counts.values()))

    def _start(self, stand: Listed, identity: Identity) -> Harvest:
        """Return from where a list is asked: where it was broken off, where it was complete, or as was said."""
        wanted = self._wanted
        if stand.pending and not (wanted.since or wanted.full):
            return replace(stand.pending, repository=identity.name)
        since = wanted.since or ("" if wanted.full else stand.mark)
        since = since[:DAY] if identity.by_day else since
        return Harvest(wanted.url, wanted.prefix, stand.set_spec, identity.name, since)

    def _note(self, key: Key, error: str) -> None:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        before = read_notes(self._home.path).get(key, Note())
        note = Note(self._found.repository or before.repository, now)
        if error:
            note = replace(before, repository=note.repository, error=error, failed_at=now)
        write_note(self._home.path, key, note)
