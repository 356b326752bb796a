"""What a new project consists of, and what it may be called."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

from cratewheel.commands import new as scaffold
from cratewheel.commands.new import Choices, check_name, files
from cratewheel.errors import ConfigError, UsageError
from cratewheel.system import toml

COMMON = {".github/workflows/ci.yml", ".gitignore", "README.md", "pyproject.toml", "tests/test_my_name.py"}


@pytest.mark.parametrize(
    ("choices", "more"),
    [
        (Choices(name="my-name", kind="pyo3"), {"Cargo.toml", "src/lib.rs", "my_name.pyi"}),
        (
            Choices(name="my-name", kind="pyo3", mixed=True),
            {
                "Cargo.toml", "src/lib.rs", "python/my_name/__init__.py", "python/my_name/_native.pyi",
                "python/my_name/py.typed",
            },
        ),
        (
            Choices(name="my-name", kind="cffi", mixed=True, src=True),
            {"rust/Cargo.toml", "rust/build.rs", "rust/src/lib.rs", "src/my_name/__init__.py"},
        ),
        (Choices(name="my-name", kind="bin"), {"Cargo.toml", "src/main.rs"}),
        (
            Choices(name="my-name", kind="bin", mixed=True),
            {"Cargo.toml", "src/main.rs", "python/my_name/__init__.py"},
        ),
        (
            Choices(name="my-name", kind="bin", mixed=True, src=True),
            {"rust/Cargo.toml", "rust/src/main.rs", "src/my_name/__init__.py"},
        ),
        (Choices(name="my-name", kind="uniffi"), {"Cargo.toml", "src/lib.rs", "uniffi-bindgen.rs"}),
    ],
)  # fmt: skip
def test_the_files_of_a_project(choices: Choices, more: set[str]) -> None:
    found = {str(path): text for path, text in files(choices)}
    assert set(found) == COMMON | more
    assert [path for path, text in found.items() if re.search(r"@\w+@", text)] == []
    crate = "rust/" if "rust/Cargo.toml" in found else ""
    assert toml.parse(found[f"{crate}Cargo.toml"])["package"]["name"] == "my-name"
    pyproject = toml.parse(found["pyproject.toml"])
    if choices.mixed and choices.kind == "bin":
        assert pyproject["tool"]["cratewheel"]["module-name"] == "my_name"
    assert {"file": f"{crate}src/**/*.rs"} in pyproject["tool"]["uv"]["cache-keys"]


@pytest.mark.parametrize("name", ["", "1a", "-a", "a-", "a b", "größe", "fn", "class", "deps", "a.b"])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_name(name)


def test_a_name_that_hides_a_module_of_python_is_a_warning() -> None:
    assert check_name("json") == ("json is a module of Python's standard library, which would hide it",)
    assert check_name("my-name") == ()


def test_no_file_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"already contains README\.md"):
        scaffold.write(tmp_path, ((PurePosixPath("README.md"), "x"), (PurePosixPath("a/b"), "x")))
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"
