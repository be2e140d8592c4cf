"""The XML of every answer (OAI-PMH 2.0, 3.2), joined from strings.

Headers and metadata were rendered when their item was written; here they are only put side by side.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from metadata.ids import item_id
from metadata.xmltext import escape
from oai import datestamps
from oai.arguments import OaiError
from oai.records import OaiRecord

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
class Format:
    """A metadata format (3.4): its prefix, schema and namespace."""

    prefix: str
    schema: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Identity:
    """What Identify tells (4.2); ``earliest`` in epoch seconds."""

    name: str
    base_url: str
    admin_email: str
    namespace: str
    earliest: int


@dataclass(frozen=True, slots=True)
class Resumption:
    """What the end of a page says (3.5): an empty ``token`` ends a list of several pages."""

    token: str
    expires: int
    size: int
    cursor: int


def envelope(base_url: str, now: int, echo: Mapping[str, str], content: str) -> str:
    """Return the whole document around ``content``, the verb's element or errors.

    ``echo`` holds the request's arguments as sent: legal values only, and nothing at all after
    badVerb or badArgument (3.6).
    """
    attributes = "".join(f' {name}="{_attribute(value)}"' for name, value in echo.items())
    return (
        f"{_OPEN}<responseDate>{datestamps.render(now)}</responseDate>\n"
        f"<request{attributes}>{escape(base_url)}</request>\n{content}\n</OAI-PMH>\n"
    )


def errors(found: Iterable[OaiError]) -> str:
    """Return one ``<error>`` for each error found."""
    return "\n".join(f'<error code="{error.code}">{escape(error.message)}</error>' for error in found)


def identify(identity: Identity) -> str:
    """Return ``<Identify>``, described by the Guidelines for the oai-identifier format."""
    return (
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
        "</oai-identifier></description>\n</Identify>"
    )


def metadata_formats(formats: Iterable[Format]) -> str:
    """Return ``<ListMetadataFormats>``."""
    return f"<ListMetadataFormats>\n{''.join(map(_metadata_format, formats))}</ListMetadataFormats>"


def sets(shown: Iterable[tuple[str, str]], resumption: Resumption | None) -> str:
    """Return ``<ListSets>`` of (setSpec, name)."""
    elements = "".join(
        f"<set><setSpec>{spec}</setSpec><setName>{escape(name)}</setName></set>\n" for spec, name in shown
    )
    return f"<ListSets>\n{elements}{_resumption(resumption)}</ListSets>"


def record(shown: OaiRecord) -> str:
    """Return ``<GetRecord>``."""
    return f"<GetRecord>\n{_record(shown)}</GetRecord>"


def records(page: Sequence[OaiRecord], resumption: Resumption | None) -> str:
    """Return ``<ListRecords>``."""
    return f"<ListRecords>\n{''.join(map(_record, page))}{_resumption(resumption)}</ListRecords>"


def headers(page: Sequence[OaiRecord], resumption: Resumption | None) -> str:
    """Return ``<ListIdentifiers>``."""
    elements = "\n".join([shown.header for shown in page])
    return f"<ListIdentifiers>\n{elements}\n{_resumption(resumption)}</ListIdentifiers>"


def _attribute(value: str) -> str:
    # An attribute's white space is normalised away unless written as references (XML 1.0, 3.3.3).
    return escape(value).replace("\t", "&#9;").replace("\n", "&#10;")


def _record(shown: OaiRecord) -> str:
    if metadata := shown.metadata:
        return f"<record>{shown.header}<metadata>{metadata}</metadata></record>\n"
    return f"<record>{shown.header}</record>\n"


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
