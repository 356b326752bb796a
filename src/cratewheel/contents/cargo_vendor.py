"""The crates that an sdist needs, in the sdist: for builds with no network.

Cargo itself chooses and copies them (https://doc.rust-lang.org/cargo/commands/cargo-vendor.html), from the Cargo.toml
and Cargo.lock that the archive carries, and says what its configuration must hold to find them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from cratewheel.archive.install import unpack
from cratewheel.archive.layout import Entry, FromFile, Generated, Layout, layout
from cratewheel.cargo import query
from cratewheel.contents.sdist import SdistContents
from cratewheel.errors import ConfigError, ProcessError
from cratewheel.events import Reporter
from cratewheel.options.model import Options
from cratewheel.system import files, toml
from cratewheel.system.command import Command

FOLDER = "vendor"
CONFIG = ".cargo/config.toml"
OLD_CONFIG = ".cargo/config"


def vendor_with_cargo(
    contents: SdistContents,
    scratch: Path,
    options: Options,
    *,
    cwd: Path,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> Layout:
    """Return the layout with the crates in `vendor/` and the configuration by which cargo finds them there.

    Cargo starts in `cwd`. The crates lie in `scratch`, which must be there until the archive is written. Raises
    `ProcessError` when cargo cannot have them, `ConfigError` where the project has a `vendor` folder or such a
    configuration already.
    """
    for entry in contents.layout:
        if entry.parts[0] == FOLDER:
            raise ConfigError(
                f"the archive has a folder `{FOLDER}` already, with {entry.path} ({entry.why})",
                hint="leave --vendor out if the crates are in it, or rename it",
            )
    project = scratch / "project"
    unpack(contents.layout, project)
    command = _command(project, contents.manifest, options, cwd)
    done = query.run_cargo(command, environ)
    if done.status:
        reporter.pass_output(done.stderr)
        raise ProcessError(
            "cargo cannot bring together the crates for the sdist",
            notes=(f"`{command}` ended with status {done.status}",),
            hint="fix the error that cargo reports above",
        )
    if not (project / FOLDER).is_dir():
        return contents.layout  # it needs no crates but its own
    roots = (os.path.realpath(project / FOLDER),)
    crates = [
        Entry(
            path=path.relative_to(project).as_posix(),
            source=FromFile(path=str(path), executable=files.is_executable(path), roots=roots),
            why="a crate of `cargo vendor`",
        )
        for path in map(Path, files.tree(project / FOLDER, roots=roots))
    ]
    return layout([*_with_config(contents.layout, _below_archive(done.stdout)), *crates])


def _below_archive(configuration: str) -> str:
    """Return what cargo says its configuration must hold, with the folder of the crates relative to the archive."""
    import tomlkit  # slow to import, and seldom needed

    document = tomlkit.parse(configuration)
    for source in document.get("source", {}).values():
        if "directory" in source:
            source["directory"] = FOLDER
    return tomlkit.dumps(document)


def _with_config(entries: Layout, configuration: str) -> list[Entry]:
    """Return the entries with the configuration added to that of the project, or in a file of its own."""
    earlier = next((entry for entry in entries if entry.path in (CONFIG, OLD_CONFIG)), None)
    text = "" if earlier is None else _text(earlier)
    if "source" in toml.parse(text):
        raise ConfigError(
            f"{'' if earlier is None else earlier.path} replaces the source of crates already, so --vendor cannot",
            hint="leave --vendor out, or [source] out of that file",
        )
    path = CONFIG if earlier is None else earlier.path
    joined = f"{text.rstrip()}\n\n{configuration}" if text.strip() else configuration
    found = Entry(path=path, source=Generated(data=joined.encode()), why="where cargo finds the crates in `vendor`")
    return [*(entry for entry in entries if entry is not earlier), found]


def _text(entry: Entry) -> str:
    source = entry.source
    return (source.data if isinstance(source, Generated) else files.read_bytes(source.path, source.roots)).decode()


def _command(project: Path, manifest: PurePosixPath, options: Options, cwd: Path) -> Command:
    flags = [flag for flag, given in (("--locked", options.locked), ("--offline", options.offline)) if given]
    return Command(
        argv=(
            "cargo",
            "vendor",
            "--versioned-dirs",
            *(flags if not options.frozen else ("--frozen",)),
            "--manifest-path",
            str(project.joinpath(*manifest.parts)),
            *(word for value in options.config for word in ("--config", value)),
            str(project / FOLDER),
        ),
        cwd=cwd,
    )
