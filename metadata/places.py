"""Countries and regions: ISO 3166-1 and UN M49, with their names in English, French and Spanish.

Names are CLDR's (Babel), and a few that are in use beside them. What lies in what is a table of its own
(``places.toml``): CLDR's is not among what Babel gives.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from babel import Locale
from babel.core import get_global

from metadata.folding import fold

LANGUAGES = ("en", "fr", "es")
WORLD = "001"
_LONGEST = 120
_ARTICLE = re.compile(r"^(?:the|la|le|les|el|los|las) ")
_WORDS = re.compile(r"\w+")
_WHOLE = {"st": "saint", "ste": "sainte"}


def find(name: str) -> str:
    """Return the code of the country (``KE``) or region (``002``) with this name or code, ``""`` where none has it.

    A name is one of a whole place, in any of the three languages; case, accents and articles do not matter. A
    code of ISO 3166-2 (``US-CA``) gives its country. A country's code may be that of two letters, of three
    (``KEN``) or its number (``404``, which is M49's, too).
    """
    text = name.strip()
    if text.isascii() and text.isupper() and (code := text.partition("-")[0]) in _above():
        return code
    if text in _regions():
        return text
    return _other_codes().get(text) or (_by_name().get(_key(text), "") if len(text) <= _LONGEST else "")


def is_region(code: str) -> bool:
    """Say whether a code is a region's."""
    return code in _regions()


def name_of(code: str, language: str) -> str:
    """Return the name of a country or region in one of the three languages, the code where it has none."""
    return str(Locale(language).territories.get(code.partition("-")[0], code))


def names_of(code: str) -> tuple[str, ...]:
    """Return the names of a country or region in the three languages, each once."""
    return tuple(dict.fromkeys(name_of(code, language) for language in LANGUAGES))


def within(code: str) -> tuple[str, ...]:
    """Return a country or region and all regions it lies in, the nearest first; nothing for what is no place."""
    country = code.partition("-")[0]
    if country not in _above():
        return ()
    found: dict[str, None] = {country: None}
    waiting = [country]
    while waiting:
        above = _above()[waiting.pop(0)]
        waiting.extend(one for one in above if one not in found)
        found.update(dict.fromkeys(above))
    return tuple(found)


def parts_of(code: str) -> tuple[str, ...]:
    """Return the regions and countries that a region consists of; nothing for what is none."""
    return _regions().get(code, ())


def covered(countries: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of all that a thing lies in, each once: its countries, those that are named, their regions."""
    codes = dict.fromkeys((*countries, *filter(None, map(find, names))))
    return tuple(dict.fromkeys(place for code in codes for place in within(code)))


def countries_in(code: str) -> frozenset[str]:
    """Return the countries of a region, by ISO 3166-1; a country alone is its own."""
    if not is_region(code):
        return frozenset((code,)) if code in _above() else frozenset()
    return frozenset(one for part in _regions()[code] for one in countries_in(part))


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("metadata").joinpath("places.toml").read_text("utf-8"))


@cache
def _regions() -> Mapping[str, tuple[str, ...]]:
    return {code: tuple(parts.split()) for code, parts in _table()["regions"].items()}


@cache
def _above() -> Mapping[str, tuple[str, ...]]:
    """Return of every country and region those regions that it is a part of."""
    found: dict[str, list[str]] = defaultdict(list)
    for region, parts in _regions().items():
        for part in parts:
            found[part].append(region)
    return {WORLD: (), **{code: tuple(above) for code, above in found.items()}, "419": ("019",)}


@cache
def _other_codes() -> Mapping[str, str]:
    """Return the countries by their codes of three letters and their numbers (ISO 3166-1), as CLDR has them."""
    aliases = get_global("territory_aliases")
    return {
        one: codes[0] for one, codes in aliases.items() if len(one) == 3 and len(codes) == 1 and codes[0] in _above()
    }


@cache
def _by_name() -> Mapping[str, str]:
    """Return the codes by folded names; a name that two places have is none's, but an own one comes first."""
    found: dict[str, set[str]] = defaultdict(set)
    for code in _above():
        for name in names_of(code):
            found[_key(name)].add(code)
    made = {key: next(iter(codes)) for key, codes in found.items() if len(codes) == 1}
    own = {_key(name): code for code, names in _table()["aliases"].items() for name in names.split("|")}
    return {**made, **own}


def _key(name: str) -> str:
    words = _WORDS.findall(fold(name.replace("&", " and ")))
    return _ARTICLE.sub("", " ".join(_WHOLE.get(word, word) for word in words))
