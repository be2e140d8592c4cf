"""Who does the work of digitising: processes of this machine, or a cluster beside them. One protocol for both."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from ingest.documents import Document, Limits
from ingest.engine import OcrEngine
from ingest.read import read_page
from ingest.workers import Workers
from metadata.errors import ProgramMissing

if TYPE_CHECKING:
    from types import TracebackType

Ticket = TypeVar("Ticket")


class Executor(Protocol[Ticket]):
    """Takes tasks, each with a ticket, and gives back what becomes of them; leaving it ends what is at work."""

    @property
    def places(self) -> int:
        """How many tasks can be at work at the same time, as things are now."""
        ...

    @property
    def pages_by_worker(self) -> Mapping[str, int]:
        """How many pages each machine or process has read, by its name; empty where they have none."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None: ...

    def __len__(self) -> int:
        """Return how many tasks are waiting or running."""
        ...

    def submit(self, ticket: Ticket, function: Callable[..., object], *arguments: object) -> None:
        """Take a task for a process of this machine; function, arguments and result travel by pickle."""
        ...

    def read(self, ticket: Ticket, document: Document, number: int, known: str) -> None:
        """Take the task of reading a page, as :func:`ingest.read.read_page` does it."""
        ...

    def results(self) -> Iterator[tuple[Ticket, object]]:
        """Wait for at least one task and yield each finished one's ticket with its result, or Failed."""
        ...


class Here(Workers[Ticket]):
    """``count`` processes of this machine, which do everything."""

    def __init__(self, count: int, engine: OcrEngine, limits: Limits) -> None:
        super().__init__(count, limits)
        self._engine = engine

    def __enter__(self) -> Self:
        """Lend itself."""
        return self

    @property
    def places(self) -> int:
        """How many processes there are."""
        return self._count

    @property
    def pages_by_worker(self) -> Mapping[str, int]:
        """Nothing: they have no names."""
        return {}

    def read(self, ticket: Ticket, document: Document, number: int, known: str) -> None:
        """Take the task of reading a page."""
        self.submit(ticket, read_page, document, number, known, self._engine, self._limits)


def require_executor(scheduler: str, engine: OcrEngine, languages: Sequence[str]) -> None:
    """Raise UsageError unless a cluster, where one is named, reads ``languages`` as this machine does.

    Raises ProgramMissing where the package is not installed that speaks to it.
    """
    if not scheduler:
        return
    if find_spec("distributed") is None:
        raise ProgramMissing("dask.distributed is not installed.", 'pip install "canoe[cluster]"')
    from ingest.scheduler import require_cluster

    require_cluster(scheduler, engine, languages)


def executor(scheduler: str, workers: int, engine: OcrEngine, limits: Limits) -> Executor[Ticket]:
    """Return ``workers`` processes of this machine, beside them the cluster of ``scheduler`` where one is named.

    Raises StorageError, and what :class:`ingest.cluster.Cluster` raises.
    """
    if not scheduler:
        return Here[Ticket](workers, engine, limits)
    from ingest.cluster import Cluster  # what it needs is installed on few machines

    return Cluster[Ticket](scheduler, workers, engine, limits)
