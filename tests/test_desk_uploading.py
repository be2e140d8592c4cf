"""Files brought in at the desk, through the server as it is run: progress, reports, limits, cuts.

A server that is killed meanwhile: tests/soak/desk_uploads.py.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from desk_library import FULL_NAME, NAME, PASSWORD, Librarian, librarian, serving_desk, text_of
from small_library import PROGRAM, canoe_here, environment, items, marc_file, record

from canoe.connections import Connection
from canoe.home import Home
from desk.accounts import Accounts
from desk.receiving import clean_name

MOST_FILES, MOST_BYTES = 4, 3 << 20


@dataclass(slots=True)
class Served:
    """A server, its home, and the browser of someone who is signed in."""

    home: Path
    port: int
    process: "subprocess.Popen[bytes]"
    browser: Librarian


@pytest.fixture(scope="module")
def desk_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = shutil.copytree(empty_home, tmp_path_factory.mktemp("uploads") / "home")
    settings = (home / "canoe.toml").read_text("utf-8")
    settings = re.sub("upload_bytes = .*", f"upload_bytes = {MOST_BYTES}", settings)
    (home / "canoe.toml").write_text(re.sub("upload_files = .*", f"upload_files = {MOST_FILES}", settings), "utf-8")
    add_account(home)
    return home


def add_account(home: Path) -> None:
    """Make the account that :meth:`Librarian.sign_in` takes."""
    Accounts(home).add(NAME, FULL_NAME, PASSWORD)


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([PROGRAM, "serve", "--home", home, "--port", str(port)], env=environment())
    browser = librarian(f"http://127.0.0.1:{port}")
    try:
        assert within(90, lambda: answers(port)), "the server does not come up"
        assert browser.sign_in().status_code == 303
        yield Served(home, port, process, browser)
    finally:
        browser.close()
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def served(desk_home: Path) -> Iterator[Served]:
    with serving(desk_home) as one:
        yield one


def answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def within(seconds: float, condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def said(served: Served, job: str, heading: str) -> httpx.Response:
    """Return the page of a job when its heading is the one that is waited for."""
    met = [served.browser.get(job)]

    def is_there() -> bool:
        met.append(served.browser.get(job))
        return f"<h1>{heading}</h1>" in met[-1].text

    assert within(90, is_there), text_of(met[-1])
    return met[-1]


def marc(path: Path, *numbers: int) -> bytes:
    return marc_file(path, [record(number, f"Uploaded report {number}") for number in numbers]).read_bytes()


def nothing_is_left(home: Path) -> bool:
    return not [*(home / "uploads").glob("new-*")]


def test_files_come_in_and_each_is_told_of(served: Served, tmp_path: Path, small_batch: Path) -> None:
    files = [
        ("../../../etc/récit.mrc", marc(tmp_path / "a.mrc", 1, 2)),
        ("C:\\temp\\wetlands.pdf", (small_batch / "scans" / "wetlands.pdf").read_bytes()),
        ("bad.pdf", b"<html><script>alert(1)</script>"),
        ("wetlands.pdf", b"\x89PNG\r\n\x1a\n not at all"),
    ]
    answer = served.browser.upload({"collection": "station", "language": "eng"}, files)
    assert answer.status_code == 303, text_of(answer)
    job = answer.headers["location"]
    first = served.browser.get(job)
    assert first.headers["refresh"] == "3"
    for name in ("récit.mrc", "wetlands.pdf", "wetlands (2).pdf", "bad.pdf"):
        assert f"<bdi>{name}</bdi>" in first.text
    done = said(served, job, "Taken in")
    assert "refresh" not in done.headers
    assert re.search(r"New 3 .*Refused 2", text_of(done))
    report = served.browser.get(f"{job}/report?lang=fr")
    assert '<html lang="fr">' in report.text
    assert "bad.pdf" in report.text
    assert re.search(r"style-src 'sha256-[\w+/=]{44}'", report.headers["content-security-policy"])
    kept = {Path(source).name: item for source, item in items(served.home).items()}
    assert {"récit.mrc#1", "récit.mrc#2", "wetlands.pdf"} <= kept.keys()
    assert all(kept[name]["collections"] == ["station"] for name in ("récit.mrc#1", "wetlands.pdf"))
    library = Home.read(served.home).library
    (came, *_) = library.events(kept["wetlands.pdf"]["id"])
    assert came.agent.startswith("Ada Lovelace, with Canoe")
    folder = served.home / "uploads" / job.rpartition("/")[2]
    assert not (folder / folder.name).exists()
    front = text_of(served.browser.get("/desk"))
    assert "Ada Lovelace Taken in" in front
    (accession,) = library.catalogue.last_accessions(1)
    assert "récit.mrc" in served.browser.get(f"/desk/accessions/{accession.id}").text
    assert served.browser.get("/desk/accessions/a-0000000000").status_code == 404


def test_an_upload_that_is_cut_leaves_nothing(served: Served) -> None:
    jobs = {path.name for path in (served.home / "uploads").iterdir()}
    body = upload_of(served.browser.token(), b"%PDF-1.7").decode().removesuffix("\r\n--b--\r\n")
    head = (
        f"POST /desk/upload HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nOrigin: {served.browser.origin}\r\n"
        f"Cookie: canoe-desk={served.browser.client.cookies['canoe-desk']}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", served.port))) as connection:
        connection.sendall((head + body).encode())
        assert within(10, lambda: [*(served.home / "uploads").glob("new-*/files/a.pdf")])
    assert within(10, lambda: nothing_is_left(served.home))
    assert {path.name for path in (served.home / "uploads").iterdir()} <= jobs | {"running.lock"}


@pytest.mark.parametrize(
    ("fields", "files", "status", "told"),
    [
        ({}, [], 422, "Choose at least one file."),
        ({"collection": "a/b"}, [("a.pdf", b"x")], 422, "no slash"),
        ({"language": "tlh"}, [("a.pdf", b"x")], 422, "Choose languages"),
        ({"title": "One"}, [("a.pdf", b"x"), ("b.pdf", b"x")], 422, "A title is of one publication"),
        ({"title": "One\ntwo"}, [("a.pdf", b"x")], 422, "at most 500 characters"),
        ({}, [(f"{n}.pdf", b"x") for n in range(MOST_FILES + 1)], 413, "more files, or larger ones"),
        ({f"field{n}": "x" for n in range(60)}, [], 400, "ended before it was whole"),
        ({"collection": "x" * 3000}, [], 400, "ended before it was whole"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken(
    served: Served, fields: dict[str, str], files: list[tuple[str, bytes]], status: int, told: str
) -> None:
    answer = served.browser.upload(fields, files or [("", b"")])
    assert answer.status_code == status
    assert told in text_of(answer)
    assert 'role="alert"' in answer.text
    assert nothing_is_left(served.home)


def test_too_many_bytes_are_refused_before_they_come(served: Served) -> None:
    head = (
        f"POST /desk/upload HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nOrigin: {served.browser.origin}\r\n"
        f"Cookie: canoe-desk={served.browser.client.cookies['canoe-desk']}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {MOST_BYTES * 2}\r\n\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", served.port))) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_no_file_is_written_without_the_token(served: Served, token: str) -> None:
    answer = served.browser.upload({}, [("a.pdf", b"x")], token)
    assert answer.status_code == 403
    assert nothing_is_left(served.home)


def test_no_file_is_written_for_strangers_and_from_elsewhere(served: Served) -> None:
    stranger = librarian(served.browser.url)
    assert stranger.upload({}, [("a.pdf", b"x")], "0" * 64).status_code == 401
    stranger.close()
    other = replace(served.browser, origin="https://evil.example")
    assert other.upload({}, [("a.pdf", b"x")]).status_code == 403
    for path in (
        "/desk/uploads/upload-x",
        "/desk/uploads/..%2F..%2Fhome",
        "/desk/uploads/new-1",
        "/desk/uploads/x/report",
    ):
        assert served.browser.get(path).status_code == 404


@pytest.mark.parametrize("body", [b"", b"--b", b"--b\r\n\r\n", b"garbage", b"--b\r\n" + b"X: y\r\n" * 3000])
def test_what_is_no_form(served: Served, body: bytes) -> None:
    for kind in ("multipart/form-data; boundary=b", "multipart/form-data", "text/plain"):
        headers = {"Origin": served.browser.origin, "Content-Type": kind}
        answer = served.browser.client.post(f"{served.browser.url}/desk/upload", content=body, headers=headers)
        assert answer.status_code in (400, 403)
    assert nothing_is_left(served.home)


def test_an_upload_may_take_its_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canoe.connections.REQUEST_SECONDS", 1.0)
    monkeypatch.setattr("canoe.connections.BODY_BYTES", 100)
    with serving_desk(home, http=Connection) as browser:
        browser.sign_in()
        answer = slowly(browser, upload_of(browser.token(), b"%PDF-1.7" * 300), 2.0)
        assert answer.startswith(b"HTTP/1.1 303")


def slowly(browser: Librarian, body: bytes, seconds: float) -> bytes:
    """Return the beginning of the answer to an upload in ten pieces, ``b""`` where the server hangs up."""
    address = urlsplit(browser.url)
    head = (
        f"POST /desk/upload HTTP/1.1\r\nHost: {address.netloc}\r\nOrigin: {browser.url}\r\n"
        f"Cookie: canoe-desk={browser.client.cookies['canoe-desk']}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    size = -(-len(body) // 10)
    with closing(socket.create_connection((str(address.hostname), address.port or 80), timeout=10)) as connection:
        try:
            connection.sendall(head.encode())
            for start in range(0, len(body), size):
                connection.sendall(body[start : start + size])
                time.sleep(seconds / 10)
            return connection.recv(100)
        except ConnectionError:
            return b""


def upload_of(token: str, content: bytes) -> bytes:
    return (
        f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{token}\r\n--b\r\n'
        'Content-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n'
    ).encode() + content + b"\r\n--b--\r\n"  # fmt: skip


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("cafe\u0301.pdf", "café.pdf"),
        ("x" * 300 + ".tiff", "x" * 195 + ".tiff"),
        ("é" * 300, "é" * 100),
    ],
)
def test_names_are_cleaned(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_the_settings_are_named_when_they_cannot_be(home: Path) -> None:
    (home / "canoe.toml").write_text("[desk]\nidle_minutes = 0\n")
    answer = canoe_here("account", "list", "--home", home)
    assert answer.code == 2
    assert "desk.idle_minutes" in answer.err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a Unix")
def test_a_job_that_is_not_the_servers_own_ends(home: Path) -> None:
    command = [sys.executable, "-m", "canoe.desk_job", str(home), "upload-x", "1"]
    assert subprocess.run(command, check=False, env=environment()).returncode == 0
