"""What a MARC 21 record says by position: its leader, 005, 007 and 008, and the dates in 008 and 264.

MARC 21 Format for Bibliographic Data: Leader, 005, 007, 008. Positions that nothing is known
for hold the fill character (``|``, no attempt to code); undefined ones are blank.
"""

import re

from metadata.languages import to_iso639_3
from metadata.model import Date, Item

# ISO 639-2/B, which MARC uses, where it differs from ISO 639-3.
_MARC_LANGUAGES = dict(
    pair.split(":")
    for pair in """
    bod:tib ces:cze cym:wel deu:ger ell:gre eus:baq fas:per fra:fre hye:arm isl:ice kat:geo mkd:mac mri:mao
    msa:may mya:bur nld:dut ron:rum slk:slo sqi:alb zho:chi
    """.split()  # noqa: SIM905 -- a table is read more easily than twenty quotes
)
# Leader/06 and 07. A text whose type is not here is a monograph.
_LEVELS = {
    "periodical": "as", "article": "ab", "map": "em", "video": "gm", "image": "km", "dataset": "mm", "software": "mm",
    "sound": "im", "music": "jm", "score": "cm", "object": "rm", "mixed": "pc",
}  # fmt: skip
# 008/18-34 by leader/06, or by 07 where that says continuing resource.
_POSITIONS = {
    "a": "|||||{form}|||||||| ||",
    "s": "|| ||{form}||||||   ||",
    "e": "|||||| |  |{form} | ||",
    "g": "||| |     |{form}   ||",
    "k": "||| |     |{form}   ||",
    "r": "||| |     |{form}   ||",
    "m": "    |{form}  | |      ",
    "p": "     {form}           ",
    **dict.fromkeys("cij", "|||||{form}|||||||| | "),
}
# Where in 008/18-34, and by which code, that says more of the type.
_TOLD = {"thesis": (6, "m"), "report": (6, "t"), "proceedings": (11, "1"), "dataset": (8, "a"), "software": (8, "b")}
_YEAR = re.compile(r"(\d{4}|\d{3}X|\d{2}XX)([?~%]?)", re.ASCII)
_SUPPLIED = re.compile(r"\d{4}\?\d{4}\?", re.ASCII)
_TWO = re.compile(r"\d{8}", re.ASCII)
_CODE = re.compile(r"[a-z]{3}")
_DAY = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?", re.ASCII)


def leader(item: Item) -> str:
    """Return the leader of an item's record: UTF-8, ISBD punctuation; deleted (05 ``d``) if it was withdrawn."""
    status = "d" if item.status == "withdrawn" else "n"
    return f"00000{status}{_LEVELS.get(item.type, 'am')} a22000003i 4500"


def is_file(item: Item) -> bool:
    """Say whether the item's leader calls it a computer file, which 006 need then not say."""
    return _LEVELS.get(item.type, "am")[0] == "m"


def changed_at(instant: str) -> str:
    """Return field 005 for an RFC 3339 instant in UTC: ``19940223151047.0``."""
    digits = re.sub(r"\D", "", instant)[:14]
    return f"{digits.ljust(14, '0')}.0"


def language_code(tag: str) -> str:
    """Return the MARC code of a BCP 47 tag (``fre`` for ``fr``), ``und`` where it is not known."""
    code = to_iso639_3(tag)
    return _MARC_LANGUAGES.get(code, code) if _CODE.fullmatch(code) else "und"


def coded(item: Item, instant: str) -> str:
    """Return field 008 of an item whose record was last changed at ``instant`` (RFC 3339, UTC)."""
    entered = changed_at(instant)[2:8]
    language = language_code(item.languages[0]) if item.languages else "und"
    return f"{entered}{_dates(issued(item), item.type)}xx {_material(item)}{language} d"


def recoded(known: str, was: Item, now: Item) -> str:
    """Return field 008, ``known``, of an item that ``was`` otherwise, with what is ``now`` true in its places.

    Only the places of what has changed are written: dates, material (by type), language.
    """
    if (issued(was), was.type, was.languages) == (issued(now), now.type, now.languages):
        return known
    places = known.ljust(40, "|")[:40]
    if issued(was) != issued(now) or (was.type == "periodical") != (now.type == "periodical"):
        places = places[:6] + _dates(issued(now), now.type) + places[15:]
    if was.type != now.type:
        places = places[:18] + _rematerial(places[18:35], was, now) + places[35:]
    if was.languages != now.languages:
        places = places[:35] + (language_code(now.languages[0]) if now.languages else "und") + places[38:]
    return places


def date_written(item: Item) -> str:
    """Return the date of issue as 264 $c has it (``[1987?]``, ``1993-``), ``""`` where there is none."""
    value = issued(item)
    first, slash, second = value.partition("/")
    if not slash:
        return _one(first)
    if "-" in first + second or not first[:4].isdigit():
        return value
    if first.endswith("?") and second.endswith("?"):
        return f"[between {first[:-1]} and {second[:-1]}]"
    return f"{_one(first)}-" if second in ("", "..") else f"{_one(first)}-{_one(second)}"


def issued(item: Item) -> str:
    """Return the date of issue, else of creation, in EDTF; ``""`` where there is neither."""
    dated = sorted((date for date in item.dates if date.kind != "covered"), key=_created_last)
    return dated[0].value if dated else ""


def _created_last(date: Date) -> bool:
    return date.kind != "issued"


def _one(date: str) -> str:
    """Return a single date as cataloguers write it: what was supplied or doubted stands in brackets."""
    found = _YEAR.fullmatch(date)
    if not found:
        return date
    year, doubt = found.groups()
    if "X" in year:
        return f"[{year.replace('X', '-')}?]"
    return {"?": f"[{year}?]", "~": f"[ca. {year}]", "%": f"[ca. {year}?]"}.get(doubt, year)


def _dates(value: str, kind: str) -> str:
    """Return 008/06-14, type of date and two dates."""
    first, slash, second = value.partition("/")
    if slash and (between := _span(first, second, kind == "periodical")):
        return between
    if not slash and (day := _DAY.fullmatch(first)):
        return f"e{day[1]}{day[2]}{day[3] or '  '}"
    found = _YEAR.match(first)
    return f"s{found[1].replace('X', 'u')}    " if found else "nuuuuuuuu"


def _span(first: str, second: str, is_serial: bool) -> str:
    """Return type and dates of a span of years that 008 can say without loss, else ``""``."""
    if second == ".." and (found := _YEAR.fullmatch(first)) and not found[2]:
        return f"{'c' if is_serial else 'm'}{first.replace('X', 'u')}9999"
    if _SUPPLIED.fullmatch(first + second):
        return f"q{first[:4]}{second[:4]}"
    if _TWO.fullmatch(first + second):
        return f"{'d' if is_serial else 'm'}{first}{second}"
    return ""


def _material(item: Item) -> str:
    """Return 008/18-34: what is known is whether it is online, and what kind of publication it is."""
    record = _LEVELS.get(item.type, "am")
    pattern = _POSITIONS["s" if record[1] in "sb" else record[0]]
    places = list(pattern.format(form="o" if item.files else "|"))
    at, code = _TOLD.get(item.type, (0, places[0]))
    places[at] = code
    return "".join(places)


def _rematerial(known: str, was: Item, now: Item) -> str:
    """Return 008/18-34 of an item that was of another type; what is coded for the same material stays."""
    if _LEVELS.get(was.type, "am") != _LEVELS.get(now.type, "am"):
        return _material(now)
    places = list(known)
    at, code = _TOLD.get(was.type, (0, ""))
    if places[at] == code:
        places[at] = " "
    at, code = _TOLD.get(now.type, (0, places[0]))
    places[at] = code
    return "".join(places)
