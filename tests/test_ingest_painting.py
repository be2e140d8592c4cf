"""Drawing pages: image and boxes agree however a page is kept, within limits, in a process that may die."""

import io
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from dataclasses import replace
from pathlib import Path

import pytest
from pictured_library import SIZE, TEXT, drawn, pdf_of, words_of
from PIL import Image

from ingest.documents import Limits
from ingest.page_images import Cut, Leaf, NotDrawn
from ingest.painters import LIMITS, Busy, Painters
from ingest.painting import MOST_DRAWN, Painter, halved_size, halvings
from metadata.model import Word

WORDS = words_of(TEXT)
WHOLE = (0, 0, *SIZE)


@pytest.fixture(scope="module")
def leaf(tmp_path_factory: pytest.TempPathFactory) -> Leaf:
    path = tmp_path_factory.mktemp("pdf") / "scan.pdf"
    path.write_bytes(pdf_of([drawn(WORDS)]))
    return Leaf(path, "application/pdf", 0, 0, SIZE)


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter(LIMITS)


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def is_dark(image: Image.Image, word: Word, scale: float = 1.0) -> bool:
    """Say whether the middle of a word is black, and what lies above it white."""
    left, top, right, bottom = word.box
    tones = image.convert("L").tobytes()
    middle, above = (
        int(y * scale) * image.width + int((left + right) / 2 * scale) for y in ((top + bottom) / 2, top - 20)
    )
    return tones[middle] < 60 and tones[above] > 180


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.37, 0.25])
def test_words_are_where_their_boxes_say(painter: Painter, leaf: Leaf, scale: float) -> None:
    size = (round(SIZE[0] * scale), round(SIZE[1] * scale))
    image = opened(painter.paint(leaf, Cut(WHOLE, size)))
    assert image.size == size
    assert all(is_dark(image, word, scale) for word in WORDS)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "image/jpeg"])
def test_turned_pages_stand_upright(painter: Painter, tmp_path: Path, kind: str, turn: int) -> None:
    lying = drawn(WORDS).rotate(turn, expand=True)  # anticlockwise: a clockwise turn makes it upright
    path = tmp_path / "page"
    if kind == "application/pdf":
        path.write_bytes(pdf_of([lying]))
    else:
        lying.save(path, kind.rpartition("/")[2])
    image = opened(painter.paint(Leaf(path, kind, 0, turn, SIZE), Cut(WHOLE, SIZE)))
    assert all(is_dark(image, word) for word in WORDS)


@pytest.mark.parametrize(("told", "stored"), [(6, Image.Transpose.ROTATE_90), (8, Image.Transpose.ROTATE_270)])
def test_a_photograph_that_nobody_read_stands_as_the_camera_noted(
    painter: Painter, tmp_path: Path, told: int, stored: Image.Transpose
) -> None:
    noted = Image.Exif()
    noted[0x0112] = told
    drawn(WORDS).transpose(stored).save(tmp_path / "photo.jpg", quality=95, exif=noted)
    unread = Leaf(tmp_path / "photo.jpg", "image/jpeg", 0, 0, SIZE)
    image = opened(painter.paint(unread, Cut(WHOLE, SIZE)))
    assert all(is_dark(image, word) for word in WORDS)


def test_tiles_join_to_the_page(painter: Painter, leaf: Leaf) -> None:
    joined = Image.new("L", SIZE)
    for left in range(0, SIZE[0], 256):
        for top in range(0, SIZE[1], 256):
            width, height = min(256, SIZE[0] - left), min(256, SIZE[1] - top)
            cut = Cut((left, top, width, height), (width, height), format="png")
            joined.paste(opened(painter.paint(leaf, cut)), (left, top))
    assert joined.tobytes() == opened(painter.paint(leaf, Cut(WHOLE, SIZE, format="png"))).convert("L").tobytes()


def test_mirrored_turned_and_in_every_quality(painter: Painter, leaf: Leaf) -> None:
    side = opened(painter.paint(leaf, Cut(WHOLE, SIZE, turn=90)))
    assert side.size == SIZE[::-1]
    assert all(is_dark(side.rotate(90, expand=True), word) for word in WORDS)
    mirrored = opened(painter.paint(leaf, Cut(WHOLE, SIZE, mirrored=True)))
    assert all(is_dark(mirrored.transpose(Image.Transpose.FLIP_LEFT_RIGHT), word) for word in WORDS)
    kinds = {
        (cut.quality, cut.format): opened(painter.paint(leaf, cut))
        for cut in (
            Cut(WHOLE, SIZE, quality="color"), Cut(WHOLE, SIZE, quality="gray", format="png"),
            Cut(WHOLE, SIZE, quality="bitonal", format="png"), Cut(WHOLE, SIZE, quality="bitonal"),
            Cut(WHOLE, SIZE, format="webp"),
        )
    }  # fmt: skip
    assert {key: (image.format, image.mode) for key, image in kinds.items()} == {
        ("color", "jpg"): ("JPEG", "RGB"),
        ("gray", "png"): ("PNG", "L"),
        ("bitonal", "png"): ("PNG", "1"),
        ("bitonal", "jpg"): ("JPEG", "L"),
        ("default", "webp"): ("WEBP", "RGB"),
    }


def test_small_pictures_are_small_and_pages_without_colour_grey(painter: Painter, leaf: Leaf) -> None:
    small = painter.paint(leaf, Cut(WHOLE, (96, 134)))
    assert len(small) <= 4096
    assert opened(small).mode == "L"


def test_of_a_huge_page_only_the_part_is_drawn(painter: Painter, leaf: Leaf) -> None:
    huge = replace(leaf, size=(42_000, 58_800))
    word = WORDS[0]
    left, top, right, bottom = (42 * side for side in word.box)
    image = opened(painter.paint(huge, Cut((left, top, right - left, bottom - top), (right - left, bottom - top))))
    assert image.convert("L").resize((1, 1)).getpixel((0, 0)) in range(40)
    assert painter.paint(huge, Cut((0, 0, 42_000, 58_800), (96, 134)))


def test_how_often_a_page_is_halved() -> None:
    assert [halvings((0, 0, 1000, 1400), (side, side)) for side in (1000, 501, 500, 250, 1)] == [0, 0, 1, 2, 9]
    assert halved_size((1001, 3), 1) == (501, 2)
    assert halved_size((5, 5), 20) == (1, 1)
    assert SIZE[0] * SIZE[1] < MOST_DRAWN


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7\n" + bytes(300), b"\x89PNG\r\n\x1a\n" + bytes(50), b"GIF89a" + bytes(90)]
)
@pytest.mark.parametrize("kind", ["application/pdf", "image/png"])
def test_damage_is_named_without_the_path(painter: Painter, tmp_path: Path, kind: str, content: bytes) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(content)
    with pytest.raises(NotDrawn) as fault:
        painter.paint(Leaf(path, kind, 0, 0, SIZE), Cut(WHOLE, (10, 14)))
    assert str(tmp_path) not in str(fault.value)


def test_pages_that_are_not_there(painter: Painter, leaf: Leaf) -> None:
    for index in (7, -1):
        with pytest.raises(NotDrawn):
            painter.paint(replace(leaf, index=index), Cut(WHOLE, (10, 14)))


# --- in processes -----------------------------------------------------------------------------


@pytest.fixture
def painters() -> Iterator[Painters]:
    made = Painters(1, replace(LIMITS, patience=10), waiting=3)
    yield made
    made.close()


def children() -> set[int]:
    return {process.pid or 0 for process in multiprocessing.active_children()}


def test_a_worker_that_dies_is_replaced_and_what_waits_is_bounded(painters: Painters, leaf: Leaf) -> None:
    before = children()
    cut = Cut(WHOLE, (100, 140))
    assert opened(painters.paint(leaf, cut).result()).size == (100, 140)
    (worker,) = children() - before
    os.kill(worker, signal.SIGSTOP)
    waiting: list[Future[bytes]] = [painters.paint(leaf, cut)]
    time.sleep(0.3)  # it is being asked for this one
    waiting += [painters.paint(leaf, cut) for _ in range(3)]
    with pytest.raises(Busy):
        painters.paint(leaf, cut)
    os.kill(worker, signal.SIGKILL)
    wait(waiting, timeout=30)
    lost = [future for future in waiting if future.exception()]
    assert len(lost) == 1
    assert isinstance(lost[0].exception(), NotDrawn)
    assert all(future.result() for future in waiting if future not in lost)


def test_too_little_memory_is_a_fault_of_the_page_alone(leaf: Leaf, tmp_path: Path) -> None:
    painters = Painters(1, Limits(memory=400 << 20, written=0, processor=10, patience=20))
    try:
        bomb = tmp_path / "bomb.png"
        Image.new("1", (17_000, 17_000)).save(bomb)
        failed = painters.paint(Leaf(bomb, "image/png", 0, 0, (17_000, 17_000)), Cut((0, 0, 17_000, 17_000), (10, 10)))
        assert isinstance(failed.exception(timeout=30), NotDrawn)
        assert painters.paint(leaf, Cut(WHOLE, (100, 140))).result(timeout=30)
    finally:
        painters.close()


def test_the_server_itself_never_loads_what_decodes() -> None:
    code = "import sys, web.app; sys.exit(bool({'pypdfium2', 'PIL', 'pikepdf'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1]).returncode == 0
