"""hOCR: the words of a page as HTML, with their boxes; what many tools for correcting and studying OCR read.

hOCR 1.2 (http://kba.github.io/hocr-spec/1.2/), measured in pixels of the page as it is shown, upright.
Lines and blocks are those of the page's text, as in ALTO.
"""

from collections.abc import Iterable, Iterator

from metadata.alto import lines_of
from metadata.model import Page, Word
from metadata.xmlbuild import DECLARATION, attribute, element
from metadata.xmltext import escape

_NAMESPACE = "http://www.w3.org/1999/xhtml"
_DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
)
_CAPABILITIES = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf"


def hocr(page: Page, file_name: str = "", agent: str = "") -> bytes:
    """Return the hOCR document (XHTML, UTF-8) of a page.

    ``file_name`` is the file that the page is of, ``agent`` the program that read it. Word confidence
    (``x_wconf``, 0 to 100) stands only on pages read by OCR: a document's own text was not measured.
    """
    return hocr_document([page], page.language, file_name, agent)


def hocr_document(pages: Iterable[Page], language: str, file_name: str = "", agent: str = "") -> bytes:
    """Return one hOCR document of several pages; ``language`` (BCP 47) is that of the whole, else as :func:`hocr`."""
    body = element("body", None, (_sheet(page, file_name) for page in pages))
    root = element("html", {"xmlns": _NAMESPACE, "xml:lang": language or None}, (_head(agent), body))
    return (DECLARATION + _DOCTYPE + root + "\n").encode()


def _head(agent: str) -> str:
    parts = (
        "<title></title>",
        '<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>',
        element("meta", {"name": "ocr-system", "content": agent or "unknown"}),
        element("meta", {"name": "ocr-capabilities", "content": _CAPABILITIES}),
    )
    return element("head", None, parts)


def _sheet(page: Page, file_name: str) -> str:
    name = f"page_{page.number}"
    image = f'image "{file_name.replace(chr(34), "%22")}"; ' if file_name else ""
    title = f"{image}bbox 0 0 {page.width} {page.height}; ppageno {page.number - 1}; scan_res {page.dpi} {page.dpi}"
    rated = page.method == "ocr"
    blocks = (_block(lines, f"{page.number}_{number}", rated) for number, lines in enumerate(lines_of(page), 1))
    return element("div", {"class": "ocr_page", "id": name, "title": title}, blocks)


def _block(lines: list[list[Word]], name: str, rated: bool) -> str:
    place = _box([word for line in lines for word in line])
    spans = (_line(line, f"{name}_{number}", rated) for number, line in enumerate(lines, 1))
    paragraph = element("p", {"class": "ocr_par", "id": f"par_{name}", "title": place}, spans)
    return element("div", {"class": "ocr_carea", "id": f"block_{name}", "title": place}, (paragraph,))


def _line(line: list[Word], name: str, rated: bool) -> str:
    place = {"class": "ocr_line", "id": f"line_{name}", "title": _box(line)}
    return element("span", place, (" ".join(_words(line, name, rated)),))


def _words(line: Iterable[Word], name: str, rated: bool) -> Iterator[str]:
    """Yield the words of a line; there are thousands, so it is plain text."""
    for number, word in enumerate(line, 1):
        confidence = f"; x_wconf {round(word.confidence)}" if rated else ""
        title = attribute(_box([word]) + confidence)
        yield f'<span class="ocrx_word" id="word_{name}_{number}" title="{title}">{escape(word.text)}</span>'


def _box(words: list[Word]) -> str:
    """Return the smallest box around words; one that is turned inside out has no width or height."""
    left, top = min(word.box[0] for word in words), min(word.box[1] for word in words)
    right, bottom = max(word.box[2] for word in words), max(word.box[3] for word in words)
    return f"bbox {left} {top} {max(left, right)} {max(top, bottom)}"
