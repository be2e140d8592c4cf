"""The cache of images: bounded, forgetful in the right order, and nothing that is half written is ever read."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from web.image_cache import ImageCache


def name(number: int) -> str:
    return f"{number:02x}{number:062x}"


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*/*"))


def test_what_is_put_is_got_also_by_another_process(tmp_path: Path) -> None:
    ImageCache(tmp_path, 1000).put(name(1), b"image")
    assert ImageCache(tmp_path, 1000).get(name(1)) == b"image"
    assert ImageCache(tmp_path, 1000).get(name(2)) is None


def test_it_stays_within_its_limit_and_forgets_what_was_not_asked_for_longest(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, 1000)
    for number in range(8):
        cache.put(name(number), bytes(100))
        os.utime(tmp_path / name(number)[:2] / name(number), (time.time() - 9000 + number,) * 2)
    assert cache.get(name(0)) is not None  # asked for just now
    for number in range(8, 12):
        cache.put(name(number), bytes(100))
    assert size_of(tmp_path) <= 1000
    assert cache.get(name(0)) is not None
    assert cache.get(name(1)) is None
    assert cache.get(name(11)) is not None


def test_too_large_or_nothing_to_be_kept(tmp_path: Path) -> None:
    ImageCache(tmp_path, 10).put(name(1), bytes(11))
    ImageCache(tmp_path, 0).put(name(2), b"x")
    assert list(tmp_path.iterdir()) == []


def test_it_may_be_deleted_or_be_out_of_order_at_any_time(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path / "cache", 1000)
    cache.put(name(1), b"x")
    path = next((tmp_path / "cache").glob("*/*"))
    path.write_bytes(b"")  # what a loss of power leaves
    assert cache.get(name(1)) is None
    path.unlink()
    path.parent.rmdir()
    assert cache.get(name(1)) is None
    cache.put(name(1), b"y")
    assert cache.get(name(1)) == b"y"
    (tmp_path / "file").write_bytes(b"")
    ImageCache(tmp_path / "file", 1000).put(name(1), b"x")  # nothing can be written there: nothing is kept


def test_files_that_were_never_finished_go(tmp_path: Path) -> None:
    part = tmp_path / "00" / "1-1.part"
    part.parent.mkdir()
    part.write_bytes(bytes(500))
    os.utime(part, (1, 1))
    cache = ImageCache(tmp_path, 1000)
    cache.put(name(1), b"x")
    assert not part.exists()


def test_many_at_once_leave_whole_files_only(tmp_path: Path) -> None:
    caches = [ImageCache(tmp_path, 20_000) for _ in range(2)]

    def work(number: int) -> bool:
        cache, content = caches[number % 2], bytes([number % 7]) * 500
        cache.put(name(number % 7), content)
        return cache.get(name(number % 7)) in (content, None)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))
    assert not list(tmp_path.glob("*/*.part"))
