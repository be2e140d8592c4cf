"""While the library is served, embargoes end on their day."""

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from archive.embargoes import lift
from archive.library import Library
from metadata.errors import CanoeError, HomeHeld

log = logging.getLogger(__name__)
_HOUR = 3600.0
_WHEN_HELD = 60.0
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Lifting:
    """Opens the items of a library, which no other thread has in use, from the day on which their embargo ends."""

    library: Library
    stop: threading.Event

    def run(self) -> None:
        """Look now, at every midnight (UTC) and every hour, since what comes in may be over already."""
        while not self.stop.wait(self.lift()):
            pass

    def lift(self) -> float:
        """Open what is due; return the seconds after which to look again."""
        try:
            if number := lift(self.library, datetime.now(UTC).date()):
                log.info("The embargo of %d items has ended.", number)
        except HomeHeld:
            return _WHEN_HELD
        except CanoeError as fault:
            log.warning("Embargoes that have ended are not said to have: %s", fault)
        finally:
            self.library.catalogue.close()
        return min(_HOUR, _DAY - datetime.now(UTC).timestamp() % _DAY + 1)
