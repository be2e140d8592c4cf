"""Languages: from any code or name a catalogue uses to BCP 47, and back out.

Inside Canoe a language is a BCP 47 tag (RFC 5646 section 2.1, written as section 2.1.1
recommends: ``fr``, ``pt-BR``, ``zh-Hans``), ``""`` where unknown. Names come from CLDR
through Babel; the codes of ISO 639-2 stand here, since CLDR does not list them whole.
"""

import re
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from metadata.folding import fold

NAMED_IN = ("en", "fr", "es")

# ISO 639-1 and its ISO 639-3 code (ISO 639-2/T where both exist).
_PAIRS = """
aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul
bi:bis bm:bam bn:ben bo:bod br:bre bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:ces cu:chu cv:chv cy:cym
da:dan de:deu dv:div dz:dzo ee:ewe el:ell en:eng eo:epo es:spa et:est eu:eus fa:fas ff:ful fi:fin fj:fij
fo:fao fr:fra fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin ho:hmo hr:hrv ht:hat
hu:hun hy:hye hz:her ia:ina id:ind ie:ile ig:ibo ii:iii ik:ipk io:ido is:isl it:ita iu:iku ja:jpn jv:jav
ka:kat kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm kn:kan ko:kor kr:kau ks:kas ku:kur kv:kom kw:cor ky:kir
la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah mi:mri mk:mkd ml:mal mn:mon
mr:mar ms:msa mt:mlt my:mya na:nau nb:nob nd:nde ne:nep ng:ndo nl:nld nn:nno no:nor nr:nbl nv:nav ny:nya
oc:oci oj:oji om:orm or:ori os:oss pa:pan pi:pli pl:pol ps:pus pt:por qu:que rm:roh rn:run ro:ron ru:rus
rw:kin sa:san sc:srd sd:snd se:sme sg:sag sh:hbs si:sin sk:slk sl:slv sm:smo sn:sna so:som sq:sqi sr:srp
ss:ssw st:sot su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur
ts:tso tt:tat tw:twi ty:tah ug:uig uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid
yo:yor za:zha zh:zho zu:zul
"""

# ISO 639-2/B, and codes MARC has discontinued but old records still carry.
_OTHER_CODES = """
alb:sq arm:hy baq:eu bur:my chi:zh cze:cs dut:nl fre:fr geo:ka ger:de gre:el ice:is mac:mk mao:mi may:ms
per:fa rum:ro slo:sk tib:bo wel:cy cam:km gae:gd gua:gn iri:ga lan:oc mla:mg mol:ro scc:sr scr:hr sho:sn
snh:si sso:st swz:ss tag:tl taj:tg tar:tt tsw:tn
"""

# Collective codes of ISO 639-5: legal tags, which CLDR does not name.
_COLLECTIVE = frozenset(
    """
afa alg apa art ath aus bad bai bat ber bih bnt btk cai cau cel cmc cpe cpf cpp crp cus day dra fiu gem
ijo inc ine ira iro kar khi kro map mkh mno mun myn nah nai nic nub oto paa phi pra roa sai sal sem sgn
sio sit sla smi son ssa tai tup tut wak wen ypk znd
""".split()  # noqa: SIM905 -- a table is read more easily than seventy quotes
)

# Where Tesseract names its models otherwise than by ISO 639-3.
_TESSERACT = {
    "az-Cyrl": "aze_cyrl",
    "fil": "fil",
    "ku": "kmr",
    "nb": "nor",
    "nn": "nor",
    "sr-Latn": "srp_latn",
    "uz-Cyrl": "uzb_cyrl",
    "zh": "chi_sim",
    "zh-Hans": "chi_sim",
    "zh-Hant": "chi_tra",
    "zh-HK": "chi_tra",
    "zh-TW": "chi_tra",
}

_SYNONYMS = {"castilian": "es", "castillan": "es", "castellano": "es"}
_UNKNOWN = frozenset({"und", "mis", "root"})
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?:-(?P<variant>[a-z0-9]{5,8}|\d[a-z0-9]{3}))?",
    re.ASCII,
)
_LONGEST = 100


def _pairs(table: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in table.split())


_TO_ISO639_3 = _pairs(_PAIRS)
_FROM_CODE = _pairs(_OTHER_CODES) | {code: tag for tag, code in _TO_ISO639_3.items()}


@lru_cache(maxsize=4096)
def from_code(code: str) -> str:
    """Return the BCP 47 tag of a language.

    ``code`` is an ISO 639-1, 639-2/B, 639-2/T or 639-3 code, a BCP 47 tag (hyphens or
    underscores, any case), or the language's name in English, French or Spanish, with or
    without its accents. The answer is ``""`` where nothing is known by it.
    """
    if len(code) > _LONGEST:
        return ""
    folded = fold(code)
    # A short text is a code, even where it is another language's name ("ga"); a longer one is a
    # name first, even where it looks like a tag ("bas-allemand").
    return _primary(folded) or _names().get(folded, "") or _from_tag(folded.replace("_", "-"))


def to_iso639_3(tag: str) -> str:
    """Return the ISO 639-3 code of a BCP 47 tag (``eng`` for ``en-GB``), ``""`` for ``""``."""
    language = tag.partition("-")[0]
    return _TO_ISO639_3.get(language, language)


def to_tesseract(tag: str) -> str:
    """Return the name of Tesseract's model for a BCP 47 tag (``fra``, ``chi_tra``), ``""`` for ``""``.

    Whether that model is installed is another question.
    """
    language = tag.partition("-")[0]
    return _TESSERACT.get(tag) or _TESSERACT.get(language) or to_iso639_3(tag)


@lru_cache(maxsize=4096)
def name(tag: str, in_language: str = "en") -> str:
    """Return the language's name in ``in_language`` (both BCP 47), else in English, else the tag."""
    names = _cldr(in_language).languages
    language = tag.partition("-")[0]
    whole = names.get(tag.replace("-", "_"))
    return str(whole or _composed(tag, names.get(language, ""), in_language) or tag)


def _composed(tag: str, base: str, in_language: str) -> str:
    """Name a tag with subtags: ``French (Senegal)``."""
    locale = _cldr(in_language)
    rest = [locale.scripts.get(part) or locale.territories.get(part) or part for part in tag.split("-")[1:]]
    return f"{base} ({', '.join(rest)})" if base and rest else base


def _from_tag(text: str) -> str:
    match = _TAG.fullmatch(text)
    language = _primary(match["language"]) if match else ""
    if not match or not language:
        return ""
    script, region = (match["script"] or "").title(), (match["region"] or "").upper()
    variant = match["variant"] or ""
    english = _cldr("en")
    lists = (english.scripts, script), (english.territories, region), (english.variants, variant.upper())
    known = all(not subtag or subtag in listed for listed, subtag in lists)
    return "-".join(part for part in (language, script, region, variant) if part) if known else ""


def _primary(code: str) -> str:
    """Return the primary language subtag for a bare code, ``""`` when it is none."""
    if code in _UNKNOWN:
        return ""
    if code in _TO_ISO639_3 or code in _COLLECTIVE:
        return code
    alias = get_global("language_aliases").get(code, "")
    found = _FROM_CODE.get(code) or ("" if "_" in alias else alias)
    return str(found or (code if code in _cldr("en").languages else ""))


@cache
def _names() -> dict[str, str]:
    """Folded names in every language of the house, each with its tag."""
    named: dict[str, str] = {}
    for language in NAMED_IN:
        for code, text in _cldr(language).languages.items():
            if code not in _UNKNOWN:
                named.setdefault(fold(text), code.replace("_", "-"))
    return named | _SYNONYMS


@lru_cache(maxsize=64)
def _cldr(language: str) -> Locale:
    try:
        return Locale.parse(language.partition("-")[0])
    except (UnknownLocaleError, ValueError):
        return Locale("en")
