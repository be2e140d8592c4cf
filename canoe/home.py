"""The home opened: its settings, its library, its index and the keys it keeps."""

import logging
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from archive.agents_file import forget_agents
from archive.agents_following import is_followed, open_agents
from archive.agents_names import bearing
from archive.cataloguing import Publishing
from archive.durable import storage, sync_folder
from archive.library import Library
from archive.subject_decisions import by_keyword, read_decisions
from archive.vocabularies_live import LiveVocabulary
from canoe.settings import Settings, read_settings
from ingest.documents import Limits
from ingest.engine import engine_languages, load_engine
from ingest.tools import Tools
from ingest.virus import Scanner
from metadata.errors import DamageFound, HomeHeld, Outdated, StorageError
from metadata.matching import Decisions
from metadata.vocabulary import Vocabulary
from search.engine import SearchEngine, SearchReader, open_builder, open_reader, open_writer
from search.follower import catch_up
from search.languages import stem_in

KEY_FILE = "oai-token.key"
_KEY_BYTES = 32
_PASSING_KEY = "CANOE_PASSING_TOKEN_KEY"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Home:
    """A home and its settings; what is expensive is opened when it is first asked for."""

    path: Path
    settings: Settings

    @classmethod
    def read(cls, path: Path) -> "Home":
        """Read the settings of a home; raises UsageError."""
        return cls(path, read_settings(path))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The vocabularies that subjects are concepts of, as one, and as they are whenever it is asked."""
        return LiveVocabulary(self.path)

    @property
    def decisions(self) -> Decisions:
        """What librarians decided on keywords; raises DamageFound."""
        return by_keyword(read_decisions(self.library.archive))

    @property
    def publishing(self) -> Publishing:
        """What records are rendered with."""
        library, labels = self.settings.library, self.settings.oai.subject_labels
        subjects_in = library.language if labels == "library" else ""
        return Publishing(library.base_url, self.settings.namespace, self.vocabulary, subjects_in)

    @cached_property
    def library(self) -> Library:
        """The library; raises HomeMissing or Outdated."""
        return Library.open(self.path, self.publishing)

    @property
    def index(self) -> Path:
        """The folder of the search index."""
        return self.path / "index"

    @property
    def _engine(self) -> str:
        """The search engine that is set; from here on this process stems the languages that are set."""
        stem_in(self.settings.search.stemming)
        return self.settings.search.engine

    def index_reader(self) -> SearchReader:
        """Open the search index of the engine that is set; raises Outdated where there is none, or it is damaged."""
        return open_reader(self.index, self._engine, self.vocabulary, partial(bearing, self.path))

    def _index_writer(self) -> SearchEngine:
        return open_writer(self.index, self._engine)

    def token_key(self) -> bytes:
        """Return the key that signs resumption tokens, made at first need and readable by its owner only.

        In a home that can only be read it is made up: tokens are then good until the server stops.
        """
        try:
            return self._kept_key()
        except StorageError:
            # One for all processes of a server: they are started with its environment.
            return bytes.fromhex(os.environ.setdefault(_PASSING_KEY, secrets.token_hex(_KEY_BYTES)))

    def _kept_key(self) -> bytes:
        path = self.path / KEY_FILE
        with storage(path):
            if not path.exists():
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as stream:
                    stream.write(secrets.token_bytes(_KEY_BYTES))
                sync_folder(self.path)
            return path.read_bytes()

    def tools(self, languages: str, collection: str, workers: int) -> Tools:
        """Return what a batch works with; empty and zero mean what the settings and the machine say."""
        ocr, limits = self.settings.ocr, self.settings.limits
        return Tools(
            engine=load_engine(ocr.engine),
            vocabulary=self.vocabulary,
            limits=Limits(
                memory=limits.worker_memory,
                patience=ocr.page_seconds,
                processor=ocr.page_seconds,
                size=limits.file_bytes,
                pages=limits.pages,
                pixels=limits.pixels,
            ),
            languages=tuple((languages or ocr.languages).split("+")),
            collection=collection,
            doi_prefixes=self.settings.doi.prefixes,
            workers=workers or len(os.sched_getaffinity(0)),
            scanner=Scanner.installed(self.settings.ingest.virus_check),
            models=engine_languages(ocr.engine),
            folders=self.settings.ingest.folders,
            decisions=self.decisions,
        )

    def update_index_with_others(self, patience: float = 60.0) -> None:
        """Let the index follow, or wait, at most ``patience`` seconds, until another process has let it."""
        newest, deadline = self.library.catalogue.last_change(), time.monotonic() + patience
        while True:
            try:
                self.update_index()
                return
            except HomeHeld:
                if self._index_position() >= newest:
                    return
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _index_position(self) -> int:
        reader = self.index_reader()
        try:
            return reader.position()
        finally:
            reader.close()

    def rebuild_index(self) -> int:
        """Make the index anew, while the old one answers; return how many items were taken in."""
        with open_builder(self.index, self._engine) as engine:
            return catch_up(engine, self.library, self.vocabulary)

    def prepare_serving(self) -> None:
        """Heal what a killed writer left and let the index catch up, unless another process is at it.

        Where that cannot be done the log says why, and what is there can be served all the same.
        """
        with _as_far_as_possible(), self.library.writer():
            pass
        with _as_far_as_possible():
            self.update_index()
        with _as_far_as_possible():
            self.update_agents()
        self.token_key()
        self.library.catalogue.close()

    def update_agents(self) -> None:
        """Let agents.db follow the catalogue; one that is damaged is made anew. Raises HomeHeld, StorageError.

        In a home that can only be read it stays as it is.
        """
        if is_followed(self.library) or not os.access(self.path, os.W_OK):
            return
        try:
            with open_agents(self.library):
                pass
        except Outdated:
            forget_agents(self.path)
            with open_agents(self.library):
                pass

    def update_index(self) -> int:
        """Let the index follow the catalogue; return how many items were taken in.

        Raises HomeHeld while another process, a server perhaps, is bringing the index up to date.
        An index that is taken away while it is written is made anew.
        """
        try:
            return self._catch_up()
        except Outdated:
            return self._catch_up()

    def _catch_up(self) -> int:
        engine = self._index_writer()
        try:
            return catch_up(engine, self.library, self.vocabulary)
        finally:
            engine.close()


@contextmanager
def _as_far_as_possible() -> Iterator[None]:
    try:
        with suppress(HomeHeld):
            yield
    except (StorageError, DamageFound) as fault:
        log.warning("Served as it is: %s", fault.message)
