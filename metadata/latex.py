"""LaTeX in bibliographies: accents, commands and ligatures to Unicode, and Unicode back so that LaTeX reads it.

Accents and symbols are those of LaTeX 2e's encodings OT1, T1 and TS1. Nothing is expanded: a
command that is not in the tables here is passed over, its arguments stay.
"""

import re
import unicodedata
from typing import NamedTuple

_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307",
    '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323", "c": "\u0327", "k": "\u0328",
    "b": "\u0331", "t": "\u0361", "G": "\u030f", "h": "\u0309", "U": "\u030e",
}  # fmt: skip
_SYMBOLS = {
    "ss": "ß", "SS": "SS", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "dj": "đ", "DJ": "Đ", "th": "þ", "TH": "Þ",
    "ng": "ŋ", "NG": "Ŋ", "S": "§", "P": "¶", "dag": "†", "ddag": "‡", "copyright": "©", "pounds": "£", "euro": "€",
    "dots": "…", "ldots": "…", "textellipsis": "…", "textbackslash": "\\", "backslash": "\\", "textasciitilde": "~",
    "textasciicircum": "^", "textbraceleft": "{", "textbraceright": "}", "lbrace": "{", "rbrace": "}",
    "textendash": "–", "textemdash": "—", "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“",
    "textquotedblright": "”", "textquotedbl": '"', "textquotesingle": "'", "textasciigrave": "`", "textbar": "|",
    "guillemotleft": "«", "guillemotright": "»", "guillemetleft": "«", "guillemetright": "»", "guilsinglleft": "‹",
    "guilsinglright": "›", "quotedblbase": "„", "quotesinglbase": "‚", "textless": "<", "textgreater": ">",
    "textunderscore": "_", "textdollar": "$", "textperiodcentered": "·", "textbullet": "•", "textdegree": "°",
    "degree": "°", "textregistered": "®", "texttrademark": "™", "texteuro": "€", "textsterling": "£",
    "textordfeminine": "ª", "textordmasculine": "º", "textexclamdown": "¡", "textquestiondown": "¿", "textmu": "µ",
    "textsection": "§", "textparagraph": "¶", "textcopyright": "©", "og": "«", "fg": "»", "no": "nº", "TeX": "TeX",
    "LaTeX": "LaTeX", "BibTeX": "BibTeX", "slash": "/", "quad": " ", "qquad": " ", "newline": " ", "times": "×",
    "pm": "±", "cdot": "·", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠", "approx": "≈", "sim": "∼",
    "infty": "∞", "rightarrow": "→", "to": "→", "leftarrow": "←", "circ": "°", "prime": "′", "sum": "∑",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
# What changes how the text looks, not what it says; of \href and \textcolor the first argument stays too.
_FORMATTING = frozenset(
    """
    em it bf sl sc tt rm sf up md emph textit textbf textsl textsc texttt textrm textsf textup textmd textnormal
    text mbox hbox ensuremath mathrm mathit mathbf mathsf mathcal mathbb url path nolinkurl href enquote uppercase
    lowercase MakeUppercase MakeLowercase textsuperscript textsubscript textquote underline small large normalsize
    noopsort protect relax left right boldmath unboldmath textnormal nocite ignorespaces bibinfo natexlab
    """.split()  # noqa: SIM905 -- a table is read more easily than fifty quotes
)
_CONTROL_SYMBOLS = {" ": " ", "\n": " ", "\t": " ", "\\": " ", ",": " ", ";": " ", ":": " ", "/": "", "-": "", "@": ""}
_CONTROL_SYMBOLS |= {"!": "", "(": "", ")": "", "[": "", "]": "", ">": " ", "+": "", "*": ""}
_LIGATURES = {"---": "—", "--": "–", "``": "“", "''": "”", "!`": "¡", "?`": "¿", "~": "\u00a0"}
_HIGH = dict(zip("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", strict=True))
_LOW = dict(zip("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", strict=True))
_MATH = re.compile(r"(?<!\\)\$([^$]{1,2000}?)(?<!\\)\$")
_SCRIPT = re.compile(r"(\^|_|\\textsuperscript\s?|\\textsubscript\s?)(?:\{([^{}\\]{1,40})\}|([0-9+-]))")
_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z]+)\*?[ \t\n]?|\\(?P<symbol>.)|(?P<brace>[{}])"
    r"|(?P<ligature>---?|``|''|[!?]`|~)|(?P<plain>[^\\{}`'!?~-]+)|(?P<other>.)",
    re.DOTALL,
)
_SPACES = re.compile(r"[ \t\n]+")
_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}", "#": r"\#", "$": r"\$", "%": r"\%", "&": r"\&", "_": r"\_",
    }
)  # fmt: skip
_WOULD_JOIN = re.compile("-(?=-)|`(?=`)|'(?=')|[!?](?=`)")


class Plain(NamedTuple):
    """What LaTeX says in plain text (NFC, single spaces), and the commands that are not known here."""

    text: str
    unknown: tuple[str, ...]


def to_unicode(latex: str) -> Plain:
    """Return the text that ``latex`` sets: ``{\\"O}sterreich`` gives ``Österreich``.

    Braces go, an accent falls on the letter that follows it through any number of braces. Of a
    formula what Unicode has is kept (``H$_2$O`` gives ``H₂O``), else its source. Nothing is raised.
    """
    if not any(mark in latex for mark in "\\{}$~`'-"):
        return Plain(unicodedata.normalize("NFC", " ".join(latex.split())), ())
    writer = _Writer()
    for token in _TOKEN.finditer(_without_math(latex)):
        writer.take(token)
    writer.settle()
    text = " ".join("".join(writer.parts).split())
    return Plain(unicodedata.normalize("NFC", text), tuple(dict.fromkeys(writer.unknown)))


def from_unicode(text: str) -> str:
    """Return ``text`` as LaTeX in UTF-8 that sets it, and that :func:`to_unicode` reads back.

    Braces are named by commands, since BibTeX counts ``\\{`` as a brace. White space becomes single spaces.
    """
    joined = _WOULD_JOIN.sub(lambda found: f"{found[0]}\0", " ".join(text.replace("\0", "").split()))
    return joined.translate(_ESCAPES).replace("\0", "{}")


def _without_math(latex: str) -> str:
    """Take the dollars off formulas, small figures made ones of Unicode's."""
    if "$" in latex:
        latex = _MATH.sub(lambda found: _SCRIPT.sub(_script, found[1]), latex)
    return _SCRIPT.sub(_script, latex) if "script" in latex else latex


def _script(found: re.Match[str]) -> str:
    inside = found[2] or found[3]
    table = _HIGH if found[1] == "^" or "super" in found[1] else _LOW
    if all(character in table for character in inside):
        return "".join(table[character] for character in inside)
    return inside if found[1].startswith("\\") else found[0]


class _Writer:
    """Writes the text of one value; ``pending`` are accents whose letter is yet to come."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.pending: list[str] = []
        self.unknown: list[str] = []

    def take(self, token: re.Match[str]) -> None:
        """Write what a token sets."""
        if word := token["word"]:
            self._command(word, token[0])
        elif symbol := token["symbol"]:
            self._symbol(symbol)
        elif brace := token["brace"]:
            if brace == "}":
                self.settle()
        elif ligature := token["ligature"]:
            self._write(_LIGATURES[ligature])
        else:
            self._write(token[0])

    def settle(self) -> None:
        """Write accents that found no letter as characters of their own (``\\^{}``)."""
        for accent in self.pending:
            self.parts.append(accent if accent in "`'^~=.\"" else "")
        self.pending.clear()

    def _command(self, word: str, whole: str) -> None:
        if word in _ACCENTS:
            self.pending.append(word)
        elif word in _SYMBOLS:
            self._write(_SYMBOLS[word])
        elif word in _FORMATTING:
            return
        elif self.pending or not word:
            self._write(word)
        else:
            self.unknown.append(whole.strip())

    def _symbol(self, symbol: str) -> None:
        if symbol in _ACCENTS:
            self.pending.append(symbol)
        else:
            self._write(_CONTROL_SYMBOLS.get(symbol, symbol))

    def _write(self, text: str) -> None:
        if not self.pending:
            self.parts.append(text)
            return
        text = _SPACES.sub(" ", text).lstrip(" ")
        if not text:
            return
        base = {"ı": "i", "ȷ": "j"}.get(text[0], text[0])
        marks = "".join(_ACCENTS[accent] for accent in reversed(self.pending))
        self.pending.clear()
        self.parts += [base, marks, text[1:]]
