"""Where a project is, however it is named."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.options.model import Options
from cratewheel.project.location import Location, locate
from cratewheel.project.pyproject import read as read_pyproject
from cratewheel.project.read import read
from cratewheel.project.request import Request, resolve_options
from cratewheel.ui import Ui
from system_paths import WINDOWS

BUILD_SYSTEM = '[build-system]\nrequires = ["cratewheel"]\n[project]\nname = "lay-out"\n'
CRATE = '[package]\nname = "lay-out"\n'


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def src_layout(top: Path, settings: str = "", *, package: str = "src/lay_out/__init__.py") -> Path:
    """Write a project with the crate in `rust/` and a package, and return its folder."""
    write(top / "pyproject.toml", BUILD_SYSTEM + settings)
    write(top / "rust" / "Cargo.toml", CRATE)
    write(top / package)
    (top / "sub").mkdir(exist_ok=True)
    (top.parent / "elsewhere").mkdir(exist_ok=True)
    return top


@pytest.mark.parametrize("tool", ["cratewheel", "maturin"])
@pytest.mark.parametrize(
    "settings",
    ["", 'manifest-path = "rust/Cargo.toml"', 'manifest-path = "./sub/../rust/Cargo.toml"'],
    ids=["found", "named", "winding"],
)
@pytest.mark.parametrize(
    ("folder", "manifest"),
    [
        ("project", None),
        ("project", "rust/Cargo.toml"),
        ("project", "./sub/../rust/Cargo.toml"),
        ("project", "{top}/project/rust/Cargo.toml"),
        ("project/sub", "../rust/Cargo.toml"),
        ("elsewhere", "../project/rust/Cargo.toml"),
        ("elsewhere", "{top}/project/rust/Cargo.toml"),
        ("project/rust", None),
        ("project/rust", "Cargo.toml"),
    ],
)
def test_the_layout_does_not_depend_on_how_the_manifest_is_found(
    tmp_path: Path, tool: str, settings: str, folder: str, manifest: str | None
) -> None:
    project = src_layout(tmp_path / "project", f"[tool.{tool}]\n{settings}\n")
    path = Path(manifest.format(top=tmp_path)) if manifest is not None else None

    assert locate(path, tmp_path / folder) == Location(
        manifest=project / "rust" / "Cargo.toml",
        pyproject=read_pyproject(project / "pyproject.toml"),
        root=project,
        cwd=tmp_path / folder,
        src_layout=True,
    )


@pytest.mark.parametrize(
    ("settings", "package", "expected"),
    [
        ("", "src/lay_out/__init__.py", True),
        ('[tool.maturin]\npython-packages = ["other"]\n', "src/other/__init__.py", True),
        ('[tool.maturin]\nmodule-name = "other._native"\n', "src/other/__init__.py", True),
        ('[tool.maturin]\npython-source = "python"\n', "python/lay_out/__init__.py", True),
        ("", "src/other/__init__.py", False),
        ("", "src/lay_out/module.py", False),
        ("", "python/lay_out/__init__.py", False),
    ],
)
def test_a_project_has_the_src_layout_by_its_settings_and_packages(
    tmp_path: Path, settings: str, package: str, expected: bool
) -> None:
    project = src_layout(tmp_path / "project", settings, package=package)

    assert locate(Path("rust/Cargo.toml"), project).src_layout is expected


def test_the_layout_is_the_project_s_with_another_of_its_crates_too(tmp_path: Path) -> None:
    project = src_layout(tmp_path / "project")
    other = write(project / "other" / "Cargo.toml", CRATE)

    assert locate(Path("other/Cargo.toml"), project) == Location(
        manifest=other, pyproject=read_pyproject(project / "pyproject.toml"), root=project, cwd=project, src_layout=True
    )


@pytest.mark.parametrize(
    ("folder", "manifest"),
    [
        ("project", None),
        ("project", "../deep/er/crate/Cargo.toml"),
        ("project/sub", "../../deep/er/crate/Cargo.toml"),
    ],
)
def test_a_project_beside_its_crate_is_found_from_inside_of_it(
    tmp_path: Path, folder: str, manifest: str | None
) -> None:
    crate = write(tmp_path / "deep" / "er" / "crate" / "Cargo.toml", CRATE)
    settings = '[tool.cratewheel]\nmanifest-path = "../deep/er/crate/Cargo.toml"\n'
    file = write(tmp_path / "project" / "pyproject.toml", BUILD_SYSTEM + settings)
    (tmp_path / "project" / "sub").mkdir()

    assert locate(Path(manifest) if manifest else None, tmp_path / folder) == Location(
        manifest=crate, pyproject=read_pyproject(file), root=tmp_path / "project", cwd=tmp_path / folder
    )


@pytest.mark.parametrize("manifest", [None, "Cargo.toml", "{top}/a/b/c/Cargo.toml"])
def test_a_crate_far_below_the_project_that_names_it_belongs_to_it(tmp_path: Path, manifest: str | None) -> None:
    crate = write(tmp_path / "a" / "b" / "c" / "Cargo.toml", CRATE)
    write(tmp_path / "a" / "pyproject.toml", "[tool.ruff]\n")
    settings = '[tool.cratewheel]\nmanifest-path = "a/b/c/Cargo.toml"\n'
    file = write(tmp_path / "pyproject.toml", BUILD_SYSTEM + settings)
    path = Path(manifest.format(top=tmp_path)) if manifest else None

    assert locate(path, crate.parent).pyproject == read_pyproject(file)


def test_a_crate_that_the_project_above_does_not_name_stands_alone(tmp_path: Path) -> None:
    project = src_layout(tmp_path / "project")
    other = write(project / "other" / "Cargo.toml", CRATE)

    assert locate(None, other.parent) == Location(manifest=other, pyproject=None, root=other.parent, cwd=other.parent)


def virtual_workspace(top: Path, artifacts: str) -> Path:
    """Write a workspace without a package, of the crates `words` and `digits`, with a project beside it."""
    write(top / "Cargo.toml", '[workspace]\nmembers = ["crates/*"]\n')
    for name in ("digits", "words"):
        write(top / "crates" / name / "Cargo.toml", f'[package]\nname = "{name}"\n')
    return write(top / "pyproject.toml", f"{BUILD_SYSTEM}[tool.cratewheel]\n{artifacts}")


@pytest.mark.parametrize(
    ("folder", "manifest"), [(".", None), ("crates/words", None), (".", "crates/words/Cargo.toml")]
)
def test_in_a_workspace_without_a_package_the_first_artifact_names_the_crate(
    tmp_path: Path, folder: str, manifest: str | None
) -> None:
    file = virtual_workspace(tmp_path, 'artifacts = [{ crate = "words" }, { crate = "digits" }]\n')

    assert locate(Path(manifest) if manifest else None, tmp_path / folder) == Location(
        manifest=tmp_path / "crates" / "words" / "Cargo.toml",
        pyproject=read_pyproject(file),
        root=tmp_path,
        cwd=tmp_path / folder,
    )


@pytest.mark.parametrize(
    ("artifacts", "hint"),
    [
        (
            "",
            (
                'select the crate with --manifest-path, or `manifest-path = "…/Cargo.toml"` in [tool.cratewheel] of '
                "pyproject.toml; its crates are digits, words"
            ),
        ),
        (
            'artifacts = [{ kind = "bin" }, { crate = "words" }]\n',
            'write `crate = "…"` into the first table of the artifacts: digits, words',
        ),
        (
            'artifacts = [{ crate = "wrods" }]\n',
            "the first of its artifacts names the crate `wrods`, which the workspace has not; did you mean `words`?",
        ),
    ],
    ids=["none", "unnamed", "misspelt"],
)
def test_a_workspace_without_a_package_has_a_hint_that_names_its_crates(
    tmp_path: Path, artifacts: str, hint: str
) -> None:
    virtual_workspace(tmp_path, artifacts)
    with pytest.raises(ConfigError) as caught:
        read(locate(None, tmp_path))
    assert caught.value.message == f"{tmp_path / 'Cargo.toml'} is a workspace without a package"
    assert caught.value.hint == (
        hint.replace("../..", "..\\..").replace("'my rust/Cargo.toml'", '"my rust/Cargo.toml"') if WINDOWS else hint
    )


def test_the_name_of_a_library_leads_to_its_crate(tmp_path: Path) -> None:
    virtual_workspace(tmp_path, 'artifacts = [{ crate = "textwords" }]\n')
    write(tmp_path / "crates" / "words" / "Cargo.toml", '[package]\nname = "words"\n[lib]\nname = "textwords"\n')
    with pytest.raises(ConfigError) as caught:
        read(locate(None, tmp_path))
    wrong = "the first of its artifacts names the crate `textwords`, which the workspace has not"
    assert caught.value.hint == f"{wrong}; it is the library of `words`"


def test_the_project_may_be_in_another_folder_than_the_command(tmp_path: Path) -> None:
    project, cwd = src_layout(tmp_path / "project"), tmp_path / "elsewhere"

    assert locate(None, cwd, project) == Location(
        manifest=project / "rust" / "Cargo.toml",
        pyproject=read_pyproject(project / "pyproject.toml"),
        root=project,
        cwd=cwd,
        src_layout=True,
    )


def test_a_manifest_of_another_name_is_an_error_that_names_the_crates(tmp_path: Path) -> None:
    crate = write(tmp_path / "Cargo.toml", CRATE)
    for name in ("py_Cargo.toml", "pyproject.toml", "Cargo.lock"):
        write(tmp_path / name, "")
        with pytest.raises(ConfigError) as caught:
            locate(Path(name), tmp_path)
        assert (caught.value.message, caught.value.hint) == (f"{tmp_path / name} is not a Cargo.toml", f"name {crate}")


def test_a_manifest_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"there is no Cargo.toml in {tmp_path}")):
        locate(None, tmp_path)
    with pytest.raises(ConfigError, match=re.escape(f"there is no manifest at {tmp_path / 'no.toml'}")):
        locate(Path("no.toml"), tmp_path)
    write(tmp_path / "pyproject.toml", BUILD_SYSTEM + '[tool.maturin]\nmanifest-path = "no.toml"\n')
    with pytest.raises(ConfigError, match=re.escape(f"there is no manifest at {tmp_path / 'no.toml'}")):
        locate(None, tmp_path)


@pytest.mark.parametrize(
    ("files", "folder", "hint"),
    [
        (["crate/Cargo.toml"], "crate/src/deep", "change to the project's folder: `cd ../..`"),
        (["crate/pyproject.toml"], "crate/a b", "change to the project's folder: `cd ..`"),
        (["crate/my rust/Cargo.toml"], "crate", "name the crate: `--manifest-path 'my rust/Cargo.toml'`"),
        ([], "crate", "change to the folder of the crate, or create one: `cratewheel new NAME`"),
    ],
)
def test_the_error_names_the_way_to_the_crate(tmp_path: Path, files: list[str], folder: str, hint: str) -> None:
    for name in files:
        write(tmp_path / name, "")
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    with pytest.raises(ConfigError) as caught:
        locate(None, tmp_path / folder)
    assert caught.value.hint == (
        hint.replace("../..", "..\\..").replace("'my rust/Cargo.toml'", '"my rust/Cargo.toml"') if WINDOWS else hint
    )


def options(cwd: Path, environ: dict[str, str], **flags: object) -> Options:
    """Return what a command in `cwd` with these flags is to do."""
    request = Request(flags=flags, environ={"CARGO_HOME": str(cwd / "home"), **environ}, cwd=cwd)
    return resolve_options(request, read(locate(None, cwd)), Ui(out=io.StringIO(), err=io.StringIO()))


@pytest.mark.parametrize(
    ("flags", "environ", "expected", "origin"),
    [
        ({}, {}, ("file",), "build.target of cargo's configuration, in {cwd}/.cargo/config.toml"),
        ({}, {"CARGO_BUILD_TARGET": "env"}, ("env",), "the variable CARGO_BUILD_TARGET"),
        ({"target": ["flag"]}, {"CARGO_BUILD_TARGET": "env"}, ("flag",), "--target"),
        (
            {"config": ['build.target="config"']},
            {"CARGO_BUILD_TARGET": "env"},
            ("config",),
            "build.target of cargo's configuration, in --config",
        ),
        (
            {"cargo_extra_args": ["--config 'build.target=\"extra\"'"], "config": ['build.target="config"']},
            {},
            ("extra",),
            "build.target of cargo's configuration, in --config",
        ),
    ],
)
def test_cargo_s_configuration_names_the_target(
    tmp_path: Path, flags: dict[str, object], environ: dict[str, str], expected: tuple[str, ...], origin: str
) -> None:
    write(tmp_path / "Cargo.toml", CRATE)
    write(tmp_path / ".cargo" / "config.toml", 'build.target = "file"\n')
    found = options(tmp_path, environ, **flags)

    assert (found.target, str(found.origins["target"])) == (
        expected,
        origin.replace("{cwd}/.cargo/config.toml", str(tmp_path / ".cargo" / "config.toml")),
    )


def test_a_configuration_file_that_the_project_names_is_found_from_everywhere(tmp_path: Path) -> None:
    project = src_layout(tmp_path / "project", '[tool.cratewheel]\nconfig = ["ci/cargo.toml", "net.retry=1"]\n')
    path = write(project / "ci" / "cargo.toml", 'build.target = "ci"\n')
    found = options(project / "rust", {})

    assert ((str(Path(found.config[0])), *found.config[1:]), found.target) == ((str(path), "net.retry=1"), ("ci",))


def test_a_crate_may_lie_beside_its_project_and_no_farther(tmp_path: Path) -> None:
    pyproject = write(tmp_path / "a" / "project" / "pyproject.toml")
    for place in ("project/rust", "rust", "deep/rust"):
        write(tmp_path / "a" / place / "Cargo.toml", CRATE)
        write(pyproject, f'{BUILD_SYSTEM}[tool.maturin]\nmanifest-path = "../{place}/Cargo.toml"\n')
        location = locate(None, pyproject.parent)
        assert read(location).manifest.path == tmp_path / "a" / place / "Cargo.toml"
    far = write(tmp_path / "b" / "rust" / "Cargo.toml", CRATE)
    write(pyproject, f'{BUILD_SYSTEM}[tool.maturin]\nmanifest-path = "../../b/rust/Cargo.toml"\n')
    with pytest.raises(ConfigError, match=re.escape(f"names {far}, which lies outside of the project")):
        read(locate(None, pyproject.parent))
    write(tmp_path / ".git")
    assert read(locate(None, pyproject.parent)).manifest.path == far
