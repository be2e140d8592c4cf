"""SKOS in RDF: Turtle, N-Triples, RDF/XML and JSON-LD (W3C SKOS Reference, 2009, with SKOS-XL; JSON-LD 1.1)."""

import re
from collections.abc import Callable
from xml.parsers import expat

import pyoxigraph as rdf

from metadata.errors import UsageError
from metadata.problems import problem
from metadata.skos_drafts import Gathering

FORMS = {
    "turtle": rdf.RdfFormat.TURTLE,
    "n-triples": rdf.RdfFormat.N_TRIPLES,
    "rdf-xml": rdf.RdfFormat.RDF_XML,
    "json-ld": rdf.RdfFormat.JSON_LD,
}
DEEPEST = 100
"""Levels that JSON-LD and RDF/XML may be nested in."""

_SKOS = "http://www.w3.org/2004/02/skos/core#"
_CONCEPT = rdf.NamedNode(_SKOS + "Concept")
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_DCT, _DC = "http://purl.org/dc/terms/", "http://purl.org/dc/elements/1.1/"
_DEPRECATED = "http://www.w3.org/2002/07/owl#deprecated"
_TITLES = (_DCT + "title", _DC + "title", "http://www.w3.org/2000/01/rdf-schema#label")
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)

_XL = "http://www.w3.org/2008/05/skos-xl#"
_XL_LABELS = {_XL + "prefLabel": "labels", _XL + "altLabel": "alternatives"}

_TEXTS = {
    _SKOS + "prefLabel": "labels",
    _SKOS + "altLabel": "alternatives",
    _SKOS + "definition": "notes",
    _SKOS + "scopeNote": "notes",
}
_LINKS = {
    _SKOS + "broader": "broader",
    _SKOS + "inScheme": "schemes",
    _SKOS + "exactMatch": "exact",
    _SKOS + "closeMatch": "close",
    _DCT + "isReplacedBy": "replaced",
}


def gather(gathering: Gathering, data: bytes, form: str, name: str) -> None:
    """Add what a document says. Raises UsageError when it is not well formed, is too deep or has a DOCTYPE.

    ``form`` is one of :data:`FORMS`, ``name`` what the document is called in problems. Nothing that it
    refers to is fetched.
    """
    _look_out(data, form)
    reading = _Reading(gathering, name)
    try:
        for statement in rdf.parse(data, format=FORMS[form]):
            if isinstance(statement.subject, rdf.NamedNode):
                reading.take(statement.subject.value, statement.predicate.value, statement.object)
            elif isinstance(statement.subject, rdf.BlankNode):
                reading.take_unnamed(statement.subject, statement.predicate.value, statement.object)
    except (SyntaxError, ValueError) as fault:
        raise UsageError(f"The vocabulary cannot be read: {fault}", _hint(str(fault))) from fault
    reading.finish()


def _look_out(data: bytes, form: str) -> None:
    deepest = _DEPTHS[form](data) if form in _DEPTHS else 0
    if deepest > DEEPEST:
        raise UsageError(f"The vocabulary cannot be read: it is nested {deepest} levels deep, the limit is {DEEPEST}")


def _depth_of_json(data: bytes) -> int:
    depth = deepest = 0
    for found in _BRACKETS.finditer(data):
        sign = data[found.start()]
        depth += sign in b"[{"
        depth -= sign in b"]}"
        deepest = max(depth, deepest)
    return deepest


def _depth_of_xml(data: bytes) -> int:
    """Return how deep the elements go. Raises UsageError for what is not well formed or declares a DOCTYPE.

    The parser of RDF takes ``<!doctype`` for a DOCTYPE, too, and puts in the entities that it declares without
    an end; and what it needs for an element grows with those around it. So a strict parser goes before it.
    """
    depth = deepest = 0

    def begin(_: str, __: object) -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(depth, deepest)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as fault:
        raise UsageError(f"The vocabulary cannot be read: it is not well-formed XML ({fault})") from fault
    return deepest


def _refuse_doctype(*_: object) -> None:
    raise UsageError("The vocabulary declares a DOCTYPE, which is not read", "Save it without one.")


_DEPTHS: dict[str, Callable[[bytes], int]] = {"json-ld": _depth_of_json, "rdf-xml": _depth_of_xml}


def _hint(fault: str) -> str:
    if "ontext" in fault or "LoadDocument" in fault:
        return "A context of JSON-LD is never fetched: put the context itself into the file."
    return ""


class _Reading:
    def __init__(self, gathering: Gathering, name: str) -> None:
        self._gathering = gathering
        self._name = name
        self._schemes: set[str] = set()
        self._titles: dict[str, dict[str, list[rdf.Literal]]] = {}
        self._children: list[tuple[str, str]] = []
        self._forms: dict[str, rdf.Literal] = {}  # of labels that are resources (SKOS-XL), by their node
        self._bearers: list[tuple[str, str, str]] = []  # whose labels these are, of which kind

    def take(self, subject: str, predicate: str, value: object) -> None:
        """Take in a statement about a named subject."""
        if predicate == _XL + "literalForm" and isinstance(value, rdf.Literal):
            self._forms[f"<{subject}>"] = value
        elif predicate in _XL_LABELS:
            self._bearers.append((subject, _XL_LABELS[predicate], str(value)))
        elif isinstance(value, rdf.Literal):
            self._literal(subject, predicate, value)
        elif isinstance(value, rdf.NamedNode):
            self._link(subject, predicate, value.value)

    def take_unnamed(self, subject: rdf.BlankNode, predicate: str, value: object) -> None:
        """Take in a statement about a blank node: a label can be one, a concept cannot, for items store its URI."""
        if predicate == _XL + "literalForm" and isinstance(value, rdf.Literal):
            self._forms[str(subject)] = value
        elif predicate == _TYPE and value == _CONCEPT:
            self._gathering.report(problem("concept-without-key", self._name))

    def finish(self) -> None:
        """Bring together what could not be told before the end."""
        self._label()
        for parent, child in self._children:
            self._gathering.draft(child).broader.append(parent)
        for scheme in sorted(self._schemes):
            texts = self._gathering.schemes.setdefault(scheme, [])
            told = self._titles.get(scheme, {})
            found = [told[predicate] for predicate in _TITLES if predicate in told]
            dublin_core = [told[predicate] for predicate in _TITLES[:2] if predicate in told]
            labels = self._gathering.draft(scheme).labels
            if labels and not dublin_core:
                texts += labels
                continue
            for title in next(iter(found), ()):
                self._gathering.text(texts, title.value, title.language or "", self._name)

    def _label(self) -> None:
        """Give concepts the labels that are resources; what they have in plain SKOS, too, counts once."""
        for subject, kind, node in self._bearers:
            if form := self._forms.get(node):
                draft = self._gathering.draft(subject)
                self._gathering.text(getattr(draft, kind), form.value, form.language or "", subject)

    def _literal(self, subject: str, predicate: str, value: rdf.Literal) -> None:
        if predicate in _TITLES:
            self._titles.setdefault(subject, {}).setdefault(predicate, []).append(value)
        if kind := _TEXTS.get(predicate):
            draft = self._gathering.draft(subject)
            self._gathering.text(getattr(draft, kind), value.value, value.language or "", subject)
        elif predicate == _SKOS + "notation":
            notation, notations = value.value.strip(), self._gathering.draft(subject).notations
            if self._gathering.fits(notation, len(notations), subject):
                notations.append(notation)
        elif predicate == _DEPRECATED:
            self._gathering.draft(subject).deprecated = value.value in ("true", "1")

    def _link(self, subject: str, predicate: str, target: str) -> None:
        if kind := _LINKS.get(predicate):
            getattr(self._gathering.draft(subject), kind).append(target)
        elif predicate == _TYPE:
            self._typed(subject, target)
        elif predicate == _SKOS + "narrower":
            self._children.append((subject, target))
        elif predicate == _SKOS + "topConceptOf":
            self._gathering.draft(subject).schemes.append(target)
            self._gathering.tops[subject] = None
        elif predicate == _SKOS + "hasTopConcept":
            self._gathering.tops[target] = None
        elif predicate == _DCT + "replaces":
            self._gathering.draft(target).replaced.append(subject)

    def _typed(self, subject: str, kind: str) -> None:
        if kind == _SKOS + "Concept" and self._gathering.is_uri(subject, self._name):
            self._gathering.draft(subject).is_concept = True
        elif kind == _SKOS + "ConceptScheme":
            self._schemes.add(subject)
