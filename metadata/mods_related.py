"""What a MODS record says of other works (``relatedItem``): series, links to other records, notes.

Specification: MODS User Guidelines (Version 3), relatedItem and part.
"""

import re
from collections.abc import Iterable, Iterator

from lxml import etree

from metadata import standard_numbers as numbers
from metadata.description import Link, Remarks
from metadata.model import RelationKind, Series, Text
from metadata.mods_parts import tidy
from metadata.xmlrecords import by_name, content

_KINDS: dict[str, RelationKind] = {
    "host": "isPartOf",
    "series": "isPartOf",
    "preceding": "replaces",
    "otherVersion": "isVersionOf",
}
_TRANSLATION = re.compile("transl|tradu", re.IGNORECASE)
_CONTROL = ("local", "control-number", "oclc", "lccn")


def related(elements: Iterable[etree._Element], remarks: Remarks) -> tuple[tuple[Series, ...], tuple[Link, ...]]:
    """Return the series (and hosts) of a record, and its links to other records by their control numbers."""
    series: dict[Series, None] = {}
    links: dict[Link, None] = {}
    for element in elements:
        if element.get("type") in ("series", "host") and (found := _series(element, remarks)):
            series[found] = None
        if kind := _kind(element):
            links.update(dict.fromkeys(_links(element, kind, remarks)))
    return tuple(series), tuple(links)


def notes_of_related(elements: Iterable[etree._Element], remarks: Remarks) -> Iterator[Text]:
    """Yield a note for each related work that is neither a series nor a host: label, title, numbers."""
    for element in elements:
        if element.get("type") in ("series", "host") or (_kind(element) and any(_control(element, remarks))):
            continue
        kind = element.get("displayLabel") or element.get("type") or element.get("otherType", "")
        inside = by_name(element)
        titles = [_title(info, remarks) for info in inside.get("titleInfo", ())]
        told = [content(one, remarks) for one in (*inside.get("identifier", ()), *inside.get("note", ()))]
        urls = [content(url, remarks) for one in inside.get("location", ()) for url in by_name(one).get("url", ())]
        if text := ", ".join(dict.fromkeys(filter(None, (*titles, *told, *urls)))):
            yield Text(f"{kind}: {text}" if kind else text)


def _kind(element: etree._Element) -> RelationKind | None:
    said = f"{element.get('displayLabel', '')} {element.get('otherType', '')}"
    if element.get("type", "") in ("", "original", "otherVersion") and _TRANSLATION.search(said):
        return "isTranslationOf"
    return _KINDS.get(element.get("type", ""))


def _links(element: etree._Element, kind: RelationKind, remarks: Remarks) -> Iterator[Link]:
    for value in _control(element, remarks):
        yield Link(kind, "control-number", value, f"relatedItem[{element.get('type', '')}]")


def _control(element: etree._Element, remarks: Remarks) -> Iterator[str]:
    inside = by_name(element)
    for info in inside.get("recordInfo", ()):
        for one in by_name(info).get("recordIdentifier", ()):
            if number := content(one, remarks):
                agency = one.get("source", "")
                yield f"({agency}){number}" if agency and number[0] != "(" else number
    for one in inside.get("identifier", ()):
        if one.get("type", "").lower() in _CONTROL and (number := content(one, remarks)):
            oclc = one.get("type", "").lower() == "oclc" and number[0] != "("
            yield f"(OCoLC){number}" if oclc else number


def _series(element: etree._Element, remarks: Remarks) -> Series | None:
    inside = by_name(element)
    title = next(filter(None, (_title(info, remarks) for info in inside.get("titleInfo", ()))), "")
    told = (
        numbers.issn(content(one, remarks))
        for one in inside.get("identifier", ())
        if one.get("type", "").lower() in ("issn", "eissn", "issn-l")
    )
    issn = next(filter(None, told), "")
    numbered = [
        content(one, remarks) for info in inside.get("titleInfo", ()) for one in by_name(info).get("partNumber", ())
    ]
    number = ", ".join(filter(None, (*numbered, *(_part(part, remarks) for part in inside.get("part", ())))))
    return Series(title, number, issn) if title or issn else None


def _title(info: etree._Element, remarks: Remarks) -> str:
    inside = by_name(info)
    article = " ".join(content(one, remarks) for one in inside.get("nonSort", ()))
    proper = tidy(" ".join(content(one, remarks) for one in inside.get("title", ())))
    gap = " " if article and article[-1] not in "’'-" else ""
    rest = tidy(" ".join(content(one, remarks) for one in inside.get("subTitle", ())))
    return f"{article}{gap}{proper}" + (f" : {rest}" if rest else "") if proper else ""


def _part(part: etree._Element, remarks: Remarks) -> str:
    """Return a place in a host as ``12 (3), 45-67``: volume, issue, pages; other details after them."""
    told: dict[str, str] = {}
    inside = by_name(part)
    for detail in inside.get("detail", ()):
        texts = [content(one, remarks) for name in ("number", "caption") for one in by_name(detail).get(name, ())]
        told.setdefault(detail.get("type", "").lower(), next(filter(None, texts), ""))
    issue = told.pop("issue", "") or told.pop("number", "")
    volume = told.pop("volume", "")
    place = " ".join(filter(None, (volume, f"({issue})" if issue and volume else issue)))
    pages = (_pages(extent, remarks) for extent in inside.get("extent", ()))
    written = [content(one, remarks) for one in inside.get("text", ())] if not place else []
    return ", ".join(filter(None, (place, *told.values(), *pages, *written)))


def _pages(extent: etree._Element, remarks: Remarks) -> str:
    inside = {name: content(found[0], remarks) for name, found in by_name(extent).items()}
    ends = [inside[name] for name in ("start", "end") if inside.get(name)]
    return "-".join(ends) or inside.get("list", "")
