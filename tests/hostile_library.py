"""A library whose items say hostile things wherever an item can say anything, and one that says plain things."""

import json
from dataclasses import dataclass
from hashlib import sha512
from pathlib import Path

from archive.cataloguing import Publishing
from archive.library import Library
from canoe.home import Home
from canoe.settings import LibrarySettings, Settings, write_settings
from metadata.ids import item_id
from metadata.model import Agent, Contribution, Date, File, Identifier, Item, Page, Relation, Series, Text
from metadata.pages import page_line
from metadata.vocabulary import shipped

BASE = "https://library.example.org"
PLAIN = "Plain wetland words"
OWN = (
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "</script><script>alert(2)</script>",
    "</textarea></select></style></noscript><iframe src=//evil.example>",
    "]]><x:y xmlns:x='urn:evil'/>",
    "x\r\nSet-Cookie: a=b\r\nX-Injected: 1\r\n\r\n<b>",
    "&lt;script&gt;&#60;b&#62; &amp;amp;",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\u202eevil\u202c\u0000\u0007\ufffe",
    "{{7*7}}${7*7}{% raw %}",
    "x}\n@misc{y, title={z}}\nER  - \r\nTY  - BOOK\r\n",
)
"""What is tried besides what is shared."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """The library's home, and what each of its hostile items says, by its id; ``plain`` is the id of the plain one."""

    home: Path
    said: dict[str, str]
    plain: str


def make(home: Path, shared: Path) -> Hostile:
    """Make the library; what the lines of ``shared`` say is said, too, where it is there."""
    lines = shared.read_text("utf-8").splitlines() if shared.is_file() else []
    texts = [*OWN, *(json.loads(line)["title"] for line in lines)]
    library = Library.create(home, Publishing(BASE, "library.example.org", shipped()))
    plain = _item(PLAIN, "")
    made = {PLAIN: plain, **{text: _item(text, plain.id) for text in dict.fromkeys(texts)}}
    with library.writer() as writer:
        for text, item in made.items():
            content = {"original/scan.pdf": b"%PDF-1.7\n", "pages.jsonl": _pages(text)}
            writer.put_item(item, content, f"Ingested {text!r}")
    library.catalogue.close()
    write_settings(home, Settings(library=LibrarySettings(f"Library & {OWN[0]}", BASE)))
    Home.read(home).update_index()
    return Hostile(home, {item.id: text for text, item in made.items() if text != PLAIN}, plain.id)


def _pages(text: str) -> bytes:
    return page_line(Page(1, 2480, 3508, f"wetland {text} wetland", "en", 90.0, "text-layer"))


def _item(text: str, tied: str) -> Item:
    submission = sha512(text.encode("utf-8", "replace")).hexdigest()
    lines = _pages(text)
    files = (
        File("original/scan.pdf", "original", "application/pdf", 9, sha512(b"%PDF-1.7\n").hexdigest(), f"{text}.pdf"),
        File("pages.jsonl", "pages", "application/x-ndjson", len(lines), sha512(lines).hexdigest()),
    )
    roles = ("aut", "edt", "pbl", "isb")
    return Item(
        id=item_id(submission),
        titles=(Text(text, "en"), Text(text, "", "other"), Text(text, "fr", "translated")),
        contributions=tuple(Contribution(Agent(text, "organisation" if n else "person"), role)
                            for n, role in enumerate(roles)),
        dates=(Date("1990"), Date(text, "created")),
        languages=("en",),
        type="report",
        concepts=(shipped().find("Wetlands", "en"), text),
        keywords=(Text(text, "en"), Text(text)),
        descriptions=(Text(text, "en"), Text(text)),
        identifiers=(Identifier("isbn", text), Identifier("url", text), Identifier("control-number", text)),
        relations=(Relation("isPartOf", tied),) if tied else (),
        coverage=(Text(text, "en"),),
        rights=(Text(text, "en"),),
        places=(text,),
        edition=text,
        extent=text,
        series=(Series(text, text), Series(text, text, "0317-8471")),
        notes=(Text(text, "en"),),
        collections=(text,),
        files=files,
        page_count=1,
        source=text,
        submission=submission,
    )  # fmt: skip
