"""Publications with files: from a draft and its digitised pages to what is archived."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from archive.durable import sha512_of
from archive.library import Writer
from ingest.documents import Digitised
from ingest.draft import Draft, Original, Submitted
from ingest.records import Naming
from ingest.stages import classify, entitle, into_collections, name
from metadata.model import File, FileRole, Item

_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\]|\\x[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Preserved:
    """A draft ready for the archive: its item and the content of its files by their paths."""

    item: Item
    content: Mapping[str, Path]


def complete(submitted: Submitted, done: Digitised, naming: Naming) -> Draft:
    """Return the draft with what its pages tell: languages where no record did, a title, concepts, a DOI."""
    draft = submitted.draft
    item = replace(
        draft.item,
        languages=draft.item.languages or done.languages,
        page_count=done.page_count,
        accession=naming.accession,
    )
    draft = replace(draft, item=item, problems=(*draft.problems, *done.problems))
    return name(classify(entitle(draft, done.title), naming.vocabulary), naming.doi_prefix)


def with_files(item: Item, original: Original, done: Digitised) -> Preserved:
    """Return the item with its files: the original as received, the access PDF, the pages."""
    kept = File(
        f"original/{_fit(original.name)}",
        "original",
        original.media_type,
        original.size,
        original.sha512,
        original.name,
    )
    files, content = [kept], {kept.path: original.path}
    if done.access:
        files.append(_made("access.pdf", "access", "application/pdf", done.access))
        content["access.pdf"] = done.access
    files.append(_made("pages.jsonl", "pages", "application/jsonl", done.pages))
    content["pages.jsonl"] = done.pages
    return Preserved(replace(item, files=tuple(files)), content)


def redescribed(draft: Draft, held: Item, naming: Naming) -> Item:
    """Return what a held item becomes when its file comes again with this description.

    A file that comes without any says nothing against what is known.
    """
    if not draft.described:
        return into_collections(held, draft.item.collections)
    told = name(classify(draft, naming.vocabulary), naming.doi_prefix).item
    return replace(
        told,
        titles=told.titles or held.titles,
        languages=told.languages or held.languages,
        doi=held.doi or told.doi,
        files=held.files,
        page_count=held.page_count,
        status=held.status,
        reason=held.reason,
        source=held.source,
        accession=held.accession,
    )


def store(writer: Writer, preserved: Preserved) -> None:
    """Archive and catalogue a publication."""
    writer.put_item(preserved.item, preserved.content, f"Ingested with {preserved.item.accession}")


def _made(path: str, role: FileRole, media_type: str, made: Path) -> File:
    return File(path, role, media_type, made.stat().st_size, sha512_of(made))


def _fit(name: str) -> str:
    """Return a file's name as a logical path takes it: no control characters, no separators."""
    fit = _UNFIT.sub("_", name).strip()
    return fit if fit.strip(".") else f"_{fit}"
