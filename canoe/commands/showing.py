"""canoe show: what the library knows of an item."""

import sys
from typing import Annotated, Any

import typer

from canoe.commands.options import (
    HomeOption,
    ItemArgument,
    JsonOption,
    open_home,
    print_json,
)
from canoe.forms import Form, shown
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
