"""canoe doi: settings, credentials, what is said and how it ends."""

import json
import shutil
from pathlib import Path

import pytest
from doi_agencies import PASSWORD, USER, CrossrefPeer, DataCitePeer, Fault, serving
from small_library import Answer, canoe_here

from archive.doi_ledger import open_ledger
from canoe.home import Home
from canoe.registering import CREDENTIALS_FILE, read_credentials
from metadata.errors import UsageError

BASE = "https://library.example.org"


@pytest.fixture
def home(pristine: Path, tmp_path: Path) -> Path:
    """Lend a home of a few books and records."""
    return shutil.copytree(pristine, tmp_path / "home")


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANOE_DOI_USER", USER)
    monkeypatch.setenv("CANOE_DOI_PASSWORD", PASSWORD)


def settle(home: Path, endpoint: str, base_url: str = BASE, registrar: str = "datacite") -> None:
    text = f'[library]\nbase_url = "{base_url}"\n[oai]\nnamespace = "library.example.org"\n[doi]\n'
    text += f'prefix = "10.5555"\nregistrar = "{registrar}"\nendpoint = "{endpoint}"\n'
    (home / "canoe.toml").write_text(text, "utf-8")
    assert canoe_here("rebuild", "--home", home).code == 0


def run(home: Path, *arguments: str) -> Answer:
    return canoe_here("doi", *arguments, "--home", home)


def test_dois_are_registered_and_shown(home: Path) -> None:
    with serving(DataCitePeer()) as url:
        settle(home, url)
        before = run(home, "status", "--json").json
        published = before["counts"]["waiting"]
        assert published == len(before["dois"]) > 0
        done = run(home, "sync", "--json")
        assert (done.code, done.json["kept"]) == (0, published)
        assert done.json["accepted"] == published + 1  # one is tied to another, whose DOI resolves only now
        after = run(home, "status", "--json").json
        assert (after["counts"]["findable"], after["dois"], after["registrar"]) == (published, [], "datacite")
        assert len(run(home, "status", "--json", "--state", "findable").json["dois"]) == published
        assert f"findable     {published:>9}" in run(home, "status").out
        item = run(home, "status", "--json", "--state", "findable").json["dois"][0]
        assert canoe_here("show", item["item"], "--home", home).json["doi"] == {
            "name": item["doi"],
            "state": "findable",
        }
        assert run(home, "sync", "--quiet").out == ""
        assert run(home, "reconcile").code == 0
        retried = run(home, "retry", item["doi"])
        assert "1 DOI will be sent again" in retried.out
        assert run(home, "sync", "--limit", "5", "--json").json["calls"] == 1
    assert canoe_here("check", "--home", home).code == 0


def test_what_is_refused_is_said_once_and_then_shown(home: Path) -> None:
    peer = DataCitePeer(
        fault=lambda number, *_: Fault(422, body=b'{"errors":[{"title":"bad"}]}') if number == 1 else None
    )
    with serving(peer) as url:
        settle(home, url)
        done = run(home, "sync", "--quiet")
        assert done.code == 3
        assert f"DataCite {url} refused its DOI: HTTP status 422: bad." in done.out
        assert run(home, "sync", "--quiet") == Answer(0, "", "")
        shown = run(home, "status", "--json").json
        assert shown["counts"]["parked"] == 1
        assert shown["dois"][0]["problem"]["code"] == "doi-refused"
        assert shown["dois"][0]["sent"].startswith("<?xml")
        assert "refused its DOI" in run(home, "status").out
        assert "1 DOI will be sent again" in run(home, "retry").out
        assert run(home, "sync", "--json").json["accepted"] == 1
        assert run(home, "retry").out == "No DOI is parked.\n"
        peer.dois[shown["dois"][0]["doi"]].state = "registered"
        differing = run(home, "reconcile", "--json")
        assert (differing.code, differing.lines[0]["field"], differing.lines[0]["there"]) == (4, "state", "registered")


def test_a_wrong_password_stops_with_one_message_and_is_nowhere_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANOE_DOI_PASSWORD", "not-so-hush")
    peer = DataCitePeer()
    with serving(peer) as url:
        settle(home, url)
        done = run(home, "sync")
        assert (done.code, len(peer.calls)) == (2, 1)
        assert f"DataCite {url} does not let this library in: HTTP status 401: Bad credentials." in done.err
        assert (
            "cannot be asked: it answers with HTTP status 401" not in run(home, "reconcile").err
        )  # nothing was accepted
    told = done.out + done.err + run(home, "status", "--json").out
    assert "not-so-hush" not in told
    assert b"not-so-hush" not in b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_without_a_registrar_dois_are_only_reserved(home: Path) -> None:
    settle(home, "", registrar="none")
    counts = run(home, "status", "--json").json["counts"]
    assert counts["reserved"] > 0
    assert counts["waiting"] == 0
    done = run(home, "sync")
    assert (done.code, "doi.registrar" in done.err) == (2, True)


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:8000", "http://localhost", "http://10.1.2.3", "http://nas.local"]
)
def test_no_doi_leads_to_where_nobody_comes(home: Path, base_url: str) -> None:
    peer = DataCitePeer()
    with serving(peer) as url:
        settle(home, url, base_url)
        done = run(home, "sync")
    assert (done.code, peer.calls) == (2, [])
    assert "library.base_url" in done.err


@pytest.mark.parametrize("endpoint", ["http://api.datacite.org", "https://api.datacite.org/", "ftp://127.0.0.1"])
def test_a_password_is_sent_nowhere_in_the_open(home: Path, endpoint: str) -> None:
    (home / "canoe.toml").write_text(f'[doi]\nendpoint = "{endpoint}"\n', "utf-8")
    done = run(home, "status")
    assert (done.code, "doi.endpoint" in done.err) == (2, True)


def test_credentials_come_from_a_file_that_only_its_owner_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CANOE_DOI_USER")
    with pytest.raises(UsageError, match="Nothing says who"):
        read_credentials(tmp_path)
    path = tmp_path / CREDENTIALS_FILE
    path.write_text("me\nsecret\n")
    path.chmod(0o640)
    with pytest.raises(UsageError, match="can be read by others"):
        read_credentials(tmp_path)
    path.chmod(0o600)
    found = read_credentials(tmp_path)
    assert (found.user, found.password) == ("me", "secret")
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="cannot be read"):
        read_credentials(tmp_path)


def test_status_is_shown_while_another_registers(home: Path) -> None:
    settle(home, "")
    shown = run(home, "status").out
    with open_ledger(home):
        assert run(home, "status").out == shown
        held = run(home, "sync")
    assert (held.code, "are being registered" in held.err) == (5, True)


def test_a_damaged_ledger_is_named(home: Path) -> None:
    settle(home, "")
    (home / "dois.db").write_bytes(b"no database at all, but as long as one might be" * 100)
    answer = run(home, "status")
    assert (answer.code, "dois.db cannot be used" in answer.err) == (4, True)


def test_a_state_that_is_none_is_refused(home: Path) -> None:
    settle(home, "")
    assert run(home, "status", "--state", "gone").code == 2
    assert run(home, "retry", "10.5555/none").code == 2


def test_the_search_index_follows(home: Path) -> None:
    with serving(DataCitePeer()) as url:
        settle(home, url)
        assert run(home, "sync").code == 0
    found = canoe_here("search", "forest", "--home", home, "--json")
    assert json.loads(found.out.splitlines()[0])
    assert Home.read(home).library.catalogue.counts()[0] > 0
    assert (home / "index").is_dir()


def test_crossref_is_told_and_judges_later(home: Path) -> None:
    peer = CrossrefPeer()
    with serving(peer) as url:
        settle(home, url, registrar="crossref")
        done = run(home, "sync", "--limit", "1", "--json")
        assert (done.code, done.json["calls"], done.json["accepted"], len(peer.uploads)) == (0, 1, 0, 1)
        assert run(home, "reconcile").code == 0
    assert b"<depositor_name>" in next(iter(peer.uploads.values()))
    shown = run(home, "status", "--json").json
    assert "uploaded" in [row["answer"] for row in shown["dois"]]
