"""canoe places: what the items cover, and which of it is a country or region."""

from collections import Counter
from typing import Annotated

import typer

from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines
from metadata import places


def places_command(
    home: HomeOption = None,
    unknown: Annotated[bool, typer.Option("--unknown", help="List only what is no country or region.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the places that items cover, in words and codes, with the country or region that each is.

    Words are a country or region where they are its whole name, in English, French or Spanish; what is not stays
    words and is found as such. canoe edit ITEM --set country+=KE gives an item a code.
    """
    opened = open_home(home)
    found: Counter[str] = Counter()
    for item in opened.library.items():
        if item.status == "published":
            found.update({*(text.value for text in item.coverage), *item.countries})
    for text, number in sorted(found.items(), key=lambda one: (-one[1], one[0])):
        code = places.find(text)
        if unknown and code:
            continue
        name = places.name_of(code, opened.settings.library.language) if code else ""
        if as_json:
            print_json({"text": text, "items": number, "code": code, "name": name})
        else:
            print_lines([f"{counted(number, 'item'):>10}  {code or '-':<4} {text}{f'  = {name}' if code else ''}"])
