"""Where the images of an item's pages are: the file that shows each, and the address of its image."""

from datetime import UTC, datetime
from urllib.parse import quote

from metadata.model import File, Item
from metadata.rights import is_readable

THUMBNAIL = (96, 144)
"""Width and height in pixels that the small picture of a page fits into."""


def service_path(item: Item, number: int) -> str:
    """Return the path of the image service of a page."""
    return f"/iiif/image/{item.id}:{number}"


def picture_path(item: Item, number: int, size: str) -> str:
    """Return the path of the image of a whole page; ``size`` as the IIIF Image API writes it."""
    return f"{service_path(item, number)}/full/{quote(size, safe=',!')}/0/default.jpg"


def thumbnail_path(item: Item, number: int) -> str:
    """Return the path of the small picture of a page."""
    return picture_path(item, number, "!{},{}".format(*THUMBNAIL))


def cover(item: Item) -> str:
    """Return the path of the small picture of an item's first page, ``""`` where there is none for everybody."""
    shown = item.page_count > 0 and item.status == "published" and shown_by(item, 1) is not None
    return thumbnail_path(item, 1) if shown and is_readable(item, datetime.now(UTC).date()) else ""


def shown_by(item: Item, number: int) -> tuple[File, int] | None:
    """Return the file that shows a page, and which of its own pages or frames that is, from 0."""
    copies = [*item.files_as("access"), *item.files_as("original")]
    if pdf := next((file for file in copies if file.media_type == "application/pdf"), None):
        return pdf, number - 1
    images = [file for file in item.files_as("original") if file.media_type.startswith("image/")]
    if len(images) == 1:
        return images[0], number - 1
    return (images[number - 1], 0) if images and 1 <= number <= len(images) == item.page_count else None
