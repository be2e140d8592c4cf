"""canoe harvest, canoe repositories."""

import sys
import tempfile
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from archive.harvests import Listed
from canoe.commands.ingesting import INPUTS_REFUSED
from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines, say
from canoe.harvesting import Harvested, HarvestedList, Told, Wanted, harvest, listed
from canoe.progress import counting
from canoe.report import counted_line, inert, piece_json, piece_lines
from metadata.accession import OUTCOMES

_SHOWN = ("refused", "set_aside", "duplicate")
_TOLD = ("harvest-deleted", "duplicate-identifier")
_MOST_SHOWN = 200


def harvest_command(
    url: Annotated[str, typer.Argument(help="The repository's base URL.", show_default=False)],
    home: HomeOption = None,
    prefix: Annotated[str, typer.Option(help="The form of the records: oai_dc, marcxml, mods, oai_datacite …")] = (
        "oai_dc"
    ),
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Only this set; may be given several times.", show_default="all")
    ] = None,
    since: Annotated[
        str, typer.Option("--from", help="What changed since: a day or an instant.", show_default="the last harvest")
    ] = "",
    full: Annotated[bool, typer.Option("--full", help="Begin anew: ask for all records.")] = False,
    collection: Annotated[str, typer.Option(help="Collection that the records join.", show_default="none")] = "",
    as_json: JsonOption = False,
) -> None:
    """Take the records of another repository (OAI-PMH), and keep them up to date: each time only what changed.

    A record keeps the identifier of its home, and is marked with it. What was deleted there is withdrawn
    here. The library's own records that come back are left; what is like an item here is tied to it.
    Interrupted, or given up by the repository, the same command goes on where it stopped.

    Exit codes: 0 all came in, 3 some records were refused or the list broke off (the report says which and why).

    Example: canoe harvest https://repository.example.org/oai --set reports
    """
    opened = open_home(home)
    wanted = Wanted(url, prefix, tuple(sets or ()), since, full, collection)
    with tempfile.TemporaryFile() as pieces:
        with counting("Records that came") as done:
            told = Told(came=lambda number, _: done(number), waiting=_say_waiting)
            found = harvest(opened, wanted, pieces, told)
        _print_json(found) if as_json else print_lines(_lines(found))
    opened.update_index_with_others()
    if found.counts["refused"]:
        raise typer.Exit(INPUTS_REFUSED)


def _say_waiting(reason: str, seconds: float) -> None:
    say(f"Asked again in {seconds:.0f} s: {inert(reason)}.")


def _print_json(found: Harvested) -> None:
    """Print the report as one JSON document, its pieces one by one: there may be a million."""
    told: dict[str, Any] = {
        "repository": found.repository or None,
        "base_url": found.base_url,
        "accession": found.accessions[-1] if found.accessions else None,
        "accessions": found.accessions,
        "counts": {"in": sum(found.counts.values()), **found.counts},
        "lists": [_list_json(one) for one in found.lists],
    }
    sys.stdout.write(msgspec.json.encode(told).decode().removesuffix("}") + ',"pieces":[')
    for number, piece in enumerate(found.each_piece()):
        sys.stdout.write(("," if number else "") + msgspec.json.encode(piece_json(piece)).decode())
    sys.stdout.write("]}\n")


def _list_json(one: HarvestedList) -> dict[str, Any]:
    return {
        "set": one.set_spec or None,
        "from": one.since or None,
        "resumed": one.resumed,
        "complete": one.complete,
        "records": one.records,
        "newest": one.newest or None,
        "error": one.error or None,
    }


def _lines(found: Harvested) -> Iterator[str]:
    """Yield the report for people: what did not become an item, the lists, the counts, the accessions."""
    shown = 0
    for piece in found.each_piece():
        if piece.outcome in _SHOWN or any(one.code in _TOLD for one in piece.problems):
            shown += 1
            yield from piece_lines(piece) if shown <= _MOST_SHOWN else ()
    if shown > _MOST_SHOWN:
        yield f"… and {shown - _MOST_SHOWN} more; canoe accessions ACCESSION shows them all."
    yield ""
    yield from (_list_line(found, one) for one in found.lists)
    yield counted_line(found.counts)
    named = ", ".join(found.accessions)
    many = "Accessions" if len(found.accessions) > 1 else "Accession"
    yield f"{many} {named}." if named else "Nothing new came in; the library is as it was."


def _list_line(found: Harvested, one: HarvestedList) -> str:
    name = f"{found.repository or found.base_url}{f', set {one.set_spec}' if one.set_spec else ''}"
    since = f" since {one.since}" if one.since else ""
    way = f" from where it had stopped{since}" if one.resumed else since
    end = "the list is complete" if one.complete else f"broken off: {one.error}"
    if one.set_spec and one.complete and not (one.records or one.since):
        end += ", and empty: is there such a set?"
    return f"{name}: {counted(one.records, 'record')} came{way}; {end}{'' if end.endswith('?') else '.'}"


def repositories(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the repositories that were harvested: which lists, when last, what went wrong, how much came."""
    lists = list(listed(open_home(home)).values())
    if as_json:
        print_json([_listed_json(one) for one in lists])
        return
    for one in lists:
        name = one.repository or one.base_url
        of = f"{one.prefix}{f', set {one.set_spec}' if one.set_spec else ''}"
        print_lines([f"{name}  {one.base_url}  ({of})", *_standing(one)])
    if not lists:
        print_lines(["No repository has been harvested yet: canoe harvest URL"])


def _standing(one: Listed) -> Iterator[str]:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in one.counts.items() if count)
    success = f"last success {one.last_success_at}" if one.last_success_at else "never came to its end"
    pending = "; broken off, the next harvest goes on" if one.pending else ""
    yield f"    {success}{pending}; {counts or 'nothing came'}"
    if one.last_error:
        yield f"    last error {one.last_error_at}: {one.last_error}"


def _listed_json(one: Listed) -> dict[str, Any]:
    return {
        "base_url": one.base_url,
        "name": one.repository or None,
        "prefix": one.prefix,
        "set": one.set_spec or None,
        "from": one.mark or None,
        "pending": one.pending is not None,
        "last_success_at": one.last_success_at or None,
        "last_error": one.last_error or None,
        "last_error_at": one.last_error_at or None,
        "accessions": one.accessions,
        "counts": {outcome: one.counts.get(outcome, 0) for outcome in OUTCOMES},
    }
