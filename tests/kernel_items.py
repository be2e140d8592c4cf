"""Items to be written as DataCite and OpenAIRE: one with everything, any at all, and those of real records."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, get_args

import pytest
from hypothesis import strategies as st
from schemas_here import SHARED

from metadata.description import Description, Rejected
from metadata.kernel import Related
from metadata.marc21 import is_marc21, read_marc21
from metadata.marcxml import is_marcxml, read_marcxml
from metadata.model import (
    Access,
    Agent,
    Box,
    Contribution,
    Date,
    DateKind,
    Doi,
    DoiState,
    File,
    FileRole,
    Identifier,
    Item,
    RelationKind,
    Series,
    Text,
)
from metadata.types import TYPES

_T = TypeVar("_T")
CONSERVATION = "https://w3id.org/canoe/conservation/"
MARC = SHARED / "marc"

ITEM = Item(
    id="0123456789",
    titles=(
        Text("Forêts & <mangroves> du Sénégal", "fr"),
        Text("Forests of Senegal", "en"),
        Text("Forêts sénégalaises"),
    ),
    contributions=(
        Contribution(Agent("Dupont, Jeanne", "person", (Identifier("orcid", "0000-0002-1825-0097"),)), "aut"),
        Contribution(Agent("UICN", "organisation", (Identifier("ror", "04zmssz18"),)), "pbl"),
        Contribution(Agent("CIRAD", "organisation"), "pbl"),
        Contribution(Agent("Smith, Ann", "person", (Identifier("isni", "0000 0001 2103 2683"),)), "trl"),
        Contribution(Agent("Diop, Awa", "person"), "ill"),
    ),
    dates=(Date("1987-05"), Date("198X", "created"), Date("1980/1985", "covered")),
    languages=("fr", "en-GB"),
    type="report",
    concepts=(CONSERVATION + "c0302", "https://example.org/unknown"),
    keywords=(Text("palétuvier", "fr"), Text("untagged")),
    descriptions=(Text("A report.\x0b", "en"), Text("  ")),
    identifiers=(
        Identifier("isbn", "2831700000"),
        Identifier("issn", "0317-8471"),
        Identifier("control-number", "ocm123"),
        Identifier("doi", "10.12345/0123456789"),
    ),
    doi=Doi("10.12345/0123456789", "findable"),
    coverage=(Text("Sénégal", "fr"),),
    rights=(Text("© UICN"), Text("https://creativecommons.org/licenses/by-nc/4.0/")),
    access="embargoed",
    embargo="1989-01-31",
    places=("Gland",),
    edition="2e éd.",
    extent="xii, 213 p.",
    series=(Series("Environmental policy", "12", "1013-8633"),),
    notes=(Text("With an index.", "en"),),
    files=(
        File("originals/scan é.tif", "original", "image/tiff", 4_000, ""),
        File("access.pdf", "access", "application/pdf", 1_200, ""),
        File("pages.jsonl", "pages", "application/jsonl", 1, ""),
    ),
    page_count=225,
)
RELATED = (
    Related("isTranslationOf", Identifier("doi", "10.12345/abc"), "report"),
    Related("isTranslationOf", Identifier("doi", "10.12345/def"), inverse=True),
    Related("replaces", Identifier("url", "https://library.example.org/item/9876543210"), "book"),
    Related("isPartOf", Identifier("url", "https://library.example.org/item/1111111111"), "no-such-type"),
)

anything = st.text(st.characters(), max_size=20)
schemes = anything | st.sampled_from(["isbn", "issn", "doi", "url", "orcid", "isni", "ror", "control-number"])
identifiers = st.builds(Identifier, schemes, anything | st.sampled_from(["0000-0002-1825-0097", "https://a.org/é b"]))
tags = anything | st.sampled_from(["", "en", "fr", "zh-Hans", "x" * 9])
texts = st.builds(
    Text,
    anything | st.sampled_from(["CC BY 4.0", "See https://creativecommons.org/licenses/by/3.0/igo/.", "http://[%zz"]),
    tags,
)
dates = anything | st.sampled_from(
    ["1987", "1987-05-04", "1987/..", "../1989", "198X", "19XX/200X", "1906?/1912?", "/"]
)
names = anything | st.sampled_from(["Dupont, Jeanne", "UICN", ", x", "x,"])
agents = st.builds(Agent, names, st.sampled_from(["person", "organisation"]), st.tuples(identifiers))
roles = st.sampled_from(["aut", "edt", "pbl", "trl", "fnd", "xyz"]) | anything
uris = anything.map(lambda text: f"https://a.org/{text}") | st.sampled_from([CONSERVATION + "c0302"]) | anything
ties = st.builds(
    Related, st.sampled_from(get_args(RelationKind)), identifiers, anything | st.sampled_from([*TYPES]), st.booleans()
)


def some(values: st.SearchStrategy[_T]) -> st.SearchStrategy[tuple[_T, ...]]:
    return st.lists(values, max_size=3).map(tuple)


edges = st.floats() | st.integers(-180, 180).map(float)
items = st.builds(
    Item,
    id=anything,
    titles=some(texts),
    contributions=some(st.builds(Contribution, agents, roles)),
    dates=some(st.builds(Date, dates, st.sampled_from(get_args(DateKind)))),
    languages=some(tags),
    type=anything | st.sampled_from([*TYPES]),
    concepts=some(uris),
    keywords=some(texts),
    descriptions=some(texts),
    identifiers=some(identifiers),
    doi=st.none() | st.builds(Doi, anything | st.just("10.1/a"), st.sampled_from(get_args(DoiState))),
    coverage=some(texts),
    rights=some(texts),
    access=st.sampled_from(get_args(Access)),
    embargo=dates,
    edition=anything,
    extent=anything,
    series=some(st.builds(Series, anything, anything, anything)),
    notes=some(texts),
    countries=some(anything),
    boxes=some(st.builds(Box, edges, edges, edges, edges)),
    files=some(
        st.builds(File, anything, st.sampled_from(get_args(FileRole)), anything, st.integers(0, 10**12), st.just(""))
    ),
    page_count=st.integers(0, 5000),
)


def real_items() -> Iterator[Item]:
    """Yield the items of every readable record of the shared MARC files, but for the ten thousand made for speed."""
    if not MARC.is_dir():
        pytest.skip("../shared/data is absent")
    for path in sorted(MARC.rglob("*")):
        if path.is_file() and path.suffix not in (".jsonl", ".md", ".tsv") and "speed" not in path.parts:
            for found in _descriptions(path):
                if isinstance(found, Description):
                    yield replace(found.item, id="0123456789", doi=Doi("10.12345/0123456789", "reserved"))


def _descriptions(path: Path) -> Iterable[Description | Rejected]:
    data = path.read_bytes()
    if is_marc21(data[:4096]):
        return read_marc21(io.BytesIO(data), path.name)
    return read_marcxml(io.BytesIO(data), path.name) if is_marcxml(data[:4096]) else ()
