from pathlib import Path
from typing import Any

import pytest

from metadata.description import Description
from metadata.errors import UsageError
from metadata.manifest import read_manifest
from metadata.manifest_columns import Column
from metadata.mapping import LARGEST, Mapping, read_mapping
from metadata.model import Date, Identifier, Text


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(text: str | bytes) -> Path:
        path = tmp_path / "map.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


FULL = """
unknown = "note"

[columns]
"Signatura topográfica" = "identifier"
"Resumen castellano" = { field = "description", language = "spa" }
"Autores" = { field = "author", separator = " / " }
"Materias" = { field = "subject", separator = "" }
"Lengua" = { field = "language", default = "es" }
"Nº interno" = "ignore"

[constants]
publisher = "Editorial; Ejemplo"
rights_es = "Todos los derechos reservados"
collection = ["a", "b"]
"""


def test_a_table_is_read_by_its_mapping(written: Any) -> None:
    table = (
        "Título,SIGNATURA  topografica,Resumen castellano,Autores,Materias,Lengua,Nº interno,Estante\n"
        'Árboles,R 12,De los árboles.,"Díaz, A. / Li; X.",agua; ríos,,7,4B\n'
        "Ríos,,,,,fr,,\n"
    )
    found = list(read_manifest(table.encode(), "m.csv", read_mapping(written(FULL))))
    first, second = (one for one in found if isinstance(one, Description))
    assert first.item.identifiers == (Identifier("local", "R 12"),)
    assert first.item.descriptions == (Text("De los árboles.", "es"),)
    assert [(one.agent.name, one.role) for one in first.item.contributions] == [
        ("Díaz, A.", "aut"),
        ("Li; X.", "aut"),
        ("Editorial; Ejemplo", "pbl"),
    ]
    assert first.item.keywords == (Text("agua; ríos"),)
    assert (first.item.languages, second.item.languages) == (("es",), ("fr",))
    assert first.item.notes == (Text("Estante: 4B"),)
    assert second.item.rights == (Text("Todos los derechos reservados", "es"),)
    assert second.item.collections == ("a", "b")
    assert (first.problems, second.problems) == ((), ())


def test_a_row_that_says_itself_comes_before_a_constant(written: Any) -> None:
    mapping = read_mapping(written('[constants]\ntype = "report"\ndate = "1990"\n'))
    found = list(read_manifest(b"title,type\nA,book\nB,\n", "m.csv", mapping))
    assert [one.item.type for one in found if isinstance(one, Description)] == ["book", "report"]
    assert [one.item.dates for one in found if isinstance(one, Description)] == [(Date("1990"),)] * 2


def test_columns_may_be_known_by_the_mapping_alone(written: Any) -> None:
    mapping = read_mapping(written('[columns]\n"Werk" = "title"\n"X" = "date"\n'))
    (found,) = read_manifest(b"Werk;X;zorg\nA;1990;1\n", "m.csv", mapping)
    assert isinstance(found, Description)
    assert (found.item.title.value, found.item.year) == ("A", 1990)
    assert [one.code for one in found.problems] == ["column-unknown"]


def test_unknown_columns_may_be_ignored_without_a_word(written: Any) -> None:
    (found,) = read_manifest(b"title,zorg\nA,1\n", "m.csv", read_mapping(written('unknown = "ignore"\n')))
    assert found.problems == ()


def test_an_empty_mapping_changes_nothing(written: Any) -> None:
    assert read_mapping(written("")) == Mapping()
    assert Mapping().column("Título") == Column("title")


@pytest.mark.parametrize(
    ("text", "told", "advice"),
    [
        ('[columns]\n"A" = = 1\n', "line 2", "Mend the line"),
        ("[columns]\nNº = 'title'\n", "line 2", "quotation marks"),
        ('[columns]\n"A" = "titel"\n', 'columns."A"', "Did you mean title?"),
        ('[columns]\n"A" = 7\n', 'columns."A"', '{ field = "title" }'),
        ('[columns]\n"A" = { language = "fr" }\n', 'columns."A"', "field"),
        ('[columns]\n"A" = { field = "title", languag = "fr" }\n', 'columns."A".languag', "Did you mean language?"),
        ('[columns]\n"A" = { field = "title", language = "qqq" }\n', 'columns."A".language', "ISO 639"),
        ('[columns]\n"A" = { field = "isbn", language = "fr" }\n', 'columns."A".language', "Take the language out"),
        ('[columns]\n"A" = { field = "title", separator = 1 }\n', 'columns."A".separator', "quotation marks"),
        ('[columns]\n"Á" = "title"\n"a" = "date"\n', 'columns."a"', "keep one"),
        ("[constants]\nzorg = 'x'\n", "constants.zorg", "One of"),
        ("[constants]\nfile = 'x'\n", "constants.file", "Take it out"),
        ("[constants]\ndate = 1990\n", "constants.date", "quotation marks"),
        ("column = 1\n", "column", "Did you mean columns?"),
        ("columns = 1\n", "columns", "[columns]"),
        ('unknown = "notes"\n', "unknown", "Did you mean note?"),
        ("unknown = [1]\n", "unknown", "One of"),
        (b"a = '\xff'", "line 1", "UTF-8"),
        ("a = " + "[" * 5000, "no TOML", "Mend"),
        ("#" * (LARGEST + 1), "bytes", "short text"),
    ],
)
def test_faults_name_the_file_the_place_and_what_to_do(written: Any, text: str | bytes, told: str, advice: str) -> None:
    path = written(text)
    with pytest.raises(UsageError) as raised:
        read_mapping(path)
    assert raised.value.message.startswith(f"{path}: ")
    assert told in raised.value.message
    assert advice in raised.value.hint


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read"):
        read_mapping(tmp_path / "none.toml")
