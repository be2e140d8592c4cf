"""File formats: their names in PRONOM, what people call them, and how long they may be read.

PRONOM (The National Archives, United Kingdom) gives each format a persistent unique
identifier, its PUID: ``fmt/95``. The table and the judgements stand in ``formats.toml``
beside this module; a format that PRONOM has not registered has a name of our own there,
which begins with ``canoe/``.
"""

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

import msgspec

from metadata.folding import fold

Risk = Literal["low", "moderate", "high", "unknown"]
RISKS: tuple[Risk, ...] = ("high", "unknown", "moderate", "low")
"""Levels of risk, the gravest first; what nobody can name may be anything."""

UNKNOWN = ""
"""Stands for the PUID of a file whose format is not known."""

JSON_LINES = "fmt/2054"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in three languages."""

    en: str
    fr: str
    es: str

    def text(self, language: str = "en") -> str:
        """Return it in ``en``, ``fr`` or ``es``; in English for any other language."""
        return {"fr": self.fr, "es": self.es}.get(language.partition("-")[0], self.en)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A judgement on a family of formats: the risk that they become unreadable, why, and what to do."""

    risk: Risk
    reason: Sentence
    advice: Sentence


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    ``within`` is the PUID of the wider format that the same file also is (MARCXML is XML),
    ``""`` where there is none. ``names`` are in English, French and Spanish, without the version.
    """

    puid: str
    names: Sentence
    version: str
    media_type: str
    outlook: Outlook
    within: str = ""

    def label(self, language: str = "en") -> str:
        """Return its name with its version, in ``en``, ``fr`` or ``es``."""
        return f"{self.names.text(language)} {self.version}".rstrip()


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    media_type: str
    outlook: str
    version: str = ""
    within: str = ""
    fr: str = ""
    es: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    outlooks: dict[str, Outlook]
    formats: dict[str, _Row]


def is_pronom(puid: str) -> bool:
    """Say whether a name is one of PRONOM's, and not ours or none."""
    return puid.startswith(("fmt/", "x-fmt/"))


def format_of(puid: str) -> Format:
    """Return the format of a PUID; one that the table lacks is called by its PUID, and ``""`` is the unknown one."""
    return FORMATS.get(puid) or (Format(puid, Sentence(puid, puid, puid), "", "", _UNJUDGED) if puid else _NOT_KNOWN)


def puids_named(name: str) -> tuple[str, ...]:
    """Return the PUIDs that somebody may mean by ``name``: the PUID itself, a name, or a name with its version.

    Case, accents and extra spaces do not matter. What stands before a comma or a hyphen names a
    family: ``pdf/a`` is every PDF/A, ``jpeg`` JFIF and Exif; ``pdf`` is PDF in all its versions, PDF/A apart.
    """
    wanted = fold(name)
    return _BY_NAME.get(wanted, (wanted,) if is_pronom(wanted) else ())


def _load() -> tuple[dict[str, Format], dict[str, Outlook]]:
    table = msgspec.convert(tomllib.loads(files("metadata").joinpath("formats.toml").read_text("utf-8")), _Table)
    return {puid: _format(puid, row, table.outlooks) for puid, row in table.formats.items()}, table.outlooks


def _format(puid: str, row: _Row, outlooks: dict[str, Outlook]) -> Format:
    names = Sentence(row.name, row.fr or row.name, row.es or row.name)
    return Format(puid, names, row.version, row.media_type, outlooks[row.outlook], row.within)


def _by_name() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for kind in FORMATS.values():
        names = (kind.names.en, kind.names.fr, kind.names.es)
        meant = (text for name in names for text in (name, f"{name} {kind.version}", re.split("[,-]", name)[0]))
        for name in dict.fromkeys(map(fold, (kind.puid, *meant))):
            table[name] = (*table.get(name, ()), kind.puid)
    return table


FORMATS, _OUTLOOKS = _load()
_UNJUDGED = _OUTLOOKS["unjudged"]
_NOT_KNOWN = Format(
    UNKNOWN, Sentence("Unknown format", "Format inconnu", "Formato desconocido"), "", "", _OUTLOOKS["unknown"]
)
_BY_NAME = _by_name()
