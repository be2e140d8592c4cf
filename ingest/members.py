"""What packed archives hold: ZIP and tar, one file after the other, and files that are only compressed.

Specifications: APPNOTE 6.3 (ZIP), POSIX.1-2017 pax and ustar (tar), RFC 1952 (gzip). What would
fill the memory before anything is unpacked is refused: a long list of files, long headers, a
dictionary of gigabytes, packing methods that ask for what they like.
"""

import bz2
import gzip
import io
import lzma
import stat
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from archive.durable import CHUNK
from metadata.problems import Problem, problem

FORMATS = {"zip": "ZIP", "tar": "tar", "gz": "gzip", "bz2": "bzip2", "xz": "xz"}
DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, KeyError,
    IndexError, OverflowError, NotImplementedError, RuntimeError, struct.error, MemoryError,
)  # fmt: skip
"""What reading a damaged archive may raise."""

_MAGIC = {
    "zip": (0, (b"PK\x03\x04", b"PK\x05\x06")), "tar": (257, (b"ustar",)), "gz": (0, (b"\x1f\x8b",)),
    "bz2": (0, (b"BZh",)), "xz": (0, (b"\xfd7zXZ\x00",)),
}  # fmt: skip
_BY_SUFFIX = {
    ".zip": "zip", ".tar": "tar", ".gz": "gz", ".tgz": "gz", ".bz2": "bz2", ".tbz2": "bz2", ".tbz": "bz2",
    ".xz": "xz", ".txz": "xz",
}  # fmt: skip
_TARS = (".tgz", ".tbz2", ".tbz", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may ask for any memory while they unpack
_WINDOWS = 0  # APPNOTE, 4.4.2.2: some programs there write backslashes
_DIRECTORY = 32 << 20  # bytes of a ZIP's list of its files: 100,000 honest names need a third of it
_HEADERS = 1 << 20  # bytes that a tar may put between two files
_XZ_MEMORY = 256 << 20
_KINDS = {stat.S_IFLNK: "symbolic link", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
_TAR_KINDS = {tarfile.SYMTYPE: "symbolic link", tarfile.LNKTYPE: "hard link", tarfile.FIFOTYPE: "pipe"}


class Unopened(Exception):
    """The archive is not opened; ``why`` makes the problem that says so of the archive's name."""

    def __init__(self, why: Callable[[str], Problem]) -> None:
        super().__init__()
        self.why = why


def unopened(reason: str) -> Unopened:
    """Return the refusal of an archive for ``reason``."""
    return Unopened(lambda where: problem("pack-refused", where, reason=reason))


@dataclass(frozen=True, slots=True)
class Member:
    """What an archive holds: its name there, what it is (``file``, ``folder``, else what it is called), its content."""

    name: str
    kind: str
    open: Callable[[], IO[bytes]]


def is_packed(name: str, head: bytes) -> bool:
    """Say whether a file is a packed archive that can be opened here: its name and its first bytes agree."""
    return may_be_packed(name) and _begins_like(head, form_of(name))


def may_be_packed(name: str) -> bool:
    """Say whether a file is a packed archive by its name."""
    return bool(form_of(name))


def form_of(name: str) -> str:
    """Return the form of an archive by its name: a key of :data:`FORMATS`, ``""`` for none."""
    return _BY_SUFFIX.get(Path(name).suffix.lower(), "")


def members(path: Path, took: Callable[[int], None]) -> Iterator[Member]:
    """Yield what an archive holds, in its order; each is to be read before the next is asked for.

    ``took`` is told of bytes that are unpacked and thrown away. Raises Unopened, and :data:`DAMAGE`.
    """
    form = form_of(path.name)
    yield from _zip_members(path) if form == "zip" else _stream_members(path, form, took)


def _begins_like(head: bytes, form: str) -> bool:
    offset, magics = _MAGIC[form]
    return head.startswith(magics, offset)


def _zip_members(path: Path) -> Iterator[Member]:
    """Yield what a ZIP holds. A file that asks for a password refuses all: half a delivery is none."""
    _require_small_directory(path)
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if any(info.flag_bits & 0x1 for info in infos):
            raise Unopened(lambda where: problem("file-locked", where))
        _require_apart(infos)
        for info in infos:
            yield Member(_zip_name(info), _zip_kind(info), _opener(archive, info))


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: archive.open(info)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name: UTF-8 also where it forgot to say so, else code page 437 (APPNOTE, appendix D)."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    if info.create_system == _WINDOWS:
        name = name.replace("\\", "/")
    return name.removeprefix("./")


def _zip_kind(info: zipfile.ZipInfo) -> str:
    mode = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir() or mode == stat.S_IFDIR:
        return "folder"
    if mode not in (0, stat.S_IFREG):
        return _KINDS.get(mode, "device")
    return "file" if info.compress_type in _METHODS else f"file packed by method {info.compress_type}"


def _require_small_directory(path: Path) -> None:
    """Refuse a ZIP whose list of files would fill the memory; its end says how long it is (APPNOTE, 4.3.16)."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - (1 << 16) - 22))
        tail = stream.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < 22:
            raise zipfile.BadZipFile("its list of files is missing, it may have been cut off")
        (length,) = struct.unpack_from("<L", tail, at + 12)
        if length == 0xFFFFFFFF and (wide := tail.rfind(b"PK\x06\x06")) >= 0 and len(tail) - wide >= 56:
            (length,) = struct.unpack_from("<Q", tail, wide + 40)
    if length > _DIRECTORY:
        raise unopened(f"its list of files is longer than {_DIRECTORY} bytes")


def _require_apart(infos: list[zipfile.ZipInfo]) -> None:
    """Refuse a ZIP in which files share bytes: so a small one unpacks to anything."""
    end = -1
    for info in sorted(infos, key=lambda one: one.header_offset):
        if info.header_offset < end:
            raise unopened("files in it overlap")
        end = info.header_offset + 30 + info.compress_size


class _Plain(io.RawIOBase):
    """The content of an xz file; a dictionary that asks for too much memory ends the reading."""

    def __init__(self, packed: IO[bytes]) -> None:
        super().__init__()
        self._packed = packed
        self._decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        self._ahead = b""  # read and not yet given to the decoder

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        made = b""
        while not made:
            if self._decoder.eof and not self._begin_next():
                return 0
            data = self._fetch() if self._decoder.needs_input else b""
            if self._decoder.needs_input and not data:
                raise EOFError("it was cut off")
            made = self._decoder.decompress(data, len(buffer))
        buffer[: len(made)] = made
        return len(made)

    def _begin_next(self) -> bool:
        """Go on to a stream that follows, after zeros that fill up; say whether there is one."""
        rest = self._decoder.unused_data.lstrip(b"\0")
        while not rest and (data := self._fetch()):
            rest = data.lstrip(b"\0")
        self._ahead, self._decoder = rest, lzma.LZMADecompressor(memlimit=_XZ_MEMORY) if rest else self._decoder
        return bool(rest)

    def _fetch(self) -> bytes:
        data, self._ahead = self._ahead or self._packed.read(1 << 16), b""
        return data

    def close(self) -> None:
        self._packed.close()
        super().close()


def _plain(path: Path, form: str) -> IO[bytes]:
    """Open the content of a compressed file; a tar is its own."""
    if form == "gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if form == "bz2":
        return bz2.open(path, "rb")
    return io.BufferedReader(_Plain(path.open("rb"))) if form == "xz" else path.open("rb")


def _stream_members(path: Path, form: str, took: Callable[[int], None]) -> Iterator[Member]:
    """Yield what a tar holds, compressed or not; what is compressed and no tar is one file."""
    with _plain(path, form) as stream:
        is_tar = form == "tar" or path.name.lower().endswith(_TARS) or _begins_like(stream.read(512), "tar")
    with _plain(path, form) as stream:
        if is_tar:
            yield from _tar_members(stream, took)
        else:
            yield Member(path.stem, "file", lambda: stream)


class _Lent(io.RawIOBase):
    """A stream that stays open when who borrowed it closes it."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Bounded(_Lent):
    """What tarfile reads from: between two files it may read only so much, for it keeps all of that in memory."""

    left = _HEADERS

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        length = super().readinto(buffer)
        self.left -= length
        if self.left < 0:
            raise unopened(f"what stands between two of its files is longer than {_HEADERS} bytes")
        return length


class _Header(tarfile.TarInfo):
    """A tar's header: tarfile would take one that makes no sense for the archive's end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Header":
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as fault:
            if str(fault) == "end of file header":
                raise
            raise tarfile.ReadError(f"it is not whole ({fault})") from fault


def _tar_members(stream: IO[bytes], took: Callable[[int], None]) -> Iterator[Member]:
    """Yield what a tar holds, as it comes; each is read to its end before the next is looked for."""
    bounded = _Bounded(stream)
    opened = tarfile.open(  # noqa: SIM115 - closed below
        fileobj=bounded, mode="r|", tarinfo=_Header, bufsize=tarfile.BLOCKSIZE, errors="surrogateescape"
    )
    with closing(opened) as archive:
        while info := archive.next():
            archive.members.clear()  # type: ignore[attr-defined] # it would keep the headers of all
            kind = "file" if info.isreg() and not info.issparse() else _tar_kind(info)
            content = archive.extractfile(info) if info.isreg() and not info.issparse() else None
            bounded.left = sys.maxsize
            yield Member(info.name.removeprefix("./"), kind, _lender(content))
            _drain(content, took)
            bounded.left = _HEADERS
    _drain(stream, took)  # to where the checksum stands


def _tar_kind(info: tarfile.TarInfo) -> str:
    return "folder" if info.isdir() else _TAR_KINDS.get(info.type, "sparse file" if info.issparse() else "device")


def _lender(content: "IO[bytes] | None") -> Callable[[], IO[bytes]]:
    return lambda: io.BufferedReader(_Lent(content or io.BytesIO()))


def _drain(stream: "IO[bytes] | None", took: Callable[[int], None]) -> None:
    while stream and (chunk := stream.read(CHUNK)):
        took(len(chunk))
