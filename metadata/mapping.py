"""A mapping file (TOML 1.0): what the columns of somebody's own table mean.

    unknown = "note"                          # or "report" (the default), "ignore"

    [columns]
    "Signatura" = "identifier"
    "Resumen" = { field = "description", language = "es" }
    "Autores" = { field = "author", separator = " / " }
    "Nº interno" = "ignore"

    [constants]
    publisher = "Editorial Ejemplo"

What it does not name is understood by its header, as without one.
"""

import tomllib
from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, get_args

from metadata import languages
from metadata.errors import UsageError
from metadata.folding import fold
from metadata.manifest_columns import FIELDS, IN_LANGUAGES, Column, column

LARGEST = 1024 * 1024
IGNORE = "ignore"
Unknown = Literal["report", "note", "ignore"]
_KEYS = ("columns", "constants", "unknown")
_COLUMN_KEYS = ("field", "language", "separator", "default")
_SINGLE_FILE = "file"


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a table's columns mean; ``columns`` has folded headers, None for one that is left out on purpose.

    ``constants`` hold for every row, behind what the row itself says. ``unknown`` says what
    becomes of a column that is neither named here nor known by its header.
    """

    columns: dict[str, Column | None] = field(default_factory=dict)
    constants: tuple[tuple[Column, str], ...] = ()
    unknown: Unknown = "report"

    def column(self, header: str) -> Column | None:
        """Return what a header means, None where it means nothing or is to be ignored."""
        named = fold(header)
        return self.columns[named] if named in self.columns else column(header)

    def ignores(self, header: str) -> bool:
        """Say whether a column is left out without a word."""
        named = fold(header)
        return self.columns[named] is None if named in self.columns else self.unknown == "ignore"


def read_mapping(path: Path) -> Mapping:
    """Return the mapping in a TOML file; raises UsageError naming the file, and the line or the key, and what to do."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as fault:
        raise UsageError(
            f"{path}: cannot be read: {fault.strerror or fault}", "Name a mapping file that is."
        ) from fault
    if len(data) > LARGEST:
        raise _wrong(path, "", f"it has more than {LARGEST} bytes", "A mapping file is a short text; see the manual.")
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise _wrong(path, f"line {line}", "it is not UTF-8", "Save the file as UTF-8.") from fault
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        hint = "Mend the line. A header with spaces or accents stands in quotation marks."
        raise _wrong(path, "", f"it is no TOML: {fault}", hint) from fault
    return _mapping(path, table)


def _wrong(path: Path, key: str, reason: str, hint: str) -> UsageError:
    return UsageError(": ".join(filter(None, (str(path), key, reason))), hint)


def _mapping(path: Path, table: Table[str, object]) -> Mapping:
    for key in table:
        if key not in _KEYS:
            raise _wrong(path, key, "there is no such key", _choices(key, _KEYS))
    unknown = table.get("unknown", "report")
    if unknown not in get_args(Unknown):
        raise _wrong(path, "unknown", f"it cannot be {unknown!r}", _choices(str(unknown), get_args(Unknown)))
    columns = dict(_columns(path, _section(path, table, "columns")))
    constants = tuple(_constants(path, _section(path, table, "constants")))
    return Mapping(columns, constants, unknown)  # type: ignore[arg-type]  # one of Unknown's, looked at above


def _section(path: Path, table: Table[str, object], key: str) -> dict[str, object]:
    found = table.get(key, {})
    if not isinstance(found, dict):
        raise _wrong(path, key, "it is not a table", f"Write [{key}] on a line of its own, and the rest below it.")
    return found


def _columns(path: Path, section: Table[str, object]) -> Iterator[tuple[str, Column | None]]:
    seen: dict[str, str] = {}
    for header, meant in section.items():
        key, folded = f'columns."{header}"', fold(header)
        if folded in seen:
            hint = "Case and accents do not tell headers apart: keep one of the two."
            raise _wrong(path, key, f'it is the same as "{seen[folded]}"', hint)
        seen[folded] = header
        yield folded, None if meant == IGNORE else _column(path, key, meant)


def _column(path: Path, key: str, meant: object) -> Column:
    if isinstance(meant, str):
        return Column(_field(path, key, meant))
    if not isinstance(meant, dict):
        raise _wrong(path, key, "it is neither a field nor a table", 'Write "title" or { field = "title" }.')
    for name, value in meant.items():
        if name not in _COLUMN_KEYS:
            raise _wrong(path, f"{key}.{name}", "there is no such key", _choices(name, _COLUMN_KEYS))
        if not isinstance(value, str):
            raise _wrong(path, f"{key}.{name}", f"{value!r} is no text", "Put it in quotation marks.")
    if "field" not in meant:
        raise _wrong(path, key, "it names no field", 'Write { field = "title", … }.')
    named = _field(path, f"{key}.field", meant["field"])
    language = _language(path, f"{key}.language", named, meant.get("language", ""))
    return Column(named, language, meant.get("separator"), meant.get("default", "").strip())


def _field(path: Path, key: str, named: str) -> str:
    if named in FIELDS:
        return named
    raise _wrong(path, key, f"there is no field {named!r}", _choices(named, sorted(FIELDS)))


def _language(path: Path, key: str, named: str, written: str) -> str:
    if not written:
        return ""
    if named not in IN_LANGUAGES:
        hint = f"Take the language out; these have one: {', '.join(sorted(IN_LANGUAGES))}."
        raise _wrong(path, key, f"the field {named} has no language of its own", hint)
    if not (tag := languages.from_code(written)):
        raise _wrong(path, key, f"{written!r} is no language", "Write a code of ISO 639, such as en, fr or es.")
    return tag


def _constants(path: Path, section: Table[str, object]) -> Iterator[tuple[Column, str]]:
    """Yield the values for every row; a key is a field, with a language where it has one (``rights_es``)."""
    for name, given in section.items():
        key = f"constants.{name}"
        meant = column(name)
        if not meant or meant.field not in FIELDS:
            raise _wrong(path, key, f"there is no field {name!r}", _choices(name, sorted(FIELDS)))
        if meant.field == _SINGLE_FILE:
            raise _wrong(path, key, "a file cannot be the same for every row", "Take it out.")
        for value in given if isinstance(given, list) else [given]:
            if not isinstance(value, str):
                raise _wrong(path, key, f"{value!r} is no text", "Put it in quotation marks.")
            if value.strip():
                yield Column(meant.field, meant.language, separator=""), value.strip()


def _choices(written: str, choices: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    known = list(choices)
    near = get_close_matches(written, known, 1)
    return (f"Did you mean {near[0]}? " if near else "") + f"One of: {', '.join(known)}."
