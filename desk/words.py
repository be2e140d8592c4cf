"""Facts of the desk as words in the reader's language."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from babel.dates import format_datetime, format_timedelta

from desk.i18n import messages
from metadata import languages
from web.i18n import N_, locale

_STATES = {
    "waiting": N_("Waiting for its turn"),
    "held": N_("Waiting for another process"),
    "running": N_("Being taken in"),
    "done": N_("Taken in"),
    "failed": N_("Not taken in"),
    "interrupted": N_("Interrupted"),
}
_OUTCOMES = {
    "new": N_("New"),
    "changed": N_("Changed"),
    "identical": N_("As before"),
    "duplicate": N_("There already"),
    "refused": N_("Refused"),
    "set_aside": N_("Set aside"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Words in one interface language."""

    language: str

    def text(self, message: str) -> str:
        """Translate a message that was marked with ``N_``."""
        return messages(self.language).gettext(message)

    def state(self, state: str) -> str:
        """Say how far a job is."""
        return self.text(_STATES[state])

    def outcome(self, outcome: str) -> str:
        """Say what became of pieces."""
        return self.text(_OUTCOMES[outcome])

    def when(self, moment: str) -> str:
        """Write a moment (RFC 3339, UTC) as day and time."""
        return format_datetime(datetime.fromisoformat(moment), "medium", locale=locale(self.language)) + " UTC"

    def left(self, seconds: int) -> str:
        """Write a stretch of time roughly."""
        return format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=locale(self.language))

    def model(self, code: str) -> str:
        """Name the language that Tesseract has a model of by its code."""
        tag = languages.from_code(code.partition("_")[0])
        name = languages.name(tag, self.language) if tag else code
        return name[:1].upper() + name[1:]
