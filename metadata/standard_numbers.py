"""Identifiers with a form to check: ISBN (ISO 2108), ISSN (ISO 3297), ISNI (ISO 27729), DOI (ISO 26324), URL.

Each function takes what a catalogue has and returns the normal form, or ``""`` when it is
none: wrong length, wrong check digit, illegal characters.
"""

import re

_DOI = re.compile(
    r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*|info:doi/)?(10\.\d{4,9}/[^\s\x00-\x20\"]{1,400})", re.IGNORECASE
)
_ISBN = re.compile(r"[\dxX-]{10,17}")
_ISSN = re.compile(r"(\d{4})-?(\d{3}[\dxX])")
_URL = re.compile(r"(?:https?|ftps?)://[^\s/\"<>\\]+[^\s\"<>]*", re.IGNORECASE)


def isbn(text: str) -> str:
    """Return an ISBN without hyphens, as 10 or 13 characters; words after it are passed over."""
    found = _ISBN.search(text.replace("-", ""))
    digits = found[0].upper() if found else ""
    if len(digits) == 10 and "X" not in digits[:9]:
        return digits if sum((10 - at) * _value(c) for at, c in enumerate(digits)) % 11 == 0 else ""
    if len(digits) == 13 and digits.isdigit() and digits[:3] in ("978", "979"):
        return digits if sum(int(c) * (3 if at % 2 else 1) for at, c in enumerate(digits)) % 10 == 0 else ""
    return ""


def issn(text: str) -> str:
    """Return an ISSN as ``NNNN-NNNN``."""
    found = _ISSN.search(text)
    if not found:
        return ""
    digits = (found[1] + found[2]).upper()
    total = sum((8 - at) * _value(c) for at, c in enumerate(digits))
    return f"{digits[:4]}-{digits[4:]}" if total % 11 == 0 else ""


def doi(text: str) -> str:
    """Return a DOI name in lower case (DOI names are case-insensitive), without resolver or ``doi:``."""
    found = _DOI.fullmatch(text.strip())
    return found[1].lower() if found else ""


def isni(text: str) -> str:
    """Return an ORCID or ISNI as sixteen characters without hyphens (ISO 7064, MOD 11-2)."""
    digits = re.sub(r"[\s-]", "", text).upper()
    if not re.fullmatch(r"\d{15}[\dX]", digits):
        return ""
    total = 0
    for digit in digits[:15]:
        total = (total + int(digit)) * 2
    return digits if (12 - total % 11) % 11 == _value(digits[15]) else ""


def url(text: str) -> str:
    """Return a web address (http, https, ftp); never one that a browser would run."""
    found = _URL.fullmatch(text.strip())
    return found[0] if found and len(found[0]) <= 2000 else ""


def _value(character: str) -> int:
    return 10 if character == "X" else int(character)
