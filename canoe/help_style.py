"""How help and wrong usage are written."""

import sys
from typing import Literal

HELP_STYLE: Literal["rich"] | None = "rich" if sys.stdout.isatty() and sys.stderr.isatty() else None
"""Plain where either is no terminal, whatever the environment says."""
