"""canoe agents: as librarians call it, with files in and out."""

import codecs
import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pymarc
import pytest
from agents_library import ORCID, RECORDS, SSC, UNION, WRONG_ORCID, made, record, seen, whose
from archive_library import publishing
from small_library import Answer, canoe_here, marc_file
from xml_shared import shared

from archive.agents_file import agent_object
from archive.agents_following import look_at_agents
from archive.agents_lookup import find
from archive.library import Library
from metadata.model import Text


@pytest.fixture(scope="module")
def _first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = made(tmp_path_factory.mktemp("agents") / "home")
    library.catalogue.close()
    settings = f'[library]\nbase_url = "{library.catalogue.publishing.base_url}"\n'
    (library.home / "canoe.toml").write_text(settings, "utf-8")
    return library.home


@pytest.fixture
def library(_first: Path, tmp_path: Path) -> Library:
    return Library.open(shutil.copytree(_first, tmp_path / "home"), publishing())


def agents(library: Library, *arguments: str | Path) -> Answer:
    return canoe_here("agents", arguments[0], "--home", library.home, *arguments[1:])


def row(name: str, **cells: str) -> dict[str, str]:
    return {"name": name, **cells}


def table(path: Path, *rows: dict[str, str]) -> Path:
    columns = list(dict.fromkeys(name for one in rows for name in one))
    with path.open("w", encoding="utf-8", newline="") as stream:
        made_of = csv.DictWriter(stream, columns, restval="")
        made_of.writeheader()
        made_of.writerows(rows)
    return path


def named(library: Library, name: str) -> str:
    with look_at_agents(library) as index:
        return find(index, name)


def test_a_merge_by_names_is_shown_with_who_and_why_and_undone_by_its_id(library: Library) -> None:
    before = seen(library)
    answer = agents(library, "merge", f"orcid:{ORCID}", "Marsden, E.", "--why", "her own word", "--json")
    assert answer.code == 0
    decision = answer.json["decision"]
    assert decision["why"] == "her own word"
    shown = agents(library, "show", "Marsden, E.", "--json").json
    assert shown["agent"]["name"]["value"] == "Marsden, Eleanor"
    assert [one["id"] for one in shown["decisions"]] == [decision["id"]]
    assert "merge" in agents(library, "show", "Marsden, E.").out
    assert agents(library, "undo", decision["id"], "--json").json["undone"]["kind"] == "merge"
    assert seen(library) == before
    assert agents(library, "undo", decision["id"]).code == 2


def test_proposals_are_worked_through_as_a_table(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "proposals.csv"
    assert agents(library, "proposals", "--score", "0.7", "--csv", file).code == 0
    assert file.read_bytes().startswith(codecs.BOM_UTF8)  # by which a spreadsheet knows its accents
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    decisions = {frozenset((SSC, "SSC")): "merge", frozenset(("Marsden, Eleanor", "Eleanor Marsden")): "apart"}
    for one in rows:
        one["decision"] = decisions.get(frozenset((one["name"], one["other_name"])), "")
    rows.append({**rows[0], "decision": "perhaps"})
    answer = agents(library, "decide", table(file, *rows), "--json")
    assert answer.code == 3
    assert {**answer.json, "refused": len(answer.json["refused"])} == {"merge": 1, "apart": 1, "part": 0, "refused": 1}
    assert whose(library)["Red data", SSC] == whose(library)["Red list", "SSC"]
    left = [
        {one["agent"]["name"], one["other"]["name"]}
        for one in agents(library, "proposals", "--score", "0.7", "--json").lines
    ]
    assert {"Marsden, Eleanor", "Marsden, E."} in left
    assert {"Marsden, Eleanor", "Eleanor Marsden"} not in left


def saved_in_french(file: Path) -> Path:
    """Save a table as a spreadsheet does that is set to French: semicolons, all cells quoted."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=";", quoting=csv.QUOTE_ALL).writerows(rows)
    return file


def test_tables_come_back_from_a_spreadsheet_with_semicolons(library: Library, tmp_path: Path) -> None:
    columns = {"decision": "merge", "agent": named(library, SSC), "other": named(library, "SSC")}
    answer = agents(library, "decide", saved_in_french(table(tmp_path / "made.csv", columns)), "--json")
    assert (answer.code, answer.json["merge"]) == (0, 1)
    out = tmp_path / "out.csv"
    assert agents(library, "export", "--to", out).code == 0
    assert out.read_bytes().startswith(codecs.BOM_UTF8)
    again = agents(library, "import", saved_in_french(out), "--json").json
    assert (again["same"], again["changed"], again["problems"]) == (1, 0, [])


@pytest.mark.parametrize(("command", "heading"), [("import", "name,kind,variants"), ("decide", "decision,agent,other")])
def test_a_quotation_that_is_never_closed_takes_no_rows_with_it(
    library: Library, tmp_path: Path, command: str, heading: str
) -> None:
    path = tmp_path / "torn.csv"
    path.write_text(f'{heading}\n"Marsh Office,,\nRiver Office,,\n', encoding="utf-8")
    answer = agents(library, command, path)
    assert answer.code == 2
    assert "after line 1" in answer.err


def test_a_part_is_no_merge(library: Library, tmp_path: Path) -> None:
    columns = {"decision": "part", "agent": named(library, UNION), "other": named(library, SSC)}
    assert agents(library, "decide", table(tmp_path / "parts.csv", columns)).code == 0
    assert [part["name"] for part in agents(library, "show", UNION, "--json").json["parts"]] == [SSC]
    answer = agents(library, "edit", UNION, "--set", f"parent+={SSC}")
    assert answer.code == 2
    assert "itself part" in answer.err


def test_a_part_of_one_that_was_merged_or_undone_is_shown(library: Library, tmp_path: Path) -> None:
    file = table(tmp_path / "bodies.csv", row("Marsh Office", kind="organisation"))
    assert agents(library, "import", file).code == 0
    assert agents(library, "edit", SSC, "--set", "parent+=Marsh Office").code == 0
    assert agents(library, "merge", UNION, "Marsh Office").code == 0
    assert f"part of {UNION}" in agents(library, "show", SSC).out
    assert [one["name"] for one in agents(library, "show", UNION, "--json").json["parts"]] == [SSC]
    assert "itself part" in agents(library, "edit", UNION, "--set", f"parent+={SSC}").err
    assert agents(library, "undo", UNION).code == 0
    assert agents(library, "undo", "Marsh Office").code == 0
    shown = agents(library, "show", SSC)
    assert (shown.code, "part of" in shown.out) == (0, False)


def test_nothing_is_part_of_its_part_by_way_of_one_that_was_merged(library: Library) -> None:
    assert agents(library, "edit", SSC, "--set", "parent+=Stone House").code == 0
    assert agents(library, "merge", UNION, "Stone House").code == 0
    assert "itself part" in agents(library, "edit", UNION, "--set", f"parent+={SSC}").err


def test_one_that_is_merged_with_what_it_is_part_of_is_no_part_of_its_parts(library: Library) -> None:
    assert agents(library, "edit", "SSC", "--set", f"parent+={SSC}").code == 0
    assert agents(library, "edit", SSC, "--set", f"parent+={UNION}").code == 0
    assert agents(library, "merge", "SSC", UNION, "--json").json.get("parents", []) == []


def test_a_person_and_a_body_of_one_name_are_two_however_often_they_come(library: Library, tmp_path: Path) -> None:
    file = table(tmp_path / "two.csv", row("Ford", kind="person"), row("Ford", kind="organisation"), row("Ford"))
    first = agents(library, "import", file, "--json").json
    assert (first["new"], {one["code"] for one in first["problems"]}) == (2, {"agent-name-shared"})
    second = agents(library, "import", table(tmp_path / "one.csv", row("Ford", kind="organisation")), "--json").json
    assert (second["new"], second["same"]) == (0, 1)


@pytest.mark.parametrize("command", [("export", "--to"), ("proposals", "--csv")])
def test_a_table_that_cannot_be_written_is_refused(library: Library, command: tuple[str, str], tmp_path: Path) -> None:
    for file in (tmp_path / "nowhere" / "x.csv", tmp_path):
        answer = agents(library, command[0], command[1], file)
        assert (answer.code, "cannot be written" in answer.err) == (2, True)


@pytest.mark.parametrize(
    "wrong",
    [
        f"identifier+=orcid:{WRONG_ORCID}",
        "begun=yesterday",
        "kind=ghost",
        "name=",
        "colour=red",
        "variant-=Nobody",
        "language+=xx-nope-1",
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(library: Library, wrong: str) -> None:
    before = seen(library)
    assert agents(library, "edit", UNION, "--set", wrong).code == 2
    assert seen(library) == before


def test_an_authority_file_is_taken_in_reported_and_goes_out_as_it_is(library: Library, tmp_path: Path) -> None:
    before = seen(library)
    file = table(
        tmp_path / "authorities.csv",
        row(
            UNION,
            kind="organisation",
            variants="IUCN|Union internationale pour la conservation de la nature@fr",
            identifiers="ror:04tehfn33",
        ),
        row("Species Survival Commission", kind="organisation", variants=f"SSC|{SSC}", parents=f"{UNION} [1949/]"),
        row("Marsden, Eleanor", identifiers=f"orcid:{ORCID}", begun="1950"),
        row("Lost, Parent", parents="Nobody at all", identifiers=f"orcid:{WRONG_ORCID}", begun="long ago"),
        row("", note="nobody"),
        row("=cmd()", kind="organisation"),
    )
    answer = agents(library, "import", file, "--json")
    assert answer.code == 3
    codes = sorted(one["code"] for one in answer.json["problems"])
    assert codes == [
        "agent-identifier-wrong",
        "agent-nameless",
        "agent-parent-unknown",
        "agent-value-wrong",
    ]
    assert (answer.json["new"], answer.json["refused"]) == (5, 1)
    assert whose(library)["Red data", SSC] == whose(library)["Red list", "SSC"]
    assert agents(library, "show", "SSC", "--json").json["agent"]["parents"][0]["since"] == "1949"
    out = tmp_path / "out.csv"
    assert agents(library, "export", "--to", out).code == 0
    assert "\n=cmd" not in out.read_text("utf-8")
    assert ",'=cmd()," in out.read_text("utf-8")
    again = agents(library, "import", out, "--json").json
    assert (again["new"], again["changed"], again["same"], again["problems"]) == (0, 0, 5, [])
    assert agents(library, "undo", UNION).code == 0
    assert seen(library) == before


def test_marc_authority_records_are_taken_in(library: Library, tmp_path: Path) -> None:
    def field(tag: str, *parts: str) -> pymarc.Field:
        return pymarc.Field(tag, pymarc.Indicators("1", " "), [pymarc.Subfield(part[0], part[1:]) for part in parts])

    one = pymarc.Record(leader="00000nz  a2200000n  4500", force_utf8=True)
    one.add_field(  # type: ignore[no-untyped-call]
        field("024", f"a{ORCID}", "2orcid"),
        field("100", "aMarsden, Eleanor,", "d1950-2011."),
        field("400", "aMarsden, E."),
        field("377", "aeng"),
        field("678", "aBotanist."),
    )
    other = pymarc.Record(leader="00000nz  a2200000n  4500", force_utf8=True)
    other.add_field(field("110", f"a{UNION}"), field("410", "aIUCN"))  # type: ignore[no-untyped-call]
    title = pymarc.Record(leader="00000nz  a2200000n  4500", force_utf8=True)
    title.add_field(field("130", "aBible"))  # type: ignore[no-untyped-call]
    answer = agents(library, "import", marc_file(tmp_path / "authorities.mrc", [one, other, title]), "--json")
    assert (answer.code, answer.json["new"]) == (0, 2)
    shown = agents(library, "show", "Marsden, E.", "--json").json["agent"]
    assert (shown["begun"], shown["ended"], shown["languages"], shown["note"]) == ("1950", "2011", ["en"], "Botanist")
    assert whose(library)["Reeds", "Marsden, E."] == whose(library)["Marsh plants", "Marsden, Eleanor"] == shown["id"]


@pytest.mark.shared
def test_real_authority_records_are_taken_in(library: Library) -> None:
    file = shared("marc", "qa-catalogue") / "authority.sample.xml"
    answer = agents(library, "import", file, "--json")
    assert answer.code == 0
    assert answer.json["new"] == 10
    assert agents(library, "import", file, "--json").json["new"] == 0


def test_what_is_wrong_is_listed(library: Library) -> None:
    agents(library, "edit", UNION, "--set", "variant+=SSC")
    agents(library, "edit", SSC, "--set", "variant+=SSC")
    codes = [one["code"] for one in agents(library, "list", "--problems", "--json").lines]
    assert codes == ["agent-identifier-wrong", "agent-name-shared"]


def test_lists_go_on_where_they_ended(library: Library) -> None:
    first = agents(library, "list", "--limit", "3", "--json")
    assert "--after 3" in first.err
    rest = agents(library, "list", "--after", "3", "--json")
    names = [one["name"] for one in (*first.lines, *rest.lines)]
    assert names == sorted(names, key=str.lower)
    assert len(names) == len(set(whose(library).values()))


def test_places_are_told_with_the_country_that_each_is(library: Library) -> None:
    with library.writer() as writer:
        covering = replace(record("Lakes", 2003), coverage=(Text("Kenia", "es"), Text("the lakes")), countries=("TZ",))
        writer.put_item(covering, {}, "Ingested")
    told = {one["text"]: one["code"] for one in canoe_here("places", "--home", library.home, "--json").lines}
    assert told == {"Kenia": "KE", "the lakes": "", "TZ": "TZ"}
    assert "the lakes" in canoe_here("places", "--home", library.home, "--unknown").out


def test_an_authority_that_was_lost_is_named_and_mended_from_a_second_copy(library: Library, tmp_path: Path) -> None:
    agents(library, "merge", "Marsden, E.", "Eleanor Marsden")
    after, copy = seen(library), tmp_path / "copy"
    assert canoe_here("replicate", "--home", library.home, copy).code == 0
    shutil.rmtree(library.archive.folder(agent_object(named(library, "Marsden, E."))))
    answer = canoe_here("check", "--home", library.home)
    assert answer.code == 4
    assert "urn:canoe:agent:" in answer.out + answer.err
    assert canoe_here("repair", "--home", library.home, "--replica", copy).code == 0
    assert canoe_here("check", "--home", library.home).code == 0
    assert canoe_here("rebuild", "--home", library.home, "--catalogue").code == 0
    assert seen(library) == after


def test_two_of_one_name_are_parted_on_the_command_line(library: Library) -> None:
    assert agents(library, "split", "Smith, J.", "--item", "zzzzzzzzzz").code == 2
    assert "is not on" in agents(library, "split", "Smith, J.", "--item", RECORDS[0].id).err
    assert agents(library, "split", "Smith, J.", "Smith, J.", "--item", RECORDS[7].id).code == 0
    found = whose(library)
    assert found["Ferns", "Smith, J."] != found["Stones", "Smith, J."]
    assert canoe_here("rebuild", "--home", library.home, "--catalogue").code == 0
    assert whose(library) == found
    assert canoe_here("check", "--home", library.home).code == 0
