"""How fast one client may ask: a bucket of requests for each address, filled at an even rate.

A process keeps buckets of its own. Requests from this machine itself are not counted; behind a
web server the address is that of its client (X-Forwarded-For), so its clients are.
"""

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache

_MOST_ADDRESSES = 10_000
_NETWORK = 64  # bits of an IPv6 address: what one client has for itself


class Limit:
    """Lets each client ask ``rate`` times a second, and ``burst`` times at once after a pause; 0 is no limit."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # requests left, and when that was so
        self._changing = threading.Lock()

    def seconds_to_wait(self, address: str) -> int:
        """Count a request of a client; return 0 where it may be answered, else after how many seconds it may."""
        client = _client(address) if self._rate else ""
        if not client:
            return 0
        with self._changing:
            now = self._clock()
            left, when = self._buckets.pop(client, (float(self._burst), now))
            left = min(float(self._burst), left + (now - when) * self._rate)
            allowed = left >= 1
            self._buckets[client] = (left - allowed, now)
            if len(self._buckets) > _MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - left) / self._rate))


NO_LIMIT = Limit(0, 0)


@lru_cache(maxsize=1024)
def _client(address: str) -> str:
    """Return what tells a client from others: its address, its network for IPv6; empty for this machine."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        known = known.ipv4_mapped or known
    if known.is_loopback:
        return ""
    if isinstance(known, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((known, _NETWORK), strict=False))
    return str(known)
