"""Identifiers of persons and organisations: their forms, their check characters, the addresses they resolve at."""

import re
from collections.abc import Callable, Mapping

from metadata import standard_numbers as numbers
from metadata.model import Identifier


def _form(pattern: str) -> Callable[[str], str]:
    found = re.compile(pattern, re.IGNORECASE)
    return lambda text: match[1] if (match := found.fullmatch(text.strip())) else ""


_READERS: Mapping[str, Callable[[str], str]] = {
    "orcid": numbers.orcid,
    "ror": numbers.ror,
    "isni": lambda text: numbers.isni(re.sub(r"^https?://(?:www\.)?isni\.org/(?:isni/)?", "", text.strip())),
    "viaf": _form(r"(?:https?://(?:www\.)?viaf\.org/(?:[a-z]{2}/)?viaf/)?(\d{1,22})"),
    "wikidata": lambda text: _form(r"(?:https?://(?:www\.)?wikidata\.org/(?:wiki|entity)/)?(Q[1-9]\d{0,11})")(
        text
    ).upper(),
    "lcnaf": lambda text: _form(r"(?:https?://id\.loc\.gov/authorities/names/)?(n[a-z]?\d{8,10})(?:\.html)?")(
        text.replace(" ", "")
    ),
    "gnd": _form(r"(?:https?://d-nb\.info/gnd/)?(\d{1,10}-?[\dX])"),
    "idref": _form(r"(?:https?://(?:www\.)?idref\.fr/)?(\d{8}[\dX])(?:/id)?"),
    "bnf": _form(r"(?:https?://(?:data|catalogue)\.bnf\.fr/(?:ark:/12148/)?)?((?:cb)?\d{8}[0-9a-z]?)"),
}
SCHEMES = tuple(_READERS)
"""The schemes whose numbers tell agents apart, the surest first; of one that bears several the first is its own."""

_ADDRESSES = {
    "orcid": "https://orcid.org/{}",
    "ror": "https://ror.org/{}",
    "isni": "https://isni.org/isni/{}",
    "viaf": "https://viaf.org/viaf/{}",
    "wikidata": "https://www.wikidata.org/entity/{}",
    "lcnaf": "https://id.loc.gov/authorities/names/{}",
    "gnd": "https://d-nb.info/gnd/{}",
    "idref": "https://www.idref.fr/{}",
    "bnf": "https://data.bnf.fr/ark:/12148/{}",
}
_HOSTS = {
    "orcid.org": "orcid",
    "ror.org": "ror",
    "isni.org": "isni",
    "viaf.org": "viaf",
    "wikidata.org": "wikidata",
    "id.loc.gov": "lcnaf",
    "d-nb.info": "gnd",
    "idref.fr": "idref",
    "bnf.fr": "bnf",
}
_WRITTEN = re.compile(r"\s*([A-Za-z-]{3,12})(?:\s*[:=]\s*(?!//)|\s+(?=\d{4}[ -]?\d{4}[ -]?\d{4}))(.{1,200})")
_HOST = re.compile(r"(https?://)?(?:[a-z]{1,12}\.)??([a-z.-]{5,20})/", re.IGNORECASE)
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")  # what typesetting makes of a hyphen


def checked(identifier: Identifier) -> Identifier | None:
    """Return an identifier in its normal form; None where its check character is wrong, or its form is.

    ORCID and ISNI are checked by ISO 7064 MOD 11-2, ROR by MOD 97-10; the others have no check here. An
    identifier of another scheme is none of an agent. An address may lack its beginning (``orcid.org/…``), and have
    a slash, a query or a fragment at its end.
    """
    reader = _READERS.get(identifier.scheme)
    value = reader(_plain(identifier.value)) if reader else ""
    return Identifier(identifier.scheme, value) if value else None


def tells_agents(identifier: Identifier) -> bool:
    """Say whether an identifier is of a scheme whose numbers tell agents apart, be it right or wrong."""
    return identifier.scheme in _READERS


def read(text: str) -> Identifier | None:
    """Return the identifier of ``orcid:0000-0002-1825-0097`` or of an address; None where it is none, or wrong."""
    text = text.translate(_HYPHENS)
    told = scheme_of(text)
    if not told:
        return None
    found = _WRITTEN.fullmatch(text)
    value = found[2] if found and found[1].lower() == told else text
    return checked(Identifier(told, value.strip()))


def scheme_of(text: str) -> str:
    """Return the scheme that a text claims to be an identifier of, ``""`` for none: then it is a name."""
    if host := _HOST.match(text.strip()):
        name = host[2].lower()
        return next((scheme for end, scheme in _HOSTS.items() if name == end or name.endswith(f".{end}")), "")
    found = _WRITTEN.fullmatch(text.translate(_HYPHENS))
    return found[1].lower() if found and found[1].lower() in _READERS else ""


def address(identifier: Identifier) -> str:
    """Return the address at which an identifier resolves, ``""`` where its scheme has none."""
    pattern = _ADDRESSES.get(identifier.scheme, "")
    return pattern.format(identifier.value) if pattern else ""


def _plain(text: str) -> str:
    """Return an identifier with hyphens, and an address whole and without what comes after its path."""
    text = text.strip().translate(_HYPHENS)
    if not (host := _HOST.match(text)):
        return text
    path = re.split(r"[?#]", text, maxsplit=1)[0].rstrip("/")
    return path if host[1] else f"https://{path}"
