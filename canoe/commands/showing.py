"""canoe show, canoe vocabulary: what the library knows."""

import sys
from typing import Annotated, Any

import typer

from canoe.commands.options import (
    HomeOption,
    ItemArgument,
    JsonOption,
    open_home,
    print_json,
    print_lines,
)
from canoe.forms import Form, shown
from canoe.help_style import HELP_STYLE
from canoe.home import Home
from canoe.settings import home_folder
from metadata.errors import NotFound
from metadata.model import Page


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


vocabulary = typer.Typer(
    help="The classification: its concepts and their labels.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=HELP_STYLE,
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
