"""A crate as its Cargo.toml describes it, without cargo."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.manifest_package import read_dependencies, read_package
from cratewheel.cargo.model import CrateTarget, Dependency, Package

WORKSPACE = """
[workspace]
members = ["app"]
[workspace.dependencies]
shared = { package = "deep", version = "2", path = "deep", default-features = false, features = ["a"] }
"""


def read(root: Path, text: str, *sources: str) -> Package:
    (root / "Cargo.toml").write_text(WORKSPACE, "utf-8")
    for name in (*sources, "app/Cargo.toml"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", "utf-8")
    (root / "app" / "Cargo.toml").write_text(f'[package]\nname = "app-x"\n{text}', "utf-8")
    return read_package(cargo_manifest.read(root / "app" / "Cargo.toml"))


def target(name: str, source: Path, *kinds: str, types: tuple[str, ...] = (), **more: tuple[str, ...]) -> CrateTarget:
    return CrateTarget(name=name, kinds=kinds, crate_types=types or kinds, source=source, **more)


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("", ("lib",)),
        ('[lib]\ncrate-type = ["cdylib", "rlib"]\n', ("cdylib", "rlib")),
        ('[lib]\ncrate_type = ["staticlib"]\n', ("staticlib",)),
        ("[lib]\nproc-macro = true\n", ("proc-macro",)),
    ],
    ids=["found", "listed", "old spelling", "macro"],
)
def test_the_library_has_its_types(tmp_path: Path, text: str, types: tuple[str, ...]) -> None:
    found = read(tmp_path, text, "app/src/lib.rs")
    assert found.targets == (target("app_x", tmp_path / "app/src/lib.rs", *types),)
    assert found.is_proc_macro == (types == ("proc-macro",))


def test_a_crate_without_a_library_has_none(tmp_path: Path) -> None:
    assert read(tmp_path, "", "app/other.rs").targets == ()


def test_programs_are_where_cargo_finds_them(tmp_path: Path) -> None:
    text = '[[bin]]\nname = "told"\npath = "../told.rs"\nrequired-features = ["cli"]\n[[bin]]\nname = "one"\n'
    sources = ("src/main.rs", "src/bin/one.rs", "src/bin/two/main.rs")
    app = tmp_path / "app"
    assert read(tmp_path, f'edition = "2021"\n{text}', *(f"app/{name}" for name in sources)).targets == (
        target("told", tmp_path / "told.rs", "bin", required_features=("cli",)),
        target("one", app / "src/bin/one.rs", "bin"),
        target("app-x", app / "src/main.rs", "bin"),
        target("two", app / "src/bin/two/main.rs", "bin"),
    )


def test_listed_examples_have_their_types(tmp_path: Path) -> None:
    text = '[[example]]\nname = "shown"\ncrate-type = ["cdylib"]\n[[example]]\nname = "run"\npath = "e.rs"\n'
    assert read(tmp_path, text).targets == (
        target("shown", tmp_path / "app/examples/shown.rs", "example", types=("cdylib",)),
        target("run", tmp_path / "app/e.rs", "example", types=("bin",)),
    )


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("", "build.rs"),
        ('build = "b/main.rs"\n', "b/main.rs"),
        ("build = false\n", None),
        ('build = "gone.rs"\n', None),
    ],
    ids=["found", "named", "off", "absent"],
)
def test_a_build_script_that_exists_is_a_target(tmp_path: Path, text: str, script: str | None) -> None:
    found = read(tmp_path, text, "app/build.rs", "app/b/main.rs").targets
    expected = [target("build-script-build", tmp_path / "app" / (script or ""), "custom-build", types=("bin",))]
    assert list(found) == (expected if script else [])


def test_dependencies_of_each_kind_and_platform_are_there_normal_ones_first(tmp_path: Path) -> None:
    text = (
        '[build-dependencies]\ncc = "1"\n'
        '[target."cfg(unix)".dependencies]\nlibc = { version = "0.2", optional = true }\n'
        '[dev-dependencies]\nnear = { path = "../near" }\n'
        '[dependencies]\nshared = { workspace = true, features = ["b", "a"], optional = true }\nserde = "1.2"\n'
    )
    assert read(tmp_path, text).dependencies == (
        Dependency(
            name="deep", requirement="2", kind="normal", rename="shared", optional=True, default_features=False,
            features=("a", "b"), path=tmp_path / "deep",
        ),
        Dependency(name="serde", requirement="1.2", kind="normal"),
        Dependency(name="cc", requirement="1", kind="build"),
        Dependency(name="near", requirement="*", kind="dev", path=tmp_path / "near"),
        Dependency(name="libc", requirement="0.2", kind="normal", target="cfg(unix)", optional=True),
    )  # fmt: skip
    assert read_dependencies(cargo_manifest.read(tmp_path / "app" / "Cargo.toml"))[1].name == "serde"


def test_values_of_a_wrong_type_are_for_cargo_to_refuse(tmp_path: Path) -> None:
    text = 'dependencies = 1\nexample = [{}, 2]\ntarget = { x = 3 }\nlib = { crate-type = "cdylib" }\n'
    (tmp_path / "Cargo.toml").write_text(f'{text}[package]\nname = "app"\n', "utf-8")
    found = read_package(cargo_manifest.read(tmp_path / "Cargo.toml"))
    assert found.dependencies == ()
    assert found.targets == (target("app", tmp_path / "src/lib.rs", "lib"),)


@pytest.mark.parametrize(
    ("text", "readme", "licence"),
    [
        ('readme = "R.md"\nlicense-file = "L"\n', "R.md", "L"),
        ("readme = false\n", None, None),
        ("", "README.md", None),
    ],
    ids=["named", "off", "found"],
)
def test_the_readme_and_the_licence_are_those_of_the_manifest(
    tmp_path: Path, text: str, readme: str | None, licence: str | None
) -> None:
    found = read(tmp_path, f"{text}[package.metadata]\nx = 1\n", "app/README.md")
    assert (found.readme, found.license_file, found.metadata) == (readme, licence, {"x": 1})
    assert (found.name, found.version, found.source) == ("app-x", "0.0.0", None)
