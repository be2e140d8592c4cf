"""A small batch of everything that may come in, and Canoe called as people call it."""

import contextlib
import hashlib
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pymarc
from scans import ENGLISH, FRENCH, SPANISH, images, scan_of, scanned, typeset

import canoe.__main__

PROGRAM = Path(sys.executable).with_name("canoe")
TIMES = ("created", "received_at")
MANIFEST = """file,title,language,subject,translation_of
wetlands.pdf,Wetlands of the north,en,wetlands,
forets.pdf,Les forêts de la côte,fr,forêts,wetlands.pdf
bosques.tif,Los bosques de la costa,es,,forets.pdf
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call of the program gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The documents on standard output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without what would tell Canoe of another home or of colours."""
    strange = ("CANOE_HOME", "PYTHONPATH", "FORCE_COLOR", "CANOE_DEBUG")
    return {**{name: value for name, value in os.environ.items() if name not in strange}, **more}


def canoe_program(*arguments: str | Path, cwd: Path | None = None, **more: str) -> Answer:
    """Run the program ``canoe`` in a process of its own, ``more`` added to its environment."""
    command = [str(PROGRAM), *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment(**more), check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


def canoe_here(*arguments: str | Path) -> Answer:
    """Run the same in this process: what the program does after it has been started.

    An ingest and a check have one worker where none are named: to start another takes longer than all there is to do.
    """
    written, err = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(written, "utf-8")
    asked = ["canoe", *map(str, arguments)]
    if arguments[:1] in (("ingest",), ("check",)) and "--workers" not in asked:
        asked += ["--workers", "1"]
    with patch.object(sys, "argv", asked), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = canoe.__main__.run()
    out.flush()
    assert isinstance(code, int)
    return Answer(code, written.getvalue().decode(), err.getvalue())


def record(number: int, title: str, language: str = "eng", translation_of: str = "") -> pymarc.Record:
    """Return a MARC record of the agency ``XX-Test``."""
    made = pymarc.Record(leader="00000nam a2200000 a 4500", force_utf8=True)
    fields = [
        pymarc.Field("001", data=f"{number}"),
        pymarc.Field("003", data="XX-Test"),
        pymarc.Field("008", data=f"870101s1987    xx            000 0 {language} d"),
        pymarc.Field("245", pymarc.Indicators("0", "0"), [pymarc.Subfield("a", title)]),
    ]
    if translation_of:
        original = pymarc.Subfield("w", f"(XX-Test){translation_of}")
        fields.append(pymarc.Field("765", pymarc.Indicators("0", " "), [original]))
    made.add_field(*fields)  # type: ignore[no-untyped-call]
    return made


def marc_file(path: Path, records: Sequence[pymarc.Record]) -> Path:
    """Write records as MARC 21."""
    path.write_bytes(b"".join(one.as_marc() for one in records))
    return path


def make_batch(folder: Path) -> Path:
    """Write a batch of four good documents, one of them twice, ten records, and two bad files."""
    scans = folder / "scans"
    scans.mkdir(parents=True)
    typeset(scans / "wetlands.pdf", [ENGLISH, ENGLISH])
    (folder / "again.pdf").write_bytes((scans / "wetlands.pdf").read_bytes())
    scanned(scans / "forets.pdf", scan_of(folder, [FRENCH]))
    (folder / "source.pdf").unlink()
    typeset(folder / "source.pdf", [SPANISH])
    images(folder / "source.pdf")[0].save(scans / "bosques.tif", dpi=(300, 300))
    (folder / "source.pdf").unlink()
    (scans / "manifest.csv").write_text(MANIFEST, "utf-8")
    records = [record(number, f"Report {number} of the station") for number in range(1, 10)]
    marc_file(folder / "records.mrc", [*records, record(10, "Rapport un de la station", "fre", "1")])
    (folder / "bad.pdf").write_bytes(b"<html><body>404 Not Found</body></html>")
    (folder / "empty.tif").write_bytes(b"")
    return folder


COUNTS = {"in": 16, "new": 13, "changed": 0, "identical": 0, "duplicate": 1, "refused": 2, "set_aside": 0}
"""What becomes of the pieces of :func:`make_batch` in an empty library."""


def files_below(folder: Path) -> dict[str, tuple[int, str]]:
    """Return every file below a folder with its time of change and its digest.

    What SQLite puts beside the catalogue while it is read holds nothing: shared memory, and an empty log.
    """
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    found = (path for path in found if path.suffix != ".db-shm" and (path.suffix != ".db-wal" or path.stat().st_size))
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in found
    }


def catalogue_rows(home: Path) -> dict[str, list[str]]:
    """Return every row of every table of the catalogue."""
    with contextlib.closing(sqlite3.connect(home / "catalogue.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(repr(row) for row in connection.execute(f"SELECT * FROM {table}")) for table in tables}  # noqa: S608


def logical_files(home: Path) -> dict[str, dict[str, str]]:
    """Return each archived object's newest files with their digests, but for what tells the time."""
    found = {}
    for path in home.glob("archive/*/*/*/inventory.json"):
        inventory = json.loads(path.read_text())
        state = inventory["versions"][inventory["head"]]["state"]
        files = {name: digest for digest, names in state.items() for name in names}
        files.pop("accession.json", None)
        if "events.jsonl" in files:
            content = path.parent / inventory["manifest"][files["events.jsonl"]][0]
            files["events.jsonl"] = re.sub(r'"at":"[^"]*"', "", content.read_text())
        found[inventory["id"]] = files
    return found


def exported(home: Path) -> str:
    """Return the whole library as ``canoe export`` gives it."""
    answer = canoe_here("export", "--home", home)
    assert answer.code == 0, answer.err
    return answer.out


def items(home: Path) -> dict[str, dict[str, Any]]:
    """Return the exported items by their sources."""
    return {item["source"]: item for item in map(json.loads, exported(home).splitlines())}


def outcomes(report: Any) -> dict[str, str]:
    """Return source → outcome of a report, of which no source stands twice."""
    found = {piece["source"]: piece["outcome"] for piece in report["pieces"]}
    assert len(found) == len(report["pieces"])
    counts = dict(report["counts"])
    assert counts.pop("in") == sum(counts.values()) == len(found)
    return found


def codes(report: Any, source: str) -> list[str]:
    """Return the codes of the problems of one piece, but for what their short records do not say."""
    (piece,) = [piece for piece in report["pieces"] if piece["source"] == source]
    return [problem["code"] for problem in piece["problems"] if problem["code"] != "field-missing"]


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Work in a folder, so that sources are named from there."""
    with contextlib.chdir(folder):
        yield
