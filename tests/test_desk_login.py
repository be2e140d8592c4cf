"""The desk's door over real HTTP: signing in, sessions, forms that come from elsewhere, guesses."""

import re
import shutil
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from desk_library import CHEAP, NAME, PASSWORD, Librarian, at_desk, librarian, serving_desk, text_of
from small_library import canoe_here
from starlette.requests import Request

from canoe.desk_needing import Watching
from canoe.home import Home
from desk.accounts import Accounts, Patience
from desk.app import PAGES
from desk.passwords import Busy, Passwords, require_good
from desk.sessions import is_private
from metadata.errors import StorageError, UsageError
from web.site import Site

SECURITY = ("content-security-policy", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy")


@pytest.fixture(scope="module")
def at_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(empty_home, tmp_path_factory.mktemp("desk") / "home")


@pytest.fixture(scope="module")
def served(at_home: Path) -> Iterator[Librarian]:
    with serving_desk(at_home) as browser:
        yield browser


@pytest.fixture
def browser(served: Librarian, at_home: Path) -> Iterator[Librarian]:
    """Lend a new browser, and forget what was guessed before."""
    with Accounts(at_home)._writing() as database:
        database.execute("DELETE FROM guesses")
    new = librarian(served.url)
    yield new
    new.close()


def test_one_signs_in_and_out(browser: Librarian) -> None:
    away = browser.get("/desk/upload")
    assert (away.status_code, away.headers["location"]) == (303, "/desk/login?next=%2Fdesk%2Fupload")
    entered = browser.sign_in(next="/desk/upload")
    assert (entered.status_code, entered.headers["location"]) == (303, "/desk/upload")
    page = browser.get("/desk")
    assert page.status_code == 200
    assert "Signed in: Ada Lovelace" in text_of(page)
    token = browser.client.cookies["canoe-desk"]
    left = browser.post("/desk/logout")
    assert left.headers["location"] == "/desk/login"
    assert "Max-Age=0" in left.headers["set-cookie"]
    browser.client.cookies.set("canoe-desk", token)
    assert browser.get("/desk").status_code == 303  # the server has forgotten it, too


def test_the_cookie_on_this_machine(browser: Librarian) -> None:
    said = browser.sign_in().headers["set-cookie"].split("; ")
    assert re.fullmatch(r"canoe-desk=[\w-]{43}", said[0])  # 256 bits in base64url
    assert sorted(said[1:]) == ["HttpOnly", "Path=/", "SameSite=strict"]


def test_the_cookie_over_https(empty_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(empty_home, tmp_path / "home")
    settings = (home / "canoe.toml").read_text("utf-8")
    (home / "canoe.toml").write_text(
        settings.replace('base_url = "http://127.0.0.1:8000"', 'base_url = "https://library.example.org"'), "utf-8"
    )
    assert canoe_here("rebuild", "--home", home).code == 0
    with serving_desk(home) as browser:
        browser.origin = "https://library.example.org"
        said = browser.sign_in().headers["set-cookie"].split("; ")
        assert said[0].startswith("__Host-canoe-desk=")
        assert sorted(said[1:]) == ["HttpOnly", "Path=/", "SameSite=strict", "Secure"]


def test_the_archive_of_accounts_keeps_no_secret(browser: Librarian, at_home: Path) -> None:
    browser.sign_in()
    path = at_home / "accounts.db"
    kept = b"".join(one.read_bytes() for one in at_home.glob("accounts.db*"))
    assert PASSWORD.encode() not in kept
    assert browser.client.cookies["canoe-desk"].encode() not in kept
    assert b"$argon2id$v=19$" in kept
    assert {one.stat().st_mode & 0o777 for one in at_home.glob("accounts.db*")} == {0o600}
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_session_is_fixed_before(browser: Librarian) -> None:
    browser.client.cookies.set("canoe-desk", "chosen-by-another", domain="127.0.0.1")
    browser.sign_in()
    tokens = {cookie.value for cookie in browser.client.cookies.jar}
    assert len(tokens - {"chosen-by-another"}) == 1
    stranger = librarian(browser.url)
    stranger.client.cookies.set("canoe-desk", "chosen-by-another")
    assert stranger.get("/desk").status_code == 303
    stranger.close()


def test_another_sign_in_ends_the_session_before(browser: Librarian) -> None:
    browser.sign_in()
    first = browser.client.cookies["canoe-desk"]
    browser.sign_in()
    assert browser.client.cookies["canoe-desk"] != first
    browser.client.cookies.set("canoe-desk", first)
    assert browser.get("/desk").status_code == 303


@pytest.mark.parametrize(("name", "password"), [(NAME, "wrong lantern orbit"), ("nobody", PASSWORD), (NAME, " ")])
def test_a_wrong_password_and_an_unknown_name_are_told_alike(browser: Librarian, name: str, password: str) -> None:
    answer = browser.sign_in(name, password)
    assert answer.status_code == 403
    assert "The name or the password is wrong." in text_of(answer)
    assert 'href="#name"' in answer.text
    assert 'aria-describedby="name-fault"' in answer.text
    assert "set-cookie" not in answer.headers


def test_what_was_left_out_is_named(browser: Librarian) -> None:
    said = text_of(browser.sign_in("", ""))
    assert "Enter your name at this desk." in said
    assert "Enter your password." in said


def test_guesses_are_few_and_nobody_is_locked_out_for_ever(home: Path) -> None:
    now = [1_000_000.0]
    with serving_desk(home, clock=lambda: now[0]) as browser:
        answers = [browser.sign_in(password=f"guess number {n}") for n in range(6)]
        assert [answer.status_code for answer in answers] == [403] * 5 + [429]
        assert "too many attempts" in text_of(answers[-1])
        assert int(answers[-1].headers["retry-after"]) == 60
        assert browser.sign_in().status_code == 429  # the right one is not heard either
        assert [browser.sign_in(f"someone{n}").status_code for n in range(6)] == [403] * 5 + [429]  # ten a client
        now[0] += 61
        assert browser.sign_in().status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_form_from_elsewhere_does_nothing(browser: Librarian, headers: dict[str, str]) -> None:
    assert browser.post("/desk/login", {"name": NAME, "password": PASSWORD}, "", headers=headers).status_code == 403
    browser.sign_in()
    answer = browser.post("/desk/logout", headers=headers)
    assert answer.status_code == 403
    assert "not sent from a page of this desk" in text_of(answer)
    assert browser.get("/desk").status_code == 200


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_without_the_token_comes_back_with_what_was_typed(browser: Librarian, token: str) -> None:
    browser.sign_in()
    answer = browser.post("/desk/logout", {"typed": "\n<b>kept</b>"}, token)
    assert answer.status_code == 403
    assert '<textarea name="typed" hidden>\n\n&lt;b&gt;kept&lt;/b&gt;</textarea>' in answer.text
    assert browser.get("/desk").status_code == 200


def test_the_token_of_another_session_is_none(browser: Librarian) -> None:
    browser.sign_in()
    other = librarian(browser.url)
    other.sign_in()
    assert browser.post("/desk/logout", token=other.token()).status_code == 403
    assert browser.post("/desk/logout").status_code == 303
    other.close()


def test_sessions_end(home: Path) -> None:
    now = [1_000_000.0]
    with serving_desk(home, lambda: now[0], Patience(idle=1800, session=5000)) as browser:
        browser.sign_in()
        for _ in range(3):  # in use, it goes on
            now[0] += 1500
            assert browser.get("/desk").status_code == 200
        now[0] += 600  # but not for ever
        assert browser.get("/desk").status_code == 303
        browser.sign_in()
        now[0] += 1800
        assert browser.get("/desk").status_code == 303


def test_another_password_ends_all_sessions(home: Path) -> None:
    with at_desk(home) as browser:
        Accounts(home, passwords=CHEAP).set_password(NAME, "violet engine thirty maps")
        assert browser.get("/desk").status_code == 303
        assert browser.sign_in(password="violet engine thirty maps").status_code == 303  # noqa: S106
        Accounts(home).remove(NAME)
        assert browser.get("/desk").status_code == 303


def test_the_desk_is_kept_by_nobody_and_the_pages_have_no_cookie(browser: Librarian) -> None:
    browser.sign_in()
    for path in ("/desk", "/desk/upload", "/desk/login", "/desk/nothing", "/desk/needs/dois", "/desk/needs/x"):
        answer = browser.get(path)
        assert answer.headers["cache-control"] == "no-store", path
        assert "noindex" in answer.headers["x-robots-tag"]
        assert all(name in answer.headers for name in SECURITY)
        assert "'unsafe" not in answer.headers["content-security-policy"]
    for path in ("/", "/search", "/about"):
        answer = browser.get(path)
        assert "set-cookie" not in answer.headers
        assert "no-store" not in answer.headers["cache-control"]
    assert "Disallow: /desk" in browser.get("/robots.txt").text


@pytest.mark.parametrize(
    "onward",
    ["https://evil.example", "//evil.example", "/desk//evil.example/..", "/item/x", "\\desk", "/desk/a\r\nX: y"],
)
def test_one_is_led_nowhere_else_after_signing_in(browser: Librarian, onward: str) -> None:
    answer = browser.sign_in(next=onward)
    assert answer.status_code == 303
    assert re.fullmatch(r"/desk(/[\w/.%:\-]*)?", answer.headers["location"])
    assert "x" not in answer.headers


def test_get_does_nothing_and_other_methods_are_refused(browser: Librarian) -> None:
    browser.sign_in()
    assert browser.get("/desk/logout").status_code == 405
    assert browser.client.put(f"{browser.url}/desk").status_code == 405
    assert browser.get("/desk").status_code == 200


def test_the_desk_is_found_with_a_slash_behind_it_and_nowhere_else(browser: Librarian) -> None:
    browser.sign_in()
    assert browser.get("/desk/").headers["location"] == "/desk"
    for path in ("/DESK", "/desk//upload", "/desk/%2e%2e", "/desk/upload/", "/desk/upload%00", "/desk;x"):
        assert browser.get(path).status_code == 404, path


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_no_page_says_anything_to_strangers(browser: Librarian, method: str) -> None:
    own = {"Origin": browser.origin, "Sec-Fetch-Site": "same-origin"}
    for path in {re.sub("{[a-z]+}", "x", path) for path in PAGES} | {"/desk/upload"}:
        answer = browser.client.request(method, browser.url + path, headers=own, data={"csrf": "x"})
        assert answer.status_code in (303, 401, 405), (method, path)
        assert answer.status_code != 303 or answer.headers["location"].startswith("/desk/login?next=")
        assert answer.headers["cache-control"] == "no-store"


def test_a_form_that_is_none(browser: Librarian) -> None:
    browser.sign_in()
    headers = {"Origin": browser.origin, "Content-Type": "application/json"}
    assert browser.client.post(f"{browser.url}/desk/logout", content=b"{}", headers=headers).status_code == 415
    assert browser.post("/desk/logout", {"x": "y" * (3 << 20)}).status_code == 413
    assert browser.post("/desk/logout", [("x", "y")] * 5001).status_code == 413


def test_nobody_reads_along(browser: Librarian) -> None:
    answer = browser.get("/desk/login", headers={"Host": "library.intranet"})
    assert answer.status_code == 403
    assert "over https" in text_of(answer)


def test_a_web_server_in_front_that_names_its_own_host_hides_nobody(browser: Librarian) -> None:
    there, here = ({"X-Forwarded-For": address} for address in ("192.0.2.7", "127.0.0.1"))
    assert browser.get("/desk/login", headers=there).status_code == 403
    assert browser.get("/desk/login", headers=here).status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "192.0.2.7", "2001:db8::1", "", "a.b"])
def test_this_machine_is_known_by_its_addresses(address: str) -> None:
    scope = {"type": "http", "headers": [(b"host", b"localhost:8000")], "client": (address, 1)}
    site = Site("Library", "http://library.example.org")
    assert is_private(site, Request(scope)) is (address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"))


@pytest.mark.parametrize("language", ["fr", "es"])
def test_the_desk_in_another_language(browser: Librarian, language: str) -> None:
    page = browser.get(f"/desk/login?lang={language}")
    assert f'<html lang="{language}">' in page.text
    assert "Sign in" not in page.text
    answer = browser.post(f"/desk/login?lang={language}", {"name": NAME, "password": PASSWORD}, "")
    assert answer.headers["location"] == f"/desk?lang={language}"


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "12345678901234",
        "P4ssword1234!",
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "qwertyuiop123",
        "password password",
        "ada-ada-ada-ada",
        "Librarian2024!",
        "x y z " * 400,
    ],
)
def test_passwords_that_will_not_do(password: str) -> None:
    with pytest.raises(UsageError):
        require_good(password, NAME)


@pytest.mark.parametrize(
    "password", [PASSWORD, "correct horse rides a boat", "mañana llueve en Huesca", "kX9$ww-Tq2!mzL"]
)
def test_passwords_that_will_do(password: str) -> None:
    require_good(password, NAME)


def test_a_flood_of_passwords_takes_neither_memory_nor_threads() -> None:
    passwords = Passwords(PasswordHasher(time_cost=2, memory_cost=1 << 14, parallelism=1))
    kept = passwords.hashed(PASSWORD)

    def guess(_: int) -> str:
        try:
            return str(passwords.is_right(kept, "guess"))
        except Busy:
            return "busy"

    with ThreadPoolExecutor(20) as threads:
        heard = Counter(threads.map(guess, range(20)))
    assert heard["busy"] >= 10
    assert 1 <= heard["False"] <= 10
    assert passwords.is_right(kept, PASSWORD)


@contextmanager
def memory(size: str) -> Iterator[Path]:
    """Lend a file system of its own; skip where none may be mounted."""
    with tempfile.TemporaryDirectory(prefix="canoe-test-") as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False)
        if mounted.returncode:
            pytest.skip("no file system may be mounted here")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_turns_nobody_out() -> None:
    now = [1_000_000.0]
    with memory("1m") as folder:
        accounts = Accounts(folder, passwords=CHEAP, clock=lambda: now[0])
        accounts.add(NAME, "", PASSWORD)
        token = accounts.sign_in(NAME, PASSWORD, "here")
        with suppress(OSError), (folder / "full").open("wb") as stream:
            while True:
                stream.write(bytes(4096))
                stream.flush()
        now[0] += 120  # it would be noted that the session is in use
        assert accounts.signed_in(token) == accounts.all()[0]
        with pytest.raises(StorageError, match=r"full|I/O"):
            accounts.sign_in(NAME, PASSWORD, "here")
        (folder / "full").unlink()
        assert accounts.sign_in(NAME, PASSWORD, "here")


def test_on_a_medium_that_is_read_only_the_desk_can_be_read(home: Path) -> None:
    now = [1_000_000.0]
    accounts, opened = Accounts(home, passwords=CHEAP, clock=lambda: now[0]), Home.read(home)
    accounts.add(NAME, "", PASSWORD)
    token = accounts.sign_in(NAME, PASSWORD, "here")
    opened.update_index()
    Watching(opened, threading.Event()).follow()
    opened.library.catalogue.close()
    now[0] += 120  # it would be noted that the session is in use
    with memory("50m") as folder:
        shutil.copytree(home, folder / "home")
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        with serving_desk(folder / "home", lambda: now[0]) as browser:
            browser.client.cookies.set("canoe-desk", token)
            assert browser.get("/desk").status_code == 200
            assert browser.get("/desk/find?q=x").status_code == 200
            assert browser.sign_in().status_code == 503
