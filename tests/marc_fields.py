"""MARC 21 records for tests, written field by field: ``245 10 $aTitle :$brest``."""

from metadata.description import Description, Rejected, Remarks
from metadata.marc import describe
from metadata.marc_record import Field, Record
from metadata.model import Item

LEADER = "00000nam a2200000 a 4500"
FIXED = "200101s2020    fr            000 0 fre d"


def made(*fields: str, leader: str = LEADER, fixed: str = FIXED) -> Description | Rejected:
    """Describe a record with control number 42, an 008 and these fields; of 006 and 007 the data stands alone."""
    record = Record(leader, {"001": [Field("001", "", (("", "42"),))], "008": [Field("008", "", (("", fixed),))]})
    for text in fields:
        tag, rest = text[:3], text[7:]
        if tag in ("006", "007"):
            record.fields.setdefault(tag, []).append(Field(tag, "", (("", text[4:]),)))
            continue
        subfields = tuple((part[0], part[1:]) for part in rest.split("$")[1:])
        record.fields.setdefault(tag, []).append(Field(tag, text[4:6], subfields))
    return describe(record, 1, b"", Remarks("x#1"))


def described(*fields: str, leader: str = LEADER, fixed: str = FIXED) -> Description:
    """Describe a record that has a title besides these fields."""
    found = made("245 10 $aForêts", *fields, leader=leader, fixed=fixed)
    assert isinstance(found, Description)
    return found


def item(*fields: str, leader: str = LEADER, fixed: str = FIXED) -> Item:
    """Return the item of a record that has a title besides these fields, and of which nothing is said."""
    found = described(*fields, leader=leader, fixed=fixed)
    assert found.problems == ()
    return found.item


def codes(found: Description | Rejected) -> list[str]:
    """Return the codes of a piece's problems."""
    return [problem.code for problem in found.problems]


def places(found: Description | Rejected) -> list[str]:
    """Return the fields that a piece's problems are about."""
    return [problem.where.rpartition(":")[2] for problem in found.problems]
