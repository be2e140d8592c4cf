"""How the program ends: every error in the tree as its sentence and its code."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from small_library import canoe_here, canoe_program, environment

import canoe.cli
import metadata.errors
from canoe.startup import PACKAGES
from metadata.errors import CanoeError

ROOT = Path(__file__).resolve().parents[1]
CODES = {
    "SourceChanged": 1,
    "UsageError": 2,
    "HomeMissing": 2,
    "NotFound": 2,
    "DamageFound": 4,
    "Outdated": 4,
    "HomeHeld": 5,
    "StorageError": 6,
    "ProgramMissing": 7,
    "Interrupted": 130,
}


def _below(kind: type[CanoeError]) -> set[type[CanoeError]]:
    return {kind}.union(*map(_below, kind.__subclasses__()))


def test_every_error_has_the_exit_code_of_the_contract() -> None:
    assert {kind.__name__: kind.exit_code for kind in _below(CanoeError) - {CanoeError}} == CODES


@pytest.mark.parametrize("name", CODES)
def test_every_error_is_said_and_ends_with_its_code(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def app() -> None:
        print("half an answer")
        raise getattr(metadata.errors, name)("Something is wrong.", "Do something.")

    monkeypatch.setattr(canoe.cli, "app", app)
    answer = canoe_here("anything")
    assert answer.code == CODES[name]
    assert answer.err == "Something is wrong.\nDo something.\n"
    assert answer.out == "half an answer\n"


def _program(body: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the program's main with a command line of our own in its place."""
    start = "import canoe.cli, canoe.__main__\n"
    code = start + textwrap.dedent(body) + "\ncanoe.cli.app = app\ncanoe.__main__.main()\n"
    return subprocess.run(
        [sys.executable, "-c", code], env=environment(**more), cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_bug_is_a_sentence_and_shows_its_place_when_asked() -> None:
    bug = "def app(): raise KeyError('lost')"
    answer = _program(bug)
    assert answer.returncode == 1
    assert answer.stderr.startswith("A fault of Canoe's own: KeyError: 'lost'\n")
    assert "Traceback" not in answer.stderr
    assert "Traceback" in _program(bug, CANOE_DEBUG="1").stderr


def test_an_argument_that_is_no_text_is_no_bug(home: Path) -> None:
    for arguments in (("subjects", "keep", "a\udcff"), ("agents", "show", "a\udcff"), ("classify", "a\udcff")):
        answer = canoe_here(*arguments, "--home", home)
        assert (answer.code, "is not text in UTF-8" in answer.err) == (2, True), arguments


def test_a_full_or_forbidden_place_is_no_bug() -> None:
    answer = _program("def app(): raise OSError(28, 'No space left on device', '/some/path')")
    assert answer.returncode == 6
    assert answer.stderr.startswith("/some/path: No space left on device.")


def test_version_and_help_need_no_home(tmp_path: Path) -> None:
    assert canoe_program("--version", cwd=tmp_path).out == f"canoe {canoe.__version__}\n"
    told = canoe_program("ingest", "--help", cwd=tmp_path, FORCE_COLOR="1", TERM="xterm-256color")
    assert (told.code, told.err) == (0, "")
    assert "Usage: canoe" in told.out
    assert "\x1b" not in told.out
    assert list(tmp_path.iterdir()) == []


def test_the_start_up_check_knows_every_package() -> None:
    tops = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"benchmarks"}
    assert tops == {"canoe", *PACKAGES}
