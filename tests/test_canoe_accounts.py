"""canoe account: who may work at the desk."""

import os
import pty
import subprocess
import sys
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher
from desk_library import CHEAP, PASSWORD
from small_library import PROGRAM, Answer, canoe_here, environment

from desk.accounts import Accounts
from desk.passwords import Passwords


def account(home: Path, *arguments: str, typed: str = "") -> Answer:
    with patch.object(sys, "stdin", StringIO(typed)):
        return canoe_here("account", *arguments, "--home", home)


def test_accounts_are_made_listed_and_removed(home: Path) -> None:
    made = account(home, "add", "Ada", "--full-name", "Ada Lovelace", "--password-stdin", typed=f"{PASSWORD}\n")
    assert (made.code, made.err) == (0, "")
    assert account(home, "add", "ada", "--password-stdin", typed=f"{PASSWORD}\n").code == 2
    (told,) = account(home, "list", "--json").json
    assert (told["name"], told["full_name"]) == ("ada", "Ada Lovelace")
    assert "ada" in account(home, "list").out
    assert (home / "accounts.db").stat().st_mode & 0o777 == 0o600
    assert account(home, "password", "ada", "--password-stdin", typed="violet engine thirty maps\r\n").code == 0
    accounts = Accounts(home)
    assert not accounts.sign_in("ada", PASSWORD, "here")
    token = accounts.sign_in("ada", "violet engine thirty maps", "here")
    assert accounts.signed_in(token)
    assert account(home, "remove", "ada").code == 0
    assert accounts.signed_in(token) is None
    assert account(home, "list", "--json").json == []


@pytest.mark.parametrize("asked", [("password", "nobody", "--password-stdin"), ("remove", "nobody")])
def test_an_account_that_is_not_there(home: Path, asked: tuple[str, ...]) -> None:
    answer = account(home, *asked, typed=PASSWORD)
    assert answer.code == 2
    assert "There is no account nobody." in answer.err


@pytest.mark.parametrize("name", ["", "a b", "../x", "é", "x" * 65, "-a"])
def test_names_that_cannot_be(home: Path, name: str) -> None:
    assert account(home, "add", "--password-stdin", "--", name, typed=PASSWORD).code == 2
    assert not (home / "accounts.db").exists()


def test_a_password_that_will_not_do_makes_no_account(home: Path) -> None:
    answer = account(home, "add", "ada", "--password-stdin", typed="password1234\n")
    assert answer.code == 2
    assert "guessed first" in answer.err
    assert not (home / "accounts.db").exists()


def test_without_a_terminal_nothing_is_asked(home: Path) -> None:
    assert "--password-stdin" in account(home, "add", "ada").err


def test_the_password_is_asked_for_twice_and_not_shown(home: Path) -> None:
    told, code = _at_a_terminal(home, PASSWORD, "another one entirely")
    assert code == 2
    assert "not the same" in told
    told, code = _at_a_terminal(home, PASSWORD, PASSWORD)
    assert code == 0
    assert PASSWORD not in told


def _at_a_terminal(home: Path, *typed: str) -> tuple[str, int]:
    ours, theirs = pty.openpty()
    command = [str(PROGRAM), "account", "add", "ada", "--home", str(home)]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(), start_new_session=True
    )
    os.close(theirs)
    told = b""
    for prompt, line in zip((b"Password for ada: ", b"Once more: "), typed, strict=True):
        while prompt not in told:
            told += os.read(ours, 1000)
        os.write(ours, line.encode() + b"\n")
    try:
        while more := os.read(ours, 1000):
            told += more
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return told.decode(), process.wait(20)


def test_a_hash_of_weaker_parameters_is_made_anew_at_the_next_sign_in(home: Path) -> None:
    Accounts(home, passwords=CHEAP).add("ada", "", PASSWORD)
    strong = Passwords(PasswordHasher(time_cost=2, memory_cost=128, parallelism=1))
    accounts = Accounts(home, passwords=strong)
    assert accounts.sign_in("ada", PASSWORD, "here")
    kept = accounts._kept_password("ada")
    assert "m=128,t=2,p=1" in kept
    assert accounts.sign_in("ada", PASSWORD, "here")
    assert accounts._kept_password("ada") == kept


def test_accounts_that_cannot_be_read_are_a_fault_of_the_disk(home: Path) -> None:
    (home / "accounts.db").write_bytes(b"not a database, by any means" * 100)
    assert account(home, "list").code == 6
