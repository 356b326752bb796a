"""Archives do not depend on the locale: names of files are bytes, and UTF-8 in archives."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdist_projects import LIB, crate, locked, pyproject

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode on Windows and macOS"),
]

LATIN_1 = "en_US.ISO-8859-1"
LOCALES: dict[str, Mapping[str, str]] = {
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0"},
    "POSIX": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "latin-1": {"LC_ALL": LATIN_1},
}
HOOKS = """
import json, os, sys
import cratewheel
out, settings = sys.argv[1], {"build-args": ["--quiet"]}
made = [
    cratewheel.get_requires_for_build_wheel(settings),
    cratewheel.prepare_metadata_for_build_wheel(out, settings),
    cratewheel.build_sdist(out, settings),
    cratewheel.build_wheel(out, settings),
]
print(json.dumps(made))
"""


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a locale for ISO 8859-1; the test is skipped where it cannot be made."""
    folder = tmp_path_factory.mktemp("locales")
    localedef = shutil.which("localedef")
    if localedef is not None:
        subprocess.run(
            [localedef, "-i", "en_US", "-f", "ISO-8859-1", folder / LATIN_1], capture_output=True, check=False
        )
    found = subprocess.run(
        [sys.executable, "-c", "import sys; print(sys.getfilesystemencoding())"],
        env={**os.environ, "LOCPATH": str(folder), "LC_ALL": LATIN_1, "PYTHONUTF8": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    if found.stdout.strip() != "iso8859-1":
        pytest.skip("no locale for ISO 8859-1 can be made here")
    return folder


@pytest.fixture(params=LOCALES)
def locale(request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables of a locale in which Python decodes names in another way than UTF-8."""
    variables = dict(LOCALES[request.param])
    if request.param == "latin-1":
        variables["LOCPATH"] = str(request.getfixturevalue("locales"))
    return variables


def project(run_light: Cratewheel, folder: Path) -> Path:
    """Return a project with names that are not ASCII wherever there can be one."""
    run_light.copy("light-module").rename(folder)
    tree = {
        "light_module/__init__.py": "from ._native import *\n",
        "light_module/é.py": "x = 1\n",
        "docs/lés.md": "# é\n",
        "extra/ä/ö.txt": "",
        "light_module._native.data/data/ü.txt": "",
        "LICENSE-é": "",
        "pyproject.toml": pyproject(
            """
            [tool.cratewheel]
            module-name = "light_module._native"
            include = ["extra/**/*", "docs/lés.md"]
            """,
            'readme = "docs/lés.md"\nrequires-python = ">=3.7"\n',
        ),
    }
    for name, text in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def archives(out: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir()) if path.is_file()
    }


def special_names(path: Path) -> list[str]:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return sorted(name for name in wheel.namelist() if not name.isascii())
    with tarfile.open(path) as sdist:
        return sorted(name for name in sdist.getnames() if not name.isascii())


def test_the_command_makes_the_same_archives(run_light: Cratewheel, tmp_path: Path, locale: dict[str, str]) -> None:
    folder = project(run_light, tmp_path / "prüfung")
    words = ("build", "--sdist", "-i", sys.executable)
    expected, made = (
        run_light(*words, cwd=folder, env=variables).ok() for variables in ({"LC_ALL": "C.UTF-8"}, locale)
    )
    assert special_names(expected.wheel) == [
        "demo-1.0.0.data/data/ü.txt",
        "demo-1.0.0.dist-info/licenses/LICENSE-é",
        "docs/lés.md",
        "extra/ä/ö.txt",
        "light_module/é.py",
    ]
    assert special_names(expected.sdists[0]) == [
        "demo-1.0.0/LICENSE-é",
        "demo-1.0.0/docs/lés.md",
        "demo-1.0.0/extra/ä/ö.txt",
        "demo-1.0.0/light_module._native.data/data/ü.txt",
        "demo-1.0.0/light_module/é.py",
    ]
    assert archives(made.out) == archives(expected.out)


def test_the_hooks_make_the_same_archives(run_light: Cratewheel, tmp_path: Path, locale: dict[str, str]) -> None:
    folder = project(run_light, tmp_path / "prüfung")
    found = []
    for number, variables in enumerate(({"LC_ALL": "C.UTF-8"}, locale)):
        out = tmp_path / f"größe-{number}"
        out.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", HOOKS, out],
            cwd=folder,
            env={**run_light.environ, **variables},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found.append((json.loads(done.stdout), archives(out)))
    assert found[0] == found[1]
    assert "demo-1.0.0.tar.gz" in found[0][1]


def test_git_and_cargo_name_the_same_files(run_light: Cratewheel, tmp_path: Path, locale: dict[str, str]) -> None:
    tree = {
        "Cargo.toml": crate("demo", LIB),
        "Cargo.lock": locked("demo"),
        "src/lib.rs": "",
        "notes/à la carte.txt": "",
    }
    for generator in ("cargo", "git"):
        folder = tmp_path / generator
        settings = f'[tool.cratewheel]\nsdist-generator = "{generator}"\n'
        for name, text in {**tree, "pyproject.toml": pyproject(settings)}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
        run = run_light("sdist", cwd=folder, env=locale).ok()
        assert special_names(run.sdists[0]) == ["demo-1.0.0/notes/à la carte.txt"]


def test_an_editable_install_is_found_in_every_locale(
    run_light: Cratewheel, tmp_path: Path, locale: dict[str, str]
) -> None:
    folder = project(run_light, tmp_path / "prüfung")
    environment = tmp_path / "umgebung-ä"
    venv.create(environment)
    run_light("develop", cwd=folder, env={**locale, "VIRTUAL_ENV": str(environment)}).ok()
    run_light("develop", cwd=folder, env={**locale, "VIRTUAL_ENV": str(environment)}).ok()  # it reads what it wrote
    found = "import importlib.util, os; print(os.fsencode(importlib.util.find_spec('light_module').origin))"
    # CPython from 3.12 on imports no extension module from a folder whose name its locale cannot say
    imports = sys.version_info < (3, 12)
    for variables in (*LOCALES.values(), locale, {"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C"}):
        done = subprocess.run(
            [environment / "bin" / "python", "-c", f"import light_module\n{found}" if imports else found],
            env={**run_light.environ, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.strip() == repr(os.fsencode(folder / "light_module" / "__init__.py")), done.stderr


BAD = b"b\xff"


@pytest.mark.parametrize("name", ["light_module/{}.py", "extra/{}", "LICENSE-{}", "light_module._native.data/data/{}"])
def test_a_name_that_is_not_utf8_is_an_error(run_light: Cratewheel, tmp_path: Path, name: str) -> None:
    folder = project(run_light, tmp_path / "project")
    try:
        (folder / name.format(os.fsdecode(BAD))).touch()
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")
    shown = Path(name).name.format(r"b\udcff")
    for words in (("build", "--no-sdist", "-i", sys.executable), ("sdist",)):
        run = run_light(*words, cwd=folder)
        assert (run.status, run.wheels, run.sdists) == (1, (), ())
        (error,) = [line for line in run.stderr.splitlines() if line.startswith("error: ") and "UTF-8" in line]
        assert f"{shown}' is not UTF-8, so no archive can hold it" in error
        assert "rename the file" in run.stderr
