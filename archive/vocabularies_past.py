"""The vocabularies as they were at each moment: a catalogue that is made again goes through all of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.cataloguing import Batch
from archive.durable import make_folders
from archive.feed import Publishing
from archive.ocfl import Archive
from archive.vocabularies import FILE, REGISTRY, Loaded, digest_of, make, read_registry
from archive.vocabularies_db import made
from archive.vocabularies_live import StoredVocabulary
from metadata.errors import DamageFound
from metadata.vocabulary import shipped


class Vocabularies:
    """What records are rendered with, moment after moment; used as a context, for it has files meanwhile."""

    def __init__(self, archive: Archive, publishing: Publishing) -> None:
        self._archive = archive
        self._publishing = publishing
        self._stack = ExitStack()
        self._last: Path | None = None
        self.damaged: list[DamageFound] = []

    def __enter__(self) -> "Vocabularies":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def at_first(self) -> Iterator[Batch]:
        """Yield what counts before any vocabulary was added; nothing where none ever was."""
        if self._archive.exists(REGISTRY):
            yield Batch(publishing=replace(self._publishing, vocabulary=shipped()))

    def at(self, number: int) -> Batch:
        """Return what counts from version ``number`` of the registry on; ``damaged`` has what was left out.

        Raises DamageFound, OSError.
        """
        if self._last is None:
            make_folders(self._archive.staging)
            folder = TemporaryDirectory(dir=self._archive.staging, prefix="work-", ignore_cleanup_errors=True)
            self._last = Path(self._stack.enter_context(folder)) / FILE
        inventory = self._archive.inventory(REGISTRY)
        present = self._archive.root.parent / FILE
        if number == len(inventory.versions) and made(present).get("registry") == digest_of(present.parent):
            return Batch(publishing=replace(self._publishing, vocabulary=StoredVocabulary(present)))
        path = self._last.with_name(f"{number}-{FILE}")
        registry = read_registry(self._archive, inventory, number)
        self.damaged += make(path, self._archive, Loaded(registry, ""), self._last)
        self._last.unlink(missing_ok=True)
        self._last = path
        return Batch(publishing=replace(self._publishing, vocabulary=StoredVocabulary(path)))
