"""The two files that say what a project is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.events import CallbackReporter, Event, WarningEvent
from cratewheel.project.location import Location
from cratewheel.project.metadata import CoreMetadata
from cratewheel.project.pyproject import read as read_pyproject
from cratewheel.project.read import read, read_metadata, warn_of_unread_config

PYPROJECT = '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n[project]\nname = "p"\n'
CRATE = '[package]\nname = "p"\nversion = "1.0.0"\n'


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def place(root: Path, crate: Path, *, workspace: Path | None = None) -> Location:
    """Write a project in `root` with its crate in another folder, and return where they are."""
    (root / ".git").mkdir(parents=True)  # a repository of its own, whatever is above
    if workspace is not None:
        write(workspace / "Cargo.toml", "[workspace]\nmembers = ['**']\n")
    return Location(
        manifest=write(crate / "Cargo.toml", CRATE),
        pyproject=read_pyproject(write(root / "pyproject.toml", PYPROJECT)),
        root=root,
        cwd=root,
    )


@pytest.mark.parametrize(
    ("crate", "workspace"), [("a/p", None), ("a/p/rust", None), ("a/rust", None), ("b/rust", "."), ("b/deep/er", ".")]
)
def test_a_crate_is_below_a_project_or_beside_it_or_in_one_workspace(
    tmp_path: Path, crate: str, workspace: str | None
) -> None:
    around = None if workspace is None else tmp_path / workspace
    project = read(place(tmp_path / "a" / "p", tmp_path / crate, workspace=around))
    assert (project.root, project.cwd, project.manifest.name) == (tmp_path / "a" / "p", tmp_path / "a" / "p", "p")
    assert project.pyproject is not None
    assert project.pyproject.project == {"name": "p"}


def test_a_crate_elsewhere_is_not_the_projects(tmp_path: Path) -> None:
    location = place(tmp_path / "a" / "p", tmp_path / "b" / "rust")
    with pytest.raises(ConfigError) as caught:
        read(location)
    pyproject = tmp_path / "a" / "p" / "pyproject.toml"
    assert caught.value.message == (
        f"manifest-path in {pyproject} names {location.manifest}, which lies outside of the project"
    )


def test_a_workspace_without_a_package_is_no_crate(tmp_path: Path) -> None:
    manifest = write(tmp_path / "Cargo.toml", "[workspace]\nmembers = []\n")
    with pytest.raises(ConfigError) as caught:
        read(Location(manifest=manifest, pyproject=None, root=tmp_path, cwd=tmp_path))
    assert caught.value.message == f"{manifest} is a workspace without a package"


def test_warnings_of_both_files_are_told(tmp_path: Path) -> None:
    location = place(tmp_path, tmp_path)
    path = write(tmp_path / "pyproject.toml", PYPROJECT + 'version = "1"\nlicence = "MIT"\n')
    location = replace(location, pyproject=read_pyproject(path))
    events: list[Event] = []
    metadata = read_metadata(read(location), CallbackReporter(on_event=events.append), environ={})
    assert (metadata.name, metadata.version) == ("p", "1")
    assert [event.text for event in events if isinstance(event, WarningEvent)] == [
        f"project.licence in {tmp_path / 'pyproject.toml'} means nothing; did you mean `license`?"
    ]


def test_configuration_beside_the_crate_that_cargo_does_not_read_from_here_is_told(tmp_path: Path) -> None:
    config = write(tmp_path / "p" / "rust" / ".cargo" / "config.toml", "")
    location = place(tmp_path / "p", tmp_path / "p" / "rust")
    events: list[Event] = []
    warn_of_unread_config(read(location), {}, CallbackReporter(on_event=events.append))
    here = f"cargo and rustup only read files in {tmp_path / 'p'} and its parents"
    hint = "run the command in that file's folder, or move the file"
    assert events == [WarningEvent(text=f"{config} has no effect: {here}", hint=hint)]


def metadata_of(folder: Path, project: str, providers: str, events: list[Event] | None = None) -> CoreMetadata:
    (folder / "VERSION").write_text("2.5\n")
    location = place(folder, folder)
    path = write(folder / "pyproject.toml", f"{PYPROJECT.partition('[project]')[0]}{project}{providers}")
    location = replace(location, pyproject=read_pyproject(path))
    reporter = CallbackReporter(on_event=(events if events is not None else []).append)
    return read_metadata(read(location), reporter, environ={})


REGEX = '[[tool.dynamic-metadata]]\nprovider = "cratewheel.regex"\ninput = "VERSION"\nregex = "(?P<value>.+)"\n'


def test_a_provider_fills_what_dynamic_lists_and_what_nobody_fills_is_told(tmp_path: Path) -> None:
    events: list[Event] = []
    project = '[project]\nname = "p"\ndynamic = ["version", "dependencies", "description"]\n'
    metadata = metadata_of(tmp_path, project, REGEX, events)
    assert (metadata.version, metadata.version_provider) == ("2.5", "cratewheel.regex")
    assert [(event.text, event.hint) for event in events if isinstance(event, WarningEvent)] == [
        (
            f"project.dynamic in {tmp_path / 'pyproject.toml'} lists dependencies, which no provider fills",
            "add a provider, or remove it from `dynamic`",
        )
    ]


def test_the_version_of_the_crate_has_no_provider(tmp_path: Path) -> None:
    assert metadata_of(tmp_path, '[project]\nname = "p"\ndynamic = ["version"]\n', "").version_provider is None


def test_an_error_in_what_a_provider_filled_names_it(tmp_path: Path) -> None:
    wrong = f'{REGEX}result = "{{value}}.x"\n'
    with pytest.raises(ConfigError) as caught:
        metadata_of(tmp_path, '[project]\nname = "p"\ndynamic = ["version"]\n', wrong)
    where = tmp_path / "pyproject.toml"
    assert caught.value.message == f"'2.5.x', project.version in {where}, is not a valid version (PEP 440)"
    assert caught.value.notes == (f"cratewheel.regex of tool.dynamic-metadata[0] in {where} filled project.version",)


def test_providers_need_a_project_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        metadata_of(tmp_path, "", REGEX)
    assert caught.value.message == (
        f"{tmp_path / 'pyproject.toml'} has [[tool.dynamic-metadata]], and no [project] table to fill"
    )


@pytest.mark.parametrize(
    ("dynamic", "crate", "unfilled"),
    [
        (["version", "description", "readme", "license", "urls", "license-files"], "", []),
        (["version", "dependencies", "requires-python"], "", ["dependencies", "requires-python"]),
        (["version", "classifiers"], '[package.metadata.maturin]\nclassifiers = ["Private :: x"]\n', []),
    ],
    ids=["from Cargo.toml", "from nowhere", "from the table of old"],
)
def test_what_dynamic_lists_and_nothing_fills_is_a_warning(
    tmp_path: Path, dynamic: list[str], crate: str, unfilled: list[str]
) -> None:
    location = place(tmp_path, tmp_path)
    write(location.manifest, CRATE + crate)
    file = write(tmp_path / "pyproject.toml", f"{PYPROJECT}dynamic = {dynamic}\n")
    events: list[Event] = []
    project = read(replace(location, pyproject=read_pyproject(file)))
    read_metadata(project, CallbackReporter(on_event=events.append), environ={})
    said = [event.text for event in events if isinstance(event, WarningEvent) and "no provider" in event.text]
    assert said == [f"project.dynamic in {file} lists {field}, which no provider fills" for field in unfilled]
