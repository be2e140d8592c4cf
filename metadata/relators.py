"""MARC relator codes (https://www.loc.gov/marc/relators/), and what catalogues write instead of them."""

import re
from functools import lru_cache

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
dtc data-contributor
cns censor
"""
# Every code of the list, those that are discontinued too.
CODES = frozenset(
    """
    abr acp act adi adp aft anc anl anm ann ant ape apl app aqt arc ard arr art asg asn ato att auc aud aue aui aup aus
    aut bdd bjd bka bkd bkp blw bnd bpd brd brl bsl cad cas ccp chr clb cli cll clr clt cmm cmp cmt cnd cng cns coe col
    com con cop cor cos cot cou cov cpc cpe cph cpl cpt cre crp crr crt csl csp cst ctb cte ctg ctr cts ctt cur cwt dbd
    dbp dfd dfe dft dgc dgg dgs dis djo dln dnc dnr dpc dpt drm drt dsr dst dtc dte dtm dto dub edc edd edm edt egr elg
    elt eng enj etr evp exp fac fds fld flm fmd fmk fmo fmp fnd fon fpy frg gdv gis grt his hnr hst ill ilu ink ins inv
    isb itr ive ivr jud jug lbr lbt ldr led lee lel len let lgd lie lil lit lsa lse lso ltg ltr lyr mcp mdc med mfp mfr
    mka mod mon mrb mrk msd mte mtk mup mus mxe nan nrt onp opn org orm orr osp oth own pad pan pat pbd pbl pdr pfr pht
    plt pma pmn pnc pop ppm ppt pra prc prd pre prf prg prm prn pro prp prs prt prv pta pte ptf pth ptt pup rap rbr rcd
    rce rcp rdd red ren res rev rpc rps rpt rpy rse rsg rsp rsr rst rth rtm rxa sad sce scl scr sde sds sec sfx sgd sgn
    sht sll sng spk spn spy srv std stg stl stm stn str swd tad tau tcd tch ths tld tlg tlh tlp trc trl tyd tyg uvp vac
    vdg vfx voc wac wal wam wat waw wdc wde wfs wft wfw win wit wpr wst wts
    """.split()  # noqa: SIM905 -- a table is read more easily than three hundred quotes
)
_CODE = re.compile(r"(?:https?://id\.loc\.gov/vocabulary/relators/)?([a-z]{3})")
_PUNCTUATION = " .,;:()[]"


def from_code(text: str) -> str:
    """Return the code for ``text``, itself a relator code or a relator's URI; else ``""``."""
    found = _CODE.fullmatch(text.strip(_PUNCTUATION))
    return found[1] if found and found[1] in CODES else ""


@lru_cache(maxsize=1024)
def from_term(text: str) -> str:
    """Return the code for a relator term in English, French or Spanish (``traducteur``); else ``""``."""
    return _BY_WORD.get("-".join(re.findall(r"\w+", fold(text))), "") if len(text) <= 100 else ""


def _read() -> dict[str, str]:
    table: dict[str, str] = {}
    for line in _WORDS.split("\n"):
        if line:
            relator, *words = line.split()
            for word in words:
                table.setdefault(word, relator)
    return table


_BY_WORD = _read()

CREATORS = frozenset({"aut", "cre", "art", "cmp", "ctg", "drt", "pht", "dis"})
"""Codes of those "primarily responsible for making the resource" (DCMES creator)."""

STAND_INS = frozenset({"edt", "edc", "com", "isb"})
"""Who stands in where nobody of these is named: editors, compilers, issuing bodies."""
