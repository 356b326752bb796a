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
from cratewheel.project.inputs import SdistFacts
from cratewheel.system.files.temporary import temporary_folder
from cratewheel.targets.wheel_tags import sdist_stem
from cratewheel.ui import Ui, size_text


def build_sdist(facts: SdistFacts, out: Path, *, environ: Mapping[str, str], ui: Ui) -> Path:
    """Write the source distribution to the folder `out` and return its path; with `vendor`, the crates are in it."""
    metadata = facts.sources.metadata
    warn_of_epoch(environ, ui)
    content = sdist_content(facts, environ=environ, ui=ui)
    in_vain = wheel_contents.exclude_warnings(facts.sources.root, facts.options.exclude, "sdist")
    for warning in (*facts.modules.warnings, *in_vain):
        ui.warn(warning)
    of_packages = sdist_contents.package_entries(content, facts.modules)
    for warning, hint in left_out_modules(facts.modules, facts.sources.root, of_packages, metadata.entry_points):
        ui.warn(warning, hint=hint)
    if facts.options.explain:
        ui.lines(sdist_contents.explanation(content))
    path = out / f"{sdist_stem(metadata.name, metadata.version)}.tar.gz"
    with ExitStack() as stack:
        entries = content.layout
        if facts.options.vendor:
            ui.step("Vendoring", "the crates that the archive needs")
            scratch = stack.enter_context(temporary_folder())
            entries = vendor.vendored(
                content, scratch, facts.options, cwd=facts.sources.location.cwd, environ=environ, ui=ui
            )
        built = sdist_writer.write(entries, path, mtime=source_date_epoch(environ))
    ui.step("Packed", f"{path.name} ({size_text(built.size)}, {len(entries)} files)")
    ui.result(path, {"kind": "sdist", "sha256": built.sha256, "size": built.size})
    return path


def sdist_content(facts: SdistFacts, *, environ: Mapping[str, str], ui: Ui) -> sdist_contents.SdistContents:
    """Return what the source distribution will hold, and what not."""
    assert facts.sources.pyproject is not None, "gather_sdist refuses a project without one"
    return sdist_contents.layout_of(
        pyproject=facts.sources.pyproject,
        manifest=facts.sources.manifest,
        cargo=facts.cargo,
        options=facts.options,
        core_metadata=facts.sources.metadata,
        modules=facts.modules,
        cwd=facts.sources.location.cwd,
        environ=environ,
        ui=ui,
    )
