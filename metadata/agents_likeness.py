"""Agents whose names look alike: proposed, with a score and reasons, and never merged.

Names meet where they share a *block*: the same words in any order, a family name as it sounds with the first letter
of a given name, two rare words of an organisation, its acronym, its first words. What meets is compared word by
word; then what the two have done is weighed (:func:`weigh`): with whom, on what, when. Blocks that many names share are
gone through in the order of the names, each with its neighbours, so that hostile or monotonous names cost no
more than others.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from rapidfuzz.distance import Indel

from metadata.agents_names import PersonName, is_romanised, organisation_words, person_name
from metadata.likeness_features import STOP
from metadata.model import Kind

THRESHOLD = 0.8
"""What scores less is not proposed."""

POSSIBLE = 0.55
"""What scores less by the names alone is not weighed."""

SMALL, MOST = 60, 16
"""In a block of so many names all are compared with each other; in a larger one each with so many neighbours."""

MOST_NAMES = 12
"""So many names of one agent are compared."""

AlikeKind = Literal["same", "part"]
_BODIES = frozenset(
    """
    board bureau centre center centro comision comite commission committee conseil consejo council department
    departamento departement direction division ecole escuela faculty faculte facultad group groupe grupo institut
    institute instituto laboratory laboratoire library museum office oficina program programa programme school
    secretariat secretariado section seccion service servicio station subcommittee task team unit unidad unite
    """.split()  # noqa: SIM905 -- a table is read more easily than fifty quotes
)
_EMPTY_WORDS = STOP | {"inc", "ltd", "co", "corp", "company", "llc", "gmbh", "sa", "press"}
_SOUNDS = (
    (re.compile(r"tsch|tch|sch|sh|ch|tz|ts|z|x"), "s"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"kh|ck|q|c|g"), "k"),
    (re.compile(r"th|d"), "t"),
    (re.compile(r"w|u(?=[aeio])"), "v"),
    (re.compile(r"[yj]"), "i"),
    (re.compile(r"(?<=.)[aeiouh]"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)


@dataclass(frozen=True, slots=True)
class Named:
    """An agent to be compared: a number of the caller's, what it is, and the names it bears."""

    agent: int
    kind: Kind
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Two agents that may be one (``same``), or the second a part of the first (``part``).

    ``score`` is from 0 to 1. ``reasons`` are codes. For it: ``same-name``, ``order``, ``initials``, ``spelling``,
    ``transliteration``, ``acronym``, ``begins-with``, ``identifier``, ``co-agents``, ``publisher``, ``subjects``,
    ``years``, ``dates``. Against it: ``identifiers-differ``, ``dates-differ``, ``years-apart``, ``same-item``,
    ``many`` (the initials fit many names).
    """

    one: int
    other: int
    score: float
    kind: AlikeKind
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of an agent beside its names; years are 0 where not known."""

    identifiers: frozenset[str] = frozenset()
    co_agents: frozenset[int] = frozenset()
    publishers: frozenset[int] = frozenset()
    subjects: frozenset[int] = frozenset()
    items: frozenset[int] = frozenset()
    first: int = 0
    last: int = 0
    begun: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True)
class _Person:
    row: int
    name: PersonName
    romanised: bool


@dataclass(frozen=True, slots=True)
class _Body:
    row: int
    words: tuple[str, ...]
    telling: tuple[str, ...]
    sorted: str
    numbers: tuple[str, ...]


_T = TypeVar("_T")
_Judged = tuple[float, AlikeKind, tuple[str, ...]]


def alike(agents: Sequence[Named]) -> list[Alike]:
    """Return which agents have names that look alike, by the names alone, each pair once."""
    best: dict[tuple[int, int], _Judged] = {}
    for one, other, judged in (*_alike_persons(agents), *_alike_bodies(agents)):
        pair = one, other
        if judged[1] == "same" and one > other:
            pair = other, one
        if pair not in best or best[pair][0] < judged[0]:
            best[pair] = judged
    both_ways = {pair for pair in best if (pair[1], pair[0]) in best and best[pair][1] == "part"}
    kept = ((pair, judged) for pair, judged in best.items() if pair not in both_ways)
    found = [Alike(one, other, score, kind, why) for (one, other), (score, kind, why) in kept]
    many = Counter(row for one in found if "initials" in one.reasons for row in (one.one, one.other))
    return [_less_where_many(one, many) for one in found]


def weigh(pair: Alike, one: Context, other: Context) -> Alike:
    """Return a pair with what its agents have done weighed in."""
    if one.identifiers & other.identifiers:
        return replace(pair, score=1.0, kind="same", reasons=("identifier", *pair.reasons))
    score, reasons = pair.score, list(pair.reasons)
    for change, reason in _speaking(one, other):
        score += change
        reasons.append(reason)
    return replace(pair, score=round(max(0.0, min(score, 0.99)), 3), reasons=tuple(reasons))


def _speaking(one: Context, other: Context) -> Iterator[tuple[float, str]]:
    """Yield what speaks for two agents being one, or against it, and how much."""
    shared = len(one.co_agents & other.co_agents)
    if shared:
        yield 0.08 + 0.03 * min(shared - 1, 2), "co-agents"
    if one.publishers & other.publishers:
        yield 0.03, "publisher"
    if one.subjects & other.subjects:
        yield 0.04, "subjects"
    yield from _by_years(one, other)
    for mine, theirs in ((one.begun, other.begun), (one.ended, other.ended)):
        if mine and theirs:
            yield (0.1, "dates") if mine[:4] == theirs[:4] else (-0.5, "dates-differ")
    if {x.partition(":")[0] for x in one.identifiers} & {x.partition(":")[0] for x in other.identifiers}:
        yield -0.4, "identifiers-differ"
    if one.items & other.items:
        yield -0.3, "same-item"


def _by_years(one: Context, other: Context) -> Iterator[tuple[float, str]]:
    if one.first and other.first:
        apart = max(one.first, other.first) - min(one.last, other.last)
        if apart <= 10:
            yield 0.03, "years"
        elif apart > 40:
            yield -0.15, "years-apart"


def _less_where_many(pair: Alike, many: Counter[int]) -> Alike:
    """Return a pair with less weight where initials fit many names."""
    if "initials" in pair.reasons and max(many[pair.one], many[pair.other]) > 3:
        return replace(pair, score=pair.score - 0.08, reasons=(*pair.reasons, "many"))
    return pair


def _alike_persons(agents: Sequence[Named]) -> Iterator[tuple[int, int, _Judged]]:
    found = [
        _Person(row, made, is_romanised(name))
        for row, one in enumerate(agents)
        if one.kind == "person"
        for name in one.names[:MOST_NAMES]
        if (made := person_name(name)).family
    ]
    blocks: dict[str, list[_Person]] = defaultdict(list)
    for one in found:
        for block in _person_blocks(one.name):
            blocks[block].append(one)
    for members in blocks.values():
        members.sort(key=lambda one: (one.name.family, one.name.given))
        for one, other in _neighbours(members):
            if one.row != other.row and (judged := _judge_persons(one, other)):
                yield agents[one.row].agent, agents[other.row].agent, judged


def _person_blocks(name: PersonName) -> set[str]:
    initial = name.given[0][0] if name.given else ""
    ends = {name.family[0], name.family[-1]}
    return {"w " + " ".join(name.words), *(f"f {_sound(end)} {initial}" for end in ends)}


def _sound(word: str) -> str:
    for pattern, made in _SOUNDS:
        word = pattern.sub(made, word)
    return word[:6]


def _judge_persons(one: _Person, other: _Person) -> _Judged | None:
    mine, theirs = one.name, other.name
    if mine.words == theirs.words:
        same = mine.family == theirs.family
        return (0.92, "same", ("same-name",)) if same else (0.9, "same", ("order",))
    if not (mine.given and theirs.given):
        return None
    family, reasons = _families(one, other)
    if not family:
        return None
    given, told = _given(mine.given, theirs.given)
    score = 0.45 * family + 0.55 * given
    if not given or score < POSSIBLE:
        return None
    return round(score, 3), "same", tuple(dict.fromkeys((*reasons, *told)))


def _families(one: _Person, other: _Person) -> tuple[float, tuple[str, ...]]:
    """Return how like two family names are, 0 where they are not, and in what way."""
    mine, theirs = one.name.family, other.name.family
    if mine == theirs:
        return 1.0, ()
    short, long = sorted((mine, theirs), key=len)
    if len(short) < len(long) and short in (long[: len(short)], long[-len(short) :]):
        return 0.85, ("order",)
    left, right = "".join(mine), "".join(theirs)
    closeness = Indel.normalized_similarity(left, right, score_cutoff=0.74)
    if closeness < (0.74 if one.romanised or other.romanised else 0.82) or min(len(left), len(right)) < 4:
        return 0.0, ()
    return closeness, ("transliteration" if one.romanised != other.romanised else "spelling",)


def _given(mine: Sequence[str], theirs: Sequence[str]) -> tuple[float, tuple[str, ...]]:
    """Return how like the given names are, 0 where they contradict each other, and in what way."""
    scores, reasons = [], []
    for one, other in zip(mine, theirs, strict=False):
        score, reason = _given_word(one, other)
        if not score:
            return 0.0, ()
        scores.append(score)
        reasons.append(reason)
    total = sum(scores) / len(scores) + 0.12 * (sum(score < 0.7 for score in scores) > 1)
    return min(1.0, total) - 0.08 * (len(mine) != len(theirs)), tuple(filter(None, reasons)) or ("same-name",)


def _given_word(one: str, other: str) -> tuple[float, str]:
    if one == other:
        return (1.0, "") if len(one) > 1 else (0.8, "")
    short, long = sorted((one, other), key=len)
    if len(short) == 1:
        return (0.55, "initials") if long[0] == short else (0.0, "")
    if len(short) > 2 and long.startswith(short):
        return 0.85, "spelling"
    closeness = Indel.normalized_similarity(one, other, score_cutoff=0.8) if len(short) > 3 else 0.0
    return (0.85 * closeness, "spelling") if closeness else (0.0, "")


def _alike_bodies(agents: Sequence[Named]) -> Iterator[tuple[int, int, _Judged]]:
    found = [
        _body(row, words)
        for row, one in enumerate(agents)
        if one.kind == "organisation"
        for name in one.names[:MOST_NAMES]
        if (words := organisation_words(name))
    ]
    often = Counter(word for one in found for word in set(one.telling))
    blocks: dict[str, list[_Body]] = defaultdict(list)
    for one in found:
        for block in _body_blocks(one, often):
            blocks[block].append(one)
    for members in blocks.values():
        members.sort(key=lambda one: one.words)
        for one, other in _neighbours(members):
            if one.row != other.row and (judged := _judge_bodies(one, other)):
                pair = (one, other) if len(one.words) <= len(other.words) else (other, one)
                yield agents[pair[0].row].agent, agents[pair[1].row].agent, judged


def _body(row: int, words: tuple[str, ...]) -> _Body:
    telling = tuple(word for word in words if word not in _EMPTY_WORDS) or words
    return _Body(row, words, telling, " ".join(sorted(telling)), tuple(word for word in words if word.isdigit()))


def _body_blocks(one: _Body, often: Counter[str]) -> set[str]:
    rarest = sorted(set(one.telling), key=lambda word: (often[word], word))[:2]
    blocks = {"w " + one.sorted, "b " + " ".join(one.telling[:2]), "b " + one.telling[0]}
    blocks |= {f"r {word}" for word in rarest}
    if len(one.telling) > 2:
        blocks |= {"a " + _acronym(one.telling), "a " + _acronym(one.telling[1:])}
    return blocks | {f"a {word}" for word in one.telling[:2] if len(one.telling) <= 2 and 2 < len(word) <= 8}


def _acronym(words: Iterable[str]) -> str:
    return "".join(word[0] for word in words)


def _judge_bodies(one: _Body, other: _Body) -> _Judged | None:
    if one.numbers != other.numbers:
        return None
    short, long = sorted((one, other), key=lambda body: len(body.words))
    if one.telling == other.telling:
        return 0.93, "same", ("same-name",)
    if one.sorted == other.sorted:
        return 0.9, "same", ("order",)
    if _is_acronym(short.telling, long.telling):
        return (0.84 if len(short.telling) > 1 else 0.76), "same", ("acronym",)
    if long.telling[: len(short.telling)] == short.telling and (len(short.telling) > 1 or len(short.telling[0]) > 2):
        rest = long.telling[len(short.telling) :]
        return (0.8, "part", ("begins-with",)) if _BODIES & {*rest} else (0.78, "same", ("begins-with",))
    closeness = Indel.normalized_similarity(one.sorted, other.sorted, score_cutoff=0.86)
    return (round(closeness * 0.96, 3), "same", ("spelling",)) if closeness else None


def _is_acronym(short: Sequence[str], long: Sequence[str]) -> bool:
    """Say whether a name is another's acronym, perhaps after words, or an acronym, that both begin with."""
    if len(short) >= len(long):
        return False
    same = 1 if len(short) > 1 and short[0] == long[0] else 0
    rest, spelt = "".join(short[same:]), long[same:]
    return len(rest) > 1 and len(short) - same == 1 and rest in (_acronym(spelt), "" if same else _acronym(spelt[1:]))


def _neighbours(members: Sequence[_T]) -> Iterator[tuple[_T, _T]]:
    """Yield each pair of a small block, in a large one only pairs of near neighbours."""
    reach = len(members) if len(members) <= SMALL else MOST
    for at, one in enumerate(members):
        for other in members[at + 1 : at + 1 + reach]:
            yield one, other
