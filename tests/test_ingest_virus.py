"""The virus check: scanners that find, hang, crash, chatter, are missing; and a batch that they are asked about.

The scanners are real programs, small ones, that keep ClamAV's exit codes.
"""

import stat
import sys
import time
from pathlib import Path

import pytest
from scans import ENGLISH, typeset
from small_library import canoe_here, codes, marc_file, outcomes, record, working_in

from ingest.virus import Scanner
from metadata.errors import ProgramMissing

# Joined when the tests run: whole, this file and what Python compiles from it would be taken for infected.
EICAR = b"".join([rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"])
FINDS = """
if "--version" in sys.argv:
    print("Finder 1.2/27400")
    sys.exit(0)
path = sys.argv[-1]
if b"EICAR-STANDARD-ANTIVIRUS" in open(path, "rb").read():
    print(f"{path}: Eicar-Test-Signature FOUND")
    sys.exit(1)
print(f"{path}: OK")
"""
HANGS = """
if "--version" in sys.argv:
    sys.exit(3)
child = os.fork()
open(os.environ["PIDS"], "a").write(f"{os.getpid()}\\n")
time.sleep(600)
"""
LEAVES_A_CHILD = """
if os.fork() == 0:
    open(os.environ["PIDS"], "a").write(f"{os.getpid()}\\n")
    time.sleep(600)
time.sleep(0.5)
"""


def program(folder: Path, name: str, body: str) -> str:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport os, signal, sys, time\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def scanner(folder: Path, body: str, patience: float = 20) -> Scanner:
    return Scanner((program(folder, "scan", body), "--quick"), "Scan 1", patience)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "-a file.pdf"
    path.write_bytes(b"%PDF-1.4 and so on")
    return path


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_a_clean_file_passes_and_the_scanner_names_itself(tmp_path: Path, file: Path) -> None:
    found = Scanner.installed([program(tmp_path, "finds", FINDS), "--no-summary"])
    assert found
    assert found.agent == "Finder 1.2/27400"
    checked = found.check(file, "a file.pdf")
    assert (checked.agent, checked.outcome, checked.detail, checked.problem) == (found.agent, "success", "OK", None)


def test_an_infected_file_is_refused_with_what_was_found(tmp_path: Path, file: Path) -> None:
    file.write_bytes(EICAR)
    checked = scanner(tmp_path, FINDS).check(file, "a file.pdf")
    assert (checked.outcome, checked.detail) == ("failure", "Eicar-Test-Signature FOUND")
    assert checked.problem
    assert (checked.problem.code, checked.problem.where) == ("file-infected", "a file.pdf")
    assert "Eicar-Test-Signature FOUND" in checked.problem.message()


def test_the_path_is_given_as_one_word_that_is_no_option(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = scanner(tmp_path, "print(sys.argv[1], len(sys.argv), repr(sys.argv[2][:9]), repr(sys.stdin.read()))")
    assert asked.check(Path(file.name), "x").detail == f"--quick 3 {str(file)[:9]!r} ''"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("print('no database', file=sys.stderr)\nsys.exit(2)", "exit code 2: no database"),
        ("sys.exit(255)", "exit code 255"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "it was ended by SIGSEGV"),
        ("raise SystemExit(40)", "exit code 40"),
    ],
)
def test_a_check_that_fails_refuses_the_file(tmp_path: Path, file: Path, body: str, reason: str) -> None:
    checked = scanner(tmp_path, body).check(file, "a.pdf")
    assert (checked.outcome, checked.detail) == ("failure", reason)
    assert checked.problem
    assert checked.problem.code == "virus-check-failed"
    assert f"(scan: {reason})" in checked.problem.message()


def test_a_scanner_that_hangs_is_ended_with_its_children(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    begun = time.monotonic()
    checked = scanner(tmp_path, HANGS, patience=1).check(file, "a.pdf")
    assert time.monotonic() - begun < 10
    assert checked.problem
    assert checked.detail == "it took more than 1 s"
    pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    time.sleep(0.2)
    assert not any(map(is_running, pids))


def test_what_a_scanner_leaves_behind_is_ended_and_not_waited_for(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    begun = time.monotonic()
    assert scanner(tmp_path, LEAVES_A_CHILD).check(file, "a.pdf").problem is None
    assert time.monotonic() - begun < 10
    time.sleep(0.2)
    assert not is_running(int((tmp_path / "pids").read_text()))


def test_a_scanner_that_is_gone_refuses_the_file(tmp_path: Path, file: Path) -> None:
    checked = Scanner((str(tmp_path / "gone"),), "Gone").check(file, "a.pdf")
    assert checked.problem
    assert checked.detail.startswith("it cannot be started")


def test_what_a_scanner_says_is_cut_and_made_harmless(tmp_path: Path, file: Path) -> None:
    checked = scanner(tmp_path, "print('\\x1b[31m' + 'x' * 9_000_000)\nsys.exit(1)").check(file, "a.pdf")
    assert len(checked.detail) == 200
    assert checked.detail.isprintable()
    assert checked.problem
    assert "does not say" in scanner(tmp_path, "sys.exit(1)").check(file, "a.pdf").detail


def test_no_command_is_no_scanner_and_a_missing_program_is_named() -> None:
    assert Scanner.installed([]) is None
    with pytest.raises(ProgramMissing, match="no-such-scanner"):
        Scanner.installed(["no-such-scanner", "--fast"])


def test_a_scanner_without_a_version_goes_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    named = Scanner.installed([program(tmp_path, "hangs", HANGS)])
    assert named
    assert named.agent == "hangs"


# --- in a batch -------------------------------------------------------------------------------


def configured(home: Path, command: list[str]) -> None:
    settings = home / "canoe.toml"
    text = settings.read_text()
    assert "virus_check = []" in text
    words = ", ".join(f'"{word}"' for word in command)
    settings.write_text(text.replace("virus_check = []", f"virus_check = [{words}]"))


@pytest.mark.ocr
def test_a_batch_refuses_what_is_infected_and_takes_the_rest(home: Path, tmp_path: Path) -> None:
    batch = tmp_path / "batch"
    batch.mkdir()
    typeset(batch / "good.pdf", [ENGLISH])
    (batch / "bad.pdf").write_bytes((batch / "good.pdf").read_bytes() + EICAR)
    marc_file(batch / "records.mrc", [record(1, "One")])
    (batch / "bad.mrc").write_bytes(marc_file(batch / "bad.mrc", [record(2, "Two")]).read_bytes() + EICAR)
    (batch / "bad.tif").write_bytes(b"no image " + EICAR)  # refused for the virus: no decoder has seen it
    configured(home, [program(tmp_path, "finds", FINDS)])
    with working_in(tmp_path):
        answer = canoe_here("ingest", "batch", "--home", home, "--json")
        again = canoe_here("ingest", "batch", "--home", home, "--json")
    assert answer.code == again.code == 3
    assert outcomes(answer.json) == {
        "batch/bad.mrc": "refused", "batch/bad.pdf": "refused", "batch/bad.tif": "refused",
        "batch/good.pdf": "new", "batch/records.mrc#1": "new",
    }  # fmt: skip
    for name in ("bad.mrc", "bad.pdf", "bad.tif"):
        assert codes(answer.json, f"batch/{name}") == ["file-infected"]
    assert outcomes(again.json)["batch/good.pdf"] == "identical"


def test_a_scanner_that_fails_lets_nothing_in(home: Path, tmp_path: Path) -> None:
    marc_file(tmp_path / "a.mrc", [record(1, "One")])
    configured(home, [program(tmp_path, "fails", "sys.exit(2)")])
    with working_in(tmp_path):
        answer = canoe_here("ingest", "a.mrc", "--home", home, "--json")
    assert (answer.code, codes(answer.json, "a.mrc")) == (3, ["virus-check-failed"])


def test_a_missing_scanner_stops_before_any_work(home: Path, tmp_path: Path) -> None:
    marc_file(tmp_path / "a.mrc", [record(1, "One")])
    before = sorted(home.iterdir())
    configured(home, ["no-such-scanner"])
    answer = canoe_here("ingest", tmp_path / "a.mrc", "--home", home)
    assert (answer.code, answer.out) == (7, "")
    assert "no-such-scanner" in answer.err
    assert sorted(home.iterdir()) == before
    doctor = canoe_here("doctor", "--home", home)
    assert doctor.code == 7
    assert "no-such-scanner" in doctor.out


@pytest.mark.parametrize("value", ['[""]', '["scan", " "]', '"scan"', "[1]"])
def test_a_command_that_cannot_be_is_named(home: Path, value: str) -> None:
    settings = home / "canoe.toml"
    settings.write_text(settings.read_text().replace("virus_check = []", f"virus_check = {value}"))
    answer = canoe_here("accessions", "--home", home)
    assert answer.code == 2
    assert "virus_check" in answer.err
