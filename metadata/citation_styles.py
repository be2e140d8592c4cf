"""An item as it is cited in the styles that readers are asked for, with the words of one of three languages.

APA (7th edition), MLA (9th), Chicago (17th, author–date), Vancouver (Citing Medicine, 2nd) and ISO 690:2021. Titles
keep the capitals that the catalogue gives them: what a style capitalises depends on the language of the title.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from metadata import citing
from metadata.citation_words import WORDS, Words
from metadata.model import Agent, Item
from metadata.relators import CREATORS

Pieces = tuple[tuple[str, bool], ...]
"""Text in its order, and whether it stands in italics."""

# Control characters, which no text of a record keeps, stand around what is in italics.
_ITALIC, _UPRIGHT = "\x02", "\x03"
_EDITORS = ("edt", "edc", "com")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ENDED = re.compile(rf"[.?!…](?:\u00a0?[”»])?{_UPRIGHT}?$")
_APA_MOST, _MLA_MOST, _CHICAGO_MOST, _CHICAGO_SHOWN, _VANCOUVER_MOST = 20, 2, 10, 7, 6


@dataclass(frozen=True, slots=True)
class Cited:
    """What the styles are made of: names, the year (``""``: unknown), titles, what it is part of, where it is found.

    ``edited`` says that the names are those of editors. ``host`` is the journal or the book of an article,
    ``series`` a series with the number in it, as ``Title, 7``.
    """

    words: Words
    names: Sequence[Agent]
    edited: bool
    year: str
    title: str
    translated: str
    host: str
    volume: str
    issue: str
    pages: str
    is_chapter: bool
    edition: str
    series: str
    number: str
    places: str
    publisher: str
    address: str
    today: date

    @property
    def own(self) -> bool:
        """Whether it is published by the one who made it."""
        return [citing.clean(one.name) for one in self.names] == [self.publisher]


def citations(item: Item, address: str, language: str, today: date) -> Mapping[str, Pieces]:
    """Return the item's citations by the name of their style.

    ``address`` is where it is found, a DOI as a link; ``language`` (``en``, ``fr``, ``es``) is that of the
    words between; ``today`` is the day on which it was read.
    """
    cited = _cited(item, address, WORDS[language], today)
    return {name: tuple(_pieces(style(cited))) for name, style in STYLES.items()}


def _cited(item: Item, address: str, words: Words, today: date) -> Cited:
    names, edited = _names(item)
    host, (first, last) = citing.host(item), citing.page_range(item)
    volume, issue = citing.volume_and_issue(host.number) if host else ("", "")
    rest = item.series[1 if host else 0 :][:1]
    made_by = citing.agents(item, "pbl") or citing.agents(item, "dgg")
    return Cited(
        words=words,
        names=names,
        edited=edited,
        year=str(item.year or ""),
        title=_title(item),
        translated=next((citing.clean(one.value) for one in item.titles[1:] if one.kind == "translated"), ""),
        host=citing.clean(host.title) if host else "",
        volume=volume,
        issue=issue,
        pages=f"{first}–{last}" if last else first,
        is_chapter=citing.is_chapter(item),
        edition=citing.clean(item.edition),
        series=", ".join(part for one in rest for part in (citing.clean(one.title), citing.clean(one.number)) if part),
        number=next(iter(citing.numbers(item, "report-number")), ""),
        places=", ".join(place for one in item.places if (place := citing.clean(one))),
        publisher=", ".join(citing.clean(one.name) for one in made_by),
        address=address,
        today=today,
    )


def _names(item: Item) -> tuple[Sequence[Agent], bool]:
    """Return who is named first: authors, else editors, else issuing bodies; and whether they are editors."""
    if found := citing.agents(item, *CREATORS):
        return found, False
    if found := citing.agents(item, *_EDITORS):
        return found, True
    return citing.agents(item, "isb"), False


def _title(item: Item) -> str:
    """Return the title with its colon as its language has it, not as catalogues do."""
    colon = "\u00a0: " if item.title.language.startswith("fr") else ": "
    return citing.clean(item.title.value).replace(" : ", colon).rstrip(".") or item.id


def apa(cited: Cited) -> str:
    """Return a reference in APA style, 7th edition."""
    words = cited.words
    year, title = f"({cited.year or words.no_date})", _apa_title(cited)
    names = _apa_names(cited)
    start = [f"{_ended(names)} {year}.", _ended(title)] if names else [_ended(title), f"{year}."]
    if cited.host and cited.is_chapter:
        start.append(_ended(f"{words.within} {_italic(cited.host)}" + (f" (pp. {cited.pages})" if cited.pages else "")))
    elif cited.host:
        issue = f"({cited.issue})" if cited.issue else ""
        where = _italic(f"{cited.host}, {cited.volume}" if cited.volume else cited.host) + issue
        start.append(_ended(", ".join(filter(None, (where, cited.pages)))))
    published = "" if cited.own or (cited.host and not cited.is_chapter) else cited.publisher
    return _joined(*start, _ended(published), cited.address)


def _apa_title(cited: Cited) -> str:
    number = f"{cited.words.report} {cited.number}" if cited.number else ""
    told = ", ".join(filter(None, (cited.edition, number)))
    title = cited.title if cited.host else _italic(cited.title)
    return title + (f" [{cited.translated}]" if cited.translated else "") + (f" ({told})" if told else "")


def _apa_names(cited: Cited) -> str:
    names = [_inverted(one, _dotted) for one in cited.names]
    if len(names) > _APA_MOST:
        said = ", ".join(names[: _APA_MOST - 1]) + f", … {names[-1]}"
    else:
        said = _listed(names, f"{cited.words.ampersand} ", ", " if cited.words.is_english else " ")
    return f"{said} ({cited.words.editors(len(names))})" if cited.edited else said


def mla(cited: Cited) -> str:
    """Return a work cited in MLA style, 9th edition."""
    words = cited.words
    names = "" if cited.own else _full_names(cited, _MLA_MOST)
    role = f", {words.mla_editors(len(cited.names))}" if names and cited.edited else ""
    title = words.quoted(_ended(cited.title)) if cited.host else _italic(cited.title)
    parts = [_italic(cited.host), cited.edition]
    if not cited.is_chapter:
        parts += [f"vol. {cited.volume}" if cited.volume else "", f"no. {cited.issue}" if cited.issue else ""]
    published = "" if cited.host and not cited.is_chapter else cited.publisher
    parts += [published, cited.year, f"pp. {cited.pages}" if cited.pages and cited.host else "", cited.address]
    translated = f" [{cited.translated}]" if cited.translated else ""
    return _joined(_ended(names + role), _ended(title + translated), _ended(", ".join(filter(None, parts))))


def chicago(cited: Cited) -> str:
    """Return a reference in Chicago style, 17th edition, author–date."""
    words, names = cited.words, _full_names(cited, _CHICAGO_MOST, _CHICAGO_SHOWN)
    role = f", {words.short_editors(len(cited.names))}" if names and cited.edited else ""
    translated = f" [{cited.translated}]" if cited.translated else ""
    title = _ended((words.quoted(_ended(cited.title)) if cited.host else _italic(cited.title)) + translated)
    year = f"{cited.year or words.no_date}"
    start = [_ended(names + role), _ended(year), title] if names else [title, _ended(year)]
    if cited.host and not cited.is_chapter:
        issue = f" ({cited.issue})" if cited.issue else ""
        volume = f" {cited.volume}" if cited.volume else ""
        where = _italic(cited.host) + volume + issue + (f": {cited.pages}" if cited.pages else "")
        return _joined(*start, _ended(where), _ended(cited.address))
    within = f"{words.within} {_italic(cited.host)}" + (f", {cited.pages}" if cited.pages else "") if cited.host else ""
    series = cited.series.replace(", ", " ", 1) if cited.series.count(", ") == 1 else cited.series
    made = [
        *start,
        _ended(within),
        _ended(cited.edition),
        _ended(series),
        _ended(_imprint(cited)),
        _ended(cited.address),
    ]
    return _joined(*made)


def vancouver(cited: Cited) -> str:
    """Return a reference in Vancouver style, as the National Library of Medicine has it for what is online."""
    words = cited.words
    names = [_inverted(one, _bare, " ") for one in cited.names]
    said = ", ".join(names[:_VANCOUVER_MOST]) + (", et al" if len(names) > _VANCOUVER_MOST else "")
    role = f", {words.mla_editors(len(names))}" if names and cited.edited else ""
    translated = f" [{cited.translated}]" if cited.translated else ""
    read = f"[{words.cited} {_day(cited)}]"
    online, found = f" [{words.internet}]", f"{words.available} {cited.address}"
    if cited.host and not cited.is_chapter:
        issue = f"({cited.issue})" if cited.issue else ""
        pages = f":{cited.pages.replace('–', '-')}" if cited.pages else ""
        place = f";{cited.volume}{issue}{pages}" if cited.volume or issue or pages else ""
        when = f"{cited.year or words.unknown_date} {read}{place}"
        return _joined(_ended(said + role), _ended(cited.title + translated), f"{cited.host}{online}. {when}.", found)
    within = f"{words.within}: {cited.host}" if cited.host else ""
    imprint = f"{cited.places or words.unknown_place}: {cited.publisher or words.unknown_publisher}"
    made = f"{imprint}; {cited.year or words.unknown_date} {read}."
    series = f"({cited.series.replace(', ', '; ', 1)})." if cited.series else ""
    pages = _ended(f"p. {cited.pages.replace('–', '-')}") if cited.pages and cited.host else ""
    title = cited.title + translated + ("" if within else online)
    within = f"{within}{online}" if within else ""
    return _joined(
        _ended(said + role), _ended(title), _ended(within), _ended(cited.edition), made, pages, series, found
    )


def iso_690(cited: Cited) -> str:
    """Return a reference as ISO 690:2021 has it, name and date first, for what is online."""
    words = cited.words
    names = _listed([_capitals(one) for one in cited.names], f"{words.conjunction} ", " ")
    role = f" ({words.short_editors(len(cited.names))})" if names and cited.edited else ""
    year = cited.year or words.no_date
    translated = f" [{cited.translated}]" if cited.translated else ""
    article = cited.title + translated if cited.host else ""
    title = _italic(cited.host or cited.title) + ("" if cited.host else translated)
    where = [cited.volume and f"vol. {cited.volume}", cited.issue and f"no. {cited.issue}"]
    where += [cited.pages and f"pp. {cited.pages}"]
    within = ", ".join(filter(None, where)) if cited.host else ""
    start = _ended(f"{names}{role}, {year}") if names else ""
    imprint = "" if cited.host and not cited.is_chapter else _imprint(cited)
    rest = [
        _ended(cited.edition),
        _ended(imprint if names else ", ".join(filter(None, (imprint, year)))),
        _ended(within),
    ]
    read = f"[{words.viewed} {cited.today.isoformat()}]."
    whole = _ended(f"{f'{words.within}{words.colon} ' if article else ''}{title} [{words.online}]")
    found = f"{words.available_at} {cited.address}"
    return _joined(start, _ended(article), whole, *rest, _ended(cited.series), read, found)


STYLES: Final[Mapping[str, Callable[[Cited], str]]] = {
    "APA": apa, "MLA": mla, "Chicago": chicago, "Vancouver": vancouver, "ISO 690": iso_690,
}  # fmt: skip


def _full_names(cited: Cited, most: int, shown: int = 1) -> str:
    """Return the first name inverted and the others as they are spoken; of more than ``most``, ``shown`` of them."""
    names = [_inverted(one) if at == 0 else _spoken(one) for at, one in enumerate(cited.names)]
    if len(names) > most:
        return f"{', '.join(names[:shown])}, et al."
    return _listed(names, f"{cited.words.conjunction} ", ", ")


def _listed(names: Sequence[str], last: str, before: str) -> str:
    """Join names with commas, ``before`` and ``last`` ahead of the last one."""
    return f"{', '.join(names[:-1])}{before}{last}{names[-1]}" if len(names) > 1 else "".join(names)


def _inverted(agent: Agent, given: Callable[[str], str] = str, between: str = ", ") -> str:
    family, first = _parted(agent)
    return f"{family}{between}{given(first)}" if first else family


def _spoken(agent: Agent) -> str:
    return " ".join(filter(None, reversed(_parted(agent))))


def _capitals(agent: Agent) -> str:
    family, given = _parted(agent)
    return f"{family.upper()}, {given}" if given else family.upper()


def _parted(agent: Agent) -> tuple[str, str]:
    return citing.family_and_given(agent) if agent.kind == "person" else (citing.clean(agent.name), "")


def _dotted(given: str) -> str:
    """Return initials as APA has them: ``J.-P. R.``."""
    words = (word.split("-") for word in given.replace(".", ". ").split())
    return " ".join("-".join(f"{part[0].upper()}." for part in parts if part.strip(".")) for parts in words if parts[0])


def _bare(given: str) -> str:
    """Return two initials at most, as Vancouver style has them: ``JP``."""
    return "".join(word[0].upper() for word in re.split(r"[\s.-]+", given) if word)[:2]


def _imprint(cited: Cited) -> str:
    return cited.words.imprint(cited.places, cited.publisher)


def _day(cited: Cited) -> str:
    day = cited.today
    return f"{day.year} {_MONTHS[day.month - 1]} {day.day}" if cited.words.is_english else day.isoformat()


def _italic(text: str) -> str:
    return f"{_ITALIC}{text}{_UPRIGHT}" if text else ""


def _ended(text: str) -> str:
    """Return text with a full stop, unless it ends a sentence already; ``""`` of nothing."""
    return text if not text or _ENDED.search(text) else f"{text}."


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    for at, part in enumerate(re.split(f"[{_ITALIC}{_UPRIGHT}]", text)):
        if part:
            yield part, at % 2 == 1
