"""Keywords and what they may mean as a table for a spreadsheet, and the decisions out of the table that comes back."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.subject_decisions import Decision
from canoe.home import Home
from canoe.subjects import Keyword, Proposal, decision
from canoe.table_text import table_text
from metadata.description import shorten
from metadata.errors import UsageError
from metadata.problems import Problem, problem
from metadata.table_cells import bare, delimiter_of, inert

COLUMNS = ("keyword", "language", "items", "decision", "proposal", "label", "how", "score", "others", "examples")
KEEP, YES = "keep", "yes"
"""What stands under ``decision`` beside a URI or a label: it stays a keyword; it is what is proposed."""

_LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """The decisions of a table, and what is wrong with its other lines."""

    decisions: tuple[Decision, ...]
    problems: tuple[Problem, ...]


def table(home: Home, rows: Iterable[tuple[Keyword, Sequence[Proposal]]]) -> Iterator[bytes]:
    """Yield the lines of a table (RFC 4180, UTF-8 with a byte order mark, which spreadsheets ask for)."""
    yield "\ufeff".encode() + _line(COLUMNS)
    for keyword, proposals in rows:
        best = proposals[0] if proposals else None
        others = " | ".join(f"{one.concept} {_label(home, one)} {one.score}" for one in proposals[1:])
        proposed = (best.concept, _label(home, best), best.how, str(best.score)) if best else ("", "", "", "")
        examples = " | ".join(f"{item} {title}" for item, title in keyword.examples)
        yield _line((keyword.written, "", str(keyword.items), "", *proposed, others, examples))


def read_table(home: Home, path: Path, by: str, reason: str) -> Table:
    """Return the decisions of a table that came back (comma, semicolon or tab between cells).

    Lines without a decision are passed over. Raises UsageError for what is no such table, and for one that decides
    twice, and differently, on a keyword; a quotation that is never closed would swallow all lines after it.
    """
    text = table_text(path, _LARGEST, "Name what canoe subjects --csv wrote, with decisions in it.")
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    made: list[Decision] = []
    problems: list[Problem] = []
    try:
        if missing := {"keyword", "decision"} - set(rows.fieldnames or ()):
            raise UsageError(f"{path} has no column {min(missing)}.", "Begin with what canoe subjects --csv writes.")
        for row in rows:
            cells = {name: (value or "").strip() for name, value in row.items() if isinstance(value, str)}
            if not cells.get("decision"):
                continue
            try:
                made.append(_read(home, cells, by, reason))
            except UsageError:
                where = f"{path.name}#{rows.line_num}"
                problems.append(problem("decision-unknown", where, value=shorten(cells["decision"])))
    except csv.Error as fault:
        raise UsageError(f"{path} is no CSV after line {rows.line_num}: {fault}.") from fault
    _require_one_mind(path, made)
    return Table(tuple(made), tuple(problems))


def _require_one_mind(path: Path, made: Iterable[Decision]) -> None:
    concepts: dict[tuple[str, str], str] = {}
    for one in made:
        if concepts.setdefault(one.key, one.concept) != one.concept:
            message = f"{path} decides twice, and differently, on {shorten(one.keyword)!r}."
            raise UsageError(message, "Leave one of the lines.")


def _read(home: Home, cells: dict[str, str], by: str, reason: str) -> Decision:
    told = cells["decision"]
    concept = "" if told.lower() == KEEP else cells.get("proposal", "") if told.lower() == YES else bare(told)
    if told.lower() == YES and not concept:
        raise UsageError("Nothing was proposed.")
    return decision(home, bare(cells["keyword"]), concept, cells.get("language", ""), by, reason)


def _label(home: Home, proposal: Proposal) -> str:
    return home.vocabulary.concepts[proposal.concept].label(home.settings.library.language).value


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(map(inert, cells))
    return out.getvalue().encode()
