"""Bringing in files from the desk: the form, the files as they come, and the page that says how far it is."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response

from desk.accounts import Account
from desk.desk import NO_STORE, Desk, Page, respond, see_other
from desk.door import Refused, Streamed
from desk.form import Form
from desk.i18n import messages
from desk.ingesting import Asked, Folders
from desk.receiving import Broken, NotOurs, Receiver, TooMuch
from desk.sessions import is_form_of, token_of
from web.i18n import N_
from web.reader import reader
from web.render import View

_SPARE = 256 << 20
"""Bytes that are left free on the disk."""
_FORM_BYTES = 1 << 20  # what a form has beside its files
_REFRESH_SECONDS = "3"
_COLLECTION = re.compile(r"[^\x00-\x1f/\\]{0,100}")
_TITLE = re.compile(r"[^\x00-\x1f]{0,500}")
_FOLDERS: tuple[Folders, ...] = ("auto", "one", "files")
_REPORT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE = re.compile(r"<style>(.*?)</style>", re.S)

_NO_FILES = N_("Choose at least one file.")
_COLLECTION_WRONG = N_("A collection’s name has at most 100 characters and no slash.")
_TITLE_WRONG = N_("A title has at most 500 characters, in one line.")
_TITLE_OF_ONE = N_(
    "A title is of one publication, one document or the images of its pages, without records. "
    "Leave it empty, or choose other files."
)
_LANGUAGE_WRONG = N_("Choose languages of the list.")
_BROKEN = N_("The upload ended before it was whole. Nothing was kept; send it again.")
_TOO_MUCH = N_("These are more files, or larger ones, than one upload may bring.")
_NO_ROOM = N_("The library’s disk has not enough room for these files.")

Fault = tuple[str, str]


def form(desk: Desk, request: Request, account: Account) -> Response:
    """Answer GET ``/desk/upload``."""
    return _form(desk, request, account, Asked(hold=desk.ingesting.holds))


async def upload(desk: Desk, request: Request, account: Account) -> Response:
    """Answer POST ``/desk/upload``: take the files and go to the page of their job.

    Whatever ends it before the last byte, nothing of it is left.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        return await run_in_threadpool(_again, desk, request, account, _BROKEN, 411)
    if int(length) > desk.ingesting.limits.total + _FORM_BYTES:
        return await run_in_threadpool(_again, desk, request, account, _TOO_MUCH, 413)
    if int(length) + _SPARE > await run_in_threadpool(desk.ingesting.free):
        return await run_in_threadpool(_again, desk, request, account, _NO_ROOM, 507)
    try:
        return await _taken(desk, request, account)
    except NotOurs:
        raise Refused(View("desk_refused.html", {"why": "origin"}, 403)) from None
    except TooMuch:
        return await run_in_threadpool(_again, desk, request, account, _TOO_MUCH, 413)
    except (Broken, ClientDisconnect):
        return await run_in_threadpool(_again, desk, request, account, _BROKEN, 400)


def go_on(desk: Desk, request: Request, _: Account, __: Form) -> Response:
    """Answer POST ``/desk/uploads/{job}``: let an ingest go on that was interrupted."""
    job_id = request.path_params["job"]
    desk.ingesting.go_on(job_id)
    return see_other(desk, request, f"/desk/uploads/{job_id}")


def job(desk: Desk, request: Request, account: Account) -> Response:
    """Answer GET ``/desk/uploads/{job}``; while it is not done the page asks for itself again."""
    found = desk.ingesting.job(request.path_params["job"])
    headers = {"Refresh": _REFRESH_SECONDS} if found.goes_on else {}
    return respond(desk, request, account, View("desk_job.html", {"job": found}), headers)


def job_report(desk: Desk, request: Request, _: Account) -> Response:
    """Answer GET ``/desk/uploads/{job}/report``."""
    language = reader(desk.service.site, request).language
    return _report(desk.ingesting.report(request.path_params["job"], language))


def accession_report(desk: Desk, request: Request, _: Account) -> Response:
    """Answer GET ``/desk/accessions/{accession}``."""
    language = reader(desk.service.site, request).language
    return _report(desk.ingesting.accession_report(request.path_params["accession"], language))


async def _taken(desk: Desk, request: Request, account: Account) -> Response:
    """Take the files into a folder that goes again unless a job takes it over."""
    token, limits = token_of(desk.service.site, request), desk.ingesting.limits
    judge: Callable[[str], bool] = partial(is_form_of, token)
    with ExitStack() as stack:
        folder = await run_in_threadpool(stack.enter_context, desk.ingesting.staging())
        receiver = Receiver(
            request.headers.get("content-type", ""), folder, judge, limits.files, limits.total + _FORM_BYTES
        )
        sent = await receiver.take(_pieces(request))
        asked, faults = _asked(desk, sent, len(receiver.files))
        if asked.title and not faults and not await run_in_threadpool(desk.ingesting.can_have_title, folder, asked):
            faults.append(("title", _TITLE_OF_ONE))
        if faults:
            return await run_in_threadpool(_form, desk, request, account, asked, faults, 422)
        job_id = await run_in_threadpool(desk.ingesting.start, account, folder, asked)
    return see_other(desk, request, f"/desk/uploads/{job_id}")


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        yield piece


def _asked(desk: Desk, sent: Form, files: int) -> tuple[Asked, list[Fault]]:
    """Return what was asked for, and what is wrong with it."""
    collection, languages, title = sent.value("collection"), sent.values("language"), sent.value("title")
    folders: Folders = next((one for one in _FOLDERS if one == sent.value("folders")), "auto")
    faults = [] if files else [("files", _NO_FILES)]
    if not _COLLECTION.fullmatch(collection):
        faults.append(("collection", _COLLECTION_WRONG))
    if not _TITLE.fullmatch(title):
        faults.append(("title", _TITLE_WRONG))
    if not set(languages) <= set(desk.ingesting.languages()):
        faults.append(("languages", _LANGUAGE_WRONG))
        languages = []
    return Asked(collection[:100], "+".join(dict.fromkeys(languages)), folders, sent.has("hold"), title[:500]), faults


def _again(desk: Desk, request: Request, account: Account, why: str, status: int) -> Response:
    return _form(desk, request, account, Asked(hold=desk.ingesting.holds), [("files", why)], status)


def _form(
    desk: Desk, request: Request, account: Account, asked: Asked, faults: Sequence[Fault] = (), status: int = 200
) -> Response:
    translate = messages(reader(desk.service.site, request).language).gettext
    values = {
        "asked": asked,
        "chosen": asked.languages.split("+") if asked.languages else [],
        "tongues": desk.ingesting.languages(),
        "limits": desk.ingesting.limits,
        "faults": [(at, translate(sentence)) for at, sentence in faults],
    }
    headers = {"Connection": "close"} if status in (411, 413, 507) else {}
    return respond(desk, request, account, View("desk_upload.html", values, status), headers)


def _report(page: str) -> Response:
    """Answer with a page that has its own style in it, which alone the browser is told to take."""
    style = _STYLE.search(page)
    digest = base64.b64encode(hashlib.sha256((style[1] if style else "").encode()).digest()).decode()
    policy = f"{_REPORT_POLICY}; style-src 'sha256-{digest}'"
    return HTMLResponse(page, headers={**NO_STORE, "Content-Security-Policy": policy})


PAGES = {
    "/desk/upload": Page(form),
    "/desk/uploads/{job}": Page(job, go_on),
    "/desk/uploads/{job}/report": Page(job_report),
    "/desk/accessions/{accession}": Page(accession_report),
}
STREAMED: dict[str, Streamed] = {"/desk/upload": upload}
