"""The desk in a real browser: worked at without script, at 360 px and on the desk; axe finds no fault.

Needs Debian's chromium and the packages playwright and axe-playwright-python; skips where one is missing.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsers import SIZES, WCAG, opened, shown, too_wide
from desk_library import NAME, PASSWORD, Librarian, serving_desk
from small_library import canoe_here, marc_file, record

from canoe.desk_ingesting import Uploads
from canoe.desk_job import take_in
from canoe.home import Home

axe = pytest.importorskip("axe_playwright_python.sync_playwright")


@pytest.fixture(scope="module")
def home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = shutil.copytree(empty_home, tmp_path_factory.mktemp("desk") / "home")
    records = marc_file(home.parent / "records.mrc", [record(1, "A report of the <b>station</b>")])
    assert canoe_here("ingest", records, "--home", home).code == 0
    held = marc_file(home.parent / f"catalogue-of-{'a' * 60}.mrc", [record(3, "A report that waits")])
    assert canoe_here("ingest", held, "--hold", "--home", home).code == 0
    return home


@pytest.fixture(scope="module")
def desk(home: Path) -> Iterator[Librarian]:
    with serving_desk(home) as librarian:
        yield librarian


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened() as started:
        yield started


def signed_in(browser: Any, desk: Librarian, size: str, language: str, **kind: Any) -> Any:
    tab, _ = shown(browser, f"{desk.url}/desk?lang={language}", size, **kind)
    tab.fill("#name", NAME)
    tab.fill("#password", PASSWORD)
    tab.click("main button")
    assert tab.url == f"{desk.url}/desk?lang={language}"
    return tab


def test_the_work_of_a_day_on_a_telephone_without_script(browser: Any, desk: Librarian, home: Path) -> None:
    tab = signed_in(browser, desk, "phone", "en", java_script_enabled=False)
    tab.click("text=Bring in files")
    tab.click("main button")  # without any file
    tab.click(".faults a")
    assert tab.url.endswith("#files")
    records = marc_file(home.parent / "more.mrc", [record(2, "Brought in at the desk")])
    tab.set_input_files("#files", records)
    tab.fill("#collection", "desk")
    tab.click("main button")
    assert tab.inner_text("h1") == "Waiting for its turn"
    (waiting,) = Uploads(home).waiting()
    take_in(Home.read(home), waiting)
    tab.wait_for_selector("h1:text-is('Taken in')")  # the page asks for itself again
    tab.click("text=The report")
    assert "more.mrc" in tab.inner_text("body")
    tab.go_back()
    tab.click("text=Sign out")
    tab.goto(f"{desk.url}/desk")
    assert tab.inner_text("h1") == "Sign in to the desk"
    tab.close()


@pytest.mark.parametrize(
    ("language", "size", "scheme", "paths"),
    [
        ("fr", "phone", "dark", ("/desk", "/desk/upload", "/desk/items/{}/edit", "/desk/approve", "/desk/nothing")),
        (
            "es",
            "desktop",
            "light",
            (
                "/desk/needs/keywords",
                "/desk/find?q=report",
                "/desk/items/{}/merge?with=x",
                "/desk/accessions/{accession}",
            ),
        ),
    ],
)
def test_axe_finds_nothing_and_nothing_is_too_wide(
    browser: Any, desk: Librarian, home: Path, language: str, size: str, scheme: str, paths: tuple[str, ...]
) -> None:
    judge = axe.Axe()
    tab = signed_in(browser, desk, size, language)
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    tab.emulate_media(color_scheme=scheme)
    library = Home.read(home).library
    (accession, *_) = library.catalogue.accessions()
    for path in (one.format(next(library.items()).id, accession=accession.id) for one in paths):
        tab.goto(f"{desk.url}{path}{'&' if '?' in path else '?'}lang={language}")
        assert not (told := violations(judge, tab)), (path, told)
        assert not too_wide(tab), path
    if language == "es":
        tab.goto(f"{desk.url}/desk/upload?lang={language}")
        tab.click("main button")
        assert not (told := violations(judge, tab)), told
        tab.context.clear_cookies()
        tab.goto(f"{desk.url}/desk/login?lang={language}")
        tab.click("main button")
        assert not (told := violations(judge, tab)), told
        assert not too_wide(tab)
    else:  # last, for the page asks for itself again
        desk.sign_in()
        job = desk.upload({}, [("a" * 120 + ".mrc", b"x")]).headers["location"]
        tab.goto(f"{desk.url}{job}?lang={language}")
        assert not (told := violations(judge, tab)), told
        assert not too_wide(tab)
    assert faults == []
    assert SIZES[size][0] == tab.evaluate("innerWidth")
    tab.close()


def test_the_history_of_an_item_leads_to_the_report_of_its_ingest(desk: Librarian, home: Path) -> None:
    desk.sign_in()
    item = next(Home.read(home).library.items())
    page = desk.get(f"/desk/items/{item.id}?lang=fr").text
    assert f'href="/desk/accessions/{item.accession}?lang=fr">Le rapport du versement</a>' in page
    assert "Ingested with" not in page
    assert desk.get(f"/desk/accessions/{item.accession}").status_code == 200


def violations(judge: Any, tab: Any) -> list[tuple[str, list[str]]]:
    found = judge.run(tab, options={"runOnly": WCAG, "resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], [node["html"][:300] for node in one["nodes"]][:3]) for one in found]
