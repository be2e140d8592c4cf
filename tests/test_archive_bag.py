"""Bags judged: the whole conformance suite, and what no suite has."""

import contextlib
import hashlib
import os
import shutil
import socket
import tarfile
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thoroughness import usually

from archive import bag as bag_module
from archive.bag import MOST_PROBLEMS, check_bag
from archive.bag_tags import VERSIONS, Unfit, read_declaration, read_fetch, read_info, read_manifest

SUITE = Path(__file__).resolve().parents[2] / "shared" / "data" / "preservation" / "bagit-conformance-suite.tar.gz"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
# On Linux a bag is judged as it is there: one that leads outside is refused, whatever system it leads on.
EXPECTED = {
    "valid": (True, None),
    "warning": (True, True),
    "invalid": (False, None),
    "linux-only": (False, None),
    "windows-only": (False, None),
}


def digest(content: bytes, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, content).hexdigest()


def make(folder: Path, payload: dict[str, bytes], version: str = "1.0", algorithm: str = "sha256") -> Path:
    """Write a valid bag with these payload files, tag manifest and all."""
    folder.mkdir(parents=True)
    (folder / "data").mkdir()
    tags = {
        "bagit.txt": DECLARATION.replace(b"1.0", version.encode()),
        "bag-info.txt": f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}\n".encode(),
        f"manifest-{algorithm}.txt": "".join(
            f"{digest(content, algorithm)}  data/{name}\n" for name, content in payload.items()
        ).encode(),
    }
    for name, content in {**tags, **{f"data/{name}": content for name, content in payload.items()}}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    seal(folder, algorithm)
    return folder


def seal(folder: Path, algorithm: str = "sha256") -> None:
    """Write the tag manifest anew."""
    tags = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith("tag")]
    lines = [f"{digest(path.read_bytes(), algorithm)}  {path.name}\n" for path in tags]
    (folder / f"tagmanifest-{algorithm}.txt").write_text("".join(lines))


def codes(folder: Path) -> list[str]:
    return [one.code for one in check_bag(folder, "bag").faults]


def add_line(folder: Path, name: str, line: str) -> None:
    with (folder / name).open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    seal(folder)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return make(tmp_path / "good", {"a.txt": b"a", "below/b.txt": b"bb"})


# --- the suite ----------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.skipif(not SUITE.is_file(), reason=f"{SUITE} is not here")
def test_the_whole_conformance_suite_is_judged_right(tmp_path: Path) -> None:
    with tarfile.open(SUITE) as packed:
        packed.extractall(tmp_path, filter="data")
    wrong, seen = [], dict.fromkeys(EXPECTED, 0)
    for folder in sorted(path for path in tmp_path.rglob("v*/*/*") if path.is_dir() and path.parent.name in EXPECTED):
        if folder.parent.parent.parent.name == "data":
            continue
        found, (valid, warned) = check_bag(folder), EXPECTED[folder.parent.name]
        seen[folder.parent.name] += 1
        verdict = "valid" if found.is_valid else "refused"
        told = ", ".join(sorted({one.code for one in (*found.faults, *found.warnings)}))
        print(f"{folder.relative_to(tmp_path)!s:86} {verdict:8} {told}")
        if found.is_valid is not valid or (warned and not found.warnings):
            wrong.append(str(folder))
    assert wrong == []
    assert seen == {"valid": 27, "warning": 6, "invalid": 15, "linux-only": 6, "windows-only": 6}


# --- what is right ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_a_bag_of_any_version_and_algorithm_is_read(tmp_path: Path, version: str, algorithm: str) -> None:
    found = check_bag(make(tmp_path / "bag", {"a.txt": b"a", "ü/b": b""}, version, algorithm))
    assert (found.faults, found.warnings, found.version) == ((), (), version)
    assert found.payload["data/a.txt"].given == ((algorithm, digest(b"a", algorithm)),)
    assert found.payload["data/a.txt"].sha512 == digest(b"a", "sha512")
    assert len(found.tags) == 4


def test_every_manifest_s_digest_is_given(good: Path) -> None:
    text = (good / "manifest-sha256.txt").read_text()
    for content in (b"a", b"bb"):
        text = text.replace(digest(content), digest(content, "md5"))
    (good / "manifest-md5.txt").write_text(text)
    seal(good)
    found = check_bag(good)
    assert found.is_valid
    assert dict(found.payload["data/a.txt"].given) == {"md5": digest(b"a", "md5"), "sha256": digest(b"a")}


def test_bag_info_is_read_with_its_repeated_labels_and_long_values(good: Path) -> None:
    (good / "bag-info.txt").write_bytes("A: 1\r\nB : deux\r\n\tet demi\r\nA:é\r\n".encode())
    seal(good)
    found = check_bag(good)
    assert found.info == (("A", "1"), ("B", "deux et demi"), ("A", "é"))
    assert (found.value("b"), found.value("C")) == ("deux et demi", "")


def test_percent_encoded_line_ends_are_decoded_in_1_0_and_stand_for_themselves_before(tmp_path: Path) -> None:
    names = {"a%0Ab": b"1", "100%25": b"2", "c%20d": b"3"}
    old = check_bag(make(tmp_path / "old", names, "0.97"))
    assert set(old.payload) == {f"data/{name}" for name in names}
    new = make(tmp_path / "new", {"a\nb": b"1", "100%": b"2", "c%20d": b"3"})
    lines = [f"{digest(content)}  data/{name}\n" for name, content in names.items()]
    (new / "manifest-sha256.txt").write_text("".join(lines))
    seal(new)
    assert codes(new) == []
    assert set(check_bag(new).payload) == {"data/a\nb", "data/100%", "data/c%20d"}


def test_a_name_that_lost_its_normalisation_is_found(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "forêt.pdf") for form in ("NFC", "NFD"))
    bag = make(tmp_path / "bag", {composed: b"x"})
    (bag / "data" / composed).rename(bag / "data" / apart)
    found = check_bag(bag)
    assert (found.faults, [one.code for one in found.warnings]) == ((), ["bag-remark"])
    assert set(found.payload) == {f"data/{apart}"}


def test_two_names_that_differ_by_normalisation_only_are_two_files(tmp_path: Path) -> None:
    names = [unicodedata.normalize(form, "forêt.pdf") for form in ("NFC", "NFD")]
    found = check_bag(make(tmp_path / "bag", {names[0]: b"x", names[1]: b"y"}))
    assert found.is_valid
    assert found.warnings
    assert len(found.payload) == 2


# --- what is wrong ------------------------------------------------------------------------------


def _change(name: str, content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(content)
        seal(folder)

    return change


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def _line(name: str, line: str) -> Callable[[Path], None]:
    return lambda folder: add_line(folder, name, line)


SHA = "0" * 64
OUTSIDE = ("../x", "/etc/passwd", "~/x", "data/../../x", "bagit.txt", "C:\\x", "\\\\host\\x", "data/a\\..\\x")


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_change("data/a.txt", b"b"), ["bag-file-wrong"]),
        (_change("data/extra.txt", b""), ["bag-file-unlisted", "bag-oxum-wrong"]),
        (lambda bag: (bag / "data/a.txt").unlink(), ["bag-file-missing", "bag-oxum-wrong"]),
        (lambda bag: shutil.rmtree(bag / "data"), ["bag-file-missing", "bag-incomplete", "bag-oxum-wrong"]),
        (lambda bag: (bag / "bagit.txt").unlink(), ["bag-declaration", "bag-file-missing"]),
        (_change("bagit.txt", b""), ["bag-declaration"]),
        (_change("bagit.txt", b"\xef\xbb\xbf" + DECLARATION), ["bag-declaration"]),
        (_change("bagit.txt", DECLARATION + b"More: x\n"), ["bag-declaration"]),
        (_change("bagit.txt", DECLARATION.replace(b"1.0", b"2.0")), ["bag-declaration"]),
        (_change("bagit.txt", DECLARATION.replace(b"UTF-8", b"zip")), ["bag-declaration"]),
        (_change("bagit.txt", DECLARATION.replace(b"UTF-8", b"punycode")), ["bag-declaration"]),
        (_change("bagit.txt", DECLARATION.replace(b"Version:", b"Version :")), ["bag-declaration"]),
        (_change("bag-info.txt", b"no colon\n"), ["bag-tag-file"]),
        (_change("bag-info.txt", b"A: \xff\n"), ["bag-tag-file"]),
        (_change("bag-info.txt", b"Payload-Oxum: 4.2\n"), ["bag-oxum-wrong"]),
        (_change("manifest-sha256.txt", b""), ["bag-file-unlisted"]),
        (_line("manifest-sha256.txt", "rubbish"), ["bag-tag-file"]),
        (_line("manifest-sha256.txt", "abc  data/a.txt"), ["bag-tag-file"]),
        (_line("manifest-sha256.txt", f"{digest(b'a')}  data/a.txt"), ["bag-file-twice"]),
        (_line("manifest-sha256.txt", f"{SHA}  data/a.txt"), ["bag-file-twice"]),
        *[
            (_line("manifest-sha256.txt", f"{SHA}  {path}"), ["bag-path-outside"])
            for path in OUTSIDE
        ],
        (_line("tagmanifest-sha256.txt", ""), []),
        (_line("fetch.txt", "https://example.org/x - data/c.txt"), ["bag-fetch-needed"]),
        (_line("fetch.txt", "https://example.org/x 12 data/a.txt"), []),
        (_line("fetch.txt", "https://example.org/x - ../c.txt"), ["bag-path-outside"]),
        (_line("fetch.txt", "https://example.org/x - bagit.txt"), ["bag-path-outside"]),
        (_line("fetch.txt", "rubbish"), ["bag-tag-file"]),
        (lambda bag: (bag / "manifest-sha256.txt").rename(bag / "manifest-crc32.txt"), None),
        (lambda bag: (bag / "tagmanifest-sha256.txt").write_text(""), ["bag-file-unlisted"]),
        (lambda bag: _append(bag / "tagmanifest-sha256.txt", f"{SHA}  data/a.txt\n"), ["bag-path-outside"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(good: Path, damage: Callable[[Path], None], expected: list[str] | None) -> None:
    damage(good)
    found = codes(good)
    assert sorted(set(found)) == expected if expected is not None else "bag-incomplete" in found


def test_all_that_is_wrong_is_named_with_its_place(good: Path) -> None:
    (good / "data" / "a.txt").write_bytes(b"b")
    (good / "data" / "below" / "b.txt").unlink()
    (good / "data" / os.fsdecode(b"caf\xe9")).write_bytes(b"")
    (good / "bag-info.txt").write_bytes(b"rubbish")
    found = {(one.code, one.where) for one in check_bag(good, "shelf/good").faults}
    assert found == {
        ("bag-file-wrong", "shelf/good/data/a.txt"),
        ("bag-file-missing", "shelf/good/data/below/b.txt"),
        ("bag-file-unlisted", "shelf/good/data/caf\\xe9"),
        ("bag-tag-file", "shelf/good/bag-info.txt"),
        ("bag-file-wrong", "shelf/good/bag-info.txt"),
    }


def test_a_file_that_one_of_the_manifests_leaves_out_is_a_fault_of_1_0_only(tmp_path: Path) -> None:
    for version, expected in (("1.0", ["bag-file-unlisted"]), ("0.97", [])):
        bag = make(tmp_path / version, {"a": b"a", "b": b"b"}, version)
        (bag / "manifest-md5.txt").write_text(f"{digest(b'a', 'md5')}  data/a\n")
        seal(bag)
        assert codes(bag) == expected


def test_links_and_pipes_are_refused_and_never_opened(good: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"a")
    (good / "data" / "a.txt").unlink()
    (good / "data" / "a.txt").symlink_to(tmp_path / "secret")
    (good / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(good / "data" / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(good / "s"))
        found = check_bag(good, "bag")
    kinds = {one.where: dict(one.params)["kind"] for one in found.faults if one.code == "not-a-regular-file"}
    assert kinds == {
        "bag/data/a.txt": "symbolic link", "bag/elsewhere": "symbolic link", "bag/data/pipe": "pipe", "bag/s": "socket",
    }  # fmt: skip
    assert "data/a.txt" not in found.payload


def test_a_payload_folder_that_is_a_link_holds_nothing(good: Path, tmp_path: Path) -> None:
    (good / "data").rename(tmp_path / "away")
    (good / "data").symlink_to(tmp_path / "away")
    assert {"not-a-regular-file", "bag-file-missing"} <= set(codes(good))
    assert check_bag(good).payload == {}


def test_what_may_not_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folder nobody but its owner may enter
        Path(name).chmod(0o755)
        bag = make(Path(name) / "bag", {"a": b"a", "b/c": b""})
        (bag / "data" / "a").chmod(0)
        (bag / "data" / "b").chmod(0)
        if root := not os.geteuid():
            os.seteuid(65534)
        try:
            found = codes(bag)
        finally:
            if root:
                os.seteuid(0)
        (bag / "data" / "b").chmod(0o700)
    assert sorted(found) == ["bag-file-missing", "bag-oxum-wrong", "file-unreadable", "file-unreadable"]


def test_a_tag_file_beyond_the_limit_is_refused_unread(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bag_module, "LARGEST_TAG_FILE", 1000)
    add_line(good, "bag-info.txt", "Note: " + "x" * 1000)
    assert codes(good) == ["bag-tag-file"]


def test_so_many_faults_are_named_and_no_more(tmp_path: Path) -> None:
    bag = make(tmp_path / "bag", {"a": b"a"})
    (bag / "manifest-sha256.txt").write_text("".join(f"{SHA}  data/{n}\n" for n in range(2 * MOST_PROBLEMS)))
    found = check_bag(bag).faults
    assert len(found) == MOST_PROBLEMS + 1
    assert found[-1].code == "bag-more-faults"


# --- garbage ------------------------------------------------------------------------------------


_TAGS = st.sampled_from(["bagit.txt", "bag-info.txt", "fetch.txt", "manifest-sha256.txt", "tagmanifest-md5.txt"])
_PATHS = st.sampled_from(
    ["data/a", "data/ü", "../x", "data/\u2028", "bagit.txt", "data/%0a", "data", "data/", "data/a/b"]
)
_LINES = st.one_of(
    st.builds(lambda path, pad: f"{digest(b'a')}{pad}{path}\n".encode(), _PATHS, st.sampled_from([" ", "\t", " *"])),
    st.builds(lambda path: f"http://x - {path}\n".encode(), _PATHS),
    st.sampled_from([DECLARATION, DECLARATION.replace(b"UTF-8", b"UTF-16"), b"A: b\n", b" c\n", b"\xff\xfe", b"\0"]),
    st.binary(max_size=40),
)


@settings(max_examples=usually(45, thoroughly=150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_TAGS, st.lists(_LINES, max_size=6).map(b"".join), max_size=5), st.booleans())
def test_garbage_is_refused_with_words_and_never_raises(tags: dict[str, bytes], payload: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for tag, content in tags.items():
            (folder / tag).write_bytes(content)
        if payload:
            (folder / "data").mkdir()
            (folder / "data" / "a").write_bytes(b"a")
        found = check_bag(folder)
        for one in (*found.faults, *found.warnings):
            assert one.message().encode()
        assert found.is_valid is not bool(found.faults)
        if "bagit.txt" not in tags or not payload:
            assert not found.is_valid


@given(st.text(), st.binary())
def test_no_text_breaks_a_reader(text: str, data: bytes) -> None:
    assert all(isinstance(one, tuple | Unfit) for one in read_info(text))
    assert list(read_manifest(text, "md5")) is not None
    assert all(isinstance(one, str | Unfit) for one in read_fetch(text))
    for content in (data, text.encode("utf-8", "surrogatepass")):
        with contextlib.suppress(Unfit):
            assert read_declaration(content).version in VERSIONS
