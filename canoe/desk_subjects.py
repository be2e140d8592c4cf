"""Concepts at the desk: those that are proposed for an item, and those that a keyword may mean."""

from collections.abc import Sequence

from archive.library import Writer
from canoe.classifying import CACHE, propose, verdict
from canoe.classifying import decide as decide_item
from canoe.home import Home
from canoe.subjects import Keyword, Reconciliation, apply_decisions, decision
from desk.editing_work import Doing, Meaning, Outcome, Suggested
from ingest.suggest import Suggester
from ingest.suggest_training import kept_model
from metadata.errors import UsageError
from metadata.matching_labels import Labels

MOST = 10
"""Concepts that are proposed at once."""

_LANGUAGES = ("en", "fr", "es")


def suggested(home: Home, item_id: str) -> Sequence[Suggested]:
    """Return the concepts proposed for an item, by what was learnt last: nobody waits for what is learnt anew."""
    proposer = Suggester(Labels(home.vocabulary), kept_model(home.path / CACHE))
    found = propose(home, proposer, home.library.item(item_id), MOST)
    return [
        Suggested(one.concept, one.score, [(part.kind, part.page, part.snippet) for part in one.passages])
        for one in found
    ]


def classify(home: Home, writer: Writer, item_id: str, accepted: Sequence[str], refused: Sequence[str]) -> Outcome:
    """Give an item concepts, and have others not proposed for it again."""
    item = home.library.item(item_id)
    try:
        made = verdict(home, item, accepted, refused, "")
    except UsageError:
        return "faulty"
    return "done" if decide_item(writer, home, item, made) else "same"


def meanings(home: Home, keyword: str) -> Sequence[Meaning]:
    """Return the concepts that a keyword may mean, the likeliest first."""
    found = Reconciliation(home).proposals(Keyword(keyword, {*_LANGUAGES}))
    return [Meaning(one.concept, one.score) for one in found]


def decide(home: Home, writer: Writer, keyword: str, concept: str, doing: Doing) -> int | None:
    """Decide that a keyword is a concept, or stays one; return how many items changed, None if it is none."""
    try:
        made = decision(home, keyword, concept, "", doing.who, doing.why)
    except UsageError:
        return None
    return apply_decisions(writer, home, [made])
