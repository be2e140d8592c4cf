"""Text on its way into XML 1.0 (Fifth Edition): only legal characters, only escaped ones."""

import re

# Section 2.2, production 2 (Char), turned round.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """Return ``text`` without the characters no XML 1.0 document may hold, not even as references.

    These are the control characters except tab and line ends, surrogates, U+FFFE and U+FFFF.
    """
    return text if text.isprintable() else _ILLEGAL.sub("", text)


def escape(text: str) -> str:
    """Return ``text`` as the content of an element or of a double-quoted attribute."""
    clean = legal(text)
    if "&" in clean:
        clean = clean.replace("&", "&amp;")
    if "<" in clean or ">" in clean or '"' in clean:
        clean = clean.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return clean.replace("\r", "&#13;") if "\r" in clean else clean
