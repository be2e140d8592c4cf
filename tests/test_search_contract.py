"""The contract of engines: the same questions get the same items, whichever engine is asked.

Tantivy and Whoosh (2.7.4 or whoosh3, whichever is installed) stand on the same library in
three languages; a reading of the query's tree in plain Python, which knows neither, is the judge:
words may stand anywhere in an item, what is near or side by side stands on one page.
"""

import random
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise
from operator import attrgetter
from pathlib import Path

import pytest
from rapidfuzz.distance import OSA
from search_sample import item_of

from metadata.vocabulary import Vocabulary, read_skos
from search.analysis import core, stemmed_in, terms, without_hyphens
from search.analysis import words as parted
from search.documents import readable
from search.engine import ENGINES, Bearer, Expansion, PageDocument, Request, SearchReader, open_reader, open_writer
from search.identifiers import identifier
from search.languages import STEMMERS
from search.plan import spelt_otherwise
from search.query import And, Dates, Fuzzy, Near, Node, Not, Or, Phrase, Prefix, Value, Word, Years, parse


@dataclass(frozen=True, slots=True)
class Somebody:
    """An agent."""

    name: str
    kind: str
    in_records: tuple[str, ...]


FORESTS, LAND = "urn:c:wet", "urn:c:land"
SKOS = b"""
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:s> a skos:ConceptScheme .
<urn:c:land> a skos:Concept ; skos:inScheme <urn:s> ; skos:prefLabel "Land"@en, "Terre"@fr .
<urn:c:wet> a skos:Concept ; skos:inScheme <urn:s> ; skos:broader <urn:c:land> ;
    skos:prefLabel "Wetlands"@en, "Zones humides"@fr, "Humedales"@es ; skos:altLabel "Marshes"@en .
"""
WORDS = {
    "en": ["forest", "forests", "wetland", "wetlands", "bird", "birds", "burning", "burn", "edge", "the", "coastal"],
    "fr": [
        "forêt",
        "forêts",
        "l’honnête",
        "honnêtes",
        "d’Afrique",
        "oiseau",
        "oiseaux",
        "porte-monnaie",
        "portemonnaies",
        "œuvre",
        "la",
    ],
    "es": ["bosque", "bosques", "humedal", "humedales", "año", "años", "pájaro", "quemar", "el", "costera"],
}
NAMES = ("Dupont, Jean", "Smith, Anne", "Muñoz, José", "O’Brien, Pat")
NUMBERS = ("978-2-8317-1185-0", "0378-5955", "https://doi.org/10.1234/AB.c-1", "TR-2004/17")


def text(chance: random.Random, language: str) -> str:
    return " ".join(chance.choices(WORDS[language], k=chance.choice((2, 4, 8))))


def library() -> Iterator[PageDocument]:
    chance = random.Random(30)  # noqa: S311 -- not for secrets
    for n in range(90):
        language = chance.choice(tuple(WORDS))
        title = text(chance, language)
        year = chance.choice((None, 1990, 1995, 2001))
        facts = {
            "item": f"i{n}", "title": title, "type": chance.choice(("book", "report")), "year": year,
            "languages": (language,), "subjects": chance.choice(((), (LAND,), (FORESTS, LAND))),
            "topics": ("Wetlands, Zones humides, Humedales",) * (n % 9 == 0), "authors": (chance.choice(NAMES),),
            "publishers": ("Presses d’Afrique",) * (n % 5 == 0), "places": ("Côte d’Ivoire",) * (n % 4 == 0),
            "series": (f"Cahiers {n % 3}",), "collections": ("maps",) * (n % 2), "access": chance.choice(("", "open")),
            "identifiers": (identifier(NUMBERS[n % 4]),) * (n % 3 == 0),
            "dates": (year * 10_000 + 301, year * 10_000 + 331) if year else None,
        }  # fmt: skip
        yield PageDocument(page=0, language=language, text=f"{title}\n{text(chance, language)}", **facts)  # type: ignore[arg-type]
        for page in range(1, chance.choice((1, 2, 5))):
            own = chance.choice((language, language, "en"))
            yield PageDocument(page=page, language=own, text=text(chance, own), **facts)  # type: ignore[arg-type]


LIBRARY = list(library())


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return read_skos(SKOS)


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory, vocabulary: Vocabulary) -> dict[str, SearchReader]:
    folder = tmp_path_factory.mktemp("home") / "index"
    for engine in ENGINES:
        writer = open_writer(folder, engine)
        writer.put(LIBRARY)
        writer.commit(7)
        writer.close()
    return {engine: open_reader(folder, engine, vocabulary) for engine in ENGINES}


def found(reader: SearchReader, query: str, expand: bool = False) -> set[str]:
    answer = reader.find(Request(query, limit=100, expand=expand))
    assert answer.total == len(answer.hits)
    return {hit.id for hit in answer.hits}


# The judge: an item, its description first, holds a query, or it does not.

ITEMS = {item: list(documents) for item, documents in groupby(LIBRARY, key=attrgetter("item"))}


def family(document: PageDocument, field: str) -> str:
    texts = {
        "text": document.text, "title": document.title, "author": "\n".join(document.authors),
        "publisher": "\n".join(document.publishers), "subject": "\n".join(document.topics),
        "place": "\n".join(document.places), "series": "\n".join(document.series),
        "collection": "\n".join(document.collections),
    }  # fmt: skip
    return unicodedata.normalize("NFC", texts[field])


def holds_word(node: Word, document: PageDocument) -> bool:
    looked_in, word = family(document, node.field), core(node.text)
    asked, there = terms(word), terms(looked_in)
    if len(asked) != 1:
        whole = without_hyphens(node.text)
        return beside(asked, there) or bool(whole and holds_word(Word(whole, node.field), document))
    if asked[0] in there:
        return True
    own = stemmed_in(document.language)
    languages = tuple(STEMMERS) if document.page == 0 else (own,) * bool(own)
    stemmed = node.field in ("text", "title", "subject")
    return stemmed and any(set(terms(word, one)) & set(terms(looked_in, one)) for one in languages)


def beside(wanted: list[str], there: list[str]) -> bool:
    return any(there[at : at + len(wanted)] == wanted for at in range(len(there))) if wanted else False


def near(wanted: list[str], there: list[str], between: int) -> bool:
    different = list(dict.fromkeys(wanted))
    places = {word: [at for at, term in enumerate(there) if term == word] for word in different}
    return all(places.values()) and all(
        any(abs(one - other) <= between + 1 for one in places[first] for other in places[second])
        for first, second in pairwise(different)
    )


def holds(node: Node, item: list[PageDocument]) -> bool:
    facts = item[0]
    match node:
        case And(nodes):
            return all(holds(part, item) for part in nodes)
        case Or(nodes):
            return any(holds(part, item) for part in nodes)
        case Not(inner):
            return not holds(inner, item)
        case Years(first, last):
            return facts.year is not None and (first or 0) <= facts.year <= (last or 9999)
        case Dates(begin, end):
            dates = facts.dates
            return dates is not None and dates[0] <= (end or 10**8) and dates[1] >= (begin or 0)
        case Value():
            return node.value in values(facts, node.field)
        case _:
            return holds_words(node, item if node.field == "text" else item[:1])


def values(document: PageDocument, field: str) -> tuple[str, ...]:
    return {
        "language": document.languages, "type": (document.type,), "access": (document.access,),
        "format": document.formats, "identifier": document.identifiers, "subject": document.subjects,
    }[field]  # fmt: skip


def holds_words(node: Word | Prefix | Fuzzy | Phrase | Near, documents: list[PageDocument]) -> bool:
    there = [terms(family(document, node.field)) for document in documents]
    anywhere = set(chain.from_iterable(there))
    match node:
        case Phrase(words):
            return any(beside(terms(words), one) for one in there)
        case Near(words, between):
            return any(near(terms(words), one, between) for one in there)
        case Prefix(start):
            *whole, last = terms(core(start))
            return any(term.startswith(last) for term in anywhere) and set(whole) <= anywhere
        case Fuzzy():
            return all(any(OSA.distance(one, term) <= far for term in anywhere) for one, far in spelt_otherwise(node))
        case Word():
            return any(holds_word(node, document) for document in documents)


def expected(query: str) -> set[str]:
    node = parse(query).node
    return {item for item, documents in ITEMS.items() if node is None or holds(node, documents)}


# Random queries

FACTS = [
    "year:1990", "year:1990..1995", "year:>=1995", "date:1990..1995-02", "date:>=2001-03", "date:<1995-03-15",
    "language:fr", "type:report", "access:open", "author:dupont", "autor:munoz", "author:o'brien", "editeur:presses",
    "lieu:ivoire", "série:1", "collection:maps", "sujet:humedal", "sujet:zone", "isbn:2831711851", "doi:10.1234/ab.C-1",
]  # fmt: skip


def random_leaf(chance: random.Random) -> str:
    word = chance.choice(WORDS[chance.choice(tuple(WORDS))])
    other = chance.choice(WORDS[chance.choice(tuple(WORDS))])
    kinds = [
        word, word.upper(), f'"{word} {other}"', f'"{word} {other}"~{chance.randint(0, 4)}',
        f'"{word} {other} {chance.choice(WORDS["en"])}"~{chance.randint(1, 6)}', f"{word[:3]}*", f"{word}~",
        f"{word[:-1]}~1", f"title:{word}", f'title:"{word} {other}"', chance.choice(FACTS), chance.choice(FACTS),
    ]  # fmt: skip
    return chance.choice(kinds)


def random_query(chance: random.Random, depth: int = 0) -> str:
    if depth == 2 or chance.random() < 0.3:
        return random_leaf(chance)
    left, right = random_query(chance, depth + 1), random_query(chance, depth + 1)
    return chance.choice((f"({left} {right})", f"({left} OR {right})", f"({left} -{right})", f"(-{left} {right})"))


def test_random_queries_find_the_same_items_on_every_engine(readers: dict[str, SearchReader]) -> None:
    chance = random.Random(8)  # noqa: S311 -- not for secrets
    some = 0
    for _ in range(80):
        query = random_query(chance)
        wanted = expected(query)
        some += 0 < len(wanted) < 90
        for engine, reader in readers.items():
            assert found(reader, query) == wanted, f"{engine}: {query}"
    assert some > 40


@pytest.mark.parametrize("engine", ENGINES)
def test_words_may_stand_apart_but_phrases_and_what_is_near_on_one_page(tmp_path: Path, engine: str) -> None:
    facts = PageDocument("apart", 0, "en", "Dams", "Dams of the delta\nOkafor, Ngozi", authors=("Okafor, Ngozi",))
    writer = open_writer(tmp_path, engine)
    writer.put(item_of(facts, "a grey heron", "reeds and a sluice", "sluice of the warden by the reeds", "old heron"))
    writer.put(item_of(replace(facts, item="other", text="Dams"), "the heron waits"))
    writer.commit(1)
    writer.close()
    reader = open_reader(tmp_path, engine)
    for query in ("heron sluice", "okafor heron warden", "herons delta", "(sluice OR marsh) okafor", "hero* slui*",
                  '"grey heron" sluice', "author:okafor heron reeds", '"reeds and sluice"~1', '"warden sluice reeds"~5',
                  "grey sluise~ dam"):  # fmt: skip
        assert found(reader, query) == {"apart"}, query
    for query in ('"heron reeds"', '"heron reeds"~50', '"grey heron old"~9',
                  '"delta grey"~3', '"grey reeds warden"~50', '"reeds grey old"~9',
                  "heron -sluice -other -waits"):  # fmt: skip
        assert found(reader, query) == set(), query
    assert found(reader, "heron -sluice") == {"other"}
    assert found(reader, "-heron") == set()
    (hit,) = reader.find(Request("grey heron sluice")).hits
    assert ([page.number for page in hit.pages][:1], hit.page_total) == ([1], 4)
    (hit,) = reader.find(Request("sluice warden")).hits
    assert ([page.number for page in hit.pages], hit.page_total) == ([3], 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_another_form_of_a_word_counts_where_its_language_is_spoken(tmp_path: Path, engine: str) -> None:
    both, one = PageDocument("both", 0, "fr", "Contes", "Contes"), PageDocument("one", 0, "", "Tales")
    pages = [replace(both, page=1, text="un animal"), replace(both, page=2, language="en", text="an animal")]
    writer = open_writer(tmp_path, engine)
    writer.put([both, *pages, one, replace(one, page=1, language="en", text="an animal")])
    writer.commit(1)
    writer.close()
    reader = open_reader(tmp_path, engine)
    (hit,) = reader.find(Request("animaux")).hits
    assert (hit.id, [page.number for page in hit.pages], hit.page_total) == ("both", [1], 1)
    assert found(reader, "animal") == found(reader, "animals") == {"both", "one"}


@pytest.mark.parametrize("engine", ENGINES)
def test_facets_and_filters_are_the_same_on_every_engine(readers: dict[str, SearchReader], engine: str) -> None:
    for query in ("forest", "", "bosque -humedal"):
        for filters in ((), (("type", "book"),), (("decade", "1990"), ("language", "fr"))):
            request = Request(query, filters, without=(("year", "2001"),), limit=100)
            one, other = readers[engine].find(request), readers["tantivy"].find(request)
            assert (one.total, one.works, one.facets) == (other.total, other.works, other.facets)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_label_in_one_language_finds_what_is_classified(readers: dict[str, SearchReader], engine: str) -> None:
    classified = {document.item for document in LIBRARY if FORESTS in document.subjects}
    answer = readers[engine].find(Request("zone humide", limit=100))
    assert {hit.id for hit in answer.hits} >= classified
    assert answer.expansions == (Expansion("zone humide", FORESTS, len(classified)),)
    assert readers[engine].find(Request("zone humide", limit=100, expand=False)).expansions == ()
    assert not classified <= found(readers[engine], "zone humide")
    narrowed = readers[engine].find(Request("marsh forest", limit=100))
    assert {hit.id for hit in narrowed.hits} >= expected("forest") & classified - expected("-forest")
    below = {document.item for document in LIBRARY if LAND in document.subjects}
    assert found(readers[engine], "terre", expand=True) >= below > classified


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("9782831711850", 0), ("2-8317-1185-1", 0), ("978 2 8317 1185 0", 0), ("isbn:2831711851", 0),
        ("03785955", 1), ("issn:0378-5955", 1), ("10.1234/ab.C-1", 2), ("https://doi.org/10.1234/AB.C-1", 2),
        ("doi:10.1234/ab.c-1", 2), ("identifier:TR/2004-17", 3), ("tr-2004-17", 3),
    ],
)  # fmt: skip
def test_numbers_are_found_in_any_spelling(
    readers: dict[str, SearchReader], engine: str, query: str, number: int
) -> None:
    having = {document.item for document in LIBRARY if identifier(NUMBERS[number]) in document.identifiers}
    assert having
    assert found(readers[engine], query) == having


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_put_again_replaces_and_what_is_removed_is_gone(tmp_path: Path, engine: str) -> None:
    writer = open_writer(tmp_path, engine)
    writer.put([PageDocument("a", 0, text="heron"), PageDocument("a", 1, text="stork"), PageDocument("b", 0)])
    writer.commit(3)
    writer.put([PageDocument("a", 0, text="crane")])
    writer.put([PageDocument("a", 0, text="egret")])
    writer.remove(["b", "never there"])
    reader = open_reader(tmp_path, engine)
    assert (found(reader, ""), reader.position()) == ({"a", "b"}, 3)
    writer.commit(5)
    assert [found(reader, word) for word in ("heron", "stork", "crane", "egret", "")] == [
        set(),
        set(),
        set(),
        {"a"},
        {"a"},
    ]
    writer.clear()
    assert (writer.position(), reader.position()) == (0, 5)
    writer.commit(0)
    assert (found(reader, ""), reader.position()) == (set(), 0)
    writer.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_all_items_that_answer_are_given_and_none_twice(
    readers: dict[str, SearchReader], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = readers[engine]
    for query in ("", "forest", "bosque -humedal", "zone humide", ")"):
        whole = reader.find(Request(query, limit=100))
        assert reader.every(Request(query)) == {hit.id for work in whole.hits for hit in work.all_editions}
    some = ("i1", "i2", "i3", "never there")
    asked = Request("", items=some, filters=(("language", "fr"),), limit=100)
    assert reader.every(asked) == reader.every(replace(asked, items=())) & set(some)
    assert reader.find(asked).total == len(reader.find(asked).hits) == len(reader.every(asked))
    for module in ("tantivy", "whoosh"):
        monkeypatch.setattr(f"search.{module}_answer.DEEPEST_OFFSET", 4)
    assert len(reader.find(Request("", offset=4)).hits) == 10
    assert reader.find(Request("", offset=5)).hits == ()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_name_finds_what_stands_under_the_others_of_the_agent(
    readers: dict[str, SearchReader], tmp_path: Path, engine: str
) -> None:
    people = {"nell otter": Somebody("Dupont, Jean", "person", NAMES[:2]), "nell": Somebody("N", "person", NAMES[:1])}

    @contextmanager
    def agents() -> Iterator[Bearer]:
        yield people.get

    writer = open_writer(tmp_path, engine)
    writer.put(LIBRARY)
    writer.commit(1)
    writer.close()
    reader = open_reader(tmp_path, engine, agents=agents)
    theirs = {document.item for document in LIBRARY if {*document.authors} & {*NAMES[:2]}}
    for query in ("nell otter", '"nell otter"', "author:(nell otter)", 'author:"nell otter"'):
        answer = reader.find(Request(query, limit=100))
        assert {hit.id for hit in answer.hits} == theirs, query
        assert answer.expansions == (Expansion("nell otter", "", len(theirs), "Dupont, Jean", NAMES[:2]),)
    assert found(reader, "nell otter forest", expand=True) == theirs & expected("forest")
    assert reader.find(Request("author:nell")).total == reader.find(Request('author:"Dupont, Jean"')).total
    for query in ("nell", "title:(nell otter)", "subject:(nell otter)"):
        assert reader.find(Request(query)).total == 0, query
    assert reader.find(Request("nell otter", expand=False)).total == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_any_part_of_a_text_without_spaces_is_found_and_marked(tmp_path: Path, engine: str) -> None:
    facts = PageDocument("ja", 0, "ja", "日本の国立公園", "日本の国立公園\n山田太郎", authors=("山田太郎",))
    writer = open_writer(tmp_path, engine)
    writer.put(item_of(facts, "富士山とカモシカ、2004年のIUCN報告"))
    writer.put(item_of(replace(facts, item="ru", language="ru", title="Заповедники", text="Заповедники", authors=())))
    writer.commit(1)
    writer.close()
    reader = open_reader(tmp_path, engine)
    for query in (
        "公園",
        "国立公園",
        "title:国立",
        "author:山田",
        "カモシカ",
        "公園 カモシカ",
        '"富士山"',
        "2004年",
        "iucn報告",
        "国立*",
    ):
        assert found(reader, query) == {"ja"}, query
    for query in ("園公", "title:富士", "author:公園", "заповедник", "公園 -富士山"):
        assert found(reader, query) == set(), query
    assert found(reader, "заповедники") == {"ru"}
    (hit,) = reader.find(Request("カモシカ")).hits
    assert "".join(piece for piece, marked in hit.pages[0].snippet if marked) == "カモシカ"


BARE = {
    "Ελλάδα": ("Ελλαδα", "ΕΛΛΆΔΑ", "ελλάδα"),
    "ᾄδω": ("αδω",),
    "λόγος": ("ΛΌΓΟΣ", "ΛΟΓΟΣ", "λόγοσ"),
    "Ёлка": ("елка", "ЁЛКА"),
    "за\u0301мок": ("замок",),
    "كِتَاب": ("كتاب",),
    "أحـمد": ("احمد", "أحمد"),
    "שָׁלוֹם": ("שלום",),
    "İzmir": ("izmir", "IZMIR", "İZMİR"),
    "Ọbásanjọ́sọ́la": ("obasanjosola",),
    "Straße": ("STRASSE", "STRAẞE"),
    "м’ята": ("м'ята", "мʼята"),
    "п\u02bcять": ("п'ять", "п’ять"),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_accents_and_case_do_not_matter_in_any_script(tmp_path: Path, engine: str) -> None:
    writer = open_writer(tmp_path, engine)
    for number, word in enumerate(BARE):
        text = unicodedata.normalize("NFC", f"{word}; {word}, x{number}x")
        writer.put(item_of(PageDocument(f"b{number}", 0, title=f"{word} of titles", text=word), text))
    writer.commit(1)
    writer.close()
    reader = open_reader(tmp_path, engine)
    for number, (word, spellings) in enumerate(BARE.items()):
        for spelling in (word, *spellings):
            for query in (spelling, f"title:{spelling}", f'"{spelling} {spelling}"', f"{spelling[:-1]}*"):
                assert found(reader, query) == {f"b{number}"}, query
            (hit,) = reader.find(Request(spelling)).hits
            marked = [piece for piece, is_marked in hit.pages[0].snippet if is_marked]
            assert marked == parted(unicodedata.normalize("NFC", word)) * 2, spelling


@pytest.mark.parametrize("engine", ENGINES)
def test_a_word_with_a_hyphen_is_found_where_a_line_ended_in_it(tmp_path: Path, engine: str) -> None:
    facts = PageDocument("fr", 0, "fr", "Le garde", "Le garde")
    writer = open_writer(tmp_path, engine)
    writer.put(item_of(facts, readable("Les garde-\nforestiers du Franco-\nAméricain")))
    writer.put(item_of(replace(facts, item="whole"), "Les garde-forestiers"))
    writer.put(item_of(replace(facts, item="parts"), "Un garde; une forestière", "a 19901995"))
    writer.commit(1)
    writer.close()
    reader = open_reader(tmp_path, engine)
    assert found(reader, "garde-forestiers") == {"fr", "whole"}
    assert found(reader, "franco-americain") == {"fr"}
    assert found(reader, '"garde-forestiers"') == {"whole"}
    assert found(reader, "-garde-forestiers garde") == {"parts"}
    assert found(reader, "1990-1995") == set()
    marks = {
        hit.id: [piece for piece, marked in hit.pages[0].snippet if marked]
        for hit in reader.find(Request("garde-forestiers")).hits
    }
    assert marks == {"fr": ["gardeforestiers"], "whole": ["garde", "forestiers"]}
