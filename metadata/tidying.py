"""Tidying: what can be mended in any text of an item without asking, and is said.

Accents are joined to their letters (Unicode's normal form C), control characters and blanks at the
ends go, several blanks become one. What is written stays as it was written.
"""

import unicodedata
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from metadata.description import Remarks
from metadata.marc_charset import purify
from metadata.model import Item
from metadata.problems import Problem
from metadata.validate_text import BLANKS, is_plain

_T = TypeVar("_T")
_LONG = ("descriptions", "notes", "rights")  # these may have paragraphs
_SHORT = (
    "titles", "contributions", "dates", "languages", "keywords", "identifiers", "coverage", "embargo", "places",
    "edition", "extent", "series",
)  # fmt: skip
# Not among them is what names things here or elsewhere: a path must stay as it was given.


def tidy(item: Item, where: str) -> tuple[Item, list[Problem]]:
    """Return the item with its texts mended, and a remark at ``where`` on each kind of mending."""
    if is_plain(_strings(item)):
        return item, []
    remarks = Remarks(where)
    mended: dict[str, object] = {}
    for name in (*_SHORT, *_LONG):
        before = getattr(item, name)
        after = _tidied(before, name in _LONG, remarks)
        if after != before:
            mended[name] = after
    return replace(item, **mended), remarks.problems  # type: ignore[arg-type]


def _strings(item: Item) -> list[str]:
    """Return all strings that may be mended; values that repeat others of the item may be left out."""
    found = [item.edition, item.extent, item.embargo, *item.places, *item.languages]
    for texts in (item.titles, item.keywords, item.descriptions, item.coverage, item.rights, item.notes):
        for text in texts:
            found += (text.value, text.language)
    for one in item.identifiers:
        found += (one.scheme, one.value)
    for contribution in item.contributions:
        found += (contribution.agent.name, contribution.role)
        for one in contribution.agent.identifiers:
            found += (one.scheme, one.value)
    for series in item.series:
        found += (series.title, series.number, series.issn)
    found += [one.value for one in item.dates]
    return found


def _tidied(value: _T, long: bool, remarks: Remarks) -> _T:
    """Return a value of the model with all texts in it mended."""
    made: object = value
    if isinstance(value, str):
        made = _clean(value, long, remarks)
    elif isinstance(value, tuple):
        made = tuple(_tidied(one, long, remarks) for one in value)
    elif is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: _tidied(getattr(value, one.name), long, remarks) for one in fields(value)}
        made = replace(value, **changed)
    return cast(_T, made)


def _clean(text: str, long: bool, remarks: Remarks) -> str:
    normal = unicodedata.normalize("NFC", text)
    if normal != text:
        remarks.mended("its Unicode was not in the normal form C")
    pure = purify(normal, remarks)
    bare = pure.strip()
    if bare != pure:
        remarks.mended("blanks at the beginning or the end of a text were taken away")
    single = BLANKS.sub(" ", bare) if long else " ".join(bare.split())
    if single != bare:
        remarks.mended("several blanks in a row, or line ends, in a text were made one blank")
    return single
