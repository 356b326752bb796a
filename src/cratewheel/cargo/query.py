"""Reads facts from `cargo metadata`, `cargo tree` and `rustc -vV`."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cratewheel.cargo import features
from cratewheel.cargo.advice import (
    Names,
    advise,
    error_details,
    first_error,
    needs_newer_rust,
    unknown_target,
    without_backtrace,
)
from cratewheel.cargo.command import is_cross
from cratewheel.cargo.features import Compiled
from cratewheel.cargo.model import (
    CargoMetadata,
    CrateTarget,
    Dependency,
    DependencyKind,
    Node,
    NodeDependency,
    Package,
)
from cratewheel.cargo.talk import Talk
from cratewheel.errors import BrokenRustError, DownloadError, MissingToolError, NoRustError, OldRustError, ProcessError
from cratewheel.events import Reporter
from cratewheel.system.command import Command, Completed, capture, how_it_ended
from cratewheel.system.files import is_file
from cratewheel.system.files.submodules import FETCH, absent_submodule

INSTALL_RUST = "install Rust: https://rustup.rs, or your system's packages rustc and cargo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rustc:
    """The compiler's version as (major, minor, patch), its default target, and the major version of its LLVM."""

    version: tuple[int, int, int]
    host: str
    llvm: int | None = None


def read_rustc(environ: Mapping[str, str], cwd: Path) -> Rustc:
    """Return the version and host of the rustc that a cargo started in `cwd` would use.

    Raises `MissingToolError` when there is none, `ProcessError` when it fails.
    """
    program = environ.get("RUSTC") or "rustc"
    try:
        done = capture(Command(argv=(program, "-vV"), cwd=cwd), environ)
    except MissingToolError as error:
        if program != "rustc":
            raise NoRustError(
                f"RUSTC names {program}, which was not found", hint="correct the path, or `unset RUSTC`"
            ) from error
        raise NoRustError("the Rust compiler (rustc) was not found", hint=INSTALL_RUST) from error
    if done.status:
        hint = advise(done.stderr, Names(platform=sys.platform))
        raise BrokenRustError(
            f"`{program} -vV` failed: {how_it_ended(done.status)}", notes=without_backtrace(done.stderr), hint=hint
        )
    return parse_rustc(done.stdout)


def read_sysroot(environ: Mapping[str, str], cwd: Path) -> Path:
    """Return the folder of rustc's own installation; raises `ProcessError` when rustc does not say it."""
    program = environ.get("RUSTC") or "rustc"
    done = capture(Command(argv=(program, "--print", "sysroot"), cwd=cwd), environ)
    if done.status or not done.stdout.strip():
        raise ProcessError(f"`{program} --print sysroot` failed", notes=tuple(done.stderr.splitlines()))
    return Path(done.stdout.strip())


def read_standard_library(triple: str, environ: Mapping[str, str], cwd: Path) -> dict[str, Path]:
    """Return the compiled crates of Rust's standard library for a target by name; empty if it is not installed."""
    program = environ.get("RUSTC") or "rustc"
    done = capture(Command(argv=(program, "--print", "target-libdir", "--target", triple), cwd=cwd), environ)
    folder = Path(done.stdout.strip() or "/nowhere")
    return {path.name.removeprefix("lib").rpartition("-")[0]: path for path in sorted(folder.glob("lib*.rlib"))}


def parse_rustc(text: str) -> Rustc:
    r"""Return the versions and host in the output of `rustc -vV`.

    >>> parse_rustc("host: x86_64-unknown-linux-gnu\nrelease: 1.95.0-nightly\nLLVM version: 22.1.2\n")
    Rustc(version=(1, 95, 0), host='x86_64-unknown-linux-gnu', llvm=22)
    """
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    release = re.match(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", fields.get("release", ""))
    if release is None or "host" not in fields:
        raise ProcessError("`rustc -vV` did not print its release and host", notes=tuple(text.splitlines()))
    major, minor, patch = (int(part) for part in release.groups())
    llvm = re.match(r"\d{1,9}", fields.get("LLVM version", ""))
    return Rustc(version=(major, minor, patch), host=fields["host"], llvm=int(llvm[0]) if llvm else None)


def read_metadata(
    arguments: tuple[str, ...],
    manifest: Path,
    environ: Mapping[str, str],
    reporter: Reporter,
    *,
    cwd: Path,
    known: Sequence[str] = (),
    tell_downloads: bool = False,
) -> CargoMetadata:
    """Return the output of `cargo metadata` for `manifest`; `arguments` choose features, platform and network use.

    Cargo reads its configuration from the folder `cwd`. `known` are the features of the crate, to suggest one.

    With `tell_downloads`, cargo is asked once more after a failure, and `DownloadError` is raised if crates cannot be
    downloaded.

    Raises `MissingToolError` without a cargo, `ProcessError` when it fails; what cargo printed has then been shown.
    Raises `ConfigError` for a pipe, a socket or a device in the place of a source file that rustc would read.
    """
    command = Command(
        argv=("cargo", "metadata", "--format-version", "1", "--manifest-path", str(manifest), *arguments),
        cwd=cwd,
    )
    done, said = _show_cargo(command, environ, reporter)
    if done.status:
        error = _resolve_error(manifest, said, command, known, environ)
        if tell_downloads and type(error) is ProcessError and _needs_download(command, environ):
            raise DownloadError(error.message, hint=error.hint)
        raise error
    answer = parse_answer(done.stdout, str(command), resolved="--no-deps" not in arguments)
    for package in answer.packages.values():
        for target in package.targets if package.source is None else ():
            is_file(target.source)
    return answer


def _show_cargo(command: Command, environ: Mapping[str, str], reporter: Reporter) -> tuple[Completed, str]:
    """Run a cargo command and return its answer and its stderr.

    The latter is shown as it arrives, since downloads may take minutes; without steps, only if cargo fails.
    """
    if not (reporter.inherits_stderr and reporter.shows_steps):
        done = run_cargo(command, environ)
        talk = Talk(reporter, hold_errors=True)
        if done.status or reporter.shows_steps:
            talk.show(done.stderr)
        return done, done.stderr
    talk = Talk(reporter, hold_errors=True)
    done = run_cargo(talk.prepare(command, environ), environ, on_error_text=talk.show)
    return done, talk.text


def _fetch_submodule(text: str) -> str | None:
    """Return the hint for a manifest that cargo does not find because a git submodule is not there; None otherwise."""
    for path in re.findall(r"failed to (?:read|load manifest for workspace member) `([^`]+)`", text):
        if absent := absent_submodule(Path(path)):
            return f"{absent} is a git submodule that is not there: {FETCH}"
    return None


def _resolve_error(
    manifest: Path, text: str, command: Command, known: Sequence[str], environ: Mapping[str, str]
) -> ProcessError:
    """Return the error for what cargo has shown; asks rustc for its targets if it does not know one."""
    targets = read_targets(environ, command.cwd) if unknown_target(text) else ()
    hint = _fetch_submodule(text) or advise(text, Names(platform=sys.platform, features=known, targets=targets))
    fails = OldRustError if needs_newer_rust(text) else ProcessError
    reason = first_error(text) or "it ended with an error"
    if unknown_target(text):
        return fails(reason, hint=hint)
    return fails(f"cargo cannot resolve {manifest}: {reason}", notes=error_details(text, reason), hint=hint)


def read_targets(environ: Mapping[str, str], cwd: Path | None) -> tuple[str, ...]:
    """Return the triples of all targets that rustc knows; none if it does not say them."""
    try:
        done = capture(Command(argv=(environ.get("RUSTC") or "rustc", "--print", "target-list"), cwd=cwd), environ)
    except MissingToolError:
        return ()
    return tuple(done.stdout.split()) if done.status == 0 else ()


def _needs_download(command: Command, environ: Mapping[str, str]) -> bool:
    """Return whether a failed `cargo metadata` needs crates that are not here: without the network, cargo says so."""
    offline = ("--offline",) if "--offline" not in command.argv else ()
    again = run_cargo(replace(command, argv=(*command.argv, *offline)), environ)
    return again.status != 0 and "--offline" in again.stderr


def read_compiled(
    metadata: CargoMetadata, arguments: tuple[str, ...], target: str, environ: Mapping[str, str], *, cwd: Path
) -> Compiled:
    """Return the crates that a build of the root package compiles for `target`, as `cargo tree` resolves them.

    `arguments` choose features and network use; cargo reads its configuration from the folder `cwd`. Raises
    `ProcessError` when it fails.
    """
    command = features.tree_command(metadata, arguments, target, cwd=cwd)
    done = run_cargo(command, environ)
    if done.status:
        raise ProcessError(
            f"cargo cannot resolve the features of {metadata.root_package.manifest_path}",
            notes=tuple(done.stderr.splitlines()),
            hint=advise(done.stderr, Names(platform=sys.platform)),
        )
    return features.parse_tree(done.stdout, metadata)


def run_cargo(
    command: Command,
    environ: Mapping[str, str],
    *,
    on_error_text: Callable[[str], None] | None = None,
    timeout: float | None = None,
) -> Completed:
    """Run a short cargo command and return its `Completed`; raises `MissingToolError` if cargo is not installed.

    The cargo that compiles answers as well, so that no other version resolves: that of the variable CARGO, if it is not
    cross, whose container has other paths.
    """
    program = environ.get("CARGO") or "cargo"
    if command.argv[0] == "cargo" and not is_cross(program):
        command = replace(command, argv=(program, *command.argv[1:]))
    try:
        return capture(command, environ, on_error_text=on_error_text, timeout=timeout)
    except MissingToolError as error:
        hint = INSTALL_RUST if command.argv[0] == "cargo" else "the variable CARGO names it: correct or unset it"
        raise NoRustError(f"{command.argv[0]} was not found", hint=hint) from error


def parse_answer(text: str, command: str, *, resolved: bool = True) -> CargoMetadata:
    """Return the output of `cargo metadata` as values; raises `ProcessError`, which names `command`, for anything else.

    Fields that newer versions of cargo add have no effect. Unless it is `resolved`, it has no dependencies.
    """
    try:
        metadata = parse_metadata(json.loads(text))
        if resolved:
            _check_complete(metadata)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        said = f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else str(error)
        raise ProcessError(
            f"`cargo metadata` printed what cannot be read: {said}",
            notes=(f"the command was `{command}`",),
            hint="`cargo -Vv` says which cargo runs; a wrapper of it must print nothing else",
        ) from error
    return metadata


def _check_complete(metadata: CargoMetadata) -> None:
    """Raise `ValueError` unless the metadata has all packages and nodes that it names."""
    if metadata.root is None:
        raise ValueError("it does not say which package is the project's")
    edges = (edge.package for node in metadata.nodes.values() for edge in node.dependencies)
    for name in (metadata.root, *metadata.nodes, *edges):
        if name not in metadata.packages or name not in metadata.nodes:
            raise ValueError(f"the package {name} is missing")


def parse_metadata(answer: Mapping[str, Any]) -> CargoMetadata:
    """Return the JSON of `cargo metadata --format-version 1` as values."""
    packages = {package["id"]: _package(package) for package in answer["packages"]}
    resolve = answer.get("resolve") or {"nodes": [], "root": None}
    return CargoMetadata(
        packages=packages,
        nodes={node["id"]: _node(node) for node in resolve["nodes"]},
        root=resolve["root"],
        workspace_root=Path(answer["workspace_root"]),
        workspace_members=tuple(answer["workspace_members"]),
        target_directory=Path(answer["target_directory"]),
        build_directory=Path(answer["build_directory"]) if answer.get("build_directory") else None,
    )


def _package(package: Mapping[str, Any]) -> Package:
    return Package(
        id=package["id"],
        name=package["name"],
        version=package["version"],
        source=package["source"],
        manifest_path=Path(package["manifest_path"]),
        targets=tuple(
            CrateTarget(
                name=target["name"],
                kinds=tuple(target["kind"]),
                crate_types=tuple(target["crate_types"]),
                source=Path(os.path.normpath(target["src_path"])),  # cargo does not resolve `..`
                required_features=tuple(target.get("required-features") or ()),
            )
            for target in package["targets"]
        ),
        dependencies=tuple(_dependency(dependency) for dependency in package["dependencies"]),
        features={name: tuple(enables) for name, enables in package["features"].items()},
        metadata=package["metadata"] or {},
        edition=package["edition"],
        rust_version=package.get("rust_version"),
        license=package["license"],
        license_file=package["license_file"],
        description=package["description"],
        authors=tuple(package["authors"]),
        homepage=package.get("homepage"),
        repository=package["repository"],
        documentation=package.get("documentation"),
        readme=package.get("readme"),
    )


def _dependency(dependency: Mapping[str, Any]) -> Dependency:
    path = dependency.get("path")
    return Dependency(
        name=dependency["name"],
        requirement=dependency["req"],
        kind=_kind(dependency["kind"]),
        source=dependency["source"],
        rename=dependency["rename"],
        optional=dependency["optional"],
        default_features=dependency["uses_default_features"],
        features=tuple(dependency["features"]),
        target=dependency["target"],
        path=Path(path) if path else None,
    )


def _node(node: Mapping[str, Any]) -> Node:
    return Node(
        id=node["id"],
        dependencies=tuple(
            NodeDependency(
                package=edge["pkg"],
                name=edge["name"],
                kinds=tuple(sorted({_kind(kind["kind"]) for kind in edge["dep_kinds"]})),
            )
            for edge in node["deps"]
        ),
        features=tuple(node["features"]),
    )


def _kind(kind: str | None) -> DependencyKind:
    match kind:
        case "build":
            return "build"
        case "dev":
            return "dev"
        case _:
            return "normal"
