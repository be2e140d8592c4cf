"""Settings: ``canoe.toml`` in the home, read once at start and passed on as arguments."""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import chain
from math import inf
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from archive.durable import make_folders, replace_file, storage
from ingest.documents import Folders
from ingest.doi_prefixes import NO_DOI, Prefixes, PrefixRule
from ingest.engine import ENGINES
from ingest.registrars import NONE, REGISTRARS
from metadata.collection import Collection
from metadata.errors import UsageError
from metadata.types import TYPES
from search.engine import DEFAULT as DEFAULT_SEARCH
from search.engine import ENGINES as SEARCH_ENGINES
from search.languages import SNOWBALL, STEMMED

FILE = "canoe.toml"
LANGUAGES = ("en", "fr", "es")
LANGUAGE_CODES = r"\w{3,}(\+\w{3,})*"
"""What Tesseract's language codes, joined by +, look like."""
_HERE = ("127.0.0.1", "::1", "localhost")
_DOMAIN = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*(\.[a-zA-Z][a-zA-Z0-9-]*)+")


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """``[library]``: what it is called, where it is reached, who answers for it, its first language."""

    name: str = "Canoe"
    base_url: str = "http://127.0.0.1:8000"
    admin_email: str = "librarian@example.org"
    language: str = "en"


@dataclass(frozen=True, slots=True)
class DoiSettings:
    """``[doi]``: the prefix DOIs are reserved under (empty: none are); which agency is told of them, where, and when.

    ``every`` are the minutes after which a server tells it what is new, 0 for never; ``schema`` is the agency's XSD,
    against which documents are held before they are sent; ``rules`` are other prefixes for some of the items.
    """

    prefix: str = ""
    registrar: str = NONE
    endpoint: str = ""
    every: int = 0
    schema: str = ""
    rules: tuple[PrefixRule, ...] = ()

    @property
    def prefixes(self) -> Prefixes:
        """Under which prefix what is named."""
        return Prefixes(self.prefix, self.rules)


@dataclass(frozen=True, slots=True)
class OaiSettings:
    """``[oai]``: the middle of ``oai:namespace:id``, records a page, how fast one may ask, friends, a picture.

    ``subject_labels`` says whether ``dc:subject`` has a concept's labels in all languages or in the library's alone.
    """

    namespace: str = ""
    page_size: int = 100
    requests_per_second: float = 50.0
    requests_at_once: int = 500
    friends: tuple[str, ...] = ()
    icon: str = ""
    subject_labels: Literal["all", "library"] = "all"


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """``[ingest]``: a virus scanner's command, to which a file's path is added; how folders of images are taken.

    With ``hold`` what is new waits for approval.
    """

    virus_check: tuple[str, ...] = ()
    folders: Folders = "auto"
    hold: bool = False


@dataclass(frozen=True, slots=True)
class OcrSettings:
    """``[ocr]``: the engine, the languages of pages whose record names none, seconds for a page."""

    engine: str = "tesseract"
    languages: str = "eng+fra+spa"
    page_seconds: int = 180


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """``[search]``: the engine, tantivy or whoosh; the languages whose words are stemmed; how fast one may search.

    After a change of the first two the index is made anew.
    """

    engine: str = DEFAULT_SEARCH
    stemming: tuple[str, ...] = tuple(STEMMED)
    requests_per_second: float = 10.0
    requests_at_once: int = 100


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """``[limits]``: what one submitted file may be: bytes, pages, pixels of one image; bytes a worker may take."""

    file_bytes: int = 4 << 30
    pages: int = 10_000
    pixels: int = 300_000_000
    worker_memory: int = 2 << 30


@dataclass(frozen=True, slots=True)
class HarvestSettings:
    """``[harvest]``: may it ask machines of a private network; what an answer and a list may be; how often it asks."""

    allow_private: bool = False
    answer_bytes: int = 64 << 20
    answer_seconds: int = 300
    list_records: int = 20_000_000
    tries: int = 6
    pause_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """``[images]``: bytes of page images that are kept, pixels of one that is given, processes that draw them."""

    cache_bytes: int = 1 << 30
    pixels: int = 16_000_000
    processes: int = 2


@dataclass(frozen=True, slots=True)
class UsageSettings:
    """``[usage]``: whether a server counts how often items are looked at, read and downloaded."""

    count: bool = True


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """``[desk]``: minutes without a request and hours at all until one signs in again; bytes and files of an upload."""

    idle_minutes: int = 30
    session_hours: int = 12
    upload_bytes: int = 8 << 30
    upload_files: int = 500


@dataclass(frozen=True, slots=True)
class Settings:
    """All of canoe.toml."""

    library: LibrarySettings = field(default_factory=LibrarySettings)
    doi: DoiSettings = field(default_factory=DoiSettings)
    oai: OaiSettings = field(default_factory=OaiSettings)
    ingest: IngestSettings = field(default_factory=IngestSettings)
    ocr: OcrSettings = field(default_factory=OcrSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    harvest: HarvestSettings = field(default_factory=HarvestSettings)
    images: ImageSettings = field(default_factory=ImageSettings)
    usage: UsageSettings = field(default_factory=UsageSettings)
    desk: DeskSettings = field(default_factory=DeskSettings)
    collections: tuple[Collection, ...] = ()

    @property
    def namespace(self) -> str:
        """The OAI repository identifier: as set, else the host of the base URL where it is a domain name."""
        host = urlsplit(self.library.base_url).hostname or ""
        return self.oai.namespace or (host if _DOMAIN.fullmatch(host) else "canoe.localhost")

    def require_sense(self, path: Path) -> None:
        """Raise UsageError, naming ``path`` and the setting, at the first value that cannot be."""
        for name, (sound, wanted) in _checks(self).items():
            if not sound:
                raise UsageError(f"{path}: {name} cannot be what it is.", f"It is {wanted}.")


def home_folder(given: Path | None) -> Path:
    """Return the home: as given, else ``$CANOE_HOME``, else ``./library``.

    Raises UsageError where its path is no UTF-8: the search index and reports can name no other.
    """
    home = given or Path(os.environ.get("CANOE_HOME") or "library")
    try:
        str(home.absolute()).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(home.absolute()).decode(errors="backslashreplace")
        hint = "Rename the folder whose name is not, or keep the library elsewhere."
        raise UsageError(f"The library's path {shown} is not UTF-8.", hint) from None
    return home


def read_settings(home: Path) -> Settings:
    """Return the settings of ``home``, the defaults where it has no canoe.toml.

    Raises UsageError that names the file, the setting and what is wrong with it.
    """
    path = home / FILE
    try:
        document = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
        settings = msgspec.convert(document, Settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as fault:
        raise UsageError(f"{path}: {fault}.", "docs/reference/settings.md lists every setting.") from fault
    if unknown := [*_unknown(document, settings)]:
        raise UsageError(f"{path}: there is no setting {unknown[0]}.", "docs/reference/settings.md lists all.")
    settings.require_sense(path)
    return settings


def write_settings(home: Path, settings: Settings) -> None:
    """Write ``settings`` as canoe.toml, each section with its sentence. Raises StorageError."""
    told = [part.name for part in fields(Settings) if is_dataclass(getattr(settings, part.name))]
    sections = "\n".join(_section(name, getattr(settings, name)) for name in told)
    with storage(home):
        make_folders(home)
        replace_file(home / FILE, sections.encode())


def _section(name: str, section: Any) -> str:
    told = (type(section).__doc__ or "").partition("\n")[0].partition(": ")[2]
    values = (
        f"{part.name} = {json.dumps(getattr(section, part.name), ensure_ascii=False)}"
        for part in fields(section)
        if part.name != "rules"  # these are tables of their own, [[doi.rules]], and a new home has none
    )
    return "\n".join([f"# {told}", f"[{name}]", *values, ""])


def _unknown(document: dict[str, Any], settings: Any, path: str = "") -> list[str]:
    known = {part.name: getattr(settings, part.name) for part in fields(settings)}
    strange = [f"{path}{name}" for name in document if name not in known]
    for name, value in document.items():
        if isinstance(value, dict) and is_dataclass(known.get(name)):
            strange += _unknown(value, known[name], f"{path}{name}.")
        elif isinstance(value, list):
            pairs = zip(value, known.get(name, ()), strict=False)
            told = (_unknown(one, made, f"{path}{name}.") for one, made in pairs if is_dataclass(made))
            strange += chain.from_iterable(told)
    return strange


def _checks(settings: Settings) -> dict[str, tuple[bool, str]]:
    """Return setting → (is it sound, what it should be)."""
    library, oai, ocr = settings.library, settings.oai, settings.ocr
    return {
        "library.name": (_is_line(library.name), "a name of one line"),
        "library.base_url": (_is_base(library.base_url), "an http or https address without a slash at its end"),
        "library.language": (library.language in LANGUAGES, "one of en, fr, es"),
        "library.admin_email": (_fits(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+", library.admin_email), "an e-mail address"),
        **_doi_checks(settings.doi),
        **{
            f"collections, number {number}, {name}": check
            for number, one in enumerate(settings.collections, 1)
            for name, check in _collection_checks(one, settings.collections[: number - 1]).items()
        },
        "oai.namespace": (not oai.namespace or _DOMAIN.fullmatch(oai.namespace) is not None, "a domain name"),
        "oai.page_size": (1 <= oai.page_size <= 1000, "a number from 1 to 1000"),
        "oai.requests_per_second": (0 <= oai.requests_per_second < inf, "a number, 0 for no limit"),
        "oai.requests_at_once": (oai.requests_at_once > 0, "a number above 0"),
        "oai.friends": (all(map(_is_web, oai.friends)), "a list of http or https addresses"),
        "oai.icon": (not oai.icon or _is_web(oai.icon), "empty, or an http or https address"),
        "ingest.virus_check": (_is_command(settings.ingest.virus_check), "a list: the program, then its options"),
        "ocr.engine": (ocr.engine in ENGINES, f"one of {', '.join(sorted(ENGINES))}"),
        "ocr.languages": (_fits(LANGUAGE_CODES, ocr.languages), "Tesseract codes joined by +: eng+fra+spa"),
        "search.engine": (settings.search.engine in SEARCH_ENGINES, f"one of {', '.join(sorted(SEARCH_ENGINES))}"),
        "search.stemming": (
            len(settings.search.stemming) > 0 and set(settings.search.stemming) <= SNOWBALL.keys(),
            f"a list of languages among {', '.join(SNOWBALL)}",
        ),
        "search.requests_per_second": (0 <= settings.search.requests_per_second < inf, "a number, 0 for no limit"),
        "search.requests_at_once": (settings.search.requests_at_once > 0, "a number above 0"),
        "desk.idle_minutes": (1 <= settings.desk.idle_minutes <= 1440, "a number of minutes from 1 to 1440"),
        "desk.session_hours": (1 <= settings.desk.session_hours <= 168, "a number of hours from 1 to 168"),
        "desk.upload_bytes": (settings.desk.upload_bytes > 0, "a number of bytes above 0"),
        "desk.upload_files": (settings.desk.upload_files > 0, "a number above 0"),
        "ocr.page_seconds": (ocr.page_seconds > 0, "a number of seconds above 0"),
        "harvest.answer_bytes": (settings.harvest.answer_bytes > 0, "a number of bytes above 0"),
        "harvest.answer_seconds": (settings.harvest.answer_seconds > 0, "a number of seconds above 0"),
        "harvest.list_records": (settings.harvest.list_records > 0, "a number of records above 0"),
        "harvest.tries": (1 <= settings.harvest.tries <= 100, "a number from 1 to 100"),
        "harvest.pause_seconds": (0 <= settings.harvest.pause_seconds < inf, "a number of seconds"),
        "images.cache_bytes": (settings.images.cache_bytes >= 0, "a number of bytes, 0 to keep none"),
        "images.pixels": (100_000 <= settings.images.pixels <= 100_000_000, "a number from 100000 to 100000000"),
        "images.processes": (1 <= settings.images.processes <= 64, "a number from 1 to 64"),
        **{f"limits.{name}": (number > 0, "a number above 0") for name, number in _numbers(settings.limits)},
    }


def _doi_checks(doi: DoiSettings) -> dict[str, tuple[bool, str]]:
    return {
        "doi.prefix": (_fits(r"(10\.\d{4,9})?", doi.prefix), "empty, or a DOI prefix such as 10.5555"),
        "doi.registrar": (doi.registrar in REGISTRARS, f"one of {', '.join(sorted(REGISTRARS))}"),
        "doi.endpoint": (_is_safe(doi.endpoint), "empty, or an https address without a slash at its end"),
        "doi.every": (0 <= doi.every <= 1440, "a number of minutes up to 1440, 0 for never"),
        "doi.schema": (doi.schema.isprintable(), "the path of a file, from the home or whole"),
        **{
            f"doi.rules, number {number}, {name}": check
            for number, rule in enumerate(doi.rules, 1)
            for name, check in _rule_checks(rule).items()
        },
    }


def _rule_checks(rule: PrefixRule) -> dict[str, tuple[bool, str]]:
    said = bool(rule.collection or rule.type or rule.source)
    return {
        "prefix": (_fits(rf"10\.\d{{4,9}}|{NO_DOI}", rule.prefix), f"a DOI prefix such as 10.5555, or {NO_DOI}"),
        "type": (rule.type in ("", *TYPES), f"one of {', '.join(TYPES)}"),
        "the whole": (said, "a rule with a collection, a type or a source; doi.prefix is for all the others"),
    }


def _collection_checks(one: Collection, before: tuple[Collection, ...]) -> dict[str, tuple[bool, str]]:
    known = f"of the languages {', '.join(LANGUAGES)}"
    titles, texts = one.title.values(), one.description.values()
    return {
        "id": (_is_line(one.id) and all(one.id != other.id for other in before), "the name of a collection, each once"),
        "title": (
            len(one.title) > 0 and {*one.title} <= {*LANGUAGES} and all(map(_is_line, titles)),
            f'a title of one line in one or more {known}: title.en = "Maps"',
        ),
        "description": (
            {*one.description} <= {*LANGUAGES} and all(text.strip() for text in texts),
            f'a text in some {known}, or left out: description.en = "Maps of rivers."',
        ),
    }


def _is_line(text: str) -> bool:
    return text.strip() != "" and text.isprintable()


def _is_base(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    sound = parts.scheme in ("http", "https") and bool(parts.netloc) and url.isascii()
    return sound and not (url.endswith("/") or parts.query or parts.fragment or re.search(r"\s", url))


def _is_safe(url: str) -> bool:
    """Say whether a password may be sent there: nobody listens on the way, for there is none or it is encrypted."""
    return not url or (_is_base(url) and (url.startswith("https:") or urlsplit(url).hostname in _HERE))


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc != "" and _fits(r"[!-~]+", url)


def _is_command(words: tuple[str, ...]) -> bool:
    return all(word.strip() and "\0" not in word for word in words)


def _fits(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern, value) is not None


def _numbers(limits: LimitSettings) -> Iterator[tuple[str, int]]:
    return ((part.name, getattr(limits, part.name)) for part in fields(limits))
