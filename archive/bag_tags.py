"""The tag files of a bag as text: declaration, bag-info, manifests, fetch list.

Specification: RFC 8493 (BagIt 1.0), section 2, and its drafts 0.93 to 0.97, which differ in
little. Nothing here looks at a disk; paths are as they are written.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

VERSIONS = ("0.93", "0.94", "0.95", "0.96", "0.97", "1.0")
DIGITS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
"""The checksum algorithms that are known, with the number of hexadecimal digits of each."""
_LINE_ENDS = re.compile("\r\n|\n|\r")
_VERSION = re.compile(r"BagIt-Version([ \t]*):([ \t]*)(\S+)([ \t]*)")
_ENCODING = re.compile(r"Tag-File-Character-Encoding([ \t]*):([ \t]*)([A-Za-z0-9_.:+-]{1,40})([ \t]*)")
_ENTRY = re.compile(r"(\S+)[ \t]+(\*?)(.+)")
_FETCH = re.compile(r"(\S+)[ \t]+(\d+|-)[ \t]+(.+)")
_ESCAPED = re.compile("%(0[aAdD]|25)")
_DRIVE = re.compile("[A-Za-z]:")
_ENCODINGS = {
    *("ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
    *(f"iso8859-{part}" for part in range(1, 17)),
    *(f"cp{page}" for page in (437, 850, 852, 858, 866, 932, 936, 949, 950, *range(1250, 1259))),
    *(
        "koi8-r",
        "koi8-u",
        "mac-roman",
        "shift_jis",
        "euc_jp",
        "iso2022_jp",
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
        "euc_kr",
    ),
}


class Unfit(ValueError):
    """A tag file is not what it must be; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What ``bagit.txt`` says; ``encoding`` is that of the other tag files, as Python names it."""

    version: str = "0.97"
    encoding: str = "utf-8"
    remarks: tuple[str, ...] = ()

    @property
    def strict(self) -> bool:
        """Whether the rules of the RFC hold: the drafts before it allowed more."""
        return self.version == "1.0"


@dataclass(frozen=True, slots=True)
class Entry:
    """A manifest's line: ``digest`` in lower case, ``path`` without a leading ``./``."""

    digest: str
    path: str
    remark: str = ""


def read_declaration(data: bytes) -> Declaration:
    """Return what ``bagit.txt`` declares (RFC 8493, section 2.1.1); raises :class:`Unfit`."""
    if data.startswith(codecs.BOM_UTF8):
        raise Unfit("it begins with a byte order mark")
    lines = _lines(decode(data, "utf-8"))
    if len(lines) != 2:
        raise Unfit(f"it has {len(lines)} lines, not two")
    version, encoding = _VERSION.fullmatch(lines[0]), _ENCODING.fullmatch(lines[1])
    if not version:
        raise Unfit("its first line is not ‘BagIt-Version: M.N’")
    if version[3] not in VERSIONS:
        raise Unfit(f"BagIt {version[3][:20]} is not known; {', '.join(VERSIONS)} are")
    if not encoding:
        raise Unfit("its second line is not ‘Tag-File-Character-Encoding: UTF-8’ or another encoding")
    if version[3] == "1.0" and (version[1] or encoding[1]):
        raise Unfit("white space stands before a colon, which BagIt 1.0 forbids")
    loose = any(found[1] or found[2] != " " or found[4] for found in (version, encoding))
    remarks = ("the white space in bagit.txt is not as it should be",) if loose else ()
    return Declaration(version[3], _encoding(encoding[3]), remarks)


def _encoding(name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        found = ""
    if found not in _ENCODINGS:
        raise Unfit(f"the encoding {name} is not known")
    return found


def decode(data: bytes, encoding: str) -> str:
    """Return the text of a tag file, a byte order mark still in it; raises :class:`Unfit`."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as fault:
        raise Unfit(f"its bytes are not {encoding} from byte {fault.start} on") from fault


def read_info(text: str) -> Iterator[tuple[str, str] | Unfit]:
    """Yield label and value of each element of ``bag-info.txt`` in order, or what is wrong with a line.

    A line that begins with white space goes on with the value before it (section 2.2.2).
    """
    label, value = "", ""
    for number, line in enumerate(_lines(text), 1):
        if line[:1] in (" ", "\t") and label:
            value += f" {line.strip()}"
            continue
        if label:
            yield label, value
        name, colon, rest = line.partition(":")
        label, value = name.strip(), rest.strip()
        if not colon or not label:
            yield Unfit(f"line {number} is not ‘Label: value’")
            label = ""
    if label:
        yield label, value


def read_manifest(text: str, algorithm: str) -> Iterator[Entry | Unfit]:
    """Yield the lines of a payload or tag manifest (sections 2.1.3, 2.2.1), or what is wrong with one."""
    for number, line in enumerate(_lines(text), 1):
        found = _ENTRY.fullmatch(line)
        if not found:
            yield Unfit(f"line {number} is not a checksum and a path")
        elif len(found[1]) != DIGITS[algorithm] or not re.fullmatch("[0-9a-fA-F]+", found[1]):
            yield Unfit(f"the checksum in line {number} is not {DIGITS[algorithm]} hexadecimal digits")
        else:
            path = _plain(found[3])
            yield Entry(found[1].lower(), path, _remark(bool(found[2]), path != found[3]))


def _remark(starred: bool, dotted: bool) -> str:
    if starred:
        return "its paths are marked by asterisks, as md5sum writes them"
    return "its paths begin with ‘./’" if dotted else ""


def read_fetch(text: str) -> Iterator[str | Unfit]:
    """Yield the paths that ``fetch.txt`` (section 2.2.3) says are elsewhere, or what is wrong with a line."""
    for number, line in enumerate(_lines(text), 1):
        found = _FETCH.fullmatch(line)
        yield _plain(found[3]) if found else Unfit(f"line {number} is not an address, a length and a path")


def unescape(path: str) -> str:
    """Return a path with its percent-encoded line ends and percent signs decoded (section 2.1.3)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), path)


def leads_outside(path: str) -> bool:
    """Say whether a path may lead out of its bag: absolute, a home folder, a drive, a share, or with ``..``."""
    away = path.startswith(("/", "~", "\\")) or bool(_DRIVE.match(path)) or "\0" in path
    return away or ".." in re.split(r"[/\\]", path)


def _lines(text: str) -> list[str]:
    """Return the lines of a text; the last one need not end, and blank ones at the end do not count."""
    return _LINE_ENDS.split(text.rstrip("\r\n")) if text.strip("\r\n") else []


def _plain(path: str) -> str:
    while path.startswith("./"):
        path = path[2:]
    return path
