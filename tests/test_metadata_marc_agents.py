"""Who made what, out of MARC 21 records: names, kinds, roles, identifiers."""

import pytest
from marc_fields import described, item, places

from metadata.model import Agent, Contribution, Identifier


def roles(*fields: str) -> list[tuple[str, str, str]]:
    return [(c.agent.name, c.agent.kind, c.role) for c in item(*fields).contributions]


def identifiers(field: str) -> tuple[Identifier, ...]:
    return described(field).item.contributions[0].agent.identifiers


def test_persons_organisations_and_their_roles() -> None:
    assert roles(
        "100 1  $aDupont, Marie,$d1950-",
        "700 1  $aSmith, John,$etraducteur.",
        "700 1  $aRoe, Jane$4edt$4http://id.loc.gov/vocabulary/relators/ill$eauthor",
        "710 2  $aIUCN.$bSpecies Survival Commission.",
        "111 2  $aWorld Parks Congress$n(5th :$d2003 :$cDurban)$jissuing body",
        "720 1  $aJ. Doe$eillustrator",
        "720    $aSome office",
        "264  1 $aGland :$b[IUCN],$c2020.",
        "264  2 $bEarthprint",
        "264  4 $c©2020",
        "264  1 $b[s.n.],$c2020",
        "264  1 $b[éditeur non identifié]",
    ) == [
        ("Dupont, Marie", "person", "aut"),
        ("World Parks Congress (5th : 2003 : Durban)", "organisation", "isb"),
        ("Smith, John", "person", "trl"),
        ("Roe, Jane", "person", "edt"),
        ("Roe, Jane", "person", "ill"),
        ("IUCN. Species Survival Commission", "organisation", "ctb"),
        ("J. Doe", "person", "ill"),
        ("Some office", "organisation", "ctb"),
        ("IUCN", "organisation", "pbl"),
        ("Earthprint", "organisation", "dst"),
    ]


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("(orcid)0000-0002-1825-0097", Identifier("orcid", "0000-0002-1825-0097")),
        ("https://orcid.org/0000-0002-1825-0097", Identifier("orcid", "0000-0002-1825-0097")),
        ("(isni)0000000121032683", Identifier("isni", "0000000121032683")),
        ("https://isni.org/isni/0000000121032683", Identifier("isni", "0000000121032683")),
        ("http://viaf.org/viaf/102333412/", Identifier("viaf", "102333412")),
        ("https://ror.org/04zmssz18", Identifier("ror", "04zmssz18")),
        ("http://www.wikidata.org/entity/Q48268", Identifier("wikidata", "Q48268")),
        ("(DE-588)118540238", Identifier("gnd", "118540238")),
        ("https://d-nb.info/gnd/4034869-4", Identifier("gnd", "4034869-4")),
        ("(gnd)118540238", Identifier("gnd", "118540238")),
        ("(DLC)n  79021383", Identifier("lcnaf", "n79021383")),
        ("http://id.loc.gov/authorities/names/n79021383", Identifier("lcnaf", "n79021383")),
        ("(IdRef)026927608", Identifier("idref", "026927608")),
        ("http://www.idref.fr/026927608/id", None),
        ("http://data.bnf.fr/ark:/12148/cb118905823#about", Identifier("bnf", "cb118905823")),
        ("http://id.loc.gov/authorities/subjects/sh85076810", None),
        ("(local)12", None),
        ("javascript:alert(1)", None),
    ],
)
def test_identifiers_of_agents(value: str, meant: Identifier | None) -> None:
    for code in "01":
        assert identifiers(f"100 1  $aDupont, Marie${code}{value}") == ((meant,) if meant else ())


@pytest.mark.parametrize("value", ["(orcid)0000-0002-1825-0098", "https://isni.org/isni/0000000121032684"])
def test_a_wrong_check_digit_names_nobody(value: str) -> None:
    found = described(f"100 1  $aDupont, Marie$0{value}")
    assert found.item.contributions == (Contribution(Agent("Dupont, Marie", "person"), "aut"),)
    assert places(found) == ["100$0"]


def test_a_role_that_is_not_known_is_told_where_no_other_is() -> None:
    found = described("700 1  $aA$ethaumaturge", "700 1  $aB$4http://example.org/x", "700 1  $aC$4edt$ethaumaturge")
    assert [one.role for one in found.item.contributions] == ["ctb", "ctb", "edt"]
    assert places(found) == ["700$e", "700$4"]
