"""How long agents take: proposals over 100,000 names, the index made, and the page of one.

    python -m benchmarks.agents [--names 100000] [--items 10000]

Names are made of parts, so that many look alike; a tenth of the persons are another's name written otherwise, and
how many of these are proposed is counted.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

import web.agents
from archive.agents_following import look_at_agents, open_agents
from archive.agents_proposals import proposals
from archive.cataloguing import Batch, Entry, Publishing
from archive.library import Library
from metadata.agents_likeness import Named, alike
from metadata.ids import item_id
from metadata.model import Agent, Contribution, Date, Item, Text
from metadata.vocabulary import shipped
from search.engine import open_reader, open_writer
from search.follower import catch_up
from web.agents import agent, agents
from web.render import Service
from web.site import Site

_FAMILY = "mar den ot ter wil son lind qvist rou sseau gar cia mar quez her nan dez tan aka sil va kov ach ev"
_GIVEN = "Ann Eleanor John James Marie Jean Pierre Juan Carlos Lucia Olga Ivan Kenji Aiko Amina Kofi Wanjiru"
_BODY = "Forest Marsh River Coast Park Nature Species Water Bird Fish Mountain Desert Island Reef Soil Seed"
_KIND = "Institute Museum Society Commission Agency Department Trust Union"
BASE = "http://library.example.org"


def main() -> None:
    """Compare names, then make a library and ask for its pages."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--names", type=int, default=100_000)
    asked.add_argument("--items", type=int, default=10_000)
    told = asked.parse_args()
    chance = random.Random(5)  # noqa: S311 - a sample, the same each time
    _propose(chance, told.names)
    with tempfile.TemporaryDirectory() as folder:
        _pages(chance, Path(folder) / "home", told.items)


def _propose(chance: random.Random, number: int) -> None:
    people = [_person(chance) for _ in range(number * 8 // 10)]
    again = [_otherwise(name) for name in people[: number // 10]]
    bodies = [_body(chance) for _ in range(number - len(people) - len(again))]
    agents = [Named(n, "person", (name,)) for n, name in enumerate((*people, *again))]
    agents += [Named(len(agents) + n, "organisation", (name,)) for n, name in enumerate(bodies)]
    began = time.process_time()
    found = alike(agents)
    took = time.process_time() - began
    pairs = {(pair.one, pair.other) for pair in found}
    met = sum((n, len(people) + n) in pairs for n in range(len(again)))
    print(f"{number} names compared in {took:.1f} s of processor: {len(found)} pairs to be weighed")
    print(f"names written otherwise that meet the first: {met} of {len(again)} ({met / len(again):.1%})")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _pages(chance: random.Random, home: Path, number: int) -> None:
    library = Library.create(home, Publishing(BASE, "library.example.org", shipped()))
    with library.writer() as writer:
        writer.catalogue.write(Batch(entries) for entries in _entries(chance, number))
    began = time.process_time()
    with open_agents(library):
        pass
    print(f"agents.db of {number} items made in {time.process_time() - began:.1f} s of processor")
    engine = open_writer(home / "index")
    catch_up(engine, library, shipped())
    engine.close()
    with look_at_agents(library) as index:
        rows = index.ask("SELECT id, items FROM agents ORDER BY items DESC")
    service = Service(Site("Library", BASE), library, open_reader(home / "index"), shipped())
    largest, usual = rows[0], rows[len(rows) // 2]
    for what, (one, items) in (("the publisher of all", largest), ("an agent like most", usual)):
        ask = partial(_page, service, one)
        first = _least(ask, forgetting=True)
        print(f"page of {what}, {items} items: {first:.1f} ms of processor at first, then {_least(ask):.1f} ms")
    print(f"list by letter: {_least(lambda: agents(service, _request('/agents', 'letter=M'))):.1f} ms of processor")
    began = time.process_time()
    with look_at_agents(library) as index:
        found = proposals(index)
    print(f"{len(found)} proposals among its {len(rows)} agents in {time.process_time() - began:.1f} s of processor")


def _page(service: Service, one: str) -> Response:
    return agent(service, _request(f"/agent/{one}", id=one))


def _least(ask: Callable[[], Response], forgetting: bool = False) -> float:
    """Return the milliseconds of the quickest of several answers; ``forgetting`` what the page remembers."""
    times = []
    for _ in range(11):
        if forgetting:
            web.agents.forget()
        began = time.process_time()
        answer = ask()
        times.append(time.process_time() - began)
        assert answer.status_code == 200
    return min(times) * 1000


def _request(path: str, query: str = "", **parameters: str) -> Request:
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
    return Request({**scope, "path_params": parameters})


def _entries(chance: random.Random, number: int) -> Iterator[list[Entry]]:
    concepts = list(shipped().concepts)
    people = [_person(chance) for _ in range(number // 2)]
    for at in range(0, number, 500):
        made = []
        for n in range(at, min(at + 500, number)):
            authors = [Contribution(Agent(chance.choice(people), "person"), "aut") for _ in range(chance.randint(1, 4))]
            item = Item(
                id=item_id(f"{n}"),
                titles=(Text(f"Report {n}", "en"),),
                contributions=(*authors, Contribution(Agent("The Press", "organisation"), "pbl")),
                dates=(Date(str(1950 + n % 70)),),
                concepts=tuple(chance.sample(concepts, 3)),
                source=f"{n}",
                submission=f"{n}",
            )
            made.append(Entry(item, n + 1, f"urn:x:{n}"))
        yield made


def _person(chance: random.Random) -> str:
    family = "".join(chance.choice(_FAMILY.split()) for _ in range(3)).capitalize()
    return f"{family}, {chance.choice(_GIVEN.split())} {chance.choice(_GIVEN.split())}"


def _otherwise(name: str) -> str:
    """Return a name as another catalogue has it: in direct order, with initials, or with a letter more."""
    family, given = name.split(", ")
    first, second = given.split()
    return (f"{first} {second} {family}", f"{family}, {first[0]}. {second[0]}.", f"{family}e, {given}")[len(name) % 3]


def _body(chance: random.Random) -> str:
    return " ".join(
        (*chance.sample(_BODY.split(), 3), chance.choice(_KIND.split()), "of", _person(chance).split(",")[0])
    )


if __name__ == "__main__":
    main()
