"""Commands of entry points on Windows."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from cratewheel.archive.dist_info import DistInfo
from cratewheel.archive.install import InstallPaths, entry_point_scripts
from cratewheel.archive.launchers import command_file, find_launcher
from cratewheel.archive.layout import Generated
from cratewheel.targets.wheel_tags import WheelTag

SCRIPT = "import sys\nsys.exit(3)\n"


def program(path: Path, machine: int) -> Path:
    """Write as much of a Windows program as tells its processor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", machine))
    return path


def test_the_launcher_is_that_of_the_processor_and_of_the_first_pip_or_distlib(tmp_path: Path) -> None:
    pip, distlib = tmp_path / "a" / "pip" / "_vendor" / "distlib", tmp_path / "b" / "distlib"
    for folder in (pip, distlib):
        folder.mkdir(parents=True)
        for name in ("t64.exe", "w64.exe", "t32.exe", "t64-arm.exe"):
            (folder / name).write_text(f"{folder.parent.name}/{name}")
    folders = (tmp_path / "none", tmp_path / "a", tmp_path / "b")
    for machine, launcher in ((0x8664, b"t64.exe"), (0x014C, b"t32.exe"), (0xAA64, b"t64-arm.exe")):
        python = program(tmp_path / f"{machine}" / "python.exe", machine)
        assert find_launcher(python, folders, windowed=False) == b"_vendor/" + launcher
    assert find_launcher(tmp_path / f"{0x8664}" / "python.exe", folders, windowed=True) == b"_vendor/w64.exe"
    assert find_launcher(tmp_path / f"{0x8664}" / "python.exe", folders[2:], windowed=True) == b"b/w64.exe"
    for other in (program(tmp_path / "other.exe", 0x1234), tmp_path / "gone.exe"):
        assert find_launcher(other, folders, windowed=False) is None


def test_the_last_launcher_is_that_of_the_pip_that_comes_with_python(tmp_path: Path) -> None:
    python = program(tmp_path / "python.exe", 0x8664)
    wheel = tmp_path / "Lib" / "ensurepip" / "_bundled" / "pip-24.0-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("pip/_vendor/distlib/t64.exe", b"bundled")
    assert find_launcher(python, (), windowed=False) == b"bundled"
    wheel.write_bytes(b"damaged")
    assert find_launcher(python, (), windowed=False) is None


@pytest.mark.parametrize(("windowed", "python"), [(False, "python.exe"), (True, "pythonw.exe")])
def test_a_command_is_a_launcher_python_and_the_script_in_one_file(windowed: bool, python: str) -> None:
    folder = Path("/a folder")
    name, data = command_file("tool", SCRIPT, folder / "python.exe", b"MZlauncher", windowed=windowed)
    assert name == "tool.exe"
    assert data.startswith(f'MZlauncher#!"{folder / python}"\r\nPK'.encode())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"__main__.py": SCRIPT.encode()}
    assert data == command_file("tool", SCRIPT, folder / "python.exe", b"MZlauncher", windowed=windowed)[1]


def test_without_a_launcher_it_is_a_batch_file_whose_first_line_python_skips() -> None:
    name, data = command_file("tool", SCRIPT, Path("python.exe"), None, windowed=False)
    assert (name, data) == ("tool.cmd", b'@"python.exe" -x "%~f0" %* & exit /b\r\n' + SCRIPT.encode())


def test_an_install_has_a_program_for_each_command(tmp_path: Path) -> None:
    (tmp_path / "distlib").mkdir()
    (tmp_path / "distlib" / "t64.exe").write_bytes(b"terminal")
    (tmp_path / "distlib" / "w64.exe").write_bytes(b"window")
    paths = InstallPaths(
        python=program(tmp_path / "Scripts" / "python.exe", 0x8664),
        **dict.fromkeys(("platlib", "purelib", "scripts", "data", "headers"), tmp_path),
    )
    info = DistInfo(
        directory="demo-1.0.dist-info",
        tag=WheelTag.parse("py3-none-any"),
        generator="cratewheel (1)",
        metadata="",
        entry_points="[console_scripts]\nshow = demo:main\n\n[gui_scripts]\nwin = demo.gui:App.run\n",
        license_files=(),
        sboms=(),
    )
    show, win = entry_point_scripts(info, paths, windows=True)
    assert (show.path, win.path) == ("demo-1.0.data/scripts/show.exe", "demo-1.0.data/scripts/win.exe")
    assert isinstance(show.source, Generated)
    assert isinstance(win.source, Generated)
    assert show.source.data.startswith(b"terminal#!")
    assert win.source.data.startswith(b"window#!")
    assert b"pythonw.exe" in win.source.data
    (posix, _) = entry_point_scripts(info, paths, windows=False)
    assert posix.path == "demo-1.0.data/scripts/show"
