"""Which language a text is in, told by its commonest little words: English, French or Spanish."""

import re
from collections import Counter

_WORDS = {
    "en": "the of and to in is that for it as was with be by on not he his but at are this have from or had an "
    "they which you were her all she there would their we him been has when who will more if out so its "
    "these than into could other some only any our shall should such may",
    "fr": "de la le et les des en un du une que est pour qui dans par plus pas au sur ne se ce il sont avec "
    "mais ou leur elle nous cette son sa ses ces aux comme ont été être fait même tout ils était deux sans "
    "peut dont ainsi entre lui vous je où",
    "es": "de la que el en y los del se las por un para con no una su al lo como más pero sus ya o este sí "
    "porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos "
    "uno les ni contra otros ese eso ante ellos fue ha era son",
}
SMALL_WORDS = {tag: frozenset(words.split()) for tag, words in _WORDS.items()}
"""By language, the words that tell it; two languages may share some."""
# Only words of one language alone are proof.
_PROOF = {
    word: tag
    for tag, words in SMALL_WORDS.items()
    for word in words - frozenset().union(*(others for other, others in SMALL_WORDS.items() if other != tag))
}
LANGUAGES = frozenset(SMALL_WORDS)
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 20_000
_FEWEST = 4
_TIMES = 4


def surely(text: str) -> str:
    """Return ``en``, ``fr`` or ``es`` where a text says it beyond doubt, else ``""``.

    That is at least four different words of one language alone, and four times as many as of any other.
    """
    found = [word for word in _WORD.findall(text[:_LONGEST].lower()) if word in _PROOF]
    if len(found) < _FEWEST:
        return ""
    scores = Counter(_PROOF[word] for word in found)
    (best, most), (_, second) = (*scores.most_common(2), ("", 0))[:2]
    kinds = sum(_PROOF[word] == best for word in set(found))
    return best if kinds >= _FEWEST and most >= _TIMES * max(second, 1) else ""
