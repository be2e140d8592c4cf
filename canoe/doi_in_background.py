"""While the library is served, its DOI agency is told what is new, every so many minutes."""

import logging
import threading
from dataclasses import dataclass, field

from canoe.home import Home
from canoe.registering import registering
from ingest.doi_sync import Clock, Synced, sync
from metadata.errors import CanoeError, HomeHeld, UsageError

log = logging.getLogger(__name__)
_MINUTE = 60.0


@dataclass(slots=True)
class Registering:
    """Tells the agency, for a home that no other thread has in use; it ends with the server, and where none is let in.

    Of several server processes, and of a ``canoe doi sync`` beside them, one at a time does it.
    """

    home: Home
    stop: threading.Event
    _said: str = field(default="", init=False)

    def run(self) -> None:
        """Tell what is new at once, and every so many minutes from then on, until the server stops."""
        while self.tell() and not self.stop.wait(self.home.settings.doi.every * _MINUTE):
            pass

    def tell(self) -> bool:
        """Tell what is new; return whether there is any sense in doing so again."""
        try:
            return self._heeded(self._sync())
        except HomeHeld:  # another process is at it, or writes
            return True
        except UsageError as fault:
            log.error("DOIs are not registered while this server runs: %s", fault)
            return False
        except CanoeError as fault:
            self._say(str(fault))
            return True
        finally:
            self.home.library.catalogue.close()

    def _sync(self) -> Synced:
        clock = Clock(sleep=self._sleep, is_over=self.stop.is_set)
        with registering(self.home, clock) as office:
            return sync(office)

    def _sleep(self, seconds: float) -> None:
        self.stop.wait(seconds)

    def _heeded(self, done: Synced) -> bool:
        for row in done.parked:
            log.warning("The DOI %s of item %s is parked; canoe doi status says why.", row.name, row.item)
        if done.is_denied:
            log.error(
                "The DOI agency does not let this library in: %s. Mend the settings or credentials, then restart.",
                done.stopped,
            )
            return False
        self._say(done.stopped)
        return True

    def _say(self, trouble: str) -> None:
        """Log a trouble once, until there is none or another."""
        if trouble and trouble != self._said:
            log.warning("DOIs wait to be registered: %s", trouble)
        self._said = trouble
