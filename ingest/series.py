"""Folders of page images that are one publication, and in which order its pages are read.

A folder is taken for one where its images are all of one kind, at least two, and numbered: their names differ in
one number only, and of the numbers between the first and the last no more are missing than are there, or ten. No other
document lies beside them, and none of them has several pages itself. A METS document in the folder that names
images below it says so, too, and in which order; so does a manifest's row that names the folder. An
image that a row or a record describes by itself is an item by itself, and with it are those of its folder.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from archive.catalogue import Catalogue
from ingest.documents import Folders
from ingest.draft import Original
from ingest.gather import Found
from ingest.names import shown
from ingest.ties import file_key
from ingest.tiff_pages import has_more_pages
from metadata.accession import Piece
from metadata.mets_reader import PageFiles, read_page_files
from metadata.problems import Problem, problem

RECORDS = frozenset({"marc21", "marcxml", "mods", "mets", "eprints", "dublin-core", "json", "ris", "bibtex"})
"""Kinds of files that may hold the record of what lies beside them."""

_IMAGE = "image/"
_RUN = re.compile(r"(\d+)")
_LEAF = re.compile(r"(?<=\d)[rvabRVAB]$")  # recto and verso
_FEW = 10  # numbers that may be missing of any book; single photographs have more between them
_NAMED = 10  # missing pages that a remark names


@dataclass(frozen=True, slots=True)
class PageImages:
    """The images of one publication, in order, as they now are; what is to be said of them."""

    originals: tuple[Original, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with images directly in it, or below it by its METS: they may be one publication.

    ``found`` is the folder as if it were a file, its parts the images in natural order, ``ordered`` the pages as
    METS has them, ``label`` what METS calls it. ``whole``: nothing need say that it is one publication.
    """

    found: Found
    whole: bool
    label: str = ""
    ordered: tuple[Found, ...] = ()
    missing: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


class Series:
    """The folders of a batch in which images lie, until it is clear which of them are publications."""

    def __init__(self, found: Sequence[Found], how: Folders = "auto") -> None:
        self._how = how
        self._by_key = {file_key(one.named): one for one in found}
        self._documents = [one for one in found if one.kind == "document"]
        self._folders = dict(self._found_folders(found))
        self.labels = {one.found.source: one.label for one in self._folders.values()}
        self.described = dict(self._records(found))

    def grouped(
        self, came: Sequence[tuple[Found, Original]], rows: Mapping[str, tuple[str, ...]], single: Collection[str]
    ) -> Iterator[tuple[Found, Original | PageImages] | Piece]:
        """Yield what came with the images of one publication as one, where the first of them stood.

        ``rows`` are the files and folders that manifests name, by :func:`file_key`, each with the page
        files that its row lists; ``single`` the sources of what a record describes. Images that a
        publication's row or METS leaves out are yielded as Pieces that are set aside.
        """
        taken = {file_key(one.named): original for one, original in came}
        chosen = [one for key, one in self._folders.items() if self._is_one(key, one, rows, single)]
        of: dict[str, tuple[Found, PageImages]] = {}
        left: dict[str, Found] = {}
        for folder in chosen:
            pages, missing = self._pages(folder, rows.get(file_key(folder.found.named), ()))
            images = [taken[key] for page in pages if (key := file_key(page.named)) in taken]
            if not images:
                continue
            group = folder.found, PageImages(tuple(images), tuple(_missing(folder.found.source, missing)))
            of |= {file_key(page.named): group for page in pages}
            left |= {file_key(part.named): folder.found for part in folder.found.parts}
        told: set[str] = set()
        for one, original in came:
            key = file_key(one.named)
            if key in of:
                if of[key][0].source not in told:
                    told.add(of[key][0].source)
                    yield of[key]
            elif key in left:
                yield _left_out(one, left[key])
            else:
                yield one, original

    def _found_folders(self, found: Sequence[Found]) -> Iterator[tuple[str, Folder]]:
        by_folder: dict[str, list[Found]] = {}
        for one in self._documents:
            by_folder.setdefault(file_key(one.named.parent), []).append(one)
        mets = [(key, folder) for one in found if one.kind == "mets" for key, folder in self._by_mets(one)]
        told = Counter(key for key, _ in mets)
        claimed = set()
        for key, folder in mets:
            if told[key] == 1:
                claimed |= {key, *(file_key(page.named.parent) for page in folder.ordered)}
                yield key, folder
        for key, documents in by_folder.items():
            images = sorted((one for one in documents if one.media_type.startswith(_IMAGE)), key=_natural)
            if images and key not in claimed:
                yield key, Folder(_folder_of(images), self._is_whole(images, len(documents)))

    def _by_mets(self, mets: Found) -> Iterator[tuple[str, Folder]]:
        """Yield the folder of a METS document that names at least two images which came."""
        try:
            told = read_page_files(mets.path)
        except (OSError, ValueError):  # it is read again as a record, and what is wrong with it is told there
            return
        parent = mets.named.parent
        ordered, missing = self._came(told, parent)
        if len(ordered) > 1:
            parts = [one for one in self._documents if _is_below(one, parent)] if ordered else []
            images = sorted((one for one in parts if one.media_type.startswith(_IMAGE)), key=_natural)
            beside = {file_key(one.named.parent) for one in ordered} | {file_key(parent)}
            found = _folder_of(
                [one for one in images if file_key(one.named.parent) in beside], parent, mets.path.parent
            )
            yield file_key(parent), Folder(found, self._how != "files", told.label, ordered, missing, (mets.source,))

    def _came(self, told: PageFiles, parent: Path) -> tuple[tuple[Found, ...], tuple[str, ...]]:
        """Return the images of the group of which most came, and the names of those of it that did not."""
        best: tuple[tuple[Found, ...], tuple[str, ...]] = (), ()
        for group in told.groups:
            known = [(path, self._by_key.get(file_key(parent / path))) for path in group]
            came = tuple(one for _, one in known if one and one.media_type.startswith(_IMAGE))
            if len(came) > len(best[0]):
                best = came, tuple(path for path, one in known if one is None)
        return best

    def _is_whole(self, images: Sequence[Found], documents: int) -> bool:
        if self._how == "files" or len(images) < 2 or documents > len(images):
            return False
        if self._how == "one":
            return True
        return _are_pages([(one.named.name, one.media_type, one.path) for one in images])

    def _records(self, found: Sequence[Found]) -> Iterator[tuple[str, Found]]:
        """Yield the files that may hold the record of a folder: its METS, the only one in it, one of its name."""
        documents = {file_key(one.named.parent / PurePath(one.named.name).stem) for one in self._documents}
        documents |= {file_key(one.named) for one in self._documents}
        inside: dict[str, list[Found]] = {}
        for one in found:
            stem = file_key(one.named.parent / one.named.stem)
            if one.kind not in RECORDS or stem in documents:
                continue
            if stem in self._folders and self._folders[stem].whole:
                yield one.source, self._folders[stem].found
            else:
                inside.setdefault(file_key(one.named.parent), []).append(one)
        for key, records in inside.items():
            folder = self._folders.get(key)
            if folder and folder.whole:
                own = [one for one in records if one.source in folder.records] or records
                yield from ((one.source, folder.found) for one in own if len(own) == 1)

    def _is_one(self, key: str, folder: Folder, rows: Mapping[str, tuple[str, ...]], single: Collection[str]) -> bool:
        if key in rows or folder.found.source in single:
            return True
        pages = folder.ordered or folder.found.parts
        return folder.whole and not any(one.source in single or file_key(one.named) in rows for one in pages)

    def _pages(self, folder: Folder, listed: Sequence[str]) -> tuple[Sequence[Found], Sequence[str]]:
        """Return the pages in their order, and what is missing of them: by the row, by METS, by their numbers."""
        if listed:
            paths = [(name, self._by_key.get(file_key(folder.found.named / name))) for name in dict.fromkeys(listed)]
            known = [one for _, one in paths if one and one.media_type.startswith(_IMAGE)]
            return known, [name for name, one in paths if one not in known]
        if folder.ordered:
            return folder.ordered, folder.missing
        return folder.found.parts, skipped([one.named.name for one in folder.found.parts])


def earlier(catalogue: Catalogue, source: str, digests: Collection[str]) -> str:
    """Return the id of the publication that came from this folder before and shares half of its files, else ``""``."""
    for item in catalogue.by_source(source):
        held = {file.sha512 for file in item.files_as("original")}
        images = all(file.media_type.startswith(_IMAGE) for file in item.files_as("original"))
        if images and held and 2 * len(held & set(digests)) >= min(len(held), len(digests)):
            return item.id
    return ""


def are_pages(files: Sequence[Original]) -> bool:
    """Say whether the files of one item are the images of its pages, by the rule for a folder."""
    images = all(one.media_type.startswith(_IMAGE) for one in files)
    return images and _are_pages([(one.name, one.media_type, one.path) for one in files])


def _are_pages(files: Sequence[tuple[str, str, Path]]) -> bool:
    numbered = len(files) > 1 and are_numbered([(name, media_type) for name, media_type, _ in files])
    return numbered and not any(has_more_pages(path) for _, _, path in files)


def are_numbered(files: Sequence[tuple[str, str]]) -> bool:
    """Say whether files (name, media type) are numbered pages: of one kind, told apart by one number."""
    patterns = {(_RUN.sub("#", _stem(name)), media_type) for name, media_type in files}
    numbers = [_numbers(name) for name, _ in files]
    pairs = (enumerate(zip(row, numbers[0], strict=False)) for row in numbers)
    varying = {place for row in pairs for place, (one, first) in row if one != first}
    if len(patterns) > 1 or len(varying) != 1:
        return False
    (place,) = varying
    found = {row[place] for row in numbers}
    return max(found) - min(found) + 1 - len(found) <= max(_FEW, len(found))


def skipped(names: Sequence[str]) -> Sequence[str]:
    """Return the numbers that are missing between the first and the last of numbered names."""
    if len(names) < 2 or not are_numbered([(name, "") for name in names]):
        return ()
    numbers = [_numbers(name) for name in names]
    place = next(place for place in range(len(numbers[0])) if len({row[place] for row in numbers}) > 1)
    found = {row[place] for row in numbers}
    return [str(number) for number in range(min(found), max(found)) if number not in found]


def _stem(name: str) -> str:
    return _LEAF.sub("", PurePath(name).stem)


def _numbers(name: str) -> list[int]:
    return [int(run) for run in _RUN.findall(_stem(name))]


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return what sorts names as people count: ``2.tif`` before ``10.tif``."""
    parts = _RUN.split(name.lower())
    key = [(0, int(part), "") if number % 2 else (1, 0, part) for number, part in enumerate(parts)]
    return key, name


def _natural(one: Found) -> tuple[list[tuple[int, int, str]], str]:
    return natural(str(one.named))


def _is_below(one: Found, folder: Path) -> bool:
    return one.named.is_relative_to(folder)


def _folder_of(images: Sequence[Found], named: Path | None = None, path: Path | None = None) -> Found:
    """Return the folder of images as if it were a file."""
    named = named or images[0].named.parent
    path = path or images[0].path.parent
    unpacked = named if images[0].unpacked else None
    return Found(path, shown(named), "series", images[0].media_type, unpacked=unpacked, parts=tuple(images))


def _missing(source: str, names: Sequence[str]) -> Iterator[Problem]:
    if names:
        more = ["…"] if len(names) > _NAMED else []
        yield problem("pages-missing", source, names=", ".join([*names[:_NAMED], *more]))


def _left_out(one: Found, folder: Found) -> Piece:
    reason = f"what describes the folder {folder.named.name} does not count it among its pages"
    return Piece(one.source, "set_aside", problems=(problem("not-a-document", one.source, reason=reason),))
