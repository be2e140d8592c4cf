import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import clusters
import pikepdf
import pytest
from distributed import Client
from failing_engines import Crashing, Devouring, Good, Hanging
from killing import all_gone
from PIL import Image
from scans import LIMITS, document, scanned
from slow_engine import Each, Slow
from small_library import canoe_program, logical_files

from ingest.cluster import Cluster
from ingest.digitise import digitise
from ingest.documents import Digitised, Document, Limits, Progress
from ingest.engine import OcrEngine
from ingest.executors import require_executor
from ingest.far import Job, NotSeen, recognise
from ingest.images import Picture
from ingest.read import PageRead, work_folder
from ingest.workers import Failed
from metadata.errors import UsageError
from metadata.pages import read_page

OTHER_CANOE = "Metadata-Version: 2.1\nName: canoe\nVersion: 9.9\n"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Cluster]:
    """Lend a cluster of two workers to tests that leave it as it is."""
    with clusters.cluster(tmp_path_factory.mktemp("cluster") / "two", "one", "two") as made:
        yield made


def _scan(folder: Path, pages: int) -> Document:
    """Make a document whose pages no text layer tells about."""
    folder.mkdir(exist_ok=True)
    pictures = [Image.linear_gradient("L").resize((300, 200)) for _ in range(pages)]
    return document(scanned(folder / "scan.pdf", pictures), folder / "work")


def _pages(outcome: object) -> list[bytes]:
    assert isinstance(outcome, Digitised)
    return outcome.pages.read_bytes().splitlines()


def _read(address: str, made: Document, engine: OcrEngine, limits: Limits = LIMITS) -> dict[int, object]:
    """Have the pages of a document read, and each come back once."""
    work_folder(made).mkdir()
    with pikepdf.open(made.path) as pdf:
        pages = range(1, len(pdf.pages) + 1)
    with Cluster[int](address, 1, engine, limits) as cluster:
        for number in pages:
            cluster.read(number, made, number, "")
        came: list[tuple[int, object]] = []
        while len(cluster):
            came += cluster.results()
    assert sorted(number for number, _ in came) == list(pages)
    return dict(came)


def _texts(made: Document, numbers: Sequence[int]) -> list[str]:
    return [read_page((work_folder(made) / f"{number}.json").read_bytes()).text for number in numbers]


def _readers(notes: Path) -> dict[int, list[int]]:
    """Return by which processes each page was read."""
    found: dict[int, list[int]] = {}
    for note in sorted(notes.iterdir()):
        page, process, _ = note.name.split("-")
        found.setdefault(int(page), []).append(int(process))
    return found


@pytest.mark.ocr
def test_a_library_read_by_a_cluster_is_the_library_that_was_read_here(
    two: clusters.Cluster, batch: Path, home: Path, full_home: Path
) -> None:
    options = ("--json", "--progress", "json", "--scheduler", two.address)
    answer = canoe_program("ingest", "batch", "--home", home, *options, cwd=batch.parent)
    assert answer.code == 3, answer.err
    assert '"pages_by_worker":{"' in answer.err
    assert logical_files(home) == logical_files(full_home)


def test_a_worker_that_is_killed_costs_no_page_and_few_pages_are_under_way_at_a_time(
    two: clusters.Cluster, tmp_path: Path
) -> None:
    notes, heard, most = tmp_path / "notes", list[Progress](), list[int]()
    notes.mkdir()
    made = _scan(tmp_path, 16)

    def tell(told: Progress) -> None:
        heard.append(told)
        most.append(sum(path.is_dir() for path in work_folder(made).glob("image-*")))

    _wait_for_workers(two, 2)
    victim = two.workers["two"]
    killer = threading.Thread(target=_kill_at_work, args=(victim.pid, notes))
    killer.start()
    try:
        (outcome,) = digitise([made], Slow(notes, 0.1), 1, LIMITS, tell, two.address)
        killer.join()
        assert all_gone(victim.pid)
    finally:
        two.stop_worker("two")
        two.start_worker("two", "--no-nanny")
        _wait_for_workers(two, 2)
    assert isinstance(outcome, Digitised)
    assert outcome.problems == ()
    assert [read_page(line).text for line in _pages(outcome)] == [f"page {number}" for number in range(1, 17)]
    assert sum(pages for _, pages in heard[-1].by_worker) == heard[-1].pages_done == 16
    assert sorted(_readers(notes)) == list(range(1, 17))
    assert max(most) <= 6  # twice as many as can be at work: two workers and a process here


def _wait_for_workers(cluster: clusters.Cluster, count: int) -> None:
    with Client(cluster.address, set_as_default=False) as client:
        assert clusters.wait_for(lambda: len(client.nthreads()) == count)


def _kill_at_work(victim: int, notes: Path) -> None:
    """Kill a worker while it reads a page."""
    assert clusters.wait_for(lambda: any(victim in readers for readers in _readers(notes).values()))
    os.kill(victim, signal.SIGKILL)


def test_limits_hold_on_a_worker_and_pages_that_break_them_do_not_break_it(
    two: clusters.Cluster, tmp_path: Path
) -> None:
    made = _scan(tmp_path, 4)
    engine = Each((Crashing(1), Hanging(2), Devouring(3)))
    read = _read(two.address, made, engine, replace(LIMITS, patience=3))
    died, slow, large, good = (read[number] for number in range(1, 5))
    assert died == Failed("its process died")
    told = [dict(one.problems[0].params)["reason"] for one in (slow, large) if isinstance(one, PageRead)]
    assert told == ["it took too long", "MemoryError"]
    assert isinstance(good, PageRead)
    assert _texts(made, [4]) == ["page 4"]
    assert all(worker.poll() is None for worker in two.workers.values())


def test_what_a_worker_does_not_see_is_sent_to_it(
    two: clusters.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bool] = []

    def elsewhere(*facts: object) -> Job:
        job = Job(*facts)  # type: ignore[arg-type]
        tried.append(job.data is None)
        return replace(job, image=replace(job.image, path=Path("/nowhere", job.image.path.name)))

    monkeypatch.setattr("ingest.cluster.Job", elsewhere)
    made = _scan(tmp_path, 3)
    read = _read(two.address, made, Good())
    assert all(isinstance(one, PageRead) for one in read.values())
    assert _texts(made, [1, 2, 3]) == ["page 1", "page 2", "page 3"]
    assert tried[0]
    assert tried.count(False) == 3
    assert [path.name for path in work_folder(made).iterdir() if path.is_dir()] == []


def test_another_file_at_the_path_is_not_read(tmp_path: Path) -> None:
    made = replace(_scan(tmp_path, 1), languages=())
    image = Picture(tmp_path / "1.jpg", 300)
    job = Job(made, 1, image, "0" * 64, None, "", {})
    assert recognise(job, tmp_path, Good(), LIMITS) == NotSeen()
    image.path.write_bytes(b"another")
    assert recognise(job, tmp_path, Good(), LIMITS) == NotSeen()


def test_closing_cancels_what_is_under_way(two: clusters.Cluster, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    made = _scan(tmp_path, 8)
    outcomes = digitise(
        [made], Slow(notes, 1.0), 1, LIMITS, _stop_when(lambda: len(list(notes.iterdir())) > 1), two.address
    )
    with pytest.raises(KeyboardInterrupt):
        next(outcomes)
    with Client(two.address, set_as_default=False) as client:
        assert clusters.wait_for(lambda: not any(client.processing().values()))
    assert len(_readers(notes)) < 8


def _stop_when(condition: Callable[[], bool]) -> Callable[[Progress], None]:
    def tell(_: Progress) -> None:
        if condition():
            raise KeyboardInterrupt

    return tell


def test_when_the_cluster_goes_away_the_rest_is_read_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.cluster.PATIENCE", 1.0)
    monkeypatch.setattr("ingest.scheduler.FIRST_WORKER", 0.5)
    with clusters.cluster(tmp_path / "cluster", "one") as cluster:
        _wait_for_workers(cluster, 1)
        assert "no workers any more" in _lost(tmp_path / "a", cluster, lambda: cluster.stop_worker("one"))
        with pytest.raises(UsageError, match="has no workers") as raised:
            require_executor(cluster.address, Good(), ())
        assert f"dask worker {cluster.address}" in raised.value.hint
        cluster.start_worker("two", "--no-nanny")
        _wait_for_workers(cluster, 1)
        assert "its scheduler does not answer" in _lost(tmp_path / "b", cluster, cluster.stop_scheduler)


def _lost(folder: Path, cluster: clusters.Cluster, kill: Callable[[], None]) -> str:
    """Lose the cluster while a document is read, and return what its first page that is read here says."""
    made = _scan(folder, 4)
    work_folder(made).mkdir()
    (folder / "notes").mkdir()
    with Cluster[int](cluster.address, 1, Slow(folder / "notes", 0.1), LIMITS) as lost:
        for number in range(1, 5):
            lost.read(number, made, number, "")
        came = list(lost.results())
        kill()
        while len(lost):
            came += lost.results()
    assert sorted(number for number, _ in came) == [1, 2, 3, 4]
    assert _texts(made, range(1, 5)) == [f"page {number}" for number in range(1, 5)]
    (told,) = [told for _, read in came if isinstance(read, PageRead) for told in read.problems]
    assert told.code == "cluster-lost"
    return told.message()


def test_a_worker_with_another_canoe_is_left_out_and_refused_at_the_next_start(
    tmp_path: Path, two: clusters.Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "other"
    (other / "canoe-9.9.dist-info").mkdir(parents=True)
    (other / "canoe-9.9.dist-info" / "METADATA").write_text(OTHER_CANOE)
    made = _scan(tmp_path, 8)
    work_folder(made).mkdir()
    (tmp_path / "notes").mkdir()
    engine = Slow(tmp_path / "notes", 0.3)  # slow enough for each worker to be given a page
    with Client(two.address, set_as_default=False) as client, Cluster[int](two.address, 1, engine, LIMITS) as cluster:
        two.start_worker("other", "--no-nanny", PYTHONPATH=str(other))
        try:
            assert clusters.wait_for(lambda: len(client.nthreads()) == 3)
            time.sleep(1.1)  # until the next look at who is there
            for number in range(1, 9):
                cluster.read(number, made, number, "")
            came: list[tuple[int, object]] = []
            while len(cluster):
                came += cluster.results()
            assert sorted(number for number, _ in came) == list(range(1, 9))
            assert "other" not in cluster.pages_by_worker
            with pytest.raises(UsageError, match=r"Canoe is 9\.9 there and 0\.\S+ here"):
                require_executor(two.address, Good(), ())
        finally:
            two.stop_worker("other")
            assert clusters.wait_for(lambda: len(client.nthreads()) == 2)
    assert "The worker other is left out: Canoe is 9.9 there" in caplog.text


def test_a_scheduler_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UsageError, match=f"No scheduler answers at {address}: Connection refused.") as raised:
        require_executor(address, Good(), ())
    assert "leave out --scheduler" in raised.value.hint


def test_what_is_no_scheduler_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.scheduler.QUESTION", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UsageError, match="is no scheduler"):
            require_executor(address, Good(), ())
        with pytest.raises(UsageError, match="perhaps check your TLS configuration"):
            require_executor(address.replace("tcp", "tls"), Good(), ())


@pytest.mark.parametrize("address", ["http://a:1", "tcp://a", "tcp://a:0", "tcp://:80", "tcp://a:99999", "a:80"])
def test_an_address_that_cannot_be_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="--scheduler cannot be"):
        require_executor(address, Good(), ())
