from lxml import etree

from metadata.hocr import hocr
from metadata.model import Page, Word

NS = {"h": "http://www.w3.org/1999/xhtml"}
WORDS = (
    Word("Les", (10, 10, 40, 30), 96.0),
    Word("forêts", (50, 10, 110, 32), 90.5),
    Word('<d"u>', (10, 40, 40, 60), 3.0),
    Word("nord", (10, 100, 60, 120)),
)
PAGE = Page(3, 1000, 1500, 'Les forêts\n<d"u>\n\nnord', "fr", 72.4, "ocr", 300, 0, WORDS)


def _all(page: Page, kind: str) -> list[etree._Element]:
    root = etree.fromstring(hocr(page, 'a"b.tif', "Tesseract 5.3.0"))
    return list(root.iterfind(f".//h:*[@class='{kind}']", NS))


def test_words_stand_with_boxes_and_confidences_in_lines_and_blocks() -> None:
    assert [(word.text, word.get("title")) for word in _all(PAGE, "ocrx_word")] == [
        ("Les", "bbox 10 10 40 30; x_wconf 96"),
        ("forêts", "bbox 50 10 110 32; x_wconf 90"),
        ('<d"u>', "bbox 10 40 40 60; x_wconf 3"),
        ("nord", "bbox 10 100 60 120; x_wconf 100"),
    ]
    assert ["".join(str(text) for text in line.itertext()) for line in _all(PAGE, "ocr_line")] == [
        "Les forêts", '<d"u>', "nord",
    ]  # fmt: skip
    assert [block.get("title") for block in _all(PAGE, "ocr_carea")] == ["bbox 10 10 110 60", "bbox 10 100 60 120"]


def test_the_page_has_its_size_image_language_and_reader() -> None:
    root = etree.fromstring(hocr(PAGE, 'a"b.tif', "Tesseract 5.3.0"))
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    assert root.find(".//h:meta[@name='ocr-system']", NS).get("content") == "Tesseract 5.3.0"  # type: ignore[union-attr]
    title = _all(PAGE, "ocr_page")[0].get("title")
    assert title == 'image "a%22b.tif"; bbox 0 0 1000 1500; ppageno 2; scan_res 300 300'


def test_a_page_without_words_and_one_that_was_not_measured() -> None:
    assert _all(Page(1, 10, 10), "ocr_line") == []
    layer = Page(1, 100, 100, "Les", words=WORDS[:1], method="text-layer")
    assert _all(layer, "ocrx_word")[0].get("title") == "bbox 10 10 40 30"
