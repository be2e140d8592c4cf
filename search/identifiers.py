"""Identifiers in the one form under which they are kept and looked for, however they are spelt."""

import re

from metadata.folding import fold
from metadata.standard_numbers import doi, isbn, isbn_forms, issn

_LONGEST = 400
_NAMED = re.compile(r"\s*(?:urn:)?(?:isbn|issn|e-issn|doi|hdl)(?:-1[03])?\s*[: ]\s*", re.IGNORECASE)
_GAPS = re.compile(r"[\s\u2010-\u2015-]")
_ISBN = re.compile(r"(?:97[89])?\d{9}[\dxX]")
_ISSN = re.compile(r"\d{4}-?\d{3}[\dxX]")
_RESOLVER = re.compile(r"https?://(?:www\.)?(?:(?:dx\.)?doi\.org|hdl\.handle\.net|orcid\.org)/", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://(?:www\.)?", re.IGNORECASE)
_REPORT = re.compile(r"(?=.*\d)(?=.*[^\W\d_])[\w.:]+(?:[-/][\w.:]+)+")
_FEWEST = 5  # letters and digits of a number that is looked for among identifiers unasked


def identifier(text: str) -> str:
    """Return an identifier as its letters and digits, without accents and case; ``""`` where it has none.

    An ISBN of ten characters gives the one of thirteen; a resolver's address before a DOI or
    handle, ``https://`` and a scheme's name before a number (``ISBN 978…``) are left out.
    """
    bare = text[:_LONGEST].strip()
    if not bare.isalnum():  # most are, and have no name, resolver or scheme
        bare = _RESOLVER.sub("", _NAMED.sub("", bare, count=1), count=1)
    number = _isbn(bare)
    name = isbn_forms(number)[0] if number else doi(bare) or _without_scheme(bare)
    folded = fold(name)
    return folded if folded.isalnum() else "".join(filter(str.isalnum, folded))


def _without_scheme(text: str) -> str:
    return _SCHEME.sub("", text, count=1) if "://" in text else text


def looks_like_identifier(text: str) -> bool:
    """Say whether a word of a query is an ISBN, an ISSN, a DOI or built like the number of a report."""
    if _isbn(text) or doi(text) or (_ISSN.fullmatch(text) and issn(text)):
        return True
    return _REPORT.fullmatch(text) is not None and sum(map(str.isalnum, text)) >= _FEWEST


def _isbn(text: str) -> str:
    """Return the ISBN that ``text`` is, hyphens and spaces aside; ``""`` where it is none."""
    bare = _GAPS.sub("", text)
    return isbn(bare) if _ISBN.fullmatch(bare) else ""
