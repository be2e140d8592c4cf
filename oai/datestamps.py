"""UTC datestamps of OAI-PMH 2.0, section 3.3: ``YYYY-MM-DD`` or ``YYYY-MM-DDThh:mm:ssZ``, nothing else."""

import re
from datetime import UTC, datetime

DAY = 86_400
BEGINNING = -62_135_596_800
"""The first second that can be written: 0001-01-01T00:00:00Z."""
END = 253_402_300_799
"""The last second that can be written: 9999-12-31T23:59:59Z."""

# [0-9], since \d takes the digits of every script.
_SHAPE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})Z)?")


def parse(text: str) -> tuple[int, int] | None:
    """Return the first and last second (epoch, UTC) that ``text`` means, or None where it is no datestamp.

    Both ends of a window are inclusive, so a day is 86,400 seconds and a second is one.
    """
    matched = _SHAPE.fullmatch(text)
    if matched is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in matched.groups("0"))
    try:
        first = int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        return None
    return first, first if is_in_seconds(text) else first + DAY - 1


def is_in_seconds(text: str) -> bool:
    """Say whether a datestamp has the granularity of seconds; ``from`` and ``until`` must agree in it."""
    return "T" in text


def render(epoch: int) -> str:
    """Return an instant (epoch seconds) as ``YYYY-MM-DDThh:mm:ssZ``."""
    bounded = min(max(epoch, BEGINNING), END)
    return datetime.fromtimestamp(bounded, UTC).isoformat().replace("+00:00", "Z")
