"""Collections as pages and programs refer to them: the address of one, and what is said of it in JSON-LD."""

from urllib.parse import quote

from metadata.collection import title_of
from web.reader import Pairs
from web.render import Service

_AS_PATHS = frozenset(("", ".", ".."))


def address(name: str) -> tuple[str, Pairs]:
    """Return the path of a collection's page; of one whose name makes no path, the search that finds its items.

    None has a line break: no route leads to such.
    """
    if _AS_PATHS.isdisjoint(name.split("/")) and "\n" not in name:
        return f"/collections/{name}", ()
    return "/search", (("collection", name),)


def linked_data(service: Service, name: str, language: str, total: int) -> dict[str, object]:
    """Return a collection as a schema.org object, called as in ``language``; ``total`` is the number of its items."""
    words, site = service.labels(language), service.site
    holds = words.collection_holds(name)
    return {
        "@context": "https://schema.org",
        **reference(service, name),
        "name": words.collection(name).value,
        **({"description": holds.value} if holds else {}),
        "collectionSize": total,
        "provider": {"@type": "Organization", "name": site.name, "url": site.base_url},
    }


def reference(service: Service, name: str) -> dict[str, object]:
    """Return a collection as other schema.org objects name it: by the address of its page, if it has one."""
    path, pairs = address(name)
    found = {} if pairs else {"@id": (where := service.site.base_url + quote(path)), "url": where}
    return {"@type": "Collection", **found, "name": title_of(service.site.collections, name, "").value}
