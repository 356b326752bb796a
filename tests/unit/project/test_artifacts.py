"""Which crate and target a listed artifact is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from crate_graphs import HOME, app, crate, graph, target
from cratewheel.errors import ConfigError
from cratewheel.options.values import ArtifactSettings
from cratewheel.project.artifacts import choose, split_path
from system_paths import native

LIB = target("app", "cdylib", crate_types=("cdylib", "rlib"))
BIN = target("app-tool", "bin", source="src/main.rs")
OTHER = target("app-other", "bin", source="src/other.rs")
EXAMPLE = target("shown", "example", crate_types=("cdylib",), source="examples/shown.rs")
PLAIN = crate("plain", source=None, folder=HOME / "plain", targets=(target("plain", "lib"),))
TOOL = crate("only-tool", source=None, folder=HOME / "tool", targets=(BIN,))
EMPTY = crate("empty", source=None, folder=HOME / "empty")
CARGO = graph(
    app(LIB, BIN, OTHER, EXAMPLE), crate("serde", targets=(target("serde", "lib"),)), siblings=(PLAIN, TOOL, EMPTY)
)
LOADERS = "Python and C cannot load"


def chosen(**settings: Any) -> tuple[str, str]:
    found = choose("artifacts[0]", ArtifactSettings(**settings), CARGO)
    return found.package.name, f"{found.target.kinds[0]} {found.target.name}"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ("app", "cdylib app")),
        ({"crate": "app", "target": "app-tool"}, ("app", "bin app-tool")),
        ({"target": "app_other"}, ("app", "bin app-other")),
        ({"target": "shown"}, ("app", "example shown")),
        ({"crate": "only-tool"}, ("only-tool", "bin app-tool")),
        ({"crate": "only-tool", "kind": "bin"}, ("only-tool", "bin app-tool")),
        ({"kind": "library"}, ("app", "cdylib app")),
    ],
)
def test_the_library_is_meant_unless_a_table_says_otherwise(
    settings: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert chosen(**settings) == expected


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        (
            {"crate": "ap"},
            native("artifacts[0].crate is `ap`, which is no crate of the workspace /work/app"),
            "did you mean `app`?",
        ),
        (
            {"crate": "serde"},
            native("artifacts[0].crate is `serde`, which is no crate of the workspace /work/app"),
            "the crates are app, empty, only-tool, plain",
        ),
        (
            {"target": "app-tol"},
            native("artifacts[0]: /work/app/Cargo.toml") + " has no target `app-tol`",
            "did you mean `app-tool`?",
        ),
        (
            {"crate": "empty"},
            native("artifacts[0]: /work/app/empty/Cargo.toml") + " has neither a library nor a program",
            "name another `crate`",
        ),
        (
            {"target": "app-tool", "kind": "extension"},
            "artifacts[0]: `app-tool` is a program, which cannot be of the kind extension",
            'correct `kind`: a program is "bin", a library is one of extension, cffi, uniffi, library',
        ),
        (
            {"target": "app", "kind": "bin"},
            "artifacts[0]: `app` is a library, which cannot be of the kind bin",
            'correct `kind`: a program is "bin", a library is one of extension, cffi, uniffi, library',
        ),
        ({"kind": "bin"}, "artifacts[0]: app has 2 programs", "name one with `target`: app-tool, app-other"),
        (
            {"crate": "plain"},
            (
                f"artifacts[0]: the library `plain` of {HOME / 'plain/Cargo.toml'} is of the crate type lib, "
                f"which {LOADERS}"
            ),
            'write `crate-type = ["cdylib"]` below [lib]; add "lib" if other crates or programs use it',
        ),
    ],
)
def test_what_cannot_be_is_said_with_a_way_out(settings: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        chosen(**settings)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("px", (PurePosixPath("px"), None)),
        ("px/v1.2/", (PurePosixPath("px/v1.2"), None)),
        ("px/fast.so", (PurePosixPath("px"), "fast.so")),
        ("fast.so", (PurePosixPath(), "fast.so")),
    ],
)
def test_a_path_is_a_folder_or_a_file_with_a_dot(path: str, expected: tuple[PurePosixPath, str | None]) -> None:
    assert split_path(path) == expected
