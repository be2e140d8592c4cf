"""Dates as catalogues write them, turned into EDTF (ISO 8601-2, Extended Date/Time Format).

What a cataloguer doubted stays doubted: ``[1987?]`` becomes ``1987?``, ``ca. 1900`` becomes
``1900~``, ``[198-]`` becomes ``198X`` (level 1). All else is level 0: ``1987``,
``1987-05``, ``1987-05-04``, ``1987/1989``. What cannot be read gives ``""``.
"""

import re
import unicodedata
from datetime import date

_MONTHS = {
    **dict.fromkeys(("january", "jan", "janvier", "janv", "enero", "ene"), 1),
    **dict.fromkeys(("february", "feb", "fevrier", "fevr", "febrero"), 2),
    **dict.fromkeys(("march", "mar", "mars", "marzo"), 3),
    **dict.fromkeys(("april", "apr", "avril", "avr", "abril", "abr"), 4),
    **dict.fromkeys(("may", "mai", "mayo"), 5),
    **dict.fromkeys(("june", "jun", "juin", "junio"), 6),
    **dict.fromkeys(("july", "jul", "juillet", "juil", "julio"), 7),
    **dict.fromkeys(("august", "aug", "aout", "agosto", "ago"), 8),
    **dict.fromkeys(("september", "sept", "sep", "septembre", "septiembre", "setiembre"), 9),
    **dict.fromkeys(("october", "oct", "octobre", "octubre"), 10),
    **dict.fromkeys(("november", "nov", "novembre", "noviembre"), 11),
    **dict.fromkeys(("december", "dec", "decembre", "diciembre", "dic"), 12),
}
_LONGEST = 200  # no date is longer; what is would only cost time
_BEFORE_CHRIST = re.compile(r"\d\]? ?(?:b\.? ?(?:c|p)\b|bce\b|av\.? ?j|a\. ?c\.)")  # or before the present
_LATER = r"(?:1\d{3}|20\d\d)(?!\d)"
_YEAR = rf"(?<![\d-]){_LATER}"
_CIRCA = re.compile(r"\b(?:ca?|circa|about|approximately|vers|env(?:iron)?|hacia|alrededor de)\b\.? ?(?=\[?\d)")
_PLAIN = re.compile(r"\W*(?:[cp]|cop\.?|dl|©|℗)?\s*((?:1\d|20)\d\d)[.\],;]*")
_ISO = re.compile(r"(?<!\d)((?:1\d|20)\d\d)-(\d\d)(?:-(\d\d))?(?!\d)")
_ISO_INTERVAL = re.compile(r"\s*([\d-]{4,10})/([\d-]{4,10})\s*")
_INTERVAL = re.compile(rf"({_YEAR})(\??)\]? ?[-–—/] ?\[?(?:[cp©])?({_LATER})(\??)")
_SHORT_INTERVAL = re.compile(rf"({_YEAR})[-–—/](\d\d)(?![\d-])")
_BETWEEN = re.compile(rf"(?:between|entre)\D{{0,9}}({_YEAR})\D{{1,9}}({_YEAR})|({_YEAR}) (?:or|ou|o) ({_YEAR})")
_OPEN = re.compile(rf"({_YEAR})\]? ?[-–—]\W*$")
_DECADE = re.compile(r"(?<!\d)(1\d|20)(\d[-–?_xu]|[-–_xu]{2})(?![\d])", re.IGNORECASE)
_CORRECTED = re.compile(rf"(?:\bi\. ?e\.|\d ?\[),? ?({_LATER})")
_DAY_MONTH = re.compile(
    r"(?:(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|o|º)?\.?,? (?:de )?)?([a-z]{3,10})\.?,? (?:del? )?(\d{4})"
)
_MONTH_DAY = re.compile(r"([a-z]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_SLASHED = re.compile(r"\W*(\d{1,2})[./-](\d{1,2})[./-]((?:1\d|20)\d\d)\W*")


def from_text(text: str) -> str:
    """Return the EDTF date that ``text`` states (``c1989.``, ``[1987?]``, ``12 mai 1987``), else ``""``.

    A slashed date whose day and month cannot be told apart gives its year alone; of years before
    Christ none is given.
    """
    text = text[:_LONGEST].strip()
    if plain := _PLAIN.fullmatch(text):
        return plain[1]
    folded = _fold(text)
    if _BEFORE_CHRIST.search(folded):
        return ""
    for reader in (_interval, _exact, _named_day, _slashed, _year):
        if found := reader(folded):
            return found
    return ""


def from_008(field: str) -> str:
    """Return the EDTF date of publication in a MARC 21 field 008, positions 06-14, else ``""``."""
    kind, first, second = field[6:7], _coded(field[7:11]), _coded(field[11:15])
    if not first or kind in "bn|":
        return ""
    if kind in "cu" and (second in ("", "9999") or field[11:15] == "uuuu"):
        return f"{first}/.."
    if kind == "q":
        return f"{first}?/{second}?" if "X" not in first + second and first < second else f"{first}?"
    if kind in "dikm" and second not in ("", "9999") and "X" not in first + second and first < second:
        return f"{first}/{second}"
    if kind == "e" and (detailed := _day(first, field[11:13], field[13:15])):
        return detailed
    return first


def is_ambiguous(text: str) -> bool:
    """Say whether day and month of a slashed date could be either way round (``05/06/1987``)."""
    found = _SLASHED.fullmatch(text[:_LONGEST])
    return found is not None and found[1] != found[2] and max(int(found[1]), int(found[2])) <= 12


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _coded(digits: str) -> str:
    """Read four positions of 008, where ``u`` stands for a digit not known."""
    written = digits.replace("u", "X")
    return written if re.fullmatch(r"\d{1,4}X{0,3}", written) and len(written) == 4 and written != "0000" else ""


def _interval(text: str) -> str:
    if (iso := _ISO_INTERVAL.fullmatch(text)) and (ends := [_whole(part) for part in iso.groups()]) and all(ends):
        return "/".join(ends) if ends[0] <= ends[1] else ""
    if found := _BETWEEN.search(text):
        first, second = (year for year in found.groups() if year)
        return f"{first}?/{second}?"
    if found := _INTERVAL.search(text):
        first, doubt, second, doubt_too = found.groups()
        return f"{first}{doubt}/{second}{doubt_too}" if first < second else ""
    if (found := _SHORT_INTERVAL.search(text)) and int(found[2]) > 12 and found[1][2:] < found[2]:
        return f"{found[1]}/{found[1][:2]}{found[2]}"
    if found := _OPEN.search(text):
        return f"{found[1]}/.."
    return ""


def _whole(text: str) -> str:
    parts = text.split("-")
    if len(parts) == 1:
        return text if re.fullmatch(r"\d{4}", text) else ""
    return _day(parts[0], parts[1], parts[2] if len(parts) > 2 else "") if len(parts) <= 3 else ""


def _exact(text: str) -> str:
    found = _ISO.search(text)
    return _day(found[1], found[2], found[3] or "") if found else ""


def _named_day(text: str) -> str:
    if (found := _MONTH_DAY.search(text)) and found[1] in _MONTHS:
        return _day(found[3], str(_MONTHS[found[1]]), found[2])
    if (found := _DAY_MONTH.search(text)) and found[2] in _MONTHS:
        return _day(found[3], str(_MONTHS[found[2]]), found[1] or "")
    return ""


def _slashed(text: str) -> str:
    found = _SLASHED.fullmatch(text)
    if not found:
        return ""
    if is_ambiguous(text):
        return found[3]
    return _day(found[3], found[2], found[1]) or _day(found[3], found[1], found[2])


def _day(year: str, month: str, day: str) -> str:
    """Put a date together, or return ``""`` where the calendar has no such day."""
    try:
        whole = date(int(year), int(month), int(day or 1))
    except ValueError:
        return ""
    return whole.isoformat() if day else whole.isoformat()[:7]


def _year(text: str) -> str:
    if found := _CORRECTED.search(text):
        return found[1]
    if found := re.search(_YEAR, text):
        doubted = text[found.end() : found.end() + 2].lstrip("]").startswith("?")
        return found[0] + ("~" if _CIRCA.search(text) else "?" if doubted else "")
    if found := _DECADE.search(text):
        return found[1] + re.sub(r"\D", "X", found[2])
    return ""
