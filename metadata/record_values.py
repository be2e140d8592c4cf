"""Values that records in XML have in common: who, when, which number, what kind, and what is allowed.

Each is checked as the crosswalk of MARC checks it; what is none gives an empty answer.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from metadata import edtf_dates, languages, types
from metadata import standard_numbers as numbers
from metadata.description import Remarks
from metadata.model import Access, Agent, Identifier, Kind

_T = TypeVar("_T")
_NO_LANGUAGE = frozenset({"", "und", "mul", "zxx", "mis", "n/a", "xxx", "other", "none"})
_NAMELESS = re.compile(
    r"[\[\s]*(?:s\.? ?[nl]\.?|(?:publisher|distributor|éditeur) not identified|n/a|unknown)[\]\s.]*", re.IGNORECASE
)
_PLACELESS = re.compile(r"[\[\s]*(?:s\.? ?l\.?|place of publication not identified|n/a|unknown)[\]\s.]*", re.IGNORECASE)
_CORPORATE = re.compile(
    r"\b(?:univ|instit|organi[sz]|societ|société|sociedad|associa|asocia|minist|depart|dept|bureau|commi|conse|council"
    r"|agenc|office|oficina|library|bibliot|museum|musée|museo|press|group|groupe|grupo|project|programme|program"
    r"|collaborat|centre|center|centro|foundation|fondation|fundaci|union|team|company|inc|ltd|s\.a)",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"</?(?:title|i|b|u|em|strong|sub|sup|p|br|span|div|jats:\w{1,20})(?:\s[^<>]{0,200})?/?>", re.IGNORECASE
)
_POINT = r"\d{2}[\dX]{2}(?:-\d\d(?:-\d\d)?)?[?~%]?"
_EDTF = re.compile(rf"{_POINT}(?:/(?:{_POINT}|\.\.)?)?|(?:\.\.)?/{_POINT}")
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)")
_HANDLE = re.compile(r"(?:hdl:\s*|info:hdl/|https?://hdl\.handle\.net/)(\d[\w.]{0,40}/[^\s\"<>]{1,200})", re.IGNORECASE)
_URN = re.compile(r"urn:(isbn|issn):\s*(.+)", re.IGNORECASE)
_URI = re.compile(r"(?:urn|oai|info|ark|tag):[^\s\"<>]{2,400}", re.IGNORECASE)
_LABELLED = re.compile(r"(isbn|issn|doi|e-?issn)(?:-1[03])?\s*[:=]?\s*(\S.*)", re.IGNORECASE)
_ACCESS: tuple[tuple[str, Access], ...] = (
    ("openaccess", "open"), ("c_abf2", "open"),
    ("embargoedaccess", "embargoed"), ("c_f1cf", "embargoed"),
    ("restrictedaccess", "restricted"), ("closedaccess", "restricted"), ("c_16ec", "restricted"),
    ("metadataonlyaccess", "metadata-only"), ("c_14cb", "metadata-only"),
)  # fmt: skip
_ACCESS_TERM = re.compile(
    r"(?:info:eu-repo/semantics/|https?://purl\.org/coar/access_right/)?"
    r"(c_[0-9a-f]{4}|(?:open|embargoed|restricted|closed|metadata[ -]?only)[ -]?access)/?",
    re.IGNORECASE,
)
_EMBARGO = re.compile(r"info:eu-repo/date/embargoEnd/(\d{4}(?:-\d\d){0,2})", re.IGNORECASE)
_COAR = re.compile(r"https?://purl\.org/coar/resource_type/(c_\w{1,12})/?", re.IGNORECASE)
_SEMANTICS = re.compile(r"info:eu-repo/semantics/(\w+)", re.IGNORECASE)
_DCMI = re.compile(r"https?://purl\.org/dc/dcmitype/(\w+)", re.IGNORECASE)

# What types.py does not call by these names, by code and by word: COAR, info:eu-repo, MARC genre terms, EPrints.
_KINDS = {
    "thesis": "db06 bdcc 7a1f 46ec bachelorthesis masterthesis doctoralthesis studentthesis academic-dissertation",
    "book": "2f33 dictionary encyclopedia biography novel fiction bibliography textbook",
    "article": "3248 6501 2df8fbb1 dcae04bc b239 ba08 816b bookpart book-section book-chapter chapter preprint"
    " review contributiontoperiodical bookreview workingdraft journal-article",
    "periodical": "0640 2fe3 newspaper series serials",
    "proceedings": "c94f 5794 6670 f744 conference-publication conference-item conference-paper conferencepaper"
    " conferenceproceedings conferencepaper conferenceposter conference-poster",
    "report": "93fc 18gh 18ws 18hj 18wq 18op 186u 8042 monograph technical-documentation internalreport researchreport"
    " externalresearchreport workingpaper discussion-paper",
    "map": "12cd 12cc cartographic globe remote-sensing-image",
    "image": "c513 ecc8 picture slide graphic art-original art-reproduction postcard chart",
    "video": "12ce 8a7e motion-picture videorecording filmstrip",
    "dataset": "ddb1 numeric-data experiment",
    "sound": "18cc sound-recording sound-recording-nonmusical audiobook recording",
    "music": "18cd sound-recording-musical composition",
    "score": "18cw notated-music",
    "software": "5ce6 software-multimedia computernotebook computationalnotebook",
    "object": "physicalobject three-dimensional-object artefact",
    "mixed": "collection mixed-material kit",
    "other": "1843 text interactiveresource event service patent lecture annotation still exhibition performance"
    " teaching-resource",
}  # fmt: skip
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_NARROWER = {"report": "guideline", "image": "map", "sound": "music"}
_NO_TYPE = frozenset(
    {"publishedversion", "acceptedversion", "submittedversion", "draft", "updatedversion", "openaccess"}
)


def unique(values: Iterable[_T]) -> tuple[_T, ...]:
    """Return the values in order, each once."""
    return tuple(dict.fromkeys(values))


def without_markup(text: str) -> str:
    """Return ``text`` without the HTML tags that publishers leave in titles and names."""
    return " ".join(_MARKUP.sub("", text).split()) if "<" in text else text


def agent(name: str, role: str = "aut", identifiers: tuple[Identifier, ...] = ()) -> Agent | None:
    """Return the agent of a name of which nobody says what it names; None for ``s.n.`` and the like.

    ``Family, Given`` is a person; so is what holds no word that only organisations have, unless it publishes.
    """
    if not name or _NAMELESS.fullmatch(name):
        return None
    corporate = role in ("pbl", "fnd", "spn", "dst") or bool(_CORPORATE.search(name)) or name.isupper()
    kind: Kind = "organisation" if corporate and not re.fullmatch(r"[^,.]+, [^,]{1,60}", name) else "person"
    return Agent(name, "organisation" if role == "pbl" else kind, identifiers)


def place(text: str) -> str:
    """Return a place of publication without brackets, ``""`` for ``s.l.``."""
    return "" if _PLACELESS.fullmatch(text) else text.strip("[] :;,")


def authority(text: str, scheme: str = "") -> Identifier | None:
    """Return the identifier of an agent: ORCID, ISNI, VIAF, ROR, Wikidata, by its address or its ``scheme``."""
    last = text.strip().rstrip("/").rpartition("/")[2]
    last = last.rpartition(")")[2].strip() or last
    told = scheme.strip().lower() or next((one for one in _AGENCIES if one in text.lower()), "")
    if told == "orcid" and (made := numbers.isni(last)):
        return Identifier("orcid", "-".join(made[at : at + 4] for at in range(0, 16, 4)))
    if told == "isni" and (made := numbers.isni(last)):
        return Identifier("isni", made)
    pattern = {"viaf": r"\d{2,22}", "ror": r"0[a-z0-9]{8}", "wikidata": r"Q\d{1,12}"}.get(told)
    return Identifier(told, last) if pattern and re.fullmatch(pattern, last) else None


_AGENCIES = ("orcid", "isni", "viaf", "ror.org", "wikidata")


def language(text: str, field: str, remarks: Remarks) -> str:
    """Return the BCP 47 tag of a language by code or name; one that is not known is remarked on."""
    code = text.strip(" .;").rpartition("/")[2]
    if code.lower() in _NO_LANGUAGE:
        return ""
    tag = languages.from_code(code)
    if not tag:
        remarks.unknown(field, text)
    return tag


def date(text: str) -> str:
    """Return the EDTF date of a text in EDTF, W3C-DTF, ISO 8601 or words; ``""`` where it is none."""
    text = text.strip()
    if basic := _BASIC.fullmatch(text):
        text = "-".join(basic.groups())
    return text if _EDTF.fullmatch(text) and _in_order(text) else edtf_dates.from_text(text)


def _in_order(text: str) -> bool:
    """Say whether the calendar has the days of a date in EDTF, and an interval does not end before it begins."""
    ends = [end.rstrip("?~%") for end in text.split("/")]
    whole = all(edtf_dates.from_text(end) == end for end in ends if len(end) > 4 and "X" not in end)
    known = [end for end in ends if end[:4].isdigit()]
    return whole and known == sorted(known)


def identifier(text: str, remarks: Remarks, field: str) -> Identifier | None:
    """Return an identifier by what it is: DOI, handle, ISBN, ISSN, address, other URI; else of scheme ``local``."""
    text = text.strip()
    if made := numbers.doi(text):
        return Identifier("doi", made)
    if found := _HANDLE.fullmatch(text):
        return Identifier("handle", found[1])
    if (found := _URN.fullmatch(text)) or (found := _LABELLED.fullmatch(text)):
        return typed_identifier(
            found[1].lower().replace("eissn", "issn").replace("e-issn", "issn"), found[2], remarks, field
        )
    if re.match(r"[a-z]{3,5}://", text, re.IGNORECASE):
        return typed_identifier("url", text, remarks, field)
    if _URI.fullmatch(text):
        return Identifier("uri", text)
    return _bare(text)


def _bare(text: str) -> Identifier | None:
    """Return what a number without a label is: an ISBN or ISSN where its check digit says so."""
    if re.fullmatch(r"[\dXx-]{9,17}", text):
        if re.fullmatch(r"\d{4}-\d{3}[\dXx]", text) and (made := numbers.issn(text)):
            return Identifier("issn", made)
        if made := numbers.isbn(text):
            return Identifier("isbn", made)
    return Identifier("local", text) if text else None


def typed_identifier(scheme: str, text: str, remarks: Remarks, field: str) -> Identifier | None:
    """Return an identifier of a known scheme in its normal form; a wrong one is remarked on and left out."""
    checks = {"isbn": numbers.isbn, "issn": numbers.issn, "doi": numbers.doi, "url": numbers.url}
    made = checks[scheme](text) if scheme in checks else text.strip()
    if not made and text:
        remarks.wrong_number(field, text, scheme)
    return Identifier(scheme, made) if made else None


def publication_type(texts: Iterable[str]) -> str:
    """Return the first publication type that ``texts`` name: words or URIs; ``other`` counts least, ``""`` is none.

    Where another of the texts names a narrower type than the first does, it is that.
    """
    found = [kind for text in texts if (kind := _kind(text))]
    first = next((kind for kind in found if kind != "other"), "other" if found else "")
    return next((kind for kind in found if kind == _NARROWER.get(first)), first)


def is_no_type(text: str) -> bool:
    """Say whether a text among the types says something else: a version, a right of access."""
    found = _SEMANTICS.fullmatch(text.strip())
    return bool(found and found[1].lower() in _NO_TYPE)


def _kind(text: str) -> str:
    text = text.strip()
    if found := _COAR.fullmatch(text):
        return _BY_WORD.get(found[1].lower().removeprefix("c_"), "other")
    bare = next((found[1] for one in (_SEMANTICS, _DCMI) if (found := one.fullmatch(text))), text)
    word = "-".join(re.findall(r"[^\W_]+", bare.lower())) if len(bare) <= 60 else ""
    return _BY_WORD.get(word, "") or types.from_label(bare) or types.from_label(bare.replace("_", " "))


def access(text: str) -> Access:
    """Return the access that a text states and nothing else: words, a term of COAR or info:eu-repo; else ``""``."""
    found = _ACCESS_TERM.fullmatch(text.strip())
    word = re.sub(r"[ -]", "", found[1].lower()) if found else ""
    return next((meant for term, meant in _ACCESS if term == word), "")


def embargo(text: str) -> str:
    """Return the end of an embargo that ``info:eu-repo/date/embargoEnd/…`` states, else ``""``."""
    found = _EMBARGO.fullmatch(text.strip())
    return edtf_dates.from_text(found[1]) if found else ""


def parts(text: str) -> Iterator[str]:
    """Yield what a list in one text holds, parted by semicolons, else by commas."""
    separator = ";" if ";" in text else ","
    yield from (part for one in text.split(separator) if (part := one.strip(" .")))


def is_address(text: str) -> bool:
    """Say whether a text is a web address."""
    return bool(numbers.url(text))
