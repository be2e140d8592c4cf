"""Registering DOIs for a home: who it is at the agency, and what must be so before anything is sent."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from archive.doi_ledger import DoiLedger, open_ledger
from archive.durable import storage
from canoe.home import Home
from ingest.doi_schema import Schema
from ingest.doi_sync import Clock, Office
from ingest.registrars import NONE, Credentials, Depositor, Registrar, load_registrar
from metadata.errors import UsageError

CREDENTIALS_FILE = "doi-credentials"
_HINT = "docs/how-to/name-with-dois.md says how to register DOIs."
_CLOCK = Clock()
_LONGEST = 4096  # bytes of the file of credentials


@contextmanager
def registering(home: Home, clock: Clock = _CLOCK) -> Iterator[Office]:
    """Lend what DOIs of a home are registered with.

    Raises UsageError where the settings or credentials do not allow it, HomeHeld while another process is at it.
    """
    doi, library = home.settings.doi, home.settings.library
    if doi.registrar == NONE or not doi.prefixes.all:
        missing = "registrar" if doi.registrar == NONE else "prefix"
        raise UsageError(f"DOIs are not registered: canoe.toml sets no doi.{missing}.", _HINT)
    _require_reachable(library.base_url)
    schema = Schema(home.path / doi.schema) if doi.schema else None
    registrar = load_registrar(
        doi.registrar, doi.endpoint, Depositor(library.name, library.admin_email, read_credentials(home.path))
    )
    try:
        with open_ledger(home.path) as ledger:
            yield Office(
                home.library,
                ledger,
                registrar,
                doi.prefixes.all,
                library.name,
                library.base_url,
                home.vocabulary,
                clock,
                partial(_fault, registrar, schema),
            )
    finally:
        registrar.close()


def _fault(registrar: Registrar, schema: Schema | None, document: bytes) -> str:
    """Return what is wrong with a document, by what is known of the agency, and by its schema where that is set."""
    known = registrar.fault(document)
    return known or (schema.fault(registrar.whole(document)) if schema else "")


@contextmanager
def ledger_of(home: Home) -> Iterator[DoiLedger]:
    """Lend the ledger of a home, up to date with the catalogue; raises HomeHeld while another process has it."""
    with open_ledger(home.path) as ledger:
        ledger.follow(home.library)
        yield ledger


def read_credentials(home: Path) -> Credentials:
    """Return who the library is at its agency: from the environment, else from ``doi-credentials`` in the home.

    Raises UsageError where there are none, or others than the owner can read the file.
    """
    user, password = os.environ.get("CANOE_DOI_USER", ""), os.environ.get("CANOE_DOI_PASSWORD", "")
    if not (user and password):
        user, password = _kept_credentials(home / CREDENTIALS_FILE)
    if not (user and password and (user + password).isprintable()):
        hint = (
            f"Set CANOE_DOI_USER and CANOE_DOI_PASSWORD, or write both, a line each, to {CREDENTIALS_FILE} in the home."
        )
        raise UsageError("Nothing says who the library is at the DOI agency.", hint)
    return Credentials(user, password)


def _kept_credentials(path: Path) -> tuple[str, str]:
    with storage(path):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return "", ""
        except OSError as fault:
            raise UsageError(f"{path} cannot be read: {fault.strerror}.", "Make it an ordinary file.") from fault
        with os.fdopen(handle, "rb") as stream:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077 or found.st_uid not in (os.geteuid(), 0):
                raise UsageError(f"{path} can be read by others.", f"Its password is known now; then: chmod 600 {path}")
            lines = stream.read(_LONGEST).decode("utf-8-sig", "replace").splitlines()
    user, password = [*(line.strip() for line in lines[:2]), "", ""][:2]
    return user, password


def _require_reachable(base_url: str) -> None:
    """Raise UsageError where the addresses that DOIs would lead to are of this machine or a private network alone."""
    host = urlsplit(base_url).hostname or ""
    private = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    with suppress(ValueError):
        private = not ip_address(host).is_global
    if private:
        message = f"DOIs would lead to {base_url}, which only this machine or its network reaches."
        raise UsageError(message, "Set library.base_url in canoe.toml to the library's public address.")
