"""What `init` adds to a crate or a Python package that is there, and what it would change in its files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cratewheel.commands import init
from cratewheel.commands.init import Plan
from cratewheel.commands.new import Choices, Kind
from cratewheel.commands.project_place import Place
from cratewheel.errors import ConfigError
from cratewheel.system import toml

CARGO = '[package]\nname = "my-crate" # mine\nversion = "1.2.3"\nedition = "2021"\n'
SETUPTOOLS = """\
# my package
[build-system]
requires = ["setuptools>=61", "wheel", "numpy"]
build-backend = "setuptools.build_meta"
backend-path = ["."]

[project]
name = "pkg"
version = "0.3"
dynamic = ["readme"]
dependencies = ["requests"] # one

[tool.setuptools]
packages = ["pkg"]
"""
PYMODULE = "#[pymodule]\nfn other(m: &Bound<'_, PyModule>) -> PyResult<()> { Ok(()) }\n"


def make_plan(
    root: Path, texts: Mapping[str, str], kind: Kind | None = None, *, mixed: bool = False, name: str | None = None
) -> Plan:
    """Return the plan for a folder with these files."""
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    existing = init.read(root)
    chosen = kind or existing.kind
    assert chosen is not None
    choices = Choices(name=name or existing.name or "shout", kind=chosen, mixed=mixed, license=None)
    return init.make_plan(existing, init.fit(choices, existing), Place())


def created(plan: Plan) -> set[str]:
    return {str(path) for path, _ in plan.created}


def changes(plan: Plan) -> dict[str, str]:
    return {str(change.path): change.after for change in plan.changes}


def text_of(plan: Plan, path: str) -> str:
    return next(text for found, text in plan.created if str(found) == path)


def test_a_plain_library_gets_what_a_module_needs(tmp_path: Path) -> None:
    plan = make_plan(tmp_path, {"Cargo.toml": CARGO, "src/lib.rs": "", ".gitignore": "/target\n"}, "pyo3")
    assert created(plan) == {"README.md", "pyproject.toml"}
    assert plan.kept == (".gitignore",)
    assert [line for change in plan.changes for line in change.diff()] == [
        "--- a/Cargo.toml", "+++ b/Cargo.toml", "@@ -2,3 +2,9 @@", ' name = "my-crate" # mine', ' version = "1.2.3"',
        ' edition = "2021"', "+", "+[lib]", '+crate-type = ["cdylib", "rlib"]', "+", "+[dependencies]",
        '+pyo3 = "0.30"',
    ]  # fmt: skip
    assert plan.notes == ("src/lib.rs has no module for Python yet: add `#[pyo3::pymodule] mod my_crate { … }`",)


def test_a_second_time_nothing_is_left_to_do(tmp_path: Path) -> None:
    texts = {"Cargo.toml": CARGO, "src/lib.rs": PYMODULE, ".gitignore": "*.log"}
    first = make_plan(tmp_path, texts, "pyo3", mixed=True)
    assert changes(first)[".gitignore"] == "*.log\n/target/\n"
    assert toml.parse(text_of(first, "pyproject.toml"))["tool"]["cratewheel"]["module-name"] == "my_crate.other"
    again = make_plan(tmp_path, {str(path): text for path, text in first.created} | changes(first), "pyo3")
    assert (again.created, again.changes) == ((), ())


def test_a_new_pyproject_takes_from_cargo_what_that_has(tmp_path: Path) -> None:
    more = (
        'description = "Mine"\nlicense = "Zlib"\nauthors = ["Me"]\nrepository = "https://example.org/mine"\n'
        '[lib]\nname = "mine"\ncrate-type = ["cdylib"]\n[dependencies]\npyo3-ffi = "0.29"\n'
    )
    plan = make_plan(tmp_path, {"Cargo.toml": CARGO + more, "src/lib.rs": "", "README.rst": ""})
    assert plan.changes == ()
    project = toml.parse(text_of(plan, "pyproject.toml"))["project"]
    assert project.pop("classifiers")[0] == "Programming Language :: Python :: 3"
    assert project == {
        "name": "my-crate",
        "requires-python": ">=3.10",
        "readme": "README.rst",
        "dynamic": ["version", "description", "license", "authors"],
        "urls": {"Repository": "https://example.org/mine"},
    }
    assert created(plan) == {".gitignore", "pyproject.toml"}


@pytest.mark.parametrize(
    ("lib", "crate_type"),
    [
        ('[lib]\ncrate-type = ["staticlib"]\n', ["cdylib", "staticlib"]),
        ('[lib]\ncrate_type = ["rlib", "cdylib"]\n', ["rlib", "cdylib"]),
        ("[lib]\ndoctest = false\n", ["cdylib", "rlib"]),
        ("", ["cdylib", "rlib"]),
    ],
)
def test_the_types_of_the_library_are_kept(tmp_path: Path, lib: str, crate_type: list[str]) -> None:
    plan = make_plan(tmp_path, {"Cargo.toml": CARGO + lib, "src/lib.rs": ""}, "cffi")
    text = changes(plan).get("Cargo.toml", CARGO + lib)
    library = toml.parse(text)["lib"]
    assert library.get("crate-type", library.get("crate_type")) == crate_type


def test_a_program_needs_nothing_in_its_cargo_toml(tmp_path: Path) -> None:
    plan = make_plan(tmp_path, {"Cargo.toml": CARGO, "src/main.rs": "fn main() {}\n"})
    assert (created(plan), plan.changes) == ({".gitignore", "README.md", "pyproject.toml"}, ())
    assert toml.parse(text_of(plan, "pyproject.toml"))["tool"]["cratewheel"] == {"bindings": "bin"}


def test_a_library_with_uniffi_gets_the_generator(tmp_path: Path) -> None:
    plan = make_plan(tmp_path, {"Cargo.toml": CARGO, "src/lib.rs": ""}, "uniffi")
    cargo = toml.parse(changes(plan)["Cargo.toml"])
    assert cargo["bin"] == [{"name": "uniffi-bindgen", "path": "uniffi-bindgen.rs"}]
    assert cargo["dependencies"] == {"uniffi": {"version": "0.32", "features": ["cli"]}}
    assert "uniffi-bindgen.rs" in created(plan)


def test_a_package_of_setuptools_gets_a_module_in_rust(tmp_path: Path) -> None:
    texts = {
        "pyproject.toml": SETUPTOOLS,
        "src/pkg/__init__.py": "",
        "setup.py": "",
        "README.md": "",
        "tests/test_a.py": "",
    }
    plan = make_plan(tmp_path, texts, "pyo3")
    assert created(plan) == {".gitignore", "rust/Cargo.toml", "rust/src/lib.rs", "src/pkg/_native.pyi"}
    assert changes(plan) == {
        "pyproject.toml": """\
# my package
[build-system]
requires = ["cratewheel>=0.1", "numpy"]
build-backend = "cratewheel"

[project]
name = "pkg"
version = "0.3"
dynamic = ["readme"]
dependencies = ["requests"] # one

[tool.setuptools]
packages = ["pkg"]

[tool.cratewheel]
module-name = "pkg._native"
"""
    }
    assert plan.notes == (
        "import from the compiled module in src/pkg/__init__.py: `from ._native import add`",
        "[tool.setuptools] in pyproject.toml has no effect with cratewheel",
        "setup.py has no effect with cratewheel",
        "dynamic in pyproject.toml: write readme into [project]",
    )


@pytest.mark.parametrize(
    ("package", "settings"),
    [
        ("pkg", {"module-name": "pkg._native", "python-source": "."}),
        ("python/pkg", {"module-name": "pkg._native", "python-source": "python"}),
    ],
)
def test_a_package_elsewhere_stays_there(tmp_path: Path, package: str, settings: dict[str, str]) -> None:
    plan = make_plan(tmp_path, {"pyproject.toml": '[project]\nname = "pkg"\n', f"{package}/__init__.py": ""}, "pyo3")
    assert {"Cargo.toml", "src/lib.rs", f"{package}/_native.pyi"} <= created(plan)
    document = toml.parse(changes(plan)["pyproject.toml"])
    if settings["python-source"] == ".":
        del settings["python-source"]
    assert document["tool"]["cratewheel"] == settings
    assert document["project"] == {"name": "pkg", "dynamic": ["version"]}


def test_a_project_of_maturin_changes_its_build_backend_only(tmp_path: Path) -> None:
    before = (
        '[build-system]\nrequires = ["maturin>=1,<2", "cffi"]\nbuild-backend = "maturin"\n\n'
        '[project]\nname = "my-crate"\ndynamic = ["version"]\n\n[tool.maturin]\nmodule-name = "x.y"\n'
    )
    dependency = '[target."cfg(unix)".dependencies]\npy = { package = "pyo3", version = "1" }\n'
    cargo = f'{CARGO}[lib]\ncrate-type = ["cdylib"]\n{dependency}'
    plan = make_plan(tmp_path, {"pyproject.toml": before, "Cargo.toml": cargo, "src/lib.rs": PYMODULE})
    after = before.replace('"maturin>=1,<2", "cffi"', '"cratewheel>=0.1", "cffi"').replace(
        '= "maturin"', '= "cratewheel"'
    )
    assert changes(plan) == {"pyproject.toml": after}


def test_the_files_of_a_new_repository_are_kept(tmp_path: Path) -> None:
    texts = {"README.md": "mine", ".gitignore": "target/\n", "LICENSE.md": "", ".github/workflows/lint.yml": ""}
    plan = make_plan(tmp_path, texts, "pyo3")
    assert created(plan) == {"Cargo.toml", "pyproject.toml", "shout.pyi", "src/lib.rs", "tests/test_shout.py"}
    assert (plan.kept, plan.changes, plan.notes) == ((".gitignore", "README.md"), (), ())


@pytest.mark.parametrize(
    ("cargo", "message"),
    [
        ('[workspace]\nmembers = ["a"]\n', "is a workspace without a package"),
        (f"{CARGO}[lib]\nproc-macro = true\n", "is a crate of procedural macros"),
        ("[package\n", "is not valid TOML"),
        (f"lib = 3\n{CARGO}", "lib in .* must be a table, found 3"),
        (f"bin = 3\n{CARGO}", r"bin in .* must be an array of tables"),
        (f'{CARGO}[lib]\ncrate-type = "x"\n', "lib.crate-type in Cargo.toml must be an array, found 'x'"),
    ],
)
def test_a_crate_that_cannot_be_a_module(tmp_path: Path, cargo: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_plan(tmp_path, {"Cargo.toml": cargo, "src/lib.rs": ""}, "pyo3")


@pytest.mark.parametrize(
    ("pyproject", "message"),
    [
        ("project = 1\n", "project in .* must be a table, found 1"),
        ("[project]\ndynamic = 3\n", "project.dynamic in .* must be an array, found 3"),
        ('[build-system]\nrequires = "x"\n', "build-system.requires in .* must be an array, found 'x'"),
    ],
)
def test_a_pyproject_with_values_of_a_wrong_type(tmp_path: Path, pyproject: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_plan(tmp_path, {"pyproject.toml": pyproject}, "pyo3")


def test_a_project_of_poetry_is_told_what_it_loses(tmp_path: Path) -> None:
    poetry = (
        '[tool.poetry]\nname = "pkg"\nversion = "1"\n\n[build-system]\nrequires = ["poetry-core"]\n'
        'build-backend = "poetry.core.masonry.api"\n'
    )
    plan = make_plan(tmp_path, {"pyproject.toml": poetry, "pkg/__init__.py": ""}, "pyo3", name="pkg")
    assert changes(plan)["pyproject.toml"] == (
        '[tool.poetry]\nname = "pkg"\nversion = "1"\n\n[tool.cratewheel]\nmodule-name = "pkg._native"\n\n'
        '[build-system]\nrequires = ["cratewheel>=0.1"]\nbuild-backend = "cratewheel"\n\n'
        '[project]\nname = "pkg"\ndynamic = ["version"]\n'
    )
    assert plan.notes[1:3] == (
        "[tool.poetry] in pyproject.toml has no effect with cratewheel",
        "write what [tool.poetry] says of the project into [project]",
    )


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("", None),
        ("// #[pyfunction]\nfn a() {}", None),
        (PYMODULE, "other"),
        ("#[pyo3::pymodule]\n/// Doc.\npub(crate) mod a {}", "a"),
        ('#[pymodule(name = "_b", gil_used = false)]\nmod a {}', "_b"),
        ('#[pymodule]\n#[pyo3(name = "_c")]\nfn a() {}', "_c"),
    ],
)
def test_the_name_of_a_module_in_rust(source: str, name: str | None) -> None:
    assert init.find_pymodule(source) == name
