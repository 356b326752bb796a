"""Adds the crates that a source distribution needs to it, for builds without network.

Cargo chooses and copies them (https://doc.rust-lang.org/cargo/commands/cargo-vendor.html), from the Cargo.toml
and Cargo.lock of the archive, and prints the configuration needed to find them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, FromFile, Generated, Layout, layout
from cratewheel.archive.reading import write_entries
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
    """Return the layout with the crates in `vendor/` and cargo's configuration to find them there.

    Cargo runs in `cwd`. The crates are in `scratch`, which must exist until the archive is written. Raises
    `ProcessError` when cargo cannot get them, `ConfigError` if the project already has a `vendor` folder or such a
    configuration.
    """
    for entry in contents.layout:
        if entry.parts[0] == FOLDER:
            raise ConfigError(
                f"the archive already has a folder `{FOLDER}`, with {entry.path} ({entry.why})",
                hint="remove --vendor if it contains the crates, or rename the folder",
            )
    project = scratch / "project"
    write_entries(contents.layout, project)
    command = _command(project, contents.manifest, options, cwd)
    done = query.run_cargo(command, environ)
    if done.status:
        reporter.pass_output(done.stderr)
        raise ProcessError(
            "cargo cannot vendor the crates for the sdist",
            notes=(f"`{command}` failed with exit status {done.status}",),
            hint="fix the error that cargo reports above",
        )
    if not (project / FOLDER).is_dir():
        return contents.layout  # it needs no other crates
    roots = (os.path.realpath(project / FOLDER),)
    crates = [
        Entry(
            path=path.relative_to(project).as_posix(),
            source=FromFile(path=str(path), executable=files.is_executable(path), roots=roots),
            why="copied by `cargo vendor`",
        )
        for path in map(Path, files.tree(project / FOLDER, roots=roots))
    ]
    return layout([*_with_config(contents.layout, _below_archive(done.stdout)), *crates])


def _below_archive(configuration: str) -> str:
    """Return the configuration printed by cargo, with the folder relative to the archive."""
    import tomlkit  # slow to import

    document = tomlkit.parse(configuration)
    for source in document.get("source", {}).values():
        if "directory" in source:
            source["directory"] = FOLDER
    return tomlkit.dumps(document)


def _with_config(entries: Layout, configuration: str) -> list[Entry]:
    """Return the entries with the configuration, added to the project's own or in a new file."""
    earlier = next((entry for entry in entries if entry.path in (CONFIG, OLD_CONFIG)), None)
    text = "" if earlier is None else _text(earlier)
    if "source" in toml.parse(text):
        raise ConfigError(
            f"{'' if earlier is None else earlier.path} replaces the source of crates already, so --vendor cannot",
            hint="remove --vendor, or [source] in that file",
        )
    path = CONFIG if earlier is None else earlier.path
    joined = f"{text.rstrip()}\n\n{configuration}" if text.strip() else configuration
    found = Entry(path=path, source=Generated(data=joined.encode()), why="configures cargo to use `vendor`")
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
