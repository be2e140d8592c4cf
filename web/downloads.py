"""Files of items, as they are kept."""

from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from metadata.errors import NotFound
from metadata.model import File, Item
from web.items import closed, gone, held_item, is_closed
from web.render import Service
from web.signposting import file_links, header

INLINE = frozenset(("application/pdf", "image/png", "image/jpeg"))
"""Media types a browser shows by itself and that cannot carry script of their own; all others are saved."""

_OFFERED = ("access", "original")


def download(service: Service, request: Request) -> Response:
    """Answer ``/item/{id}/file/{path}``: whole or in ranges (RFC 9110, 14); the ETag is the file's sha512."""
    held = held_item(service, request.path_params["id"])
    if held.item.status == "withdrawn":
        return gone(service, request, held)
    if is_closed(held.item):
        return closed(service, request, held.item)
    file = _offered(held.item, request.path_params["path"])
    headers = {
        "ETag": f'"{file.sha512}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "public, max-age=3600",
        "Link": header(file_links(held.item, service.site.base_url)),
    }
    if _is_held(file, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return FileResponse(
        service.library.file(held.item, file.path),
        headers=headers,
        media_type=file.media_type,
        filename=_name(held.item, file),
        content_disposition_type="inline" if file.media_type in INLINE else "attachment",
    )


def _offered(item: Item, path: str) -> File:
    """Return the file at ``path``; only paths that the item itself names are looked at."""
    for file in item.files:
        if file.path == path and file.role in _OFFERED:
            return file
    raise NotFound(f"Item {item.id} has no such file.")


def _is_held(file: File, asked: str) -> bool:
    """Say whether If-None-Match names what the reader has already (RFC 9110, 13.1.2)."""
    return asked.strip() == "*" or file.sha512 in asked


def _name(item: Item, file: File) -> str:
    """Return the name to save under: the one it came with, without folders.

    A copy made here takes the original's and the item's id, so that the copies of several
    items can lie side by side.
    """
    origin = next(iter(item.files_as("original")), file) if file.role == "access" else file
    name = (origin.name or origin.path).replace("\\", "/").rpartition("/")[2]
    if origin is file:
        return name
    return f"{PurePosixPath(name).stem}-{item.id}{PurePosixPath(file.path).suffix}"
