"""Run a cargo build and read what it made from its JSON messages.

The messages are described at https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cratewheel.cargo.query import INSTALL_RUST
from cratewheel.errors import CompileError, MissingToolError
from cratewheel.events import Reporter
from cratewheel.system.command import Command, stream

DEBUG_SUFFIXES = (".pdb", ".dSYM", ".dwp")
IMPORT_LIBRARY_SUFFIXES = (".dll.lib", ".dll.a")
DYNAMIC_LIBRARY_SUFFIXES = (".so", ".dylib", ".dll", ".wasm")
LIBRARY_KINDS = frozenset({"lib", "rlib", "dylib", "cdylib", "staticlib"})
LINK_PATH_KINDS = ("native", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCrate:
    """A library that a build compiled, or found to be fresh: its package's id, its features, and one of its files."""

    package: str
    features: frozenset[str]
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptRun:
    """A build script that ran for a build: its package's id, the `cfg` flags that it set, and its OUT_DIR."""

    package: str
    flags: frozenset[str]
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What a build left: the file for Python, what lies beside it, and what build scripts said.

    `out_dirs` maps a package's id to its build script's OUT_DIR; `link_paths` are the folders in which build scripts
    found the dynamic libraries that they link. `fresh` is true when nothing had to be compiled. `linked_in` is the
    folder where cargo left the artifact, where that is another by now. `libraries` are the compiled crates that it was
    linked from, by name. `crates` and `script_runs` are all that took part, for the host and for the target.
    """

    path: Path
    import_library: Path | None = None
    debug_info: Path | None = None
    out_dirs: Mapping[str, Path]
    link_paths: tuple[Path, ...] = ()
    fresh: bool = False
    linked_in: Path | None = None
    libraries: Mapping[str, Path] = field(default_factory=dict)
    crates: tuple[CompiledCrate, ...] = ()
    script_runs: tuple[ScriptRun, ...] = ()


def run(
    command: Command,
    *,
    package: str,
    binary: str | None,
    environ: Mapping[str, str],
    reporter: Reporter,
    hear: Callable[[Mapping[str, Any]], None] | None = None,
    purpose: str = "",
    hear_text: Callable[[str], bool] | None = None,
) -> Artifact:
    """Run the cargo build `command` and return what it made of the package with the id `package`.

    What cargo prints for people goes to `reporter` as it comes; `hear` is told of each crate that is ready, and of each
    build script; `hear_text` of each line that is no message, and returns whether it was for
    it; `purpose` is for the error's message. Raises `CompileError` when it fails,
    or makes no dynamic library (`binary` is None) or no program of the name `binary`.
    """
    reporter.detail(f"running {command}")
    messages: list[Mapping[str, Any]] = []
    try:
        with stream(command, environ, on_error_line=_teller(reporter)) as lines:
            for line in lines:
                message = _message(line)
                if message is None:
                    if hear_text is not None and hear_text(line):
                        continue
                    reporter.passthrough(f"{line}\n" if line else "")
                elif message.get("reason") in ("compiler-artifact", "build-script-executed"):
                    messages.append(message)
                    if hear is not None:
                        hear(message)
            status = lines.wait()
    except MissingToolError as error:
        raise MissingToolError(f"{command.argv[0]} was not found", hint=INSTALL_RUST) from error
    if status:
        raise CompileError(
            f"cargo could not build the crate{purpose} (status {status})",
            notes=(f"the command was `{command}`",),
            hint="mend what the compiler says above",
        )
    artifact = read_messages(messages, package=package, binary=binary)
    if artifact is None:
        raise _nothing_made(binary)
    return artifact


def _teller(reporter: Reporter) -> Callable[[str], None] | None:
    """Return what is done with each line that cargo says: nothing, where it has the terminal for itself."""
    return None if reporter.inherits_stderr else (lambda line: reporter.passthrough(f"{line}\n"))


def _message(line: str) -> Mapping[str, Any] | None:
    # procedural macros share cargo's stdout, and print what they like
    if not line.startswith("{"):
        return None
    try:
        message: Mapping[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return None
    return message


def read_messages(messages: Iterable[Mapping[str, Any]], *, package: str, binary: str | None) -> Artifact | None:
    """Return the artifact of `package` in cargo's JSON messages, or None when it made none that Python can use."""
    out_dirs: dict[str, Path] = {}
    link_paths: list[Path] = []
    path: Path | None = None
    others: list[Path] = []
    fresh = True
    libraries: dict[str, Path] = {}
    crates: list[CompiledCrate] = []
    script_runs: list[ScriptRun] = []
    for message in messages:
        if message["reason"] == "build-script-executed":
            out_dirs[message["package_id"]] = Path(message["out_dir"])
            link_paths += _link_paths(message)
            script_runs.append(_script_run(message))
            continue
        fresh = fresh and message["fresh"]
        if message["package_id"] != package:
            crates += _compiled_crates(message)
            for name in message["filenames"]:
                if name.endswith(".rlib"):
                    libraries[message["target"]["name"]] = Path(name)
            continue
        files = [Path(name) for name in message["filenames"]]
        if binary is None and "cdylib" in message["target"]["crate_types"]:
            path = next((file for file in files if file.suffix in DYNAMIC_LIBRARY_SUFFIXES), path)
            others = files
        elif binary is not None and message["target"]["name"] == binary and message["executable"]:
            path, others = Path(message["executable"]), files
    if path is None:
        return None
    return Artifact(
        path=path,
        import_library=next((file for file in others if file.name.endswith(IMPORT_LIBRARY_SUFFIXES)), None),
        debug_info=next((file for file in others if file.suffix in DEBUG_SUFFIXES), None),
        out_dirs=out_dirs,
        link_paths=tuple(dict.fromkeys(link_paths)),
        fresh=fresh,
        libraries=libraries,
        crates=tuple(crates),
        script_runs=tuple(script_runs),
    )


def _compiled_crates(message: Mapping[str, Any]) -> list[CompiledCrate]:
    if LIBRARY_KINDS.isdisjoint(message["target"]["kind"]):
        return []
    features = frozenset(message["features"])
    return [
        CompiledCrate(package=message["package_id"], features=features, path=Path(name))
        for name in message["filenames"][:1]
    ]


def _script_run(message: Mapping[str, Any]) -> ScriptRun:
    return ScriptRun(package=message["package_id"], flags=frozenset(message["cfgs"]), path=Path(message["out_dir"]))


def _link_paths(message: Mapping[str, Any]) -> list[Path]:
    kinds = [library.partition("=")[0] if "=" in library else "dylib" for library in message["linked_libs"]]
    if not any(kind.partition(":")[0] == "dylib" for kind in kinds):  # after the colon stand modifiers
        return []
    found = []
    for item in message["linked_paths"]:
        kind, equals, path = item.partition("=")
        if not equals:
            found.append(Path(item))
        elif kind in LINK_PATH_KINDS:
            found.append(Path(path))
    return found


def _nothing_made(binary: str | None) -> CompileError:
    if binary is not None:
        return CompileError(f"cargo built no program named {binary}")
    return CompileError(
        "cargo built no dynamic library that Python could load",
        hint='add `crate-type = ["cdylib"]` to [lib] in Cargo.toml',
    )
