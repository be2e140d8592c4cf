"""Item ids: ten opaque characters, the last of them a check.

Alphabet: base 32 without i, l, o and u (Crockford's), lower case, so an id can be read out
over the telephone and spells no word. Nine characters carry 45 bits of the submission's
digest; the tenth is a weighted sum over the field GF(32), which finds every single wrong
character and every exchange of two. The DOI suffix is the id.
"""

import hashlib
from collections.abc import Container, Iterator

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 10


def item_id(submission: str, taken: Container[str] = ()) -> str:
    """Return the id of a submission, the same in any home.

    ``submission`` is the sha512 of what was submitted, in hexadecimal; ``taken`` holds the
    ids that other submissions already have: on a clash the next one is derived.
    """
    attempt = 0
    while (made := _derive(submission, attempt)) in taken:
        attempt += 1
    return made


def is_item_id(text: str) -> bool:
    """Say whether ``text`` is written like an id and its check character is right."""
    return len(text) == LENGTH and all(c in ALPHABET for c in text) and _check(text[:-1]) == text[-1]


def _derive(submission: str, attempt: int) -> str:
    digest = hashlib.sha512(f"canoe item {submission} {attempt}".encode()).digest()
    number = int.from_bytes(digest[:6], "big") >> 3
    body = "".join(ALPHABET[number >> shift & 31] for shift in range(40, -5, -5))
    return body + _check(body)


def _check(body: str) -> str:
    total = 0
    for weighed, character in zip(_WEIGHED, body, strict=True):
        total ^= weighed[character]
    return ALPHABET[total]


def _times(a: int, b: int) -> int:
    """Multiply in GF(32), polynomial x⁵ + x² + 1."""
    product = 0
    for bit in range(5):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(8, 4, -1):
        if product >> bit & 1:
            product ^= 0b100101 << (bit - 5)
    return product


def _weighed() -> Iterator[dict[str, int]]:
    """Yield for each place of a body what each character counts there: its value times a power of two."""
    weight = 1
    for _ in range(LENGTH - 1):
        weight = _times(weight, 2)
        yield {character: _times(weight, value) for value, character in enumerate(ALPHABET)}


_WEIGHED = tuple(_weighed())
