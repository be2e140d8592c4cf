"""What was used in the months that are over is written into the archive: by a server, or when somebody says so."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archive.library import Library
from archive.usage import Usage
from archive.usage_kept import Sums, keep_months, kept_month, months_kept
from metadata.errors import CanoeError, HomeHeld

log = logging.getLogger(__name__)
GRACE = timedelta(minutes=10)
"""After the end of a month, in which servers write what they counted last."""

_HOUR = 3600.0
_WHEN_HELD = 60.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """Keeps the use of a library, which no other thread has in use, while it is served."""

    library: Library
    stop: threading.Event

    def run(self) -> None:
        """Look now, and every hour."""
        while not self.stop.wait(self.keep()):
            pass

    def keep(self) -> float:
        """Keep what is to be kept; return the seconds after which to look again."""
        try:
            keep_usage(self.library, datetime.now(UTC))
        except HomeHeld:
            return _WHEN_HELD
        except CanoeError as fault:
            log.warning("The use of the months that are over is not in the archive yet: %s", fault)
        finally:
            self.library.catalogue.close()
        return _HOUR


def keep_usage(library: Library, now: datetime) -> int:
    """Write the months that were over at a moment into the archive; return how many were not there, or are other now.

    The home is written to only where there are any. Raises HomeHeld while another writes, and what writing raises.
    """
    usage = Usage(library.home, library.archive)
    this_month = f"{now - GRACE:%Y-%m}"
    over = [month for month in usage.by_month() if month < this_month]
    kept = set(months_kept(library.archive))
    due = {month: usage.of_month(month) for month in over if month not in kept or month == over[-1]}
    if all(_is_kept(library, month, use) for month, use in due.items()):
        return 0
    with library.writer(patience=0) as writer:
        return keep_months(writer, due)


def _is_kept(library: Library, month: str, use: Mapping[str, Sums]) -> bool:
    known = kept_month(library.archive, month)
    return all(known.get(item, Sums()).or_more(sums) == known.get(item) for item, sums in use.items())
