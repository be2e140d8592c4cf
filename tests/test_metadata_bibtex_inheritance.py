"""What entries of BibTeX have from their parents and from data containers."""

import io
import time

from metadata.bibtex import read_bibtex
from metadata.description import Description, Rejected
from metadata.model import Agent, Contribution, Date, Identifier, Item, Series, Text

PROCEEDINGS = (
    "@proceedings{P, title={Proceedings}, year=1999, editor={Roe, Jane}, publisher={IUCN}, doi={10.1234/x},"
    " isbn={978-0-387-23483-1}, pages={1--400}, abstract={All of it.}}"
)


def read(text: str) -> list[Description | Rejected]:
    return list(read_bibtex(io.BytesIO(text.encode()), "x.bib"))


def first(text: str) -> Item:
    found = read(text)[0]
    assert isinstance(found, Description), found
    return found.item


def codes(found: Description | Rejected) -> list[str]:
    return [one.code for one in found.problems]


def test_an_entry_has_from_its_parent_what_it_lacks_and_nothing_that_names_the_parent_alone() -> None:
    child = "@inproceedings{a, title={A}, author={Li, X.}, crossref={p}}"
    item = first(f"{child} {PROCEEDINGS}")
    assert item.series == (Series("Proceedings"),)
    assert item.dates == (Date("1999"),)
    assert Contribution(Agent("Roe, Jane", "person"), "edt") in item.contributions
    assert Contribution(Agent("IUCN", "organisation"), "pbl") in item.contributions
    assert item.identifiers == (Identifier("control-number", "(x.bib)a"),)
    assert (item.extent, item.descriptions) == ("", ())
    assert first(f"{child[:-1]}, date={{2003-05}}, editor={{Doe, J.}}}} {PROCEEDINGS}").dates == (Date("2003-05"),)


def test_the_parent_may_come_first_stays_a_record_and_is_linked_by_its_own_key() -> None:
    parent, child = read(f"{PROCEEDINGS} @inproceedings{{a, title={{A}}, crossref={{p}}}}")
    assert isinstance(parent, Description)
    assert isinstance(child, Description)
    assert parent.item.title == Text("Proceedings")
    assert child.item.series == (Series("Proceedings"),)
    assert [link.value for link in child.links] == ["(x.bib)P"]


def test_the_title_becomes_what_the_entry_stands_in() -> None:
    periodical = "@periodical{j, title={Journal}, issn={1234-5679}, year=2000}"
    item = first(f"@article{{a, title={{A}}, crossref={{j}}}} {periodical}")
    assert (item.series, item.year) == ((Series("Journal", "", "1234-5679"),), 2000)
    volume = first("@book{a, title={A}, volume=2, crossref={m}} @mvbook{m, title={Whole}, author={Li, X.}}")
    assert volume.series == (Series("Whole", "2"),)
    assert volume.contributions == (Contribution(Agent("Li, X.", "person"), "aut"),)
    booktitle = first("@inbook{a, title={A}, crossref={b}} @book{b, title={B}, booktitle={The B}}")
    assert booktitle.series == (Series("The B"),)


def test_generations_are_followed_and_abbreviations_with_them() -> None:
    text = (
        '@string{iucn = "IUCN"} @inproceedings{a, title={A}, crossref={p}} @proceedings{p, title={P}, crossref={m}}'
        " @mvproceedings{m, title={M}, publisher=iucn}"
    )
    item = first(text)
    assert item.series == (Series("P"), Series("M"))
    assert item.contributions == (Contribution(Agent("IUCN", "organisation"), "pbl"),)


def test_data_containers_give_all_their_fields_and_are_no_records() -> None:
    item, container = read("@article{a, title={A}, xdata={d}} @xdata{d, journal={J}, year=2001, doi={10.1234/x}}")
    assert isinstance(item, Description)
    assert (item.item.series, item.item.year) == ((Series("J"),), 2001)
    assert Identifier("doi", "10.1234/x") in item.item.identifiers
    assert isinstance(container, Rejected)
    assert container.set_aside
    assert codes(container) == ["record-not-bibliographic"]


def test_missing_parents_and_circles_are_told() -> None:
    (alone,) = read("@article{a, title={A}, xdata={none}, crossref={none}}")
    assert codes(alone) == ["parent-missing", "parent-missing"]
    one, other = read("@book{a, title={A}, crossref={b}} @book{b, title={B}, year=1999, crossref={a}}")
    assert isinstance(one, Description)
    assert one.item.year == 1999
    assert codes(one) == codes(other) == ["parent-circular"]
    (itself,) = read("@book{a, title={A}, crossref={a}}")
    assert codes(itself) == ["parent-circular"]


def test_a_changed_parent_makes_its_children_other_submissions() -> None:
    child = "@inproceedings{a, title={A}, crossref={p}}"
    one, other = (read(f"{child} @proceedings{{p, title={{{title}}}}}")[0] for title in ("P", "Q"))
    assert isinstance(one, Description)
    assert isinstance(other, Description)
    assert one.raw != other.raw
    assert read(child)[0].raw == child.encode()


def test_what_refers_to_very_much_is_read_in_time() -> None:
    keys = ",".join(f"k{n}" for n in range(40))
    text = "".join(f"@misc{{k{n}, title={{T}}, xdata={{{keys}}}}}\n" for n in range(40))
    began = time.process_time()
    assert len(read(text)) == 40
    assert time.process_time() - began < 5
