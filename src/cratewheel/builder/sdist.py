"""The source distribution: what it holds, and writing it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from cratewheel.archive import sdist as sdist_writer
from cratewheel.builder.session import source_date_epoch, warn_of_epoch
from cratewheel.contents import sdist as sdist_contents
from cratewheel.contents import vendor
from cratewheel.contents import wheel as wheel_contents
from cratewheel.contents.missing_modules import left_out_modules
from cratewheel.events import BuiltArchive, Reporter
from cratewheel.project.inputs import SdistInputs
from cratewheel.system.files.temporary import temporary_folder
from cratewheel.targets.wheel_tags import sdist_stem
from cratewheel.ui import size_text


def build_sdist(inputs: SdistInputs, out: Path, *, environ: Mapping[str, str], reporter: Reporter) -> BuiltArchive:
    """Write the source distribution to the folder `out` and report it; with `vendor`, the crates are in it."""
    metadata = inputs.metadata
    warn_of_epoch(environ, reporter)
    content = sdist_content(inputs, environ=environ, reporter=reporter)
    in_vain = wheel_contents.exclude_warnings(inputs.project.root, inputs.options.exclude, "sdist")
    for warning in (*inputs.modules.warnings, *in_vain):
        reporter.warn(warning)
    of_packages = sdist_contents.package_entries(content, inputs.modules)
    for warning, hint in left_out_modules(inputs.modules, inputs.project.root, of_packages, metadata.entry_points):
        reporter.warn(warning, hint=hint)
    if inputs.options.explain:
        reporter.explain(sdist_contents.explanation(content))
    path = out / f"{sdist_stem(metadata.name, metadata.version)}.tar.gz"
    with ExitStack() as stack:
        entries = content.layout
        if inputs.options.vendor:
            reporter.step("Vendoring", "the crates that the archive needs")
            scratch = stack.enter_context(temporary_folder())
            entries = vendor.vendored(
                content, scratch, inputs.options, cwd=inputs.project.cwd, environ=environ, reporter=reporter
            )
        built = sdist_writer.write(entries, path, mtime=source_date_epoch(environ))
    reporter.step("Packed", f"{path.name} ({size_text(built.size)}, {len(entries)} files)")
    archive = BuiltArchive(kind="sdist", path=path, sha256=built.sha256, size=built.size)
    reporter.emit(archive)
    return archive


def sdist_content(
    inputs: SdistInputs, *, environ: Mapping[str, str], reporter: Reporter
) -> sdist_contents.SdistContents:
    """Return what the source distribution will hold, and what not."""
    assert inputs.project.pyproject is not None, "gather_sdist refuses a project without one"
    return sdist_contents.layout_of(
        pyproject=inputs.project.pyproject,
        manifest=inputs.project.manifest,
        cargo=inputs.cargo,
        options=inputs.options,
        core_metadata=inputs.metadata,
        modules=inputs.modules,
        cwd=inputs.project.cwd,
        environ=environ,
        reporter=reporter,
    )
