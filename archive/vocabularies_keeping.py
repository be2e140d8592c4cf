"""Adding, replacing, choosing and removing vocabularies: one writer, staged, in versions.

Order of a change: the new vocabularies.db beside the old one → both objects staged and moved into the archive →
the new vocabularies.db in its place → the records of the items whose concepts have changed, in the catalogue →
staging cleared. A kill in between is healed like that of any write; vocabularies.db is made again from the
archive by whoever opens it next.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from archive.cataloguing import Batch
from archive.clock import from_rfc3339, next_stamp, to_datestamp, to_rfc3339
from archive.durable import storage
from archive.inventory import Inventory, Version
from archive.lock import file_lock
from archive.staging import Content
from archive.vocabularies import (
    FILE,
    GONE_FILE,
    REGISTRY,
    REGISTRY_FILE,
    VOCABULARY_FILE,
    Kept,
    KeptFile,
    Loaded,
    Registry,
    beside,
    make,
    put_in_place,
    read_kept,
    read_registry,
    reissued_file,
    require_id,
    version_of,
    vocabulary_object,
)
from archive.vocabularies_db import Filled, decode_concept
from archive.vocabularies_live import LiveVocabulary, StoredVocabulary
from archive.writer import Writer
from metadata.concepts import Vocabulary
from metadata.errors import NotFound, UsageError
from metadata.model import Concept, Text
from metadata.problems import Problem, problem
from metadata.skos import Read, Source, read_vocabulary, uncollected
from metadata.vocabulary import SHIPPED

_SHOWN = 10  # items that one sentence names


@dataclass(frozen=True, slots=True)
class Addition:
    """A vocabulary that is to be added, or put in place of the one with this id.

    ``base`` is what the URIs of a table's concepts begin with; ``titles`` are given ones, none where the
    files' own count. ``own`` makes it the library's own classification. ``read`` is what the sources say.
    """

    id: str
    sources: Sequence[Source]
    base: str
    titles: tuple[Text, ...] = ()
    own: bool = False
    read: Read | None = None

    def reading(self) -> Read:
        """Return what the sources say. Raises UsageError where nothing can be read."""
        return self.read or read_vocabulary(list(self.sources), self.base)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change: URIs of concepts that came, that changed and that went away; ``items`` had records anew.

    ``problems`` are the reading's and the replacing's; ``refused`` counts what was left out.
    """

    id: str
    outcome: str
    concepts: int = 0
    added: Sequence[str] = ()
    changed: Sequence[str] = ()
    gone: Sequence[str] = ()
    uses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    items: int = 0
    problems: Sequence[Problem] = ()
    refused: int = 0
    forms: Sequence[str] = ()
    titles: Sequence[Text] = ()
    scheme: str = ""


def look(home: Path, addition: Addition) -> Outcome:
    """Say what adding would bring, writing nothing. Raises UsageError where nothing can be read."""
    require_id(addition.id)
    read = addition.reading()
    difference = _Difference.of(home, addition.id, read)
    return _outcome(addition.id, "planned", read, difference)


@uncollected()
def add(writer: Writer, addition: Addition) -> Outcome:
    """Add a vocabulary, or put it in place of the one with its id; items keep the URIs that they have.

    Raises UsageError where nothing can be read, StorageError, DamageFound.
    """
    if require_id(addition.id) == SHIPPED:
        raise UsageError(f"{SHIPPED} is the vocabulary that comes with Canoe.", "Give another id: --id ID")
    read = addition.reading()
    registry = read_registry(writer.archive)
    own = addition.id if addition.own else registry.own
    content = _received(addition)
    if _is_same(writer, registry, addition, content) and own == registry.own:
        return _outcome(addition.id, "identical", read, _Difference())
    difference = _Difference.of(writer.home, addition.id, read)
    change = _Change(writer, registry, own)
    away = (*difference.concepts, *_former_gone(writer, registry, addition.id, read))
    gone = [replace(one, replaced_by=read.replaced.get(one.uri, one.replaced_by)) for one in away]
    filled = Filled(
        addition.id, "new", read.scheme, addition.titles or read.titles, read.concepts, read.top, gone
    )  # its version is known when it is staged
    about = Kept(
        addition.id, addition.base, _files(addition, content), addition.titles, read.scheme, len(read.concepts)
    )
    content[GONE_FILE] = b"".join(msgspec.json.encode(one) + b"\n" for one in gone)
    is_new = addition.id not in registry.vocabularies
    items = change.put(f"Vocabulary {addition.id} {'added' if is_new else 'replaced'}", filled, about, content)
    uses = _uses(writer, difference.gone)
    told = (*read.problems, *_elsewhere(writer, addition.id, read), *_told(writer, difference, uses))
    done = _outcome(addition.id, "new" if is_new else "changed", read, difference)
    return replace(done, uses=uses, items=items, problems=told)


def choose(writer: Writer, vocabulary_id: str) -> Outcome:
    """Make a vocabulary the library's own classification; raises NotFound."""
    registry = read_registry(writer.archive)
    _require(registry, vocabulary_id)
    if registry.own == vocabulary_id:
        return Outcome(vocabulary_id, "identical")
    items = _Change(writer, registry, vocabulary_id).put(f"Own classification: {vocabulary_id}")
    return Outcome(vocabulary_id, "changed", items=items)


def remove(writer: Writer, vocabulary_id: str, force: bool = False) -> Outcome:
    """Take a vocabulary out of use; its object stays in the archive.

    Raises NotFound, and UsageError while items have concepts of it, unless it is ``force``.
    """
    registry = read_registry(writer.archive)
    if vocabulary_id == SHIPPED:
        raise UsageError(
            f"{SHIPPED} comes with Canoe and cannot be removed.", "canoe vocabulary use ID chooses another."
        )
    _require(registry, vocabulary_id)
    with closing(sqlite3.connect(writer.home / FILE)) as connection:
        theirs = {uri for uri, _ in _concepts(connection, vocabulary_id)}
    uses = writer.catalogue.classified([uri for uri, _ in writer.catalogue.subjects() if uri in theirs])
    items = list(dict.fromkeys(item for item, _ in uses))
    if items and not force:
        hint = "Give them other subjects, or remove it all the same: --force"
        raise UsageError(f"Items that have concepts of {vocabulary_id}: {len(items)}, {_named(items)}.", hint)
    left = {name: number for name, number in registry.vocabularies.items() if name != vocabulary_id}
    own = SHIPPED if registry.own == vocabulary_id else registry.own
    change = _Change(writer, Registry(registry.own, left), own)
    number = change.put(f"Vocabulary {vocabulary_id} removed")
    return Outcome(vocabulary_id, "removed", gone=sorted(theirs), items=number)


@dataclass(frozen=True, slots=True)
class _Difference:
    """What of a vocabulary is otherwise than before; ``concepts`` are those that went away, as they were."""

    added: Sequence[str] = ()
    changed: Sequence[str] = ()
    concepts: Sequence[Concept] = ()

    @property
    def gone(self) -> Sequence[str]:
        return [one.uri for one in self.concepts]

    @classmethod
    def of(cls, home: Path, vocabulary_id: str, read: Read) -> "_Difference":
        path = home / FILE
        if not path.exists():
            return cls(added=list(read.concepts))
        seen: set[str] = set()
        changed: list[str] = []
        gone: list[Concept] = []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            for uri, data in _concepts(connection, vocabulary_id):
                seen.add(uri)
                now = read.concepts.get(uri)
                if now is None:
                    gone.append(decode_concept(data))
                elif msgspec.json.encode(now) != data:
                    changed.append(uri)
        return cls([uri for uri in read.concepts if uri not in seen], changed, gone)


class _Change:
    """A version of the registry, and of one vocabulary perhaps, in the making."""

    def __init__(self, writer: Writer, registry: Registry, own: str) -> None:
        self._writer = writer
        self._registry = Registry(own, dict(registry.vocabularies))

    def put(
        self, message: str, filled: Filled | None = None, about: Kept | None = None, content: Mapping[str, Content] = {}
    ) -> int:
        """Write it; return of how many items the records are given anew."""
        writer = self._writer
        told, hint = f"{writer.home / FILE} is being made", "Wait until it is done."
        writer.flush()
        with file_lock(writer.home / "vocabularies.lock", told, hint, 60.0), storage(writer.home):
            path = beside(writer.home)
            given = {filled.id: filled} if filled else {}
            if filled:
                self._registry.vocabularies[filled.id] = 0
            before = _at_present(writer)
            make(path, writer.archive, Loaded(self._registry, "", given), writer.home / FILE)
            items = list(_reissued(writer, before, StoredVocabulary(path)))
            self._archive(path, message, items, about, content)
        return len(items)

    def _archive(
        self, path: Path, message: str, items: Sequence[str], about: Kept | None, content: Mapping[str, Content]
    ) -> None:
        writer, archive = self._writer, self._writer.archive
        group = archive.begin()
        former = archive.former(REGISTRY)
        change = max(
            writer.catalogue.next_change(), *(next_stamp(from_rfc3339(one.created)) for one in former.versions[-1:]), 0
        )
        try:
            version = Version(to_rfc3339(change), message, {})
            sealed: dict[str, str] = {}
            if about:
                mine = archive.former(vocabulary_object(about.id))
                dated = {VOCABULARY_FILE: _json(msgspec.structs.replace(about, added_at=to_datestamp(change)))}
                staged = archive.stage(group, mine, {**content, **dated}, version, {}).inventory
                self._registry.vocabularies[about.id] = len(staged.versions)
                sealed[about.id] = version_of(staged, len(staged.versions))
            lines = (
                {reissued_file(former): b"".join(msgspec.json.encode(one) + b"\n" for one in items)} if items else {}
            )
            registry = archive.stage(group, former, {REGISTRY_FILE: _json(self._registry), **lines}, version, {})
            _seal(path, _digest(registry.inventory), sealed)
            receipt = archive.complete(group)
        except BaseException:
            group.give_up()
            raise
        put_in_place(path, writer.home / FILE)
        writer.catalogue.write([Batch(change=change, reissued=items)] if items else [])
        receipt.done()


def _at_present(writer: Writer) -> Vocabulary:
    """Return the vocabularies as they are, to be asked while others are put in their place."""
    held = writer.catalogue.publishing.vocabulary
    return held.now if isinstance(held, LiveVocabulary) else held


def _seal(path: Path, digest: str, numbers: Mapping[str, str]) -> None:
    """Note in a file that was made what it was made of."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE made SET value = ? WHERE name = 'registry'", (digest,))
        for name, version in numbers.items():
            connection.execute("UPDATE vocabularies SET version = ? WHERE id = ?", (version, name))


def _digest(inventory: Inventory) -> str:
    return hashlib.sha512(inventory.to_json()).hexdigest()


def _json(value: Registry | Kept) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _reissued(writer: Writer, before: Vocabulary, after: Vocabulary) -> Iterator[str]:
    """Yield the published items whose concepts are otherwise published or searched than before."""
    used = [uri for uri, _ in writer.catalogue.subjects()]
    changed = [uri for uri in used if _published(before, uri) != _published(after, uri)]
    yield from dict.fromkeys(item for item, _ in writer.catalogue.classified(changed)) if changed else ()


def _published(vocabulary: Vocabulary, uri: str) -> object:
    """Return all that records and the index say of a concept."""
    concept = vocabulary.concepts.get(uri)
    if concept is None:
        return None
    above = vocabulary.broader_closure(uri)
    tops = [(one, vocabulary.concepts[one].notation) for one in (uri, *above) if vocabulary.is_top(one)]
    scheme = vocabulary.scheme_of(uri)
    own = (concept.uri, concept.labels, concept.alternatives, concept.notation, concept.scheme)
    return own, above, tops, scheme.titles if scheme else ()


def _received(addition: Addition) -> dict[str, Content]:
    """Return the files as they came, by the names that they are kept under."""
    digest = hashlib.sha256(b"".join(hashlib.sha256(one.data).digest() for one in addition.sources)).hexdigest()
    return {
        f"received/{digest[:12]}/{number:04d}-{_plain(source.name)}": source.data
        for number, source in enumerate(addition.sources, 1)
    }


def _files(addition: Addition, content: Mapping[str, Content]) -> tuple[KeptFile, ...]:
    return tuple(KeptFile(name, one.language, one.form) for name, one in zip(content, addition.sources, strict=True))


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII)[-100:].lstrip(".") or "vocabulary"


def _is_same(writer: Writer, registry: Registry, addition: Addition, content: Mapping[str, Content]) -> bool:
    if addition.id not in registry.vocabularies:
        return False
    number = registry.vocabularies[addition.id]
    kept = read_kept(writer.archive, addition.id, number)
    files = _files(addition, content)
    return kept.files == files and kept.base == addition.base and kept.titles == addition.titles


def _former_gone(writer: Writer, registry: Registry, vocabulary_id: str, read: Read) -> Iterator[Concept]:
    """Yield the concepts that former versions had, that went away before and are still away."""
    inventory = writer.archive.former(vocabulary_object(vocabulary_id))
    if vocabulary_id in registry.vocabularies and GONE_FILE in inventory.state:
        for line in writer.archive.read(inventory, GONE_FILE).splitlines():
            concept = msgspec.json.decode(line, type=Concept)
            if concept.uri not in read.concepts:
                yield concept


def _concepts(connection: sqlite3.Connection, vocabulary_id: str) -> Iterator[tuple[str, bytes]]:
    asked = """SELECT c.uri, c.data FROM vocabularies v JOIN concepts c ON c.vocabulary = v.number
    WHERE v.id = ? AND c.state <> 1 ORDER BY c.number"""
    yield from connection.execute(asked, (vocabulary_id,))


def _uses(writer: Writer, uris: Sequence[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for item, uri in writer.catalogue.classified(uris, published=False) if uris else ():
        found.setdefault(uri, []).append(item)
    return found


def _told(writer: Writer, difference: _Difference, uses: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Tell of the concepts that went away while items have them."""
    after = StoredVocabulary(writer.home / FILE)
    for concept in difference.concepts:
        if not (items := uses.get(concept.uri)):
            continue
        label, by = concept.label("en").value, after.current(concept.uri)
        if by != concept.uri:
            yield problem("concept-replaced", concept.uri, label=label, by=by, number=len(items))
        else:
            yield problem("concept-gone", concept.uri, label=label, number=len(items), items=_named(items))


def _elsewhere(writer: Writer, vocabulary_id: str, read: Read) -> Iterator[Problem]:
    """Tell of the concepts that another vocabulary has, too."""
    asked = """SELECT c.uri, v.id FROM concepts c JOIN vocabularies v ON v.number = c.vocabulary
    WHERE v.id <> ? AND c.uri IN (SELECT uri FROM concepts WHERE state = 3) ORDER BY c.number"""
    with closing(sqlite3.connect(writer.home / FILE)) as connection:
        for uri, other in connection.execute(asked, (vocabulary_id,)).fetchall():
            if uri in read.concepts:
                yield problem("concept-in-two-vocabularies", uri, other=other)


def _outcome(vocabulary_id: str, outcome: str, read: Read, difference: _Difference) -> Outcome:
    return Outcome(
        vocabulary_id,
        outcome,
        concepts=len(read.concepts),
        added=difference.added,
        changed=difference.changed,
        gone=difference.gone,
        problems=read.problems,
        refused=read.refused,
        forms=read.forms,
        titles=read.titles,
        scheme=read.scheme,
    )


def _require(registry: Registry, vocabulary_id: str) -> None:
    if vocabulary_id != SHIPPED and vocabulary_id not in registry.vocabularies:
        raise NotFound(f"There is no vocabulary {vocabulary_id}.", "canoe vocabulary list shows all.")


def _named(items: Sequence[str]) -> str:
    shown = ", ".join(items[:_SHOWN])
    return shown if len(items) <= _SHOWN else f"{shown} …"
