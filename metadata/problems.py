"""Faults as data: a code, what it is about, where it is.

A checker returns every problem it sees, never only the first. The codes and their sentences
in three languages stand in ``problems.toml`` beside this module.
"""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from string import Formatter
from typing import Literal

import msgspec

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault: ``code`` is a key of :data:`SENTENCES`, ``params`` fill its sentence.

    ``where`` is the path as given, with ``#n`` for a record and ``:field`` for a field.
    """

    code: str
    where: str = ""
    params: tuple[tuple[str, str], ...] = ()

    @property
    def severity(self) -> Severity:
        """How grave it is, by its code."""
        return SENTENCES[self.code].severity

    def message(self, language: str = "en") -> str:
        """Return the sentence in ``language`` (``en``, ``fr`` or ``es``)."""
        sentence: str = getattr(SENTENCES[self.code], language)
        return sentence.format_map(dict(self.params))


def problem(code: str, where: str = "", /, **params: object) -> Problem:
    """Make a Problem; raises KeyError at once when the code or a parameter is not in the table."""
    for name in _PARAMETERS[code]:
        params[name]  # raises KeyError where it is missing
    return Problem(code, where, tuple([(name, str(value)) for name, value in params.items()]))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One problem in three languages, with ``{parameters}``."""

    severity: Severity
    en: str
    fr: str
    es: str


def _load() -> dict[str, Sentence]:
    table = tomllib.loads(files("metadata").joinpath("problems.toml").read_text("utf-8"))
    return msgspec.convert(table, dict[str, Sentence])


SENTENCES: dict[str, Sentence] = _load()
_PARAMETERS = {
    code: tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(sentence.en) if name))
    for code, sentence in SENTENCES.items()
}
