"""Every address of the desk."""

from collections.abc import Mapping

from starlette.routing import BaseRoute

from desk import approving, editing, editing_subjects, finding, front, login, merging, pairing, uploading
from desk.desk import Desk, Page
from desk.door import mounted

PAGES: Mapping[str, Page] = {
    **front.PAGES,
    **finding.PAGES,
    **login.PAGES,
    **uploading.PAGES,
    **approving.PAGES,
    **editing.PAGES,
    **editing_subjects.PAGES,
    **merging.PAGES,
    **pairing.PAGES,
}
"""What answers someone who is signed in."""


def routes(desk: Desk) -> list[BaseRoute]:
    """Return the routes of the desk; they go before those of the public pages."""
    return [mounted(desk, PAGES, uploading.STREAMED, login.LOGIN)]
