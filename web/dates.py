"""EDTF dates as people write them, in the reader's language."""

import re
from datetime import date

from babel.dates import format_date, format_skeleton

from web.i18n import N_, locale, messages

# What a date that is not plainly a day, a month or a year says.
FROM, UNTIL, ABOUT = N_("from %(date)s"), N_("until %(date)s"), N_("about %(date)s")

_POINT = re.compile(r"(\d{4}|\d{3}X|\d\dXX)(?:-(\d\d))?(?:-(\d\d))?([?~%]?)", re.ASCII)


def shown(edtf: str, language: str) -> str:
    """Return an EDTF date (level 0, and what catalogues use of level 1) in words.

    ``1987-05`` gives ``May 1987``, ``1987~`` ``about 1987``, ``198X`` ``1980–1989``,
    ``1987/..`` ``from 1987``. What is not understood is returned as it is.
    """
    start, slash, end = edtf.partition("/")
    if not slash:
        return _point(start, language)
    if end in ("", ".."):
        return _say(FROM, _point(start, language), language)
    if start in ("", ".."):
        return _say(UNTIL, _point(end, language), language)
    first, last = _point(start, language), _point(end, language)
    return f"{first} – {last}" if " " in first + last else f"{first}–{last}"


def _point(edtf: str, language: str) -> str:
    match = _POINT.fullmatch(edtf)
    if not match:
        return edtf
    year, month, day, doubt = match.groups()
    written = _calendar(year, month, day, language) if year.isdigit() else _span(year)
    if doubt in ("~", "%"):
        written = _say(ABOUT, written, language)
    return written + ("?" if doubt in ("?", "%") else "")


def _calendar(year: str, month: str | None, day: str | None, language: str) -> str:
    try:
        moment = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return "-".join(part for part in (year, month, day) if part)
    if day:
        return format_date(moment, "long", locale=locale(language))
    if month:
        return format_skeleton("yMMMM", moment, locale=locale(language))
    return year


def _span(year: str) -> str:
    return f"{year.replace('X', '0')}–{year.replace('X', '9')}"


def _say(message: str, written: str, language: str) -> str:
    return messages(language).gettext(message) % {"date": written}
