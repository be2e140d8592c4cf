"""CSL JSON: an item for citation processors (Citation Style Language 1.0.2, ``csl-data.json``)."""

import re

from metadata import citing
from metadata.model import Agent, Item
from metadata.relators import CREATORS
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary

_TYPES = {
    "book": "book", "report": "report", "article": "article-journal", "periodical": "periodical", "proceedings": "book",
    "guideline": "report", "map": "map", "thesis": "thesis", "image": "graphic", "dataset": "dataset",
    "video": "motion_picture", "sound": "song", "music": "song", "score": "musical_score", "software": "software",
    "mixed": "collection",
}  # fmt: skip
_GENRES = frozenset({"guideline", "proceedings", "report", "thesis"})
_ROLES = {
    "edt": "editor", "trl": "translator", "ill": "illustrator", "com": "compiler", "drt": "director",
    "cur": "curator", "pro": "producer", "nrt": "narrator", "orm": "organizer", "ctb": "contributor",
}  # fmt: skip
_EXACT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?([?~%]?)", re.ASCII)
_PARTICLE = re.compile(r"((?:(?:d[aeiu]|del|della|den|der|des|dos|du|la|le|van|von|ter|zu)\s+)+)(.+)")


def csl(item: Item, base_url: str, vocabulary: Vocabulary) -> dict[str, object]:
    """Return the item as an object of CSL JSON; variables that have no value are left out.

    ``base_url`` is the library's web address, without the slash at its end; ``vocabulary`` gives the
    concepts' labels. Dates are ``date-parts``; a doubt makes them ``circa``, and what has no parts
    (``198X``) is ``literal``.
    """
    values: dict[str, object] = {
        "id": item.id,
        "type": "chapter" if citing.is_chapter(item) else _TYPES.get(item.type, "document"),
        "title": citing.clean(item.title.value),
        "genre": TYPES[item.type].en if item.type in _GENRES else "",
        "issued": date_value(citing.issued(item)),
        **_people(item),
        **_published(item),
        **_whole(item),
        "ISBN": " ".join(citing.numbers(item, "isbn")),
        "DOI": citing.doi(item),
        "URL": citing.landing(item, base_url),
        "language": item.languages[0] if item.languages else "",
        "keyword": ", ".join(citing.keywords(item, vocabulary)),
        "abstract": next((citing.clean(text.value) for text in item.descriptions), ""),
        "note": citing.joined(text.value for text in item.notes),
    }
    return {name: value for name, value in values.items() if value}


def date_value(edtf: str) -> dict[str, object]:
    """Return a CSL date variable for an EDTF date, empty for ``""``."""
    if not edtf:
        return {}
    ends = [_EXACT.fullmatch(end) for end in edtf.split("/")]
    parts = [[int(part) for part in end.groups()[:3] if part] for end in ends if end]
    if len(parts) != len(ends):
        return {"literal": edtf}
    value: dict[str, object] = {"date-parts": parts}
    return {**value, "circa": True} if any(end and end[4] for end in ends) else value


def _people(item: Item) -> dict[str, object]:
    found: dict[str, object] = {"author": [_name(agent) for agent in citing.agents(item, *CREATORS)]}
    for role, variable in _ROLES.items():
        if role not in CREATORS:
            found[variable] = [_name(agent) for agent in citing.agents(item, role)]
    return found


def _name(agent: Agent) -> dict[str, object]:
    family, given = citing.family_and_given(agent)
    if agent.kind == "organisation" or not given:
        return {"literal": citing.clean(agent.name)}
    particle = _PARTICLE.fullmatch(family)
    parted = {"non-dropping-particle": particle[1].strip(), "family": particle[2]} if particle else {"family": family}
    return {**parted, "given": given}


def _published(item: Item) -> dict[str, object]:
    makers = citing.agents(item, "pbl") or citing.agents(item, "dgg")
    return {
        "publisher": "; ".join(citing.clean(agent.name) for agent in makers),
        "publisher-place": "; ".join(map(citing.clean, item.places)),
        "edition": citing.clean(item.edition),
        "number": next(iter(citing.numbers(item, "report-number")), ""),
        "number-of-pages": str(item.page_count or ""),
    }


def _whole(item: Item) -> dict[str, object]:
    """Return what the item is part of, and where it stands there."""
    serials = (*(one.issn for one in item.series), *citing.numbers(item, "issn"))
    first, last = citing.page_range(item)
    values: dict[str, object] = {
        "ISSN": next(filter(None, serials), ""),
        "page": f"{first}-{last}" if last else first,
    }
    if host := citing.host(item):
        volume, issue = citing.volume_and_issue(host.number)
        values |= {"container-title": citing.clean(host.title), "volume": volume, "issue": issue}
    if rest := item.series[1 if host else 0 :]:
        values |= {"collection-title": citing.clean(rest[0].title), "collection-number": citing.clean(rest[0].number)}
    return values
