"""Who asks, as far as a request can tell: cookies, the origin of a form, its token, the way it came.

The cookie follows draft-ietf-httpbis-rfc6265bis: ``__Host-`` binds it to this host and to https. On
this machine itself, where a library is tried out over http, it has a plain name.
"""

import hashlib
import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from web.site import Site

_NAME = "canoe-desk"
_LOCAL = frozenset(("127.0.0.1", "localhost", "::1"))
_IPV6_NETWORK = 64  # bits: what one connection to the Internet commonly has
_LONGEST = 200


def is_private(site: Site, request: Request) -> bool:
    """Say whether nobody on the way can read along: the site is reached over https, or on this machine."""
    return _is_https(site) or (_host(request) in _LOCAL and _is_from_here(request))


def token_of(site: Site, request: Request) -> str:
    """Return the token of the session that a request belongs to, ``""`` for none."""
    return request.cookies.get(_cookie(site), "")[:_LONGEST]


def set_token(site: Site, response: Response, token: str) -> None:
    """Have the browser send a token from now on, to this site alone and never from another's page."""
    response.set_cookie(_cookie(site), token, path="/", secure=_is_https(site), httponly=True, samesite="strict")


def forget_token(site: Site, response: Response) -> None:
    """Have the browser forget its token."""
    response.delete_cookie(_cookie(site), path="/", secure=_is_https(site), httponly=True, samesite="strict")


def form_token(token: str) -> str:
    """Return what every form of a session sends: nobody can make it who has not the session's own token."""
    return hmac.new(token.encode("utf-8", "surrogateescape"), b"a form of the desk", hashlib.sha256).hexdigest()


def is_form_of(token: str, sent: str) -> bool:
    """Say whether a form was written for the session of ``token``."""
    return bool(token) and hmac.compare_digest(form_token(token).encode(), sent.encode("utf-8", "replace"))


def is_from_here(site: Site, request: Request) -> bool:
    """Say whether a form was sent from a page of this site (Fetch Metadata, 2.4; RFC 6454, section 7).

    A browser says at least one of the two; who says neither is none.
    """
    fetched, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if fetched is None and origin is None:
        return False
    return fetched in (None, "same-origin") and (origin is None or origin in _own_origins(site, request))


def client_of(request: Request) -> str:
    """Return the address that guesses are counted for; of IPv6 the network, of which one client has many addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:_LONGEST]
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))


def _own_origins(site: Site, request: Request) -> set[str]:
    """Return the origins of this site: its web address, and where it is asked on this machine, that one."""
    address = urlsplit(site.base_url)
    found = {f"{address.scheme}://{address.netloc}"}
    if _host(request) in _LOCAL:
        found.add(f"http://{request.headers.get('host', '')}")
    return found


def _is_from_here(request: Request) -> bool:
    """Say whether the client is on this machine, for a web server in front may name this one's host, not its own."""
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _host(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _cookie(site: Site) -> str:
    return f"__Host-{_NAME}" if _is_https(site) else _NAME


def _is_https(site: Site) -> bool:
    return site.base_url.startswith("https://")
