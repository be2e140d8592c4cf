"""Concepts in the making: what the files of a vocabulary say of them, gathered in any order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from metadata import languages
from metadata.errors import UsageError
from metadata.model import Concept, Text
from metadata.problems import Problem, problem

MOST_CONCEPTS = 200_000
MOST_TEXTS = 1000
"""Labels and notes that one concept may have."""

LONGEST = 5000
"""Characters of a label, a note or a notation; longer ones are left out."""

LONGEST_URI = 2000
"""Characters of a concept's URI: it is stored with items, and part of addresses and of sets."""

MOST_PROBLEMS = 1000
"""Problems of one code that are told one by one."""


@dataclass(slots=True)
class Draft:
    """What is known of a subject so far; it is a concept once something says so."""

    labels: list[Text] = field(default_factory=list)
    alternatives: list[Text] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    notations: list[str] = field(default_factory=list)
    broader: list[str] = field(default_factory=list)
    schemes: list[str] = field(default_factory=list)
    exact: list[str] = field(default_factory=list)
    close: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    deprecated: bool = False
    is_concept: bool = False

    def concept(self, uri: str) -> Concept:
        """Return the concept; texts in the order of their languages, each once."""
        return Concept(
            uri=uri,
            labels=sorted_texts(self.labels),
            alternatives=sorted_texts(self.alternatives),
            broader=tuple(parent for parent in dict.fromkeys(self.broader) if parent != uri),
            notation=min(self.notations, default=""),
            scheme=next(iter(self.schemes), ""),
            notes=sorted_texts(self.notes),
            exact_matches=tuple(dict.fromkeys(self.exact)),
            close_matches=tuple(dict.fromkeys(self.close)),
            replaced_by=tuple(one for one in dict.fromkeys(self.replaced) if one != uri),
            deprecated=self.deprecated,
        )


class Gathering:
    """All that the files of a vocabulary say."""

    def __init__(self) -> None:
        self.drafts: dict[str, Draft] = {}
        self.schemes: dict[str, list[Text]] = {}
        self.tops: dict[str, None] = {}
        self.forms: list[str] = []
        self._problems: dict[str, list[Problem]] = defaultdict(list)
        self._tags: dict[str, str] = {}

    def draft(self, uri: str) -> Draft:
        """Return what is known of a subject, nothing at first. Raises UsageError where there are too many."""
        found = self.drafts.get(uri)
        if found is None:
            if len(self.drafts) >= MOST_CONCEPTS:
                raise UsageError(f"The vocabulary has more than {MOST_CONCEPTS} concepts", "Take it in parts.")
            found = self.drafts[uri] = Draft()
        return found

    def text(self, texts: list[Text], value: str, tag: str, where: str) -> None:
        """Add a text; one that is too long, holds control characters or comes after too many is reported."""
        value = value.strip()
        if value and self.fits(value, len(texts), where):
            texts.append(Text(value, self._tag(tag)))

    def fits(self, value: str, before: int, where: str) -> bool:
        """Say whether a label, note or notation is taken after ``before`` others; one that is not is reported."""
        if len(value) <= LONGEST and before < MOST_TEXTS and _is_clean(value):
            return True
        self.report(problem("concept-text-refused", where, text=_short(value), most=LONGEST, number=MOST_TEXTS))
        return False

    def is_uri(self, uri: str, where: str) -> bool:
        """Say whether a concept's URI is short enough; one that is not is reported."""
        if len(uri) > LONGEST_URI:
            self.report(problem("concept-uri-wrong", where, uri=_short(uri)))
        return len(uri) <= LONGEST_URI

    def report(self, found: Problem) -> None:
        """Note a problem."""
        self._problems[found.code].append(found)

    def problems(self) -> Iterator[Problem]:
        """Yield what was noted, by code; of very many alike only the first, and how many there are."""
        for code, found in self._problems.items():
            yield from found[:MOST_PROBLEMS]
            if len(found) > MOST_PROBLEMS:
                yield problem("vocabulary-more-problems", "", number=len(found) - MOST_PROBLEMS, code=code)

    @property
    def refused(self) -> int:
        """How many problems are errors: something was left out."""
        return sum(len(found) for found in self._problems.values() if found[0].severity == "error")

    def concepts(self) -> Mapping[str, Concept]:
        """Return the concepts, in the order in which they were first spoken of."""
        return {uri: draft.concept(uri) for uri, draft in self.drafts.items() if draft.is_concept}

    def replaced(self) -> Mapping[str, tuple[str, ...]]:
        """Return by which concepts subjects are replaced that are said to be nothing else: they went away."""
        away = ((uri, draft) for uri, draft in self.drafts.items() if draft.replaced and not draft.is_concept)
        return {uri: draft.concept(uri).replaced_by for uri, draft in away}

    def _tag(self, written: str) -> str:
        if written not in self._tags:
            self._tags[written] = languages.from_code(written) or written.lower()
        return self._tags[written]


def sorted_texts(texts: Iterable[Text]) -> tuple[Text, ...]:
    """Return texts in the order of their languages, each once."""
    return tuple(sorted(dict.fromkeys(texts), key=lambda text: (text.language, text.value)))


def _is_clean(value: str) -> bool:
    return value.isprintable() or not any(ord(one) < 32 and one not in "\t\n\r" for one in value)


def _short(value: str) -> str:
    shown = value[:60].encode("unicode_escape").decode()
    return shown if len(value) <= 60 else f"{shown}…"
