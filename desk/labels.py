"""Words of the desk in one interface language: those of the public pages, and its own."""

from dataclasses import dataclass

from starlette.requests import Request

from desk.desk import Desk
from desk.i18n import messages
from web.labels import Labels
from web.reader import reader


@dataclass(frozen=True, slots=True)
class DeskLabels(Labels):
    """Words in one interface language."""

    def text(self, message: str) -> str:
        """Translate a message that was marked with ``N_``, at the desk or on the public pages."""
        return messages(self.language).gettext(message)


def labels_of(desk: Desk, request: Request) -> DeskLabels:
    """Return the words in the language of a request's reader."""
    return DeskLabels(reader(desk.service.site, request).language, desk.service.vocabulary)
