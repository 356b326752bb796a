"""What an install writes, where, and what it leaves alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cratewheel.archive.dist_info import DistInfo
from cratewheel.archive.install import (
    InstallPaths,
    install,
    installed_files,
    recover_install,
    replace_files,
    shebang,
)
from cratewheel.archive.layout import Entry, Generated
from cratewheel.errors import CratewheelError
from cratewheel.targets.wheel_tags import WheelTag

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")

PYTHON = Path("/usr/bin/python3")
SITE = "lib/python3.11/site-packages"
INFO = [f"{SITE}/demo-1.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL")]


def environment(root: Path) -> InstallPaths:
    site = root / SITE
    for folder in (site, root / "bin"):
        folder.mkdir(parents=True)
    headers = root / "include" / "site" / "python3.11"
    return InstallPaths(python=PYTHON, platlib=site, purelib=site, scripts=root / "bin", data=root, headers=headers)


def put(paths: InstallPaths, *names: str, replaced: Path | None = None, entry_points: str = "") -> Path:
    info = DistInfo(
        directory="demo-1.dist-info",
        tag=WheelTag.parse("py3-none-any"),
        generator="test",
        metadata="Metadata-Version: 2.1\nName: demo\nVersion: 1\n",
        entry_points=entry_points,
    )
    content = tuple(Entry(path=path, source=Generated(data=b"new")) for path in names)
    return install(content, info, paths, extra={}, replaced=replaced)


def files(root: Path) -> list[str]:
    found = (path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(root).as_posix() for path in found)


def test_each_file_goes_to_its_folder_and_commands_among_the_programs(tmp_path: Path) -> None:
    paths = environment(tmp_path)
    data = [f"demo-1.data/{scheme}/x-{scheme}" for scheme in ("scripts", "data", "headers", "purelib", "platlib")]
    put(paths, "demo/a.py", *data, entry_points="[console_scripts]\nrun = demo.a:B.main [extra]\n\n[other]\nx = y\n")
    assert files(tmp_path) == sorted(
        [
            "bin/run", "bin/x-scripts", "x-data", "include/site/python3.11/x-headers", f"{SITE}/demo/a.py",
            f"{SITE}/x-purelib", f"{SITE}/x-platlib", *INFO, f"{SITE}/demo-1.dist-info/entry_points.txt",
        ]
    )  # fmt: skip
    assert (tmp_path / "bin" / "run").read_text(encoding="utf-8") == (
        '#!/usr/bin/python3\nimport sys\n\nfrom demo.a import B\n\nif __name__ == "__main__":\n    sys.exit(B.main())\n'
    )


def test_a_command_and_a_script_of_one_name_are_refused(tmp_path: Path) -> None:
    paths = environment(tmp_path)
    with pytest.raises(CratewheelError, match=r"two different files would become demo-1\.data/scripts/run"):
        put(paths, "demo-1.data/scripts/run", entry_points="[console_scripts]\nrun = demo:main\n")
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "names",
    [
        ("demo/a.py", "demo-1.data/platlib/demo/a.py"),
        ("demo-1.data/purelib/b", "demo-1.data/platlib/b"),
        ("demo-1.data/data/bin/run", "demo-1.data/scripts/run"),
        ("demo-1.dist-info/RECORD",),
    ],
)
def test_two_files_of_a_wheel_cannot_become_one(tmp_path: Path, names: tuple[str, ...]) -> None:
    paths = environment(tmp_path)
    with pytest.raises(CratewheelError, match="two files of the wheel would be installed as "):
        put(paths, *names)
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["/etc/victim", "../../evil", ".."])
def test_no_command_leaves_the_environment(tmp_path: Path, name: str) -> None:
    paths = environment(tmp_path / "env")
    with pytest.raises(CratewheelError, match="would lie outside the archive"):
        put(paths, entry_points=f"[console_scripts]\n{name} = demo:main\n")
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (f"{SITE}/demo", "demo/victim"),
        (f"{SITE}/demo", "demo/new/folder/file"),
        (f"{SITE}/demo-1.dist-info", "a.py"),
        ("share", "demo-1.data/data/share/victim"),
        ("bin/sub", "demo-1.data/scripts/sub/victim"),
    ],
)
def test_a_link_that_leads_out_of_the_environment_is_not_followed(tmp_path: Path, link: str, path: str) -> None:
    paths = environment(tmp_path / "env")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_text("precious", encoding="utf-8")
    (tmp_path / "env" / link).symlink_to(outside)
    with pytest.raises(CratewheelError) as caught:
        put(paths, path)
    assert "is not changed: it is outside of " in caught.value.message
    assert caught.value.hint == "if a link leads there, remove it"
    assert files(tmp_path) == sorted([f"env/{link}", "outside/victim"])
    assert (outside / "victim").read_text(encoding="utf-8") == "precious"


def test_links_that_the_environment_consists_of_are_followed(tmp_path: Path) -> None:
    environment(tmp_path / "real")
    (tmp_path / "env").symlink_to("real")
    (tmp_path / "real" / "lib64").symlink_to("lib")
    (tmp_path / "disk").mkdir()
    (tmp_path / "real" / "bin").rmdir()
    (tmp_path / "real" / "bin").symlink_to(tmp_path / "disk")
    site = tmp_path / "env" / "lib64" / "python3.11" / "site-packages"
    paths = InstallPaths(
        python=PYTHON, platlib=site, purelib=site, scripts=tmp_path / "env" / "bin", data=tmp_path / "env",
        headers=tmp_path / "env" / "include",
    )  # fmt: skip
    folder = put(paths, "demo/a.py", entry_points="[console_scripts]\nrun = demo:main\n")
    assert (tmp_path / "disk" / "run").exists()
    put(paths, "demo/b.py", replaced=folder)
    assert [name for name in files(tmp_path) if "dist-info" not in name] == [
        "env", "real/bin", f"real/{SITE}/demo/b.py", "real/lib64",
    ]  # fmt: skip


@pytest.mark.parametrize("listed", ["../../../../outside/victim", "{outside}/victim", "link/victim", "link/mod.py"])
def test_a_record_that_leads_out_of_the_environment_is_refused(tmp_path: Path, listed: str) -> None:
    paths = environment(tmp_path / "env")
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("victim", "mod.py"):
        (outside / name).write_text("precious", encoding="utf-8")
    (paths.platlib / "link").symlink_to(outside)
    folder = put(paths, "demo/a.py")
    with (folder / "RECORD").open("a", encoding="utf-8") as stream:
        stream.write(f"{listed.format(outside=outside)},,\n")
    before = files(tmp_path)
    with pytest.raises(CratewheelError) as caught:
        put(paths, "demo/b.py", replaced=folder)
    assert caught.value.message == (
        f"{folder / 'RECORD'} lists {listed.format(outside=outside)}, which is outside of the environment "
        f"{tmp_path / 'env'}"
    )
    assert files(tmp_path) == before


def test_bytecode_behind_a_link_and_folders_are_not_removed(tmp_path: Path) -> None:
    paths = environment(tmp_path / "env")
    folder = put(paths, "demo/a.py", "demo/sub/b.py")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.cpython-311.pyc").touch()
    (paths.platlib / "demo" / "__pycache__").symlink_to(tmp_path / "outside")
    with (folder / "RECORD").open("a", encoding="utf-8") as stream:
        stream.write("demo/sub/,,\n")
    found = {path.relative_to(paths.platlib).as_posix() for path in installed_files(folder, paths.bounds())}
    assert found == {"demo/a.py", "demo/sub/b.py", *(name.removeprefix(f"{SITE}/") for name in INFO)}


@pytest.mark.parametrize("text", ["\xff", "a\0b,,\n", f'"{"x" * 200_000}",,\n'], ids=["encoding", "nul", "long"])
def test_a_record_that_nobody_can_read_is_an_error(tmp_path: Path, text: str) -> None:
    paths = environment(tmp_path)
    folder = put(paths, "demo/a.py")
    (folder / "RECORD").write_bytes(text.encode("latin-1"))
    with pytest.raises(CratewheelError):
        put(paths, "demo/b.py", replaced=folder)


@pytest.mark.parametrize(
    ("path", "place_of"),
    [
        ("demo-1.data/scripts/run", "bin/run"),
        ("demo-1.data/data/etc/conf", "etc/conf"),
        ("demo/a.py", f"{SITE}/demo/a.py"),
    ],
)
def test_a_file_of_somebody_else_is_not_replaced(tmp_path: Path, path: str, place_of: str) -> None:
    paths = environment(tmp_path)
    target = tmp_path / place_of
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("precious", encoding="utf-8")
    with pytest.raises(CratewheelError) as caught:
        put(paths, path)
    assert caught.value.message == f"{target} already exists, and no install of this project made it"
    other = paths.platlib / "other-1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n", encoding="utf-8")
    (other / "RECORD").write_text(f"../../../{place_of},,\n", encoding="utf-8")
    with pytest.raises(CratewheelError) as caught:
        put(paths, path)
    assert caught.value.message == f"{target} already exists: it belongs to other"
    assert caught.value.hint == "uninstall other, or rename the file in this project"
    assert target.read_text(encoding="utf-8") == "precious"


def test_a_link_in_the_way_is_not_replaced(tmp_path: Path) -> None:
    paths = environment(tmp_path)
    (tmp_path / "victim").write_text("new", encoding="utf-8")
    (tmp_path / "bin" / "run").symlink_to(tmp_path / "victim")
    with pytest.raises(CratewheelError, match="already exists, and no install of this project made it"):
        put(paths, "demo-1.data/scripts/run")


def test_a_file_that_several_share_may_be_there_already(tmp_path: Path) -> None:
    paths = environment(tmp_path)
    (paths.platlib / "shared.py").write_text("new", encoding="utf-8")
    put(paths, "shared.py")
    assert files(tmp_path) == sorted([f"{SITE}/shared.py", *INFO])


def test_the_first_line_of_a_script_is_one_line() -> None:
    assert shebang(Path("/env\nimport x/bin/python")) == (
        b"#!/bin/sh\n'''exec' '/env\nimport x/bin/python' \"$0\" \"$@\"\n' '''\n"
    )


def test_a_kernel_reads_127_bytes_of_the_first_line() -> None:
    python = Path("/" + "x" * 123)
    assert shebang(python) == b"#!" + bytes(python) + b"\n"
    assert len(shebang(python)) == 127
    longer = Path("/" + "x" * 124)
    assert shebang(longer) == b"#!/bin/sh\n'''exec' " + bytes(longer) + b' "$0" "$@"\n' + b"' '''\n"


def test_files_are_replaced_and_others_removed_together(tmp_path: Path) -> None:
    paths = environment(tmp_path)
    old, gone = paths.platlib / "old.py", paths.platlib / "gone.py"
    old.write_text("old", encoding="utf-8")
    gone.touch()
    program = Entry(path="run", source=Generated(data=b"run", executable=True))
    plain = Entry(path="old.py", source=Generated(data=b"new"))
    changes = [(paths.scripts / "run", program), (old, plain)]
    assert replace_files(changes, paths.platlib, "Demo", paths.bounds(), removed=[gone]) == ()
    assert files(tmp_path) == ["bin/run", f"{SITE}/old.py"]
    assert old.read_bytes() == b"new"
    assert [bool(path.stat().st_mode & 0o111) for path in (paths.scripts / "run", old)] == [True, False]
    assert recover_install("Demo", paths) == ()


def test_of_an_install_the_recorded_files_and_their_bytecode_are_found(tmp_path: Path) -> None:
    paths = environment(tmp_path)
    folder = put(paths, "demo/a.py", "demo/b.txt")
    cache = paths.platlib / "demo" / "__pycache__"
    cache.mkdir()
    for name in ("a.cpython-311.pyc", "a.cpython-311.opt-1.pyc", "b.cpython-311.pyc", "a.pyc", "other.cpython-311.pyc"):
        (cache / name).touch()
    (paths.platlib / "demo" / "b.txt").unlink()
    found = sorted(path.relative_to(tmp_path).as_posix() for path in installed_files(folder, paths.bounds()))
    bytecode = [f"{SITE}/demo/__pycache__/a.cpython-311{more}.pyc" for more in (".opt-1", "")]
    assert found == sorted([f"{SITE}/demo/a.py", *bytecode, *INFO])
