"""What addresses ask of an image: each form of the specification, and every kind of nonsense refused."""

import pytest

from ingest.page_images import Cut
from web.image_request import Bounds, Refused, canonical, read, scale_factors, sizes

PAGE = Bounds(1000, 1400, 16_000_000)


def asked(text: str, bounds: Bounds = PAGE) -> Cut:
    region, size, rotation, name = text.split("/")
    return read((region, size, rotation, name), bounds)


@pytest.mark.parametrize(
    ("text", "area", "size"),
    [
        ("full/max/0/default.jpg", (0, 0, 1000, 1400), (1000, 1400)),
        ("square/max/0/default.jpg", (0, 200, 1000, 1000), (1000, 1000)),
        ("10,20,300,400/max/0/default.jpg", (10, 20, 300, 400), (300, 400)),
        ("900,1300,300,400/max/0/default.jpg", (900, 1300, 100, 100), (100, 100)),
        ("pct:10,10,50,25.5/max/0/default.jpg", (100, 140, 500, 357), (500, 357)),
        ("full/500,/0/default.jpg", (0, 0, 1000, 1400), (500, 700)),
        ("full/,700/0/default.jpg", (0, 0, 1000, 1400), (500, 700)),
        ("full/pct:10/0/default.jpg", (0, 0, 1000, 1400), (100, 140)),
        ("full/200,200/0/default.jpg", (0, 0, 1000, 1400), (200, 200)),
        ("full/!200,200/0/default.jpg", (0, 0, 1000, 1400), (143, 200)),
        ("full/!5000,5000/0/default.jpg", (0, 0, 1000, 1400), (1000, 1400)),
        ("0,0,1,1/1,1/0/default.jpg", (0, 0, 1, 1), (1, 1)),
    ],
)  # fmt: skip
def test_regions_and_sizes(text: str, area: tuple[int, ...], size: tuple[int, int]) -> None:
    cut = asked(text)
    assert (cut.area, cut.size) == (area, size)
    assert asked(canonical(cut, PAGE)) == cut


def test_rotation_quality_and_format() -> None:
    cut = asked("full/max/!270/bitonal.png")
    assert (cut.mirrored, cut.turn, cut.quality, cut.format) == (True, 270, "bitonal", "png")
    assert asked("full/max/360.0/gray.webp").turn == 0
    assert canonical(cut, PAGE) == "full/max/!270/bitonal.png"
    assert canonical(asked("0,0,1000,1400/1000,1400/0/default.jpg"), PAGE) == "full/max/0/default.jpg"
    assert canonical(asked("full/500,/0/default.jpg"), PAGE) == "full/500,700/0/default.jpg"


@pytest.mark.parametrize(
    "text",
    [
        "1000,0,10,10/max/0/default.jpg", "0,0,0,10/max/0/default.jpg", "pct:0,0,0,0/max/0/default.jpg",
        "pct:100,0,10,10/max/0/default.jpg", "-1,0,10,10/max/0/default.jpg", "1,2,3/max/0/default.jpg",
        "1,2,3,4,5/max/0/default.jpg", "０,0,10,10/max/0/default.jpg", "1e3,0,10,10/max/0/default.jpg",
        "9999999999,0,1,1/max/0/default.jpg", "pct:nan,0,1,1/max/0/default.jpg", "pct:0,0,1,inf/max/0/default.jpg",
        "pct:1_0,0,1,1/max/0/default.jpg", "fuII/max/0/default.jpg", "/max/0/default.jpg", "\0/max/0/default.jpg",
        "full/0,/0/default.jpg", "full/,0/0/default.jpg", "full/0,0/0/default.jpg", "full/,/0/default.jpg",
        "full/pct:0/0/default.jpg", "full/pct:101/0/default.jpg", "full/pct:-1/0/default.jpg",
        "full/1001,/0/default.jpg",
        "full/1000000000,1000000000/0/default.jpg", "full/!0,5/0/default.jpg", "full/!5,/0/default.jpg",
        "full/٣,/0/default.jpg", "full/full/0/default.jpg", "full//0/default.jpg",
        "full/max/361/default.jpg", "full/max/-90/default.jpg", "full/max/x/default.jpg", "full/max/!/default.jpg",
        "full/max/0/native.jpg", "full/max/0/default.exe", "full/max/0/default", "full/max/0/.jpg",
        "full/max/0/default.JPG",
    ],
)  # fmt: skip
def test_nonsense_is_a_bad_request(text: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(text)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "text",
    ["full/^max/0/default.jpg", "full/^2000,/0/default.jpg", "full/max/22.5/default.jpg", "full/max/0/default.tif"],
)
def test_what_is_not_offered_says_so(text: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(text)
    assert refused.value.status == 501


def test_images_are_bounded() -> None:
    huge = Bounds(42_000, 58_800, 16_000_000)
    width, height = asked("full/max/0/default.jpg", huge).size
    assert width * height <= 16_000_000
    assert abs(width / height - 42_000 / 58_800) < 0.001
    with pytest.raises(Refused):
        asked("full/20000,/0/default.jpg", huge)
    assert all(wide * high <= 16_000_000 for wide, high in sizes(huge))
    assert max(sizes(PAGE)) == (1000, 1400)


def test_scale_factors_end_with_one_tile() -> None:
    assert scale_factors(PAGE, 512) == [1, 2, 4]
    assert scale_factors(Bounds(512, 100, 10**7), 512) == [1]
    assert scale_factors(Bounds(513, 100, 10**7), 512) == [1, 2]
