"""What a library's own classified items teach about suggesting concepts, kept in its cache.

Learnt when it is asked for, once a library has :data:`LEAST_TEXTS` classified items, and again when the vocabulary
has changed or a tenth more items are classified. Of more items than :data:`MOST_TEXTS` those whose ids come first
are taken, which are as good as drawn by lot. The same items and vocabulary give the same model.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from archive.durable import make_folders, replace_file, storage
from archive.library import Library
from ingest.suggest import parts_of
from ingest.suggest_hits import Part, find_concepts
from ingest.suggest_model import UNTRAINED_MODEL, Experience, Model, Row, learn, rows_of
from metadata.errors import DamageFound, StorageError
from metadata.matching_labels import Labels

EDITION = 1
"""Changes with the features, so that no model of others is used."""

FILE = "suggestions.json"
LEAST_TEXTS, MOST_TEXTS = 200, 600
_LONGEST = 600_000  # characters of a text that are learnt from, about
_MOST_ROWS = 100  # concepts of a text that are learnt from: those that are most likely, untrained
_GROWTH = 1.1

Example = tuple[Iterable[Part], frozenset[str]]
"""The parts of a text, and the concepts that it was classified under."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A model as it is kept, with what it was learnt from."""

    edition: int
    vocabulary: str
    change: int
    classified: int
    model: Model


class _Classified(msgspec.Struct):
    id: str
    concepts: tuple[str, ...] = ()
    status: str = ""


_classified = msgspec.json.Decoder(_Classified).decode
_kept = msgspec.json.Decoder(_Kept).decode


def model_of(library: Library, labels: Labels, cache: Path, done: Callable[[int], None] = lambda _: None) -> Model:
    """Return the model for a library: the one that is kept, one learnt now, or the untrained one.

    ``cache`` is the folder that it is kept in; where that cannot be written to, it is learnt again the next time.
    ``done`` is told after each text that is learnt from how many are.
    """
    vocabulary = f"{labels.vocabulary.edition}:{len(labels.vocabulary.concepts)}"
    change, kept = library.catalogue.last_change(), _read(cache / FILE)
    usable = kept is not None and (kept.edition, kept.vocabulary) == (EDITION, vocabulary)
    if kept and usable and kept.change == change:
        return kept.model
    classified = list(_classified_items(library))
    if len(classified) < LEAST_TEXTS:
        return UNTRAINED_MODEL
    if kept and usable and kept.classified <= len(classified) < kept.classified * _GROWTH:
        return kept.model
    model = learn_from(islice(_examples(library, classified, done), MOST_TEXTS), labels)
    _write(cache / FILE, _Kept(EDITION, vocabulary, change, len(classified), model))
    return model


def kept_model(cache: Path) -> Model:
    """Return the model that is kept, be it of an earlier day; the untrained one where there is none: for who waits."""
    kept = _read(cache / FILE)
    return kept.model if kept and kept.edition == EDITION else UNTRAINED_MODEL


def learn_from(examples: Iterable[Example], labels: Labels) -> Model:
    """Return a model learnt from texts; the untrained one where nothing can be learnt from them."""
    texts: list[tuple[dict[str, Row], frozenset[str]]] = []
    named: Counter[str] = Counter()
    assigned: Counter[str] = Counter()
    for parts, concepts in examples:
        rows = _likeliest(rows_of(find_concepts(parts, labels), labels))
        named.update(rows.keys())
        assigned.update(concepts & rows.keys())
        texts.append((rows, concepts))
    experience = Experience(named, assigned, assigned.total() / max(named.total(), 1))
    seen = [
        ((*row, *experience.of(uri, int(uri in concepts))), uri in concepts)
        for rows, concepts in texts
        for uri, row in sorted(rows.items())
    ]
    with suppress(ValueError):
        return Model(learn([row for row, _ in seen], [wanted for _, wanted in seen]), experience, len(texts))
    return UNTRAINED_MODEL


def _likeliest(rows: dict[str, Row]) -> dict[str, Row]:
    scores = UNTRAINED_MODEL.scores(rows)
    return {uri: rows[uri] for uri in sorted(rows, key=lambda uri: (-scores[uri], uri))[:_MOST_ROWS]}


def _classified_items(library: Library) -> Iterator[_Classified]:
    """Yield what is known of the published items that have concepts, by id."""
    after = ""
    while lines := library.catalogue.lines(after):
        for _, line in lines:
            one = _classified(line)
            if one.concepts and one.status != "withdrawn":
                yield one
        after = lines[-1][0]


def _examples(library: Library, classified: Sequence[_Classified], done: Callable[[int], None]) -> Iterator[Example]:
    for number, one in enumerate(classified[:MOST_TEXTS], 1):
        item = library.catalogue.item(one.id)
        if item:
            with suppress(DamageFound, OSError):
                yield list(_first(parts_of(library, item))), frozenset(one.concepts)
        done(number)


def _first(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield the parts of a text until enough was said."""
    length = 0
    for part in parts:
        if length > _LONGEST:
            return
        length += len(part.text)
        yield part


def _read(path: Path) -> _Kept | None:
    try:
        return _kept(path.read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


def _write(path: Path, kept: _Kept) -> None:
    with suppress(StorageError), storage(path):
        make_folders(path.parent)
        replace_file(path, msgspec.json.encode(kept))
