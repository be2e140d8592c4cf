"""The start-up check that the packages lie together.

Canoe is an application of several top-level packages with plain names. A ``search.py``
that happens to stand first on the path would be taken for one of them: better to say so in
one sentence than to fail somewhere inside. Nothing is imported to find out.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("metadata", "archive", "ingest", "oai", "search", "web", "desk")


def require_one_place() -> None:
    """Leave with exit code 2 and one sentence when a package is found elsewhere than beside ``canoe``."""
    home = Path(__file__).resolve().parents[1]
    for name in PACKAGES:
        found = _place(name)
        if found != home / name:
            where = found or "nowhere"
            print(
                f"Canoe lies in {home}, but its package {name!r} is found at {where}: run the program "
                "canoe from its own environment, with no PYTHONPATH and not as python -m from such a folder.",
                file=sys.stderr,
            )
            sys.exit(2)


def _place(name: str) -> Path | None:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin).resolve()
    return origin.parent if origin.name == "__init__.py" else origin
