"""Three interface languages: messages from ``locale/*.po``, locales from CLDR through Babel.

English is the language of the messages themselves. The ``.po`` files are read as they are,
so a translation is changed by editing one text file.
"""

import gettext
import io
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES: Mapping[str, str] = {"en": "English", "fr": "Français", "es": "Español"}
"""The interface languages, each by its own name."""

_HEADER_LIMIT = 500


def N_(message: str) -> str:  # noqa: N802 -- the name that message extractors look for
    """Return ``message``, marked as one to be translated where it is shown."""
    return message


@cache
def messages(language: str) -> gettext.NullTranslations:
    """Return the translations into ``language``, one of :data:`LANGUAGES`."""
    if language == "en":
        return gettext.NullTranslations()
    with files("web").joinpath("locale", f"{language}.po").open("rb") as source:
        catalog = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def locale(language: str) -> Locale:
    """Return the CLDR locale of an interface language."""
    return Locale.parse(language)


def choose(asked: str, accepted: str, default: str) -> str:
    """Return the interface language for a reader.

    ``asked`` is what the address says (``?lang=``); ``accepted`` is the Accept-Language header
    (RFC 9110, 12.5.4); ``default`` is the site's.
    """
    if asked in LANGUAGES:
        return asked
    known = (tag.partition("-")[0] for tag in _preferred(accepted[:_HEADER_LIMIT]))
    return next((tag for tag in known if tag in LANGUAGES), default)


def _preferred(header: str) -> Iterable[str]:
    """Return the tags of the header, most wanted first; those of weight 0 are left out."""
    ranges = [_range(part) for part in header.lower().split(",")]
    wanted = sorted((found for found in ranges if found[0] > 0), key=lambda found: -found[0])
    return [tag for _, tag in wanted]


def _range(part: str) -> tuple[float, str]:
    tag, _, weight = part.partition(";")
    try:
        quality = float(weight.strip().removeprefix("q=") or 1)
    except ValueError:
        quality = 0.0
    return quality, tag.strip()
