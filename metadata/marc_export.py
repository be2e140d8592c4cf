"""From an item to a MARC 21 bibliographic record: the way back of :mod:`metadata.marc`.

Specification: MARC 21 Format for Bibliographic Data, Library of Congress; MARCXML; ISO 2709.
What the crosswalk reads is written so that it reads the same again. What MARC has no place
for: the language of a title that is a variant in the text's own language and script, of a note or a
keyword that is not in the language of cataloguing (040 $b); the region of a language; more than
one date of issue, a date of creation beside one of issue; collections; where the item came from.
The order of contributions and of keywords becomes that of the tags.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from metadata import marc_coded as coded
from metadata import marc_fixed as fixed
from metadata.marc_coded import data_field as _field
from metadata.marc_links import VERSION_LABEL
from metadata.marc_record import Field
from metadata.marc_title_export import nonfiling, script, title_field, title_parts
from metadata.marc_writing import Oversize as Oversize
from metadata.marc_writing import Written, control, to_iso2709, to_marcxml
from metadata.model import Agent, Contribution, Identifier, Item, Text
from metadata.relators import TERMS
from metadata.standard_numbers import doi_address
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary

# Those of whom a main entry (1XX) is made.
_MAIN = frozenset({"aut", "cre", "art", "cmp", "ctg", "pht", "drt", "dis"})
_MADE_BY = {"pbl": "1", "dst": "2", "mfr": "3"}
# https://id.loc.gov/vocabulary/contentTypes
_CONTENT = {
    "map": ("cartographic image", "cri"),
    "video": ("two-dimensional moving image", "tdi"),
    "image": ("still image", "sti"),
    "dataset": ("computer dataset", "cod"),
    "software": ("computer program", "cop"),
    "sound": ("sounds", "snd"),
    "music": ("performed music", "prm"),
    "score": ("notated music", "ntm"),
    "object": ("three-dimensional form", "tdf"),
    "mixed": ("unspecified", "zzz"),
    "other": ("other", "xxx"),
}
_RESOLVING = frozenset({"findable", "registered", "external"})
_RELATIONS = {"isTranslationOf": ("765", "0 "), "isPartOf": ("773", "0 "), "replaces": ("780", "00")}
_RELATIONS |= {"isFormatOf": ("776", "08"), "isVersionOf": ("775", "08")}
# https://www.loc.gov/standards/sourcelist/subject.html
_THESAURI = (
    ("lcsh", "id.loc.gov/authorities/subjects/"),
    ("mesh", "id.nlm.nih.gov/mesh/"),
    ("fast", "id.worldcat.org/fast/"),
    ("agrovoc", "aims.fao.org/aos/agrovoc/"),
    ("unescot", "vocabularies.unesco.org/thesaurus/"),
    ("gemet", "www.eionet.europa.eu/gemet/"),
    ("rameau", "data.bnf.fr/"),
    ("gnd", "d-nb.info/gnd/"),
)
_ACCESS = re.compile(
    r"info:eu-repo/semantics/\S+|https?://purl\.org/coar/access_right/\S+|(?:open|restricted|closed|embargoed) ?access",
    re.IGNORECASE,
)
_ACCESSES = {
    "open": "Open access",
    "embargoed": "Embargoed access",
    "restricted": "Restricted access",
    "metadata-only": "Metadata only access",
}
_LINK = re.compile(r"(.*\S)?\s*(https?://\S+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Agency:
    """Who gives the record out, and what it needs to know beside the item.

    ``namespace`` becomes 003 and 040 (the library's OAI namespace, or its MARC organisation
    code), ``base_url`` is the library's web address, without the slash at its end. ``changed``
    is when the item was last changed (RFC 3339, UTC). ``related`` gives titles of other items
    by their ids, for the fields that tie to them.
    """

    namespace: str
    base_url: str
    changed: str
    related: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Source:
    """An item being written, with the language of its cataloguing."""

    item: Item
    vocabulary: Vocabulary
    agency: Agency
    cataloguing: str


def marc_record(item: Item, vocabulary: Vocabulary, agency: Agency) -> Written:
    """Return the item's bibliographic record, its fields in order of their tags.

    ``vocabulary`` gives the concepts' labels (one it does not have appears as its URI).
    Characters that XML forbids, and MARC's own delimiters with them, are left out.
    """
    source = _Source(item, vocabulary, agency, _language_of_cataloguing(item))
    return Written(fixed.leader(item), _made(source, (_control, *_OWN, *_DESCRIBED)))


def own_fields(item: Item, vocabulary: Vocabulary, agency: Agency) -> tuple[Field, ...]:
    """Return what the library says of an item beside any description: its DOI, concepts, ties and address."""
    return _made(_Source(item, vocabulary, agency, _language_of_cataloguing(item)), _OWN)


def described_fields(item: Item, vocabulary: Vocabulary, agency: Agency) -> tuple[Field, ...]:
    """Return the fields 010 to 856 that describe an item, without what :func:`own_fields` says."""
    return _made(_Source(item, vocabulary, agency, _language_of_cataloguing(item)), _DESCRIBED)


def _made(source: "_Source", parts: Iterable[Callable[["_Source"], "_Fields"]]) -> tuple[Field, ...]:
    made = (one for part in parts for one in part(source))
    return tuple(sorted(dict.fromkeys(one for one in made if one is not None), key=lambda one: one.tag))


def marcxml(item: Item, vocabulary: Vocabulary, agency: Agency) -> bytes:
    """Return the item's record as a MARCXML document (UTF-8), one ``record`` element; never too long."""
    return to_marcxml(marc_record(item, vocabulary, agency))


def marc21(item: Item, vocabulary: Vocabulary, agency: Agency) -> bytes:
    """Return the item's record in ISO 2709, UTF-8 (leader/09 ``a``), with its terminator.

    Raises Oversize when a field has more than 9,999 bytes or the record more than 99,999. Give
    such a record out as MARCXML.
    """
    return to_iso2709(marc_record(item, vocabulary, agency))


_Fields = Iterator[Field | None]


def _language_of_cataloguing(item: Item) -> str:
    """Return the language that the notes are in, else most of the keywords."""
    notes = [text.language for text in (*item.descriptions, *item.rights)]
    if notes:
        return max(notes, key=notes.count)
    keywords = [text.language for text in (*item.keywords, *item.coverage)]
    return max(keywords, key=keywords.count, default="")


def _control(source: _Source) -> _Fields:
    """Yield 001 to 008 and 040."""
    item, agency = source.item, source.agency
    yield control("001", item.id)
    yield control("003", agency.namespace)
    yield control("005", fixed.changed_at(agency.changed))
    if item.files:
        yield None if fixed.is_file(item) else control("006", "m     o  d        ")
        yield control("007", "cr |||||||||||")
    yield control("008", fixed.coded(item, agency.changed))
    written = fixed.language_code(source.cataloguing) if source.cataloguing else ""
    yield _field("040", "  ", ("a", agency.namespace), ("b", written), ("c", agency.namespace))


def _languages(source: _Source) -> _Fields:
    """Yield 041 where 008 cannot say it: several languages, a translation, a region."""
    item, uniform = source.item, _uniform(source.item)
    translated = uniform is not None or any(one.kind == "isTranslationOf" for one in item.relations)
    if translated or len(item.languages) > 1:
        codes = [("a", fixed.language_code(tag)) for tag in item.languages]
        original = fixed.language_code(uniform.language) if uniform else ""
        yield _field("041", f"{'1' if translated else ' '} ", *codes, ("h", original))
    regional = [("a", tag) for tag in item.languages if "-" in tag]
    yield _field("041", " 7", *regional, ("2", "rfc5646")) if regional else None


def _uniform(item: Item) -> Text | None:
    """Return the title of the original: the one variant that is in a language of its own, if there is one."""
    own = item.languages[0] if item.languages else ""
    found = [one for one in item.titles[1:] if one.kind == "other" and one.language not in ("", own)]
    return found[0] if len(found) == 1 and script(found[0].value) == script(item.title.value) else None


def _numbers(source: _Source) -> _Fields:
    """Yield 010 to 037, 086 and 088."""
    for number in source.item.identifiers:
        yield coded.number(number)


def _doi(source: _Source) -> _Fields:
    """Yield 024 for the DOI that leads to the item."""
    doi = source.item.doi
    if doi and doi.state in _RESOLVING:
        yield coded.number(Identifier("doi", doi.name))


def _titles(source: _Source) -> _Fields:
    """Yield 245, the original's title (240), translations (242), variants (246), and those in other scripts (880)."""
    item = source.item
    main, own = item.title, item.languages[0] if item.languages else ""
    uniform = _uniform(item)
    yield title_field(main, "1" if _main_entry(item) else "0")
    for title in item.titles[1:]:
        if title == uniform:
            yield _field("240", f"1{nonfiling(title)}", *title_parts(title.value))
        elif title.kind != "other" and (title.kind or (title.language and title.language != own)):
            told = ("y", fixed.language_code(title.language) if title.language else "")
            yield _field("242", f"1{nonfiling(title)}", *title_parts(title.value), told)
        elif title.language and script(title.value) != script(main.value):
            yield _field("880", "3 ", ("6", f"246-00/{script(title.value)}"), *title_parts(title.value))
        else:
            yield _field("246", "3 ", *title_parts(title.value))


def _main_entry(item: Item) -> Agent | None:
    first = next(iter(item.contributions), None)
    return first.agent if first and first.role in _MAIN else None


def _people(source: _Source) -> _Fields:
    """Yield 100 and 110 for who comes first as its creator, 700 and 710 for all others."""
    roles: dict[Agent, list[str]] = {}
    for one in source.item.contributions:
        if not _stands_in_264(one):
            roles.setdefault(one.agent, []).append(one.role)
    main = _main_entry(source.item)
    for agent, codes in roles.items():
        tag = ("1" if agent == main else "7") + ("00" if agent.kind == "person" else "10")
        inverted = "1" if "," in agent.name else "0"
        terms = [TERMS[code] for code in codes if code in TERMS and source.cataloguing in ("", "en")]
        yield _field(
            tag,
            f"{inverted if agent.kind == 'person' else '2'} ",
            ("a", _before(agent.name, terms)),
            *(("e", term) for term in terms),
            *(("4", code) for code in codes),
            *(coded.authority(one) for one in agent.identifiers),
        )


def _before(name: str, terms: list[str]) -> str:
    """Put the comma that ISBD has between a name and a relator term."""
    return f"{name}," if terms and name[-1:] not in ("-", ",") else name


def _stands_in_264(contribution: Contribution) -> bool:
    """Say whether a contribution is a publisher's statement: an organisation, and no more known of it."""
    agent = contribution.agent
    return contribution.role in _MADE_BY and agent.kind == "organisation" and not agent.identifiers


def _published(source: _Source) -> _Fields:
    """Yield 250, 264 with the date in the first of publication, 300, 33X, and 490."""
    item, date = source.item, fixed.date_written(source.item)
    yield _field("250", "  ", ("a", item.edition))
    for role, second in _MADE_BY.items():
        names = [one.agent.name for one in item.contributions if one.role == role and _stands_in_264(one)]
        places, year = (item.places, date) if role == "pbl" else ((), "")
        yield _field("264", f" {second}", *_statement(places, names, year)) if names or places or year else None
    content, code = _CONTENT.get(item.type, ("text", "txt"))
    yield _field("336", "  ", ("a", content), ("b", code), ("2", "rdacontent"))
    if item.files:
        yield _field("337", "  ", ("a", "computer"), ("b", "c"), ("2", "rdamedia"))
        yield _field("338", "  ", ("a", "online resource"), ("b", "cr"), ("2", "rdacarrier"))
    yield _field("300", "  ", ("a", item.extent or _counted(item)))
    for one in item.series:
        sign = " ;" if one.number and one.title and not one.issn else ""
        yield _field("490", "0 ", ("a", one.title + sign), ("x", one.issn), ("v", one.number))


def _counted(item: Item) -> str:
    """Return the extent as the number of pages tells it."""
    pages = f"{item.page_count} pages" if item.page_count > 1 else "1 page" if item.page_count else ""
    if item.files:
        return f"1 online resource ({pages})" if pages else "1 online resource"
    return pages


def _statement(places: Sequence[str], names: Sequence[str], date: str) -> Iterator[tuple[str, str]]:
    """Put ISBD's punctuation between places, publishers and the date."""
    for number, place in enumerate(places, 1):
        yield "a", f"{place} ;" if number < len(places) else f"{place} :" if names else f"{place}," if date else place
    for number, name in enumerate(names, 1):
        yield "b", f"{name} :" if number < len(names) else f"{name}," if date else name
    yield "c", date


def _covered(source: _Source) -> _Fields:
    """Yield 034 for boxes, 043 for countries, and 045 or 648 for periods."""
    item = source.item
    yield from map(coded.area, item.boxes)
    yield _field("043", "  ", *(("c", code) for code in item.countries))
    yield from (coded.period(date.value) for date in item.dates if date.kind == "covered")


def _notes(source: _Source) -> _Fields:
    """Yield 500, 506, 520, 522 and 540."""
    item = source.item
    for text in item.notes:
        yield _field("500", "  ", ("a", text.value))
    if item.access or item.embargo:
        closed = "0" if item.access == "open" else "1"
        yield _field("506", f"{closed} ", ("a", _ACCESSES.get(item.access, "")), ("g", item.embargo))
    for text in item.descriptions:
        yield _field("520", "  ", ("a", text.value))
    for text in item.rights:
        tag = "506" if _ACCESS.fullmatch(text.value.strip()) else "540"
        found = _LINK.fullmatch(text.value.strip())
        yield (
            _field(tag, "  ", ("a", found[1] or ""), ("u", found[2])) if found else _field(tag, "  ", ("a", text.value))
        )
    for place in item.coverage:
        if place not in item.keywords:
            yield _field("522", "  ", ("a", place.value))


def _subjects(source: _Source) -> _Fields:
    """Yield 651, 653 and 655."""
    item = source.item
    for keyword in item.keywords:
        tag, indicators = ("651", " 4") if keyword in item.coverage else ("653", "  ")
        yield _field(tag, indicators, ("a", keyword.value))
    kind = TYPES.get(item.type, TYPES["other"])
    yield _field("655", " 7", ("a", kind.label(source.cataloguing)), ("0", kind.coar), ("2", "local"))


def _concepts(source: _Source) -> _Fields:
    """Yield 650, with the URIs of the concepts."""
    for uri in source.item.concepts:
        yield _heading(uri, source)


def _heading(uri: str, source: _Source) -> Field | None:
    concept = source.vocabulary.concepts.get(uri)
    label = concept.label(source.cataloguing or "en").value if concept else uri
    uri = concept.uri if concept else uri
    bare = uri.partition("://")[2]
    thesaurus = next((code for code, place in _THESAURI if bare.startswith(place)), "local")
    return _field("650", " 7", ("a", label), ("0", uri), ("2", thesaurus))


def _relations(source: _Source) -> _Fields:
    """Yield 765, 773, 775, 776 and 780, which tie to other items of the library."""
    for relation in source.item.relations:
        tag, indicators = _RELATIONS[relation.kind]
        number = f"({source.agency.namespace}){relation.target}"
        address = f"{source.agency.base_url}/item/{relation.target}"
        yield _field(
            tag,
            indicators,
            ("i", VERSION_LABEL if tag == "775" else ""),
            ("t", source.agency.related.get(relation.target, "")),
            ("o", address),
            ("w", number),
        )


def _address(source: _Source) -> _Fields:
    """Yield 856: the DOI, else the landing page."""
    item = source.item
    resolves = item.doi is not None and item.doi.state in _RESOLVING
    landing = f"{source.agency.base_url}/item/{item.id}"
    yield _field("856", "40", ("u", doi_address(item.doi.name) if item.doi and resolves else landing))


def _links(source: _Source) -> _Fields:
    """Yield 856 for the addresses that the item came with."""
    for one in source.item.identifiers:
        yield _field("856", "40", ("u", one.value)) if one.scheme == "url" else None


_OWN = (_concepts, _relations, _address, _doi)
_DESCRIBED = (_numbers, _languages, _covered, _titles, _people, _published, _notes, _subjects, _links)
