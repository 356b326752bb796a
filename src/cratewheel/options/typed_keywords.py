"""The options of each command as keywords of the Python API. Made from the settings model: do not edit.

`python scripts/generate_keywords.py` writes this file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, TypedDict


class BuildOptions(TypedDict, total=False):
    """The options of `cratewheel build`."""

    bindings: Literal["pyo3", "pyo3-ffi", "rust-cpython", "cffi", "uniffi", "bin"]
    strip: bool
    sdist: bool
    sdist_first: bool
    cargo_extra_args: Sequence[str]
    rustc_extra_args: Sequence[str]
    rustc_args: Sequence[str]
    generate_stubs: bool
    pure: bool
    require_rust: bool
    pgo: bool
    interpreter: Sequence[str]
    find_interpreter: bool
    abi: Sequence[str]
    only_abi3: bool
    no_abi3: bool
    target: Sequence[str]
    compatibility: Sequence[str]
    auditwheel: Literal["repair", "check", "warn", "skip"]
    repair_exclude: Sequence[str]
    skip_auditwheel: bool
    zig: bool
    universal2: bool
    out: str | os.PathLike[str]
    compression_method: Literal["deflated", "stored", "bzip2", "zstd"]
    compression_level: str
    compression_large_files: bool
    prebuilt: Sequence[str]
    include_debuginfo: bool
    sbom_include: Sequence[str]
    quiet: bool
    verbose: int
    config: Sequence[str]
    unstable_flags: Sequence[str]
    ignore_rust_version: bool
    future_incompat_report: bool
    release: bool
    profile: str
    jobs: int
    target_dir: str | os.PathLike[str]
    shared_target_dir: bool
    timings: bool | str
    features: Sequence[str]
    all_features: bool
    no_default_features: bool
    locked: bool
    offline: bool
    frozen: bool
    matrix: bool
    explain: bool
    force_hooks: bool


class SdistOptions(TypedDict, total=False):
    """The options of `cratewheel sdist`."""

    vendor: bool
    check: bool
    out: str | os.PathLike[str]
    quiet: bool
    verbose: int
    config: Sequence[str]
    unstable_flags: Sequence[str]
    features: Sequence[str]
    all_features: bool
    no_default_features: bool
    locked: bool
    offline: bool
    frozen: bool
    explain: bool
    force_hooks: bool


class DevelopOptions(TypedDict, total=False):
    """The options of `cratewheel develop`."""

    bindings: Literal["pyo3", "pyo3-ffi", "rust-cpython", "cffi", "uniffi", "bin"]
    strip: bool
    cargo_extra_args: Sequence[str]
    rustc_extra_args: Sequence[str]
    generate_stubs: bool
    pure: bool
    require_rust: bool
    pgo: bool
    no_abi3: bool
    target: Sequence[str]
    compression_method: Literal["deflated", "stored", "bzip2", "zstd"]
    compression_level: str
    compression_large_files: bool
    prebuilt: Sequence[str]
    quiet: bool
    verbose: int
    config: Sequence[str]
    unstable_flags: Sequence[str]
    ignore_rust_version: bool
    future_incompat_report: bool
    release: bool
    profile: str
    jobs: int
    target_dir: str | os.PathLike[str]
    timings: bool | str
    features: Sequence[str]
    all_features: bool
    no_default_features: bool
    locked: bool
    offline: bool
    frozen: bool
    force_hooks: bool


class PublishOptions(TypedDict, total=False):
    """The options of `cratewheel publish`."""

    bindings: Literal["pyo3", "pyo3-ffi", "rust-cpython", "cffi", "uniffi", "bin"]
    sdist: bool
    cargo_extra_args: Sequence[str]
    rustc_extra_args: Sequence[str]
    rustc_args: Sequence[str]
    generate_stubs: bool
    pure: bool
    require_rust: bool
    pgo: bool
    interpreter: Sequence[str]
    find_interpreter: bool
    abi: Sequence[str]
    only_abi3: bool
    no_abi3: bool
    target: Sequence[str]
    compatibility: Sequence[str]
    auditwheel: Literal["repair", "check", "warn", "skip"]
    repair_exclude: Sequence[str]
    skip_auditwheel: bool
    zig: bool
    universal2: bool
    out: str | os.PathLike[str]
    compression_method: Literal["deflated", "stored", "bzip2", "zstd"]
    compression_level: str
    compression_large_files: bool
    prebuilt: Sequence[str]
    include_debuginfo: bool
    sbom_include: Sequence[str]
    quiet: bool
    verbose: int
    config: Sequence[str]
    unstable_flags: Sequence[str]
    ignore_rust_version: bool
    future_incompat_report: bool
    profile: str
    jobs: int
    target_dir: str | os.PathLike[str]
    shared_target_dir: bool
    timings: bool | str
    features: Sequence[str]
    all_features: bool
    no_default_features: bool
    locked: bool
    offline: bool
    frozen: bool
    explain: bool
    force_hooks: bool
    debug: bool
    no_strip: bool
    repository: str
    repository_url: str
    username: str
    password: str
    skip_existing: bool
    check_url: str
    attestations: bool
    non_interactive: bool
    timeout: int
    upload_dry_run: bool


class UploadOptions(TypedDict, total=False):
    """The options of `cratewheel upload`."""

    quiet: bool
    verbose: int
    repository: str
    repository_url: str
    username: str
    password: str
    skip_existing: bool
    check_url: str
    attestations: bool
    non_interactive: bool
    timeout: int
    upload_dry_run: bool
