"""The program ``canoe``, also ``python -m canoe``."""

import gc
import io
import os
import sys
from pathlib import Path
from types import TracebackType

from canoe.startup import require_one_place

STOPPED = 130
_COLLECT_AFTER = 20_000
"""Objects after which cycles are looked for: there are hardly any, and an ingest makes objects by the million."""


def main() -> None:
    """Run the command line and leave with its exit code.

    What is wrong is said in a sentence on standard error; a bug (exit 1) shows its
    traceback only when ``CANOE_DEBUG`` is set.
    """
    if not os.environ.get("CANOE_DEBUG"):
        sys.excepthook = _say_bug
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is UTF-8 whatever the locale (RFC 8259, section 8.1)
    require_one_place()
    gc.set_threshold(_COLLECT_AFTER)
    sys.exit(run())


def run() -> int | str | None:
    """Run the command line as ``sys.argv`` says and return its exit code; every CanoeError is said and coded."""
    from archive.durable import storage
    from metadata.errors import CanoeError, UsageError

    try:
        with storage(Path("standard output")):
            return _called()
    except CanoeError as fault:
        print(fault, file=sys.stderr)
        _flush()
        return fault.exit_code
    except BrokenPipeError:
        _let_go_of_output()
        return 0
    except UnicodeEncodeError:
        if not (odd := [one for one in sys.argv[1:] if _is_no_text(one)]):
            raise
        print(f"{odd[0][:80]!a} is not text in UTF-8; only the name of a file may be so.", file=sys.stderr)
        return UsageError.exit_code


def _is_no_text(argument: str) -> bool:
    """Say whether an argument holds bytes that are not UTF-8: they come as lone surrogates (PEP 383)."""
    return any("\udc80" <= character <= "\udcff" for character in argument)


def _called() -> int | str | None:
    from canoe.cli import app

    try:
        app()
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):
            raise leaving.__context__ from None
        if leaving.code == STOPPED:
            print("Stopped. The same command goes on where this one ended.", file=sys.stderr)
        sys.stdout.flush()
        return leaving.code
    return 0


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        _let_go_of_output()


def _let_go_of_output() -> None:
    """Keep Python from flushing once more what nobody takes: the reader went away, or the disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _say_bug(kind: type[BaseException], fault: BaseException, _: TracebackType | None) -> None:
    print(f"A fault of Canoe's own: {kind.__name__}: {fault}", file=sys.stderr)
    print("Please report it; CANOE_DEBUG=1 shows where it happened.", file=sys.stderr)


if __name__ == "__main__":
    main()
