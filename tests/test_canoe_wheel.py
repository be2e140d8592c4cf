"""The wheel, installed in a clean environment, run from a folder that holds decoys.

What it needs is lent from this environment; ``tests/soak/wheel.py`` installs that, too, as pip does for people.
That nothing is needed which the project does not name is told by its imports.
"""

import ast
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

from small_library import environment

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"canoe", "desk", "web", "ingest", "metadata", "oai", "search", "archive"}
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


@dataclass(frozen=True, slots=True)
class Installed:
    """A wheel, and the environment it is installed in."""

    wheel: Path
    environment: Path

    def run(self, *command: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment."""
        program = str(self.environment / "bin" / command[0])
        return subprocess.run(
            [program, *command[1:]], cwd=cwd, env=environment(**more), capture_output=True, text=True, check=False
        )


def test_the_wheel_works_in_a_clean_environment_among_decoys(tmp_path: Path) -> None:
    tried(install(tmp_path), tmp_path / "decoys")


def tried(installed: Installed, decoys: Path) -> None:
    """See that an installed wheel is whole and runs, in a folder of modules that have its packages' names."""
    (decoys / "elsewhere").mkdir(parents=True)
    for name in ("search.py", "metadata.py"):
        (decoys / name).write_text("raise SystemExit('a decoy was run')\n")
    _holds_all_that_is_needed_and_no_tests(installed.wheel)
    _works(installed, decoys)
    _refuses_to_run_a_decoy(installed, decoys)


def install(folder: Path) -> Installed:
    """Build the wheel and install it beside what it needs."""
    subprocess.run([*PIP, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=False)
    python = str(folder / "env" / "bin" / "python")
    subprocess.run([*PIP, "--python", python, "install", "--no-deps", "--no-compile", wheel], check=True)
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"))
    return Installed(wheel, folder / "env")


def _holds_all_that_is_needed_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    assert not [name for name in names if "/test" in name or name.endswith(".pyc")]
    data = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".html", ".css", ".js", ".svg", ".po", ".ttl", ".toml", ".typed")
    }
    assert {"metadata/problems.toml", "metadata/conservation.ttl", "web/locale/fr.po", "canoe/py.typed"} <= data
    assert data <= set(names)


def _works(installed: Installed, decoys: Path) -> None:
    told = installed.run("canoe", "--help", cwd=decoys)
    assert (told.returncode, told.stderr) == (0, "")
    assert "ingest" in told.stdout
    assert installed.run("canoe", "init", cwd=decoys).returncode == 0
    assert installed.run("canoe", "search", "x", "--json", cwd=decoys).returncode == 0
    assert len(installed.run("canoe", "vocabulary", "list", "conservation", cwd=decoys).stdout.splitlines()) > 20
    sample = "import canoe.sample.publications as s; print(s.publication('parks.fr').language)"
    assert installed.run("python", "-I", "-c", sample, cwd=decoys).stdout == "fr\n"


def _refuses_to_run_a_decoy(installed: Installed, decoys: Path) -> None:
    elsewhere = decoys / "elsewhere"
    for answer in (
        installed.run("python", "-m", "canoe", "--help", cwd=decoys),
        installed.run("canoe", "--help", cwd=elsewhere, PYTHONPATH=str(decoys)),
    ):
        assert (answer.returncode, answer.stdout) == (2, "")
        assert len(answer.stderr.splitlines()) == 1
        assert str(decoys) in answer.stderr
        assert "a decoy was run" not in answer.stderr
    assert installed.run("python", "-m", "canoe", "--version", cwd=elsewhere).stdout.startswith("canoe ")


def test_every_import_is_of_a_package_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = (one for name, wanted in project["optional-dependencies"].items() if name != "dev" for one in wanted)
    named = {_plain(re.split(r"[\[<>=;]", one)[0]) for one in (*project["dependencies"], *extras)}
    known = packages_distributions()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for top in set(_imported(path)) - PACKAGES - sys.stdlib_module_names:
            assert named & {_plain(one) for one in known.get(top, ())}, f"{path} imports {top}"


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
