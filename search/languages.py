"""The languages whose words are stemmed: those that Snowball has, and those of them that are in use.

Those in use are a setting of the process, for it serves one library; an index is named after
them (``version``), so one that was made with others is never read with these.
"""

from collections.abc import Iterable, Mapping

SNOWBALL: Mapping[str, str] = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
"""Snowball's stemmers by language (ISO 639-1)."""

STEMMED: Mapping[str, str] = {"en": "english", "fr": "french", "es": "spanish"}
"""Those in use unless told otherwise."""

STEMMERS: dict[str, str] = dict(STEMMED)
"""Those in use; :func:`stem_in` changes them, before an index is opened."""


def stem_in(languages: Iterable[str]) -> None:
    """Use the stemmers of these languages (ISO 639-1, each in :data:`SNOWBALL`) in this process."""
    wanted = {language: SNOWBALL[language] for language in languages}
    if list(wanted) != list(STEMMERS):
        STEMMERS.clear()
        STEMMERS.update(wanted)
