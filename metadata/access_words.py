"""The words in which tables state access, in three languages."""

import re

from metadata.folding import fold
from metadata.model import Access

# The words of the COAR Access Rights 1.0 and of info:eu-repo/semantics, and what people write.
_ACCESS: dict[str, Access] = {
    **dict.fromkeys(("open", "open access", "openaccess", "public", "acces ouvert", "libre acces", "ouvert"), "open"),
    **dict.fromkeys(("acces libre", "acceso abierto", "abierto", "acceso libre", "c_abf2"), "open"),
    **dict.fromkeys(("embargo", "embargoed", "embargoed access", "embargoedaccess", "sous embargo"), "embargoed"),
    **dict.fromkeys(("bajo embargo", "embargado", "acceso embargado", "c_f1cf"), "embargoed"),
    **dict.fromkeys(("restricted", "restricted access", "restrictedaccess", "closed", "closedaccess"), "restricted"),
    **dict.fromkeys(("acces restreint", "restreint", "acceso restringido", "restringido", "c_16ec"), "restricted"),
    **dict.fromkeys(("metadata-only", "metadata only", "metadata only access", "notice seule"), "metadata-only"),
    **dict.fromkeys(("metadonnees seules", "solo metadatos", "c_14cb"), "metadata-only"),
}
_ACCESS_PREFIX = re.compile(r"https?://purl\.org/coar/access_right/|info:eu-repo/semantics/", re.IGNORECASE)


def access_from_words(text: str) -> Access:
    """Return the access that words, a term of COAR or one of info:eu-repo state, ``""`` where they state none."""
    return _ACCESS.get(fold(_ACCESS_PREFIX.sub("", text)), "")
