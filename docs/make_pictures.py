"""Make the pictures of the documentation: what is seen on the tours of the README, in a headless Chromium.

    python docs/make_pictures.py

Run by hand, when the pages have changed. Walks the tours as the tests do (``tests/test_web_tours.py``), but over the
whole sample collection, in two or three minutes, and writes ``docs/pictures``. Needs ``chromium`` (on Debian: apt
install chromium) and the packages that the tests need.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"


def main() -> None:
    """Make every picture anew."""
    PICTURES.mkdir(exist_ok=True)
    walk = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests/test_web_tours.py"]
    done = subprocess.run(walk, cwd=ROOT, env={**os.environ, "CANOE_PICTURES": str(PICTURES)}, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
