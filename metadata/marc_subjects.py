"""What a MARC 21 record is about, in words: subject headings and genres, with their languages.

Specification: MARC 21 Bibliographic, 6XX; Subject Heading and Term Source Codes. A heading is
in the language of its thesaurus, else in that of the cataloguing.
"""

from collections.abc import Iterator

from metadata.marc_record import Field
from metadata.marc_source import Source
from metadata.marc_text import heading, trim
from metadata.model import Text

HEADINGS = {
    "600": "abcdqt",
    "610": "abcdnt",
    "611": "acdent",
    "630": "adnpt",
    "647": "acd",
    "648": "a",
    "650": "abc",
    "651": "a",
    "653": "a",
    "654": "abc",
    "655": "abc",
    "656": "a",
    "657": "a",
    "690": "ab",
}
_THESAURUS_LANGUAGE = {
    **dict.fromkeys(("lcsh", "lcshac", "mesh", "nal", "fast", "agrovoc/eng", "sears", "aat", "tgn", "gtt/eng"), "en"),
    **dict.fromkeys(("lcgft", "gsafd", "rbgenr", "gmgpc", "lctgm", "marcgt", "rbprov"), "en"),
    **dict.fromkeys(("rvm", "rameau", "ram", "rero", "fmesh", "rvmgf", "rvmfast"), "fr"),
    **dict.fromkeys(("embne", "bidex", "lemb", "decs/spa", "armac", "embucm"), "es"),
    **dict.fromkeys(("gnd", "swd"), "de"),
}
_RESOURCE_TYPES = "http://purl.org/coar/resource_type/"
_BY_INDICATOR = {"0": "en", "1": "en", "2": "en", "3": "en", "5": "en", "6": "fr"}


def keywords(source: Source) -> Iterator[Text]:
    """Yield the subject headings, divisions after `` -- ``, then genres; uncontrolled terms one by one."""
    fields = source.record.fields
    for tag, main in HEADINGS.items():
        for field in fields.get(tag, ()):
            if tag == "653":
                yield from (Text(value, source.cataloguing) for value in map(trim, field.all("a")) if value)
            elif not _is_type(field) and (subject := heading(field, main)):
                yield Text(subject, language(field, source))
    for field in fields.get("880", ()):
        linked = field.first("6")[:3]
        if linked in HEADINGS and (subject := heading(field, HEADINGS[linked])):
            yield Text(subject)


def _is_type(field: Field) -> bool:
    """Say whether a genre is the type of resource, as Canoe and others write it: that is no subject."""
    return field.first("0").startswith(_RESOURCE_TYPES)


def language(field: Field, source: Source) -> str:
    """Return the language of a heading."""
    second = field.indicators[1:]
    if second == "7":
        known = _THESAURUS_LANGUAGE.get(field.first("2").strip().lower(), "")
    else:
        known = _BY_INDICATOR.get(second, "")
    return known or source.cataloguing
