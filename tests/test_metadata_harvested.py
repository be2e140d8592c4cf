"""Answers of other repositories: as they should be, as they are, and as somebody might make them."""

import pytest
from faulty_repository import OAI, Record, dublin_core, envelope
from schemas_here import SHARED

from metadata.description import Description, Rejected
from metadata.harvested import Answer, PageRefused, read_answer
from metadata.harvested_forms import described, moment

RECORDINGS = SHARED / "oai"


def page(*records: str) -> bytes:
    """Return a page of records, and perhaps a token."""
    return envelope(f"<ListRecords>{''.join(records)}</ListRecords>")


def sound(number: int) -> str:
    return dublin_core(number).xml()


def titles(answer: Answer) -> list[str]:
    """Return the title of each record, or why it has none."""
    found = []
    for number, record in enumerate(answer.records, 1):
        said = described(record, number, f"x#{number}")
        found.append(said.item.title.value if isinstance(said, Description) else said.problems[0].code)
    return found


def refused(data: bytes, charset: str = "") -> str:
    with pytest.raises(PageRefused) as fault:
        read_answer(data, charset)
    return str(fault.value)


def test_a_page_has_records_token_size_and_the_moment_of_its_making() -> None:
    rest = '<resumptionToken completeListSize="9" cursor="0"> a b&amp;c </resumptionToken>'
    answer = read_answer(page(sound(1), Record("oai:x:2", "2026-01-02", deleted=True).xml(), rest))
    assert (answer.token, answer.size, answer.responded) == ("a b&c", 9, "2026-03-01T00:00:00Z")
    assert [(one.identifier, one.datestamp, one.deleted) for one in answer.records] == [
        ("oai:faulty.example:1", "2026-01-01T01:00:00Z", False),
        ("oai:x:2", "2026-01-02", True),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"Proxy error", "not XML"),
        (b"\n<!DOCTYPE html><html><body>Not now</body></html>", "HTML"),
        (b"<html><head/><body>&nbsp;</body></html>", "HTML"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "HTML"),
        (envelope("", head='<!DOCTYPE x [<!ENTITY a "b">]>'), "DOCTYPE"),
        (envelope("", head="<!-- x --><!doctype x>"), "DOCTYPE"),
        (envelope("", root='<OAI-PMH xmlns="http://www.openarchives.org/OAI/1.1/">'), "OAI/1.1/"),
        (envelope("", root="<OAI-PMH>"), "no namespace"),
        (b"<rss/>", "rss"),
        (page(sound(1))[:-30], "cut short"),
        (page(sound(1)).replace(b"</ListRecords>", b""), ""),
        (page(sound(1), f"<resumptionToken>{'x' * 70000}</resumptionToken>"), "resumption token"),
        (b"\xff\xfe<\x00a\x00\xd8\xd8", "UTF-16"),
    ],
)
def test_what_is_no_answer_is_named(data: bytes, reason: str) -> None:
    if reason:
        assert reason in refused(data)
    else:
        assert titles(read_answer(data)) == ["Report birch 1"]


def test_a_tree_too_large_to_hold_is_not_made() -> None:
    assert "elements and attributes" in refused(b"<a>" + b"<b c=''/>" * 1_400_000 + b"</a>")


def test_a_bad_record_costs_itself_and_not_its_page() -> None:
    broken = sound(2).replace("</dc:title>", "</dc:titel>")
    rest = '<resumptionToken completeListSize="8">on</resumptionToken>'
    answer = read_answer(page(sound(1), broken, sound(3), rest))
    assert titles(answer) == ["Report birch 1", "record-damaged", "Report elm 3"]
    assert answer.records[1].identifier == "oai:faulty.example:2"
    assert (answer.token, answer.size, answer.responded) == ("on", 8, "2026-03-01T00:00:00Z")


@pytest.mark.parametrize(
    "bad",
    [
        "\x0b",
        "\ufffe",
        "&#x1F;",
        "&#11;",
        "&#xD800;",
        "&#65535;",
        "&#X1F389;",
        "&#x110000;",
        "AT&T ",
        "&eacute;",
        "a & b",
    ],
)
def test_characters_that_xml_forbids_are_taken_out_and_that_is_said(bad: str) -> None:
    answer = read_answer(page(sound(1).replace("Report birch", f"Report {bad} birch"), sound(2)))
    assert titles(answer)[1] == "Report cedar 2"
    said = described(answer.records[0], 1, "x#1")
    assert isinstance(said, Description)
    assert "birch 1" in said.item.title.value
    assert [one.code for one in said.problems] == ["record-mended"]


def test_prefixes_of_the_protocol_itself_may_be_any() -> None:
    text = page(sound(1).replace("</dc:title>", ""), sound(2)).decode()
    for name in ("OAI-PMH", "ListRecords", "record", "header", "identifier", "datestamp", "metadata"):
        text = text.replace(f"<{name}>", f"<o:{name}>").replace(f"</{name}>", f"</o:{name}>")
    text = text.replace(f'<OAI-PMH xmlns="{OAI}">', f'<o:OAI-PMH xmlns:o="{OAI}">')
    assert titles(read_answer(text.encode())) == ["record-damaged", "Report cedar 2"]


def test_marc_within_a_broken_page_is_not_cut_at_its_own_records() -> None:
    marc = (
        '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 a 4500</leader>'
        '<datafield tag="245" ind1="0" ind2="0"><subfield code="a">{}</subfield></datafield></record>'
    )
    good = Record("oai:x:1", metadata=marc.format("One")).xml()
    bad = Record("oai:x:2", metadata=marc.format("Two").replace("</subfield>", "")).xml()
    assert titles(read_answer(page(good, bad, good))) == ["One", "record-damaged", "One"]


def test_encodings_are_what_the_bytes_say() -> None:
    text = page(sound(1).replace("birch", "hêtre")).decode()
    latin = text.replace('encoding="UTF-8"', 'encoding="ISO-8859-1"')
    for data, charset, mended in (
        (text.encode(), "", 0),
        (text.encode("utf-8-sig"), "", 0),
        (text.encode("utf-16"), "", 0),
        (latin.encode("latin-1"), "", 0),
        (text.encode("latin-1"), "iso-8859-1", 0),
        (latin.encode(), "", 1),
        (text.encode("cp1252"), "", 1),
        (text.encode("cp1252"), "utf-8", 1),
        (text.encode("cp1252"), "utf-7", 1),
    ):
        answer = read_answer(data, charset)
        assert titles(answer) == ["Report hêtre 1"], (data[:60], charset)
        assert len(answer.records[0].mended) == mended, (data[:60], charset)


def test_only_the_records_that_are_not_utf8_are_read_otherwise() -> None:
    data = page(sound(1).replace("birch", "hêtre"), sound(2)).replace("ê".encode(), b"\xea")
    answer = read_answer(data)
    assert titles(answer) == ["Report hêtre 1", "Report cedar 2"]
    assert [len(one.mended) for one in answer.records] == [1, 0]


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ("", "record-damaged"),
        ("<thing xmlns='urn:x'/>", "record-damaged"),
        ('<mods xmlns="urn:other"><titleInfo><title>T</title></titleInfo></mods>', "record-damaged"),
        ('<record xmlns="urn:x"><leader>00000nam a2200000 a 4500</leader></record>', "record-damaged"),
        ("<dc xmlns='urn:x'/>", "record-without-title"),
        ('<mods xmlns="http://www.loc.gov/mods/v3"/>', "record-without-title"),
        ('<resource xmlns="http://datacite.org/schema/kernel-4"/>', "record-without-title"),
    ],
)
def test_metadata_in_other_forms_or_namespaces_is_named(metadata: str, code: str) -> None:
    said = described(read_answer(page(Record("oai:x:1", metadata=metadata).xml())).records[0], 1, "x#1")
    assert isinstance(said, Rejected)
    assert said.problems[0].code == code


def test_a_record_that_is_only_wrapped_is_read() -> None:
    inner = '<resource xmlns="http://datacite.org/schema/kernel-4"><titles><title>Deep</title></titles></resource>'
    wrapped = f'<oai_datacite xmlns="http://schema.datacite.org/oai/oai-1.1/"><payload>{inner}</payload></oai_datacite>'
    assert titles(read_answer(page(Record("oai:x:1", metadata=wrapped).xml()))) == ["Deep"]


@pytest.mark.shared
def test_the_recordings_are_read_or_named() -> None:
    found: dict[str, str | list[str]] = {}
    for path in sorted(RECORDINGS.rglob("*.xml")):
        try:
            answer = read_answer(path.read_bytes())
        except PageRefused as fault:
            found[path.name] = str(fault)
        else:
            found[path.name] = titles(answer) if answer.records else [code for code, _ in answer.errors]
    assert found["ListRecordsBroken.xml"] == "it is not XML"
    assert "not OAI-PMH of" in found["xoai-test1.xml"]
    assert found["badResumptionToken.xml"] == ["badResumptionToken"]
    assert found["arbitrary_error_response.xml"] == ["foo"]
    assert len(found["ListRecords.xml"]) == 2
    assert len([title for title in found["marc.xml"] if title[:7] != "record-"]) >= 99
    assert len(found) == 34


@pytest.mark.parametrize("stamp", ["2026-01-31", "2026-01-31T23:59:59Z", " 2026-01-31T00:00:00.125Z "])
def test_a_moment_that_there_is_is_kept(stamp: str) -> None:
    assert moment(stamp) == stamp.strip()


@pytest.mark.parametrize(
    "stamp",
    ["", "2026-02-30", "2026-01-31T24:00:00Z", "2026-01-31T23:60:00Z", "1899-12-31T23:59:60Z", "2026-01-31T10:00:00",
     "2026-01-31T10:00:00+02:00", "٢٠٢٦-01-31", "2026-01-31T1٠:00:00Z", "2999-13-01"],
)  # fmt: skip
def test_a_moment_that_there_is_not_is_left_out(stamp: str) -> None:
    assert moment(stamp) == ""
