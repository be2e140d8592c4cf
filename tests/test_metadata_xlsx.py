import io
import json
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from workbooks import HEAD, MAIN, Rows, packed, parts_of, rows_of, sheet, styled, ties, workbook

from metadata import xlsx_package
from metadata.description import Description, Rejected
from metadata.manifest_columns import Column
from metadata.mapping import Mapping
from metadata.model import Date, Identifier, Text
from metadata.xlsx import is_xlsx, read_xlsx
from metadata.xlsx_formats import date_shown, is_date, number_shown

HOUSE = Path(__file__).resolve().parents[1]


def read(data: bytes, mapping: Mapping | None = None) -> list[Description | Rejected]:
    return list(read_xlsx(io.BytesIO(data), "m.xlsx", mapping))


def only(*tables: Rows, after: str = "") -> Any:
    (found,) = read(workbook(*tables, after=after))
    assert isinstance(found, Description), found
    return found


def refusal(data: bytes) -> str:
    (found,) = read(data)
    assert isinstance(found, Rejected)
    (why,) = found.problems
    assert why.code == "manifest-refused"
    return why.message()


def codes(found: list[Description | Rejected]) -> list[str]:
    return [problem.code for one in found for problem in one.problems]


def test_a_row_is_read_as_one_of_a_csv_table() -> None:
    found = only(
        [["Fichier", "Titre", "Auteur", "Année", "zorg"], ["a.pdf", "Les forêts", "Dupont, M.|Li, X.", 1987, 5]]
    )
    assert (found.file, found.number, found.item.source) == ("a.pdf", 1, "m.xlsx#1")
    assert found.item.titles == (Text("Les forêts"),)
    assert [one.agent.name for one in found.item.contributions] == ["Dupont, M.", "Li, X."]
    assert found.item.dates == (Date("1987"),)
    assert json.loads(found.raw)[-1] == ["zorg", "5"]
    assert [one.code for one in found.problems] == ["column-unknown"]


def test_a_mapping_says_what_columns_mean() -> None:
    mapping = Mapping({"werk": Column("title"), "zorg": None})
    found = read(workbook([["Werk", "zorg"], ["A", 5]]), mapping)
    assert isinstance(found[0], Description)
    assert (found[0].item.title.value, found[0].problems) == ("A", ())


def test_strings_are_shared_escaped_and_without_their_readings() -> None:
    strings = (
        f'<sst xmlns="{MAIN}"><si><t>title</t></si><si><r><t>Forests</t></r><r><t xml:space="preserve"> &amp; </t></r>'
        "<r><t>lakes</t></r><rPh><t>yomi</t></rPh></si><si><t>A_x0020_B_x005F_</t></si><si/></sst>"
    )
    data = "<row><c t='s'><v>0</v></c></row>" + "".join(
        f"<row><c t='s'><v>{n}</v></c></row>" for n in (1, 2, 3, 99, -1)
    )
    found = read(packed(parts_of({"S": sheet(data)}, strings=strings)))
    assert [one.item.title.value for one in found if isinstance(one, Description)] == ["Forests & lakes", "A B_"]


@pytest.mark.parametrize(
    ("written", "code", "shown"),
    [
        ("5.1", "0.00", "5.10"),
        ("5.0999999999999996", "General", "5.1"),
        ("15.1", "#,##0.00", "15.10"),
        ("9780786808772", "General", "9780786808772"),
        ("9.780786808772E+12", "0.00E+00", "9780786808772"),
        ("786808772", "0000000000", "0786808772"),
        ("97330", "0000-0000", "0009-7330"),
        ("1987", "#,##0", "1987"),
        ("12", '"p. "0', "p. 12"),
        ("3", "[Red]0.0;[Blue]-0.0", "3.0"),
        ("1.005", "0.00", "1.01"),
        ("0.5", "0%", "50%"),
        ("-3", "0.0", "-3"),
        ("7", "# ?/?", "7"),
        ("1e-7", "General", "0.0000001"),
        ("1e999", "General", "1e999"),
        ("1e999999999", "0.00", "1e999999999"),
        ("nan", "0", "nan"),
        ("2", "0" * 100_000, "2".rjust(255, "0")),
    ],
)
def test_numbers_are_given_as_their_cells_show_them(written: str, code: str, shown: str) -> None:
    assert number_shown(written, code) == shown


@pytest.mark.parametrize(
    ("days", "code", "since_1904", "shown"),
    [
        ("31902", "yyyy-mm-dd", False, "1987-05-05"),
        ("31902.75", "[$-40C]d mmmm yyyy;@", False, "1987-05-05"),
        ("31902", "mmm-yy", False, "1987-05"),
        ("31902", "yyyy", False, "1987"),
        ("59", "d/m/y", False, "1900-02-28"),
        ("61", "d/m/y", False, "1900-03-01"),
        ("30440", "d/m/y", True, "1987-05-05"),
        ("0.5", "[h]:mm", False, "12:00"),
        ("-1", "d", False, ""),
        ("1e9", "d", False, ""),
    ],
)
def test_dates_are_given_to_the_precision_of_their_format(days: str, code: str, since_1904: bool, shown: str) -> None:
    assert is_date(code)
    assert date_shown(days, code, since_1904) == shown


@pytest.mark.parametrize("code", ["General", "0.00", '"day" 0', "[Red]0", "\\d0", "#,##0_d", "@"])
def test_letters_that_are_shown_make_no_date(code: str) -> None:
    assert not is_date(code)


def test_cells_by_their_styles() -> None:
    header = ["title", "date", "identifier", "isbn", "note"]
    row: list[str | float | bool | None] = ["A", styled(31902, 3), styled("5.1", 1), styled("786808772", 4), True]
    item = only([header, row]).item
    assert item.dates == (Date("1987-05"),)
    assert item.identifiers == (Identifier("isbn", "0786808772"), Identifier("local", "5.10"))
    assert item.notes == (Text("TRUE"),)


def test_a_number_of_which_a_date_was_made_is_told() -> None:
    found = only([["title", "identifier"], ["A", styled(45787, 6)]])
    assert found.item.identifiers == (Identifier("local", "2025-05-10"),)
    assert "5.10" in found.problems[0].message()
    assert found.problems[0].where == "m.xlsx#1:identifier"


def test_dates_of_the_strict_form_and_of_1904() -> None:
    header = rows_of([["title", "date"], ["A", '<c t="d"><v>1987-05-04T00:00:00</v></c>'], ["B", styled(30440, 2)]])
    found = read(packed(parts_of({"S": sheet(header)}, '<workbookPr date1904="1"/>')))
    assert [one.item.dates for one in found if isinstance(one, Description)] == [
        (Date("1987-05-04"),),
        (Date("1987-05-05"),),
    ]


def test_an_isbn_made_an_amount_is_mended_when_no_digit_is_lost() -> None:
    table: Rows = [
        ["title", "isbn", "issn"],
        ["A", "9.780786808779E+12", 97330],
        ["B", "9.78E+12", ""],
        ["C", 786808772, ""],
    ]
    found = read(workbook(table))
    assert [one.item.identifiers for one in found if isinstance(one, Description)] == [
        (Identifier("isbn", "9780786808779"), Identifier("issn", "0009-7330")),
        (),
        (Identifier("isbn", "0786808772"),),
    ]
    assert codes(found) == ["record-mended", "record-mended", "number-rounded", "record-mended"]


def test_formulas_give_what_they_showed_and_errors_are_told() -> None:
    row: list[str | float | bool | None] = [
        '<c t="str"><f>1+1</f><v>Forests</v></c>',
        '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        "<c><f>TODAY()</f></c>",
        '<c t="str"><f>""</f><v></v></c>',
    ]
    found = only([["title", "author", "date", "type"], row])
    assert found.item.title.value == "Forests"
    assert [(one.code, one.where) for one in found.problems] == [
        ("record-mended", "m.xlsx#1:author"),
        ("record-mended", "m.xlsx#1:date"),
    ]


def test_merged_cells_say_the_same_of_all_their_rows() -> None:
    table: Rows = [["title", "series"], ["A", "Notes"], ["B", None], ["C", None], ["D", None]]
    found = read(workbook(table, after='<mergeCells><mergeCell ref="B2:B4"/><mergeCell ref="A1:B1"/></mergeCells>'))
    series = [[one.title for one in found.item.series] for found in found if isinstance(found, Description)]
    assert series == [["Notes"], ["Notes"], ["Notes"], []]
    assert codes(found) == ["record-mended"] * 2


def test_other_sheets_are_set_aside_and_blank_ones_are_nothing() -> None:
    found = read(workbook([["Lists"], ["x"]], [], [["title"], ["A"], ["B"]], [["title"], ["C"]], [["code", "name"]]))
    assert [one.number for one in found] == [1, 2, 3, 4, 5]
    assert [isinstance(one, Rejected) and one.set_aside for one in found] == [False, False, True, True, True]
    told = [one.problems[0].message() for one in found[2:]]
    assert [name for text in told for name in ("Sheet1", "Sheet4", "Sheet5") if name in text] == [
        "Sheet1",
        "Sheet4",
        "Sheet5",
    ]
    assert "save it as a file of its own" in told[1]


def test_a_header_may_stand_below_a_title() -> None:
    found = read(workbook([["Our books"], [None], ["Title", "Author"], ["A", "x"], [None], ["B", "y"]]))
    assert [(one.number, one.item.title.value) for one in found if isinstance(one, Description)] == [(1, "A"), (3, "B")]


def test_hidden_foreign_and_other_sheets_are_not_read() -> None:
    parts = parts_of({name: sheet(rows_of([["title"], [name]])) for name in ("A", "B", "C", "D")})
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace('name="A"', 'name="A" state="veryHidden"')
    parts["xl/_rels/workbook.xml.rels"] = ties(
        ("r1", "worksheet", "worksheets/sheet1.xml"),
        ("r2", "worksheet", "file:///etc/passwd://"),
        ("r3", "xlMacrosheet", "worksheets/sheet3.xml"),
        ("r4", "worksheet", "/xl/worksheets/sheet4.xml"),
    )
    first, *others = read(packed(parts))
    assert isinstance(first, Description)
    assert first.item.title.value == "D"
    assert [one.problems[0].message().split("” ")[1].split(",")[0] for one in others] == [
        "is hidden.",
        "lies in another file",
        "holds macros",
    ]


def test_macros_and_what_lies_outside_do_no_harm() -> None:
    parts: dict[str, str | bytes] = dict(parts_of({"S": sheet(rows_of([["title"], ["A"]]))}))
    parts["xl/vbaProject.bin"] = b"\xd0\xcf\x11\xe0" * 100
    parts["xl/externalLinks/externalLink1.xml"] = "<!DOCTYPE x><x/>"
    parts["../../outside"] = "x"
    assert len(read(packed(parts))) == 1


def with_part(name: str, content: str | bytes) -> bytes:
    return packed({**parts_of({"S": sheet(rows_of([["title"], ["A"]]))}), name: content})


BILLION = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "name",
    ["_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/worksheets/sheet1.xml"],
)
def test_a_document_type_declaration_is_refused_in_every_part(name: str) -> None:
    parts = parts_of({"S": sheet(rows_of([["title"], ["A"]]))})
    assert "DOCTYPE" in refusal(with_part(name, BILLION + parts[name].removeprefix(HEAD)))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("xl/workbook.xml", f'<document xmlns="{MAIN}"/>', "is a document"),
        ("xl/workbook.xml", "not XML", "not well formed"),
        ("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row>", "not well formed"),
        ("xl/worksheets/sheet1.xml", "<a>" * 5000, "not well formed"),
        ("_rels/.rels", ties(("r1", "officeDocument", "https://example.org/workbook.xml")), "no workbook"),
        ("_rels/.rels", ties(("r1", "officeDocument", "../../etc/passwd")), "no part etc/passwd"),
        ("_rels/.rels", ties(("r1", "officeDocument", "xl/workbook.bin")), "xlsb"),
        ("xl/worksheets/sheet1.xml", sheet(""), "none of its sheets"),
        ("xl/worksheets/sheet1.xml", sheet(rows_of([["title"]])), "no rows"),
        ("xl/worksheets/sheet1.xml", sheet('<row><c r="XFE1"><v>1</v></c></row>'), "16384 columns"),
        ("xl/worksheets/sheet1.xml", sheet('<row r="1048576"/><row/>'), "1048576 rows"),
        ("xl/worksheets/sheet1.xml", sheet(rows_of([["title"] * 1001, ["A"]])), "none of its sheets"),
        ("xl/workbook.xml", f'<workbook xmlns="{MAIN}"><sheets>{"<sheet/>" * 1001}</sheets></workbook>', "1000 sheets"),
        ("xl/styles.xml", f"<styleSheet><cellXfs>{'<xf/>' * 70_000}</cellXfs></styleSheet>", "styles"),
    ],
)
def test_what_is_refused_whole_with_its_reason(name: str, content: str, reason: str) -> None:
    assert reason in refusal(with_part(name, content))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_workbook_that_was_cut_off_is_refused(share: float) -> None:
    data = workbook([["title"], *([f"Title {n}"] for n in range(500))])
    assert "cut off" in refusal(data[: int(len(data) * share)])


def test_a_byte_that_was_changed_is_found_before_the_first_row() -> None:
    data = bytearray(workbook([["title"], *([f"Title {n * 7919}"] for n in range(5000))]))
    at = data.index(b"xl/worksheets/sheet1.xml") + 15_000
    data[at] ^= 0xFF
    assert "damaged" in refusal(bytes(data))


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = with_part("xl/worksheets/sheet1.xml", sheet("<row/>" * 20_000_000))
    assert len(bomb) < 1_000_000
    started = time.monotonic()
    assert "250 times" in refusal(bomb)
    assert time.monotonic() - started < 2
    monkeypatch.setattr(xlsx_package, "LARGEST_PART", 5_000)
    assert "0 MiB" in refusal(workbook([["title"], *([str(n)] for n in range(1000))]))


def test_a_size_that_lies_gives_no_more_than_it_says() -> None:
    data = bytearray(with_part("xl/worksheets/sheet1.xml", sheet("<row/>" * 100_000)))
    at = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    struct.pack_into("<I", data, at + 24, 1000)
    assert "damaged" in refusal(bytes(data))


def test_more_parts_than_any_workbook_has_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for number in range(10_001):
            package.writestr(str(number), b"")
    assert "10000 parts" in refusal(out.getvalue())


def test_locked_and_oddly_packed_parts_are_refused() -> None:
    data = bytearray(with_part("x", "x"))
    for at in (data.index(b"_rels/.rels") - 30 + 6, data.rindex(b"_rels/.rels") - 46 + 8):
        data[at] |= 1
    assert "password" in refusal(bytes(data))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as package:
        for name, content in parts_of({"S": sheet("")}).items():
            package.writestr(name, content)
    assert "packed" in refusal(out.getvalue())


def test_a_fault_on_the_way_costs_the_rows_after_it_and_is_told() -> None:
    rows = rows_of([["title"], *([f"Title {n}"] for n in range(5000))])
    found = read(packed(parts_of({"S": sheet(rows).replace("Title 4000<", "Title 4000</x><")})))
    assert isinstance(found[-1], Rejected)
    assert "from here on" in found[-1].problems[0].message()
    assert all(isinstance(one, Description) for one in found[:-1])
    assert len(found) > 3000


def test_rows_out_of_order_keep_numbers_of_their_own() -> None:
    rows = '<row r="1"><c t="str"><v>title</v></c></row>' + "".join(
        f'<row r="{n}"><c t="str"><v>{title}</v></c></row>'
        for n, title in ((7, "A"), (7, "B"), (3, "C"), ("9" * 50, "D"))
    )
    assert [one.number for one in read(packed(parts_of({"S": sheet(rows)})))] == [6, 7, 8, 9]


def test_a_string_repeated_in_a_row_costs_that_row_only() -> None:
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 1_000_000}</t></si></sst>'
    bomb = "".join("<c t='s'><v>0</v></c>" for _ in range(16_000))
    rows = "<row><c t='str'><v>title</v></c></row><row>" + bomb + "</row><row><c t='str'><v>A</v></c></row>"
    with_memory_of(600, packed(parts_of({"S": sheet(rows)}, strings=strings)), "[False, True]")


def test_a_million_empty_rows_and_sixteen_thousand_columns_take_little_memory() -> None:
    wide = "".join("<c s='1'/>" for _ in range(16_384))
    rows = (
        rows_of([["title"], ["A"]])
        + f"<row>{wide}</row>"
        + "".join(f'<row r="{n}" s="1"/>' for n in range(4, 1_048_577))
    )
    with_memory_of(400, packed(parts_of({"S": sheet(rows)})), "[True]")


def with_memory_of(mebibytes: int, data: bytes, answer: str) -> None:
    """Read a workbook in a process that may have so much memory; ``answer`` says of each row whether it was read."""
    program = (
        "import io, resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({mebibytes} << 20, {mebibytes} << 20))\n"
        "from metadata.xlsx import read_xlsx\n"
        "from metadata.description import Description\n"
        "found = read_xlsx(io.BytesIO(sys.stdin.buffer.read()), 'm.xlsx')\n"
        "print([isinstance(one, Description) for one in found], end='')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, cwd=HOUSE, timeout=60)
    assert (done.stdout.decode(), done.stderr.decode()[-500:]) == (answer, "")


def test_the_sniffer_wants_a_part_of_a_workbook() -> None:
    data = workbook([["title"], ["A"]])
    assert is_xlsx(data[:65_536])
    assert not is_xlsx(packed({"word/document.xml": "xl/ is not here"}))
    assert not is_xlsx(b"PK\x03\x04")
    assert not is_xlsx(b"title,file\n")
    assert not is_xlsx(b"")
