"""canoe search: what is found, for people, as JSON lines or as references."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any

import typer

from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines
from canoe.home import Home
from metadata.bibtex_export import bibtex
from metadata.errors import UsageError
from metadata.listing import listing_csv
from metadata.model import Item
from metadata.ris_export import ris
from search.engine import FACETS, Answer, ItemHit, Request, SearchReader, gathered


class SearchSort(StrEnum):
    """Orders of the answers."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    TITLE = "title"


class ResultForm(StrEnum):
    """Forms that what is found is written in."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    BIBTEX = "bibtex"
    RIS = "ris"


def search(
    query: Annotated[str, typer.Argument(help='Words, "a phrase", -not, title:word, year:1990..2005.')],
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Items at most.")] = 10,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="FACET=VALUE: only items that have it; may be repeated.", show_default="all items"),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", help="FACET=VALUE: no items that have it; may be repeated.", show_default="none"),
    ] = None,
    sort: Annotated[SearchSort, typer.Option(help="The order of the answers.")] = SearchSort.RELEVANCE,
    form: Annotated[ResultForm, typer.Option("--format", help="What is found is written so.")] = ResultForm.TEXT,
    as_json: JsonOption = False,
) -> None:
    """Search the full text and the descriptions; answers are items, with their best pages.

    Editions of one work stand together, the best first. With --json, or --format json: a JSON line an item.

    Facets are language, type, decade, year, subject, collection, agent, access, online, repository
    and format.
    """
    opened = open_home(home)
    request = Request(
        query,
        _facets(only),
        limit=limit,
        without=_facets(without),
        sort=sort.value,
        language=opened.settings.library.language,
    )
    reader = opened.index_reader()
    try:
        _print_answer(opened, reader, request, ResultForm.JSON if as_json else form)
    finally:
        reader.close()


def _facets(given: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """Return facets and values; raises UsageError for what is none."""
    pairs = [tuple(one.partition("=")[::2]) for one in given or ()]
    for (facet, value), one in zip(pairs, given or (), strict=True):
        if facet not in FACETS or not value:
            raise UsageError(f"{one} is no facet and value.", f"Write FACET=VALUE; facets are {', '.join(FACETS)}.")
    return tuple((facet, value) for facet, value in pairs)


def _print_answer(home: Home, reader: SearchReader, request: Request, form: ResultForm) -> None:
    answer = reader.find(replace(request, limit=0, facets=()))
    _remark(home, answer)
    hits = islice((one for work in gathered(reader, request) for one in work.all_editions), request.limit)
    found = ((home.library.item(hit.id), hit) for hit in hits)
    if form not in (ResultForm.TEXT, ResultForm.JSON):
        sys.stdout.write(_references(form, home, found))
        return
    for item, hit in found:
        if form is ResultForm.JSON:
            print_json(_hit_json(hit, item.title.value))
        else:
            print_lines(_hit_lines(hit, item.title.value))
    if form is ResultForm.TEXT:
        print_lines([f"{counted(answer.total, 'item')}."])


def _remark(home: Home, answer: Answer) -> None:
    """Say beside the answer what was wrong with the query, and what else it was taken for."""
    for remark in answer.remarks:
        typer.echo(remark, err=True)
    for taken in answer.expansions:
        if taken.agent:
            other = f"{taken.agent}, by all names"
        else:
            other = f"the subject {home.vocabulary.concepts[taken.concept].label(home.settings.library.language).value}"
        typer.echo(f"“{taken.text}” also finds {other}: {counted(taken.count, 'item')}.", err=True)
    if answer.instead:
        typer.echo(f"Did you mean: {answer.instead}", err=True)


def _hit_json(hit: ItemHit, title: str) -> dict[str, Any]:
    pages = [{"number": page.number, "snippet": "".join(text for text, _ in page.snippet)} for page in hit.pages]
    return {"id": hit.id, "title": title, "score": round(hit.score, 4), "pages": pages}


def _hit_lines(hit: ItemHit, title: str) -> Iterator[str]:
    yield f"{hit.id}  {title}"
    for page in hit.pages:
        passage = "".join(f"[{text}]" if marked else text for text, marked in page.snippet)
        yield f"    p. {page.number}: {' '.join(passage.split())}"


def _references(form: ResultForm, home: Home, found: Iterable[tuple[Item, ItemHit]]) -> str:
    place = home.settings.library.base_url, home.vocabulary
    if form is ResultForm.CSV:
        return listing_csv(((item, hit.score) for item, hit in found), *place, home.settings.library.language)
    made = bibtex if form is ResultForm.BIBTEX else ris
    return "".join(made(item, *place).rstrip("\r\n") + "\n\n" for item, _ in found)
