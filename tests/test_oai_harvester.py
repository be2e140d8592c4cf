"""Walking the lists of other repositories: every record once, and an end to every list."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from faulty_repository import Asked, Fault, Reply, Repository, dublin_core, envelope, on_list, refusal, serving
from thoroughness import usually

from metadata.accession import Harvest
from metadata.errors import UsageError
from oai.fetching import Fetcher, Manners, Trouble, Unavailable
from oai.harvester import Harvester, Page

QUICK = Manners(allow_private=True, seconds=20.0, silence=5.0, tries=2, pause=0.01)
RECORDS = [dublin_core(number) for number in range(10)]
EVERY = [f"oai:faulty.example:{number}" for number in range(10)]


def harvested(repository: Repository, **more: str) -> tuple[list[Page], str]:
    """Return the pages that come, and why there are no more, ``""`` at the end of the list."""
    with serving(repository) as url:
        harvester = Harvester(Fetcher(url, QUICK), most_records=1800)
        harvester.identify()
        return _pages(harvester, Harvest(url, "oai_dc", **more))  # type: ignore[arg-type]


def _pages(harvester: Harvester, wanted: Harvest) -> tuple[list[Page], str]:
    pages: list[Page] = []
    try:
        for page in harvester.pages(wanted):
            pages.append(page)
    except Trouble as fault:
        return pages, str(fault)
    return pages, ""


def identifiers(pages: Sequence[Page]) -> list[str]:
    return [record.identifier for page in pages for record in page.answer.records]


def test_a_list_is_walked_to_its_end() -> None:
    repository = Repository(RECORDS)
    pages, error = harvested(repository)
    assert (identifiers(pages), error) == (EVERY, "")
    last = pages[-1].harvest
    assert (last.complete, last.token, last.newest, last.in_order) == (True, "", "2026-01-01T09:00:00Z", True)
    assert last.began == "2026-03-01T00:00:00Z"
    assert [page.harvest.complete for page in pages] == [False, False, False, True]
    assert repository.lists[0] == {"metadataPrefix": "oai_dc"}
    assert [page.size for page in pages] == [10] * 4


def test_a_list_goes_on_from_its_token() -> None:
    repository = Repository(RECORDS)
    first, _ = harvested(repository)
    with serving(repository) as url:
        pages, error = _pages(Harvester(Fetcher(url, QUICK)), first[1].harvest)
    assert (identifiers(pages), error) == (EVERY[6:], "")


def test_nothing_is_a_whole_list() -> None:
    for repository in (Repository(()), Repository(RECORDS, fault=on_list(2, refusal("noRecordsMatch")))):
        pages, error = harvested(repository)
        assert (error, pages[-1].harvest.complete) == ("", True)


def test_set_and_moment_are_asked_for() -> None:
    repository = Repository(RECORDS, sets={"a:b": RECORDS[:5]})
    pages, _ = harvested(repository, set_spec="a:b", since="2026-01-01T03:00:00Z")
    assert identifiers(pages) == EVERY[3:5]
    assert repository.lists == [{"metadataPrefix": "oai_dc", "set": "a:b", "from": "2026-01-01T03:00:00Z"}]


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_refused_token_begins_the_list_once_again_at_the_last_datestamp(times: int) -> None:
    repository = Repository(RECORDS, fault=on_list(3, refusal("badResumptionToken"), times))
    pages, error = harvested(repository)
    assert repository.lists[3]["from"] == "2026-01-01T05:00:00Z"
    if times == 1:
        assert (identifiers(pages), error) == ([*EVERY[:6], *EVERY[5:]], "")
        assert pages[-1].harvest.since == ""
    else:
        assert "refuses its own resumption token" in error
        assert not pages[-1].harvest.complete


@pytest.mark.parametrize("page", usually([2], thoroughly=[1, 2, 3]))
def test_a_refused_token_loses_nothing_of_a_list_that_was_in_order_only_so_far(page: int) -> None:
    """What is left from the newest datestamp on is not what is missing: the first page was so by chance."""
    ahead = replace(RECORDS[2], datestamp="2099-01-01T00:00:00Z")
    for records in ([*RECORDS[7:], *RECORDS[:7]], [*RECORDS[:2], ahead, *RECORDS[3:]], RECORDS):
        for tells_size in (True, False):
            fault = on_list(page + 1, refusal("badResumptionToken"))
            pages, error = harvested(Repository(records, fault=fault, tells_size=tells_size))
            assert (set(identifiers(pages)), error) == (set(EVERY), "")
            assert pages[-1].harvest.complete


def test_a_list_whose_tokens_soon_die_comes_to_its_end_as_long_as_it_gets_on() -> None:
    many = [dublin_core(number) for number in range(14)]
    repository = Repository(many, fault=every_third(refusal("badResumptionToken")))
    pages, error = harvested(repository)
    assert (set(identifiers(pages)), error) == ({one.identifier for one in many}, "")
    assert [asked["from"][11:13] for asked in repository.lists if "from" in asked] == ["05", "10"]


def every_third(reply: Reply) -> Fault:
    seen = 0

    def fault(asked: Asked) -> Reply | None:
        nonlocal seen
        seen += asked["verb"] == "ListRecords"
        return reply if asked["verb"] == "ListRecords" and seen % 3 == 0 else None

    return fault


_OLD = "yesterday"


@pytest.mark.parametrize(
    "reply",
    [refusal("badResumptionToken"), refusal("badArgument"), refusal("noRecordsMatch"), Reply(b"expired", 404),
     Reply(b"<html/>"), Reply(b"", 500)],
)  # fmt: skip
def test_a_token_of_yesterday_may_be_answered_with_anything(reply: Reply) -> None:
    first, _ = harvested(Repository(RECORDS))
    yesterday = replace(first[1].harvest, token=_OLD)

    def fault(asked: Asked) -> Reply | None:
        return reply if asked.get("resumptionToken") == _OLD else None

    repository = Repository(RECORDS, fault=fault)
    with serving(repository) as url:
        pages, error = _pages(Harvester(Fetcher(url, QUICK)), yesterday)
    assert (identifiers(pages), error) == (EVERY[5:], "")
    assert repository.lists[-2] == {"metadataPrefix": "oai_dc", "from": "2026-01-01T05:00:00Z"}


def test_who_does_not_answer_now_is_not_asked_for_the_list_from_its_beginning() -> None:
    repository = Repository(RECORDS, fault=on_list(1, Reply(b"", 503), 9))
    pages, error = harvested(repository, **{"token": "||3"})
    assert (pages, repository.lists) == ([], [{"resumptionToken": "||3"}] * 2)
    assert "HTTP status 503" in error


def test_a_repository_that_goes_by_the_day_is_asked_for_days_whatever_its_records_say() -> None:
    def strict(asked: Asked) -> Reply | None:
        return refusal("badArgument") if len(asked.get("from", "")) > len("2026-01-01") else None

    bad = on_list(3, refusal("badResumptionToken"))
    repository = Repository(RECORDS, by_day=True, fault=lambda asked: bad(asked) or strict(asked))
    pages, error = harvested(repository)
    assert (set(identifiers(pages)), error) == (set(EVERY), "")
    assert repository.lists[3] == {"metadataPrefix": "oai_dc", "from": "2026-01-01"}
    assert pages[-1].harvest.newest == "2026-01-01"


def test_parts_of_a_second_are_not_asked_for() -> None:
    def fine(asked: Asked) -> Reply | None:
        return refusal("badArgument") if "." in asked.get("from", "") else None

    stamped = [replace(one, datestamp=one.datestamp.replace("Z", ".25Z")) for one in RECORDS]
    bad = on_list(3, refusal("badResumptionToken"))
    repository = Repository(stamped, fault=lambda asked: bad(asked) or fine(asked))
    pages, error = harvested(repository)
    assert (set(identifiers(pages)), error) == (set(EVERY), "")
    assert repository.lists[3] == {"metadataPrefix": "oai_dc", "from": "2026-01-01T05:00:00Z"}
    assert pages[-1].harvest.newest == "2026-01-01T09:00:00Z"
    answer = envelope("<ListRecords>" + RECORDS[0].xml() + "</ListRecords>").replace(b"00:00Z</resp", b"00:00.5Z</resp")
    pages, _ = harvested(Repository(RECORDS, fault=on_list(1, Reply(answer))))
    assert pages[0].harvest.began == "2026-03-01T00:00:00Z"


def test_a_clock_that_is_ahead_is_not_believed() -> None:
    ahead = envelope("<ListRecords>" + RECORDS[0].xml() + "</ListRecords>").replace(b"2026-03-01", b"2999-03-01")
    pages, _ = harvested(Repository(RECORDS, fault=on_list(1, Reply(ahead))))
    assert pages[0].harvest.began < "2999"


def test_a_record_says_whether_it_is_deleted_and_where_it_is() -> None:
    header = "<header{}><identifier>a</identifier><setSpec>x:y</setSpec><setSpec> z </setSpec></header>"
    answer, sets = "<GetRecord><record>{}</record></GetRecord>", frozenset(("x:y", "z"))
    for inside, expected in [
        (answer.format(header.format("")), (False, sets)),
        (answer.format(header.format(' status="deleted"')), (True, sets)),
        ('<error code="idDoesNotExist"/>', None),
    ]:
        with serving(Repository(fault=lambda _, inside=inside: Reply(envelope(inside)))) as url:  # type: ignore[misc]
            assert Harvester(Fetcher(url, QUICK)).record_header("a", "oai_dc") == expected


def test_a_list_out_of_order_begins_again_at_its_beginning() -> None:
    mixed = [RECORDS[number] for number in (4, 9, 1, 0, 2, 3, 5, 6, 7, 8)]
    repository = Repository(mixed, fault=on_list(3, refusal("badResumptionToken")))
    pages, error = harvested(repository, since="2026-01-01")
    assert (set(identifiers(pages)), error) == (set(EVERY), "")
    assert repository.lists[3] == {"metadataPrefix": "oai_dc", "from": "2026-01-01"}
    assert not pages[-1].harvest.in_order


def token_page(token: str, *numbers: int, size: str = "") -> Reply:
    inside = "".join(dublin_core(number).xml() for number in numbers)
    return Reply(envelope(f"<ListRecords>{inside}<resumptionToken{size}>{token}</resumptionToken></ListRecords>"))


def endless(pages: str) -> Fault:
    """Return a repository whose list never ends, in one of several ways."""
    count = 0

    def fault(asked: Asked) -> Reply | None:
        nonlocal count
        if asked["verb"] != "ListRecords":
            return None
        count += 1
        if pages == "the same token":
            return token_page("again", count)
        if pages == "two tokens in turn":
            return token_page("ab"[count % 2], count)
        if pages == "no records":
            return token_page(f"t{count}")
        if pages == "the same records":
            return token_page(f"t{count}", 1, 2, 3)
        size = "" if pages == "always new ones" else ' completeListSize="100"'
        return token_page(f"t{count}", *range(count * 600, count * 600 + 600), size=size)

    return fault


@pytest.mark.parametrize(
    ("kind", "reason", "most"),
    [
        ("the same token", "a second time", 2),
        ("two tokens in turn", "a second time", 3),
        ("no records", "bring nothing new", 10),
        ("the same records", "bring nothing new", 11),
        ("always new ones", "more than 1800 records", 3),
        ("more than it says", "has 100 records, and has given 1800", 3),
    ],
)
def test_a_list_that_never_ends_is_ended_and_named(kind: str, reason: str, most: int) -> None:
    pages, error = harvested(Repository(fault=endless(kind)))
    assert reason in error
    assert len(pages) <= most
    assert not pages[-1].harvest.complete
    assert pages[-1].harvest.token == ""


def test_a_few_pages_without_records_are_borne() -> None:
    repository = Repository(RECORDS, fault=on_list(1, token_page("||0")))
    pages, error = harvested(repository)
    assert (identifiers(pages), error) == (EVERY, "")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(b"<html><body>Down for maintenance</body></html>"), "HTML"),
        (Reply(envelope("", root='<OAI-PMH xmlns="http://www.openarchives.org/OAI/1.1/">')), "OAI/1.1/"),
        (Reply(envelope("", head="<!DOCTYPE x>")), "DOCTYPE"),
        (Reply(b"\x00\x01"), "not XML"),
        (Reply(envelope("<ListRecords><record>")[:-10]), "cut short"),
        (Reply(b"Forbidden", 403), "HTTP status 403"),
        (refusal("cannotDisseminateFormat"), "cannotDisseminateFormat"),
        (refusal("badArgument"), "error (badArgument: No.)"),
        (refusal("Foo\x20bar"), "Foo bar: No."),
        (refusal(""), "No."),
        (refusal("__name__"), "__name__"),
    ],
)
def test_what_is_no_page_ends_the_list_and_what_came_before_is_good(reply: Reply, reason: str) -> None:
    pages, error = harvested(Repository(RECORDS, fault=on_list(3, reply, 9)))
    assert identifiers(pages) == EVERY[:6]
    assert reason in error
    assert [pages[-1].harvest.token] == ["||6"]


def test_a_page_that_is_bad_but_once_is_asked_for_again() -> None:
    for reply in (Reply(b"<html/>"), Reply(envelope("<ListRecords>")[:-20])):
        pages, error = harvested(Repository(RECORDS, fault=on_list(2, reply)))
        assert (identifiers(pages), error) == (EVERY, "")


def test_errors_may_come_with_a_status_of_http() -> None:
    bad = replace(refusal("badResumptionToken"), status=400)
    pages, error = harvested(Repository(RECORDS, fault=on_list(2, bad)))
    assert (set(identifiers(pages)), error) == (set(EVERY), "")


def test_a_set_where_there_are_none_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="no sets"):
        harvested(Repository(RECORDS, fault=on_list(1, refusal("noSetHierarchy"))), set_spec="a")


def test_who_it_is_and_what_it_offers() -> None:
    with serving(Repository(name="  A\n library ", by_day=True)) as url:
        harvester = Harvester(Fetcher(url, QUICK))
        assert (harvester.identify().name, harvester.identify().by_day) == ("A library", True)
        assert harvester.formats() == {"oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/"}


@pytest.mark.parametrize("reply", [Reply(b"Not found", 404), Reply(b"<html/>"), Reply(b"", 500)])
def test_who_cannot_say_what_it_offers_may_have_lists_all_the_same(reply: Reply) -> None:
    with serving(Repository(fault=lambda asked: reply if asked["verb"] == "ListMetadataFormats" else None)) as url:
        assert Harvester(Fetcher(url, QUICK)).formats() == {}
    with serving(Repository(fault=lambda _: Reply(b"", 503))) as url, pytest.raises(Unavailable):
        Harvester(Fetcher(url, QUICK)).formats()


def test_who_does_not_say_who_it_is_cannot_be_harvested() -> None:
    for reply in (refusal("badVerb"), Reply(envelope(""))):
        with serving(Repository(fault=lambda _, reply=reply: reply)) as url:  # type: ignore[misc]
            harvester = Harvester(Fetcher(url, QUICK))
            with pytest.raises(Trouble, match="who it is"):
                harvester.identify()
            assert harvester.formats() == {}
