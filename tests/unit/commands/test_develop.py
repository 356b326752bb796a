"""What is found in an environment before the project is installed into it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from cratewheel.archive.install import InstallPaths
from cratewheel.commands.develop import (
    check_writable,
    find_installed,
    install_requirements,
    missing_requirements,
    requirements,
)
from cratewheel.errors import ConfigError, CratewheelError, MissingToolError, UsageError
from cratewheel.events import CallbackReporter
from cratewheel.interpreter.environment import DependencyOptions, Environment
from cratewheel.project.location import locate
from cratewheel.project.metadata import CoreMetadata
from cratewheel.project.read import Project, read, read_metadata


def environment(site: Path) -> Environment:
    paths = InstallPaths(python=site / "python", platlib=site, purelib=site, scripts=site, data=site, headers=site)
    return Environment(paths=paths, markers={}, prefers_uv=False)


def dist_info(site: Path, name: str, **files: bytes) -> Path:
    folder = site / f"{name}.dist-info"
    folder.mkdir()
    for file, data in files.items():
        (folder / file).write_bytes(data)
    return folder


def test_what_is_installed_in_a_version_that_fits_is_not_missing(tmp_path: Path) -> None:
    dist_info(tmp_path, "fits-1.5", METADATA=b"Name: Fits\nVersion: 1.5\n")
    dist_info(tmp_path, "old-1", METADATA=b"Name: old\nVersion: 1\n")
    needed = [Requirement(text) for text in ("fits>=1", "old>=2", "absent", "fits[extra]")]
    assert missing_requirements(needed, environment(tmp_path)) == tuple(needed[1:])


@pytest.mark.parametrize(
    "metadata",
    [b"", b"Name: broken\n", b"Version: 1\n", b"Name: broken\nVersion: new\n", b"Name: broken\nVersion: 1\n\n\xff"],
    ids=["empty", "versionless", "nameless", "nonsense", "encoding"],
)
def test_what_is_installed_in_pieces_is_missing(tmp_path: Path, metadata: bytes) -> None:
    dist_info(tmp_path, "broken-1", METADATA=metadata)
    dist_info(tmp_path, "bare-1")
    needed = (Requirement("broken>=1"), Requirement("bare"))
    assert missing_requirements(needed, environment(tmp_path)) == needed


def test_an_earlier_install_is_known_by_its_record_whatever_else_it_lacks(tmp_path: Path) -> None:
    assert find_installed("my-demo", environment(tmp_path)) is None
    dist_info(tmp_path, "my_demo-1")  # an empty folder
    assert find_installed("my-demo", environment(tmp_path)) is None
    folder = dist_info(tmp_path, "my_demo-2", RECORD=b"")
    assert find_installed("my-demo", environment(tmp_path)) == folder


def test_an_install_without_a_record_is_an_error_that_names_it(tmp_path: Path) -> None:
    folder = dist_info(tmp_path, "demo-1", METADATA=b"Name: demo\nVersion: 1\n")
    with pytest.raises(CratewheelError) as caught:
        find_installed("demo", environment(tmp_path))
    assert caught.value.message == f"demo is installed in {folder} without a RECORD file"
    assert caught.value.hint == "uninstall it with the tool that installed it, or remove that folder"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything")
def test_an_environment_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    check_writable(environment(tmp_path))
    tmp_path.chmod(0o555)
    with pytest.raises(CratewheelError) as caught:
        check_writable(environment(tmp_path))
    assert caught.value.message == f"{tmp_path} cannot be written"
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("marker", ["python_version ~= 'x'", "extra ~= '1'", "os_name > 'a'", "'a' ~= 'b'"])
def test_a_marker_that_compares_what_cannot_be_compared_ends_in_no_mistake_of_ours(tmp_path: Path, marker: str) -> None:
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "demo"\nversion = "1.0.0"\n')
    (tmp_path / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["cratewheel"]\n[dependency-groups]\ndev = ["a; {marker}"]\n'
    )
    project = read(locate(None, tmp_path))
    metadata = read_metadata(project, CallbackReporter(), environ={})
    with contextlib.suppress(ConfigError):  # packaging itself has changed its mind about some
        requirements(project, metadata, environment(tmp_path), DependencyOptions())


PROJECT = """
[build-system]
requires = ["cratewheel"]
[project]
name = "My.Self"
version = "1"
[project.optional-dependencies]
all = ["my-self[dev,Extra_Tools]"]
dev = ["a", "my_self[nested]; os_name == 'posix'", "my_self[never]; os_name == 'nt'"]
nested = ["b", "MY.SELF[all]"]
extra_tools = ["c"]
never = ["d"]
unknown = ["my-self[tols]"]
[dependency-groups]
dev = ["e"]
lint = ["my-self[extra-tools]", "f"]
itself = ["my-self"]
deep = [{ include-group = "lint" }]
"""


@pytest.mark.parametrize(
    ("extras", "groups", "expected"),
    [
        ((), (), ["e"]),
        (("nested",), ("itself",), ["a", "b", "c"]),
        (("all",), ("dev",), ["a", "b", "c", "e"]),
        (("Extra.Tools",), ("itself",), ["c"]),
        ((), ("lint",), ["c", "f"]),
        ((), ("deep", "dev"), ["c", "e", "f"]),
    ],
)
def test_an_extra_or_group_that_names_the_project_stands_for_its_extras(
    tmp_path: Path, extras: tuple[str, ...], groups: tuple[str, ...], expected: list[str]
) -> None:
    needed = requirements(*demo(tmp_path, PROJECT), posix(tmp_path), DependencyOptions(extras=extras, groups=groups))
    assert sorted(requirement.name for requirement in needed) == expected


def test_an_extra_of_the_project_that_is_not_there_is_an_error_whoever_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        requirements(*demo(tmp_path, PROJECT), posix(tmp_path), DependencyOptions(extras=("unknown",)))
    assert caught.value.message == "the project has no extra `tols`"
    assert caught.value.hint == "the extras are: all, dev, extra-tools, nested, never, unknown"


def posix(site: Path) -> Environment:
    return dataclasses.replace(environment(site), markers={"os_name": "posix"})


def demo(root: Path, pyproject: str) -> tuple[Project, CoreMetadata]:
    (root / "Cargo.toml").write_text('[package]\nname = "demo"\nversion = "1.0.0"\n')
    (root / "pyproject.toml").write_text(pyproject)
    project = read(locate(None, root))
    return project, read_metadata(project, CallbackReporter(), environ={})


@pytest.mark.parametrize(
    ("dependencies", "kind", "message"),
    [
        (DependencyOptions(uv=True, pip=Path("pip")), UsageError, "--uv and --pip-path cannot be used together"),
        (DependencyOptions(pip=Path("no/pip")), MissingToolError, "--pip-path names no.pip, which was not found"),
    ],
)
def test_an_installer_that_cannot_be_used_is_refused_though_nothing_is_to_be_installed(
    tmp_path: Path, dependencies: DependencyOptions, kind: type[CratewheelError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        install_requirements((), environment(tmp_path), dependencies, environ={"PATH": ""}, reporter=CallbackReporter())
