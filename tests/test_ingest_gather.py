import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_library import record

from ingest.gather import Found, gather
from ingest.names import shown
from ingest.recognise import why_unknown
from metadata.accession import Piece

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Path]:
    """Work in an empty folder and lend its name as it is given on a command line."""
    (tmp_path / "shelf").mkdir()
    with contextlib.chdir(tmp_path):
        yield Path("shelf")


def _put(path: Path, content: bytes = PDF) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _gathered(*paths: Path, home: Path = Path("home")) -> list[Found | Piece]:
    with tempfile.TemporaryDirectory() as workspace:
        return list(gather(paths, home, Path(workspace)))


def _sources(found: list[Found | Piece]) -> list[str]:
    return [one.source for one in found]


def _only(path: Path) -> Found | Piece:
    (found,) = _gathered(path)
    return found


def _left(found: Found | Piece) -> tuple[str, str]:
    assert isinstance(found, Piece)
    return found.outcome, found.problems[0].code


@contextlib.contextmanager
def _nobody() -> Iterator[None]:
    """Do without root's right to read everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_folders_are_walked_in_the_order_of_their_names_each_before_what_follows_it(shelf: Path) -> None:
    for name in ("b/2.pdf", "b/10.pdf", "a.pdf", "B.pdf", "b/a/x.pdf", "c.pdf"):
        _put(shelf / name)
    assert _sources(_gathered(shelf)) == [
        "shelf/B.pdf", "shelf/a.pdf", "shelf/b/10.pdf", "shelf/b/2.pdf", "shelf/b/a/x.pdf", "shelf/c.pdf",
    ]  # fmt: skip


def test_what_is_named_first_comes_first(shelf: Path) -> None:
    _put(shelf / "a.pdf")
    _put(shelf / "b.pdf")
    assert _sources(_gathered(shelf / "b.pdf", shelf)) == ["shelf/b.pdf", "shelf/a.pdf"]


def test_folders_are_walked_to_any_depth(shelf: Path) -> None:
    folder = shelf
    for _ in range(1200):
        folder = folder / "d"
    with contextlib.chdir(shelf):
        for _ in range(1200):
            Path("d").mkdir()
            os.chdir("d")
    _put(folder / "deep.pdf")
    found = _gathered(shelf)
    subprocess.run(["rm", "-r", shelf / "d"], check=True)  # Python's own rmtree goes no deeper than its stack
    assert _sources(found) == [str(folder / "deep.pdf")]


def test_folders_deeper_than_a_path_may_be_long_are_reported(shelf: Path) -> None:
    with contextlib.chdir(shelf):
        for _ in range(45):
            Path("d" * 100).mkdir()
            os.chdir("d" * 100)
        _put(Path("deep.pdf"))
    (found,) = _gathered(shelf)
    assert _left(found) in (("refused", "file-unreadable"), ("refused", "not-a-regular-file"))
    shutil.rmtree(shelf)


def test_a_file_reached_twice_comes_once(shelf: Path) -> None:
    _put(shelf / "a.pdf")
    (shelf / "pipe").parent.mkdir(exist_ok=True)
    os.mkfifo(shelf / "pipe")
    assert _sources(_gathered(shelf, shelf, shelf / "a.pdf", Path.cwd() / shelf)) == ["shelf/a.pdf", "shelf/pipe"]


def test_hard_links_are_files_of_their_own_and_still_come_once_each(shelf: Path) -> None:
    _put(shelf / "a.pdf")
    (shelf / "b.pdf").hardlink_to(shelf / "a.pdf")
    assert _sources(_gathered(shelf, shelf / "a.pdf", shelf)) == ["shelf/a.pdf", "shelf/b.pdf"]


def test_a_link_is_followed_where_it_is_named_and_nowhere_else(shelf: Path) -> None:
    _put(Path("elsewhere/a.pdf"))
    (shelf / "folder").symlink_to(Path.cwd() / "elsewhere")
    (shelf / "file").symlink_to(Path.cwd() / "elsewhere/a.pdf")
    (shelf / "round").symlink_to(Path.cwd() / "shelf")
    found = _gathered(shelf)
    assert _sources(found) == ["shelf/file", "shelf/folder", "shelf/round"]
    assert {_left(one) for one in found} == {("refused", "not-a-regular-file")}
    assert _sources(_gathered(shelf / "folder")) == ["shelf/folder/a.pdf"]
    assert isinstance(_only(shelf / "file"), Found)


def test_what_is_no_regular_file_is_refused_and_never_opened(shelf: Path) -> None:
    os.mkfifo(shelf / "pipe.pdf")
    (shelf / "dangling.pdf").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("shelf/socket.pdf")
        found = _gathered(shelf)
        found += _gathered(shelf / "dangling.pdf", Path("/dev/null"), Path("gone"))
    kinds = [dict(one.problems[0].params)["kind"] for one in found if isinstance(one, Piece)]
    assert kinds == ["symbolic link", "pipe", "socket", "symbolic link", "device", "path that leads nowhere"]
    assert {_left(one) for one in found} == {("refused", "not-a-regular-file")}


def test_the_empty_and_the_system_s_files_are_told_apart(shelf: Path) -> None:
    _put(shelf / ".DS_Store", b"")
    _put(shelf / "._scan.pdf", b"\0")
    _put(shelf / "Thumbs.db", b"x")
    _put(shelf / "empty.pdf", b"")
    assert [_left(one) for one in _gathered(shelf)] == [
        *[("set_aside", "not-a-document")] * 3,
        ("refused", "file-empty"),
    ]


def test_what_may_not_be_read_is_refused_by_name() -> None:
    # Not below pytest's own folder, which nobody but its owner may enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        _put(folder / "secret.pdf").chmod(0)
        _put(folder / "vault" / "a.pdf").parent.chmod(0)
        _put(folder / "whole.pdf")
        with _nobody():
            found = _gathered(folder)
        (folder / "vault").chmod(0o700)
    assert _sources(found) == [f"{name}/secret.pdf", f"{name}/vault", f"{name}/whole.pdf"]
    assert [_left(one) for one in found[:2]] == [("refused", "file-unreadable")] * 2
    assert dict(found[0].problems[0].params) == {"reason": "Permission denied"}  # type: ignore[union-attr]


def test_the_home_is_not_gone_into(shelf: Path) -> None:
    _put(shelf / "a.pdf")
    _put(shelf / "library" / "archive" / "kept.pdf")
    Path("other-way").symlink_to(shelf / "library")
    found = _gathered(shelf, home=Path("other-way"))
    assert _sources(found) == ["shelf/a.pdf", "shelf/library"]
    assert _left(found[1]) == ("set_aside", "not-a-document")


def test_a_name_that_is_no_utf_8_is_shown_and_no_two_are_shown_alike(shelf: Path) -> None:
    names = [b"caf\xe9.pdf", b"caf\\xe9.pdf", b"caf\\x5cxe9.pdf", "café.pdf".encode(), b"C:\\scans.pdf"]
    for name in names:
        _put(shelf / os.fsdecode(name))
    sources = _sources(_gathered(shelf))
    assert sorted(sources) == sorted([
        "shelf/caf\\xe9.pdf", "shelf/caf\\x5cxe9.pdf", "shelf/caf\\x5cx5cxe9.pdf", "shelf/café.pdf",
        "shelf/C:\\scans.pdf",
    ])  # fmt: skip
    assert all(source.encode() for source in sources)


def test_a_decomposed_name_is_kept_as_it_is(shelf: Path) -> None:
    name = unicodedata.normalize("NFD", "forêts.pdf")
    _put(shelf / name)
    assert _sources(_gathered(shelf)) == [f"shelf/{name}"]
    assert shown(shelf / name) == f"shelf/{name}"


@pytest.mark.parametrize(
    ("name", "content", "kind", "media_type"),
    [
        ("a.pdf", PDF, "document", "application/pdf"),
        ("late.bin", b"\0" * 900 + PDF, "document", "application/pdf"),
        ("a.pdf", b"II*\0rest", "document", "image/tiff"),
        ("scan", b"MM\0*rest", "document", "image/tiff"),
        ("scan", b"\xff\xd8\xff\xe0", "document", "image/jpeg"),
        ("scan", b"\x89PNG\r\n\x1a\n", "document", "image/png"),
        ("scan", b"\0\0\0\x0cjP  \r\n\x87\n", "document", "image/jp2"),
        ("page.html.pdf", b"<html>", "document", "application/pdf"),
        ("records.mrc", b"rubbish", "marc21", "application/marc"),
        ("records", record(1, "Title").as_marc(), "marc21", "application/marc"),
        ("r.xml", b'<collection xmlns="http://www.loc.gov/MARC21/slim"/>', "marcxml", "application/marcxml+xml"),
        ("m.csv", "Título;Archivo\nx;y.pdf\n".encode(), "manifest", "text/csv"),
    ],
)  # fmt: skip
def test_what_a_file_is_its_content_says_first(
    shelf: Path, name: str, content: bytes, kind: str, media_type: str
) -> None:
    found = _only(_put(shelf / name, content))
    assert isinstance(found, Found), found
    assert (found.kind, found.media_type) == (kind, media_type)


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes.txt", b"hello"), ("README", b"hello"), ("prices.csv", b"a,b\n1,2\n"), ("x.xml", b"<a/>")],
)
def test_what_canoe_does_not_read_is_set_aside(shelf: Path, name: str, content: bytes) -> None:
    assert _left(_only(_put(shelf / name, content))) == ("set_aside", "not-a-document")


@pytest.mark.parametrize(("suffix", "told"), [(".xml", "MARCXML"), (".json", "canoe show"), (".doc", "read .doc yet")])
def test_what_is_set_aside_is_told_why(suffix: str, told: str) -> None:
    assert told in why_unknown(suffix)
