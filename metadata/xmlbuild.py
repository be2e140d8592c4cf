"""XML that is written and never read back: elements as strings, what is empty left out."""

from collections.abc import Iterable, Mapping

from metadata.xmltext import escape, legal

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def element(name: str, attributes: Mapping[str, object] | None = None, content: Iterable[str] = ()) -> str:
    """Return an element; ``content`` is XML already, attribute values are not yet.

    An attribute whose value is None is left out.
    """
    listed = "".join(
        f' {key}="{attribute(str(value))}"' for key, value in (attributes or {}).items() if value is not None
    )
    inside = "".join(content)
    return f"<{name}{listed}>{inside}</{name}>" if inside else f"<{name}{listed}/>"


def leaf(name: str, text: str, attributes: Mapping[str, object] | None = None) -> str:
    """Return an element that holds ``text``, nothing where there is no text."""
    return element(name, attributes, (escape(text),)) if legal(text).strip() else ""


def document(root: str) -> bytes:
    """Return the XML document (UTF-8) of a root element."""
    return (DECLARATION + root + "\n").encode()


def attribute(value: str) -> str:
    """Return ``value`` as it stands between double quotes.

    Line ends become references: a parser would make blanks of them (XML 1.0, section 3.3.3).
    """
    text = escape(value)
    return text if text.isprintable() else text.replace("\n", "&#10;").replace("\t", "&#9;")
