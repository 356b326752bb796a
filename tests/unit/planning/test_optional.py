"""Which failures of Rust a wheel is made after, and without what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cratewheel.errors import (
    AuditError,
    BrokenRustError,
    CargoBuildError,
    CompileError,
    ConfigError,
    CratewheelError,
    DownloadError,
    InterpreterError,
    MismatchError,
    MissingToolError,
    NoLinkerError,
    NoRustError,
    NoStandardLibraryError,
    OldRustError,
    ProcessError,
    UsageError,
    to_user_error,
)
from cratewheel.options.model import Options
from cratewheel.options.optional import is_optional
from cratewheel.options.values import ArtifactSettings, OptionalRust
from cratewheel.planning.decide import decide
from cratewheel.planning.optional import describe_fallback, failure_of, falls_back, tolerated
from cratewheel.system.tasks import CancelledError
from situations import pyo3, situation

ALL = ("no-cargo", "no-std", "compile-error")
OPTIONAL = OptionalRust(when=ALL)  # type: ignore[arg-type]  # each is one of its words


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NoRustError("x"), "no-cargo"),
        (BrokenRustError("x"), "no-cargo"),
        (NoStandardLibraryError("x"), "no-std"),
        (NoLinkerError("x"), "compile-error"),
        (OldRustError("x"), "compile-error"),
        (DownloadError("x"), "compile-error"),
        (CargoBuildError("x"), "compile-error"),
    ],
)
def test_each_failure_of_rust_has_a_kind_by_which_it_is_tolerated(error: CratewheelError, kind: Any) -> None:
    assert failure_of(error) == kind
    assert falls_back(Options(optional=OptionalRust(when=(kind,))), error)
    others = tuple(one for one in ALL if one != kind)
    assert not falls_back(Options(optional=OptionalRust(when=others)), error)  # type: ignore[arg-type]
    assert not falls_back(Options(), error)


@pytest.mark.parametrize(
    "error",
    [
        AuditError("x"), MismatchError("x"), ConfigError("x"), UsageError("x"), InterpreterError("x"),
        MissingToolError("zig"), ProcessError("a hook"), CompileError("by a signal"), CancelledError("x"),
        to_user_error(OSError(28, "No space left on device")), to_user_error(MemoryError()),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_errors_of_the_project_the_request_or_the_disk_end_the_build(error: CratewheelError) -> None:
    assert not falls_back(Options(optional=OPTIONAL), error)


@pytest.mark.parametrize("given", [{"require_rust": True}, {"pgo": True}])
def test_a_release_tolerates_nothing(given: dict[str, bool]) -> None:
    options = Options(optional=OPTIONAL, artifacts=(ArtifactSettings(optional=True),), **given)  # type: ignore[arg-type]
    assert (is_optional(options), tolerated(options), describe_fallback(options)) == (False, (), ())


@pytest.mark.parametrize(
    ("when", "artifacts", "expected"),
    [
        (ALL, (), (True, ALL)),
        (("no-std",), (True, True), (True, ("no-std",))),
        ((), (True, True), (True, ALL)),
        ((), (True, False), (True, ())),
        ((), (False,), (False, ())),
        ((), (), (False, ())),
    ],
)
def test_the_wheel_may_be_pure_where_all_of_its_artifacts_are_optional(
    when: Any, artifacts: tuple[bool, ...], expected: object
) -> None:
    options = Options(
        optional=OptionalRust(when=when), artifacts=tuple(ArtifactSettings(optional=one) for one in artifacts)
    )
    assert (is_optional(options), tolerated(options)) == expected


def test_the_plan_says_after_what_the_wheel_has_no_rust() -> None:
    facts = situation(cargo=pyo3(), pythons=("12",))
    plan = decide(replace(facts, options=replace(facts.options, optional=OptionalRust(when=("no-std",)))))
    assert "the wheel has the Python part alone (py3-none-any) after no-std" in plan.why
    some = Options(artifacts=(ArtifactSettings(optional=True), ArtifactSettings()))
    assert describe_fallback(some) == ("optional artifacts that cannot be compiled are left out of the wheel",)
