"""What the pages say of the library itself."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from metadata.collection import Collections
from web.pictures import ImageLimits


@dataclass(frozen=True, slots=True)
class Site:
    """Settings of the public pages.

    ``base_url`` is the library's web address without a slash at its end; where it has a path,
    links start with it. ``default_language`` (``en``, ``fr`` or ``es``) serves readers who
    ask for none of the three. ``images`` is what images of pages may take,
    ``collections`` what collections are called and hold.
    """

    name: str
    base_url: str
    admin_email: str = ""
    default_language: str = "en"
    images: ImageLimits = field(default_factory=ImageLimits)
    collections: Collections = field(default_factory=dict, hash=False)

    @property
    def root(self) -> str:
        """The path of ``base_url``: ``""``, or ``/library`` and the like."""
        return urlsplit(self.base_url).path.rstrip("/")
