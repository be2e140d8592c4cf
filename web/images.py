"""Images of pages by the IIIF Image API 3.0, level 2 (https://iiif.io/api/image/3.0/)."""

import hashlib
from dataclasses import dataclass

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archive.catalogued import Held
from ingest.page_images import DRAWN_BY, Leaf, NotDrawn
from ingest.painters import Busy
from metadata.errors import NotFound
from metadata.model import File, Item, Page
from web import image_request
from web.image_request import Bounds, Refused
from web.items import closed, gone, held_item, is_closed
from web.picture_paths import service_path, shown_by
from web.pictures import Wanted
from web.render import Service
from web.results import whole_number

CONTEXT = "http://iiif.io/api/image/3/context.json"
PROTOCOL = "http://iiif.io/api/image"
TILE = 512
KEEP = "public, max-age=3600"
OPEN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""What lets viewers elsewhere show what is public anyway."""

_RETRY_SECONDS = "2"
_LD_JSON = "application/ld+json"
_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_EXTRA = ("canonicalLinkHeader", "mirroring", "profileLinkHeader")
_PROFILE = '<http://iiif.io/api/image/3/level2.json>;rel="profile"'


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of an item that there is an image of."""

    item: Item
    page: Page
    file: File
    leaf: Leaf
    bounds: Bounds

    @property
    def service(self) -> str:
        """The path of its image service, below the library's address."""
        return service_path(self.item, self.page.number)


def sheet_of(service: Service, item: Item, page: Page) -> Sheet | None:
    """Return where the image of a page comes from, None where there is none."""
    found = shown_by(item, page.number) if page.width > 0 and page.height > 0 else None
    if found is None:
        return None
    file, index = found
    turn = page.rotation if file.role == "original" else 0  # an access copy is upright already
    size = (page.width, page.height)
    leaf = Leaf(service.library.file(item, file.path), file.media_type, index, turn, size)
    return Sheet(item, page, file, leaf, Bounds(*size, service.site.images.pixels))


def refusal(service: Service, request: Request, held: Held) -> Response | None:
    """Return the answer for an item whose files and pages nobody may see: withdrawn, 410; not public, 403."""
    if held.item.status == "withdrawn":
        return gone(service, request, held)
    return closed(service, request, held.item) if is_closed(held.item) else None


def base(service: Service, request: Request) -> Response:
    """Answer ``/iiif/image/{name}``: its description is elsewhere (section 2.1)."""
    sheet = _sheet(service, request)
    if isinstance(sheet, Response):
        return sheet
    return RedirectResponse(f"{service.site.base_url}{sheet.service}/info.json", 303, OPEN)


def info(service: Service, request: Request) -> Response:
    """Answer ``/iiif/image/{name}/info.json`` (section 5)."""
    sheet = _sheet(service, request)
    if isinstance(sheet, Response):
        return sheet
    plain = "application/json" in request.headers.get("accept", "") and _LD_JSON not in request.headers["accept"]
    media_type = "application/json" if plain else f'{_LD_JSON};profile="{CONTEXT}"'
    headers = {**OPEN, "Cache-Control": KEEP, "Link": _PROFILE, "Vary": "Accept"}
    return Response(msgspec.json.encode(_description(service, sheet)), media_type=media_type, headers=headers)


def _description(service: Service, sheet: Sheet) -> dict[str, object]:
    bounds = sheet.bounds
    return {
        "@context": CONTEXT,
        "id": service.site.base_url + sheet.service,
        "type": "ImageService3",
        "protocol": PROTOCOL,
        "profile": "level2",
        "width": bounds.width,
        "height": bounds.height,
        "maxWidth": bounds.most_wide,
        "maxHeight": bounds.most_wide,
        "maxArea": bounds.most_pixels,
        "sizes": [{"width": width, "height": height} for width, height in image_request.sizes(bounds)],
        "tiles": [{"width": TILE, "height": TILE, "scaleFactors": image_request.scale_factors(bounds, TILE)}],
        "extraQualities": ["color", "gray", "bitonal"],
        "extraFormats": ["webp"],
        "extraFeatures": list(_EXTRA),
    }


async def image(service: Service, request: Request) -> Response:
    """Answer ``/iiif/image/{name}/{region}/{size}/{rotation}/{file}`` (section 4).

    No thread waits while an image is drawn, so that pages are answered meanwhile.
    """
    found = await run_in_threadpool(_prepared, service, request)
    if isinstance(found, Response):
        return found
    wanted, headers = found
    try:
        content = await service.pictures.drawn(wanted)
    except Busy:
        return _short(503, "There are too many images to draw just now.", {"Retry-After": _RETRY_SECONDS})
    except NotDrawn:
        return _short(404, "There is no image of this page: its file is damaged or too large.")
    return Response(content, media_type=_MEDIA_TYPES[wanted.cut.format], headers=headers)


def _prepared(service: Service, request: Request) -> Response | tuple[Wanted, dict[str, str]]:
    """Return the answer, where nothing needs to be drawn for it, else what does, and the answer's headers."""
    sheet = _sheet(service, request)
    if isinstance(sheet, Response):
        return sheet
    asked = request.path_params
    try:
        cut = image_request.read((asked["region"], asked["size"], asked["rotation"], asked["file"]), sheet.bounds)
    except Refused as fault:
        return _short(fault.status, fault.reason)
    address = f"{service.site.base_url}{sheet.service}/{image_request.canonical(cut, sheet.bounds)}"
    wanted = Wanted(_name(sheet, address.removeprefix(service.site.base_url)), sheet.leaf, cut)
    headers = {
        **OPEN,
        "ETag": f'"{wanted.name}"',
        "Cache-Control": KEEP,
        "Link": f'<{address}>;rel="canonical", {_PROFILE}',
        "X-Robots-Tag": "noindex",
    }
    if wanted.name in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    kept = service.pictures.kept(wanted)
    return Response(kept, media_type=_MEDIA_TYPES[cut.format], headers=headers) if kept else (wanted, headers)


def _sheet(service: Service, request: Request) -> Sheet | Response:
    """Return the page that an address names, or the answer where it may not be seen; raises NotFound."""
    item_id, _, number = request.path_params["name"].partition(":")
    held = held_item(service, item_id)
    if refused := refusal(service, request, held):
        refused.headers.update(OPEN)
        return refused
    sheet = sheet_of(service, held.item, service.library.page(held.item.id, whole_number(number)))
    if sheet is None:
        raise NotFound(f"There is no image of page {number[:40]!r} of item {held.item.id}.")
    return sheet


def _name(sheet: Sheet, address: str) -> str:
    """Return a name for all that the image depends on."""
    leaf = sheet.leaf
    parts = (DRAWN_BY, address, sheet.file.sha512, leaf.index, leaf.turn, *leaf.size)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def _short(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(
        text + "\n", status, {**OPEN, "Cache-Control": "no-store", **(headers or {})}, "text/plain; charset=utf-8"
    )
