"""What a harvested record says: its metadata by the importer of its form, and what stands about it.

Specification: OAI-PMH 2.0, section 2.5; the guidelines on provenance and on rights that go with it
(http://www.openarchives.org/OAI/2.0/guidelines-provenance.htm and guidelines-rights.htm). The form is told by
the element and its namespace, not by the prefix that a repository gave it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from metadata import edtf_dates
from metadata.datacite_reader import DATACITE
from metadata.datacite_reader import NAMESPACE as KERNEL
from metadata.dc_values import DC, TERMS
from metadata.dc_xml import DUBLIN_CORE
from metadata.description import Description, Rejected, Remarks, shorten
from metadata.harvested import HarvestedRecord
from metadata.marc import describe as describe_marc
from metadata.marcxml import NAMESPACE as MARC
from metadata.marcxml import Refused, record_of
from metadata.model import Origin, Text
from metadata.mods import MODS
from metadata.mods import NAMESPACE as MODS_NAMESPACE
from metadata.origins import PROVENANCE
from metadata.xmlrecords import content, damaged, local, set_aside, space

RIGHTS = "http://www.openarchives.org/OAI/2.0/rights/"
_DEEPEST = 5  # origins of origins that are kept
_READ = (DC, TERMS, "http://www.openarchives.org/OAI/2.0/oai_dc/", MARC, MODS_NAMESPACE, KERNEL)
_WRAPPERS = ("http://schema.datacite.org/oai/", "http://dspace.org/qualifieddc/", "http://www.dspace.org/xmlns/dspace")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:\.[0-9]{1,6})?Z)?")
_REF = re.compile(r"https?://[^\s<>\"]{1,500}")


def is_read(namespace: str) -> bool:
    """Say whether records in a namespace can be read here; qualified Dublin Core goes by many."""
    return namespace.startswith((*_READ, *_WRAPPERS)) or "dc" in namespace.lower() or namespace == ""


def content_of(record: HarvestedRecord) -> bytes:
    """Return what makes a record what it is: its metadata as it came, with what is said of the rights in it."""
    raw = b"" if record.metadata is None else etree.tostring(record.metadata, encoding="utf-8", with_tail=False)
    return raw + "\n".join(text.value for text in _rights(record.about)).encode()


def described(record: HarvestedRecord, number: int, where: str) -> Description | Rejected:
    """Return what a record says, or why it says nothing; ``where`` names it for reports.

    The description has no id yet, and ``raw`` is left empty: the page that it stood in is kept.
    """
    remarks = Remarks(where)
    for told in record.mended:
        remarks.mended(told)
    if record.fault:
        return damaged(number, record.fault, b"", remarks)
    if record.deleted:
        return set_aside(number, "it was deleted where it was harvested", b"", remarks)
    if record.metadata is None:
        return damaged(number, "it has no metadata", b"", remarks)
    found = _read(record.metadata, number, b"", remarks)
    return _with_rights(found, list(_rights(record.about))) if isinstance(found, Description) else found


def _read(metadata: etree._Element, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
    for form in (DATACITE, MODS):
        if local(metadata) in form.tags:
            return form.describe(metadata, number, raw, remarks)
    if local(metadata) == "record" and _is_marc(metadata):
        return _marc(metadata, number, raw, remarks)
    if DUBLIN_CORE.is_record(metadata):
        return DUBLIN_CORE.describe(metadata, number, raw, remarks)
    if (inner := _inner(metadata)) is not None:
        return _read(inner, number, raw, remarks)
    name = f"{shorten(local(metadata), 40)} of {shorten(space(metadata)) or 'no namespace'}"
    return damaged(number, f"it is {name}, which is no form that Canoe reads", raw, remarks)


def _is_marc(element: etree._Element) -> bool:
    return space(element) == MARC or any(local(child) == "leader" for child in element.iterchildren(etree.Element))


def _marc(element: etree._Element, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
    try:
        record = record_of(element, remarks)
    except Refused as fault:
        return damaged(number, str(fault), raw, remarks)
    return describe_marc(record, number, raw, remarks)


def _inner(metadata: etree._Element) -> etree._Element | None:
    """Return the record that an element only wraps: a collection of one, DataCite's ``oai_datacite``."""
    for child in metadata.iterdescendants(etree.Element):
        if local(child) in (*DATACITE.tags, *MODS.tags) or (local(child) == "record" and _is_marc(child)):
            return child
    return None


def _rights(about: tuple[etree._Element, ...]) -> Iterator[Text]:
    """Yield what is said of the rights in a record: a reference to their statement, or their words."""
    for container in about:
        if container.tag != f"{{{RIGHTS}}}rights":
            continue
        for child in container.iterchildren(etree.Element):
            text = child.get("ref", "") if local(child) == "rightsReference" else content(child, Remarks(""))
            links = [str(one) for one in child.xpath(".//@rdf:about", namespaces=_RDF) if _REF.fullmatch(str(one))]
            if told := next(iter(links), " ".join(text.split())):
                yield Text(shorten(told, 2000))


_RDF = {"rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}


def _with_rights(found: Description, rights: list[Text]) -> Description:
    if not rights:
        return found
    item = replace(found.item, rights=tuple(dict.fromkeys([*found.item.rights, *rights])))
    return replace(found, item=item)


def origins_of(record: HarvestedRecord, home: Origin) -> tuple[Origin, ...]:
    """Return where a record was harvested and, outwards in, where that repository had it from.

    ``home`` is the repository with the moment of this harvest; the record's own names are filled in.
    """
    namespace = space(record.metadata) if record.metadata is not None else ""
    own = replace(home, identifier=record.identifier, datestamp=moment(record.datestamp), namespace=namespace)
    return own, *_former(record.about)


def moment(text: str) -> str:
    """Return a day or an instant of OAI-PMH (section 3.3) that calendar and clock have, else ``""``."""
    found = _MOMENT.fullmatch(text.strip())
    return found[0] if found and edtf_dates.from_text(found[1]) == found[1] else ""


def _former(about: tuple[etree._Element, ...]) -> Iterator[Origin]:
    containers = (one for one in about if one.tag == f"{{{PROVENANCE}}}provenance")
    told = next(containers, None)
    for _ in range(_DEEPEST):
        told = None if told is None else told.find(f"{{{PROVENANCE}}}originDescription")
        if told is None:
            return
        names = ("baseURL", "identifier", "datestamp", "metadataNamespace")
        base, identifier, stamp, namespace = (_word(told.find(f"{{{PROVENANCE}}}{name}")) for name in names)
        when = moment(told.get("harvestDate", ""))
        if _REF.fullmatch(base) and identifier and moment(stamp) and when:
            yield Origin(base, identifier, moment(stamp), namespace, when, altered=told.get("altered") == "true")


def _word(element: etree._Element | None) -> str:
    text = "" if element is None else content(element, Remarks(""))
    return text if len(text) <= 1000 else ""
