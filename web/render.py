"""Templates, filled: what every page is made from, and how it becomes an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from archive.library import Library
from archive.usage import Usage
from metadata.origins import home_name
from metadata.rights import licence
from metadata.vocabulary import Vocabulary
from oai.formats import Render, Renderers
from search.engine import SearchReader
from web import static
from web.i18n import LANGUAGES, messages
from web.labels import Labels, creators, doi_address, web_address
from web.picture_paths import cover
from web.pictures import Pictures
from web.reader import Reader, reader
from web.site import Site


@dataclass(frozen=True, slots=True)
class Service:
    """What the pages are made from.

    ``renders`` makes the records that harvesters get, by metadataPrefix; what it lacks is made of
    the items alone. ``pictures`` are the images of pages; nothing runs for them before one is asked for.
    ``usage`` is how often items were used.
    """

    site: Site
    library: Library
    engine: SearchReader
    vocabulary: Vocabulary
    renders: Mapping[str, Render] = field(default_factory=dict)
    pictures: Pictures = field(init=False)
    usage: Usage = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "usage", Usage(self.library.home, self.library.archive))
        object.__setattr__(self, "pictures", Pictures(self.library.home, self.site.images))
        catalogue = self.library.catalogue
        own = Renderers(catalogue.publishing, self.site.name, catalogue.shown_item).by_prefix()
        object.__setattr__(self, "renders", {**own, **self.renders})

    def labels(self, language: str) -> Labels:
        """Return the words of the pages in an interface language."""
        return Labels(language, self.vocabulary, self.site.collections)


@dataclass(frozen=True, slots=True)
class View:
    """A page before it is written: its template, the values for it, and the answer's status.

    ``canonical`` is the path the page is known by, where it is not the one asked for;
    ``indexed`` says whether search engines may list it.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    canonical: str = ""
    indexed: bool = True


def respond(service: Service, request: Request, view: View, headers: Mapping[str, str] | None = None) -> Response:
    """Write a page in the language of the request's reader."""
    who = reader(service.site, request)
    common = common_values(service, who, view)
    content = environment(who.language).get_template(view.template).render({**common, **view.values})
    return HTMLResponse(content, view.status, {**_headers(who), **(headers or {})})


def common_values(service: Service, who: Reader, view: View) -> dict[str, object]:
    """Return what every template has, whatever page it is."""
    return {
        "site": service.site,
        "reader": who,
        "labels": service.labels(who.language),
        "canonical": who.canonical(view.canonical),
        "alternates": who.alternates(view.canonical),
        "indexed": view.indexed and view.status == 200,
    }


@cache
def environment(language: str) -> Environment:
    """Return the templates with the messages of one interface language."""
    made = Environment(
        loader=PackageLoader("web", "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.install_gettext_translations(messages(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        languages=LANGUAGES,
        asset=static.address,
        cover=cover,
        creators=creators,
        doi_address=doi_address,
        home_name=home_name,
        licence=licence,
        web_address=web_address,
    )
    return made


def _headers(who: Reader) -> dict[str, str]:
    return {"Content-Language": who.language, "Vary": "Accept-Language", "Cache-Control": "no-cache"}
