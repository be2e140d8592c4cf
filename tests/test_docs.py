"""The documentation says what there is: all of it, and nothing else."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from fnmatch import fnmatch
from hashlib import sha512
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
import typer.main
from PIL import Image
from typer.core import TyperGroup

from canoe.__main__ import STOPPED
from canoe.cli import app
from canoe.commands.ingesting import INPUTS_REFUSED
from canoe.sample.build import EDITIONS, bound
from canoe.sample.publications import publication
from canoe.settings import Settings
from ingest.stages import submission_of
from metadata import manifest_columns
from metadata.accession import OUTCOMES
from metadata.collection import Collection
from metadata.errors import CanoeError
from metadata.ids import is_item_id, item_id
from metadata.model import Item, Method, Page
from metadata.problems import SENTENCES
from metadata.types import TYPES
from oai.arguments import RULES, ErrorCode
from oai.formats import FORMATS
from oai.provider import SETS_PER_PAGE
from search import query, query_tokens
from search.engine import FACETS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
HEAVIEST = 300_000  # bytes of a picture

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]\[]*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_ELSEWHERE = ("http://", "https://", "mailto:")
_USAGE: type[Exception] = typer.BadParameter.__bases__[0]  # click's UsageError, whichever click typer carries
_LICENCES = {
    "BSD": "BSD|Redistribution and use in source and binary forms",
    "MIT": "MIT|Permission is hereby granted, free of charge",
    "MPL": "MPL|Mozilla Public License",
    "Apache": "Apache",
    "Public domain": "Public Domain",
}

Row = tuple[str, ...]


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", page.read_text("utf-8"))


def blocks(page: Path, kind: str) -> list[str]:
    return [text for found, text in _FENCE.findall(page.read_text("utf-8")) if found == kind]


def section(page: Path, heading: str) -> str:
    """Return what stands under a heading, down to the next one of the same or a higher level."""
    text = prose(page)
    found = next(match for match in _HEADING.finditer(text) if match[2] == heading)
    level = len(found[1])
    ends = (match.start() for match in _HEADING.finditer(text, found.end()) if len(match[1]) <= level)
    return text[found.end() : next(ends, len(text))]


def rows(text: str) -> list[Row]:
    """Return the rows of the tables in a text, their heads and rules left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rules = {number for number, line in enumerate(lines) if not line.strip("|-: ")}
    kept = (line for number, line in enumerate(lines) if not {number, number + 1} & rules)
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in kept]


def coded(text: str) -> list[str]:
    """Return what stands as code in the first cells of a text's tables."""
    return [name for row in rows(text) for name in _CODE.findall(row[0])]


def same(documented: Iterable[str], existing: Iterable[str]) -> None:
    """Assert that both are the same names, each once."""
    listed, there = list(documented), set(existing)
    missing, strange = there - set(listed), set(listed) - there
    assert not missing, f"not documented: {sorted(missing)}"
    assert not strange, f"documented, but not there: {sorted(strange)}"
    assert len(listed) == len(there), f"documented twice: {sorted(n for n in there if listed.count(n) > 1)}"


# --- commands ---------------------------------------------------------------------------------


def commands() -> dict[str, Any]:
    """Return every command of the program by its full name; groups, too."""

    def below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield name, command
        if isinstance(command, TyperGroup):
            context = typer.Context(command)
            for part in command.list_commands(context):
                yield from below(f"{name} {part}", command.get_command(context, part))

    return dict(below("canoe", typer.main.get_command(app)))


COMMANDS = commands()


def parameters(command: Any) -> list[str]:
    """Return a command's options, and its arguments in capitals."""
    named = [list(one.opts) if one.param_type_name == "option" else [one.name.upper()] for one in command.params]
    return [name for names in named for name in names]


def test_every_command_is_documented_and_no_other() -> None:
    headings = [match[2] for match in _HEADING.finditer(prose(REFERENCE / "commands.md"))]
    same([name.strip("`") for name in headings if name.startswith("`canoe")], COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_documented_and_no_other(name: str) -> None:
    documented = coded(section(REFERENCE / "commands.md", f"`{name}`"))
    same([written.split()[0] for written in documented], parameters(COMMANDS[name]))


@pytest.mark.parametrize("name", COMMANDS)
def test_numbers_that_are_defaults_are_documented_as_they_are(name: str) -> None:
    documented = {row[0].strip("`").split()[0]: row for row in rows(section(REFERENCE / "commands.md", f"`{name}`"))}
    numbers = [one for one in COMMANDS[name].params if type(one.default) is int and one.default]
    for one in numbers:
        assert documented[one.opts[0]][1] == str(one.default)


def written_commands() -> Iterator[tuple[Path, str]]:
    """Yield what the pages say one should type, a line each."""
    for page in PAGES:
        for block in blocks(page, "console"):
            yield from ((page, line) for line in block.splitlines() if line.strip())


def refusal(line: str) -> str:
    """Return why the program would not take a command line, ``""`` when it would."""
    words = shlex.split(line)
    name, known = words.pop(0), COMMANDS
    while words and f"{name} {words[0]}" in known:
        name = f"{name} {words.pop(0)}"
    if hasattr(known[name], "commands") and not known[name].invoke_without_command:
        return "" if "--version" in words else f"{name} has no command {words[:1]}"
    try:
        known[name].make_context(name, words)
    except _USAGE as fault:
        return str(fault)
    return ""


def test_the_check_of_command_lines_sees_what_is_wrong() -> None:
    assert refusal("canoe search foret --limit 3") == ""
    assert all(map(refusal, ["canoe fly", "canoe search", "canoe ingest x --fast", "canoe serve --port many"]))


def test_commands_to_be_typed_are_taken() -> None:
    lines = [(page, line) for page, line in written_commands() if line.split()[0] == "canoe"]
    # One line of the tutorial is wrong on purpose, and said to be.
    wrong = [(page.name, line) for page, line in lines if refusal(line)]
    assert wrong == [("tutorial.md", "canoe search zones humides")]
    assert len([line for page, line in lines if page.name == "README.md"]) > 10


def test_what_is_run_from_the_clone_is_there() -> None:
    for page, line in written_commands():
        words = line.split()
        if words[0] == "./run":
            assert words[1] == "test" or f"canoe {words[1]}" in COMMANDS, (page, line)
        if words[:2] == ["python", "-m"] and words[2] != "pytest":
            assert (ROOT / (words[2].replace(".", "/") + ".py")).is_file(), (page, line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_named_in_the_text_are_there(page: Path) -> None:
    for code in _CODE.findall(prose(page)):
        words = code.split()
        if words[0] == "canoe" and len(words) > 1 and re.fullmatch("[a-z]+", words[1]):
            assert f"canoe {words[1]}" in COMMANDS, code
            options = [word for word in words[2:] if word.startswith("--") and word != "--"]
            name = next(filter(COMMANDS.__contains__, (" ".join(words[:3]), " ".join(words[:2]))))
            assert set(options) <= {*parameters(COMMANDS[name])}, code


# --- settings, problems, exit codes -----------------------------------------------------------


def test_every_section_of_the_settings_is_documented_and_no_other() -> None:
    headings = [match[2] for match in _HEADING.finditer(prose(REFERENCE / "settings.md"))]
    same([name.strip("`[]") for name in headings if name.startswith("`")], [part.name for part in fields(Settings)])


SECTIONS = [part.name for part in fields(Settings) if is_dataclass(getattr(Settings(), part.name))]


@pytest.mark.parametrize("part", SECTIONS)
def test_every_setting_is_documented_with_its_default(part: str) -> None:
    group = getattr(Settings(), part)
    documented = rows(section(REFERENCE / "settings.md", f"`[{part}]`"))
    defaults = {f"`{one.name}`": f"`{json.dumps(getattr(group, one.name))}`" for one in fields(group)}
    same([row[0] for row in documented], defaults)
    assert {row[0]: row[1] for row in documented} == defaults


def test_every_setting_of_a_collection_is_documented() -> None:
    documented = rows(section(REFERENCE / "settings.md", "`[[collections]]`"))
    same([row[0].strip("`") for row in documented], [one.name for one in fields(Collection)])


def test_settings_shown_as_examples_are_settings() -> None:
    for page in PAGES:
        for block in blocks(page, "toml"):
            for part, values in tomllib.loads(block).items():
                for one in values if isinstance(values, list) else [values]:
                    group = Collection("") if part == "collections" else getattr(Settings(), part)
                    assert all(hasattr(group, name) for name in one), (page.name, part)


def test_every_problem_is_documented_with_its_sentence() -> None:
    documented = [row for row in rows(prose(REFERENCE / "problems.md")) if row[0].startswith("`")]
    same([row[0].strip("`") for row in documented], SENTENCES)
    assert set(documented) == {(f"`{code}`", told.severity, told.en) for code, told in SENTENCES.items()}


def leaves(kind: type[CanoeError]) -> Iterator[type[CanoeError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from leaves(inner)


def test_every_exit_code_is_documented_and_no_other() -> None:
    documented = [row[0] for row in rows(prose(REFERENCE / "exit-codes.md"))]
    same(documented, {"0", str(INPUTS_REFUSED), str(STOPPED), *(str(kind.exit_code) for kind in leaves(CanoeError))})


# --- search and OAI-PMH -----------------------------------------------------------------------


def test_every_search_field_is_documented_under_all_its_names() -> None:
    documented = rows(section(REFERENCE / "search-language.md", "Fields"))
    names = {name: row[0].strip("`") for row in documented for name in _CODE.findall(row[0] + row[1])}
    same(names, query_tokens.FIELDS)
    assert names == query_tokens.FIELDS


def test_examples_of_queries_are_understood() -> None:
    page = REFERENCE / "search-language.md"
    examples = coded(section(page, "The search language").partition("\n## ")[0])
    examples += [code for row in rows(section(page, "Fields")) for code in _CODE.findall(row[3])]
    assert len(examples) > 10
    assert {text: found for text in examples if (found := query.parse(text).problems)} == {}


def test_facets_and_limits_are_documented_as_they_are() -> None:
    page = REFERENCE / "search-language.md"
    same(coded(section(page, "Facets")), FACETS)
    assert f"{query.LONGEST} characters and {query.MOST_TERMS} terms" in section(page, "Limits")
    assert f"at most {query.DEEPEST} deep" in prose(page)


def test_oai_pmh_is_documented_as_it_is() -> None:
    page = REFERENCE / "oai.md"
    same(coded(section(page, "Verbs")), RULES)
    same(coded(section(page, "Errors")), get_args(ErrorCode))
    same(coded(section(page, "Metadata formats")), FORMATS)
    same(coded(section(page, "Sets")), ["collection", "type", "language", "subject", "openaire"])
    assert f"Up to {SETS_PER_PAGE} sets" in section(page, "Sets")


@pytest.mark.parametrize("row", rows(section(REFERENCE / "oai.md", "Verbs")), ids=lambda row: row[0].strip("`"))
def test_arguments_of_a_verb_are_documented_as_they_are(row: Row) -> None:
    rule = RULES[row[0].strip("`")]
    assert set(_CODE.findall(row[1])) == rule.required
    assert set(_CODE.findall(row[2])) == rule.optional | ({"resumptionToken"} if rule.resumable else set())


# --- formats ----------------------------------------------------------------------------------


def test_fields_of_items_and_pages_are_documented_and_no_other() -> None:
    page = REFERENCE / "formats-and-files.md"
    same(coded(section(page, "`item.json`")), [one.name for one in fields(Item)])
    told = coded(section(page, "`pages.jsonl`"))
    same(told, [*(one.name for one in fields(Page)), *get_args(Method)])


def test_outcomes_are_documented_wherever_they_are_listed() -> None:
    same(coded(section(REFERENCE / "formats-and-files.md", "Accessions")), OUTCOMES)
    same(coded(section(DOCS / "how-to" / "ingest-a-batch.md", "Read the report")), OUTCOMES)


def test_columns_of_a_manifest_are_documented_by_names_that_are_understood() -> None:
    documented = rows(section(DOCS / "how-to" / "write-a-manifest.md", "The columns"))
    same([row[0].strip("`") for row in documented], set(manifest_columns._BY_NAME.values()))
    for row in documented:
        for name in [name for cell in row[:4] for name in _CODE.findall(cell)]:
            meant = manifest_columns.column(name)
            assert meant, name
            assert f"`{meant.field}`" == row[0], name


def test_types_of_publication_are_documented_with_their_names() -> None:
    documented = rows(section(DOCS / "how-to" / "write-a-manifest.md", "Types"))
    assert documented == [(f"`{kind.code}`", kind.en, kind.fr, kind.es) for kind in TYPES.values()]


# --- dependencies -----------------------------------------------------------------------------


def project() -> dict[str, Any]:
    described: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return described


def named(requirements: Iterable[str]) -> list[str]:
    return [re.split(r"[^\w.-]", requirement)[0] for requirement in requirements]


def licence_of(found: Distribution) -> str:
    """Return all that a package says of its licence."""
    told = [
        text for name in ("License", "License-Expression", "Classifier") for text in found.metadata.get_all(name, [])
    ]
    paths = [path for path in found.files or [] if re.fullmatch("LICEN[CS]E(.txt|.md)?", path.name)]
    return "\n".join([*told, *(path.read_text("utf-8")[:500] for path in paths)])


def test_every_dependency_is_explained_and_no_other() -> None:
    page = DOCS / "why" / "dependencies.md"
    same(coded(section(page, "To run")), named(project()["dependencies"]))
    extras = project()["optional-dependencies"]
    added = {one for extra, wanted in extras.items() if extra != "dev" for one in named(wanted)}
    same(coded(section(page, "To add at need")), added)
    same(coded(section(page, "To develop")), named(one for one in extras["dev"] if not one.startswith("canoe[")))


@pytest.mark.parametrize("heading", ["To run", "To add at need", "To develop"])
def test_licences_are_those_that_the_packages_state(heading: str) -> None:
    for row in rows(section(DOCS / "why" / "dependencies.md", heading)):
        stated = licence_of(distribution(row[0].strip("`")))
        for licence in re.split(" or |, ", row[1]):
            assert re.search(_LICENCES[licence.partition("-")[0]], stated), (row[0], licence)
        assert not re.search(r"AGPL|Affero|\bL?GPL", stated), row[0]


# --- README and links -------------------------------------------------------------------------


def test_the_tree_in_the_readme_has_every_folder_and_no_other() -> None:
    tree = next(block for block in blocks(ROOT / "README.md", "text") if block.startswith("canoe/"))
    ignored = (ROOT / ".gitignore").read_text("utf-8").split()
    patterns = [".git", *(line.strip("/") for line in ignored)]
    there = [one.name for one in ROOT.iterdir() if one.is_dir()]
    kept = [name for name in there if not any(fnmatch(name, pattern) for pattern in patterns)]
    same([line.split()[0].rstrip("/") for line in tree.splitlines()], kept)


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings as web forges make them."""
    headings = (match[2].lower() for match in _HEADING.finditer(prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    return [target for target in _LINK.findall(prose(page)) if not target.startswith(_ELSEWHERE)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


def test_every_page_is_reached_from_the_map() -> None:
    reached = {(DOCS / link.partition("#")[0]).resolve() for link in links(DOCS / "README.md")}
    assert {page for page in DOCS.rglob("*.md") if page != DOCS / "README.md"} == reached


def test_pictures_are_pictures_of_a_modest_size() -> None:
    pictures = sorted((DOCS / "pictures").iterdir())
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < HEAVIEST, picture.name
        with Image.open(picture) as opened:
            opened.verify()


def test_the_id_in_the_examples_is_that_of_the_sample() -> None:
    edition = next(one for one in EDITIONS if one.name == "wetlands.fr")
    digest = sha512(bound(edition, publication(edition.name))).hexdigest()
    made = item_id(submission_of([digest]))
    words = {word for page in PAGES for word in re.findall(r"\b[0-9a-z]{10}\b", page.read_text("utf-8"))}
    told = {word for word in words if is_item_id(word) and re.search("[0-9]", word)}
    assert told == {made}
