"""Reading a vocabulary: SKOS in Turtle, N-Triples, RDF/XML and JSON-LD, tables, and DSpace's nested nodes.

The form is told by the content. Whatever can be read comes in; what is odd about it is reported and never put
right by guessing. Nothing that a file refers to is fetched.
"""

import gc
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from metadata.concepts import Vocabulary, ordered
from metadata.errors import UsageError
from metadata.model import Concept, Text
from metadata.problems import Problem
from metadata.skos_check import look_at
from metadata.skos_drafts import Gathering, sorted_texts
from metadata.skos_rdf import FORMS as RDF_FORMS
from metadata.skos_rdf import gather as gather_rdf
from metadata.skos_tables import Naming, gather_csv, gather_json, looks_like_table

LARGEST = 64 * 1024 * 1024
"""Vocabularies of more bytes than this are refused."""

_XML = re.compile(r"<\?xml|<!--|<!DOCTYPE|<[A-Za-z_][^<>]*\sxmlns")
_NODES = re.compile(r"\A\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*)*<node[\s>]", re.DOTALL)
_TRIPLE = re.compile(
    r"\A(?:\s*(?:#[^\n]*)?\n)*\s*(?:<[^<>\s]+>|_:\S+)\s+<[^<>\s]+>\s+(?:<[^<>\s]+>|_:\S+|\"[^\n]*)\s*\.\s*(?:\n|\Z)"
)
_TURTLE = re.compile(r"\A(?:\s*(?:#[^\n]*)?\n)*\s*(?:@?(?:prefix|base)\b|<[^<>\s]*>|\[|_:|[\w.-]*:)", re.IGNORECASE)
_JSON_LD = re.compile(r'"@(?:context|graph|id|type)"\s*:')


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a vocabulary. ``language`` (BCP 47) is that of labels which name none.

    ``form`` says what it is written in, where that is known: one of Turtle's and the like
    (:data:`metadata.skos_rdf.FORMS`), ``csv``, ``json`` or ``dspace``.
    """

    data: bytes
    name: str = ""
    language: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """A vocabulary as it was read, and what is odd about it; ``refused`` counts what was left out.

    ``replaced`` says of concepts that are no longer in the vocabulary which ones stand in their place.
    """

    concepts: Mapping[str, Concept]
    titles: tuple[Text, ...]
    top: tuple[str, ...]
    scheme: str
    forms: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    refused: int = 0
    replaced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary, to be asked."""
        return Vocabulary(self.concepts, self.titles, self.top)


def read_vocabulary(sources: Sequence[Source], base: str = "urn:canoe:vocabulary:here") -> Read:
    """Return what all files of one vocabulary say together.

    ``base`` is what the URIs of a table's concepts begin with. Raises UsageError when a file is too large, is
    not UTF-8, is in no form that is read, is not well formed, declares a DOCTYPE, or when there is no concept.
    """
    with uncollected():
        return _read(sources, base)


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector from looking through hundreds of thousands of objects, in which there are no circles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _read(sources: Sequence[Source], base: str) -> Read:
    gathering = Gathering()
    for source in sources:
        _gather(gathering, source, base)
    concepts = gathering.concepts()
    if not concepts:
        wrong = next(gathering.problems(), None)
        why = f"; {wrong.where}: {wrong.message()}" if wrong else ""
        raise UsageError(
            f"The vocabulary holds no SKOS concept{why}", "Give SKOS in Turtle, RDF/XML, N-Triples, JSON-LD, or CSV."
        )
    scheme = _scheme(gathering, concepts, base)
    look_at(gathering, concepts, scheme)
    return Read(
        concepts={
            uri: one if one.scheme or not scheme else replace(one, scheme=scheme) for uri, one in concepts.items()
        },
        titles=sorted_texts(gathering.schemes.get(scheme) or gathering.schemes.get("") or ()),
        top=_top(gathering, concepts),
        scheme=scheme,
        forms=tuple(dict.fromkeys(gathering.forms)),
        problems=tuple(gathering.problems()),
        refused=gathering.refused,
        replaced=gathering.replaced(),
    )


def form_of(text: str) -> str:
    """Return the form that a vocabulary is written in, by its content; ``""`` where it is none that is read."""
    start = text.lstrip("\ufeff \t\r\n")[:100_000]
    if _NODES.match(start):
        return "dspace"
    if _TRIPLE.match(start) and not re.search(r"^\s*@?prefix\b", start, re.MULTILINE | re.IGNORECASE):
        return "n-triples"
    if start[:1] in ("{", "["):
        return _json_form(start)
    if _XML.match(start):
        return "rdf-xml"
    if looks_like_table(text[:100_000]):
        return "csv"
    return "turtle" if _TURTLE.match(start) else ""


def _json_form(start: str) -> str:
    if _JSON_LD.search(start):
        return "json-ld"
    return "json" if re.match(r"\[\s*(?:\{\s*(?:\"|\})|\])", start) else "turtle" if start[0] == "[" else "json-ld"


def _gather(gathering: Gathering, source: Source, base: str) -> None:
    text = _text(source)
    form = source.form or form_of(text)
    naming = Naming(base, source.language)
    gathering.forms.append(form)
    if form in RDF_FORMS:
        gather_rdf(gathering, source.data.removeprefix(b"\xef\xbb\xbf"), form, source.name)
    elif form == "csv":
        gather_csv(gathering, text, naming, source.name)
    elif form == "json":
        gather_json(gathering, text.encode(), naming, source.name)
    elif form == "dspace":
        from metadata.skos_nodes import gather as gather_nodes  # needs a parser of XML, which else nothing here does

        gather_nodes(gathering, text.encode(), naming, source.name)
    else:
        hint = "It can be SKOS in Turtle, RDF/XML, N-Triples or JSON-LD, or a table with notation and prefLabel@en."
        raise UsageError(f"{source.name or 'The file'} is in no form that a vocabulary is read in", hint)


def _text(source: Source) -> str:
    if len(source.data) > LARGEST:
        raise UsageError(f"The vocabulary has {len(source.data)} bytes, the limit is {LARGEST}")
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UsageError(
            f"The vocabulary cannot be read: it is not UTF-8 at byte {fault.start}", "Save it as UTF-8."
        ) from fault
    if "\0" in text:
        raise UsageError("The vocabulary cannot be read: it holds a NUL character", "It is no text; save it as UTF-8.")
    return text


def _scheme(gathering: Gathering, concepts: Mapping[str, Concept], base: str) -> str:
    """Return the URI of the scheme: the one that most concepts name, else the one that is stated."""
    if not set(gathering.forms) & RDF_FORMS.keys():
        return base
    named = Counter(one.scheme for one in concepts.values() if one.scheme)
    stated = sorted(uri for uri in gathering.schemes if uri)
    return named.most_common(1)[0][0] if named else next(iter(stated), "")


def _top(gathering: Gathering, concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    """Return the stated top concepts, or, where none is stated, those without a parent here."""
    parentless = (one.uri for one in concepts.values() if not any(parent in concepts for parent in one.broader))
    return ordered((gathering.tops.keys() & concepts.keys()) or parentless, concepts)
