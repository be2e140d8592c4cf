"""The tree of subjects: counts, languages, several ways up, pages, and addresses that come back to their concepts."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from archive_library import bare_item
from web_library import SITE, Pages, serving

from archive.cataloguing import Publishing
from archive.library import Library
from archive.vocabularies_keeping import Addition, add
from archive.vocabularies_live import LiveVocabulary
from metadata.concepts import Scheme, Vocabulary
from metadata.model import Concept, Text
from metadata.skos import Source
from metadata.vocabulary import shipped
from search.engine import open_reader, open_writer
from search.follower import catch_up
from web.app import routes
from web.i18n import LANGUAGES
from web.subjects import PER_PAGE, address, paths

BASE = "https://w3id.org/canoe/conservation/"
LANDS = """@prefix : <http://example.org/lands/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dct: <http://purl.org/dc/terms/> . :s a skos:ConceptScheme ; dct:title "Lands"@en, "Terres"@fr .
:wet a skos:Concept ; skos:prefLabel "Wet <b>land</b>"@en, "Zone humide"@fr ; skos:definition "Under water."@en .
:green a skos:Concept ; skos:prefLabel "Green land"@en .
:mire a skos:Concept ; skos:broader :wet, :green ; skos:prefLabel "Mire"@en ; skos:altLabel "Peatland"@en ;
    skos:exactMatch <https://w3id.org/canoe/conservation/c0302> .
<http://example.org/lands/fen> a skos:Concept ; dct:isReplacedBy :mire ; skos:prefLabel "Fen"@en .
<http://example.org/lands/a%20b/../c> a skos:Concept ; skos:broader :wet ; skos:prefLabel "Odd"@en .
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    home = tmp_path_factory.mktemp("home")
    held = LiveVocabulary(home)
    library = Library.create(home, Publishing("http://testserver", "example.org", held))
    with library.writer() as writer:
        add(writer, Addition("lands", [Source(LANDS.encode())], "urn:x", own=True))
        rows = "".join(f"{n},N{n:03}\n" for n in range(PER_PAGE + 5))
        add(writer, Addition("flat", [Source(f"code,en\n{rows}".encode())], "urn:x"))
        for number, name in enumerate(("mire", "fen", "wet")):
            item = replace(bare_item(number), concepts=(f"http://example.org/lands/{name}",))
            writer.put_item(item, {}, "Ingested")
    engine = open_writer(home / "index")
    catch_up(engine, library, held)
    engine.close()
    reader = open_reader(home / "index", vocabulary=held)
    with serving(library, before=routes(SITE, library, reader, held)) as asked:
        yield asked
    library.catalogue.close()


def entries(text: str) -> dict[str, str]:
    """Return the number of items that stands after each concept of the tree."""
    section = text.partition('<section aria-labelledby="narrower">')[2].partition("</section>")[0]
    found = re.findall(r'<li>.*?<a href="[^"]+">(.*?)</a>.*?class="count"[^>]*>(\d+)<', section, re.DOTALL)
    return {re.sub("<[^>]+>", "", name): number for name, number in found}


def test_the_own_classification_with_counts_of_what_is_below(pages: Pages) -> None:
    text = pages.get("/subjects?lang=en").text
    assert entries(text) == {"Green land": "2", "Wet &lt;b&gt;land&lt;/b&gt;": "3"}
    assert "<h1>Lands</h1>" in text
    assert "/subjects/flat" in text
    assert "/subjects/conservation" in text
    assert entries(pages.get("/subjects/lands?lang=en").text) == entries(text)


def test_a_concept_has_every_way_up(pages: Pages) -> None:
    text = pages.get("/subjects/lands/mire?lang=en").text
    ways = [re.sub(r"<[^>]+>", "", way) for way in re.findall(r'<p class="quiet">(.*?)</p>', text)]
    assert ways == ["Lands › Green land › Mire", "Lands › Wet &lt;b&gt;land&lt;/b&gt; › Mire"] or ways == [
        "Lands › Wet &lt;b&gt;land&lt;/b&gt; › Mire", "Lands › Green land › Mire",
    ]  # fmt: skip
    assert "Show 2 publications" in text
    assert "Peatland" in text
    assert "/subjects/conservation/c0302" in text


def test_a_label_in_another_language_is_marked_as_such(pages: Pages) -> None:
    text = pages.get("/subjects/lands?lang=fr").text
    assert '<span lang="en" dir="auto">Green land</span> <span class="quiet">(Anglais)</span>' in text
    assert ">Zone humide</a>" in text
    assert "<h1>Terres</h1>" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_there_in_every_language(pages: Pages, language: str) -> None:
    for path in ("", "/lands", "/lands/wet", "/conservation/c0302", "/flat"):
        answer = pages.get(f"/subjects{path}?lang={language}")
        assert answer.status_code == 200
        assert f'<html lang="{language}">' in answer.text


def test_large_flat_vocabularies_are_paged(pages: Pages) -> None:
    first, second = (entries(pages.get(f"/subjects/flat?lang=en&page={n}").text) for n in (1, 2))
    assert (len(first), len(second)) == (PER_PAGE, 5)
    assert not first.keys() & second.keys()
    assert 'rel="next"' in pages.get("/subjects/flat?lang=en").text
    for page in ("3", "99999"):
        assert pages.get(f"/subjects/flat?page={page}").status_code == 404
    for page in ("0", "-1", "x"):
        assert pages.get(f"/subjects/flat?page={page}").status_code == 200


def test_a_uri_that_makes_no_path_is_asked_for_whole(pages: Pages) -> None:
    scheme = Scheme("lands", prefix="http://example.org/lands/")
    uri = "http://example.org/lands/a%20b/../c"
    assert address(scheme, uri) == ("/subjects/lands", (("concept", uri),))
    assert address(scheme, "http://example.org/lands/mire") == ("/subjects/lands/mire", ())
    assert "Odd" in pages.get("/subjects/lands", params={"concept": uri, "lang": "en"}).text
    assert entries(pages.get("/subjects/lands/wet?lang=en").text) == {"Mire": "2", "Odd": "0"}


@pytest.mark.parametrize("path", ["/none", "/lands/none", "/lands?concept=none", "/lands/", "/flat/9999"])
def test_what_nobody_knows_is_not_found(pages: Pages, path: str) -> None:
    assert pages.get(f"/subjects{path}").status_code == 404


def test_what_was_replaced_is_shown_found_and_counted_under_the_one_in_its_place(pages: Pages) -> None:
    old, new = "http://example.org/lands/fen", "http://example.org/lands/mire"
    page = pages.get(f"/item/{bare_item(1).id}?lang=en").text
    assert ">Mire</a>" in page
    assert ">Fen</a>" not in page
    for uri in (old, new):
        text = pages.get("/search", params={"subject": uri, "lang": "en"}).text
        assert all(f"/item/{bare_item(number).id}" in text for number in (0, 1))
    assert pages.get("/subjects/lands/fen?lang=en").text.count("<h1>Mire</h1>") == 1


def test_the_first_page_leads_there(pages: Pages) -> None:
    assert 'href="/subjects?lang=en">All subjects' in pages.get("/?lang=en").text


def test_ways_up_are_finite_in_circles_and_in_grids() -> None:
    circle = Vocabulary({"a": Concept("a", broader=("b",)), "b": Concept("b", broader=("a",))})
    assert paths(circle, "a") == [("b",)]
    rows = {f"{row}.{n}": tuple(f"{row + 1}.{m}" for m in range(9)) for row in range(30) for n in range(9)}
    grid = Vocabulary({uri: Concept(uri, (Text(uri),), broader=above) for uri, above in rows.items()})
    assert len(paths(grid, "0.0")) <= 8
    assert paths(shipped(), BASE + "c0302")


def test_a_concept_of_another_vocabulary_is_led_to_where_it_belongs(pages: Pages) -> None:
    for asked in (
        "/subjects/flat?concept=http://example.org/lands/mire",
        "/subjects/flat?concept=http://example.org/lands/mire&lang=fr",
    ):
        answer = pages.get(asked)
        assert answer.status_code == 301
        there = pages.get(answer.headers["location"])
        assert there.status_code == 200
        assert ("Terres" if "lang=fr" in asked else "Lands") in there.text
