"""Detects a project's bindings from the crates that cargo compiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from cratewheel.bindings import detect
from cratewheel.bindings.detect import Bindings
from cratewheel.cargo import query
from cratewheel.cargo.features import Compiled, certain_features, parse_choice
from cratewheel.errors import ConfigError
from cratewheel.options.model import Options
from cratewheel.project.cargo_metadata import CargoAnswer, conditional_feature_names
from cratewheel.system.tasks import task_group


def read_bindings(answer: CargoAnswer, options: Options, environ: Mapping[str, str]) -> Bindings:
    """Return the bindings without conditional features.

    That is what they are without conditional features; where only those bring the crate for Python, with all of them,
    though the stable ABI is then left to each interpreter.
    """
    names = conditional_feature_names(options)
    if names:
        cargo = answer.cargo
        plain, everything = (_read_compiled(answer, options, chosen, environ) for chosen in ((), names))
        only_then = any(detect.has_crate_for_python(cargo, one) for one in everything) and not any(
            detect.has_crate_for_python(cargo, one) for one in plain
        )
        if only_then:
            return _detect(answer, options, [detect.without_stable_abi(one) for one in everything])
        return _detect(answer, options, plain)
    return _detect_for_features(answer, options, (), environ)


def read_conditional_bindings(
    answer: CargoAnswer,
    options: Options,
    choices: Iterable[tuple[str, ...]],
    bindings: Bindings,
    environ: Mapping[str, str],
) -> dict[tuple[str, ...], Bindings]:
    """Return the bindings by each choice of conditional features.

    `bindings` are those of the project. Raises `ConfigError` where a build has others.
    """
    with task_group() as group:
        tasks = {
            features: group.start(partial(_detect_for_features, answer, options, features, environ))
            for features in dict.fromkeys(choices)
        }
        found = {features: task.result() for features, task in tasks.items()}
    for features, one in found.items():
        if (one.kind, one.crate, one.version) != (bindings.kind, bindings.crate, bindings.version):
            with_features = f"with the features {', '.join(features)}" if features else "without conditional features"
            raise ConfigError(
                f"the bindings are {bindings}, but {one} in a build {with_features}",
                hint="conditional features must not change the bindings: enable the feature for all interpreters",
            )
    return found


def _detect_for_features(
    answer: CargoAnswer, options: Options, features: tuple[str, ...], environ: Mapping[str, str]
) -> Bindings:
    return _detect(answer, options, _read_compiled(answer, options, features, environ))


def _detect(answer: CargoAnswer, options: Options, compiled: Sequence[Compiled]) -> Bindings:
    """Return the bindings; raises `ConfigError` if the processors of one wheel have different ones."""
    first, *others = (detect.detect(answer.cargo, one, requested=options.bindings) for one in compiled)
    for slice_, other in zip(answer.target.slices[1:], others, strict=True):
        if other != first:
            raise ConfigError(
                f"the bindings are {first} for {answer.target.slices[0].triple}, but {other} for {slice_.triple}",
                hint="both are in one wheel: use the same dependency and features for every processor",
            )
    return first


def _read_compiled(
    answer: CargoAnswer, options: Options, features: tuple[str, ...], environ: Mapping[str, str]
) -> list[Compiled]:
    """Return the compiled crates for each processor of the target."""
    cargo, arguments = answer.cargo, answer.resolution_arguments(options, features)
    certain = certain_features(cargo, parse_choice(arguments))
    if cargo.from_files or detect.is_certain(cargo, certain):
        return [certain] * len(answer.target.slices)
    return [
        query.read_compiled(cargo, arguments, slice_.triple, environ, cwd=answer.cwd) for slice_ in answer.target.slices
    ]
