"""Chooses the targets of a crate that a wheel has, and says which of them it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cratewheel.bindings.detect import Bindings
from cratewheel.cargo.model import CrateTarget
from cratewheel.errors import ConfigError
from cratewheel.options.values import TargetSelection
from cratewheel.project.inputs import Inputs

HELPERS = ("stub_gen", "uniffi_bindgen")  # programs that a project runs, and does not ship
LIBRARY_CRATE_TYPES = frozenset({"lib", "dylib", "rlib", "staticlib"})


def selected_targets(inputs: Inputs, bindings: Bindings) -> tuple[CrateTarget, ...]:
    """Return the targets to compile: all programs, or the libraries, of those that `targets` selects.

    Raises `ConfigError` if there are none.
    """
    if inputs.part is not None:
        return (inputs.part.target,)
    options = inputs.options
    fitting = _fitting_targets(inputs, bindings)
    chosen = [crate for crate in fitting if not options.targets or any(_selects(one, crate) for one in options.targets)]
    found = [crate for crate in chosen if not _missing_features(crate, bindings)]
    if not found:
        kind = "binary" if bindings.kind == "bin" else "library"
        if chosen:
            raise _features_off(inputs, chosen, bindings)
        narrowed = f" that {options.origins['targets']} selects" if options.targets else ""
        raise ConfigError(
            f"{inputs.project.manifest.path} has no {kind}{narrowed} for the {bindings.kind} bindings",
            hint='a library for Python needs [lib] with `crate-type = ["cdylib"]`' if kind == "library" else None,
        )
    return tuple(found)


def _fitting_targets(inputs: Inputs, bindings: Bindings) -> list[CrateTarget]:
    """Return the targets that the bindings are for, whatever features they require."""
    crates = inputs.cargo.root_package.targets
    if bindings.kind == "bin":
        return [crate for crate in crates if "bin" in crate.kinds]
    libraries = [crate for crate in crates if LIBRARY_CRATE_TYPES.union({"cdylib"}).intersection(crate.kinds)]
    return [crate for crate in libraries if "cdylib" in crate.crate_types] or libraries


def _selects(selection: TargetSelection, crate: CrateTarget) -> bool:
    return crate.name == selection.name and (selection.kind is None or selection.kind in crate.kinds)


def _missing_features(crate: CrateTarget, bindings: Bindings) -> tuple[str, ...]:
    """Return the features that a program requires, and that are off."""
    return () if bindings.kind != "bin" else tuple(sorted(set(crate.required_features) - bindings.package_features))


def _features_off(inputs: Inputs, programs: Iterable[CrateTarget], bindings: Bindings) -> ConfigError:
    first, *others = programs
    missing = _missing_features(first, bindings)
    return ConfigError(
        f"the program {first.name} in {inputs.project.manifest.path} requires {_features(missing)}",
        notes=tuple(f"{one.name} requires {_features(_missing_features(one, bindings))}" for one in others),
        hint=f"build with `--features {','.join(missing)}`, or set `features` in pyproject.toml",
    )


def _features(missing: tuple[str, ...]) -> str:
    many = len(missing) > 1
    return f"the feature{'s' if many else ''} {', '.join(missing)}, which {'are' if many else 'is'} off"


# -- what the wheel lacks


def target_warnings(inputs: Inputs) -> tuple[str, ...]:
    """Return warnings about programs of the crate that are not packed, and selections that choose nothing."""
    if inputs.parts:
        return ()
    if inputs.options.targets:
        return tuple(_selections_in_vain(inputs))
    if inputs.bindings.kind == "bin":
        return tuple(_programs_without_features(inputs))
    return _programs_beside_library(inputs)


def _selections_in_vain(inputs: Inputs) -> Iterator[str]:
    bindings, origin = inputs.bindings, inputs.options.origins["targets"]
    fitting = _fitting_targets(inputs, bindings)
    for selection in inputs.options.targets:
        named = [crate for crate in fitting if _selects(selection, crate)]
        what = f"{origin} has '{selection.name}'"
        if not named:
            kind = "program" if bindings.kind == "bin" else "library"
            yield f"{what}, which is no {kind} of {inputs.project.manifest.path}: it is not packed"
        elif missing := _missing_features(named[0], bindings):
            yield f"{what}, which is not packed: it requires {_features(missing)}"


def _programs_without_features(inputs: Inputs) -> Iterator[str]:
    for crate in _fitting_targets(inputs, inputs.bindings):
        missing = _missing_features(crate, inputs.bindings)
        if missing and crate.name.replace("-", "_") not in HELPERS:
            yield (
                f"the program {crate.name} is not packed: it requires {_features(missing)}; `targets` below "
                f"{inputs.project.settings_table} chooses programs, without this warning"
            )


def _programs_beside_library(inputs: Inputs) -> tuple[str, ...]:
    """Return a warning about the programs of a crate whose library makes the wheel."""
    names = sorted(
        target.name
        for target in inputs.cargo.root_package.targets
        if "bin" in target.kinds
        and inputs.bindings.package_features.issuperset(target.required_features)
        and target.name.replace("-", "_") not in HELPERS
    )
    if not names:
        return ()
    listed = ", ".join(["{}", *(f'{{ target = "{name}", kind = "bin" }}' for name in names)])
    some = f"the program {names[0]} is" if len(names) == 1 else f"the programs {', '.join(names)} are"
    table = inputs.project.settings_table
    text = (
        f"{some} not packed beside the library of the crate; `artifacts = [{listed}]` below {table} "
        "packs all, and `artifacts = [{}]` the library alone, without this warning"
    )
    return (text,)
