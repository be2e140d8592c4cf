"""The facet of agents with each person and organisation counted once, however records write the name."""

from collections.abc import Sequence
from dataclasses import replace

from archive.agents_following import read_agents
from archive.agents_names import owners
from metadata.errors import Outdated
from search.engine import Answer, FacetCount
from search.engine import Request as Question
from search.facets import in_order
from web.reader import Pairs
from web.render import Service

_MOST = 20  # agents with several names that are counted again


def counted_once(service: Service, question: Question, answer: Answer, chosen: Pairs) -> Answer:
    """Return an answer whose facet of agents has one value for all names of an authority, counted exactly.

    The value is the name that most items have, or the one that was ``chosen``: whoever takes it takes all of them.
    """
    counts = answer.facets.get("agent", ())
    try:
        with read_agents(service.library.home) as index:
            owned = owners(index, [count.value for count in counts]) if counts else {}
    except Outdated:
        return answer
    alike: dict[str, list[FacetCount]] = {}
    for count in counts:
        alike.setdefault(owned.get(count.value, count.value), []).append(count)
    several = [group for group in alike.values() if len(group) > 1][:_MOST]
    if not several:
        return answer
    merged = {one.value for group in several for one in group}
    taken = {value for facet, value in chosen if facet == "agent"}
    whole = [_together(service, question, group, taken) for group in several]
    found = in_order([*(count for count in counts if count.value not in merged), *whole])
    return replace(answer, facets={**answer.facets, "agent": tuple(found)})


def _together(service: Service, question: Question, group: Sequence[FacetCount], taken: set[str]) -> FacetCount:
    others = (pair for pair in question.filters if pair[0] != "agent")
    names = (("agent", one.value) for one in group)
    asked = replace(question, filters=(*others, *names), limit=0, facets=())
    shown = next((one.value for one in group if one.value in taken), group[0].value)
    return FacetCount(shown, service.engine.find(asked).total)
