"""canoe ingest --retry: the pages that could not be read are read again."""

from collections.abc import Iterator, Sequence
from typing import Any

from canoe.commands.options import counted, print_json, print_lines
from canoe.home import Home
from canoe.programs import require_languages
from canoe.progress import ProgressForm, watching
from canoe.report import problem_json
from ingest.executors import require_executor
from ingest.retry import Retried, retry
from ingest.tools import Tools


def run_retry(home: Home, tools: Tools, form: ProgressForm, as_json: bool) -> None:
    """Read every unread page of the library again, print what became of each item, and let the index follow."""
    require_languages(tools.languages, tools.models)
    require_executor(tools.scheduler, tools.engine, tools.languages)
    with watching(tools.workers, form) as watcher, home.library.writer() as writer:
        tried = list(retry(home.library, writer, tools, watcher))
    print_json(_report_json(tried)) if as_json else print_lines(_report_lines(tried))
    home.update_index_with_others()


def _report_json(tried: Sequence[Retried]) -> dict[str, Any]:
    return {
        "pages": {"read": sum(len(one.read) for one in tried), "unread": sum(len(one.unread) for one in tried)},
        "items": [
            {
                "item": one.item,
                "source": one.source,
                "read": one.read,
                "unread": one.unread,
                "problems": [problem_json(told) for told in one.problems],
            }
            for one in tried
        ],
    }


def _report_lines(tried: Sequence[Retried]) -> Iterator[str]:
    for one in tried:
        sign = "!" if one.unread or not one.read else "~"
        yield f"{sign} {counted(len(one.read), 'page')} read, {len(one.unread)} unread  {one.item}  {one.source}"
        yield from (f"    {told.severity}: {told.message()}" for told in one.problems)
    if not tried:
        yield "No page is unread."
        return
    read, unread = sum(len(one.read) for one in tried), sum(len(one.unread) for one in tried)
    yield f"{counted(read, 'page')} read now, {unread} still unread, in {counted(len(tried), 'item')}."
