from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote

import pytest
from lxml import etree
from schemas_here import SCHEMAS, schema_of

from metadata.dublin_core import oai_dc
from metadata.mets import NAMESPACE, Package, Packed, mets
from metadata.model import Doi, Item, Text
from metadata.vocabulary import Vocabulary

NS = {"m": NAMESPACE, "x": "http://www.w3.org/1999/xlink", "dc": "http://purl.org/dc/elements/1.1/"}
HREF = "{http://www.w3.org/1999/xlink}href"
AT = "2026-11-22T12:00:00.000000Z"
ITEM = Item(
    "0000000000",
    titles=(Text('Les "forêts" <1>', "fr"),),
    type="report",
    doi=Doi("10.5555/0000000000", "findable"),
    page_count=3,
)
PACKAGE = Package(
    AT,
    "The library",
    "Canoe 0.1.0",
    originals=(Packed("original/Forêts #1.tif", "image/tiff", 9, "a" * 128, "original/Forêts #1.tif"),),
    access=(Packed("access/access.pdf", "application/pdf", 8, "b" * 128, "access.pdf"),),
    texts=tuple(Packed(f"alto/{n:04}.xml", "application/xml", n, f"{n}" * 128, page=n) for n in (1, 3)),
    marc=Packed("metadata/marc.xml", "application/xml", 6, "d" * 128),
    premis=Packed("metadata/premis.xml", "application/xml", 5, "e" * 128),
)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return schema_of(SCHEMAS / "mets.xsd", SCHEMAS)


def parsed(item: Item = ITEM, package: Package = PACKAGE) -> etree._Element:
    return etree.fromstring(mets(item, package, oai_dc(item, "https://library.example.org", Vocabulary({}))))


def hrefs(root: etree._Element, path: str) -> list[str]:
    return [found.get(HREF, "") for found in root.iterfind(path, NS)]


def test_every_file_is_listed_once_with_its_use_size_and_checksum() -> None:
    root = parsed()
    groups = {g.get("USE"): g.findall("m:file", NS) for g in root.iterfind("m:fileSec/m:fileGrp", NS)}
    assert {use: len(files) for use, files in groups.items()} == {"original": 1, "access": 1, "text": 2}
    (access,) = groups["access"]
    wanted = {"SIZE": "8", "CHECKSUM": "b" * 128, "CHECKSUMTYPE": "SHA-512", "MIMETYPE": "application/pdf"}
    assert {name: access.get(name) for name in wanted} == wanted
    assert access.get("OWNERID") == "urn:canoe:item:0000000000/access.pdf"


def test_links_lead_from_the_document_to_the_files() -> None:
    root = parsed()
    found = [*hrefs(root, ".//m:FLocat"), *hrefs(root, ".//m:mdRef")]
    assert found[0] == "../original/For%C3%AAts%20%231.tif"
    here = PurePosixPath("metadata")
    packed = [*PACKAGE.originals, *PACKAGE.access, *PACKAGE.texts, PACKAGE.marc, PACKAGE.premis]
    reached = [str(here / unquote(href)).replace("metadata/../", "") for href in found]
    assert sorted(reached) == sorted(one.path for one in packed if one)
    assert hrefs(parsed(package=replace(PACKAGE, path="mets.xml")), ".//m:FLocat")[1] == "access/access.pdf"


def test_pages_stand_in_order_each_with_its_text_and_its_page_of_the_pdf() -> None:
    root = parsed()
    files = {found.get("ID"): found.find("m:FLocat", NS) for found in root.iterfind(".//m:file", NS)}
    pages = root.findall("m:structMap[@TYPE='physical']/m:div/m:div[@TYPE='page']", NS)
    assert [(page.get("ORDER"), page.get("ORDERLABEL")) for page in pages] == [("1", "1"), ("2", "2"), ("3", "3")]
    texts = [files[f.get("FILEID")] for page in pages for f in page.iterfind("m:fptr[@FILEID]", NS)]
    assert [found.get(HREF) for found in texts if found is not None] == ["../alto/0001.xml", "../alto/0003.xml"]
    areas = [area for page in pages for area in page.iterfind("m:fptr/m:area", NS)]
    assert [area.get("BEGIN") for area in areas] == ["1", "2", "3"]
    located = files[areas[0].get("FILEID")]
    assert located is not None
    assert located.get(HREF) == "../access/access.pdf"


def test_pages_are_of_the_only_original_where_there_is_no_access_copy() -> None:
    pdf = replace(PACKAGE.access[0], path="original/a.pdf")
    assert len(parsed(package=replace(PACKAGE, access=(), originals=(pdf,))).findall(".//m:area", NS)) == 3
    assert not parsed(package=replace(PACKAGE, access=(), originals=(pdf, pdf))).findall(".//m:area", NS)
    assert not parsed(package=replace(PACKAGE, access=())).findall(".//m:area", NS)


def test_it_is_described_by_dublin_core_marc_and_premis() -> None:
    root = parsed()
    assert root.findtext(".//dc:title", namespaces=NS) == 'Les "forêts" <1>'
    kinds = [found.get("MDTYPE") for found in root.iterfind(".//m:mdRef", NS)]
    assert kinds == ["MARC", "PREMIS"]
    item = root.find("m:structMap/m:div", NS)
    assert item is not None
    assert (item.get("DMDID"), item.get("ADMID")) == ("dc marc", "premis")
    assert [found.text for found in root.iterfind(".//m:agent/m:name", NS)] == ["Canoe 0.1.0", "The library"]
    assert root.findtext(".//m:altRecordID", namespaces=NS) == "10.5555/0000000000"


def test_mets_is_valid(schema: etree.XMLSchema) -> None:
    schema.assertValid(parsed())
    schema.assertValid(parsed(Item("1"), Package(AT)))
    schema.assertValid(parsed(replace(ITEM, titles=(Text("\x01\ud800\n]]>"),)), PACKAGE))
