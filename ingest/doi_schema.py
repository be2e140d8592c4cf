"""Holding a document against the agency's XML schema before it is sent.

The schemas are the agencies' own and are not part of this program: whoever wants this puts them beside the library,
https://schema.datacite.org/meta/kernel-4.6/ or https://gitlab.com/crossref/schema, and names the first file
in the settings. What a schema imports is looked for by its file name in its own folder and those in that, and
nowhere else.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from metadata.errors import UsageError

if TYPE_CHECKING:
    from lxml.etree._docloader import _InputDocument

_LONGEST = 500  # characters of what is wrong
_MOST_FILES = 1000


class Schema:
    """An XML schema (XSD 1.0) of which every part lies in one folder of this machine."""

    def __init__(self, path: Path) -> None:
        """Compile the schema at ``path``; raises UsageError where it is none."""
        parser = etree.XMLParser(no_network=True, resolve_entities=False)
        parser.resolvers.add(_Beside(path.parent))
        try:
            self._schema = etree.XMLSchema(etree.fromstring(path.read_bytes(), parser))
        except (OSError, etree.LxmlError) as fault:
            said = fault.strerror if isinstance(fault, OSError) else fault
            hint = "doi.schema in canoe.toml names the agency's XSD; its other files lie beside it."
            raise UsageError(f"{path} cannot be used as a schema: {said}.", hint) from fault

    def fault(self, document: bytes) -> str:
        """Return what is wrong with a document, its line first; ``""`` where it is valid."""
        try:
            root = etree.fromstring(document, etree.XMLParser(no_network=True, resolve_entities=False))
        except etree.XMLSyntaxError as fault:
            return str(fault)[:_LONGEST]
        if self._schema.validate(root):
            return ""
        first = self._schema.error_log[0]
        return f"line {first.line}: {first.message}"[:_LONGEST]


class _Beside(etree.Resolver):
    """Finds what a schema imports by its file name; what is not there is empty, and never fetched."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, Path] = {}
        for where, _, names in os.walk(folder):
            for name in names:
                if len(self._files) < _MOST_FILES:
                    self._files.setdefault(name, Path(where, name))

    def resolve(self, system_url: str | None, _public_id: str | None, context: object, /) -> "_InputDocument | None":
        found = self._files.get(str(system_url).rpartition("/")[2])
        return self.resolve_filename(str(found), context) if found else self.resolve_string("", context)
