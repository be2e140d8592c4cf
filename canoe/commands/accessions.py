"""canoe accessions."""

from typing import Annotated

import typer

from canoe.commands.options import HomeOption, JsonOption, open_home, print_json, print_lines
from canoe.report import piece_json
from metadata.accession import Harvest


def accessions(
    accession: Annotated[str, typer.Argument(help="Show the pieces of this one.", show_default=False)] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what came in, when, with what result; or the pieces of one accession."""
    library = open_home(home).library
    if accession:
        pieces = library.pieces(accession)
        if as_json:
            print_json([piece_json(piece) for piece in pieces])
        else:
            print_lines(f"{piece.outcome:<10} {piece.item or '—':<10}  {piece.source}" for piece in pieces)
        return
    listed = library.catalogue.accessions()
    if as_json:
        print_json(
            [
                {
                    "accession": one.id,
                    "received_at": one.received_at,
                    "sources": one.sources,
                    "counts": dict(one.counts),
                    "state": one.state,
                    "undone_at": one.undone_at or None,
                    **_harvest_json(one.harvest),
                }
                for one in listed
            ]
        )
    else:
        for one in listed:
            counts = ", ".join(f"{count} {outcome}" for outcome, count in one.counts if count)
            undone = f"  {one.state} {one.undone_at}" if one.undone_at else ""
            came = f"  {one.sources[0]}" if one.harvest else ""
            print_lines([f"{one.id}  {one.received_at}  {counts or 'nothing new'}{undone}{came}"])


def _harvest_json(harvest: Harvest | None) -> dict[str, dict[str, str | bool | None]]:
    """Return where an accession was harvested from, nothing for one that came as files."""
    if harvest is None:
        return {}
    told = {
        "base_url": harvest.base_url,
        "name": harvest.repository,
        "prefix": harvest.prefix,
        "set": harvest.set_spec or None,
        "from": harvest.since or None,
        "newest": harvest.newest or None,
        "complete": harvest.complete,
    }
    return {"harvest": told}
