"""canoe serve counts what is used, in all of its processes; canoe usage tells it."""

import contextlib
import csv
import io
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from archive_library import bare_item, book, publishing
from small_library import canoe_here
from test_canoe_read_only import Medium

from archive.library import Library
from archive.usage import FILE, Usage
from archive.usage_kept import OBJECT, Sums
from canoe.home import Home
from canoe.server import build
from canoe.usage_processes import VARIABLE, counting_for, usage_counter
from web.usage import Counter

A, B = book(1)[0].id, bare_item(20).id
SETTINGS = (
    '[library]\nname = "Used"\nbase_url = "http://library.example.org"\n[oai]\nnamespace = "library.example.org"\n'
)
READERS = 12


@pytest.fixture
def home(pristine: Path, folder: Path) -> Path:
    """Lend a home of which nothing was used."""
    lent = shutil.copytree(pristine, folder / "home")
    (lent / "canoe.toml").write_text(SETTINGS, "utf-8")
    return lent


def used(home: Path, item: str) -> Sums:
    return Usage(home, Library.open(home, publishing()).archive).of_item(item)


@contextlib.contextmanager
def _served(home: Path) -> Iterator[str]:
    """Serve a home as each process of ``canoe serve`` does; it is stopped as by Ctrl-C."""
    server = uvicorn.Server(uvicorn.Config(build(Home.read(home)), port=0, lifespan="on", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def test_a_clean_stop_loses_nothing(home: Path) -> None:
    Home.read(home).prepare_serving()
    with _served(home) as url:
        assert httpx.get(f"{url}/item/{A}", headers=reader(1), timeout=20).status_code == 200
        assert httpx.get(f"{url}/item/{B}", headers={"User-Agent": "curl/8"}, timeout=20).status_code == 200
        assert not (home / FILE).exists()  # it has not waited for half a minute
    assert used(home, A) == Sums(1, 1)
    assert used(home, B) == Sums()


def test_several_processes_count_as_one(home: Path) -> None:
    """Each reader clicks twice, at two of them; tests/soak/usage.py does it with the program and its processes."""
    opened = Home.read(home)
    opened.prepare_serving()
    with counting_for(opened, 2):
        folder = Path(os.environ[VARIABLE]).parent
        assert folder.stat().st_mode & 0o777 == 0o700
        with _served(home) as first, _served(home) as second:
            for number in range(READERS):
                for url in (first, second):
                    assert httpx.get(f"{url}/item/{A}", headers=reader(number), timeout=20).status_code == 200
    assert VARIABLE not in os.environ
    assert not folder.exists()
    assert used(home, A) == Sums(READERS, READERS, 0, 0)


def test_a_process_goes_on_where_the_one_that_counts_is_gone(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    Home.read(home).prepare_serving()
    monkeypatch.setenv(VARIABLE, str(home / "nobody-listens"))
    with _served(home) as url:
        for number in range(3):
            assert httpx.get(f"{url}/item/{A}", headers=reader(number), timeout=20).status_code == 200
    assert len([one for one in caplog.records if "cannot be counted" in one.message]) == 1
    assert used(home, A) == Sums()


def reader(number: int) -> dict[str, str]:
    return {"User-Agent": f"Mozilla/5.0 (X11; Linux) Firefox/140.{number}"}


def test_the_server_counts_only_where_the_settings_say_so(home: Path) -> None:
    opened = Home.read(home)
    opened.prepare_serving()
    assert usage_counter(opened)
    assert len(build(opened).user_middleware) == 1
    (home / "canoe.toml").write_text(f"{SETTINGS}[usage]\ncount = false\n", "utf-8")
    silent = Home.read(home)
    assert usage_counter(silent) is None
    assert build(silent).user_middleware == []


def counting_in_vain(home: Path) -> list[str]:
    """Count three times; return what the log says."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("web.usage").addHandler(handler)
    counter = usage_counter(Home.read(home))
    assert isinstance(counter, Counter)
    for _ in range(3):
        counter._sums[A, "2026-11"] = Sums(1)
        counter.flush()
    return said


def test_where_nothing_can_be_written_nothing_is_counted_and_that_is_said_once(home: Path) -> None:
    usage_counter(Home.read(home))  # what is imported for it is there before the permissions go
    home.parent.chmod(0o755)
    home.chmod(0o555)
    said = Medium(home, as_nobody=os.getuid() == 0).do(counting_in_vain, home)
    home.chmod(0o755)
    assert len(said) == 1
    assert f"{home}/{FILE}: Permission denied" in said[0]
    assert not (home / FILE).exists()


def test_the_command_tells_a_year_as_table_json_and_report(home: Path) -> None:
    Usage(home, Library.open(home, publishing()).archive).add(
        {(A, "2026-02"): Sums(5, 4, 3, 2), (B, "2026-03"): Sums(1, 1, 0, 0), (A, "2025-12"): Sums(9, 9, 9, 9)}
    )
    told = canoe_here("usage", "--home", home, "--year", "2026").out
    assert re.search(r"^2026-02 +5 +4 +3 +2$", told, re.MULTILINE)
    assert re.search(rf"^{A} +5 +4 +3 +2  Forest & water 1$", told, re.MULTILINE)
    found = canoe_here("usage", "--home", home, "--year", "2026", "--json").json
    assert found["total"] == Sums(6, 5, 3, 2).by_metric
    assert {one["item"]: one["total"]["Total_Item_Requests"] for one in found["items"]} == {A: 3, B: 0}
    assert found["since"] == "2025-12"
    rows = [*csv.reader(io.StringIO(canoe_here("usage", "--home", home, "--year", "2025", "--csv").out))]
    assert rows[0] == ["Report_Name", "Item Report"]
    assert [row[11:13] for row in rows[15:]] == [[name, "9"] for name in Sums(9, 9, 9, 9).by_metric]
    assert canoe_here("usage", "--home", home, "--collection", "leaflets", "--json").json["collection"] == "leaflets"
    assert canoe_here("usage", "--home", home, "--collection", "none").code == 2
    assert canoe_here("usage", "--home", home, "--json", "--csv").code == 2
    assert canoe_here("usage", "--home", home, "--year", "1999").out == "Nothing was counted in 1999.\n"


def test_what_is_kept_survives_the_loss_of_all_but_the_archive(home: Path) -> None:
    Usage(home, Library.open(home, publishing()).archive).add({(A, "2026-02"): Sums(5, 4, 3, 2)})
    before = canoe_here("usage", "--home", home, "--year", "2026", "--json").json
    assert canoe_here("usage", "--home", home, "--keep", "--json").json == {"changed": 1, "months": ["2026-02"]}
    for name in (FILE, "catalogue.db"):
        for file in home.glob(f"{name}*"):
            file.unlink()
    assert canoe_here("rebuild", "--home", home, "--catalogue").code == 0
    assert canoe_here("usage", "--home", home, "--year", "2026", "--json").json == before
    assert canoe_here("check", "--home", home).code == 0
    Library.open(home, publishing()).archive.inventory(OBJECT)


def test_a_server_keeps_the_months_that_are_over_and_begins_with_those(home: Path) -> None:
    library = Library.open(home, publishing())
    Usage(home, library.archive).add({(A, "2025-02"): Sums(5, 4, 3, 2)})
    assert canoe_here("usage", "--home", home, "--keep").out.startswith("1 written")
    (home / FILE).unlink()
    counter = usage_counter(Home.read(home))
    assert counter
    counter.stop.set()
    counter.run()
    assert used(home, A) == Sums(5, 4, 3, 2)
