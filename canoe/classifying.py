"""Concepts proposed for items, and what a librarian makes of the proposals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from archive.library import Writer
from archive.refusals import REFUSED_FILE, read_refused, refused_json
from canoe.home import Home
from ingest.suggest import Suggester, Suggestion, parts_of
from ingest.suggest_training import model_of
from metadata.description import shorten
from metadata.errors import UsageError
from metadata.events import Event
from metadata.matching_labels import Labels
from metadata.model import Item

CACHE = "cache"
_LONGEST_DETAIL = 2000  # characters of an event
_HINT = "canoe vocabulary list ID shows all of one."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided of an item: concepts that it gets, concepts that are not to be proposed again; by whom."""

    accepted: tuple[str, ...]
    refused: tuple[str, ...]
    by: str = ""


def suggester(home: Home, done: Callable[[int], None] = lambda _: None) -> Suggester:
    """Return what proposes concepts in a home, learning from it first where there is enough to learn from."""
    labels = Labels(home.vocabulary)
    return Suggester(labels, model_of(home.library, labels, home.path / CACHE, done))


def propose(home: Home, proposer: Suggester, item: Item, limit: int) -> Sequence[Suggestion]:
    """Return what is proposed for an item: nothing that it has, and nothing that was refused. Raises DamageFound."""
    without = {*map(home.vocabulary.current, item.concepts), *item.concepts, *read_refused(home.library, item.id)}
    return proposer.suggest(parts_of(home.library, item), limit, without)


def verdict(home: Home, item: Item, accepted: Sequence[str], refused: Sequence[str], by: str) -> Verdict:
    """Return what is decided, concepts given by URI or by a label that one concept alone has.

    Raises UsageError for one that is not known, one that is both accepted and refused, and for refusing
    one that the item has.
    """
    found = [tuple(dict.fromkeys(_concept(home, one) for one in given)) for given in (accepted, refused)]
    if both := sorted(set(found[0]) & set(found[1])):
        raise UsageError(f"{both[0]} is both accepted and refused.", "Decide on one.")
    if had := [uri for uri in found[1] if uri in item.concepts]:
        raise UsageError(
            f"{item.id} has {had[0]} already.", f"Take it away: canoe edit {item.id} --set concept-={had[0]}"
        )
    return Verdict(found[0], found[1], by)


def decide(writer: Writer, home: Home, item: Item, made: Verdict) -> bool:
    """Archive and catalogue a verdict on an item; return False, and write nothing, where it changes nothing."""
    before = read_refused(home.library, item.id)
    refused = (before | set(made.refused)) - set(made.accepted)
    concepts = tuple(dict.fromkeys([*item.concepts, *made.accepted]))
    if refused == before and concepts == item.concepts:
        return False
    content = {REFUSED_FILE: refused_json(refused)} if refused != before else {}
    who = f" by {made.by}" if made.by else ""
    told = [f"Concept accepted{who}: {_named(home, uri)}" for uri in made.accepted]
    told += [f"Concept refused{who}: {_named(home, uri)}" for uri in made.refused]
    event = Event("metadata modification", "", agent=writer.agent, detail=shorten("\n".join(told), _LONGEST_DETAIL))
    message = "Classified" if concepts != item.concepts else "Proposed concepts refused"
    return writer.put_item(replace(item, concepts=concepts), content, message, [event])


def _concept(home: Home, given: str) -> str:
    vocabulary = home.vocabulary
    found = given if given in vocabulary.concepts else vocabulary.find(given)
    if not found:
        raise UsageError(f"There is no one concept {shorten(given)!r}.", _HINT)
    return vocabulary.current(found)


def _named(home: Home, uri: str) -> str:
    return f"{home.vocabulary.concepts[uri].label(home.settings.library.language).value} <{uri}>"
