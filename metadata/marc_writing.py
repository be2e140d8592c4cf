"""MARC 21 records written: ISO 2709 in UTF-8, and MARCXML.

Specifications: MARC 21 Specifications for Record Structure (ANSI/NISO Z39.2, ISO 2709), UCS/Unicode
environment; MARCXML, Library of Congress. What both forms need is the same, so a record that is
too long for the first goes out in the second with nothing changed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_letters, ascii_lowercase, digits

from metadata.marc_record import Field
from metadata.xmlbuild import DECLARATION, attribute
from metadata.xmltext import escape

LONGEST_FIELD = 9_999
LONGEST_RECORD = 99_999
NAMESPACE = "http://www.loc.gov/MARC21/slim"
SCHEMA = "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd"
_LOCATED = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{NAMESPACE} {SCHEMA}"'
_LEADER = 24
# What MARC21slim.xsd allows, and what stands for anything else: a local field, a local subfield.
_CONTROL_TAG = re.compile(r"00[1-9A-Za-z]", re.ASCII)
_DATA_TAG = re.compile(r"0(?:[1-9A-Z][0-9A-Z]|[1-9a-z][0-9a-z])|[1-9A-Z][0-9A-Z]{2}|[1-9a-z][0-9a-z]{2}", re.ASCII)
_INDICATORS = frozenset(f" {digits}{ascii_lowercase}")
_CODES = {one: attribute(one) for one in f"{digits}{ascii_letters}!\"#$%&'()*+,-./:;<=>?{{}}_^`~[]\\"}
_LEADER_SIGNS = frozenset(f" {digits}{ascii_letters}")
_OUTLAWED_TAG, _OUTLAWED_CODE = "999", "9"


class Oversize(ValueError):
    """The record has no place in ISO 2709: a field or the whole is too long. MARCXML has no such limit."""


@dataclass(frozen=True, slots=True)
class Written:
    """A record to be written: its leader (24 characters) and its fields, in order."""

    leader: str
    fields: tuple[Field, ...]

    def each(self, *tags: str) -> Sequence[Field]:
        """Return the fields of ``tags``, in the order of the record."""
        return [one for one in self.fields if one.tag in tags]


def to_iso2709(record: Written) -> bytes:
    """Return the record in ISO 2709, UTF-8 (leader/09 ``a``), with its terminator.

    Raises Oversize when a field has more than 9,999 bytes or the record more than 99,999: it
    could be written and not read.
    """
    directory, body, offset = [], [], 0
    for one in record.fields:
        content = _content(one)
        if len(content) > LONGEST_FIELD:
            raise Oversize(f"field {one.tag} has {len(content)} bytes, the limit is {LONGEST_FIELD}")
        directory.append(f"{one.tag[:3]:0>3}{len(content):04d}{offset:05d}")
        body.append(content)
        offset += len(content)
    base = _LEADER + 12 * len(directory) + 1
    if (length := base + offset + 1) > LONGEST_RECORD:
        raise Oversize(f"the record has {length} bytes, the limit is {LONGEST_RECORD}")
    head = _leader(record.leader, length, base) + "".join(directory)
    return b"".join((head.encode("ascii", "replace"), b"\x1e", *body, b"\x1d"))


def to_marcxml(record: Written) -> bytes:
    """Return the record as a MARCXML document (UTF-8), one ``record`` element."""
    return f"{DECLARATION}{record_element(record)}\n".encode()


def record_element(record: Written) -> str:
    """Return the record as a ``record`` element that declares its namespace."""
    leader = _xml_leader(_leader(record.leader, 0, 0))
    elements = sorted(map(_element, record.fields), key=_is_data)  # control fields come first, whatever the source did
    return f'<record xmlns="{NAMESPACE}"><leader>{leader}</leader>{"".join(elements)}</record>'


def record_for_harvesters(record: Written) -> str:
    """Return the same with the address of its schema, as OAI-PMH 2.0 (section 2.5) wants it of metadata."""
    return f"<record {_LOCATED}{record_element(record).removeprefix('<record')}"


def _is_data(element: str) -> bool:
    return element.startswith("<datafield")


def _leader(given: str, length: int, base: int) -> str:
    """Return the leader with what is fixed for a Unicode record: 00-04, 09-16 and 20-23."""
    known = given.ljust(_LEADER)
    return f"{length:05d}{known[5:9]}a22{base:05d}{known[17:20]}4500"


def _content(field: Field) -> bytes:
    if not field.indicators:
        text = field.data
    else:
        text = field.indicators + "".join([f"\x1f{code[:1] or 'a'}{value}" for code, value in field.subfields])
    return text.encode("utf-8", "replace") + b"\x1e"


def _element(field: Field) -> str:
    """Return a field as an element that MARC21slim.xsd allows, whatever its tag, indicators and codes are."""
    if not field.indicators and _CONTROL_TAG.fullmatch(field.tag):
        return f'<controlfield tag="{field.tag}">{escape(field.data)}</controlfield>'
    tag = field.tag if _DATA_TAG.fullmatch(field.tag) else _OUTLAWED_TAG
    first, second = [one if one in _INDICATORS else " " for one in (field.indicators or "  ")[:2]]
    coded = [(_CODES.get(code, _OUTLAWED_CODE), value) for code, value in field.subfields]
    parts = [f'<subfield code="{code}">{escape(value)}</subfield>' for code, value in coded]
    return f'<datafield tag="{tag}" ind1="{first}" ind2="{second}">{"".join(parts)}</datafield>' if parts else ""


def _xml_leader(leader: str) -> str:
    """Return a leader whose characters MARC21slim.xsd allows: blank where they are none, 06 language material."""
    sound = [one if one in _LEADER_SIGNS else " " for one in leader]
    sound[6] = sound[6].strip() or "a"
    return "".join(sound)


def control(tag: str, data: str) -> Field:
    """Return a control field."""
    return Field(tag, "", (("", data),))
