"""The files of a wheel with cffi bindings: a package with the library and its declarations.

The declarations come from a header: the one that the crate's build script left in its OUT_DIR or in cargo's target
directory, or what cbindgen writes. cffi turns them into `ffi.py`, in its ABI mode, where nothing is compiled and the
file suits any Python (https://cffi.readthedocs.io/en/stable/cdef.html).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.bindings.cbindgen import CbindgenPolicy, ensure_cbindgen
from cratewheel.bindings.header import declarations_in_c99
from cratewheel.bindings.place import ModulePlace, library_name, package_dir, stub_entries
from cratewheel.errors import ConfigError, MissingToolError, ProcessError
from cratewheel.events import Reporter
from cratewheel.interpreter.model import Interpreter
from cratewheel.system import toml
from cratewheel.system.command import Command, capture
from cratewheel.system.files import Roots, is_file, join_roots, read_text
from cratewheel.system.versions import parse_requirement

HEADER = "header.h"

_INIT = """\
# Made by cratewheel: opens the library that lies next to this file.
import os

from .ffi import ffi

lib = ffi.dlopen(os.path.join(os.path.dirname(__file__), {library!r}))

__all__ = ["ffi", "lib"]

del os
"""

# Overrides for cffi's parser, which supports declarations, but neither a preprocessor nor C++.
_CBINDGEN = {
    "language": "C",
    "cpp_compat": False,
    "pragma_once": False,
    "no_includes": True,
    "includes": [],
    "sys_includes": [],
    "defines": {},
}
_CBINDGEN_DROPPED = ("include_guard", "include_version")

_NO_CFFI = 3
_BAD_HEADER = 4
_RECOMPILE = f"""\
import sys
try:
    import cffi
    from cffi import recompiler
except ImportError:
    sys.exit({_NO_CFFI})
ffi = cffi.FFI()
try:
    ffi.cdef(sys.stdin.buffer.read().decode("utf-8"))
except (cffi.CDefError, cffi.FFIError) as error:
    sys.stderr.write(str(error))
    sys.exit({_BAD_HEADER})
recompiler.make_py_source(ffi, "ffi", sys.argv[1])
"""


def entries(
    place: ModulePlace, artifact: Path, *, ffi_source: str, target_os: str, stub: FromFile | None = None
) -> tuple[Entry, ...]:
    """Return the package: its `__init__.py` with `ffi` and `lib`, the declarations as `ffi.py`, and the library."""
    folder = package_dir(place)
    library = library_name(place.extension_name, target_os)
    return (
        Entry(
            path=str(folder / "__init__.py"),
            source=Generated(data=_INIT.format(library=library).encode()),
            why="the package that opens the library",
        ),
        Entry(
            path=str(folder / "ffi.py"),
            source=Generated(data=ffi_source.encode()),
            why="the library's declarations, as cffi compiled them",
        ),
        Entry(
            path=str(folder / library), source=FromFile(path=str(artifact), executable=True), why="the compiled library"
        ),
        *stub_entries(place, stub),
    )


def is_cffi_missing(requires_dist: Iterable[str]) -> bool:
    """Return whether installing the wheel does not install cffi: it is no dependency, or only of an extra.

    >>> is_cffi_missing(["cffi>=1.16; python_version >= '3.8'"]), is_cffi_missing(["cffi; extra == 'test'"])
    (False, True)
    """
    wanted = (parse_requirement(text) for text in requires_dist)
    return not any(one.name.lower() == "cffi" and "extra" not in str(one.marker or "") for one in wanted)


def read_declarations(
    *,
    target_directory: Path,
    crate: Path,
    workspace: Path,
    cwd: Path,
    roots: Roots,
    scratch: Path,
    environ: Mapping[str, str],
    reporter: Reporter,
    policy: CbindgenPolicy,
    out_dir: Path | None = None,
    is_shared: bool = False,
) -> str:
    """Return the C declarations of the compiled library.

    `out_dir` is the OUT_DIR of the crate's build script, if it has one; `is_shared` says that build scripts of other
    crates write to the target directory, too.

    `crate` and `workspace` are the folders of the crate and of its workspace, `cwd` the one where cargo is asked about
    them, `scratch` one for what is needed on the way. A header that is a link must lead to the target directory or to
    `roots`, the folders of the project. `policy` says whether cbindgen may be installed. Raises `MissingToolError`
    without a header and without cbindgen, `ConfigError` when cbindgen refuses the crate or its `cbindgen.toml`, and for
    a header that cannot be read, or is of another crate.
    """
    header = find_header(target_directory, out_dir, is_shared=is_shared)
    if header is not None:
        reporter.step("Using", f"the header written by the build script: {header}")
        return _read(header, join_roots((os.path.realpath(header.parent),), roots))
    settings = crate / "cbindgen.toml"
    own = toml.load_file(settings, roots) if is_file(settings) else {}
    if own:
        reporter.step("Using", f"{settings}, without what cffi cannot parse: includes, guards, defines and C++")
    program = ensure_cbindgen(policy, environ, reporter, cwd=cwd)
    scratch.mkdir(parents=True, exist_ok=True)
    config = scratch / "cbindgen.toml"
    config.write_text(cbindgen_settings(own), encoding="utf-8")
    command = cbindgen_command(program, crate=crate, workspace=workspace, config=config, cwd=cwd)
    done = capture(command, environ)
    if done.status:
        raise ConfigError(
            f"cbindgen cannot make C declarations for {crate}",
            notes=tuple(done.stderr.splitlines()),
            hint=f"`{command}` shows the error again",
        )
    return done.stdout


def find_header(target_directory: Path, out_dir: Path | None, *, is_shared: bool) -> Path | None:
    """Return the header that the crate's build script wrote: to its OUT_DIR, or else to the target directory.

    Raises `ConfigError` where another crate of the workspace has replaced the latter.
    """
    if out_dir is not None and is_file(out_dir / HEADER):
        return out_dir / HEADER
    header = target_directory / HEADER
    if not is_file(header) or (is_shared and out_dir is None):
        return None
    if is_shared and out_dir is not None and _is_newer(header, out_dir.parent / "root-output"):
        raise ConfigError(
            f"{header} is of another crate of the workspace: the crate's build script wrote it earlier",
            hint=f"let each build.rs write {HEADER} to its OUT_DIR",
        )
    return header


def _is_newer(header: Path, output: Path) -> bool:
    """Return whether the header was written after `output`, a file that cargo writes when a build script has ended."""
    return is_file(output) and header.stat().st_mtime_ns > output.stat().st_mtime_ns


def _read(header: Path, roots: Roots) -> str:
    try:
        return read_text(header, roots)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{header} is not UTF-8: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise ConfigError(f"{header} cannot be read: {error.strerror}") from error


def cbindgen_settings(own: Mapping[str, object]) -> str:
    """Return the text of a `cbindgen.toml` with those of the crate's settings that cffi supports.

    >>> print(cbindgen_settings({"language": "C++", "usize_is_size_t": True, "include_guard": "X_H"}), end="")
    language = "C"
    usize_is_size_t = true
    cpp_compat = false
    pragma_once = false
    no_includes = true
    includes = []
    sys_includes = []
    <BLANKLINE>
    [defines]
    """
    import tomlkit

    kept = {key: value for key, value in own.items() if key not in _CBINDGEN_DROPPED}
    return tomlkit.dumps({**kept, **_CBINDGEN}, sort_keys=False)


def cbindgen_command(program: Path, *, crate: Path, workspace: Path, config: Path, cwd: Path) -> Command:
    """Return the command that prints a C header for a crate; cargo, which it runs, starts in `cwd`."""
    lock = workspace / "Cargo.lock"
    lockfile = ("--lockfile", str(lock)) if lock.is_file() else ()
    return Command(argv=(str(program), "--quiet", "--config", str(config), *lockfile, str(crate)), cwd=cwd)


def ffi_source(
    text: str,
    *,
    interpreter: Interpreter | None,
    running: Path | None,
    scratch: Path,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> str:
    """Return the text of `ffi.py` for C declarations, generated by cffi in ABI mode.

    Asked for it are the Python that we run in (`running`) and the one that was chosen. If neither has cffi and the
    chosen one is in a virtual environment, cffi is installed there. Raises `MissingToolError` when no Python has it,
    and `ConfigError` when it does not understand the declarations.
    """
    chosen = interpreter.executable if interpreter is not None else None
    for python in dict.fromkeys(path for path in (running, chosen) if path is not None):
        source = _recompile(text, python, scratch, environ)
        if source is not None:
            reporter.detail(f"cffi of {python} made ffi.py")
            return source
    if interpreter is not None and chosen is not None and interpreter.in_virtualenv:
        reporter.step("Installing", f"cffi, which generates the bindings, for {chosen}")
        done = capture(
            Command(argv=(str(chosen), "-m", "pip", "install", "cffi"), cwd=scratch), environ, rolls_back=True
        )
        source = _recompile(text, chosen, scratch, environ) if done.status == 0 else None
        if source is not None:
            return source
        raise _cffi_missing_error(chosen, notes=tuple((done.stderr or done.stdout).splitlines()))
    raise _cffi_missing_error(chosen or running)


def _recompile(text: str, python: Path, scratch: Path, environ: Mapping[str, str]) -> str | None:
    scratch.mkdir(parents=True, exist_ok=True)
    made = scratch / "ffi.py"
    made.unlink(missing_ok=True)
    # in a separate folder, so that no file of the project shadows a module of cffi
    command = Command(argv=(str(python), "-c", _RECOMPILE, str(made)), cwd=scratch)
    done = capture(command, environ, stdin=declarations_in_c99(text))
    match done.status:
        case 0:
            return made.read_text(encoding="utf-8")
        case 3:
            return None
        case 4:
            raise ConfigError(
                "cffi cannot parse the C declarations of the library",
                notes=tuple(done.stderr.splitlines()),
                hint="it reads plain C without a preprocessor: keep other things out with cbindgen.toml, or out of "
                f"the {HEADER} that the build script writes",
            )
        case _:
            raise ProcessError(f"cffi of {python} failed", notes=tuple(done.stderr.splitlines()))


def _cffi_missing_error(python: Path | None, notes: tuple[str, ...] = ()) -> MissingToolError:
    place = f" for {python}" if python is not None else ""
    command = f"{python or 'python'} -m pip install cffi"
    if python is not None and any("No module named pip" in note for note in notes):  # uv's environments have none
        command = f"`uv pip install --python {python} cffi`, or `{python} -m ensurepip` and then `{command}`"
    return MissingToolError(
        f"cffi is not installed{place}, but is needed to generate the bindings",
        notes=notes,
        hint=f"install it: {command}, or build in a virtual environment",
    )
