"""Facts of items as words: in the reader's language, and saying so where they are not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from archive.clock import SECOND
from metadata import languages
from metadata.collection import Collections, description_of, title_of
from metadata.formats import format_of
from metadata.model import Agent, Doi, Item, Text
from metadata.relators import CREATORS, STAND_INS, TERMS
from metadata.standard_numbers import doi_address as doi_address_of
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary
from web.dates import shown
from web.i18n import N_, locale, messages

ROLES = {
    "act": N_("actor"),
    "adp": N_("adapter"),
    "aft": N_("author of afterword"),
    "ann": N_("annotator"),
    "arc": N_("architect"),
    "arr": N_("arranger"),
    "art": N_("artist"),
    "aui": N_("author of introduction"),
    "aut": N_("author"),
    "cmp": N_("composer"),
    "cnd": N_("conductor"),
    "col": N_("collector"),
    "com": N_("compiler"),
    "cre": N_("creator"),
    "ctb": N_("contributor"),
    "ctg": N_("cartographer"),
    "cur": N_("curator"),
    "dgg": N_("degree-granting institution"),
    "dnr": N_("donor"),
    "drt": N_("director"),
    "dst": N_("distributor"),
    "dte": N_("dedicatee"),
    "edc": N_("editor of compilation"),
    "edt": N_("editor"),
    "egr": N_("engraver"),
    "fmd": N_("film director"),
    "fmo": N_("former owner"),
    "fnd": N_("funder"),
    "his": N_("host institution"),
    "ill": N_("illustrator"),
    "isb": N_("issuing body"),
    "ive": N_("interviewee"),
    "ivr": N_("interviewer"),
    "lbt": N_("librettist"),
    "lyr": N_("lyricist"),
    "mfr": N_("manufacturer"),
    "nrt": N_("narrator"),
    "org": N_("originator"),
    "orm": N_("organiser"),
    "oth": N_("other part"),
    "pbl": N_("publisher"),
    "pht": N_("photographer"),
    "prf": N_("performer"),
    "prg": N_("programmer"),
    "pro": N_("producer"),
    "prt": N_("printer"),
    "res": N_("researcher"),
    "rev": N_("reviewer"),
    "sng": N_("singer"),
    "spk": N_("speaker"),
    "spn": N_("sponsor"),
    "swd": N_("software developer"),
    "ths": N_("thesis supervisor"),
    "trl": N_("translator"),
    "win": N_("writer of introduction"),
    "wpr": N_("writer of preface"),
}
FACETS = {
    "language": N_("Language"),
    "type": N_("Type"),
    "decade": N_("Decade"),
    "year": N_("Year"),
    "subject": N_("Subject"),
    "collection": N_("Collection"),
    "agent": N_("Person or organisation"),
    "access": N_("Access"),
    "online": N_("Online"),
    "repository": N_("Repository"),
    "format": N_("Format"),
}
ACCESS = {
    "open": N_("Open"),
    "embargoed": N_("Under embargo"),
    "restricted": N_("Restricted"),
    "metadata-only": N_("Description only"),
}
ONLINE = {"yes": N_("To be read here"), "no": N_("Catalogue record only")}
METHODS = {
    "text-layer": N_("The text comes from the document itself."),
    "ocr": N_("The text was read from the page’s image by a program (OCR) and may contain errors."),
    "blank": N_("The page is blank."),
    "unread": N_("The text of this page could not be read."),
}
SCHEMES = {
    "isbn": "ISBN",
    "issn": "ISSN",
    "doi": "DOI",
    "orcid": "ORCID",
    "ror": "ROR",
    "isni": "ISNI",
    "viaf": "VIAF",
    "wikidata": "Wikidata",
    "lcnaf": "LCNAF",
    "gnd": "GND",
    "idref": "IdRef",
    "bnf": "BnF",
    "ismn": "ISMN",
    "isrc": "ISRC",
    "sici": "SICI",
    "lccn": "LCCN",
    "ean": "EAN",
    "upc": "UPC",
    "urn": "URN",
    "control-number": N_("Control number"),
    "report-number": N_("Report number"),
    "publisher-number": N_("Publisher’s number"),
    "stock-number": N_("Stock number"),
    "local": N_("Other number"),
    "url": N_("Web address"),
}
FORMATS = {
    "application/pdf": "PDF",
    "image/tiff": "TIFF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/jp2": "JPEG 2000",
    "application/marc": "MARC 21",
    "application/marcxml+xml": "MARCXML",
    "text/csv": "CSV",
    "text/plain": N_("plain text"),
}
_RESOLVING = frozenset(("findable", "registered", "external"))
_UNITS = ((10**9, "gigabyte"), (10**6, "megabyte"), (10**3, "kilobyte"))


def creators(item: Item) -> Sequence[Agent]:
    """Return who made the item: authors and the like, else editors and issuing bodies, else nobody."""
    for roles in (CREATORS, STAND_INS):
        if found := [part.agent for part in item.contributions if part.role in roles]:
            return list(dict.fromkeys(found))
    return ()


def publishers(item: Item) -> Sequence[Agent]:
    """Return who published the item."""
    return [part.agent for part in item.contributions if part.role == "pbl"]


def web_address(value: str) -> str:
    """Return ``value`` where it is an http(s) address as a whole, else ``""``."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    plain = not any(character.isspace() for character in value)
    return value if plain and parts.scheme in ("http", "https") and parts.netloc else ""


def doi_address(doi: Doi) -> str:
    """Return the address a DOI resolves at, ``""`` while it is only reserved."""
    return doi_address_of(doi.name) if doi.state in _RESOLVING else ""


@lru_cache(maxsize=8192)  # a page of results has some forty
def _number(count: int, language: str) -> str:
    return format_decimal(count, locale=locale(language))


@dataclass(frozen=True, slots=True)
class Labels:
    """Words in one interface language."""

    language: str
    vocabulary: Vocabulary
    collections: Collections = field(default_factory=dict, hash=False)

    def text(self, message: str) -> str:
        """Translate a message that was marked with ``N_``."""
        return messages(self.language).gettext(message)

    def kind(self, code: str) -> str:
        """Name a publication type."""
        return TYPES[code].label(self.language) if code in TYPES else code

    def tongue(self, tag: str) -> str:
        """Name a language (BCP 47) with a capital, as it stands alone."""
        name = languages.name(tag, self.language)
        return name[:1].upper() + name[1:]

    def concept(self, uri: str) -> Text:
        """Return the label of a concept and its language; a concept nobody knows is its URI."""
        found = self.vocabulary.concepts.get(uri)
        return found.label(self.language) if found else Text(uri)

    def current(self, uri: str) -> str:
        """Return the concept that counts in place of one that was replaced; else the same."""
        return self.vocabulary.current(uri)

    def collection(self, name: str) -> Text:
        """Return what a collection is called; its language is ``""`` where that is its id."""
        return title_of(self.collections, name, self.language)

    def collection_holds(self, name: str) -> Text | None:
        """Return what a collection holds, None where nobody has said so."""
        return description_of(self.collections, name, self.language)

    def role(self, code: str) -> str:
        """Name the part somebody had (a MARC relator code); a rare one has its English term."""
        return self.text(ROLES[code]) if code in ROLES else TERMS.get(code, self.text(ROLES["ctb"]))

    def facet(self, name: str) -> str:
        """Name a facet."""
        return self.text(FACETS[name])

    def value(self, facet: str, value: str) -> Text:
        """Name a facet's value; its language is ``""`` where it is nobody's in particular."""
        if facet == "subject":
            return self.concept(value)
        if facet == "collection":
            return self.collection(value)
        named: dict[str, Callable[[str], str]] = {
            "language": self.tongue,
            "type": self.kind,
            "format": self.file_format,
            "decade": self.decade,
            "access": lambda code: self.text(ACCESS.get(code, code)),
            "online": lambda code: self.text(ONLINE.get(code, code)),
        }
        return Text(named[facet](value), self.language) if facet in named else Text(value)

    def decade(self, year: str) -> str:
        """Name the ten years that begin with ``year``."""
        return self.text(N_("%(decade)ss")) % {"decade": year}

    def method(self, code: str) -> str:
        """Say how a page was read."""
        return self.text(METHODS[code])

    def scheme(self, code: str) -> str:
        """Name an identifier's scheme."""
        return self.text(SCHEMES[code]) if code in SCHEMES else code

    def file_format(self, puid: str) -> str:
        """Name a file format by its PUID."""
        return format_of(puid).label(self.language)

    def format(self, media_type: str) -> str:
        """Name a file format by its media type."""
        known = FORMATS.get(media_type)
        return self.text(known) if known else media_type.rpartition("/")[2].upper()

    def size(self, count: int) -> str:
        """Say how large ``count`` bytes are, in decimal units."""
        step, unit = next((found for found in _UNITS if count >= found[0]), (1, "byte"))
        amount = round(count / step, 1 if step > 1 and count < 100 * step else 0)
        return format_unit(
            amount, f"digital-{unit}", "long" if unit == "byte" else "short", locale=locale(self.language)
        )

    def number(self, count: int) -> str:
        """Write a whole number."""
        return _number(count, self.language)

    def percent(self, hundredths: float) -> str:
        """Write a percentage, 100 being all."""
        return format_percent(round(hundredths) / 100, locale=locale(self.language))

    def date(self, edtf: str) -> str:
        """Write an EDTF date."""
        return shown(edtf, self.language)

    def day(self, change: int) -> str:
        """Write the day of a change number (:mod:`archive.clock`), in UTC."""
        return format_date(datetime.fromtimestamp(change // SECOND, UTC), "long", locale=locale(self.language))
