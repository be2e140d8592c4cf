"""What whoever calls another server needs: whom to trust, how long to wait, how to say what went wrong."""

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache

import certifi


@cache
def trusting() -> ssl.SSLContext:
    """Return how servers are verified: by the authorities of this machine, and those that are shipped."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def retry_after(told: str) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, section 10.2.3): a number, or a moment.

    None where there is none, or what it says is neither.
    """
    told = told.strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def fault_said(fault: Exception) -> str:
    """Return what happened in a sentence's words, without the names of classes and objects."""
    reason = str(fault).rpartition(": ")[2] or type(fault).__name__
    return " ".join(reason.split())[:200]
