"""The script ``run``: the one door from a clone."""

import hashlib
import resource
import shutil
import subprocess
from pathlib import Path

import pytest
from small_library import PROGRAM, environment

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("bash", "cat", "dirname", "env", "grep", "id", "python3", "sha256sum")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Make a clone, its name with a space in it, whose set-up is done: the environment is the one we run in."""
    clone = tmp_path / "my clone"
    (clone / ".venv" / "bin").mkdir(parents=True)
    for name in ("run", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, clone / name)
    (clone / ".venv" / "bin" / "canoe").symlink_to(PROGRAM)
    wanted = hashlib.sha256((clone / "pyproject.toml").read_bytes() + (clone / "constraints.txt").read_bytes())
    (clone / ".venv" / ".installed[dev]").write_text(f"{clone} {wanted.hexdigest()}  -")
    return clone


def _run(clone: Path, *arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [str(clone / "run"), *arguments]
    return subprocess.run(command, cwd=cwd, env=environment(**more), capture_output=True, text=True, check=False)


def test_where_all_is_done_it_only_runs_the_program_where_one_stands(clone: Path, tmp_path: Path) -> None:
    before = sorted(clone.rglob("*"))
    made = _run(clone, "init", "--name", "Two words", cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    assert "Two words" in (tmp_path / "library" / "canoe.toml").read_text("utf-8")
    assert sorted(clone.rglob("*")) == before
    assert _run(clone, "search", "x", "--limit", "0", cwd=tmp_path).returncode == 2


def test_a_second_call_costs_next_to_nothing(clone: Path, tmp_path: Path) -> None:
    def seconds(*command: str) -> float:
        began = _used_by_children()
        subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, check=True)
        return _used_by_children() - began

    bare = min(seconds(str(PROGRAM), "--version") for _ in range(2))
    through = min(seconds(str(clone / "run"), "--version") for _ in range(2))
    assert through - bare < 1.0


def _used_by_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_what_the_distribution_must_give_is_named_where_it_cannot_be_installed(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    answer = _run(clone, "demo", cwd=tmp_path, PATH=str(tmp_path / "bin"))
    assert answer.returncode == 7
    packages = "tesseract-ocr tesseract-ocr-eng tesseract-ocr-fra tesseract-ocr-spa tesseract-ocr-osd"
    assert packages in answer.stderr
    assert not (tmp_path / "library").exists()


def test_ci_calls_exactly_the_tests(tmp_path: Path) -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[-1] == "exec ./run test"
    for script in (ROOT / "run", ROOT / ".ci" / "run"):
        assert script.stat().st_mode & 0o111
        assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
