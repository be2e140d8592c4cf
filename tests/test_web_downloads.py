"""Files of items over HTTP: bytes, ranges, names, and what browsers may do with them."""

from collections.abc import Iterator

import pytest
from web_library import FR, PDF, Pages, digest, make, serving

SCAN = f"/item/{FR}/file/originals/the%20scan.pdf"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with serving(make(tmp_path_factory.mktemp("home"))) as opened:
        yield opened


def test_a_file_comes_as_it_is_kept(pages: Pages) -> None:
    answer = pages.get(SCAN)
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-length"] == str(len(PDF))
    assert answer.headers["etag"] == f'"{digest(PDF)}"'
    assert answer.headers["content-disposition"] == "inline; filename*=utf-8''le%20scan%20%C3%A9.pdf"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_copy_made_here_is_saved_under_a_name_of_its_own(pages: Pages) -> None:
    answer = pages.head(f"/item/{FR}/file/access.pdf")
    assert answer.headers["content-disposition"] == f"inline; filename*=utf-8''le%20scan%20%C3%A9-{FR}.pdf"


def test_what_may_carry_script_is_saved_not_shown(pages: Pages) -> None:
    answer = pages.get(f"/item/{FR}/file/originals/plan.svg")
    assert answer.headers["content-disposition"] == 'attachment; filename="plan.svg"'


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-8", 206, PDF[:9]),
        ("bytes=-5", 206, PDF[-5:]),
        (f"bytes={len(PDF)}-", 416, b""),
        ("bytes=9-1", 400, None),
        ("lines=1-2", 400, None),
        ("bytes=" + "9" * 5000 + "-", 400, None),
    ],
)
def test_ranges(pages: Pages, asked: str, status: int, content: bytes | None) -> None:
    answer = pages.get(SCAN, headers={"Range": asked})
    assert answer.status_code == status
    assert content is None or answer.content == content
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_range_of_another_version_gives_the_whole(pages: Pages) -> None:
    answer = pages.get(SCAN, headers={"Range": "bytes=0-8", "If-Range": '"another"'})
    assert (answer.status_code, answer.content) == (200, PDF)


def test_what_the_reader_has_is_not_sent_again(pages: Pages) -> None:
    for held in (f'"{digest(PDF)}"', f'"another", W/"{digest(PDF)}"', "*"):
        answer = pages.get(SCAN, headers={"If-None-Match": held})
        assert (answer.status_code, answer.content) == (304, b"")


def test_head_tells_the_size(pages: Pages) -> None:
    answer = pages.head(SCAN)
    assert (answer.content, answer.headers["content-length"]) == (b"", str(len(PDF)))


@pytest.mark.parametrize(
    "path",
    ["pages.jsonl", "item.json", "", "originals/", "originals/the%20scan.pdf/", "../item.json", "..%2fitem.json",
     "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "originals/%00", "/etc/passwd", "originals/../originals/plan.svg"],
)  # fmt: skip
def test_only_named_files_are_given(pages: Pages, path: str) -> None:
    answer = pages.get(f"/item/{FR}/file/{path}")
    # The client itself resolves plain dots, which may leave the address of an item.
    assert answer.status_code in (200, 404)
    assert answer.status_code == 404 or answer.content == b"<svg/>"
    assert b"root:" not in answer.content
