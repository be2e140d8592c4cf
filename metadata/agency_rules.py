"""What the agencies' schemas allow, as far as a document of Canoe's can offend against it, told before it is sent.

DataCite Metadata Schema 4.6 and Crossref deposit schema 5.3.1. The schemas themselves are not shipped, for their
licence is not stated; the tests hold these rules against them, with documents that are spoilt on purpose.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

_LONGEST = 80  # characters of a value that is shown


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CROSSREF_LANGUAGES = _words(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee "
    "el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is "
    "it iu ja jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mu mi mk ml mn mr ms "
    "mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk "
    "sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi "
    "yo za zh "
)
"""The codes that the deposit schema has for languages: not all of ISO 639-1."""


@dataclass(frozen=True, slots=True)
class _Text:
    """What a text may be: its least and greatest number of characters, and its form."""

    most: int = 0
    form: str = r"(?s).*"
    least: int = 1


@dataclass(frozen=True, slots=True)
class _Rules:
    """A schema's rules: the roots, what an element must hold (one of several joined by ``|``), texts, attributes.

    ``required`` are attributes. The elements of ``once`` may hold no child twice. What is of another namespace
    is looked at only where that is one of ``others``.
    """

    namespace: str
    roots: frozenset[str]
    needed: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, _Text]
    values: Mapping[str, frozenset[str]]
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    once: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


def datacite_fault(document: bytes) -> str:
    """Return what kernel 4.6 does not allow in a document, ``""`` where nothing is known to be amiss."""
    return _fault(document, _DATACITE)


def crossref_fault(document: bytes) -> str:
    """Return what the deposit schema 5.3.1 does not allow in what stands in a deposit's body, ``""`` for nothing.

    The body's one element comes without its namespace, which the deposit around it declares.
    """
    return _fault(document, _CROSSREF)


def _fault(document: bytes, rules: _Rules) -> str:
    try:
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as fault:
        return f"it is no XML: {fault}"
    name = etree.QName(root)
    if name.localname not in rules.roots or (name.namespace or "") != rules.namespace:
        return f"{name.localname} is no record of this agency's"
    return next(_faults(root, rules), "")


def _faults(root: etree._Element, rules: _Rules) -> Iterator[str]:
    for element in root.iter(etree.Element):
        name = etree.QName(element)
        if (name.namespace or "") in (rules.namespace, *rules.others):
            yield from _lacks(element, name.localname, rules)
            yield from _text_fault(element.text or "", name.localname, rules)
            yield from _attribute_faults(element, name.localname, rules)


def _lacks(element: etree._Element, name: str, rules: _Rules) -> Iterator[str]:
    held = [etree.QName(one).localname for one in element.iterchildren(etree.Element)]
    for wanted in rules.needed.get(name, ()):
        if not set(wanted.split("|")) & set(held):
            yield f"{name} has no {wanted.replace('|', ', no ')}"
    if name in rules.once and len(set(held)) < len(held):
        yield f"{name} has {next(one for one in held if held.count(one) > 1)} twice"


def _text_fault(text: str, name: str, rules: _Rules) -> Iterator[str]:
    rule = rules.texts.get(name)
    if rule is None:
        return
    if len(text) < rule.least:
        yield f"{name} is empty" if not text else f"{name} has fewer than {rule.least} characters"
    elif rule.most and len(text) > rule.most:
        yield f"{name} has {len(text)} characters, {rule.most} are allowed"
    elif not re.fullmatch(rule.form, text):
        yield f"{name} cannot be {_shown(text)}"


def _attribute_faults(element: etree._Element, name: str, rules: _Rules) -> Iterator[str]:
    for wanted in rules.required.get(name, ()):
        if wanted not in element.attrib:
            yield f"{name} has no {wanted}"
    for attribute, value in element.attrib.items():
        allowed = rules.values.get(str(attribute))
        if allowed is not None and value not in allowed:
            yield f"{attribute} cannot be {_shown(str(value))}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


_RELATED = _words(
    "ARK arXiv bibcode CSTR DOI EAN13 EISSN Handle IGSN ISBN ISSN ISTC LISSN LSID PMID PURL RRID UPC URL URN w3id"
)
_KINDS = _words(
    "Audiovisual Award Book BookChapter Collection ComputationalNotebook ConferencePaper ConferenceProceeding "
    "DataPaper Dataset Dissertation Event Image Instrument InteractiveResource Journal JournalArticle Model "
    "OutputManagementPlan PeerReview PhysicalObject Preprint Project Report Service Software Sound Standard "
    "StudyRegistration Text Workflow Other "
)
_SOME = _Text(form=r"(?s).*\S.*")
_DATACITE = _Rules(
    "http://datacite.org/schema/kernel-4",
    frozenset({"resource"}),
    {
        "resource": ("identifier", "creators", "titles", "publisher", "publicationYear", "resourceType"),
        "creators": ("creator",),
        "creator": ("creatorName",),
        "titles": ("title",),
        "contributor": ("contributorName",),
        "relatedItem": ("titles",),
        "geoLocationBox": (
            "westBoundLongitude", "eastBoundLongitude", "southBoundLatitude", "northBoundLatitude",
        ),
    },
    {
        "identifier": _SOME,
        "creatorName": _SOME,
        "title": _SOME,
        "publisher": _SOME,
        "contributorName": _SOME,
        "publicationYear": _Text(form=r"\d{4}"),
        "language": _Text(form=r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"),
        "westBoundLongitude": _Text(form=r"[+-]?(180(\.0*)?|(1[0-7]\d|\d{1,2})(\.\d*)?)"),
        "eastBoundLongitude": _Text(form=r"[+-]?(180(\.0*)?|(1[0-7]\d|\d{1,2})(\.\d*)?)"),
        "southBoundLatitude": _Text(form=r"[+-]?(90(\.0*)?|[1-8]?\d(\.\d*)?)"),
        "northBoundLatitude": _Text(form=r"[+-]?(90(\.0*)?|[1-8]?\d(\.\d*)?)"),
    },
    {
        "nameType": _words("Organizational Personal"),
        "titleType": _words("AlternativeTitle Subtitle TranslatedTitle Other"),
        "dateType": _words(
            "Accepted Available Collected Copyrighted Coverage Created Issued Other Submitted Updated Valid Withdrawn"
        ),
        "descriptionType": _words("Abstract Methods SeriesInformation TableOfContents TechnicalInfo Other"),
        "contributorType": _words(
            "ContactPerson DataCollector DataCurator DataManager Distributor Editor HostingInstitution Other Producer "
            "ProjectLeader ProjectManager ProjectMember RegistrationAgency RegistrationAuthority RelatedPerson "
            "ResearchGroup RightsHolder Researcher Sponsor Supervisor Translator WorkPackageLeader"
        ),
        "relatedIdentifierType": _RELATED,
        "relatedItemIdentifierType": _RELATED,
        "relationType": _words(
            "IsCitedBy Cites IsSupplementTo IsSupplementedBy IsContinuedBy Continues IsNewVersionOf "
            "IsPreviousVersionOf IsPartOf HasPart IsPublishedIn IsReferencedBy References IsDocumentedBy "
            "Documents IsCompiledBy Compiles IsVariantFormOf IsOriginalFormOf IsIdenticalTo HasMetadata "
            "IsMetadataFor Reviews IsReviewedBy IsDerivedFrom IsSourceOf Describes IsDescribedBy HasVersion "
            "IsVersionOf Requires IsRequiredBy Obsoletes IsObsoletedBy Collects IsCollectedBy HasTranslation "
            "IsTranslationOf "
        ),
        "resourceTypeGeneral": _KINDS,
        "relatedItemType": _KINDS,
    },
    {
        "identifier": ("identifierType",),
        "resourceType": ("resourceTypeGeneral",),
        "contributor": ("contributorType",),
        "date": ("dateType",),
        "description": ("descriptionType",),
        "relatedIdentifier": ("relatedIdentifierType", "relationType"),
        "alternateIdentifier": ("alternateIdentifierType",),
        "nameIdentifier": ("nameIdentifierScheme",),
        "relatedItem": ("relatedItemType", "relationType"),
    },
    frozenset({"resource"}),
)  # fmt: skip
_METADATA = ("titles", "publication_date", "doi_data")
_NAME = _Text(60, r"(?s)[^\d?]*[^?\s]+[^\d]*")
_CROSSREF = _Rules(
    "",
    frozenset({"book", "report-paper", "dissertation", "journal"}),
    {
        "book": ("book_metadata",),
        "book_metadata": (*_METADATA, "publisher", "isbn|noisbn"),
        "report-paper": ("report-paper_metadata",),
        "report-paper_metadata": _METADATA,
        "dissertation": ("contributors|person_name", "titles", "approval_date", "institution", "doi_data"),
        "journal": ("journal_metadata", "journal_article"),
        "journal_metadata": ("full_title",),
        "journal_article": _METADATA,
        "titles": ("title",),
        "publication_date": ("year",),
        "approval_date": ("year",),
        "publisher": ("publisher_name",),
        "institution": ("institution_name",),
        "person_name": ("surname",),
        "doi_data": ("doi", "resource"),
        "contributors": ("person_name|organization|anonymous",),
        "related_item": ("inter_work_relation|intra_work_relation",),
    },
    {
        "title": _SOME,
        "full_title": _Text(255),
        "publisher_name": _Text(255),
        "institution_name": _Text(1024),
        "surname": _NAME,
        "given_name": _NAME,
        "organization": _Text(511),
        "year": _Text(form=r"1[4-9]\d\d|2[01]\d\d|2200"),
        "month": _Text(form=r"0?[1-9]|1[0-2]|2[1-4]|3[1-4]"),
        "day": _Text(form=r"0?[1-9]|[12]\d|3[01]"),
        "isbn": _Text(17, r"(97[89]-)?\d[\d \-]+[\dX]", 10),
        "issn": _Text(9, r"\d{4}-?\d{3}[\dX]", 8),
        "ORCID": _Text(37, r"https?://orcid\.org/\d{4}-\d{4}-\d{4}-\d{3}[X0-9]"),
        "doi": _Text(2048, r"10\.\d{4,9}/.{1,200}", 6),
        "resource": _Text(2048, r"(?i)(https?|ftp)://.*"),
    },
    {
        "sequence": _words("first additional"),
        "book_type": _words("edited_book monograph reference other"),
        "language": CROSSREF_LANGUAGES,
        "name": _words("relations"),
        "identifier-type": _words("doi issn isbn uri"),
        "relationship-type": _words(
            "isTranslationOf hasTranslation isVersionOf hasVersion isFormatOf hasFormat replaces isReplacedBy isPartOf "
            "hasPart continues isContinuedBy"
        ),
        "contributor_role": _words(
            "author editor chair reviewer review-assistant stats-reviewer reviewer-external reader translator"
        ),
    },
    {
        "book": ("book_type",),
        "person_name": ("sequence", "contributor_role"),
        "organization": ("sequence", "contributor_role"),
        "inter_work_relation": ("relationship-type", "identifier-type"),
        "intra_work_relation": ("relationship-type", "identifier-type"),
    },
    others=frozenset({"http://www.crossref.org/relations.xsd"}),
)
