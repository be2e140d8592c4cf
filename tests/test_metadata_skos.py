"""Reading vocabularies: every form, what is odd about them, and what tries to do harm."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from metadata import skos, skos_drafts
from metadata.concepts import Scheme, prefix
from metadata.errors import UsageError
from metadata.model import Concept, Text
from metadata.skos import Read, Source, form_of, read_vocabulary
from metadata.skos_export import lines, table, turtle

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "skos"
HERE = "http://example.org/"
TURTLE = """@prefix : <http://example.org/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
:s a skos:ConceptScheme ; dct:title "Waters"@en, "Eaux"@fr .
:a a skos:Concept ; skos:inScheme :s ; skos:topConceptOf :s ; skos:notation "1" ; skos:prefLabel "Water"@en, "Eau"@fr .
:b a skos:Concept ; skos:inScheme :s ; skos:notation "1.1" ; skos:broader :a ; skos:prefLabel "Marsh"@en ;
    skos:altLabel "Fen"@en, "Bog"@en ; skos:definition "Wet, \\"soft\\" land."@en ;
    skos:exactMatch <http://other.org/m> ;
    skos:closeMatch <http://other.org/n> ; dct:isReplacedBy :c ; owl:deprecated true .
:c a skos:Concept ; skos:inScheme :s ; skos:broader :a ; skos:notation "1.2" ; skos:prefLabel "Mire"@en, "Marais"@fr .
"""
TRIPLES = """<http://example.org/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> \
<http://www.w3.org/2004/02/skos/core#Concept> .
<http://example.org/a> <http://www.w3.org/2004/02/skos/core#prefLabel> "Water"@en .
"""
RDF_XML = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="http://www.w3.org/2004/02/skos/core#">
<skos:Concept rdf:about="http://example.org/a"><skos:prefLabel xml:lang="en">Water</skos:prefLabel></skos:Concept>
</rdf:RDF>"""
JSON_LD = """{"@context": {"skos": "http://www.w3.org/2004/02/skos/core#"}, "@id": "http://example.org/a",
"@type": "skos:Concept", "skos:prefLabel": {"@value": "Water", "@language": "en"}}"""
NODES = """<?xml version="1.0" encoding="UTF-8"?>
<node id="root" label="Waters"><isComposedBy><node id="a" label="Water"><isComposedBy><node id="b" label="Marsh"/>
</isComposedBy></node></isComposedBy></node>"""


def read(*texts: str | bytes, base: str = HERE, language: str = "") -> Read:
    data = [text if isinstance(text, bytes) else text.encode() for text in texts]
    return read_vocabulary([Source(one, f"{n}.x", language) for n, one in enumerate(data)], base)


def codes(found: Read) -> Counter[str]:
    return Counter(one.code for one in found.problems)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (TURTLE, "turtle"),
        ("# a comment\n\n" + TURTLE, "turtle"),
        ("PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n<http://a> a skos:Concept .", "turtle"),
        ("<urn:s> a <http://www.w3.org/2004/02/skos/core#Concept> .", "turtle"),
        (TRIPLES, "n-triples"),
        ("<urn:x> <urn:y> <urn:z> .\n", "n-triples"),
        (RDF_XML, "rdf-xml"),
        ("<!-- made by hand -->\n" + RDF_XML.partition("\n")[2], "rdf-xml"),
        (JSON_LD, "json-ld"),
        ("[" + JSON_LD + "]", "json-ld"),
        ('[{"id": 4, "alpha2": "af", "name": "Afghanistan"}]', "json"),
        (NODES, "dspace"),
        ("notation,prefLabel@en\n1,Water\n", "csv"),
        ("\ufeffcode;en;fr\r\n1;Water;Eau\r\n", "csv"),
        ("a,b\n1,2\n", ""),
        ("Dear librarian,", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_form_is_told_by_the_content(text: str, form: str) -> None:
    assert form_of(text) == form


@pytest.mark.parametrize("text", [TRIPLES, RDF_XML, JSON_LD, "uri,en\nhttp://example.org/a,Water\n"])
def test_every_form_says_the_same(text: str) -> None:
    assert [(one.uri, one.labels) for one in read(text).concepts.values()] == [(HERE + "a", (Text("Water", "en"),))]


def test_all_that_is_kept_of_a_concept_is_read() -> None:
    found = read(TURTLE)
    assert found.scheme == HERE + "s"
    assert found.titles == (Text("Waters", "en"), Text("Eaux", "fr"))
    assert found.top == (HERE + "a",)
    assert found.concepts[HERE + "b"] == Concept(
        HERE + "b", (Text("Marsh", "en"),), (Text("Bog", "en"), Text("Fen", "en")), (HERE + "a",), "1.1", HERE + "s",
        (Text('Wet, "soft" land.', "en"),), ("http://other.org/m",), ("http://other.org/n",), (HERE + "c",), True,
    )  # fmt: skip
    assert not found.problems


def test_several_files_make_one_vocabulary() -> None:
    rows = [f"alpha2,name\naf,{name}\n" for name in ("Afghanistan", "Afganistán")]
    sources = [Source(row.encode(), "w.csv", tag) for row, tag in zip(rows, ("en", "es"), strict=True)]
    (concept,) = read_vocabulary(sources, "urn:x").concepts.values()
    assert concept == Concept(
        "urn:x:af", (Text("Afghanistan", "en"), Text("Afganistán", "es")), notation="af", scheme="urn:x"
    )


def test_a_table_has_parents_by_notation_by_uri_and_by_dots() -> None:
    by_name = read("notation,parent,en\n1,,Water\n1x,1,Marsh\n2,1|http://example.org/1x,Mire\n")
    assert by_name.concepts[HERE + "2"].broader == (HERE + "1", HERE + "1x")
    by_dots = read("code,en\n1,Water\n1.1,Marsh\n1.1.2.3,Mire\n2.1,Sea\n")
    assert [one.broader for one in by_dots.concepts.values()] == [(), (HERE + "1",), (HERE + "1.1",), ()]
    assert by_dots.top == (HERE + "1", HERE + "2.1")


def test_columns_of_a_table() -> None:
    found = read(
        "uri;notation;prefLabel@en;altLabel@en;FR;scopeNote@en;exactMatch;replacedBy;deprecated;owner\n"
        "urn:a;1;Marsh;Fen | Bog;Marais;Wet;urn:z;2;yes;Jane\nurn:b;2;Mire;;;;;;;Joe\n"
    )
    assert found.concepts["urn:a"] == Concept(
        "urn:a", (Text("Marsh", "en"), Text("Marais", "fr")), (Text("Bog", "en"), Text("Fen", "en")), (), "1", HERE,
        (Text("Wet", "en"),), ("urn:z",), (), ("urn:b",), True,
    )  # fmt: skip
    assert found.problems[0].message() == "Columns that mean nothing to a vocabulary were passed over: owner."


ODD = {
    "concept-unlabelled": ":a a skos:Concept .",
    "concept-label-twice": ':a a skos:Concept ; skos:prefLabel "A"@en, "B"@en .',
    "concept-label-shared": ':a a skos:Concept ; skos:prefLabel "Rock"@en . '
    ':b a skos:Concept ; skos:prefLabel "rock"@en .',
    "concept-notation-shared": ':a a skos:Concept ; skos:notation "1" . :b a skos:Concept ; skos:notation "1" .',
    "concept-parent-missing": ":a a skos:Concept ; skos:broader :nowhere .",
    "concept-circle": ":a a skos:Concept ; skos:broader :b . :b a skos:Concept ; skos:broader :c . "
    ":c a skos:Concept ; skos:broader :a . :d a skos:Concept ; skos:broader :a .",
    "vocabulary-scheme-missing": ":a a skos:Concept .",
    "vocabulary-schemes-several": ":s a skos:ConceptScheme . :t a skos:ConceptScheme . :a a skos:Concept .",
    "concept-replaced-by-several": ":a a skos:Concept ; <http://purl.org/dc/terms/isReplacedBy> :b, :c .",
}


@pytest.mark.parametrize("code", ODD)
def test_what_is_odd_is_reported_and_comes_in(code: str) -> None:
    found = read(TURTLE.partition(":s a")[0] + ODD[code])
    assert codes(found)[code] == 1
    assert found.refused == 0


def test_labels_that_are_resources_are_read_and_count_once() -> None:
    found = read(
        TURTLE.partition(":s a")[0] + "@prefix xl: <http://www.w3.org/2008/05/skos-xl#> ."
        ':a a skos:Concept ; skos:altLabel "Bog"@en ; xl:prefLabel [ xl:literalForm "Fen"@en ] ; xl:altLabel :l, :x .'
        ':l xl:literalForm "Bog"@en .'
    )
    assert found.concepts[HERE + "a"].labels == (Text("Fen", "en"),)
    assert found.concepts[HERE + "a"].alternatives == (Text("Bog", "en"),)
    assert list(found.concepts) == [HERE + "a"]


def test_a_concept_without_a_uri_is_left_out_and_told() -> None:
    found = read(TURTLE + '[ a skos:Concept ; skos:prefLabel "Nameless"@en ] .')
    assert codes(found)["concept-without-key"] == found.refused == 1
    assert len(found.concepts) == 3


def test_a_table_of_which_nothing_can_be_read_says_why() -> None:
    with pytest.raises(UsageError, match=r"no SKOS concept; 0\.x#3: .*unexpected end of data"):
        read('notation,en\n1,"Water\n2,Sea\n')


def test_a_circle_names_all_that_is_in_it_and_nothing_else() -> None:
    found = read(TURTLE.partition(":s a")[0] + ODD["concept-circle"])
    (circle,) = [one for one in found.problems if one.code == "concept-circle"]
    assert dict(circle.params)["names"] == ", ".join(HERE + name for name in "abc")


def test_a_deep_hierarchy_is_no_recursion() -> None:
    rows = "".join(f"{n},{n - 1 if n else ''},C{n}\n" for n in range(3000))
    found = read("notation,parent,en\n" + rows)
    assert len(found.concepts) == 3000
    assert not found.problems


@pytest.mark.parametrize(
    ("rows", "code", "left"),
    [
        ("5.1,River\n5.1,Tundra\n", "concept-key-twice", 1),
        (",Nobody\n1,Water\n", "concept-without-key", 1),
        ('1,"Unspecified "species" (disease)"\n2,Water\n', "concept-row-unreadable", 1),
        ("1,Rivers, lakes\n2,Water, \n", "concept-row-unreadable", 1),
        ("1,A\x07B\n", "concept-text-refused", 1),
        ("1," + "x" * 6000 + "\n", "concept-text-refused", 1),
    ],
)
def test_what_cannot_be_taken_in_is_left_out_and_named(rows: str, code: str, left: int) -> None:
    found = read("notation,en\n" + rows)
    assert codes(found)[code] == found.refused == 1
    assert len(found.concepts) == left


def test_a_uri_that_is_none_is_refused() -> None:
    found = read("uri,en\nnot a uri,A\nurn:b,B\n")
    assert list(found.concepts) == ["urn:b"]
    assert codes(found)["concept-uri-wrong"] == 1


def test_of_endless_problems_and_labels_some_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skos_drafts, "MOST_PROBLEMS", 10)
    monkeypatch.setattr(skos_drafts, "MOST_TEXTS", 20)
    found = read("notation,en\n" + "".join(f"{n},\n" for n in range(50)))
    assert codes(found) == {"concept-unlabelled": 10, "vocabulary-more-problems": 1}
    labels = ", ".join(f'"L{n}"@en' for n in range(50))
    many = read(TURTLE.partition(":s a")[0] + f":a a skos:Concept ; skos:altLabel {labels} .")
    assert len(many.concepts[HERE + "a"].alternatives) == 20


DOCTYPE = '<!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"\xff\xfen\x00", "not UTF-8 at byte 0"),
        ("notation,en\n1,Caf\xe9\n".encode("latin-1"), "not UTF-8 at byte 17"),
        (TURTLE.encode() + b"\0", "NUL"),
        (b"Dear librarian", "no form"),
        (RDF_XML.replace("<rdf:RDF", DOCTYPE + "<rdf:RDF").encode(), "DOCTYPE"),
        (NODES.replace("<node id=\"root", DOCTYPE + "<node id=\"root").encode(), "no form|DOCTYPE"),
        (RDF_XML.replace("<skos:", "<rdf:li>" * 300 + "<skos:", 1).encode(), "well-formed"),
        (RDF_XML.replace("</rdf:RDF", "<rdf:li>" * 300 + "</rdf:li>" * 300 + "</rdf:RDF").encode(), "levels deep"),
        (RDF_XML[:-20].encode(), "cannot be read"),
        (NODES[:-20].encode(), "cannot be read"),
        (b'{"@context": "http://127.0.0.1:9/context.jsonld", "@id": "urn:a"}', "never fetched"),
        (b'{"@graph": ' + b"[" * 5000 + b"]" * 5000 + b"}", "levels deep"),
        (b'[{"id": ' + b"[" * 5000, "cannot be read"),
        (b'[{"a": {"b": 1}}]', "cannot be read"),
        (b'[{"alpha2": "af"}]', "columns"),
        (b"<http://a> <http://b> <http://c> .\n", "no SKOS concept"),
        (b"<node>" + b"<node id='x'>" * 300, "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_vocabulary_or_hostile_is_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(UsageError, match=re.compile(named)):
        read(data)


ENTITY_IN_LOWER_CASE = RDF_XML.replace("?>", '?><!doctype r [<!ENTITY a "aaa">]>', 1).replace("Water", "&a;")


def test_dspaces_nodes_are_read_as_the_utf_8_that_they_are() -> None:
    found = read(NODES.replace("UTF-8", "ISO-8859-1").replace("Marsh", "Marécage"))
    assert found.concepts[HERE + "b"].labels == (Text("Marécage"),)


def test_a_doctype_in_small_letters_declares_no_entities() -> None:
    with pytest.raises(UsageError, match="well-formed"):
        read(ENTITY_IN_LOWER_CASE)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (TURTLE + f':{"u" * 2000} a skos:Concept ; skos:prefLabel "U"@en .', "concept-uri-wrong"),
        (TURTLE + f':c skos:notation "{"9" * 5001}" .', "concept-text-refused"),
        (TURTLE + ':c skos:notation "0\\u0001" .', "concept-text-refused"),
        (f"notation,en\n1,A\n2,B\n3,C\n{'9' * 2000},D\n", "concept-uri-wrong"),
        ("notation,en\n1,A\n2,B\n3,C\n4\x01,D\n", "concept-text-refused"),
        (
            NODES.replace('"b"', f'"{"b" * 2000}"').replace("</node></i", '</node><node id="c"/></i'),
            "concept-uri-wrong",
        ),
    ],
)
def test_uris_and_notations_that_are_too_long_or_unclean_are_left_out_by_name(text: str, code: str) -> None:
    found = read(text)
    assert codes(found)[code] == found.refused == 1
    assert max(map(len, found.concepts)) < 100
    assert all(len(one.notation) < 10 and one.notation.isprintable() for one in found.concepts.values())


def test_what_stands_in_the_place_of_concepts_that_went_away_is_kept() -> None:
    found = read(TURTLE + ":old dct:isReplacedBy :a . :c dct:replaces :older, :b .")
    assert found.replaced == {HERE + "old": (HERE + "a",), HERE + "older": (HERE + "c",)}
    assert found.concepts.keys() == {HERE + name for name in "abc"}


def test_too_many_concepts_and_too_large_a_file_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skos_drafts, "MOST_CONCEPTS", 10)
    with pytest.raises(UsageError, match="more than 10 concepts"):
        read("notation,en\n" + "".join(f"{n},C\n" for n in range(20)))
    monkeypatch.setattr(skos, "LARGEST", 100)
    with pytest.raises(UsageError, match="the limit is 100"):
        read(TURTLE)


@pytest.mark.parametrize("form", ["ttl", "csv"])
def test_what_is_given_out_can_be_read_again(form: str) -> None:
    found = read(TURTLE)
    concepts = list(found.concepts.values())
    scheme = Scheme("waters", found.scheme, found.titles, len(concepts))
    again = read("".join(turtle(scheme, concepts, found.top)) if form == "ttl" else table(concepts), base=found.scheme)
    assert again.concepts == found.concepts
    assert again.top == found.top
    assert (again.titles == found.titles) or form == "csv"
    assert len(list(lines(concepts))) == 3


def test_a_table_holds_bars_and_no_formulas_and_is_read_again() -> None:
    texts = (Text("=cmd|'/c calc'!A1", "en"), Text("X|Y", "en"))
    one = Concept(HERE + "a", (Text("-phobia", "en"),), texts, notation="=1+1", scheme=HERE)
    made = table([one])
    assert not [cell for row in csv.reader(io.StringIO(made)) for cell in row if cell.startswith(("=", "-"))]
    assert read(made).concepts == {one.uri: one}


def test_hostile_labels_and_uris_do_not_break_out_of_turtle() -> None:
    evil = Concept("http://x/> . <http://evil", (Text('a" . <x> <y> "b\\\n', "en"),), notation="1")
    text = "".join(turtle(Scheme("x"), [evil], ()))
    (again,) = read(text).concepts.values()
    assert again.labels == (Text('a" . <x> <y> "b\\', "en"),)


@pytest.mark.parametrize(
    ("uris", "same"),
    [
        (["http://x/a/1", "http://x/a/2"], "http://x/a/"),
        (["http://x/a#1"], "http://x/a#"),
        (["http://x/a", "http://x/a/b"], "http://x/"),
        (["urn:x:1", "http://x/"], ""),
        ([], ""),
    ],
)
def test_what_uris_have_in_common(uris: Sequence[str], same: str) -> None:
    assert prefix(uris) == same


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "concepts", "refused", "told"),
    [
        ("unescothes.ttl", 4408, 0, {"concept-label-shared": 5}),
        ("gemet-fr.rdf", 5570, 0, {"concept-unlabelled": 222, "concept-label-shared": 121, "concept-circle": 3}),
        ("yso-archaeology.rdf", 130, 0, {"vocabulary-scheme-missing": 1}),
        ("iucn/iucn-habitat-data.csv", 123, 3, {"concept-key-twice": 3, "vocabulary-columns-unknown": 1}),
        ("iucn/iucn-threat-data.csv", 128, 2, {"concept-row-unreadable": 2, "concept-label-shared": 11}),
        ("dspace-srsc.xml", 665, 0, {"concept-label-shared": 33}),
        ("geo/world-fr.json", 249, 0, {"vocabulary-columns-unknown": 1, "concept-label-shared": 1}),
    ],
)
def test_the_real_ones_come_in(name: str, concepts: int, refused: int, told: dict[str, int]) -> None:
    found = read_vocabulary([Source((SHARED / name).read_bytes(), name)], "urn:x")
    assert (len(found.concepts), found.refused, dict(codes(found))) == (concepts, refused, told)


def test_dspaces_nodes_are_below_each_other() -> None:
    found = read(NODES, language="en")
    assert found.titles == (Text("Waters", "en"),)
    assert found.top == (HERE + "a",)
    assert found.concepts[HERE + "b"].broader == (HERE + "a",)
    assert not re.search("root", " ".join(found.concepts))
