"""What tests of several packages share: a small batch, and a home that holds it, made once a process."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_library import filled
from hypothesis import HealthCheck, settings
from schemas_here import SHARED
from small_library import canoe_program, make_batch
from thoroughness import THOROUGH, usually

# A shell starts what runs in the background deaf to Ctrl-C, and programs started by the tests would be so too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Examples that no run had before, and limits of time, fail by chance: the first are for thorough runs.
settings.register_profile(
    "canoe",
    max_examples=usually(40, thoroughly=100),
    derandomize=not THOROUGH,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("canoe")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what runs on the shared files where these are absent, saying so."""
    if item.get_closest_marker("shared") and not SHARED.is_dir():
        pytest.skip("../shared/data is absent")


@pytest.fixture(scope="session")
def small_batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a batch that nothing may change: a folder ``batch``."""
    return make_batch(tmp_path_factory.mktemp("shelf") / "batch")


@pytest.fixture
def batch(small_batch: Path, tmp_path: Path) -> Path:
    """Lend a copy of the batch, as ``tmp_path / "batch"``."""
    return shutil.copytree(small_batch, tmp_path / "batch")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Lend a folder, in memory where there is some: here processes are killed, not machines."""
    memory = Path("/dev/shm")  # noqa: S108
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="canoe-test-") as lent:
        yield Path(lent)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("empty") / "home"
    answer = canoe_program("init", "--home", home, "--doi-prefix", "10.5555", "--name", "The test library")
    assert answer.code == 0
    return home


@pytest.fixture(scope="session")
def desk_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the home of :mod:`desk_items`, that nothing may change."""
    from desk_items import make

    return make(tmp_path_factory.mktemp("desk") / "library").path


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Path:
    """Lend an empty home."""
    return shutil.copytree(empty_home, tmp_path / "home")


@pytest.fixture(scope="session")
def _full_home(empty_home: Path, small_batch: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = shutil.copytree(empty_home, tmp_path_factory.mktemp("full") / "home")
    answer = canoe_program("ingest", "batch", "--home", home, cwd=small_batch.parent)
    assert answer.code == 3
    return home


@pytest.fixture
def full_home(_full_home: Path, tmp_path: Path) -> Path:
    """Lend a home into which the batch was ingested, from the folder in which it lies."""
    return shutil.copytree(_full_home, tmp_path / "full")


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a library of a few books and records, made without reading a page; to be copied."""
    library = filled(tmp_path_factory.mktemp("pristine") / "home")
    library.catalogue.close()
    return library.home
