"""The layout of a source distribution: which files of the project it contains, and where.

Files keep their paths relative to the folder that contains all parts of the project: the workspace, pyproject.toml, the
crates that are path dependencies, and the Python sources. pyproject.toml is always at the top, as frontends require;
files that it names keep their paths relative to it. Each Cargo.toml is edited for the archive (cargo/rewrite.py).
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, FromFile, Generated, Layout, layout, sort_key
from cratewheel.cargo import lockfile as lock
from cratewheel.cargo.edits import Inheritance, ManifestEdits, filter_members, relative_path
from cratewheel.cargo.manifest import Manifest
from cratewheel.cargo.model import Package
from cratewheel.contents import source_tree
from cratewheel.contents.build_outputs import without_build_outputs
from cratewheel.contents.conflicts import Displaced, check_conflicts
from cratewheel.contents.own_archives import ARCHIVES, is_archive_of
from cratewheel.contents.pyproject import PyProjectEdits, edit
from cratewheel.contents.required_files import check_buildable, check_complete
from cratewheel.contents.sdist_paths import RelativePath, SdistPaths, free_name
from cratewheel.contents.source_tree import COMPILED, PKG_INFO, CrateSource, SourceFile, SourceTree
from cratewheel.errors import ConfigError
from cratewheel.options.model import Options
from cratewheel.project.metadata import CoreMetadata
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.system import files
from cratewheel.system.files import Patterns, Roots
from cratewheel.system.files.links import ProjectBoundary, describe_dangling
from cratewheel.targets.wheel_tags import normalise_distribution

TARGET_KINDS = {"bin": "bin", "example": "example", "test": "test", "bench": "bench", "custom-build": "build"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedFile:
    """A file of the project that is not in the archive, and the reason."""

    path: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SdistContents:
    """The contents of an sdist: `manifest` is the path of the built crate's Cargo.toml in it.

    `unmade` are descriptions of what hooks have not made yet.
    """

    layout: Layout
    manifest: PurePosixPath
    tree: SourceTree
    exclusion: Exclusion
    roots: Roots
    unmade: tuple[str, ...] = ()

    def skipped_files(self) -> tuple[SkippedFile, ...]:
        """Return the project's files that are not in the archive, except those ignored by git; walks its folders."""
        packed = {entry.source.path for entry in self.layout if isinstance(entry.source, FromFile)}
        written = {str(self.tree.pyproject), *(str(crate.manifest) for crate in self.tree.crates)}
        written |= {file.path for file in (self.tree.lock,) if file is not None}
        written |= {str(self.tree.workspace.manifest)} if self.tree.workspace is not None else set()
        listed = dict.fromkeys(every_path(self.tree))
        folders = (self.tree.project, self.tree.python_source, *(crate.directory for crate in self.tree.crates))
        found = {
            path for folder in folders for path in without_build_outputs(self._walk(folder), folder, self.tree.built)
        }
        excluded = self.exclusion.decide((*listed, *found))
        return tuple(
            SkippedFile(path=path, why=self._why_not(path, listed=path in listed, excluded=path in excluded))
            for path in sorted({*listed, *found} - packed - written, key=sort_key)
        )

    def excluded_in_vain(self) -> tuple[str, ...]:
        """Return a warning for each `exclude` that is the name of a file which the archive has all the same."""
        edited = (self.tree.pyproject, *(crate.manifest for crate in self.tree.crates))
        kept = {*map(str, edited), *(entry.source.path for entry in self.layout if isinstance(entry.source, FromFile))}
        names = (name for name in self.exclusion.patterns if str(self.tree.project / name.strip("/")) in kept)
        return tuple(f"exclude '{name}' has no effect: the source distribution needs the file" for name in names)

    def _walk(self, folder: Path) -> Iterator[str]:
        # no such link is in the archive: there it would be an error
        inside = ProjectBoundary(self.roots)
        return files.walk(
            folder,
            roots=self.roots,
            skips=lambda path: describe_dangling(path) is not None or not inside.contains(path),
        )

    def _why_not(self, path: str, *, listed: bool, excluded: bool) -> str:
        if path in self.tree.made_again:
            return "made again by a hook"
        if excluded:
            return "excluded by `exclude`, or an archive of the project"
        if path.endswith(COMPILED):
            return "compiled"
        if any(path.startswith(f"{folder}{os.sep}") for folder in self.tree.python_folders):
            return "ignored by git or an `.ignore` file"
        if listed:
            return "another file has the same path"
        if not self.tree.crates:
            return "not tracked by git"
        return "not in cargo's list of the crate's files, a Python package or `include`"


def make_contents(
    tree: SourceTree,
    packages: tuple[Package, ...],
    manifest: Manifest,
    options: Options,
    core_metadata: CoreMetadata,
) -> SdistContents:
    """Return the contents of the sdist of a tree, with the tree's Cargo.lock; starts no program.

    Raises `ConfigError` for two files with the same path, and for missing files that a build of the sdist needs.
    """
    exclusion = Exclusion(
        patterns=tuple(exclude.path for exclude in options.exclude if "sdist" in exclude.formats),
        project=tree.project,
        distribution=normalise_distribution(core_metadata.name),
        made_again=tree.made_again,
    )
    paths = SdistPaths.of(tree)
    excluded = exclusion.decide(every_path(tree))
    entries, displaced = lay_out(tree, paths, excluded, core_metadata.text)
    check_conflicts(displaced, entries)
    _check_complete(entries, tree, packages, excluded)
    return SdistContents(
        layout=entries,
        manifest=PurePosixPath(paths.of_crate(manifest.path) if tree.crates else paths.of_project(manifest.path)),
        tree=tree,
        exclusion=exclusion,
        roots=files.join_roots(tree.roots, *(crate.roots for crate in tree.crates)),
    )


def archive_warnings(tree: SourceTree, exclusion: Exclusion) -> tuple[str, ...]:
    """Return a warning for each archive of the project that `include` and similar keys match."""
    return tuple(
        f"{file.path} is skipped although {file.why} matches it: it is an archive of this project"
        for file in tree.named
        if is_archive_of(Path(file.path).name, exclusion.distribution)
    )


def _check_complete(entries: Layout, tree: SourceTree, packages: tuple[Package, ...], excluded: frozenset[str]) -> None:
    if not tree.crates:
        check_buildable(entries, packages, tree.project)
        return
    chosen = (not {"include", "exclude"}.isdisjoint(crate.document["package"]) for crate in tree.crates)
    check_complete(entries, zip(packages, chosen, strict=True), excluded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """What is skipped, whatever lists it: files matching the project's `exclude`, and archives of the project.

    `made_again` are files that hooks make again.
    """

    patterns: tuple[str, ...] = ()
    project: Path
    distribution: str
    made_again: frozenset[str] = frozenset()

    def decide(self, paths: Iterable[str]) -> frozenset[str]:
        """Return the paths that are skipped."""
        every = dict.fromkeys(paths)
        archives = (path for path in every if path.endswith(ARCHIVES))
        made = frozenset(path for path in archives if is_archive_of(os.path.basename(path), self.distribution))  # noqa: PTH119
        made |= self.made_again.intersection(every)
        if not self.patterns:
            return made
        patterns = Patterns(self.project, self.patterns)
        return made | frozenset(path for path in every if patterns.excludes(path))


def lay_out(
    tree: SourceTree, paths: SdistPaths, excluded: frozenset[str], pkg_info: str
) -> tuple[Layout, tuple[Displaced, ...]]:
    """Return the layout of the archive, and the displaced files. Pure."""
    out = excluded - _protected(tree)
    packed = _packed_files(tree, paths, out)
    originals = _originals(tree, paths)
    by_path: dict[str, Entry] = {}
    displaced: list[Displaced] = []
    for entry in (
        *_generated_entries(tree, paths, pkg_info),
        *_manifests(tree, paths, packed, out),
        *_named_entries(tree, paths, out.union(originals.values())),
        *_listed_entries(tree, paths, out),
        *_crate_files(tree, paths, packed, out),
    ):
        earlier = by_path.setdefault(entry.path, entry)
        if earlier is entry or not isinstance(entry.source, FromFile):
            continue
        by = earlier.source.path if isinstance(earlier.source, FromFile) else originals.get(entry.path)
        if by not in (None, entry.source.path):
            displaced.append(Displaced(path=entry.source.path, by=by, place=entry.path))
    return layout(by_path.values()), tuple(displaced)


def _originals(tree: SourceTree, paths: SdistPaths) -> dict[str, str]:
    """Return the files of the tree that may be edited for the archive, by their path in it."""
    manifests = [crate.manifest for crate in tree.crates]
    manifests += [tree.workspace.manifest] if tree.workspace is not None and tree.crates else []
    locks = [Path(tree.lock.path)] if tree.lock is not None else []
    return {
        "pyproject.toml": str(tree.pyproject),
        **{paths.of_crate(path): str(path) for path in (*manifests, *locks)},
    }


def every_path(tree: SourceTree) -> Iterator[str]:
    """Yield the files of a tree; one may be there several times."""
    of_crates = (file for crate in tree.crates for file in crate.files)
    lock = () if tree.lock is None else (tree.lock,)
    for file in (*tree.python, *tree.named, *tree.data, *tree.listed, *of_crates, *lock):
        yield file.path


def _protected(tree: SourceTree) -> frozenset[str]:
    """Return the files without which the unpacked project cannot be built, since its metadata names them."""
    licences = (file for _, file in tree.licences)
    by_project = (file.path for file in (tree.readme, tree.license, *licences) if file is not None)
    by_crate = (
        str(path) for crate in tree.crates[:1] for path in (crate.readme, crate.license_file) if path is not None
    )
    return frozenset((*by_project, *by_crate))


def _generated_entries(tree: SourceTree, paths: SdistPaths, pkg_info: str) -> Iterator[Entry]:
    """Yield the files that we write: PKG-INFO and pyproject.toml."""
    yield Entry(path=PKG_INFO, source=Generated(data=pkg_info.encode()), why="core metadata")
    text = edit(tree.pyproject_text, _pyproject_edits(tree, paths))
    yield _text_entry("pyproject.toml", text, tree.pyproject_text, _file(tree.pyproject, tree.roots, "the project"))


def _named_entries(tree: SourceTree, paths: SdistPaths, out: frozenset[str]) -> Iterator[Entry]:
    """Yield the files named in pyproject.toml, which take precedence."""
    if tree.readme is not None:
        yield _entry(paths.of_readme(tree.readme.path), tree.readme)
    for target, file in tree.licences:  # License-File in PKG-INFO is relative to the archive's root (PEP 639)
        yield _entry(target, file)
    if tree.license is not None:
        yield _entry(paths.of_project(tree.license.path), tree.license)
    for file in tree.python:
        if file.path not in out:
            yield _entry(paths.of_python(file.path), file)
    for file in tree.named:
        if file.path not in out:
            yield _entry(paths.of_project(file.path), file)


def _listed_entries(tree: SourceTree, paths: SdistPaths, out: frozenset[str]) -> Iterator[Entry]:
    for file in tree.listed:
        if file.path not in out:
            yield _entry(paths.of_project(file.path), file)


# -- crates


def _packed_files(tree: SourceTree, paths: SdistPaths, out: frozenset[str]) -> tuple[dict[str, SourceFile], ...]:
    """Return the files of each crate that go into the archive as parts of the crate, by path."""
    skipped = out | {str(tree.pyproject), str(paths.root / PKG_INFO)}
    # Python packages go where pyproject.toml expects them, with the same files as in the wheel of the tree
    moved = paths.python_moves
    kept = set() if moved else {file.path for file in (*tree.python, *tree.data)}
    packed: list[dict[str, SourceFile]] = []
    for crate in tree.crates:
        folders = (folder for folder in tree.python_folders if moved or not crate.directory.is_relative_to(folder))
        elsewhere = tuple(f"{folder}{os.sep}" for folder in folders)
        packed.append({})
        for file in crate.files:
            path = file.path
            own = path in kept or not path.startswith(elsewhere) or (path.endswith(".rs") and not moved)
            if own and path not in skipped and not path.endswith(COMPILED):
                packed[-1].setdefault(path, file)
    return tuple(packed)


def _crate_files(
    tree: SourceTree, paths: SdistPaths, packed: Sequence[Mapping[str, SourceFile]], out: frozenset[str]
) -> Iterator[Entry]:
    placed = set() if paths.python_moves else {file.path for file in tree.python}  # has entries of the same places
    for crate, own in zip(tree.crates, packed, strict=True):
        for file in own.values():
            if file.path not in placed:
                yield _entry(paths.of_crate(file.path), file)
        for path in (crate.readme, crate.license_file):
            if path is not None and str(path) not in own and str(path) not in out:
                source = FromFile(path=str(path), roots=crate.roots)
                name = _name_in_crate(path, crate, tree, own)
                yield Entry(path=paths.of_crate(crate.directory / name), source=source, why="named in Cargo.toml")
    if not any(
        file.path in own for own in packed for file in tree.data
    ):  # without packed files the folder would be missing when the wheel is built
        for file in tree.data:
            if file.path not in out:
                yield _entry(paths.of_project(file.path), file)


def _lock(file: SourceFile, tree: SourceTree, paths: SdistPaths) -> Entry:
    names = [crate.document["package"]["name"] for crate in tree.crates]
    text = lock.prune(tree.lock_text, names)
    return _text_entry(paths.of_crate(file.path), text, tree.lock_text, file)


def _manifests(
    tree: SourceTree, paths: SdistPaths, packed: Sequence[Mapping[str, SourceFile]], out: frozenset[str]
) -> Iterator[Entry]:
    """Yield each Cargo.toml of crates and of the workspace, and Cargo.lock, edited for the archive."""
    if tree.lock is not None and tree.lock.path not in out:
        yield _lock(tree.lock, tree, paths)
    for crate, own in zip(tree.crates, packed, strict=True):
        edits = _edits(crate, tree, own)
        text = _rewrite(crate.text, edits)
        file = _file(crate.manifest, crate.roots, "the crate")
        yield _text_entry(paths.of_crate(crate.manifest), text, crate.text, file)
    workspace = tree.workspace
    if workspace is not None and all(crate.manifest != workspace.manifest for crate in tree.crates):
        edits = ManifestEdits(
            members=_members(workspace.manifest, workspace.document, tree),
            workspace_only="package" in workspace.document,
        )
        text = _rewrite(workspace.text, edits)
        file = _file(workspace.manifest, tree.roots, "the crate's workspace")
        yield _text_entry(paths.of_crate(workspace.manifest), text, workspace.text, file)


def _rewrite(text: str, edits: ManifestEdits) -> str:
    if edits == ManifestEdits():
        return text
    from cratewheel.cargo.rewrite import rewrite  # tomlkit is slow to import, and most manifests need no edits

    return rewrite(text, edits)


def _edits(crate: CrateSource, tree: SourceTree, packed: Container[str]) -> ManifestEdits:
    missing = [target for target in crate.targets if str(target.source) not in packed]
    kinds = [(TARGET_KINDS.get(target.kinds[0], "lib"), target.name) for target in missing]
    inheritance = None
    if crate.foreign_workspace is not None:
        manifest, workspace = crate.foreign_workspace
        inheritance = Inheritance(workspace=workspace, workspace_folder=manifest.parent, crate_folder=crate.directory)
    return ManifestEdits(
        readme=_outside(crate.readme, crate, tree, packed),
        license_file=_outside(crate.license_file, crate, tree, packed),
        missing_targets=tuple(kind for kind in kinds if kind[0] != "build"),
        without_build_script=any(kind == "build" for kind, _ in kinds),
        members=_members(crate.manifest, crate.document, tree) if "workspace" in crate.document else None,
        inheritance=inheritance,
    )


def _outside(path: Path | None, crate: CrateSource, tree: SourceTree, packed: Container[str]) -> str | None:
    return _name_in_crate(path, crate, tree, packed) if path is not None and str(path) not in packed else None


def _name_in_crate(path: Path, crate: CrateSource, tree: SourceTree, packed: Container[str]) -> str:
    """Return a free name for a file from outside that is put next to a Cargo.toml.

    The licence of the built crate keeps its name, which the project's metadata contains.
    """
    if crate is tree.crates[0] and path == crate.license_file:
        return path.name
    return free_name(crate.directory, path.name, packed)


def _members(manifest: Path, document: source_tree.Table, tree: SourceTree) -> tuple[str, ...]:
    """Return the remaining `workspace.members` in `manifest`: the crates of the archive."""
    listed = document.get("workspace", {}).get("members", [])
    folders = [relative_path(manifest.parent, crate.directory) for crate in tree.crates]
    kept = filter_members(listed, folders)
    # the built crate may have been a member only as a dependency of a skipped crate
    is_own = tree.workspace is not None and tree.workspace.manifest == manifest
    if is_own and folders[0] != "." and not filter_members(kept, folders[:1]):
        return (*kept, folders[0])
    return kept


# -- pyproject.toml


def _pyproject_edits(tree: SourceTree, paths: SdistPaths) -> PyProjectEdits:
    if not tree.crates:
        return _git_edits(tree)
    if not paths.moved and not tree.needs_manifest_path:
        return PyProjectEdits(readme=_readme_name(tree, paths), license=_moved_name(tree.license, paths))
    source = tree.python_source if tree.python_source != tree.project or paths.python_stays else None
    return PyProjectEdits(
        manifest_path=paths.of_crate(tree.crates[0].manifest),
        python_source=paths.of_python(source) if source and paths.moved else None,
        data=_moved_data(tree, paths),
        readme=_readme_name(tree, paths),
        license=_moved_name(tree.license, paths),
    )


def _moved_data(tree: SourceTree, paths: SdistPaths) -> str | None:
    """Return the new path of the data folder, if it stays with the crate while pyproject.toml moves."""
    data = {file.path for file in tree.data}
    in_crate = any(file.path in data for crate in tree.crates for file in crate.files)
    return paths.of_crate(tree.data_folder) if paths.moved and in_crate and tree.data_folder else None


def _git_edits(tree: SourceTree) -> PyProjectEdits:
    for file in (tree.readme, tree.license, *(file for _, file in tree.licences)):
        if file is not None and not Path(file.path).is_relative_to(tree.project):
            raise ConfigError(
                f"{file.path}, the {file.why}, is not below {tree.project}, and git lists only files there",
                hint='copy it there, or set `sdist-generator = "cargo"` in pyproject.toml',
            )
    return PyProjectEdits()


def _readme_name(tree: SourceTree, paths: SdistPaths) -> str | None:
    if tree.readme is None:
        return None
    found = paths.of_readme(tree.readme.path)
    return None if found == paths.in_project(tree.readme.path) else found


def _moved_name(file: SourceFile | None, paths: SdistPaths) -> str | None:
    if file is None or Path(file.path).is_relative_to(paths.project):
        return None
    return paths.of_project(file.path)


# -- entries


def _entry(path: str, file: SourceFile) -> Entry:
    return Entry(path=path, source=FromFile(path=file.path, executable=file.executable, roots=file.roots), why=file.why)


def _file(path: Path, roots: Roots, why: str) -> SourceFile:
    return SourceFile(path=str(path), why=why, roots=roots)


def _text_entry(path: str, text: str, original: str, file: SourceFile) -> Entry:
    """Return the entry of a text: the file itself if the text is unchanged."""
    if text == original:
        return Entry(path=path, source=FromFile(path=file.path, roots=file.roots), why=file.why)
    return Entry(path=path, source=Generated(data=text.encode()), why=f"{file.why}, edited for the archive")


# -- reports


def package_files(contents: SdistContents, modules: ModuleLayout) -> dict[str, str]:
    """Return the files of Python packages and of `include` in the archive, by their paths in a wheel."""
    source = RelativePath(modules.python_source)
    folders = tuple(f"{package}{os.sep}" for package in modules.packages)
    alone = {str(package) for package in modules.packages}
    alone |= {file.path for file in contents.tree.named}
    packed = (entry.source.path for entry in contents.layout if isinstance(entry.source, FromFile))
    found = (path for path in packed if path.startswith(folders) or path in alone)
    return {place: path for path in found if (place := source(path)) is not None}


def explain(contents: SdistContents) -> tuple[str, ...]:
    """Return a line for each file of the archive and for each skipped file, with the reason."""
    skipped = contents.skipped_files()
    rows = [("+", entry.path, entry.why) for entry in contents.layout]
    around = SdistPaths.of(contents.tree).root
    rows += [("-", Path(os.path.relpath(file.path, around)).as_posix(), file.why) for file in skipped]
    width = min(max(len(path) for _, path, _ in rows), 60)
    return tuple(f"  {sign} {path:<{width}}  {why}" for sign, path, why in rows)
