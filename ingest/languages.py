"""Which language a page speaks, told by its commonest little words."""

from collections import Counter
from collections.abc import Iterable

from metadata.languages import from_code

_SMALL_WORDS = {
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
# A word that two languages share tells nothing apart: it counts for both, and cancels.
_SPEAKS: dict[str, frozenset[str]] = {tag: frozenset(text.split()) for tag, text in _SMALL_WORDS.items()}
_FEWEST = 4
_CLEARLY = 1.5


def tag_of(model: str) -> str:
    """Return the BCP 47 tag of one of Tesseract's models (``fra`` → ``fr``, ``chi_sim`` → ``zh``)."""
    return from_code(model.partition("_")[0])


def detect(words: Iterable[str]) -> str:
    """Return ``en``, ``fr`` or ``es``, or ``""`` where the words do not clearly say."""
    counts = Counter(word.strip(".,;:!?()«»“”\"'’").lower() for word in words)
    scores = {tag: sum(counts[word] for word in small) for tag, small in _SPEAKS.items()}
    best, second = sorted(scores, key=lambda tag: -scores[tag])[:2]
    clear = scores[best] >= _FEWEST and scores[best] >= _CLEARLY * scores[second]
    return best if clear else ""


def most_frequent(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the known tags, the most frequent first; equals keep the order they came in."""
    return tuple(tag for tag, _ in Counter(tag for tag in tags if tag).most_common())
