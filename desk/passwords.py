"""Passwords: which will do, and how they are kept and checked.

Kept is an Argon2id hash with the low-memory parameters of RFC 9106, section 4: 64 MiB for each
check. So one is checked at a time, and few wait for it: no flood of guesses takes the memory,
or the threads that answer readers.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from metadata.errors import UsageError

SHORTEST, LONGEST = 12, 1024
_MOST_WAITING = 3
_WAIT = 10.0  # seconds
_DISTINCT = 5  # characters a password has at least
_ROWS = ("1234567890", "qwertyuiop", "azertyuiop", "asdfghjkl", "qsdfghjklm", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")
_LEET = str.maketrans("@4301!|5$7", "aaeoiiisst")
_SIGNS = re.compile(r"[\W\d_]+")
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_COMMON = frozenset(
    (
        "access", "admin", "administrador", "administrateur", "administrator", "archive", "archives", "azerty",
        "baseball", "batman", "biblioteca", "bibliotecario", "bibliothecaire", "bibliotheque", "bienvenido",
        "bienvenue", "bonjour", "canoe", "changeme", "contrasena", "contraseña", "correcthorsebatterystaple",
        "default", "desk", "dragon", "football", "guest", "hello", "hola", "iloveyou", "letmein", "librarian",
        "library", "login", "master", "monkey", "motdepasse", "password", "passwort", "princess", "qwerty",
        "repository", "root", "secret", "sunshine", "superman", "test", "trustno", "user", "welcome", "whatever",
    )
)  # fmt: skip
"""What the commonest passwords are made of, with digits and signs around it, repeated or two of them side by side."""


class Busy(Exception):
    """Too many passwords are being checked: come again in a moment."""


class Passwords:
    """Hashes and checks passwords, one at a time in this process."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._turn = threading.Lock()
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING + 1)

    def hashed(self, password: str) -> str:
        """Return the hash to be kept. Raises Busy."""
        with self._alone():
            return self._hasher.hash(_normal(password))

    def is_right(self, kept: str, password: str) -> bool:
        """Say whether a password is the one whose hash is ``kept``; ``""`` takes as long, and none is right.

        Raises Busy.
        """
        nobody = self._nobody()
        with self._alone():
            try:
                return self._hasher.verify(kept or nobody, _normal(password)[:LONGEST]) and bool(kept)
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, kept: str) -> bool:
        """Say whether a hash was made with other parameters than new ones are."""
        return self._hasher.check_needs_rehash(kept)

    @cache  # noqa: B019 - there is one for the process
    def _nobody(self) -> str:
        """Return the hash of a password that nobody has."""
        return self.hashed("")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise Busy
        try:
            if not self._turn.acquire(timeout=_WAIT):
                raise Busy
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._waiting.release()


PASSWORDS = Passwords()
"""The one of this process."""


def require_good(password: str, account: str) -> None:
    """Raise UsageError for a password that is too short, or that many would guess; ``account`` is whose it is."""
    hint = f"Take at least {SHORTEST} characters; four words that have nothing to do with each other are good."
    if len(password) < SHORTEST:
        raise UsageError(f"The password has fewer than {SHORTEST} characters.", hint)
    if len(password) > LONGEST:
        raise UsageError(f"The password has more than {LONGEST} characters.", "A sentence is enough.")
    if _is_common(_normal(password).lower(), account.lower()):
        raise UsageError("The password is one of those that are guessed first.", hint)


def _is_common(password: str, account: str) -> bool:
    if len(set(password)) < _DISTINCT or _is_row(password):
        return True
    known = {*_COMMON, account}
    core = _AROUND.sub("", password)
    bare = {_SIGNS.sub("", form) for form in (core, core.translate(_LEET))}
    return any(not form or _is_made_of(form, known) for form in bare)


def _is_made_of(form: str, known: set[str]) -> bool:
    """Say whether next to nothing is left of ``form`` when the words and rows of keys are taken away."""
    for word in sorted(known, key=len, reverse=True):
        form = form.replace(word, "") if len(word) > 2 else form
    return len(form) <= 3 or _is_row(form)


def _is_row(text: str) -> bool:
    """Say whether a text is keys side by side, forwards or backwards, again and again."""
    return any(text in way * (len(text) // len(way) + 2) for row in _ROWS for way in (row, row[::-1]))


def _normal(password: str) -> str:
    """Return one form of what can be typed in several (RFC 8265, section 4.2.2, takes NFC; NFKC also joins widths)."""
    return unicodedata.normalize("NFKC", password)
