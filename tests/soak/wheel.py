"""The wheel installed with what it needs and nothing else, as pip does for people, then the tests of the wheel.

PYTHONPATH=tests python tests/soak/wheel.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import test_canoe_wheel as wheel


def main() -> None:
    """Install, run; ends with an AssertionError where the wheel does not work."""
    with tempfile.TemporaryDirectory() as folder:
        installed = wheel.install(Path(folder))
        (lent,) = installed.environment.rglob("lent.pth")
        lent.unlink()
        python = str(installed.environment / "bin" / "python")
        constraints = str(wheel.ROOT / "constraints.txt")
        command = [*wheel.PIP, "--python", python, "install", "--no-compile", "-c", constraints]
        subprocess.run([*command, installed.wheel], check=True)
        wheel.tried(installed, Path(folder) / "decoys")
    sys.stdout.write("The wheel works with what it names.\n")


if __name__ == "__main__":
    main()
