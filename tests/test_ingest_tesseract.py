import pytest

from ingest.engine import load_engine
from metadata.errors import ProgramMissing

pytestmark = pytest.mark.ocr


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ProgramMissing) as caught:
        load_engine("tesseract")
    assert "tesseract-ocr" in caught.value.hint


def test_a_missing_package_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.tesserocr_engine.find_spec", lambda _: None)
    with pytest.raises(ProgramMissing) as caught:
        load_engine("tesserocr")
    assert "canoe[fast]" in caught.value.hint
