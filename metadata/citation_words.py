"""The words that stand between the parts of a citation, in three languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """Words of one language; of pairs the first is for one, the second for several."""

    is_english: bool
    ampersand: str
    conjunction: str
    no_date: str
    within: str
    report: str
    apa: tuple[str, str]
    short: tuple[str, str]
    long: tuple[str, str]
    quotes: tuple[str, str]
    colon: str
    internet: str
    online: str
    cited: str
    viewed: str
    available: str
    available_at: str
    unknown_place: str
    unknown_publisher: str
    unknown_date: str

    def editors(self, number: int) -> str:
        """Say that so many are editors, as APA does."""
        return self.apa[number > 1]

    def short_editors(self, number: int) -> str:
        """Say that so many are editors, in short."""
        return self.short[number > 1]

    def mla_editors(self, number: int) -> str:
        """Say that so many are editors, in full."""
        return self.long[number > 1]

    def quoted(self, text: str) -> str:
        """Return text in quotation marks."""
        return text.join(self.quotes)

    def imprint(self, places: str, publisher: str) -> str:
        """Return where and by whom something was published, either of them or none."""
        return f"{self.colon} ".join(filter(None, (places, publisher)))


WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        is_english=True, ampersand="&", conjunction="and", no_date="n.d.", within="In", report="Report No.",
        apa=("Ed.", "Eds."), short=("ed.", "eds."), long=("editor", "editors"), quotes=("“", "”"), colon=":",
        internet="Internet", online="online", cited="cited", viewed="viewed", available="Available from:",
        available_at="Available at:", unknown_place="[place unknown]", unknown_publisher="[publisher unknown]",
        unknown_date="[date unknown]",
    ),
    "fr": Words(
        is_english=False, ampersand="et", conjunction="et", no_date="s. d.", within="Dans", report="Rapport n°",
        apa=("dir.", "dir."), short=("éd.", "éd."), long=("éditeur scientifique", "éditeurs scientifiques"),
        quotes=("«\u00a0", "\u00a0»"), colon="\u00a0:", internet="Internet", online="en ligne", cited="cité le",
        viewed="consulté le", available="Disponible sur\u00a0:", available_at="Disponible à l’adresse\u00a0:",
        unknown_place="[lieu inconnu]", unknown_publisher="[éditeur inconnu]", unknown_date="[date inconnue]",
    ),
    "es": Words(
        is_english=False, ampersand="y", conjunction="y", no_date="s. f.", within="En", report="Informe n.º",
        apa=("Ed.", "Eds."), short=("ed.", "eds."), long=("editor", "editores"), quotes=("“", "”"), colon=":",
        internet="Internet", online="en línea", cited="citado", viewed="consulta:", available="Disponible en:",
        available_at="Disponible en:", unknown_place="[lugar desconocido]",
        unknown_publisher="[editorial desconocida]", unknown_date="[fecha desconocida]",
    ),
}  # fmt: skip
