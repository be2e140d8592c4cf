import json
from typing import Any

import pytest

from metadata.description import Description, Link, Rejected
from metadata.manifest import is_manifest, read_manifest
from metadata.manifest_columns import Column, column
from metadata.mapping import Mapping
from metadata.model import Date, Identifier, Series, Text


def read(table: str | bytes) -> list[Description | Rejected]:
    return list(read_manifest(table if isinstance(table, bytes) else table.encode(), "m.csv"))


def only(table: str | bytes) -> Any:
    (found,) = read(table)
    assert isinstance(found, Description), found
    return found


def codes(table: str | bytes) -> list[str]:
    return [problem.code for one in read(table) for problem in one.problems]


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("File", Column("file")),
        ("Nom du fichier", Column("file")),
        ("TÍTULO", Column("title")),
        ("title_fr", Column("title", "fr")),
        ("Título (es)", Column("title", "es")),
        ("dc.subject[en]", Column("subject", "en")),
        ("dc.contributor.author", Column("author")),
        ("Mots-clés", Column("subject")),
        ("Año", Column("date")),
        ("Traducción de", Column("translation_of")),
        ("author_fr", None),
        ("zorg", None),
        ("x" * 1000, None),
    ],
)
def test_headers_in_three_languages(header: str, meant: Column | None) -> None:
    assert column(header) == meant


def test_a_row_describes_its_file() -> None:
    found = only(
        "Fichier;Titre;title_en;Auteur;Organisme;Année;Langue;Type;Mots-clés;Traduction de;Cote\n"
        'scans\\a.pdf;Les forêts;Forests;"Dupont, Marie|Smith, J. (traducteur)";UICN;1987;fr;rapport;'
        "forêts|eau;b.pdf|(X)7;R 12\n"
    )
    item = found.item
    assert found.file == "scans/a.pdf"
    assert item.titles == (Text("Les forêts", "fr"), Text("Forests", "en"))
    assert [(c.agent.name, c.agent.kind, c.role) for c in item.contributions] == [
        ("Dupont, Marie", "person", "aut"),
        ("Smith, J.", "person", "trl"),
        ("UICN", "organisation", "aut"),
    ]
    assert item.dates == (Date("1987"),)
    assert item.languages == ("fr",)
    assert item.type == "report"
    assert item.keywords == (Text("forêts"), Text("eau"))
    assert item.identifiers == (Identifier("local", "R 12"),)
    assert item.source == "m.csv#1"
    assert found.links == (
        Link("isTranslationOf", "file", "b.pdf", "Traduction de"),
        Link("isTranslationOf", "control-number", "(X)7", "Traduction de"),
    )
    assert found.problems == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_by_the_header(delimiter: str) -> None:
    found = only(f"title{delimiter}file{delimiter}year\nA{delimiter}a.pdf{delimiter}1990\n")
    assert (found.item.title.value, found.file, found.item.year) == ("A", "a.pdf", 1990)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_without_a_word(encoding: str) -> None:
    found = only("título,archivo\nÁrboles,a.pdf\n".encode(encoding))
    assert found.item.title.value == "Árboles"
    assert found.problems == ()


def test_windows_1252_is_read_with_a_warning() -> None:
    table = "titre,fichier\nForêts – état,a.pdf\n".encode("cp1252")
    assert only(table).item.title.value == "Forêts – état"
    assert codes(table) == ["charset-doubtful"]


def test_the_row_is_kept_as_it_came() -> None:
    found = only('title,file,zorg\n" A  ""x""\n",a.pdf,z\n')
    assert json.loads(found.raw) == [["title", ' A  "x"\n'], ["file", "a.pdf"], ["zorg", "z"]]
    assert found.item.title.value == 'A "x"'


def test_unknown_columns_are_told_once_and_unknown_values_each_time() -> None:
    table = "title,zorg,language,type,date,isbn\nA,1,qqq,zorg,soon,123\nB,2,en,book,1990,0786808772\n"
    first, second = read(table)
    assert [p.code for p in first.problems] == ["column-unknown", *["value-unknown"] * 3, "number-left-out"]
    assert [p.where for p in first.problems][1:] == [f"m.csv#1:{name}" for name in ("language", "date", "type", "isbn")]
    assert second.problems == ()


def test_a_date_with_two_readings_keeps_its_year_and_says_so() -> None:
    assert only("title,date\nA,05/06/1987\n").item.dates == (Date("1987"),)
    assert codes("title,date\nA,05/06/1987\n") == ["record-mended"]
    assert only("title,date\nA,1987-02-30\n").item.dates == (Date("1987"),)
    assert codes("title,date\nA,1987-02-30\n") == ["value-unknown"]
    assert only("title,date\nA,31/02/1987\n").item.dates == (Date("1987"),)
    assert codes("title,date\nA,31/02/1987\nB,28/02/1987\n") == ["value-unknown"]


def test_the_end_of_an_embargo_says_that_there_is_one() -> None:
    found = [
        one.item
        for one in read("title,access,embargo\nA,,2030-01-31\nB,restricted,2030-01-31\nC,,\n")
        if isinstance(one, Description)
    ]
    assert [(one.access, one.embargo) for one in found] == [
        ("embargoed", "2030-01-31"),
        ("restricted", "2030-01-31"),
        ("", ""),
    ]
    assert codes("title,embargo\nA,05/06/2030\n") == ["record-mended"]
    assert codes("title,embargo\nA,soon\n") == ["value-unknown"]


def test_accents_apart_from_their_letters_are_joined_and_told() -> None:
    table = "title\ncafe\u0301\n"
    assert only(table).item.title.value == "caf\u00e9"
    assert codes(table) == ["record-mended"]


def test_a_cell_without_a_header_is_told_unless_unknown_columns_are_ignored() -> None:
    table = "title,,date\nA,x,1987\nB,,1988\n"
    assert [[one.code for one in each.problems] for each in read(table)] == [["record-mended"], []]
    assert [each.problems for each in read_manifest(table.encode(), "m.csv", Mapping(unknown="ignore"))] == [(), ()]


@pytest.mark.parametrize("first", ["sep=;\n", "\ufeffsep=;\r\n", '"sep=;"\n'])
def test_the_line_by_which_excel_names_the_separator_is_no_row(first: str) -> None:
    table = f"{first}title;date\nA;1987\n"
    assert is_manifest(table.encode())
    found = only(table)
    assert (found.number, found.item.title.value, found.item.year) == (1, "A", 1987)


def test_rows_are_numbered_as_in_the_spreadsheet_and_blank_ones_left_out() -> None:
    found = read("title,author\nA,x\n\n,\nB,y\n")
    assert [one.number for one in found] == [1, 4]


def test_a_row_needs_a_title_or_a_file() -> None:
    found = read("title,file,author\n,,x\n,a.pdf,\n")
    assert isinstance(found[0], Rejected)
    assert found[0].problems[0].code == "record-without-title"
    assert isinstance(found[1], Description)
    assert found[1].item.titles == ()


@pytest.mark.parametrize(
    "table",
    [
        "",
        "foo,bar\n1,2\n",
        "title,file\n",
        "title,file\n\n,\n",
        "title" + "," * 100_000 + "\nA\n",
        ",".join(["title"] * 5000),
    ],
)
def test_tables_that_are_refused_whole(table: str) -> None:
    assert codes(table) == ["manifest-refused"]


def test_hostile_cells_cost_their_row_only() -> None:
    table = (
        "title,file\nA\0B,a.pdf\n" + "x" * 10_000_000 + ',b.pdf\nC,c.pdf,d,e\n"D"x,d.pdf\nE,e.pdf\n"F,f.pdf\nG,g.pdf\n'
    )
    found = read(table)
    assert [isinstance(one, Rejected) for one in found] == [False, True, False, True, False, True]
    assert codes(table) == [*["record-mended"], "record-damaged", "record-mended", *["record-damaged"] * 2]
    assert "swallowed" in found[-1].problems[0].message()


def test_control_characters_are_gone_from_every_text() -> None:
    found = only("title,description\nA\x1fB\x00,C\x1eD\x85\n")
    assert (found.item.title.value, found.item.descriptions[0].value) == ("AB", "CD")
    assert [one.code for one in found.problems] == ["record-mended"] * 2


def test_the_sniffer_wants_a_title_or_a_file() -> None:
    assert is_manifest(b"Archivo;T\xc3\xadtulo\n")
    assert is_manifest("titre,année\n".encode("cp1252"))
    assert not is_manifest(b"name,value\n1,2\n")
    assert not is_manifest(b"\0" * 100)
    assert not is_manifest(b"")


def test_what_the_publication_says_of_itself() -> None:
    item = only(
        "titre,édition,étendue,lieu de publication,note,note_fr,accès,fin d'embargo\n"
        'A,"2e éd., revue","xii, 240 p.",Gland ; Paris,Very rare; two copies,Très rare,sous embargo,12 mai 2030\n'
    ).item
    assert (item.edition, item.extent, item.places) == ("2e éd., revue", "xii, 240 p.", ("Gland", "Paris"))
    assert item.notes == (Text("Very rare; two copies"), Text("Très rare", "fr"))
    assert (item.access, item.embargo) == ("embargoed", "2030-05-12")


@pytest.mark.parametrize(
    ("table", "series"),
    [
        ("title,series\nA,Notes ; 12\n", (Series("Notes", "12"),)),
        ("title,series,series number,series ISSN\nA,Notes,12,0009-7330\n", (Series("Notes", "12", "0009-7330"),)),
        ("title,series,series number\nA,Notes|Papers ; 3,12;3\n", (Series("Notes", "12"), Series("Papers", "3"))),
        ("title,series\nA,\n", ()),
    ],
)
def test_series_and_their_numbers(table: str, series: tuple[Series, ...]) -> None:
    assert only(table).item.series == series
    assert codes(table) == []


def test_a_number_of_no_series_is_told() -> None:
    assert codes("title,series_number\nA,12\n") == ["record-mended"]
    assert codes("title,series,series_number\nA,Papers ; 3,12\n") == ["record-mended"]
    assert codes("title,series,series_issn\nA,Papers,0028-0836;2049-3630\n") == ["record-mended"]


def test_two_values_of_what_an_item_has_one_of_are_joined_or_told() -> None:
    table = "title,edition,edition,extent,extent,type,type,access,access,embargo,embargo,file,file\n"
    row = "A,2nd,revised,120 p.,120 p.,report,map,open,restricted,2030-01-01,2031-01-01,a.pdf,b.pdf\n"
    found = only(table + row)
    assert (found.item.edition, found.item.extent, found.item.type) == ("2nd; revised", "120 p.", "report")
    assert (found.item.access, found.item.embargo, found.file) == ("open", "2030-01-01", "a.pdf")
    told = [(problem.where.rpartition(":")[2], problem.message()) for problem in found.problems]
    left = {"type": "map", "access": "restricted", "embargo": "2031-01-01", "file": "b.pdf"}
    assert {where for where, _ in told} == set(left)
    assert all(left[where] in message for where, message in told)


def test_no_date_of_several_is_lost_without_a_word() -> None:
    assert [one.value for one in only("title,date\nA,1988; 1990\n").item.dates] == ["1988", "1990"]
    assert codes("title,date\nA,1988; 1990\n") == []
    assert codes('title,date\nA,"1988, 1990"\n') == ["record-mended"]
    assert codes("title,date\nA,between 1906 and 1912\n") == []


@pytest.mark.parametrize(
    ("written", "access"),
    [
        ("Open Access", "open"),
        ("http://purl.org/coar/access_right/c_16ec", "restricted"),
        ("info:eu-repo/semantics/embargoedAccess", "embargoed"),
        ("Solo metadatos", "metadata-only"),
        ("perhaps", ""),
    ],
)
def test_access_by_its_usual_names(written: str, access: str) -> None:
    table = f"title,access\nA,{written}\n"
    assert only(table).item.access == access
    assert codes(table) == ([] if access else ["value-unknown"])


def test_numbers_that_a_spreadsheet_rounded_are_told() -> None:
    table = "title,isbn,identifier\nA,9.78E+12,9.78E+12\nB,786808772,\nC,9780786808779.0,\nD,123456780,\n"
    found = [one.item.identifiers for one in read(table) if isinstance(one, Description)]
    assert found[1:] == [(Identifier("isbn", "0786808772"),), (Identifier("isbn", "9780786808779"),), ()]
    assert codes(table) == ["number-rounded", "number-rounded", "record-mended", "number-left-out"]


@pytest.mark.parametrize(
    ("header", "field", "language"),
    [
        ("Autor(es)", "author", ""), ("Author(s)", "author", ""), ("Auteur(s)", "author", ""),
        ("Título(s)", "title", ""), ("Autor/a", "author", ""), ("Title (French)", "title", "fr"),
        ("Titre anglais", "title", "en"), ("Resumen (es)", "description", "es"), ("Sous-titre", "subtitle", ""),
        ("Directeur de la publication", "editor", ""),
    ],
)  # fmt: skip
def test_headers_as_people_write_them(header: str, field: str, language: str) -> None:
    found = column(header)
    assert found
    assert (found.field, found.language) == (field, language)


@pytest.mark.parametrize("header", ["Note interne", "Titre original", "Place(s) left", "s"])
def test_headers_that_mean_something_else_are_unknown(header: str) -> None:
    assert column(header) is None


def test_a_subtitle_goes_behind_the_title_in_its_language() -> None:
    table = "title,title_fr,subtitle_fr,subtitle,subtitulo,language\nMarshes,Marais,un guide,a guide,mas,en\n"
    assert [(one.value, one.language) for one in only(table).item.titles] == [
        ("Marshes : a guide", "en"),
        ("mas", ""),
        ("Marais : un guide", "fr"),
    ]
