import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.documents import Digitised, Document, Identification
from ingest.doi_prefixes import Prefixes
from ingest.draft import Draft, Original, Submitted
from ingest.publications import PROBLEMS_FILE, complete, fit_name, languages_of, redescribed, to_read, with_files
from ingest.records import Naming
from ingest.stages import describe
from metadata.description import Description
from metadata.matching import Matcher
from metadata.model import Date, Doi, File, Item, Page, Relation, Text
from metadata.pages import page_line
from metadata.problems import problem
from metadata.vocabulary import shipped

NAMING = Naming(Matcher(shipped()), Prefixes("10.5555"), "", "a-1")
PDF = (Identification("fmt/18"),)
BLANK = Item(id="0123456789", source="box/a.pdf", submission="s")


def _submitted(item: Item = BLANK, name: str = "a.pdf") -> Submitted:
    return Submitted(Draft(item), (Original(Path("box") / name, name, "application/pdf", 9, "00"),))


def _digitised(folder: Path, method: str = "ocr", title: str = "") -> Digitised:
    document = Document(Path("box/a.pdf"), "application/pdf", ("eng",), folder, "box/a.pdf")
    (folder / "pages.jsonl").write_bytes(page_line(Page(1, 9, 9, method=method)))  # type: ignore[arg-type]
    (folder / "access.pdf").write_bytes(b"copy")
    read = (problem("page-unread", "box/a.pdf", number=2, reason="x"),)
    return Digitised(document, folder / "pages.jsonl", folder / "access.pdf", 1, ("fr", "en"), read, title)


def test_the_pages_tell_what_no_record_told(tmp_path: Path) -> None:
    draft = complete(_submitted(), _digitised(tmp_path, title="Found"), NAMING, ())
    assert draft.item.languages == ("fr", "en")
    assert (draft.item.title.value, draft.item.page_count, draft.item.accession) == ("Found", 1, "a-1")
    assert draft.item.doi == Doi("10.5555/0123456789", "reserved")
    assert [one.code for one in draft.problems] == ["page-unread", "field-missing", "field-missing"]
    assert [one.where for one in draft.problems[1:]] == ["box/a.pdf:date", "box/a.pdf:type"]


@pytest.mark.parametrize(
    ("named", "said"), [(("en",), ["fr"]), (("en", "fr"), []), (("de",), []), ((), []), (("fr-CA",), [])]
)
def test_pages_in_another_language_than_the_record_names_are_remarked_on(
    tmp_path: Path, named: tuple[str, ...], said: list[str]
) -> None:
    item = replace(BLANK, languages=named, titles=(Text("Told"),))
    draft = complete(_submitted(item), _digitised(tmp_path), NAMING, ())
    found = [one for one in draft.problems if one.code == "pages-language"]
    assert [dict(one.params)["found"] for one in found] == said
    assert all(one.where == "box/a.pdf:language" for one in found)


@pytest.mark.parametrize(
    ("named", "models", "found"),
    [
        ((), (), (("eng", "fra"), ())),
        (("en",), (), (("eng",), ("fra",))),
        (("fr", "en"), (), (("fra", "eng"), ())),
        (("es",), ("eng", "fra"), (("eng", "fra"), ())),
        (("es", "fr"), ("eng", "fra"), (("fra",), ("eng",))),
        (("xx", "fr-CA"), ("eng", "fra"), (("fra",), ("eng",))),
    ],
)
def test_pages_are_read_in_the_language_of_the_record_and_may_turn_out_otherwise(
    named: tuple[str, ...], models: tuple[str, ...], found: object
) -> None:
    assert languages_of(replace(BLANK, languages=named), ("eng", "fra"), models) == found


def test_what_a_record_says_is_tidied_and_looked_over(tmp_path: Path) -> None:
    item = replace(BLANK, languages=("fr",), titles=(Text("Fore\u0302ts /"),), dates=(Date("2999"),), type="report")
    submitted = _submitted()
    described = describe(submitted.draft, Description(1, item, b""), "")
    draft = complete(replace(submitted, draft=described), _digitised(tmp_path), NAMING, ())
    assert draft.item.title.value == "For\u00eats /"
    assert [one.code for one in draft.problems] == [
        "record-mended", "page-unread", "date-implausible", "separator-left",
    ]  # fmt: skip


def test_the_record_s_languages_and_title_go_first(tmp_path: Path) -> None:
    item = replace(BLANK, languages=("de",), titles=(Text("Told"),))
    draft = complete(_submitted(item), _digitised(tmp_path, title="Found"), NAMING, ())
    assert (draft.item.languages, draft.item.title.value) == (("de",), "Told")


@pytest.mark.parametrize(
    ("method", "models", "warned"),
    [("ocr", ["eng"], True), ("ocr", ["eng", "deu"], False), ("ocr", [], False), ("text-layer", ["eng"], False)],
)
def test_a_missing_model_is_told_where_pages_were_scanned(
    tmp_path: Path, method: str, models: list[str], warned: bool
) -> None:
    item = replace(BLANK, languages=("de",))
    draft = complete(_submitted(item), _digitised(tmp_path, method), NAMING, models)
    assert ("model-missing" in [one.code for one in draft.problems]) is warned


@pytest.mark.parametrize(
    ("languages", "models", "read_in"),
    [
        ((), (), ("eng", "fra")),
        (("fr", "es"), (), ("fra", "spa")),
        (("fr", "de"), ("eng", "fra"), ("fra",)),
        (("de",), ("eng", "fra"), ("eng", "fra")),
        (("zxx",), ("eng", "fra"), ("eng", "fra")),
    ],
)
def test_pages_are_read_in_the_languages_of_the_record(
    tmp_path: Path, languages: tuple[str, ...], models: tuple[str, ...], read_in: tuple[str, ...]
) -> None:
    made = to_read(_submitted(replace(BLANK, languages=languages)), tmp_path, ("eng", "fra"), models)
    assert made.languages == read_in
    assert (made.path, made.key, made.workspace) == (Path("box/a.pdf"), "box/a.pdf", tmp_path / BLANK.id)
    assert made.workspace.is_dir()


def test_a_decoder_is_given_a_name_it_can_take(tmp_path: Path) -> None:
    strange = tmp_path / os.fsdecode(b"caf\xe9.pdf")
    strange.write_bytes(b"x")
    submitted = replace(_submitted(), originals=(Original(strange, "caf\\xe9.pdf", "application/pdf", 1, "00"),))
    made = to_read(submitted, tmp_path, ("eng",), ())
    assert str(made.path).isascii()
    assert made.path.read_bytes() == b"x"


def test_the_original_comes_first_among_the_files_and_every_digest_is_told(tmp_path: Path) -> None:
    digitised = _digitised(tmp_path)
    draft = Draft(BLANK, problems=digitised.problems)
    kept = with_files(draft, _submitted(), digitised, PDF)
    assert [(one.path, one.role, one.size) for one in kept.item.files] == [
        ("original/a.pdf", "original", 9),
        ("access.pdf", "access", 4),
        ("pages.jsonl", "pages", (tmp_path / "pages.jsonl").stat().st_size),
    ]
    assert kept.item.files[1].sha512 == hashlib.sha512(b"copy").hexdigest()
    assert set(kept.content) == {"original/a.pdf", "access.pdf", "pages.jsonl", PROBLEMS_FILE}
    without = with_files(Draft(BLANK), _submitted(), replace(digitised, access=None), PDF)
    assert set(without.content) == {"original/a.pdf", "pages.jsonl"}


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("a b.pdf", "a b.pdf"), ("caf\\xe9.pdf", "caf_.pdf"), ("a\nb\x7f", "a_b_"), ("C:\\x", "C:_x"), ("..", "_.."),
        (" ", "_"), ("…", "…"),
    ],
)  # fmt: skip
def test_a_name_is_made_fit_for_the_archive(name: str, fit: str) -> None:
    assert fit_name(name) == fit


def test_a_bare_file_says_nothing_against_what_is_known() -> None:
    held = replace(BLANK, titles=(Text("Known"),), collections=("a",))
    draft = Draft(replace(BLANK, collections=("b",)))
    assert redescribed(draft, held, NAMING) == replace(held, collections=("a", "b"))


def test_a_new_description_takes_the_place_of_the_old_one_and_of_nothing_else() -> None:
    files = (File("original/a.pdf", "original", "application/pdf", 1, "00"),)
    held = Item(
        "0123456789", (Text("Old"),), languages=("fr",), descriptions=(Text("gone"),), doi=Doi("10.1/x", "findable"),
        relations=(Relation("isPartOf", "1"),), files=files, page_count=3, status="withdrawn", reason="why",
        source="elsewhere/a.pdf", submission="s", accession="a-0",
    )  # fmt: skip
    told = redescribed(Draft(replace(BLANK, titles=(Text("New"),)), described=True), held, NAMING)
    assert told == replace(held, titles=(Text("New"),), descriptions=(), relations=())
    assert redescribed(Draft(BLANK, described=True), held, NAMING).titles == (Text("Old"),)
