"""A page image whose light is made even."""

from pathlib import Path

from PIL import Image, ImageDraw

from ingest.evening import evened


def test_a_shadow_is_taken_away_up_to_its_edge(tmp_path: Path) -> None:
    page = Image.new("L", (1200, 1600), 240)
    draw = ImageDraw.Draw(page)
    draw.rectangle((600, 0, 1200, 1600), fill=100)
    for top in range(100, 1500, 40):
        draw.rectangle((200, top, 1000, top + 6), fill=20)
    page.save(tmp_path / "page.png")
    with Image.open(evened(tmp_path / "page.png", tmp_path / "even.pnm")) as even:
        for x in (300, 560, 625, 640, 900):  # a sixteenth of an inch from the edge, and far from it
            assert even.getpixel((x, 123)) > 180, x  # type: ignore[operator]
            assert even.getpixel((x, 103)) < 100, x  # type: ignore[operator]
