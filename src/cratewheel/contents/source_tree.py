"""Reads what a source distribution is made from: the crates of the project, and the files of each.

Cargo lists the files of a crate (`cargo package --list`), git those of a repository. A folder that is neither, such
as an unpacked sdist, is walked.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cratewheel.cargo import lockfile as lock
from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.manifest import Manifest
from cratewheel.cargo.model import CargoMetadata, CrateTarget, Package
from cratewheel.contents.build_outputs import build_folders, matched_sources, without_build_outputs, without_junk
from cratewheel.contents.cargo_listing import PUBLISHED_CRATE_FILES, Lister, names_with_line_ends, outside_target_files
from cratewheel.contents.git_tracked import DanglingLinks, list_files_with_git, warn_missing
from cratewheel.contents.wheel import tracked_below
from cratewheel.errors import ConfigError
from cratewheel.events import Reporter
from cratewheel.options.model import Options
from cratewheel.project.metadata import CoreMetadata
from cratewheel.project.metadata.built_in import input_files
from cratewheel.project.metadata.dynamic import read_providers
from cratewheel.project.pyproject import PyProject
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.system import files, toml
from cratewheel.system.files import Roots
from cratewheel.system.git import tracked_but_ignored

Table = Mapping[str, Any]

COMPILED = (".pyc", ".pyd", ".so")
PKG_INFO = "PKG-INFO"
LISTED = "cargo package --list"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file on disk that may go into the archive, and why."""

    path: str
    why: str
    executable: bool = False
    roots: Roots = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CrateSource:
    """A crate with its files, without its Cargo.toml. `readme` and `license_file` are set if the files exist.

    All files are in the folders `roots`, after following links.

    `foreign_workspace` is the Cargo.toml of its workspace with `[workspace]`, if that is not the project's own.
    """

    manifest: Path
    text: str
    document: Table
    files: tuple[SourceFile, ...]
    targets: tuple[CrateTarget, ...] = ()
    readme: Path | None = None
    license_file: Path | None = None
    roots: Roots = ()
    foreign_workspace: tuple[Path, Table] | None = None

    @property
    def directory(self) -> Path:
        """The folder of the crate."""
        return self.manifest.parent

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folder of the crate, and the folders outside of it that contain its targets and modules."""
        start = f"{self.directory}{os.sep}"
        paths = (*(str(target.source) for target in self.targets), *(file.path for file in self.files))
        outside = dict.fromkeys(os.path.dirname(path) for path in paths if not path.startswith(start))  # noqa: PTH120
        return (self.directory, *map(Path, outside))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSource:
    """The Cargo.toml of the project's workspace."""

    manifest: Path
    text: str
    document: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTree:
    """All that an sdist can contain. `crates` starts with the built crate; it is empty with the git generator.

    `listed` are the files in git or in an unpacked sdist, `python` those of the Python packages, `named` those that
    `include` and similar keys match, `licences` those named in the metadata, by their names there, `data` those of
    the wheel's data folder. `needs_manifest_path` says that the Cargo.toml is not where a command in the project's
    folder would find it. The files of the project itself are in the folders `roots`, after following links.
    `made_again` are the files that hooks make again, `compiled` the modules and libraries in Python packages.
    """

    pyproject: Path
    pyproject_text: str
    project_table: Table
    python_source: Path
    python_folders: tuple[Path, ...] = ()
    data_folder: Path | None = None
    crates: tuple[CrateSource, ...] = ()
    workspace: WorkspaceSource | None = None
    lock: SourceFile | None = None
    lock_text: str = ""
    listed: tuple[SourceFile, ...] = ()
    python: tuple[SourceFile, ...] = ()
    compiled: tuple[str, ...] = ()
    named: tuple[SourceFile, ...] = ()
    licences: tuple[tuple[str, SourceFile], ...] = ()
    data: tuple[SourceFile, ...] = ()
    readme: SourceFile | None = None
    license: SourceFile | None = None
    needs_manifest_path: bool = False
    roots: Roots = ()
    built: tuple[Path, ...] = ()
    made_again: frozenset[str] = frozenset()

    @property
    def project(self) -> Path:
        """The folder of pyproject.toml."""
        return self.pyproject.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The arguments of the reading functions: the project, its crates, and how to run and report.

    `of_hooks` are the files that an archive has because of hooks, with the reason; `made_again` those that hooks make
    again. Cargo runs in the folder `cwd`. The files of the project must be in the folders `roots`, after following
    links.
    """

    pyproject: PyProject
    manifest: Manifest
    cargo: CargoMetadata
    packages: tuple[Package, ...]
    options: Options
    core_metadata: CoreMetadata
    modules: ModuleLayout
    cwd: Path
    environ: Mapping[str, str]
    reporter: Reporter
    roots: Roots
    dangling: DanglingLinks
    of_hooks: Mapping[Path, str] = field(default_factory=lambda: MappingProxyType({}))
    made_again: frozenset[str] = frozenset()

    @property
    def project(self) -> Path:
        """The folder of pyproject.toml."""
        return self.pyproject.directory

    def walk(self, root: Path, under: Path | None = None) -> Iterator[str]:
        """Yield the files in a folder, without build output and foreign dangling links.

        In the folder `under`, what is marked as a cache is left out, too.
        """
        found = files.walk(root, under=under, roots=self.roots, skips=self.dangling.skips)
        return without_build_outputs(found, under or root, self.built, caches=under is not None)

    @property
    def built(self) -> tuple[Path, ...]:
        """The folders of cargo's build output and of its own files; they may be in the project."""
        return build_folders(self.cargo, self.options, self.cwd, self.environ)


def read_with_cargo_or_git(reader: Reader, *, needs_manifest_path: bool) -> SourceTree:
    """Return the files and manifests that an sdist of the project can contain.

    Runs `cargo package --list` for each crate, or `git ls-files`. Raises `ProcessError` if it fails, `ConfigError`
    for links out of the repository and for missing files.
    """
    by_git = reader.options.sdist_generator == "git"
    project_table = reader.pyproject.project or {}
    locked = None if by_git else _lock(reader)
    crates, (python, compiled) = ((), ((), ())) if by_git else _read_crates_and_python(reader)
    return SourceTree(
        pyproject=reader.pyproject.path,
        pyproject_text=_text(reader.pyproject.path, reader.roots),
        project_table=project_table,
        python_source=reader.modules.python_source,
        python_folders=_python_folders(reader.modules),
        data_folder=reader.modules.data,
        crates=crates,
        workspace=None if by_git else _workspace(reader),
        lock=locked,
        lock_text=_text(Path(locked.path), reader.roots) if locked is not None else "",
        listed=_listed(reader) if by_git else (),
        python=python,
        compiled=compiled,
        named=tuple(_named(reader)),
        licences=tuple(_licences(reader)),
        data=() if by_git else _data(reader),
        readme=_metadata_file(reader, project_table.get("readme"), "readme"),
        license=_metadata_file(reader, project_table.get("license"), "licence"),
        needs_manifest_path=needs_manifest_path,
        roots=reader.roots,
        built=reader.built,
        made_again=reader.made_again,
    )


def common_folder(parts: Iterable[Path]) -> Path:
    """Return the nearest folder that contains all parts of a project; raises `ConfigError` if there is none."""
    paths = [str(part) for part in parts]
    try:
        return Path(os.path.commonpath(paths))
    except ValueError as error:
        raise ConfigError("the parts of the project are on different drives", notes=tuple(paths)) from error


# -- crates


def _read_crates_and_python(
    reader: Reader,
) -> tuple[tuple[CrateSource, ...], tuple[tuple[SourceFile, ...], tuple[str, ...]]]:
    """Return the crates, and what `_python` returns; cargo lists the files of the crates meanwhile."""
    lister = Lister(
        options=reader.options,
        cwd=reader.cwd,
        roots=reader.roots,
        environ=reader.environ,
        reporter=reader.reporter,
        skips=reader.dangling.skips,
    )
    with lister.listing(reader.packages) as listings:
        python, compiled = _python(reader)
        seen = {file.path: file for file in python}
        crates = tuple(_crate(package, next(listings), seen, reader) for package in reader.packages)
    return crates, (python, compiled)


def _crate(package: Package, listing: Iterable[str], seen: Mapping[str, SourceFile], reader: Reader) -> CrateSource:
    """Return a crate with the listed files; those in `seen` are known to exist, and to be no build output."""
    folder = package.manifest_path.parent
    listed = tuple(listing)
    new = [path for path in listed if path not in seen]
    skipped = {f"{folder}{os.sep}{name}" for name in ("Cargo.toml", *PUBLISHED_CRATE_FILES)}
    foreign = None if package.id in reader.cargo.workspace_members else cargo_manifest.read(package.manifest_path)
    roots = files.join_roots(reader.roots, files.project_roots(folder) if foreign is None else foreign.roots)
    text = _text(package.manifest_path, roots)
    own = (path for path in _own(new, folder, reader) if path not in skipped)
    found = (
        *(seen[path] for path in listed if path in seen and path not in skipped),
        *_existing(own, LISTED, roots, skips=reader.dangling.skips),
    )
    over_lines = names_with_line_ends(folder, listed, {file.path for file in found})
    outside = _own(outside_target_files(package, roots, reader.dangling.skips), folder, reader)
    return CrateSource(
        manifest=package.manifest_path,
        text=text,
        document=toml.parse(text),
        files=(
            *found,
            *_existing(over_lines, LISTED, roots),
            *_existing(outside, "in the folder of a target of the crate", roots, seen),
            *_existing(_of_hooks(folder, listed, reader), "of a hook", roots, seen),
        ),
        targets=package.targets,
        readme=_existing_path(folder, package.readme, roots),
        license_file=_existing_path(folder, package.license_file, roots),
        roots=roots,
        foreign_workspace=None if foreign is None else _foreign_workspace(foreign),
    )


def _own(paths: Iterable[str], folder: Path, reader: Reader) -> Iterator[str]:
    return without_build_outputs(without_junk(paths, folder), folder, reader.built)


def _of_hooks(folder: Path, listed: Iterable[str], reader: Reader) -> Iterator[str]:
    """Yield the files of hooks that belong to the crate in a folder, and that cargo has not listed."""
    others = [one.manifest_path.parent for one in reader.packages if one.manifest_path.parent.is_relative_to(folder)]
    known = {*listed, *reader.made_again}
    for path in reader.of_hooks:
        nearest = max(
            (other for other in others if path.is_relative_to(other)), key=lambda one: len(one.parts), default=None
        )
        if nearest == folder and str(path) not in known:
            yield str(path)


def _foreign_workspace(manifest: Manifest) -> tuple[Path, Table] | None:
    workspace = manifest.workspace_manifest
    if workspace in (None, manifest.path):
        return None
    assert workspace is not None
    return workspace, toml.load_file(workspace, files.project_roots(workspace.parent)).get("workspace", {})


def _existing_path(folder: Path, value: str | None, roots: Roots) -> Path | None:
    path = Path(os.path.normpath(folder / value)) if value else None
    if path is None or not files.is_file(path):
        return None
    files.ProjectBoundary(roots).check(str(path))
    return path


def _workspace(reader: Reader) -> WorkspaceSource | None:
    manifest = reader.manifest.workspace_manifest
    if manifest is None:
        return None
    text = _text(manifest, reader.manifest.roots)
    return WorkspaceSource(manifest=manifest, text=text, document=toml.parse(text))


def _lock(reader: Reader) -> SourceFile | None:
    path = lock.find(reader.manifest.directory, reader.manifest.workspace_root)
    if path is not None:
        return _source(str(path), "the locked versions", reader.roots)
    problem = f"there is no Cargo.lock in {reader.manifest.workspace_root}"
    hint = "create one with `cargo generate-lockfile`, so that others build with the versions that you tested"
    if reader.options.locked or reader.options.frozen:
        raise ConfigError(f"{problem}, as required by --locked", hint=hint)
    reader.reporter.warn(f"{problem}; the sdist will have none", hint=hint)
    return None


# -- git, and folders without a list


def _listed(reader: Reader) -> tuple[SourceFile, ...]:
    project = reader.project
    unpacked = (project / PKG_INFO).is_file()
    if any((folder / ".git").exists() for folder in (project, *project.parents)):
        tracked = list_files_with_git(project, reader.environ, reader.reporter)
        if str(reader.pyproject.path) in tracked or not unpacked:
            found = _existing(without_junk(tracked, project), "git ls-files", reader.roots)
            warn_missing(tracked, {file.path for file in found}, reader.reporter)
            return found
    if not unpacked:
        reader.reporter.warn(
            f"{project} is not in a git repository; the sdist contains all files in it that are not ignored",
            hint='set `sdist-generator = "cargo"` in pyproject.toml to let cargo choose',
        )
    below_output = f"{reader.options.out}{os.sep}" if reader.options.out else None
    kept = (path for path in reader.walk(project) if not (below_output and path.startswith(below_output)))
    return _existing(kept, "in the folder of the project", reader.roots)


# -- Python packages, and files that the project names


def _python_folders(modules: ModuleLayout) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(Path(os.path.normpath(folder)) for folder in modules.packages if folder.exists()))


def _python(reader: Reader) -> tuple[tuple[SourceFile, ...], tuple[str, ...]]:
    """Return the files of the Python packages: those to pack, and the paths of compiled ones, which are not packed."""
    tracked = (*tracked_but_ignored(reader.project, reader.environ), *map(str, reader.of_hooks))
    every: dict[str, None] = {}
    for folder in _python_folders(reader.modules):
        inside = folder.is_relative_to(reader.project)
        root = reader.project if inside else reader.modules.python_source
        every |= dict.fromkeys((*reader.walk(root, folder), *tracked_below(folder, tracked, reader.roots)))
    found = (_file(path, "Python package", reader.roots) for path in every if not path.endswith(COMPILED))
    return tuple(filter(None, found)), tuple(path for path in every if path.endswith(COMPILED))


def _named(reader: Reader) -> Iterator[SourceFile]:
    for include in reader.options.include:
        if "sdist" in include.formats and not include.from_out_dir:
            yield from _matches(reader, include.path, f"include = {include.path!r}")
    for pattern in reader.options.sdist_include:
        for path in files.glob(reader.manifest.directory, pattern, roots=reader.roots, skips=reader.dangling.skips):
            yield _source(str(path), f"sdist-include = {pattern!r}", reader.roots)
    prebuilt = ((one.prebuilt, "prebuilt artifact") for one in reader.options.artifacts if one.prebuilt is not None)
    for name, why in (*prebuilt, *((name, "sbom.include") for name in reader.options.sbom.include)):
        yield from _matches(reader, name, why)
    by_git = reader.options.sdist_generator == "git"
    folders = () if by_git else _python_folders(reader.modules)
    for path, why in reader.of_hooks.items():
        if not any(path.is_relative_to(folder) for folder in folders):  # those are files of a package
            yield _source(str(path), why, reader.roots)
    providers = read_providers(reader.pyproject.dynamic_metadata, reader.pyproject.path)
    for path, why in input_files(providers, reader.project):
        yield _source(str(path), why, reader.roots)


def _licences(reader: Reader) -> Iterator[tuple[str, SourceFile]]:
    for target, path in reader.core_metadata.license_files:
        file = _source(os.path.abspath(path), "licence file", reader.roots)  # noqa: PTH100 - resolve() follows links
        yield str(target), file


def _matches(reader: Reader, pattern: str, why: str) -> Iterator[SourceFile]:
    found: tuple[Path, ...] = ()
    for root in dict.fromkeys((reader.project, reader.modules.python_source)):
        matches = () if found else files.glob(root, pattern, roots=reader.roots, skips=reader.dangling.skips)
        found = found or matched_sources(matches, root, pattern, reader.built)
    for path in found:
        yield _source(str(path), why, reader.roots)


def _data(reader: Reader) -> tuple[SourceFile, ...]:
    if reader.modules.data is None:
        return ()
    paths = files.tree(reader.modules.data, roots=reader.roots, skips=reader.dangling.skips)
    return tuple(_source(path, "data folder of the wheel", reader.roots) for path in paths)


def _metadata_file(reader: Reader, value: object, what: str) -> SourceFile | None:
    """Return the file of `readme` or `license` in `[project]`, if there is one."""
    name = value.get("file") if isinstance(value, dict) else value if what == "readme" else None
    if not isinstance(name, str):
        return None
    path = Path(os.path.normpath(reader.project / name))
    if not files.is_file(path):
        raise ConfigError(f"{path}, the {what} in {reader.pyproject.path}, does not exist")
    return _source(str(path), f"{what} of the project", reader.roots)


# -- files


def _existing(
    paths: Iterable[str],
    why: str,
    roots: Roots,
    seen: Mapping[str, SourceFile] = MappingProxyType({}),
    *,
    skips: Callable[[str], bool] | None = None,
) -> tuple[SourceFile, ...]:
    """Return the paths that are files; lists also contain deleted and generated files."""
    found = []
    for path in paths:
        file = seen.get(path) or _file(path, why, roots, skips)
        if file is not None:
            found.append(file)
    # the others come from a walk, which checked their folders
    fence = files.ProjectBoundary(roots)
    for folder in {Path(file.path).parent for file in found if file.path not in seen}:
        fence.check(str(folder))
    return tuple(found)


def _file(path: str, why: str, roots: Roots, skips: Callable[[str], bool] | None = None) -> SourceFile | None:
    """Return a path as a file of the project, or None if it does not exist.

    Raises `ConfigError` for links out of the project, and for a pipe, a socket or a device.
    """
    try:
        mode = os.lstat(path).st_mode  # called for thousands of files
    except OSError:
        return None
    if stat.S_ISREG(mode):
        return SourceFile(path=path, why=why, executable=os.name != "nt" and bool(mode & stat.S_IXUSR), roots=roots)
    if stat.S_ISDIR(mode) or (stat.S_ISLNK(mode) and Path(path).is_dir()):
        return None
    if skips is not None and skips(path):
        return None
    return _source(path, why, roots)


def _source(path: str, why: str, roots: Roots) -> SourceFile:
    files.ProjectBoundary(roots).check(path)
    return SourceFile(path=path, why=why, executable=files.is_executable(path), roots=roots)


def _text(path: Path, roots: Roots) -> str:
    try:
        # not read_text(), to keep line endings
        return files.read_bytes(path, roots).decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
