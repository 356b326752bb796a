"""The C declarations of a cffi library, and the program that writes them: there before the library is compiled."""

from __future__ import annotations

from pathlib import Path

from cratewheel.bindings import cffi
from cratewheel.bindings.cbindgen import CbindgenPolicy, ensure_cbindgen
from cratewheel.builder.session import Session
from cratewheel.cargo.model import CargoMetadata, Package
from cratewheel.cargo.run import Artifact
from cratewheel.options.model import Options
from cratewheel.project.inputs import Inputs


def cbindgen_policy(options: Options) -> CbindgenPolicy:
    """Return whether cargo may install cbindgen for a build with these options."""
    return CbindgenPolicy(install=options.install_cbindgen, offline=options.offline or options.frozen)


def prepare_cbindgen(session: Session) -> None:
    """Install cbindgen where the bindings need it and there is none; only a build script could write their header.

    Raises `MissingToolError` where it cannot be installed, with the other ways to get declarations.
    """
    for _, inputs in session.inputs.artifacts:
        _prepare_for(session, inputs)


def _prepare_for(session: Session, inputs: Inputs) -> None:
    if inputs.bindings.kind != "cffi" or _has_script(inputs.cargo.root_package):
        return
    if cffi.find_header(session.target_dir, None, is_shared=_is_shared(inputs.cargo)) is not None:
        return
    ensure_cbindgen(cbindgen_policy(inputs.options), session.environ, session.reporter, cwd=session.cwd)


def _has_script(package: Package) -> bool:
    return any("custom-build" in target.kinds for target in package.targets)


def _is_shared(cargo: CargoMetadata) -> bool:
    """Return whether other crates of the workspace have build scripts, which may write a header to the same place."""
    return any(_has_script(cargo.packages[name]) for name in cargo.workspace_members if name != cargo.root)


def read_declarations(session: Session, artifact: Artifact, scratch: Path) -> str:
    """Return the C declarations of the compiled library; raises as `cffi.read_declarations` does."""
    project, cargo = session.inputs.project, session.inputs.cargo
    return cffi.read_declarations(
        target_directory=session.target_dir,
        crate=project.manifest.directory,
        workspace=cargo.workspace_root,
        cwd=session.cwd,
        roots=project.roots,
        scratch=scratch,
        environ=session.environ,
        reporter=session.reporter,
        policy=cbindgen_policy(session.inputs.options),
        out_dir=artifact.out_dirs.get(cargo.root or ""),
        is_shared=_is_shared(cargo),
    )
