"""The use of a year as a table: the Item Report (IR) of the COUNTER Code of Practice 5.1, section 4.4.

It is what COUNTER calls a Global Item Report: who the readers are, and where, is not known, so the institution is
"The World". Only items that were used have rows, one for each metric that is not 0.
"""

import calendar
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from archive.library import Library
from archive.usage import ItemUse, Usage
from archive.usage_kept import METRICS, Sums
from metadata.errors import CanoeError
from metadata.model import Item
from metadata.table_cells import inert
from web.labels import publishers

COLUMNS = (
    "Item", "Publisher", "Publisher_ID", "Platform", "DOI", "Proprietary_ID", "ISBN", "Print_ISSN", "Online_ISSN",
    "URI", "Data_Type", "Metric_Type", "Reporting_Period_Total",
)  # fmt: skip
"""The columns that an Item Report must have, before one for each month (section 4.4.2)."""

_DATA_TYPES = {
    "book": "Book",
    "report": "Report",
    "article": "Article",
    "periodical": "Journal",
    "proceedings": "Conference",
    "guideline": "Report",
    "map": "Image",
    "thesis": "Thesis_or_Dissertation",
    "image": "Image",
    "dataset": "Dataset",
    "video": "Audiovisual",
    "sound": "Sound",
    "music": "Sound",
    "software": "Software",
}
_LOG = logging.getLogger(__name__)
_IN_PART = "3040: Partial Data Returned ({month} is not over)"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which year (four figures) of which library: its name and web address; of one collection, or of all (``""``).

    ``now`` is the moment of the asking, UTC.
    """

    year: str
    platform: str
    base_url: str
    now: datetime
    collection: str = ""

    @property
    def months(self) -> Sequence[str]:
        """The months of the year (``2026-11``), up to the one that is under way."""
        return [month for n in range(1, 13) if (month := f"{self.year}-{n:02}") <= f"{self.now.astimezone(UTC):%Y-%m}"]


def used(usage: Usage, item_id: str) -> tuple[Sums, str]:
    """Return how often an item was used, and since which month it is counted; nothing while that cannot be read."""
    try:
        return usage.of_item_since(item_id)
    except (CanoeError, OSError) as fault:
        _LOG.warning("How often items were used cannot be read: %s", fault)
        return Sums(), ""


def among(library: Library, collection: str) -> str | None:
    """Return the items of a collection, as :class:`archive.usage.Usage` wants them; None for all items."""
    return msgspec.json.encode(library.catalogue.on_shelf("collection", collection)).decode() if collection else None


def years(usage: Usage) -> Sequence[str]:
    """Return the years of which something was counted, the latest first."""
    return sorted({month[:4] for month in usage.by_month()}, reverse=True)


def used_items(library: Library, usage: Usage, asked: Asked) -> Iterator[tuple[Item, ItemUse]]:
    """Yield the items that were used in a year, and how; none that nobody may know of."""
    for use in usage.of_year(asked.year, among(library, asked.collection)):
        if item := library.catalogue.shown_item(use.item):
            yield item, use


def item_report(library: Library, usage: Usage, asked: Asked) -> Iterator[list[str]]:
    """Yield the rows of the report: its header, an empty one, the columns' names, the items."""
    yield from _header(asked)
    yield []
    yield [*COLUMNS, *(_month_name(month) for month in asked.months)]
    for item, use in used_items(library, usage, asked):
        for metric, total in use.total.by_metric.items():
            if total:
                monthly = (str(use.months.get(month, Sums()).by_metric[metric]) for month in asked.months)
                yield [*map(inert, _described(item, asked)), metric, str(total), *monthly]


def _header(asked: Asked) -> Iterator[list[str]]:
    last = asked.months[-1] if asked.months else f"{asked.year}-12"
    end = f"{last}-{calendar.monthrange(int(last[:4]), int(last[5:]))[1]}"
    partial = _IN_PART.format(month=last) if f"{asked.now.astimezone(UTC):%Y-%m}" == last else ""
    yield from (
        ["Report_Name", "Item Report"],
        ["Report_ID", "IR"],
        ["Release", "5.1"],
        ["Institution_Name", "The World"],
        ["Institution_ID", ""],
        ["Metric_Types", "; ".join(METRICS)],
        ["Report_Filters", f"canoe:Collection={asked.collection}" if asked.collection else ""],
        ["Report_Attributes", ""],
        ["Exceptions", partial],
        ["Reporting_Period", f"Begin_Date={asked.year}-01-01; End_Date={end}"],
        ["Created", f"{asked.now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"],
        ["Created_By", "Canoe"],
        ["Registry_Record", ""],
    )


def _described(item: Item, asked: Asked) -> list[str]:
    return [
        item.title.value,
        "; ".join(dict.fromkeys(agent.name for agent in publishers(item))),
        "",
        asked.platform,
        item.doi.name if item.doi else "",
        f"canoe:{item.id}",
        _first(item, "isbn"),
        _first(item, "issn"),
        "",
        f"{asked.base_url}/item/{item.id}",
        _DATA_TYPES.get(item.type, "Other"),
    ]


def _first(item: Item, scheme: str) -> str:
    return next((one.value for one in item.identifiers if one.scheme == scheme), "")


def _month_name(month: str) -> str:
    """Return a month as COUNTER heads its column: ``Nov-2026``, whatever the locale."""
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{names[int(month[5:]) - 1]}-{month[:4]}"
