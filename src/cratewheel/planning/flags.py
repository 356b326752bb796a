"""The flags and variables that a build adds for cargo, rustc and pyo3, and pyo3's configuration file."""

from __future__ import annotations

import json

from cratewheel.bindings import detect
from cratewheel.bindings.detect import Bindings
from cratewheel.bindings.support import release
from cratewheel.cargo.config import Setting
from cratewheel.errors import UnsupportedError, UsageError
from cratewheel.interpreter.model import ABI3T_OLDEST, Interpreter
from cratewheel.project.inputs import Inputs
from cratewheel.project.split_debuginfo import chosen
from cratewheel.targets.triples import Target

TARGET_ABI_KEY_SINCE = (0, 29)  # pyo3 reads the ABI from its configuration file since then
CONFIG_FILE_SINCE = (0, 17)  # the oldest pyo3 tested with a configuration file
FEATURES_DECIDE_SINCE = (0, 23)  # since then, abi3 features override the configuration file
RAW_DYLIB_SINCE = (0, 29)  # since then, pyo3 links on Windows without an import library
NO_PYTHON_NEEDED_SINCE = (0, 16, 4)  # since then, the stable ABI does not need PYO3_NO_PYTHON
LINKS_LIBPYTHON = ("windows", "cygwin", "android", "aix")  # systems where pyo3 links extension modules with libpython
PYO3_NAMES = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalVM"}
IMPORT_LIBRARY_FEATURES = frozenset({"generate-import-lib", "generate-abi3-import-lib"})
PYO3_LINKS = "python"  # the key `links` of pyo3-ffi
OLDEST_FLAG = 6  # the first of the flags Py_3_6, Py_3_7, …
EMSCRIPTEN_LIBRARIES_SINCE = (1, 93, 0)  # since then, rustc does not link its own libraries into side modules

StableBuild = tuple[str, tuple[int, int]]  # the kind of the stable ABI, and its oldest Python

Variables = tuple[tuple[str, str | None], ...]


def check_foreign_python(inputs: Inputs, bindings: Bindings, interpreter: Interpreter | None) -> None:
    """Raise `UnsupportedError` if a Python for another system would have to be started or linked."""
    here = interpreter is not None and interpreter.executable is not None
    if bindings.kind == "rust-cpython" and not here:
        raise UnsupportedError(
            "rust-cpython must start the target's Python, which cannot run on this machine",
            hint="build on that system, or move the crate to pyo3",
        )
    if (
        inputs.target.os == "windows"
        and not here
        and bindings.crate in detect.PYO3_CRATES
        and _older_than(bindings, RAW_DYLIB_SINCE)
        and IMPORT_LIBRARY_FEATURES.isdisjoint(bindings.features)
        and "PYO3_CROSS_LIB_DIR" not in inputs.described
    ):
        raise UnsupportedError(
            f"{bindings.crate} {bindings.version} needs Python's import library to link for Windows, which is missing",
            hint="update pyo3 to 0.29, turn on its feature `generate-import-lib`, or set PYO3_CROSS_LIB_DIR to the "
            "folder of python3.lib",
        )


def cargo_wrapper(inputs: Inputs) -> str | None:
    """Return the cargo subcommand that wraps the build: xwin for Microsoft's linker on other systems, else None."""
    microsoft = inputs.target.os == "windows" and inputs.target.env == "msvc"
    return "xwin" if microsoft and ("-windows-" not in inputs.rustc.host or inputs.options.use_xwin) else None


def linker_args(inputs: Inputs, bindings: Bindings, module_file: str | None) -> tuple[str, ...]:
    """Return the linker arguments for the crate, so that Python can load the result."""
    match inputs.target.os:
        case "macos" | "ios" if module_file is not None:
            # Python's symbols are in the interpreter that loads the module
            lookup = ("-C", "link-arg=-undefined", "-C", "link-arg=dynamic_lookup")
            # by default, rustc writes the build folder into the library
            name = ("-C", f"link-arg=-Wl,-install_name,@rpath/{module_file}")
            # space for the longer names of bundled libraries
            room = ("-C", "link-arg=-Wl,-headerpad_max_install_names") if inputs.options.auditwheel == "repair" else ()
            return (*lookup, *name, *room)
        case "emscripten" if bindings.kind != "bin":
            return _side_module_args(inputs)
        case _:
            return ()


def debuginfo_args(inputs: Inputs, bindings: Bindings) -> tuple[str, ...]:
    """Return the arguments that put debug information into a file of its own, where a wheel is to have it.

    Raises `UsageError` where the user keeps it in object files, which no wheel has.
    """
    options = inputs.options
    if not options.include_debuginfo or options.strip or bindings.kind == "bin":
        return ()
    of_arguments = chosen((*options.rustc_args, *options.rustc_extra_args))
    found = inputs.split_debuginfo
    if inputs.target.os in ("macos", "ios"):  # rustc's default leaves it in object files
        return () if of_arguments or found.flags else ("-C", "split-debuginfo=packed")
    by_arguments = Setting(value=of_arguments, origin="an argument for rustc") if of_arguments else None
    last = found.flags or by_arguments or found.profile  # in rustc's order
    if last is not None and last.value == "unpacked" and inputs.target.os != "windows":
        raise UsageError(
            "--include-debuginfo cannot ship what split-debuginfo=unpacked leaves in many object files",
            notes=(f"it is set by {last.origin}",),
            hint="use split-debuginfo=packed, which writes one .dwp file",
        )
    return ()


def _side_module_args(inputs: Inputs) -> tuple[str, ...]:
    # https://emscripten.org/docs/compiling/Dynamic-Linking.html: a library that a main program loads, with its
    # 64-bit integers as they are
    given = " ".join((*inputs.options.rustc_args, inputs.rustflags[1] if inputs.rustflags else ""))
    words: list[str] = []
    for name, word in (("SIDE_MODULE", "-sSIDE_MODULE=2"), ("WASM_BIGINT", "-sWASM_BIGINT")):
        if name not in given:
            words += ["-C", f"link-arg={word}"]
    if inputs.rustc.version < EMSCRIPTEN_LIBRARIES_SINCE and "link-native-libraries" not in given:
        words += ["-Z", "link-native-libraries=no"]
    return tuple(words)


def _rustflags(inputs: Inputs, bindings: Bindings) -> tuple[str, ...]:
    """Return the rustc flags that every crate needs."""
    if bindings.kind == "bin" or not inputs.target.is_musl:
        return ()
    if inputs.rustflags is not None and "crt-static" in inputs.rustflags[1]:
        return ()
    # by default, musl targets link libc statically, for which cargo does not build shared libraries
    return ("-C", "target-feature=-crt-static")


def cargo_config(
    inputs: Inputs,
    bindings: Bindings,
    interpreter: Interpreter | None,
    every_crate: tuple[str, ...] = (),
    *,
    stable: bool = False,
) -> tuple[str, ...]:
    """Return the cargo settings for one build: our rustc flags joined with the user's.

    `every_crate` are more flags that each crate for the target is compiled with.
    Raises `UnsupportedError` where pyo3 cannot be compiled for so old an interpreter.
    """
    build_script = () if stable else _build_script_override(inputs, bindings, interpreter)
    words = (*_rustflags(inputs, bindings), *every_crate)
    if not words or inputs.rustflags is not None:
        return build_script
    # build.rustflags is ignored if the target has flags
    everything = json.dumps((*inputs.configured_rustflags, *words))
    return (*(f"target.{slice_.triple}.rustflags={everything}" for slice_ in inputs.target.slices), *build_script)


def _build_script_override(inputs: Inputs, bindings: Bindings, interpreter: Interpreter | None) -> tuple[str, ...]:
    """Return the output of pyo3-ffi's build script, to replace it where it would not compile for `interpreter` alone.

    With its feature abi3-py312 it refuses a configuration file for Python 3.11, and with `PYO3_PYTHON` alone it takes
    the API of 3.12 all the same, which 3.11 cannot load; for Python 3.13 it takes the stable ABI. Cargo lets us answer
    for it: https://doc.rust-lang.org/cargo/reference/build-scripts.html#overriding-build-scripts
    """
    if interpreter is None or not _is_despite_features(inputs, bindings, interpreter):
        return ()
    if bindings.kind == "bin" or inputs.target.os in LINKS_LIBPYTHON or interpreter.debug:
        raise _cannot_do_without_abi3(inputs, bindings, interpreter)
    if not _must_answer(inputs, bindings, interpreter):
        return ()
    text = _version_config(inputs, bindings, interpreter, {})
    names = [f"Py_3_{minor}" for minor in range(OLDEST_FLAG, interpreter.version[1] + 1)]
    flags = json.dumps([*names, *(("Py_GIL_DISABLED",) if interpreter.gil_disabled else ())])
    return tuple(
        f"target.{slice_.triple}.{PYO3_LINKS}.{key}={value}"
        for slice_ in inputs.target.slices
        for key, value in (("rustc-cfg", flags), ("PYO3_CONFIG", f'"{text.encode().hex()}"'))
    )


def _cannot_do_without_abi3(inputs: Inputs, bindings: Bindings, interpreter: Interpreter) -> UnsupportedError:
    oldest = detect.oldest_abi3(bindings)
    kind = bindings.stable_abi[0].kind if bindings.stable_abi else "abi3"
    feature = f"abi3-py{oldest[0]}{oldest[1]}" if oldest is not None else kind
    hint = f"make {feature} a feature of the crate that is not on by default, and turn it on for the other wheels"
    if oldest is not None and interpreter.version < oldest:
        version = f"{oldest[0]}.{oldest[1]}"
        hint = (
            "name a newer Python with -i, or enable the feature for newer versions only: "
            f'`features = [{{ feature = "pyo3/{feature}", python-version = ">={version}" }}]`'
        )
    return UnsupportedError(
        f"{bindings.crate} {bindings.version} with the feature {feature} cannot be compiled for "
        f"{interpreter.display} on {inputs.target.triple}",
        hint=hint,
    )


def _is_despite_features(inputs: Inputs, bindings: Bindings, interpreter: Interpreter) -> bool:
    """Return whether a build for `interpreter` alone is not what pyo3 makes of its features.

    So it is where they need a newer Python, and where the wheel is not to have the stable ABI that they give it.
    """
    if bindings.crate not in detect.PYO3_CRATES or "PYO3_CONFIG_FILE" in inputs.described:
        return False
    oldest = detect.oldest_abi3(bindings)
    too_old = oldest is not None and interpreter.version < oldest and not interpreter.gil_disabled
    fits = any(detect.uses_stable_abi(interpreter, abi) for abi in bindings.stable_abi)
    return interpreter.implementation_name == "cpython" and (too_old or fits)


def _must_answer(inputs: Inputs, bindings: Bindings, interpreter: Interpreter) -> bool:
    """Return whether this pyo3 ignores a configuration file for an interpreter without the stable ABI."""
    by_feature = not _older_than(bindings, FEATURES_DECIDE_SINCE)
    return _is_despite_features(inputs, bindings, interpreter) and (by_feature or _links_libpython(bindings))


def _links_libpython(bindings: Bindings) -> bool:
    """Return whether pyo3 links modules with libpython on systems where that is not needed."""
    return _older_than(bindings, detect.NO_EXTENSION_MODULE_NEEDED) and not bindings.extension_module


def version_env(inputs: Inputs) -> Variables:
    """Return the variable that tells the crate its version, where a metadata provider decides it."""
    if inputs.metadata.version_provider is None:  # CARGO_PKG_VERSION is enough, and nothing is compiled again
        return ()
    return (("CRATEWHEEL_VERSION", inputs.metadata.version),)


def cargo_env(
    inputs: Inputs,
    bindings: Bindings,
    interpreter: Interpreter | None,
    slice_: Target,
    *,
    stable: bool,
    every_crate: tuple[str, ...] = (),
) -> Variables:
    """Return the variables for one cargo build: for pyo3 and other crates, about the interpreter and the system.

    `every_crate` are more flags that each crate for the target is compiled with.
    """
    env: dict[str, str | None] = {}
    pyo3 = bindings.crate in detect.PYO3_CRATES
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
    if stable and (interpreter is None or _older_than(bindings, NO_PYTHON_NEEDED_SINCE)):
        env["PYO3_NO_PYTHON"] = "1"
    alone = None if stable else interpreter
    if alone is not None and _links_libpython(bindings) and _must_answer(inputs, bindings, alone):
        env["PYO3_NO_PYTHON"] = "1"  # otherwise pyo3-build-config compares the interpreter with the features
    if interpreter is not None and inputs.is_elsewhere(interpreter) and pyo3 and not inputs.described:
        free = "t" if interpreter.gil_disabled else ""
        env["PYO3_CROSS_PYTHON_VERSION"] = ".".join(map(str, interpreter.version)) + free
    words = (*_rustflags(inputs, bindings), *every_crate)
    if words and inputs.rustflags is not None:
        # cargo ignores the flags in its files when one of these is set
        variable, value = inputs.rustflags
        encoded = variable == "CARGO_ENCODED_RUSTFLAGS"
        if not encoded and any(" " in word for word in words):  # the other variable is split at spaces
            variable, value, encoded = "CARGO_ENCODED_RUSTFLAGS", "\x1f".join(value.split()), True
        env[variable] = ("\x1f" if encoded else " ").join((value, *words))
    version_wanted = dict(inputs.system.macos).get(slice_.arch)
    if version_wanted is not None and (inputs.cross or slice_.arch in inputs.system.macos_exported):
        env["MACOSX_DEPLOYMENT_TARGET"] = ".".join(map(str, version_wanted))
    return tuple(sorted(env.items()))


def pyo3_config(
    inputs: Inputs, bindings: Bindings, interpreter: Interpreter | None, stable: StableBuild | None
) -> str | None:
    """Return pyo3's configuration file (https://pyo3.rs/main/building-and-distribution.html#advanced-config-files).

    With it pyo3 looks at no interpreter, and so is not compiled again when a path or a virtual environment changes;
    from 0.29 on it reads the stable ABI from nowhere else. None where the user has written one, and where pyo3 has to
    look for itself: it must link libpython, the interpreter is of a kind that the file cannot tell, the pyo3 is older
    than these keys, or a file would have another effect than the interpreter itself. What a file changes is written
    down in docs/explanation/pyo3-configuration.md.
    """
    if bindings.kind != "pyo3" or _older_than(bindings, CONFIG_FILE_SINCE) or "PYO3_CONFIG_FILE" in inputs.described:
        return None
    elsewhere = inputs.is_elsewhere(interpreter)
    if (inputs.others_read_pyo3_config and not elsewhere) or (
        inputs.abi3_forced and _older_than(bindings, FEATURES_DECIDE_SINCE)
    ):
        return None
    keyed = not _older_than(bindings, TARGET_ABI_KEY_SINCE)
    lines = {
        "lib_dir": inputs.described.get("PYO3_CROSS_LIB_DIR"),
        # pyo3 compares it with the target's; what all have need not make another file of the same
        "pointer_width": "32" if interpreter is not None and interpreter.pointer_width == 32 else None,
    }
    if stable is not None and keyed:
        return _config_text("CPython", stable[1], abi=stable[0], **_android(inputs, "python3"), **lines)
    if not elsewhere and (_links_libpython(bindings) or inputs.target.os in LINKS_LIBPYTHON):
        return None
    if stable is not None:
        return _config_text("CPython", stable[1], abi3="true", **_android(inputs, "python3"), **lines)
    python = interpreter
    if python is None or python.debug or python.implementation_name not in PYO3_NAMES:
        return None
    if _must_answer(inputs, bindings, python) or _has_abi3t_minimum(bindings, python):
        return None
    return _version_config(inputs, bindings, python, lines)


def _has_abi3t_minimum(bindings: Bindings, python: Interpreter) -> bool:
    """Return whether a file for `python` would be refused because of abi3t, which an interpreter itself is not."""
    oldest = [abi.minimum for abi in bindings.stable_abi if abi.kind == "abi3t"]
    alone = python.gil_disabled or len(bindings.stable_abi) == len(oldest)
    return bool(oldest) and alone and python.version < ABI3T_OLDEST


def _version_config(inputs: Inputs, bindings: Bindings, python: Interpreter, lines: dict[str, str | None]) -> str:
    """Return the configuration file for the ABI of one interpreter."""
    name = PYO3_NAMES[python.implementation_name]
    lines["pointer_width"] = str(python.pointer_width)
    lines["build_flags"] = "Py_GIL_DISABLED" if python.gil_disabled else ""
    lines.update(_android(inputs, f"python{python.version[0]}.{python.version[1]}{python.abiflags}"))
    if not _older_than(bindings, TARGET_ABI_KEY_SINCE):
        abi = "free_threaded" if python.gil_disabled else "gil_enabled"
        return _config_text(name, python.version, abi=abi, **lines)
    # PyPy and GraalPy have no stable ABI, but pyo3 evaluates the feature
    abi3 = name != "CPython" and any(abi.kind == "abi3" for abi in bindings.stable_abi)
    return _config_text(name, python.version, abi3="true" if abi3 else "false", **lines)


def _android(inputs: Inputs, library: str) -> dict[str, str | None]:
    # there an extension module is linked with libpython (PEP 738), and nobody can be asked what it is called
    return {"lib_name": library} if inputs.target.os == "android" and inputs.foreign else {}


def _config_text(implementation: str, version: tuple[int, int], *, abi: str | None = None, **values: str | None) -> str:
    release = ".".join(map(str, version))
    lines = {
        "implementation": implementation,
        "version": release,
        "target_abi": abi and f"{implementation}-{abi}-{release}",
        "abi3": values.get("abi3"),
        "shared": "true",
        "lib_name": values.get("lib_name"),
        "lib_dir": values.get("lib_dir"),
        "pointer_width": values.get("pointer_width"),
        "build_flags": values.get("build_flags", ""),
        "suppress_build_script_link_lines": "false",
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items() if value is not None)


def _older_than(bindings: Bindings, version: tuple[int, ...]) -> bool:
    return bindings.version is not None and release(bindings.version) < version
