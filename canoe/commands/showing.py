"""canoe show, canoe search, canoe vocabulary: what the library knows."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import typer

from canoe.commands.options import (
    HELP_STYLE,
    HomeOption,
    ItemArgument,
    JsonOption,
    counted,
    open_home,
    print_json,
    print_lines,
)
from canoe.forms import Form, shown
from canoe.home import Home
from canoe.settings import home_folder
from metadata.errors import NotFound
from metadata.model import Page
from search.engine import Answer, ItemHit, Request, SearchReader, open_reader


def show(
    item: ItemArgument,
    home: HomeOption = None,
    form: Annotated[Form, typer.Option("--format", help="What the item is shown as.")] = Form.JSON,
    pages: Annotated[bool, typer.Option("--pages", help="Show the pages instead, a JSON line each.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show an item: what is known of it, or the text of its pages."""
    opened = open_home(home)
    found = opened.library.item(item)
    if pages:
        for page in opened.library.pages(item):
            print_json(_page(page))
    else:
        sys.stdout.write(shown(Form.JSON if as_json else form, opened, found))


def _page(page: Page) -> dict[str, Any]:
    return {
        "number": page.number,
        "language": page.language,
        "confidence": round(page.confidence, 1),
        "method": page.method,
        "text": page.text,
    }


def search(
    query: Annotated[str, typer.Argument(help='Words, "a phrase", -not, title:word, year:1990..2005.')],
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Items at most.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Search the full text and the descriptions; answers are items, with their best pages.

    With --json: a JSON line an item.
    """
    opened = open_home(home)
    reader = open_reader(opened.index)
    try:
        _print_answer(opened, reader, Request(query, limit=limit), as_json)
    finally:
        reader.close()


def _print_answer(home: Home, reader: SearchReader, request: Request, as_json: bool) -> None:
    answer = reader.find(request)
    for remark in answer.remarks:
        typer.echo(remark, err=True)
    for hit in _all_hits(reader, request, answer):
        title = home.library.item(hit.id).title.value
        if as_json:
            print_json(_hit_json(hit, title))
        else:
            print_lines(_hit_lines(hit, title))
    if not as_json:
        print_lines([f"{counted(answer.total, 'item')}."])


def _all_hits(reader: SearchReader, request: Request, first: Answer) -> Iterator[ItemHit]:
    """Yield as many hits as are asked for: an engine gives a limited number at once."""
    hits, given = first.hits, 0
    while hits:
        yield from hits
        given += len(hits)
        left = min(request.limit, first.total) - given
        hits = reader.find(replace(request, offset=given, limit=left)).hits if left > 0 else ()


def _hit_json(hit: ItemHit, title: str) -> dict[str, Any]:
    pages = [{"number": page.number, "snippet": "".join(text for text, _ in page.snippet)} for page in hit.pages]
    return {"id": hit.id, "title": title, "score": round(hit.score, 4), "pages": pages}


def _hit_lines(hit: ItemHit, title: str) -> Iterator[str]:
    yield f"{hit.id}  {title}"
    for page in hit.pages:
        passage = "".join(f"[{text}]" if marked else text for text, marked in page.snippet)
        yield f"    p. {page.number}: {' '.join(passage.split())}"


vocabulary = typer.Typer(
    help="The classification: its concepts and their labels.", no_args_is_help=True, rich_markup_mode=HELP_STYLE
)


@vocabulary.command("list")
def list_concepts(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the concepts of the vocabulary, each with its labels."""
    for concept in Home.read(home_folder(home)).vocabulary.concepts.values():
        if as_json:
            print_json(concept)
        else:
            labels = " | ".join(f"{text.value} ({text.language})" for text in concept.labels)
            print_lines([f"{concept.notation:<8} {labels}  {concept.uri}"])


@vocabulary.command("show")
def show_concept(
    uri: Annotated[str, typer.Argument(help="The concept's URI.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one concept: its labels, and what is broader and narrower."""
    opened = Home.read(home_folder(home))
    concept = opened.vocabulary.concepts.get(uri)
    if concept is None:
        raise NotFound(f"There is no concept {uri}.", "canoe vocabulary list shows all.")
    if as_json:
        print_json(concept)
        return
    print_lines(f"{text.language}: {text.value}" for text in concept.labels)
    print_lines(f"broader: {_named(one, opened)}" for one in concept.broader)
    print_lines(f"narrower: {_named(one, opened)}" for one in opened.vocabulary.narrower(uri))


def _named(uri: str, home: Home) -> str:
    concept = home.vocabulary.concepts.get(uri)
    return f"{concept.label(home.settings.library.language).value}  {uri}" if concept else uri
