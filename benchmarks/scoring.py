"""How much of a page was read wrongly: its character error rate against a text that people made."""

import unicodedata

_ALIKE = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "—": "-", "–": "-", "¬": "-", "ſ": "s"})


def error_rate(truth: str, read: str) -> float:
    """Return the characters to insert, delete or exchange to make ``truth`` of ``read``, per hundred of ``truth``.

    Kinds of quotes and dashes are alike, words parted at a line's end are joined, and blanks are one blank.
    Of an empty truth every character read is an error.
    """
    wanted, found = _plain(truth), _plain(read)
    return 100 * _distance(wanted, found) / len(wanted) if wanted else float(len(found))


def _plain(text: str) -> str:
    alike = unicodedata.normalize("NFC", text).translate(_ALIKE)
    return " ".join(alike.replace("-\n", "").replace("- \n", "").split())


def _distance(wanted: str, found: str) -> int:
    """Return Levenshtein's distance, a whole column at a time in the bits of one number (Hyyrö 2003)."""
    if not wanted or not found:
        return max(len(wanted), len(found))
    places: dict[str, int] = {}
    for place, character in enumerate(wanted):
        places[character] = places.get(character, 0) | 1 << place
    everywhere, last = (1 << len(wanted)) - 1, 1 << (len(wanted) - 1)
    up, down, distance = everywhere, 0, len(wanted)
    for character in found:
        equal = places.get(character, 0)
        across = (((equal & up) + up) ^ up) | equal
        more, less = down | (everywhere & ~(across | up)), up & across
        distance += bool(more & last) - bool(less & last)
        more, less = (more << 1 | 1) & everywhere, less << 1 & everywhere
        up, down = less | (everywhere & ~(equal | down | more)), more & (equal | down)
    return distance
