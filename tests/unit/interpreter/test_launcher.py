from __future__ import annotations

from cratewheel.interpreter.launcher import parse


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
