import pytest

from metadata import relators
from metadata import standard_numbers as numbers


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0-7868-0877-2 (pbk.)", "0786808772"),
        ("9781410442444", "9781410442444"),
        ("080442957X", "080442957X"),
        ("0786808773", ""),
        ("9781410442445", ""),
        ("1234567890123", ""),
        ("$12.50", ""),
        ("", ""),
    ],
)
def test_isbn(written: str, meant: str) -> None:
    assert numbers.isbn(written) == meant


def test_issn_and_isni_prove_their_check_digit() -> None:
    assert numbers.issn("00097330") == "0009-7330"
    assert numbers.issn("0009-7331") == ""
    assert numbers.isni("0000-0002-1825-0097") == "0000000218250097"
    assert numbers.isni("0000-0002-1825-0098") == ""


@pytest.mark.parametrize(
    "written",
    [
        "https://doi.org/10.1234/AB.c",
        "doi:10.1234/ab.c",
        "10.1234/ab.c",
        "DOI 10.1234/AB.C",
        "10.1234/ab.c.",
        "https://doi.org/10.1234/ab.c,",
        "10.1234%2Fab.c",
        "https://doi.org/10.1234%2fab.c",
        "dx.doi.org/10.1234/ab.c",
        "urn:doi:10.1234/ab.c",
        "<https://doi.org/10.1234/ab.c>",
        "https://doi.org/doi:10.1234/ab.c",
        "10.1234/ab.c (online)",
        "10.1234/\u200bab.c\u200b",
    ],
)
def test_a_doi_has_one_form(written: str) -> None:
    assert numbers.doi(written) == "10.1234/ab.c"


def test_what_an_address_quotes_of_a_doi_is_undone_and_done() -> None:
    name = "10.1002/(sici)1097-4571(199806)49:8<693::aid-asi4>3.0.co;2-o#a"
    address = numbers.doi_address(name)
    assert address == "https://doi.org/10.1002/(sici)1097-4571(199806)49:8%3C693::aid-asi4%3E3.0.co;2-o%23a"
    assert numbers.doi(address) == numbers.doi(name) == name
    assert numbers.doi("10.1234/50%25") == "10.1234/50%25"  # a name is not an address
    assert numbers.url(address) == address


def test_what_is_no_doi_or_runs_in_a_browser_is_nothing() -> None:
    assert numbers.doi("10.1234/../../<svg onload=alert(1)>") == ""
    assert numbers.doi("11.1234/x") == ""
    assert numbers.url("javascript:alert(1)") == ""
    assert numbers.url("https://example.org/a?b=c") == "https://example.org/a?b=c"


def test_relators_by_code_and_by_word() -> None:
    assert relators.from_code("http://id.loc.gov/vocabulary/relators/edt") == "edt"
    assert relators.from_term("joint author.") == "aut"
    assert relators.from_term("Éditeur scientifique") == "edt"
    assert relators.from_term("traductor,") == "trl"
    assert relators.from_term("juggler") == ""
    assert relators.from_term("Wood-engraver") == "wde"
    assert relators.from_term("author of afterword, colophon, etc.") == "aft"
    assert relators.from_term("creator") == "aut"
    assert relators.from_code("xyz") == ""
    assert {relators.from_term(word) for word in ("illustrator", "coauthor", "préfacier")} < relators.CODES


def test_ismn_orcid_and_ror_prove_their_check_characters() -> None:
    assert numbers.ismn("M-2306-7118-7") == numbers.ismn("979-0-2306-7118-7") == "9790230671187"
    assert numbers.ismn("979-0-2306-7118-6") == numbers.ismn("9780786808779") == ""
    assert numbers.orcid("https://orcid.org/0000-0002-1825-0097") == "0000-0002-1825-0097"
    assert numbers.orcid("0000-0002-1825-0098") == ""
    assert numbers.ror("https://ror.org/04tj63d06") == "04tj63d06"
    assert numbers.ror("04tj63d07") == numbers.ror("") == ""


def test_a_discontinued_relator_is_read_as_what_is_used_instead() -> None:
    assert [relators.from_code(code) for code in ("clb", "voc", "http://id.loc.gov/vocabulary/relators/grt")] == [
        "ctb",
        "sng",
        "art",
    ]
    assert not {"clb", "voc", "grt", "orr", "cau"} & relators.CODES
    assert {"crf", "mem", "waw", "swd"} < relators.CODES


def test_every_relator_is_found_by_its_code_and_its_own_term() -> None:
    assert len(relators.TERMS) == 306
    for code, term in relators.TERMS.items():
        assert relators.from_code(code) == code
        assert relators.from_term(term) == ("aut" if code == "cre" else code)
