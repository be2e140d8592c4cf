"""What the library gave out and gets back unchanged is identical, in whatever form; what was altered is not."""

import json
from pathlib import Path

import pymarc
import pytest
from small_library import canoe_here, marc_file, record

from canoe.home import Home

FORMS = ("marcxml", "mods", "datacite")


@pytest.fixture(name="home", scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend a library of two records; no test of these writes to it but the last."""
    tmp_path = tmp_path_factory.mktemp("given-out")
    made = record(7, "The wetlands of the north")
    made.add_ordered_field(
        pymarc.Field("583", pymarc.Indicators(" ", " "), [pymarc.Subfield("a", "bound")]),
        pymarc.Field("020", pymarc.Indicators(" ", " "), [pymarc.Subfield("a", "")]),
    )
    file, home = marc_file(tmp_path / "one.mrc", [made, record(8, "Les forêts")]), tmp_path / "home"
    assert canoe_here("init", "--home", home, "--base-url", "https://library.example.org").code == 0
    assert canoe_here("ingest", file, "--home", home).code == 0
    for item in Home.read(home).library.items():
        assert canoe_here("edit", item.id, "--set", f"doi=10.1234/{item.id}", "--home", home).code == 0
    return home


def counts(home: Path, file: Path) -> dict[str, int]:
    """Return how many of a file's records would become what."""
    found = json.loads(canoe_here("ingest", file, "--plan", "--json", "--home", home).out)["counts"]
    return {outcome: number for outcome, number in found.items() if number and outcome != "in"}


@pytest.mark.parametrize("form", FORMS)
def test_a_record_that_was_given_out_is_identical_unless_it_was_altered(home: Path, tmp_path: Path, form: str) -> None:
    item = next(Home.read(home).library.items())
    back = tmp_path / "back.xml"
    back.write_text(canoe_here("show", item.id, "--format", form, "--home", home).out, "utf-8")
    assert counts(home, back) == {"identical": 1}
    back.write_text(back.read_text("utf-8").replace(item.title.value, "Another title"), "utf-8")
    assert counts(home, back) == {"changed": 1}


@pytest.mark.parametrize("form", ["marc", "marcxml"])
def test_a_whole_export_is_identical(home: Path, tmp_path: Path, form: str) -> None:
    back = tmp_path / f"back.{'mrc' if form == 'marc' else 'xml'}"
    assert canoe_here("export", "--format", form, "--out", back, "--home", home).code == 0
    assert counts(home, back) == {"identical": 2}
    altered = back.read_bytes().replace(b"bound", b"lower")  # a field that no item holds
    back.write_bytes(altered)
    assert counts(home, back) == {"identical": 1, "changed": 1}


def test_what_was_edited_since_is_changed_back(home: Path, tmp_path: Path) -> None:
    back = tmp_path / "back.xml"
    assert canoe_here("export", "--format", "marcxml", "--out", back, "--home", home).code == 0
    item = next(Home.read(home).library.items())
    assert canoe_here("edit", item.id, "--set", "title=Marshes", "--home", home).code == 0
    assert counts(home, back) == {"identical": 1, "changed": 1}
    assert canoe_here("ingest", back, "--home", home).code == 0
    assert Home.read(home).library.item(item.id).title == item.title
