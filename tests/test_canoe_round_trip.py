"""MARC in and out again: nothing of any readable record of the shared set is lost on the way.

What may differ, and only this: the leader's bytes; 001 and 003, which go to 035 together, and 005,
which is the library's; subfields of MARCXML that are empty; and, in records that were reported as
damaged, what was mended. White space at the ends of a subfield stays as it was.
"""

import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pymarc
import pytest
import small_library
from scans import ENGLISH, typeset
from schemas_here import SHARED
from small_library import canoe_here

from archive.sources import SourceRecords
from canoe.home import Home
from canoe.marc_records import agency
from metadata.marc_merge import Origin, merged
from metadata.marc_pieces import Kept, kind_of, parse, pieces
from metadata.model import Text

FOLDERS = ("evergreen", "marc4j", "pymarc", "qa-catalogue")  # the ten thousand of speed: tests/soak/round_trip.py
TAKEN_OVER = {"001", "003", "005"}
REFERENCE = re.compile("&#x([0-9A-Fa-f]{4,5});")  # how MARC-8 writes what it has no code for
DOUBTFUL = {"record-mended", "charset-doubtful"}
Part = tuple[str, str, str, str]


def parts_of(record: pymarc.Record) -> Counter[Part]:
    """Return every control field and subfield: tag, indicators, code, value in NFC, its references resolved."""
    found: Counter[Part] = Counter()
    for field in record.fields:
        if field.is_control_field():
            found[field.tag, "", "", normal(field.data or "")] += 1
        for part in field.subfields:
            found[field.tag, "".join(field.indicators or ()), part.code, normal(part.value or "")] += 1
    return found


def normal(value: str) -> str:
    return unicodedata.normalize("NFC", REFERENCE.sub(lambda found: chr(int(found[1], 16)), value))


def owed(parts: Counter[Part]) -> Counter[Part]:
    """Return what must come back of a source's parts; its control number in 035."""
    kept = Counter({part: count for part, count in parts.items() if part[0] not in TAKEN_OVER and part[3]})
    agency = next((value.strip() for tag, _, _, value in parts if tag == "003"), "")
    for tag, _, _, value in parts:
        if tag == "001" and value.strip():
            number = f"({agency}){value.strip()}" if agency else value.strip()
            kept["035", "  ", "a", number] = max(1, kept["035", "  ", "a", number])
    return kept


def lawful(parts: Counter[Part]) -> Counter[Part]:
    """Return parts as MARCXML's schema allows them to be told."""
    found: Counter[Part] = Counter()
    for (tag, indicators, code, value), count in parts.items():
        whole = tag if re.fullmatch("[0-9A-Z]{3}", tag) else "999"
        found[whole, re.sub("[^0-9a-z ]", " ", indicators), code if code.strip() or not indicators else "9", value] += (
            count
        )
    return found


def by_pymarc(kept: Kept) -> Counter[Part] | None:
    """Return what pymarc reads, None where it reads nothing."""
    if kept.kind == "marcxml":
        context = b"<collection " + kept.context + b">" + kept.raw + b"</collection>"
        try:
            found = pymarc.parse_xml_to_array(io.BytesIO(context))  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - whatever pymarc stumbles over is read by Canoe alone
            return None
        return parts_of(found[0]) if len(found) == 1 else None
    try:
        return parts_of(pymarc.Record(kept.raw + b"\x1d", to_unicode=True, hide_utf8_warnings=True))
    except Exception:  # noqa: BLE001
        return None


def by_canoe(kept: Kept) -> Counter[Part]:
    found: Counter[Part] = Counter()
    for field in parse(kept)[1]:
        for code, value in field.subfields:
            found[field.tag, field.indicators, code, value] += 1
    return found


@dataclass(frozen=True, slots=True)
class Journey:
    """A home that took in all the files: what it reported, and where it lies."""

    home: Path
    folders: tuple[Path, ...]
    pieces: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    if not (SHARED / "marc").is_dir():
        pytest.skip("../shared/data is absent")
    home = tmp_path_factory.mktemp("round-trip") / "home"
    return travel(home, [SHARED / "marc" / name for name in FOLDERS])


def travel(home: Path, folders: Sequence[Path]) -> Journey:
    """Take the files of the folders into a new home."""
    assert canoe_here("init", "--home", home, "--base-url", "http://library.example.org").code == 0
    answer = canoe_here("ingest", *folders, "--home", home, "--json")
    assert answer.code in (0, 3), answer.err
    return Journey(home, tuple(folders), {piece["source"]: piece for piece in json.loads(answer.out)["pieces"]})


def sources(journey: Journey) -> Iterator[tuple[str, Kept]]:
    """Yield each record that came, by the source that the report calls it, from the files as they lie there."""
    for folder in journey.folders:
        for path in sorted(folder.iterdir()):
            data = path.read_bytes()
            kind = kind_of(data[:65_536], path.name)
            numbered = enumerate(pieces(io.BytesIO(data), kind), 1) if kind else ()
            yield from ((f"{path}#{number}", kept) for number, kept in numbered)


def lost(journey: Journey, out: dict[str, dict[str, Counter[Part]]]) -> tuple[Counter[str], list[tuple[str, object]]]:
    """Return how many records were compared, and what of which record did not come out in which form."""
    counts: Counter[str] = Counter()
    found: list[tuple[str, object]] = []
    for source, kept in sources(journey):
        piece = journey.pieces[source]
        if not piece["item"] or piece["outcome"] == "changed":
            continue
        told = by_pymarc(kept) if is_sound(piece, kept) else None
        counts["by pymarc" if told else "by canoe"] += 1
        wanted = owed(told or by_canoe(kept))
        asked = {"marcxml": lawful(wanted)}
        missing = {form: sorted(asked.get(form, wanted) - records[piece["item"]]) for form, records in out.items()}
        if any(missing.values()):
            found.append((source, missing))
    return counts, found


def is_sound(piece: dict[str, Any], kept: Kept) -> bool:
    """Say whether pymarc can be asked: it puts a mark before a reference in the reference's midst, and says nothing."""
    doubted = DOUBTFUL & {one["code"] for one in piece["problems"]}
    return not doubted and (kept.kind == "marcxml" or b"&#x" not in kept.raw)


def exported(journey: Journey, tmp_path: Path) -> dict[str, dict[str, Counter[Part]]]:
    out, xml = tmp_path / "out.mrc", tmp_path / "out.xml"
    told = canoe_here("export", "--home", journey.home, "--format", "marc", "--out", out)
    assert told.code == 0
    assert canoe_here("export", "--home", journey.home, "--format", "marcxml", "--out", xml).code == 0
    assert "1 record written to" in told.err
    binary = read_binary(out) | read_xml(tmp_path / "out.mrc.oversize.xml")
    return {"marc": binary, "marcxml": read_xml(xml)}


def read_binary(path: Path) -> dict[str, Counter[Part]]:
    with path.open("rb") as stream:
        records = [one for one in pymarc.MARCReader(stream, permissive=False) if one]
    return {one["001"].data or "": parts_of(one) for one in records}


def read_xml(path: Path) -> dict[str, Counter[Part]]:
    records = pymarc.parse_xml_to_array(str(path))  # type: ignore[no-untyped-call]
    return {one["001"].data or "": parts_of(one) for one in records if one}


@pytest.mark.shared
def test_no_subfield_of_any_readable_record_is_lost(journey: Journey, tmp_path: Path) -> None:
    ids = {item.id for item in Home.read(journey.home).library.items()}
    out = exported(journey, tmp_path)
    assert {form: set(records) for form, records in out.items()} == {"marc": ids, "marcxml": ids}
    counts, missing = lost(journey, out)
    assert missing == []
    assert counts["by pymarc"] > 600, counts
    assert counts.total() > 1_100, counts


@pytest.mark.shared
def test_the_source_of_every_item_is_found_in_the_archive(journey: Journey) -> None:
    library = Home.read(journey.home).library
    origins, came = SourceRecords(library.archive), dict(sources(journey))
    for item in library.items():
        kept = origins.record(item)
        assert kept is not None, item.source
        assert kept.raw == came[item.source].raw


@pytest.mark.shared
def test_edited_titles_are_new_and_nothing_else_is_lost(journey: Journey) -> None:
    """Every item of the set gets another title; all that its record said but the title is still there."""
    home = Home.read(journey.home)
    origins, compared = SourceRecords(home.library.archive), 0
    for item in home.library.items():
        kept = origins.record(item)
        assert kept is not None
        now = replace(item, titles=(Text("Quite another title", "en"), *item.titles[1:]))
        made = merged(now, Origin(kept, item), home.vocabulary, agency(home, item))
        found = Counter((one.tag, one.indicators, code, value) for one in made.fields for code, value in one.subfields)
        assert made.each("245")[0].first("a").removesuffix(" /") == "Quite another title"
        # The title is another, and so is what 245 says of the characters that sorting passes over.
        missing = owed(by_canoe(kept)) - found
        assert {part for part in missing if part[0] != "245"} == set(), item.source
        codes = Counter(part[2] for part in missing if part[2] not in "abfgknps")
        assert codes <= Counter(code for code, _ in made.each("245")[0].subfields), item.source
        compared += 1
    assert compared > 900


@pytest.fixture(name="small")
def _small(tmp_path: Path) -> tuple[Path, str]:
    """Make a home with one record that has a field the model knows nothing of; return it and the item's id."""
    record = small_library.record(7, "The wetlands of the north")
    record.add_field(  # type: ignore[no-untyped-call]
        pymarc.Field("583", pymarc.Indicators("1", " "), [pymarc.Subfield("a", "bound"), pymarc.Subfield("5", "XX")]),
        pymarc.Field("949", pymarc.Indicators(" ", " "), [pymarc.Subfield("a", "333.91")]),
    )
    record["245"].add_subfield("c", "the station")
    file = small_library.marc_file(tmp_path / "one.mrc", [record])
    assert canoe_here("init", "--home", tmp_path / "home").code == 0
    assert canoe_here("ingest", file, "--home", tmp_path / "home").code == 0
    return tmp_path / "home", next(Home.read(tmp_path / "home").library.items()).id


def retitle(home: Path, item_id: str) -> None:
    library = Home.read(home).library
    with library.writer() as writer:
        edited = replace(library.item(item_id), titles=(Text("The marshes of the north", "en"),))
        writer.put_item(edited, {}, "Edited")


def test_an_item_is_shown_with_what_its_record_said(small: tuple[Path, str]) -> None:
    home, item = small
    shown = canoe_here("show", item, "--home", home, "--format", "marcxml").out
    for part in ('code="a">bound<', 'code="a">333.91<', 'code="a">(XX-Test)7<', ">The wetlands of the north<"):
        assert part in shown


def test_an_edited_item_has_its_new_title_and_all_the_rest_also_after_a_rebuild(small: tuple[Path, str]) -> None:
    home, item = small
    retitle(home, item)
    shown = canoe_here("show", item, "--home", home, "--format", "marcxml").out
    assert ">The marshes of the north /<" in shown
    assert "wetlands" not in shown
    for part in ('code="c">the station<', 'code="a">bound<', 'code="5">XX<', 'code="a">333.91<'):
        assert part in shown
    assert canoe_here("rebuild", "--home", home, "--catalogue").code == 0
    assert canoe_here("show", item, "--home", home, "--format", "marcxml").out == shown
    assert canoe_here("export", "--home", home, "--format", "marc").out.count("333.91") == 1


def test_a_record_that_comes_again_otherwise_is_given_out_as_it_came_last(
    small: tuple[Path, str], tmp_path: Path
) -> None:
    home, item = small
    retitle(home, item)
    again = small_file(tmp_path / "again.mrc", "The lakes of the north")
    assert canoe_here("ingest", again, "--home", home).code == 0
    shown = canoe_here("show", item, "--home", home, "--format", "marcxml").out
    assert "The lakes of the north" in shown
    assert "949" not in shown


def small_file(path: Path, title: str) -> Path:
    return small_library.marc_file(path, [small_library.record(7, title)])


def test_where_the_file_that_came_is_damaged_all_is_given_out_as_far_as_it_is_known(
    small: tuple[Path, str], tmp_path: Path
) -> None:
    home, item = small
    (received,) = home.glob("archive/*/*/*/v1/content/received/*.mrc")
    received.chmod(0o644)
    received.write_bytes(received.read_bytes().replace(b"333.91", b"333.92"))
    out = tmp_path / "out.mrc"
    answer = canoe_here("export", "--home", home, "--format", "marc", "--out", out)
    assert answer.code == 4
    assert "is not what its digest says" in answer.err
    assert b"The wetlands" in out.read_bytes()
    assert b"333.92" not in out.read_bytes()
    assert canoe_here("show", item, "--home", home, "--format", "marcxml").code == 4


def test_what_came_as_a_table_is_given_out_as_ever(tmp_path: Path) -> None:
    table = tmp_path / "records.csv"
    table.write_text("title,year\nWetlands,1987\n")
    assert canoe_here("init", "--home", tmp_path / "home").code == 0
    assert canoe_here("ingest", table, "--home", tmp_path / "home").code == 0
    out = canoe_here("export", "--home", tmp_path / "home", "--format", "marcxml").out
    assert out.count("<record") == 1
    assert ">Wetlands<" in out


@pytest.mark.ocr
def test_a_publication_is_given_out_with_what_the_record_beside_it_said(tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    typeset(folder / "report.pdf", [ENGLISH])
    record = small_library.record(7, "The wetlands of the north")
    local = pymarc.Field("949", pymarc.Indicators(" ", " "), [pymarc.Subfield("a", "333.91")])
    record.add_field(local)  # type: ignore[no-untyped-call]
    small_library.marc_file(folder / "report.mrc", [record])
    assert canoe_here("init", "--home", tmp_path / "home").code == 0
    assert canoe_here("ingest", folder, "--home", tmp_path / "home").code == 0
    item = next(Home.read(tmp_path / "home").library.items())
    retitle(tmp_path / "home", item.id)
    shown = canoe_here("show", item.id, "--home", tmp_path / "home", "--format", "marcxml").out
    assert 'code="a">333.91<' in shown
    assert ">The marshes of the north<" in shown
    bag = tmp_path / "bag"
    assert canoe_here("export", "--home", tmp_path / "home", "--format", "bagit", "--out", bag).code == 0
    assert (bag / "data" / item.id / "metadata" / "marc.xml").read_text() == shown
