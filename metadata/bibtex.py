"""BibTeX and BibLaTeX, one entry at a time, to items.

Oren Patashnik, *BibTeXing* (BibTeX 0.99d), and the biblatex manual 3.19, section 2. What has a place
of its own in an item goes there; other fields that say something become notes; what managers
keep for themselves (``file``, ``timestamp``) stays in the source alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from metadata import reference_reading as reading
from metadata import relators, types
from metadata.bibtex_inheritance import Parents, parents
from metadata.bibtex_names import listed, names, split
from metadata.bibtex_syntax import Abbreviations, Damaged, Entry, Piece, parse, pieces
from metadata.description import Description, Link, Rejected, Remarks
from metadata.latex import to_unicode
from metadata.model import Agent, Contribution, Date, Identifier, Item, Kind, Series, Text

_TYPES = {
    name: kind
    for kind, names in {
        "article": "article inbook incollection inproceedings conference suppperiodical suppcollection bookinbook"
        " suppbook inreference review",
        "book": "book booklet mvbook collection mvcollection reference mvreference",
        "report": "techreport report",
        "thesis": "phdthesis mastersthesis bachelorsthesis thesis",
        "proceedings": "proceedings mvproceedings",
        "image": "image artwork figure",
        "video": "video movie",
        "guideline": "manual",
        "periodical": "periodical",
        "dataset": "dataset",
        "map": "map",
        "sound": "audio",
        "music": "music",
        "software": "software",
        "other": "misc unpublished online electronic www webpage patent standard letter legal legislation jurisdiction"
        " commentary performance set",
    }.items()
    for name in names.split()
}
_THESES = frozenset(["phdthesis", "mathesis", "phd", "master", "masters", "candthesis"])
_REPORTS = frozenset(["techreport", "resreport"])
_DEGREES = {"phdthesis": "PhD thesis", "mastersthesis": "Master’s thesis"}  # as the standard styles print them
_PEOPLE: dict[str, str] = {
    "author": "aut", "editor": "edt", "translator": "trl", "bookauthor": "aut", "introduction": "aui",
    "foreword": "wpr", "afterword": "aft", "annotator": "ann", "commentator": "cwt", "holder": "cph",
    "editora": "edt", "editorb": "edt", "editorc": "edt", "collaborator": "ctb", "advisor": "ths",
    "director": "drt", "illustrator": "ill",
}  # fmt: skip
_EDITOR_TYPES = {
    "editor": "edt", "compiler": "com", "collaborator": "ctb", "organizer": "orm", "redactor": "red",
    "reviser": "edt", "founder": "edt", "continuator": "edt", "director": "drt", "producer": "pro",
}  # fmt: skip
_HOSTS = ("journaltitle", "journal", "booktitle", "maintitle")
_ABSTRACTS = ("abstract", "annotation", "annote")
_RIGHTS = ("rights", "copyright", "license", "licence")
_PLACES = ("location", "address")
_NUMBERS = ("isbn", "issn", "isrn", "doi", "url", "eprint", "howpublished")
_DATES = ("date", "year", "month", "day")
_LANGUAGES = ("language", "langid", "hyphenation")
_PARTS = ("title", "subtitle", "titleaddon", "volume", "number", "issue", "series", "pages", "pagetotal",
          "edition", "note", "addendum", "type", "crossref", "xref", "keywords", "keyword",
          "shorttitle", "origtitle", "xdata", "publisher", "institution", "school",
          "organization", "numpages", "archiveprefix", "eprinttype")  # fmt: skip
_PUBLISHERS = ("publisher", "institution", "school", "organization")
_READ = frozenset((*_PEOPLE, *_HOSTS, *_ABSTRACTS, *_RIGHTS, *_PLACES, *_NUMBERS, *_DATES, *_LANGUAGES, *_PARTS,
                   "editortype", "editoratype", "editorbtype", "editorctype"))  # fmt: skip
_HOUSEKEEPING = re.compile(
    r"file|key|owner|timestamp|(?:bdsk|mendeley|citeulike|read|local)[\w-]*|date-(?:added|modified)|creationdate"
    r"|modificationdate|groups|__markedentry|username|biburl|bibsource|ids|options|entryset|related\w*|sort\w*"
    r"|label|short(?:hand|author|editor|journal|series)|presort|index\w*title|gender|nameaddon|execute|urldate|lastchecked"
    r"|usera|userb|interhash|intrahash|added-at|posted-at|priority|web_url|uuid|unique-id|dateadded"
)
_TOLD = frozenset(
    """
    chapter volumes part eventtitle eventdate venue issuetitle journaladdon booktitleaddon version origdate
    origlanguage origpublisher origlocation pubstate library affiliation journalsubtitle booksubtitle mainsubtitle
    journaltitleaddon maintitleaddon eprintclass
    primaryclass
    """.split()  # noqa: SIM905 -- a table is read more easily than twenty quotes
)
_OTHERS = re.compile(r"\sand\s+others\s*$", re.IGNORECASE)
_ESCAPED = re.compile(r"\{?\\([%#&_$~])\}?")
_ENCODED = {"%7B": "{", "%7D": "}", "%5C": "\\"}
_URL_COMMAND = re.compile(r"\\url\s*\{([^{}]*)\}|(https?://[^\s{}\\,]+)")
_RANGE = re.compile(r"\s*([^\s,–-]+)\s*(?:-{1,3}|–|\\textendash(?:\{\})?)\s*([^\s,–-]+)\s*")


def read_bibtex(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every entry of ``stream``, in order, as a description or with the reason why not.

    ``where`` is the file's name for reports. ``@string``, ``@preamble``, ``@comment`` and the text between
    entries count for nothing, unless they are broken. Bytes are UTF-8, else Windows-1252. Memory stays
    flat; one entry may have up to 1 MiB. An entry has from others what ``crossref`` and ``xdata`` give it
    (:mod:`metadata.bibtex_inheritance`), for which ``stream`` must be seekable; it is another submission
    when one of these is changed. A file without any entry gives a refusal.
    """
    abbreviations, others = Abbreviations(), parents(stream)
    number = 0
    for piece in pieces(stream):
        remarks = Remarks(f"{where}#{number + 1}")
        if read := _read(piece, number + 1, _Context(abbreviations, others), remarks):
            number += 1
            yield read
    if not number:
        remarks = Remarks(f"{where}#1")
        remarks.add("record-damaged", reason="there is no BibTeX entry in the file")
        yield Rejected(1, tuple(remarks.problems))


def is_bibtex(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like BibTeX: an entry or a command on a line of its own."""
    start = re.compile(
        rb"(?<![^\r\n])[ \t]{0,40}@[ \t]{0,9}(?:(?i:string|comment|preamble)\s{0,9}[{(]"
        rb"|[A-Za-z]{3,40}\s{0,9}[{(]\s{0,40}[^\s,{}()=\"]{0,200}\s{0,40},\s{0,40}[A-Za-z][\w-]{0,40}\s{0,9}=)"
    )
    head = reading.plain_head(head)
    return b"\0" not in head and start.search(head) is not None


@dataclass(frozen=True, slots=True)
class _Context:
    """What an entry is read with: the file's abbreviations so far, and the entries that others refer to."""

    abbreviations: Abbreviations
    parents: Parents


def _read(piece: Piece, number: int, context: _Context, remarks: Remarks) -> Description | Rejected | None:
    if piece.kind in ("comment", "preamble") and not piece.fault:
        return None
    text = reading.decoded(piece.raw, remarks)
    try:
        if piece.fault:
            raise Damaged(piece.fault)
        entry = parse(text, piece.kind, context.abbreviations, remarks)
        if entry.kind == "string":
            _define(entry, context.abbreviations)
            return None
        if entry.kind == "xdata":
            remarks.add("record-not-bibliographic", kind="data for other entries (@xdata)")
            return Rejected(number, tuple(remarks.problems), piece.raw, set_aside=True)
        whole, beside = context.parents.inherited(entry, remarks)
        if crossref := whole.first("crossref").strip():
            whole.fields["crossref"] = [context.parents.key(crossref)]
        return _describe(whole, number, b"\n".join(filter(None, (piece.raw, beside))), remarks)
    except Damaged as fault:
        remarks.problems.clear()
        remarks.add("record-damaged", reason=fault)
        return Rejected(number, tuple(remarks.problems), piece.raw)


def _define(entry: Entry, abbreviations: Abbreviations) -> None:
    for name, values in entry.fields.items():
        if not abbreviations.define(name, values[-1]):
            raise Damaged(f"the abbreviation {name} is too long, or there are too many")


def _describe(entry: Entry, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
    item = _Reading(entry, remarks).item()
    if not item.titles:
        remarks.add("record-without-title", "title", field="title")
        return Rejected(number, tuple(remarks.problems), raw)
    return Description(number, item, raw, "", tuple(_links(entry, remarks)), tuple(remarks.problems))


def _control_number(key: str, remarks: Remarks) -> str:
    """Return a citation key as a number that only its file gives: two files may use one key for two things."""
    file = re.split(r"[/\\]", remarks.where.rpartition("#")[0])[-1]
    return f"({file}){key}"


def _links(entry: Entry, remarks: Remarks) -> Iterator[Link]:
    for field in ("crossref", "xref"):
        if key := entry.first(field).strip():
            yield Link("isPartOf", "control-number", _control_number(key, remarks), field)


class _Reading:
    """One entry, and what it says of its item."""

    def __init__(self, entry: Entry, remarks: Remarks) -> None:
        self.entry = entry
        self.remarks = remarks
        named = [(field, self._plain(entry.first(field))) for field in _LANGUAGES if field in entry.fields]
        self.languages = reading.language_tags(named[:1], remarks)
        self.type = self._type()

    def item(self) -> Item:
        """Return the item; it has no titles where the entry has none."""
        numbers = list(self._identifiers())
        series, identifiers = reading.with_issn(tuple(self._series()), numbers, self.type)
        return Item(
            titles=tuple(self._titles()),
            contributions=tuple(dict.fromkeys((*self._people(), *self._publishers()))),
            dates=tuple(self._dates()),
            languages=self.languages,
            type=self.type,
            keywords=reading.texts(self._keywords()),
            descriptions=reading.texts(self._all(*_ABSTRACTS)),
            identifiers=identifiers,
            rights=reading.texts(self._all(*_RIGHTS)),
            places=tuple(dict.fromkeys(self._listed(*_PLACES))),
            edition=self._one("edition"),
            extent=self._extent(),
            series=series,
            notes=reading.texts(self._notes()),
            source=self.remarks.where,
        )

    def _plain(self, latex: str) -> str:
        text, unknown = to_unicode(latex)
        for command in unknown:
            self.remarks.mended(f"the command {command} is not known; it was left out")
        return text

    def _one(self, *fields: str) -> str:
        return self._plain(self.entry.first(*fields))

    def _all(self, *fields: str) -> Iterator[str]:
        for field in fields:
            yield from map(self._plain, self.entry.fields.get(field, ()))

    def _listed(self, *fields: str) -> Iterator[str]:
        """Yield the values of fields that may hold several, each in braces."""
        for field in fields:
            for value in self.entry.fields.get(field, ()):
                yield from filter(None, map(self._plain, listed(value, "and")))

    def _type(self) -> str:
        named = self._one("type")
        code = types.from_label(named) or _TYPES.get(self.entry.kind) or types.from_label(self.entry.kind)
        if not code:
            self.remarks.unknown("@", self.entry.kind)
        if named in _THESES or named in _REPORTS:
            return "thesis" if named in _THESES else "report"
        return code or "other"

    def _titles(self) -> Iterator[Text]:
        language = reading.own_language(self.languages)
        proper, rest = self._one("title") or self._one("maintitle", "booktitle"), self._one("subtitle")
        if main := " : ".join(part for part in (proper, rest) if part):
            yield Text(main, language)
            others = (part for value in self.entry.fields.get("titleaddon", ()) for part in listed(value, "="))
            other = dict.fromkeys([*map(self._plain, others), *self._all("shorttitle", "origtitle")])
            yield from (Text(title, "", "other") for title in other if title and title != main)

    def _people(self) -> Iterator[Contribution]:
        for field, role in _PEOPLE.items():
            for value in self.entry.fields.get(field, ()):
                told = self._role(field) or role
                for name, kind in names(value):
                    if name:
                        yield Contribution(Agent(name, kind), told)

    def _role(self, field: str) -> str:
        named = self._one(f"{field}type")
        role = _EDITOR_TYPES.get(named) or relators.from_term(named) if named else ""
        if named and not role:
            role = relators.from_code(named)
        if named and not role:
            self.remarks.unknown(f"{field}type", named)
        return role

    def _publishers(self) -> Iterator[Contribution]:
        for field in _PUBLISHERS:
            thesis = self.type == "thesis" and field in ("school", "institution")
            role = "dgg" if thesis or field == "school" else "isb" if field == "organization" else "pbl"
            for name in self._listed(field):
                kind: Kind = "organisation"
                yield Contribution(Agent(name, kind), role)

    def _dates(self) -> Iterator[Date]:
        for value in (self._one("date"), self._year_and_month()):
            if made := reading.edtf(value):
                yield Date(made)
                return
            if value:
                self.remarks.unknown("date", value)

    def _year_and_month(self) -> str:
        year, month, day = self._one("year"), self._one("month"), self._one("day")
        if year.isdecimal() and month.isdecimal() and (made := reading.calendar(year, month, day)):
            return made
        together = " ".join(part for part in (day, month, year) if part)
        return together if month and reading.edtf(together) else year

    def _keywords(self) -> Iterator[str]:
        for field in ("keywords", "keyword"):
            for value in self.entry.fields.get(field, ()):
                by_comma = split(value, ",")
                by_semicolon = split(value, ";")
                yield from map(self._plain, by_semicolon if len(by_semicolon) > 1 else by_comma)

    def _identifiers(self) -> Iterator[Identifier]:
        if self.entry.key:
            yield Identifier("control-number", _control_number(self.entry.key, self.remarks))
        for field, read in (("isbn", reading.standard_numbers), ("issn", reading.standard_numbers)):
            for value in filter(None, self._all(field)):
                yield from read(field, value, self.remarks)
        for field, value in self._verbatim("doi", "url"):
            yield from (reading.dois if field == "doi" else reading.urls)(field, value, self.remarks)
        for command, bare in _URL_COMMAND.findall(self.entry.first("howpublished")):
            yield from reading.urls("howpublished", _unescaped(command or bare), self.remarks)
        for _, value in self._verbatim("eprint"):
            named = self._one("eprinttype", "archiveprefix").lower()
            yield Identifier(named if re.fullmatch(r"[a-z][a-z0-9-]*", named) else "eprint", value)
        report = self.type in ("report", "guideline") and "number" in self.entry.fields
        for value in filter(None, self._all("isrn", *["number"] * report)):
            yield Identifier("report-number", value)

    def _verbatim(self, *fields: str) -> Iterator[tuple[str, str]]:
        """Yield fields that are not LaTeX, though some write them as if they were."""
        for field in fields:
            for value in self.entry.fields.get(field, ()):
                if made := _unescaped(value):
                    yield field, made

    def _series(self) -> Iterator[Series]:
        hosts = dict.fromkeys(map(self._one, _HOSTS[:3])) if self._one("title") else {}
        titles = [title for title in hosts if title and title != self._one("title")]
        whole = self._one("maintitle") if self._one("title") else ""
        named = list(self._listed("series"))
        volume, number = self._one("volume"), self._one("number", "issue")
        report = self.type in ("report", "guideline")
        in_host = f"{volume}({number})" if volume and number else volume or number
        yield from (Series(title, "" if at else in_host) for at, title in enumerate(titles))
        told = "" if titles else volume if report else number or volume
        yield from (Series(title, "" if at else told) for at, title in enumerate(named))
        if whole:
            yield Series(whole, "" if titles or named else volume)

    def _extent(self) -> str:
        total = self._one("pagetotal", "numpages")
        if total:
            return reading.pages(total, "", False)
        written = self.entry.first("pages")
        found = _RANGE.fullmatch(written)
        if found and self._plain(found[1]) and self._plain(found[2]):
            return reading.pages(self._plain(found[1]), self._plain(found[2]), True)
        return reading.pages(self._plain(written), "", self.type == "article")

    def _notes(self) -> Iterator[str]:
        yield from self._all("note", "addendum")
        published = self._plain(_URL_COMMAND.sub("", self.entry.first("howpublished")))
        yield published.strip(" ,;.")
        named = self._one("type")
        if named and not types.from_label(named) and named not in _THESES | _REPORTS:
            yield named
        if not named and self.entry.kind in _DEGREES:
            yield _DEGREES[self.entry.kind]
        cut = (field for field in _PEOPLE for value in self.entry.fields.get(field, ()) if _OTHERS.search(value))
        yield from (f"{field}: and others" for field in cut)
        yield from self._unplaced()
        for field, values in self.entry.fields.items():
            if field in _READ or _HOUSEKEEPING.fullmatch(field):
                continue
            if field not in _TOLD:
                self.remarks.mended(f"the field {field} is not known; it was kept as a note", field)
            yield from (f"{field}: {text}" for text in map(self._plain, values) if text)

    def _unplaced(self) -> Iterator[str]:
        """Yield volume and number of a whole that is not named, the values of fields that should not repeat."""
        hosted = any(self._one(field) for field in (*_HOSTS, "series"))
        for field in ("volume", "number", "issue"):
            told = field == "number" and self.type in ("report", "guideline")
            if not hosted and not told and (value := self._one(field)):
                yield f"{field}: {value}"
        if self._is_a_volume_in_a_series():
            yield f"volume: {self._one('volume')}"
        for field in ("title", "subtitle", "edition", "year", "date", "pages", "volume", "number"):
            for value in self.entry.fields.get(field, ())[1:]:
                self.remarks.mended(f"the field {field} stands twice; the second was kept as a note", field)
                yield f"{field}: {self._plain(value)}"

    def _is_a_volume_in_a_series(self) -> bool:
        """Say whether the volume is the book's own, beside the number that it has in its series."""
        numbered = self._one("series") and self._one("number", "issue") and self._one("volume")
        hosts = {self._one(field) for field in _HOSTS[:3]} - {"", self._one("title")}
        return bool(numbered) and not hosts and self.type not in ("report", "guideline")


def _unescaped(value: str) -> str:
    """Return a verbatim value without the LaTeX that it should not have."""
    value = _URL_COMMAND.sub(lambda found: found[1] or found[2], value) if "\\url" in value else value
    value = _ESCAPED.sub(r"\1", value.replace("{\\textasciitilde}", "~").replace("\\textasciitilde", "~"))
    value = value.replace("{", "").replace("}", "")
    for code, character in _ENCODED.items():
        value = value.replace(code, character)
    return " ".join(value.split())
