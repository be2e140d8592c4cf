"""Tables that people give to commands: their text, bounded and in UTF-8."""

from pathlib import Path

from archive.durable import storage
from metadata.errors import UsageError

MARK = "\ufeff".encode()
"""The byte order mark, by which spreadsheets know a table's UTF-8."""


def table_text(path: Path, most: int, hint: str) -> str:
    """Return the text of a table of at most ``most`` bytes, in UTF-8 with or without a byte order mark.

    Raises UsageError where it is none, with ``hint`` where there is no such file; StorageError where it cannot be read.
    """
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", hint)
    with storage(path), path.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise UsageError(f"{path} has more than {most} bytes.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UsageError(f"{path} is not UTF-8: {fault.reason} at byte {fault.start}.", "Save it as UTF-8.") from fault
