"""Items as a table, a row each, for spreadsheets and reference work."""

import csv
import io
from collections.abc import Iterable

from metadata.model import Item
from metadata.table_cells import inert
from metadata.vocabulary import Vocabulary

COLUMNS = (
    "id", "title", "creators", "publishers", "year", "languages", "type", "subjects", "doi", "address", "score",
)  # fmt: skip
_PUBLISHING = frozenset(("pbl", "prt", "dst"))


def listing_csv(rows: Iterable[tuple[Item, float]], base_url: str, vocabulary: Vocabulary, language: str) -> str:
    """Return a table (RFC 4180) of items and how well each answers, with a header.

    Several values in a cell are parted by `` | ``; subjects are labels in ``language``. What a
    spreadsheet would take for a formula begins with an apostrophe.
    """
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for item, score in rows:
        address = f"{base_url}/item/{item.id}"
        writer.writerow([*map(inert, _cells(item, vocabulary, language)), address, f"{score:.4f}"])
    return table.getvalue()


def _cells(item: Item, vocabulary: Vocabulary, language: str) -> list[str]:
    concepts = (vocabulary.concepts.get(uri) for uri in item.concepts)
    subjects = [concept.label(language).value for concept in concepts if concept]
    return [
        item.id,
        item.title.value,
        _agents(item, publishing=False),
        _agents(item, publishing=True),
        str(item.year or ""),
        " | ".join(item.languages),
        item.type,
        " | ".join([*subjects, *(text.value for text in item.keywords)]),
        item.doi.name if item.doi else "",
    ]


def _agents(item: Item, publishing: bool) -> str:
    found = (one.agent.name for one in item.contributions if (one.role in _PUBLISHING) == publishing)
    return " | ".join(dict.fromkeys(found))
