"""What may be wrong with any text of an item: stray characters, markup, lost characters, separators.

Nearly all texts are sound. So the texts of an item are first looked at together, by tests that cost
next to nothing (:func:`is_suspicious`), and one by one only where those find something.
"""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape

from metadata import mojibake
from metadata.model import Item

LONG = frozenset({"description", "note", "rights"})
"""Fields whose texts may have paragraphs."""

_NAMES = frozenset({"contributor", "subject"})  # these are one value each
_TITLES = frozenset({"title", "series", "edition", "published_in", *_NAMES})
_TAG = re.compile(
    r"</?(?:p|br|b|i|em|strong|u|sub|sup|span|div|a|ul|ol|li|h[1-6]|font|img|script|style|table|tr|td|jats:\w+)(?:\s+[\w:-]{1,40}\s?=[^<>]{0,500})?\s?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_MARKUP = re.compile(r"</?[A-Za-z]|&#?[A-Za-z0-9]+;")  # where neither _TAG nor _ENTITY finds anything without it
_SEPARATORS = re.compile(r"\s[;|]\s|\|\|")
_TRAILING = re.compile(r"(?:\s[/:;=,]|;)\s*$|^\s*[/:;=,]\s")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff\ufffe\uffff]")
BLANKS = re.compile("[ \u00a0]{2,}")
_WHITE = re.compile(r"\s\s|[\t\r\n]")
# What _TRAILING and _SEPARATORS can match, among texts parted by line ends that have no other white space than blanks.
_AT_AN_END = (";\n", *(f" {sign}\n" for sign in "/:=,"), *(f"\n{sign} " for sign in "/:;=,"))
_BETWEEN = (" ; ", " | ", "||")


def is_plain(texts: list[str]) -> bool:
    """Say whether no text has control characters, white space but single blanks inside, or needs NFC."""
    joined = "\n".join(texts)  # a line end composes with nothing, so what is normal together is so apart
    return (
        joined.count("\n") < max(len(texts), 1)
        and "  " not in joined
        and " \n" not in joined
        and "\n " not in joined
        and joined[:1] != " " != joined[-1:]
        and joined.replace("\n", "").isprintable()
        and (joined.isascii() or unicodedata.is_normalized("NFC", joined))
    )


def is_suspicious(item: Item) -> bool:
    """Say whether :func:`check_text` may find anything in the texts of an item; where it may, this says so."""
    names = [one.agent.name for one in item.contributions]
    names += [one.value for one in item.keywords]
    titles = [one.value for one in item.titles]
    titles += [one.title for one in item.series]
    titles += [item.edition, *item.places]
    others = [one.value for one in (*item.descriptions, *item.coverage, *item.rights, *item.notes)]
    others += [one.value for one in item.identifiers]
    others += [one.number for one in item.series]
    others.append(item.extent)
    if not is_plain([*names, *titles, *others]):
        return True
    named = _lines(names)
    headed = named + _lines(titles)
    whole = headed + _lines(others)
    return (
        (("<" in whole or "&" in whole) and _MARKUP.search(whole) is not None)
        or any(map(headed.__contains__, _AT_AN_END))
        or any(map(named.__contains__, _BETWEEN))
        or (not whole.isascii() and (mojibake.LOST in whole or mojibake.is_likely(whole)))
    )


def _lines(texts: list[str]) -> str:
    """Return the texts one a line, with a line end before the first, too."""
    return "\n".join(["", *texts, ""])


def check_text(field: str, value: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the code and the parameters of each doubt about a text; ``field`` says what it is."""
    if _stray_space(field, value):
        yield "space-stray", {"value": value}
    if found := _CONTROL.search(value):
        shown = _CONTROL.sub(lambda found: f"<U+{ord(found[0]):04X}>", value)
        yield "character-illegal", {"value": shown, "character": f"U+{ord(found[0]):04X}"}
    if not unicodedata.is_normalized("NFC", value):
        yield "unicode-not-nfc", {"value": value}
    if (meant := mojibake.mended(value)) != value:
        yield "mojibake", {"value": value, "meant": meant}
    elif mojibake.LOST in value:
        yield "characters-lost", {"value": value}
    if _has_markup(value):
        yield "markup-left", {"value": value}
    if (field in _TITLES and _TRAILING.search(value)) or (field in _NAMES and _SEPARATORS.search(value)):
        yield "separator-left", {"value": value}


def _has_markup(value: str) -> bool:
    if "<" in value and _TAG.search(value):
        return True
    return "&" in value and any(unescape(one) != one for one in _ENTITY.findall(value))


def _stray_space(field: str, value: str) -> bool:
    bare = value.strip()
    return value != bare or (BLANKS if field in LONG else _WHITE).search(bare) is not None


def fields_of(item: Item) -> Iterator[tuple[str, str]]:
    """Yield every text of an item that people read, with the name of its field as a manifest names it."""
    yield from (("title", one.value) for one in item.titles)
    yield from (("contributor", one.agent.name) for one in item.contributions)
    yield from (("subject", one.value) for one in item.keywords)
    yield from (("description", one.value) for one in item.descriptions)
    yield from (("place", one.value) for one in item.coverage)
    yield from (("rights", one.value) for one in item.rights)
    yield from (("note", one.value) for one in item.notes)
    yield from (("published_in", one) for one in item.places)
    yield from (("series", one.title) for one in item.series)
    yield from (("series_number", one.number) for one in item.series if one.number)
    yield from ((one.scheme, one.value) for one in item.identifiers)
    yield from ((name, value) for name, value in (("edition", item.edition), ("extent", item.extent)) if value)
