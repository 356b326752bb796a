"""What the answers of providers come to: errors, and what needs no program to be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.errors import ConfigError, CratewheelError, MissingToolError
from cratewheel.events import CallbackReporter
from cratewheel.project.metadata import providers
from cratewheel.project.metadata.dynamic import Provider
from cratewheel.project.metadata.providers import Runner
from system_paths import native


def provider(name: str, path: str | None = None) -> Provider:
    return Provider(name=name, settings={}, where="the entry", path=path)


NOTES = {"stderr": ["a line"]}


@pytest.mark.parametrize(
    ("made", "answer", "expected"),
    [
        (
            provider("own"),
            {"error": "missing", "message": "no git", "hint": "install git", "notes": ["n"]},
            MissingToolError("no git", hint="install git", notes=("n",)),
        ),
        (
            provider("own"),
            {"error": "wrong", "message": "no tag", "hint": None, "notes": []},
            ConfigError("no tag"),
        ),
        (
            provider("own", "scripts"),
            {"error": "unknown", "known": []},
            ConfigError(
                f"there is no module own in {Path('/p/scripts')}: the entry names it",
                hint="correct `module` or `path` of the provider",
            ),
        ),
        (
            provider("regexp"),
            {"error": "unknown", "known": ["regex", "scm"]},
            ConfigError(
                "regexp, the provider of the entry, is not installed",
                notes=("installed are regex, scm",),
                hint="did you mean `regex`?",
            ),
        ),
        (
            provider("other"),
            {"error": "unknown", "known": []},
            ConfigError(
                "other, the provider of the entry, is not installed",
                hint="add the package that has it to `requires` of [build-system], and install it here",
            ),
        ),
        (
            provider("own"),
            {"error": "broken", "message": "no module x"},
            ConfigError(
                "own, the provider of the entry, cannot be imported: no module x",
                hint="install what it needs, or correct it",
            ),
        ),
        (
            provider("own"),
            {"error": "raised", "message": "ValueError: x", "place": "in f, a.py:1", "stderr": ["a line"]},
            ConfigError(
                "own, the provider of the entry, failed: ValueError: x",
                notes=("in f, a.py:1", "a line"),
                hint="correct its settings or the provider",
            ),
        ),
    ],
    ids=["missing", "wrong", "unknown local", "unknown near", "unknown", "broken", "raised"],
)
def test_an_answer_without_fields_is_an_error_that_says_who_must_act(
    made: Provider, answer: dict[str, Any], expected: CratewheelError
) -> None:
    error = providers._error(made, answer, Path("/p"))
    assert (type(error), error.message, error.hint, error.notes) == (
        type(expected), expected.message, expected.hint, expected.notes
    )  # fmt: skip


def test_a_local_provider_is_a_folder_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    providers._check_local(provider("own", "scripts"), tmp_path)
    with pytest.raises(ConfigError) as caught:
        providers._check_local(provider("own", ".."), tmp_path)
    assert caught.value.message == "provider.path of the entry is '..', which lies outside of the project"
    assert caught.value.hint == f"write it relative to {tmp_path}"
    with pytest.raises(ConfigError) as caught:
        providers._check_local(provider("own", "gone"), tmp_path)
    assert caught.value.message == f"{tmp_path / 'gone'}, provider.path of the entry, is not a folder"


def runner(folder: Path) -> Runner:
    (folder / "Cargo.toml").write_text('[package]\nname = "p"\nversion = "1.0.0"\n', encoding="utf-8")
    manifest = cargo_manifest.read(folder / "Cargo.toml")
    return Runner(folder=folder, manifest=manifest, environ={"PATH": ""}, reporter=CallbackReporter())


def test_built_in_providers_are_asked_without_starting_a_program(tmp_path: Path) -> None:
    own = runner(tmp_path)
    built_in = tuple(provider(f"cratewheel.{name}") for name in ("regex", "readme", "cargo-features", "vcs"))
    assert own.requires(built_in) == ["vcs-versioning>=2"]
    assert own.requires(built_in[:3]) == []
    assert own.wheel_fields(built_in) == ()
    (tmp_path / "PKG-INFO").write_text("Name: p\nVersion: 1.2.3\n", encoding="utf-8")
    assert own.requires(built_in) == []
    assert own._fields(built_in[3], {}) == {"version": "1.2.3"}
    (tmp_path / "a.py").write_text('__version__ = "2.0"\n', encoding="utf-8")
    regex = Provider(name="cratewheel.regex", settings={"input": "a.py"}, where="the entry", path=None)
    assert own._fields(regex, {}) == {"version": "2.0"}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (provider("own", "scripts"), "{folder}/scripts"),
        (provider("cratewheel.vcs"), ""),
        (provider("installed"), None),
    ],
)
def test_a_provider_is_in_its_folder_ours_or_installed(tmp_path: Path, made: Provider, expected: str | None) -> None:
    found = runner(tmp_path)._source(made)
    assert found == (None if expected is None else native(expected).format(folder=tmp_path))
