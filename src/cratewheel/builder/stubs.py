"""Reads type stubs from compiled modules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from cratewheel.audit.introspection import read_descriptions
from cratewheel.bindings.stubs import stub_files
from cratewheel.builder.session import Session
from cratewheel.cargo.run import Artifact
from cratewheel.contents.stubs import stub_module
from cratewheel.errors import ConfigError
from cratewheel.project.inputs import Inputs


def check_stubs_supported(inputs: Inputs) -> None:
    """Raise `ConfigError` for bindings whose modules contain no description, before compiling."""
    if any(one.bindings.crate == "pyo3" and one.bindings.kind == "pyo3" for _, one in inputs.artifacts if inputs.parts):
        return
    bindings = inputs.bindings
    if bindings.crate != "pyo3" or bindings.kind != "pyo3":
        raise ConfigError(
            f"type stubs can be generated only for pyo3 modules; the bindings are {bindings}",
            hint=f"{'remove --generate-stubs, and ' if inputs.options.generate_stubs else ''}write the stubs by hand",
        )


def read_stubs(session: Session, artifact: Artifact) -> Mapping[PurePosixPath, str]:
    """Return the stub files of the compiled module, by their paths in its package.

    Raises `ConfigError` if the module has no description, `AuditError` for a damaged file.
    """
    return stub_files(read_descriptions(artifact.path), stub_module(session.inputs.modules))
