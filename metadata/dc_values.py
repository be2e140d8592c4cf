"""The statements of a Dublin Core record, whatever way they are written.

Specifications: DCMI Metadata Terms; Expressing Qualified Dublin Core in XML; DSpace's
``dcvalue`` and DIM. Each becomes one of the fifteen elements with its refinement.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from metadata import languages
from metadata.description import Remarks
from metadata.xmlrecords import content, local, space, stated_language

DC = "http://purl.org/dc/elements/1.1/"
TERMS = "http://purl.org/dc/terms/"
_NO_LANGUAGE = {"", "*", "none", "und"}

# DCMI's terms that refine an element; the others are elements, or say nothing of ours.
_REFINES = {
    "title": "alternative",
    "description": "abstract tableOfContents",
    "date": "available created dateAccepted dateCopyrighted dateSubmitted issued modified valid",
    "format": "extent medium",
    "identifier": "bibliographicCitation",
    "relation": "conformsTo hasFormat hasPart hasVersion isFormatOf isPartOf isReferencedBy isReplacedBy isRequiredBy"
    " isVersionOf references replaces requires",
    "coverage": "spatial temporal",
    "rights": "accessRights license rightsHolder",
}
_ELEMENT_OF = {term: element for element, terms in _REFINES.items() for term in terms.split()}


@dataclass(frozen=True, slots=True)
class Value:
    """A statement: the element, its refinement (lower case) and as it is written (``label``), text, language."""

    element: str
    refinement: str
    label: str
    text: str
    language: str


@dataclass(frozen=True)
class Source:
    """A record being read, as its statements in order."""

    values: tuple[Value, ...]
    remarks: Remarks

    def each(self, element: str, *more: str) -> Iterator[Value]:
        """Yield the statements of an element; ``more`` are other elements, or else refinements it must have."""
        if not more:
            yield from self._by_element.get(element, ())
        elif not _ELEMENTS.issuperset(more):
            yield from (one for one in self._by_element.get(element, ()) if one.refinement in more)
        else:
            yield from (one for one in self.values if one.element in (element, *more))

    @cached_property
    def _by_element(self) -> dict[str, list[Value]]:
        """The statements of each element: a record is asked for them some fifty times."""
        found: dict[str, list[Value]] = {}
        for one in self.values:
            found.setdefault(one.element, []).append(one)
        return found

    def others(self) -> Iterator[Value]:
        """Yield the statements of no element of Dublin Core; those on how a repository keeps the item are none."""
        known = _ELEMENTS | _OF_KEEPING
        yield from (one for one in self.values if one.element and one.element not in known)


_OF_KEEPING = frozenset(("provenance", "accrualMethod", "accrualPeriodicity", "accrualPolicy"))
_ELEMENTS = frozenset(
    ("title", "creator", "contributor", "publisher", "subject", "description", "date", "type", "format", "identifier",
     "source", "language", "relation", "coverage", "rights", "audience")
)  # fmt: skip


def statements(record: etree._Element, remarks: Remarks) -> Iterator[Value]:
    """Yield what the record states, the blank left out."""
    schema = record.get("schema", "dc")
    for child in record.iterchildren(etree.Element):
        if local(child) in ("dcvalue", "field"):
            made = _by_attributes(child, child.get("mdschema", schema), remarks)
        elif space(child) in (DC, TERMS) or (local(record) in ("dc", "qualifieddc") and not space(child)):
            made = _by_name(child, remarks)
        else:
            continue
        if made.text:
            yield made


def _by_name(child: etree._Element, remarks: Remarks) -> Value:
    name = local(child)
    element, _, refinement = name.partition(".")
    if name in _ELEMENT_OF:
        element, refinement = _ELEMENT_OF[name], name
    return Value(element, refinement.lower(), refinement, content(child, remarks), stated_language(child) or "")


def _by_attributes(child: etree._Element, schema: str, remarks: Remarks) -> Value:
    """Read DSpace's way: ``<dcvalue element="date" qualifier="issued" language="en_US">``."""
    element, qualifier = child.get("element", "").lower(), child.get("qualifier") or ""
    if schema == "dcterms":
        original = child.get("element", "")
        element, qualifier = (_ELEMENT_OF[original], original) if original in _ELEMENT_OF else (element, qualifier)
    refinement = "" if qualifier.lower() in ("none", "*", "iso", "uri") else qualifier
    told = child.get("language") or child.get("lang") or ""
    language = "" if told in _NO_LANGUAGE else languages.from_code(told)
    known = schema in ("dc", "dcterms")
    return Value(element if known else "", refinement.lower(), refinement, content(child, remarks), language)
