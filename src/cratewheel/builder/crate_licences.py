"""The licences of the crates in a wheel: refuses those that are not allowed, and collects the texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from cratewheel.cargo import licences, query
from cratewheel.cargo.command import metadata_arguments
from cratewheel.cargo.model import CargoMetadata, Package
from cratewheel.contents.crate_licences import CrateTexts, place, read_crates
from cratewheel.errors import ConfigError, did_you_mean
from cratewheel.options.values import Licenses
from cratewheel.planning.model import WheelPlan
from cratewheel.project.cargo_metadata import cargo_options
from cratewheel.project.inputs import Inputs

LicenceTexts = tuple[tuple[PurePosixPath, bytes], ...]


def linked_crates(inputs: Inputs, wheel: WheelPlan, environ: Mapping[str, str]) -> tuple[Package, ...]:
    """Return the crates that are linked into a wheel, as cargo resolves them for its target and features.

    The crates of its artifacts are left out, and so is what runs while compiling: build scripts, procedural macros and
    their dependencies. Raises `ProcessError` when cargo cannot tell.
    """
    packed = {artifact.part for artifact in wheel.artifacts}
    parts = [one for part, one in inputs.artifacts if part in packed]
    found = {package.id: package for one in parts for package in _linked_into(one, wheel, environ)}
    own = {one.cargo.root for one in parts}
    return tuple(found[package] for package in sorted(found.keys() - own))


def _linked_into(inputs: Inputs, wheel: WheelPlan, environ: Mapping[str, str]) -> tuple[Package, ...]:
    """Return the crates that are linked into one artifact, with its own."""
    chosen = cargo_options(inputs.options, inputs.cargo_target)
    features = (*chosen.features, *inputs.features_of(wheel.interpreter))
    arguments = metadata_arguments(replace(chosen, features=features), platforms=())
    found: set[str] = set()
    for slice_ in inputs.target.slices:
        found.update(query.read_compiled(inputs.cargo, arguments, slice_.triple, environ, cwd=inputs.project.cwd))
    return tuple(inputs.cargo.packages[package] for package in sorted(found))


def check_licences(inputs: Inputs, wheels: Iterable[WheelPlan], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return a warning about crates without a licence text, where the wheels are to have the texts.

    Nothing is asked of an editable install, which nobody publishes. Raises `ConfigError` where a crate in one of the
    wheels has another licence than the allowed ones, or none.
    """
    wanted = inputs.options.licenses
    if wanted == Licenses() or inputs.options.editable:
        return ()
    by_features = {inputs.features_of(wheel.interpreter): wheel for wheel in wheels}
    linked = {one.id: one for wheel in by_features.values() for one in linked_crates(inputs, wheel, environ)}
    roots = tuple(dict.fromkeys(one.cargo.root for _, one in inputs.artifacts if one.cargo.root is not None))
    place = str(inputs.options.origins["licenses"])
    refuse_others(inputs.cargo, tuple(linked.values()), wanted, place, roots=roots)
    return missing_warnings(_read(inputs, linked.values())) if wanted.include else ()


def refuse_others(
    cargo: CargoMetadata, linked: tuple[Package, ...], wanted: Licenses, place: str, *, roots: tuple[str, ...] = ()
) -> None:
    """Raise `ConfigError` for crates among `linked` that `wanted` does not allow; `place` is its table.

    `roots` are the crates of the artifacts: the error shows the way from one of them; default is the root package.
    """
    names = sorted({package.name for package in linked})
    clarified = dict(wanted.clarify)
    for name in clarified:
        if name not in names:
            raise ConfigError(
                f"clarify of {place} names {name}, which is no crate of the wheel",
                hint=did_you_mean(name, names) or "remove it",
            )
    if not wanted.check:
        return
    ids = [package.id for package in linked]
    found = [
        (package, problem)
        for package in sorted(linked, key=lambda one: (one.name, one.version))
        if (problem := _problem(package, clarified, wanted.check, own=package.id in cargo.workspace_members))
    ]
    if not found:
        return
    ways = [
        " → ".join(cargo.packages[one].name for one in licences.path_to(cargo, package.id, ids, roots))
        for package, _ in found
    ]
    notes = [
        f"{package.name} {package.version} {problem}{f', by {way}' if way else ''}"
        for (package, problem), way in zip(found, ways, strict=True)
    ]
    many = f"{len(found)} crates have licences" if len(found) > 1 else f"the crate {found[0][0].name} has a licence"
    raise ConfigError(
        f"{many} that check of {place} does not allow: {', '.join(wanted.check)}",
        notes=tuple(notes),
        hint="add the licence to `check`, do without the crate, or say its licence in `clarify`",
    )


def _problem(package: Package, clarified: Mapping[str, str], allowed: tuple[str, ...], *, own: bool) -> str | None:
    """Return what is wrong with the licence of a crate, or None; the workspace's `own` crates need not name one."""
    expression = licences.expression_of(package, clarified)
    if expression is not None:
        return None if licences.is_allowed(expression, allowed) else f"is under {expression}"
    if package.license:
        return f"is under {package.license!r}, which is no SPDX expression"
    if package.license_file:
        return f"names no licence, but the file {package.license_file}"
    return None if own else "names no licence"


def licence_texts(inputs: Inputs, wheel: WheelPlan, environ: Mapping[str, str]) -> LicenceTexts:
    """Return the files below `licenses/` of a wheel for its crates, if the project wants them.

    Raises `ConfigError` for a text that cannot be read.
    """
    if not inputs.options.licenses.include or inputs.options.editable:
        return ()
    return place(_read(inputs, linked_crates(inputs, wheel, environ)))


def _read(inputs: Inputs, linked: Iterable[Package]) -> tuple[CrateTexts, ...]:
    clarified = dict(inputs.options.licenses.clarify)
    members = inputs.cargo.workspace_members
    return read_crates(linked, clarified, workspace=inputs.cargo.workspace_root, members=members)


def missing_warnings(crates: Iterable[CrateTexts]) -> tuple[str, ...]:
    """Return warnings that name the crates without a licence text, and each `license-file` that is not there."""
    crates = tuple(crates)
    without = [f"{one.label} ({one.expression or 'no licence named'})" for one in crates if not one.has_licence]
    lost = [f"{one.lost} of {one.label}" for one in crates if one.lost is not None]
    found = []
    if without:
        some = f"{len(without)} crates have" if len(without) > 1 else "a crate has"
        found.append(f"{some} no licence text to put into the wheel: {', '.join(without)}")
    if lost:
        found.append(
            "not in the wheel, because it is missing or outside of the crate and its repository: the license-file "
            + ", ".join(lost)
        )
    return tuple(found)
