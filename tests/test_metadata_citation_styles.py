"""Citations in five styles: what the manuals say of authors, editors, bodies, dates, editions, series and addresses."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadata.citation_styles import STYLES, citations
from metadata.model import Agent, Contribution, Date, Identifier, Item, Series, Text

DOI, TODAY = "https://doi.org/10.5555/x", date(2026, 11, 23)
STYLED = ("APA", "MLA", "Chicago", "Vancouver", "ISO 690")


def person(name: str, role: str = "aut") -> Contribution:
    return Contribution(Agent(name, "person"), role)


def body(name: str, role: str = "pbl") -> Contribution:
    return Contribution(Agent(name, "organisation"), role)


def cited(item: Item, style: str, language: str = "en") -> str:
    """Return a citation with asterisks around what is in italics."""
    pieces = citations(item, DOI, language, TODAY)[style]
    return "".join(f"*{text}*" if italic else text for text, italic in pieces)


BOOK = Item(
    "book", (Text("Caring : for wetlands", "en"),),
    (person("Marsden, Eleanor Jane"), person("Roy, Jean-Paul"), body("Compass Press")), (Date("1988"),), type="book",
    edition="2nd ed.", places=("Oxford",), series=(Series("Field guides", "7"),),
)  # fmt: skip
REPORT = Item(
    "report", (Text("Annual report 1990"),), (body("Commission on Parks", "aut"), body("Commission on Parks")),
    (Date("1990"),), type="report", identifiers=(Identifier("report-number", "12"),),
)  # fmt: skip
UNDATED = Item(
    "undated", (Text("Les tortues : un guide", "fr"), Text("Turtles: a guide", "en", "translated")),
    (person("Cruz, Ana"), body("Éditions de la Rose")), type="book",
)  # fmt: skip
PAPERS = Item(
    "papers", (Text("Papers of a meeting", "en"),),
    (person("Alpha, A.", "edt"), person("Beta, Bo C.", "edt"), person("Gamma, G.", "edt"), body("The Union")),
    (Date("2001-05"),), type="proceedings", places=("Gland",),
)  # fmt: skip
ARTICLE = Item(
    "article", (Text("What do herons eat?", "en"),), tuple(person(f"Name{letter}, Given") for letter in "ABCDEFGHIJKL"),
    (Date("2010"),), type="article", series=(Series("Journal of Birds", "12(3)"),), extent="p. 73–79",
)  # fmt: skip
MAP = Item("map", (Text("Rivers"),), (), (Date("19XX"),), type="map")

SAID = {
    (BOOK, "APA"): f"Marsden, E. J., & Roy, J.-P. (1988). *Caring: for wetlands* (2nd ed.). Compass Press. {DOI}",
    (BOOK, "MLA"): "Marsden, Eleanor Jane, and Jean-Paul Roy. *Caring: for wetlands*. 2nd ed., Compass Press, "
    f"1988, {DOI}.",
    (BOOK, "Chicago"): "Marsden, Eleanor Jane, and Jean-Paul Roy. 1988. *Caring: for wetlands*. 2nd ed. "
    f"Field guides 7. Oxford: Compass Press. {DOI}.",
    (BOOK, "Vancouver"): "Marsden EJ, Roy JP. Caring: for wetlands [Internet]. 2nd ed. Oxford: Compass Press; 1988 "
    f"[cited 2026 Nov 23]. (Field guides; 7). Available from: {DOI}",
    (BOOK, "ISO 690"): "MARSDEN, Eleanor Jane and ROY, Jean-Paul, 1988. *Caring: for wetlands* [online]. 2nd ed. "
    f"Oxford: Compass Press. Field guides, 7. [viewed 2026-11-23]. Available at: {DOI}",
    # Who publishes it himself is named once: APA as the author, MLA as the publisher.
    (REPORT, "APA"): f"Commission on Parks. (1990). *Annual report 1990* (Report No. 12). {DOI}",
    (REPORT, "MLA"): f"*Annual report 1990*. Commission on Parks, 1990, {DOI}.",
    (REPORT, "Chicago"): f"Commission on Parks. 1990. *Annual report 1990*. Commission on Parks. {DOI}.",
    (UNDATED, "APA"): f"Cruz, A. (n.d.). *Les tortues\u00a0: un guide* [Turtles: a guide]. Éditions de la Rose. {DOI}",
    (UNDATED, "Chicago"): f"Cruz, Ana. n.d. *Les tortues\u00a0: un guide* [Turtles: a guide]. "
    f"Éditions de la Rose. {DOI}.",
    (UNDATED, "Vancouver"): "Cruz A. Les tortues\u00a0: un guide [Turtles: a guide] [Internet]. [place unknown]: "
    f"Éditions de la Rose; [date unknown] [cited 2026 Nov 23]. Available from: {DOI}",
    (PAPERS, "APA"): f"Alpha, A., Beta, B. C., & Gamma, G. (Eds.). (2001). *Papers of a meeting*. The Union. {DOI}",
    (PAPERS, "MLA"): f"Alpha, A., et al., editors. *Papers of a meeting*. The Union, 2001, {DOI}.",
    (PAPERS, "Chicago"): f"Alpha, A., Bo C. Beta, and G. Gamma, eds. 2001. *Papers of a meeting*. "
    f"Gland: The Union. {DOI}.",
    (PAPERS, "ISO 690"): "ALPHA, A., BETA, Bo C. and GAMMA, G. (eds.), 2001. *Papers of a meeting* [online]. "
    f"Gland: The Union. [viewed 2026-11-23]. Available at: {DOI}",
    (ARTICLE, "MLA"): f"NameA, Given, et al. “What do herons eat?” *Journal of Birds*, vol. 12, "
    f"no. 3, 2010, pp. 73–79, {DOI}.",
    (MAP, "APA"): f"*Rivers*. (n.d.). {DOI}",
    (MAP, "MLA"): f"*Rivers*. {DOI}.",
    (MAP, "ISO 690"): f"*Rivers* [online]. n.d. [viewed 2026-11-23]. Available at: {DOI}",
}  # fmt: skip


@pytest.mark.parametrize(("item", "style"), SAID, ids=lambda one: one if isinstance(one, str) else one.id)
def test_an_item_is_cited_as_the_manual_says(item: Item, style: str) -> None:
    assert cited(item, style) == SAID[item, style]


def test_an_article_is_cited_with_its_journal_and_as_many_names_as_the_style_has() -> None:
    assert cited(ARTICLE, "APA").endswith(
        f"& NameL, G. (2010). What do herons eat? *Journal of Birds, 12*(3), 73–79. {DOI}"
    )
    assert cited(ARTICLE, "Chicago").endswith(
        f"Given NameG, et al. 2010. “What do herons eat?” *Journal of Birds* 12 (3): 73–79. {DOI}."
    )
    assert cited(ARTICLE, "Vancouver").endswith(
        "NameF G, et al. What do herons eat? Journal of Birds [Internet]. 2010 [cited 2026 Nov 23];12(3):73-79. "
        f"Available from: {DOI}"
    )


def test_the_words_between_are_the_readers() -> None:
    assert cited(BOOK, "APA", "fr").startswith("Marsden, E. J. et Roy, J.-P. (1988). ")
    assert cited(UNDATED, "APA", "es").startswith("Cruz, A. (s. f.). ")
    assert "[en ligne]. 2nd ed. Oxford\u00a0: Compass Press." in cited(BOOK, "ISO 690", "fr")
    assert cited(BOOK, "Vancouver", "es").endswith(f"[citado 2026-11-23]. (Field guides; 7). Disponible en: {DOI}")


@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.sampled_from(["article", "book", "other"]),
    st.sampled_from(["en", "fr", "es"]),
)
def test_nothing_in_a_record_breaks_a_citation(name: str, title: str, kind: str, language: str) -> None:
    people = (person(name), body(name), person(name, "edt"))
    item = Item("a", (Text(title),), people, type=kind, series=(Series(name, title),), edition=name, places=(title,))
    found = citations(item, DOI, language, TODAY)
    assert tuple(found) == STYLED == tuple(STYLES)
    for pieces in found.values():
        whole = "".join(text for text, _ in pieces)
        assert DOI in whole
        assert whole.isprintable() or any(not one.isprintable() for one in name + title + "\u00a0")
        assert "\x02" not in whole
        assert "\x03" not in whole
