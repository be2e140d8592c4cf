"""What Canoe's search is measured beside: Whoosh, and SQLite's FTS5. See :mod:`benchmarks.search`."""

import re
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.search import Figures, Pages, ask, figures, timed
from search.query import parse
from search.query_tree import And, Fuzzy, Near, Node, Not, Or, Phrase, Prefix

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Whoosh is older than this Python
    from whoosh import fields, highlight, index, query
    from whoosh.analysis import StemmingAnalyzer

_STEMMED = StemmingAnalyzer()


def run_whoosh(folder: Path, pages: Pages, questions: list[str]) -> Figures:
    """Index and ask with Whoosh; return the figures."""
    folder.mkdir(parents=True)
    schema = fields.Schema(
        item=fields.ID(stored=True, sortable=True), page=fields.NUMERIC(stored=True),
        language=fields.ID(stored=True, sortable=True), type=fields.ID(sortable=True),
        year=fields.NUMERIC(sortable=True), subjects=fields.KEYWORD(sortable=True),
        title=fields.TEXT(analyzer=_STEMMED), text=fields.TEXT(analyzer=_STEMMED, stored=True),
    )  # fmt: skip
    made = index.create_in(str(folder), schema)
    indexing, _ = timed(lambda: _fill_whoosh(made, pages), process_time)
    with made.searcher() as searcher:
        asked = ask(questions, lambda question: _ask_whoosh(searcher, question))
    return figures(folder, pages, indexing, asked)


def run_fts5(folder: Path, pages: Pages, questions: list[str]) -> Figures:
    """Index and ask with FTS5; return the figures. What it cannot do, slips of the pen, it is not asked."""
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "pages.db")) as base:
        base.execute(
            "CREATE VIRTUAL TABLE pages USING fts5(item UNINDEXED, page UNINDEXED, language UNINDEXED, type UNINDEXED,"
            " year UNINDEXED, title, text, tokenize='porter unicode61 remove_diacritics 2')"
        )
        indexing, _ = timed(lambda: _fill_fts5(base, pages), process_time)
        able = [question for question in questions if not re.search(r"\w~", question)]
        asked = ask(able, lambda question: _ask_fts5(base, question))
    return figures(folder, pages, indexing, asked)


def _fill_whoosh(made: Any, pages: Pages) -> None:
    writer = made.writer(limitmb=128)
    for page in pages:
        writer.add_document(
            item=page.item, page=page.page, language=page.language, type=page.type, year=page.year,
            subjects=" ".join(page.subjects), title=page.title, text=page.text,
        )  # fmt: skip
    writer.commit()


def _ask_whoosh(searcher: Any, question: str) -> int:
    """Return how many items answer, having made a page of results."""
    node = parse(question).node
    assert node is not None
    found = searcher.search(
        _to_whoosh(node), limit=10, collapse="item", groupedby=["language", "type", "year", "subjects"], terms=True
    )
    found.fragmenter = highlight.ContextFragmenter(maxchars=240)
    for hit in found:
        hit.highlights("text", top=1)
    return len(found)


def _to_whoosh(node: Node) -> Any:
    """Return a query's tree as Whoosh's."""
    match node:
        case And(nodes):
            wanted = [_to_whoosh(part) for part in nodes if not isinstance(part, Not)]
            return query.And(wanted + [query.Not(_to_whoosh(part.node)) for part in nodes if isinstance(part, Not)])
        case Or(nodes):
            return query.Or([_to_whoosh(part) for part in nodes])
        case Prefix():
            return query.Prefix("text", node.text.lower())
        case Fuzzy():
            return query.FuzzyTerm("text", node.text.lower(), maxdist=node.distance)
        case Near() | Phrase():
            slop = 1 + node.between if isinstance(node, Near) else 1
            return query.Phrase("text", [token.text for token in _STEMMED(node.text)], slop=slop)
        case _:
            return query.Term("text", "".join(token.text for token in _STEMMED(node.text)))  # type: ignore[union-attr]


def _fill_fts5(base: sqlite3.Connection, pages: Pages) -> None:
    with base:
        base.executemany(
            "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((page.item, page.page, page.language, page.type, page.year, page.title, page.text) for page in pages),
        )
    base.execute("INSERT INTO pages(pages) VALUES ('optimize')")


def _ask_fts5(base: sqlite3.Connection, question: str) -> int:
    """Return how many pages answer, having made a page of results without facets."""
    node = parse(question).node
    assert node is not None
    asked = (_to_fts5(node),)
    base.execute(
        "SELECT item, page, snippet(pages, 6, '[', ']', '…', 32) FROM pages WHERE pages MATCH ? ORDER BY rank LIMIT 10",
        asked,
    ).fetchall()
    return int(base.execute("SELECT count(*) FROM pages WHERE pages MATCH ?", asked).fetchone()[0])


def _to_fts5(node: Node) -> str:
    """Return a query's tree in FTS5's language."""
    match node:
        case And(nodes):
            wanted = " AND ".join(_to_fts5(part) for part in nodes if not isinstance(part, Not))
            return " NOT ".join((f"({wanted})", *(_to_fts5(part.node) for part in nodes if isinstance(part, Not))))
        case Or(nodes):
            return f"({' OR '.join(map(_to_fts5, nodes))})"
        case Near():
            words = " ".join(f'"{word}"' for word in node.text.split())
            return f"NEAR({words}, {node.between})"
        case Prefix():
            return f'"{node.text}" *'
        case _:
            return f'"{node.text}"'  # type: ignore[union-attr]
