"""What is not public is not shown: neither as a file nor as a page nor as a passage found."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from web_library import EN, FR, PDF, Pages, index, make, serving


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    library = make(tmp_path_factory.mktemp("home"))
    with library.writer() as writer:
        writer.put_item(replace(library.item(FR), access="restricted"), {}, "Restricted")
        writer.put_item(replace(library.item(EN), access="embargoed", embargo="2999-12-31"), {}, "Under embargo")
    index(library)
    with serving(library) as opened:
        yield opened


@pytest.mark.parametrize("path", ["file/originals/the%20scan.pdf", "file/access.pdf", "page/1", "page/1?q=eau"])
def test_files_and_pages_are_refused_with_the_reason(pages: Pages, path: str) -> None:
    answer = pages.get(f"/item/{FR}/{path}", headers={"Accept-Language": "en"})
    assert answer.status_code == 403
    assert PDF not in answer.content
    assert "kept by the library and not open to the public" in answer.text


def test_the_page_of_the_item_says_so_and_offers_nothing(pages: Pages) -> None:
    answer = pages.get(f"/item/{FR}", headers={"Accept-Language": "fr"})
    assert answer.status_code == 200
    assert "ne sont pas ouverts au public" in answer.text
    assert f"/item/{FR}/file/" not in answer.text
    assert f"/item/{FR}/page/" not in answer.text


def test_an_embargo_says_until_when(pages: Pages) -> None:
    answer = pages.get(f"/item/{EN}/page/1", headers={"Accept-Language": "es"})
    assert answer.status_code == 403
    assert "2999-12-31" in answer.text


def test_no_passage_of_them_is_found(pages: Pages) -> None:
    assert "the bed never dries" not in pages.get("/search?q=painted+staff").text
    assert f"/item/{EN}" not in pages.get("/search?q=painted+staff").text
