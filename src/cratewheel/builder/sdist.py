"""Builds source distributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from cratewheel.archive import sdist as sdist_writer
from cratewheel.archive.layout import layout
from cratewheel.bindings.uniffi import bindgen_manifest
from cratewheel.builder.scheduling import OncePerCommand
from cratewheel.builder.source_date import source_date_epoch, warn_invalid_epoch
from cratewheel.cargo import lockfile
from cratewheel.cargo.manifest import Manifest
from cratewheel.contents import hook_files
from cratewheel.contents import sdist as sdist_contents
from cratewheel.contents import wheel as wheel_contents
from cratewheel.contents.cargo_lock import resolve_lock_with_cargo
from cratewheel.contents.cargo_packages import packages_with_cargo
from cratewheel.contents.cargo_vendor import vendor_with_cargo
from cratewheel.contents.crate_sources import CrateFile, crate_files
from cratewheel.contents.git_modes import with_modes_of_git
from cratewheel.contents.git_tracked import DanglingLinks
from cratewheel.contents.left_out import (
    left_out_configuration,
    left_out_includes,
    left_out_libraries,
    left_out_lock,
    packed_files,
)
from cratewheel.contents.missing_modules import missing_modules
from cratewheel.contents.portable_names import name_warnings
from cratewheel.contents.sdist import SdistContents
from cratewheel.contents.sdist_paths import RelativePath, SdistPaths
from cratewheel.contents.source_tree import Reader, SourceTree, read_with_cargo_or_git
from cratewheel.errors import ConfigError
from cratewheel.events import BuiltArchive, Reporter
from cratewheel.project.artifacts import artifact_manifests
from cratewheel.project.hooks import RECORD, HookPlace, hook_place
from cratewheel.project.inputs import SdistInputs
from cratewheel.project.location import locate
from cratewheel.project.pyproject import PyProject
from cratewheel.system.files.temporary import temporary_folder
from cratewheel.targets.wheel_tags import sdist_stem
from cratewheel.ui import format_size


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedSdist:
    """A source distribution that was written, and the files on disk that it has, or that its hooks make again."""

    archive: BuiltArchive
    files: frozenset[str]


def build_sdist(
    inputs: SdistInputs,
    out: Path,
    *,
    environ: Mapping[str, str],
    reporter: Reporter,
    hook_runs: OncePerCommand | None = None,
) -> PackedSdist:
    """Write the source distribution to the folder `out` and report it; with `vendor`, it contains the crates.

    `hook_runs` are the hooks that have run for wheels of the same command.
    """
    if inputs.options.hooks:
        from cratewheel.builder.hooks import before_sdist

        inputs = before_sdist(inputs, out, hook_runs or OncePerCommand(), environ=environ, reporter=reporter)
    metadata = inputs.metadata
    warn_invalid_epoch(environ, reporter)
    content = sdist_content(inputs, environ=environ, reporter=reporter)
    in_vain = wheel_contents.exclude_warnings(inputs.project.root, inputs.options.exclude, "sdist", content.layout)
    for warning in (*inputs.modules.warnings, *in_vain, *content.excluded_in_vain()):
        reporter.warn(warning)
    _warn_foreign_backend(inputs, reporter)
    of_packages = {**sdist_contents.package_files(content, inputs.modules), **_made_later(inputs)}
    of_names = name_warnings(entry.path for entry in content.layout)
    missing = missing_modules(inputs.modules, inputs.project.root, of_packages, metadata.entry_points)
    for warning, hint in (*missing, *of_names):
        reporter.warn(warning, hint=hint)
    if inputs.options.explain:
        reporter.explain(sdist_contents.explain(content))
    path = out / f"{sdist_stem(metadata.name, metadata.version)}.tar.gz"
    with ExitStack() as stack:
        entries = content.layout
        if inputs.options.vendor:
            reporter.step("Vendoring", "the crates for the archive")
            scratch = stack.enter_context(temporary_folder())
            entries = vendor_with_cargo(
                content, scratch, inputs.options, cwd=inputs.project.cwd, environ=environ, reporter=reporter
            )
        built = sdist_writer.write(entries, path, mtime=source_date_epoch(environ))
    name = reporter.archive_name(path, inputs.project.cwd)
    reporter.step("Packed", f"{name} ({format_size(built.size)}, {len(entries)} files)")
    archive = BuiltArchive(kind="sdist", path=path, sha256=built.sha256, size=built.size)
    reporter.emit(archive)
    made_again = hook_files.made_again(inputs.options.hooks, _hook_place(inputs)) if inputs.options.hooks else ()
    return PackedSdist(archive=archive, files=frozenset((*packed_files(content.layout), *made_again)))


def crates_for_others(inputs: SdistInputs, *, environ: Mapping[str, str], reporter: Reporter) -> tuple[CrateFile, ...]:
    """Return the files of the crates and of the hooks, for a source distribution that another backend packs.

    Runs the hooks of a source distribution. Raises `UnsupportedError` for a file outside of the project's folder.
    """
    if not inputs.options.hooks:
        return crate_files(sdist_content(inputs, environ=environ, reporter=reporter))
    from cratewheel.builder.hooks import before_sdist

    out = inputs.options.out or inputs.project.root / "dist"  # where frontends write it
    inputs = before_sdist(inputs, out, OncePerCommand(), environ=environ, reporter=reporter)
    named = hook_files.named_files(inputs.options.hooks, _hook_place(inputs))
    content = sdist_content(inputs, environ=environ, reporter=reporter)
    return crate_files(content, frozenset(str(path) for path, _ in named))


def sdist_content(inputs: SdistInputs, *, environ: Mapping[str, str], reporter: Reporter) -> SdistContents:
    """Return the contents of the source distribution, with paths in its top-level folder.

    Runs `cargo package --list` for each crate in the folder `cwd` of the project, or `git ls-files`. Raises
    `ConfigError` when a file is missing or links out of the project, and `ProcessError` when a program fails.
    """
    project, cwd = inputs.project, inputs.project.cwd
    assert project.pyproject is not None, "gather_sdist rejects a project without one"
    others = _other_manifests(inputs)
    packages = packages_with_cargo(project.manifest, inputs.cargo, environ, reporter, cwd=cwd, others=others)
    hooks = inputs.options.hooks
    place = _hook_place(inputs) if hooks else None
    reader = Reader(
        pyproject=project.pyproject,
        manifest=project.manifest,
        cargo=inputs.cargo,
        packages=packages,
        options=inputs.options,
        core_metadata=inputs.metadata,
        modules=inputs.modules,
        cwd=cwd,
        environ=environ,
        reporter=reporter,
        roots=project.roots,
        dangling=DanglingLinks(environ, reporter),
        of_hooks=dict(hook_files.named_files(hooks, place)) if place else {},
        made_again=hook_files.made_again(hooks, place) if place else frozenset(),
    )
    needs_manifest_path = _needs_manifest_path(project.pyproject, project.manifest)
    tree = read_with_cargo_or_git(reader, needs_manifest_path=needs_manifest_path)
    found = sdist_contents.make_contents(tree, packages, project.manifest, inputs.options, inputs.metadata)
    for warning in sdist_contents.archive_warnings(tree, found.exclusion):
        reporter.warn(warning)
    for warning, hint in _left_out(inputs, tree, found, environ):
        reporter.warn(warning, hint=hint)
    settled = with_modes_of_git(
        resolve_lock_with_cargo(found.layout, found.manifest, cwd=cwd, environ=environ, reporter=reporter),
        project.root,
        environ,
    )
    if place is None:
        return replace(found, layout=settled)
    hook_files.check_needed(settled, hooks, place)
    hook_files.check_places(hooks, place, SdistPaths.of(tree))
    record = hook_files.record_entry(settled, hooks, place)
    return replace(
        found,
        # an unpacked sdist has the record of the one it was
        layout=layout((*(entry for entry in settled if entry.path != RECORD), *filter(None, (record,)))),
        unmade=hook_files.unmade(hooks, place),
    )


def _other_manifests(inputs: SdistInputs) -> Iterator[Path]:
    """Yield the Cargo.toml of crates that a wheel is made with, though the built crate does not depend on them."""
    artifacts = artifact_manifests(inputs.options, inputs.cargo)
    yield from artifacts
    kinds = {one.kind for one in inputs.options.artifacts}
    requested = "uniffi" if "uniffi" in kinds else inputs.options.bindings
    crates = artifacts or (inputs.project.manifest.path,)
    generator = bindgen_manifest(inputs.cargo, crates, requested=requested)
    if generator is not None:
        yield generator


def _warn_foreign_backend(inputs: SdistInputs, reporter: Reporter) -> None:
    file = inputs.project.pyproject
    if file is not None and (backend := file.foreign_backend) is not None:
        named = "names" if file.build_backend else "has no `build-backend`, which means"
        reporter.warn(
            f"installers will build the sdist without Rust: [build-system] in {file.path} {named} {backend}",
            hint='write `requires = ["cratewheel"]` and `build-backend = "cratewheel"` there',
        )


def _left_out(
    inputs: SdistInputs, tree: SourceTree, found: SdistContents, environ: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield a warning and a hint for each file that builds of the tree read, and that the archive lacks."""
    project, packed = inputs.project, packed_files(found.layout)
    yield from left_out_configuration(packed, project.root, project.roots, environ, project.cwd)
    yield from left_out_includes(packed, tree.crates, project.root)
    yield from left_out_lock(
        found.layout, lockfile.find(project.manifest.directory, inputs.cargo.workspace_root), project.root
    )
    yield from left_out_libraries(packed, tree, inputs.modules, found.exclusion.decide(tree.compiled))


def _hook_place(inputs: SdistInputs) -> HookPlace:
    return hook_place(inputs.project, inputs.options, inputs.options.target_dir or inputs.cargo.target_directory)


def _made_later(inputs: SdistInputs) -> dict[str, str]:
    """Return the modules that hooks make again in the archive, by their paths in a wheel."""
    place = RelativePath(inputs.modules.python_source)
    made = hook_files.made_again(inputs.options.hooks, _hook_place(inputs)) if inputs.options.hooks else ()
    return {below: path for path in made if (below := place(path)) is not None}


def _needs_manifest_path(pyproject: PyProject, manifest: Manifest) -> bool:
    try:
        return locate(None, pyproject.directory).manifest != manifest.path
    except ConfigError:
        return True
