"""XML schemas compiled from local files: every import is found by its file name, none in the network."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

if TYPE_CHECKING:
    from lxml.etree._docloader import _InputDocument

SCHEMAS = Path(__file__).parent / "schemas"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
# To compile MathML costs forty times what all the rest of Crossref's schema does, and no document here holds any.
_MATHML = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/1998/Math/MathML">
<xs:element name="math" type="xs:anyType"/></xs:schema>"""


class _Local(etree.Resolver):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resolve(self, system_url: str | None, _public_id: str | None, context: object, /) -> "_InputDocument | None":
        name = str(system_url).rpartition("/")[2]
        if name == "mathml3.xsd":
            return self.resolve_string(_MATHML, context)
        found = next((path for place in (self.folder, *self.folder.parents[:1]) for path in place.rglob(name)), None)
        return self.resolve_filename(str(found or self.folder / name), context)


@cache
def schema_of(path: Path, imports: Path) -> etree.XMLSchema:
    """Compile the schema at ``path``, its imports found in the folder ``imports``, else beside it; skip without it."""
    if not path.is_file():
        pytest.skip(f"{path.name} is absent (see tests/schemas/README.md)")
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local(imports))
    return etree.XMLSchema(etree.fromstring(path.read_bytes(), parser))
