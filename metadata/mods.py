"""MODS, records of the Library of Congress's Metadata Object Description Schema, versions 3.0 to 3.8.

Specification: MODS User Guidelines (Version 3), Library of Congress, namespace
``http://www.loc.gov/mods/v3``. What is not read here stays in the record, which is kept whole.
Values are read as :mod:`metadata.marc` reads theirs, so that a catalogue that comes both ways is one.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from metadata import record_values as values
from metadata.description import Description, Rejected, Remarks
from metadata.model import Access, Contribution, Identifier, Item, Series, Text, TitleKind
from metadata.mods_dates import dates
from metadata.mods_parts import Names, Source, agent_of, roles, tidy, whole_title
from metadata.mods_related import notes_of_related, related
from metadata.mods_subjects import boxes, concepts, countries, coverage, covered, subjects
from metadata.xmlrecords import (
    Form,
    by_name,
    content,
    damaged,
    local,
    named,
    opening_names,
    read_records,
    space,
    stated_language,
    untitled,
)

NAMESPACE = "http://www.loc.gov/mods/v3"
_ROOTS = {"mods", "modsCollection"}
_MADE_BY = {"production": "pro", "distribution": "dst", "manufacture": "mfr"}
_SCHEMES = {"uri": "url", "hdl": "handle", "eissn": "issn", "issn-l": "issn", "doi": "doi"}
_SCHEME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_SILENT_PARTS = re.compile(
    r"summary|abstract|contents|original|libretto|translation|accompanying|caption|subtitle", re.I
)
_XLINK = "{http://www.w3.org/1999/xlink}href"
_KINDS: dict[str, TitleKind] = {
    "translated": "translated",
    **dict.fromkeys(("alternative", "abbreviated", "uniform"), "other"),
}
# What MARC has in notes, too: 310, 500, 521, 255 $a and $b.
_NOTED = (
    ("physicalDescription", "note"),
    ("originInfo", "frequency"),
    ("targetAudience",),
    ("subject", "cartographics", "scale"),
    ("subject", "cartographics", "projection"),
)
_MATERIALS = (
    ("cartographic", "map"),
    ("still image", "image"),
    ("moving image", "video"),
    ("notated music", "score"),
    ("sound recording-musical", "music"),
    ("sound recording", "sound"),
    ("software", "software"),
    ("three dimensional object", "object"),
    ("mixed material", "mixed"),
)


def read_mods(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every MODS record of ``stream``, in order, as a description or with the reason why not.

    ``where`` is the file's name for reports. The records may stand alone, in a ``modsCollection``,
    in answers of OAI-PMH or in any other wrapper; see :func:`metadata.xmlrecords.read_records`.
    """
    return read_records(stream, where, MODS)


def is_mods(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like MODS, in its namespace or in none."""
    names = list(opening_names(head))
    return bool(_ROOTS.intersection(names)) and (named(head, NAMESPACE) or names[0] in _ROOTS)


def _is_record(element: etree._Element) -> bool:
    return local(element) == "mods"


def _describe(element: etree._Element, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
    """Return the item that a ``mods`` element describes, or why it describes none."""
    if space(element) not in ("", NAMESPACE):
        return damaged(number, f"its namespace is {space(element)}, not {NAMESPACE}", raw, remarks)
    if not space(element):
        remarks.mended("it has no namespace")
    names = by_name(element)
    source = Source(names, remarks, values.unique(_languages(names, remarks)), _cataloguing(names))
    titles = values.unique(_titles(source))
    if not titles:
        return untitled(number, "titleInfo/title", raw, remarks)
    series, links = related(names.get("relatedItem", []), remarks)
    return Description(number, _item(source, titles, series), raw, "", links, tuple(remarks.problems))


def _item(source: Source, titles: tuple[Text, ...], series: tuple[Series, ...]) -> Item:
    rights, access, embargo = _access(source)
    return Item(
        titles=titles,
        contributions=values.unique((*_contributions(source), *_publishers(source))),
        dates=values.unique((*dates(source.names, source.remarks), *covered(source))),
        languages=source.languages,
        type=_type(source),
        concepts=values.unique(concepts(source)),
        keywords=values.unique(_keywords(source)),
        descriptions=_texts(source, "abstract"),
        identifiers=values.unique(_identifiers(source)),
        coverage=values.unique(coverage(source)),
        countries=values.unique(countries(source)),
        boxes=values.unique(boxes(source)),
        rights=rights,
        access=access,
        embargo=embargo,
        places=values.unique(_places(source)),
        edition=_joined(source, "originInfo", "edition"),
        extent=_joined(source, "physicalDescription", "extent"),
        series=series,
        notes=values.unique((*_notes(source), *notes_of_related(source.names.get("relatedItem", []), source.remarks))),
        source=source.remarks.where,
    )


def _languages(names: Names, remarks: Remarks) -> Iterator[str]:
    """Yield the languages of the text, not those of its summary or of its original."""
    for element in names.get("language", ()):
        if _SILENT_PARTS.search(element.get("objectPart", "")):
            continue
        terms = by_name(element).get("languageTerm", [])
        regional = [term for term in terms if term.get("authority", "").startswith("rfc")]
        coded = [term for term in terms if term.get("type") == "code"]
        for term in (regional or coded or terms)[:1]:
            if tag := values.language(content(term, remarks), "language", remarks):
                yield tag


def _cataloguing(names: Names) -> str:
    for info in names.get("recordInfo", ()):
        for element in by_name(info).get("languageOfCataloging", ()):
            for term in by_name(element).get("languageTerm", ()):
                return values.language(content(term, Remarks("")), "", Remarks(""))
    return ""


def _titles(source: Source) -> Iterator[Text]:
    """Yield the title proper, then the others (translated, alternative, abbreviated, uniform) in their order."""
    listed = sorted(source.each("titleInfo"), key=_rank)
    main = True
    for info in listed:
        if title := whole_title(info, source.remarks):
            stated = stated_language(info, *by_name(info).get("title", ()))
            own = source.languages[0] if main and source.languages else ""
            kind: TitleKind = "" if main else _KINDS.get(info.get("type", ""), "")
            yield Text(title, own if stated is None else stated, kind)
            main = False


def _rank(info: etree._Element) -> tuple[bool, bool]:
    return bool(info.get("type")), info.get("usage") != "primary"


def _contributions(source: Source) -> Iterator[Contribution]:
    names = list(source.each("name"))
    primary = [one for one in names if one.get("usage") == "primary"] or names[:1]
    for element in names:
        if found := agent_of(element, source):
            for role in roles(element, source.remarks) or ("aut" if element in primary else "ctb",):
                yield Contribution(found, role)


def _publishers(source: Source) -> Iterator[Contribution]:
    for info in source.each("originInfo"):
        role = _MADE_BY.get(info.get("eventType", "").lower(), "pbl")
        inside = by_name(info)
        for element in inside.get("publisher", ()):
            name = tidy(content(element, source.remarks)).strip("[]")
            if found := values.agent(name, "pbl"):
                yield Contribution(found, role)
        for element in inside.get("agent", ()):
            if found := agent_of(element, source):
                yield from (Contribution(found, one) for one in roles(element, source.remarks) or (role,))


def _places(source: Source) -> Iterator[str]:
    for term in source.within("originInfo", "place", "placeTerm"):
        if term.get("type") != "code" and (name := values.place(content(term, source.remarks))):
            yield name


def _joined(source: Source, *path: str) -> str:
    return " ; ".join(values.unique(filter(None, (content(one, source.remarks) for one in source.within(*path)))))


def _type(source: Source) -> str:
    """Return the type by genre, by what is issued how, by the material; text that says no more is a book."""
    genres = [content(one, source.remarks) for one in source.each("genre")]
    uris = [one.get("valueURI", "") for one in source.each("genre")]
    told = values.publication_type([*genres, *uris])
    if told and told != "other":
        return told
    materials = [content(one, source.remarks).lower() for one in source.each("typeOfResource")]
    if shown := next((kind for text in materials for word, kind in _MATERIALS if text.startswith(word)), ""):
        return shown
    issuance = [content(one, source.remarks).lower() for one in source.within("originInfo", "issuance")]
    if any(one in ("continuing", "serial", "integrating resource") for one in issuance):
        return "periodical"
    if any(one.get("type") == "host" for one in source.each("relatedItem")):
        return "article"
    return "book" if not told and any(text.startswith("text") for text in materials) else "other"


def _texts(source: Source, tag: str) -> tuple[Text, ...]:
    return values.unique(text for one in source.each(tag) if (text := source.text(one)).value)


def _notes(source: Source) -> Iterator[Text]:
    beside = (path for one in _NOTED for path in source.within(*one))
    for element in (*source.each("note", "tableOfContents"), *beside):
        text = source.text(element)
        if text.value:
            yield text
    yield from (Text(told) for one in source.within("part", "detail") if (told := _part(one, source.remarks)))


def _part(detail: etree._Element, remarks: Remarks) -> str:
    """Return which part of a whole the item is: ``volume 9``."""
    inside = {name: content(found[0], remarks) for name, found in by_name(detail).items()}
    caption = inside.get("caption") or detail.get("type", "")
    return " ".join(filter(None, (caption, inside.get("number", ""), inside.get("title", ""))))


def _keywords(source: Source) -> Iterator[Text]:
    """Yield the subjects, then the genres that are no type of publication."""
    yield from subjects(source)
    genres = (source.text(one) for one in source.each("genre"))
    yield from (one for one in genres if one.value and not values.publication_type([one.value]))


def _identifiers(source: Source) -> Iterator[Identifier]:
    for element in source.within("recordInfo", "recordIdentifier"):
        if number := content(element, source.remarks):
            agency = element.get("source", "")
            yield Identifier("control-number", f"({agency}){number}" if agency and number[0] != "(" else number)
    for element in source.each("identifier"):
        text = content(element, source.remarks)
        if text and element.get("invalid") != "yes" and (found := identified(element, text, source.remarks)):
            yield found
    for element in source.within("location", "url"):
        text = content(element, source.remarks)
        if text and element.get("access") != "preview":
            found = values.typed_identifier("url", text, source.remarks, "location/url")
            yield from (found,) if found else ()


def identified(element: etree._Element, text: str, remarks: Remarks) -> Identifier | None:
    """Return the identifier of an ``identifier`` element by its type, else by what it looks like."""
    kind = element.get("type", "").strip().lower().replace(" ", "-").replace("_", "-")
    scheme = _SCHEMES.get(kind, kind)
    if scheme == "oclc":
        return Identifier("control-number", text if text.startswith("(") else f"(OCoLC){text}")
    if scheme == "handle" and "hdl" not in text:
        return Identifier(scheme, text)
    if not scheme or scheme in ("url", "handle") or not _SCHEME.fullmatch(scheme):
        return values.identifier(text, remarks, "identifier")
    return values.typed_identifier(scheme, text, remarks, "identifier")


def _access(source: Source) -> tuple[tuple[Text, ...], Access, str]:
    """Return the rights, and what they say of access and of the end of an embargo."""
    rights: list[Text] = []
    access: Access = ""
    embargo = ""
    for element in source.each("accessCondition"):
        text = source.text(element)
        link = element.get(_XLINK) or element.get("valueURI") or ""
        embargo = embargo or values.embargo(text.value)
        meant = values.access(text.value) or values.access(link)
        access = access or meant
        whole = " ".join(filter(None, (text.value, "" if link in text.value else link)))
        if whole and not meant and not values.embargo(text.value):
            rights.append(Text(whole, text.language))
    return values.unique(rights), access or ("embargoed" if embargo else ""), embargo


MODS = Form("MODS record", ("mods",), _is_record, _describe)
