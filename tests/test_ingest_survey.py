import struct
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from scans import LIMITS, document, tiff, typeset

from ingest.documents import Document, Limits
from ingest.survey import Survey, survey
from metadata.problems import Problem


def _survey(path: Path, tmp_path: Path, limits: Limits = LIMITS) -> Survey | Problem:
    return survey(document(path, tmp_path / "workspace"), limits)


def _codes(result: Survey | Problem) -> str:
    assert isinstance(result, Problem), result
    assert "{" not in result.message()
    return result.code


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", b"", "file-empty"),
        ("a.pdf", b"<html><body>404", "file-disguised"),
        ("a.pdf", b"\x89PNG\r\n\x1a\n", "file-disguised"),
        ("a.png", b"%PDF-1.4", "file-disguised"),
        ("a.jpg", b"GIF89a", "file-disguised"),
        ("a.pdf", b"something else", "file-damaged"),
        ("a.pdf", b"%PDF-1.7\n", "file-damaged"),
        ("a.png", b"\x89PNG\r\n\x1a\nand no more", "file-damaged"),
        ("a.tif", b"II*\0\x08\0\0\0", "file-damaged"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "file-damaged"),
    ],
)
def test_what_is_no_document_is_refused_by_name(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert _codes(_survey(tmp_path / name, tmp_path)) == code


def test_a_tiff_whose_second_page_has_no_size_is_damaged(tmp_path: Path) -> None:
    data = bytearray(tiff(tmp_path / "a.tif", [(30, 0)]).read_bytes())
    (place,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    struct.pack_into("<I", data, place + 2 + 12 * count, len(data))
    (tmp_path / "b.tif").write_bytes(data + struct.pack("<HHHIII", 1, 262, 3, 1, 1, 0))
    assert _codes(_survey(tmp_path / "b.tif", tmp_path)) == "file-damaged"


def test_a_pdf_that_asks_for_a_password_is_locked(tmp_path: Path) -> None:
    with pikepdf.open(typeset(tmp_path / "a.pdf", ["x"])) as pdf:
        pdf.save(tmp_path / "b.pdf", encryption=pikepdf.Encryption(user="secret", owner="more secret"))
    assert _codes(_survey(tmp_path / "b.pdf", tmp_path)) == "file-locked"


def test_a_file_that_is_not_there_is_damage_not_a_crash(tmp_path: Path) -> None:
    assert _codes(_survey(tmp_path / "a.pdf", tmp_path)) == "file-damaged"


def test_limits_of_size_pages_and_pixels_refuse(tmp_path: Path) -> None:
    path = typeset(tmp_path / "a.pdf", ["1", "2", "3"])
    made = document(path, tmp_path / "w")
    Image.new("1", (400, 400)).save(tmp_path / "b.png")
    picture = Document(tmp_path / "b.png", "image/png", ("eng",), made.workspace, "b.png")
    refused = [
        survey(made, replace(LIMITS, pages=2)),
        survey(made, replace(LIMITS, size=100)),
        survey(picture, replace(LIMITS, pixels=100)),
    ]
    assert [_codes(result) for result in refused] == ["file-too-large"] * 3


def test_pages_are_counted_and_measured(tmp_path: Path) -> None:
    assert _survey(typeset(tmp_path / "a.pdf", ["1", "2"], turn=90), tmp_path) == Survey(((833, 1250),) * 2)


def test_the_frames_of_a_tiff_are_its_pages(tmp_path: Path) -> None:
    frames = [Image.new("1", size) for size in ((30, 40), (50, 60))]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:], compression="group4")
    assert _survey(tmp_path / "a.tif", tmp_path) == Survey(((30, 40), (50, 60)), places=((0, 0), (0, 1)))


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("  Red List\nof 1986 ", "Red List of 1986"),
        ("Microsoft Word - draft3.doc", ""),
        ("untitled", ""),
        ("scan0001", ""),
        ("report_final.indd", ""),
        ("--", ""),
        ("La forêt: 1978", "La forêt: 1978"),
    ],
)
def test_a_title_is_taken_where_it_is_one(tmp_path: Path, stated: str, title: str) -> None:
    with pikepdf.open(typeset(tmp_path / "a.pdf", ["x"])) as pdf:
        pdf.docinfo["/Title"] = stated
        pdf.save(tmp_path / "b.pdf")
    found = _survey(tmp_path / "b.pdf", tmp_path)
    assert isinstance(found, Survey)
    assert found.title == title
