"""What became of each piece, as JSON and for people."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.tools import Report
from metadata.accession import Outcome, Piece, count_outcomes
from metadata.problems import Problem

_SIGNS = {
    "new": "+",
    "changed": "~",
    "identical": "=",
    "duplicate": "=",
    "refused": "✗",
    "set_aside": "-",
}
_SAID: dict[Outcome, str] = {
    "new": "new",
    "changed": "changed",
    "identical": "identical",
    "duplicate": "duplicate",
    "refused": "refused",
    "set_aside": "set aside",
}


def inert(text: str) -> str:
    """Return ``text`` with what a terminal or a page would obey, from a file's name perhaps, shown instead.

    That are control and direction characters, and bytes that are no UTF-8 (general categories Cc, Cf and Cs).
    """
    return text if text.isprintable() else "".join(map(_inert, text))


def _inert(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs"):
        return character.encode("unicode_escape").decode()
    return character


def problem_json(problem: Problem) -> dict[str, str]:
    """Return a problem as reports give it."""
    return {"code": problem.code, "where": problem.where, "message": problem.message()}


def piece_json(piece: Piece) -> dict[str, Any]:
    """Return a piece as reports give it."""
    problems = [problem_json(one) for one in piece.problems]
    return {"source": piece.source, "outcome": piece.outcome, "item": piece.item, "problems": problems}


def report_json(report: Report) -> dict[str, Any]:
    """Return the report of an ingest; ``in`` is the sum of the other counts."""
    counts = dict(count_outcomes(report.pieces))
    return {
        "accession": report.accession or None,
        "counts": {"in": len(report.pieces), **counts},
        "pieces": [piece_json(piece) for piece in report.pieces],
    }


def report_lines(report: Report) -> Iterator[str]:
    """Yield the report for people: what is amiss or set aside by name, the counts, the accession."""
    for piece in report.pieces:
        yield from piece_lines(piece)
    yield ""
    yield counts_line(report.pieces)
    if report.accession:
        yield f"Accession {report.accession}."
    else:
        yield "Nothing new came in; the library is as it was."


def piece_lines(piece: Piece) -> Iterator[str]:
    """Yield what became of a piece, and what is amiss with it."""
    yield f"{_SIGNS[piece.outcome]} {_SAID[piece.outcome]:<9} {piece.item or '—':<10}  {piece.source}"
    yield from (f"    {one.severity}: {_said(piece, one)}" for one in piece.problems)


def _said(piece: Piece, problem: Problem) -> str:
    """Return a problem in a sentence, with the file in a piece that is a folder and the field that it is about."""
    inside, field = place_in(piece, problem)
    message = problem.message()
    named = field if field not in message else ""
    return ": ".join([part for part in (inside, named, message) if part])


def place_in(piece: Piece, problem: Problem) -> tuple[str, str]:
    """Return which file of a piece that is a folder or a bag a problem is in, and which field, ``""`` for neither."""
    rest = problem.where.removeprefix(piece.source)
    if rest.startswith("/"):
        return rest[1:], ""
    return ("", rest[1:]) if not rest or rest.startswith(":") else (problem.where, "")


def counts_line(pieces: Sequence[Piece]) -> str:
    """Return the counts in one line."""
    return counted_line(dict(count_outcomes(pieces)))


def counted_line(counts: Mapping[Outcome, int]) -> str:
    """Return counts by outcome in one line."""
    counted = [f"{count} {_SAID[outcome]}" for outcome, count in counts.items() if count]
    return f"{sum(counts.values())} in: {', '.join(counted) or 'nothing'}."
