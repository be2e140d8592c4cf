"""Names, identifiers and likeness of agents: what is one name, what only looks alike, what is none."""

import time
from dataclasses import replace

import pytest

from metadata.agents import Authority, Claim, Decision, Parent, from_json, to_json
from metadata.agents_identifiers import address, checked, read, scheme_of
from metadata.agents_likeness import THRESHOLD, Alike, Context, Named, alike, weigh
from metadata.agents_names import letter_of, name_key, person_name
from metadata.errors import UsageError
from metadata.ids import item_id
from metadata.model import Identifier, Kind, Text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Darwin, Charles", "Charles DARWIN"),
        ("Élève, Zoë", "Zoe Eleve"),
        ("O’Brien, J. R.", "J.R. O'Brien"),
        ("Smith, John, Jr.", "John Smith, Jr"),
        ("  Marsden ,  E.", "E Marsden"),
        ("Иванов, Пётр", "ИВАНОВ, ПЕТР"),
    ],
)
def test_one_name_has_one_key(one: str, other: str) -> None:
    assert name_key(one, "person") == name_key(other, "person") != ""


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("Smith, John", "Smith, J.", "person"),
        ("Smith, John", "John, Smith", "person"),
        ("Museum, London", "London Museum", "organisation"),
        ("Working Group 1", "Working Group 2", "organisation"),
        ("हिन्दी", "हन्दी", "person"),
        ("x" * 400, "x" * 401, "person"),
        ("Иванов", "Ivanov", "person"),
    ],
)
def test_other_names_have_other_keys(one: str, other: str, kind: Kind) -> None:
    assert name_key(one, kind) != name_key(other, kind)


def test_hostile_names_cost_no_time() -> None:
    began = time.process_time()
    for name in ("," * 100_000, "a," * 50_000, "ﷺ" * 20_000, "\ud800", "", "—", "\u0301" * 50_000, "-" * 100_000 + "1"):
        assert len(name_key(name, "person")) < 400
        person_name(name)
        letter_of(name)
        scheme_of(name)
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("orcid:0000-0002-1825-0097", Identifier("orcid", "0000-0002-1825-0097")),
        ("https://orcid.org/0000-0002-1825-0097", Identifier("orcid", "0000-0002-1825-0097")),
        ("orcid:0000-0002-1825-0098", None),
        ("https://ror.org/04tehfn33", Identifier("ror", "04tehfn33")),
        ("ror:04tehfn34", None),
        ("isni:0000 0001 2146 4380", None),
        ("isni: 0000 0001 2103 2683", Identifier("isni", "0000000121032683")),
        ("http://viaf.org/viaf/102333412", Identifier("viaf", "102333412")),
        ("wikidata:q42", Identifier("wikidata", "Q42")),
        ("https://www.wikidata.org/wiki/Q42", Identifier("wikidata", "Q42")),
        ("orcid.org/0000-0002-1825-0097", Identifier("orcid", "0000-0002-1825-0097")),
        ("https://orcid.org/0000-0002-1825-0097/?lang=fr", Identifier("orcid", "0000-0002-1825-0097")),
        ("ORCID 0000‐0002‑1825–0097", Identifier("orcid", "0000-0002-1825-0097")),
        ("ORCID 0000-0002-1825-0098", None),
        ("ISNI 0000 0001 2103 2683", Identifier("isni", "0000000121032683")),
        ("www.isni.org/isni/0000000121032683/", Identifier("isni", "0000000121032683")),
        ("ror.org/04tehfn33", Identifier("ror", "04tehfn33")),
        ("http://viaf.org/viaf/102333412/#Marsden", Identifier("viaf", "102333412")),
        ("https://viaf.org/en/viaf/102333412", Identifier("viaf", "102333412")),
        ("https://viaf.org/processed/102333412", None),
        ("lcnaf:n 79021164", Identifier("lcnaf", "n79021164")),
        ("ISNI International Agency", None),
        ("https://example.org/Q42", None),
        ("javascript:alert(1)", None),
    ],
)
def test_identifiers_are_checked(text: str, found: Identifier | None) -> None:
    assert read(text) == found
    if found:
        assert checked(found) == found
        assert read(address(found)) == found


def pairs(*names: str, kind: Kind = "person") -> list[Alike]:
    return alike([Named(n, kind, (name,)) for n, name in enumerate(names)])


@pytest.mark.parametrize(
    ("one", "other", "kind", "reason"),
    [
        ("Marsden, Eleanor", "Marsden, E.", "person", "initials"),
        ("Marsden, Eleanor", "Marsdon, Eleanor", "person", "spelling"),
        ("García Márquez, Gabriel", "Gabriel García Márquez", "person", "order"),
        ("García, Gabriel", "García Márquez, Gabriel", "person", "order"),
        ("Иванов, Пётр", "Ivanov, Petr", "person", "same-name"),
        ("Чайковский, Пётр", "Tchaikovsky, Petr", "person", "transliteration"),
        ("Darwin, Charles Robert", "Darwin CR", "person", "initials"),
        ("Darwin, Charles", "Darwin, Charles Robert", "person", "same-name"),
        ("IUCN Species Survival Commission", "SSC", "organisation", "acronym"),
        ("IUCN Species Survival Commission", "IUCN SSC", "organisation", "acronym"),
        ("International Union for Conservation of Nature", "IUCN", "organisation", "acronym"),
        ("International Union for Conservation of Nature",
         "International Union for Conservation of Nature and Natural Resources", "organisation", "begins-with"),
        ("Forest Research Institute", "Forest Reserch Institute", "organisation", "spelling"),
        ("Museum of Natural History, London", "London Museum of Natural History", "organisation", "order"),
    ],
)  # fmt: skip
def test_names_that_look_alike_meet(one: str, other: str, kind: Kind, reason: str) -> None:
    found = pairs(one, other, kind=kind)
    assert len(found) == 1
    assert reason in found[0].reasons


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("Smith, John", "Smith, Mary", "person"),
        ("Smith, John", "Smythers, John", "person"),
        ("Marsden, E. A.", "Marsden, E. B.", "person"),
        ("Forest Museum", "River Museum", "organisation"),
        ("Working Group 1 on Seas", "Working Group 2 on Seas", "organisation"),
        ("Smith", "Smith, J.", "person"),
    ],
)
def test_names_that_do_not_look_alike_do_not(one: str, other: str, kind: Kind) -> None:
    assert not pairs(one, other, kind=kind)


def test_a_body_that_begins_with_anothers_name_is_a_part_of_it() -> None:
    union = "IUCN World Conservation Union"
    (found,) = pairs(f"{union} Commission on Parks", union, kind="organisation")
    assert (found.kind, found.one, found.other) == ("part", 1, 0)


def test_context_speaks_for_and_against() -> None:
    (pair,) = pairs("Marsden, Eleanor", "Marsden, E.")
    alone = weigh(pair, Context(), Context())
    together = Context(co_agents=frozenset((7, 8)), subjects=frozenset((1,)), first=1990, last=1995)
    assert alone.score < THRESHOLD <= weigh(pair, together, together).score
    assert weigh(pair, replace(together, begun="1950"), replace(together, begun="1920")).score < alone.score
    numbered = Context(identifiers=frozenset(("orcid:1",)))
    assert weigh(pair, numbered, numbered).score == 1
    assert "identifiers-differ" in weigh(pair, numbered, Context(identifiers=frozenset(("orcid:2",)))).reasons
    assert weigh(pair, Context(items=frozenset((1,))), Context(items=frozenset((1,)))).score < alone.score


def test_monotonous_names_cost_no_more_than_others() -> None:
    agents = [Named(n, "person", (f"Smith, J{'abcdefgh'[n % 8]}{n}",)) for n in range(1000)]
    bodies = [Named(n + 1000, "organisation", ("National Institute of Marsh " + "x" * (n % 50),)) for n in range(1000)]
    began = time.process_time()
    alike([*agents, *bodies])
    assert time.process_time() - began < 2.5


def test_an_authority_is_written_and_read_as_it_is() -> None:
    one = Authority(
        item_id("x"),
        "organisation",
        Text("Ünion", "de"),
        (Text("=UICN", "fr"),),
        (Identifier("ror", "04tehfn33"),),
        (Parent("0123456789", "1948", ""),),
        claims=(Claim("9876543210", "U."),),
        standing=False,
        decision=Decision("abc", "merge", "2026-01-01T00:00:00Z", "Ana", "why", ("a", "b")),
    )
    assert from_json(to_json(one)) == one
    assert b'"standing": false' in to_json(one)
    assert b"standing" not in to_json(replace(one, standing=True))
    for wrong in (b"", b"[]", b'{"id": 1}', b'{"id": "x", "kind": "ghost", "name": {"value": "x"}}', b"[" * 100_000):
        with pytest.raises(UsageError):
            from_json(wrong)
    with pytest.raises(UsageError):
        to_json(replace(one, note="\ud800"))
