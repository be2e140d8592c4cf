"""What a client would rather have (RFC 9110, 12.5.1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LONGEST = 2000
_ANY = "*/*"


@dataclass(frozen=True, slots=True)
class _Range:
    """A media range of an Accept header: how much it is wanted, how exactly it names a type (0 to 2)."""

    name: str
    quality: float
    exactness: int


def preferred(header: str, offers: Sequence[str]) -> int | None:
    """Return which of the media types ``offers`` an Accept header asks for, by its place; None for none of them.

    Of two that are wanted alike the one that is named goes before one that a wildcard takes in,
    then the first offered. A header that is empty, or that nobody can read, asks for anything.
    """
    ranges = list(_ranges(header[:_LONGEST])) or [_Range(_ANY, 1.0, 0)]
    judged = [(found, place) for place, offer in enumerate(offers) if (found := _judge(offer, ranges))]
    best = max(judged, key=lambda one: (one[0].quality, one[0].exactness, -one[1]), default=None)
    return best[1] if best and best[0].quality > 0 else None


def _judge(offer: str, ranges: Sequence[_Range]) -> _Range | None:
    """Return the range that says most exactly how much a media type is wanted."""
    main = offer.partition("/")[0]
    fitting = [one for one in ranges if one.name in (offer, f"{main}/*", _ANY)]
    return max(fitting, key=lambda one: (one.exactness, one.quality), default=None)


def _ranges(header: str) -> Iterator[_Range]:
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        main, slash, sub = name.partition("/")
        if slash and main and sub:
            yield _Range(name, _quality(parameters), (main != "*") + (sub != "*"))


def _quality(parameters: Sequence[str]) -> float:
    given = next((value for name, _, value in (one.partition("=") for one in parameters) if name.strip() == "q"), "1")
    try:
        quality = float(given)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
