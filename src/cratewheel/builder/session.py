"""The context of a build, passed to each step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cratewheel.archive.compression import STORED, Compression, make_compression
from cratewheel.bindings.detect import INTERPRETER_CRATES
from cratewheel.builder.scheduling import BuildDirectory, OncePerCommand, Scheduler
from cratewheel.builder.source_date import source_date_epoch
from cratewheel.cargo.command import profile_folders
from cratewheel.errors import UsageError
from cratewheel.events import Reporter
from cratewheel.options.model import Options
from cratewheel.planning.model import ArtifactPlan, BuildPlan, WheelPlan
from cratewheel.project.inputs import Inputs
from cratewheel.project.metadata import CoreMetadata
from cratewheel.system.files.json_cache import JsonCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The context of a build: inputs, plan, environment, reporter and scheduler.

    `sdist_metadata` is the metadata of the source distribution, if it was read before cargo ran.
    """

    inputs: Inputs
    plan: BuildPlan
    environ: Mapping[str, str]
    reporter: Reporter
    sdist_metadata: CoreMetadata | None = None
    scheduler: Scheduler = field(default_factory=Scheduler)
    hook_runs: OncePerCommand = field(default_factory=OncePerCommand)

    def of(self, artifact: ArtifactPlan) -> Session:
        """Return the session as that of a build of one artifact: with the inputs of its crate."""
        return self if artifact.part is None else replace(self, inputs=self.inputs.of(artifact.part))

    @property
    def cwd(self) -> Path:
        """The working directory of cargo and rustc."""
        return self.inputs.project.cwd

    @property
    def target_dir(self) -> Path:
        """Cargo's target directory."""
        return self.inputs.options.target_dir or self.inputs.cargo.target_directory

    @property
    def cargo_program(self) -> str:
        """The program that compiles: cargo, or what the variable CARGO names."""
        return self.environ.get("CARGO") or "cargo"

    @property
    def scratch(self) -> Path:
        """The folder for intermediate files of builds; it may be deleted between builds."""
        return self.target_dir / "cratewheel"

    def state_file(self, name: str) -> JsonCache:
        """The file that keeps a value for later builds, in the scratch folder."""
        return JsonCache(self.scratch / name, self.reporter.warn)

    def build_directory(self, wheel: WheelPlan) -> BuildDirectory:
        """The directory in which a wheel is compiled: its own if the plan says so, else cargo's."""
        cargo = self.inputs.cargo
        graphs = [one.cargo for _, one in self.inputs.artifacts]
        folders = (folder for build in wheel.builds for folder in profile_folders(build.options))
        directory = wheel.directory
        return BuildDirectory(
            path=directory or self.target_dir,
            own=directory is not None and wheel.profiling is None and not wheel.instrumented,
            lock=directory.with_name(f"{directory.name}.lock") if directory else self.scratch / "lock",
            plain=cargo.build_directory or self.target_dir,
            folders=tuple(dict.fromkeys(folders)),
            packages=frozenset(one.packages[package].name for one in graphs for package in one.closure()),
            local=frozenset(found.name for one in graphs for found in one.packages.values() if found.source is None),
            common=frozenset().union(*(one.without(INTERPRETER_CRATES) for one in graphs)),
        )

    @property
    def compression(self) -> Compression:
        """The compression of the wheels."""
        return wheel_compression(self.inputs.options)

    @property
    def timestamp(self) -> int | None:
        """SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), or None."""
        return source_date_epoch(self.environ)


def wheel_compression(options: Options) -> Compression:
    """Return the compression of wheels; raises `UsageError` for a level that the method does not support."""
    level = options.compression_level
    if level is not None and not re.fullmatch(r"-?\d{1,3}", level, re.ASCII):
        raise UsageError(f"--compression-level must be a whole number, found {level!r}")
    match options.compression_method:
        case "deflated" | "stored" | "bzip2" | "zstd" as method:
            chosen = make_compression(method, None if level is None else int(level))
            return STORED if options.editable else chosen  # that wheel is installed, then deleted
        case method:
            raise AssertionError(f"unknown compression method {method}")
