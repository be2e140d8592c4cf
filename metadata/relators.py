"""MARC relator codes (https://www.loc.gov/marc/relators/), and what catalogues write instead of them."""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from metadata.folding import fold

_WORDS = """
aut author auteur autor autrice auteure autora writer joint-author coauthor
edt editor ed editeur-scientifique directeur-de-publication dir editor-literario redacteur
trl translator tr trad traducteur traductrice traductor traductora
ill illustrator ill illustrateur illustratrice ilustrador ilustradora
pht photographer photographe fotografo fotografa
com compiler comp compilateur compilador compiladora
ctb contributor collaborateur collaboratrice colaborador colaboradora
pbl publisher editeur editorial editor-comercial
isb issuing-body organisme-de-publication entidad-emisora
spn sponsor sponsoring-body commanditaire patrocinador
fnd funder bailleur financiador
ths thesis-advisor degree-supervisor directeur-de-these director-de-tesis
dgg degree-granting-institution
ctg cartographer cartographe cartografo
prf performer interprete
cmp composer compositeur compositor
drt film-director director realisateur realisatrice
nrt narrator narrateur narrador
aui author-of-introduction-etc author-of-introduction auteur-de-l-introduction
aft author-of-afterword-colophon-etc
win writer-of-introduction wpr writer-of-preface prefacier prologuista
rev reviewer
art artist artiste artista
prt printer imprimeur impresor
dst distributor distributeur distribuidor
orm organizer organisateur organizador
his host-institution
pro producer producteur productor
col collector
cur curator
sng vocalist chanteur chanteuse cantante
cnd chef-d-orchestre director-de-orquesta
act acteur actrice actriz
arr arrangeur arreglista
lbt librettiste libretista
lyr parolier letrista
egr graveur grabador grabadora
arc architecte arquitecto arquitecta
ivr intervieweur entrevistador entrevistadora
ive interviewe entrevistado entrevistada
res chercheur investigador investigadora
dnr donateur donador donante
fmo ancien-possesseur antiguo-poseedor
dte dedicataire dedicatario
art graphic-technician
clr colourist
mfr fabricant fabricante
"""
_TABLE = tomllib.loads(files("metadata").joinpath("relators.toml").read_text("utf-8"))

TERMS: Mapping[str, str] = _TABLE["terms"]
"""The English term of every code that is in use."""

CODES = frozenset(TERMS)
_MEANT = {"creator": "aut"}  # MODS and Dublin Core write it of any author
_INSTEAD: Mapping[str, str] = _TABLE["discontinued"]
_CODE = re.compile(r"(?:https?://id\.loc\.gov/vocabulary/relators/)?([a-z]{3})")
_PUNCTUATION = " .,;:()[]"


def from_code(text: str) -> str:
    """Return the code for ``text``, itself a relator code or a relator's URI; else ``""``.

    For a code that is discontinued it is the one that is used instead.
    """
    found = _CODE.fullmatch(text.strip(_PUNCTUATION))
    code = _INSTEAD.get(found[1], found[1]) if found else ""
    return code if code in CODES else ""


@lru_cache(maxsize=1024)
def from_term(text: str) -> str:
    """Return the code for a relator term in English, French or Spanish (``traducteur``); else ``""``."""
    return _BY_WORD.get(_key(text), "") if len(text) <= 100 else ""


def _key(term: str) -> str:
    return "-".join(re.findall(r"\w+", fold(term)))


def _read() -> dict[str, str]:
    table = {_key(term): code for code, term in TERMS.items()} | _MEANT
    for line in _WORDS.split("\n"):
        if line:
            relator, *words = line.split()
            for word in words:
                table.setdefault(word, relator)
    return table


_BY_WORD = _read()

CREATORS = frozenset({"aut", "cre", "art", "cmp", "ctg", "drt", "fmd", "fmk", "pht", "dis"})
"""Codes of those "primarily responsible for making the resource" (DCMES creator)."""

STAND_INS = frozenset({"edt", "edc", "com", "isb"})
"""Who stands in where nobody of these is named: editors, compilers, issuing bodies."""
