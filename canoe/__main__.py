"""The program ``canoe``, also ``python -m canoe``."""

import os
import sys
from types import TracebackType

from canoe.startup import require_one_place


def main() -> None:
    """Run the command line and leave with its exit code.

    What is wrong is said in a sentence on standard error; a bug (exit 1) shows its
    traceback only when ``CANOE_DEBUG`` is set.
    """
    if not os.environ.get("CANOE_DEBUG"):
        sys.excepthook = _say_bug
    require_one_place()
    from canoe.cli import app
    from metadata.errors import CanoeError

    try:
        app()
    except CanoeError as fault:
        print(fault, file=sys.stderr)
        sys.exit(fault.exit_code)
    except BrokenPipeError:
        # The reader of our output went away; Python must not try to flush it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say_bug(kind: type[BaseException], fault: BaseException, _: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("Stopped. The same command goes on where this one ended.", file=sys.stderr)
        return
    print(f"A fault of Canoe's own: {kind.__name__}: {fault}", file=sys.stderr)
    print("Please report it; CANOE_DEBUG=1 shows where it happened.", file=sys.stderr)


if __name__ == "__main__":
    main()
