"""Resumption tokens (OAI-PMH 2.0, 3.5): the place in a list, signed, so that nothing is kept on the server.

A token is ``PLACE.SIGNATURE``, both base64url: a msgpack array and the HMAC-SHA256 of its
text as sent. The text itself is signed because several base64 texts decode to the same bytes.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a list goes on: after the change number ``after``, or after ``set_spec`` in ListSets.

    ``from`` needs no field, since every later place lies after it. An absent ``until`` stays
    absent: a record that changes during a harvest gets a later number, moves to the end of
    the list and is met there in its new form. So nothing is lost, and nothing that stayed as
    it was is met twice. ``cursor`` counts the records before this place, ``size`` the whole
    list as it was counted at its first page (-1: not yet).
    """

    verb: str
    prefix: str
    set_spec: str
    until: int
    after: int
    cursor: int = 0
    size: int = -1


def issue(place: Place, key: bytes, expires: int) -> str:
    """Return the token for ``place``, good until ``expires`` (epoch seconds)."""
    body = urlsafe_b64encode(msgspec.msgpack.encode((expires, place)))
    return f"{body.decode()}.{_sign(body, key)}"


def accept(token: str, key: bytes, now: int) -> Place | None:
    """Return the place that ``token`` holds, or None where it is not ours, was altered or has expired."""
    body, _, signature = token.encode("utf-8", "surrogateescape").partition(b".")
    if not hmac.compare_digest(signature, _sign(body, key).encode()):
        return None
    try:
        expires, place = msgspec.msgpack.decode(urlsafe_b64decode(body), type=tuple[int, Place])
    except msgspec.DecodeError:
        # Signed by us, in the form of another edition of this module.
        return None
    return place if now <= expires else None


def _sign(body: bytes, key: bytes) -> str:
    return urlsafe_b64encode(hmac.digest(key, body, hashlib.sha256)[:18]).decode()
