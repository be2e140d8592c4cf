"""An item goes out in every form, and the forms that are catalogues come in again as the same publication."""

import json
from pathlib import Path

import pytest
from lxml import etree
from small_library import canoe_here
from workbooks import workbook

from canoe.forms import Form
from canoe.home import Home
from metadata.model import Item

XML = {Form.DC, Form.MARCXML, Form.MODS, Form.DATACITE, Form.OPENAIRE}
JSON = {Form.JSON, Form.SCHEMAORG, Form.CSL}
CATALOGUES = {Form.DC: "xml", Form.MARCXML: "xml", Form.MODS: "xml", Form.BIBTEX: "bib", Form.RIS: "ris"}


def made(home: Path) -> Home:
    assert (
        canoe_here("init", "--home", home, "--base-url", "http://library.example.org", "--doi-prefix", "10.5555").code
        == 0
    )
    return Home.read(home)


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Home:
    home, records = made(tmp_path / "library"), tmp_path / "records.csv"
    records.write_text(
        'title,author,date,language,isbn\nZones humides,"Dupont, Jeanne",1987,fr,978-2-8317-0000-3\n', "utf-8"
    )
    assert canoe_here("ingest", records, "--home", home.path).code == 0
    return home


def only(home: Home) -> Item:
    (item,) = home.library.items()
    return item


@pytest.mark.parametrize("form", [form for form in Form if form is not Form.HOCR])
def test_every_form_is_what_it_says(home: Home, form: Form) -> None:
    answer = canoe_here("show", only(home).id, "--format", form, "--home", home.path)
    assert (answer.code, answer.err) == (0, "")
    assert "Zones humides" in answer.out
    if form in XML:
        etree.fromstring(answer.out.encode())
    if form in JSON:
        json.loads(answer.out)


@pytest.mark.parametrize("form", CATALOGUES)
def test_a_catalogue_in_this_form_comes_in_again(home: Home, form: Form, tmp_path: Path) -> None:
    path = tmp_path / f"out.{CATALOGUES[form]}"
    path.write_text(canoe_here("show", only(home).id, "--format", form, "--home", home.path).out, "utf-8")
    other = made(tmp_path / "other")
    answer = canoe_here("ingest", path, "--home", other.path, "--json")
    assert answer.json["counts"]["new"] == answer.json["counts"]["in"] == 1
    before, after = only(home), only(other)
    assert after.title.value == before.title.value
    assert [one.agent.name for one in after.contributions if one.role == "aut"] == ["Dupont, Jeanne"]
    assert (after.year, after.languages) == (1987, ("fr",))


def test_a_workbook_comes_in_and_every_row_is_told(tmp_path: Path) -> None:
    home, path = made(tmp_path / "library"), tmp_path / "catalogue.xlsx"
    rows = [["title", "year"], ["Wetlands", "1987"], ["Forests", "1990"], ["", "1991"]]
    path.write_bytes(workbook(rows))
    answer = canoe_here("ingest", path, "--home", home.path, "--json")
    counts = answer.json["counts"]
    assert (counts["in"], counts["new"], counts["refused"]) == (3, 2, 1)
    assert [piece["source"] for piece in answer.json["pieces"]] == [f"{path}#{n}" for n in (1, 2, 3)]


def test_what_a_form_demands_and_an_item_lacks_is_named(tmp_path: Path) -> None:
    home, records = tmp_path / "library", tmp_path / "records.csv"
    assert canoe_here("init", "--home", home).code == 0
    records.write_text("title,year\nWetlands,1987\n", "utf-8")
    assert canoe_here("ingest", records, "--home", home).code == 0
    answer = canoe_here("show", only(Home.read(home)).id, "--format", "datacite", "--home", home)
    assert answer.code == 2
    assert "datacite" in answer.err


def test_a_mapping_says_what_columns_of_other_names_mean(tmp_path: Path) -> None:
    home, table, mapping = made(tmp_path / "library"), tmp_path / "shelf.csv", tmp_path / "columns.toml"
    table.write_text("Werk,Wer\nFeuchtgebiete,Meier\n", "utf-8")
    mapping.write_text('[columns]\nWerk = "title"\nWer = "author"\n', "utf-8")
    assert canoe_here("ingest", table, "--home", home.path, "--json").json["counts"]["set_aside"] == 1
    answer = canoe_here("ingest", table, "--mapping", mapping, "--home", home.path, "--json")
    assert answer.json["counts"]["new"] == 1
    assert only(home).title.value == "Feuchtgebiete"


def test_what_a_form_demands_and_an_item_lacks_is_told_with_the_command_that_adds_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("title\nMarshes\n", "utf-8")
    assert canoe_here("init", "--home", tmp_path / "home").code == 0
    assert canoe_here("ingest", tmp_path / "t.csv", "--home", tmp_path / "home").code == 0
    item = only(Home.read(tmp_path / "home")).id
    answer = canoe_here("show", item, "--format", "datacite", "--home", tmp_path / "home")
    assert answer.code == 2
    assert f"canoe edit {item} --set doi=10.… --set date=…" in answer.err
    assert (
        canoe_here("edit", item, "--set", "doi=10.1000/1", "--set", "date=1988", "--home", tmp_path / "home").code == 0
    )
    assert canoe_here("show", item, "--format", "datacite", "--home", tmp_path / "home").code == 0


def test_hocr_is_of_what_has_pages(home: Home) -> None:
    answer = canoe_here("show", only(home).id, "--format", "hocr", "--home", home.path)
    assert answer.code != 0
    assert "has no pages" in answer.err


@pytest.mark.ocr
def test_hocr_has_the_words_of_all_pages(full_home: Path) -> None:
    home = Home.read(full_home)
    read = next(item for item in home.library.items() if item.page_count > 1 and list(item.files_as("pages")))
    answer = canoe_here("show", read.id, "--format", "hocr", "--home", home.path)
    assert answer.code == 0
    pages = etree.fromstring(answer.out.encode()).findall(".//{*}div[@class='ocr_page']")
    assert len(pages) == read.page_count
