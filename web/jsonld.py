"""JSON-LD within a page: what stands in its script element."""

import msgspec

# In a script element only "<" can end it; the others end lines for parsers of JavaScript alone.
_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def in_html(value: object) -> str:
    """Return a value as JSON that nothing in it can end the element of."""
    return msgspec.json.encode(value).decode().translate(_ESCAPED)
