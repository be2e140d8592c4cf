"""Packed archives are opened with care: what is good in them comes in, what is not is refused by its name."""

import bz2
import errno
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_library import canoe_here, codes, outcomes, record

from ingest import members, packed
from ingest.gather import Found, gather
from ingest.packed import Budget, Unpacked, Unpacker
from metadata.accession import Piece
from metadata.errors import StorageError

PDF = b"%PDF-1.4\n%%EOF\n"
RECORD: bytes = record(1, "The only one").as_marc()


def _zip(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def _tar(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def _unpacked(path: Path) -> Unpacked:
    workspace = path.parent / "workspace"
    before = _around(workspace)
    done = Unpacker(workspace).unpack(path, Path("box") / path.name, Budget(path.stat().st_size))
    assert _around(workspace) - before <= {workspace}, "nothing is made outside the workspace"
    return done


def _around(workspace: Path) -> set[Path]:
    """Return what lies beside a folder, at any depth, and beside the folder that it is in."""
    beside = {one for one in workspace.parent.rglob("*") if workspace not in one.parents}
    return beside.union(workspace.parent.parent.iterdir())


def _inside(done: Unpacked) -> dict[str, bytes]:
    assert done.folder
    found = sorted(done.folder.rglob("*"))
    assert all(path.is_file() or path.is_dir() for path in found if not path.is_symlink())
    assert not any(path.is_symlink() for path in found)
    return {str(path.relative_to(done.folder)): path.read_bytes() for path in found if path.is_file()}


def _left(done: Unpacked) -> dict[str, str]:
    """Return what was refused, by its source, with the code."""
    return {piece.source: piece.problems[0].code for piece in done.pieces if piece.outcome == "refused"}


def _gathered(*paths: Path) -> Iterator[Found | Piece]:
    return gather(paths, Path("home"), paths[0].parent / "workspace")


FORMS: dict[str, Callable[[Path, dict[str, bytes]], Path]] = {
    "a.zip": _zip,
    "a.tar": _tar,
    "a.tar.gz": lambda path, files: _tar(path, files, "w:gz"),
    "a.tgz": lambda path, files: _tar(path, files, "w:gz"),
    "a.tar.bz2": lambda path, files: _tar(path, files, "w:bz2"),
    "a.tar.xz": lambda path, files: _tar(path, files, "w:xz"),
}


@pytest.mark.parametrize("name", FORMS)
def test_what_is_in_an_archive_is_taken_out(tmp_path: Path, name: str) -> None:
    files = {"a.pdf": PDF, "folder/été.pdf": b"x" * 3_000_000, "./folder/empty": b""}
    done = _unpacked(FORMS[name](tmp_path / name, files))
    assert _inside(done) == {path.removeprefix("./"): content for path, content in files.items()}
    (piece,) = done.pieces
    assert (piece.source, piece.outcome, piece.problems[0].code) == (f"box/{name}", "set_aside", "pack-opened")


@pytest.mark.parametrize(("name", "pack"), [("r.mrc.gz", gzip), ("r.mrc.bz2", bz2), ("r.mrc.xz", lzma)])
def test_a_file_that_is_only_compressed_is_an_archive_of_one(tmp_path: Path, name: str, pack: object) -> None:
    (tmp_path / name).write_bytes(pack.compress(RECORD))  # type: ignore[attr-defined]
    assert _inside(_unpacked(tmp_path / name)) == {"r.mrc": RECORD}


def test_several_streams_of_xz_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "r.xz").write_bytes(lzma.compress(b"a" * 200_000) + b"\0" * 4 + lzma.compress(b"b"))
    assert _inside(_unpacked(tmp_path / "r.xz")) == {"r": b"a" * 200_000 + b"b"}


def test_its_files_are_called_as_if_it_were_a_folder(tmp_path: Path, home: Path) -> None:
    (tmp_path / "box").mkdir()
    inner = _zip(tmp_path / "inner.zip", {"deep/second.mrc": record(2, "Two").as_marc()})
    _zip(tmp_path / "box/pack.zip", {"folder/one.mrc": RECORD, "inner.zip": inner.read_bytes(), "notes.txt": b"x"})
    report = canoe_here("ingest", tmp_path / "box", "--home", home, "--json").json
    found = {source.removeprefix(f"{tmp_path}/"): outcome for source, outcome in outcomes(report).items()}
    assert found == {
        "box/pack.zip": "set_aside", "box/pack.zip/folder/one.mrc#1": "new", "box/pack.zip/inner.zip": "set_aside",
        "box/pack.zip/inner.zip/deep/second.mrc#1": "new", "box/pack.zip/notes.txt": "set_aside",
    }  # fmt: skip
    again = canoe_here("ingest", tmp_path / "box", "--home", home, "--json").json
    assert (again["accession"], again["counts"]["identical"]) == (None, 2)


def test_a_manifest_in_an_archive_speaks_of_the_files_in_it(tmp_path: Path, home: Path) -> None:
    rows = b"file,title\nscans/a.pdf,Bad\nlost.pdf,Lost\n"
    _zip(tmp_path / "pack.zip", {"m/manifest.csv": rows, "m/scans/a.pdf": b"%PDF-1.4 no more"})
    report = canoe_here("ingest", tmp_path / "pack.zip", "--home", home, "--json").json
    source = f"{tmp_path}/pack.zip/m"
    found = outcomes(report)
    assert found[f"{source}/scans/a.pdf"] == "refused"
    assert codes(report, f"{source}/manifest.csv#2")[-1] == "file-missing"
    assert f"{source}/manifest.csv#1" not in found, "its file came, and was refused"


def test_an_archive_in_an_archive_in_an_archive_is_refused(tmp_path: Path) -> None:
    third = _zip(tmp_path / "third.zip", {"a.pdf": PDF})
    second = _zip(tmp_path / "second.zip", {"third.zip": third.read_bytes()})
    first = _zip(tmp_path / "first.zip", {"second.zip": second.read_bytes(), "a.pdf": PDF})
    found = {one.source.removeprefix(f"{tmp_path}/"): one for one in _gathered(first)}
    left = found["first.zip/second.zip/third.zip"]
    assert isinstance(left, Piece)
    assert left.problems[0].code == "pack-refused"
    assert isinstance(found["first.zip/a.pdf"], Found)
    assert not any(name.startswith("first.zip/second.zip/third.zip/") for name in found)


NAMES = {
    "../up.pdf": "leads out", "a/../../up.pdf": "leads out", "/abs.pdf": "absolute", "C:\\x.pdf": "absolute",
    "..\\up.pdf": "leads out", "a//b.pdf": "empty parts", "a/./b.pdf": "empty parts", "a\x1b[2J.pdf": "control",
    "x" * 300 + ".pdf": "too long", "/".join(["d"] * 60): "folders deep", "\\\\host\\x": "absolute",
}  # fmt: skip


@pytest.mark.parametrize("make", [_zip, _tar])
def test_files_whose_names_lead_elsewhere_stay_packed_and_the_others_come(
    tmp_path: Path, make: Callable[[Path, dict[str, bytes]], Path]
) -> None:
    (tmp_path / "box").mkdir()
    path = make(tmp_path / f"box/a.{make.__name__[1:]}", {**dict.fromkeys(NAMES, b"x"), "good.pdf": PDF})
    done = _unpacked(path)
    assert _inside(done) == {"good.pdf": PDF}
    reasons = [piece.problems[0].message() for piece in done.pieces[1:]]
    assert len(reasons) == len(NAMES)
    for reason, expected in zip(reasons, NAMES.values(), strict=True):
        assert expected in reason
    assert all("\x1b" not in piece.source for piece in done.pieces)


def test_two_files_of_one_name_are_both_left(tmp_path: Path) -> None:
    for make in (_zip_twice, _tar_twice):
        done = _unpacked(make(tmp_path))
        assert _inside(done) == {"good.pdf": PDF}
        assert list(_left(done).values()) == ["pack-member-refused"]


def _zip_twice(folder: Path) -> Path:
    path = _zip(folder / "twice.zip", {"a.pdf": b"first", "good.pdf": PDF})
    for content in (b"second", b"third"):
        with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.pdf", content)
    return path


def _tar_twice(folder: Path) -> Path:
    path = _tar(folder / "twice.tar", {"a.pdf": b"first", "good.pdf": PDF})
    return _tar(path, {"a.pdf": b"second"}, "a")


def test_names_that_differ_by_case_or_normal_form_are_kept_apart(tmp_path: Path) -> None:
    files = {"A.pdf": b"1", "a.PDF": b"2", "e\u0301.pdf": b"3", "\u00e9.pdf": b"4"}
    assert _inside(_unpacked(_zip(tmp_path / "a.zip", files))) == files


def test_a_file_that_is_also_a_folder_is_left(tmp_path: Path) -> None:
    done = _unpacked(_zip(tmp_path / "a.zip", {"a": b"file", "a/b.pdf": PDF, "c/d.pdf": PDF, "c": b"file"}))
    assert _inside(done) == {"a": b"file", "c/d.pdf": PDF}
    assert set(_left(done)) == {"box/a.zip/a/b.pdf", "box/a.zip/c"}


def test_names_are_read_as_their_program_wrote_them(tmp_path: Path) -> None:
    names = {"cp437": "caf\x82.pdf", "utf-8": "été.pdf"}
    path = _zip(tmp_path / "a.zip", {"AAAA.pdf": b"1", "BBBBB.pdf": b"2", "D!E.pdf": b"3"})
    data = path.read_bytes().replace(b"AAAA.pdf", b"caf\x82.pdf").replace(b"BBBBB.pdf", "été.pdf".encode())
    path.write_bytes(data)
    assert set(_inside(_unpacked(path))) == {"café.pdf", "été.pdf", "D!E.pdf"}, names
    bytes_only = os.fsdecode(b"caf\xe9.pdf")
    assert set(_inside(_unpacked(_tar(tmp_path / "a.tar", {bytes_only: PDF})))) == {bytes_only}


def test_backslashes_of_windows_part_folders(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("folder\\a.pdf")
        info.create_system = 0
        archive.writestr(info, PDF)
    assert set(_inside(_unpacked(path))) == {"folder/a.pdf"}


def test_links_and_devices_are_never_made(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE)
    with tarfile.open(path, "w") as archive:
        for number, kind in enumerate(kinds):
            info = tarfile.TarInfo(f"n{number}")
            info.type, info.linkname = kind, "/etc/hostname"
            archive.addfile(info)
        info = tarfile.TarInfo("n0/inside")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    done = _unpacked(path)
    assert _inside(done) == {"n0/inside": b"x"}, "what was a link is a plain folder here"
    assert list(_left(done).values()) == ["not-a-regular-file"] * len(kinds)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed_links:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        packed_links.writestr(link, "/etc/hostname")
    assert _left(_unpacked(tmp_path / "a.zip")) == {"box/a.zip/link": "not-a-regular-file"}


def test_a_password_refuses_the_archive(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a.pdf": PDF, "b.pdf": PDF})
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    done = _unpacked(path)
    assert done.folder is None
    assert _left(done) == {"box/a.zip": "file-locked"}


def test_a_wrong_checksum_leaves_one_file_of_a_zip(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a.pdf": b"wrong" * 9, "b.pdf": PDF}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"wrongwrong", b"wrongWrong"))
    done = _unpacked(path)
    assert _inside(done) == {"b.pdf": PDF}
    assert "checksum" in done.pieces[1].problems[0].message()


@pytest.mark.parametrize("name", [*FORMS, "r.gz", "r.xz", "r.bz2"])
def test_what_was_cut_off_is_refused_as_a_whole(tmp_path: Path, name: str) -> None:
    content = os.urandom(200_000)
    if name in FORMS:
        path = FORMS[name](tmp_path / name, {"a.pdf": PDF, "b.bin": content, "c.pdf": PDF})
    else:
        pack = {"r.gz": gzip, "r.xz": lzma, "r.bz2": bz2}[name]
        path = tmp_path / name
        path.write_bytes(pack.compress(content))
    whole = path.read_bytes()
    for length in (len(whole) // 2, len(whole) * 9 // 10):
        path.write_bytes(whole[:length])
        done = _unpacked(path)
        assert done.folder is None, length
        assert list(_left(done).values()) == ["file-damaged"]
    assert [one.name for one in (tmp_path / "workspace").rglob("*") if one.is_file()] == []


def test_a_tar_with_a_spoilt_header_does_not_end_there(tmp_path: Path) -> None:
    path = _tar(tmp_path / "a.tar", {"a.pdf": PDF, "b.pdf": PDF, "c.pdf": PDF})
    data = bytearray(path.read_bytes())
    data[1024 + 148] ^= 1  # the checksum of the second header
    path.write_bytes(data)
    assert list(_left(_unpacked(path)).values()) == ["file-damaged"]
    path.write_bytes(_tar(path, {"a.pdf": PDF}).read_bytes()[:1024])
    assert list(_left(_unpacked(path)).values()) == ["file-damaged"], "its end mark is missing"


@pytest.mark.parametrize("name", FORMS)
def test_what_unpacks_to_more_than_an_honest_archive_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "ALWAYS", 1 << 20)
    monkeypatch.setattr(packed, "RATIO", 2)
    done = _unpacked(FORMS[name](tmp_path / name, {"a.pdf": PDF, "zeros": bytes(5_000_000)}))
    if name == "a.tar":  # nothing is packed in it
        assert done.folder
    else:
        assert _left(done) == {f"box/{name}": "pack-refused"}
        assert "1048576 bytes" in done.pieces[0].problems[0].message()


def test_what_lies_in_an_inner_archive_counts_for_the_outer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "ALWAYS", 1 << 20)
    inner = _zip(tmp_path / "inner.zip", {"zeros": bytes(700_000)})
    outer = _zip(tmp_path / "outer.zip", {f"{number}.zip": inner.read_bytes() for number in range(3)})
    left = {one.source.rpartition("/")[2]: one.outcome for one in _gathered(outer) if isinstance(one, Piece)}
    assert [left[f"{number}.zip"] for number in range(3)] == ["set_aside", "refused", "refused"]


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST_MEMBERS", 3)
    done = _unpacked(_zip(tmp_path / "a.zip", {f"{number}": b"" for number in range(4)}))
    assert _left(done) == {"box/a.zip": "pack-refused"}


def test_a_list_of_files_that_would_fill_the_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _zip(tmp_path / "a.zip", {"a.pdf": PDF})
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, len(data) - 10, 1 << 31)
    path.write_bytes(data)
    assert "list of files is longer" in _unpacked(path).pieces[0].problems[0].message()
    monkeypatch.setattr(members, "_HEADERS", 4096)
    monkeypatch.setattr(members._Bounded, "left", 4096)
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("a" * 9000))
    assert "between two of its files" in _unpacked(tmp_path / "a.tar").pieces[0].problems[0].message()


def test_memory_that_an_xz_asks_for_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "_XZ_MEMORY", 1 << 20)
    (tmp_path / "a.xz").write_bytes(lzma.compress(b"x" * 100, preset=9))
    assert _left(_unpacked(tmp_path / "a.xz")) == {"box/a.xz": "file-damaged"}


def test_a_method_that_is_not_read_leaves_the_file(tmp_path: Path) -> None:
    done = _unpacked(_zip(tmp_path / "a.zip", {"a.pdf": PDF}, zipfile.ZIP_BZIP2))
    assert _left(done) == {"box/a.zip/a.pdf": "not-a-regular-file"}


def test_files_that_share_bytes_refuse_the_archive(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a.pdf": os.urandom(500), "b.pdf": PDF})
    data = bytearray(path.read_bytes())
    second = data.rfind(b"PK\x01\x02")
    struct.pack_into("<L", data, second + 42, 10)
    path.write_bytes(data)
    assert "overlap" in _unpacked(path).pieces[0].problems[0].message()


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.gz", "a.tar.xz"])
def test_bytes_that_were_changed_anywhere_never_stop_the_batch(tmp_path: Path, name: str) -> None:
    if name == "a.gz":
        whole = gzip.compress(RECORD)
    else:
        whole = FORMS[name](tmp_path / name, {"a.pdf": PDF, "b/c.mrc": RECORD}).read_bytes()
    unpacker = Unpacker(tmp_path / "workspace")
    for seed in range(0, min(len(whole), 1500), 7):
        data = bytearray(whole)
        data[seed] ^= 0xFF
        data[zlib.crc32(bytes([seed % 256])) % len(data)] ^= 0x81
        (tmp_path / name).write_bytes(data)
        done = unpacker.unpack(tmp_path / name, Path(name), Budget(0))
        assert len(done.pieces) == len({piece.source for piece in done.pieces})


def test_a_full_disk_is_no_fault_of_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _zip(tmp_path / "a.zip", {"a.pdf": PDF})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(packed._Opening, "_copy", full)
    with pytest.raises(StorageError):
        _unpacked(path)


def test_what_is_only_called_like_an_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"<html>not found</html>")
    (tmp_path / "b.tar.gz").write_bytes(b"no gzip")
    (tmp_path / "c.rar").write_bytes(b"Rar!")
    (tmp_path / "d.zip").write_bytes(PDF)
    found = list(_gathered(*sorted(tmp_path.glob("*.*"))))
    assert [one.problems[0].code for one in found if isinstance(one, Piece)] == [
        "pack-refused", "pack-refused", "not-a-document",
    ]  # fmt: skip
    assert isinstance(found[3], Found)
    assert found[3].media_type == "application/pdf"


def test_a_pdf_that_comes_first_does_not_make_an_archive_a_pdf(tmp_path: Path) -> None:
    stored = _zip(tmp_path / "a.zip", {"a.pdf": PDF}, zipfile.ZIP_STORED)
    tar = _tar(tmp_path / "b.tar", {"a.pdf": PDF})
    assert [one.source.rpartition("/")[2] for one in _gathered(stored, tar)] == ["a.zip", "a.pdf", "b.tar", "a.pdf"]
