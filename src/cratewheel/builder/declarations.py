"""The C declarations of a cffi library, and the program that writes them: there before the library is compiled."""

from __future__ import annotations

from pathlib import Path

from cratewheel.bindings import cffi
from cratewheel.bindings.cbindgen import CbindgenPolicy, ensure_cbindgen
from cratewheel.builder.session import Session
from cratewheel.options.model import Options
from cratewheel.project.inputs import Inputs
from cratewheel.system.files import is_file


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
    scripts = (target for target in inputs.cargo.root_package.targets if "custom-build" in target.kinds)
    if inputs.bindings.kind != "cffi" or any(scripts) or is_file(session.target_dir / cffi.HEADER):
        return
    ensure_cbindgen(cbindgen_policy(inputs.options), session.environ, session.reporter, cwd=session.cwd)


def read_declarations(session: Session, scratch: Path) -> str:
    """Return the C declarations of the compiled library; raises as `cffi.read_declarations` does."""
    project = session.inputs.project
    return cffi.read_declarations(
        target_directory=session.target_dir,
        crate=project.manifest.directory,
        workspace=session.inputs.cargo.workspace_root,
        cwd=session.cwd,
        roots=project.roots,
        scratch=scratch,
        environ=session.environ,
        reporter=session.reporter,
        policy=cbindgen_policy(session.inputs.options),
    )
