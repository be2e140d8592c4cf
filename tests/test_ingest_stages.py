import hashlib

import pytest

from ingest.doi_prefixes import Prefixes
from ingest.draft import Draft
from ingest.stages import classify, describe, entitle, into_collections, name, submission_of
from metadata.description import Description, Link
from metadata.matching import Matcher
from metadata.model import Doi, Identifier, Item, Text
from metadata.problems import problem
from metadata.vocabulary import shipped

VOCABULARY = shipped()
WETLANDS = VOCABULARY.find("wetlands", "en")


def _draft(**facts: object) -> Draft:
    return Draft(Item(id="0123456789", source="scans/a_b  c.pdf", submission="s", **facts))  # type: ignore[arg-type]


def test_a_submission_is_the_digest_of_its_files_digests_in_order() -> None:
    assert submission_of(["a", "b"]) == hashlib.sha512(b"a\nb").hexdigest()
    assert submission_of(["a", "b"]) != submission_of(["b", "a"])
    assert submission_of(["a"]) != submission_of(["a", ""])


def test_a_description_tells_everything_but_where_the_draft_came_from() -> None:
    link = Link("isTranslationOf", "file", "b.pdf", "translation of")
    remark = problem("column-unknown", "m.csv#1:x", name="x")
    told = Item(titles=(Text("Told"),), source="m.csv#1", collections=("own",))
    draft = describe(_draft(), Description(1, told, b"", "a.pdf", (link,), (remark,)), "batch")
    assert (draft.item.title.value, draft.item.source, draft.item.submission) == ("Told", "scans/a_b  c.pdf", "s")
    assert draft.item.collections == ("own", "batch")
    assert (draft.described, draft.links, draft.problems) == (True, (link,), (remark,))


def test_without_a_description_there_is_only_the_collection() -> None:
    assert describe(_draft(), None, "") == _draft()
    assert describe(_draft(), None, "c") == _draft(collections=("c",))


def test_a_collection_is_joined_once() -> None:
    assert into_collections(Item(collections=("a", "b")), ["b", "c", "c"]).collections == ("a", "b", "c")


def test_keywords_that_are_labels_become_concepts_and_the_others_stay() -> None:
    keywords = (Text("Wetlands", "en"), Text("zones humides", "fr"), Text("my own word"))
    item = classify(_draft(keywords=keywords), Matcher(VOCABULARY)).item
    assert WETLANDS
    assert item.concepts == (WETLANDS,)
    assert item.keywords == (Text("my own word"),)


def test_a_subdivided_subject_gives_its_first_part_and_stays() -> None:
    whole = Text("Wetlands -- France", "en")
    item = classify(_draft(keywords=(whole,)), Matcher(VOCABULARY)).item
    assert item.concepts == (WETLANDS,)
    assert item.keywords == (whole,)


def test_a_concept_of_no_vocabulary_here_is_reported_and_left_out() -> None:
    draft = classify(_draft(concepts=(WETLANDS, "urn:x")), Matcher(VOCABULARY))
    assert draft.item.concepts == (WETLANDS,)
    assert [(fault.code, dict(fault.params)["value"]) for fault in draft.problems] == [("value-unknown", "urn:x")]


@pytest.mark.parametrize(
    ("identifiers", "prefix", "doi"),
    [
        ((), "", None),
        ((), "10.5555", Doi("10.5555/0123456789", "reserved")),
        ((Identifier("doi", "https://doi.org/10.1000/ABC."),), "10.5555", Doi("10.1000/abc", "external")),
        ((Identifier("doi", "rubbish"), Identifier("url", "10.1000/x")), "", None),
    ],
)
def test_an_item_is_named_once(identifiers: tuple[Identifier, ...], prefix: str, doi: Doi | None) -> None:
    assert name(_draft(identifiers=identifiers), Prefixes(prefix)).item.doi == doi


def test_a_title_is_the_record_s_else_the_file_s_else_its_name() -> None:
    titled = _draft(titles=(Text("Told"),))
    assert entitle(titled, "Found") is titled
    assert entitle(_draft(), "Found").item.title == Text("Found")
    assert entitle(_draft(), "Found").problems == ()
    named = entitle(_draft(), "")
    assert named.item.title == Text("a b c")
    assert [one.code for one in named.problems] == ["title-missing"]
