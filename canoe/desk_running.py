"""While the library is served, what was uploaded at the desk is taken in, one upload after the other."""

import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass

from archive.lock import file_lock
from canoe.desk_ingesting import Upload, Uploads
from canoe.home import Home
from metadata.errors import CanoeError, HomeHeld

log = logging.getLogger(__name__)
_LOOK_EVERY = 0.5  # seconds
_LOOK_AT_CHILD = 0.2
_GRACE = 8.0  # seconds that a process has to end after it was told to


@dataclass(frozen=True, slots=True)
class Running:
    """Starts the processes that take uploads in. Of several server processes one at a time does it."""

    home: Home
    stop: threading.Event

    def run(self) -> None:
        """Take in what waits until the server stops; nothing in a home that can only be read.

        What is in the way is logged once, not at every look.
        """
        uploads, told = Uploads(self.home.path), ""
        with suppress(OSError, CanoeError):
            uploads.tidy()
        while os.access(self.home.path, os.W_OK) and not self.stop.wait(_LOOK_EVERY):
            if not uploads.folder.is_dir():
                continue
            try:
                with file_lock(uploads.folder / "running.lock", "Uploads are taken in", "Wait.", patience=0):
                    self._take(uploads)
                told = ""
            except HomeHeld:
                continue
            except (CanoeError, OSError) as fault:
                if str(fault) != told:
                    log.error("Uploads cannot be taken in. %s", fault)
                told = str(fault)

    def _take(self, uploads: Uploads) -> None:
        while (waiting := uploads.waiting()) and not self.stop.is_set():
            self._run(waiting[0])
            uploads.tidy()

    def _run(self, upload: Upload) -> None:
        """Let a process take an upload in; one that ends without having begun is not started again by itself."""
        command = [sys.executable, "-m", "canoe.desk_job", str(self.home.path.resolve()), upload.id, str(os.getpid())]
        with (upload.folder / "progress.jsonl").open("wb") as told:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=told)
        while process.poll() is None:
            if self.stop.wait(_LOOK_AT_CHILD):
                _end(process)
        if upload.ended is None:
            upload.put("begun", b"")
            log.error("The ingest of %s ended with %d before it was done.", upload.id, process.returncode)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Have a process stop as Ctrl-C does; one that does not is killed."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
