"""A second copy in an object store: a real S3 server on this machine, through fsspec."""

import logging
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_faults import flip, kept, spoil
from archive_library import book, oracle, publishing, put_records, sha512, tree
from moto.server import ThreadedMotoServer
from thoroughness import usually

from archive.library import Library
from archive.repair import Orders, Repaired, open_for_repair, repair
from archive.replay import item_object
from archive.replica import Digest, Replica, open_replica
from archive.replication import replicate
from metadata.errors import DamageFound, ProgramMissing, StorageError, UsageError

BUCKET = "s3://bucket"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Return the address of an S3 server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture(autouse=True)
def account(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the documentation says to set, and make a bucket."""
    for name, value in (
        ("AWS_ENDPOINT_URL", server),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    boto3 = pytest.importorskip("boto3")
    store = boto3.resource("s3")
    store.create_bucket(Bucket="bucket")
    store.Bucket("bucket").objects.all().delete()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a library of three objects: each request to a store takes its time."""
    library = Library.create(tmp_path_factory.mktemp("small") / "home", publishing())
    with library.writer() as writer:
        put_records(writer, (20,))
        writer.put_item(*book(1), "Ingested")
        writer.put_item(*book(2), "Ingested")
        writer.withdraw(book(2)[0], "a copy")
    library.catalogue.close()
    return library.home


@pytest.fixture
def library(small: Path, tmp_path: Path) -> Library:
    shutil.copytree(small, tmp_path / "home")
    return Library.open(tmp_path / "home", publishing())


@pytest.fixture
def place() -> Replica:
    return open_replica(f"{BUCKET}/a folder/éà 100%")


def run(library: Library, place: Replica, verify: bool = False) -> Counter[str]:
    return Counter(one.outcome for one in replicate(library.archive, place, verify))


def fetched(place: Replica, folder: Path) -> Path:
    """Copy all that a place holds to a folder, by the place's own means."""
    for name in place.names():
        for key, size in (place.files(name) or {name: 0}).items():
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(place.read(key, size)))
    return folder


def key_of(library: Library, number: int) -> str:
    folder = library.archive.folder(item_object(book(number)[0].id))
    return folder.relative_to(library.archive.root).as_posix()


def test_the_copy_is_the_same_storage_root(library: Library, place: Replica, tmp_path: Path) -> None:
    assert run(library, place) == {"new": 3}
    copied = fetched(place, tmp_path / "copied")
    assert tree(copied) == tree(library.archive.root)
    assert oracle(copied) == []
    assert run(library, place) == {"same": 3}
    with library.writer() as writer:
        writer.withdraw(book(1)[0], "a test")
    done = {one.key: one for one in replicate(library.archive, place)}
    changed = done[key_of(library, 1)]
    assert (changed.outcome, changed.files) == ("updated", 6), "item, events, and two inventories with their sidecars"
    assert tree(fetched(place, tmp_path / "again")) == tree(library.archive.root)


def test_damage_there_is_found_and_put_right(library: Library) -> None:
    place = open_replica(BUCKET)
    run(library, place)
    scan, text = f"{key_of(library, 1)}/v1/content/original/scan.tif", f"{key_of(library, 2)}/inventory.json"
    place.write(scan, b"II*\0" + b"2" * 1000)
    place.remove(text)
    assert run(library, place) == {"updated": 1, "same": 2}, "a lost file is seen in the listing"
    assert run(library, place, verify=True) == {"updated": 1, "same": 2}, "changed content only by reading it"
    assert run(library, place, verify=True) == {"same": 3}


def test_what_is_damaged_here_is_not_sent(library: Library) -> None:
    place = open_replica(f"{BUCKET}/copy")
    flip(library.archive.root / key_of(library, 1) / "v1/content/original/scan.tif")
    assert run(library, place) == {"new": 2, "damaged": 1}
    assert place.files(key_of(library, 1)) == {}


@pytest.mark.parametrize("seed", usually([100], thoroughly=[100, 101, 102]))
def test_the_archive_is_mended_from_it(library: Library, place: Replica, small: Path, seed: int) -> None:
    run(library, place)
    library.catalogue.close()
    put = spoil(library.archive.root, seed, count=7)
    told: list[Repaired] = []
    repair(open_for_repair(library.home, publishing()), place, Orders(), told.append)
    assert [one for part in told for one in part.left] == [], put
    assert kept(library.archive.root) == kept(small / "archive"), put


def test_files_of_any_size_come_and_go_whole(tmp_path: Path) -> None:
    """None, some, and more than goes in one part."""
    place = open_replica(f"{BUCKET}/sizes")
    for size in (0, 1, 20 << 20):
        content = (b"0123456789abcdef" * (1 + size // 16))[:size]
        (tmp_path / "file").write_bytes(content)
        digest = Digest("sha512", sha512(content))
        place.put(f"in/{size}", tmp_path / "file", digest)
        assert digest.fits(place.read(f"in/{size}", size))
        with pytest.raises(DamageFound):
            place.put("in/other", tmp_path / "file", Digest("sha512", sha512(b"other")))
    assert place.files("in") == {f"in/{size}": size for size in (0, 1, 20 << 20)}
    with pytest.raises(FileNotFoundError):
        list(place.read("in/none", 0))


def test_more_than_one_page_of_a_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "5")
    place = open_replica(f"{BUCKET}/many")
    for number in range(23):
        place.write(f"in/{number}", b"")
    assert len(place.files("in")) == 23
    assert place.names() == ["in"]


def test_a_bucket_that_is_not_there_is_not_made(library: Library) -> None:
    with pytest.raises(StorageError, match=r"s3://nobody/copy.*cannot be written"):
        run(library, open_replica("s3://nobody/copy"))
    with pytest.raises(UsageError, match="names no bucket"):
        open_replica("s3://")


def test_a_server_that_does_not_answer_is_named(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        s3fs = pytest.importorskip("s3fs")
        monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
        with pytest.raises(StorageError, match=r"s3://bucket/copy.*Could not connect"):
            run(library, open_replica(f"{BUCKET}/copy"))


def test_other_places_that_fsspec_knows_will_do(library: Library, tmp_path: Path) -> None:
    place = open_replica("memory://second/copy")
    assert run(library, place) == {"new": 3}
    assert run(library, place, verify=True) == {"same": 3}
    assert tree(fetched(place, tmp_path / "copied")) == tree(library.archive.root)


def test_a_password_in_an_address_is_not_repeated() -> None:
    assert open_replica("memory://me:secret@second/copy").name == "memory://second/copy"


def test_an_address_that_nothing_opens_is_refused() -> None:
    with pytest.raises(UsageError, match=r"nonsense://x is no place"):
        open_replica("nonsense://x")


@pytest.mark.parametrize(("url", "package"), [("s3://bucket/copy", "s3fs"), ("s3://bucket/copy", "fsspec")])
def test_a_package_that_is_missing_is_named(url: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    if package == "s3fs":
        registry = pytest.importorskip("fsspec.registry")
        monkeypatch.delitem(registry._registry, "s3", raising=False)
    with pytest.raises(ProgramMissing, match="canoe\\[s3\\]") as found:
        open_replica(url)
    assert package in found.value.message
