from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crate_graphs import CDYLIB, CRATES_IO, HOME, Edge, app, crate, graph, target
from cratewheel.cargo.features import Choice, certain_features, host_packages, parse_choice, parse_tree, tree_command
from cratewheel.cargo.model import CargoMetadata, Dependency, NodeDependency, Package
from cratewheel.system.command import Command

ABI3 = {"default": (), "abi3": (), "abi3-py39": ("abi3",), "extension-module": ()}
PYO3 = crate("pyo3", "0.29.0", features=ABI3)
MACRO = crate(
    "macro",
    targets=(target("macro", "proc-macro"),),
    dependencies=(Dependency(name="pyo3", requirement="*", kind="normal"),),
)


def dependency(name: str, *features: str, **fields: Any) -> Dependency:
    """Return a normal dependency of any version, unless `fields` say otherwise."""
    return Dependency(name=name, **{"requirement": "*", "kind": "normal", "features": features, **fields})


def project(
    *dependencies: Dependency, features: dict[str, tuple[str, ...]] | None = None, others: tuple[Package, ...] = (PYO3,)
) -> CargoMetadata:
    """Return a crate with these dependencies, resolved to `others` by name, over normal edges."""
    root = app(CDYLIB, dependencies=dependencies, features=features)
    edges: dict[str, tuple[Edge, ...]] = {
        package.id: tuple(
            (other.id, "normal") for other in others if any(one.name == other.name for one in package.dependencies)
        )
        for package in (root, *others)
    }
    return graph(root, *others, edges=edges)


def of_pyo3(metadata: CargoMetadata, *words: str) -> set[str] | None:
    found = certain_features(metadata, parse_choice(words)).get("pyo3")
    return None if found is None else set(found)


@pytest.mark.parametrize(
    ("declared", "features"),
    [
        pytest.param((dependency("pyo3"),), {"default"}, id="default features"),
        pytest.param((dependency("pyo3", default_features=False),), set(), id="none"),
        pytest.param((dependency("pyo3", "abi3-py39"),), {"default", "abi3", "abi3-py39"}, id="what follows from one"),
        pytest.param(
            (dependency("pyo3"), dependency("pyo3", "abi3", kind="dev")), {"default"}, id="not those of tests"
        ),
        pytest.param(
            (dependency("pyo3"), dependency("pyo3", "abi3", kind="build")), {"default"}, id="not of build scripts"
        ),
        pytest.param(
            (dependency("pyo3"), dependency("pyo3", "abi3", target="cfg(windows)")),
            {"default"},
            id="not of one platform",
        ),
        pytest.param((dependency("pyo3", kind="dev"),), None, id="not the crate that tests need"),
        pytest.param((dependency("pyo3", optional=True),), None, id="not what is optional"),
    ],
)
def test_only_what_every_build_has_is_certain(declared: tuple[Dependency, ...], features: set[str] | None) -> None:
    assert of_pyo3(project(*declared)) == features


OPTIONAL = dependency("pyo3", optional=True, default_features=False)
RENAMED = dependency("pyo3", rename="py", default_features=False)


@pytest.mark.parametrize(
    ("declared", "table", "words", "features"),
    [
        pytest.param(OPTIONAL, {"pyo3": ("dep:pyo3",)}, "--features pyo3", set(), id="by its own name"),
        pytest.param(OPTIONAL, {"python": ("dep:pyo3",)}, "--features python", set(), id="by dep:"),
        pytest.param(OPTIONAL, {"python": ("pyo3/abi3",)}, "-Fpython", {"abi3"}, id="by a feature of it"),
        pytest.param(OPTIONAL, {"weak": ("pyo3?/abi3",)}, "-F weak", None, id="a weak feature alone"),
        pytest.param(
            OPTIONAL,
            {"weak": ("pyo3?/abi3",), "python": ("dep:pyo3",)},
            "--features=weak,python",
            {"abi3"},
            id="a weak feature before",
        ),
        pytest.param(
            OPTIONAL,
            {"weak": ("pyo3?/abi3",), "python": ("dep:pyo3",)},
            "--features python,weak",
            {"abi3"},
            id="a weak feature after",
        ),
        pytest.param(OPTIONAL, {"default": ("pyo3",), "pyo3": ("dep:pyo3",)}, "", set(), id="by default"),
        pytest.param(
            OPTIONAL, {"default": ("pyo3",), "pyo3": ("dep:pyo3",)}, "--no-default-features", None, id="not by default"
        ),
        pytest.param(OPTIONAL, {"one": ("two",), "two": ("pyo3/abi3",)}, "--all-features", {"abi3"}, id="all of them"),
        pytest.param(RENAMED, {"limited": ("py/abi3",)}, "--features limited", {"abi3"}, id="renamed"),
        pytest.param(RENAMED, {}, "--features py/abi3-py39", {"abi3", "abi3-py39"}, id="of a dependency"),
        pytest.param(
            RENAMED, {"limited": ("py/abi3",)}, "--features app/limited", {"abi3"}, id="with the crate's name"
        ),
        pytest.param(RENAMED, {}, "--features unknown,other/unknown", set(), id="what cargo refuses is nothing"),
    ],
)
def test_features_are_followed(
    declared: Dependency, table: dict[str, tuple[str, ...]], words: str, features: set[str] | None
) -> None:
    assert of_pyo3(project(declared, features=table), *words.split()) == features


def test_features_are_followed_through_other_crates() -> None:
    helper = crate(
        "helper", features={"limited": ("more",), "more": ("pyo3/abi3",)}, dependencies=(dependency("pyo3"),)
    )
    metadata = project(dependency("helper"), features={"stable": ("helper/limited",)}, others=(helper, PYO3))

    assert of_pyo3(metadata) == {"default"}
    assert of_pyo3(metadata, "--features", "stable") == {"default", "abi3"}


def test_what_a_procedural_macro_needs_is_not_for_the_target() -> None:
    metadata = project(dependency("macro"), others=(MACRO, PYO3))

    assert set(certain_features(metadata, Choice())) == {"app"}


def test_of_two_versions_only_the_one_that_is_known_by_name_is_certain() -> None:
    old = crate("pyo3", "0.22.0", name_id="old", features=ABI3)
    metadata = project(dependency("pyo3", rename="old"), dependency("pyo3", "abi3"), others=(old, PYO3))

    assert certain_features(metadata, Choice()) == {
        "app": frozenset(), "old": frozenset({"default"}), "pyo3": frozenset({"default", "abi3"})
    }  # fmt: skip


def test_features_of_the_crate_itself_are_known() -> None:
    metadata = project(features={"default": ("a",), "a": (), "b": ()})

    assert certain_features(metadata, Choice())["app"] == {"default", "a"}
    assert certain_features(metadata, Choice(every=True))["app"] == {"default", "a", "b"}


# -- cargo tree


def test_the_command_asks_for_what_the_package_compiles_for_one_target() -> None:
    assert tree_command(
        graph(app()), ("--locked", "--features", "fast"), "x86_64-unknown-linux-gnu", cwd=Path("/home/me")
    ) == Command(
        argv=(
            *("cargo", "tree", "--manifest-path", str(HOME / "Cargo.toml"), "--package", "app:0.1.0"),
            *("--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{f}", "--color", "never"),
            *("--target", "x86_64-unknown-linux-gnu", "--locked", "--features", "fast"),
        ),
        cwd=Path("/home/me"),
    )


def test_the_package_is_called_by_its_id_where_that_is_a_specification() -> None:
    root = crate("app", name_id="path+file:///work/app#0.1.0")

    assert "path+file:///work/app#0.1.0" in tree_command(graph(root), (), "any", cwd=HOME).argv


def test_lines_of_the_tree_may_hold_paths_marks_and_headings() -> None:
    text = (
        "app v0.1.0 (/odd | place)|default\n"
        "\n"
        "pyo3-macros v1.0.0 (proc-macro)|\n"
        "pyo3 v0.29.0|abi3\n"
        "pyo3 v0.29.0|default,abi3 (*)\n"
        "pyo3 v0.28.0|nobody\n"
    )

    assert parse_tree(text, graph(app(), PYO3, crate("pyo3-macros"))) == {
        "app": frozenset({"default"}),
        "pyo3": frozenset({"default", "abi3"}),
        "pyo3-macros": frozenset(),
    }


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert set(parse_tree(text, graph(app(), PYO3))) <= {"app", "pyo3"}


def test_for_the_host_are_build_scripts_and_macros_with_all_that_they_need_but_for_their_tests() -> None:
    edges: dict[str, tuple[Edge, ...]] = {
        "app": (("cc", "build"), ("macro", "normal"), ("serde", "normal"), ("dev", "dev")),
        "cc": (("shlex", "normal"), ("tests", "dev"), ("cc", "normal")),
        "macro": (("syn", "normal"),),
        "syn": (("script", "build"),),
        "serde": (("itoa", "normal"),),
    }
    names = ("cc", "serde", "dev", "shlex", "tests", "syn", "script", "itoa")
    metadata = graph(app(CDYLIB), MACRO, *map(crate, names), edges=edges)
    assert host_packages(metadata) == {"cc", "macro", "shlex", "syn", "script"}


def test_of_two_versions_a_name_with_a_dash_is_known_by_its_spelling_in_rust() -> None:
    packages = [crate("app", source=None), crate("a-b", "1.0.0", name_id="old"), crate("a-b", "2.0.0", name_id="new")]
    declared = (
        Dependency(
            name="a-b",
            requirement="*",
            kind="normal",
            source=CRATES_IO,
            rename=None,
            optional=False,
            default_features=False,
            features=("x",),
            target=None,
            path=None,
        ),
    )
    root = replace(packages[0], dependencies=declared)
    metadata = graph(root, *(replace(one, features={"x": ()}) for one in packages[1:]))
    edges = (
        NodeDependency(package="old", name="other", kinds=("normal",)),
        NodeDependency(package="new", name="a_b", kinds=("normal",)),
    )
    nodes = {**metadata.nodes, "app": replace(metadata.nodes["app"], dependencies=edges)}
    found = certain_features(replace(metadata, nodes=nodes), parse_choice(()))
    assert {package: set(features) for package, features in found.items()} == {"app": set(), "new": {"x"}}
