"""Workbooks written by hand, so that tests say what stands in each part, sound or hostile."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TIES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_TIES = "http://schemas.openxmlformats.org/package/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
STYLES = ("General", "0.00", "yyyy-mm-dd", "mmm yyyy", "0000000000", "0.00E+00", "d/m/yyyy", "h:mm")


def letters(column: int) -> str:
    """Return the name of a column, counted from 0."""
    name = ""
    while column >= 0:
        name = chr(ord("A") + column % 26) + name
        column = column // 26 - 1
    return name


def cell(at: str, value: str | float | bool | None) -> str:
    """Write a cell: text inline, a number or a truth value as such; what begins with ``<c`` stands as it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        if value.startswith("<c"):
            return value.replace("<c", f'<c r="{at}"', 1)
        return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f'<c r="{at}"><v>{value!r}</v></c>'


def styled(value: float | str, style: int) -> str:
    """Write a number with one of :data:`STYLES`."""
    return f'<c s="{style}"><v>{value}</v></c>'


Rows = Sequence[Sequence[str | float | bool | None]]


def rows_of(table: Rows, first: int = 1) -> str:
    """Write the rows of a sheet."""
    return "".join(
        f'<row r="{number}">{"".join(cell(f"{letters(at)}{number}", value) for at, value in enumerate(row))}</row>'
        for number, row in enumerate(table, first)
    )


def sheet(data: str, after: str = "") -> str:
    """Write a worksheet around its rows."""
    return f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData>{after}</worksheet>'


def ties(*given: tuple[str, str, str]) -> str:
    """Write relationships: id, kind, target; a target with ``://`` is external."""
    mode = {True: ' TargetMode="External"', False: ""}
    listed = "".join(
        f'<Relationship Id="{one}" Type="{TIES}/{kind}" Target={quoteattr(target)}{mode["://" in target]}/>'
        for one, kind, target in given
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE_TIES}">{listed}</Relationships>'


def parts_of(sheets: Mapping[str, str], workbook: str = "", strings: str = "") -> dict[str, str]:
    """Return the parts of a workbook by name; ``sheets`` has the XML of each sheet by its name."""
    named = list(enumerate(sheets, 1))
    listed = "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>' for n, name in named)
    codes = "".join(f'<numFmt numFmtId="{200 + n}" formatCode={quoteattr(code)}/>' for n, code in enumerate(STYLES))
    styles = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(STYLES)))
    root = f'<workbook xmlns="{MAIN}" xmlns:r="{TIES}">'
    found = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": ties(("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f"{HEAD}{root}{workbook}<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": ties(
            *((f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n, _ in named),
            ("s", "styles", "styles.xml"),
            *([("t", "sharedStrings", "sharedStrings.xml")] if strings else []),
        ),
        "xl/styles.xml": f"<styleSheet><numFmts>{codes}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>",
        **{f"xl/worksheets/sheet{n}.xml": sheets[name] for n, name in named},
    }
    return {**found, "xl/sharedStrings.xml": strings} if strings else found


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """Pack parts into a ZIP, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return out.getvalue()


def workbook(*tables: Rows, after: str = "") -> bytes:
    """Return a workbook of plain tables, each on a sheet of its own."""
    return packed(parts_of({f"Sheet{n}": sheet(rows_of(table), after) for n, table in enumerate(tables, 1)}))
