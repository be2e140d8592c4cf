import gzip
import io
import re
import time
from pathlib import Path

import pytest
from lxml import etree

from metadata.description import Description, Rejected
from metadata.marcxml import NAMESPACE, is_marcxml, read_marcxml

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
OPEN, CLOSE = f'<collection xmlns="{NAMESPACE}">', "</collection>"


def record(title: str) -> str:
    return (
        '<record><leader>00000nam a2200000 a 4500</leader><controlfield tag="001">1</controlfield>'
        f'<datafield tag="245" ind1="0" ind2="0"><subfield code="a">{title}</subfield></datafield></record>'
    )


def read(text: str | bytes) -> list[Description | Rejected]:
    return list(read_marcxml(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "x.xml"))


def outcome(text: str | bytes) -> list[str]:
    """Return each piece's title, or the code of its last problem."""
    return [one.item.title.value if isinstance(one, Description) else one.problems[-1].code for one in read(text)]


def test_a_record_stands_alone_in_raw() -> None:
    found = read(OPEN + record("Été") + CLOSE)
    assert etree.fromstring(found[0].raw).tag == f"{{{NAMESPACE}}}record"
    assert "Été".encode() in found[0].raw
    assert found[0].problems == ()


@pytest.mark.parametrize(
    "broken",
    [
        record("Two").replace("</leader>", ""),
        record("Two").replace("</record>", ""),
        record("Two").replace("<record>", "<recrd>"),
        record("&xxe;"),
        record("\x01"),
    ],
)
def test_a_broken_record_is_reported_and_costs_no_neighbour(broken: str) -> None:
    assert outcome(OPEN + record("One") + broken + record("Three") + CLOSE) == ["One", "record-damaged", "Three"]


def test_bytes_that_are_no_utf8_cost_one_record() -> None:
    data = (OPEN + record("One")).encode() + record("Été").encode("latin-1") + (record("Three") + CLOSE).encode()
    assert outcome(data) == ["One", "record-damaged", "Three"]


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE c [<!ENTITY e SYSTEM "file:///etc/hostname">]>{OPEN}{record("&e;")}{CLOSE}',
        f"<!-- x --><!DOCTYPE c>{OPEN}{record('One')}{CLOSE}",
        "",
        "<dc/>",
        OPEN + CLOSE,
        f'<?xml version="1.0" encoding="utf-7"?>{OPEN}{record("One")}{CLOSE}',
        f'<?xml version="1.0" encoding="no-such"?>{OPEN}{record("One")}{CLOSE}',
    ],
)
def test_what_is_refused_whole(text: str) -> None:
    assert outcome(text) == ["xml-refused"]


def test_a_file_that_ends_before_its_collection_says_so() -> None:
    assert outcome(OPEN + record("One")) == ["One", "xml-refused"]
    assert outcome(OPEN + record("One") + record("Two")[:-30]) == ["One", "record-damaged"]


def test_namespaces() -> None:
    assert outcome(f'<collection xmlns="urn:wrong">{record("One")}{CLOSE}') == ["record-damaged"]
    bare = read(f"<collection>{record('One')}{CLOSE}")
    assert [problem.code for problem in bare[0].problems] == ["record-mended"]
    prefixed = record("One").replace("</", "</m:").replace("<", "<m:").replace("<m:/m:", "</m:")
    assert outcome(f'<m:collection xmlns:m="{NAMESPACE}">{prefixed}</m:collection>') == ["One"]


def test_several_documents_in_one_file_and_wrappers_around_records() -> None:
    document = '<?xml version="1.0"?>' + OPEN + record("One") + CLOSE
    assert outcome(document + document) == ["One", "One"]
    wrapped = f'<record><header/><metadata><collection xmlns="{NAMESPACE}">{record("One")}{CLOSE}</metadata></record>'
    assert outcome(f'<OAI-PMH xmlns="urn:oai">{wrapped}</OAI-PMH>') == ["One"]


def test_comments_and_cdata_are_no_records() -> None:
    assert outcome(OPEN + f"<!-- {record('No')} -->" + record("<![CDATA[</record><record>]]>é") + CLOSE) == [
        "</record><record>é"
    ]
    assert outcome(OPEN + "<record/>" + record("One") + CLOSE) == ["record-damaged", "One"]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "windows-1252"])
def test_other_encodings(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{OPEN}{record("Été")}{CLOSE}'
    assert outcome(text.encode(encoding)) == ["Été"]


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_the_cuts_of_the_stream_do_not_matter(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = OPEN + record("One") + f"<!-- {record('No')} -->" + "<x/>" + record("Two&#233;") + CLOSE
    monkeypatch.setattr("metadata.marcxml._CHUNK", chunk)
    assert outcome(text) == ["One", "Twoé"]


def test_the_sniffer() -> None:
    assert is_marcxml((OPEN + record("One")).encode())
    assert is_marcxml(record("One").encode("utf-16"))
    assert not is_marcxml(b"<records><record><title>x</title></record></records>")
    assert not is_marcxml(b"%PDF-1.7")


@pytest.mark.shared
def test_every_record_of_the_shared_files_is_accounted_for() -> None:
    for path in sorted((SHARED / "marc").rglob("*.xml")):
        data = path.read_bytes()
        found = read(data)
        assert len(found) == len(re.findall(rb"</(?:\w+:)?record>", data)), path
        assert is_marcxml(data[:65536]), path


@pytest.mark.shared
def test_hostile_xml_is_refused_in_time() -> None:
    for path in sorted([*(SHARED / "hostile" / "xml").glob("*.xml*"), *(SHARED / "hostile" / "marc").glob("*.xml")]):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        begun = time.monotonic()
        found = read(data)
        assert time.monotonic() - begun < 10, path
        expected = path.name not in ("marcxml-ok.xml", "marcxml-no-ns.xml")
        assert [isinstance(one, Rejected) for one in found] == [expected], path
