"""Lists the files of a crate with `cargo package --list`, or by walking its folder.

Walking is for published crates, and for crates that cargo can build but not package.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo import query
from cratewheel.cargo.model import Package
from cratewheel.contents.rust_modules import module_files
from cratewheel.errors import ConfigError, ProcessError
from cratewheel.events import Reporter
from cratewheel.options.model import Options
from cratewheel.system import files, utf8
from cratewheel.system.command import TIMED_OUT, Command, Completed
from cratewheel.system.files import Roots
from cratewheel.system.files.ignore_rules import Rules, parse_rule
from cratewheel.system.files.links import root_of
from cratewheel.system.files.temporary import temporary_folder
from cratewheel.system.files.walking import every_file
from cratewheel.system.tasks import task_group

WAIT_SECONDS = 30.0  # before looking for a pipe that cargo may be blocked on
# Files that cargo and the registry add to a published crate, and do not accept in a crate to publish.
PUBLISHED_CRATE_FILES = ("Cargo.toml.orig", ".cargo_vcs_info.json")
MAX_PARALLEL = 4  # cargo processes

GONE = "(os error 2)"  # ENOENT, as Rust shows it in every language
NOT_UNICODE = "does not have a unicode filename"
SKIPPED_NAMES = (NOT_UNICODE, "special character")  # not useful in our archives, either
ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Lister:
    """Lists files of crates with cargo, run in the folder `cwd`. No link may lead out of the folders `roots`.

    Dangling links are skipped if `skips` returns true.
    """

    options: Options
    cwd: Path
    roots: Roots
    environ: Mapping[str, str]
    reporter: Reporter
    skips: Callable[[str], bool]

    @contextmanager
    def listing(self, packages: Iterable[Package]) -> Iterator[Iterator[tuple[str, ...]]]:
        """Yield an iterator of each package's file paths; cargo runs during the block.

        Each raises `ProcessError` if cargo fails.
        """
        # cargo creates a target directory even to list files, and the source tree may be read-only
        with temporary_folder() as target, task_group(max_running=MAX_PARALLEL) as group:
            tasks = [group.start(partial(_list_package, package, self, target)) for package in packages]
            yield (task.result() for task in tasks)


def _list_package(package: Package, lister: Lister, target: Path) -> tuple[str, ...]:
    folder = package.manifest_path.parent
    if any((folder / name).exists() for name in PUBLISHED_CRATE_FILES):
        return tuple(_published_files(folder, lister.roots))
    _check_ignore_files(folder)
    command = _list_command(package, lister, target, ("--exclude-lockfile",))
    done = _query_listing(command, lister, folder)
    if (
        "--exclude-lockfile" in done.stderr
    ):  # before 1.90 cargo resolves the crate, only to list a lock file that we add ourselves
        command = _list_command(package, lister, target)
        done = _query_listing(command, lister, folder)
    problem = next((line for line in done.stderr.splitlines() if line.startswith("error: ")), "")
    if done.status and problem and not any(words in done.stderr for words in SKIPPED_NAMES):
        lister.reporter.warn(
            f"cargo does not list the files of the crate in {folder}; packing all files not ignored by git",
            hint=f"cargo says: {problem.removeprefix('error: ')}",
        )
        return tuple(_walk_crate(package, lister))
    if done.status:
        if NOT_UNICODE in done.stderr:  # cargo shows only the UTF-8 part of the name
            for path in files.walk(folder, roots=lister.roots):
                utf8.check_name(path, f"a file of the crate in {folder}")
        special = re.search(r"cannot package a filename with a special character `(.)`: (.+)", done.stderr)
        if special is not None:
            raise ConfigError(
                f"{folder / special[2]} cannot be in a source distribution: cargo packs no name with `{special[1]}`, "
                "which not every system can have",
                hint=f'rename the file, or exclude it: `exclude = ["{special[2]}"]` in [package] of Cargo.toml',
            )
        lister.reporter.pass_output(done.stderr)
        raise ProcessError(
            f"cargo cannot list the files of the crate in {folder}",
            notes=(f"`{command}` failed with exit status {done.status}",),
            hint="fix the error that cargo reports above",
        )
    start = f"{folder}{os.sep}"
    # not splitlines(): names may contain other Unicode line ends
    return tuple(start + line.replace("/", os.sep) for line in done.stdout.split("\n") if line)


def names_with_line_ends(folder: Path, listed: tuple[str, ...], found: Collection[str]) -> Iterator[str]:
    """Yield the files whose names contain line ends, which cargo lists as several lines.

    `found` are the listed paths that are files.
    """
    lines = frozenset(listed)
    start = f"{folder}{os.sep}"
    generated = {f"{start}{name}" for name in (*PUBLISHED_CRATE_FILES, "Cargo.lock")}
    absent = (path for path in listed if path not in found and path not in generated)
    if len(lines) == len(listed) and all(map(os.path.lexists, absent)):
        return  # the usual case: no search needed
    for path in every_file(folder):
        parts = path[len(start) :].split("\n")
        if len(parts) > 1 and lines.issuperset(start + part for part in parts if part):
            yield path


def outside_target_files(package: Package, roots: Roots, skips: Callable[[str], bool]) -> Iterator[str]:
    """Yield the files of targets outside of the crate's folder, which cargo builds but does not list.

    These are the root file of each target, its modules, and all files in the folder of the root file, unless the crate
    is in that folder too.
    """
    folder = package.manifest_path.parent
    outside = (target.source for target in package.targets if not target.source.is_relative_to(folder))
    for source in dict.fromkeys(outside):
        above = root_of(str(source), roots)
        if above is None or not files.is_file(source):
            yield str(source)
            continue
        named = map(str, module_files(source))
        below = folder.is_relative_to(source.parent)
        found = () if below else files.walk(Path(above), under=source.parent, roots=roots, skips=skips)
        yield from dict.fromkeys((*named, *found))


def _query_listing(command: Command, lister: Lister, folder: Path) -> Completed:
    """Return cargo's output, retried if a folder was removed meanwhile by another build.

    Raises `ConfigError` if cargo is blocked on an ignore file that is a pipe.
    """
    patience: float | None = WAIT_SECONDS
    for _ in range(ATTEMPTS):
        done = query.run_cargo(command, lister.environ, timeout=patience)
        if done.status == TIMED_OUT and patience is not None:
            for path in every_file(folder):  # not sooner, since the check may take a second
                if path.endswith(".gitignore"):
                    files.is_file(path)
            patience = None
        elif not (done.status and GONE in done.stderr):
            break
    return done


def _check_ignore_files(folder: Path) -> None:
    """Raise `ConfigError` for an ignore file that is a pipe, socket or device, on which cargo would block."""
    for place in (folder, *folder.parents):
        files.is_file(place / ".gitignore")
        if (place / ".git").exists():
            return


def _list_command(package: Package, lister: Lister, target: Path, flags: tuple[str, ...] = ()) -> Command:
    options = lister.options
    return Command(
        argv=(
            "cargo",
            "package",
            "--list",
            "--allow-dirty",
            *flags,
            "--manifest-path",
            str(package.manifest_path),
            "--package",  # otherwise cargo lists the default members of a workspace root
            package.name,
            "--target-dir",
            str(target),
            *(("--frozen",) if options.frozen else ()),
            *(("--locked",) if options.locked else ()),
            *(("--offline",) if options.offline else ()),
            *(word for value in options.config for word in ("--config", value)),
        ),
        cwd=lister.cwd,
    )


def _published_files(folder: Path, roots: Roots) -> Iterator[str]:
    """Yield the files of a published and vendored crate, which cargo refuses to list."""
    for path in _own_paths(folder, files.walk(folder, roots=roots)):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield str(path)


def _walk_crate(package: Package, lister: Lister) -> Iterator[str]:
    """Yield the files of a crate that cargo does not list: those not ignored by git, by its `include` and `exclude`."""
    manifest = cargo_manifest.read(package.manifest_path)
    folder = manifest.directory
    root = Path(root_of(str(folder), lister.roots) or folder)
    found = files.walk(root, under=folder, roots=lister.roots, skips=lister.skips)
    only = manifest.package.get("include", [])
    rules = Rules(parse_rule(line) for line in only or manifest.package.get("exclude", []))
    for path in _own_paths(folder, found):
        if _matches(rules, path.relative_to(folder)) is bool(only):
            yield str(path)


def _matches(rules: Rules, relative: Path) -> bool:
    """Return whether a file, or else its nearest parent folder that a rule mentions, is matched."""
    for place in (relative, *relative.parents[:-1]):
        decision = rules.decide(place.as_posix(), place.name, folder=place != relative)
        if decision is not None:
            return decision
    return False


def _own_paths(folder: Path, paths: Iterable[str]) -> Iterator[Path]:
    """Yield the paths in a crate's folder that do not belong to another crate."""
    found = [Path(path) for path in paths]
    inner = {path.parent for path in found if path.name == "Cargo.toml" and path.parent != folder}
    return (path for path in found if inner.isdisjoint(path.parents))
