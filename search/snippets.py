"""Snippets: the passage of a text that answers a query, with the words that do so marked."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain, compress, pairwise

from rapidfuzz.distance import OSA

from search.analysis import FOLDED, PLAIN, core, is_plain, stemmed_in, terms, without_hyphens, words
from search.engine import Snippet
from search.languages import STEMMERS
from search.plan import spelt_otherwise
from search.query_tree import Fuzzy, Near, Node, Phrase, Prefix, Word, Wording, wanted

LONGEST = 240
_LEAD = 60  # characters shown before the first marked word
_READ = 100_000  # characters of a text that are looked at
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")
_BETWEEN = r"\W+"

Place = tuple[int, int]


class Marker:
    """What a query marks. Make one for an answer: it remembers the words it has judged."""

    def __init__(self, node: Node | None) -> None:
        self._terms: dict[str, set[str]] = {analyser: set() for analyser in (FOLDED, *STEMMERS)}
        self._prefixes: tuple[str, ...] = ()
        self._alike: tuple[tuple[str, int], ...] = ()
        self._phrases: set[tuple[str, ...]] = set()
        self._close: set[tuple[tuple[str, ...], int]] = set()  # words, each near the next, and how far off it may be
        self._starts: frozenset[str] = frozenset()
        self._judged: dict[tuple[str, ...], tuple[set[str], set[str]]] = {}
        self._likeness: dict[str, bool] = {}  # of words as written
        for leaf in wanted(node) if node else ():
            self._want(leaf)

    def places(self, text: str, language: str) -> list[Place]:
        """Return where marked words stand in a text; ``language`` as for :func:`snippet`."""
        own = stemmed_in(language)
        analysers = (FOLDED, own) if own else (FOLDED,) if language else (FOLDED, *STEMMERS)
        if not is_plain(text):
            return self._word_by_word(text, analysers)
        together = (*self._side_by_side(text), *self._near_each_other(text))
        return sorted({*self._alone(text, analysers), *together, *self._nearly_so(text)})

    def _alone(self, text: str, analysers: tuple[str, ...]) -> list[Place]:
        """Return where single words stand. Only those are analysed that begin with the right letter."""
        if not self._starts:
            self._starts = frozenset(term[0] for term in (*self._prefixes, *chain(*self._terms.values())) if term)
        likely = list(_beginning(self._starts).finditer(text)) if self._starts else []
        marked = self._marked({match[0] for match in likely}, analysers)
        return [match.span() for match in likely if match[0] in marked]

    def _side_by_side(self, text: str) -> Iterator[Place]:
        """Yield where the words of phrases stand."""
        for phrase in self._phrases:
            for match in _beginning_together(tuple(term[0] for term in phrase)).finditer(text):
                if terms(match[1]) == list(phrase):
                    yield from (word.span() for word in _WORD.finditer(text, *match.span(1)))

    def _near_each_other(self, text: str) -> Iterator[Place]:
        """Yield where words stand near each other."""
        if self._close:
            spans, folded = [match.span() for match in _WORD.finditer(text)], terms(text)
            yield from (spans[at] for at in self._close_places(folded))

    def _close_places(self, folded: Sequence[str]) -> set[int]:
        """Return which of a text's words stand near each other."""
        return {at for wanted, between in self._close for at in _near(folded, wanted, between + 1)}

    def _nearly_so(self, text: str) -> Iterator[Place]:
        """Yield where words stand that may be spelt otherwise; these are not stemmed."""
        if self._alike:
            found = list(_WORD.finditer(text))
            if new := {match[0] for match in found} - self._likeness.keys():
                folded = terms(" ".join(new))  # one call for all: a call costs more than a word
                self._likeness.update(zip(new, map(self._is_alike, folded), strict=True))
            yield from (match.span() for match in found if self._likeness[match[0]])

    def _word_by_word(self, text: str, analysers: tuple[str, ...]) -> list[Place]:
        """Return where marked words stand in any text, whatever its script; slowly."""
        found = words(text)
        marked = self._marked(set(found), analysers)
        if not marked and not self._phrases and not self._close:
            return []
        chosen = [word in marked for word in found]
        for at in self._close_places(terms(" ".join(found))) if self._close else ():
            chosen[at] = True
        for start, length in self._runs(found):
            chosen[start : start + length] = [True] * length
        return list(_stand(text, found, chosen)) if any(chosen) else []

    def _want(self, leaf: Wording) -> None:
        text = leaf.text if isinstance(leaf, Phrase | Near) else core(leaf.text)
        run = tuple(terms(text))
        if isinstance(leaf, Prefix):
            self._prefixes += run[-1:]
            self._terms[FOLDED].update(run[:-1])
        elif isinstance(leaf, Fuzzy):
            self._alike += tuple(spelt_otherwise(leaf))
        elif isinstance(leaf, Near) and len(set(run)) > 1:
            self._close.add((tuple(dict.fromkeys(run)), leaf.between))
        elif len(run) > 1 and not isinstance(leaf, Near):
            self._phrases.add(run)
            if isinstance(leaf, Word) and (whole := without_hyphens(leaf.text)):
                self._want_forms(whole)
        elif isinstance(leaf, Phrase | Near):
            self._terms[FOLDED].update(run)
        else:
            self._want_forms(text)

    def _want_forms(self, word: str) -> None:
        for analyser, found in self._terms.items():
            found.update(terms(word, analyser))

    def _marked(self, found: set[str], analysers: tuple[str, ...]) -> set[str]:
        """Return those of the words that are marked; each is analysed once."""
        judged, marked = self._judged.setdefault(analysers, (set(), set()))
        if new := list(found - judged):
            judged.update(new)
            marked.update(self._judge(new, analysers))
        return marked & found

    def _judge(self, new: list[str], analysers: Iterable[str]) -> Iterator[str]:
        text = " ".join(new)  # one call for all: a call costs more than a word
        for analyser in analysers:
            made, looked_for = terms(text, analyser), self._terms[analyser]
            yield from compress(new, [term in looked_for for term in made])
            if analyser == FOLDED and self._prefixes:
                yield from compress(new, [term.startswith(self._prefixes) for term in made])
            if analyser == FOLDED and self._alike:
                yield from compress(new, [self._is_alike(term) for term in made])

    def _is_alike(self, term: str) -> bool:
        for other, most in self._alike:
            if abs(len(term) - len(other)) <= most and OSA.distance(term, other, score_cutoff=most) <= most:
                return True
        return False

    def _runs(self, found: list[str]) -> Iterator[tuple[int, int]]:
        """Yield where phrases begin, in words, and their length."""
        folded = terms(" ".join(found)) if self._phrases else []
        for phrase in self._phrases:
            run = list(phrase)
            for start, term in enumerate(folded):
                if term == run[0] and folded[start : start + len(run)] == run:
                    yield start, len(run)


def snippet(text: str, language: str, marker: Marker) -> Snippet:
    """Return the passage of ``text`` with the most different marked words.

    It has at most :data:`LONGEST` characters. ``language`` is the text's own (BCP 47), ``""``
    for a text of several. Where nothing is to be marked the passage is the beginning. White
    space becomes single spaces; an ellipsis stands where the text goes on.
    """
    if not (text := text.strip()):
        return ()
    marked = marker.places(text[:_READ], language)
    start, end = _bounds(text, _best(text, marked))
    return tuple(_pieces(text, (start, end), [place for place in marked if start <= place[0] and place[1] <= end]))


@cache
def _letters() -> dict[str, str]:
    """Return the characters of plain text by the letter that a term has in their place at its beginning."""
    characters = [chr(code) for code in range(PLAIN) if chr(code).isalnum() and is_plain(chr(code))]
    by_letter: dict[str, list[str]] = {}
    for character, term in zip(characters, terms(" ".join(characters)), strict=True):
        by_letter.setdefault(term[0], []).append(character)
    return {letter: re.escape("".join(found)) for letter, found in by_letter.items()}


@lru_cache(maxsize=256)
def _beginning(letters: frozenset[str]) -> re.Pattern[str]:
    """Return what finds the words of plain text whose terms may begin with one of these letters."""
    return re.compile(rf"\b{_any_of(letters)}\w*")


@lru_cache(maxsize=256)
def _beginning_together(letters: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds words side by side, each of which may begin with its letter; they may overlap."""
    words_beginning = (rf"{_any_of(letter)}\w*" for letter in letters)
    return re.compile(rf"\b(?=({_BETWEEN.join(words_beginning)}))")


def _near(folded: Sequence[str], wanted: Sequence[str], far: int) -> set[int]:
    """Return where words stand each of which has the next one at most ``far`` words off; none where any has not."""
    places = {word: [at for at, term in enumerate(folded) if term == word] for word in wanted}
    close: set[int] = set()
    for first, second in pairwise(wanted):
        if not (beside := _within(places[first], places[second], far)):
            return set()
        close.update(beside, _within(places[second], places[first], far))
    return close


def _within(places: Sequence[int], others: Sequence[int], far: int) -> list[int]:
    """Return those of the places that have one of the others at most so far off; both are in order."""
    return [at for at in places if bisect_left(others, at - far) < bisect_right(others, at + far)]


def _any_of(letters: Iterable[str]) -> str:
    return f"[{''.join(_letters().get(letter, re.escape(letter)) for letter in letters)}]"


def _stand(text: str, found: list[str], chosen: list[bool]) -> Iterator[Place]:
    """Yield where the chosen ones of a text's words stand: each is the next of its spelling."""
    at, left = 0, sum(chosen)
    for word, is_chosen in zip(found, chosen, strict=True):
        start = text.index(word, at)
        at = start + len(word)
        if is_chosen:
            yield start, at
            left -= 1
        if not left:
            return


def _best(text: str, marked: list[Place]) -> int:
    """Return where the stretch with the most different marked words begins, 0 where none is marked."""
    best, most, last = 0, 0, 0
    spelt = [text[start:end].lower() for start, end in marked]
    for first, (start, _) in enumerate(marked):
        while last < len(marked) and marked[last][1] <= start + LONGEST - _LEAD:
            last += 1
        different = len(set(spelt[first:last]))
        if different > most:
            best, most = start, different
    return best


def _bounds(text: str, best: int) -> Place:
    """Return a stretch around ``best`` that cuts no word, unless the word is longer than a snippet."""
    start = max(0, best - _LEAD)
    while 0 < start < best and not text[start - 1].isspace():
        start += 1
    end = start + LONGEST
    if end >= len(text):
        return start, len(text)
    cut = max(text.rfind(space, start, end + 1) for space in " \n\t")
    return start, cut if cut > best else end


def _pieces(text: str, bounds: Place, marked: Sequence[Place]) -> Iterator[tuple[str, bool]]:
    """Yield the stretch, cut where marks begin and end."""
    at, last = bounds
    if at > 0:
        yield "… ", False
    for start, end in marked:
        if start > at:
            yield _SPACE.sub(" ", text[at:start]), False
        yield text[start:end], True
        at = end
    if at < last:
        yield _SPACE.sub(" ", text[at:last]), False
    if last < len(text):
        yield " …", False
