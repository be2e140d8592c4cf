"""The stylesheets, the mark and the reader's module: read once, kept in memory, addressed by their content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_MEDIA_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml", "js": "text/javascript; charset=utf-8"}
_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the pages; ``version`` changes with its content."""

    content: bytes
    media_type: str
    version: str


@cache
def assets() -> Mapping[str, Asset]:
    """Return the files in ``web/static`` by name."""
    return {
        entry.name: _asset(entry.name, entry.read_bytes())
        for entry in files("web").joinpath("static").iterdir()
        if entry.name.rpartition(".")[2] in _MEDIA_TYPES
    }


def address(name: str) -> str:
    """Return the path of an asset with its version, so that it can be kept by browsers for ever."""
    return f"/static/{name}?v={assets()[name].version}"


def static(request: Request) -> Response:
    """Answer ``/static/{name}``."""
    asset = assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    current = request.query_params.get("v") == asset.version
    headers = {"Cache-Control": _YEAR if current else "no-cache", "ETag": f'"{asset.version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def _asset(name: str, content: bytes) -> Asset:
    version = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, _MEDIA_TYPES[name.rpartition(".")[2]], version)
