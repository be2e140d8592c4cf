"""Whether single values of an item are what they say they are: dates, numbers, addresses, places, rights.

The same values come again and again, so the verdicts are kept, a bounded number of them.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global

from metadata import licences
from metadata import standard_numbers as numbers

EARLIEST = 1400
_NUMBERS: dict[str, Callable[[str], str]] = {
    "isbn": numbers.isbn,
    "issn": numbers.issn,
    "ismn": numbers.ismn,
    "doi": numbers.doi,
    "orcid": numbers.orcid,
    "isni": numbers.isni,
    "ror": numbers.ror,
}
# EDTF levels 0 and 1 (ISO 8601-2:2019, section 4), as far as catalogues use them.
_DAY = (
    r"\d{4}(?:-(?:0[1-9]|1[0-2]|2[1-4])(?:-(?:0[1-9]|[12]\d|3[01]))?)?[?~%]?"
    r"|(?:\d{2}XX|\d{3}X)[?~%]?|\d{4}-XX(?:-XX)?|\d{4}-\d\d-XX"
)
_EDTF = re.compile(rf"(?:{_DAY})(?:/(?:{_DAY}|\.\.)?)?|(?:\.\.)?/(?:{_DAY})")
_WHOLE_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_BEGINS = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_ADDRESS = re.compile(
    r"https?://(?P<user>[^\s/@]*@)?(?P<host>\[[^\]\s]+\]|[^\s/:?#@]+)(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE
)
_HOST = re.compile(r"\[[0-9a-f:.]+\]|[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*\.?", re.IGNORECASE)
_ANY_ADDRESS = re.compile(r"[a-z]+://\S*$|javascript:", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]{2,3}|\d{3}|[A-Z]{2}-[A-Z0-9]{1,3}")
_NO_PLACES = frozenset(("ZZ", "XA", "XB"))  # of CLDR: unknown, and two for trials
_LONGEST_ADDRESS = 2000
_LONGEST_KEPT = 400  # characters; longer values do not come twice, and would fill the memory


@lru_cache(maxsize=4096)
def is_edtf(value: str) -> bool:
    """Say whether a date is EDTF, level 0 or 1, of days that the calendar has, ending no earlier than it begins."""
    sound = bool(_EDTF.fullmatch(value)) and all(map(_exists, _WHOLE_DAY.findall(value)))
    first, _, last = value.partition("/")
    return sound and not (first[:4].isdigit() and last[:4].isdigit() and first[:4] > last[:4])


def _exists(parts: tuple[str, str, str]) -> bool:
    try:
        date(*map(int, parts))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=8192)
def date_fault(value: str, kind: str, today: date) -> str:
    """Return the code of the problem with a date of this kind, ``""`` where there is none."""
    if not is_edtf(value):
        return "date-malformed"
    if kind == "covered" or not value[:4].isdigit():
        return ""
    early = kind == "issued" and int(value[:4]) < EARLIEST
    return "date-implausible" if early or _later(value, today) else ""


def _later(value: str, today: date) -> bool:
    """Say whether a date begins after ``today``, compared as far as it goes."""
    begins = _BEGINS.match(value)
    return begins is not None and begins[0] > today.isoformat()[: len(begins[0])]


def is_number(scheme: str, value: str) -> bool:
    """Say whether a number has the form and the check character of its scheme; any has where the scheme has none."""
    made = _NUMBERS.get(scheme)
    return made is None or bool(made(value))


def address_fault(text: str) -> str:
    """Return what is wrong with a web address, ``""`` where nothing is."""
    scheme = text.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        return "it begins with neither http:// nor https://"
    found = _ADDRESS.fullmatch(text) if len(text) <= _LONGEST_ADDRESS else None
    if not found:
        return "it is no whole address, is too long or has blanks in it"
    if found["user"]:
        return "it holds a user's name or password"
    if not _HOST.fullmatch(found["host"]) or ("." not in found["host"] and ":" not in found["host"]):
        return f"{found['host']} is no name of a computer on the internet"
    return ""


def is_unknown_place(value: str) -> bool:
    """Say whether a value is a code of a country or region that ISO 3166, ISO 3166-2 and UN M49 do not have."""
    return len(value) <= len("FR-IDF") and _is_unknown_code(value)


@lru_cache(maxsize=4096)
def _is_unknown_code(value: str) -> bool:
    if not _CODE.fullmatch(value):
        return False
    country = value.partition("-")[0]
    return country not in _territories() and country not in get_global("territory_aliases")


@cache
def _territories() -> frozenset[str]:
    return frozenset(Locale("en").territories) - _NO_PLACES


def rights_fault(value: str) -> tuple[str, str]:
    """Return the code of the problem with a statement of rights and its reason, ``""`` both where there is none."""
    return _rights_fault(value) if len(value) <= _LONGEST_KEPT else _rights_fault.__wrapped__(value)


@lru_cache(maxsize=1024)
def _rights_fault(value: str) -> tuple[str, str]:
    if licences.malformed(value):
        return "licence-malformed", ""
    reason = address_fault(value) if _ANY_ADDRESS.match(value) else ""
    return ("address-wrong", reason) if reason else ("", "")
