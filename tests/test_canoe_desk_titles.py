"""What an upload that is one publication is called: the title typed with it, else what its page images are called."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from canoe.desk_ingesting import Uploads, Wish
from canoe.desk_job import take_in
from canoe.desk_titles import Uploaded
from canoe.home import Home
from desk.ingesting import Asked, Folders
from metadata.model import Item

PDF = b"%PDF-1.7\n"


def image(shade: int) -> bytes:
    made = io.BytesIO()
    Image.new("L", (120, 160), shade).save(made, "PNG")
    return made.getvalue()


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def taken_in(home: Path, asked: Asked, files: Mapping[str, bytes]) -> list[Item]:
    """Return the items that an upload made."""
    uploads = Uploads(home)
    with uploads.staging() as folder:
        upload = uploads.start(Wish("Ada", "ada", "2026-11-23T10:00:00Z", asked), put(folder, files))
    assert [name for name, _ in upload.names()] == sorted(files)  # as they were uploaded
    take_in(Home.read(home), upload)
    ended = upload.ended
    assert ended is not None
    assert ended.state == "done", ended.told
    library = Home.read(home).library
    return [library.item(piece.item) for piece in library.pieces(ended.accession)]


def test_a_title_is_that_of_one_document(home: Path) -> None:
    title = 'Des "marais" ; = 2 pages, et l’eau'
    (item,) = taken_in(home, Asked(title=title), {"scan; (1).png": image(250)})
    assert [one.value for one in item.titles] == [title]
    assert [file.name for file in item.files_as("original")] == ["scan; (1).png"]


def test_images_are_the_pages_of_what_has_the_title(home: Path) -> None:
    files = {"front.png": image(250), "marshes.png": image(240)}
    (item,) = taken_in(home, Asked(title="Caring for Marshes"), files)
    assert [one.value for one in item.titles] == ["Caring for Marshes"]
    assert [file.name for file in item.files_as("original")] == ["front.png", "marshes.png"]


def test_without_a_title_pages_are_called_as_their_files_are(home: Path) -> None:
    (item,) = taken_in(home, Asked(), {f"marshes_1988-0{n}.png": image(250 - n) for n in (1, 2)})
    assert [one.value for one in item.titles] == ["marshes 1988"]
    assert item.page_count == 2


@pytest.mark.parametrize(
    ("files", "folders", "is_one"),
    [
        ({"a.pdf": PDF}, "files", True),
        ({"manifest.csv": PDF}, "auto", True),  # by what it is, not by its name
        ({"a.png": image(1), "b.png": image(2)}, "auto", True),
        ({"a.png": image(1), "b.png": image(2)}, "files", False),
        ({"a.pdf": PDF, "b.pdf": PDF}, "one", False),
        ({"a.pdf": PDF, "a.ris": b"TY  - BOOK\r\nER  - \r\n"}, "auto", False),
        ({"a.png": image(1), "b.pdf": PDF}, "auto", False),
        ({"a.zip": b"PK\x03\x04"}, "auto", False),
        ({}, "auto", False),
    ],
)  # fmt: skip
def test_only_one_publication_may_have_a_title(
    tmp_path: Path, files: dict[str, bytes], folders: Folders, is_one: bool
) -> None:
    uploaded = Uploaded(put(tmp_path / "new" / "files", files), folders)
    assert uploaded.is_one is is_one
    uploaded.arrange("A title" if is_one else "")  # in no case a name is taken twice
    assert len([*uploaded.folder.rglob("*.csv")]) == is_one + ("manifest.csv" in files)


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (("a-1.png", "a-2.png"), "a"),
        (("1.png", "2.png"), "1"),
        (("a.png", "a1.png"), "a"),
        (("map.png", "front.png"), "front"),
        (("f01r.png", "f01v.png"), "f"),
        (("the sea p09.png", "the sea p10.png"), "the sea"),
        (("camp_page_1.png", "camp_page_2.png"), "camp"),
        (("page-1.png", "page-2.png"), "page"),
        (("-.png", "_.png"), "pages"),
        (("manifest.csv1", "manifest.csv2"), "manifest"),
    ],
)
def test_what_images_are_called_together(tmp_path: Path, names: tuple[str, ...], called: str) -> None:
    folder = put(tmp_path / "new" / "files", dict.fromkeys(names, image(9)))
    Uploaded(folder, "auto").arrange("")
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.*")} == {f"{called}/{name}" for name in names}
