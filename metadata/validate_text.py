"""What may be wrong with any text of an item: stray characters, markup, lost characters, separators."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from html import unescape
from typing import TypeVar, cast

from metadata import mojibake
from metadata.description import Remarks
from metadata.marc_charset import purify
from metadata.model import Item
from metadata.problems import Problem

_T = TypeVar("_T")
_LONG = frozenset({"description", "note", "rights"})  # these may have paragraphs
_NAMES = frozenset({"contributor", "subject"})  # these are one value each
_TITLES = frozenset({"title", "series", "edition", "published_in", *_NAMES})
_TAG = re.compile(
    r"</?(?:p|br|b|i|em|strong|u|sub|sup|span|div|a|ul|ol|li|h[1-6]|font|img|script|style|table|tr|td|jats:\w+)(?:\s+[\w:-]{1,40}\s?=[^<>]{0,500})?\s?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_SEPARATORS = re.compile(r"\s[;|]\s|\|\|")
_TRAILING = re.compile(r"(?:\s[/:;=,]|;)\s*$|^\s*[/:;=,]\s")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff\ufffe\uffff]")


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
    inside = re.search(r"[ \u00a0]{2,}" if field in _LONG else r"\s\s|[\t\r\n]", value.strip())
    return value != value.strip() or inside is not None


def tidy(item: Item, where: str) -> tuple[Item, list[Problem]]:
    """Return the item in NFC, without control characters and blanks at the ends, and a remark on each kind of mending.

    For readers whose source may have any of these; the readers of MARC and of tables do it themselves.
    """
    remarks = Remarks(where)
    return _tidied(item, remarks), remarks.problems


def _tidied(value: _T, remarks: Remarks) -> _T:
    """Return a value of the model with all texts in it mended."""
    made: object = value
    if isinstance(value, str):
        made = _clean(value, remarks)
    elif isinstance(value, tuple):
        made = tuple(_tidied(one, remarks) for one in value)
    elif is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: _tidied(getattr(value, one.name), remarks) for one in fields(value)}
        made = replace(value, **changed)
    return cast(_T, made)


def _clean(text: str, remarks: Remarks) -> str:
    normal = unicodedata.normalize("NFC", text)
    if normal != text:
        remarks.mended("its Unicode was not in the normal form C")
    pure = purify(normal, remarks)
    bare = pure.strip()
    if bare != pure:
        remarks.mended("blanks at the beginning or the end of a text were taken away")
    return bare
