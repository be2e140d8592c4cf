"""Browsing by subject: the tree of each vocabulary, with the number of items under every concept."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from metadata.concepts import Scheme, Vocabulary
from metadata.errors import NotFound
from metadata.model import Concept, Text
from search.engine import Request as Question
from web.reader import reader
from web.render import Service, View, respond
from web.results import whole_number

PER_PAGE = 60
_MOST_PATHS, _DEEPEST = 8, 24  # ways up that are shown, and steps of each
_PLAIN = re.compile(r"(?!\.{1,2}(?:/|$))[\w.~:@!$&'()*+,;=%-]+(?:/(?!\.{1,2}(?:/|$))[\w.~:@!$&'()*+,;=%-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Branch:
    """A concept in the tree: where its page is, what it is called, how many items are under it, whether it has more."""

    path: str
    pairs: Sequence[tuple[str, str]]
    label: Text
    notation: str = ""
    uri: str = ""
    count: int = 0
    deeper: int = 0


def subjects(service: Service, request: Request) -> Response:
    """Answer ``/subjects``: the library's own classification, and which other vocabularies there are."""
    own = next(iter(service.vocabulary.schemes), None)
    if own is None:
        raise NotFound("There is no vocabulary.")
    return _page(service, request, own, None, "/subjects")


def scheme(service: Service, request: Request) -> Response:
    """Answer ``/subjects/{id}``: a vocabulary's top concepts, or with ``?concept=URI`` one of its concepts."""
    found = _scheme(service.vocabulary, request.path_params["id"])
    uri = request.query_params.get("concept", "")
    return _of_concept(service, request, found, uri) if uri else _page(service, request, found, None)


def concept(service: Service, request: Request) -> Response:
    """Answer ``/subjects/{id}/{name}``: a concept of a vocabulary, ``name`` being the end of its URI."""
    found = _scheme(service.vocabulary, request.path_params["id"])
    return _of_concept(service, request, found, found.prefix + request.path_params["name"])


def address(scheme: Scheme, uri: str) -> tuple[str, Sequence[tuple[str, str]]]:
    """Return the path of a concept's page, and what is asked of it where the URI makes no path."""
    name = uri[len(scheme.prefix) :]
    if uri.startswith(scheme.prefix) and _PLAIN.fullmatch(name):
        return f"/subjects/{scheme.id}/{name}", ()
    return f"/subjects/{scheme.id}", (("concept", uri),)


def paths(vocabulary: Vocabulary, uri: str) -> list[tuple[str, ...]]:
    """Return the ways from the top down to a concept, it itself left out; the shortest first, a few at most."""
    found: list[tuple[str, ...]] = []
    waiting: list[tuple[str, ...]] = [(uri,)]
    for way in waiting:
        above = vocabulary.concepts.get(way[0])
        parents = [one for one in (above.broader if above else ()) if one in vocabulary.concepts and one not in way]
        if not parents or len(way) > _DEEPEST:
            found.append(way[:-1])
        if len(found) >= _MOST_PATHS:
            break
        waiting += [(parent, *way) for parent in parents[:_MOST_PATHS]] if len(way) <= _DEEPEST else []
        if len(waiting) > _MOST_PATHS * _DEEPEST * 4:
            break
    return [way for way in found if way]


def _of_concept(service: Service, request: Request, scheme: Scheme, uri: str) -> Response:
    """Answer with the page of a concept; one of another vocabulary is led to, since it has its page there."""
    found, own = _concept(service.vocabulary, uri), service.vocabulary.scheme_of(uri)
    if own is not None and own.id != scheme.id:
        return RedirectResponse(reader(service.site, request).link(*address(own, uri)), 301)
    return _page(service, request, scheme, found)


def _page(service: Service, request: Request, scheme: Scheme, concept: Concept | None, canonical: str = "") -> Response:
    language = _language(service, request)
    page = max(1, whole_number(request.query_params.get("page", "")) or 1)
    parent = concept.uri if concept else scheme.id
    uris, total = service.vocabulary.shown_below(parent, language, (page - 1) * PER_PAGE, PER_PAGE)
    if page > 1 and not uris:
        raise NotFound("There is no such page.")
    tree = _Tree(service, scheme, language)
    branches = tree.branches([concept.uri, *uris] if concept else uris)
    one = branches.pop(0) if concept else None
    values: dict[str, object] = {
        "scheme": scheme,
        "schemes": service.vocabulary.schemes,
        "concept": concept,
        "branch": one,
        "ways": [[tree.step(uri) for uri in way] for way in paths(service.vocabulary, concept.uri)] if concept else [],
        "notes": _notes(concept, language) if concept else (),
        "matches": [*tree.known(concept)] if concept else [],
        "branches": branches,
        "page": page,
        "pages": -(-total // PER_PAGE),
        "total": total,
    }
    known_as = address(scheme, concept.uri)[0] if concept and not address(scheme, concept.uri)[1] else canonical
    return respond(service, request, View("subjects.html", values, canonical=known_as))


class _Tree:
    """The concepts as one reader sees them."""

    def __init__(self, service: Service, scheme: Scheme, language: str) -> None:
        self._service = service
        self._scheme = scheme
        self._language = language

    def step(self, uri: str) -> Branch:
        """Return a concept without its numbers."""
        held = self._service.vocabulary.concepts.get(uri)
        path, pairs = address(self._scheme, uri)
        return Branch(
            path, pairs, held.label(self._language) if held else Text(uri), held.notation if held else "", uri
        )

    def branches(self, uris: Sequence[str]) -> list[Branch]:
        """Return concepts with their numbers: of items, and of concepts directly below."""
        asked = Question("", limit=0, facets=("subject",), among=tuple(uris))
        counted = self._service.engine.find(asked).facets["subject"] if uris else ()
        counts = {one.value: one.count for one in counted}
        return [
            replace(self.step(uri), count=counts.get(uri, 0), deeper=self._service.vocabulary.number_below(uri))
            for uri in uris
        ]

    def known(self, concept: Concept) -> Iterator[tuple[Scheme, Branch]]:
        """Yield the concepts of vocabularies here that mean the same, or nearly."""
        for uri in (*concept.exact_matches, *concept.close_matches):
            if scheme := self._service.vocabulary.scheme_of(uri):
                yield scheme, _Tree(self._service, scheme, self._language).step(self._service.vocabulary.current(uri))


def _language(service: Service, request: Request) -> str:
    return reader(service.site, request).language


def _notes(concept: Concept, language: str) -> Sequence[Text]:
    """Return what explains a concept: in the reader's language, else all there is."""
    return [note for note in concept.notes if note.language == language] or concept.notes


def _scheme(vocabulary: Vocabulary, scheme_id: str) -> Scheme:
    found = next((one for one in vocabulary.schemes if one.id == scheme_id), None)
    if found is None:
        raise NotFound(f"There is no vocabulary {scheme_id}.")
    return found


def _concept(vocabulary: Vocabulary, uri: str) -> Concept:
    found = vocabulary.concepts.get(uri)
    if found is None:
        raise NotFound(f"There is no concept {uri}.")
    return found


ROUTES: Mapping[str, Callable[[Service, Request], Response]] = {
    "/subjects": subjects,
    "/subjects/{id}": scheme,
    "/subjects/{id}/{name:path}": concept,
}
