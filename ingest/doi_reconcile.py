"""Comparing the ledger with the agency, DOI by DOI: what was accepted should be there still, and lead to the item."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from archive.doi_ledger import DoiRow
from ingest.doi_sync import Office
from metadata.citing import landing

_LAG = 10.0  # seconds
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """What of a DOI is otherwise: its ``field`` (``state`` or ``url``) as it is ``here`` and ``there``."""

    doi: str
    item: str
    field: str
    here: str
    there: str


def reconcile(office: Office) -> Iterator[Difference]:
    """Yield what differs, each once; raises AgencyTrouble where one cannot be asked for.

    What an agency shows may lag behind what it has accepted: what differs is asked for again after a while, at
    least ten seconds, and only what differs then is told.
    """
    rows = (row for row in office.ledger.rows() if row.accepted and row.agency == office.registrar.agency)
    differing = (row for row in rows if any(_differences(office, row)))
    while some := list(islice(differing, _AT_ONCE)):
        office.clock.sleep(_LAG)
        for row in some:
            yield from _differences(office, row)


def _differences(office: Office, row: DoiRow) -> Iterator[Difference]:
    seen = office.registrar.look(row.name)
    if seen is None or seen.state != row.accepted:
        yield Difference(row.name, row.item, "state", row.accepted, seen.state if seen else "unknown")
        return
    item = office.library.item(row.item)
    if seen.url != (url := landing(item, office.base_url)):
        yield Difference(row.name, row.item, "url", url, seen.url)
