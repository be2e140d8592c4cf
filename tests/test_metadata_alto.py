from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from schemas_here import SHARED, schema_of
from thoroughness import usually

from metadata.alto import NAMESPACE, alto, lines_of
from metadata.events import Event
from metadata.model import Page, Word

XSD = SHARED / "schemas" / "alto" / "alto-4-4.xsd"
NS = {"a": NAMESPACE}
READ = Event("digitisation", "2026-11-22T12:00:00.000000Z", agent="Tesseract 5.3.0", files=("pages.jsonl",))
WORDS = (
    Word("Les", (10, 10, 40, 30), 96.0),
    Word("forêts", (50, 10, 110, 32), 90.5),
    Word("<du>", (10, 40, 40, 60), 3.0),
    Word("nord", (10, 100, 60, 120)),
)
PAGE = Page(3, 1000, 1500, "Les forêts\n<du>\n\nnord", "fr", 72.4, "ocr", 300, 0, WORDS)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return schema_of(XSD, SHARED / "schemas" / "crossref-5.3.1" / "standard-modules")


def parsed(page: Page, digitised: Event | None = READ) -> etree._Element:
    return etree.fromstring(alto(page, "original/Forêts & co.tif", digitised))


def told(root: etree._Element) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    """Yield every word and its box, as ALTO has them."""
    for string in root.iterfind(".//a:String", NS):
        left, top, width, height = (int(string.attrib[name]) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
        yield string.attrib["CONTENT"], (left, top, left + width, top + height)


def test_every_word_and_box_is_in_the_lines_and_blocks_of_the_text() -> None:
    root = parsed(PAGE)
    assert list(told(root)) == [(word.text, word.box) for word in WORDS]
    lines = [
        [s.attrib["CONTENT"] for s in line.iterfind("a:String", NS)] for line in root.iterfind(".//a:TextLine", NS)
    ]
    assert lines == [["Les", "forêts"], ["<du>"], ["nord"]]
    assert [len(block) for block in root.iterfind(".//a:TextBlock", NS)] == [2, 1]
    first = next(root.iterfind(".//a:TextBlock", NS))
    assert [first.attrib[name] for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")] == ["10", "10", "100", "50"]


def test_a_page_has_its_size_its_language_its_confidence_and_who_read_it() -> None:
    root = parsed(PAGE)
    page = next(root.iterfind(".//a:Page", NS))
    wanted = {"PHYSICAL_IMG_NR": "3", "WIDTH": "1000", "HEIGHT": "1500", "PC": "0.724", "LANG": "fr"}
    assert {name: page.get(name) for name in wanted} == wanted
    assert [s.attrib["WC"] for s in root.iterfind(".//a:String", NS)] == ["0.96", "0.905", "0.03", "1"]
    assert root.findtext(".//a:fileName", namespaces=NS) == "original/Forêts & co.tif"
    assert root.findtext(".//a:MeasurementUnit", namespaces=NS) == "pixel"
    assert root.findtext(".//a:softwareName", namespaces=NS) == "Tesseract"
    assert root.findtext(".//a:softwareVersion", namespaces=NS) == "5.3.0"
    assert root.findtext(".//a:processingDateTime", namespaces=NS) == READ.at


def test_a_documents_own_text_claims_no_confidence_and_no_engine() -> None:
    root = parsed(Page(1, 10, 10, "a", "en", 100.0, "text-layer", words=(Word("a", (0, 0, 1, 1)),)))
    assert not root.xpath("//@WC | //@PC")
    assert root.find(".//a:processingSoftware", NS) is None


def test_a_turned_page_says_so_and_is_not_turned_again() -> None:
    root = parsed(Page(1, 10, 10, rotation=90))
    assert not root.xpath("//@ROTATION")
    assert "turned 90 degrees clockwise" in root.findtext(".//a:processingStepDescription", "", NS)
    assert next(root.iterfind(".//a:Page", NS)).attrib["PROCESSINGREFS"] == "turned read"


def test_where_text_and_words_differ_the_boxes_part_the_lines() -> None:
    words = (Word("a", (0, 0, 5, 10)), Word("b", (6, 1, 9, 9)), Word("c", (0, 20, 5, 30)), Word("d", (7, 40, 9, 50)))
    page = Page(1, 10, 60, "something else", words=words)
    assert [[word.text for word in line] for block in lines_of(page) for line in block] == [["a", "b"], ["c"], ["d"]]


SIDES = st.integers(-5, 40_000)
BOXES = st.tuples(SIDES, SIDES, SIDES, SIDES)
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=6)


@pytest.mark.shared
@given(
    st.lists(st.builds(Word, TEXTS, BOXES, st.floats(-10, 200)), max_size=5),
    TEXTS,
    TEXTS,
    st.sampled_from(["text-layer", "ocr", "blank", "unread"]),
    st.booleans(),
)
@settings(max_examples=usually(60, thoroughly=200), deadline=None)
def test_whatever_is_on_a_page_its_alto_is_valid(
    schema: etree.XMLSchema, words: list[Word], text: str, language: str, method: str, agrees: bool
) -> None:
    said = " \n".join(word.text for word in words) if agrees else text
    page = Page(1, 100, 100, said, language, 50.0, method, words=tuple(words), rotation=90)  # type: ignore[arg-type]
    root = parsed(page)
    schema.assertValid(root)
    assert len(list(told(root))) == len(words)


@pytest.mark.shared
def test_alto_is_valid(schema: etree.XMLSchema) -> None:
    for page in (PAGE, Page(1, 0, 0), Page(2, 10, 10, method="blank", rotation=180)):
        schema.assertValid(parsed(page))
        schema.assertValid(parsed(page, None))
