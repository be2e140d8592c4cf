"""How likely a concept that a text names is one that it should be classified under.

A logistic regression over what is known of the concept in the text (:data:`FEATURES`), in plain Python: some
twenty numbers a concept need no more. Its weights are :data:`UNTRAINED` until a library has classified items enough
to learn its own from (:mod:`ingest.suggest_training`). The same rows give the same weights.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import mul

from ingest.suggest_hits import Found, Hits
from metadata.matching_labels import Labels

FEATURES = (
    "constant", "weight", "share", "density", "title", "abstract", "early", "spread", "parts", "preferred", "words",
    "unique", "rare", "foreign", "broader", "narrower", "siblings", "generic", "keyphraseness", "known",
)  # fmt: skip
"""What is known of a concept in a text, in the order of a row; docs/why/suggesting.md says what each is."""

UNTRAINED: Mapping[str, float] = {
    "constant": -3.5, "weight": 0.8, "share": 1.0, "density": 1.0, "title": 1.5, "abstract": 0.5, "early": 0.7,
    "spread": 0.5, "parts": 0.3, "preferred": 0.5, "words": 0.5, "unique": 1.0, "rare": 0.8, "foreign": -0.5,
    "broader": 0.8, "narrower": 0.8, "siblings": 0.6, "generic": -0.5,
}  # fmt: skip
"""The weights for a library that has too little to learn from."""

Row = Sequence[float]

_STEPS = 25
_PULL = 1.0  # towards 0, so that few rows do not teach extremes
_ENOUGH = 1e-6
_LONGEST_SUM = 35.0  # beyond it a probability is 0 or 1


@dataclass(frozen=True, slots=True)
class Experience:
    """How many texts named a concept, and how many of them were classified under it."""

    named: Mapping[str, int] = field(default_factory=dict)
    assigned: Mapping[str, int] = field(default_factory=dict)
    rate: float = 0.0

    def of(self, uri: str, less: int = -1) -> tuple[float, float]:
        """Return how much likelier than others a concept is assigned where it is named, and how well that is known.

        ``less`` leaves out one text: 1 where it was assigned there, 0 where it was only named; -1 leaves out none.
        """
        named = self.named.get(uri, 0) - (less >= 0)
        assigned = self.assigned.get(uri, 0) - (less == 1)
        if named <= 0 or not 0 < self.rate < 1:
            return 0.0, 0.0
        smoothed = (assigned + 2 * self.rate) / (named + 2)
        return math.log(smoothed / (1 - smoothed)) - math.log(self.rate / (1 - self.rate)), math.log1p(named)


@dataclass(frozen=True, slots=True)
class Model:
    """Weights by feature, and the experience they were learnt with; ``texts`` is the number of these, 0 untrained."""

    weights: Mapping[str, float]
    experience: Experience = Experience()
    texts: int = 0

    def scores(self, rows: Mapping[str, Row]) -> dict[str, float]:
        """Return how likely each concept is, 0 to 1, from what :func:`rows_of` gives."""
        weights = [self.weights.get(name, 0.0) for name in FEATURES]
        known = self.experience
        return {uri: _probability(sum(map(mul, (*row, *known.of(uri)), weights))) for uri, row in rows.items()}


UNTRAINED_MODEL = Model(UNTRAINED)


def rows_of(found: Found, labels: Labels) -> dict[str, Row]:
    """Return what a text itself tells of each concept that it names, by URI: all features but the last two."""
    most = max((hits.weight for hits in found.hits.values()), default=1.0)
    family = _Family(found, labels)
    return {uri: (*_own(hits, found, most), *family.of(uri)) for uri, hits in found.hits.items()}


def _own(hits: Hits, found: Found, most: float) -> tuple[float, ...]:
    """Return what hits say by themselves: how often, where, by which labels."""
    number, length = hits.number, max(found.words, 1)
    return (
        1.0,
        math.log1p(hits.weight),
        hits.weight / most,
        min(hits.weight / math.sqrt(length), 2.0),
        float(hits.in_title > 0),
        float(hits.in_abstract > 0),
        1 - hits.first / length,
        (hits.last - hits.first) / length,
        hits.parts / max(found.parts, 1),
        hits.preferred / number,
        min(hits.words / number, 4.0) - 1,
        hits.shared / number,
        hits.rarity / number,
        hits.foreign / number,
    )


class _Family:
    """How the concepts that a text names stand to each other."""

    def __init__(self, found: Found, labels: Labels) -> None:
        self._found = found.hits
        self._labels = labels

    def of(self, uri: str) -> tuple[float, ...]:
        """Return how many concepts above, below and beside one are named too, and how many are below it at all."""
        parents, children = self._labels.parents.get(uri, ()), self._labels.children
        above = sum(parent in self._found for parent in parents)
        below = sum(child in self._found for child in children.get(uri, ()))
        beside = sum(self._children_named(parent) - 1 for parent in parents)
        generic = math.log1p(len(children.get(uri, ())))
        return math.log1p(above), math.log1p(below), math.log1p(beside), generic

    def _children_named(self, parent: str) -> int:
        return sum(child in self._found for child in self._labels.children.get(parent, ()))


def learn(rows: Sequence[Row], wanted: Sequence[bool]) -> dict[str, float]:
    """Return the weights that tell the wanted rows from the others best (Newton's method, ridge of 1).

    Raises ValueError where all or none are wanted.
    """
    if all(wanted) or not any(wanted):
        raise ValueError("All concepts were assigned, or none: nothing can be learnt from that.")
    columns = [list(column) for column in zip(*rows, strict=True)]
    weights = [0.0] * len(columns)
    for _ in range(_STEPS):
        sums = [sum(map(mul, weights, row)) for row in rows]
        given = [_probability(one) for one in sums]
        missing = [want - one for want, one in zip(wanted, given, strict=True)]
        slope = [sum(map(mul, column, missing)) - _PULL * w for column, w in zip(columns, weights, strict=True)]
        step = _solved(_curvature(columns, [one * (1 - one) for one in given]), slope)
        weights = [w + one for w, one in zip(weights, step, strict=True)]
        if max(map(abs, step)) < _ENOUGH:
            break
    return dict(zip(FEATURES, weights, strict=True))


def _curvature(columns: Sequence[Sequence[float]], spread: Sequence[float]) -> list[list[float]]:
    made = [[0.0] * len(columns) for _ in columns]
    for i, column in enumerate(columns):
        weighted = list(map(mul, column, spread))
        for j in range(i + 1):
            made[i][j] = made[j][i] = sum(map(mul, weighted, columns[j]))
        made[i][i] += _PULL
    return made


def _solved(matrix: list[list[float]], wanted: Sequence[float]) -> list[float]:
    """Solve a system of linear equations (elimination by Gauss, the largest number first)."""
    rows = [[*row, value] for row, value in zip(matrix, wanted, strict=True)]
    size = len(rows)
    for at in range(size):
        best = max(range(at, size), key=lambda row: abs(rows[row][at]))
        rows[at], rows[best] = rows[best], rows[at]
        pivot = rows[at][at]
        rows[at] = [one / pivot for one in rows[at]]
        for other in range(size):
            if other != at and (factor := rows[other][at]):
                rows[other] = [one - factor * two for one, two in zip(rows[other], rows[at], strict=True)]
    return [row[-1] for row in rows]


def _probability(total: float) -> float:
    return 1 / (1 + math.exp(-max(-_LONGEST_SUM, min(_LONGEST_SUM, total))))
