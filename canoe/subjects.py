"""Keywords that match no concept: what they might mean, and what becomes of items when a librarian has decided."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import msgspec
from rapidfuzz import fuzz, process

from archive.library import Writer
from archive.subject_decisions import MOST, Decision, by_keyword, keep_decisions, read_decisions
from canoe.home import Home
from metadata import languages
from metadata.concepts import label_key
from metadata.description import shorten
from metadata.errors import UsageError
from metadata.events import Event
from metadata.matching import LONGEST, Decisions, Matcher
from metadata.matching_labels import Label
from metadata.model import Item, Text

ALIKE = 86.0
"""How alike (rapidfuzz's ratio, 0 to 100) a keyword and a label must be for its concept to be proposed."""

_EXAMPLES = 3
_PROPOSALS = 3
_FEWEST = 4  # letters of a keyword that is compared with labels it does not have
_FUZZY, _AMBIGUOUS = 0.8, 0.5  # what an alike label, a candidate among several, is worth
_LONGEST_DETAIL = 2000  # characters of an event


@dataclass(frozen=True, slots=True)
class Proposal:
    """A concept that a keyword may mean: its URI, how it was found, and how sure that is (0 to 1)."""

    concept: str
    how: str
    score: float


@dataclass(slots=True)
class Keyword:
    """A keyword of the library that is no concept: as it is written most often first, and where it is used.

    ``examples`` are ids and titles of items.
    """

    written: str
    languages: set[str] = field(default_factory=set)
    items: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


class _Line(msgspec.Struct):
    id: str
    titles: tuple[Text, ...] = ()
    keywords: tuple[Text, ...] = ()
    concepts: tuple[str, ...] = ()
    status: str = ""


_line = msgspec.json.Decoder(_Line).decode


class Reconciliation:
    """The keywords of a home beside its vocabulary and what was decided."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.decided = read_decisions(home.library.archive)
        self._matcher = Matcher(home.vocabulary, by_keyword(self.decided))

    def unmatched(self) -> list[Keyword]:
        """Return the keywords that nobody has decided to keep, those of most items first.

        One that would match today is among them, for the items that have it do not have the concept.
        """
        found: dict[str, Keyword] = {}
        for one in _lines(self._home):
            for keyword in {label_key(text.value): text for text in one.keywords if self._is_open(text, one)}.values():
                known = found.setdefault(label_key(keyword.value), Keyword(keyword.value))
                known.items += 1
                known.languages.add(keyword.language)
                if len(known.examples) < _EXAMPLES:
                    known.examples.append((one.id, one.titles[0].value if one.titles else ""))
        return [known for _, known in sorted(found.items(), key=lambda one: (-one[1].items, one[0]))]

    def proposals(self, keyword: Keyword) -> Sequence[Proposal]:
        """Return the concepts that a keyword may mean, the likeliest first."""
        best: dict[str, Proposal] = {}
        for proposal in self._proposed(keyword):
            if proposal.concept not in best or best[proposal.concept].score < proposal.score:
                best[proposal.concept] = proposal
        return sorted(best.values(), key=lambda one: (-one.score, one.concept))[:_PROPOSALS]

    def _is_open(self, keyword: Text, line: _Line) -> bool:
        if len(keyword.value) > LONGEST:
            return False
        match = self._matcher.match(keyword)
        return match.kind != "kept" and (match.whole or match.concept not in line.concepts)

    def _proposed(self, keyword: Keyword) -> Iterator[Proposal]:
        for language in sorted({*keyword.languages, ""}):
            match = self._matcher.match(Text(keyword.written, language))
            yield from (Proposal(uri, "ambiguous", _AMBIGUOUS) for uri in match.candidates)
            if match.concept:
                yield Proposal(match.concept, match.kind, match.score)
        yield from self._alike(label_key(keyword.written))

    def _alike(self, key: str) -> Iterator[Proposal]:
        if len(key) < _FEWEST:
            return
        keys, labels = self._by_letter.get(key[0], ((), ()))
        for _, score, place in process.extract(key, keys, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=_PROPOSALS):
            yield Proposal(labels[place].concept, "alike", round(_FUZZY * score / 100, 3))

    @cached_property
    def _by_letter(self) -> Mapping[str, tuple[list[str], list[Label]]]:
        """The labels by their first letter: who mistypes a word mostly begins it right."""
        found: dict[str, tuple[list[str], list[Label]]] = {}
        for labels in self._matcher.labels.by_language.values():
            for label in labels:
                if key := label_key(label.value):
                    keys, of = found.setdefault(key[0], ([], []))
                    keys.append(key)
                    of.append(label)
        return found


def decision(home: Home, keyword: str, concept: str, language: str, by: str, reason: str) -> Decision:
    """Return a decision on a keyword: the concept (by URI, or a label that one concept has), ``""`` for none.

    ``language`` is a tag, a code or a name, ``""`` for any. Raises UsageError where there is no such concept or
    language, or the keyword is none.
    """
    if not keyword.strip() or len(keyword) > LONGEST:
        raise UsageError(f"A keyword has 1 to {LONGEST} characters.", "canoe subjects lists the keywords.")
    vocabulary = home.vocabulary
    found = concept if concept in vocabulary.concepts else vocabulary.find(concept)
    if concept and not found:
        raise UsageError(f"There is no one concept {shorten(concept)!r}.", "canoe vocabulary list ID shows all of one.")
    tag = languages.from_code(language)
    if language and not tag:
        raise UsageError(f"{shorten(language)!r} is no language.", "Give its tag: en, fr, pt-BR.")
    return Decision(" ".join(keyword.split()), vocabulary.current(found) if found else "", tag, by, reason)


def affected(home: Home, made: Iterable[Decision]) -> list[str]:
    """Return the ids of the items that decisions change."""
    wanted = by_keyword(one for one in made if one.concept)
    return [one.id for one in _lines(home) if any(_decided(text, wanted) for text in one.keywords)] if wanted else []


def apply_decisions(writer: Writer, home: Home, made: Sequence[Decision]) -> int:
    """Keep decisions, then give the items that have the keywords the concepts; return how many items changed.

    The keyword goes, since the concept says it. Killed in between, the same decisions can be applied again:
    that completes them. Raises UsageError where there are too many.
    """
    if len(made) > MOST:
        raise UsageError(f"{len(made)} decisions at once; the limit is {MOST}.")
    shown = shorten(made[0].keyword) if len(made) == 1 else f"{len(made)} keywords"
    keep_decisions(writer, made, f"Decided: {shown}")
    by_key = {one.key: one for one in made if one.concept}
    changed = 0
    with writer.grouped():
        for item_id in affected(home, made):
            item = home.library.item(item_id)
            changed += writer.put_item(*_changed(item, by_key, home, writer.agent))
    return changed


def _changed(
    item: Item, by_key: Mapping[tuple[str, str], Decision], home: Home, agent: str
) -> tuple[Item, Mapping[str, bytes], str, list[Event]]:
    """Return what is to be put of an item: with the concepts that its keywords were decided to be."""
    decisions = {key: one.concept for key, one in by_key.items()}
    keys = {text: _decided(text, decisions) for text in item.keywords}
    concepts = tuple(dict.fromkeys([*item.concepts, *(by_key[key].concept for key in keys.values() if key)]))
    keywords = tuple(text for text in item.keywords if not keys[text])
    told = "\n".join(_told(text, by_key[key], home) for text, key in keys.items() if key)
    event = Event("metadata modification", "", agent=agent, detail=shorten(told, _LONGEST_DETAIL))
    return replace(item, concepts=concepts, keywords=keywords), {}, "Keywords made concepts", [event]


def _told(keyword: Text, made: Decision, home: Home) -> str:
    label = home.vocabulary.concepts[made.concept].label(home.settings.library.language).value
    who = f", decided by {made.by}" if made.by else ""
    why = f": {made.reason}" if made.reason else ""
    return f"Keyword {shorten(keyword.value)!r} is the concept {label} <{made.concept}>{who}{why}"


def _decided(keyword: Text, decisions: Decisions) -> tuple[str, str] | None:
    """Return the key of the decision on a keyword."""
    if len(keyword.value) > LONGEST:
        return None
    word = label_key(keyword.value)
    keys = ((word, keyword.language.partition("-")[0]), (word, ""))
    return next((key for key in keys if key in decisions), None)


def _lines(home: Home) -> Iterator[_Line]:
    """Yield what counts here of the published items that have keywords, by id."""
    after = ""
    while lines := home.library.catalogue.lines(after):
        for _, line in lines:
            if '"keywords"' in line and (one := _line(line)).status != "withdrawn":
                yield one
        after = lines[-1][0]
