"""The short stages: describe, tidy up, classify, name, judge. Each is a function from Draft to Draft.

They run in the process that writes; what costs time (digitising) runs in workers.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from ingest.draft import Draft
from metadata.description import Description, shorten
from metadata.model import Doi, Identifier, Item, Text
from metadata.problems import Problem, problem
from metadata.tidying import tidy
from metadata.validate import validate
from metadata.vocabulary import Vocabulary

_DOI = re.compile(r"10\.\d{4,9}/\S+")


def submission_of(digests: Sequence[str]) -> str:
    """Return the sha512 that names a submission, from the sha512 of each of its files, in order."""
    return hashlib.sha512("\n".join(digests).encode()).hexdigest()


def describe(draft: Draft, description: Description | None, collection: str) -> Draft:
    """Give the draft what its record or its manifest's row says, tidied up, and the batch's collection."""
    if description:
        told = replace(description.item, source=draft.item.source, submission=draft.item.submission)
        problems = (*draft.problems, *description.problems)
        draft = tidied(replace(draft, item=told, described=True, links=description.links, problems=problems))
    return replace(draft, item=into_collections(draft.item, [collection])) if collection else draft


def tidied(draft: Draft) -> Draft:
    """Mend in the draft's texts what can be mended without asking, and say so."""
    item, problems = tidy(draft.item, draft.item.source)
    return replace(draft, item=item, problems=(*draft.problems, *problems)) if problems else draft


def judge(draft: Draft) -> Draft:
    """Add what a careful librarian would ask about the finished item, beside what was said of it before."""
    doubts = validate(draft.item, draft.item.source, draft.problems)
    return replace(draft, problems=(*draft.problems, *doubts)) if doubts else draft


def into_collections(item: Item, collections: Iterable[str]) -> Item:
    """Return the item as a member of further collections, each once."""
    joined = tuple(dict.fromkeys([*item.collections, *collections]))
    return item if joined == item.collections else replace(item, collections=joined)


def classify(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """Turn the keywords that are labels of one concept into that concept; the others stay keywords.

    Of a subject string with subdivisions (``Wetlands -- France``) the first part may be a
    label; then the string stays too, for what it says beyond. A concept of no vocabulary here
    is reported and left out: a record names it by a keyword, too, or the record as it came does.
    """
    item = draft.item
    if not item.keywords and not item.concepts:
        return draft
    whole = {keyword: _concept(keyword, vocabulary) for keyword in item.keywords}
    rest = tuple(keyword for keyword, concept in whole.items() if not concept)
    parts = (_concept(Text(keyword.value.partition(" -- ")[0], keyword.language), vocabulary) for keyword in rest)
    known = [uri for uri in item.concepts if uri in vocabulary.concepts]
    concepts = dict.fromkeys(filter(None, [*known, *whole.values(), *parts]))
    problems = (*draft.problems, *_unknown_concepts(draft, vocabulary))
    return replace(draft, item=replace(item, concepts=tuple(concepts), keywords=rest), problems=problems)


def _unknown_concepts(draft: Draft, vocabulary: Vocabulary) -> Iterator[Problem]:
    if unknown := [uri for uri in draft.item.concepts if uri not in vocabulary.concepts]:
        yield problem("value-unknown", draft.item.source, field="concepts", value=shorten(", ".join(unknown)))


def _concept(keyword: Text, vocabulary: Vocabulary) -> str:
    """Return the concept a keyword is a label of: in its own language, else in any; ``""`` if none or several."""
    return vocabulary.find(keyword.value, keyword.language) or vocabulary.find(keyword.value)


def name(draft: Draft, prefix: str) -> Draft:
    """Give the item its DOI: the one it has elsewhere, else one reserved under ``prefix``.

    The suffix is the item's id. Without a prefix nothing is reserved. An item that comes back
    with the DOI it has here has none elsewhere.
    """
    own = f"{prefix}/{draft.item.id}".lower()
    others = tuple(one for one in draft.item.identifiers if one.scheme != "doi" or _doi_in(one) != own)
    external = next(filter(None, (_doi_in(known) for known in others if known.scheme == "doi")), "")
    if external:
        doi: Doi | None = Doi(external, "external")
    else:
        doi = Doi(f"{prefix}/{draft.item.id}", "reserved") if prefix else None
    return replace(draft, item=replace(draft.item, doi=doi, identifiers=others))


def entitle(draft: Draft, found: str) -> Draft:
    """Give a title to a draft that has none: what its PDF says, else its file's name, with a problem."""
    if draft.item.titles:
        return draft
    stem = PurePath(draft.item.source).stem
    title = found or " ".join(stem.replace("_", " ").split()) or draft.item.id
    problems = draft.problems if found else (*draft.problems, problem("title-missing", draft.item.source))
    return replace(draft, item=replace(draft.item, titles=(Text(title),)), problems=problems)


def _doi_in(identifier: Identifier) -> str:
    found = _DOI.search(identifier.value)
    return found.group().rstrip(".,;").lower() if found else ""
