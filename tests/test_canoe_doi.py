"""canoe doi: settings, credentials, what is said and how it ends."""

import asyncio
import json
import re
import shutil
import subprocess
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote_plus

import msgspec
import pikepdf
import pytest
from doi_agencies import CUT_AFTER, PASSWORD, USER, CrossrefPeer, DataCitePeer, Fault, serving
from scans import typeset
from schemas_here import SHARED
from small_library import PROGRAM, Answer, canoe_here, environment

from archive.doi_ledger import open_ledger
from canoe.doi_in_background import Registering
from canoe.home import Home
from canoe.registering import CREDENTIALS_FILE, read_credentials
from canoe.server import build
from ingest.publications import PROBLEMS_FILE
from metadata.errors import UsageError
from metadata.model import Doi
from metadata.problems import problem

BASE = "https://library.example.org"


@pytest.fixture(scope="module")
def settled(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home of a few books and records at :data:`BASE`; to be copied."""
    home = shutil.copytree(pristine, tmp_path_factory.mktemp("settled") / "home")
    settle(home, "http://127.0.0.1:9")
    assert canoe_here("rebuild", "--home", home).code == 0
    return home


@pytest.fixture
def home(settled: Path, tmp_path: Path) -> Path:
    """Lend a home of a few books and records."""
    return shutil.copytree(settled, tmp_path / "home")


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.doi_reconcile._LAG", 0.0)
    monkeypatch.setenv("CANOE_DOI_USER", USER)
    monkeypatch.setenv("CANOE_DOI_PASSWORD", PASSWORD)


def settle(home: Path, endpoint: str, base_url: str = BASE, registrar: str = "datacite") -> None:
    text = f'[library]\nbase_url = "{base_url}"\n[oai]\nnamespace = "library.example.org"\n[doi]\n'
    text += f'prefix = "10.5555"\nregistrar = "{registrar}"\nendpoint = "{endpoint}"\n'
    (home / "canoe.toml").write_text(text, "utf-8")


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
        assert done.json["accepted"] == published + 2  # two are tied to one another, whose DOIs resolve only now
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


def test_what_no_prefix_is_for_any_more_does_not_wait(home: Path) -> None:
    settle(home, "")
    number = run(home, "status", "--json").json["counts"]["waiting"]
    toml = home / "canoe.toml"
    toml.write_text(toml.read_text("utf-8").replace("10.5555", "10.6666"), "utf-8")
    counts = run(home, "status", "--json").json["counts"]
    assert (counts["reserved"], counts["waiting"]) == (number, 0)


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:8000", "http://localhost", "http://10.1.2.3", "http://nas.local"]
)
def test_no_doi_leads_to_where_nobody_comes(home: Path, base_url: str) -> None:
    peer = DataCitePeer()
    with serving(peer) as url:
        settle(home, url, base_url)
        assert canoe_here("rebuild", "--catalogue", "--home", home).code == 0
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
    path.write_text("me\nsecret\n", "utf-8-sig")  # as some editors save it
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


def test_items_that_came_before_the_prefix_are_given_dois(home: Path) -> None:
    settle(home, "", registrar="none")
    library = Home.read(home).library
    with library.writer() as writer:
        for item in list(library.items()):
            writer.put_item(replace(item, doi=None), {}, "Edited")
    withdrawn = {item.id for item in library.items() if item.status == "withdrawn"}
    published = {item.id for item in library.items()} - withdrawn
    assert run(home, "status", "--json").json["dois"] == []
    planned = run(home, "reserve", "--plan", "--json")
    assert {one["item"]: one["doi"] for one in planned.lines} == {one: f"10.5555/{one}" for one in published}
    assert not any(item.doi for item in library.items())
    first = min(published)
    assert [one["item"] for one in run(home, "reserve", first, "--json").lines] == [first]
    found = run(home, "reserve", f"id:{max(published)} OR pagina", "--json")
    assert found.code == 0
    rest = run(home, "reserve")
    assert (rest.code, "now reserved" in rest.err) == (0, True)
    assert {item.id for item in library.items() if item.doi} == published
    change = library.catalogue.last_change()
    assert (run(home, "reserve").out, library.catalogue.last_change()) == ("", change)
    assert library.events(first)[-1].detail == f"DOI 10.5555/{first}: reserved"
    assert canoe_here("check", "--home", home).code == 0
    (home / "canoe.toml").write_text((home / "canoe.toml").read_text().replace("10.5555", ""))
    assert run(home, "reserve").code == 2


def test_what_may_have_a_doi_elsewhere_is_named_only_by_its_id(home: Path) -> None:
    settle(home, "", registrar="none")
    library = Home.read(home).library
    item = next(one for one in library.items() if one.files and one.status == "published")
    doubt = msgspec.json.encode(problem("doi-unsure", item.source, doi="10.1000/abc"))
    with library.writer() as writer:
        writer.put_item(replace(item, doi=None), {PROBLEMS_FILE: doubt}, "Edited")
    assert run(home, "reserve", "--json").lines == []
    assert [one["item"] for one in run(home, "reserve", item.id, "--json").lines] == [item.id]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ('prefix = "10.6666"\ncolection = "maps"', "doi.rules.colection"),
        ('collection = "maps"', "prefix"),
        ('prefix = "10.6666"', "doi.rules, number 1, the whole"),
        ('prefix = "11.6666"\ntype = "map"', "doi.rules, number 1, prefix"),
        ('prefix = "none"\ntype = "maps"', "doi.rules, number 1, type"),
    ],
)
def test_a_rule_that_cannot_be_is_named(home: Path, rule: str, fault: str) -> None:
    (home / "canoe.toml").write_text(f'[doi]\nprefix = "10.5555"\n[[doi.rules]]\n{rule}\n')
    answer = run(home, "status")
    assert (answer.code, fault in answer.err) == (2, True), answer.err


def test_rules_give_what_comes_in_other_prefixes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert canoe_here("init", "--home", home, "--doi-prefix", "10.5555").code == 0
    with (home / "canoe.toml").open("a") as settings:
        settings.write('\n[[doi.rules]]\ncollection = "maps"\nprefix = "10.6666"\n')
        settings.write('[[doi.rules]]\ntype = "thesis"\nprefix = "none"\n')
    table = tmp_path / "items.csv"
    table.write_text("title,type,collection,doi\nA,book,,\nB,map,maps,\nC,thesis,,\nD,book,,10.1000/known\n")
    assert canoe_here("ingest", table, "--home", home).code == 0
    found = {item.title.value: item.doi for item in Home.read(home).library.items()}
    names = {title: doi and (doi.name.partition("/")[0], doi.state) for title, doi in found.items()}
    assert names == {
        "A": ("10.5555", "reserved"),
        "B": ("10.6666", "reserved"),
        "C": None,
        "D": ("10.1000", "external"),
    }


@pytest.mark.shared
def test_what_the_agency_s_schema_refuses_is_not_sent(home: Path, tmp_path: Path) -> None:
    schema = SHARED / "schemas" / "datacite" / "kernel-4.6"
    peer = DataCitePeer()
    with serving(peer) as url:
        settle(home, url)
        text = (home / "canoe.toml").read_text()
        (home / "canoe.toml").write_text(f'{text}schema = "{tmp_path / "absent.xsd"}"\n')
        assert (run(home, "sync").code, peer.calls) == (2, [])
        strict = tmp_path / "strict.xsd"
        space = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://datacite.org/schema/kernel-4"'
        strict.write_text(f'<xs:schema {space}><xs:element name="none"/></xs:schema>')
        (home / "canoe.toml").write_text(f'{text}schema = "{strict}"\n')
        done = run(home, "sync", "--json")
        assert (done.code, done.json["calls"], peer.calls) == (3, 0, [])
        assert {one["code"] for one in done.json["parked"]} == {"doi-metadata-invalid"}
        (home / "canoe.toml").write_text(f'{text}schema = "{schema / "metadata.xsd"}"\n')
        run(home, "retry")
        assert run(home, "sync", "--json").json["parked"] == []


def test_a_server_registers_in_the_background_and_stops_with_it(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    peer = DataCitePeer(fault=lambda number, *_: Fault(503) if number == 1 else None)
    with serving(peer) as url:
        settle(home, url)
        (home / "canoe.toml").write_text((home / "canoe.toml").read_text() + "every = 1\n")
        app = build(Home.read(home))

        async def serve() -> None:
            async with app.router.lifespan_context(app):
                deadline = time.monotonic() + 300
                while not peer.dois and time.monotonic() < deadline:
                    await asyncio.sleep(0.02)

        asyncio.run(serve())
        calls = len(peer.calls)
        assert calls >= 1
        assert not [one for one in threading.enumerate() if one.name == "Registering.run"]
        run(home, "sync")
        assert len(peer.dois) == len(run(home, "status", "--json", "--state", "findable").json["dois"]) > 0
    assert PASSWORD not in caplog.text


def test_the_background_gives_up_where_nobody_is_let_in_and_says_so_once(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = DataCitePeer()
    with serving(peer) as url:
        settle(home, url)
        monkeypatch.setenv("CANOE_DOI_PASSWORD", "not-so-hush")
        task = Registering(Home.read(home), threading.Event())
        task.run()  # ends by itself
        assert len(peer.calls) == 1
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert "does not let this library in" in caplog.text
        monkeypatch.delenv("CANOE_DOI_PASSWORD")
        caplog.clear()
        assert not task.tell()
        assert "Nothing says who the library is" in caplog.text
    monkeypatch.setenv("CANOE_DOI_PASSWORD", PASSWORD)
    caplog.clear()
    settle(home, "http://127.0.0.1:9")
    task = Registering(Home.read(home), threading.Event())
    monkeypatch.setattr("ingest.doi_sync._MOST_FAILURES", 1)
    assert [task.tell(), task.tell()] == [True, True]
    assert caplog.text.count("DOIs wait to be registered") <= 1
    with open_ledger(home):
        assert task.tell()  # another process is at it
    assert "hush" not in caplog.text


def _always(fault: Fault, _number: int, _method: str, _name: str) -> Fault:
    return fault


@pytest.mark.parametrize("registrar", ["datacite", "crossref"])
def test_no_secret_is_anywhere_after_everything_has_failed(
    home: Path, registrar: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    basic = b64encode(f"{USER}:{PASSWORD}".encode())
    echo = b"<html>no: %s %s %s</html>" % (USER.encode(), PASSWORD.encode(), basic)
    faults = [Fault(400, body=echo), Fault(503, body=echo), CUT_AFTER, Fault(200, body=echo), Fault(403, body=echo)]
    monkeypatch.setattr("ingest.doi_sync._PATIENCE", 0.0)
    peer: DataCitePeer | CrossrefPeer = DataCitePeer() if registrar == "datacite" else CrossrefPeer()
    said = ""
    with caplog.at_level("DEBUG"), serving(peer) as url:
        settle(home, url, registrar=registrar)
        for fault in faults:
            peer.fault = partial(_always, fault)
            run(home, "retry")
            for command in (["sync", "--limit", "2"], ["status", "--json"], ["reconcile"]):
                done = run(home, *command)
                said += done.out + done.err
        said += run(home, "status").out
    said += canoe_here("export", "--home", home).out + caplog.text
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file()) + said.encode()
    for secret in (PASSWORD.encode(), basic, quote_plus(PASSWORD).encode()):
        assert secret not in kept
    assert b"no:" in kept  # the answers themselves are kept


def started(home: Path, *arguments: str, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start ``canoe doi`` in a process of its own; ``before`` is a command that starts it, with limits perhaps."""
    command = [*before, str(PROGRAM), "doi", *arguments, "--home", str(home)]
    return subprocess.Popen(command, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_run_keeps_others_out_and_registers_each_once_though_it_is_killed(home: Path) -> None:
    peer = DataCitePeer(fault=lambda *_: Fault(502, after=True, pause=0.3))  # each is accepted, and no answer comes
    with serving(peer) as url:
        settle(home, url)
        number = run(home, "status", "--json").json["counts"]["waiting"]
        running = started(home, "sync")
        deadline = time.monotonic() + 300
        while len(peer.calls) < 2 and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert run(home, "sync", "--quiet").code == 5
        assert set(peer.calls) == {("PUT", name) for name in peer.dois}
        running.kill()
        running.communicate()
        assert 0 < len(peer.dois) < number
        peer.fault = lambda *_: None
        for path in home.glob("dois.db*"):  # and the ledger is lost
            path.unlink()
        done = run(home, "sync", "--json")
    assert (done.code, done.json["kept"], done.json["unkept"]) == (0, number, 0)
    assert [kept.registrations for kept in peer.dois.values()] == [1] * number
    assert max(Counter(name for _, name in peer.calls).values()) <= 3  # killed, by itself, and for a tie
    assert canoe_here("check", "--home", home).code == 0


def test_a_full_disk_is_named_and_nothing_is_lost(home: Path) -> None:
    peer = DataCitePeer()
    with serving(peer) as url:
        settle(home, url)
        assert run(home, "status").code == 0  # the ledger is there
        with (home / "dois.db").open("rb") as ledger:
            size = len(ledger.read())
        limit = f"--fsize={size // 2}:{size // 2}"
        told = started(home, "sync", before=["prlimit", limit])
        out, err = told.communicate()
        assert told.returncode in (4, 6), (out, err)
        assert "Traceback" not in err
        assert "dois.db" in err or "File too large" in err, err
        assert run(home, "sync").code == 0
        counts = run(home, "status", "--json").json["counts"]
    assert (counts["waiting"], counts["findable"] > 0) == (0, True)
    assert {kept.registrations for kept in peer.dois.values()} == {1}


def test_the_doi_that_a_file_bears_is_kept_and_none_is_reserved(tmp_path: Path) -> None:
    home, shelf = tmp_path / "home", tmp_path / "shelf"
    shelf.mkdir()
    assert canoe_here("init", "--home", home, "--doi-prefix", "10.5555").code == 0
    typeset(shelf / "a.pdf", ["Wetlands of the north\nhttps://doi.org/10.1000/printed\nGland 1999", "Page two"])
    typeset(shelf / "b.pdf", ["Wetlands of the south\nhttps://doi.org/10.1000/prin-\nted\nGland 1999"])
    typeset(shelf / "c.pdf", ["Forests of the south\nGland 1999"])
    with pikepdf.open(shelf / "c.pdf", allow_overwriting_input=True) as pdf:
        pdf.docinfo["/doi"] = "doi:10.1000/stated"
        pdf.save(shelf / "c.pdf")
    typeset(shelf / "d.pdf", ["Maps of the south\nGland 1999"])
    done = canoe_here("ingest", shelf, "--home", home, "--json", "--workers", "1")
    assert done.code == 0, done
    found = {item.source.rpartition("/")[2]: item for item in Home.read(home).library.items()}
    names = {name: item.doi and (item.doi.name, item.doi.state) for name, item in found.items()}
    assert names == {
        "a.pdf": ("10.1000/printed", "external"),
        "b.pdf": None,
        "c.pdf": ("10.1000/stated", "external"),
        "d.pdf": (f"10.5555/{found['d.pdf'].id}", "reserved"),
    }
    assert {"doi-found", "doi-unsure"} <= set(re.findall(r"doi-\w+", done.out))
    (home / "dois.db").unlink(missing_ok=True)
    assert [one["doi"] for one in run(home, "status", "--json", "--state", "reserved").json["dois"]] == [
        f"10.5555/{found['d.pdf'].id}"
    ]
    assert run(home, "reserve", "--json").lines == []
    kept = canoe_here("edit", found["b.pdf"].id, "--set", "doi=10.1000/printed-b", "--home", home)
    assert kept.code == 0, kept
    assert Home.read(home).library.item(found["b.pdf"].id).doi == Doi("10.1000/printed-b", "external")
    again = canoe_here("ingest", shelf, "--home", home, "--json", "--workers", "1")
    assert '"identical":4' in again.out.replace(" ", ""), again.out
