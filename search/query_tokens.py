"""The tokens of a query, each with its place."""

import re
import unicodedata
from dataclasses import dataclass

from metadata.folding import fold
from search.query_tree import Field

_QUOTES = '"“”„‟«»＂'
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
  | [{_QUOTES}](?P<phrase>[^{_QUOTES}]*)(?P<closed>[{_QUOTES}]?)(?P<near>~\d*)?
  | (?P<open>\()
  | (?P<close>\))
  | (?P<or>OR(?![^\s()]))
  | (?P<and>AND(?![^\s()]))
  | (?P<not>NOT(?![^\s()]))
  | (?P<minus>[-−](?=[^\s)]))
  | (?P<field>[^\W\d_]+):(?=[^\s)/])
  | (?P<apart>[^\W\d_]+):\s+(?=[^\s)/])
  | (?P<stray>~\d*|\*+)
  | (?P<word>[^\s()~*{_QUOTES}]+)(?P<star>\*)?(?P<fuzzy>~\d*)?
    """,
    re.VERBOSE,
)

FIELDS: dict[str, Field] = {
    "title": "title", "titre": "title", "titulo": "title",
    "author": "author", "creator": "author", "auteur": "author", "auteure": "author", "autrice": "author",
    "createur": "author", "autor": "author", "autora": "author", "creador": "author",
    "subject": "subject", "sujet": "subject", "tema": "subject", "materia": "subject", "asunto": "subject",
    "place": "place", "lieu": "place", "lugar": "place",
    "country": "country", "pays": "country", "pais": "country", "region": "country",
    "publisher": "publisher", "editeur": "publisher", "editor": "publisher", "editorial": "publisher",
    "series": "series", "serie": "series", "collection": "collection", "coleccion": "collection",
    "identifier": "identifier", "identifiant": "identifier", "identificador": "identifier",
    "isbn": "identifier", "issn": "identifier", "doi": "identifier", "hdl": "identifier", "urn": "identifier",
    "year": "year", "annee": "year", "ano": "year",
    "date": "date", "fecha": "date",
    "language": "language", "langue": "language", "idioma": "language", "lengua": "language",
    "type": "type", "tipo": "type",
    "format": "format", "formato": "format",
    "access": "access", "acces": "access", "acceso": "access",
}  # fmt: skip
"""The names of fields in English, French and Spanish, folded."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query. ``number`` is what stands after a tilde, -1 for nothing."""

    kind: str
    text: str
    position: int
    whole: bool = True  # of a phrase: its closing quote is there
    number: int = -1


def tokens(text: str) -> list[Token]:
    """Return the tokens of a query; ``position`` counts characters from 1."""
    found, at = [], 0
    cleaned = "".join(map(_printable, text))
    while match := _TOKEN.match(cleaned, at):
        token = _token(match)
        if match["apart"] and not token:  # a word with a colon, which is no field
            token, at = Token("word", match["apart"], match.start() + 1), match.end("apart") + 1
        else:
            at = match.end()
        found += [token] if token and token.kind != "space" else []
    return found


def _printable(character: str) -> str:
    """Replace controls and lone surrogates by a space, so that positions stay."""
    return " " if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character


def _token(match: re.Match[str]) -> Token | None:
    position = match.start() + 1
    if match["apart"]:
        return Token("field", match["apart"], position) if fold(match["apart"]) in FIELDS else None
    if match["phrase"] is not None:
        kind = "near" if match["near"] else "phrase"
        return Token(kind, match["phrase"], position, bool(match["closed"]), _number(match["near"]))
    if match["word"]:
        kind = "prefix" if match["star"] else "fuzzy" if match["fuzzy"] else "word"
        return Token(kind, match["word"], position, number=_number(match["fuzzy"]))
    kind = match.lastgroup or ""
    return Token(kind, match[kind], position)


def _number(tilde: str | None) -> int:
    """Return the number after a tilde; of one too long to be meant, its beginning."""
    digits = (tilde or "")[1:5]
    return int(digits) if digits else -1
