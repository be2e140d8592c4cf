"""canoe vocabulary: the classification and the other vocabularies that subjects are concepts of."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from archive.durable import replace_file, storage
from archive.vocabularies import base_of, require_id
from archive.vocabularies_keeping import Addition, Outcome, add, choose, look, remove
from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines
from canoe.help_style import HELP_STYLE
from canoe.home import Home
from canoe.report import problem_json
from canoe.settings import home_folder
from metadata import languages
from metadata.concepts import Scheme, Vocabulary
from metadata.errors import NotFound, UsageError
from metadata.model import Concept, Text
from metadata.problems import Problem
from metadata.skos import LARGEST, Source, read_vocabulary
from metadata.skos_export import lines, table, turtle

INPUTS_REFUSED = 3
_TOLD = 10  # problems of one code that people are shown

FilesArgument = Annotated[list[Path], typer.Argument(help="The vocabulary's file, or several that make it up.")]
IdOption = Annotated[
    str, typer.Option("--id", help="What it is called here; small letters, digits, hyphens.", show_default="its name")
]
TitleOption = Annotated[
    list[str] | None, typer.Option("--title", help="Its title: Habitats@en; again for another language.")
]
LanguageOption = Annotated[
    str, typer.Option("--language", help="Language of labels that name none: en; en,fr for a file each.")
]
BaseOption = Annotated[str, typer.Option("--base", help="What the URIs of a table's concepts begin with.")]
IdArgument = Annotated[str, typer.Argument(help="A vocabulary's id; canoe vocabulary list shows them.")]


class ExportForm(StrEnum):
    """What a vocabulary is given out as."""

    TURTLE = "ttl"
    CSV = "csv"
    JSONL = "jsonl"


vocabulary = typer.Typer(
    help="The classification and other vocabularies: concepts and their labels.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=HELP_STYLE,
)


@vocabulary.command("add")
def add_vocabulary(
    files: FilesArgument,
    home: HomeOption = None,
    given_id: IdOption = "",
    own: Annotated[bool, typer.Option("--own", help="Make it the library's own classification.")] = False,
    title: TitleOption = None,
    language: LanguageOption = "",
    base: BaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Add a vocabulary, or put it in place of the one with its scheme or id.

    Reads SKOS in Turtle, RDF/XML, N-Triples and JSON-LD, tables in CSV and JSON, and DSpace's vocabularies.
    What is odd is reported and never put right by guessing. Items keep the concepts that they have; those that
    went away are named with the items that have them.

    Exit codes: 0 all came in, 3 something of it was left out (the report says what and why).

    Example: canoe vocabulary add unescothes.ttl --id unesco --own
    """
    opened = open_home(home)
    addition = _addition(opened, files, given_id, language, base)
    addition = Addition(addition.id, addition.sources, addition.base, _titles(title), own, addition.read)
    with opened.library.writer() as writer:
        outcome = add(writer, addition)
    opened.update_index_with_others()
    _answer(outcome, as_json)


@vocabulary.command("check")
def check_vocabulary(
    files: FilesArgument,
    home: HomeOption = None,
    given_id: IdOption = "",
    language: LanguageOption = "",
    base: BaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say what is odd about a vocabulary and what adding it would change; nothing is written.

    Exit codes: 0 all would come in, 3 something of it would be left out.
    """
    opened = Home.read(home_folder(home))
    _answer(look(opened.path, _addition(opened, files, given_id, language, base)), as_json)


@vocabulary.command("list")
def list_vocabularies(
    name: Annotated[str, typer.Argument(help="List this vocabulary's concepts.", show_default=False)] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the vocabularies, or the concepts of one, each with its labels."""
    held = Home.read(home_folder(home)).vocabulary
    if not name:
        for scheme in held.schemes:
            print_json(_scheme_json(scheme)) if as_json else print_lines([_scheme_line(scheme)])
        return
    for concept in _concepts_of(held, name):
        if as_json:
            print_json(concept)
        else:
            labels = " | ".join(f"{text.value} ({text.language})" for text in concept.labels)
            print_lines([f"{concept.notation:<8} {labels}  {concept.uri}"])


@vocabulary.command("show")
def show_concept(
    name: Annotated[str, typer.Argument(help="The concept's URI, label or notation.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one concept: its labels, and what is broader and narrower."""
    opened = Home.read(home_folder(home))
    concept = _found(opened.vocabulary, name)
    if as_json:
        print_json(concept)
        return
    print_lines(_concept_lines(concept, opened))


@vocabulary.command("use")
def use_vocabulary(name: IdArgument, home: HomeOption = None) -> None:
    """Make a vocabulary the library's own classification: what is browsed, and whose top concepts are OAI sets."""
    opened = open_home(home)
    with opened.library.writer() as writer:
        outcome = choose(writer, name)
    opened.update_index_with_others()
    if outcome.outcome == "identical":
        print_lines([f"{name} is the library's own classification already; nothing was changed."])
        return
    print_lines([f"{name} is the library's own classification.", *_given_anew(outcome)])


@vocabulary.command("remove")
def remove_vocabulary(
    name: IdArgument,
    home: HomeOption = None,
    force: Annotated[bool, typer.Option("--force", help="Even while items have concepts of it.")] = False,
) -> None:
    """Take a vocabulary out of use; what it was stays in the archive, and adding it again brings it back.

    It is refused while items have concepts of it: they would be shown by their URIs.
    """
    opened = open_home(home)
    with opened.library.writer() as writer:
        outcome = remove(writer, name, force)
    opened.update_index_with_others()
    print_lines([f"{name} is removed.", *_given_anew(outcome)])


@vocabulary.command("export")
def export_vocabulary(
    name: IdArgument,
    home: HomeOption = None,
    form: Annotated[ExportForm, typer.Option("--format", help="ttl, csv or jsonl.")] = ExportForm.TURTLE,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write to this file.", show_default="standard output")
    ] = None,
) -> None:
    """Give out a vocabulary: SKOS in Turtle, a table that is read again, or a JSON object a concept."""
    held = Home.read(home_folder(home)).vocabulary
    text = "".join(_exported(held, name, form))
    if out is None:
        sys.stdout.write(text)
        return
    with storage(out):
        replace_file(out.absolute(), text.encode())


def _exported(held: Vocabulary, chosen: str, form: ExportForm) -> Iterable[str]:
    concepts = list(_concepts_of(held, chosen))
    if form == ExportForm.CSV:
        return [table(concepts)]
    if form == ExportForm.JSONL:
        return lines(concepts)
    scheme = _scheme(held, chosen)
    return turtle(scheme, concepts, held.shown_below(chosen, "en", 0, scheme.concepts)[0])


def _addition(home: Home, files: Sequence[Path], given_id: str, language: str, base: str) -> Addition:
    """Read the files; without an id it is the one of the vocabulary with the same scheme, else the file's name."""
    tags = _languages(language, len(files))
    sources = [Source(_content(path), path.name, tag) for path, tag in zip(files, tags, strict=True)]
    named = require_id(given_id) if given_id else _named_after(files[0])
    read = read_vocabulary(sources, base or base_of(named))
    same = [one.id for one in home.vocabulary.schemes if read.scheme and one.uri == read.scheme]
    chosen = given_id or next(iter(same), named)
    return Addition(chosen, sources, base or base_of(chosen), read=read)


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", "Name the vocabulary's file.")
    with storage(path):
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} has {path.stat().st_size} bytes, the limit is {LARGEST}.")
        return path.read_bytes()


def _named_after(path: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.stem.casefold()).strip("-")[:40].strip("-") or "vocabulary"


def _languages(written: str, number: int) -> Sequence[str]:
    tags = [part.strip() for part in written.split(",")] if written else [""]
    for tag in tags:
        if tag and not languages.from_code(tag):
            raise UsageError(f"--language cannot be {tag!r}.", "A language is en, fr, es or another code of ISO 639.")
    if len(tags) not in (1, number):
        raise UsageError(f"--language names {len(tags)} languages for {number} files.", "Name one, or one a file.")
    return tags if len(tags) == number else tags * number


def _titles(written: Sequence[str] | None) -> tuple[Text, ...]:
    found = (title.rpartition("@") for title in written or ())
    return tuple(
        Text(value, languages.from_code(tag)) if at and languages.from_code(tag) else Text(f"{value}{at}{tag}")
        for value, at, tag in found
    )


def _scheme(held: Vocabulary, chosen: str) -> Scheme:
    scheme = next((one for one in held.schemes if one.id == chosen), None)
    if scheme is None:
        raise NotFound(f"There is no vocabulary {chosen}.", "canoe vocabulary list shows all.")
    return scheme


def _concepts_of(held: Vocabulary, chosen: str) -> Iterator[Concept]:
    _scheme(held, chosen)
    return held.concepts_of(chosen)


def _found(held: Vocabulary, name: str) -> Concept:
    concept = held.concepts.get(name) or held.concepts.get(held.find(name))
    if concept:
        return concept
    named = [one for one in held.concepts.values() if one.notation == name]
    if len(named) > 1:
        raise UsageError(f"{name} is the notation of {len(named)} concepts.", ", ".join(one.uri for one in named[:10]))
    if not named:
        raise NotFound(
            f"There is no concept {name}.", "canoe vocabulary list ID shows all, canoe vocabulary list the ids."
        )
    return named[0]


def _concept_lines(concept: Concept, home: Home) -> Iterator[str]:
    held = home.vocabulary
    yield concept.uri
    if concept.notation:
        yield f"notation: {concept.notation}"
    if concept.deprecated:
        yield "deprecated"
    yield from (f"{text.language}: {text.value}" for text in concept.labels)
    yield from (f"also {text.language}: {text.value}" for text in concept.alternatives)
    yield from (f"note {text.language}: {text.value}" for text in concept.notes)
    ties = (
        ("broader", concept.broader),
        ("narrower", held.narrower(concept.uri)),
        ("same as", concept.exact_matches),
        ("close to", concept.close_matches),
        ("replaced by", concept.replaced_by),
    )
    yield from (f"{name}: {_named(uri, home)}" for name, uris in ties for uri in uris)


def _named(uri: str, home: Home) -> str:
    concept = home.vocabulary.concepts.get(uri)
    return f"{concept.label(home.settings.library.language).value}  {uri}" if concept else uri


def _scheme_json(scheme: Scheme) -> dict[str, Any]:
    titles = {title.language: title.value for title in scheme.titles}
    return {"id": scheme.id, "uri": scheme.uri, "titles": titles, "concepts": scheme.concepts, "own": scheme.own}


def _scheme_line(scheme: Scheme) -> str:
    mark = "*" if scheme.own else " "
    return f"{mark} {scheme.id:<16} {counted(scheme.concepts, 'concept'):>15}  {scheme.title('en')}  {scheme.uri}"


def _answer(outcome: Outcome, as_json: bool) -> None:
    print_json(_outcome_json(outcome)) if as_json else print_lines(_outcome_lines(outcome))
    if outcome.refused:
        raise typer.Exit(INPUTS_REFUSED)


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "outcome": outcome.outcome,
        "scheme": outcome.scheme,
        "forms": list(outcome.forms),
        "concepts": outcome.concepts,
        "added": len(outcome.added),
        "changed": sorted(outcome.changed),
        "gone": {uri: list(outcome.uses.get(uri, ())) for uri in outcome.gone},
        "items": outcome.items,
        "refused": outcome.refused,
        "problems": [{**problem_json(one), "severity": one.severity} for one in outcome.problems],
    }


def _outcome_lines(outcome: Outcome) -> Iterator[str]:
    yield from _problem_lines(outcome.problems)
    forms = ", ".join(outcome.forms)
    said = {
        "new": "is added",
        "changed": "is replaced",
        "identical": "is like that already; nothing was changed",
        "planned": "could be added",
    }[outcome.outcome]
    yield f"{outcome.id} {said}: {counted(outcome.concepts, 'concept')} ({forms})."
    if outcome.outcome in ("changed", "planned"):
        counts = (("added", outcome.added), ("changed", outcome.changed), ("gone", outcome.gone))
        yield "Concepts: " + ", ".join(f"{len(uris)} {name}" for name, uris in counts) + "."
    yield from _given_anew(outcome)


def _problem_lines(problems: Sequence[Problem]) -> Iterator[str]:
    shown: Counter[str] = Counter()
    totals = Counter(one.code for one in problems)
    for one in problems:
        shown[one.code] += 1
        if shown[one.code] <= _TOLD:
            yield ": ".join(filter(None, (one.severity, one.where, one.message())))
        if shown[one.code] == totals[one.code] > _TOLD:
            yield f"    … and {totals[one.code] - _TOLD} more of this kind ({one.code}); --json shows all."


def _given_anew(outcome: Outcome) -> Iterator[str]:
    if outcome.items:
        yield f"The records of {counted(outcome.items, 'item')} are given to harvesters anew."
