"""canoe harvest of repositories that fail, and when it is ended itself: nothing is lost, everything is named."""

import os
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from faulty_repository import Reply, Repository, on_list, refusal, serving
from harvest_library import EVERY, RECORDS, asking, harvest, held, lists, run, told
from small_library import PROGRAM, environment

import canoe.harvest_parts


@pytest.fixture
def here(home: Path) -> Path:
    """Lend an empty home that may ask this machine, and does not wait long."""
    return asking(home)


def test_a_break_in_mid_list_loses_nothing_and_the_next_harvest_goes_on(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canoe.harvest_parts, "MOST_RECORDS", 3)
    repository = Repository(RECORDS, fault=on_list(3, Reply(b"", 500), 2))
    with serving(repository) as url:
        report = harvest(here, url, code=3)
        assert told(report) == {"new": 6, "refused": 1}
        assert report["pieces"][-1]["problems"][0]["code"] == "harvest-broken"
        assert "HTTP status 500" in report["lists"][0]["error"]
        (listed,) = lists(here)
        assert (listed["pending"], listed["from"], listed["last_success_at"]) == (True, None, None)
        assert "HTTP status 500" in listed["last_error"]
        run(here, "rebuild", "--catalogue")
        assert lists(here) == [listed]
        repository.asked.clear()
        report = harvest(here, url)
        assert repository.lists == [{"resumptionToken": "||6"}]
        assert (told(report), report["lists"][0]["resumed"]) == ({"new": 1}, True)
        assert held(here).keys() == EVERY
        (listed,) = lists(here)
        assert (listed["pending"], listed["from"], listed["last_error"]) == (False, "2026-01-01T06:00:00Z", None)


@pytest.mark.parametrize(("tells_size", "told_of"), [(True, {"identical": 3}), (False, {})])
def test_a_list_that_was_broken_off_and_brings_no_more_news_is_noted_as_complete(
    here: Path, tells_size: bool, told_of: dict[str, int]
) -> None:
    fault = on_list(2, refusal("badArgument"))
    repository = Repository(RECORDS, fault=fault, tells_size=tells_size)
    with serving(repository) as url:
        harvest(here, url, code=3)
        repository.records = RECORDS[:3]
        assert told(harvest(here, url)) == told_of
        assert lists(here)[0]["pending"] is False
        (_, last) = run(here, "accessions", "--json").json
        assert last["harvest"]["complete"] is True


def test_bad_records_are_refused_by_name_and_the_rest_comes_in(here: Path) -> None:
    broken = replace(RECORDS[1], metadata=RECORDS[1].metadata.replace("</dc:title>", ""))
    strange = replace(RECORDS[2], metadata="<x xmlns='urn:x'/>")
    nameless = replace(RECORDS[4], identifier="")
    with serving(Repository([RECORDS[0], broken, strange, RECORDS[3], nameless, RECORDS[5]])) as url:
        report = harvest(here, url, code=3)
        assert told(report) == {"new": 3, "refused": 3}
        refused = {piece["source"] for piece in report["pieces"] if piece["outcome"] == "refused"}
        assert refused == {f"{url}#oai:faulty.example:1", f"{url}#oai:faulty.example:2", f"{url}#5"}
        assert lists(here)[0]["pending"] is False
        out = run(here, "harvest", url, "--full", code=3).out
        assert "refused" in out
        assert "3 identical, 3 refused" in out


def test_this_machine_is_not_asked_unless_the_settings_say_so(home: Path) -> None:
    with serving(Repository(RECORDS)) as url:
        answer = run(home, "harvest", url, code=2)
        assert "private network" in answer.err
        assert "allow_private" in answer.err


def test_a_repository_that_is_not_there_is_reported(here: Path) -> None:
    with serving(Repository(RECORDS)) as url:
        pass
    report = harvest(here, url, code=3)
    assert told(report) == {"refused": 1}
    assert "cannot be reached" in lists(here)[0]["last_error"]
    assert "last error" in run(here, "repositories").out


def test_ctrl_c_brings_in_what_came_and_the_next_harvest_goes_on(here: Path) -> None:
    waiting, ended = threading.Event(), threading.Event()

    def slow(asked: dict[str, str]) -> Reply | None:
        waiting.set()
        ended.wait(60)
        return None

    repository = Repository(RECORDS, fault=on_list(3, slow))
    with serving(repository) as url:
        command = [str(PROGRAM), "harvest", url, "--home", str(here)]
        with subprocess.Popen(command, env=environment(), stdout=-1, stderr=-1) as running:
            assert waiting.wait(120)
            time.sleep(0.2)
            os.kill(running.pid, signal.SIGINT)
            _, err = running.communicate()
        ended.set()
        assert running.returncode == 130, err
        assert lists(here)[0]["pending"] is True
        assert len(held(here)) == 6
        repository.asked.clear()
        assert told(harvest(here, url)) == {"new": 1}
        assert repository.lists == [{"resumptionToken": "||6"}]


def test_killed_it_loses_no_more_than_the_part_on_its_way(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, ended = threading.Event(), threading.Event()

    def never(asked: dict[str, str]) -> Reply | None:
        waiting.set()
        ended.wait(60)
        return None

    repository = Repository(RECORDS, fault=on_list(3, never))
    parts = (
        "import sys, canoe.harvest_parts as parts, canoe.__main__ as main; parts.MOST_RECORDS = 3; sys.exit(main.run())"
    )
    spool = here.parent / "spool"
    spool.mkdir()
    monkeypatch.setenv("TMPDIR", str(spool))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with serving(repository) as url:
        command = [str(PROGRAM.with_name("python")), "-c", parts, "harvest", url, "--home", str(here)]
        with subprocess.Popen(command, env=environment(), stdout=-1, stderr=-1) as running:
            assert waiting.wait(120)
            running.kill()
        ended.set()
        assert [one.name[:14] for one in spool.iterdir()] == ["canoe-harvest-"]
        assert lists(here)[0]["pending"] is True
        repository.asked.clear()
        assert told(harvest(here, url)) == {"new": 1}
        assert repository.lists == [{"resumptionToken": "||6"}]
        assert held(here).keys() == EVERY
        assert run(here, "check", "--json").code == 0
        assert not list(spool.iterdir())
