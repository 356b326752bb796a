"""The files of a new project, and writing them; existing files are never overwritten."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from cratewheel.bindings import support
from cratewheel.bindings.detect import Bindings
from cratewheel.commands import ci_github, generate_ci, not_on_pypi, project_names, templates
from cratewheel.commands.project_place import Place, Workspace
from cratewheel.errors import ConfigError
from cratewheel.options.values import CiOptions
from cratewheel.system.command import capture, which
from cratewheel.system.git import git
from cratewheel.system.versions import parse_specifiers

Kind = Literal["pyo3", "cffi", "bin", "uniffi"]
Backend = Literal["cratewheel", "maturin"]
Files = tuple[tuple[PurePosixPath, str], ...]
KINDS: tuple[Kind, ...] = ("pyo3", "cffi", "bin", "uniffi")
WHAT: Mapping[Kind, str] = {
    "pyo3": "A Python module in Rust, with PyO3",
    "cffi": "A Rust library with a C interface, called through cffi",
    "bin": "A program in Rust, installed with pip",
    "uniffi": "A Rust library for several languages, with uniffi",
}
NATIVE: tuple[Kind, ...] = ("pyo3", "cffi", "uniffi")  # in a mixed project, the compiled module is `_native`
VERSIONS: Mapping[Kind, str] = {"pyo3": "0.30", "uniffi": "0.32"}
OLDEST_PYO3 = (0, 23)  # with modules as `#[pymodule] mod`
REQUIRES_PYTHON = ">=3.10"  # the oldest that the build backend runs on, and so the oldest that CI can test with
LICENSE = "MIT"
EDITION = "2024"
SOURCES: Mapping[Kind, str] = {
    "pyo3": templates.PYO3,
    "cffi": templates.CFFI,
    "bin": templates.BIN,
    "uniffi": templates.UNIFFI,
}
REQUIRES: Mapping[Backend, str] = {"cratewheel": "cratewheel>=0.1", "maturin": "maturin>=1.16,<2"}
# what a member takes from `[workspace.package]`; texts about the project itself stay its own
INHERITED = (
    "version", "edition", "rust-version", "authors", "license", "license-file", "repository", "homepage",
    "documentation", "keywords", "categories", "publish",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The choices for a new project: `mixed` adds a Python package, `src` then puts the crate in `rust/`.

    `backend` is its build backend, `license` its SPDX expression, None for no licence. `source` is the folder of its
    Python packages, unless it is the usual one of the layout; `ci` asks for a workflow.
    """

    name: str
    kind: Kind
    mixed: bool = False
    src: bool = False
    backend: Backend = "cratewheel"
    license: str | None = LICENSE
    source: str | None = None
    ci: bool = True

    @property
    def module(self) -> str:
        """The name of the module to import."""
        return project_names.module_name(self.name)

    @property
    def crate(self) -> str:
        """The folder of the crate with a slash at its end, empty for the project's own."""
        return "rust/" if self.src else ""

    @property
    def package(self) -> str:
        """The folder of the Python package of a mixed project."""
        return (PurePosixPath(self.python_source) / self.module).as_posix()

    @property
    def python_source(self) -> str:
        """The folder that the Python package is in."""
        return self.source or ("src" if self.src else "python")


def files(choices: Choices, place: Place | None = None) -> Files:
    """Return the files of the project, by paths relative to its folder."""
    place = place or Place()
    kind, crate = choices.kind, choices.crate
    inherits = place.workspace.package if place.workspace else {}
    words = {
        "name": choices.name,
        "crate_name": project_names.crate_name(choices.name),
        "backend": choices.backend,
        "requires_python": REQUIRES_PYTHON,
        "requires": REQUIRES[choices.backend],
        "module": choices.module,
        "crate": crate,
        "library_name": "_native" if choices.mixed and kind in NATIVE else choices.module,
        "what": WHAT[kind],
        "package": _package(choices, place),
        "crates": dependency(kind, place.workspace),
        "dependencies": 'dependencies = ["cffi>=1.16"]\n' if kind == "cffi" else "",
        "license": _license(choices, inherits),
        "classifiers": "\n".join(f'    "{classifier}",' for classifier in _classifiers(choices)),
        "url": place.url or "",
        "urls": templates.URLS if place.url else templates.NO_URLS,
        "tool": tool(choices, ci=_has_workflow(choices, place)),
        "library": "" if kind == "bin" else templates.LIBRARY,
        "lints": "[lints]\nworkspace = true\n" if place.workspace and place.workspace.lints else "",
        "target": f"/{crate}target/",
        "author": place.author or f"the authors of {choices.name}",
        "year": str(place.year),
    }
    if kind == "uniffi":
        words["library"] += f"\n{templates.UNIFFI_PROGRAM}"
    test = {"cffi": templates.CFFI_TEST, "bin": templates.BIN_TEST}.get(kind, templates.TEST)
    texts = {
        ".gitignore": templates.GITIGNORE,
        "README.md": templates.README + (not_on_pypi.README if choices.backend == "cratewheel" else ""),
        f"{crate}Cargo.toml": templates.CARGO,
        "pyproject.toml": templates.PYPROJECT,
        source_file(choices): SOURCES[kind],
        f"tests/test_{choices.module}.py": templates.TEST if choices.mixed and kind == "cffi" else test,
        **_python_files(choices),
    }
    if choices.license == LICENSE and not {"license", "license-file"} & inherits.keys():
        texts["LICENSE"] = templates.MIT
    if kind == "cffi":
        texts[f"{crate}build.rs"] = templates.CFFI_BUILD
    if kind == "uniffi":
        texts[f"{crate}uniffi-bindgen.rs"] = templates.UNIFFI_BINDGEN
    written = {path: _fill(text, words, tidy=path.endswith(".toml")) for path, text in texts.items()}
    if _has_workflow(choices, place):
        written[ci_github.PATH] = workflow(choices, place)
    return tuple((PurePosixPath(path), text) for path, text in sorted(written.items()))


def source_file(choices: Choices) -> str:
    """Return the path of the Rust source of a project."""
    return f"{choices.crate}src/{'main' if choices.kind == 'bin' else 'lib'}.rs"


def write(root: Path, content: Files) -> None:
    """Write the files to `root`: all, or none.

    Raises `ConfigError` that names existing files, or the file that cannot be written.
    """
    taken = [str(path) for path, _ in content if os.path.lexists(root / path)]
    if taken:
        raise ConfigError(
            f"{root} already contains {', '.join(taken)}", hint="choose another folder, or move the files"
        )
    made: list[Path] = []
    try:
        for path, text in content:
            _make_folders((root / path).parent, made)
            made.append(root / path)
            (root / path).write_text(text, encoding="utf-8", newline="\n")
    except (OSError, ConfigError) as error:
        for entry in reversed(made):
            with suppress(OSError):
                entry.rmdir() if entry.is_dir() else entry.unlink()
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            f"{error.filename or root} cannot be written: {error.strerror or error}",
            hint="choose another folder; nothing was created",
        ) from error


def make_repository(root: Path, environ: Mapping[str, str]) -> bool:
    """Run `git init` in `root` as `cargo new` does, unless it is in a repository or git is missing."""
    if which("git", environ) is None or any((folder / ".git").exists() for folder in (root, *root.parents)):
        return False
    return capture(git("init", "--quiet", cwd=root), environ).status == 0


def workflow(choices: Choices, place: Place) -> str:
    """Return the workflow that `generate-ci` would write for the project, without asking cargo."""
    if choices.kind == "pyo3":
        release = support.release(f"{_version('pyo3', place.workspace)}.0")
        bindings = Bindings(kind="pyo3", crate="pyo3", supported=support.pyo3(release, {}))
    else:
        bindings = Bindings(kind=choices.kind, supported=support.every_interpreter(programs=choices.kind == "bin"))
    facts = generate_ci.facts_of(choices.name, bindings, parse_specifiers(REQUIRES_PYTHON))
    command = f"cratewheel generate-ci github -o {ci_github.PATH}"
    return generate_ci.text(facts, CiOptions(pytest=True), generate_ci.Choices(service="github", command=command))


def _has_workflow(choices: Choices, place: Place) -> bool:
    """Return whether the project has a workflow: GitHub reads them in the top folder of a repository only."""
    return choices.ci and place.above is None


def _package(choices: Choices, place: Place) -> str:
    """Return the lines of `[package]` after its name, with what the workspace gives."""
    own = {"version": '"0.1.0"', "edition": f'"{EDITION}"'}
    shared = [key for key in INHERITED if place.workspace and key in place.workspace.package]
    if choices.license and not {"license", "license-file"} & set(shared):
        own["license"] = f'"{choices.license}"'
    if place.url and "repository" not in shared:
        own["repository"] = f'"{place.url}"'
    lines = {key: f"{key} = {value}" for key, value in own.items()} | {key: f"{key}.workspace = true" for key in shared}
    return "\n".join((*lines.values(), f'description = "{WHAT[choices.kind]}"'))


def _license(choices: Choices, inherits: Mapping[str, object]) -> str:
    if "license-file" in inherits or choices.license is None:
        return ""
    shared = inherits.get("license")
    if isinstance(shared, str):
        return f'license = "{shared.replace("/", " OR ")}"\n'
    files_line = 'license-files = ["LICENSE"]\n' if choices.license == LICENSE else ""
    return f'license = "{choices.license}"\n{files_line}'


def _classifiers(choices: Choices) -> tuple[str, ...]:
    python = "Programming Language :: Python :: "
    implementations = () if choices.kind == "bin" else (f"{python}Implementation :: CPython",)
    return (
        f"{python}3",
        *implementations,
        "Programming Language :: Rust",
        *(("Typing :: Typed",) if choices.mixed or choices.kind != "bin" else ()),
    )


def dependency(kind: Kind, workspace: Workspace | None) -> str:
    """Return the line of the binding crate: the workspace's own, since one build has one pyo3."""
    if kind not in VERSIONS:
        return ""
    shared = workspace is not None and kind in workspace.dependencies
    features = ', features = ["cli"]' if kind == "uniffi" else ""
    if shared:
        return f"{kind} = {{ workspace = true{features} }}\n" if features else f"{kind}.workspace = true\n"
    version = f'"{_version(kind, workspace)}"'
    return f"{kind} = {{ version = {version}{features} }}\n" if features else f"{kind} = {version}\n"


def _version(kind: Kind, workspace: Workspace | None) -> str:
    """Return the version to depend on: of pyo3, what the workspace has locked, as only one may link to Python."""
    locked = support.release(workspace.pyo3) if kind == "pyo3" and workspace and workspace.pyo3 else None
    if locked is not None and locked[:2] >= OLDEST_PYO3:
        return f"{locked[0]}.{locked[1]}"
    return VERSIONS[kind]


def tool(choices: Choices, *, ci: bool) -> str:
    """Return our table of pyproject.toml, with that of the CI file if there is one; empty if it needs none."""
    lines = []
    if choices.mixed:
        native = "._native" if choices.kind in NATIVE else ""
        lines.append(f'module-name = "{choices.module}{native}"')
    if choices.kind in ("cffi", "bin", "uniffi"):
        lines.append(f'bindings = "{choices.kind}"')
    if choices.mixed and choices.python_source != ("src" if choices.src else "."):
        lines.append(f'python-source = "{choices.python_source}"')
    table = f"[tool.{choices.backend}]\n" + "".join(f"{line}\n" for line in lines) if lines else ""
    return f"{table}\n[tool.{choices.backend}.generate-ci.github]\npytest = true\n" if ci else table


def _python_files(choices: Choices) -> Mapping[str, str]:
    stub = templates.CFFI_STUB if choices.kind == "cffi" else templates.STUB
    if not choices.mixed:
        return {} if choices.kind == "bin" else {f"{choices.module}.pyi": stub}
    folder = choices.package
    init = {"cffi": templates.CFFI_INIT, "bin": templates.BIN_INIT}.get(choices.kind, templates.INIT)
    typed = {f"{folder}/__init__.py": init, f"{folder}/py.typed": ""}
    return typed if choices.kind == "bin" else {**typed, f"{folder}/_native.pyi": stub}


def _fill(text: str, values: Mapping[str, str], *, tidy: bool) -> str:
    # replaced texts may contain further placeholders
    for _ in range(2):
        text = re.sub(r"@(\w+)@", lambda match: values.get(match[1], match[0]), text)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n" if tidy else text


def _make_folders(folder: Path, made: list[Path]) -> None:
    missing = []
    while not folder.is_dir():
        if os.path.lexists(folder):
            raise ConfigError(f"{folder} is not a folder", hint="choose another folder; nothing was created")
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir()
        made.append(path)
