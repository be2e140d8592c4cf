"""What stands between the cells of a table: a comma, or what spreadsheets set to French or Spanish write."""

DELIMITERS = ",;\t"


def delimiter_of(table: str) -> str:
    """Return the delimiter that the first line of a table has most of."""
    return max(DELIMITERS, key=table.partition("\n")[0].count)
