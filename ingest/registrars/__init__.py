"""DOI agencies behind one protocol. Which one is a setting; ``none`` reserves names and tells nobody."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

from metadata.kernel import Related
from metadata.model import Item
from metadata.vocabulary import Vocabulary

NONE = "none"
REGISTRARS = (NONE, "datacite", "crossref")
"""Every registrar by its name in the settings."""

Wanted = Literal["findable", "registered"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a library is known by at its agency. Nothing prints them."""

    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Publication:
    """What an agency's document is made of: the item, its ties, the library's name and address, the year."""

    item: Item
    related: tuple[Related, ...]
    library: str
    base_url: str
    vocabulary: Vocabulary
    year: int


@dataclass(frozen=True, slots=True)
class Deposit:
    """What an agency is told: the DOI, the address it leads to, the state it should be in, the document (UTF-8)."""

    name: str
    url: str
    wanted: Wanted
    document: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a deposit.

    ``accepted``: it is as it should be. ``pending``: it was received and is judged later. ``hidden``: it is a
    draft there, which nobody sees. ``passing``: not now; ``wait`` is how many seconds the agency asks for, None
    where it does not, and ``in_doubt`` says that it may have been accepted all the same. ``refused``: this one
    will not do. ``denied``: none will do, since the account, the prefix or the address is wrong. ``said`` is
    what came back, without secrets.
    """

    kind: Literal["accepted", "pending", "hidden", "passing", "refused", "denied"]
    said: str = ""
    wait: float | None = None
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """How a DOI stands at the agency: its state there, and where it leads."""

    state: str
    url: str


class AgencyTrouble(Exception):
    """An agency cannot be asked; the message is the reason."""


class Registrar(Protocol):
    """A DOI agency. ``agency`` names it and its address: what one agency accepted another does not know."""

    agency: str

    def document(self, publication: Publication) -> bytes:
        """Return the metadata of an item as the agency takes it; raises MandatoryMissing."""

    def whole(self, document: bytes) -> bytes:
        """Return what is sent of a document, as the agency's schema describes it."""

    def fault(self, document: bytes) -> str:
        """Return what the agency would refuse a document for, as far as that is known here; ``""`` for nothing."""

    def deposit(self, deposit: Deposit) -> Answer:
        """Tell the agency all of a DOI; the same twice is as good as once."""

    def ask(self, deposit: Deposit) -> Answer | None:
        """Return what became of a deposit that was sent before; None where nobody knows, so that it is sent again."""

    def look(self, name: str) -> Seen | None:
        """Return how a DOI stands there, None where it is unknown; raises AgencyTrouble."""

    def close(self) -> None:
        """Give up the connections."""


@dataclass(frozen=True, slots=True)
class Depositor:
    """Who tells an agency: the library's name, the address of who answers for it, and its credentials."""

    name: str
    email: str
    credentials: Credentials


def load_registrar(name: str, endpoint: str, depositor: Depositor) -> Registrar:
    """Return a registrar, imported only now: ``name`` is of :data:`REGISTRARS`; no ``endpoint`` means the usual one.

    Raises KeyError for ``none``, and what is no registrar.
    """
    if name == "datacite":
        from ingest.registrars.datacite import DataCite

        return DataCite(endpoint, depositor.credentials)
    if name == "crossref":
        from ingest.registrars.crossref import Crossref

        return Crossref(endpoint, depositor.credentials, depositor.name, depositor.email)
    raise KeyError(name)
