"""Which machines may be asked: none of a private network, unless the settings allow it.

What counts is the address that is connected to, not the name: a name is resolved once, its addresses are
judged, and one of these is connected to. So no name can lead elsewhere between the look and the call.
"""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from urllib3.connection import HTTPConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError

from metadata.calling import Connections

_TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_UNICAST = IPv6Network("2000::/3")  # RFC 4291, section 2.4: what is given out; beside it nothing is public
_COMPATIBLE = IPv6Network("::/96")  # RFC 4291, section 2.5.5.1: deprecated, and still an IPv4 address

Address = IPv4Address | IPv6Address


class PrivateAddress(Exception):
    """The host is in a private network, or is this machine; the message names it.

    It is no OSError: those mean that a connection failed, and may be tried again.
    """


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public network; one that wraps another is judged by both."""
    found = ip_address(address.partition("%")[0])
    wrapped = tuple(_wrapped(found))
    if isinstance(found, IPv6Address) and found not in _UNICAST and not wrapped:
        return False
    return all(one.is_global and not one.is_multicast for one in (found, *wrapped))


def _wrapped(address: Address) -> Iterator[Address]:
    """Yield the IPv4 addresses that an IPv6 address stands for: mapped, 6to4, Teredo, translated."""
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in _TRANSLATED or address in _COMPATIBLE:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


class PublicConnections(Connections):
    """Connections to machines that may be asked."""

    def __init__(self, allow_private: bool, seconds: float) -> None:
        """``seconds`` is how long a connection, or silence on it, may take."""
        super().__init__()
        self._allow_private = allow_private
        self._seconds = seconds

    def connected(self, connection: HTTPConnection) -> socket.socket:
        """Connect to the first address that answers; raises PrivateAddress, NewConnectionError."""
        fault: OSError = OSError("the name leads to no address")
        for address in self._addresses(connection):
            try:
                return socket.create_connection((address, connection.port), self._seconds)
            except OSError as found:
                fault = found
        raise NewConnectionError(connection, str(fault)) from fault

    def _addresses(self, connection: HTTPConnection) -> list[str]:
        host = connection.host.strip("[]")
        try:
            found = socket.getaddrinfo(host, connection.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as fault:
            failed = fault if isinstance(fault, socket.gaierror) else socket.gaierror(str(fault))
            raise NameResolutionError(host, connection, failed) from fault
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        # One of them being private is enough: a name that leads here as well is not to be trusted elsewhere.
        private = [] if self._allow_private else [one for one in addresses if not is_public(one)]
        if private:
            raise PrivateAddress(f"{host} is at {private[0]}, an address of a private network or of this machine")
        return addresses
