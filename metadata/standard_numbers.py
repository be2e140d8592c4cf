"""Identifiers with a form to check: ISBN, ISSN, ISMN, ISNI, ORCID, ROR, DOI, URL.

ISO 2108, 3297, 10957, 27729 and 26324, and the checks that orcid.org and ror.org describe.
Each function takes what a catalogue has and returns the normal form, or ``""`` when it is
none: wrong length, wrong check digit, illegal characters.
"""

import re
from urllib.parse import quote, unquote

_DOI = re.compile(
    r"(?:(?:urn:)?doi(?:\s*:\s*|\s+)|info:doi/)?"
    r"(10\.\d{4,9}(?:\.\d{1,9}){0,3}/[^\s\x00-\x20\"]{0,399}[^\s\x00-\x20\".,;])[.,;]*(?:\s+[(\[].*)?",
    re.IGNORECASE,
)
_RESOLVER = re.compile(
    r"(?:doi:\s*|(?<![^\s<]))(?:https?://)?(?:www\.|dx\.)?doi\.org/(?:doi:\s*)?(?=10\.)", re.IGNORECASE
)
_QUOTED_SLASH = re.compile(r"(10\.[\d.]+)%2F", re.IGNORECASE)
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))  # what copying from a page brings along
_IN_ADDRESSES = "/:;()._-"
_ISBN = re.compile(r"[\dxX-]{10,17}")
_ISSN = re.compile(r"(\d{4})-?(\d{3}[\dxX])")
_ROR = re.compile(r"(?:https?://ror\.org/|ror:\s*)?(0[a-hj-km-np-tv-z0-9]{6}\d\d)")
_BASE_32 = "0123456789abcdefghjkmnpqrstvwxyz"
_AMOUNT = re.compile(r"(\d{4,13})[.,]0+|(\d)(?:[.,](\d{1,17}))?E\+?(\d\d?)", re.IGNORECASE)
_LENGTHS = {"isbn": (8, 10), "issn": (4, 8)}  # zeros at the beginning go lost; the shortest left, and the whole
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


def isbn_forms(number: str) -> tuple[str, ...]:
    """Return an ISBN, as :func:`isbn` writes it, in thirteen characters and, where it has that form, in ten."""
    core = number[3:12] if len(number) == 13 else number[:9]
    if not (core.isascii() and core.isdigit() and (len(number) == 10 or number.startswith("978"))):
        return (number,)
    long = sum(int(c) * (3 if at % 2 else 1) for at, c in enumerate("978" + core))
    short = sum((10 - at) * int(c) for at, c in enumerate(core))
    return f"978{core}{-long % 10}", core + "0123456789X"[-short % 11]


def issn(text: str) -> str:
    """Return an ISSN as ``NNNN-NNNN``."""
    found = _ISSN.search(text)
    if not found:
        return ""
    digits = (found[1] + found[2]).upper()
    total = sum((8 - at) * _value(c) for at, c in enumerate(digits))
    return f"{digits[:4]}-{digits[4:]}" if total % 11 == 0 else ""


def doi(text: str) -> str:
    """Return a DOI name in lower case (DOI names are case-insensitive), without resolver or ``doi:``.

    What an address has for its sake, ``%3C`` for ``<``, is undone (DOI Handbook, 3.8.2); a name of which the first
    slash is quoted was taken from one. A full stop, comma or semicolon at the end, and words in brackets after it,
    are the catalogue's.
    """
    text = text.strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    name, resolved = _RESOLVER.subn("", text.translate(_UNSEEN), 1)
    found = _DOI.fullmatch(unquote(name) if resolved or _QUOTED_SLASH.search(name) else name)
    return found[1].lower() if found else ""


def doi_address(name: str) -> str:
    """Return the address at which a DOI resolves, with the characters quoted that an address cannot have."""
    return f"https://doi.org/{quote(name, safe=_IN_ADDRESSES, errors='replace')}"


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


def ismn(text: str) -> str:
    """Return an ISMN (ISO 10957) as 13 digits; the older form with M gives the same."""
    digits = re.sub(r"[\s-]", "", text).upper()
    digits = "9790" + digits[1:] if re.fullmatch(r"M\d{9}", digits) else digits
    return digits if digits.startswith("9790") and isbn(digits) == digits else ""


def orcid(text: str) -> str:
    """Return an ORCID iD as ``NNNN-NNNN-NNNN-NNNX``, without its resolver."""
    digits = isni(re.sub(r"^https?://(?:www\.)?orcid\.org/|^orcid:\s*", "", text.strip(), flags=re.IGNORECASE))
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4)) if digits else ""


def ror(text: str) -> str:
    """Return the nine characters of a ROR ID, without its resolver (ISO 7064, MOD 97-10, over base 32)."""
    found = _ROR.fullmatch(text.strip().lower())
    if not found:
        return ""
    number = 0
    for character in found[1][1:7]:
        number = number * 32 + _BASE_32.index(character)
    return found[1] if 98 - number * 100 % 97 == int(found[1][7:]) else ""


def is_amount(text: str) -> bool:
    """Say whether a spreadsheet made an amount of a number: ``9.78E+12``, ``9780786808772.0``."""
    return _AMOUNT.fullmatch(text.strip()) is not None


def from_amount(text: str, scheme: str) -> str:
    """Return the digits of a number that a spreadsheet took for an amount, else ``""``.

    Zeros that stood before an ISBN-10 or ISSN are put back; digits that were rounded away
    are not. Only the check digit proves the result.
    """
    digits = text.strip()
    if found := _AMOUNT.fullmatch(digits):
        digits = found[1] if found[1] else _written_out(found[2], found[3] or "", int(found[4]))
    fewest, most = _LENGTHS.get(scheme, (1, 0))
    whole = re.fullmatch(r"\d+[\dX]", digits, re.IGNORECASE) and fewest <= len(digits)
    return digits.zfill(most) if whole else ""


def _written_out(before: str, after: str, power: int) -> str:
    """Return all digits of a number with an exponent; ``""`` where more than a final zero is not there."""
    return (before + after).ljust(power + 1, "0") if 0 <= power - len(after) <= 1 else ""


def _value(character: str) -> int:
    return 10 if character == "X" else int(character)
