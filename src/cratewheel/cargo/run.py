"""Runs a cargo build and reads its artifacts from the JSON messages.

The messages are described at https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from cratewheel.cargo.advice import Names, advise, first_error, is_failed_build, place_of_failure
from cratewheel.cargo.query import INSTALL_RUST
from cratewheel.cargo.talk import Talk
from cratewheel.errors import CargoBuildError, CompileError, MissingToolError, NoRustError, ProcessError
from cratewheel.events import Reporter
from cratewheel.system.command import Command, how_it_ended, stream

DEBUG_SUFFIXES = (".pdb", ".dSYM", ".dwp")
IMPORT_LIBRARY_SUFFIXES = (".dll.lib", ".dll.a")
DYNAMIC_LIBRARY_SUFFIXES = (".so", ".dylib", ".dll", ".wasm")
LIBRARY_KINDS = frozenset({"lib", "rlib", "dylib", "cdylib", "staticlib"})
# where cross mounts cargo's target directory, and older ones the workspace, which newer ones leave at its path
CONTAINER_TARGET, CONTAINER_PROJECT = "/target", "/project"
LINK_PATH_KINDS = ("native", "all")
INTERRUPTED = (130, 143, 0xC000013A)  # what Ctrl-C and SIGTERM leave as a program's status; the last is Windows'


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCrate:
    """A library that a build compiled or found fresh: its package's id, its features, and one of its files."""

    package: str
    features: frozenset[str]
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptRun:
    """A run of a build script: its package's id, the `cfg` flags that it set, and its OUT_DIR."""

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
    example: str | None = None,
    environ: Mapping[str, str],
    reporter: Reporter,
    on_message: Callable[[Mapping[str, Any]], None] | None = None,
    purpose: str = "",
    on_text: Callable[[str], bool] | None = None,
    mounts: Mapping[str, Path] | None = None,
    names: Callable[[], Names] | None = None,
) -> Artifact:
    """Run the cargo build `command` and return its artifact of the package with the id `package`.

    Cargo's diagnostics go to `reporter`. `on_message` is called with the message of each compiled crate and build
    script run, and `on_text` with each other line of stdout; it returns whether it has used the line. `purpose` is part
    of the error message, and `names` returns names to suggest in it. `mounts` are the folders of this machine that
    cross mounts in its container. Raises `CompileError` if cargo fails, or makes no dynamic library (or no program
    named `binary`), and `ProcessError` if what it prints is not what cargo prints.
    """
    reporter.detail(f"running {command}")
    messages: list[Mapping[str, Any]] = []
    try:
        talk = Talk(reporter)
        with talk.reading() as readers, stream(talk.prepare(command, environ), environ, **readers) as lines:
            for line in lines:
                message = _message(line)
                if message is None:
                    if on_text is not None and on_text(line):
                        continue
                    reporter.pass_output(f"{line}\n" if line else "")
                elif message.get("reason") in ("compiler-artifact", "build-script-executed"):
                    if mounts is not None:
                        message = outside_container(message, mounts)
                    messages.append(message)
                    if on_message is not None:
                        on_message(message)
            status = lines.wait()
    except MissingToolError as error:
        raise NoRustError(f"{command.argv[0]} was not found", hint=INSTALL_RUST) from error
    if status:
        raise _failure(talk.text, purpose, status, names() if names else Names(platform=sys.platform))
    artifact = read_messages(messages, package=package, binary=binary, example=example)
    if artifact is None:
        raise _no_artifact_error(binary or example)
    return artifact


KILLED = "(signal: 9, SIGKILL)"  # as cargo says of a compiler; the system kills what takes too much memory


def _failure(text: str, purpose: str, status: int, names: Names) -> CompileError:
    """Return the error for what cargo has shown."""
    reason = place_of_failure(text) or first_error(text) or how_it_ended(status)
    ended = status < 0 or status in INTERRUPTED
    fails = CargoBuildError if is_failed_build(text) and not ended else CompileError
    return fails(
        f"cargo could not build the crate{purpose}: {reason}",
        hint=advise(f"{text}\n{KILLED if status == -9 else ''}", names),
    )


def _message(line: str) -> Mapping[str, Any] | None:
    # procedural macros print to the same stdout
    if not line.startswith("{"):
        return None
    try:
        message: Mapping[str, Any] = json.loads(line)
    except (ValueError, RecursionError):
        return None
    _check_fields(message)
    return message


def _check_fields(message: Mapping[str, Any]) -> None:
    """Raise `ProcessError` for a message that we read and that lacks what we read of it; other fields may be new."""
    reason = message.get("reason")
    fields = _FIELDS.get(reason, {}) if isinstance(reason, str) else {}
    target = message.get("target")
    wrong = [name for name, is_valid in fields.items() if not is_valid(message.get(name))]
    if reason == "compiler-artifact":
        inside = target if isinstance(target, Mapping) else {}
        wrong += [f"target.{name}" for name, is_valid in _TARGET_FIELDS.items() if not is_valid(inside.get(name))]
    if wrong:
        raise ProcessError(
            f"cargo printed a message `{reason}` that cannot be read: {wrong[0]} is missing or has another type",
            hint="`cargo -Vv` says which cargo runs; a wrapper of it must pass its messages on as they are",
        )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_TARGET_FIELDS: Mapping[str, Callable[[object], bool]] = {"name": _is_text, "kind": _is_texts, "crate_types": _is_texts}
_FIELDS: Mapping[str, Mapping[str, Callable[[object], bool]]] = {
    "compiler-artifact": {
        "package_id": _is_text,
        "features": _is_texts,
        "filenames": _is_texts,
        "executable": lambda value: value is None or isinstance(value, str),
        "fresh": lambda value: isinstance(value, bool),
    },
    "build-script-executed": {
        "package_id": _is_text,
        "linked_libs": _is_texts,
        "linked_paths": _is_texts,
        "cfgs": _is_texts,
        "out_dir": _is_text,
    },
}


def container_mounts(target: Path, workspace: Path) -> Mapping[str, Path]:
    """Return what cross mounts in its container: the place there, and that on this machine."""
    there = PurePosixPath(CONTAINER_PROJECT)
    project = {} if workspace.as_posix() == str(there) else {str(there): workspace}
    return {CONTAINER_TARGET: target, **project}


def outside_container(message: Mapping[str, Any], mounts: Mapping[str, Path]) -> Mapping[str, Any]:
    """Return a message of cargo in cross's container with its paths as they are on this machine.

    >>> outside_container({"out_dir": "/target/debug/build/a-1/out", "linked_paths": ["native=/target/b", "/usr"]},
    ...                   {"/target": Path("/home/me/target")})["linked_paths"]
    ['native=/home/me/target/b', '/usr']
    """

    def mapped(text: str) -> str:
        kind, equals, path = text.rpartition("=")
        below = PurePosixPath(path)
        for there, here in mounts.items():
            if below.is_relative_to(there):
                return f"{kind}{equals}{here / below.relative_to(there)}"
        return text

    changed = {
        name: [mapped(text) for text in value] if isinstance(value, list) else mapped(value)
        for name in ("filenames", "executable", "out_dir", "linked_paths", "manifest_path")
        if (value := message.get(name))
    }
    package = message.get("package_id")
    if isinstance(package, str):
        for there, here in mounts.items():
            package = re.sub(rf"(?<=path\+file://){there}(?=[/#)])", here.as_posix().replace("\\", r"\\"), package)
        changed["package_id"] = package
    return {**message, **changed}


def read_messages(
    messages: Iterable[Mapping[str, Any]], *, package: str, binary: str | None, example: str | None = None
) -> Artifact | None:
    """Return the artifact of `package` in cargo's JSON messages, or None if Python can use none."""
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
        made = message["target"]
        if not _is_wanted(made, binary=binary, example=example):
            continue  # what the target depends on
        if binary is None and "cdylib" in made["crate_types"]:
            path = next((file for file in files if file.suffix in DYNAMIC_LIBRARY_SUFFIXES), path)
            others = files
        elif (binary or example) and message.get("executable"):
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


def _is_wanted(made: Mapping[str, Any], *, binary: str | None, example: str | None) -> bool:
    """Return whether a target of the package is the one that was asked for."""
    if example is not None:
        return made["name"] == example and "example" in made["kind"]
    return binary is None or made["name"] == binary


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
    if not any(kind.partition(":")[0] == "dylib" for kind in kinds):  # modifiers follow the colon
        return []
    found = []
    for item in message["linked_paths"]:
        kind, equals, path = item.partition("=")
        if not equals:
            found.append(Path(item))
        elif kind in LINK_PATH_KINDS:
            found.append(Path(path))
    return found


def _no_artifact_error(binary: str | None) -> CompileError:
    if binary is not None:
        return CompileError(f"cargo built no program named {binary}")
    return CompileError(
        "cargo built no dynamic library that Python could load",
        hint='add `crate-type = ["cdylib"]` to [lib] in Cargo.toml',
    )
