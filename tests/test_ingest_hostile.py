"""Hostile PDFs and images: refused by name or read, within a minute and a gibibyte, beside good ones."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HOSTILE = Path(__file__).resolve().parents[2] / "shared" / "data" / "hostile"
KINDS = {".pdf": "application/pdf", ".tif": "image/tiff", ".jpg": "image/jpeg", ".png": "image/png"}
BATCH = """
import json, resource, sys, time
from pathlib import Path
from ingest.digitise import digitise
from ingest.documents import Digitised, Document, Limits
from ingest.tesseract import Tesseract

def main():
    folder, began, longest = Path(sys.argv[1]), time.monotonic(), 0.0
    for number, (path, kind) in enumerate(map(str.split, map(str.strip, sys.stdin))):
        (folder / str(number)).mkdir()
        documents.append(Document(Path(path), kind, ("eng",), folder / str(number), Path(path).name))
    for done in digitise(documents, Tesseract(), 2, Limits(), lambda _: None):
        longest, began = max(longest, time.monotonic() - began), time.monotonic()
        told[done.document.key] = [isinstance(done, Digitised), [fault.code for fault in done.problems]]
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"told": told, "most": most, "longest": longest}))

documents, told = [], {}
if __name__ == "__main__":
    main()
"""


@pytest.mark.ocr
@pytest.mark.shared
def test_all_hostile_files_are_refused_by_name_or_read(tmp_path: Path) -> None:
    found = [path for part in ("pdf", "img") for path in sorted((HOSTILE / part).iterdir()) if path.suffix in KINDS]
    (tmp_path / "batch.py").write_text(BATCH)
    rows = "".join(f"{path} {KINDS[path.suffix]}\n" for path in found)
    command = [sys.executable, str(tmp_path / "batch.py"), str(tmp_path)]
    done = subprocess.run(command, input=rows, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    told = answer["told"]
    assert set(told) == {path.name for path in found}
    assert all(is_read or codes for is_read, codes in told.values())
    assert told["ok-control.pdf"] == told["ok-control.png"] == [True, []]
    assert told["flate-bomb-double.pdf"] == [False, ["file-too-large"]]
    assert told["encrypted-user-password.pdf"] == [False, ["file-locked"]]
    assert told["zero-pages.pdf"] == [False, ["file-damaged"]]
    assert answer["most"] <= 1 << 20  # kibibytes
    assert answer["longest"] <= 60
