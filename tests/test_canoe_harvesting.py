"""The endpoint of a home as it is served: formats, the page for people, descriptions from the settings."""

import asyncio
from pathlib import Path

import httpx
import pytest
from archive_library import book
from starlette.applications import Starlette

from archive.library import Library
from canoe.home import Home
from canoe.server import build
from canoe.settings import LibrarySettings, OaiSettings, Settings, write_settings

SETTINGS = Settings(
    LibrarySettings(base_url="http://library.example.org"),
    oai=OaiSettings(friends=("http://friend.example/oai?a=1&b=2",), icon="http://icon.example/a.png"),
)


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    """Return what serves a home with one book."""
    write_settings(tmp_path, SETTINGS)
    home = Home.read(tmp_path)
    with Library.create(tmp_path, home.publishing).writer() as writer:
        writer.put_item(*book(1), "Ingested")
    home.update_index()
    return build(home)


def get(app: Starlette, address: str, **headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://evil.example") as client:
            return await client.get(address, headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize(("language", "heading"), [("en", "Sets"), ("fr", "Ensembles"), ("es", "Conjuntos")])
def test_a_browser_is_told_in_its_language_how_to_harvest(app: Starlette, language: str, heading: str) -> None:
    for page in (
        get(app, "/oai", accept="text/html", **{"accept-language": language}),
        get(app, f"/oai?lang={language}", accept="text/html"),
    ):
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert f"<h2>{heading}</h2>" in page.text
        assert "<code>http://library.example.org/oai</code>" in page.text
        assert "evil" not in page.text
        for name in ("oai_dc", "oai_qdc", "marcxml", "mods", "oai_datacite", "oai_openaire", "type:other"):
            assert name in page.text


def test_a_harvester_is_told_so_in_xml(app: Starlette) -> None:
    assert 'code="badVerb"' in get(app, "/oai").text
    said = get(app, "/oai?verb=Identify").text
    assert "<baseURL>http://friend.example/oai?a=1&amp;b=2</baseURL></friends>" in said
    assert "<collectionIcon><url>http://icon.example/a.png</url><title>Canoe</title></collectionIcon>" in said
    assert "verb=Identify" not in said
    assert "<leader>" in get(app, "/oai?verb=ListRecords&metadataPrefix=marcxml").text


def test_tokens_die_with_the_key_that_signed_them(app: Starlette, tmp_path: Path) -> None:
    key = tmp_path / "oai-token.key"
    assert key.stat().st_mode & 0o777 == 0o600
    first = Home.read(tmp_path).token_key()
    key.unlink()
    assert Home.read(tmp_path).token_key() != first
