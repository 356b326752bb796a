"""Decides which failures of Rust do not end a build, and what the wheel is then made without. Pure."""

from __future__ import annotations

from cratewheel.errors import (
    BrokenRustError,
    CargoBuildError,
    CratewheelError,
    DownloadError,
    NoLinkerError,
    NoRustError,
    NoStandardLibraryError,
    OldRustError,
)
from cratewheel.options.model import Options
from cratewheel.options.optional import is_optional
from cratewheel.options.tables import FAILURES
from cratewheel.options.values import FailureKind
from cratewheel.planning.model import ArtifactPlan
from cratewheel.project.inputs import Inputs

# Failures of Rust on this machine or for this target; every other error is one of the project, the request or ours.
KINDS: tuple[tuple[type[CratewheelError], FailureKind], ...] = (
    (NoRustError, "no-cargo"),
    (BrokenRustError, "no-cargo"),
    (NoStandardLibraryError, "no-std"),
    (NoLinkerError, "compile-error"),
    (OldRustError, "compile-error"),
    (DownloadError, "compile-error"),
    (CargoBuildError, "compile-error"),
)


def tolerated(options: Options) -> tuple[FailureKind, ...]:
    """Return the failures after which the wheel has the Python part alone."""
    if not is_optional(options):
        return ()
    if options.optional.when:
        return options.optional.when
    return FAILURES if all(one.optional for one in options.artifacts) else ()


def failure_of(error: CratewheelError) -> FailureKind | None:
    """Return what failed of Rust, or None for an error of another kind."""
    return next((kind for class_, kind in KINDS if isinstance(error, class_)), None)


def falls_back(options: Options, error: CratewheelError) -> bool:
    """Return whether a wheel of the Python part is made after this error."""
    return failure_of(error) in tolerated(options)


def may_leave_out(inputs: Inputs, artifact: ArtifactPlan, error: CratewheelError) -> bool:
    """Return whether the wheel is made without one artifact that could not be compiled."""
    if artifact.part is None or not is_optional(inputs.options):
        return False
    kind = failure_of(error)
    allowed = inputs.options.optional.when or FAILURES
    return inputs.parts[artifact.part].settings.optional and kind in allowed


def describe_fallback(options: Options) -> tuple[str, ...]:
    """Return what `--explain` says of the failures that do not end the build."""
    when = tolerated(options)
    if when:
        return (f"the wheel has the Python part alone (py3-none-any) after {' or '.join(when)}",)
    if not is_optional(options):
        return ()
    return ("optional artifacts that cannot be compiled are left out of the wheel",)
