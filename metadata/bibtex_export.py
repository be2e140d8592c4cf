"""From an item to a BibTeX entry that BibTeX and biber read: the way back of :mod:`metadata.bibtex`.

BibTeX has no place for the language of a title or keyword, periods covered, access, identifiers of
libraries. Contributors of more than three roles beside authors, editors, translators and publishers
become collaborators; series after the first become notes.
"""

import re
import unicodedata
from collections.abc import Iterator

from metadata import citing, languages
from metadata.latex import from_unicode
from metadata.model import Agent, Item, Series
from metadata.reference_reading import calendar
from metadata.relators import CREATORS
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary

_TYPES = {
    "book": "book", "report": "techreport", "guideline": "techreport", "article": "article",
    "periodical": "periodical", "proceedings": "proceedings", "thesis": "phdthesis",
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ROLES = ("aut", "cre", "edt", "trl", "pbl", "dgg")
_EDITOR_TYPES = {"com": "compiler", "ctb": "collaborator", "orm": "organizer", "red": "redactor", "drt": "director"}
# Names that polyglossia and babel have (biblatex: langid).
_LANGIDS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "ngerman", "el": "greek", "en": "english",
    "en-GB": "british", "en-US": "american", "es": "spanish", "fi": "finnish", "fr": "french", "hu": "hungarian",
    "it": "italian", "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "pt-BR": "brazilian",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish", "uk": "ukrainian",
}  # fmt: skip
_BRACES = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})
_AND = re.compile(r"\band\b", re.IGNORECASE)
_Fields = Iterator[tuple[str, str]]


def bibtex(item: Item, base_url: str, vocabulary: Vocabulary) -> str:
    """Return the item as one BibTeX entry, UTF-8 text, ended by a line end.

    ``base_url`` is the library's web address, without the slash at its end; ``vocabulary`` gives the
    concepts' labels. The key never changes while first author, year and id do not. Every value is
    one line in braces that balance, its characters escaped for LaTeX.
    """
    parts = (_titles, _people, _published, _whole, _dates, _texts)
    fields = [one for part in parts for one in part(item)]
    fields += [("keywords", ", ".join(_guarded(word, ",;") for word in citing.keywords(item, vocabulary)))]
    fields += _numbers(item, base_url)
    lines = [f"  {name} = {value if name == 'month' else f'{{{value}}}'},\n" for name, value in fields if value]
    return f"@{_type(item)}{{{key(item)},\n{''.join(lines)}}}\n"


def key(item: Item) -> str:
    """Return the citation key, plain ASCII: first author's or editor's family name, year, id (``dupont1987-<id>``)."""
    people = citing.agents(item, *CREATORS) or citing.agents(item, "edt", "com", "isb", "pbl")
    family = citing.family_and_given(people[0])[0] if people else ""
    plain = unicodedata.normalize("NFKD", family).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]", "", plain)[:30] or "item"
    return "-".join(part for part in (f"{name}{item.year or ''}", item.id) if part)


def _type(item: Item) -> str:
    return "incollection" if citing.is_chapter(item) and item.series else _TYPES.get(item.type, "misc")


def _text(text: str) -> str:
    """Return a value in LaTeX."""
    return from_unicode(citing.clean(text))


def _title(text: str) -> str:
    """Return a title, with braces around words that styles must not put in lower case."""
    words = citing.clean(text).split()
    return " ".join(_capitals(word, at) for at, word in enumerate(words))


def _capitals(word: str, at: int) -> str:
    kept = any(character.isupper() for character in word[1 if at == 0 else 0 :])
    return f"{{{from_unicode(word)}}}" if kept else from_unicode(word)


def _guarded(text: str, joints: str) -> str:
    """Put braces around a value of a list that holds what parts lists."""
    return f"{{{_text(text)}}}" if any(joint in text for joint in joints) else _text(text)


def _several(values: list[str], joint: str) -> str:
    """Join values of a list; where there are several each has braces, so that no word in one parts it."""
    written = [_text(value) for value in values if citing.clean(value)]
    return written[0] if len(written) == 1 else joint.join(f"{{{value}}}" for value in written)


def _titles(item: Item) -> _Fields:
    yield "title", _title(item.title.value)
    yield "titleaddon", _several([title.value for title in item.titles[1:]], " = ")
    if _type(item) in ("misc", "techreport", "phdthesis"):
        yield "type", TYPES.get(item.type, TYPES["other"]).en


def _people(item: Item) -> _Fields:
    yield "author", _names(citing.agents(item, "aut", "cre"))
    yield "editor", _names(citing.agents(item, "edt"))
    yield "translator", _names(citing.agents(item, "trl"))
    rest = citing.others(item, *_ROLES)
    roles = list(dict.fromkeys(one.role for one in rest))
    for slot, role in zip("abc", roles[:3], strict=False):
        last = slot == "c" and len(roles) > 3
        yield f"editor{slot}", _names(citing.agents(item, *(roles[2:] if last else [role])))
        told = "collaborator" if last else _EDITOR_TYPES.get(role) or citing.role_term(role)
        yield f"editor{slot}type", told


def _names(agents: list[Agent]) -> str:
    return " and ".join(map(_name, agents))


def _name(agent: Agent) -> str:
    """Return a name so that BibTeX takes it apart where the catalogue does: at its first comma, if at all."""
    if agent.kind == "organisation":
        return f"{{{_text(agent.name)}}}"
    family, given = citing.family_and_given(agent)
    if not given:
        plain = re.fullmatch(r"[^\W\d_]+", family) and family.lower() not in ("and", "others")
        return _text(family) if plain else f"{{{_text(family)}}},"
    return f"{_part(family)}, {_part(given)}"


def _part(text: str) -> str:
    return f"{{{_text(text)}}}" if "," in text or "=" in text or _AND.search(text) else _text(text)


def _published(item: Item) -> _Fields:
    publishers = [agent.name for agent in citing.agents(item, "pbl")]
    yield "institution" if _type(item) == "techreport" else "publisher", _several(publishers, " and ")
    yield "school", _several([agent.name for agent in citing.agents(item, "dgg")], " and ")
    yield "address", _several(list(item.places), " and ")
    yield "edition", _text(item.edition)


def _whole(item: Item) -> _Fields:
    """Yield what the item is part of, and where it stands there."""
    report = _type(item) == "techreport"
    reports = citing.numbers(item, "report-number")
    if report and reports:
        yield "number", _text(reports[0])
    if item.series:
        yield from _series(item, item.series[0], report)
    first, last = citing.page_range(item)
    yield "pages", f"{_text(first)}--{_text(last)}" if first and last else _text(first)
    yield "pagetotal", "" if first else _text(item.extent)


def _series(item: Item, series: Series, report: bool) -> _Fields:
    if host := citing.host(item):
        volume, number = citing.volume_and_issue(host.number)
        yield "booktitle" if citing.is_chapter(item) else "journal", _text(host.title)
        yield from (("volume", _text(volume)), ("number", _text(number)))
    else:
        yield "series", _text(series.title)
        yield "volume" if report else "number", _text(series.number)


def _dates(item: Item) -> _Fields:
    """Yield the year and month for BibTeX, and for BibLaTeX the date where these do not say it whole."""
    date = citing.issued(item)
    year, month, day = (*date.split("-"), "", "")[:3]
    whole = calendar(year, month, day) == date
    yield "year", date[:4] if date[:4].isdecimal() else ""
    yield "month", _MONTHS[int(month) - 1] if whole and month else ""
    yield "date", _text(date) if date and (day or not whole) else ""


def _texts(item: Item) -> _Fields:
    named = [languages.name(tag, "en") for tag in item.languages]
    pairs = zip(named, item.languages, strict=True)
    yield "language", " and ".join(name if languages.from_code(name) == tag else tag for name, tag in pairs)
    yield "langid", _LANGIDS.get(item.languages[0], "") if item.languages else ""
    for name, texts in (("abstract", item.descriptions), ("note", item.notes), ("copyright", item.rights)):
        more = [f"{one.title} ; {one.number}".rstrip(" ;") for one in item.series[1:]] if name == "note" else []
        yield name, _text(citing.joined([*(one.value for one in texts), *more]))


def _numbers(item: Item, base_url: str) -> _Fields:
    yield "isbn", ", ".join(citing.numbers(item, "isbn"))
    first = item.series[0].issn if item.series else ""
    yield "issn", ", ".join(filter(None, dict.fromkeys((first, *citing.numbers(item, "issn")))))
    yield "doi", citing.doi(item).translate(_BRACES)
    if papers := citing.numbers(item, "arxiv"):
        yield from (("eprint", papers[0].translate(_BRACES)), ("eprinttype", "arxiv"))
    addresses = [f"\\url{{{address.translate(_BRACES)}}}" for address in citing.numbers(item, "url")]
    yield "howpublished", ", ".join(addresses)
    yield "url", citing.landing(item, base_url)
