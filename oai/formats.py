"""The metadata formats (OAI-PMH 2.0, 3.4): their names, and what makes the records of all but oai_dc.

oai_dc stands rendered in the catalogue. The others are made when they are asked for: kept, they
would make the catalogue several times as large, for harvests that come once a month (docs/why/measured.md).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from archive.clock import to_rfc3339
from archive.feed import Publishing
from metadata import disseminations
from metadata.datacite import datacite
from metadata.kernel import Related, related_to
from metadata.marc_export import Agency, marc_record
from metadata.marc_writing import NAMESPACE as MARC
from metadata.marc_writing import SCHEMA as MARC_SCHEMA
from metadata.marc_writing import record_for_harvesters
from metadata.model import Item
from metadata.mods_export import mods_for_harvesters
from metadata.openaire import OAIRE, openaire
from metadata.openaire import SCHEMA as OAIRE_SCHEMA
from metadata.qualified_dc import NAMESPACE as QUALIFIED_DC
from metadata.qualified_dc import SCHEMA as QUALIFIED_DC_SCHEMA
from metadata.qualified_dc import qualified_dc

Render: TypeAlias = Callable[[Item, int], str]
"""Makes the metadata of an item, given its change number: one element, its namespaces declared."""


@dataclass(frozen=True, slots=True)
class Format:
    """A metadata format: its prefix, schema and namespace, and its bit in the catalogue."""

    prefix: str
    schema: str
    namespace: str
    bit: int


OAI_DC = Format(
    "oai_dc",
    "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
    "http://www.openarchives.org/OAI/2.0/oai_dc/",
    disseminations.OAI_DC,
)
FORMATS: Mapping[str, Format] = {
    each.prefix: each
    for each in (
        OAI_DC,
        Format("oai_qdc", QUALIFIED_DC_SCHEMA, QUALIFIED_DC, disseminations.OAI_QDC),
        Format("marcxml", MARC_SCHEMA, MARC, disseminations.MARCXML),
        Format(
            "mods",
            "http://www.loc.gov/standards/mods/v3/mods-3-7.xsd",
            "http://www.loc.gov/mods/v3",
            disseminations.MODS,
        ),
        Format(
            "oai_datacite",
            "https://schema.datacite.org/meta/kernel-4.6/metadata.xsd",
            "http://datacite.org/schema/kernel-4",
            disseminations.DATACITE,
        ),
        Format("oai_openaire", OAIRE_SCHEMA, OAIRE, disseminations.OPENAIRE),
    )
}
"""Every format there is, by metadataPrefix."""


@dataclass(frozen=True, slots=True)
class Renderers:
    """Makes records of one library; ``name`` is its name, ``find`` returns the item of an id, or None."""

    publishing: Publishing
    name: str
    find: Callable[[str], Item | None]

    def by_prefix(self) -> dict[str, Render]:
        """Return what makes the records of each format but oai_dc, by metadataPrefix."""
        base_url, vocabulary = self.publishing.base_url, self.publishing.vocabulary
        return {
            "oai_qdc": lambda item, _: qualified_dc(item, base_url, vocabulary),
            "marcxml": lambda item, change: record_for_harvesters(
                marc_record(item, vocabulary, self._agency(item, change))
            ),
            "mods": lambda item, change: mods_for_harvesters(item, vocabulary, self._agency(item, change)),
            "oai_datacite": lambda item, _: datacite(item, self.name, vocabulary, self._ties(item)),
            "oai_openaire": lambda item, _: openaire(item, base_url, vocabulary, self._ties(item)),
        }

    def _agency(self, item: Item, change: int) -> Agency:
        tied = (self.find(relation.target) for relation in item.relations)
        titles = {other.id: other.title.value for other in tied if other}
        return Agency(self.publishing.namespace, self.publishing.base_url, to_rfc3339(change), titles)

    def _ties(self, item: Item) -> Iterator[Related]:
        """Yield the item's own ties; those of others to it would change it without its datestamp."""
        for relation in item.relations:
            if other := self.find(relation.target):
                yield related_to(relation.kind, other, self.publishing.base_url)
