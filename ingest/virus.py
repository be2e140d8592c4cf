"""The virus check: a scanner that the library has set, asked about each file before anything reads it.

Exit codes are those of ClamAV, which other scanners follow: 0 clean, 1 infected, anything else
a failure. A file that could not be checked is refused like an infected one: a library that sets
a check wants none to slip through.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ingest.words import legal
from metadata.errors import ProgramMissing
from metadata.events import EventOutcome
from metadata.problems import Problem, problem

PATIENCE = 600.0
"""Seconds of wall time that the check of one file may take."""

_CLEAN, _INFECTED = 0, 1
_MOST_SAID = 65_536  # bytes of what a scanner says that are looked at
_LONGEST_LINE = 200
_VERSION_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class VirusChecked:
    """What the check of one file gave, as its event tells it (:mod:`metadata.events`).

    ``agent`` is the scanner with its version, ``detail`` what it said; ``problem`` refuses the
    file, None where it is clean.
    """

    agent: str
    outcome: EventOutcome
    detail: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Scanner:
    """A virus scanner: the command that a file's path is added to, and the name it goes by in events.

    ``patience`` is seconds for one file.
    """

    command: tuple[str, ...]
    agent: str
    patience: float = PATIENCE

    @classmethod
    def installed(cls, command: Sequence[str]) -> "Scanner | None":
        """Return the scanner of the setting ``virus_check``, None where it is empty.

        It is asked once for its ``--version``. Raises ProgramMissing where the program is not there.
        """
        if not command:
            return None
        if shutil.which(command[0]) is None:
            hint = "Install it (on Debian or Ubuntu: apt install clamav-daemon), or change virus_check in canoe.toml."
            raise ProgramMissing(f"The virus scanner {command[0]} is not installed.", hint)
        return cls(tuple(command), _version(command[0]))

    def check(self, path: Path, source: str) -> VirusChecked:
        """Ask about one file; nothing that the scanner may do is raised. ``source`` is its name in reports."""
        asked = path.resolve()  # an absolute path is never taken for an option
        try:
            code, said = _run([*self.command, str(asked)], self.patience)
        except subprocess.TimeoutExpired:
            return self._failed(source, f"it took more than {self.patience:g} s")
        except OSError as fault:
            return self._failed(source, f"it cannot be started: {fault.strerror or fault}")
        line = _telling_line(said, asked)
        if code == _CLEAN:
            return VirusChecked(self.agent, "success", line)
        if code == _INFECTED:
            found = line or "it does not say what"
            return VirusChecked(self.agent, "failure", found, problem("file-infected", source, found=found))
        ended = f"exit code {code}" if code > 0 else f"it was ended by {_signal_name(-code)}"
        return self._failed(source, f"{ended}: {line}" if line else ended)

    def _failed(self, source: str, reason: str) -> VirusChecked:
        name = Path(self.command[0]).name
        why = problem("virus-check-failed", source, scanner=name, reason=reason.rstrip("."))
        return VirusChecked(self.agent, "failure", reason, why)


def _run(command: list[str], patience: float) -> tuple[int, str]:
    """Run a command in a process group of its own; return its exit code and what it said.

    Raises TimeoutExpired when it takes longer than ``patience`` seconds, and OSError. Nothing of
    the group is left running. What it says goes through a file: a pipe would wait for every
    child that a scanner leaves behind.
    """
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = child.wait(patience)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        said.seek(0)
        return code, said.read(_MOST_SAID).decode("utf-8", "replace")


def _version(program: str) -> str:
    """Return what a scanner calls itself, with its version; its name where it does not say."""
    with suppress(OSError, subprocess.TimeoutExpired):
        code, said = _run([program, "--version"], _VERSION_SECONDS)
        if code == 0 and (lines := _lines(said)):
            return lines[0]
    return Path(program).name


def _telling_line(said: str, path: Path) -> str:
    """Return the line that says what was found, else the first; without the path, which others need not see."""
    lines = [line.replace(str(path), "").lstrip(": ") for line in _lines(said)]
    return next((line for line in lines if "FOUND" in line), next(iter(lines), ""))


def _lines(said: str) -> list[str]:
    plain = (" ".join(legal(line).split())[:_LONGEST_LINE] for line in said.splitlines())
    return [line for line in plain if line]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
