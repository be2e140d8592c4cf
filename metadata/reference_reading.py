"""What the readers of reference managers' files (BibTeX, RIS) share: bytes to text, values to what items hold."""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from typing import BinaryIO

from metadata import edtf_dates, languages
from metadata import standard_numbers as numbers
from metadata.description import Remarks
from metadata.marc_charset import purify
from metadata.model import Identifier, Series, Text

CHUNK = 256 * 1024
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_EDTF_PART = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?[?~%]?|\d{3}X[?~%]?|\d\dXX[?~%]?", re.ASCII)
_PARTED = re.compile(r"\s*[;,]\s*|\s+and\s+")
_NUMBER = re.compile(r"[\dXx](?:[ -]?[\dXx])*")


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the stream in blocks, without a byte order mark; UTF-16 that has one becomes UTF-8."""
    first = stream.read(CHUNK)
    if first[:2] not in _UTF16:
        first = first.removeprefix(codecs.BOM_UTF8)
        while first:
            yield first
            first = stream.read(CHUNK)
        return
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    while first:
        yield decoder.decode(first).encode("utf-8", "replace")
        first = stream.read(CHUNK)
    yield decoder.decode(b"", True).encode("utf-8", "replace")


def plain_head(head: bytes) -> bytes:
    """Return the beginning of a file without its byte order mark, UTF-16 as UTF-8."""
    if head[:2] in _UTF16:
        return head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    return head.removeprefix(codecs.BOM_UTF8)


def decoded(data: bytes, remarks: Remarks) -> str:
    """Return an entry's text in NFC: UTF-8, else Windows-1252 with a remark; no control characters."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        remarks.add("charset-doubtful", claimed="UTF-8", found="cp1252")
        text = data.decode("cp1252", "replace")
    return purify(unicodedata.normalize("NFC", text), remarks)


def edtf(text: str) -> str:
    """Return the EDTF date (level 0 or 1) that ``text`` is or says, ``""`` where it says none."""
    text = text.strip()
    ends = text.split("/")
    if len(ends) <= 2 and _is_edtf(ends):
        return text
    return edtf_dates.from_text(text)


def _is_edtf(ends: list[str]) -> bool:
    known = [end for end in ends if end not in ("", "..")]
    if not known or not all(map(_is_part, known)):
        return False
    return len(ends) == 1 or ".." in ends or (len(known) == 2 and known[0][:4] <= known[1][:4])


def _is_part(text: str) -> bool:
    found = _EDTF_PART.fullmatch(text)
    return found is not None and (found[1] is None or bool(calendar(found[1], found[2] or "", found[3] or "")))


def calendar(year: str, month: str = "", day: str = "") -> str:
    """Return ``YYYY[-MM[-DD]]`` for figures with or without leading noughts, ``""`` where there is no such day."""
    try:
        whole = date(int(year), int(month or 1), int(day or 1)).isoformat()
    except ValueError:
        return ""
    return whole[: 10 if month and day else 7 if month else 4]


def language_tags(values: Iterable[tuple[str, str]], remarks: Remarks) -> tuple[str, ...]:
    """Return the BCP 47 tags of languages, given as field and value, several in a value if need be."""
    tags: dict[str, None] = {}
    for field, value in values:
        whole = languages.from_code(value)
        for part in [value] if whole else filter(None, _PARTED.split(value)):
            if tag := whole or languages.from_code(part):
                tags[tag] = None
            else:
                remarks.unknown(field, part)
    return tuple(tags)


def standard_numbers(field: str, value: str, remarks: Remarks) -> Iterator[Identifier]:
    """Yield the ISBNs and ISSNs in a value; a figure that is neither is remarked on."""
    found = False
    for written in _NUMBER.findall(value):
        figures = re.sub("[ -]", "", written)
        made = numbers.issn(figures) if len(figures) == 8 else numbers.isbn(figures)
        if made:
            found = True
            yield Identifier("issn" if len(figures) == 8 else "isbn", made)
        elif len(figures) > 7:
            found = True
            remarks.wrong_number(field, written, "issn" if len(figures) == 8 else "isbn")
    if not found:
        remarks.unknown(field, value)


def dois(field: str, value: str, remarks: Remarks) -> Iterator[Identifier]:
    """Yield the DOI in a value, or remark that it is none."""
    if made := numbers.doi(value):
        yield Identifier("doi", made)
    else:
        remarks.wrong_number(field, value, "doi")


def urls(field: str, value: str, remarks: Remarks) -> Iterator[Identifier]:
    """Yield the web addresses in a value, parted by white space; what is none is remarked on."""
    for part in value.split():
        if made := numbers.url(part.rstrip(";,")) or numbers.url(part):
            yield Identifier("url", made)
        else:
            remarks.unknown(field, part)


def own_language(tags: tuple[str, ...]) -> str:
    """Return the language that a title is taken to be in: that of the item, where there is just one."""
    return tags[0] if len(tags) == 1 else ""


def texts(values: Iterable[str], language: str = "") -> tuple[Text, ...]:
    """Return values as texts, each once, the blank ones left out."""
    return tuple(Text(value, language) for value in dict.fromkeys(values) if value)


def with_issn(
    series: tuple[Series, ...], identifiers: Iterable[Identifier], kind: str
) -> tuple[tuple[Series, ...], tuple[Identifier, ...]]:
    """Give the first series the first ISSN: of what is part of a series or journal, the number is that of the whole."""
    kept = tuple(dict.fromkeys(identifiers))
    issn = next((one for one in kept if one.scheme == "issn"), None)
    if issn is None or not series or kind == "periodical":
        return series, kept
    first = Series(series[0].title, series[0].number, issn.value)
    return (first, *series[1:]), tuple(one for one in kept if one != issn)


def pages(first: str, last: str, part_of_whole: bool) -> str:
    """Return an extent as a catalogue writes it: ``p. 73–74`` within a whole, ``123 p.`` of a whole."""
    if first and last and first != last:
        return f"p. {first}–{last}"
    only = first or last
    if not only.isdecimal():
        return only
    return f"p. {only}" if part_of_whole else f"{only} p."
