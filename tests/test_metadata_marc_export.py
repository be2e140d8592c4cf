import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pymarc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from schemas_here import SHARED, schema_of
from thoroughness import usually

from metadata.description import Description, Link, Rejected
from metadata.languages import from_code
from metadata.marc21 import is_marc21, read_marc21
from metadata.marc_export import Agency, Oversize, marc21, marc_record, marcxml
from metadata.marc_record import Field
from metadata.marc_writing import Written, to_marcxml
from metadata.marcxml import NAMESPACE, is_marcxml, read_marcxml
from metadata.model import (
    Access,
    Agent,
    Box,
    Concept,
    Contribution,
    Date,
    Doi,
    File,
    Identifier,
    Item,
    Relation,
    Series,
    Text,
)
from metadata.vocabulary import Vocabulary

HOME = "https://library.example.org"
AGENCY = Agency("library.example.org", HOME, "2026-11-22T12:13:14.567890Z", {"1111111111": "Forests"})
FOREST = "http://aims.fao.org/aos/agrovoc/c_3062"
OWN = "http://example.org/x"
VOCABULARY = Vocabulary({uri: Concept(uri, (Text("Forêts", "fr"), Text("Forests", "en"))) for uri in (FOREST, OWN)})
MARIE = Agent("Dupont, Marie", "person", (Identifier("orcid", "0000-0002-1825-0097"),))
IUCN = Agent("IUCN", "organisation")
ITEM = Item(
    "0000000000",
    titles=(Text("Les forêts : état des lieux", "fr"), Text("The forests", "en"), Text("Forêts")),
    contributions=(
        Contribution(MARIE, "aut"),
        Contribution(MARIE, "ill"),
        Contribution(replace(IUCN, identifiers=(Identifier("ror", "04tehfn33"),)), "isb"),
        Contribution(IUCN, "pbl"),
    ),
    dates=(Date("1987"), Date("1900/1950", "covered")),
    languages=("fr", "en"),
    type="report",
    concepts=(FOREST, OWN),
    keywords=(Text("eau", "fr"), Text("France", "fr")),
    descriptions=(Text("Résumé.", "fr"),),
    identifiers=(
        Identifier("isbn", "0786808772"),
        Identifier("issn", "0009-7330"),
        Identifier("doi", "10.1234/ab"),
        Identifier("control-number", "(X)42"),
        Identifier("report-number", "R 1"),
        Identifier("url", "https://example.org/a.pdf"),
    ),
    doi=Doi("10.5555/0000000000", "findable"),
    relations=(Relation("isTranslationOf", "1111111111"), Relation("isPartOf", "2222222222")),
    coverage=(Text("France", "fr"), Text("Alpes", "fr")),
    rights=(Text("CC BY 4.0 https://creativecommons.org/licenses/by/4.0/", "fr"), Text("open access", "fr")),
    files=(File("original/a.pdf", "original", "application/pdf", 1, "a" * 128),),
    page_count=12,
)


def shown(item: Item = ITEM) -> dict[str, list[str]]:
    """Return the fields by their tags, as text: indicators, then ``$a`` and so on; blanks in fixed fields as ``#``."""
    found: dict[str, list[str]] = {}
    for one in marc_record(item, VOCABULARY, AGENCY).fields:
        body = "".join(f"${code}{value}" for code, value in one.subfields) if one.indicators else one.data
        found.setdefault(one.tag, []).append(
            one.indicators.replace(" ", "#") + body if one.indicators else body.replace(" ", "#")
        )
    return found


def read_back(item: Item) -> tuple[Item, tuple[Link, ...]]:
    (found,) = read_marc21(io.BytesIO(marc21(item, VOCABULARY, AGENCY)), "x")
    assert isinstance(found, Description)
    assert found.problems == ()
    return found.item, found.links


def test_a_record_has_the_fields_that_a_cataloguer_looks_for() -> None:
    assert shown() == {
        "001": ["0000000000"],
        "003": ["library.example.org"],
        "005": ["20261122121314.0"],
        "006": ["m#####o##d########"],
        "007": ["cr#|||||||||||"],
        "008": ["261122s1987####xx#|||||ot|||||||#||fre#d"],
        "020": ["##$a0786808772"],
        "022": ["##$a0009-7330"],
        "024": ["7#$a10.5555/0000000000$2doi", "7#$a10.1234/ab$2doi"],
        "035": ["##$a(X)42"],
        "040": ["##$alibrary.example.org$bfre$clibrary.example.org"],
        "041": ["1#$afre$aeng"],
        "045": ["2#$bd1900$bd1950"],
        "088": ["##$aR 1"],
        "100": ["1#$aDupont, Marie$4aut$4ill$1https://orcid.org/0000-0002-1825-0097"],
        "242": ["14$aThe forests$yeng"],
        "245": ["14$aLes forêts :$bétat des lieux"],
        "246": ["3#$aForêts"],
        "264": ["#1$bIUCN,$c1987"],
        "300": ["##$a1 online resource (12 pages)"],
        "336": ["##$atext$btxt$2rdacontent"],
        "337": ["##$acomputer$bc$2rdamedia"],
        "338": ["##$aonline resource$bcr$2rdacarrier"],
        "506": ["##$aopen access"],
        "520": ["##$aRésumé."],
        "522": ["##$aAlpes"],
        "540": ["##$aCC BY 4.0$uhttps://creativecommons.org/licenses/by/4.0/"],
        "650": [f"#7$aForêts$0{FOREST}$2agrovoc", f"#7$aForêts$0{OWN}$2local"],
        "651": ["#4$aFrance"],
        "653": ["##$aeau"],
        "655": ["#7$aRapport$0http://purl.org/coar/resource_type/c_93fc$2local"],
        "710": ["2#$aIUCN$4isb$1https://ror.org/04tehfn33"],
        "765": [f"0#$tForests$o{HOME}/item/1111111111$w(library.example.org)1111111111"],
        "773": [f"0#$o{HOME}/item/2222222222$w(library.example.org)2222222222"],
        "856": ["40$uhttps://doi.org/10.5555/0000000000", "40$uhttps://example.org/a.pdf"],
    }


def test_what_was_printed_and_where_and_what_it_covers_reads_the_same_again() -> None:
    item = replace(
        ITEM,
        titles=(Text("Les forêts", "fr"), Text("Forests", "en", "translated"), Text("Wälder", "de", "other")),
        places=("Gland", "Cambridge"),
        edition="2e éd",
        extent="1 carte ; 30 x 40 cm",
        series=(Series("Études", "12", "0009-7330"), Series("Cahiers", "3"), Series("Divers")),
        notes=(Text("Index.", "fr"), Text("Échelle 1:50 000", "fr")),
        countries=("FR", "US-CA"),
        boxes=(Box(-125.5, -1.25, 120.000001, 42.0),),
        dates=(Date("1987"), Date("1900/1950", "covered"), Date("1987-05-04", "covered"), Date("19XX", "covered")),
        access="embargoed",
        embargo="2030-01-01",
        identifiers=(Identifier("lccn", "12345678"), Identifier("coden", "ABCDEF"), Identifier("handle", "123/45")),
        rights=(),
    )
    again, _ = read_back(item)
    assert again.titles == item.titles
    told = ("places", "edition", "extent", "series", "notes", "countries", "boxes", "dates", "access", "embargo")
    assert {name: getattr(again, name) for name in told} == {name: getattr(item, name) for name in told}
    assert set(item.identifiers) < set(again.identifiers)
    assert shown(item)["034"] == ["0#$aa$dW125.5$eE120.000001$fN042$gS001.25"]
    assert shown(item)["240"] == ["10$aWälder"]


@pytest.mark.parametrize("access", ["open", "restricted", "metadata-only", "embargoed"])
def test_access_reads_the_same_again(access: Access) -> None:
    again, _ = read_back(replace(ITEM, access=access, rights=()))
    assert (again.access, again.embargo, again.rights) == (access, "", ())


def test_terms_stand_in_english_records_only() -> None:
    english = replace(ITEM, descriptions=(Text("Abstract.", "en"),), rights=())
    assert shown(english)["100"][0].startswith("1#$aDupont, Marie,$eauthor$eillustrator$4aut$4ill")


@pytest.mark.parametrize(
    ("kind", "leader", "form"),
    [("book", "am", 23), ("periodical", "as", 23), ("article", "ab", 23), ("map", "em", 29), ("video", "gm", 29)],
)
def test_leader_and_008_are_those_of_the_type(kind: str, leader: str, form: int) -> None:
    record = marc_record(replace(ITEM, type=kind), VOCABULARY, AGENCY)
    assert record.leader == f"00000n{leader} a22000003i 4500"
    fixed = record.each("008")[0].data
    assert len(fixed) == 40
    assert fixed[form] == "o"


@pytest.mark.parametrize(
    "kind",
    [
        "book",
        "report",
        "article",
        "proceedings",
        "guideline",
        "periodical",
        "map",
        "thesis",
        "image",
        "dataset",
        "video",
        "other",
    ],
)
def test_every_type_reads_the_same_again(kind: str) -> None:
    assert read_back(replace(ITEM, type=kind))[0].type == kind
    assert read_back(replace(ITEM, type=kind, files=()))[0].type == kind


@pytest.mark.parametrize(
    ("date", "coded", "written"),
    [
        ("1987", "s1987    ", "1987"),
        ("1987?", "s1987    ", "[1987?]"),
        ("1987~", "s1987    ", "[ca. 1987]"),
        ("198X", "s198u    ", "[198-?]"),
        ("19XX", "s19uu    ", "[19--?]"),
        ("1987-05", "e198705  ", "1987-05"),
        ("1987-05-04", "e19870504", "1987-05-04"),
        ("1987/1989", "m19871989", "1987-1989"),
        ("1993/..", "m19939999", "1993-"),
        ("1906?/1912?", "q19061912", "[between 1906 and 1912]"),
        ("1987?/1989", "s1987    ", "[1987?]-1989"),
        ("2001-05/2002-06", "s2001    ", "2001-05/2002-06"),
    ],
)
def test_dates_read_the_same_again(date: str, coded: str, written: str) -> None:
    item = replace(ITEM, dates=(Date(date),))
    assert shown(item)["008"][0][6:15].replace("#", " ") == coded
    assert shown(item)["264"] == [f"#1$bIUCN,$c{written}"]
    assert read_back(item)[0].dates == (Date(date),)


def test_a_date_of_creation_stands_in_for_one_of_issue() -> None:
    assert shown(replace(ITEM, dates=(Date("1980", "created"), Date("1987"))))["264"] == ["#1$bIUCN,$c1987"]
    assert shown(replace(ITEM, dates=(Date("1980", "created"),)))["264"] == ["#1$bIUCN,$c1980"]
    assert shown(replace(ITEM, dates=()))["008"][0][6:15] == "nuuuuuuuu"


def test_language_codes_are_marcs() -> None:
    codes = "alb arm baq bur chi cze dut fre geo ger gre ice mac mao may per rum slo tib wel eng spa"
    for code in codes.split():
        assert shown(replace(ITEM, languages=(from_code(code),)))["008"][0][35:38] == code


def test_ties_read_as_links_to_this_librarys_numbers() -> None:
    assert read_back(ITEM)[1] == (
        Link("isTranslationOf", "control-number", "(library.example.org)1111111111", "765$w"),
        Link("isPartOf", "control-number", "(library.example.org)2222222222", "773$w"),
    )


def test_a_withdrawn_item_is_a_deleted_record() -> None:
    assert marc_record(replace(ITEM, status="withdrawn"), VOCABULARY, AGENCY).leader[5] == "d"


def test_what_is_too_long_for_iso_2709_is_refused_there_and_written_as_xml() -> None:
    just = replace(ITEM, descriptions=(Text("x" * 9_994, "fr"),))
    assert read_back(just)[0].descriptions == just.descriptions
    with pytest.raises(Oversize, match="field 520 has 10000 bytes"):
        marc21(replace(ITEM, descriptions=(Text("x" * 9_995),)), VOCABULARY, AGENCY)
    many = replace(ITEM, descriptions=tuple(Text(f"{n:09}" * 1_000, "fr") for n in range(11)))
    with pytest.raises(Oversize, match="the record has"):
        marc21(many, VOCABULARY, AGENCY)
    (found,) = read_marcxml(io.BytesIO(marcxml(many, VOCABULARY, AGENCY)), "x")
    assert isinstance(found, Description)
    assert found.item.descriptions == many.descriptions


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return schema_of(SHARED / "schemas" / "oai" / "MARC21slim.xsd", SHARED / "schemas" / "oai")


ANY = st.text(st.characters(exclude_categories=[]), max_size=8)


@pytest.mark.shared
@given(ANY, ANY, ANY)
@settings(max_examples=usually(45, thoroughly=150), deadline=None)
def test_whatever_texts_say_the_record_is_valid_and_can_be_read(
    schema: etree.XMLSchema, one: str, two: str, three: str
) -> None:
    item = replace(
        ITEM,
        titles=(Text(one, two), Text(two, three)),
        contributions=(Contribution(Agent(one, "person", (Identifier(two, three),)), two),),
        identifiers=(Identifier(one, two), Identifier("isbn", three)),
        keywords=(Text(three),),
        dates=(Date(one), Date(two, "covered")),
        languages=(three,),
        concepts=(two,),
    )
    schema.assertValid(etree.fromstring(marcxml(item, VOCABULARY, AGENCY)))
    (record,) = pymarc.MARCReader(marc21(item, VOCABULARY, AGENCY))
    assert record is not None
    assert record["001"].data == item.id


def described() -> Iterator[Item]:
    """Yield the items of every readable record of the shared MARC files, but for the ten thousand made for speed."""
    for path in sorted((SHARED / "marc").rglob("*")):
        if path.suffix in (".jsonl", ".md", ".tsv") or "speed" in path.parts or not path.is_file():
            continue
        data = path.read_bytes()
        for found in _descriptions(data, path):
            if isinstance(found, Description):
                yield replace(found.item, id="0000000000")


def _descriptions(data: bytes, path: Path) -> Iterable[Description | Rejected]:
    if is_marc21(data[:4096]):
        return read_marc21(io.BytesIO(data), path.name)
    return read_marcxml(io.BytesIO(data), path.name) if is_marcxml(data[:4096]) else ()


def same_values(item: Item) -> Item:
    """Return an item as far as MARC keeps it: texts without languages, lists in any order, its own numbers left out."""
    foreign = (one for one in item.identifiers if "library.example.org" not in one.value)
    return Item(
        titles=item.titles[:1] + tuple(sorted((Text(one.value) for one in item.titles[1:]), key=repr)),
        contributions=tuple(sorted(item.contributions, key=repr)),
        dates=tuple(sorted(item.dates, key=repr)),
        languages=item.languages,
        type=item.type,
        keywords=tuple(sorted((Text(one.value) for one in item.keywords), key=repr)),
        descriptions=tuple(Text(one.value) for one in item.descriptions),
        identifiers=tuple(sorted(foreign, key=repr)),
        coverage=tuple(sorted((Text(one.value) for one in item.coverage), key=repr)),
        countries=item.countries,
        boxes=item.boxes,
        rights=tuple(sorted((Text(one.value) for one in item.rights), key=repr)),
        access=item.access,
        embargo=item.embargo,
        places=item.places,
        edition=item.edition,
        extent=item.extent,
        series=item.series,
        notes=tuple(sorted((Text(one.value) for one in item.notes), key=repr)),
    )


@pytest.mark.shared
def test_items_of_real_records_read_the_same_again() -> None:
    counts: Counter[str] = Counter()
    for item in described():
        xml = marcxml(item, VOCABULARY, AGENCY)
        (found,) = read_marcxml(io.BytesIO(xml), "x")
        assert isinstance(found, Description), item.source
        assert found.problems == (), item.source
        assert same_values(found.item) == same_values(item), item.source
        counts["read"] += 1
        counts["titles with all languages"] += set(found.item.titles) == set(item.titles)
        counts["keywords with all languages"] += set(found.item.keywords) == set(item.keywords)
        try:
            (binary,) = read_marc21(io.BytesIO(marc21(item, VOCABULARY, AGENCY)), "x")
        except Oversize:
            counts["oversize"] += 1
            continue
        assert isinstance(binary, Description), item.source
        assert binary.item == found.item
    assert counts["read"] > 1_000
    assert counts["oversize"] <= 2
    assert counts["titles with all languages"] > 0.98 * counts["read"]
    assert counts["keywords with all languages"] > 0.9 * counts["read"]


def test_marcxml_has_its_namespace() -> None:
    assert etree.fromstring(marcxml(ITEM, VOCABULARY, AGENCY)).tag == f"{{{NAMESPACE}}}record"


def test_a_handle_has_the_code_of_its_source() -> None:
    item = replace(ITEM, identifiers=(Identifier("handle", "1234/5"),))
    assert "7#$a1234/5$2hdl" in shown(item)["024"]
    assert Identifier("handle", "1234/5") in read_back(item)[0].identifiers


def test_marcxml_is_valid_whatever_the_source_had(schema: etree.XMLSchema) -> None:
    fields = [
        Field("001", "", (("", "1"),)), Field("FMT", "", (("", "BK"),)), Field("0 2", "-'", ((" ", "a"), ("", "b"))),
        Field("245", "00", (("a", "T"), ("é", "c"))), Field("500", "  ", ()),
        Field("008", "", (("", "x" * 40),)),
    ]  # fmt: skip
    written = to_marcxml(Written("00000    a2200000 é 4500", tuple(fields)))
    schema.assertValid(etree.fromstring(written))
    assert [(one.get("tag"), one.get("code"), one.text) for one in etree.fromstring(written).iter("{*}subfield")] == [
        (None, "9", "BK"), (None, "9", "a"), (None, "9", "b"), (None, "a", "T"), (None, "9", "c"),
    ]  # fmt: skip
