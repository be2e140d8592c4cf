"""A small library of records whose agents are to be told apart, and what the tests of agents look at it with."""

from collections.abc import Mapping
from pathlib import Path

from archive_library import publishing, sha512

from archive.agents_following import look_at_agents
from archive.agents_index import AgentIndex
from archive.library import Library
from metadata.ids import item_id
from metadata.model import Agent, Contribution, Date, Identifier, Item, Kind, Text
from metadata.vocabulary import shipped

ORCID = "0000-0002-1825-0097"
OTHER_ORCID = "0000-0001-5109-3700"
WRONG_ORCID = "0000-0002-1825-0098"
UNION = "International Union for Conservation of Nature"
SSC = "IUCN Species Survival Commission"


def person(name: str, orcid: str = "") -> Contribution:
    return Contribution(Agent(name, "person", (Identifier("orcid", orcid),) if orcid else ()), "aut")


def body(name: str, role: str = "pbl", kind: Kind = "organisation") -> Contribution:
    return Contribution(Agent(name, kind), role)


def record(title: str, year: int, *contributions: Contribution, subject: str = "") -> Item:
    submission = sha512(title.encode())
    return Item(
        id=item_id(submission),
        titles=(Text(title, "en"),),
        contributions=contributions,
        dates=(Date(str(year)),),
        languages=("en",),
        concepts=(shipped().find(subject, "en"),) if subject else (),
        source=title,
        submission=submission,
    )


RECORDS = (
    record("Marsh plants", 1981, person("Marsden, Eleanor", ORCID), body(UNION), subject="Wetlands"),
    record(
        "Marsh birds", 1984, person("Marsden, Eleanor", ORCID), person("Otter, Ann"), body(UNION), subject="Wetlands"
    ),
    record("Marsh fish", 1986, person("Eleanor Marsden"), person("Otter, Ann"), body(UNION)),
    record("Reeds", 1987, person("Marsden, E."), person("Otter, Ann"), body(UNION)),
    record("Red data", 1990, body(SSC, "aut"), body(UNION)),
    record("Red list", 1992, body("SSC", "aut"), body(UNION)),
    record("Stones", 1990, person("Smith, J."), body("Stone House")),
    record("Ferns", 1991, person("Smith, J."), body("Green House")),
    record("Wrong number", 1991, person("Wrong, Ida", WRONG_ORCID)),
)


def made(home: Path) -> Library:
    """Make the library."""
    library = Library.create(home, publishing())
    with library.writer() as writer, writer.grouped():
        for one in RECORDS:
            writer.put_item(one, {}, "Ingested")
    return library


def whose(library: Library) -> Mapping[tuple[str, str], str]:
    """Return the agent of each contribution: by title and name, its id."""
    with look_at_agents(library) as index:
        return whose_in(index)


def whose_in(index: AgentIndex) -> Mapping[tuple[str, str], str]:
    titles = {one.id: one.title.value for one in RECORDS}
    rows = index.ask(
        "SELECT i.id, f.name, a.id FROM contributions c JOIN items i ON i.number = c.item"
        " JOIN forms f ON f.number = c.form JOIN agents a ON a.number = c.agent"
    )
    return {(titles.get(item, item), name): agent for item, name, agent in rows}


def seen(library: Library) -> object:
    """Return all that can be seen of agents, without what a decision leaves of itself."""
    with look_at_agents(library) as index:
        rows = index.ask("SELECT id, key, name, kind, sort, letter, items FROM agents ORDER BY id")
        claims = index.ask("SELECT key, agent FROM claims ORDER BY key, agent")
        led = index.ask("SELECT id, agent FROM redirects ORDER BY id, agent")
        parts = index.ask("SELECT agent, parent FROM parts ORDER BY agent, parent")
        return rows, claims, led, parts, sorted(whose_in(index).items())
