# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Sdists and wheels: unpacked with care, converted, and a wheel that still installs."""

import base64
import csv
import hashlib
import io
import os
import stat
import subprocess
import sys
import tarfile
import zipfile

import pytest

from torch2ms import cli, commands, unpack
from torch2ms.errors import UsageError

SOURCE = b"import torch\n\nx = torch.Tensor\n"
RESULT = b"import mstorch as torch\n\nx = torch.Tensor\n"
METADATA = (
    b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Dist: torch (>=2.1)\n"
    b'Requires-Dist: numpy\nProvides-Extra: all\nRequires-Dist: torch==2.1 ; extra == "all"\n\n'
    b"Requires-Dist: torch\n"
)
MANIFEST = "torch2ms-manifest.json"


def tar_of(path, files, mode="w:gz"):
    """A tar file of (name or TarInfo, bytes)."""
    with tarfile.open(path, mode) as out:
        for name, data in files:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = 0 if data is None else len(data)
            out.addfile(info, None if data is None else io.BytesIO(data))
    return path


def zip_of(path, files):
    """A zip file of (name or ZipInfo, bytes)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files:
            out.writestr(name, data)
    return path


def record_row(path, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return [path, f"sha256={digest}", str(len(data))]


@pytest.fixture
def sdist(tmp_path):
    """demo-1.0.tar.gz, with one directory on top as sdists have it."""
    script = tarfile.TarInfo("demo-1.0/bin/run.sh")
    script.mode = 0o755
    link = tarfile.TarInfo("demo-1.0/link.py")
    link.type, link.linkname = tarfile.SYMTYPE, "demo/__init__.py"
    same = tarfile.TarInfo("demo-1.0/same.py")
    same.type, same.linkname = tarfile.LNKTYPE, "demo-1.0/demo/__init__.py"
    files = [
        ("demo-1.0/demo/__init__.py", SOURCE),
        ("demo-1.0/PKG-INFO", METADATA),
        ("demo-1.0/demo.egg-info/requires.txt", b"numpy\n\n[all]\ntorch>=2\n"),
        (script, b"torchrun --nproc_per_node 8 train.py\n"),
        (link, None),
        (same, None),
    ]
    return tar_of(tmp_path / "demo-1.0.tar.gz", files)


@pytest.fixture
def wheel(tmp_path):
    """demo-1.0-py3-none-any.whl, with an executable file and a signature."""
    tool = zipfile.ZipInfo("demo-1.0.data/scripts/tool")
    tool.external_attr = (stat.S_IFREG | 0o755) << 16
    files = [
        ("demo/__init__.py", SOURCE),
        ("demo/data.bin", b"\0\1"),
        (tool, b"#!python\nimport torch\n"),
        ("demo-1.0.dist-info/METADATA", METADATA),
        (
            "demo-1.0.dist-info/WHEEL",
            b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        ("demo-1.0.dist-info/RECORD.jws", b"{}"),
    ]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(record_row("demo/__init__.py", SOURCE))
    files.append(("demo-1.0.dist-info/RECORD", out.getvalue().encode()))
    return zip_of(tmp_path / "demo-1.0-py3-none-any.whl", files)


def names(root):
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}


def run(*arguments):
    return cli.main([str(argument) for argument in arguments])


def test_an_sdist_becomes_the_tree_that_its_top_directory_holds(sdist, tmp_path):
    out = tmp_path / "out"
    result = commands.convert(sdist, out)
    assert [file.path for file in result.files] == [
        *("PKG-INFO", "bin/run.sh", "demo.egg-info/requires.txt", "demo/__init__.py", "same.py"),
    ]
    assert (out / "demo/__init__.py").read_bytes() == (out / "same.py").read_bytes() == RESULT
    assert os.readlink(out / "link.py") == "demo/__init__.py"
    assert os.access(out / "bin/run.sh", os.X_OK) and not os.access(out / "same.py", os.X_OK)
    assert (out / "bin/run.sh").read_bytes().startswith(b"msrun ")
    assert (out / "demo.egg-info/requires.txt").read_text() == "numpy\n\n[all]\nmstorch\n"


def test_the_metadata_asks_for_the_adapter_and_its_text_stays(sdist, tmp_path):
    commands.convert(sdist, tmp_path / "out")
    assert (tmp_path / "out/PKG-INFO").read_text().splitlines() == [
        *("Metadata-Version: 2.1", "Name: demo", "Version: 1.0", "Requires-Dist: mstorch"),
        *("Requires-Dist: numpy", "Provides-Extra: all"),
        *('Requires-Dist: mstorch ; extra == "all"', "", "Requires-Dist: torch"),
    ]


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip"])
def test_every_kind_of_sdist_is_read(suffix, tmp_path):
    files = [("demo-1.0/m.py", SOURCE), ("demo-1.0/./n.py", b"")]
    path = tmp_path / f"demo-1.0{suffix}"
    kinds = {".tar": "w:", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}
    if suffix == ".zip":
        zip_of(path, files)
    else:
        tar_of(path, files, kinds.get(suffix, "w:gz"))
    before = path.read_bytes()
    commands.convert(path, tmp_path / "out")
    assert names(tmp_path / "out") == {"m.py", "n.py", MANIFEST}
    assert path.read_bytes() == before


@pytest.mark.parametrize("files", [["a.py", "b.py"], ["pkg/__init__.py", "pkg/a.py"]])
def test_a_directory_that_is_more_than_a_wrapper_stays(files, tmp_path):
    zip_of(tmp_path / "x.zip", [(name, b"") for name in files])
    commands.convert(tmp_path / "x.zip", tmp_path / "out")
    assert names(tmp_path / "out") == {*files, MANIFEST}


def test_check_diff_and_launch_take_archives(sdist, tmp_path, capfdbinary):
    assert run("check", sdist) == 0
    assert b"5 files, 5 changed" in capfdbinary.readouterr().out
    assert run("diff", sdist) == 0
    assert b"--- a/demo/__init__.py\n+++ b/demo/__init__.py\n" in capfdbinary.readouterr().out
    assert run("launch", sdist, tmp_path / "out", "--quiet") == 0
    assert (tmp_path / "out/same.py").read_bytes() == SOURCE
    assert (tmp_path / "out/bin/run.sh").read_bytes().startswith(b"msrun ")


def member(name, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def device(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFCHR | 0o644) << 16
    return info


def zip_link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


REFUSED_TARS = {
    "an absolute path": ([("/etc/x", b"")], "'/etc/x': not a relative path"),
    "a drive": ([("C:/x", b"")], "'C:/x': not a relative path"),
    "a backslash": ([("a\\..\\x", b"")], "not a relative path"),
    "a path upwards": ([("a/../../x", b"")], "'a/../../x': leads out of its directory"),
    "a path up and down": ([("a/../b", b"")], "leads out of its directory"),
    "no name": ([("./", b"")], "has no name"),
    "a link upwards": (
        [(member("a", tarfile.SYMTYPE, "../x"), None)],
        "'a': a link that leaves the archive: ../x",
    ),
    "an absolute link": (
        [(member("a", tarfile.SYMTYPE, "/etc/passwd"), None)],
        "leaves the archive",
    ),
    "a link that leaves through another": (
        [
            ("a/b/c/f", b""),
            ("x/f", b""),
            (member("a/b/c/d", tarfile.SYMTYPE, "../../../x"), None),
            (member("a/b/c/e", tarfile.SYMTYPE, "d/../../y"), None),
        ],
        "'a/b/c/e': a link that leaves the archive",
    ),
    "a file below a link": (
        [(member("a", tarfile.SYMTYPE, "b"), None), ("a/x", b"")],
        "'a/x': lies below 'a', which is no directory",
    ),
    "a link in place of a directory": (
        [("a/x", b""), (member("a", tarfile.SYMTYPE, "b"), None)],
        "'a': has the same place as 'a'",
    ),
    "a hard link to the outside": (
        [(member("a", tarfile.LNKTYPE, "/etc/passwd"), None)],
        "not a relative path",
    ),
    "a hard link to nothing before it": (
        [(member("a", tarfile.LNKTYPE, "b"), None), ("b", b"")],
        "'a': a link to b, which is no file before it",
    ),
    "a device": ([(member("a", tarfile.CHRTYPE), None)], "neither a file, a directory nor a link"),
    "a pipe": ([(member("a", tarfile.FIFOTYPE), None)], "neither a file, a directory nor a link"),
    "a path twice": ([("a", b"1"), ("./a", b"2")], "'./a': has the same place as 'a'"),
    "paths that differ in letter case": (
        [("Lib/a.py", b""), ("Lib/A.py", b"")],
        "'Lib/A.py': has the same place as 'Lib/a.py'",
    ),
    "directories that differ in letter case": (
        [("lib/a.py", b""), ("Lib/b.py", b"")],
        "'Lib/b.py': differs from 'lib' in nothing but letter case",
    ),
    "two spellings of a letter": (
        [("e\N{COMBINING ACUTE ACCENT}", b""), ("\N{LATIN SMALL LETTER E WITH ACUTE}", b"")],
        "has the same place",
    ),
}
REFUSED_ZIPS = {
    "a path upwards": ([("../x", b"")], "'../x': leads out of its directory"),
    "a link upwards": ([(zip_link("a"), b"../x")], "'a': a link that leaves the archive: ../x"),
    "a device": ([(device("a"), b"")], "neither a file, a directory nor a link"),
}


@pytest.mark.parametrize("name", REFUSED_TARS)
def test_a_tar_file_that_is_up_to_something_is_refused_by_name(name, tmp_path):
    files, message = REFUSED_TARS[name]
    refused(tar_of(tmp_path / "evil.tar.gz", files), tmp_path, message)


@pytest.mark.parametrize("name", REFUSED_ZIPS)
def test_a_zip_file_that_is_up_to_something_is_refused_by_name(name, tmp_path):
    files, message = REFUSED_ZIPS[name]
    refused(zip_of(tmp_path / "evil.zip", files), tmp_path, message)


def refused(path, tmp_path, message):
    with pytest.raises(UsageError) as caught:
        commands.convert(path, tmp_path / "out")
    assert str(caught.value).startswith(f"{path}: member ")
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", [tar_of, zip_of])
def test_what_grows_beyond_measure_is_refused(write, tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "_ALWAYS_ALLOWED", 1 << 16)
    suffix = "tar.gz" if write is tar_of else "zip"
    one = write(tmp_path / f"one.{suffix}", [("a", bytes(1 << 22))])
    with pytest.raises(UsageError, match="'a': unpacks to more than 100 times the archive"):
        commands.check(one)
    many = write(tmp_path / f"many.{suffix}", [(f"a{n}", b"") for n in range(1000)])
    monkeypatch.setattr(unpack, "_MOST_GROWTH", 1)
    with pytest.raises(UsageError, match=r"'a\d+': unpacks to more than"):
        commands.check(many)


@pytest.mark.parametrize("name", ["x.tar.gz", "x.tar.xz", "x.tar.bz2", "x.whl", "x.zip"])
@pytest.mark.parametrize("data", [b"", b"not an archive at all", b"\x1f\x8b\x08\0broken"])
def test_what_cannot_be_read_is_refused(name, data, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=f"{name}: cannot be read as an archive: "):
        commands.check(tmp_path / name)


@pytest.mark.parametrize("write", [tar_of, zip_of])
def test_a_damaged_archive_is_refused(write, tmp_path):
    path = tmp_path / ("x.tar.gz" if write is tar_of else "x.zip")
    write(path, [("a", hashlib.shake_128(b"noise").digest(5000))])
    data = bytearray(path.read_bytes())
    data[2000:2010] = bytes(10)
    path.write_bytes(data)
    with pytest.raises(UsageError, match="cannot be read as an archive: "):
        commands.check(path)


def test_an_encrypted_member_is_refused(tmp_path):
    path = zip_of(tmp_path / "x.zip", [("a", b"1")])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(UsageError, match="'a': encrypted"):
        commands.check(path)


def test_a_wheel_becomes_an_unpacked_wheel_with_a_true_record(wheel, tmp_path):
    out = tmp_path / "out"
    commands.convert(wheel, out)
    info = "demo-1.0.dist-info"
    assert names(out) == {
        *("demo/__init__.py", "demo/data.bin", "demo-1.0.data/scripts/tool"),
        *(f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", MANIFEST)),
    }
    assert (out / "demo/__init__.py").read_bytes() == RESULT
    rows = list(csv.reader((out / info / "RECORD").read_text().splitlines()))
    assert rows.pop() == [f"{info}/RECORD", "", ""]
    assert rows == [
        record_row(name, (out / name).read_bytes())
        for name in sorted(names(out) - {f"{info}/RECORD"})
    ]


def test_converting_an_unpacked_wheel_again_changes_nothing(wheel, tmp_path):
    commands.convert(wheel, tmp_path / "one")
    commands.convert(tmp_path / "one", tmp_path / "two")
    for name in names(tmp_path / "one") - {f"demo-1.0.dist-info/{n}" for n in (MANIFEST, "RECORD")}:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    commands.convert(wheel, tmp_path / "two", force=True)
    assert names(tmp_path / "one") == names(tmp_path / "two")


def test_a_wheel_becomes_a_wheel_whose_bytes_are_always_the_same(wheel, tmp_path):
    for folder, jobs in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        result = commands.convert(wheel, tmp_path / folder / wheel.name, jobs=jobs)
        assert [s.path for s in result.skipped] == ["demo-1.0.dist-info/RECORD.jws"]
        assert names(tmp_path / folder) == {wheel.name}
    one, two = (tmp_path / folder / wheel.name for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as packed:
        assert packed.namelist()[-1] == "demo-1.0.dist-info/RECORD"
        assert packed.read("demo/__init__.py") == RESULT
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in packed.infolist()}
    assert modes["demo-1.0.data/scripts/tool"] == 0o755
    assert modes["demo/__init__.py"] == 0o644


def test_pip_installs_the_converted_wheel_and_the_repacked_one(wheel, tmp_path):
    (tmp_path / "packed").mkdir()
    direct = tmp_path / "packed" / wheel.name
    commands.convert(wheel, direct)
    commands.convert(wheel, tmp_path / "tree")
    (tmp_path / "again").mkdir()
    command = [sys.executable, "-m", "wheel", "pack", tmp_path / "tree", "-d", tmp_path / "again"]
    subprocess.run(command, check=True, capture_output=True)
    (again,) = (tmp_path / "again").iterdir()
    for number, file in enumerate((direct, again)):
        target = tmp_path / f"site{number}"
        options = ["--no-index", "--no-deps", "--no-compile", "--quiet", "--target", target]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, file], check=True)
        assert (target / "demo/__init__.py").read_bytes() == RESULT
        assert not (target / MANIFEST).exists()
        metadata = (target / "demo-1.0.dist-info/METADATA").read_text()
        assert "Requires-Dist: mstorch\n" in metadata.partition("\n\n")[0]


BAD_WHEELS = {
    "another name": ("{wheel}", "other.whl", "write to demo-1.0-py3-none-any.whl"),
    "a tree": ("{tree}", "x.whl", "only a wheel becomes a wheel"),
    "itself": ("{wheel}", "{wheel}", "is the source itself"),
    "nowhere": ("{wheel}", "absent/demo-1.0-py3-none-any.whl", "absent: no such directory"),
    "no wheel": ("{empty}", "out/empty.whl", "no .dist-info/WHEEL in it"),
    "an existing one": ("{wheel}", "old/demo-1.0-py3-none-any.whl", "--force replaces it"),
}


@pytest.mark.parametrize("name", BAD_WHEELS)
def test_a_wheel_that_cannot_be_written_is_an_error(name, wheel, tmp_path):
    for folder in ("tree", "out", "old"):
        (tmp_path / folder).mkdir()
    (tmp_path / "old" / wheel.name).write_bytes(b"old")
    empty = zip_of(tmp_path / "empty.whl", [("a.py", b"")])
    source, out, message = BAD_WHEELS[name]
    places = {"wheel": wheel, "tree": tmp_path / "tree", "empty": empty}
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=message):
        commands.convert(source.format(**places), tmp_path / out.format(**places))
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_an_existing_wheel_is_replaced_when_forced(wheel, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / wheel.name).write_bytes(b"old")
    commands.convert(wheel, tmp_path / "old" / wheel.name, force=True)
    assert zipfile.is_zipfile(tmp_path / "old" / wheel.name)
