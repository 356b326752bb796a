"""Where the extension and the Python packages are."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from cratewheel.errors import ConfigError
from cratewheel.options.resolve import resolve
from cratewheel.project import python_layout as modules
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.project.request import Request, read_project
from cratewheel.system.files import project_roots
from system_paths import needs_links


def project(root: Path, *files: str) -> Path:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def read(root: Path, **settings: Any) -> ModuleLayout:
    names = {"module_name": None, "lib_name": None, "project_name": None, "package_name": "demo"}
    return modules.read(root, **(names | settings), roots=project_roots(root))


def test_a_crate_without_a_python_package_is_a_folder_of_its_own(tmp_path: Path) -> None:
    assert read(project(tmp_path, "Cargo.toml", "src/lib.rs")) == ModuleLayout(
        module_name="demo",
        extension_name="demo",
        package_parts=(),
        mixed=False,
        python_source=tmp_path,
        package_dir=None,
        python_packages=(),
        data=None,
        warnings=(),
    )


def test_a_package_of_the_modules_name_makes_a_mixed_project(tmp_path: Path) -> None:
    found = read(project(tmp_path, "py/pkg/__init__.py"), module_name="pkg.sub._native", python_source="./py/")
    assert found == ModuleLayout(
        module_name="pkg.sub._native",
        extension_name="_native",
        package_parts=("pkg", "sub"),
        mixed=True,
        python_source=tmp_path / "py",
        package_dir=tmp_path / "py" / "pkg",
        python_packages=(),
        data=None,
        warnings=(),
    )


@pytest.mark.parametrize("left", ["__pycache__/a.pyc", "sub/__pycache__/a.pyc", ".DS_Store", "a.pyc"])
def test_a_folder_that_holds_nothing_but_rubbish_is_no_package(tmp_path: Path, left: str) -> None:
    found = read(project(tmp_path, f"demo/{left}"))
    assert (found.mixed, found.package_dir, found.stubs_dir) == (False, None, None)
    assert read(project(tmp_path, "demo/.gitkeep")).mixed


def test_a_stub_only_package_is_shipped_where_it_is_named(tmp_path: Path) -> None:
    found = read(project(tmp_path, "demo-stubs/__init__.pyi"))
    place = tmp_path / "demo-stubs"
    assert found.warnings == (f'{place} is not packed: `python-packages = ["demo-stubs"]` in pyproject.toml ships it',)
    found = read(tmp_path, python_packages=("demo-stubs",))
    assert (found.mixed, found.packages, found.warnings) == (False, (place,), ())


@pytest.mark.parametrize("stubs", ["__init__.pyi", "py.typed", "sub/a.pyi"])
def test_a_folder_of_stubs_is_no_package_but_belongs_to_the_generated_one(tmp_path: Path, stubs: str) -> None:
    found = read(project(tmp_path, f"demo/{stubs}", "demo/__pycache__/a.pyc"))
    assert (found.mixed, found.package_dir, found.stubs_dir) == (False, None, tmp_path / "demo")
    assert found.packages == (tmp_path / "demo",)
    deep = read(tmp_path, module_name="demo.deep")  # a namespace package, with the stubs of the module in it
    assert (deep.mixed, deep.package_dir, deep.stubs_dir) == (True, tmp_path / "demo", None)
    assert read(project(tmp_path, "demo/data.txt")).mixed


@pytest.mark.parametrize(
    ("names", "module"),
    [
        ({"module_name": "a", "legacy_name": "b.c", "lib_name": "d", "project_name": "e"}, "a"),
        ({"legacy_name": "b.c", "lib_name": "d", "project_name": "e"}, "b.c"),
        ({"legacy_name": "b", "lib_name": "d", "project_name": "e"}, "d"),
        ({"project_name": "e"}, "e"),
        ({}, "demo"),
    ],
)
def test_the_first_name_that_is_given_counts(tmp_path: Path, names: dict[str, str], module: str) -> None:
    assert read(tmp_path, **names).module_name == module


@pytest.mark.parametrize(
    ("module", "package", "folder"),
    [
        ("a.b.c", "a/__init__.py", "a/b"),
        ("a", "a/__init__.py", "a"),
        ("a.b.c", None, "c"),
        ("a", None, "a"),
    ],
)
def test_the_folder_of_the_extension_is_its_package_or_its_own(
    tmp_path: Path, module: str, package: str | None, folder: str
) -> None:
    project(tmp_path, *([package] if package else []))
    assert read(tmp_path, module_name=module).extension_dir == PurePosixPath(folder)


def test_a_namespace_package_needs_no_init_but_a_crate_folder_is_no_package(tmp_path: Path) -> None:
    project(tmp_path, "demo/a.py")
    assert read(tmp_path).mixed
    project(tmp_path, "demo/Cargo.toml")
    assert not read(tmp_path).mixed
    assert read(tmp_path).package_dir is None
    project(tmp_path, "demo/__init__.py")
    assert read(tmp_path).mixed


def test_the_src_layout_is_only_a_default(tmp_path: Path) -> None:
    project(tmp_path, "src/demo/__init__.py", "python/demo/__init__.py")
    assert read(tmp_path, src_layout=True).package_dir == tmp_path / "src" / "demo"
    assert read(tmp_path, src_layout=True, python_source="python").package_dir == tmp_path / "python" / "demo"


def test_a_python_source_beside_the_project_must_be_in_its_repository(tmp_path: Path) -> None:
    project(tmp_path, "py/demo/__init__.py", "crate/Cargo.toml")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "crate", python_source="../py")
    assert caught.value.message == f"{tmp_path / 'py'} lies outside of the project"
    project(tmp_path, ".git/HEAD")
    assert read(tmp_path / "crate", python_source="../py").package_dir == tmp_path / "py" / "demo"


def test_a_data_folder_must_be_in_the_project(tmp_path: Path) -> None:
    project(tmp_path, "elsewhere/data/a", "crate/Cargo.toml")
    for named in ("../elsewhere", str(tmp_path / "elsewhere")):
        with pytest.raises(ConfigError, match="elsewhere lies outside of the project"):
            read(tmp_path / "crate", data=named)


@needs_links
def test_a_link_to_a_data_folder_must_stay_in_the_project(tmp_path: Path) -> None:
    project(tmp_path, "elsewhere/data/a", "crate/Cargo.toml")
    (tmp_path / "crate" / "demo.data").symlink_to("../elsewhere")
    with pytest.raises(ConfigError, match=r"demo\.data leads out of the project by a symbolic link"):
        read(tmp_path / "crate")


def test_a_python_source_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, python_source="py")
    assert caught.value.message == f"python-source is set to 'py', but there is no folder {tmp_path / 'py'}"


@pytest.mark.parametrize("there", ["py/other/module.py", "py/demo"])
def test_a_python_source_without_the_module_is_an_error(tmp_path: Path, there: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(project(tmp_path, there), python_source="py")
    package = tmp_path / "py" / "demo"
    assert caught.value.message == f"python-source is set to 'py', but there is no Python package {package}"
    assert caught.value.hint == f"create {package / '__init__.py'}, or remove `python-source`"


@pytest.mark.parametrize("name", ["", ".a", "a..b", "a.", "../a", "a/b", "a\\b"])
@pytest.mark.parametrize("binary", [True, False])
def test_what_is_no_dotted_name_is_an_error(tmp_path: Path, name: str, *, binary: bool) -> None:
    with pytest.raises(ConfigError, match="is not the name of a Python module"):
        read(tmp_path, module_name=name, binary=binary)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("my-pkg", 'module-name = "my_pkg"'), ("a.b-c", 'module-name = "a.b_c"'), ("a.1x", "`module-name`")],
)
def test_an_extension_that_nothing_could_import_is_an_error(tmp_path: Path, name: str, suggestion: str) -> None:
    with pytest.raises(ConfigError, match="is not a Python identifier") as caught:
        read(tmp_path, project_name=name)
    assert suggestion in str(caught.value.hint)


def test_a_program_may_have_any_name(tmp_path: Path) -> None:
    assert read(tmp_path, project_name="my-program", binary=True).extension_name == "my-program"


def test_python_packages_are_relative_to_python_source_and_those_missing_are_told(tmp_path: Path) -> None:
    project(tmp_path, "py/demo/__init__.py", "py/other/sub/a.py", "py/single.py")
    found = read(tmp_path, python_source="py", python_packages=("./other/", "single.py", "other.sub", "gone"))
    assert found.python_packages == ("other", "single.py")
    assert found.warnings == (
        f"python-packages has 'other.sub', but there is no {tmp_path / 'py' / 'other.sub'}; write 'other/sub'",
        f"python-packages has 'gone', but there is no {tmp_path / 'py' / 'gone'}",
    )


def test_a_python_package_outside_python_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"python-packages has '\.\./x', which is not in"):
        read(tmp_path, python_packages=("../x",))


def test_the_data_folder_is_named_after_the_module_unless_set(tmp_path: Path) -> None:
    project(tmp_path, "pkg._x.data/data/a", "other/data/a", "pkg.data/data/a")
    assert read(tmp_path, module_name="pkg._x").data == tmp_path / "pkg._x.data"
    assert read(tmp_path, module_name="pkg._x", data="other/").data == tmp_path / "other"
    assert read(tmp_path, module_name="nothing").data is None


def test_a_data_folder_that_is_set_and_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, data="nope")
    assert caught.value.message == f"data is set to 'nope', but there is no folder {tmp_path / 'nope'}"


@pytest.mark.parametrize("place", ["src", "python"])
def test_python_files_that_no_setting_makes_the_project_s_are_a_warning(tmp_path: Path, place: str) -> None:
    root = project(tmp_path, "crate/Cargo.toml", f"{place}/demo/module.py")

    (warning,) = read(root).warnings
    assert warning == (
        f"there are Python files in {tmp_path / place / 'demo'}, which are not the project's: "
        f"`python-source = '{place}'` in pyproject.toml would make them so"
    )
    assert not read(root).mixed
    assert (read(root, python_source=place).mixed, read(root, python_source=place).warnings) == (True, ())


@pytest.mark.parametrize(
    ("names", "place", "settings"),
    [
        ({"lib_name": "_fast"}, "fast", '`module-name = "fast._fast"`'),
        ({"lib_name": "_fast", "project_name": "Fast-Pdb"}, "fast_pdb", '`module-name = "fast_pdb._fast"`'),
        ({"lib_name": "fast_native", "project_name": "fast"}, "fast", '`module-name = "fast.fast_native"`'),
        ({"lib_name": "_fast"}, "src/fast", '`python-source = "src"` and `module-name = "fast._fast"`'),
        ({"lib_name": "_fast"}, "python/fast", '`python-source = "python"` and `module-name = "fast._fast"`'),
        ({"project_name": "my-tool", "binary": True}, "my_tool", '`python-packages = ["my_tool"]`'),
    ],
)
def test_a_package_that_is_called_as_the_project_and_not_as_the_module_is_a_warning(
    tmp_path: Path, names: dict[str, Any], place: str, settings: str
) -> None:
    root = project(tmp_path, f"{place}/__init__.py")
    assert read(root, **names).warnings == (
        f"the Python package {root / place} is not packed: {settings} in pyproject.toml ships it",
    )


def test_a_package_of_the_projects_name_that_is_packed_is_no_warning(tmp_path: Path) -> None:
    root = project(tmp_path, "fast/__init__.py", "_fast/__init__.py", "notes/fast_pdb.txt")
    assert read(root, lib_name="_quick", project_name="fast", python_packages=("fast",)).warnings == ()
    assert read(root, lib_name="_fast", project_name="fast").warnings == ()


@pytest.mark.parametrize(
    ("there", "names"),
    [("fast_pdb", {"project_name": "fast-pdb"}), ("fast", {}), ("other", {})],
    ids=["as the project", "as the module, without the underscore", "the only one"],
)
def test_a_python_source_whose_package_has_another_name_is_an_error_that_says_what_to_write(
    tmp_path: Path, there: str, names: dict[str, Any]
) -> None:
    root = project(tmp_path, f"py/{there}/__init__.py")
    with pytest.raises(ConfigError) as caught:
        read(root, python_source="py", lib_name="_fast", **names)
    assert (caught.value.message, caught.value.hint) == (
        f"python-source is set to 'py', but there is no Python package {root / 'py/_fast'}",
        f'write `module-name = "{there}._fast"` for {root / "py" / there}',
    )


def test_a_rust_module_of_the_same_name_is_none_of_python_s(tmp_path: Path) -> None:
    assert read(project(tmp_path, "Cargo.toml", "src/demo/mod.rs")).warnings == ()


def test_a_dotted_name_without_its_package_is_a_warning(tmp_path: Path) -> None:
    root = project(tmp_path, "Cargo.toml", "src/lib.rs")
    assert read(root, module_name="pkg.sub._native").warnings == (
        (
            f"there is no Python package {tmp_path / 'pkg'}: `pkg.sub._native` is packed, and imported, as `_native`; "
            f"create {tmp_path / 'pkg' / '__init__.py'}, or name the module `_native`"
        ),
    )
    assert read(root, module_name="_native").warnings == ()
    assert read(root, module_name="pkg.run", binary=True).warnings == ()
    project(tmp_path, "pkg/__init__.py")
    assert read(root, module_name="pkg.sub._native").warnings == ()


def test_the_layout_of_the_old_table_counts_where_pyproject_says_nothing(tmp_path: Path) -> None:
    manifest = '[package]\nname = "demo"\nversion = "1.0.0"\n[package.metadata.maturin]\n'
    project(tmp_path, "py/demo/__init__.py", "files/data/a.txt", "src/lib.rs")
    (tmp_path / "Cargo.toml").write_text(manifest + 'python-source = "py"\ndata = "files"\n', encoding="utf-8")
    request = Request(flags={}, environ={}, cwd=tmp_path)
    found = read_project(request)
    options, _ = resolve({}, environ={}, tools=None)
    layout = modules.read_modules(found, options, binary=False)
    assert (layout.python_source, layout.data) == (tmp_path / "py", tmp_path / "files")


@pytest.mark.parametrize(
    ("beside", "settings", "named"),
    [
        (("guard.py", "other/__init__.py", "demo-stubs/__init__.pyi"), "", '"demo-stubs", "guard.py", "other"'),
        (("guard.py", "other/__init__.py"), 'python-packages = ["other"]', None),
        (("guard.py",), 'include = ["py/guard.py"]', None),
        (("guard.py",), 'include = [{ path = "**/*.py", format = "wheel" }]', None),
        (("tests/__init__.py", "conftest.py", "data/a.txt", "run-me.py", "note.txt"), "", None),
    ],
    ids=["some", "those that were chosen", "included", "included by a glob", "none that are for users"],
)
def test_modules_beside_the_package_in_a_folder_for_python_files_are_a_warning(
    tmp_path: Path, beside: tuple[str, ...], settings: str, named: str | None
) -> None:
    project(tmp_path, "py/demo/__init__.py", *(f"py/{name}" for name in beside), "src/lib.rs")
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "demo"\nversion = "1.0.0"\n', encoding="utf-8")
    tables = f'[build-system]\nrequires = ["cratewheel"]\n[tool.maturin]\npython-source = "py"\n{settings}\n'
    (tmp_path / "pyproject.toml").write_text(tables, encoding="utf-8")
    request = Request(flags={}, environ={}, cwd=tmp_path)
    found = read_project(request)
    assert found.pyproject is not None
    options, _ = resolve({}, environ={}, tools=found.pyproject.tools)
    wanted = (
        f"{tmp_path / 'py'} has Python files that are not packed: "
        f"`python-packages = [{named}]` in pyproject.toml ships them"
    )
    assert modules.read_modules(found, options, binary=False).warnings == (() if named is None else (wanted,))


def test_a_module_beside_packages_that_are_named_needs_no_package_of_its_own(tmp_path: Path) -> None:
    root = project(tmp_path, "py/demo/__init__.py")
    found = read(root, module_name="_demo", python_source="py", python_packages=("demo",))
    assert (found.mixed, found.packages, found.warnings) == (False, (root / "py" / "demo",), ())
    with pytest.raises(ConfigError, match="there is no Python package"):
        read(root, module_name="demmo._demo", python_source="py", python_packages=("demo",))
