"""Old web addresses lead on to items: by a table in the archive, and by whatever identifier an item has."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import faults, oracle, publishing
from hypothesis import given
from hypothesis import strategies as st
from small_library import canoe_here
from web_library import BASE, EN, FR, GONE, Pages, index, make, serving

from archive.cataloguing import Publishing
from archive.inventory import Version
from archive.library import Library
from archive.redirects import OBJECT, TABLE, keep_redirects, read_redirects
from canoe.redirecting import Taken, Taking, Wish, amiss, read_wishes, take
from metadata.errors import DamageFound, UsageError
from metadata.model import Identifier
from metadata.old_addresses import forms_asked, old_address
from metadata.vocabulary import shipped

NUMBER = "IUCN-WPL-2003-002"
TABLE_OF = {
    "/node/123": EN,
    "//old.example.org/library/page.php?id=7": FR,
    "/show?a=1&b=2": "10.99999/elsewhere",
    "/legacy": NUMBER,
    "/gone": GONE,
    "/ünï/côde": EN,
    "/lost": "no-such-number-1",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = make(tmp_path_factory.mktemp("made") / "home")
    library.catalogue.close()
    return library.home


@pytest.fixture(scope="module")
def library(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    home = shutil.copytree(made, tmp_path_factory.mktemp("copy") / "home")
    library = Library.open(home, Publishing(BASE, "example.org", shipped()))
    with library.writer() as writer:
        for item_id, number in ((FR, NUMBER), (EN, "shared-no-1"), (FR, "shared-no-1")):
            item = library.item(item_id)
            writer.put_item(replace(item, identifiers=(*item.identifiers, Identifier("local", number))), {}, "Edited")
        keep_redirects(writer, TABLE_OF, "Old addresses added")
    index(library)
    return library


@pytest.fixture(scope="module")
def pages(library: Library) -> Iterator[Pages]:
    with serving(library) as opened:
        yield opened


@pytest.mark.parametrize(
    ("asked", "item"),
    [
        ("/node/123", EN),
        ("/node/123/", EN),
        ("/node/123?utm_source=letter", EN),
        ("/node/%31%32%33", EN),
        ("/show?b=2&a=1", EN),
        ("/legacy", FR),
        ("/gone", GONE),
        ("/%C3%BCn%C3%AF/c%C3%B4de", EN),
        ("/u%CC%88ni%CC%88/co%CC%82de", EN),
    ],
)
def test_an_old_address_leads_to_the_item(pages: Pages, asked: str, item: str) -> None:
    answer = pages.get(asked)
    assert (answer.status_code, answer.headers["location"]) == (301, f"{BASE}/item/{item}")
    assert answer.headers["cache-control"] == "no-cache"
    assert pages.head(asked).status_code == 301


def test_the_host_of_an_old_address_counts_where_it_is_known(pages: Pages) -> None:
    asked = "/library/page.php?id=7"
    assert pages.get(asked, headers={"Host": "Old.Example.org:8080"}).headers["location"] == f"{BASE}/item/{FR}"
    assert pages.get(asked, headers={"Host": "evil.example"}).status_code == 404


def test_a_withdrawn_item_shows_its_tombstone(pages: Pages) -> None:
    assert pages.get(f"/item/{GONE}").status_code == 410


@pytest.mark.parametrize(
    "asked",
    ["/node/124", "/show?a=1", "/lost", "/NODE/123", "//evil.example/", "/node/123%0d%0aLocation:x", "/" + "x" * 9000],
)
def test_what_is_unknown_is_not_found(pages: Pages, asked: str) -> None:
    answer = pages.get(asked)
    assert (answer.status_code, "location" in answer.headers) == (404, False)


def test_an_identifier_leads_to_the_item_that_has_it(pages: Pages) -> None:
    for asked in (NUMBER, NUMBER.lower(), "iucn wpl 2003 002", FR, f"10.99999/{FR}", "978-2-1234-5680-3"):
        answer = pages.get(f"/id/{asked}")
        assert (answer.status_code, answer.headers["location"]) == (302, f"{BASE}/item/{FR}"), asked
    several = pages.get("/id/shared-no-1")
    assert (several.status_code, several.headers["location"]) == (302, "/search?q=identifier%3Asharedno1")
    found = pages.get(several.headers["location"]).text
    assert FR in found
    assert EN in found
    for asked in ("no-such-number-1", "", "x" * 3000, "%00", "https://evil.example/"):
        assert pages.get(f"/id/{asked}").status_code == 404, asked


def test_a_legacy_number_is_found_by_search(pages: Pages) -> None:
    assert FR in pages.get(f"/search?q={NUMBER}").text


def test_a_change_of_the_table_is_seen_at_once_and_outlives_a_rebuild(made: Path, tmp_path: Path) -> None:
    library = Library.open(shutil.copytree(made, tmp_path / "home"), Publishing(BASE, "example.org", shipped()))
    with serving(library) as pages:
        assert pages.get("/p/1").status_code == 404
        for target in (EN, FR):
            with library.writer() as writer:
                assert keep_redirects(writer, {"/p/1": target}, "Old addresses added")
                assert not keep_redirects(writer, {"/p/1": target}, "Old addresses added")
            assert pages.get("/p/1").headers["location"].endswith(target)
        change = library.catalogue.last_change()
        library.rebuild_catalogue()
        assert library.catalogue.last_change() == change
        assert pages.get("/p/1").headers["location"].endswith(FR)
        assert [faults(library), [*library.uncatalogued()], oracle(library.archive.root)] == [[], [], []]
        assert len(library.archive.inventory(OBJECT).versions) == 2
        path = library.archive.path(OBJECT, TABLE)
        path.write_bytes(b"address,item\n/p/1,evil\n")
        os.utime(library.archive.folder(OBJECT) / "inventory.json")
        assert pages.get("/p/1").status_code == 503
        with pytest.raises(DamageFound, match=r"redirects\.csv"):
            read_redirects(library.archive)


def test_a_killed_writer_s_table_is_healed(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "home", publishing())
    with library.writer() as writer:
        group = writer.archive.begin()
        former = writer.archive.former(OBJECT)
        made = Version("2026-11-22T10:00:00.000000Z", "Old addresses added", {})
        writer.archive.stage(group, former, {TABLE: b"address,item\n/p/1,x\n"}, made, {})
        writer.archive.complete(group)  # and killed before it is done
    with library.writer():
        pass
    assert read_redirects(library.archive) == {"/p/1": "x"}


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ("/a/b/", "/a/b"),
        ("https://Old.Example.ORG:8443/a/b?x=2&a=1#top", "//old.example.org/a/b?a=1&x=2"),
        ("http://old.example.org", "//old.example.org/"),
        ("/a%20b?q=c+d", "/a b?q=c d"),
        ("/cafe%CC%81", "/café"),
        ("a/b", ""),
        ("//evil.example/x", ""),
        ("/\\evil.example", ""),
        ("ftp://x.example/", ""),
        ("javascript:alert(1)", ""),
        ("/a/../b", ""),
        ("/a%0d%0ab", ""),
        ("/a\tb", ""),
        ("http://Bücher.example/a", "//xn--bcher-kva.example/a"),
        ("http://[::1/x", ""),
        ("/" + "x" * 2000, ""),
        ("", ""),
    ],
)
def test_addresses_have_one_form(given: str, form: str) -> None:
    assert old_address(given) == form


@given(st.text(max_size=60))
def test_a_form_is_its_own_form_and_is_found_as_it_is_asked_for(text: str) -> None:
    form = old_address("/" + text.lstrip("/"))
    if form and "%" not in form and "+" not in form and "?" not in form and "#" not in form:
        assert old_address(form) == form
        assert form in forms_asked("any.example", form, "")


def taken(library: Library, *wishes: tuple[str, str], over: bool = False, ahead: bool = False) -> Taken:
    return take(library, {"/known": EN}, [Wish(*wish) for wish in wishes], Taking(ahead, over))


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (("not an address", EN), "redirect-address"),
        (("/", EN), "redirect-own"),
        (("/item/0123456789", EN), "redirect-own"),
        (("/search?q=otters", EN), "redirect-own"),
        (("/id/x", EN), "redirect-own"),
        (("/oai", EN), "redirect-own"),
        (("https://old.example.org/about/", EN), "redirect-own"),
        (("/sitemap-3.xml", EN), "redirect-own"),
        (("/static/any", EN), "redirect-own"),
        (("/.well-known/acme", EN), "redirect-own"),
        (("/known", FR), "redirect-known"),
        (("/new", "https://evil.example/"), "redirect-nowhere"),
        (("/new", "/known"), "redirect-nowhere"),
        (("/new", ""), "redirect-nowhere"),
        (("/new", "9999999999"), "redirect-nowhere"),
        (("/new", "shared-no-1"), "redirect-several"),
    ],
)
def test_what_cannot_be_is_refused(library: Library, wish: tuple[str, str], code: str) -> None:
    done = taken(library, wish)
    assert ([one.code for one in done.refused], done.table) == ([code], {"/known": EN})


def test_what_can_be_is_taken_once(library: Library) -> None:
    done = taken(library, ("/new", EN), ("/new/", EN), ("/new", FR), ("/known", EN), ("/x", NUMBER))
    assert (done.changed, done.same, [one.code for one in done.refused]) == (2, 2, ["redirect-known"])
    assert done.table == {"/known": EN, "/new": EN, "/x": NUMBER}
    assert taken(library, ("/known", FR), over=True).table == {"/known": FR}
    assert taken(library, ("/later", "IUCN-2030-001"), ahead=True).changed == 1
    assert [one.code for one in amiss(library, {"/later": "IUCN-2030-001", "/ok": EN})] == ["redirect-nowhere"]


@pytest.mark.parametrize(
    "text",
    [
        "address,item\n/a,{0}\n\n/b,{1}\n",
        "/a;{0}\n/b;{1}\n",
        '\ufeffOld address\tItem\tRemark\r\n"/a"\t{0}\tx\r\n/b\t{1}\r\n',
    ],
)
def test_tables_of_several_kinds_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "old.csv"
    path.write_text(text.format(EN, FR), "utf-8", newline="")
    assert [(one.old, one.target) for one in read_wishes(path)] == [("/a", EN), ("/b", FR)]


@pytest.mark.parametrize("content", [b"\xff\xfe/\x00a", b'/a,"x\n/b,y\n'])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        [*read_wishes(path)]
    with pytest.raises(UsageError):
        [*read_wishes(tmp_path / "absent.csv")]


def test_the_commands(pristine: Path, tmp_path: Path) -> None:
    home = shutil.copytree(pristine, tmp_path / "home")
    settings = '[library]\nbase_url = "http://library.example.org"\n[oai]\nnamespace = "library.example.org"\n'
    (home / "canoe.toml").write_text(settings)
    item = canoe_here("export", "--home", home).lines[0]["id"]
    table = tmp_path / "old.csv"
    table.write_text(f"address,item\n/node/1,{item}\n/node/2,nothing\n/search,{item}\n")

    planned = canoe_here("redirects", "add", table, "--plan", "--home", home)
    assert (planned.code, "1 would be added" in planned.out) == (3, True)
    assert canoe_here("redirects", "list", "--home", home).out == ""
    done = canoe_here("redirects", "add", table, "--json", "--home", home)
    assert (done.code, done.json["added"], done.json["total"]) == (3, 1, 1)
    assert [one["where"] for one in done.json["refused"]] == ["old.csv#3", "old.csv#4"]
    again = canoe_here("redirects", "add", "/node/1", item, "--home", home)
    assert (again.code, "0 added, 1 known already" in again.out) == (0, True)
    assert canoe_here("redirects", "list", "--home", home).out == f"/node/1  {item}\n"
    assert canoe_here("redirects", "add", "/node/9", "soon", "--ahead", "--home", home).code == 0
    checked = canoe_here("redirects", "check", "--json", "--home", home)
    assert (checked.code, checked.json["total"]) == (4, 2)
    assert [one["where"] for one in checked.json["problems"]] == ["/node/9"]
    assert canoe_here("redirects", "remove", "/node/9", "/node/1", "--home", home).code == 0
    gone = canoe_here("redirects", "remove", "/node/9", "--home", home)
    assert (gone.code, "no address" in gone.err) == (2, True)
    assert canoe_here("check", "--home", home).code == 0
