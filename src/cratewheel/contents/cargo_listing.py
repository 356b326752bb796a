"""Which files a crate consists of: what `cargo package --list` says, or all there are.

The latter is for crates that were published, and for those that cargo builds and will not package.
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
from cratewheel.contents.rust_modules import files_of
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

PATIENCE = 30.0  # seconds that cargo may take, before we look for what it may be waiting for
# What cargo and the registry write into a published crate, and refuse to find in a folder that is to become one.
OF_A_PUBLISHED_CRATE = ("Cargo.toml.orig", ".cargo_vcs_info.json")
AT_ONCE = 4  # cargos that are asked at a time

GONE = "(os error 2)"  # ENOENT, as Rust shows it in every language
NOT_UNICODE = "does not have a unicode filename"
FOR_NO_ARCHIVE = (NOT_UNICODE, "special character")  # names of files that are no good in our archive, either
ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Lister:
    """Asks cargo in the folder `cwd`. No link may lead out of the folders `roots`.

    Links to nothing are left out where `skips` says so.
    """

    options: Options
    cwd: Path
    roots: Roots
    environ: Mapping[str, str]
    reporter: Reporter
    skips: Callable[[str], bool]

    @contextmanager
    def listing(self, packages: Iterable[Package]) -> Iterator[Iterator[tuple[str, ...]]]:
        """Yield what will be the paths of each package's files; cargo is asked while the block does something else.

        Each raises `ProcessError` where cargo fails.
        """
        # cargo makes a target directory even to list files, and a read-only source tree has no place for one
        with temporary_folder() as target, task_group(max_running=AT_ONCE) as group:
            asked = [group.start(partial(_packaged, package, self, target)) for package in packages]
            yield (task.result() for task in asked)


def _packaged(package: Package, lister: Lister, target: Path) -> tuple[str, ...]:
    folder = package.manifest_path.parent
    if any((folder / name).exists() for name in OF_A_PUBLISHED_CRATE):
        return tuple(_published(folder, lister.roots))
    _check_ignore_files(folder)
    command = _list_command(package, lister, target, ("--exclude-lockfile",))
    done = _asked(command, lister, folder)
    if (
        "--exclude-lockfile" in done.stderr
    ):  # cargo before 1.90; it resolves the crate to list a lock that we add ourselves
        command = _list_command(package, lister, target)
        done = _asked(command, lister, folder)
    problem = next((line for line in done.stderr.splitlines() if line.startswith("error: ")), "")
    if done.status and problem and not any(words in done.stderr for words in FOR_NO_ARCHIVE):
        lister.reporter.warn(
            f"cargo does not list the files of the crate in {folder}, so all that git does not ignore are packed",
            hint=f"cargo says: {problem.removeprefix('error: ')}",
        )
        return tuple(_walked(package, lister))
    if done.status:
        if NOT_UNICODE in done.stderr:  # cargo shows no more of the name than is UTF-8
            for path in files.walk(folder, roots=lister.roots):
                utf8.check_name(path, f"a file of the crate in {folder}")
        special = re.search(r"cannot package a filename with a special character `(.)`: (.+)", done.stderr)
        if special is not None:
            raise ConfigError(
                f"{folder / special[2]} cannot be in a source distribution: cargo packs no name with `{special[1]}`, "
                "which not every system can have",
                hint=f'rename the file, or leave it out: `exclude = ["{special[2]}"]` in [package] of Cargo.toml',
            )
        lister.reporter.pass_output(done.stderr)
        raise ProcessError(
            f"cargo cannot list the files of the crate in {folder}",
            notes=(f"`{command}` ended with status {done.status}",),
            hint="fix the error that cargo reports above",
        )
    start = f"{folder}{os.sep}"
    # not splitlines(): a name may hold what Unicode takes for a line end
    return tuple(start + line.replace("/", os.sep) for line in done.stdout.split("\n") if line)


def names_over_lines(folder: Path, listed: tuple[str, ...], found: Collection[str]) -> Iterator[str]:
    """Yield the files with a line end in their name, which cargo has listed as one line for each part of it.

    `found` are those of the listed paths that are files.
    """
    lines = frozenset(listed)
    start = f"{folder}{os.sep}"
    generated = {f"{start}{name}" for name in (*OF_A_PUBLISHED_CRATE, "Cargo.lock")}
    absent = (path for path in listed if path not in found and path not in generated)
    if len(lines) == len(listed) and all(map(os.path.lexists, absent)):
        return  # the usual case, in which nothing has to be searched
    for path in every_file(folder):
        parts = path[len(start) :].split("\n")
        if len(parts) > 1 and lines.issuperset(start + part for part in parts if part):
            yield path


def of_targets_outside(package: Package, roots: Roots, skips: Callable[[str], bool]) -> Iterator[str]:
    """Yield the files of targets outside of the crate's folder, which cargo builds and does not list.

    That is the root file of each with the modules that it names, and all that is in the folder of the root file, unless
    the crate is in there as well.
    """
    folder = package.manifest_path.parent
    outside = (target.source for target in package.targets if not target.source.is_relative_to(folder))
    for source in dict.fromkeys(outside):
        above = root_of(str(source), roots)
        if above is None or not files.is_file(source):
            yield str(source)
            continue
        named = map(str, files_of(source))
        below = folder.is_relative_to(source.parent)
        found = () if below else files.walk(Path(above), under=source.parent, roots=roots, skips=skips)
        yield from dict.fromkeys((*named, *found))


def _asked(command: Command, lister: Lister, folder: Path) -> Completed:
    """Return what cargo answers, asked again where a folder that it was about to read has gone: others build here.

    Raises `ConfigError` where it waits for a pipe in the place of an ignore file.
    """
    patience: float | None = PATIENCE
    for _ in range(ATTEMPTS):
        done = query.run_cargo(command, lister.environ, timeout=patience)
        if done.status == TIMED_OUT and patience is not None:
            for path in every_file(folder):  # not sooner: in some folders it takes a second
                if path.endswith(".gitignore"):
                    files.is_file(path)
            patience = None
        elif not (done.status and GONE in done.stderr):
            break
    return done


def _check_ignore_files(folder: Path) -> None:
    """Raise `ConfigError` for a pipe, a socket or a device in the place of one: cargo would wait for it without end."""
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
            "--package",  # else the root of a workspace means its default members
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


def _published(folder: Path, roots: Roots) -> Iterator[str]:
    """Yield the files of a crate that was published and vendored: what cargo packed then, it refuses to list now."""
    for path in _of_crate(folder, files.walk(folder, roots=roots)):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield str(path)


def _walked(package: Package, lister: Lister) -> Iterator[str]:
    """Yield the files of a crate that cargo does not list: what git does not ignore, by its `include` and `exclude`."""
    manifest = cargo_manifest.read(package.manifest_path)
    folder = manifest.directory
    root = Path(root_of(str(folder), lister.roots) or folder)
    found = files.walk(root, under=folder, roots=lister.roots, skips=lister.skips)
    only = manifest.package.get("include", [])
    rules = Rules(parse_rule(line) for line in only or manifest.package.get("exclude", []))
    for path in _of_crate(folder, found):
        if _matches(rules, path.relative_to(folder)) is bool(only):
            yield str(path)


def _matches(rules: Rules, relative: Path) -> bool:
    """Return whether a file, or else the nearest folder above it that the rules speak of, is matched."""
    for place in (relative, *relative.parents[:-1]):
        decision = rules.decide(place.as_posix(), place.name, folder=place != relative)
        if decision is not None:
            return decision
    return False


def _of_crate(folder: Path, paths: Iterable[str]) -> Iterator[Path]:
    """Yield those of the paths below a crate's folder that are not in another crate's."""
    found = [Path(path) for path in paths]
    inner = {path.parent for path in found if path.name == "Cargo.toml" and path.parent != folder}
    return (path for path in found if inner.isdisjoint(path.parents))
