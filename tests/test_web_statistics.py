"""Statistics as readers and reporting librarians get them: pages in three languages, and COUNTER's Item Report."""

import csv
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import html
from starlette.middleware import Middleware
from web_library import BASE, EN, FR, GONE, HOSTILE, RECORDS, Pages, identifier, make, serving

from archive.cataloguing import Publishing
from archive.library import Library
from archive.usage import Usage
from archive.usage_kept import METRICS, Sums
from metadata.accession import Accession
from metadata.vocabulary import shipped
from web.usage import Counter, Counting
from web.usage_report import COLUMNS, Asked, item_report
from web.usage_robots import Robots

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
RECORD = identifier("records.mrc#3")
NOW = datetime.now(UTC)
COUNTED = {
    (FR, "2024-02"): Sums(1200, 800, 700, 500),
    (FR, "2024-11"): Sums(300, 200, 300, 200),
    (EN, "2024-02"): Sums(90, 80, 70, 60),
    (HOSTILE, "2024-02"): Sums(9, 9, 9, 9),
    (GONE, "2024-02"): Sums(4000, 3, 3000, 3),
    ("nowhere000", "2024-02"): Sums(5000, 1, 5000, 1),
    (RECORD, "2024-03"): Sums(7, 5, 0, 0),
    (EN, "2025-01"): Sums(2, 2, 1, 1),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = make(tmp_path_factory.mktemp("made") / "home")
    library.catalogue.close()
    return library.home


@pytest.fixture
def unused(made: Path, tmp_path: Path) -> Library:
    return opened(shutil.copytree(made, tmp_path / "home"))


def opened(home: Path) -> Library:
    return Library.open(home, Publishing(BASE, "example.org", shipped()))


@pytest.fixture(scope="module")
def library(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = opened(shutil.copytree(made, tmp_path_factory.mktemp("counted") / "home"))
    with library.writer() as writer, writer.workspace() as folder:
        (folder / "none").write_bytes(b"")
        for number, (year, new) in enumerate((("2024", 20), ("2025", 9), ("2025", 1))):
            accession = Accession(f"a-{number}", f"{year}-05-01T10:00:00Z", ("shelf",), (("new", new),))
            writer.put_accession(accession, (), folder / "none", {})
    Usage(library.home, library.archive).add(COUNTED)
    return library


@pytest.fixture(scope="module")
def pages(library: Library) -> Iterator[Pages]:
    with serving(library) as opened:
        yield opened


def table(page: html.HtmlElement, caption: str) -> list[list[str]]:
    """Return the rows of the table of this name, bars left out."""
    found = next(one for one in page.iter("table") if one.findtext("caption") == caption)
    cells = (
        [" ".join(cell.text_content().split()) for cell in row if cell.get("class") != "bar-of"]
        for row in found.iter("tr")
    )
    return [*cells]


def test_the_statistics_tell_what_there_is(pages: Pages) -> None:
    page = html.fromstring(pages.get("/statistics?lang=en").text)
    facts = {one.findtext("dt"): " ".join(one.xpath("string(dd)").split()) for one in page.findall(".//dl/div")}
    assert facts["Publications"] == str(RECORDS + 3)
    assert facts["Pages"] == "5"
    assert facts["Reads and downloads"] == "9,080 since February 2024"
    assert ["Report", str(RECORDS)] in table(page, "By type")
    assert ["French", "1"] in table(page, "By language")
    assert table(page, "By year in which they were received")[1:] == [["2024", "20"], ["2025", "10"]]
    assert [row[0] for row in table(page, "By year of publication")[1:]] == sorted(
        row[0] for row in table(page, "By year of publication")[1:]
    )


def test_the_statistics_tell_what_is_used(pages: Pages) -> None:
    page = html.fromstring(pages.get("/statistics?lang=en").text)
    months = table(page, "Use by month")
    assert months[0] == ["Month", "Views", "Unique views", "Reads and downloads", "Unique reads and downloads"]
    assert months[2:] == [
        ["March 2024", "7", "5", "0", "0"],
        ["November 2024", "300", "200", "300", "200"],
        ["January 2025", "2", "2", "1", "1"],
    ]
    most = table(page, "Read most")[1:]
    assert [row[0] for row in most[:2]] == ["Prendre soin des zones humides", "Caring for Wetlands"]
    assert most[0][1:] == ["1,500", "1,000", "1,000", "700"]
    text = page.text_content()
    assert "Sandy shores" not in text
    assert "the countries that readers are in are not known" in " ".join(text.split())


def test_bars_are_as_long_as_the_numbers_say_and_no_style_is_inline(pages: Pages) -> None:
    answer = pages.get("/statistics?lang=en")
    page = html.fromstring(answer.text)
    found = next(one for one in page.iter("table") if one.findtext("caption") == "Read most")
    assert [float(bar.get("width", "")) for bar in found.iter("rect")][:2] == [100.0, 7.1]
    assert {bar.get("aria-hidden") for bar in found.iter("svg")} == {"true"}
    assert " style=" not in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "path", ["/statistics", "/statistics/2024", "/statistics?collection=field-guides", f"/item/{FR}"]
)
@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_pages_are_sound_in_every_language(pages: Pages, path: str, language: str) -> None:
    answer = pages.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
    page = html.fromstring(answer.text)
    assert answer.status_code == 200
    assert page.get("lang") == language
    assert len(page.findall(".//h1")) == 1
    identifiers = page.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))
    assert set(page.xpath("//@aria-labelledby")) <= set(identifiers)
    assert all(found.findtext("caption") for found in page.iter("table"))
    assert all(cell.get("scope") in ("col", "row") for cell in page.iter("th"))
    assert "<script>alert" not in answer.text


def test_a_year_is_told_by_month_collection_and_item(pages: Pages) -> None:
    page = html.fromstring(pages.get("/statistics/2024?lang=en").text)
    months = table(page, "Use by month")
    assert len(months) == 1 + 12 + 1
    assert months[1] == ["January 2024", "0", "0", "0", "0"]
    assert months[-1] == ["Together", "10,606", "1,098", "9,079", "773"]
    assert table(page, "Use by collection")[1] == ["field-guides", "1,500", "1,000", "1,000", "700"]
    links = page.xpath("//main//a/@href")
    assert "/statistics/2024.csv?lang=en" in links
    assert "/statistics/2025?lang=en" in links


def test_statistics_of_a_collection(pages: Pages) -> None:
    page = html.fromstring(pages.get("/statistics?collection=field-guides&lang=fr").text)
    assert page.xpath("string(.//h1)") == "Statistiques: field-guides"
    assert [row[0] for row in table(page, "Les plus lus")[1:]] == ["Prendre soin des zones humides"]
    assert table(page, "Utilisation par mois")[1:] == [
        ["février 2024", "1 200", "800", "700", "500"],
        ["novembre 2024", "300", "200", "300", "200"],
    ]
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]


@pytest.mark.parametrize(
    "path",
    [
        "/statistics/1999",
        "/statistics/2024.xlsx",
        "/statistics/20240",
        "/statistics/x",
        "/statistics?collection=none",
        "/statistics/２０２４",
    ],
)
def test_what_was_not_counted_is_not_found(pages: Pages, path: str) -> None:
    assert pages.get(path).status_code == 404


def test_the_page_of_an_item_says_how_often_it_was_used(pages: Pages) -> None:
    def told(item: str, language: str) -> str:
        page = html.fromstring(pages.get(f"/item/{item}?lang={language}").text)
        return " ".join("".join(page.xpath("//dt[.='Use' or .='Utilisation' or .='Uso']/../dd//text()")).split())

    assert told(FR, "en") == "1,500 views, 1,000 reads and downloads since February 2024"
    assert told(FR, "fr") == "1 500 consultations, 1 000 lectures et téléchargements depuis février 2024"
    assert told(RECORD, "es") == "7 consultas, 0 lecturas y descargas desde febrero de 2024"
    assert told(identifier("records.mrc#5"), "en") == ""


def rows(pages: Pages, path: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return the header and the body of a report."""
    answer = pages.get(path)
    assert answer.status_code == 200
    found = [*csv.reader(answer.text.splitlines(), delimiter="\t" if ".tsv" in path else ",")]
    assert found[13] == []
    return dict(found[:13]), [dict(zip(found[14], row, strict=True)) for row in found[15:]]


def test_the_report_of_a_year_is_counters_item_report(pages: Pages) -> None:
    header, body = rows(pages, "/statistics/2024.csv")
    assert [*header] == [
        "Report_Name", "Report_ID", "Release", "Institution_Name", "Institution_ID", "Metric_Types", "Report_Filters",
        "Report_Attributes", "Exceptions", "Reporting_Period", "Created", "Created_By", "Registry_Record",
    ]  # fmt: skip
    assert (header["Report_ID"], header["Release"], header["Exceptions"]) == ("IR", "5.1", "")
    assert header["Reporting_Period"] == "Begin_Date=2024-01-01; End_Date=2024-12-31"
    assert datetime.fromisoformat(header["Created"]).tzinfo == UTC
    assert [*body[0]] == [
        *COLUMNS,
        *(f"{month}-2024" for month in MONTHS),
    ]
    mine = {row["Metric_Type"]: row for row in body if row["Proprietary_ID"] == f"canoe:{FR}"}
    assert [*mine] == [*METRICS]
    requests = mine["Total_Item_Requests"]
    assert (requests["Item"], requests["Publisher"]) == ("Prendre soin des zones humides", "Éditions de la Rose")
    assert (requests["DOI"], requests["ISBN"], requests["Data_Type"]) == (
        f"10.99999/{FR}",
        "978-2-1234-5680-3",
        "Report",
    )
    assert (requests["Reporting_Period_Total"], requests["Feb-2024"], requests["Mar-2024"]) == ("1000", "700", "0")
    assert requests["URI"] == f"{BASE}/item/{FR}"
    total = sum(int(row["Reporting_Period_Total"]) for row in body if row["Metric_Type"] == METRICS[0])
    assert total == sum(
        use.investigations for (item, month), use in COUNTED.items() if month < "2025" and item != "nowhere000"
    )
    assert {row["Metric_Type"] for row in body if row["Proprietary_ID"] == f"canoe:{RECORD}"} == {*METRICS[:2]}


def test_the_report_goes_as_tab_separated_values_and_for_a_collection_too(pages: Pages) -> None:
    header, body = rows(pages, "/statistics/2024.tsv?collection=field-guides")
    assert header["Report_Filters"] == "canoe:Collection=field-guides"
    assert {row["Proprietary_ID"] for row in body} == {f"canoe:{FR}"}
    assert pages.get("/statistics/2024.tsv").headers["content-type"].startswith("text/tab-separated-values")
    assert 'filename="usage-2024.csv"' in pages.get("/statistics/2024.csv").headers["content-disposition"]


def test_no_cell_of_the_report_is_a_formula(library: Library) -> None:
    with library.writer() as writer:
        item = library.item(RECORD)
        writer.put_item(
            replace(item, titles=(replace(item.title, value='=HYPERLINK("http://evil.example")'),)), {}, "Edited"
        )
    asked = Asked("2024", "@library", BASE, NOW)
    cells = [cell for row in item_report(library, Usage(library.home, library.archive), asked) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if re.match(r"[=+@\-]", cell)]


def test_of_a_year_under_way_the_months_so_far_are_told_and_that_it_is_not_over() -> None:
    asked = Asked("2026", "x", BASE, datetime(2026, 3, 5, tzinfo=UTC))
    assert asked.months == ["2026-01", "2026-02", "2026-03"]


def test_the_statistics_are_linked_and_in_the_sitemap(pages: Pages) -> None:
    assert "/statistics?lang=es" in html.fromstring(pages.get("/about?lang=es").text).xpath("//footer//a/@href")
    collection = html.fromstring(pages.get("/collections/field-guides").text)
    assert "/statistics?collection=field-guides" in collection.xpath("//main//a/@href")
    assert f"<loc>{BASE}/statistics</loc>" in pages.get("/sitemap.xml").text


def test_a_library_that_was_not_used_says_so(unused: Library) -> None:
    with serving(unused) as pages:
        assert "Nothing has been counted yet." in pages.get("/statistics?lang=en").text
        assert pages.get("/statistics/2026").status_code == 404
        assert ">Use<" not in pages.get(f"/item/{FR}?lang=en").text


def test_a_damaged_file_of_usage_hides_no_item(unused: Library) -> None:
    (unused.home / "usage.db").write_bytes(b"no database, by far not" * 100)
    with serving(unused) as pages:
        assert pages.get(f"/item/{FR}").status_code == 200
        assert pages.get("/statistics").status_code == 503


def test_what_is_read_now_is_told_after_a_moment(unused: Library) -> None:
    counter = Counter(Usage(unused.home, unused.archive), Robots.of(unused.home))
    with serving(unused, through=[Middleware(Counting, counter=counter)]) as pages:
        for agent in ("Firefox/140.0 one", "Firefox/140.0 two"):
            pages.get(f"/item/{FR}/page/1", headers={"User-Agent": agent})
        counter.settle(None)
        counter.flush()
        assert "2 reads and downloads" in " ".join(pages.get(f"/item/{FR}?lang=en").text.split())
