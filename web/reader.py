"""Who reads a page: the language, and links that keep it where the reader chose it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, quote_plus

from starlette.requests import Request

from web.i18n import LANGUAGES, choose
from web.site import Site

Pairs = Sequence[tuple[str, str]]

_MOST_KEPT = 24
_LONGEST_KEPT = 300


@dataclass(frozen=True, slots=True)
class Reader:
    """One request, as pages need it.

    ``chosen`` says whether the address itself names the language, so that links hand it on:
    there are no cookies. ``path`` is without the site's root, ``query`` without ``lang``, and
    no longer than any page of ours asks for: an endless address is not sent back three times.
    """

    site: Site
    language: str
    chosen: bool
    path: str
    query: Pairs = ()

    def link(self, path: str, pairs: Iterable[tuple[str, str]] = ()) -> str:
        """Return the address of a page of this site, for use in HTML."""
        return self._address(path, [*pairs, ("lang", self.language)] if self.chosen else pairs)

    def in_language(self, language: str) -> str:
        """Return the address of this very page in another language."""
        return self._address(self.path, [*self.query, ("lang", language)])

    def canonical(self, path: str = "") -> str:
        """Return the whole address by which a page is known, whatever else was asked of it than a language."""
        return self.site.base_url + quote(path or self.path) + (f"?lang={self.language}" if self.chosen else "")

    def alternates(self, path: str = "") -> list[tuple[str, str]]:
        """Return the whole addresses of a page in each language, and last the one that lets the reader's choose."""
        return alternates(self.site, path or self.path)

    def _address(self, path: str, pairs: Iterable[tuple[str, str]]) -> str:
        asked = "&".join(_encoded(name, value) for name, value in pairs)
        # One slash at the start: two would name another host.
        return f"{self.site.root}/{quote(path.lstrip('/'))}" + (f"?{asked}" if asked else "")


@lru_cache(maxsize=8192)  # the links of a page of results have the same few parameters a hundred times
def _encoded(name: str, value: str) -> str:
    return f"{quote_plus(name)}={quote_plus(str(value))}"  # templates hand over numbers, too


def alternates(site: Site, path: str) -> list[tuple[str, str]]:
    """Return the whole addresses of a page by language (``hreflang``); ``x-default`` is the one without a language."""
    address = site.base_url + quote(path)
    return [*((code, f"{address}?lang={code}") for code in LANGUAGES), ("x-default", address)]


def reader(site: Site, request: Request) -> Reader:
    """Return the reader of a request."""
    pairs = request.query_params.multi_items()
    asked = request.query_params.get("lang", "")
    accepted = ",".join(request.headers.getlist("accept-language"))
    return Reader(
        site=site,
        language=choose(asked, accepted, site.default_language),
        chosen=asked in LANGUAGES,
        path=request.scope["path"],
        query=[(name[:_LONGEST_KEPT], value[:_LONGEST_KEPT]) for name, value in pairs if name != "lang"][:_MOST_KEPT],
    )
