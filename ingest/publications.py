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
from archive.lineage import DESCRIBED_ANEW, INGESTED, own_states, read_state, standing
from archive.ocfl import Content
from archive.replay import item_object
from ingest.documents import Digitised, Document, Identification, Refused
from ingest.doi_elsewhere import with_doi_elsewhere
from ingest.draft import Draft, Original, Submitted
from ingest.records import Naming
from ingest.stages import classify, entitle, into_collections, judge, name, tidied
from metadata.accession import Piece
from metadata.events import Event
from metadata.formats import JSON_LINES
from metadata.languages import to_tesseract
from metadata.model import File, FileRole, Item
from metadata.pages import read_page
from metadata.problems import Problem, problem
from metadata.small_words import LANGUAGES

PROBLEMS_FILE = "problems.jsonl"
_UNFIT = re.compile(r"\\x[0-9a-f]{2}|[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True, slots=True)
class Preserved:
    """A draft ready for the archive: its item and the content of its files by their paths."""

    item: Item
    content: Mapping[str, Content]


def to_read(submitted: Submitted, folder: Path, languages: tuple[str, ...], models: Container[str]) -> Document:
    """Return the document to digitise, its workspace made in ``folder``.

    The files of a series are its pages, of others the first one is read. The languages are as
    :func:`languages_of` tells them.
    """
    item, original = submitted.draft.item, submitted.original
    workspace = folder / item.id
    workspace.mkdir()
    known, others = languages_of(item, languages, models)
    files = submitted.originals if submitted.series else submitted.originals[:1]
    path, *more = (_plainly_named(one.path, workspace, number) for number, one in enumerate(files))
    return Document(
        path, original.media_type, known, workspace, item.source, item.title.value, tuple(more), others=others
    )


def languages_of(
    item: Item, languages: tuple[str, ...], models: Container[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return in which languages an item is read, and in which others its pages may turn out to be.

    Read in the languages that its record names, where ``models`` (empty: any) has them; then the others are
    those of ``languages``, in which all is read whose record names none.
    """
    named = (to_tesseract(tag) for tag in item.languages)
    known = tuple(dict.fromkeys(code for code in named if code and (not models or code in models)))
    return known or languages, tuple(code for code in languages if code not in known) if known else ()


def _plainly_named(path: Path, workspace: Path, number: int) -> Path:
    """Return ``path``, or a link to it where its bytes are no UTF-8: decoders refuse such names."""
    try:
        os.fsencode(path).decode()
    except UnicodeDecodeError:
        link = workspace.with_suffix(f".original-{number}")
        link.symlink_to(path.absolute())
        return link
    return path


def complete(submitted: Submitted, done: Digitised | None, naming: Naming, models: Container[str]) -> Draft:
    """Return the draft with what its pages tell: languages where no record did, a title, concepts, a DOI.

    Of an item without pages, None, nothing is told. ``models`` are the codes of the languages
    that the OCR engine can read, empty for any.
    """
    if done is None:
        plain = replace(submitted.draft.item, accession=naming.accession, status=naming.status)
        draft = replace(submitted.draft, item=plain)
        return _finished(draft, "", naming)
    draft = _compared(_warned(submitted.draft, done, models), done.languages)
    item = replace(
        draft.item,
        languages=draft.item.languages or done.languages,
        page_count=done.page_count,
        accession=naming.accession,
        status=naming.status,
    )
    draft = replace(draft, item=item, problems=(*draft.problems, *done.problems))
    draft, prefixes = with_doi_elsewhere(draft, done.dois, done.pages, naming.doi_prefixes)
    return _finished(draft, done.title, replace(naming, doi_prefixes=prefixes))


def _finished(draft: Draft, title: str, naming: Naming) -> Draft:
    return judge(name(classify(tidied(entitle(draft, title)), naming.matcher), naming.doi_prefixes))


def without_pages(submitted: Submitted, reason: str) -> Submitted:
    """Return an item that is kept though no pages of it can be read, and say why."""
    draft = submitted.draft
    why = problem("item-without-pages", draft.item.source, reason=reason)
    return replace(submitted, draft=replace(draft, problems=(*draft.problems, why)))


def refused(submitted: Submitted, done: Refused) -> Piece:
    """Return the piece of a publication that could not be read at all."""
    draft = submitted.draft
    return Piece(draft.item.source, "refused", problems=(*draft.problems, *done.problems))


def _warned(draft: Draft, done: Digitised, models: Container[str]) -> Draft:
    """Say so where pages were read without a model of the language that the record names."""
    foreign = [tag for tag in draft.item.languages if models and to_tesseract(tag) not in models]
    if not foreign or not _was_scanned(done.pages):
        return draft
    why = problem(
        "model-missing", draft.item.source, language=", ".join(foreign), models="+".join(done.document.languages)
    )
    return replace(draft, problems=(*draft.problems, why))


def _compared(draft: Draft, spoken: Sequence[str]) -> Draft:
    """Say so where the pages speak another language than the record names, of those that can be told surely."""
    named = {tag.partition("-")[0] for tag in draft.item.languages}
    if not spoken or not named or not {spoken[0], *named} <= LANGUAGES or spoken[0] in named:
        return draft
    claimed = ", ".join(draft.item.languages)
    why = problem("pages-language", f"{draft.item.source}:language", found=spoken[0], claimed=claimed)
    return replace(draft, problems=(*draft.problems, why))


def _was_scanned(pages: Path) -> bool:
    with pages.open("rb") as lines:
        return any(read_page(line).method == "ocr" for line in lines)


def with_files(
    draft: Draft, submitted: Submitted, done: Digitised | None, formats: Sequence[Identification]
) -> Preserved:
    """Return the item with its files: the originals as received, each with its format, the access PDF, the pages.

    The files that its description stood in are kept with it, below ``source/``.
    """
    paths = _paths("original", submitted.originals)
    told = zip(paths, submitted.originals, formats, strict=True)
    files = [_as_file(path, one, identified) for path, one, identified in told]
    content: dict[str, Content] = {path: one.path for path, one in zip(paths, submitted.originals, strict=True)}
    if done and done.access:
        files.append(_made("access.pdf", "access", "application/pdf", done.access, done.access_format.puid))
        content["access.pdf"] = done.access
    if done:
        files.append(_made("pages.jsonl", "pages", "application/jsonl", done.pages, JSON_LINES))
        content["pages.jsonl"] = done.pages
    if draft.problems:
        content[PROBLEMS_FILE] = b"".join(msgspec.json.encode(one) + b"\n" for one in draft.problems)
    return Preserved(replace(draft.item, files=tuple(files)), {**content, **beside(submitted)})


def beside(submitted: Submitted) -> dict[str, Content]:
    """Return the files that a description stood in, by the paths under which they are kept with the item."""
    paths = _paths("source", submitted.beside)
    return {path: one.path for path, one in zip(paths, submitted.beside, strict=True)}


def _as_file(path: str, one: Original, identified: Identification) -> File:
    return File(path, "original", one.media_type, one.size, one.sha512, one.name, identified.puid, one.fixity)


def _paths(folder: str, files: Sequence[Original]) -> list[str]:
    """Return a logical path for each file, by its name; of two that would have the same the later has a number."""
    taken: dict[str, None] = {}
    for number, one in enumerate(files, 1):
        path = f"{folder}/{fit_name(one.name)}"
        taken[path if path not in taken else f"{folder}/{number}-{fit_name(one.name)}"] = None
    return list(taken)


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
    told = name(classify(draft, naming.matcher), naming.doi_prefixes).item
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


def store(writer: Writer, preserved: Preserved, events: Sequence[Event], accession: str = "") -> None:
    """Archive and catalogue a publication, with what was done to it; ``accession`` where that changed a held one."""
    content = preserved.content
    if writer.archive.exists(item_object(preserved.item.id)):  # it was here before, and was undone
        content = {PROBLEMS_FILE: b"", **content}
    message = _described_anew(accession) if accession else f"{INGESTED}{preserved.item.accession}"
    writer.put_item(preserved.item, content, message, events)


def renewed(draft: Draft, held: Item, naming: Naming) -> Draft:
    """Return the draft of a held item whose folder comes with other pages: described as held, or anew."""
    told = redescribed(draft, held, naming)
    languages = told.languages or draft.item.languages
    item = replace(told, submission=draft.item.submission, page_count=draft.item.page_count, languages=languages)
    return replace(draft, item=item)


def store_again(writer: Writer, item: Item, content: Mapping[str, Content], accession: str) -> None:
    """Archive and catalogue what a publication has become in an accession, with what its description stood in."""
    event = Event("metadata modification", "", agent=writer.agent, detail=_described_anew(accession))
    writer.put_item(item, content, _described_anew(accession), [event])


def is_told_anew(library: Library, held: Item, content: Mapping[str, Content]) -> bool:
    """Say whether what the description stood in is other than what the library keeps with the item."""
    return bool(content) and not library.archive.holds(item_object(held.id), content)


def last_told(library: Library, item_id: str) -> Item | None:
    """Return what its last description made of a publication that was edited since, None where it was not.

    To join a collection describes nothing. Raises DamageFound where the archive cannot say it.
    """
    told, before, edited = None, None, False
    for state in standing(own_states(library.archive, item_id)):
        item = read_state(library.archive, state)
        if not state.maker:
            edited = told is not None
        elif before is None or replace(item, collections=before.collections) != before:
            told, edited = item, False
        before = item
    return told if edited else None


def was_stored_again(library: Library, item: Item, accession: str) -> bool:
    """Say whether the newest version of a publication is what this accession made of it."""
    newest = library.archive.inventory(item_object(item.id)).versions[-1]
    return newest.message == _described_anew(accession)


def _described_anew(accession: str) -> str:
    return f"{DESCRIBED_ANEW}{accession}"


def _made(path: str, role: FileRole, media_type: str, made: Path, puid: str) -> File:
    return File(path, role, media_type, made.stat().st_size, sha512_of(made), puid=puid)


def fit_name(name: str) -> str:
    """Return a file's name as a logical path takes it: no control characters, no separators."""
    fit = _UNFIT.sub("_", name).strip()
    return fit if fit.strip(".") else f"_{fit}"
