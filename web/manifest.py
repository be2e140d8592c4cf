"""Items and collections for viewers elsewhere: IIIF Presentation API 3.0 (https://iiif.io/api/presentation/3.0/)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from archive.catalogued import Held
from metadata import citing
from metadata.model import Item, Text
from metadata.pages import PageShape
from metadata.rights import licence
from web.forms import form_links
from web.i18n import LANGUAGES, N_
from web.labels import Labels
from web.picture_paths import THUMBNAIL, picture_path, service_path
from web.render import Service
from web.signposting import citable

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
SEARCH_CONTEXT = "http://iiif.io/api/search/2/context.json"
MEDIA_TYPE = f'application/ld+json;profile="{CONTEXT}"'
LanguageMap = dict[str, list[str]]
Node = dict[str, object]

_OPEN_LICENCES = ("creativecommons.org/", "rightsstatements.org/vocab/")


def item_address(service: Service, item_id: str) -> str:
    """Return what the addresses of an item's manifest, canvases and annotations begin with."""
    return f"{service.site.base_url}/iiif/{item_id}"


def manifest_address(service: Service, item_id: str) -> str:
    """Return the address of an item's manifest."""
    return f"{item_address(service, item_id)}/manifest.json"


def canvas_address(service: Service, item_id: str, number: int) -> str:
    """Return the name of the canvas that is a page."""
    return f"{item_address(service, item_id)}/canvas/{number}"


def manifest(service: Service, held: Held) -> Node:
    """Return the manifest of an item whose pages may be seen."""
    item = held.item
    shapes = [shape for shape in service.library.page_shapes(item) if shape.width > 0 and shape.height > 0]
    made: Node = {
        "@context": CONTEXT,
        "id": manifest_address(service, item.id),
        "type": "Manifest",
        "label": _title(item),
        "metadata": list(_facts(service, item)),
        "requiredStatement": _statement(service, item),
        "provider": [_provider(service)],
        "homepage": [_homepage(service, item)],
        "seeAlso": list(_records(service, item)),
        "rendering": list(_downloads(service, item)),
        "behavior": ["paged" if len(shapes) > 2 else "individuals"],
        "viewingDirection": "left-to-right",
        "service": [_search_service(service, item)],
        "items": [canvas(service, item, shape) for shape in shapes],
    }
    if item.descriptions:
        made["summary"] = _texts(item.descriptions)
    if rights := _rights(item):
        made["rights"] = rights
    if shapes:
        made["thumbnail"] = [thumbnail(service, item, shapes[0])]
    if item.collections:
        made["partOf"] = [
            {
                "id": collection_address(service, f"collection:{name}"),
                "type": "Collection",
                "label": collection_label(service, name),
            }
            for name in item.collections
        ]
    return made


def canvas(service: Service, item: Item, shape: PageShape) -> Node:
    """Return the canvas of a page, as large in pixels as the page, with its image and where its text is."""
    address = canvas_address(service, item.id, shape.number)
    made: Node = {
        "id": address,
        "type": "Canvas",
        "label": {"none": [str(shape.number)]},
        "width": shape.width,
        "height": shape.height,
        "thumbnail": [thumbnail(service, item, shape)],
        "items": [
            {
                "id": f"{address}/image",
                "type": "AnnotationPage",
                "items": [
                    {
                        "id": f"{address}/image/1",
                        "type": "Annotation",
                        "motivation": "painting",
                        "target": address,
                        "body": _image(service, item, shape),
                    }
                ],
            }
        ],
    }
    if shape.method in ("ocr", "text-layer"):
        text = f"{item_address(service, item.id)}/text/{shape.number}"
        made["annotations"] = [{"id": text, "type": "AnnotationPage"}]
    return made


def thumbnail(service: Service, item: Item, shape: PageShape) -> Node:
    """Return the small picture of a page."""
    width, height = thumbnail_size(shape)
    return {
        "id": service.site.base_url + picture_path(item, shape.number, f"{width},{height}"),
        "type": "Image",
        "format": "image/jpeg",
        "width": width,
        "height": height,
    }


def thumbnail_size(shape: PageShape) -> tuple[int, int]:
    """Return width and height of the picture that stands for a page, in its shape."""
    scale = min(1.0, THUMBNAIL[0] / shape.width, THUMBNAIL[1] / shape.height)
    return max(1, round(shape.width * scale)), max(1, round(shape.height * scale))


def collection_address(service: Service, name: str, part: int = 0) -> str:
    """Return the address of a collection: ``library``, or a facet and its value; ``part`` from 1."""
    address = f"{service.site.base_url}/iiif/collection/{quote(name, safe=':')}"
    return f"{address}/{part}" if part else address


def collection(service: Service, name: str, label: LanguageMap, items: Sequence[Node], part: int = 0) -> Node:
    """Return a collection of manifests, or of collections."""
    return {
        "@context": CONTEXT,
        "id": collection_address(service, name, part),
        "type": "Collection",
        "label": label,
        "provider": [_provider(service)],
        "items": list(items),
    }


def collection_label(service: Service, name: str) -> LanguageMap:
    """Return what a collection is called in the languages in which it has a title, else its id."""
    known = service.site.collections.get(name)
    return {language: [title] for language, title in known.title.items()} if known else {"none": [name]}


def manifest_reference(service: Service, item: Item) -> Node:
    """Return what a collection says of an item."""
    return {"id": manifest_address(service, item.id), "type": "Manifest", "label": _title(item)}


def by_language(text: Callable[[Labels], str], service: Service) -> LanguageMap:
    """Return words in each of the three languages."""
    return {language: [text(service.labels(language))] for language in LANGUAGES}


def _image(service: Service, item: Item, shape: PageShape) -> Node:
    return {
        "id": service.site.base_url + picture_path(item, shape.number, "max"),
        "type": "Image",
        "format": "image/jpeg",
        "width": shape.width,
        "height": shape.height,
        "service": [
            {
                "id": service.site.base_url + service_path(item, shape.number),
                "type": "ImageService3",
                "profile": "level2",
            }
        ],
    }


def _search_service(service: Service, item: Item) -> Node:
    return {"id": f"{item_address(service, item.id)}/search", "type": "SearchService2"}


def _title(item: Item) -> LanguageMap:
    return _texts(item.titles[:1]) or {"none": [item.id]}


def _texts(texts: Iterable[Text]) -> LanguageMap:
    found: LanguageMap = {}
    for text in texts:
        if text.value:
            found.setdefault(text.language or "none", []).append(text.value)
    return found


def _facts(service: Service, item: Item) -> Iterator[Node]:
    """Yield what is said of an item, in the order of its page."""
    labels = {language: service.labels(language) for language in LANGUAGES}
    said: list[tuple[str, LanguageMap]] = [
        (N_("People and organisations"), _same(one.agent.name for one in item.contributions)),
        (N_("Published"), _each(labels, [one.value for one in item.dates if one.kind == "issued"], Labels.date)),
        (N_("Type"), _each(labels, [item.type], Labels.kind)),
        (N_("Language"), _each(labels, item.languages, Labels.tongue)),
        (N_("Subjects"), _each(labels, item.concepts, lambda words, uri: words.concept(uri).value)),
        (N_("Places and times covered"), _texts(item.coverage)),
        (N_("Collection"), _collections(service, item.collections)),
        (N_("Rights"), _texts(item.rights)),
        ("DOI", _same([item.doi.name] if item.doi else [])),
        (N_("Item number"), _same([item.id])),
    ]
    for name, value in said:
        if value:
            yield {"label": {code: [words.text(name)] for code, words in labels.items()}, "value": value}


def _same(values: Iterable[str]) -> LanguageMap:
    found = list(dict.fromkeys(value for value in values if value))
    return {"none": found} if found else {}


def _collections(service: Service, names: Sequence[str]) -> LanguageMap:
    found: LanguageMap = {}
    for name in names:
        for language, titles in collection_label(service, name).items():
            found.setdefault(language, []).extend(titles)
    return found


def _each(labels: Mapping[str, Labels], values: Sequence[str], name: Callable[[Labels, str], str]) -> LanguageMap:
    return {code: [name(words, value) for value in values] for code, words in labels.items()} if values else {}


def _statement(service: Service, item: Item) -> Node:
    labels = {language: service.labels(language) for language in LANGUAGES}
    told = [service.site.name, citable(item, service.site.base_url)]
    return {
        "label": {code: [words.text(N_("Provided by"))] for code, words in labels.items()},
        "value": {"none": told},
    }


def _provider(service: Service) -> Node:
    site = service.site
    home = {"id": f"{site.base_url}/", "type": "Text", "label": {"none": [site.name]}, "format": "text/html"}
    return {"id": f"{site.base_url}/", "type": "Agent", "label": {"none": [site.name]}, "homepage": [home]}


def _homepage(service: Service, item: Item) -> Node:
    return {
        "id": citing.landing(item, service.site.base_url),
        "type": "Text",
        "label": _title(item),
        "format": "text/html",
        "language": list(LANGUAGES),
    }


def _records(service: Service, item: Item) -> Iterator[Node]:
    for link in form_links(service, item):
        made: Node = {"id": link.href, "type": "Dataset", "format": link.type}
        if link.profile:
            made["profile"] = link.profile
        yield made


def _downloads(service: Service, item: Item) -> Iterator[Node]:
    for file in citing.offered(item):
        role = N_("Searchable copy") if file.role == "access" else N_("Original as received")
        kind = "Image" if file.media_type.startswith("image/") else "Text"
        label = by_language(lambda words, role=role, file=file: _download(words, role, file.media_type), service)  # type: ignore[misc]
        address = citing.file_address(item, file, service.site.base_url)
        yield {"id": address, "type": kind, "label": label, "format": file.media_type}


def _download(words: Labels, role: str, media_type: str) -> str:
    return f"{words.text(role)} ({words.format(media_type)})"


def _rights(item: Item) -> str:
    """Return the address of a licence as the specification names it, ``""`` where none is known."""
    for text in item.rights:
        address = licence(text.value).uri.removeprefix("https://").removeprefix("http://").removeprefix("www.")
        if address.startswith(_OPEN_LICENCES):
            return f"http://{address}"
    return ""
