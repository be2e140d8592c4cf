"""What becomes of a piece in which something fails: a piece that says so, and everything else goes on."""

import logging
from collections.abc import Iterator
from pathlib import Path

from ingest.arrivals import room
from metadata.accession import Piece
from metadata.errors import SourceChanged, StorageError
from metadata.problems import problem

log = logging.getLogger(__name__)


def settled(source: str, pieces: Iterator[Piece], workspace: Path) -> Iterator[Piece]:
    """Yield the pieces of a source; a fault becomes its last one. Raises StorageError, which is no single piece's."""
    try:
        with room(workspace):
            yield from pieces
    except StorageError:
        raise
    except SourceChanged:
        yield Piece(source, "refused", problems=(problem("file-changed", source),))
    except OSError as fault:
        log.warning("%s: %s", source, fault)
        why = problem("file-unreadable", source, reason=fault.strerror or str(fault))
        yield Piece(source, "refused", problems=(why,))
    except Exception as fault:  # the one broad except: a bad piece never stops the batch
        log.exception("%s", source)
        why = problem("unexpected-fault", source, reason=f"{type(fault).__name__}: {fault}")
        yield Piece(source, "refused", problems=(why,))
