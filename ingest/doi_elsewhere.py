"""The DOI that a publication has elsewhere, as its file tells: in a PDF's metadata, or printed on its first page.

Nothing is reserved for what has a DOI. But a wrong DOI is worse than none, so one is taken only where it is told
plainly: by a field that is for it, or as the only one that the first page prints beside the word or address
that announces a DOI, whole, and not in a list of references or as that of another work. What is likely but not
sure is told to somebody who can look, and until then the item is given no other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from ingest.doi_prefixes import Prefixes
from ingest.draft import Draft
from metadata.model import Identifier, Item, Page, Word
from metadata.pages import read_page
from metadata.problems import problem
from metadata.standard_numbers import doi as normal

_MARKED = re.compile(
    r"(?:https?\s?:\s?//\s?(?:www\.|dx\.)?doi\.org/\s?|(?<![\w.])(?:dx\.)?doi\.org/|(?<!\w)doi(?:\s?[:=.]\s?|\s))"
    r"(?:doi:\s?)?(10\.\d{4,9}/[^\s\"<>]{1,200})",
    re.IGNORECASE,
)
_STATED = re.compile(r"(?:https?://(?:www\.|dx\.)?doi\.org/)?10\.\d{4,9}(?:/|%2F)[^\s\"<>]+", re.IGNORECASE)
_REFERENCES = re.compile(
    r"^\W*(?:\d+\W+)?(?:references?(?: cited)?|bibliograph(?:y|ie)|works cited|literature cited|literature"
    r"|références(?: bibliographiques)?|referencias(?: bibliográficas)?|bibliografía)\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_OF_ANOTHER = re.compile(
    r"\b(?:erratum|corrigendum|correction|comment\w* on|reply to|review of|supplement\w* to|cited?|see also|data ?set"
    r"|data are|available (?:at|from|online)|based on|preprint|in:|voir|cité|véase|citado)\b|^\s*\[?\d{1,3}[\].)]\s",
    re.IGNORECASE | re.MULTILINE,
)
_AROUND = 120  # characters before a DOI that say whose it is
_OPEN_END = "-./_:(‐-"  # a DOI that ends a line with one of these may go on in the next
_SURELY_READ = 90.0  # of 100: a word that recognition is so sure of
_ONE_LINE = 1.6  # times the usual height: a higher word goes on in the next line, and its hyphen may not be its own
_LONGEST_PAGE = 200_000  # characters


@dataclass(frozen=True, slots=True)
class Printed:
    """A DOI on a page, in normal form, and whether it is certain that it was read rightly and whole."""

    name: str
    sure: bool


def from_metadata(values: Iterator[str]) -> tuple[str, ...]:
    """Return the DOIs that texts of a PDF's metadata hold, in normal form, each once."""
    found = map(_STATED.search, values)
    return tuple(dict.fromkeys(name for one in found if one and (name := _trimmed(one[0]))))


def printed(page: Page) -> Printed | None:
    """Return the one DOI that a page prints as its publication's own; None where it prints none, or several."""
    text = page.text[:_LONGEST_PAGE]
    if listed := _REFERENCES.search(text):
        text = text[: listed.start()]
    found: dict[str, bool] = {}
    for match in _MARKED.finditer(text):
        resolver = "https://doi.org/" if "doi.org/" in match[0].lower() else ""  # in an address it may be quoted
        name = _trimmed(f"{resolver}{match[1]}")
        before = text[max(0, match.start() - _AROUND) : match.start()]
        if not name or _OF_ANOTHER.search(before.rpartition("\n\n")[2]):
            continue
        goes_on = text[match.end() : match.end() + 1] == "\n" and match[1][-1] in _OPEN_END
        found[name] = found.get(name, False) or (not goes_on and _was_read(page, name))
    return Printed(*next(iter(found.items()))) if len(found) == 1 else None


def with_doi_elsewhere(draft: Draft, told: tuple[str, ...], pages: Path, prefixes: Prefixes) -> tuple[Draft, Prefixes]:
    """Return the draft with the DOI that its file tells, and the prefixes under which one may be reserved for it.

    ``told`` are the DOIs of its metadata, ``pages`` its pages (JSON lines). What its record says goes before both.
    Where the file tells of one that is not sure there are no prefixes: somebody has to look first.
    """
    if any(one.scheme == "doi" for one in draft.item.identifiers):
        return draft, prefixes
    on_page = _first_page(pages)
    names = dict.fromkeys([*told, *([on_page.name] if on_page else [])])
    ours = [name for name in names if name.partition("/")[0] in prefixes.all]
    theirs = [name for name in names if name not in ours]
    draft = _remarked(draft, [name for name in ours if not _is_own(name, draft.item)])
    if not theirs:
        return draft, prefixes
    if len(theirs) > 1 or not (told or (on_page and on_page.sure)):
        doubt = problem("doi-unsure", draft.item.source, doi=", ".join(theirs[:5]))
        return replace(draft, problems=(*draft.problems, doubt)), Prefixes()
    note = problem("doi-found", draft.item.source, doi=theirs[0])
    item = replace(draft.item, identifiers=(*draft.item.identifiers, Identifier("doi", theirs[0])))
    return replace(draft, item=item, problems=(*draft.problems, note)), prefixes


def _remarked(draft: Draft, strange: list[str]) -> Draft:
    """Say so of DOIs under a prefix of the library's that are not this item's: they are another's, or nobody's."""
    told = tuple(problem("doi-of-another", draft.item.source, doi=name) for name in strange)
    return replace(draft, problems=(*draft.problems, *told)) if told else draft


def _is_own(name: str, item: Item) -> bool:
    return name.partition("/")[2] == item.id


def _first_page(pages: Path) -> Printed | None:
    with pages.open("rb") as lines:
        line = lines.readline()
    return printed(read_page(line)) if line.strip() else None


def _was_read(page: Page, name: str) -> bool:
    """Say whether the words of a DOI are a text layer's, each on one line, or recognition is sure of each."""
    ending = name.partition("/")[2].lower()
    own = [word for word in page.words if "10." in word.text or (ending and ending in word.text.lower())]
    if page.method == "text-layer":
        return not any(_height(word) > _ONE_LINE * median(map(_height, page.words)) for word in own)
    return bool(own) and min(word.confidence for word in own) >= _SURELY_READ


def _height(word: Word) -> int:
    return word.box[3] - word.box[1]


def _trimmed(text: str) -> str:
    """Return a DOI without what a sentence has after it, in normal form; ``""`` where it is none."""
    text = text.rstrip("‐")
    while text and (text[-1] in ".,;:'’”»*†‡-_/" or (text[-1] in ")]}" and not _is_balanced(text))):
        text = text[:-1]
    return normal(text)


def _is_balanced(text: str) -> bool:
    pairs = {")": "(", "]": "[", "}": "{"}
    return text.count(text[-1]) <= text.count(pairs[text[-1]])
