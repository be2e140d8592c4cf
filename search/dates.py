"""Dates as numbers, so that a span of time is a span of numbers: YYYYMMDD.

EDTF (ISO 8601-2), level 0 and the marks of level 1 that the catalogue has: ``1987?``,
``198X``, ``1987/1989``, ``1987/..``.
"""

import re

OPEN_FIRST, OPEN_LAST = 0, 99_99_99_99
_DATE = re.compile(r"(\d[\dX]{3})(?:-(\d\d)(?:-(\d\d))?)?[?~%]?")
_LONGEST = 40


def days(edtf: str) -> tuple[int, int] | None:
    """Return the first and the last day that a date may mean, None where it is no date.

    The days need not be in the calendar: a month ends with its 31st. An open interval is
    taken to reach as far as it can.
    """
    if "/" not in edtf:
        return _whole(edtf)
    first, _, last = edtf[:_LONGEST].partition("/")
    begin, end = _whole(first), _whole(last)
    if not (begin or end):
        return None
    return begin[0] if begin else OPEN_FIRST, end[1] if end else OPEN_LAST


def _whole(text: str) -> tuple[int, int] | None:
    found = _DATE.fullmatch(text[:_LONGEST])
    if not found:
        return None
    year, month, day = found.groups()
    first = int(year.replace("X", "0")) * 10_000 + int(month or 1) * 100 + int(day or 1)
    return first, int(year.replace("X", "9")) * 10_000 + int(month or 12) * 100 + int(day or 31)
