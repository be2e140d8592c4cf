"""Reading again the pages that could not be read: the engine crashed, hung, or lacked a model then.

What was read stays as it is. An item of which a page can be read now gets a new version: its pages, its
access copy, its problems and an event; one of which none can is left as it was, so that the
same run again changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from archive.durable import remove_tree, sha512_of
from archive.library import Library, Writer
from archive.lineage import READ_AGAIN
from archive.ocfl import Content
from archive.replay import PAGES_FILE, item_object
from ingest.arrivals import room
from ingest.digitise import digitise
from ingest.documents import Digitised, Document, Refused
from ingest.provenance import events_of_retry
from ingest.publications import PROBLEMS_FILE, kept_problems, languages_of
from ingest.tools import Tools, Watcher
from metadata.errors import DamageFound
from metadata.formats import JSON_LINES
from metadata.model import File, Item
from metadata.problems import Problem, problem

_IMAGE = "image/"


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of an item with unread pages: those read now, those unread still, and what is amiss."""

    item: str
    source: str
    read: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """An item, and the numbers of its pages that are unread."""

    item: Item
    unread: tuple[int, ...]
    document: Document


def retry(library: Library, writer: Writer, tools: Tools, watcher: Watcher) -> Iterator[Retried]:
    """Read the unread pages of every published item again; yield what became of each item.

    What was read is kept as soon as its item is done, and before the generator is closed. Raises StorageError.
    """
    with writer.workspace() as workspace, room(workspace), writer.grouped():
        cases: dict[str, _Case] = {}
        damaged: list[Retried] = []
        documents = _documents(library, workspace, tools, cases, damaged)
        for done in digitise(documents, tools.engine, tools.workers, tools.limits, watcher.read, tools.scheduler):
            case = cases.pop(done.document.key)
            yield _settled(library, writer, tools, case, done)
            remove_tree(done.document.workspace)
            writer.flush_if_due()
        yield from damaged


def unread_pages(library: Library, item: Item) -> tuple[int, ...]:
    """Return which pages of an item are marked unread; raises DamageFound."""
    told = any(one.code == "page-unread" for one in kept_problems(library, item))
    return tuple(page.number for page in library.pages(item.id) if page.method == "unread") if told else ()


def _documents(
    library: Library, workspace: Path, tools: Tools, cases: dict[str, _Case], damaged: list[Retried]
) -> Iterator[Document]:
    """Yield the items with unread pages as documents, and note them in ``cases`` by their ids."""
    for item in library.items():
        if item.status == "withdrawn" or not any(item.files_as("pages")):
            continue
        try:
            unread = unread_pages(library, item)
            document = _document(library, item, workspace, tools) if unread else None
        except DamageFound as fault:
            why = problem("retry-impossible", item.source, reason=fault.message.rstrip("."))
            damaged.append(Retried(item.id, item.source, problems=(why,)))
            continue
        if document:
            cases[item.id] = _Case(item, unread, document)
            yield document


def _document(library: Library, item: Item, workspace: Path, tools: Tools) -> Document:
    """Return an item's originals as a document of which only the unread pages are to be read."""
    inventory = library.archive.inventory(item_object(item.id))
    originals = [library.archive.verified(inventory, file.path) for file in item.files_as("original")]
    media_type = next(item.files_as("original")).media_type
    is_series = all(file.media_type.startswith(_IMAGE) for file in item.files_as("original"))
    known, others = languages_of(item, tools.languages, tools.models)
    folder = workspace / item.id
    folder.mkdir()
    return Document(
        originals[0],
        media_type,
        known,
        folder,
        item.id,
        item.title.value,
        tuple(originals[1:]) if is_series and len(originals) <= item.page_count else (),
        pages=library.archive.verified(inventory, PAGES_FILE),
        others=others,
    )


def _settled(library: Library, writer: Writer, tools: Tools, case: _Case, done: Digitised | Refused) -> Retried:
    """Keep what was read now, if anything was."""
    item = case.item
    told = tuple(replace(one, where=one.where.replace(item.id, item.source, 1)) for one in done.problems)
    if isinstance(done, Refused) or done.page_count != item.page_count:
        return Retried(item.id, item.source, (), case.unread, told)
    still = {_number(one) for one in told if one.code == "page-unread"}
    read = tuple(number for number in case.unread if number not in still)
    if read:
        before = tuple(one for one in kept_problems(library, item) if not _is_mended(one, done))
        content, changed = _content(item, done, tuple(dict.fromkeys([*before, *told])))
        events = events_of_retry(changed, done, tools.engine, read, writer.agent)
        writer.put_item(changed, content, READ_AGAIN, events)
    return Retried(item.id, item.source, read, tuple(sorted(still)), told)


def _content(item: Item, done: Digitised, problems: tuple[Problem, ...]) -> tuple[dict[str, Content], Item]:
    """Return what is new of an item's object, and the item with it."""
    content: dict[str, Content] = {PAGES_FILE: done.pages}
    content[PROBLEMS_FILE] = b"".join(msgspec.json.encode(one) + b"\n" for one in problems)
    pages = next(item.files_as("pages"))
    files = {file.path: file for file in item.files}
    files[pages.path] = replace(pages, size=done.pages.stat().st_size, sha512=sha512_of(done.pages), puid=JSON_LINES)
    if done.access:
        access = next(item.files_as("access"), File("access.pdf", "access", "application/pdf", 0, ""))
        size, puid = done.access.stat().st_size, done.access_format.puid
        files[access.path] = replace(access, size=size, sha512=sha512_of(done.access), puid=puid)
        content[access.path] = done.access
    languages = item.languages or done.languages
    return content, replace(item, files=tuple(files.values()), languages=languages)


def _is_mended(told: Problem, done: Digitised) -> bool:
    """Say whether what was said of an item holds no more, or is said again, now that pages of it were read."""
    lacks_language = told.code == "field-missing" and dict(told.params)["field"] == "language"
    return told.code == "page-unread" or (lacks_language and bool(done.languages))


def _number(told: Problem) -> int:
    return int(dict(told.params)["number"])
