"""Publications with files: from a draft and its digitised pages to what is archived.

Beside its files an item's object holds ``problems.jsonl`` where there were any: what a page
or a title lacked when it was read is known again only by reading it again.
"""

import os
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from archive.durable import sha512_of
from archive.library import Library, Writer
from archive.ocfl import Content
from archive.replay import item_object
from ingest.documents import Digitised, Document
from ingest.draft import Draft, Original, Submitted
from ingest.records import Naming
from ingest.stages import classify, entitle, into_collections, name
from metadata.events import Event
from metadata.formats import JSON_LINES
from metadata.languages import to_tesseract
from metadata.model import File, FileRole, Item
from metadata.pages import read_page
from metadata.problems import Problem, problem

PROBLEMS_FILE = "problems.jsonl"
_UNFIT = re.compile(r"\\x[0-9a-f]{2}|[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True, slots=True)
class Preserved:
    """A draft ready for the archive: its item and the content of its files by their paths."""

    item: Item
    content: Mapping[str, Content]


def to_read(submitted: Submitted, folder: Path, languages: tuple[str, ...], models: Container[str]) -> Document:
    """Return the document to digitise, its workspace made in ``folder``.

    Read in the languages that its record names, where ``models`` (empty: any) has them, else
    in ``languages``.
    """
    item, original = submitted.draft.item, submitted.original
    workspace = folder / item.id
    workspace.mkdir()
    named = (to_tesseract(tag) for tag in item.languages)
    known = tuple(code for code in named if code and (not models or code in models))
    path = _plainly_named(original.path, workspace)
    return Document(path, original.media_type, known or languages, workspace, item.source)


def _plainly_named(path: Path, workspace: Path) -> Path:
    """Return ``path``, or a link to it where its bytes are no UTF-8: decoders refuse such names."""
    try:
        os.fsencode(path).decode()
    except UnicodeDecodeError:
        link = workspace.with_suffix(".original")
        link.symlink_to(path.absolute())
        return link
    return path


def complete(submitted: Submitted, done: Digitised, naming: Naming, models: Container[str]) -> Draft:
    """Return the draft with what its pages tell: languages where no record did, a title, concepts, a DOI.

    ``models`` are the codes of the languages that the OCR engine can read, empty for any.
    """
    draft = _warned(submitted.draft, done, models)
    item = replace(
        draft.item,
        languages=draft.item.languages or done.languages,
        page_count=done.page_count,
        accession=naming.accession,
    )
    draft = replace(draft, item=item, problems=(*draft.problems, *done.problems))
    return name(classify(entitle(draft, done.title), naming.vocabulary), naming.doi_prefix)


def _warned(draft: Draft, done: Digitised, models: Container[str]) -> Draft:
    """Say so where pages were read without a model of the language that the record names."""
    foreign = [tag for tag in draft.item.languages if models and to_tesseract(tag) not in models]
    if not foreign or not _was_scanned(done.pages):
        return draft
    why = problem(
        "model-missing", draft.item.source, language=", ".join(foreign), models="+".join(done.document.languages)
    )
    return replace(draft, problems=(*draft.problems, why))


def _was_scanned(pages: Path) -> bool:
    with pages.open("rb") as lines:
        return any(read_page(line).method == "ocr" for line in lines)


def with_files(draft: Draft, original: Original, done: Digitised) -> Preserved:
    """Return the item with its files: the original as received, the access PDF, the pages."""
    kept = File(
        f"original/{fit_name(original.name)}",
        "original",
        original.media_type,
        original.size,
        original.sha512,
        original.name,
        done.original_format.puid,
        original.fixity,
    )
    files: list[File] = [kept]
    content: dict[str, Content] = {kept.path: original.path}
    if done.access:
        files.append(_made("access.pdf", "access", "application/pdf", done.access, done.access_format.puid))
        content["access.pdf"] = done.access
    files.append(_made("pages.jsonl", "pages", "application/jsonl", done.pages, JSON_LINES))
    content["pages.jsonl"] = done.pages
    if draft.problems:
        content[PROBLEMS_FILE] = b"".join(msgspec.json.encode(one) + b"\n" for one in draft.problems)
    return Preserved(replace(draft.item, files=tuple(files)), content)


def kept_problems(library: Library, item: Item) -> tuple[Problem, ...]:
    """Return what was amiss with a publication when it was digitised."""
    inventory = library.archive.inventory(item_object(item.id))
    if PROBLEMS_FILE not in inventory.state:
        return ()
    lines = library.archive.read(inventory, PROBLEMS_FILE).splitlines()
    return tuple(msgspec.json.decode(line, type=Problem) for line in lines)


def redescribed(draft: Draft, held: Item, naming: Naming) -> Item:
    """Return what a held item becomes when its file comes again with this description.

    A file that comes without any says nothing against what is known, and no description
    takes an item out of a collection: it may have joined it by ``--collection``.
    """
    if not draft.described:
        return into_collections(held, draft.item.collections)
    told = name(classify(draft, naming.vocabulary), naming.doi_prefix).item
    return replace(
        told,
        titles=told.titles or held.titles,
        languages=told.languages or held.languages,
        doi=held.doi or told.doi,
        collections=into_collections(held, told.collections).collections,
        files=held.files,
        page_count=held.page_count,
        status=held.status,
        reason=held.reason,
        source=held.source,
        accession=held.accession,
    )


def store(writer: Writer, preserved: Preserved, events: Sequence[Event]) -> None:
    """Archive and catalogue a publication, with what was done to it."""
    message = f"Ingested with {preserved.item.accession}"
    writer.put_item(preserved.item, preserved.content, message, events)


def store_again(writer: Writer, item: Item, accession: str) -> None:
    """Archive and catalogue what a publication has become in an accession."""
    event = Event("metadata modification", "", agent=writer.agent, detail=_described_anew(accession))
    writer.put_item(item, {}, _described_anew(accession), [event])


def was_stored_again(library: Library, item: Item, accession: str) -> bool:
    """Say whether the newest version of a publication is what this accession made of it."""
    newest = library.archive.inventory(item_object(item.id)).versions[-1]
    return newest.message == _described_anew(accession)


def _described_anew(accession: str) -> str:
    return f"Described anew with {accession}"


def _made(path: str, role: FileRole, media_type: str, made: Path, puid: str) -> File:
    return File(path, role, media_type, made.stat().st_size, sha512_of(made), puid=puid)


def fit_name(name: str) -> str:
    """Return a file's name as a logical path takes it: no control characters, no separators."""
    fit = _UNFIT.sub("_", name).strip()
    return fit if fit.strip(".") else f"_{fit}"
