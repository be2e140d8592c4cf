"""Every error Canoe raises on purpose, as one tree.

    CanoeError                      exit 1   a fault of Canoe's own
    ├── SourceChanged                        a file changed between two looks at it
    ├── UsageError                  exit 2   wrong usage or settings
    │   ├── HomeMissing                      no library at this place
    │   └── NotFound                         no such item, accession, concept
    ├── DamageFound                 exit 4   the archive differs from its inventories
    ├── Outdated                    exit 4   catalogue or index was made for something else: rebuild
    ├── HomeHeld                    exit 5   another writer holds the home
    ├── StorageError                exit 6   no space or no permission
    ├── ProgramMissing              exit 7   a needed program is not installed
    └── Interrupted                 exit 130 stopped by hand

Exit code 3 (done, but some inputs were refused) is an answer, not an error: faults of
single inputs are :class:`metadata.problems.Problem` values and never stop a batch.
"""

from typing import ClassVar


class CanoeError(Exception):
    """Root of all. ``message`` says what is wrong and names it; ``hint`` says what to do."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class SourceChanged(CanoeError):
    """A submitted file is no longer what it was a moment ago."""


class UsageError(CanoeError):
    """Wrong usage or settings."""

    exit_code = 2


class HomeMissing(UsageError):
    """There is no library at the given place."""


class NotFound(UsageError):
    """No item, accession, concept or object has this identifier."""


class DamageFound(CanoeError):
    """What is stored differs from what its inventory says."""

    exit_code = 4


class Outdated(CanoeError):
    """The catalogue or the index was made by another version or for other settings."""

    exit_code = 4


class HomeHeld(CanoeError):
    """Another process is writing to this home."""

    exit_code = 5


class StorageError(CanoeError):
    """No space left, or no permission; the message names the path."""

    exit_code = 6


class ProgramMissing(CanoeError):
    """A program that Canoe needs is not installed; the hint names its package."""

    exit_code = 7


class Interrupted(CanoeError):
    """Stopped by hand; the message says how far it came, the hint how to go on."""

    exit_code = 130
