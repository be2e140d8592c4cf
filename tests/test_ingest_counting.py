"""In = out + reported: every shared file of catalogues and of attacks, each alone, within bounds of time and memory."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from counted import Told, reports
from xml_shared import shared

GIB = 1 << 30
SECONDS = {"marc": 10.0, "xml": 10.0, "arc": 60.0}
TRAPS = ("/tmp/pwned-zip", "/tmp/pwned-zip-abs", "/tmp/pwned-tar", "/tmp/pwned-tar-abs", "/tmp/pwned-tar-link")  # noqa: S108
NEIGHBOURS = {"4 good neighbours": 4, "accept: 4 records": 4, "all 5 records": 5, "5 records;": 5, "3 records": 3,
              "accept: 1 record": 1}  # fmt: skip


def _files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted(shared(*folder.split("/")).rglob("*")) if path.is_file()]


def _require_counted(path: Path, report: Any) -> Counter[str]:
    counts = dict(report["counts"])
    assert counts.pop("in") == sum(counts.values()) == len(report["pieces"]), path
    sources = [piece["source"] for piece in report["pieces"]]
    assert len(set(sources)) == len(sources), path
    told = [problem["code"] for piece in report["pieces"] for problem in piece["problems"]]
    assert "unexpected-fault" not in told, (path, report)
    for piece in report["pieces"]:
        assert piece["problems"] or piece["outcome"] in ("new", "identical"), (path, piece)
    assert report["pieces"], path
    return Counter(counts)


@pytest.mark.shared
def test_every_catalogue_is_counted_and_nothing_in_it_is_a_fault_of_ours(home: Path) -> None:
    paths = [path for path in _files("marc", "other") if path.stat().st_size < 1 << 20]
    assert len(paths) > 100
    total: Counter[str] = Counter()
    for path, report, _, peak in reports(home, paths):
        total += _require_counted(path, report)
        assert peak < GIB, path
    assert total["new"] > 1000


@pytest.fixture(scope="module")
def attacks(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    """Plan the ingest of every attack once."""
    paths = _files("hostile/marc", "hostile/xml", "hostile/arc")
    return list(reports(shutil.copytree(empty_home, tmp_path_factory.mktemp("attacked") / "home"), paths))


@pytest.mark.shared
def test_every_attack_is_refused_by_name_or_read(attacks: list[Told]) -> None:
    secret = Path("/etc/hostname").read_text().strip() if Path("/etc/hostname").exists() else ""
    for path, report, seconds, peak in attacks:
        _require_counted(path, report)
        assert seconds < SECONDS[path.parent.name], path
        assert peak < GIB, path
        assert not secret or f'"{secret}' not in json.dumps(report), path
    assert not [trap for trap in TRAPS if Path(trap).exists()]
    assert not list(Path("/tmp").glob("*pwned*"))  # noqa: S108


@pytest.mark.shared
def test_good_neighbours_of_bad_records_come_in(attacks: list[Told]) -> None:
    lines = shared("hostile", "manifest.jsonl").read_text().splitlines()
    wanted = {}
    for line in map(json.loads, lines):
        if line["file"].startswith("marc/"):
            least = [number for words, number in NEIGHBOURS.items() if words in line["expect"]]
            wanted[line["file"].partition("/")[2]] = least[0] if least else 0
    assert sum(wanted.values()) > 70
    found = {path.name: report for path, report, _, _ in attacks if path.parent.name == "marc"}
    assert found.keys() == wanted.keys()
    for name, report in found.items():
        came = sum(piece["outcome"] == "new" for piece in report["pieces"])
        assert came >= wanted[name], (name, report)
        if not wanted[name]:
            assert came or report["counts"]["refused"], name


EXPECTED = {
    "bag-ok-control.zip": {"new": 1},
    "zip-case-clash.zip": {"new": 4},
    "zip-slip.zip": {"new": 1, "refused": 7},
    "tar-slip.tar.gz": {"new": 1, "refused": 2},
    "zip-symlink-read.zip": {"refused": 1},
    "tar-hardlink-read.tar.gz": {"refused": 1},
    "tar-devices.tar.gz": {"refused": 2},
    "zip-duplicate-names.zip": {"refused": 1},
    "zip-badcrc.zip": {"refused": 1},
    "zip-bomb-flat.zip": {"refused": 1},
    "zip-overlap.zip": {"refused": 1},
    "zip-truncated.zip": {"refused": 1},
    "zip-empty.zip": {"refused": 1},
    "bag-digest-mismatch.zip": {"refused": 1},
    "bag-missing-file.zip": {"refused": 1},
    "bag-extra-file.zip": {"refused": 1},
    "bag-fetch-ssrf.zip": {"refused": 1},
    "bag-traversal-manifest.zip": {"refused": 1},
}


@pytest.mark.shared
def test_of_packed_attacks_only_what_is_good_comes_in(attacks: list[Told]) -> None:
    found = {path.name: report for path, report, _, _ in attacks if path.parent.name == "arc"}
    for name, expected in EXPECTED.items():
        report = found[name]
        counts = {outcome: report["counts"][outcome] for outcome in ("new", "refused") if report["counts"][outcome]}
        copies = report["counts"]["duplicate"]
        assert {**counts, "new": counts.get("new", 0) + copies} == {"new": 0, **expected}, (name, report)
