"""Typed links by which machines find their way from an item's page (Signposting, FAIR profile, levels 1 and 2).

Level 1 stands in the ``Link`` header (RFC 8288), as much of it as a header can hold; level 2 is a
link set (RFC 9264) at an address of its own that holds all of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from metadata import citing
from metadata.model import Item
from metadata.origins import page_at_home
from metadata.relators import CREATORS
from metadata.rights import licence
from metadata.schemaorg import agent_address, kind_of
from web.labels import web_address

LONGEST_HEADER = 3500
"""Bytes of a Link header: servers in front of this one refuse answers whose headers fill 4 to 8 kilobytes."""

LINKSET_JSON, LINKSET = "application/linkset+json", "application/linkset"
_SCHEMA = "https://schema.org/"
_KEPT = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True)
class Link:
    """A typed link: its relation (IANA), its target, and what is known of the target."""

    rel: str
    href: str
    type: str = ""
    profile: str = ""

    def __str__(self) -> str:
        """Write it as RFC 8288, section 3 has it."""
        told = "".join(f'; {name}="{value}"' for name, value in self.attributes())
        return f'<{self.href}>; rel="{self.rel}"{told}'

    def attributes(self) -> Iterator[tuple[str, str]]:
        """Yield the target attributes that are known."""
        yield from (pair for pair in (("type", self.type), ("profile", self.profile)) if pair[1])


def item_links(item: Item, base_url: str, described_by: Sequence[Link], wholes: Iterable[str]) -> list[Link]:
    """Return all links of an item's page, those that matter most first.

    ``wholes`` are the ids of items that this one is part of.
    """
    landing = citing.landing(item, base_url)
    return [
        Link("cite-as", citable(item, base_url)),
        Link("linkset", f"{landing}.linkset.json", LINKSET_JSON),
        Link("linkset", f"{landing}.linkset", LINKSET),
        *_types(item),
        *(Link("license", uri) for uri in licences(item)),
        *described_by,
        *(Link("author", uri) for uri in authors(item)),
        *(Link("collection", f"{base_url}/item/{whole}", "text/html") for whole in wholes),
        *_files(item, base_url),
    ]


def gone_links(item: Item, base_url: str) -> list[Link]:
    """Return the links of the tombstone of a withdrawn item: what it was, and by which name it is still known."""
    return [Link("cite-as", citable(item, base_url)), *_types(item)]


def record_links(landing: str) -> list[Link]:
    """Return the links of one form of an item's record; ``landing`` is the address of the item's page."""
    return [Link("describes", landing, "text/html"), Link("linkset", f"{landing}.linkset.json", LINKSET_JSON)]


def file_links(item: Item, base_url: str) -> list[Link]:
    """Return the links of one of an item's files."""
    landing = citing.landing(item, base_url)
    return [
        Link("collection", landing, "text/html"),
        Link("cite-as", citable(item, base_url)),
        Link("linkset", f"{landing}.linkset.json", LINKSET_JSON),
    ]


def citable(item: Item, base_url: str) -> str:
    """Return the address an item is cited by: that of its DOI where it resolves, else that of its page at home."""
    doi = citing.doi(item)
    home = "".join(_addresses([page_at_home(item)]))
    return f"https://doi.org/{quote(doi, safe='/:;()._-')}" if doi else home or citing.landing(item, base_url)


def licences(item: Item) -> list[str]:
    """Return the URIs of the item's licences."""
    return _addresses(licence(text.value).uri for text in item.rights)


def authors(item: Item) -> list[str]:
    """Return the URIs of those who made the item, where they are known."""
    return _addresses(agent_address(agent) for agent in citing.agents(item, *CREATORS))


def header(links: Iterable[Link], longest: int = LONGEST_HEADER) -> str:
    """Return a Link header; what would make it longer than ``longest`` bytes is left to the link set."""
    kept: list[str] = []
    for link in links:
        longest -= len(str(link)) + 2
        if longest < 0:
            break
        kept.append(str(link))
    return ", ".join(kept)


def by_anchor(item: Item, links: Sequence[Link], base_url: str) -> dict[str, list[Link]]:
    """Return the whole link set by anchor: the page's links, and those that lead back from records and files."""
    landing = citing.landing(item, base_url)
    whole = {landing: list(links)}
    for link in links:
        if link.rel == "describedby":
            whole[link.href] = [Link("describes", landing, "text/html")]
        elif link.rel == "item":
            whole[link.href] = [Link("collection", landing, "text/html")]
    return whole


def as_json(links: Mapping[str, Iterable[Link]]) -> bytes:
    """Return a link set as RFC 9264, section 4.2 has it."""
    contexts = []
    for anchor, found in links.items():
        context: dict[str, object] = {"anchor": anchor}
        grouped: dict[str, list[dict[str, str]]] = {}
        for link in found:
            grouped.setdefault(link.rel, []).append({"href": link.href, **dict(link.attributes())})
        contexts.append({**context, **grouped})
    return msgspec.json.format(msgspec.json.encode({"linkset": contexts}), indent=2) + b"\n"


def as_text(links: Mapping[str, Iterable[Link]]) -> bytes:
    """Return a link set as RFC 9264, section 4.1 has it."""
    lines = (f'{link}; anchor="{anchor}"' for anchor, found in links.items() for link in found)
    return (" ,\n".join(lines) + "\n").encode()


def _types(item: Item) -> list[Link]:
    return [Link("type", f"{_SCHEMA}AboutPage"), Link("type", _SCHEMA + kind_of(item))]


def _files(item: Item, base_url: str) -> Iterator[Link]:
    for file in citing.offered(item):
        yield Link("item", citing.file_address(item, file, base_url), _media_type(file.media_type))


def _media_type(value: str) -> str:
    return value if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value else ""


def _addresses(values: Iterable[str]) -> list[str]:
    """Return those that are web addresses, written so that nothing in them can end a link."""
    return list(dict.fromkeys(quote(value, safe=_KEPT) for value in values if web_address(value)))
