"""What is odd about a vocabulary: told to whoever looks after it, and never put right by guessing."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice

from metadata.concepts import label_key
from metadata.model import Concept
from metadata.problems import Problem, problem
from metadata.skos_drafts import Gathering
from metadata.skos_rdf import FORMS

_NAMED = 5  # concepts that one sentence names


def look_at(gathering: Gathering, concepts: Mapping[str, Concept], scheme: str) -> None:
    """Report what is odd about the concepts that were gathered: SKOS's own rules first (S13, S14, S27)."""
    for look in (_schemes, _labels, _notations, _parents, _circles, _replacements):
        for found in look(gathering, concepts, scheme):
            gathering.report(found)


def _schemes(gathering: Gathering, _: Mapping[str, Concept], scheme: str) -> Iterator[Problem]:
    if not set(gathering.forms) & FORMS.keys():
        return
    stated = sorted(uri for uri in gathering.schemes if uri)
    if not stated:
        yield problem("vocabulary-scheme-missing", scheme)
    elif len(stated) > 1:
        yield problem("vocabulary-schemes-several", scheme, number=len(stated), names=_names(stated), scheme=scheme)


def _labels(_: Gathering, concepts: Mapping[str, Concept], __: str) -> Iterator[Problem]:
    bearers: dict[tuple[str, str], list[str]] = {}
    for uri, concept in concepts.items():
        if not concept.labels:
            yield problem("concept-unlabelled", uri)
        seen: dict[str, str] = {}
        for label in concept.labels:
            if label.language in seen and label.language:
                labels = f"{seen[label.language]} | {label.value}"
                yield problem("concept-label-twice", uri, labels=labels, language=label.language)
            seen[label.language] = label.value
            bearers.setdefault((label_key(label.value), label.language), []).append(uri)
    for (key, language), uris in bearers.items():
        if len(set(uris)) > 1:
            shared = next(text.value for text in concepts[uris[0]].labels if label_key(text.value) == key)
            names = _names(list(dict.fromkeys(uris)))
            yield problem("concept-label-shared", uris[0], label=shared, language=language or "–", names=names)


def _notations(_: Gathering, concepts: Mapping[str, Concept], __: str) -> Iterator[Problem]:
    bearers: dict[str, list[str]] = defaultdict(list)
    for uri, concept in concepts.items():
        if concept.notation:
            bearers[concept.notation].append(uri)
    for notation, uris in bearers.items():
        if len(uris) > 1:
            yield problem("concept-notation-shared", uris[0], notation=notation, names=_names(uris))


def _parents(_: Gathering, concepts: Mapping[str, Concept], __: str) -> Iterator[Problem]:
    for uri, concept in concepts.items():
        for parent in concept.broader:
            if parent not in concepts:
                yield problem("concept-parent-missing", uri, parent=parent)


def _circles(gathering: Gathering, concepts: Mapping[str, Concept], _: str) -> Iterator[Problem]:
    for uri, draft in gathering.drafts.items():
        if uri in draft.broader and uri in concepts:
            yield problem("concept-circle", uri, names=uri)
    for circle in _components(concepts):
        yield problem("concept-circle", circle[0], names=_names(circle))


def _replacements(_: Gathering, concepts: Mapping[str, Concept], __: str) -> Iterator[Problem]:
    for uri, concept in concepts.items():
        if len(concept.replaced_by) > 1:
            yield problem("concept-replaced-by-several", uri, names=_names(list(concept.replaced_by)))


def _components(concepts: Mapping[str, Concept]) -> Iterator[list[str]]:
    """Yield the concepts that are above each other in circles, each circle whole (Tarjan 1972, without recursion)."""
    place: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: dict[str, None] = {}
    for root in concepts:
        if root in place:
            continue
        work = [(root, iter(concepts[root].broader))]
        place[root] = lowest[root] = len(place)
        stack[root] = None
        while work:
            uri, parents = work[-1]
            parent = next((one for one in parents if one in concepts and (one not in place or one in stack)), None)
            if parent is not None and parent not in place:
                place[parent] = lowest[parent] = len(place)
                stack[parent] = None
                work.append((parent, iter(concepts[parent].broader)))
            elif parent is not None:
                lowest[uri] = min(lowest[uri], place[parent])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[uri])
                if lowest[uri] == place[uri]:
                    circle = _taken_off(stack, uri)
                    if len(circle) > 1:
                        yield sorted(circle)


def _taken_off(stack: dict[str, None], uri: str) -> list[str]:
    circle = []
    while True:
        circle.append(stack.popitem()[0])
        if circle[-1] == uri:
            return circle


def _names(uris: list[str]) -> str:
    shown = ", ".join(islice(uris, _NAMED))
    return shown if len(uris) <= _NAMED else f"{shown} … ({len(uris)})"
