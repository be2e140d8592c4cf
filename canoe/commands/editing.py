"""canoe edit: what is known of an item is put right."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from canoe.commands.options import HomeOption, ItemArgument, JsonOption, open_home, print_json, print_lines, say
from canoe.edit import Editing, apply_edit, plan_edit
from canoe.report import problem_json
from metadata.editing import assignment
from metadata.errors import UsageError


def edit_command(
    item: ItemArgument,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="field=value, field+=value, field-=value or field=.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="What canoe show prints, as it should be.", show_default=False)
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the item.", show_default="none")] = "",
    home: HomeOption = None,
    plan: Annotated[
        bool, typer.Option("--plan", "--dry-run", help="Write nothing; show what would become different.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put right what is known of an item: a new version in the archive, the old ones stay.

    field=value replaces all values of a field (say it again for several), field+=value adds one,
    field-=value takes one away, field= empties it. Fields are called as the columns of a manifest; a language
    may follow (title@fr), a role (contributor:edt) or a scheme (identifier:isbn).

    Example: canoe edit c7ahmjjc4k --set "title@fr=Les marais" --set keyword+=peat
    """
    if bool(assignments) == bool(file):
        raise UsageError("Nothing says what to edit." if not file else "--set and --file do not go together.", _HINT)
    asked = [assignment(one) for one in assignments or ()]
    opened = open_home(home)
    if plan:
        editing = plan_edit(opened, item, asked, file)
    else:
        with opened.library.writer() as writer:
            editing = plan_edit(opened, item, asked, file)
            apply_edit(writer, editing, reason.strip())
        opened.update_index_with_others()
    for problem in editing.problems:
        say(f"{problem.severity}: {problem.where}: {problem.message()}")
    print_json(_editing_json(editing)) if as_json else print_lines(_editing_lines(editing, plan))


_HINT = "Give --set field=value, once or more, or --file with a whole item."


def _editing_json(editing: Editing) -> dict[str, Any]:
    return {
        "item": editing.after.id,
        "differences": editing.differences,
        "problems": [problem_json(one) for one in editing.problems],
    }


def _editing_lines(editing: Editing, plan: bool) -> Iterator[str]:
    for one in editing.differences:
        yield one.field
        yield from (f"    - {value}" for value in one.removed)
        yield from (f"    + {value}" for value in one.added)
        if not (one.removed or one.added):
            yield "    in another order"
    if not editing.differences:
        yield f"{editing.after.id} is like that already; nothing was changed."
    else:
        yield f"{editing.after.id} {'would be' if plan else 'is'} edited."
