"""Names of what came, as reports and catalogues take them: text in any encoding, one for each name."""

import os
import re
from pathlib import Path

_LIKE_ESCAPED = re.compile(rb"\\(?=x[0-9a-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def shown(path: Path) -> str:
    """Return a path as text that any encoding takes, different for different paths.

    Bytes that are no UTF-8 are written ``\\xff``, and a backslash that looks like one of these ``\\x5c``.
    """
    return _LIKE_ESCAPED.sub(rb"\\x5c", os.fsencode(path)).decode("utf-8", "backslashreplace")


def in_one_line(name: str) -> str:
    """Return a name that somebody chose, its control characters written as ``\\x1b``, cut to 500 characters."""
    legal = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", legal)[:500]
