"""The type stubs of what cargo has compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from cratewheel.audit.introspection import read_descriptions
from cratewheel.bindings.stubs import stub_files
from cratewheel.builder.session import Session
from cratewheel.cargo.run import Artifact
from cratewheel.contents.stubs import stub_module
from cratewheel.errors import ConfigError
from cratewheel.project.inputs import Inputs


def refuse_stubs(inputs: Inputs) -> None:
    """Raise `ConfigError` for bindings whose modules describe nothing, before anything is compiled."""
    bindings = inputs.bindings
    if bindings.crate != "pyo3" or bindings.kind != "pyo3":
        raise ConfigError(
            f"type stubs are generated for pyo3 modules, and the bindings are {bindings}",
            hint="remove --generate-stubs, and write the stubs by hand",
        )


def read_stubs(session: Session, artifacts: Sequence[Artifact]) -> Mapping[PurePosixPath, str]:
    """Return the stub files of the compiled module, by their paths in its package.

    Raises `ConfigError` when the module describes nothing, `AuditError` for a damaged file.
    """
    return stub_files(read_descriptions(artifacts[0].path), stub_module(session.inputs.modules))
