"""Numbers of a spreadsheet as the cell shows them: number formats, and dates held as counts of days.

Specification: ECMA-376 Part 1 (5th edition), 18.8.30 (number formats and their built-in
numbers) and 18.17.4.1 (dates: days since 1899-12-30 or 1904-01-01).
"""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

GENERAL = "General"
_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    17: "mmm-yy",
    **dict.fromkeys((14, 15, 22, *range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"),
    16: "yyyy-mm-dd",
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47), "h:mm"),
}
_NUMBER = re.compile(r"-?\d{1,400}(?:\.\d{1,400})?(?:[Ee][+-]?\d{1,3})?")
# What a section of a format is made of: quoted text, an escaped or a stretched character, a
# condition or colour in brackets, or one character.
_PIECE = re.compile(r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[(?P<bracketed>[^\]]*)\]|(?P<plain>.)', re.DOTALL)
_DATE = re.compile(r"[ymdhs]", re.IGNORECASE)
_DIGITS = "0#?"
_LONGEST_FORMAT = 255
_DAYS = 2_958_465  # 9999-12-31
_MOST_DECIMALS = 30
_PRECISION = Context(prec=15, rounding=ROUND_HALF_UP)  # spreadsheets show no more
_WIDE = Context(prec=400)


def built_in(number: int) -> str:
    """Return the format that has a number and no code; :data:`GENERAL` for what is not known."""
    return _BUILT_IN.get(number, GENERAL)


def is_date(code: str) -> bool:
    """Say whether a format shows a date or a time of day."""
    return bool(_DATE.search(_letters(code)))


def date_shown(written: str, code: str, since_1904: bool) -> str:
    """Return a count of days as an EDTF date of the precision that ``code`` shows, else ``""``.

    A format that shows no day, month and year but only hours gives the time of day, ``14:05``.
    """
    if not _NUMBER.fullmatch(written) or not 0 <= (days := float(written)) <= _DAYS:
        return ""
    shown = _letters(code)
    if since_1904:
        day = datetime(1904, 1, 1) + timedelta(days)
    else:
        # 1900 is counted as a leap year: its days up to 28 February stand one later than they are.
        day = datetime(1899, 12, 30) + timedelta(days + (days < 60))
    if not re.search("[yd]", shown):
        return f"{day:%H:%M}" if re.search("[hs]", shown) or days < 1 else f"{day:%Y-%m}"
    return day.date().isoformat()[: 10 if "d" in shown else 7 if "m" in shown else 4]


def number_shown(written: str, code: str) -> str:
    """Return a number as text, as its cell shows it; never with an exponent, and thousands not parted.

    ``written`` is the number as the file holds it. Of a format that cannot be told, the number alone is shown.
    """
    if not _NUMBER.fullmatch(written) or abs(float(written)) > 1e300:
        return written
    value = _PRECISION.create_decimal(written)
    section = code[:_LONGEST_FORMAT].partition(";")[0]
    pieces = _pieces(section)
    marks = "".join(mark for mark, literal in pieces if not literal)
    if value < 0 or not re.search(r"[0#?]", marks) or re.search(r"[Ee/@]|General", marks):
        return _plain(value)
    if "%" in marks:
        value *= 100
    return _filled(value, pieces, marks)


def _pieces(section: str) -> list[tuple[str, bool]]:
    """Return the characters of a section in order, and of each whether it is shown as it stands."""
    pieces: list[tuple[str, bool]] = []
    for found in _PIECE.finditer(section):
        if (text := found["quoted"] or found["escaped"]) is not None:
            pieces.append((text, True))
        elif plain := found["plain"]:
            pieces.append((plain, plain not in "0#?.,%Ee/@General"))
    return pieces


def _letters(code: str) -> str:
    """Return a format's own letters in lower case, without quoted text, colours and conditions."""
    if code == GENERAL:
        return ""
    found = _PIECE.finditer(code[:_LONGEST_FORMAT].partition(";")[0])
    return "".join(one["plain"] or _elapsed(one["bracketed"]) for one in found).lower()


def _elapsed(bracketed: str | None) -> str:
    """Return the letters of elapsed time (``[h]``); other brackets hold a colour, a place or a condition."""
    return bracketed if bracketed and re.fullmatch("[hms]+", bracketed, re.IGNORECASE) else ""


def _plain(value: Decimal) -> str:
    """Return a number without exponent and final zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _filled(value: Decimal, pieces: list[tuple[str, bool]], marks: str) -> str:
    before, _, after = marks.partition(".")
    most = min(sum(mark in _DIGITS for mark in after), _MOST_DECIMALS)
    least = min(after.count("0"), most)
    whole, _, decimals = f"{value.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP, _WIDE):f}".partition(".")
    kept = decimals[:least] + decimals[least:].rstrip("0")
    places = sum(mark in _DIGITS for mark in before)
    whole = whole.lstrip("0").rjust(min(before.count("0"), places), "0")
    return _laid_out(whole, kept, pieces, places)


def _laid_out(whole: str, decimals: str, pieces: list[tuple[str, bool]], places: int) -> str:
    """Put digits in the places of a format: the first place takes all there are too many of."""
    out: list[str] = []
    left, pointed = places, False
    for mark, literal in pieces:
        if literal or mark == "%":
            out.append(mark)
        elif mark == ".":
            pointed = True
            out.append("." + decimals if decimals else "")
        elif mark in _DIGITS and not pointed:
            start = 0 if left == places else max(len(whole) - left, 0)
            left -= 1
            out.append(whole[start : max(len(whole) - left, 0)])
    return "".join(out).strip()
