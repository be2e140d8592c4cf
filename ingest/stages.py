"""The short stages: describe, tidy up, classify, name, judge. Each is a function from Draft to Draft.

They run in the process that writes; what costs time (digitising) runs in workers.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from ingest.doi_prefixes import Prefixes
from ingest.draft import Draft
from metadata.description import Description, shorten
from metadata.matching import Matcher
from metadata.model import Doi, Identifier, Item, Text
from metadata.problems import Problem, problem
from metadata.tidying import tidy
from metadata.validate import validate
from metadata.vocabulary import Vocabulary

_DOI = re.compile(r"10\.\d{4,9}/\S+")


@dataclass(frozen=True, slots=True)
class Named:
    """What a record is named by: its id, where it stood, the sha512 of it, and what it comes with."""

    id: str
    source: str
    submission: str
    accession: str
    collection: str


def submission_of(digests: Sequence[str]) -> str:
    """Return the sha512 that names a submission, from the sha512 of each of its files, in order."""
    return hashlib.sha512("\n".join(digests).encode()).hexdigest()


def describe(draft: Draft, description: Description | None, collection: str) -> Draft:
    """Give the draft what its record or its manifest's row says, tidied up, and the batch's collection."""
    if not description:
        return replace(draft, item=into_collections(draft.item, [collection])) if collection else draft
    item, problems = tidy(description.item, draft.item.source)
    told = replace(
        item,
        source=draft.item.source,
        submission=draft.item.submission,
        accession=draft.item.accession,
        collections=_joined(item, [collection] if collection else []),
    )
    return Draft(told, True, description.links, (*draft.problems, *description.problems, *problems))


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
    joined = _joined(item, collections)
    return item if joined == item.collections else replace(item, collections=joined)


def _joined(item: Item, collections: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*item.collections, *collections]))


def classify(draft: Draft, matcher: Matcher) -> Draft:
    """Turn the keywords that name one concept into that concept (:func:`subjects`).

    A concept of no vocabulary here is reported and left out: a record names it by a keyword, too, or
    the record as it came does. A keyword that two concepts share stays, and is reported.
    """
    concepts, keywords = subjects(draft.item, matcher)
    found = (*_unknown_concepts(draft.item, matcher.vocabulary), *_ambiguous(keywords, draft.item.source, matcher))
    if not found and concepts == draft.item.concepts and keywords == draft.item.keywords:
        return draft
    item = replace(draft.item, concepts=concepts, keywords=keywords)
    return replace(draft, item=item, problems=(*draft.problems, *found))


def subjects(item: Item, matcher: Matcher) -> tuple[tuple[str, ...], tuple[Text, ...]]:
    """Return an item's concepts, those that its keywords name among them (:mod:`metadata.matching`), and the rest.

    Of a subject string with subdivisions (``Wetlands -- France``) the first part may be a
    concept; then the string stays too, for what it says beyond.
    """
    found = [(keyword, matcher.match(keyword)) for keyword in item.keywords]
    rest = tuple([keyword for keyword, match in found if not (match.concept and match.whole)])
    named = [match.concept for whole in (True, False) for _, match in found if match.concept and match.whole == whole]
    known = [uri for uri in item.concepts if uri in matcher.vocabulary.concepts]
    return tuple(dict.fromkeys([*known, *named])), rest


def _unknown_concepts(item: Item, vocabulary: Vocabulary) -> Iterator[Problem]:
    if item.concepts and (unknown := [uri for uri in item.concepts if uri not in vocabulary.concepts]):
        yield problem("value-unknown", item.source, field="concepts", value=shorten(", ".join(unknown)))


def _ambiguous(keywords: Iterable[Text], source: str, matcher: Matcher) -> Iterator[Problem]:
    for keyword in keywords:
        if candidates := matcher.match(keyword).candidates:
            value = shorten(keyword.value)
            yield problem("subject-ambiguous", source, field="keywords", value=value, number=len(candidates))


def name(draft: Draft, prefixes: Prefixes) -> Draft:
    """Give the item its DOI (:func:`own_doi`)."""
    item = draft.item
    doi, identifiers = own_doi(item, item.id, prefixes.of(item.type, item.collections, item.source))
    return replace(draft, item=replace(draft.item, doi=doi, identifiers=identifiers))


def own_doi(item: Item, item_id: str, prefix: str) -> tuple[Doi | None, tuple[Identifier, ...]]:
    """Return the DOI of an item, the one it has elsewhere, else one reserved under ``prefix``; and its other numbers.

    The suffix is the item's id. Without a prefix nothing is reserved. An item that comes back
    with the DOI it has here has none elsewhere.
    """
    own = f"{prefix}/{item_id}"
    dois = [(one, _doi_in(one)) for one in item.identifiers if one.scheme == "doi"]
    others = item.identifiers
    if any(made == own.lower() for _, made in dois):
        others = tuple(one for one in others if one.scheme != "doi" or _doi_in(one) != own.lower())
    if external := next((made for _, made in dois if made not in ("", own.lower())), ""):
        return Doi(external, "external"), others
    return Doi(own, "reserved") if prefix else None, others


def settle(record: Item, named: Named, matcher: Matcher, prefixes: Prefixes, known: Sequence[Problem]) -> Draft:
    """Do for a tidied record what :func:`describe`, :func:`classify`, :func:`name` and :func:`judge` do, in one step.

    Making an item anew costs as much as a stage; of records there are hundreds of thousands. ``known`` are
    the problems that were found before.
    """
    concepts, keywords = subjects(record, matcher)
    collections = _joined(record, [named.collection] if named.collection else [])
    doi, identifiers = own_doi(record, named.id, prefixes.of(record.type, collections, named.source))
    item = replace(
        record,
        id=named.id,
        source=named.source,
        submission=named.submission,
        accession=named.accession,
        collections=collections,
        concepts=concepts,
        keywords=keywords,
        doi=doi,
        identifiers=identifiers,
    )
    doubtful = (*_unknown_concepts(record, matcher.vocabulary), *_ambiguous(keywords, named.source, matcher))
    told = (*known, *doubtful)
    return Draft(item, True, problems=(*told, *validate(item, named.source, told)))


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
