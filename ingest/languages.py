"""Which language a page speaks, told by its commonest little words."""

from collections import Counter
from collections.abc import Iterable

from metadata.languages import from_code
from metadata.small_words import SMALL_WORDS

_FEWEST = 4
_CLEARLY = 1.5


def tag_of(model: str) -> str:
    """Return the BCP 47 tag of one of Tesseract's models (``fra`` → ``fr``, ``chi_sim`` → ``zh``)."""
    return from_code(model.partition("_")[0])


def detect(words: Iterable[str]) -> str:
    """Return ``en``, ``fr`` or ``es``, or ``""`` where the words do not clearly say."""
    # A word that two languages share tells nothing apart: it counts for both, and cancels.
    counts = Counter(word.strip(".,;:!?()«»“”\"'’").lower() for word in words)
    scores = {tag: sum(counts[word] for word in small) for tag, small in SMALL_WORDS.items()}
    best, second = sorted(scores, key=lambda tag: -scores[tag])[:2]
    clear = scores[best] >= _FEWEST and scores[best] >= _CLEARLY * scores[second]
    return best if clear else ""


def most_frequent(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the known tags, the most frequent first; equals keep the order they came in."""
    return tuple(tag for tag, _ in Counter(tag for tag in tags if tag).most_common())
