"""The contract of engines on whoosh3, which has Whoosh 2.7.4's import name and so needs a place of its own.

    python tests/soak/whoosh3.py

whoosh3 is put into a temporary folder with pip, which comes before everything else that Python imports; nothing
that is installed changes. Then the tests of the contract and of the engine run with it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("test_search_contract.py", "test_search_whoosh_engine.py")
WHICH = "import whoosh, sys; sys.exit(whoosh.__version__[0] < 3 and f'This is not whoosh3: {whoosh.__file__}')"


def main() -> None:
    """Install, run; ends with CalledProcessError where a test fails."""
    with tempfile.TemporaryDirectory() as folder:
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "whoosh3")
        subprocess.run(pip, check=True)
        surroundings = {**os.environ, "PYTHONPATH": folder}
        subprocess.run((sys.executable, "-c", WHICH), check=True, env=surroundings)
        tests = [str(ROOT / "tests" / name) for name in TESTS]
        command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
        subprocess.run(command, check=True, env=surroundings, cwd=ROOT)


if __name__ == "__main__":
    main()
