"""Which clients are programs, by what they call themselves: nothing that these do is usage (COUNTER 5.1, section 7.8).

COUNTER keeps a list of such names (https://github.com/Project-Counter/counter-bots). The patterns here are Canoe's
own and meant to cover what occurs; a library that wants the list itself puts it into its home as :data:`FILE`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from archive.durable import storage
from metadata.errors import UsageError

FILE = "usage-robots.txt"
"""In the home: patterns to be used instead of :data:`PATTERNS`, a regular expression a line, ``#`` before remarks."""

PATTERNS = (
    # What most call themselves, and who says nothing of himself, or nothing that a browser would.
    r"(?<!cu)bot\b", r"bot[/_;:-]", r"robot", r"spider", r"crawl", r"scrap", r"slurp", r"fetch", r"harvest", r"archiv",
    r"indexer", r"indexing", r"monitor", r"checklink", r"checker", r"link.?check", r"validator", r"preview",
    r"feed.?(reader|burner)", r"\brss", r"^.?$", r"^mozilla(/[45]\.0)?$",
    r"^(unknown|undefined|-|user.?agent|default|java|okhttp|firefox)$",
    # Search engines and their kin.
    r"google", r"baidu", r"yandex", r"sogou", r"yahoo", r"ia_archiver", r"heritrix", r"nutch", r"lockss",
    r"core\.ac\.uk", r"semanticscholar", r"unpaywall", r"oadoi", r"facebookexternalhit", r"meta-external", r"whatsapp",
    r"embedly", r"mail\.ru", r"ahrefs", r"semrush", r"dataprovider", r"censys", r"zgrab", r"masscan", r"nmap", r"nikto",
    # What takes texts for models of language, and what reads in a person's stead.
    r"chatgpt-user", r"oai-search", r"anthropic", r"claude-(user|web)", r"perplexity", r"cohere", r"mistralai",
    r"diffbot", r"omgili",
    # Libraries that programs are written with, and browsers that run without anybody before them.
    r"python", r"aiohttp", r"httpx", r"urllib", r"curl", r"wget", r"libwww", r"lwp", r"\bperl", r"^php", r"guzzle",
    r"java/\d", r"http.?client", r"httpcomponents", r"cfnetwork", r"go-http", r"^go \d", r"\bruby", r"faraday",
    r"axios", r"node-fetch", r"undici", r"\bgot \(", r"dart:io", r"reqwest", r"hyper/", r"okhttp/", r"powershell",
    r"apache-http", r"winhttp", r"aria2", r"httrack", r"webcopier", r"webzip", r"teleport", r"offline",
    r"download.?(er|master|manager)", r"headless", r"phantomjs", r"puppeteer", r"playwright", r"selenium",
    r"lighthouse", r"pagespeed", r"pingdom", r"uptime", r"nagios", r"zabbix", r"siege", r"\bab/\d", r"jmeter",
    r"locust", r"postman", r"insomnia", r"microsoft office", r"webdav", r"sickle", r"zotero.?translation",
    r"wordpress", r"drupal", r"joomla", r"plagiar", r"turnitin", r"grammarly", r"metauri",
)  # fmt: skip
"""Regular expressions; one that is found anywhere in a name, in any case of letters, makes it a program's."""

_LONGEST = 400  # characters of a name that are looked at
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Robots:
    """Tells the names of programs from those of browsers."""

    pattern: re.Pattern[str]

    @classmethod
    def of(cls, home: Path) -> "Robots":
        """Return what a home has a list of, else Canoe's own; raises UsageError for a line that is no pattern."""
        path = home / FILE
        with storage(path):
            if not path.is_file():
                return cls(_joined(PATTERNS))
            lines = [line.strip() for line in path.read_text("utf-8", "replace").splitlines()]
        for number, line in enumerate(lines, 1):
            _require_pattern(line, f"{path}#{number}")
        return cls(_joined(tuple(line for line in lines if line and not line.startswith("#"))))

    def has(self, name: str) -> bool:
        """Say whether a client that calls itself ``name`` (its User-Agent) is a program."""
        return _is_found(self.pattern, name[:_LONGEST])


@lru_cache(_REMEMBERED)
def _is_found(pattern: re.Pattern[str], name: str) -> bool:
    return pattern.search(name) is not None


def _joined(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in patterns) or r"(?!)", re.IGNORECASE)


def _require_pattern(line: str, where: str) -> None:
    try:
        re.compile(line)
    except re.error as fault:
        raise UsageError(
            f"{where}: {line[:80]} is no regular expression: {fault}.", "A pattern a line, # before remarks."
        ) from None
