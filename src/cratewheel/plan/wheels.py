"""Which wheels serve the interpreters, and which cargo builds they are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cratewheel.bindings import detect
from cratewheel.bindings.detect import Bindings, StableAbi
from cratewheel.cargo.command import CargoBuild
from cratewheel.cargo.model import CrateTarget
from cratewheel.cargo.query import Rustc
from cratewheel.errors import ConfigError
from cratewheel.facts import Facts, cargo_options
from cratewheel.interpreter.model import Interpreter
from cratewheel.options.model import Options
from cratewheel.options.values import Feature
from cratewheel.plan.model import Fixed, PlatformPlan, WheelPlan
from cratewheel.plan.platform import audit_mode, native
from cratewheel.project import Project
from cratewheel.tags.target import Target

LIBRARY_CRATE_TYPES = frozenset({"lib", "dylib", "rlib", "staticlib"})
CRATE_TYPE_FLAG_SINCE = (1, 64, 0)  # `cargo rustc --crate-type`
TARGET_ABI_KEY_SINCE = (0, 29)  # pyo3 that takes the ABI from its configuration file
CONFIG_FILE_SINCE = (0, 17)  # the oldest pyo3 whose configuration file was tried
LINKS_LIBPYTHON = ("windows", "cygwin", "android", "aix")  # where pyo3 links extension modules with it
PYO3_NAMES = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalVM"}
NO_PYTHON_NEEDED_SINCE = (0, 16, 4)  # pyo3 that needs no PYO3_NO_PYTHON for the stable ABI


def plan_wheels(facts: Facts, bindings: Bindings, target: Target, platform_plan: PlatformPlan) -> tuple[WheelPlan, ...]:
    """Return the fewest wheels that serve the interpreters of `facts`; none when there is nothing to build for."""
    return tuple(_wheel(facts, bindings, target, platform_plan, group) for group in _groups(facts, bindings))


def _wheel(facts: Facts, bindings: Bindings, target: Target, platform_plan: PlatformPlan, group: _Group) -> WheelPlan:
    options, project = facts.options, facts.project
    base = cargo_options(options)
    chosen = replace(
        base,
        features=(*base.features, *_features_for(options, group.interpreter)),
        config=(*base.config, *_cargo_config(bindings, target)),
    )
    module_file = _module_file(project.modules.extension_name, bindings, group, target)
    active = {*project.cargo.nodes[project.cargo.root_package.id].features, *chosen.features}
    builds = tuple(
        CargoBuild(
            manifest=project.sources.manifest.path,
            binary=crate.name if bindings.kind == "bin" else None,
            cdylib=_forces_cdylib(crate, bindings, facts.rustc),
            options=chosen,
            rustc_args=(*_rustc_args(options), *_platform_rustc_args(target, module_file)),
            env=_cargo_env(bindings, group),
        )
        for crate in _selected_targets(options, project, bindings, active)
    )
    python_tag, abi_tag = _python_tags(bindings, group)
    return WheelPlan(
        builds=builds,
        interpreter=group.interpreter,
        serves=group.serves,
        python_tag=python_tag,
        abi_tag=abi_tag,
        platform=native(target, group.interpreter) if platform_plan == Fixed() else platform_plan,
        audit=audit_mode(options, target),
        module_file=module_file,
        config=_pyo3_config(bindings, group, target),
        why=group.why,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """One wheel's worth of interpreters: the one to compile against comes from those it serves."""

    interpreter: Interpreter | None
    stable_abi: StableAbi | None = None
    serves: tuple[Interpreter, ...] = ()
    why: tuple[str, ...]


def _groups(facts: Facts, bindings: Bindings) -> list[_Group]:
    interpreters = facts.interpreters
    if not bindings.per_interpreter:
        why = f"{bindings.kind} bindings do not depend on the version of Python: one wheel serves all"
        first = interpreters[0] if interpreters else None
        return [_Group(interpreter=first, serves=interpreters, why=(why,))]
    wanted = left_in(facts)
    by_abi: dict[StableAbi, list[Interpreter]] = {}
    groups = []
    for python in wanted:
        stable_abi = stable_abi_for(facts, python)
        if stable_abi is None:
            groups.append(_own_group(facts.project.bindings, python))
        else:
            by_abi.setdefault(stable_abi, []).append(python)
    if not wanted:
        # a pinned stable ABI says all that the compiler must know: no Python is needed to build for it
        by_abi.update({abi: [] for abi in bindings.stable_abi if abi.minimum and abi.kind == "abi3"})
    return [_stable_group(stable_abi, tuple(served)) for stable_abi, served in by_abi.items()] + groups


def left_in(facts: Facts) -> tuple[Interpreter, ...]:
    """Return the interpreters that get a wheel.

    A crate that pins the stable ABI means one wheel: discovered interpreters that cannot load that are left out, as
    both versions of the peer do, while one that was named gets a wheel of its own. A stable ABI that only a feature for
    some interpreters turns on says nothing about the others.
    """
    if not any(abi.minimum for abi in facts.project.bindings.stable_abi):
        return facts.interpreters
    return tuple(python for python in facts.interpreters if python.requested or stable_abi_for(facts, python))


def stable_abi_for(facts: Facts, python: Interpreter) -> StableAbi | None:
    """Return the stable ABI that a build for `python` has, with the features that it gets; None if it has none."""
    bindings = detect.with_features(
        facts.project.bindings,
        conditional_features(facts.options),
        (python,),
        declared=facts.project.cargo.root_package.features,
    )
    return detect.stable_abi_for(bindings, python)


def _own_group(bindings: Bindings, python: Interpreter) -> _Group:
    why = f"compiled for {python.display} alone"
    if bindings.stable_abi:
        kinds = " and ".join(abi.kind for abi in bindings.stable_abi)
        why = f"{python.display} cannot load {kinds} modules, so it gets a wheel of its own"
    return _Group(interpreter=python, serves=(python,), why=(why,))


def _stable_group(stable_abi: StableAbi, served: tuple[Interpreter, ...]) -> _Group:
    # compiled against the oldest, so that without a pinned minimum the wheel still serves all of them
    oldest = min(served, key=lambda python: python.version) if served else None
    names = ", ".join(python.display for python in served) or "every Python from its minimum on"
    why = f"the stable ABI {stable_abi.kind}: one wheel serves {names}"
    return _Group(interpreter=oldest, stable_abi=stable_abi, serves=served, why=(why,))


def _python_tags(bindings: Bindings, group: _Group) -> tuple[str, str]:
    if not bindings.per_interpreter:
        return "py3", "none"
    if group.stable_abi is not None:
        major, minor = _stable_version(group)
        return f"cp{major}{minor}", "abi3.abi3t" if group.stable_abi.kind == "abi3t" else "abi3"
    assert group.interpreter is not None, "every other wheel is for an interpreter"
    return group.interpreter.python_tag, group.interpreter.abi_tag


def _stable_version(group: _Group) -> tuple[int, int]:
    assert group.stable_abi is not None
    version = group.stable_abi.minimum or (group.interpreter.version if group.interpreter else None)
    assert version is not None, "a stable ABI without a minimum is only built for interpreters"
    return version


def _module_file(name: str, bindings: Bindings, group: _Group, target: Target) -> str | None:
    if bindings.kind not in ("pyo3", "rust-cpython"):
        return None
    stable = group.stable_abi.kind if group.stable_abi else None
    if group.interpreter is not None:
        return name + group.interpreter.extension_suffix(stable)
    return f"{name}.pyd" if target.os == "windows" else f"{name}.{stable}.so"


# -- what cargo is told


def _selected_targets(
    options: Options, project: Project, bindings: Bindings, active: set[str]
) -> tuple[CrateTarget, ...]:
    crates = project.cargo.root_package.targets
    if bindings.kind == "bin":
        found = [crate for crate in crates if "bin" in crate.kinds and active.issuperset(crate.required_features)]
    else:
        libraries = [crate for crate in crates if LIBRARY_CRATE_TYPES.union({"cdylib"}).intersection(crate.kinds)]
        dynamic = [crate for crate in libraries if "cdylib" in crate.crate_types]
        found = dynamic or libraries
    if options.targets:
        wanted = {(selection.name, selection.kind) for selection in options.targets}
        found = [
            crate
            for crate in found
            if any(crate.name == name and (kind is None or kind in crate.kinds) for name, kind in wanted)
        ]
    if not found:
        kind = "binary" if bindings.kind == "bin" else "library"
        narrowed = f" that {options.origins['targets']} selects" if options.targets else ""
        raise ConfigError(
            f"{project.sources.manifest.path} has no {kind}{narrowed} for the {bindings.kind} bindings",
            hint='a library for Python needs [lib] with `crate-type = ["cdylib"]`' if kind == "library" else None,
        )
    return tuple(found)


def _forces_cdylib(crate: CrateTarget, bindings: Bindings, rustc: Rustc) -> bool:
    return (
        bindings.kind != "bin"
        and rustc.version >= CRATE_TYPE_FLAG_SINCE
        and not LIBRARY_CRATE_TYPES.isdisjoint(crate.crate_types)
    )


def _rustc_args(options: Options) -> tuple[str, ...]:
    strip = ("-C", "strip=symbols") if options.strip else ()
    return (*options.rustc_args, *options.rustc_extra_args, *strip)


def _platform_rustc_args(target: Target, module_file: str | None) -> tuple[str, ...]:
    if target.os != "macos" or module_file is None:
        return ()
    # the interpreter that loads the module has Python's symbols; the linker must not look for them
    lookup = ("-C", "link-arg=-undefined", "-C", "link-arg=dynamic_lookup")
    # rustc would write the folder of the build into the library
    return (*lookup, "-C", f"link-arg=-Wl,-install_name,@rpath/{module_file}")


def _cargo_config(bindings: Bindings, target: Target) -> tuple[str, ...]:
    if bindings.kind == "bin" or not target.is_musl:
        return ()
    # rustc links its own libc statically into what is for musl, and cargo refuses libraries then; being a setting of
    # the target, this adds to the flags of the user's configuration
    return (f'target.{target.triple}.rustflags=["-C", "target-feature=-crt-static"]',)


def _cargo_env(bindings: Bindings, group: _Group) -> tuple[tuple[str, str | None], ...]:
    env: dict[str, str | None] = {}
    pyo3 = bindings.crate in ("pyo3", "pyo3-ffi")
    interpreter = group.interpreter
    if interpreter is not None and interpreter.executable is not None:
        env["PYTHON_SYS_EXECUTABLE"] = str(interpreter.executable)
        if pyo3:
            version = ".".join(map(str, interpreter.version))
            env["PYO3_PYTHON"] = str(interpreter.executable)
            env["PYO3_ENVIRONMENT_SIGNATURE"] = (
                f"{interpreter.implementation_name}-{version}-{interpreter.pointer_width}bit"
            )
    if pyo3 and bindings.kind != "bin":
        env["PYO3_BUILD_EXTENSION_MODULE"] = "1"
    if group.stable_abi is not None and (interpreter is None or _older_than(bindings, NO_PYTHON_NEEDED_SINCE)):
        env["PYO3_NO_PYTHON"] = "1"
    return tuple(sorted(env.items()))


def _pyo3_config(bindings: Bindings, group: _Group, target: Target) -> str | None:
    """Return pyo3's configuration file (https://pyo3.rs/main/building-and-distribution.html#advanced-config-files).

    With it pyo3 looks at no interpreter, and so is not compiled again when a path or a virtual environment changes;
    from 0.29 on it reads the stable ABI from nowhere else. None where pyo3 has to look for itself: it must link
    libpython, the interpreter is of a kind that the file cannot tell, or the pyo3 is older than these keys.
    """
    if bindings.kind != "pyo3" or _older_than(bindings, CONFIG_FILE_SINCE):
        return None
    keyed = not _older_than(bindings, TARGET_ABI_KEY_SINCE)
    if group.stable_abi is not None and keyed:
        return _config_text("CPython", _stable_version(group), abi=group.stable_abi.kind)
    linked = _older_than(bindings, detect.NO_EXTENSION_MODULE_NEEDED) and not bindings.extension_module
    if linked or target.os in LINKS_LIBPYTHON:
        return None
    if group.stable_abi is not None:
        return _config_text("CPython", _stable_version(group), abi3=True)
    python = group.interpreter
    if python is None or python.debug or python.implementation_name not in PYO3_NAMES:
        return None
    name = PYO3_NAMES[python.implementation_name]
    flags = "Py_GIL_DISABLED" if python.gil_disabled else ""
    if keyed:
        abi = "free_threaded" if python.gil_disabled else "gil_enabled"
        return _config_text(name, python.version, abi=abi, width=python.pointer_width, flags=flags)
    return _config_text(name, python.version, abi3=False, width=python.pointer_width, flags=flags)


def _config_text(
    implementation: str,
    version: tuple[int, int],
    *,
    abi: str | None = None,
    abi3: bool | None = None,
    width: int | None = None,
    flags: str = "",
) -> str:
    release = ".".join(map(str, version))
    lines = {
        "implementation": implementation,
        "version": release,
        "target_abi": abi and f"{implementation}-{abi}-{release}",
        "abi3": None if abi3 is None else str(abi3).lower(),
        "shared": "true",
        "pointer_width": width,
        "build_flags": flags,
        "suppress_build_script_link_lines": "false",
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items() if value is not None)


def _older_than(bindings: Bindings, version: tuple[int, ...]) -> bool:
    return bindings.version is not None and bindings.version.release < version


def conditional_features(options: Options) -> tuple[Feature, ...]:
    """Return the features that depend on the interpreter."""
    return tuple(feature for feature in options.features if feature.conditional)


def _features_for(options: Options, interpreter: Interpreter | None) -> tuple[str, ...]:
    return detect.features_for(conditional_features(options), interpreter) if interpreter is not None else ()
