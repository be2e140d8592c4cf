"""Addresses that a library's pages once had, in the one form under which they are kept and looked for.

RFC 3986: percent-encoding, a slash at the end, the order of a query's parts and the case of a host make no
difference; the scheme, the port and the fragment are left out. The form is ``/path?query``, and ``//host/path?query``
for an address of which the host is known.
"""

import unicodedata
from urllib.parse import unquote, unquote_plus, urlsplit

LONGEST = 2000
"""Characters of an address; a longer one is none."""


def old_address(text: str) -> str:
    """Return the form of a whole address (http, https) or of a path with its query; ``""`` where it is neither."""
    text = text.strip()
    whole = text.lower().startswith(("http://", "https://"))
    if len(text) > LONGEST or not (whole or text.startswith("/")) or text.startswith("//") or "\\" in text:
        return ""
    if not text.isprintable():  # urlsplit would leave tabs and ends of lines out, and make it another address
        return ""
    try:
        parts = urlsplit(text if whole else f"http://host{text}")
        host = (parts.hostname or "").rstrip(".") if whole else ""
        host = host if host.isascii() else host.encode("idna").decode()  # as browsers ask for it
    except ValueError:
        return ""
    path = asked_path(unquote(parts.path) or "/")
    fits = path.isprintable() and parts.query.isprintable() and not {".", ".."} & set(path.split("/"))
    if not fits or (whole and not host):
        return ""
    query = asked_query(parts.query)
    return f"{f'//{host}' if whole else ''}{path}{f'?{query}' if query else ''}"


def asked_path(path: str) -> str:
    """Return the form of a path of which the percent-encoding is undone already."""
    return unicodedata.normalize("NFC", path).rstrip("/") or "/"


def asked_query(query: str) -> str:
    """Return the form of a query: its parts decoded and in order."""
    parts = (unicodedata.normalize("NFC", unquote_plus(part)) for part in query.split("&"))
    return "&".join(sorted(filter(None, parts)))


def forms_asked(host: str, path: str, query: str) -> tuple[str, ...]:
    """Return the forms under which what is asked for may be kept, the most exact first.

    ``host`` is that of the request, ``path`` decoded, ``query`` as it came. What was added to a query since
    (by whoever counts readers) does not hide a page that had none.
    """
    way, parts = asked_path(path), asked_query(query)
    tails = (f"{way}?{parts}", way) if parts else (way,)
    name = host.lower().rstrip(".")
    return tuple(f"{before}{tail}" for tail in tails for before in ((f"//{name}", "") if name else ("",)))


def path_of(form: str) -> str:
    """Return the path of a form, its host and query left out."""
    tail = form if not form.startswith("//") else f"/{form[2:].partition('/')[2]}"
    return tail.partition("?")[0]
