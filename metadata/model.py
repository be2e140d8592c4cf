"""The central types. Names are the field's own; all are frozen values.

Languages are BCP 47 tags (``en``, ``fr``, ``es``), ``""`` where unknown. Dates are EDTF
level 0 strings (``1987``, ``1987-05``, ``1987-05-04``, ``1987/1989``). Digests are
lower-case hexadecimal. Instants are RFC 3339 in UTC with microseconds, ending in ``Z``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["person", "organisation"]
TitleKind = Literal["", "other", "translated"]
DateKind = Literal["created", "issued", "covered"]
RelationKind = Literal["isTranslationOf", "isPartOf", "replaces", "isFormatOf", "isVersionOf"]
FileRole = Literal["original", "access", "pages"]
Status = Literal["published", "withdrawn", "held"]
DoiState = Literal["reserved", "draft", "findable", "registered", "external"]
Access = Literal["", "open", "embargoed", "restricted", "metadata-only"]
Method = Literal["text-layer", "ocr", "blank", "unread"]


@dataclass(frozen=True, slots=True)
class Text:
    """A string and the BCP 47 tag of its language (``""``: not known).

    ``kind`` is for titles. The first of an item is its main title and needs none; ``other`` is a
    variant, uniform or former title or the same in another script, ``translated`` a translation
    made by a cataloguer, not found on the publication. ``""`` after the first: not known which.
    """

    value: str
    language: str = ""
    kind: TitleKind = ""


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name given by some scheme: ``isbn``, ``issn``, ``doi``, ``url``, ``orcid``, ``control-number`` and the like."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class Agent:
    """A person or an organisation, named as the catalogue names it (``Family, Given``)."""

    name: str
    kind: Kind
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Contribution:
    """An agent's part in an item; ``role`` is a MARC relator code (``aut``, ``edt``, ``pbl`` …)."""

    agent: Agent
    role: str


@dataclass(frozen=True, slots=True)
class Concept:
    """A SKOS concept. Its ``uri`` is what items store; labels are only for showing.

    ``notes`` say what it means (definitions and scope notes). ``exact_matches``, ``close_matches`` and
    ``replaced_by`` are URIs of other concepts, of this vocabulary or of others.
    """

    uri: str
    labels: tuple[Text, ...] = ()
    alternatives: tuple[Text, ...] = ()
    broader: tuple[str, ...] = ()
    notation: str = ""
    scheme: str = ""
    notes: tuple[Text, ...] = ()
    exact_matches: tuple[str, ...] = ()
    close_matches: tuple[str, ...] = ()
    replaced_by: tuple[str, ...] = ()
    deprecated: bool = False

    def label(self, language: str) -> Text:
        """Return the preferred label in ``language``, else English, else any, else the URI itself."""
        by_language = {text.language: text for text in self.labels}
        fallback = next(iter(self.labels), Text(self.uri))
        return by_language.get(language) or by_language.get("en") or fallback


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the Earth's surface that an item covers, in decimal degrees (WGS 84).

    Longitudes lie within ±180, east and north positive, latitudes within ±90; ``south`` is not
    above ``north``. A box whose ``west`` is east of its ``east`` crosses the antimeridian.
    """

    west: float
    south: float
    east: float
    north: float

    @property
    def on_earth(self) -> bool:
        """Whether the edges are degrees of longitude and latitude, the south not above the north."""
        return abs(self.west) <= 180 and abs(self.east) <= 180 and -90 <= self.south <= self.north <= 90


@dataclass(frozen=True, slots=True)
class Date:
    """A date of the item, in EDTF; ``covered`` is the time the content speaks of."""

    value: str
    kind: DateKind = "issued"


@dataclass(frozen=True, slots=True)
class Relation:
    """A tie to another item of this library; ``target`` is its item id."""

    kind: RelationKind
    target: str


@dataclass(frozen=True, slots=True)
class Series:
    """A series the item is part of, and its place there: ``number`` as printed, ``issn`` of the series."""

    title: str
    number: str = ""
    issn: str = ""


@dataclass(frozen=True, slots=True)
class Doi:
    """The item's DOI (``10.x/suffix``); ``external`` when another agency's member gave it."""

    name: str
    state: DoiState


@dataclass(frozen=True, slots=True)
class File:
    """A file of the item. ``path`` is its logical path in the OCFL object; ``name`` is as received.

    ``puid`` is its format in the PRONOM registry (``fmt/95``), ``""`` where it is not known.
    ``fixity`` holds other digests that came with it, algorithm and hexadecimal: ``md5``, ``sha256``.
    """

    path: str
    role: FileRole
    media_type: str
    size: int
    sha512: str
    name: str = ""
    puid: str = ""
    fixity: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record was harvested: what OAI-PMH's guidelines call an origin description.

    ``base_url`` and ``repository`` (its name) say from whom; ``identifier``, ``datestamp`` and
    ``namespace`` (of the metadata's form) are what the record had there. ``harvested_at`` is the day
    or the instant (UTC) of the harvest, after which the record was ``altered``, or given on as it was.
    """

    base_url: str
    identifier: str
    datestamp: str
    namespace: str
    harvested_at: str
    repository: str = ""
    altered: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """OAI-PMH's word: the thing with an identifier.

    ``source`` names what it was made from: the path as given at ingest, with ``#n`` for the
    nth record of a file. ``submission`` is the sha512 of what was submitted, from which
    ``id`` is derived (:mod:`metadata.ids`). ``concepts`` holds URIs; what matched no concept
    stays in ``keywords``. Places covered are in words (``coverage``), as codes of ISO 3166-1 or
    ISO 3166-2 (``countries``: ``FR``, ``US-CA``) and as ``boxes``. ``edition``, ``extent`` and
    ``places`` (of publication) are as printed.
    ``access`` is ``""`` where nothing is said of it; ``embargo`` is the date (EDTF) that it ends.
    An item that is ``held`` waits for approval and has never been public; ``status`` is never that again once it is.
    ``origins`` are those of a record that another repository keeps: the first is its home as it was
    harvested here, the others are those that this one had it from.
    """

    id: str = ""
    titles: tuple[Text, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    dates: tuple[Date, ...] = ()
    languages: tuple[str, ...] = ()
    type: str = "other"
    concepts: tuple[str, ...] = ()
    keywords: tuple[Text, ...] = ()
    descriptions: tuple[Text, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    doi: Doi | None = None
    relations: tuple[Relation, ...] = ()
    coverage: tuple[Text, ...] = ()
    countries: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    rights: tuple[Text, ...] = ()
    access: Access = ""
    embargo: str = ""
    places: tuple[str, ...] = ()
    edition: str = ""
    extent: str = ""
    series: tuple[Series, ...] = ()
    notes: tuple[Text, ...] = ()
    collections: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    page_count: int = 0
    status: Status = "published"
    reason: str = ""
    source: str = ""
    submission: str = ""
    accession: str = ""
    origins: tuple[Origin, ...] = ()

    @property
    def title(self) -> Text:
        """The main title, or an empty text."""
        return self.titles[0] if self.titles else Text("")

    @property
    def year(self) -> int | None:
        """The year of issue (else of creation), or None where no date says it."""
        dated = sorted((d for d in self.dates if d.kind != "covered"), key=lambda d: d.kind != "issued")
        years = (date.value[:4] for date in dated)
        return next((int(year) for year in years if year.isascii() and year.isdigit()), None)

    def files_as(self, role: FileRole) -> Iterator[File]:
        """Yield the files that play ``role``, in order."""
        return (file for file in self.files if file.role == role)


@dataclass(frozen=True, slots=True)
class Word:
    """A word on a page; ``box`` is left, top, right, bottom in the page's own pixels."""

    text: str
    box: tuple[int, int, int, int]
    confidence: float = 100.0


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is shown, upright.

    ``width`` and ``height`` are pixels at ``dpi``; pages with a text layer are measured at
    300 dpi. ``text`` is what the words say, line by line. ``confidence`` is 0–100, the mean
    over words. ``rotation`` is what was turned, in degrees clockwise, to make it upright.
    """

    number: int
    width: int
    height: int
    text: str = ""
    language: str = ""
    confidence: float = 0.0
    method: Method = "unread"
    dpi: int = 300
    rotation: int = 0
    words: tuple[Word, ...] = ()
