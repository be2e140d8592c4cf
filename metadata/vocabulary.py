"""The vocabulary that comes with Canoe, and the reading of SKOS from one document.

What one asks of a vocabulary stands in :mod:`metadata.concepts`, how files of all forms are read,
and what is wrong with them, in :mod:`metadata.skos`.
"""

from functools import cache
from importlib.resources import files

from metadata.concepts import Scheme as Scheme
from metadata.concepts import Vocabulary as Vocabulary
from metadata.errors import UsageError
from metadata.skos import Source, read_vocabulary

SHIPPED = "conservation"
"""The id of the vocabulary that comes with Canoe."""

_FORMS = {
    "text/turtle": "turtle",
    "application/n-triples": "n-triples",
    "application/rdf+xml": "rdf-xml",
    "application/ld+json": "json-ld",
}


def read_skos(data: bytes, media_type: str = "text/turtle") -> Vocabulary:
    """Return the vocabulary written in ``data`` (UTF-8), whose form is known.

    ``media_type`` is ``text/turtle``, ``application/n-triples``, ``application/rdf+xml`` or
    ``application/ld+json``. Raises UsageError when the data is too large, is of another type,
    declares a DOCTYPE, is not well formed, or holds no concept. Nothing it refers to is fetched.
    """
    if media_type not in _FORMS:
        raise UsageError(f"{media_type} is not read as a vocabulary", f"It can be {', '.join(_FORMS)}.")
    return read_vocabulary([Source(data, "", form=_FORMS[media_type])]).vocabulary


def shipped_file() -> bytes:
    """Return the file of the vocabulary that comes with Canoe, in Turtle."""
    return files("metadata").joinpath(f"{SHIPPED}.ttl").read_bytes()


@cache
def shipped() -> Vocabulary:
    """Return the vocabulary that comes with Canoe: conservation, in English, French and Spanish."""
    return read_skos(shipped_file())
