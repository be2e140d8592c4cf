"""A person or an organisation: its names, what it made, with whom, on what; and all of them by letter."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archive import agents_pages
from archive.agents_following import read_agents
from archive.agents_index import AgentIndex
from archive.agents_lookup import as_authority, standing_id
from archive.agents_pages import Counted
from metadata.agents import Authority, Parent
from metadata.agents_identifiers import address
from metadata.agents_jsonld import agent_data
from metadata.errors import NotFound, Outdated
from metadata.ids import is_item_id
from metadata.model import Identifier, Item
from web.jsonld import in_html
from web.reader import reader
from web.render import Service, View, respond

AT_ONCE = 20
"""Items on a page."""

_LISTED = 100
_MOST_PAGES = 500
_OTHERS = 20
_MOST_NAMES = 50
_CONCEPTS = 15
_MOST_REMEMBERED = 500
_REMEMBERING = Lock()
LETTERS = (*string.ascii_uppercase, "#")


@dataclass(frozen=True, slots=True)
class Above:
    """An agent that another is part of, and its name."""

    parent: Parent
    name: str


@dataclass(frozen=True, slots=True)
class _Counts:
    """What is counted over all items of an agent."""

    names: Sequence[str]
    roles: Mapping[str, int]
    others: Sequence[Counted]
    concepts: Sequence[Counted]


_REMEMBERED: dict[tuple[str, str], tuple[int, _Counts]] = {}
"""By home and agent: after which write, and what was counted."""


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """What a page shows of an agent: ``total`` items in ``role``, in any where that is ``""``; ``items`` of them."""

    one: Authority
    parents: Sequence[Above]
    parts: Sequence[Authority]
    in_records: Sequence[str]
    roles: Mapping[str, int]
    role: str
    total: int
    items: Sequence[Item]
    others: Sequence[Counted]
    concepts: Sequence[Counted]

    @property
    def links(self) -> Sequence[tuple[Identifier, str]]:
        """The identifiers, each with the address at which it resolves."""
        return [(number, address(number)) for number in self.one.identifiers]


def agent(service: Service, request: Request) -> Response:
    """Answer ``/agent/{id}``; one that was merged leads to the one that took its place, for good."""
    asked = request.path_params["id"]
    page = _page_number(request)
    with read_agents(service.library.home) as index:
        found = standing_id(index, asked) if is_item_id(asked) else ""
        if not found:
            raise NotFound(f"There is no agent {asked[:40]!r}.")
        if found != asked:
            return RedirectResponse(reader(service.site, request).link(f"/agent/{found}"), 301)
        facts = _facts(service, index, found, request.query_params.get("role", "")[:3], page)
    if page > 1 and not facts.items:
        raise NotFound(f"There is no page {page} of agent {found}.")
    data = agent_data(facts.one, service.site.base_url, {x.parent.agent: x.name for x in facts.parents})
    values = {"facts": facts, "data": in_html(data), "page": page, "pages": _pages(facts.total, AT_ONCE)}
    return respond(service, request, View("agent.html", values, indexed=page == 1 and not facts.role))


def agents(service: Service, request: Request) -> Response:
    """Answer ``/agents``: who there is, by the letter that the name begins with."""
    asked = request.query_params.get("letter", "").upper()
    page = _page_number(request)
    with read_agents(service.library.home) as index:
        letters = agents_pages.letters(index)
        letter = asked if asked in LETTERS else next(iter(letters), "A")
        found = agents_pages.under_letter(index, letter, (page - 1) * _LISTED, _LISTED)
    values: dict[str, object] = {
        "letters": [(one, letters.get(one, 0)) for one in LETTERS],
        "letter": letter,
        "agents": found,
        "page": page,
        "pages": _pages(letters.get(letter, 0), _LISTED),
    }
    return respond(service, request, View("agents.html", values))


def agents_on(service: Service, item: Item) -> Mapping[str, str]:
    """Return the agents of an item: by the name that its record has, the id; none while there is no index of them."""
    try:
        with read_agents(service.library.home) as index:
            return agents_pages.on_item(index, item.id)
    except Outdated:
        return {}


def by_all_names(service: Service, filters: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return filters of a search with the other names of each agent that one names: any of them is meant."""
    named = [name for facet, name in filters if facet == "agent"]
    if not named:
        return tuple(filters)
    try:
        with read_agents(service.library.home) as index:
            others = [other for name in named for other in agents_pages.names_beside(index, name, _MOST_NAMES)]
    except Outdated:
        return tuple(filters)
    return tuple(dict.fromkeys((*filters, *(("agent", other) for other in others))))


def forget() -> None:
    """Forget what is remembered of agents."""
    with _REMEMBERING:
        _REMEMBERED.clear()


ROUTES = {"/agent/{id}": agent, "/agents": agents}


def _facts(service: Service, index: AgentIndex, found: str, role: str, page: int) -> AgentFacts:
    one = as_authority(index, found)
    counts = _counted(service, index, found)
    roles = counts.roles
    role = role if role in roles else ""
    ids = agents_pages.works(index, found, role, (page - 1) * AT_ONCE, AT_ONCE)
    items = (service.library.catalogue.shown_item(item) for item in ids)
    known = {text.value for text in one.names}
    return AgentFacts(
        one=one,
        parents=[Above(x, as_authority(index, on).name.value) for x in one.parents if (on := _standing(index, x))],
        parts=agents_pages.children(index, found),
        in_records=[name for name in counts.names if name not in known],
        roles=roles,
        role=role,
        total=roles[role] if role else agents_pages.number_of_items(index, found),
        items=[item for item in items if item and item.status == "published"],
        others=counts.others,
        concepts=counts.concepts,
    )


def _counted(service: Service, index: AgentIndex, found: str) -> _Counts:
    """Return what is counted of an agent: it takes longest of all, and is remembered until the next write."""
    key = (str(service.library.home), found)
    writes = index.writes()
    with _REMEMBERING:
        known = _REMEMBERED.get(key)
    if known and known[0] == writes:
        return known[1]
    counts = _Counts(
        [name for name, _ in agents_pages.names_in_records(index, found)],
        agents_pages.roles(index, found),
        agents_pages.co_agents(index, found, _OTHERS),
        agents_pages.concepts(index, found, _CONCEPTS),
    )
    with _REMEMBERING:
        if len(_REMEMBERED) >= _MOST_REMEMBERED:
            _REMEMBERED.clear()
        _REMEMBERED[key] = writes, counts
    return counts


def _standing(index: AgentIndex, parent: Parent) -> str:
    return standing_id(index, parent.agent)


def _page_number(request: Request) -> int:
    asked = request.query_params.get("page", "1")
    return min(max(int(asked), 1), _MOST_PAGES) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


def _pages(total: int, at_once: int) -> int:
    return min(-(-total // at_once), _MOST_PAGES)
