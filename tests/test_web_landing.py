"""The address of an item for machines: its forms, typed links, link sets, tags in the page's head."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from lxml import etree, html
from schemas_here import SHARED, schema_of
from web_library import BASE, EN, FR, GONE, HOSTILE, PDF, Pages, digest, make, serving

from archive.library import Library
from metadata.model import Agent, Contribution, File, Identifier, Item, Relation, Text
from metadata.serial import from_json
from web.forms import FORMS, Form, forms_of
from web.guard import HEADERS
from web.signposting import LINKSET, LINKSET_JSON, LONGEST_HEADER, Link, header, item_links

_LINK = re.compile(r'<([^<>"\s]+)>((?:; [a-z]+="[^"]*")*)')
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return make(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def pages(library: Library) -> Iterator[Pages]:
    with serving(library) as opened:
        yield opened


def typed(value: str) -> set[tuple[str, str, str]]:
    """Return (relation, target, media type) of every link of a header; none of it may be left over."""
    assert _LINK.sub("", value).replace(", ", "") == ""
    found = [(target, dict(re.findall('([a-z]+)="([^"]*)"', told))) for target, told in _LINK.findall(value)]
    return {(told["rel"], target, told.get("type", "")) for target, told in found}


def test_level_1_names_everything_of_an_item(pages: Pages) -> None:
    answer = pages.get(f"/item/{FR}")
    links, landing = typed(answer.headers["link"]), f"{BASE}/item/{FR}"
    assert {
        ("cite-as", landing, ""),
        ("type", "https://schema.org/AboutPage", ""),
        ("type", "https://schema.org/Report", ""),
        ("license", "https://creativecommons.org/licenses/by/4.0/", ""),
        ("item", f"{landing}/file/access.pdf", "application/pdf"),
        ("item", f"{landing}/file/originals/the%20scan.pdf", "application/pdf"),
        ("describedby", f"{landing}.jsonld", "application/ld+json"),
        ("linkset", f"{landing}.linkset.json", "application/linkset+json"),
    } <= links
    assert 'profile="http://www.loc.gov/mods/v3"' in answer.headers["link"]
    assert pages.head(f"/item/{FR}").headers["link"] == answer.headers["link"]


def test_a_doi_that_resolves_is_what_to_cite(pages: Pages) -> None:
    assert ("cite-as", "https://doi.org/10.99999/elsewhere", "") in typed(pages.get(f"/item/{EN}").headers["link"])


def test_every_link_leads_to_what_it_says(pages: Pages) -> None:
    for rel, target, media_type in typed(pages.get(f"/item/{FR}").headers["link"]):
        if target.startswith(BASE):
            answer = pages.get(target.removeprefix(BASE))
            assert answer.status_code == 200, target
            assert answer.headers["content-type"].partition(";")[0] == (media_type or "text/html")
            if rel == "describedby":
                assert ("describes", f"{BASE}/item/{FR}", "text/html") in typed(answer.headers["link"])
            if rel == "item":
                assert ("collection", f"{BASE}/item/{FR}", "text/html") in typed(answer.headers["link"])


def test_level_2_says_the_same_in_both_notations_and_leads_back(pages: Pages) -> None:
    contexts = json.loads(pages.get(f"/item/{FR}.linkset.json").content)["linkset"]
    by_anchor = {one.pop("anchor"): one for one in contexts}
    landing = f"{BASE}/item/{FR}"
    said = {(rel, link["href"]) for rel, links in by_anchor[landing].items() for link in links}
    assert said == {(rel, target) for rel, target, _ in typed(pages.get(f"/item/{FR}").headers["link"])}
    assert by_anchor[f"{landing}/file/access.pdf"]["collection"][0]["href"] == landing
    assert by_anchor[f"{landing}.mods"]["describes"][0]["href"] == landing
    written = pages.get(f"/item/{FR}.linkset").text
    assert written.count('; anchor="') == sum(len(links) for one in by_anchor.values() for links in one.values())


def test_the_header_stays_short_and_the_link_set_whole(tmp_path: Path) -> None:
    own = make(tmp_path)
    files = tuple(File(f"original/{n:03} scan.tif", "original", "image/tiff", 1, digest(b"x")) for n in range(300))
    makers = tuple(
        Contribution(Agent(f"Sy, {n}", "person", (Identifier("orcid", f"0000-0002-1825-{n:04}"),)), "aut")
        for n in range(90)
    )
    with own.writer() as writer:
        item = replace(own.item(EN), contributions=makers, relations=(Relation("isPartOf", FR),))
        kept = [*item.files, *files]
        writer.put_item(replace(item, files=tuple(kept)), {one.path: b"x" for one in files}, "Described anew")
    with serving(own) as served:
        got = served.get(f"/item/{EN}")
        contexts = json.loads(served.get(f"/item/{EN}.linkset.json").content)["linkset"]
    assert len(got.headers["link"]) <= LONGEST_HEADER
    assert {"cite-as", "linkset", "type", "describedby", "author"} <= {rel for rel, _, _ in typed(got.headers["link"])}
    assert len(contexts[0]["item"]) == 303
    assert contexts[0]["author"][7]["href"] == "https://orcid.org/0000-0002-1825-0007"
    assert contexts[0]["collection"][0]["href"] == f"{BASE}/item/{FR}"


def test_nothing_in_a_record_ends_a_link(pages: Pages) -> None:
    evil = (Text('https://x.example/"><script>\r\nSet-Cookie: a=b'), Text('https://x.example/>;rel="x"'))
    names = ('http://y.example/>;rel="item",<http://z.example', "javascript:x")
    maker = Agent("A", "person", tuple(Identifier("url", name) for name in names))
    item = Item("0000000000", rights=evil, contributions=(Contribution(maker, "aut"),))
    made = header(item_links(item, BASE, [], []))
    assert made.isprintable()
    assert {rel for rel, _, _ in typed(made)} <= {"cite-as", "linkset", "type", "license", "author"}
    answer = pages.get(f"/item/{HOSTILE}")
    assert typed(answer.headers["link"])
    assert "set-cookie" not in answer.headers


def test_a_tombstone_keeps_the_name_whatever_is_asked_for(pages: Pages) -> None:
    for path in ("", ".json", ".dc.xml", ".linkset", ".linkset.json", ".nothing"):
        answer = pages.get(f"/item/{GONE}{path}", headers={"Accept": "application/json"})
        assert answer.status_code == 410
        assert {rel for rel, _, _ in typed(answer.headers["link"])} == {"cite-as", "type"}
        assert "Sandy shores" in answer.text


# --- forms ------------------------------------------------------------------------------------

SCHEMAS = {
    "dc.xml": ("oai/oai_dc.xsd", "oai"), "marcxml": ("oai/MARC21slim.xsd", "oai"), "mods": ("oai/mods-3-7.xsd", "oai"),
    "datacite.xml": ("oai/datacite-4.6/metadata.xsd", "oai/datacite-4.6"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.suffix)
def test_every_form_has_an_address_and_is_what_it_says(pages: Pages, form: Form) -> None:
    suffix, media_type = form.suffix, form.media_type
    answer = pages.get(f"/item/{FR}.{suffix}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "zones humides" in answer.text
    assert pages.head(f"/item/{FR}.{suffix}").headers["content-length"] == str(len(answer.content))
    if media_type.endswith("xml"):
        etree.fromstring(answer.content)
    if media_type.endswith("json"):
        json.loads(answer.content)


@pytest.mark.shared
@pytest.mark.parametrize("suffix", SCHEMAS)
def test_forms_are_valid(pages: Pages, suffix: str) -> None:
    path, imports = SCHEMAS[suffix]
    schema = schema_of(SHARED / "schemas" / path, SHARED / "schemas" / imports)
    for item in (FR, EN):
        schema.assertValid(etree.fromstring(pages.get(f"/item/{item}.{suffix}").content))


def test_json_gives_the_item_without_its_keepers_own_notes(pages: Pages, library: Library) -> None:
    given, held = from_json(pages.get(f"/item/{FR}.json").content), library.item(FR)
    assert given == replace(held, source="", submission="", accession="")
    assert "fr.pdf" not in pages.get(f"/item/{FR}.json").text


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [("application/ld+json", "jsonld"), ("application/vnd.schemaorg.ld+json", "jsonld"), ("application/json", "json"),
     ("text/xml", "dc.xml"), ("application/mods+xml, text/html;q=0.9", "mods"), ("application/x-bibtex", "bib"),
     ("application/vnd.citationstyles.csl+json", "csl.json")],
)  # fmt: skip
def test_the_page_is_given_in_the_form_that_is_asked_for(pages: Pages, accept: str, suffix: str) -> None:
    answer = pages.get(f"/item/{FR}", headers={"Accept": accept})
    assert answer.headers["content-location"] == f"/item/{FR}.{suffix}"
    assert answer.content == pages.get(f"/item/{FR}.{suffix}").content
    assert "Accept" in answer.headers["vary"]


def test_people_get_the_page_and_who_can_use_nothing_is_told_so(pages: Pages) -> None:
    for accept in ("*/*", "", "text/*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "junk"):
        answer = pages.get(f"/item/{FR}", headers={"Accept": accept})
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["vary"] == "Accept, Accept-Language"
    refused = pages.get(f"/item/{FR}", headers={"Accept": "image/png"})
    assert refused.status_code == 406
    assert refused.headers["content-type"].startswith("text/html")


def test_forms_that_an_item_lacks_are_not_there(pages: Pages) -> None:
    assert pages.get(f"/item/{HOSTILE}.datacite.xml").status_code == 404
    assert f"{HOSTILE}.datacite.xml" not in pages.get(f"/item/{HOSTILE}").text
    asked = pages.get(f"/item/{HOSTILE}", headers={"Accept": "application/vnd.datacite.datacite+xml"})
    assert asked.status_code == 406
    for path in (f"/item/{FR}.", f"/item/{FR}.exe", f"/item/{FR}.json.json", "/item/.json", "/item/0000000000.json"):
        assert pages.get(path).status_code == 404


def test_every_form_is_documented_and_no_other() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "reference" / "web-addresses.md"
    told = re.findall(r"^\| `/item/ID\.([a-z.]+)` \| `([^`]+)`", page.read_text("utf-8"), re.MULTILINE)
    linksets = {("linkset", LINKSET), ("linkset.json", LINKSET_JSON)}
    assert len(told) == len(FORMS) + 2
    assert set(told) == {(form.suffix, form.media_type) for form in FORMS} | linksets


# --- the page's head --------------------------------------------------------------------------


def head_of(pages: Pages, path: str) -> html.HtmlElement:
    (head,) = html.document_fromstring(pages.get(path).text).iter("head")
    return head


def test_the_head_says_what_scholar_and_zotero_read(pages: Pages) -> None:
    head = head_of(pages, f"/item/{FR}")
    tags = {tag.get("name"): tag.get("content") for tag in head.xpath("meta[starts-with(@name, 'citation_')]")}
    assert tags["citation_title"] == "Prendre soin des zones humides"
    assert tags["citation_author"] == "Marsden, Eleanor"
    assert tags["citation_publication_date"] == "1990/05"
    assert pages.get(tags["citation_pdf_url"].removeprefix(BASE)).content == PDF
    alternates = {link.get("type"): link.get("href") for link in head.xpath("link[@rel='alternate'][@title]")}
    assert alternates["application/x-bibtex"] == f"{BASE}/item/{FR}.bib"
    assert set(head.xpath("link[@rel='cite-as']/@href")) == {f"{BASE}/item/{FR}"}


def test_linked_data_stands_in_the_head_and_no_record_breaks_out(pages: Pages) -> None:
    for item in (FR, HOSTILE):
        page = pages.get(f"/item/{item}").text
        (data,) = re.findall(r'<script type="application/ld\+json">([^<]*)</script>', page)
        assert json.loads(data) == json.loads(pages.get(f"/item/{item}.jsonld").content)
    assert "alert(1)" in data
    assert page.count("<script") == 1


def test_pages_name_themselves_in_each_language(pages: Pages) -> None:
    head = head_of(pages, f"/item/{FR}?lang=fr")
    tongues = {link.get("hreflang"): link.get("href") for link in head.xpath("link[@hreflang]")}
    assert tongues == {
        **{tag: f"{BASE}/item/{FR}?lang={tag}" for tag in ("en", "fr", "es")}, "x-default": f"{BASE}/item/{FR}",
    }  # fmt: skip
    assert head.xpath("link[@rel='canonical']/@href") == [tongues["fr"]]
    assert head_of(pages, f"/item/{FR}").xpath("link[@rel='canonical']/@href") == [tongues["x-default"]]
    assert not head_of(pages, f"/item/{GONE}").xpath("link[@hreflang]")


def refusals(address: str, folder: Path) -> list[str]:
    """Return what Chromium says it refuses while it shows a page."""
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}",
               "--enable-logging=stderr", "--v=0", "--dump-dom", address]  # fmt: skip
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "<html" in told.stdout
    return [line for line in told.stderr.splitlines() if "Content Security Policy" in line]


class _Inline(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", HEADERS["Content-Security-Policy"])
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>x</title><script>document.title = 'y'</script>")

    def log_message(self, *told: object) -> None:
        pass


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_refuses_nothing_of_the_page(pages: Pages, tmp_path: Path) -> None:
    assert refusals(str(pages.get(f"/item/{FR}").url), tmp_path) == []
    with HTTPServer(("127.0.0.1", 0), _Inline) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert refusals(f"http://127.0.0.1:{server.server_port}/", tmp_path)
        server.shutdown()


def test_a_link_is_written_as_rfc_8288_has_it() -> None:
    link = Link("item", "https://x.example/a", "text/html", "https://p.example/")
    assert str(link) == '<https://x.example/a>; rel="item"; type="text/html"; profile="https://p.example/"'
    assert header([link, link], len(str(link)) + 2) == str(link)


def test_an_item_is_cited_in_several_styles_and_for_reference_managers(pages: Pages) -> None:
    tree = html.document_fromstring(pages.get(f"/item/{EN}", headers={"Accept-Language": "en"}).text)
    (section,) = tree.xpath("//section[@aria-labelledby='cite']")
    assert section.xpath("details//dt/text()") == ["APA", "MLA", "Chicago", "Vancouver", "ISO 690"]
    (apa,) = section.xpath("details//dd[../dt='APA']")
    assert " ".join(apa.text_content().split()) == (
        "Marsden, E. (1988). Caring for Wetlands. https://doi.org/10.99999/elsewhere"
    )
    assert apa.xpath("i/text()") == ["Caring for Wetlands"]
    assert {pages.get(link).status_code for link in section.xpath("p/a/@href")} == {200}
    assert [link.rpartition(f"{EN}.")[2] for link in section.xpath("p/a/@href")] == ["bib", "ris", "csl.json"]


def test_a_reader_sees_every_form_of_the_record(pages: Pages, library: Library) -> None:
    tree = html.document_fromstring(pages.get(f"/item/{EN}?lang=es").text)
    (line,) = tree.xpath("//p[starts-with(., 'El registro en otras formas:')]")
    shown = {link.rpartition(f"{EN}.")[2] for link in tree.xpath("//main//a/@href") if f"/item/{EN}." in link}
    assert shown == {form.suffix for form in forms_of(library.item(EN))}
    assert [link.text for link in line.xpath("a")][:2] == ["schema.org (JSON-LD)", "Dublin Core"]


def test_a_licence_is_shown_by_its_name_and_led_to_by_its_address(pages: Pages) -> None:
    (link,) = html.document_fromstring(pages.get(f"/item/{FR}").text).xpath("//dd/a[@rel='license']")
    assert link.get("href") == "https://creativecommons.org/licenses/by/4.0/"
    assert link.text == "CC BY 4.0"
