"""Agents as authorities: whose each name is; merge, split, edit, undo, over a rebuild and a kill."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from agents_library import ORCID, OTHER_ORCID, RECORDS, SSC, UNION, made, person, record, seen, whose

from archive.agents import Deciding, deciding, history, keep, keep_apart, merge, split, undo
from archive.agents_file import FILE, agent_object, forget_agents
from archive.agents_following import look_at_agents, open_agents
from archive.agents_lookup import as_authority, find, standing_id
from archive.agents_pages import co_agents, concepts, faults, listed, on_item, roles, works
from archive.agents_proposals import proposals
from archive.check import check_archive
from archive.library import Library
from metadata.agents import Parent
from metadata.agents_editing import edit
from metadata.errors import HomeHeld, NotFound, UsageError


@pytest.fixture(scope="module")
def _first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = made(tmp_path_factory.mktemp("agents") / "home")
    library.catalogue.close()
    return library.home


@pytest.fixture
def library(_first: Path, tmp_path: Path) -> Library:
    home = shutil.copytree(_first, tmp_path / "home")
    return again(home)


def again(home: Path) -> Library:
    from archive_library import publishing

    return Library.open(home, publishing())


def agents_of(library: Library) -> dict[str, str]:
    return {name: agent for (_, name), agent in whose(library).items()}


def test_what_bears_the_same_identifier_or_name_is_one_and_nothing_else_is(library: Library) -> None:
    found = whose(library)
    assert found["Marsh plants", "Marsden, Eleanor"] == found["Marsh birds", "Marsden, Eleanor"]
    assert found["Marsh fish", "Eleanor Marsden"] != found["Marsh birds", "Marsden, Eleanor"]
    assert found["Reeds", "Marsden, E."] not in (
        found["Marsh plants", "Marsden, Eleanor"],
        found["Marsh fish", "Eleanor Marsden"],
    )
    assert len({found[title, UNION] for title in ("Marsh plants", "Red data", "Reeds")}) == 1


def test_a_name_in_direct_order_is_the_inverted_one(library: Library) -> None:
    with library.writer() as writer:
        writer.put_item(record("More", 1999, person("Ann Otter"), person("OTTER,  Ann.")), {}, "Ingested")
    found = whose(library)
    assert found["More", "Ann Otter"] == found["Reeds", "Otter, Ann"] if ("More", "Ann Otter") in found else True
    assert len({agent for (_, name), agent in found.items() if "tter" in name.lower()}) == 1


def test_a_wrong_identifier_counts_for_nothing_and_is_told(library: Library) -> None:
    with look_at_agents(library) as index:
        assert [(one.name, one.scheme) for one in faults(index)] == [("Wrong, Ida", "orcid")]
        assert as_authority(index, find(index, "Wrong, Ida")).identifiers == ()


def test_a_merge_brings_all_names_and_items_together_and_undone_all_is_as_before(library: Library) -> None:
    before, items = seen(library), whose(library)
    with deciding(library, "Ana") as held:
        one = merge(held, [f"orcid:{ORCID}", "Eleanor Marsden", "Marsden, E."], "her thesis says so")
    merged = whose(library)
    assert {merged[key] for key in items if "Marsden" in key[1]} == {one.id}
    assert {text.value for text in one.names} == {"Marsden, Eleanor", "Eleanor Marsden", "Marsden, E."}
    assert {key: agent for key, agent in merged.items() if "Marsden" not in key[1]} == {
        key: agent for key, agent in items.items() if "Marsden" not in key[1]
    }
    with look_at_agents(library) as index:
        assert standing_id(index, items["Reeds", "Marsden, E."]) == one.id
        assert works(index, one.id, "", 0, 10)[0] == RECORDS[3].id
        assert roles(index, one.id) == {"aut": 4}
        assert [(other.name, other.count) for other in co_agents(index, one.id, 5)] == [(UNION, 4), ("Otter, Ann", 3)]
        assert [other.count for other in concepts(index, one.id, 5)] == [2]
    with deciding(library, "Ana") as held:
        decision, _ = undo(held, one.id, "two people after all")
    assert decision.kind == "merge"
    assert seen(library) == before
    told = [
        (state.decision.kind, state.decision.by, state.decision.why)
        for state in history(library, one.id)
        if state.decision
    ]
    assert told == [("merge", "Ana", "her thesis says so"), ("undo", "Ana", "two people after all")]


def _merge(held: Deciding) -> None:
    merge(held, ["Marsden, E.", "Eleanor Marsden"])


def _split(held: Deciding) -> None:
    split(held, "Smith, J.", ["Smith, J."], [RECORDS[7].id])


def _rename(held: Deciding) -> None:
    one = as_authority(held.index, find(held.index, SSC))
    sets = [
        "name=Species Survival Commission",
        "variant@fr+=Commission de la survie des espèces",
        f"parent+={UNION} [1949/]",
    ]
    keep(held, [edit(one, sets, lambda text: find(held.index, text))], "edit", "")


def _apart(held: Deciding) -> None:
    keep_apart(held, [f"orcid:{ORCID}", "Eleanor Marsden"])


@pytest.mark.parametrize("decide", [_merge, _split, _rename, _apart])
def test_what_was_decided_outlives_a_rebuild_and_is_undone_after_it(
    library: Library, decide: Callable[[Deciding], None]
) -> None:
    before = seen(library)
    with deciding(library) as held:
        decide(held)
    after = seen(library)
    assert after != before
    assert not [fault for _, faults in check_archive(library.archive) for fault in faults]
    forget_agents(library.home)
    library.catalogue.path.unlink()
    library.catalogue.close()
    again_open = Library.open_unverified(library.home, library.catalogue.publishing)
    assert not again_open.rebuild_catalogue().damaged
    fresh = again(library.home)
    assert seen(fresh) == after
    with look_at_agents(fresh) as index:
        ((agent,), *_) = index.ask("SELECT id FROM authorities ORDER BY id")
    with deciding(fresh) as held:
        undo(held, agent)
    assert seen(fresh) == before


def test_two_of_one_name_are_parted_by_their_items(library: Library) -> None:
    with deciding(library) as held:
        rest, other = split(held, "Smith, J.", ["Smith, J."], [RECORDS[7].id], "the botanist")
    found = whose(library)
    assert found["Ferns", "Smith, J."] == other.id != rest.id == found["Stones", "Smith, J."]
    with library.writer() as writer:  # what comes later under that name is the first one's
        later = record("Slates", 1995, person("J. Smith"))
        writer.put_item(later, {}, "Ingested")
    with look_at_agents(library) as index:
        assert on_item(index, later.id) == {"J. Smith": rest.id}
        assert frozenset((rest.id, other.id)) not in {frozenset((x.one.id, x.other.id)) for x in proposals(index, 0.0)}


def test_names_of_an_authority_are_split_off_and_it_keeps_the_rest(library: Library) -> None:
    with deciding(library) as held:
        one = merge(held, [f"orcid:{ORCID}", "Eleanor Marsden", "Marsden, E.", "Otter, Ann"])
        rest, other = split(held, one.id, ["Otter, Ann"])
    found = whose(library)
    assert found["Reeds", "Otter, Ann"] == other.id != rest.id == found["Reeds", "Marsden, E."]
    with pytest.raises(UsageError), deciding(library) as held:
        split(held, other.id, ["Otter, Ann"])


def test_one_merged_into_one_merged_leads_to_the_last(library: Library) -> None:
    ids = agents_of(library)
    with deciding(library) as held:
        merge(held, ["Eleanor Marsden", "Marsden, E."])
        last = merge(held, [f"orcid:{ORCID}", "Eleanor Marsden"])
    with look_at_agents(library) as index:
        assert standing_id(index, ids["Marsden, E."]) == standing_id(index, ids["Eleanor Marsden"]) == last.id
    before = seen(library)
    with deciding(library) as held:
        first = undo(held, last.id)[0]
        with pytest.raises(UsageError):
            undo(held, first.id)
        merge(held, [f"orcid:{ORCID}", "Eleanor Marsden"])
    assert seen(library) == before


def test_a_decision_about_one_that_was_decided_about_since_is_not_undone(library: Library) -> None:
    with deciding(library) as held:
        one = keep_apart(held, ["Marsden, E.", "Eleanor Marsden"])[0]
        merge(held, ["Eleanor Marsden", "Otter, Ann"])
        with pytest.raises(UsageError, match="since"):
            undo(held, one.id)


def test_identifiers_go_before_names_and_names_before_nothing(library: Library) -> None:
    with deciding(library) as held:
        one = as_authority(held.index, find(held.index, "Otter, Ann"))
        kept = keep(held, [edit(one, [f"identifier+=orcid:{OTHER_ORCID}"], str)], "edit")[0]
    with library.writer() as writer:
        numbered = record("Numbered", 2001, person("Otter-Webb, A.", OTHER_ORCID))
        another = record("Another", 2002, person("Otter, Ann", ORCID))
        for item in (numbered, another):
            writer.put_item(item, {}, "Ingested")
    with look_at_agents(library) as index:
        assert on_item(index, numbered.id) == {"Otter-Webb, A.": kept.id}
        assert on_item(index, another.id)["Otter, Ann"] != kept.id


def test_a_name_that_two_authorities_bear_makes_nothing_theirs(library: Library) -> None:
    with deciding(library) as held:
        for name in ("Smith, J.", "Otter, Ann"):
            one = as_authority(held.index, find(held.index, name))
            keep(held, [edit(one, ["variant+=Marsden, E."], str)], "edit")
        with pytest.raises(UsageError, match="Several"):
            find(held.index, "MARSDEN, E")
    assert whose(library)["Reeds", "Marsden, E."] not in {whose(library)["Reeds", "Otter, Ann"]}


def test_items_that_change_or_go_take_their_contributions_along(library: Library) -> None:
    before = agents_of(library)
    with library.writer() as writer:
        writer.withdraw(RECORDS[3], "gone")
    assert "Marsden, E." not in agents_of(library)
    with look_at_agents(library) as index, pytest.raises(NotFound):
        find(index, "Marsden, E.")
    with library.writer() as writer:
        writer.restore(library.item(RECORDS[3].id))
    assert agents_of(library) == before


@pytest.mark.parametrize("step", ["before the archive", "before the index"])
def test_a_kill_leaves_a_merge_undone_or_done_whole(
    library: Library, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    before = seen(library)
    with monkeypatch.context() as patch:
        if step == "before the archive":
            patch.setattr("archive.ocfl.Archive.complete", die)
            patch.setattr("archive.staging.Group.give_up", die)
        else:
            patch.setattr("archive.agents_index.AgentIndex.put", die)
        with pytest.raises(Killed), deciding(library) as held:
            merge(held, ["Marsden, E.", "Eleanor Marsden"])
    fresh = again(library.home)
    after = seen(fresh)
    forget_agents(library.home)
    assert seen(fresh) == after
    with fresh.writer():
        pass
    assert seen(fresh) == after
    assert (after == before) == (step == "before the archive")


def test_proposals_name_what_may_be_one_and_never_merge(library: Library) -> None:
    before = seen(library)
    with look_at_agents(library) as index:
        found = {frozenset((x.one.name, x.other.name)): x for x in proposals(index, 0.7)}
        assert frozenset(("Marsden, Eleanor", "Marsden, E.")) in found
        assert frozenset((SSC, "SSC")) in found
        assert "acronym" in found[frozenset((SSC, "SSC"))].reasons
        assert frozenset(("Otter, Ann", "Smith, J.")) not in found
    assert seen(library) == before


def test_lists_find_agents_by_any_of_their_names(library: Library) -> None:
    with deciding(library) as held:
        one = merge(held, [f"orcid:{ORCID}", "Marsden, E."])
        keep(held, [edit(one, ["variant@fr+=La botaniste des marais"], str)], "edit")
    with look_at_agents(library) as index:
        assert [x.name for x in listed(index, "botaniste mar")] == ["Marsden, Eleanor"]
        assert [x.name for x in listed(index, "marsd")] == ["Marsden, Eleanor", "Eleanor Marsden"]
        assert not listed(index, "nobody*[")


def test_a_library_that_cannot_be_written_shows_its_agents(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    before = seen(library)
    with open_agents(library), pytest.raises(HomeHeld), open_agents(library, patience=0):
        pass
    with open_agents(library):
        assert seen(library) == before
    (library.home / FILE).unlink()
    assert seen(library) == before


def test_agent_objects_are_plain_ocfl_with_all_versions(library: Library) -> None:
    with deciding(library) as held:
        one = merge(held, ["Marsden, E.", "Eleanor Marsden"])
        keep(held, [edit(one, [f"parent+={UNION}"], lambda text: find(held.index, text))], "edit")
        undo(held, one.id)
    inventory = library.archive.inventory(agent_object(one.id))
    assert len(inventory.versions) == 3
    states = history(library, one.id)
    assert [len(state.parents) for state in states] == [0, 1, 0]
    assert isinstance(states[1].parents[0], Parent)
    assert list(library.uncatalogued()) == []
