"""Who made what a MARC 21 record describes: persons and organisations with their roles and identifiers.

Specification: MARC 21 Bibliographic, fields 1XX, 700-720, 260 and 264; MARC Code List for
Relators. Meetings (111, 711) are organisations.
"""

import re
from collections.abc import Iterator

from metadata import relators
from metadata import standard_numbers as numbers
from metadata.description import Remarks
from metadata.marc_record import Field
from metadata.marc_source import Source
from metadata.marc_text import joined, trim, unbracketed
from metadata.model import Agent, Contribution, Identifier, Kind

NAMES: dict[str, tuple[Kind, str, str]] = {
    # tag: kind of agent, subfields of the name, subfield of the relator term
    "100": ("person", "abc", "e"),
    "110": ("organisation", "abn", "e"),
    "111": ("organisation", "andce", "j"),
    "700": ("person", "abc", "e"),
    "710": ("organisation", "abn", "e"),
    "711": ("organisation", "andce", "j"),
    "720": ("organisation", "a", "e"),
}
_MADE_BY = {" ": "pbl", "0": "pro", "1": "pbl", "2": "dst", "3": "mfr"}
_NAMELESS = re.compile(
    r"[\[\s]*(?:s\.? ?[nl]\.?|(?:(?:publisher|distributor|producer|manufacturer) not identified"
    r"|(?:éditeur|diffuseur|distributeur|producteur) non identifié"
    r"|(?:editor|editorial|distribuidor) no identificad[oa]))[\]\s.]*",
    re.IGNORECASE,
)
_LONGEST_TERM = 101
# What names an agency in $0 and $1: its code in parentheses, or its host.
_AGENCIES = {
    **dict.fromkeys(("orcid", "orcid.org"), "orcid"),
    **dict.fromkeys(("isni", "isni.org"), "isni"),
    **dict.fromkeys(("viaf", "viaf.org"), "viaf"),
    **dict.fromkeys(("ror", "ror.org"), "ror"),
    **dict.fromkeys(("wikidata", "wikidata.org"), "wikidata"),
    **dict.fromkeys(("de-588", "gnd", "d-nb.info"), "gnd"),
    **dict.fromkeys(("dlc", "lcnaf", "id.loc.gov"), "lcnaf"),
    **dict.fromkeys(("idref", "idref.fr"), "idref"),
    **dict.fromkeys(("frbnf", "fr-bnf", "bnf", "catalogue.bnf.fr", "data.bnf.fr"), "bnf"),
}
_AGENCY = re.compile(r"\(([^()]{2,12})\)|https?://(?:www\.)?([a-z.-]{5,20})/", re.IGNORECASE)
_FORMS = {
    "orcid": re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]"),
    "isni": re.compile(r"[\d ]{15,18}[\dX]"),
    "viaf": re.compile(r"\d{1,22}"),
    "ror": re.compile(r"0[a-z0-9]{8}"),
    "wikidata": re.compile(r"Q\d{1,12}"),
    "gnd": re.compile(r"\d{1,10}-?[\dX]"),
    "lcnaf": re.compile(r"n[a-z]?\d{8,10}"),
    "idref": re.compile(r"\d{8}[\dX]"),
    "bnf": re.compile(r"(?:cb)?\d{8}[0-9a-z]?"),
}


def contributions(source: Source) -> Iterator[Contribution]:
    """Yield each agent in each of its roles; without a role the main entry is the author, others contribute."""
    fields = source.record.fields
    for tag, (kind, codes, term) in NAMES.items():
        for field in fields.get(tag, ()):
            if not (name := joined(field, codes)):
                continue
            personal = tag == "720" and field.indicators[:1] == "1"
            agent = Agent(name, "person" if personal else kind, _identifiers(field, source.remarks))
            for role in _roles(field, term, source.remarks) or ("aut" if tag[0] == "1" else "ctb",):
                yield Contribution(agent, role)


def publishers(source: Source) -> Iterator[Contribution]:
    """Yield those whom 264 and 260 name as publishers, producers, distributors and manufacturers."""
    for field in source.record.each("264", "260"):
        role = _MADE_BY.get(field.indicators[1:], "") if field.tag == "264" else "pbl"
        for code, value in field.subfields if role else ():
            if code == "b" and (name := unbracketed(trim(value))) and not _NAMELESS.fullmatch(name):
                yield Contribution(Agent(name, "organisation"), role)


def _roles(field: Field, term: str, remarks: Remarks) -> tuple[str, ...]:
    """Return the relator codes of a name: by its codes or their URIs ($4), else by its terms."""
    coded, named, unknown = [], [], []
    for code, value in field.subfields:
        if code == "4":
            if role := relators.from_code(value):
                coded.append(role)
            else:
                unknown.append((code, value))
        elif code == term:
            if role := relators.from_term(value[:_LONGEST_TERM]):
                named.append(role)
            else:
                unknown.append((code, trim(value)))
    if not coded:
        for code, value in unknown:
            remarks.unknown(f"{field.tag}${code}", value)
    return tuple(dict.fromkeys(coded or named))


def _identifiers(field: Field, remarks: Remarks) -> tuple[Identifier, ...]:
    """Return what $0 and $1 say of the agent; an ORCID or ISNI with a wrong check digit is remarked on."""
    found = []
    for code, value in field.subfields:
        if code in "01" and (made := authority_number(value)):
            if made.scheme in ("orcid", "isni") and not numbers.isni(made.value):
                remarks.wrong_number(f"{field.tag}${code}", value, made.scheme)
            else:
                found.append(made)
    return tuple(dict.fromkeys(found))


def authority_number(text: str) -> Identifier | None:
    """Return the number of an agent that ``(agency)number`` or an address gives, in its form; check digits apart."""
    if agency := _AGENCY.match(text):
        scheme = _AGENCIES.get((agency[1] or agency[2]).lower(), "")
        if scheme and (number := _number(scheme, text[agency.end() :])):
            return Identifier(scheme, number)
    return None


def _number(scheme: str, text: str) -> str:
    """Return the agency's number at the end of a text or an address, ``""`` where it has not the right form."""
    last = text.strip(" /").rpartition("/")[2].partition("#")[0]
    number = last.replace(" ", "") if scheme == "lcnaf" else last
    return number if _FORMS[scheme].fullmatch(number) else ""
