"""ALTO: the words of a page and where they stand on it.

ALTO 4.4 (https://www.loc.gov/standards/alto/), measured in pixels of the page as it is shown,
upright. The lines and blocks are those of the page's text: Canoe keeps every word of a page in
its text, in order, a line a line and an empty line between blocks.
"""

import re
from collections.abc import Iterable, Iterator

from metadata.events import Event
from metadata.model import Page, Word
from metadata.xmlbuild import attribute, document, element, leaf

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
SCHEMA = "https://www.loc.gov/standards/alto/v4/alto-4-4.xsd"

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*")
_VERSIONED = re.compile(r"(.*\S)[ /]+v?(\d\S*)", re.DOTALL)
_HOW = {
    "text-layer": "The text is the document's own.",
    "ocr": "The text was read by the OCR engine.",
    "blank": "There is nothing on the page.",
    "unread": "The page could not be read.",
}
_TURNED = "The page was turned {} degrees clockwise; all measures are of the upright page."

_Line = list[Word]


def alto(page: Page, file_name: str = "", digitised: Event | None = None) -> bytes:
    """Return the ALTO document (XML, UTF-8) of a page, valid against alto-4-4.xsd.

    ``file_name`` is the file that the page is of. ``digitised`` is the event that read it: its
    agent becomes the processing software. Word confidence (WC, 0 to 1) stands only on pages
    read by OCR: a document's own text was not measured. A turned page has no ROTATION, which
    would turn it again; that it was turned is said in its processing.
    """
    attributes = {
        "xmlns": NAMESPACE,
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
        "SCHEMAVERSION": "4.4",
    }
    layout = element("Layout", None, (_page(page),))
    return document(element("alto", attributes, (_description(page, file_name, digitised), layout)))


def lines_of(page: Page) -> list[list[list[Word]]]:
    """Return the page's words as blocks of lines of words, none left out, in the page's order.

    Where text and words do not agree, the boxes alone say where a line ends, and all is one block.
    """
    blocks = [[line.split() for line in block] for block in _blocks(page.text)]
    spoken = [word for block in blocks for line in block for word in line]
    if spoken != [word.text for word in page.words]:
        return [list(_lines_by_box(page.words))] if page.words else []
    waiting = iter(page.words)
    return [[[next(waiting) for _ in line] for line in block] for block in blocks]


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield the blocks of a text, each a list of lines that hold words."""
    block: list[str] = []
    for line in text.split("\n"):
        if line.split():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _lines_by_box(words: Iterable[Word]) -> Iterator[_Line]:
    """Yield lines: a word begins one when it stands to the left of the last, or beside it at no height."""
    line: _Line = []
    for word in words:
        if line and not _continues(line[-1], word):
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def _continues(last: Word, word: Word) -> bool:
    left, top, _, bottom = word.box
    shared = min(last.box[3], bottom) - max(last.box[1], top)
    return left >= last.box[0] and 2 * shared >= min(last.box[3] - last.box[1], bottom - top)


def _description(page: Page, file_name: str, digitised: Event | None) -> str:
    source = element("sourceImageInformation", None, (leaf("fileName", file_name),)) if file_name else ""
    unit = leaf("MeasurementUnit", "pixel")
    return element("Description", None, (unit, source, *_processing(page, digitised)))


def _processing(page: Page, digitised: Event | None) -> Iterator[str]:
    """Yield what was done to the page: that it was turned, and how its text was had."""
    if page.rotation:
        turned = leaf("processingCategory", "preOperation"), _step(_TURNED.format(page.rotation))
        yield element("Processing", {"ID": "turned"}, turned)
    read_by = digitised if page.method == "ocr" else None
    parts = (
        leaf("processingCategory", "contentGeneration"),
        leaf("processingDateTime", read_by.at) if read_by else "",
        _step(_HOW[page.method]),
        leaf("processingStepSettings", f"{page.dpi} dpi"),
        _software(read_by.agent) if read_by and read_by.agent else "",
    )
    yield element("Processing", {"ID": "read"}, parts)


def _step(description: str) -> str:
    return leaf("processingStepDescription", description)


def _software(agent: str) -> str:
    name, version = name_and_version(agent)
    return element("processingSoftware", None, (leaf("softwareName", name), leaf("softwareVersion", version)))


def name_and_version(agent: str) -> tuple[str, str]:
    """Return a program's name and version (``Tesseract``, ``5.3.0``); no version where none is said."""
    found = _VERSIONED.fullmatch(agent.strip())
    return (found[1], found[2]) if found else (agent.strip(), "")


def _page(page: Page) -> str:
    name = f"page{page.number}"
    attributes: dict[str, object] = {
        "ID": name,
        "PHYSICAL_IMG_NR": page.number,
        "WIDTH": page.width,
        "HEIGHT": page.height,
        "PC": _share(page.confidence) if page.method == "ocr" else None,
        "LANG": page.language if _LANGUAGE.fullmatch(page.language) else None,
        "PROCESSINGREFS": "turned read" if page.rotation else "read",
    }
    sheet = {"HPOS": 0, "VPOS": 0, "WIDTH": page.width, "HEIGHT": page.height}
    rated = page.method == "ocr"
    blocks = (_block(lines, f"{name}.{number}", rated) for number, lines in enumerate(lines_of(page), 1))
    return element("Page", attributes, (element("PrintSpace", sheet, blocks),))


def _block(lines: list[_Line], name: str, rated: bool) -> str:
    place = _place([word.box for line in lines for word in line])
    parts = (_line(line, f"{name}.{number}", rated) for number, line in enumerate(lines, 1))
    return element("TextBlock", {"ID": name, **place}, parts)


def _line(line: _Line, name: str, rated: bool) -> str:
    return element("TextLine", {"ID": name, **_place([word.box for word in line])}, _strings(line, name, rated))


def _strings(line: _Line, name: str, rated: bool) -> Iterator[str]:
    """Yield the words of a line, and the space between two that leave one; there are thousands, so it is plain text."""
    for number, word in enumerate(line, 1):
        left, top, right, bottom = word.box
        size = f'WIDTH="{max(0, right - left)}" HEIGHT="{max(0, bottom - top)}"'
        confidence = f' WC="{_share(word.confidence)}"' if rated else ""
        place = f'HPOS="{left}" VPOS="{top}" {size}'
        yield f'<String ID="{name}.{number}" {place} CONTENT="{attribute(word.text)}"{confidence}/>'
        if number < len(line):
            gap = line[number].box[0] - right
            yield f'<SP HPOS="{right}" VPOS="{top}" WIDTH="{gap}"/>' if gap > 0 else "<SP/>"


def _place(boxes: list[tuple[int, int, int, int]]) -> dict[str, int]:
    """Return the smallest box around ``boxes``; one that is turned inside out has no width or height."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return {"HPOS": left, "VPOS": top, "WIDTH": max(0, right - left), "HEIGHT": max(0, bottom - top)}


def _share(confidence: float) -> str:
    """Turn 0–100 into 0–1."""
    return f"{min(max(confidence, 0.0), 100.0) / 100:.3g}"
