"""What a PDF is beside its pages: signed, restricted by its owner, a form of another kind, a portfolio."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from metadata.problems import Problem, problem

MOST_CONTENTS = 256 << 20
"""Bytes that the contents of one page may decode to."""

_FLATE_RATIO = 1032  # no byte of Flate gives more (RFC 1951)
_CHUNK = 1 << 16
_MOST_FIELDS = 10_000
_DEEPEST = 20


def forbidden(pdf: Pdf) -> str:
    """Return what its owner forbids of a PDF that a searchable copy would do or allow, ``""`` for nothing.

    The copy is without a password, so what the owner forbids, printing too, nothing could forbid there.
    """
    allowed = pdf.allow
    wanted = {
        "changing it": allowed.modify_other,
        "copying from it": allowed.extract,
        "printing it": allowed.print_highres and allowed.print_lowres,
    }
    return " and ".join(what for what, is_allowed in wanted.items() if not is_allowed)


def remarks(pdf: Pdf, key: str) -> Iterator[Problem]:
    """Yield what people should know of a PDF whose pages do not hold all of it; ``key`` is its name."""
    form = _form(pdf)
    if form is not None and "/XFA" in form:
        yield problem("pdf-form-xfa", key)
    if "/Collection" in pdf.Root:
        yield problem("pdf-portfolio", key, count=len(pdf.attachments))


def unsign(pdf: Pdf) -> bool:
    """Take the signatures out of a copy, of which they are not true; return whether there were any.

    The fields stay, and what they look like on their pages (ISO 32000-1, 12.7.4.5 and 12.8).
    """
    form = _form(pdf)
    signed = [one for one in _fields(form) if _is_signature(one.get("/V"))] if form is not None else []
    for one in signed:
        del one["/V"]
    if form is not None and signed and "/SigFlags" in form:
        del form["/SigFlags"]
    for key in ("/Perms", "/DSS"):  # what signatures certify, and what they are verified with
        if key in pdf.Root:
            del pdf.Root[key]
            signed.append(pdf.Root)
    return bool(signed)


def _form(pdf: Pdf) -> Dictionary | None:
    form = pdf.Root.get("/AcroForm")
    return form if isinstance(form, Dictionary) else None


def _fields(form: Dictionary) -> Iterator[pikepdf.Object]:
    """Yield the fields of a form, those below others too; not for ever, whatever the file says."""
    found = form.get("/Fields")
    todo = [(one, 0) for one in found] if isinstance(found, Array) else []
    for _ in range(_MOST_FIELDS):
        if not todo:
            return
        one, depth = todo.pop()
        if isinstance(one, Dictionary):
            yield one
            below = one.get("/Kids")
            if isinstance(below, Array) and depth < _DEEPEST:
                todo.extend((kid, depth + 1) for kid in below)


def _is_signature(value: pikepdf.Object | None) -> bool:
    return isinstance(value, Dictionary) and ("/ByteRange" in value or value.get("/Type") == Name.Sig)


def swollen_page(pdf: Pdf) -> int:
    """Return the number of the first page whose contents decode to more than any page needs, 0 where none does.

    A renderer decodes them as a whole: a few kilobytes coded twice become gigabytes.
    """
    for number, page in enumerate(pdf.pages, 1):
        found = page.obj.get("/Contents")
        if sum(_decoded_length(stream) for stream in (found if isinstance(found, Array) else [found])) > MOST_CONTENTS:
            return number
    return 0


def _decoded_length(stream: object) -> int:
    """Return how many bytes a stream coded by Flate, once or more often, decodes to; 0 where that cannot be much."""
    if not isinstance(stream, pikepdf.Stream):
        return 0
    filters = _filters(stream)
    raw = stream.read_raw_bytes()
    is_swelling = filters.count("/FlateDecode") > 1 or len(raw) * _FLATE_RATIO > MOST_CONTENTS
    if not is_swelling or set(filters) != {"/FlateDecode"}:
        return 0
    chunks: Iterable[bytes] = [raw]
    for _ in filters:
        chunks = _inflated(chunks)
    length = 0
    for chunk in chunks:
        length += len(chunk)
        if length > MOST_CONTENTS:
            break
    return length


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what chunks inflate to, a little at a time, as far as they are sound."""
    inflater = zlib.decompressobj()
    with suppress(zlib.error):
        for chunk in chunks:
            rest = chunk
            while rest:
                yield inflater.decompress(rest, _CHUNK)
                rest = inflater.unconsumed_tail


def decoded_length(stream: object, most: int) -> int | None:
    """Return how many bytes a stream decodes to, ``most + 1`` where more; None where that cannot be told cheaply."""
    if not isinstance(stream, pikepdf.Stream):
        return None
    filters = _filters(stream)
    raw = stream.read_raw_bytes()
    if not filters:
        return len(raw)
    if filters != ["/FlateDecode"]:
        return None
    try:
        return len(zlib.decompressobj().decompress(raw, most + 1))
    except zlib.error:
        return None


def _filters(stream: pikepdf.Stream) -> list[str]:
    named = stream.get("/Filter", Array())
    return [str(name) for name in named] if isinstance(named, Array) else [str(named)]
