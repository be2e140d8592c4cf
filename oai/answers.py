"""The XML of every answer (OAI-PMH 2.0, 3.2), joined from pieces in UTF-8.

Records were rendered before; here they are only put side by side.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metadata.ids import item_id
from metadata.xmlbuild import attribute
from metadata.xmltext import escape
from oai import datestamps
from oai.arguments import OaiError
from oai.formats import Format

_OPEN = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/'
    ' http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">\n'
)
_OAI_IDENTIFIER = (
    '<oai-identifier xmlns="http://www.openarchives.org/OAI/2.0/oai-identifier"'
    ' xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai-identifier'
    ' http://www.openarchives.org/OAI/2.0/oai-identifier.xsd">'
)
_SAMPLE = item_id("")


@dataclass(frozen=True, slots=True)
class Identity:
    """What Identify tells (4.2); ``earliest`` in epoch seconds.

    ``friends`` are the base URLs of other repositories, ``icon`` the address of a picture that stands
    for this one (Implementation Guidelines: ``friends`` and ``branding``); none where they are empty.
    """

    name: str
    base_url: str
    admin_email: str
    namespace: str
    earliest: int
    friends: tuple[str, ...] = ()
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Resumption:
    """What the end of a page says (3.5): an empty ``token`` ends a list of several pages."""

    token: str
    expires: int
    size: int
    cursor: int


def envelope(base_url: str, now: int, echo: Mapping[str, str], content: Iterable[bytes]) -> bytes:
    """Return the whole document around ``content``, the pieces of the verb's element or of errors.

    ``echo`` holds the request's arguments as sent: legal values only, and nothing at all after
    badVerb or badArgument (3.6).
    """
    attributes = "".join(f' {name}="{attribute(value)}"' for name, value in echo.items())
    opening = (
        f"{_OPEN}<responseDate>{datestamps.render(now)}</responseDate>\n"
        f"<request{attributes}>{escape(base_url)}</request>\n"
    )
    return b"".join((opening.encode(), *content, b"\n</OAI-PMH>\n"))  # a page is copied only here


def errors(found: Iterable[OaiError]) -> list[bytes]:
    """Return one ``<error>`` for each error found."""
    return [f'<error code="{error.code}">{escape(error.message)}</error>\n'.encode() for error in found]


def identify(identity: Identity) -> list[bytes]:
    """Return ``<Identify>``, described as the Implementation Guidelines have it."""
    shown = (
        "<Identify>\n"
        f"<repositoryName>{escape(identity.name)}</repositoryName>\n"
        f"<baseURL>{escape(identity.base_url)}</baseURL>\n"
        "<protocolVersion>2.0</protocolVersion>\n"
        f"<adminEmail>{escape(identity.admin_email)}</adminEmail>\n"
        f"<earliestDatestamp>{datestamps.render(identity.earliest)}</earliestDatestamp>\n"
        "<deletedRecord>persistent</deletedRecord>\n"
        "<granularity>YYYY-MM-DDThh:mm:ssZ</granularity>\n"
        "<compression>gzip</compression>\n"
        f"<description>{_OAI_IDENTIFIER}<scheme>oai</scheme>"
        f"<repositoryIdentifier>{identity.namespace}</repositoryIdentifier><delimiter>:</delimiter>"
        f"<sampleIdentifier>oai:{identity.namespace}:{_SAMPLE}</sampleIdentifier>"
        f"</oai-identifier></description>\n{_friends(identity.friends)}{_branding(identity)}</Identify>"
    )
    return [shown.encode()]


def metadata_formats(formats: Iterable[Format]) -> list[bytes]:
    """Return ``<ListMetadataFormats>``."""
    return [f"<ListMetadataFormats>\n{''.join(map(_metadata_format, formats))}</ListMetadataFormats>".encode()]


def sets(shown: Iterable[tuple[str, str]], resumption: Resumption | None) -> list[bytes]:
    """Return ``<ListSets>`` of (setSpec, name)."""
    elements = "".join(
        f"<set><setSpec>{spec}</setSpec><setName>{escape(name)}</setName></set>\n" for spec, name in shown
    )
    return [f"<ListSets>\n{elements}{_resumption(resumption)}</ListSets>".encode()]


def record(shown: bytes) -> list[bytes]:
    """Return ``<GetRecord>``."""
    return [b"<GetRecord>\n", shown, b"</GetRecord>"]


def records(page: Iterable[bytes], resumption: Resumption | None) -> list[bytes]:
    """Return ``<ListRecords>``."""
    return [b"<ListRecords>\n", *page, f"{_resumption(resumption)}</ListRecords>".encode()]


def headers(page: Iterable[bytes], resumption: Resumption | None) -> list[bytes]:
    """Return ``<ListIdentifiers>``."""
    return [b"<ListIdentifiers>\n", b"\n".join(page), f"\n{_resumption(resumption)}</ListIdentifiers>".encode()]


def _friends(addresses: tuple[str, ...]) -> str:
    shown = "".join(f"<baseURL>{escape(address)}</baseURL>" for address in addresses)
    return _description("friends", shown) if shown else ""


def _branding(identity: Identity) -> str:
    if not identity.icon:
        return ""
    icon, title = escape(identity.icon), escape(identity.name)
    return _description("branding", f"<collectionIcon><url>{icon}</url><title>{title}</title></collectionIcon>")


def _description(name: str, content: str) -> str:
    """Return a description whose schema is called as its element is."""
    namespace = f"http://www.openarchives.org/OAI/2.0/{name}/"
    schema = f"http://www.openarchives.org/OAI/2.0/{name}.xsd"
    opening = f'<{name} xmlns="{namespace}" xsi:schemaLocation="{namespace} {schema}">'
    return f"<description>{opening}{content}</{name}></description>\n"


def _metadata_format(shown: Format) -> str:
    return (
        f"<metadataFormat><metadataPrefix>{shown.prefix}</metadataPrefix>"
        f"<schema>{shown.schema}</schema>"
        f"<metadataNamespace>{shown.namespace}</metadataNamespace></metadataFormat>\n"
    )


def _resumption(resumption: Resumption | None) -> str:
    if resumption is None:
        return ""
    return (
        f'<resumptionToken expirationDate="{datestamps.render(resumption.expires)}"'
        f' completeListSize="{resumption.size}" cursor="{resumption.cursor}">'
        f"{resumption.token}</resumptionToken>\n"
    )
