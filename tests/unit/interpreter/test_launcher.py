from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cratewheel.interpreter import launcher
from cratewheel.interpreter.launcher import Registered, parse, programs


def test_paths_of_the_launcher_since_python_3_11() -> None:
    output = "\n".join([
        "  *               C:\\project\\.venv\\Scripts\\python.exe",
        " -V:3.13 *        C:\\Program Files\\Python313\\python.exe",
        " -V:3.13t         C:\\Program Files\\Python313\\python3.13t.exe",
        " -V:3.12-arm64    C:\\Program Files\\Python312-arm64\\python.exe",
        " -V:3.12-32       \\\\server\\share\\Python312-32\\python.exe",
        " -V:Astral/CPython3.11.9 C:\\Users\\me\\AppData\\Roaming\\uv\\data\\python\\cpython-3.11.9\\python.exe",
    ])  # fmt: skip
    assert parse(output) == (
        "C:\\project\\.venv\\Scripts\\python.exe",
        "C:\\Program Files\\Python313\\python.exe",
        "C:\\Program Files\\Python313\\python3.13t.exe",
        "C:\\Program Files\\Python312-arm64\\python.exe",
        "\\\\server\\share\\Python312-32\\python.exe",
        "C:\\Users\\me\\AppData\\Roaming\\uv\\data\\python\\cpython-3.11.9\\python.exe",
    )


def test_paths_of_the_older_launcher() -> None:
    output = "Installed Pythons found by py Launcher for Windows\n -3.9-64\tC:\\Python39\\python.exe *\n"
    output += " -3.8-32\tC:\\Python38-32\\python.exe\n -2.7-64\tC:\\Python27\\python.exe\n"
    assert parse(output) == ("C:\\Python39\\python.exe", "C:\\Python38-32\\python.exe", "C:\\Python27\\python.exe")


def test_no_installations_give_no_paths() -> None:
    assert parse("No installed Pythons found!\r\n") == ()


def test_the_same_path_twice_counts_once() -> None:
    assert parse(" -V:3.12 C:\\P\\python.exe\n -V:3.12-64 C:\\P\\python.exe\n") == ("C:\\P\\python.exe",)


def test_the_install_manager_writes_tags_with_brackets() -> None:
    output = " -V:3.14[-64] *   C:\\Users\\me\\AppData\\Local\\Python\\pythoncore-3.14-64\\python.exe\r\n"
    assert parse(output) == ("C:\\Users\\me\\AppData\\Local\\Python\\pythoncore-3.14-64\\python.exe",)


def test_entries_of_the_registry_name_a_program_or_a_folder() -> None:
    entries = [
        Registered(company="PythonCore", program="C:\\P 312\\python.exe", folder="C:\\elsewhere"),
        Registered(company="PythonCore", folder="C:\\P38\\"),
        Registered(company="PythonCore"),
        Registered(company="ContinuumAnalytics", program="D:\\conda\\python.exe"),
        Registered(company="ContinuumAnalytics", folder="D:\\other"),
        Registered(company="PyLauncher", program="C:\\Windows\\py.exe"),
        Registered(company="PythonCore", program="C:\\P 312\\python.exe"),
    ]
    assert programs(entries) == ("C:\\P 312\\python.exe", "C:\\P38\\python.exe", "D:\\conda\\python.exe")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has one")
def test_other_systems_have_no_registry() -> None:
    assert launcher.registered() == ()


if sys.platform == "win32":
    import winreg

    OURS = r"Software\Python\CratewheelTests"

    @pytest.fixture(name="entry")
    def entry_fixture() -> Iterator[str]:
        """Yield the key of an entry that is removed afterwards."""
        yield rf"{OURS}\3.99\InstallPath"
        for key in (rf"{OURS}\3.99\InstallPath", rf"{OURS}\3.99", OURS):
            winreg.DeleteKey(winreg.HKEY_CURRENT_USER, key)

    def test_entries_are_read_from_the_registry(entry: str, tmp_path: Path) -> None:
        program = tmp_path / "ä b" / "python.exe"
        program.parent.mkdir()
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, entry) as key:
            winreg.SetValueEx(key, "ExecutablePath", 0, winreg.REG_SZ, str(program))
        assert program not in launcher.registered()  # an entry that was left behind
        program.touch()
        assert program in launcher.registered()
