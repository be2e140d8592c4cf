"""The desk's templates and messages: its own, and below them those of the public pages.

The messages lie in ``locale/PART.LANGUAGE.po``, one part for each kind of work; what the public
pages say already is not said again.
"""

import gettext
import io
from functools import cache
from importlib.resources import files

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import ChoiceLoader, Environment, PackageLoader

from web import i18n, render

PARTS = ("frame", "editing")
"""The parts of the desk that have messages of their own."""


@cache
def messages(language: str) -> gettext.NullTranslations:
    """Return the translations into ``language``, one of :data:`web.i18n.LANGUAGES`."""
    found = i18n.messages(language)
    for part in PARTS if language != "en" else ():
        above = _read(part, language)
        above.add_fallback(found)
        found = above
    return found


@cache
def environment(language: str) -> Environment:
    """Return the desk's templates, those of the public pages below them, in one interface language."""
    own = PackageLoader("desk", "templates")
    made = Environment(
        loader=ChoiceLoader([own, PackageLoader("web", "templates")]),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=render.environment(language).undefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(render.environment(language).globals)
    made.install_gettext_translations(messages(language), newstyle=True)  # type: ignore[attr-defined]
    return made


def _read(part: str, language: str) -> gettext.NullTranslations:
    with files("desk").joinpath("locale", f"{part}.{language}.po").open("rb") as source:
        catalog = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
