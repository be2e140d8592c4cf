"""MARC out of the library: every item, readable by others, and what is too long for ISO 2709 not lost."""

import io
from dataclasses import replace
from pathlib import Path

import pymarc
import pytest
from small_library import canoe_here

from canoe.home import Home
from metadata.model import Text

LONG = "A passage of a very long abstract. " * 400


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Path:
    home, records = tmp_path / "library", tmp_path / "records.csv"
    rows = ["title,author,year,identifier", *(f'Wetlands {n},"Dupont, Jean",19{n},R-{n}' for n in range(80, 90))]
    records.write_text("\n".join(rows), "utf-8")
    assert canoe_here("init", "--home", home, "--base-url", "http://library.example.org").code == 0
    assert canoe_here("ingest", records, "--home", home).code == 0
    return home


def lengthen(home: Path) -> str:
    """Give one item an abstract that no MARC 21 field takes; return its id."""
    library = Home.read(home).library
    item = next(library.items())
    with library.writer() as writer:
        writer.put_item(replace(item, descriptions=(Text(LONG, "en"),)), {}, "Edited")
    return item.id


def ids_in(records: bytes) -> list[str]:
    reader = pymarc.MARCReader(io.BytesIO(records), to_unicode=True, permissive=False)
    return [record["001"].data or "" for record in reader if record]


def ids_in_xml(path: Path) -> list[str]:
    records = pymarc.parse_xml_to_array(str(path))  # type: ignore[no-untyped-call]
    return [record["001"].data or "" for record in records if record]


def test_every_item_is_a_record_that_others_read(home: Path, tmp_path: Path) -> None:
    ids = [item.id for item in Home.read(home).library.items()]
    out, xml = tmp_path / "out.mrc", tmp_path / "out.xml"
    assert canoe_here("export", "--home", home, "--format", "marc", "--out", out).code == 0
    assert canoe_here("export", "--home", home, "--format", "marcxml", "--out", xml).code == 0
    assert len(ids) == 10
    assert ids_in(out.read_bytes()) == ids_in_xml(xml) == ids


def test_a_query_gives_the_records_it_finds_on_standard_output(home: Path) -> None:
    answer = canoe_here("export", "year:1985", "--home", home, "--format", "marcxml")
    assert answer.out.count("<record") == 1
    assert "Wetlands 85" in answer.out


def test_what_is_too_long_for_marc_21_is_named_and_goes_out_as_marcxml(home: Path, tmp_path: Path) -> None:
    long, out = lengthen(home), tmp_path / "out.mrc"
    answer = canoe_here("export", "--home", home, "--format", "marc", "--out", out)
    assert answer.code == 0
    assert f"{long} is too long" in answer.err
    beside = tmp_path / "out.mrc.oversize.xml"
    assert str(beside) in answer.err
    assert ids_in_xml(beside) == [long]
    assert len(ids_in(out.read_bytes())) == 9


def test_one_item_is_shown_as_marcxml(home: Path) -> None:
    item = next(Home.read(home).library.items())
    shown = canoe_here("show", item.id, "--home", home, "--format", "marcxml").out
    assert f'<controlfield tag="001">{item.id}' in shown
