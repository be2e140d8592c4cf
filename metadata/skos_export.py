"""A vocabulary given out: SKOS in Turtle, a table in CSV, or a concept a line in JSON. Each can be read again."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from metadata.concepts import Scheme
from metadata.model import Concept, Text
from metadata.table_cells import inert

_PREFIXES = (
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
)
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\]")


def turtle(scheme: Scheme, concepts: Iterable[Concept], top: Sequence[str]) -> Iterator[str]:
    """Yield a vocabulary as lines of SKOS in Turtle (W3C RDF 1.1 Turtle, 2014)."""
    yield from (f"@prefix {name}: <{uri}> .\n" for name, uri in _PREFIXES)
    tops = frozenset(top)
    if scheme.uri:
        titles = [f"dcterms:title {_literal(title)}" for title in scheme.titles]
        yield _statements(scheme.uri, ["a skos:ConceptScheme", *titles])
    for concept in concepts:
        yield _statements(concept.uri, list(_facts(concept, concept.uri in tops, scheme)))


def table(concepts: Sequence[Concept]) -> str:
    """Return a vocabulary as CSV (RFC 4180), in columns that are read again.

    A bar within a label has a backslash before it; a cell that a spreadsheet would take for a formula, an apostrophe.
    """
    kinds = (("prefLabel", _labels), ("altLabel", _alternatives), ("definition", _notes))
    tongues = {
        name: sorted({text.language for concept in concepts for text in texts(concept)}) for name, texts in kinds
    }
    header = ["uri", "notation", "parent"]
    header += [f"{name}@{tag}" if tag else name for name, _ in kinds for tag in tongues[name]]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*header, "exactMatch", "closeMatch", "replacedBy", "deprecated"])
    for concept in concepts:
        cells = [_of(texts(concept), tag) for name, texts in kinds for tag in tongues[name]]
        ties = map("|".join, (concept.exact_matches, concept.close_matches, concept.replaced_by))
        deprecated = "true" if concept.deprecated else ""
        row = [concept.uri, concept.notation, "|".join(concept.broader), *cells, *ties, deprecated]
        writer.writerow(map(inert, row))
    return out.getvalue()


def lines(concepts: Iterable[Concept]) -> Iterator[str]:
    """Yield a JSON object a concept, a line each."""
    yield from (msgspec.json.encode(concept).decode() + "\n" for concept in concepts)


def _labels(concept: Concept) -> Sequence[Text]:
    return concept.labels


def _alternatives(concept: Concept) -> Sequence[Text]:
    return [Text(text.value.replace("|", "\\|"), text.language) for text in concept.alternatives]


def _notes(concept: Concept) -> Sequence[Text]:
    return concept.notes


def _of(texts: Iterable[Text], tag: str) -> str:
    return "|".join(text.value for text in texts if text.language == tag)


def _facts(concept: Concept, is_top: bool, scheme: Scheme) -> Iterator[str]:
    yield "a skos:Concept"
    if concept.scheme:
        yield f"skos:inScheme {_iri(concept.scheme)}"
    if is_top and scheme.uri:
        yield f"skos:topConceptOf {_iri(scheme.uri)}"
    if concept.notation:
        yield f"skos:notation {_literal(Text(concept.notation))}"
    for name, texts in (
        ("prefLabel", concept.labels),
        ("altLabel", concept.alternatives),
        ("definition", concept.notes),
    ):
        yield from (f"skos:{name} {_literal(text)}" for text in texts)
    ties = (
        ("skos:broader", concept.broader),
        ("skos:exactMatch", concept.exact_matches),
        ("skos:closeMatch", concept.close_matches),
        ("dcterms:isReplacedBy", concept.replaced_by),
    )
    yield from (f"{name} {_iri(uri)}" for name, uris in ties for uri in uris)
    if concept.deprecated:
        yield "owl:deprecated true"


def _statements(uri: str, facts: Sequence[str]) -> str:
    return f"\n{_iri(uri)} " + " ;\n    ".join(facts) + " .\n"


def _iri(uri: str) -> str:
    return "<" + _NOT_IN_IRI.sub(lambda found: f"%{ord(found[0]):02X}", uri) + ">"


def _literal(text: Text) -> str:
    tag = f"@{text.language}" if text.language else ""
    return f'"{text.value.translate(_ESCAPES)}"{tag}'
