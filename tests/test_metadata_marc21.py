import io
import json
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pymarc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymarc import Indicators, Subfield
from thoroughness import usually

from metadata.description import Description, Rejected
from metadata.marc21 import is_marc21, read_marc21

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
CHARSET = "charset-doubtful"


def record(title: str = "Forests", number: str = "1", leader9: str = "a") -> bytes:
    made = pymarc.Record()
    made.leader = pymarc.Leader(f"00000nam {leader9}2200000 a 4500")
    made.fields = [
        pymarc.Field("001", data=number),
        pymarc.Field("245", Indicators("0", "0"), [Subfield("a", title)]),
    ]
    return made.as_marc()


def read(data: bytes) -> list[Description | Rejected]:
    return list(read_marc21(io.BytesIO(data), "x.mrc"))


def titles(data: bytes) -> list[str]:
    return [one.item.title.value for one in read(data) if isinstance(one, Description)]


def codes(data: bytes) -> list[str]:
    return [problem.code for one in read(data) for problem in one.problems]


def test_each_piece_keeps_its_bytes_its_number_and_its_source() -> None:
    first, second = record(number="1"), record("Forêts", number="2")
    found = read(first + second)
    assert [one.raw for one in found] == [first[:-1], second[:-1]]
    assert [one.number for one in found] == [1, 2]
    assert isinstance(found[1], Description)
    assert found[1].item.source == "x.mrc#2"


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n", b"  \n\x1a"])
def test_line_ends_between_records_lose_none(between: bytes) -> None:
    data = between.join([record(f"Title {n}") for n in range(20)]) + between
    assert titles(data) == [f"Title {n}" for n in range(20)]
    assert codes(data) == []


def test_bytes_that_are_no_record_are_reported_and_cost_no_neighbour() -> None:
    data = record("One") + b"\0" * 300 + record("Two")
    assert titles(data) == ["One", "Two"]
    assert codes(data) == ["record-damaged"]
    assert read(data)[1].raw == b"\0" * 300


def test_a_byte_order_mark_is_remarked_on() -> None:
    data = b"\xef\xbb\xbf" + record("One")
    assert titles(data) == ["One"]
    assert codes(data) == ["record-mended"]


@pytest.mark.parametrize("length", [b"00000", b"99999", b"00077", b"abcde"])
def test_a_wrong_length_costs_nothing(length: bytes) -> None:
    data = record("One") + length + record("Two")[5:] + record("Three")
    assert titles(data) == ["One", "Two", "Three"]
    assert codes(data) == ["record-mended"]


@pytest.mark.parametrize(
    ("sound", "broken", "mended"),
    [
        (b"245001200002", b"245001299999", ["Forests"]),  # offset past the end
        (b"245001200002", b"245009900002", ["Forests"]),  # length past the end
        (b"245001200002", b"45001200002", []),  # an entry lost a character of its tag
        (b"001000200000", b"01000200000", ["Forests"]),
        (b"\x1e00\x1faForests\x1e", b" 00\x1faForests ", []),  # no field terminators
        (b"00049", b"99999", ["Forests"]),  # base address
        (b"\x1e00\x1f", b"\x1e\x1f", ["Forests"]),  # no indicators
        (b"\x1faForests", "\x1fáForests".encode(), ["Forests"]),  # accent in the subfield code
    ],
)
def test_damages_that_read_as_clean_are_seen(sound: bytes, broken: bytes, mended: list[str]) -> None:
    whole = record()
    assert sound in whole
    data = record("Before") + whole.replace(sound, broken) + record("After")
    assert titles(data) == ["Before", *mended, "After"]
    assert set(codes(data)) & {"record-mended", "record-damaged", "record-without-title"}


def test_a_cut_file_gives_what_is_whole_and_reports_the_rest() -> None:
    data = record("One") + record("Two")[:-20]
    assert titles(data) == ["One"]
    assert codes(data) == ["record-damaged"]


def test_a_record_that_only_lost_its_terminator_is_read() -> None:
    data = record("One") + record("Two")[:-1]
    assert titles(data) == ["One", "Two"]
    assert codes(data) == ["record-mended"]


def test_a_piece_beyond_all_measure_is_refused_and_passed_over() -> None:
    data = record("One") + b"9" * (11 * 1024 * 1024) + b"\x1d" + record("Two")
    assert titles(data) == ["One", "Two"]
    assert codes(data) == ["record-damaged"]


@settings(max_examples=usually(60, thoroughly=200), deadline=None)
@given(at=st.integers(0, 63), noise=st.binary(max_size=6), drop=st.integers(0, 6))
def test_whatever_happens_inside_a_record_its_neighbours_come_in(at: int, noise: bytes, drop: int) -> None:
    inner = record("Forêts")[:-1]
    broken = inner[:at] + noise.replace(b"\x1d", b"") + inner[at + drop :] + b"\x1d"
    data = record("One") + broken + record("Three")
    found = read(data)
    assert {"One", "Three"} <= set(titles(data))
    assert [one.number for one in found] == list(range(1, len(found) + 1))


def test_nothing_is_an_answer_too() -> None:
    assert codes(b"") == ["record-damaged"]
    assert codes(b"\n\n") == ["record-damaged"]


def test_utf8_under_a_blank_leader_is_utf8_with_a_warning() -> None:
    data = record("Forêts", leader9="a").replace(b"nam a", b"nam  ", 1)
    assert titles(data) == ["Forêts"]
    assert codes(data) == [CHARSET]


def test_marc8_is_decoded_with_its_marks_after_their_letters() -> None:
    data = record("For/ts").replace(b"For/ts", b"For\xe3ets").replace(b"nam a", b"nam  ", 1)
    fixed = data.replace(b"245001100002", b"245001200002")
    assert titles(fixed) == ["Forêts"]


def test_latin_1_that_claims_utf8_is_read_and_told() -> None:
    data = record("R_sum_ d'_t_ *").replace(b"_", b"\xe9").replace(b"*", b"\xd7")
    assert titles(data) == ["Résumé d'été ×"]
    assert codes(data) == [CHARSET]


def test_control_characters_that_xml_forbids_go_with_a_warning() -> None:
    assert titles(record("Ti\x01tle")) == ["Title"]
    assert codes(record("Ti\x01tle")) == ["record-mended"]


def test_text_is_nfc() -> None:
    assert titles(record("Fore\u0302ts")) == ["Forêts"]


def test_the_sniffer_knows_marc_from_text() -> None:
    assert is_marc21(record())
    assert is_marc21(b"\xef\xbb\xbf\r\n" + record())
    assert not is_marc21(b"00000 is no leader")
    assert not is_marc21(b"title,file\n")


def shared_files() -> Iterator[Path]:
    for folder in (SHARED / "marc", SHARED / "hostile" / "marc"):
        yield from sorted(path for path in folder.rglob("*") if path.suffix in (".mrc", ".dat", ".marc"))


@pytest.mark.shared
def test_every_piece_of_every_shared_file_is_accounted_for() -> None:
    for path in shared_files():
        if path.parent.name == "speed":
            continue
        data, begun = path.read_bytes(), time.monotonic()
        pieces = [piece for piece in data.split(b"\x1d") if piece.strip(b" \t\r\n\x1a")]
        with path.open("rb") as stream:
            found = list(read_marc21(stream, path.name))
        junk = sum("stand between" in p.message() for one in found for p in one.problems)
        assert len(found) == max(len(pieces) + junk, 1), path
        assert [one.number for one in found] == list(range(1, len(found) + 1))
        assert all(one.problems for one in found if isinstance(one, Rejected)), path
        assert time.monotonic() - begun < 10, path
        assert is_marc21(data[:65536]) == (path.name not in ("empty.mrc", "mnemonic-text.mrc")), path


@pytest.mark.shared
def test_good_neighbours_in_hostile_files_all_come_in() -> None:
    for path in sorted((SHARED / "hostile" / "marc").glob("*.mrc")):
        good = path.read_bytes().count(b"aGood title")
        found = titles(path.read_bytes())
        assert sum(title.startswith("Good title") for title in found) == good, path


@pytest.mark.shared
def test_damaged_records_read_like_their_repaired_twins() -> None:
    folder = SHARED / "marc" / "marc4j"
    broken = read((folder / "pride-and-prejudice-with-many-errors.mrc").read_bytes())
    repaired = read((folder / "pride-and-prejudice-fixed.mrc").read_bytes())
    assert len(broken) == len(repaired) == 383
    assert [type(one) for one in broken] == [type(one) for one in repaired]


@pytest.mark.shared
@pytest.mark.filterwarnings("ignore::pymarc.exceptions.BadSubfieldCodeWarning")
@pytest.mark.parametrize("name", ["evergreen/lul_fre_100.mrc", "marc4j/brkrtest.mrc", "marc4j/selectedRecs.mrc"])
def test_marc8_text_equals_pymarcs(name: str) -> None:
    path = SHARED / "marc" / name
    with path.open("rb") as stream:
        peers = [made["245"]["a"] for made in pymarc.MARCReader(stream) if made]
    ours = [one.item.title.value for one in read(path.read_bytes()) if isinstance(one, Description)]
    bare = str.maketrans("", "", " /:;,=.")
    assert len(peers) == len(ours)
    assert all(
        mine.translate(bare).startswith(theirs.translate(bare)) for mine, theirs in zip(ours, peers, strict=True)
    )


@pytest.mark.shared
def test_titles_equal_the_dublin_core_oracle() -> None:
    oracle = (SHARED / "marc" / "dc-oracle" / "lul_fre_100.mrc.dc.jsonl").read_text("utf-8").splitlines()
    expected = [dict(reversed(json.loads(line)["dc"]))["title"] for line in oracle]
    ours = titles((SHARED / "marc" / "evergreen" / "lul_fre_100.mrc").read_bytes())
    assert len(ours) == len(expected) == 100
    trimmed = [" ".join(unicodedata.normalize("NFC", title).split()).rstrip(" /:;,=.") for title in expected]
    assert [title.rstrip(".")[: len(want)] for title, want in zip(ours, trimmed, strict=True)] == trimmed


def test_a_directory_that_is_cut_off_is_told_in_whole_entries() -> None:
    data = record("One")
    start = int(data[12:17])
    (found,) = read(data[: start - 6] + data[start - 1 :])
    assert "has 2 entries and the last is cut off, the record 2 fields" in found.problems[-1].message()
