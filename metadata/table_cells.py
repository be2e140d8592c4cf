"""Cells of tables that people open in spreadsheets and give back: what stands between them, and what is no formula."""

DELIMITERS = ",;\t"
"""A comma, or what spreadsheets set to French or Spanish write."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def delimiter_of(table: str) -> str:
    """Return the delimiter that the first line of a table has most of."""
    return max(DELIMITERS, key=table.partition("\n")[0].count)


def inert(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before what would be one."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def bare(cell: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
