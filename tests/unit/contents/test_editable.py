"""The files of an editable install, and the finder among them."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, Generated
from cratewheel.contents.editable import Rebuild, belongs_to_package, check, entries, redirect_package
from cratewheel.errors import ConfigError
from cratewheel.project.python_layout import ModuleLayout
from system_paths import native

MODULES = ModuleLayout(
    module_name="shout.deep._native",
    extension_name="_native",
    package_parts=("shout", "deep"),
    mixed=True,
    python_source=Path("/work/shout/python"),
    package_dir=Path("/work/shout/python/shout"),
    python_packages=(),
    data=None,
)
COMPILED = (Entry(path="shout/deep/_native.py", source=Generated(data=b"ANSWER = 42\n")),)


def texts(found: tuple[Entry, ...]) -> dict[str, str]:
    return {str(one.path): one.source.data.decode() for one in found if isinstance(one.source, Generated)}


def test_python_files_stay_and_the_compiled_ones_lie_apart() -> None:
    found = texts(entries(MODULES, "Shout.Loud", COMPILED, mode="redirect"))
    assert list(found) == [
        "shout_loud.pth",
        "_shout_loud_editable.pth",
        "_shout_loud_editable.start",
        "_shout_loud_editable/__init__.py",
        "_shout_loud_editable/shout/deep/_native.py",
    ]
    assert found["shout_loud.pth"] == native("/work/shout/python\n")
    assert found["_shout_loud_editable.pth"] == "import _shout_loud_editable; _shout_loud_editable.install()\n"
    assert found["_shout_loud_editable.start"] == "_shout_loud_editable:install\n"
    finder = found["_shout_loud_editable/__init__.py"]
    assert "PACKAGES = ('shout',)\nSHARED = ()" in finder
    assert "\nREBUILD = None\n" in finder


def test_the_finder_names_its_packages_in_the_order_of_the_alphabet(tmp_path: Path) -> None:
    names = [f"p{number:02}" for number in range(40)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    modules = replace(MODULES, python_source=tmp_path, package_dir=None, python_packages=tuple(names))
    data = [Entry(path=f"{name}/made.txt", source=Generated(data=b"")) for name in reversed(names)]
    finder = texts(entries(modules, "shout", (), mode="redirect", data=data))["_shout_editable/__init__.py"]
    assert f"\nPACKAGES = {tuple(names)!r}\nSHARED = {tuple(names)!r}" in finder


def test_a_way_that_is_not_ascii_is_written_as_bytes() -> None:
    """Python 3.11 and 3.12 do not start in the C locale with anything else in a `.pth` file."""
    modules = replace(MODULES, python_source=Path("/work/ä"))
    rebuild = Rebuild(command=("/ö", "-m"), cwd=Path("/ü"))
    found = texts(entries(modules, "shout", COMPILED, mode="redirect", rebuild=rebuild))
    work, there = repr(os.fsencode(native("/work/ä"))), repr(os.fsencode(native("/ü")))
    assert found["shout.pth"] == f"import os, sys; sys.path.append(os.fsdecode({work}))\n"
    finder = found["_shout_editable/__init__.py"]
    assert f"REBUILD = [os.fsdecode(b'/\\xc3\\xb6'), '-m']\nCWD = os.fsdecode({there})" in finder


def test_in_place_nothing_but_the_way_is_installed() -> None:
    assert texts(entries(MODULES, "shout", COMPILED, mode="inplace")) == {"shout.pth": native("/work/shout/python\n")}


def test_the_finder_finds_what_is_compiled_and_leaves_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in texts(entries(MODULES, "shout", COMPILED, mode="redirect")).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for package in ("shout", "shout/deep"):
        (tmp_path / "python" / package).mkdir(parents=True)
        (tmp_path / "python" / package / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "python"), *sys.path])
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    entry_point = (tmp_path / "_shout_editable.start").read_text(encoding="utf-8").strip()
    install = pkgutil.resolve_name(entry_point)  # as PEP 829 has it
    install()
    install()
    native = __import__("shout.deep._native", fromlist=["ANSWER"])
    assert native.ANSWER == 42
    assert Path(str(native.__file__)).is_relative_to(tmp_path / "_shout_editable")
    assert Path(str(sys.modules["shout"].__file__)).is_relative_to(tmp_path / "python")
    assert [str(one.__module__) for one in sys.meta_path if getattr(one, "__name__", "") == "Redirect"] == [
        "_shout_editable"
    ]
    for name in [name for name in sys.modules if name.partition(".")[0] in ("shout", "_shout_editable")]:
        del sys.modules[name]


def test_files_that_are_generated_into_a_live_package_are_found_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "python"
    for name in ("shout/__init__.py", "shout/deep/__init__.py", "shout/own.txt", "shout/data/own.txt"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("own", encoding="utf-8")
    for name in ("shout/__init__.py", "shout/deep/__init__.py"):
        (source / name).write_text("here = __file__", encoding="utf-8")
    modules = replace(MODULES, python_source=source, package_dir=source / "shout")
    places = ("shout/made.txt", "shout/data/made.txt", "shout/deep/made.txt", "shout/extra/made.txt")
    data = [Entry(path=place, source=Generated(data=place.encode())) for place in places]
    data.append(Entry(path="shout/made.py", source=Generated(data=b"ANSWER = 42\n")))
    outside = Entry(path="other/made.txt", source=Generated(data=b""))
    assert [belongs_to_package(modules, entry) for entry in (*data, outside)] == [True] * 5 + [False]
    for name, text in texts(entries(modules, "shout", COMPILED, mode="redirect", data=data)).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(source), *sys.path])
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    importlib.import_module("_shout_editable").install()

    assert importlib.import_module("shout.deep._native").ANSWER == 42
    assert importlib.import_module("shout.made").ANSWER == 42
    assert pkgutil.get_data("shout", "made.txt") == b"shout/made.txt"
    assert pkgutil.get_data("shout.deep", "made.txt") == b"shout/deep/made.txt"
    assert pkgutil.get_data("shout", "own.txt") == b"own"
    root = resources.files("shout")
    for place in places:
        assert root.joinpath(*place.split("/")[1:]).read_text(encoding="utf-8") == place
        assert (root / place.partition("/")[2]).read_text(encoding="utf-8") == place
    assert resources.files("shout.deep").joinpath("made.txt").read_text(encoding="utf-8") == "shout/deep/made.txt"
    assert [one.name for one in (root / "data").iterdir()] == ["made.txt", "own.txt"]
    found = [one.name for one in root.iterdir() if one.name != "__pycache__"]
    assert found == ["__init__.py", "data", "deep", "extra", "made.py", "made.txt", "own.txt"]
    assert root.joinpath("data").joinpath("own.txt").read_text(encoding="utf-8") == "own"
    assert not root.joinpath("absent").is_file()
    with resources.as_file(root / "made.txt") as path:
        assert path.read_bytes() == b"shout/made.txt"
    with pytest.raises(FileNotFoundError):
        pkgutil.get_data("shout", "absent.txt")
    for name in [name for name in sys.modules if name.partition(".")[0] in ("shout", "_shout_editable")]:
        del sys.modules[name]


def test_a_namespace_package_takes_what_is_installed_beside_it(tmp_path: Path) -> None:
    (tmp_path / "shout").mkdir()
    modules = replace(MODULES, python_source=tmp_path, package_dir=tmp_path / "shout")
    assert not belongs_to_package(modules, Entry(path="shout/made.txt", source=Generated(data=b"")))


def test_a_rebuild_is_told_by_its_command_and_folder() -> None:
    rebuild = Rebuild(command=("cratewheel", "rebuild"), cwd=Path("/home/me"))
    finder = texts(entries(MODULES, "shout", COMPILED, mode="redirect", rebuild=rebuild))["_shout_editable/__init__.py"]
    assert f"\nREBUILD = ['cratewheel', 'rebuild']\nCWD = {native('/home/me')!r}" in finder


def test_the_name_of_the_finder_can_be_imported() -> None:
    assert [redirect_package(name) for name in ("a", "A-b.c", "x__y")] == [
        "_a_editable",
        "_a_b_c_editable",
        "_x_y_editable",
    ]


@pytest.mark.parametrize(
    "name", [*(f"a{end}import os" for end in "\n\r\v\f\x1c\x85\u2028"), "a ", "a\udcff"], ids=ascii
)
def test_a_folder_that_no_line_of_a_pth_file_can_name_is_refused(name: str) -> None:
    source = Path("/work") / name
    with pytest.raises(ConfigError) as caught:
        check(replace(MODULES, python_source=source, package_dir=source / "shout"))
    assert caught.value.message == (
        f"an editable install cannot lead to the folder {str(source)!r}: its path has a line end, a space at its end, "
        "or bytes that are not UTF-8"
    )


def test_other_folders_are_fine() -> None:
    check(replace(MODULES, python_source=Path("/work/a b # ünï\tcöde/python")))
    copied = replace(MODULES, package_dir=None, python_source=Path("/work/a\nb"))  # no .pth file is made
    check(copied)


def test_what_has_no_package_cannot_be_compiled_on_import() -> None:
    pure = replace(MODULES, mixed=False, package_dir=None)
    check(pure)
    check(MODULES, rebuild=True)
    with pytest.raises(ConfigError) as caught:
        check(pure, rebuild=True)
    assert caught.value.message == (
        "`editable-rebuild` needs a Python package around the compiled module, and the project has none"
    )
