"""Rights in the words of others: licences by URI and SPDX identifier, access rights by COAR.

SPDX License List (https://spdx.org/licenses/), Creative Commons deeds, and COAR Access
Rights 1.0 (http://purl.org/coar/access_right/). A licence that is not recognised keeps its
wording and gets no identifier.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from metadata.model import Access, Item

SPDX = "https://spdx.org/licenses/"
COAR_ACCESS = "http://purl.org/coar/access_right/"

_COAR: dict[Access, tuple[str, str]] = {
    "open": ("c_abf2", "open access"),
    "embargoed": ("c_f1cf", "embargoed access"),
    "restricted": ("c_16ec", "restricted access"),
    "metadata-only": ("c_14cb", "metadata only access"),
}
ACCESS_TERMS: Mapping[str, str] = {
    "": "",
    "open": "info:eu-repo/semantics/openAccess",
    "embargoed": "info:eu-repo/semantics/embargoedAccess",
    "restricted": "info:eu-repo/semantics/restrictedAccess",
    "metadata-only": f"{COAR_ACCESS}c_14cb",
}
"""What Dublin Core and MODS say of access: OpenAIRE's terms, COAR's where it has none; ``""`` where nothing is said."""

_CLOSED = frozenset({"embargoed", "restricted", "metadata-only"})
_KINDS = ("by", "by-nc", "by-nd", "by-sa", "by-nc-nd", "by-nc-sa")
_VERSIONS = ("1.0", "2.0", "2.5", "3.0", "4.0")
_FOR_IGOS = ("by", "by-sa", "by-nc-nd", "by-nc-sa")  # those of version 3.0 that SPDX lists
_URI = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_DEED = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?:licenses/([a-z-]{2,8})|publicdomain/(zero|mark))/(\d\.\d)(?:/([a-z]{2,3}))?",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\bCC[ -]?(BY(?:[ -](?:NC|ND|SA)){0,2})[ -](\d\.\d)(?:[ -](?:(IGO)\b|International|Unported))?", re.IGNORECASE
)
_ZERO = re.compile(r"\bCC[ -]?(?:0|Zero)\b(?: ?1\.0)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Licence:
    """What a statement of rights says: its wording, the licence's URI, its SPDX identifier; ``""`` where none."""

    name: str
    uri: str = ""
    spdx: str = ""


@dataclass(frozen=True, slots=True)
class AccessRight:
    """A term of COAR Access Rights: its code (``c_abf2``) and English label."""

    code: str
    label: str

    @property
    def uri(self) -> str:
        """Its URI."""
        return COAR_ACCESS + self.code


@lru_cache(maxsize=1024)
def licence(statement: str) -> Licence:
    """Return what ``statement`` says: a licence's URI or short name (``CC BY-SA 4.0``), alone or in a sentence.

    The wording stays as it is; a URI that stands alone and is recognised gets the licence's short name.
    """
    if deed := _DEED.search(statement):
        made = _creative(_kind(deed[1], deed[2]), deed[3], (deed[4] or "").lower())
    elif named := _NAMED.search(statement):
        made = _creative(named[1].lower().replace(" ", "-"), named[2], (named[3] or "").lower())
    elif _ZERO.search(statement):
        made = _creative("zero", "1.0", "")
    else:
        found = _URI.search(statement)
        return Licence(statement, found[0].rstrip(".,;)") if found else "")
    alone = _URI.fullmatch(statement.strip()) is not None
    return Licence(made.name if alone else statement, made.uri, made.spdx)


def access_right(item: Item) -> AccessRight:
    """Return the item's access right; where nothing is said, what has files is open, what has none is metadata only."""
    access = item.access or ("open" if any(file.role != "pages" for file in item.files) else "metadata-only")
    return AccessRight(*_COAR[access])


def is_open(item: Item) -> bool:
    """Say whether nothing is known to keep readers from the files, on whatever day: what records are made by."""
    return item.access not in _CLOSED


def is_readable(item: Item, today: date) -> bool:
    """Say whether the files and pages of an item are for everybody on a day (UTC).

    What nothing is said of is. From the day on which an embargo ends they are.
    """
    if item.access == "embargoed":
        return has_ended(item.embargo, today)
    return is_open(item)


def has_ended(embargo: str, today: date) -> bool:
    """Say whether an embargo that ends on ``embargo`` (EDTF) is over on a day.

    One that ends in a month, a year or a span of time ends with it, and one of which no end is said has none.
    """
    ends, now = embargo.rpartition("/")[2][:10], today.isoformat()
    return ends[:1].isdigit() and (ends < now[: len(ends)] or ends == now)


def _kind(licence: str | None, dedication: str | None) -> str:
    return (licence or dedication or "").lower()


def _creative(kind: str, version: str, port: str) -> Licence:
    """Return a Creative Commons licence, ``port`` its jurisdiction (``fr``, ``igo``); SPDX lists few of the ported."""
    if kind in ("zero", "mark"):
        spdx = {"zero": "CC0-1.0", "mark": "CC-PDM-1.0"}[kind] if version == "1.0" else ""
        name = f"CC0 {version}" if kind == "zero" else f"Public Domain Mark {version}"
        return Licence(name, f"https://creativecommons.org/publicdomain/{kind}/{version}/", spdx)
    name = f"CC {kind.upper()} {version}" + (f" {port.upper()}" if port else "")
    uri = f"https://creativecommons.org/licenses/{kind}/{version}/" + (f"{port}/" if port else "")
    known = kind in _KINDS and version in _VERSIONS
    listed = kind in _FOR_IGOS and version == "3.0" if port == "igo" else known and not port
    return Licence(name, uri, f"CC-{kind.upper()}-{version}" + ("-IGO" if port else "") if listed else "")
