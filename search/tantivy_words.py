"""What the words of the index are good for besides answers: other spellings, completion, similar items."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from math import log
from typing import Final

from rapidfuzz.distance import OSA
from tantivy import Document, Occur, Query, Searcher

from search.analysis import core, stemmed_in, terms, words
from search.completion import SHORTEST, begun, offer
from search.engine import Completion, ItemHit
from search.languages import STEMMERS
from search.query_tree import Node, Word, wanted
from search.tantivy_lexicon import Lexicon
from search.tantivy_query import described, term
from search.tantivy_schema import NAMES, schema, wholes
from search.tantivy_shown import shown_text

SHORTEST_RESPELT: Final = 4  # letters
_LONG: Final = 7  # from so many letters on, two of them may be wrong
_FOLDED: Final = 2  # letters that folding may add to a word, or take
_LOOKED_AT: Final = 40  # documents of each kind in which other spellings are looked for
_RARE: Final = 5  # documents; a word in more is not doubted
_MORE_USUAL: Final = 10  # times; as much more often must the other spelling occur where the word does
_MOST_RESPELT: Final = 5  # words of a query
_MOST_LISTED: Final = 500  # completions looked at
_READ: Final = 20_000  # characters of an item that are looked at for similar ones
_PAGES_READ: Final = 20
_MOST_CANDIDATES: Final = 400
_MOST_TELLING: Final = 25
_NAMED_WEIGHT: Final = 4  # times a word of the title or a subject counts
_READ_WEIGHT: Final = 0.5  # of a word on a page, beside one in the description
_DRAWN: Final = 200
_MOST_KEPT: Final = 100_000  # words whose occurrences are kept
_MUCH_GROWN: Final = 1.1  # times


class Occurrences:
    """How many items have a word, counted once: each question of the index costs as much as a hundred of a dict.

    What is weighed by it hardly changes with the next commit; all is counted anew when the index has grown
    or shrunk by a tenth.
    """

    def __init__(self) -> None:
        self._kept: dict[str, int] = {}
        self._when = 0  # documents in the index when it was counted

    def of(self, searcher: Searcher, word: str) -> int:
        """Return how many items have a word (folded) in their description, and on their pages; these added up."""
        documents = searcher.num_docs
        if not self._when / _MUCH_GROWN <= documents <= self._when * _MUCH_GROWN or len(self._kept) > _MOST_KEPT:
            self._kept, self._when = {}, documents
        if (kept := self._kept.get(word)) is None:
            kept = self._kept[word] = sum(searcher.doc_freq(field, word) for field in _fields())
        return kept


def respelt(searcher: Searcher, node: Node, query: str) -> str:
    """Return the query with words that hardly occur spelt as they are in the index, ``""`` where none is."""
    plain = [word for word in wanted(node) if isinstance(word, Word) and word.field == "text"]
    better = query
    for word in plain[:_MOST_RESPELT]:
        if (other := _other_spelling(searcher, word.text)) and word.text in better:
            better = better.replace(word.text, other, 1)
    return better if better != query else ""


def completions(searcher: Searcher, start: str, limit: int) -> tuple[Completion, ...]:
    """Return titles and agents in which a word begins as ``start`` does, the most borne first."""
    folded = begun(start)
    if len(folded) < SHORTEST or limit < 1:
        return ()
    counted = searcher.terms_with_prefix("offered", folded, None, _MOST_LISTED)
    offers = {(made.kind, made.text): made for made in (offer(entry, count) for entry, count in counted)}
    return tuple(sorted(offers.values(), key=lambda made: (-made.count, len(made.text), made.text))[:limit])


def similar(searcher: Searcher, item: str, limit: int, occurrences: Occurrences) -> tuple[ItemHit, ...]:
    """Return items of other works that have this item's rarest words; best first."""
    found = searcher.search(described([item]), 1, count=False).hits
    telling = _telling(searcher, item, occurrences) if found and limit > 0 else {}
    if not telling:
        return ()
    work = str(searcher.doc(found[0][1]).get_first("work") or "")
    own = [(Occur.MustNot, term("work", work) if work else term("item", item))]
    likely = Query.boolean_query([(Occur.Must, _any_telling(telling)), *own])
    return tuple(islice(_works(searcher, likely), limit))


def _other_spelling(searcher: Searcher, word: str) -> str:
    """Return the word that is likeliest meant by one that hardly occurs, ``""`` for none."""
    folded = terms(core(word))
    if len(folded) != 1 or len(folded[0]) < SHORTEST_RESPELT or any(map(str.isdigit, word)):
        return ""
    occurs = _occurs(searcher, word)
    if occurs > _RARE:
        return ""
    least = max(1, occurs * _MORE_USUAL)
    near = {spelt: far for spelt, far in _near(searcher, folded[0]).items() if far}
    counted = ((_written(searcher, terms(spelt)[0]), far, spelt) for spelt, far in near.items())
    usual = [(-far, occurring, spelt) for occurring, far, spelt in counted if occurring >= least]
    return max(usual)[2] if usual else ""


def _occurs(searcher: Searcher, word: str) -> int:
    """Return how many descriptions and pages have a word, as written or in the form of a language."""
    lexicon = Lexicon(searcher)
    stems = ((language, stem) for language in STEMMERS for stem in terms(core(word), language))
    others = (form for language, stem in stems for form in lexicon.forms(language, stem))
    return max(_written(searcher, form) for form in (terms(core(word))[0], *others))


def _written(searcher: Searcher, word: str) -> int:
    """Return how many descriptions and pages have a word as it is written (folded)."""
    return searcher.doc_freq("about", word) + searcher.doc_freq("body", word)


def _near(searcher: Searcher, word: str) -> Mapping[str, int]:
    """Return words like ``word`` as they are written somewhere, and by how many letters each is off."""
    farthest = 2 if len(word) >= _LONG else 1
    written: Counter[str] = Counter()
    for field in ("about", "body"):
        likely = Query.fuzzy_term_query(schema(), field, word, farthest)
        for _, address in searcher.search(likely, _LOOKED_AT, count=False).hits:
            document = searcher.doc(address)
            text = f"{_named(document)}\n{shown_text(document)}".lower()
            written.update({spelt for spelt in words(text) if abs(len(spelt) - len(word)) <= farthest + _FOLDED})
    usual: dict[str, str] = {}
    ordered = [spelt for spelt, _ in written.most_common()]
    for spelt, folded in zip(ordered, terms(" ".join(ordered)), strict=True):  # a call costs more than a word
        usual.setdefault(folded, spelt)
    far = ((spelt, OSA.distance(folded, word, score_cutoff=farthest)) for folded, spelt in usual.items())
    return {spelt: distance for spelt, distance in far if distance <= farthest}


def _telling(searcher: Searcher, item: str, occurrences: Occurrences) -> Mapping[str, float]:
    """Return the words that tell an item from others, and how much: often here, seldom elsewhere."""
    often = Counter[str]()
    own: defaultdict[str, set[str]] = defaultdict(set)  # of each field, the words that the item itself has in it
    left = _READ
    for document in _documents_of(searcher, item):
        text, name = shown_text(document)[:left], _named(document).partition(NAMES)[0]
        left -= len(text)
        found, named = terms(text), terms(name)
        often.update(found)
        often.update(named * _NAMED_WEIGHT)
        own[_whole(document)].update(found, named)
    likely = ((word, times) for word, times in often.most_common() if len(word) > 2 and not word.isdigit())
    weights = {}
    for word, times in islice(likely, _MOST_CANDIDATES):
        if (occurs := occurrences.of(searcher, word)) > sum(word in field for field in own.values()):
            weights[word] = (1 + log(times)) * log(1 + searcher.num_docs / occurs)
    best = sorted(weights.items(), key=lambda one: (-one[1], one[0]))
    return dict(best[:_MOST_TELLING])


def _whole(document: Document) -> str:
    """Return the field of items in which the words of a description or page stand."""
    if document["page"][0] == 0:
        return "about"
    own = stemmed_in(str(document["language"][0]))
    return f"whole_{own}" if own else "whole"


def _documents_of(searcher: Searcher, item: str) -> Iterator[Document]:
    """Yield the description of an item and its first pages."""
    found = searcher.search(term("item", item), 10 * _PAGES_READ, count=False).hits
    addresses = [address for _, address in found]
    numbered = sorted(zip(searcher.fast_field_values("page", addresses), addresses, strict=True), key=_number)
    for _, address in numbered[: _PAGES_READ + 1]:
        yield searcher.doc(address)


def _any_telling(telling: Mapping[str, float]) -> Query:
    top = max(telling.values())
    wishes = [Query.boost_query(_anywhere(word), weight / top) for word, weight in telling.items()]
    least = 2 if len(wishes) > 3 else 1
    return Query.boolean_query([(Occur.Should, wish) for wish in wishes], minimum_number_should_match=least)


def _anywhere(word: str) -> Query:
    """Return the items that have a word, best in their description."""
    about, *whole = (Query.term_query(schema(), field, word) for field in _fields())
    return Query.disjunction_max_query([about, *(Query.boost_query(one, _READ_WEIGHT) for one in whole)])


def _works(searcher: Searcher, likely: Query) -> Iterator[ItemHit]:
    """Yield the best items, one of each work."""
    hits = searcher.search(likely, _DRAWN, count=False).hits
    keys = searcher.fast_field_values("work_key", [address for _, address in hits])
    seen: set[object] = set()
    for key, (score, address) in zip(keys, hits, strict=True):
        if key not in seen:
            seen.add(key)
            document = searcher.doc(address)
            yield ItemHit(str(document["item"][0]), score, work=str(document.get_first("work") or ""))


def _named(document: Document) -> str:
    """Return what names the item of a description: its titles, agents and subjects; nothing for a page."""
    named = document.get_first("named")
    return bytes(named).decode() if named else ""


def _fields() -> tuple[str, ...]:
    return ("about", *wholes(STEMMERS))


def _number(row: tuple[int | float | bool | None, object]) -> int:
    return int(row[0] or 0)
