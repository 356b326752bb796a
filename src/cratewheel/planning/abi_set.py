"""Decides for which ABI each interpreter gets a wheel: by the crate's features, `abi`, `only-abi3` and `no-abi3`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cratewheel.bindings import detect
from cratewheel.bindings.detect import Bindings, StableAbi
from cratewheel.errors import ConfigError, CratewheelError, InterpreterError, UsageError, did_you_mean
from cratewheel.interpreter.abi_words import ANY, AbiWord, own_word, stable_word
from cratewheel.interpreter.model import Interpreter, StableKind
from cratewheel.options.model import Options
from cratewheel.project.inputs import Inputs
from cratewheel.project.interpreters import abi_words


def is_fixed(options: Options) -> bool:
    """Return whether `abi` says which wheels are built."""
    return bool(options.abi) and not _is_installed_into(options)


def stable_abi_for(inputs: Inputs, python: Interpreter) -> StableAbi | None:
    """Return the stable ABI of a build for `python`, with its features; None if it has none, or is to have none."""
    options, crate = inputs.options, inputs.bindings_of(python).stable_abi
    choice = AbiChoice(words=abi_words(options), only_abi3=options.only_abi3, no_abi3=options.no_abi3)
    if _is_installed_into(options) and not choice.has_own_wheel(python):
        return choice.stable_abi_for(python, crate) or detect.stable_abi_for(crate, python)
    return choice.stable_abi_for(python, crate)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbiChoice:
    """What a project's settings say of its wheels by ABI: the words of `abi`, `only-abi3` and `no-abi3`."""

    words: tuple[AbiWord, ...] = ()
    only_abi3: bool = False
    no_abi3: bool = False

    def has_own_wheel(self, python: Interpreter) -> bool:
        """Return whether the settings keep `python` from a wheel for a stable ABI."""
        return self.no_abi3 or any(word.names(python) for word in self.words)

    def stable_abi_for(self, python: Interpreter, crate: tuple[StableAbi, ...]) -> StableAbi | None:
        """Return the stable ABI of the wheel for `python`, of those that are on in the `crate`; None if it has none."""
        return None if self.has_own_wheel(python) else detect.stable_abi_for(_pinned_by(self.words, crate), python)

    def wheel_for(self, python: Interpreter, crate: tuple[StableAbi, ...]) -> StableAbi | str | None:
        """Return the stable ABI of the wheel for `python`, or the word of a wheel of its own; None if it gets none.

        `crate` are the stable ABIs that are on.
        """
        if any(word.names(python) for word in self.words):
            return own_word(python)
        return self.stable_abi_for(python, crate) or (None if self.words or self.only_abi3 else own_word(python))

    def word_of(self, wheel: StableAbi | str) -> str | None:
        """Return the word of `abi` that names a wheel of `wheel_for`."""
        if isinstance(wheel, str):
            return wheel
        return next((str(word) for word in self.words if word.stable == wheel.kind), None)


def stable_without_python(inputs: Inputs) -> tuple[StableAbi, ...]:
    """Return the stable ABIs that need no interpreter: those of a set, or the one that the crate pins."""
    options, crate = inputs.options, inputs.bindings.stable_abi
    if options.no_abi3:
        return ()
    words = abi_words(options)
    return tuple(abi for abi in _pinned_by(words, crate) if abi.minimum and (abi.kind == "abi3" or words))


def interpreters_with_wheel(inputs: Inputs) -> tuple[Interpreter, ...]:
    """Return the interpreters that get a wheel.

    A crate that pins the stable ABI means one wheel: discovered interpreters that cannot load that are left out, as
    both versions of the peer do, while one that was named gets a wheel of its own. A stable ABI that only a feature for
    some interpreters turns on says nothing about the others.
    """
    options, pythons = inputs.options, inputs.interpreters
    if is_fixed(options):
        words = abi_words(options)
        return tuple(python for python in pythons if _word_for(inputs, words, python) is not None)
    if _is_strict(options):
        return tuple(python for python in pythons if stable_abi_for(inputs, python))
    if options.no_abi3 or not any(abi.minimum for abi in inputs.bindings.stable_abi):
        return pythons
    return tuple(python for python in pythons if python.requested or stable_abi_for(inputs, python))


def check(inputs: Inputs) -> None:
    """Raise an error where the options about the ABI contradict each other, the crate or the interpreters."""
    options = inputs.options
    if options.only_abi3 and options.no_abi3:
        raise _error(options, "no_abi3", "contradicts only-abi3", hint="remove one of them")
    if _is_strict(options):
        _check_only_stable(inputs)
    words = abi_words(options)
    if options.abi and not words:
        name = "only_abi3" if options.only_abi3 else "no_abi3"
        raise _error(options, name, f"leaves no wheel of {options.origins['abi']}", hint="remove one of them")
    if is_fixed(options):
        for word in words:
            _check_word(inputs, word)
        _check_interpreters(inputs, words)


def warnings(inputs: Inputs) -> tuple[str, ...]:
    """Return what the user should know of wheels that are left out, and of options without effect."""
    options = inputs.options
    if options.no_abi3 and not _stable_abis(inputs):
        return (f"{options.origins['no_abi3']} changes nothing: no stable ABI feature of pyo3 is on",)
    wanted = interpreters_with_wheel(inputs)
    left_out = [python for python in inputs.interpreters if python not in wanted]
    if _is_strict(options):
        named = _listed(python for python in left_out if python.requested)
        says = f"as {options.origins['only_abi3']} says: they cannot load the stable ABI"
        return (f"no wheel is built for {named}, {says}",) if named else ()
    if abi_words(options):
        return ()  # the set says which are built
    # of those that are only known of, nobody expects a wheel
    found = _listed(python for python in left_out if python.executable)
    return (
        (f"no wheel is built for {found}, which cannot load abi3 modules; name them with -i to get some",)
        if found
        else ()
    )


def _pinned_by(words: tuple[AbiWord, ...], crate: tuple[StableAbi, ...]) -> tuple[StableAbi, ...]:
    """Return the stable ABIs of the crate that `words` name, from their oldest Python on; all without words."""
    if not words:
        return crate
    return tuple(
        replace(abi, minimum=abi.minimum or word.minimum) for abi in crate for word in words if word.stable == abi.kind
    )


def _word_for(inputs: Inputs, words: tuple[AbiWord, ...], python: Interpreter) -> AbiWord | None:
    own = next((word for word in words if word.names(python)), None)
    if own is not None:
        return own
    stable = stable_abi_for(inputs, python)
    return next((word for word in words if stable is not None and word.stable == stable.kind), None)


def _check_only_stable(inputs: Inputs) -> None:
    options = inputs.options
    if not _stable_abis(inputs):
        others = _without_stable_abi(inputs)
        where = f" for {others}" if others else ""
        text = f"is not possible: no stable ABI feature of pyo3 is on{where}"
        raise _error(options, "only_abi3", text, hint=_turn_on("abi3-py39", others))
    pythons = inputs.interpreters
    if pythons and not interpreters_with_wheel(inputs) and any(python.requested for python in pythons):
        raise InterpreterError(
            f"nothing is left to build: {options.origins['only_abi3']} leaves out {_listed(pythons)}, without "
            f"{' or '.join(str(abi) for abi in _stable_abis(inputs))}",
            hint="name a newer CPython with a GIL, or build without only-abi3",
        )


def _check_word(inputs: Inputs, word: AbiWord) -> None:
    """Raise an error for a wheel that this crate cannot have."""
    options, bindings = inputs.options, inputs.bindings
    if not bindings.per_interpreter:
        if not word.any_python:
            raise _error(
                options, "abi", f"names {word}, but {bindings.kind} bindings make one wheel for any Python",
                hint=f"write {ANY}, or remove it",
            )  # fmt: skip
        return
    if word.any_python:
        raise _error(
            options, "abi", f"names {word}, but {bindings.crate} makes wheels for certain Pythons",
            hint="name one, such as cp312 or abi3-py310",
        )  # fmt: skip
    if word.stable is None:
        return
    found = next((abi for abi in _stable_abis(inputs) if abi.kind == word.stable), None)
    if found is None:
        others = _without_stable_abi(inputs, word.stable)
        where = f" for {others}" if others else ""
        known = _stable_features(inputs, word.stable)
        if known and str(word) not in known:
            text = f"names {word}, but the pyo3 of this project has no such feature"
            raise _error(options, "abi", text, hint=did_you_mean(str(word), known) or f"write {' or '.join(known)}")
        text = f"names {word}, but the feature {word.stable} of pyo3 is not on{where}"
        raise _error(options, "abi", text, hint=_turn_on(str(word), others))
    if word.minimum is not None and found.minimum is not None and word.minimum != found.minimum:
        pinned = stable_word(found.kind, found.minimum)
        raise _error(
            options, "abi", f"names {word}, but the feature of pyo3 that is on makes {pinned}",
            hint=f"write {pinned}, or change the feature to {word}",
        )  # fmt: skip


def _check_interpreters(inputs: Inputs, words: tuple[AbiWord, ...]) -> None:
    """Raise an error where `-i` names a Python without a wheel in the set, or a wheel has none of the named Pythons."""
    options = inputs.options
    if not options.interpreter or not inputs.bindings.per_interpreter:
        return
    where, by = options.origins["abi"], options.origins["interpreter"]
    served = {word for python in inputs.interpreters if (word := _word_for(inputs, words, python)) is not None}
    without = [python for python in inputs.interpreters if _word_for(inputs, words, python) is None]
    if without:
        raise UsageError(
            f"{by} names {_listed(without)}, for which {where} has no wheel: it has {', '.join(map(str, words))}",
            hint="add the wheel to `abi`, or do not request that Python",
        )
    unserved = [word for word in words if word not in served]
    if unserved:
        raise UsageError(
            f"{where} names {', '.join(map(str, unserved))}, but no Python of {by} is for that",
            hint=f"remove {by}, or name the wheels of this build: --abi {' '.join(map(str, served))}",
        )


def _stable_abis(inputs: Inputs) -> tuple[StableAbi, ...]:
    """Return the stable ABIs that are on for some interpreter."""
    everything: Iterable[Bindings] = (inputs.bindings, *inputs.conditional_bindings.values())
    return tuple(dict.fromkeys(abi for bindings in everything for abi in bindings.stable_abi))


def _is_installed_into(options: Options) -> bool:
    """Return whether the Python is that of an environment: an install wants a wheel for it, whatever a set says."""
    return bool(options.interpreter) and "interpreter" not in options.origins


def _is_strict(options: Options) -> bool:
    """Return whether only wheels for a stable ABI are built; a key in a file does not keep others from installing."""
    return options.only_abi3 and not (_is_installed_into(options) and options.origins["only_abi3"].kind == "key")


def _error(options: Options, name: str, text: str, *, hint: str) -> CratewheelError:
    origin = options.origins[name]
    kind = ConfigError if origin.kind == "key" else UsageError
    return kind(f"{origin} {text}", hint=hint)


def _without_stable_abi(inputs: Inputs, kind: str | None = None) -> str:
    """Return the names of the listed modules without a stable ABI, which keep the others from theirs; "" if all are."""
    modules = [part for part in inputs.parts if part.bindings.per_interpreter]
    without = [part.name for part in modules if not any(kind in (None, abi.kind) for abi in part.bindings.stable_abi)]
    return " and ".join(without) if len(without) < len(modules) else ""


def _stable_features(inputs: Inputs, kind: StableKind) -> tuple[str, ...]:
    """Return the features of the project's pyo3 that turn a stable ABI on."""
    crates = [one for one in inputs.cargo.packages.values() if one.name in ("pyo3", "pyo3-ffi")]
    names = {name for crate in crates for name in crate.features if re.fullmatch(rf"{kind}(-py3\d+)?", name)}
    return tuple(sorted(names, key=lambda name: (len(name), name)))


def _turn_on(feature: str, modules: str = "") -> str:
    if modules:
        return f'write `features = ["pyo3/{feature}"]` into the table of {modules}, or turn it on in Cargo.toml'
    return f"turn it on with `--features pyo3/{feature}`, or in Cargo.toml"


def _listed(pythons: Iterable[Interpreter]) -> str:
    return ", ".join(python.display for python in pythons)
