"""The page of a report: it says all, obeys nothing that strangers wrote, and needs nothing beside itself."""

import re
import time
import tracemalloc
from pathlib import Path

import pytest
from lxml import html
from small_library import canoe_here, marc_file, record
from thoroughness import usually

from canoe import report_page as pages
from canoe.report import report_json, report_lines
from canoe.report_page import SHOWN, Heading, report_page
from ingest.tools import Report
from metadata.accession import OUTCOMES, Outcome, Piece
from metadata.problems import problem

HEADING = Heading("The test library", "en", "2026-11-22T10:00:00Z", is_plan=True)
EVIL = "<script>alert(1)</script>\"'&"
PIECES = (
    Piece("a.mrc#1", "new", "item1"),
    Piece("a.mrc#2", "changed", "item2", (problem("mojibake", "a.mrc#2:title", field="title", value=EVIL, meant="x"),)),
    Piece("a.mrc#3", "duplicate", "item1", (problem("duplicate-of", "a.mrc#3", source="a.mrc#1"),)),
    Piece("b.pdf", "identical", "item3"),
    Piece("bag", "refused", problems=(problem("bag-file-missing", "bag/data/x.pdf", manifest="manifest-sha512.txt"),)),
    Piece("notes.txt", "set_aside", problems=(problem("not-a-document", "notes.txt", reason="text"),)),
)


def made(*pieces: Piece, heading: Heading = HEADING, accession: str = "a-1") -> html.HtmlElement:
    return html.document_fromstring(report_page(Report(accession, pieces), heading))


def text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_every_piece_says_what_becomes_of_it() -> None:
    page = made(*PIECES)
    articles = page.findall(".//article")
    assert [(article.get("class") or "").split()[1] for article in articles] == [piece.outcome for piece in PIECES]
    assert text(articles[0]) == "new a.mrc, record 1 item1"
    assert text(articles[1]).startswith("changed a.mrc, record 2 item2 warning mojibake field title")
    assert f"value: {EVIL}" in text(articles[1])
    assert "error bag-file-missing in data/x.pdf" in text(articles[4])
    assert page.findtext(".//title") == "What this ingest would do – The test library"


def test_a_duplicate_leads_to_the_first() -> None:
    page = made(*PIECES)
    (link,) = page.findall(".//article[3]//a")
    assert text(page.get_element_by_id((link.get("href") or "").removeprefix("#"))).startswith("new a.mrc, record 1")


def test_counts_and_codes_can_be_chosen() -> None:
    page = made(*PIECES)
    labels = [text(label) for label in page.findall(".//label")]
    assert labels[:3] == ["6 in", "1 new", "1 changed"]
    assert "mojibake: 1" in labels
    style = page.findtext(".//style")
    assert style
    for chooser in page.xpath("//input[@id]/@id"):
        kind, _, name = chooser.partition("-")
        assert (
            f"body:has(#{chooser}:checked) .piece:not(.{'c-' if kind == 'c' else ''}{name}) {{ display: none; }}"
            in style
        )
        assert page.find_class(f"c-{name}" if kind == "c" else name)


@pytest.mark.parametrize(
    "evil", [EVIL, "a\u202eb\x1b[31m", "\udcff\udc80.pdf", "{{ 7 * 7 }}", "x' onload='y", "</style><b>"]
)
def test_what_strangers_wrote_is_shown_and_never_obeyed(evil: str) -> None:
    said = problem("value-repeated", f"{evil}#1:{evil}", field=evil, value=evil)
    heading = Heading(evil, "en", "now", is_plan=False)
    made_of = report_page(Report("a-1", (Piece(f"{evil}#1", "new", "i", (said,)),)), heading)
    page = html.document_fromstring(made_of)
    assert not page.xpath("//script | //b[not(ancestor::article)] | //@onload | //img | //iframe")
    assert not re.search("[\x00-\x08\x1b\u202e\ud800-\udfff]", made_of)
    assert "49" not in text(page)


def test_the_page_needs_nothing_beside_itself() -> None:
    page = made(*PIECES)
    assert page.xpath("//script | //link | //@src | //@srcset | //@style") == []
    assert all(address.startswith("#") for address in page.xpath("//@href"))
    assert "url(" not in (page.findtext(".//style") or "")
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert page.xpath("//meta[@name='viewport']")


@pytest.mark.parametrize(("language", "title", "said"), [
    ("fr", "Ce que ferait ce versement", "a été lu dans un mauvais codage"),
    ("es", "Lo que haría este ingreso", "se leyó con una codificación equivocada"),
])  # fmt: skip
def test_the_page_speaks_the_librarys_language(language: str, title: str, said: str) -> None:
    page = made(*PIECES, heading=Heading("L", language, "now", is_plan=True))
    assert page.get("lang") == language
    assert page.findtext(".//h1") == title
    assert said in text(page)


def test_all_words_are_there_in_three_languages() -> None:
    words = [pages._words(language) for language in ("en", "fr", "es")]
    assert words[0].keys() == words[1].keys() == words[2].keys()
    assert {*OUTCOMES, "error", "warning", "note"} <= words[0].keys()


def many(number: int, outcome: Outcome = "new") -> list[Piece]:
    return [Piece(f"a.mrc#{n}", outcome, f"i{n}") for n in range(1, number + 1)]


def test_of_very_many_those_with_most_to_say_are_listed_and_the_rest_counted() -> None:
    pieces = many(SHOWN + 100)
    grave = {7: "refused", SHOWN + 50: "refused", SHOWN + 99: "duplicate"}
    for place, outcome in grave.items():
        pieces[place] = Piece(pieces[place].source, outcome)  # type: ignore[arg-type]
    page = made(*pieces)
    articles = page.findall(".//article")
    assert len(articles) == SHOWN
    found = [article for article in articles if "new" not in (article.get("class") or "").split()]
    assert [text(one.find_class("source")[0]) for one in found] == [f"a.mrc, record {place + 1}" for place in grave]
    assert f"{SHOWN} of {SHOWN + 100} pieces are listed here" in text(page)
    assert "canoe accessions" not in text(page)
    done = made(*pieces, heading=Heading("L", "en", "now", is_plan=False))
    assert "canoe accessions a-1 --json" in text(done)


def test_very_many_pieces_cost_little() -> None:
    many = usually(20_000, thoroughly=100_000)
    pieces = tuple(
        Piece(f"a.mrc#{n}", "new", f"i{n}", (problem("field-missing", f"a.mrc#{n}:date", field="date"),))
        for n in range(many)
    )
    tracemalloc.start()
    began = time.process_time()
    page = report_page(Report("a-1", pieces), HEADING)
    took, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(page) < 5_000_000
    assert peak < 1000 * many
    assert took < 60


def test_the_command_writes_the_page_beside_its_answer(home: Path, tmp_path: Path) -> None:
    records = marc_file(tmp_path / "r.mrc", [record(1, "The forests"), record(2, "The forests")])
    page = tmp_path / "plan.html"
    answer = canoe_here("ingest", records, "--home", home, "--plan", "--report", page, "--json")
    assert answer.code == 0
    assert answer.json["counts"]["in"] == 2
    assert str(page) in answer.err
    shown = html.document_fromstring(page.read_text("utf-8"))
    assert len(shown.findall(".//article")) == 2
    assert "probable-duplicate" in text(shown)


def test_a_page_that_cannot_be_written_is_told_before_anything_is_done(home: Path, tmp_path: Path) -> None:
    records = marc_file(tmp_path / "r.mrc", [record(1, "The forests")])
    for place in (tmp_path, tmp_path / "absent" / "r.html"):
        answer = canoe_here("ingest", records, "--home", home, "--report", place)
        assert answer.code == 2
        assert answer.out == ""
    assert canoe_here("accessions", "--home", home, "--json").json == []


def test_text_and_json_name_the_field_too() -> None:
    report = Report("a-1", PIECES[1:2])
    assert report_json(report)["pieces"][0]["problems"][0]["where"] == "a.mrc#2:title"
    mended = problem("record-mended", "a.mrc#1:245$a", reason="x")
    lines = list(report_lines(Report("a-1", (Piece("a.mrc#1", "new", "i", (mended,)), *PIECES[1:2], PIECES[4]))))
    assert [line.split(":")[1] for line in lines if line.startswith("    ")] == [" 245$a", " title", " data/x.pdf"]
    assert lines[3].count("title") == 1
