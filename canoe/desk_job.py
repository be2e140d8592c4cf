"""The process that takes in one upload of the desk; run as ``python -m canoe.desk_job HOME UPLOAD PARENT``.

It does what ``canoe ingest`` does, with the name of who uploaded in the events, and ends with the
server that started it. What became of it is written into the upload's folder.
"""

import os
import sys
import time
from contextlib import chdir
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from archive.crew import die_with_parent
from archive.durable import remove_tree
from archive.lock import file_lock
from canoe.commands.ingesting import run_ingest
from canoe.desk_ingesting import Ended, Upload, Uploads, report_heading
from canoe.home import Home
from canoe.progress import ProgressForm
from canoe.report_page import report_page
from canoe.settings import LANGUAGES
from ingest.tools import Report
from metadata.accession import count_outcomes
from metadata.errors import CanoeError, HomeHeld, Interrupted

_LOOK_AGAIN = 1.0  # seconds, whether the library is free


def main() -> None:
    """Take in the upload that ``sys.argv`` names; without a word where another process is at it."""
    home, job_id, parent = sys.argv[1:]
    die_with_parent()
    if os.getppid() != int(parent):  # it ended before we were bound to it
        return
    upload = Uploads(Path(home)).one(job_id)
    with file_lock(upload.folder / "running.lock", f"The upload {job_id} is taken in", "Wait until it is done."):
        upload.put("begun", b"")
        take_in(Home.read(Path(home)), upload)


def take_in(home: Home, upload: Upload) -> None:
    """Take in an upload, and write down what became of it; waits while another process holds the library."""
    try:
        report = _when_free(home, upload)
    except Interrupted:
        raise
    except CanoeError as fault:
        upload.put("outcome.json", msgspec.json.encode(Ended("failed", told=str(fault))))
        return
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    for language in LANGUAGES:
        page = report_page(report, report_heading(home, language, now))
        upload.put(f"report.{language}.html", page.encode())
    ended = Ended("done", report.accession, count_outcomes(report.pieces))
    upload.put("outcome.json", msgspec.json.encode(ended))
    remove_tree(upload.files)


def _when_free(home: Home, upload: Upload) -> Report:
    wish = upload.wish
    tools = home.tools(wish.asked.languages, wish.asked.collection, 0)
    tools = replace(tools, folders=wish.asked.folders, hold=wish.asked.hold)
    while True:
        try:
            with chdir(upload.folder):
                return run_ingest(home, [Path(upload.id)], tools, form=ProgressForm.JSON, by=wish.account)
        except HomeHeld as fault:
            upload.put("held.txt", fault.message.encode())
            time.sleep(_LOOK_AGAIN)


if __name__ == "__main__":
    main()
