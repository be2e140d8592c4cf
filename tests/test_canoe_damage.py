"""A catalogue or index that is damaged answers as before, or refuses and says what to do: never wrongly."""

import asyncio
import shutil
import time
from pathlib import Path

import pytest
from damaging import Damager, ask, get, make_home
from small_library import canoe_here

from canoe.home import Home
from canoe.server import build

DAMAGES = 16


def test_random_damage_never_answers_wrongly_and_canoe_rebuild_mends_it(tmp_path: Path) -> None:
    damager = Damager(tmp_path)
    assert [wrong for number in range(DAMAGES) for wrong in damager.wrong(number)] == []
    assert damager.refused >= DAMAGES // 2


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("made") / "home")


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "home")


def garbage(home: Path) -> None:
    (home / "catalogue.db").write_bytes(b"garbage" * 1000)


def test_every_command_that_reads_says_what_to_do(home: Path) -> None:
    garbage(home)
    for command in (
        ["export"],
        ["search", "forest"],
        ["show", "0123456789"],
        ["accessions"],
        ["withdraw", "x", "--reason", "y"],
    ):
        answer = canoe_here(*command, "--home", home)
        assert (answer.code, answer.out) == (4, "")
        assert "catalogue.db is damaged" in answer.err
        assert "canoe rebuild" in answer.err
    doctor = canoe_here("doctor", "--home", home)
    assert doctor.code in (4, 7)
    assert "catalogue.db is damaged" in doctor.out
    assert canoe_here("check", "--home", home).code == 0, "the archive itself is whole"


def test_a_server_says_so_in_three_languages_and_goes_on_after_a_rebuild(home: Path) -> None:
    whole = ask(home)
    app = build(Home.read(home))
    assert get(app, "/").status_code == 200
    for path in home.glob("catalogue.db*"):
        path.unlink()
    said = {language: get(app, f"/?lang={language}") for language in ("en", "fr", "es")}
    assert {answer.status_code for answer in said.values()} == {503}
    assert len({answer.text for answer in said.values()}) == 3
    assert get(app, "/oai?verb=Identify").status_code == 503
    assert canoe_here("rebuild", "--home", home).code == 0
    assert get(app, "/").status_code == 200
    assert get(app, "/oai?verb=Identify").status_code == 200
    assert ask(home) == whole


def test_an_index_that_is_lost_while_it_is_served_comes_back_by_itself(home: Path) -> None:
    app = build(Home.read(home))
    before = get(app, "/search?q=pagina")
    assert before.status_code == 200

    async def served() -> None:
        async with app.router.lifespan_context(app):
            shutil.rmtree(home / "index")
            deadline = time.monotonic() + 300
            while not list(home.glob("index/*/meta.json.sum")) and time.monotonic() < deadline:
                await asyncio.sleep(0.1)

    asyncio.run(served())
    assert get(app, "/search?q=pagina").text == before.text
