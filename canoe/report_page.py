"""The report of an ingest as one HTML page: read by people, on any screen or on paper, long after.

The page needs nothing beside itself: no script, and no other file. What it holds was written by
strangers, so everything is escaped and the page may load and run nothing.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from canoe.report import inert, place_in
from ingest.tools import Report
from metadata.accession import OUTCOMES, Piece, count_outcomes
from metadata.problems import SENTENCES, Problem

SHOWN = 5000
"""So many pieces are listed, those with most to say; a page of more is none that people read."""

_GRAVEST = {"error": 0, "warning": 1, "note": 3}
_OTHERS = ("source", "first", "other")  # parameters that name another piece
_PLAIN = {"refused": 0, "duplicate": 2, "changed": 2, "set_aside": 2, "identical": 4, "new": 5}


@dataclass(frozen=True, slots=True)
class Remark:
    """A problem of a piece, as the page shows it: ``other`` is the number of the piece it names, 0 where none is."""

    code: str
    severity: str
    message: str
    inside: str
    field: str
    value: str
    other: int
    other_source: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece, as the page shows it; ``record`` is its place in its file, ``""`` where it is the file itself."""

    number: int
    outcome: str
    item: str
    file: str
    record: str
    codes: tuple[str, ...]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a report: the library's name, the page's language (``en``, ``fr`` or ``es``), when it was made.

    ``made_at`` is RFC 3339; ``is_plan`` says that nothing was written. ``desk`` is the address of the desk that
    the page leads back to, and to whose items; ``""`` for a page that stands alone.
    """

    library: str
    language: str
    made_at: str
    is_plan: bool
    desk: str = ""


def report_page(report: Report, heading: Heading) -> str:
    """Return the page, HTML in Unicode without surrogates."""
    words = _words(heading.language)
    listed = _listed(report.pieces)
    return (
        _template()
        .get_template("report.html")
        .render(
            words=words,
            language=heading.language,
            title=words["plan" if heading.is_plan else "done"],
            library=heading.library,
            is_plan=heading.is_plan,
            desk=heading.desk,
            made_at=heading.made_at,
            accession=report.accession,
            total=len(report.pieces),
            outcomes=OUTCOMES,
            counts=[(outcome, count) for outcome, count in count_outcomes(report.pieces) if count],
            codes=_by_code(report.pieces),
            hidden=_hidden(report, len(listed), heading, words),
            pieces=_shown(report.pieces, listed, heading.language),
        )
    )


def _hidden(report: Report, shown: int, heading: Heading, words: dict[str, str]) -> str:
    """Say how many pieces are not listed and where they are; ``""`` where all are."""
    if shown == len(report.pieces):
        return ""
    said = words["hidden"].format(shown=shown, all=len(report.pieces))
    later = words["hidden_later"].format(accession=report.accession)
    return f"{said} {later}" if report.accession and not heading.is_plan else said


def _listed(pieces: Sequence[Piece]) -> Sequence[int]:
    """Return the places of the pieces that are listed, in their order: the gravest, where not all can be."""
    places = range(len(pieces))
    return places if len(pieces) <= SHOWN else sorted(sorted(places, key=lambda place: _rank(pieces[place]))[:SHOWN])


def _rank(piece: Piece) -> int:
    return min([_PLAIN[piece.outcome], *(_GRAVEST[one.severity] for one in piece.problems)])


@dataclass(frozen=True, slots=True)
class _Code:
    code: str
    severity: str
    count: int


def _by_code(pieces: Sequence[Piece]) -> list[_Code]:
    """Count the remarks by code: the gravest first, then the most frequent."""
    counted = Counter(one.code for piece in pieces for one in piece.problems)
    made = (_Code(code, SENTENCES[code].severity, count) for code, count in counted.items())
    return sorted(made, key=lambda one: (_GRAVEST[one.severity], -one.count, one.code))


def _shown(pieces: Sequence[Piece], listed: Sequence[int], language: str) -> Iterator[Shown]:
    numbers = {pieces[place].source: place + 1 for place in listed}
    for place in listed:
        piece = pieces[place]
        file, mark, record = piece.source.rpartition("#")
        numbered = bool(mark) and record.isdecimal()
        yield Shown(
            place + 1,
            piece.outcome,
            piece.item,
            file if numbered else piece.source,
            record if numbered else "",
            tuple(dict.fromkeys(one.code for one in piece.problems)),
            tuple(_remark(piece, one, numbers, language) for one in piece.problems),
        )


def _remark(piece: Piece, said: Problem, numbers: dict[str, int], language: str) -> Remark:
    told = dict(said.params)
    other = next((told[name] for name in _OTHERS if told.get(name) in numbers), "")
    inside, field = place_in(piece, said)
    return Remark(
        code=said.code,
        severity=said.severity,
        message=said.message(language),
        inside=inside,
        field=field,
        value=told.get("value", ""),
        other=numbers.get(other, 0),
        other_source=other,
    )


@cache
def _words(language: str) -> dict[str, str]:
    table = tomllib.loads(files("canoe").joinpath("report_words.toml").read_text("utf-8"))
    return {name: said[language] for name, said in table.items()}


@cache
def _template() -> Environment:
    made = Environment(
        loader=PackageLoader("canoe", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["inert"] = inert
    return made
