"""Which artifact each prebuilt file is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from cratewheel.bindings.binary import file_name
from cratewheel.bindings.place import library_name
from cratewheel.cargo.model import CrateTarget
from cratewheel.errors import ConfigError, UsageError
from cratewheel.project.inputs import Inputs
from cratewheel.targets.triples import Target


def cargo_file_name(crate: CrateTarget, target: Target) -> str:
    """Return the name that cargo gives a target's file."""
    if "bin" in crate.crate_types:
        return file_name(crate.name, target.os)
    return library_name(crate.name.replace("-", "_"), target.os)


def assign(inputs: Inputs, artifacts: Sequence[tuple[int | None, CrateTarget]]) -> dict[int, Path]:
    """Return the prebuilt file of each artifact that has one, by its position in `artifacts`.

    Paths on the command line are relative to the working directory, those of tables to the project. Raises `UsageError`
    where it is not said which artifact a file is.
    """
    found = {
        at: inputs.project.root / written
        for at, (part, _) in enumerate(artifacts)
        if part is not None and (written := inputs.parts[part].settings.prebuilt) is not None
    }
    given: dict[int, Path] = {}
    for value in inputs.options.prebuilt:
        at, path = _position(value, inputs, artifacts)
        if at in given:
            raise UsageError(f"--prebuilt names two files for {artifacts[at][1].name}: {given[at]} and {path}")
        given[at] = inputs.project.cwd / path
    return {**found, **given}


def _position(value: str, inputs: Inputs, artifacts: Sequence[tuple[int | None, CrateTarget]]) -> tuple[int, str]:
    names = [_names(inputs, part, crate) for part, crate in artifacts]
    name, equals, path = value.partition("=")
    if equals:
        named = [at for at, known in enumerate(names) if name in known]
        if len(named) == 1:
            return named[0], path
    if len(artifacts) == 1:  # a `=` of the path
        return 0, value
    fitting = [
        at for at, (_, crate) in enumerate(artifacts) if cargo_file_name(crate, inputs.target) == PurePath(value).name
    ]
    if len(fitting) == 1:
        return fitting[0], value
    raise UsageError(
        f"--prebuilt={value} does not say which artifact it is",
        hint=f"write NAME=PATH; the artifacts are {', '.join(known[0] for known in names)}",
    )


def _names(inputs: Inputs, part: int | None, crate: CrateTarget) -> tuple[str, ...]:
    if part is None:
        return (crate.name,)
    one = inputs.parts[part]
    more = (one.module, one.settings.path, one.settings.crate)
    if sum(each.name == crate.name for each in inputs.parts) > 1:  # another one has the name, too
        return tuple(filter(None, more)) or (crate.name,)
    return (crate.name, *filter(None, more))


def check_options(inputs: Inputs, *, wheels: int, own_python: bool) -> None:
    """Raise an error for prebuilt files with options that need a compiler, or more wheels than they can be for.

    `own_python` says that a file is for one Python.
    """
    options = inputs.options
    if options.pgo:
        raise UsageError("--pgo compiles, and a prebuilt file is not compiled", hint="remove one of them")
    if options.editable_rebuild and options.editable:
        raise ConfigError("`editable-rebuild` compiles, and a prebuilt file is not compiled", hint="remove one of them")
    if own_python and wheels > 1:
        raise UsageError(
            f"a prebuilt module is for one Python, and {wheels} wheels would have it",
            hint="name that Python with -i",
        )
