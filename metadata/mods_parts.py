"""What the parts of the MODS reader share: the record being read, its names and its titles.

Specification: MODS User Guidelines (Version 3), titleInfo and name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from metadata import record_values as values
from metadata import relators
from metadata.description import Remarks
from metadata.marc_agents import authority_number
from metadata.model import Agent, Identifier, Text
from metadata.xmlrecords import by_name, content, stated_language

Names = dict[str, list[etree._Element]]


@dataclass(frozen=True, slots=True)
class Source:
    """A record being read: its elements by name, the languages of its text and of its cataloguing."""

    names: Names
    remarks: Remarks
    languages: tuple[str, ...]
    cataloguing: str

    def each(self, *tags: str) -> Iterator[etree._Element]:
        """Yield the record's own elements of these names."""
        for tag in tags:
            yield from self.names.get(tag, ())

    def within(self, *tags: str) -> Iterator[etree._Element]:
        """Yield the elements of the last name, at the end of the path of the others."""
        found = list(self.each(tags[0]))
        for tag in tags[1:]:
            found = [below for one in found for below in by_name(one).get(tag, ())]
        yield from found

    def text(self, element: etree._Element, *outer: etree._Element) -> Text:
        """Return an element's text in its own language, or in the one of the cataloguing."""
        stated = stated_language(element, *outer)
        return Text(content(element, self.remarks), self.cataloguing if stated is None else stated)


def tidy(text: str) -> str:
    """Return ``text`` without the separators that ISBD puts at its end."""
    return " ".join(text.split()).rstrip(" /:;,=")


def whole_title(info: etree._Element, remarks: Remarks) -> str:
    """Return a ``titleInfo`` as one line: ``The title : its subtitle. Part 2, Name of the part``."""
    parts = {name: [content(one, remarks) for one in found] for name, found in by_name(info).items()}
    article = " ".join(parts.get("nonSort", ()))
    proper = tidy(" ".join(parts.get("title", ())))
    gap = " " if article and article[-1] not in "’'-" else ""
    title = f"{article}{gap}{proper}" if proper else ""
    rest = tidy(" ".join(parts.get("subTitle", ())))
    part = ", ".join(filter(None, map(tidy, (*parts.get("partNumber", ()), *parts.get("partName", ())))))
    whole = f"{title} : {rest}" if title and rest else title or rest
    return f"{whole}. {part}" if whole and part else whole or part


def agent_of(element: etree._Element, source: Source) -> Agent | None:
    """Return the agent that a ``name`` (or ``agent``) names, None where it has no name."""
    inside, remarks = by_name(element), source.remarks
    if not (name := heading_of_name(element, inside, remarks)):
        return None
    found = (_identifier(one, remarks) for one in inside.get("nameIdentifier", ()))
    address = element.get("valueURI", "")
    told = (values.authority(address) or _of_authority_file(address), *found)
    numbers = values.unique(one for one in told if one)
    match element.get("type"):
        case "personal" | "family":
            return Agent(name, "person", numbers)
        case "corporate" | "conference":
            return Agent(name, "organisation", numbers)
    return Agent(name, "person", numbers) if _is_split(inside) else values.agent(name, "", numbers)


def _of_authority_file(address: str) -> Identifier | None:
    """Return the number in an authority file that ``valueURI`` is, as MARC's $0 gives it."""
    made = authority_number(address)
    return made if made and made.scheme not in ("orcid", "isni") else None


def _identifier(element: etree._Element, remarks: Remarks) -> Identifier | None:
    """Return what a ``nameIdentifier`` says: checked where its form is known, else as it stands."""
    text, scheme = content(element, remarks), element.get("type", "").strip().lower()
    made = values.authority(text, scheme)
    if not made and text and scheme in ("", "orcid", "isni", "viaf", "ror", "wikidata"):
        remarks.wrong_number("nameIdentifier", text, scheme)
    elif not made and text:
        return Identifier(scheme, text)
    return made


def _is_split(inside: Names) -> bool:
    return any(part.get("type") in ("family", "given") for part in inside.get("namePart", ()))


def heading_of_name(element: etree._Element, inside: Names, remarks: Remarks) -> str:
    """Return a name as a heading: ``Family, Given, Terms``, or ``Body. Its part``."""
    parts: dict[str, list[str]] = {}
    for part in inside.get("namePart", ()):
        if text := tidy(content(part, remarks)):
            parts.setdefault(part.get("type", ""), []).append(text)
    given = " ".join(parts.get("given", ()))
    family = " ".join(parts.get("family", ()))
    corporate = element.get("type") in ("corporate", "conference")
    separator = ". " if corporate else " " if not parts.get("family") else ", "
    whole = [*filter(None, (family, given)), *parts.get("", ())] if family or given else parts.get("", [])
    name = ", ".join(whole) if family or given else separator.join(whole)
    shown = name or next((content(one, remarks) for one in inside.get("displayForm", ())), "")
    return tidy(", ".join(filter(None, (shown, *parts.get("termsOfAddress", ())))))


def roles(element: etree._Element, remarks: Remarks) -> tuple[str, ...]:
    """Return the relator codes of a name, each role by its code, else by its words."""
    found: list[str] = []
    for role in by_name(element).get("role", ()):
        terms = by_name(role).get("roleTerm", [])
        texts = [content(term, remarks) for term in terms]
        coded = [term.get("type") == "code" for term in terms]
        codes = [relators.from_code(text) for text, code in zip(texts, coded, strict=True) if code]
        words = [_role(text) for text, code in zip(texts, coded, strict=True) if not code]
        if made := next(filter(None, (*codes, *words)), ""):
            found.append(made)
        else:
            for text in filter(None, texts):
                remarks.unknown("name/role", text)
    return values.unique(found)


def _role(text: str) -> str:
    # What stylesheets make of a main entry (MARC 100) is "creator"; the MARC crosswalk says author.
    return "aut" if text.lower() == "creator" else relators.from_term(text) or relators.from_code(text)
