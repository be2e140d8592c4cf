"""From an item to an RIS reference: the way back of :mod:`metadata.ris`.

RIS has no place for the language of a title or keyword, periods covered, rights, access, identifiers
other than DOI, ISBN, ISSN and addresses. Contributors who are neither authors, editors, translators
nor publishers become notes, and so does a series after the second.
"""

from collections.abc import Iterator

from metadata import citing, languages
from metadata.edtf_dates import is_ambiguous
from metadata.model import Agent, Item
from metadata.reference_reading import calendar
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary

_TYPES = {
    "book": "BOOK", "report": "RPRT", "article": "JOUR", "periodical": "JFULL", "proceedings": "CONF",
    "guideline": "STAND", "map": "MAP", "thesis": "THES", "image": "ART", "dataset": "DATA", "video": "VIDEO",
    "sound": "SOUND", "music": "SOUND", "score": "MUSIC", "software": "COMP",
}  # fmt: skip
_ORGANISATION = ","
_Lines = Iterator[tuple[str, str]]


def ris(item: Item, base_url: str, vocabulary: Vocabulary) -> str:
    """Return the item as one RIS reference, UTF-8 text, its lines ended by CR LF, a blank line after it.

    ``base_url`` is the library's web address, without the slash at its end; ``vocabulary`` gives the
    concepts' labels. No value holds a line end, so none can be taken for a tag. An organisation's
    name ends in a comma, which tells it from a person's.
    """
    parts = (_titles, _people, _published, _whole, _numbers, _texts)
    lines = [("TY", _type(item)), ("ID", item.id), *(line for part in parts for line in part(item))]
    lines += [("KW", word) for word in citing.keywords(item, vocabulary)]
    lines.append(("UR", citing.landing(item, base_url)))
    kept = [f"{tag}  - {value}" for tag, value in ((tag, citing.clean(text)) for tag, text in lines) if value]
    return "\r\n".join((*kept, "ER  - ", "", ""))


def _type(item: Item) -> str:
    return "CHAP" if citing.is_chapter(item) else _TYPES.get(item.type, "GEN")


def _titles(item: Item) -> _Lines:
    for at, title in enumerate(item.titles):
        yield ("TT" if title.kind == "translated" else "ST") if at else "TI", title.value
    yield "M3", TYPES.get(item.type, TYPES["other"]).en


def _people(item: Item) -> _Lines:
    for one in item.contributions:
        if tag := {"aut": "AU", "cre": "AU", "edt": "ED", "trl": "A4"}.get(one.role):
            yield tag, _name(one.agent)
        elif one.role not in ("pbl", "dgg"):
            yield "N1", f"{citing.role_term(one.role).capitalize()}: {one.agent.name}"


def _name(agent: Agent) -> str:
    name = citing.clean(agent.name).rstrip(" ,")
    return f"{name}{_ORGANISATION}" if name and agent.kind == "organisation" else name


def _published(item: Item) -> _Lines:
    """Yield date, publishers and places; a date that is no single day or month stands whole after three slashes."""
    date = citing.issued(item)
    year, month, day = (*date.split("-"), "", "")[:3]
    if date[:4].isdecimal():
        yield "PY", date[:4]
    if date and (calendar(year, month, day) != date or is_ambiguous(date)):
        yield "DA", f"{date[:4] if date[:4].isdecimal() else ''}///{date}"
    elif month:
        yield "DA", f"{year}/{month}/{day}/"
    for agent in citing.agents(item, "pbl", "dgg"):
        yield "PB", agent.name
    yield from (("CY", place) for place in item.places)
    yield "ET", item.edition


def _whole(item: Item) -> _Lines:
    """Yield what the item is part of, and where it stands there."""
    for at, series in enumerate(item.series[:2]):
        volume, issue = citing.volume_and_issue(series.number)
        if at == 0:
            yield from (("T2", series.title), ("VL", volume), ("IS", issue))
        else:
            yield from (("T3", series.title), ("SV", series.number))
    for series in item.series[2:]:
        yield "N1", f"Series: {series.title} ; {series.number}".rstrip(" ;")
    first, last = citing.page_range(item)
    yield "SP", first or item.extent
    yield "EP", last


def _numbers(item: Item) -> _Lines:
    yield "DO", citing.doi(item)
    first = item.series[0].issn if item.series else ""
    serials = dict.fromkeys((first, *citing.numbers(item, "issn")))
    yield from (("SN", number) for number in (*citing.numbers(item, "isbn"), *serials))
    yield from (("UR", address) for address in citing.numbers(item, "url"))


def _texts(item: Item) -> _Lines:
    for tag in item.languages:
        name = languages.name(tag, "en")
        yield "LA", name if languages.from_code(name) == tag else tag
    yield from (("AB", text.value) for text in item.descriptions)
    yield from (("N1", text.value) for text in item.notes)
