"""The settings model: type, default, flag, variable, key and help of each option.

`Options` is what the rest of the program sees. Each field carries a `Setting`; the command line, the merge, the check
of `[tool.maturin]` and `[tool.cratewheel]`, the JSON schema and the reference page are all made from these.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType

from cratewheel.options.publishing import PublishOptions
from cratewheel.options.setting import (
    ALL_COMMANDS,
    ARCHIVING,
    AUDITING,
    COMPILING,
    OPTIMISING,
    WITH_SDIST,
    Setting,
    setting,
)
from cratewheel.options.values import (
    ArtifactSettings,
    Exclude,
    Feature,
    GenerateCi,
    Hook,
    Include,
    Licenses,
    OptionalRust,
    Origins,
    Sbom,
    TargetOptions,
    TargetSelection,
)

BINDINGS = ("pyo3", "pyo3-ffi", "rust-cpython", "cffi", "uniffi", "bin")
AUDIT_MODES = ("repair", "check", "warn", "skip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the user: flags over variables over keys over defaults.

    `origins` says of each field that is not at its default where the value came from.
    """

    # Build
    bindings: str | None = setting(
        None, "text", "Build",
        "The kind of bindings between Rust and Python [default: detected from the crate's dependencies]",
        flags=("-b", "--bindings"), flag_aliases=("--binding-crate",), metavar="KIND", choices=BINDINGS, key="bindings",
        commands=COMPILING,
    )  # fmt: skip
    strip: bool = setting(
        False, "toggle", "Build",
        "Strip symbols from the compiled files, for the smallest wheel",
        flags=("--strip",), variables=("CRATEWHEEL_STRIP", "MATURIN_STRIP"), key="strip", commands=OPTIMISING,
    )  # fmt: skip
    sdist: bool = setting(
        True, "switch", "Build",
        "Build a source distribution next to the wheels [default]; --sdist also implies --sdist-first",
        flags=("--sdist",), negations=("--no-sdist",), negation_help="Build no source distribution",
    )  # fmt: skip
    sdist_first: bool = setting(
        False, "switch", "Build",
        "Build the wheels from the unpacked source distribution",
        flags=("--sdist-first",), commands=("build",),
    )  # fmt: skip
    vendor: bool = setting(
        False, "switch", "Build",
        "Include the crates that the project needs in the source distribution, for builds without a network",
        flags=("--vendor",), commands=("sdist",),
    )  # fmt: skip
    check: bool = setting(
        False, "switch", "Build",
        "Also build a wheel from the archive, and fail if it differs from the one built from the source tree",
        flags=("--check",), commands=("sdist",),
    )  # fmt: skip
    cargo_extra_args: tuple[str, ...] = setting(
        (), "shell", "Build",
        "More arguments for `cargo rustc`, split as a shell does: --cargo-extra-args=\"--locked -j 2\". `cargo "
        "metadata` gets those that it supports",
        flags=("--cargo-extra-args",), metavar="ARGS", key="cargo-extra-args", commands=COMPILING,
    )  # fmt: skip
    rustc_extra_args: tuple[str, ...] = setting(
        (), "shell", "Build",
        "More arguments for the crate's own rustc, split as a shell does: --rustc-extra-args=\"-C opt-level=3\"",
        flags=("--rustc-extra-args",), metavar="ARGS", key="rustc-extra-args", commands=COMPILING,
    )  # fmt: skip
    rustc_args: tuple[str, ...] = setting(
        (), "rest", "Build",
        "Arguments for the crate's own rustc, after --; a file of them (@FILE) needs no --",
        flags=("rustc_args",), metavar="RUSTC_ARGS", key="rustc-args",
    )  # fmt: skip

    generate_stubs: bool = setting(
        False, "switch", "Build",
        "Put type stubs into the wheel, from what pyo3 describes of the module with its feature experimental-inspect",
        flags=("--generate-stubs",), key="generate-stubs", commands=("build", "develop", "publish"),
    )  # fmt: skip

    install_cbindgen: bool = setting(
        True, "toggle", "Build",
        "Let cargo install cbindgen into the cache folder where cffi bindings need it and there is none; never with "
        "--offline or --frozen",
        key="install-cbindgen", variables=("CRATEWHEEL_INSTALL_CBINDGEN",), commands=COMPILING,
    )  # fmt: skip

    # Optional Rust
    pure: bool = setting(
        False, "switch", "Build",
        "Build one wheel of the Python part alone, for every Python and system (py3-none-any), without Rust",
        flags=("--pure",), variables=("CRATEWHEEL_PURE",), commands=("build", "develop", "list-files", "publish"),
    )  # fmt: skip
    require_rust: bool = setting(
        False, "toggle", "Build",
        "Fail where Rust cannot be compiled, though `optional` allows a wheel without; `publish` does by default",
        flags=("--require-rust",), variables=("CRATEWHEEL_REQUIRE_RUST",), key="require-rust",
        commands=("build", "develop", "publish"),
    )  # fmt: skip
    optional: OptionalRust = setting(
        OptionalRust(), "table", "Build",
        "Build a wheel of the Python part alone where Rust cannot be compiled: `true`, or a table with `when`",
        key="optional",
    )  # fmt: skip

    # Profile-guided optimisation
    pgo: bool = setting(
        False, "switch", "Compilation",
        "Optimise with a profile: compile with counters, run `pgo-command`, and compile again with what was counted. "
        "Implies --release unless a profile is named",
        flags=("--pgo",), variables=("CRATEWHEEL_PGO", "MATURIN_PGO"), commands=("build", "develop", "publish"),
    )  # fmt: skip
    pgo_command: str | None = setting(
        None, "text", "Compilation",
        "The command that --pgo runs to get a profile, in the project's root, with the wheel installed",
        key="pgo-command",
    )  # fmt: skip
    pgo_dependency_group: str | None = setting(
        None, "text", "Compilation",
        "The dependency group that `pgo-command` needs [default: `dev`, if there is one]",
        key="pgo-dependency-group",
    )  # fmt: skip

    # Python
    interpreter: tuple[str, ...] = setting(
        (), "words", "Python",
        "The Pythons to build for: names, paths or versions (3.12, python3.12, pypy3.10, 3.13t) [default: every "
        "interpreter found that the project supports]",
        flags=("-i", "--interpreter"), metavar="PYTHON",
        commands=("build", "list-files", "publish", "build-extension", "generate-stubs"),
    )  # fmt: skip
    find_interpreter: bool = setting(
        False, "switch", "Python",
        "Build for every interpreter found [default]; for compatibility with maturin 1.x",
        flags=("-f", "--find-interpreter"), commands=("build", "publish", "build-extension", "generate-stubs"),
    )  # fmt: skip

    abi: tuple[str, ...] = setting(
        (), "words", "Python",
        "The wheels to build, one word each: abi3-py310, abi3t-py315, cp312, cp314t, pp311. Each must be possible, and "
        "no other is built [default: the fewest that support the Pythons of -i, or those found]",
        flags=("--abi",), metavar="ABI", key="abi", commands=(*AUDITING, "list-files"),
    )  # fmt: skip
    only_abi3: bool = setting(
        False, "switch", "Python",
        "Build no wheel but those for a stable ABI (abi3 and abi3t)",
        flags=("--only-abi3",), key="only-abi3", commands=(*AUDITING, "list-files"),
    )  # fmt: skip
    no_abi3: bool = setting(
        False, "switch", "Python",
        "Build a wheel for each Python alone, though the crate has a stable ABI feature of pyo3 on",
        flags=("--no-abi3",), key="no-abi3", commands=(*AUDITING, "list-files", "develop"),
    )  # fmt: skip

    # Platform
    target: tuple[str, ...] = setting(
        (), "list", "Platform",
        "The target triple to compile for, as cargo's --target; repeat it to build for several targets. "
        "universal2-apple-darwin is one wheel for both macOS processors [default: `build.target` of "
        "cargo's configuration, or this machine's target]",
        flags=("--target",), metavar="TRIPLE", variables=("CARGO_BUILD_TARGET",),
        commands=("build", "list-files", "publish", "develop", "rebuild", "build-extension", "generate-stubs"),
    )  # fmt: skip
    compatibility: tuple[str, ...] = setting(
        (), "words", "Platform",
        "The platform tag on Linux: a manylinux tag (manylinux2014, manylinux_2_28, 2_28), a musllinux tag "
        "(musllinux_1_2), `linux` for the tag that PyPI rejects, or `pypi` to require one that PyPI accepts; "
        "ignored on other systems [default: the lowest manylinux tag that the compiled file fits, or `linux` if there "
        "is none]",
        flags=("--compatibility",), flag_aliases=("--manylinux",), metavar="TAG",
        key="compatibility", key_aliases=("manylinux",), commands=AUDITING,
    )  # fmt: skip
    auditwheel: str | None = setting(
        None, "text", "Platform",
        "How to enforce the platform tag's rules: `repair` puts external libraries into the wheel [default on "
        "Linux], `check` rejects them, `warn` reports them [default elsewhere], `skip` checks nothing and tags the "
        "wheel `linux`",
        flags=("--auditwheel",), metavar="MODE", choices=AUDIT_MODES, key="auditwheel", commands=AUDITING,
    )  # fmt: skip
    repair_exclude: tuple[str, ...] = setting(
        (), "list", "Platform",
        "A glob of external libraries that repair does not add to the wheel, such as libcuda.so.*; may be "
        "repeated",
        flags=("--repair-exclude",), metavar="GLOB", key="repair-exclude", commands=AUDITING,
    )  # fmt: skip
    skip_auditwheel: bool = setting(
        False, "switch", "Platform",
        "Do not check the compiled file against the platform tag's rules; the same as --auditwheel=skip",
        flags=("--skip-auditwheel",), key="skip-auditwheel", commands=AUDITING,
    )  # fmt: skip
    zig: bool = setting(
        False, "switch", "Platform",
        "Link with zig, so that the wheel runs with the glibc version of the requested manylinux tag [default: the "
        "oldest that Rust supports]. Needs the package ziglang, or zig on PATH",
        flags=("--zig",), commands=AUDITING,
    )  # fmt: skip
    use_xwin: bool = setting(
        False, "toggle", "Platform",
        "Compile for Microsoft's compiler with cargo-xwin on Windows too; elsewhere it always is",
        variables=("CRATEWHEEL_USE_XWIN", "MATURIN_USE_XWIN"),
    )  # fmt: skip
    universal2: bool = setting(
        False, "switch", "Platform",
        "Build one macOS wheel for both x86_64 and arm64; ignored on other systems",
        flags=("--universal2",), commands=AUDITING,
    )  # fmt: skip

    # Output
    out: Path | None = setting(
        None, "path", "Output",
        "The output folder; created if missing [default: `wheels` in cargo's target directory]",
        flags=("-o", "--out"), metavar="DIR", commands=ARCHIVING,
    )  # fmt: skip
    compression_method: str = setting(
        "deflated", "text", "Output",
        "How the files of a wheel are compressed; `develop` writes none. Every installer supports deflated and stored, "
        "but not bzip2 and zstd",
        flags=("--compression-method",), metavar="METHOD", choices=("deflated", "stored", "bzip2", "zstd"),
        commands=("build", "publish", "develop"),
    )  # fmt: skip
    compression_level: str | None = setting(
        None, "text", "Output",
        "Compression level: 0 to 9 for deflated [default: 4] and bzip2 [6], -7 to 22 for zstd [3], 0 for stored",
        flags=("--compression-level",), metavar="LEVEL",
        commands=("build", "publish", "develop"),
    )  # fmt: skip
    compression_large_files: bool = setting(
        False, "switch", "Output",
        "Write the zip fields for files larger than 4 GiB for every file",
        flags=("--compression-enable-large-file-support",),
        commands=("build", "publish", "develop"),
    )  # fmt: skip
    prebuilt: tuple[str, ...] = setting(
        (), "list", "Build",
        "A library or program that is packed as it is, so that cargo compiles nothing; NAME=PATH says which artifact "
        "it is, where there are several",
        flags=("--prebuilt",), metavar="[NAME=]PATH", commands=(*AUDITING, "develop"),
    )  # fmt: skip
    include_debuginfo: bool = setting(
        False, "switch", "Output",
        "Include separate debug information files next to the module",
        flags=("--include-debuginfo",),
    )  # fmt: skip
    sbom_include: tuple[str, ...] = setting(
        (), "words", "Output",
        "Additional SBOM files for the wheel, relative to the project",
        flags=("--sbom-include",), metavar="PATH",
    )  # fmt: skip

    # Cargo
    quiet: bool = setting(
        False, "switch", "Reporting", "Print only warnings and errors; cargo too",
        flags=("-q", "--quiet"), commands=ALL_COMMANDS,
    )  # fmt: skip
    verbose: int = setting(
        0, "count", "Reporting",
        "Print more; cargo too. -vv shows what is decided and which programs run, -vvv also when they end. The "
        "variable RUST_LOG (info, debug, trace) shows the same, without cargo",
        flags=("-v", "--verbose"), commands=ALL_COMMANDS,
    )  # fmt: skip
    color: str | None = setting(
        None, "text", "Reporting", "When to use colour",
        flags=("--color",), metavar="WHEN", choices=("auto", "always", "never"), commands=ALL_COMMANDS,
    )  # fmt: skip
    config: tuple[str, ...] = setting(
        (), "list", "Cargo", "A cargo configuration value, or a configuration file",
        flags=("--config",), metavar="KEY=VALUE", key="config", commands=WITH_SDIST,
    )  # fmt: skip
    unstable_flags: tuple[str, ...] = setting(
        (), "list", "Cargo", "An unstable cargo feature; needs nightly",
        flags=("-Z",), metavar="FLAG", key="unstable-flags", commands=WITH_SDIST,
    )  # fmt: skip
    ignore_rust_version: bool = setting(
        False, "switch", "Cargo", "Build even if the crate requires a newer Rust",
        flags=("--ignore-rust-version",), commands=COMPILING,
    )  # fmt: skip
    future_incompat_report: bool = setting(
        False, "switch", "Cargo", "Let cargo report code that future Rust versions will reject",
        flags=("--future-incompat-report",), commands=COMPILING,
    )  # fmt: skip

    # Compilation
    release: bool = setting(
        False, "switch", "Compilation", "Optimise: cargo's release profile",
        flags=("-r", "--release"), commands=OPTIMISING,
    )  # fmt: skip
    profile: str | None = setting(
        None, "text", "Compilation", "The cargo profile to build with",
        flags=("--profile",), metavar="NAME", key="profile", commands=COMPILING,
    )  # fmt: skip
    jobs: int | None = setting(
        None, "number", "Compilation", "The number of parallel compile jobs",
        flags=("-j", "--jobs"), metavar="N", commands=COMPILING,
    )  # fmt: skip
    target_dir: Path | None = setting(
        None, "path", "Compilation", "Cargo's target directory",
        flags=("--target-dir",), metavar="DIR", commands=(*COMPILING, "clean"),
    )  # fmt: skip
    shared_target_dir: bool = setting(
        False, "toggle", "Compilation",
        "Compile for all interpreters in cargo's own target directory, one after the other. By default, builds for "
        "several interpreters have a build directory each, so that nothing is compiled twice; `cratewheel clean` "
        "removes these",
        flags=("--shared-target-dir",), variables=("CRATEWHEEL_SHARED_TARGET_DIR",), key="shared-target-dir",
    )  # fmt: skip
    timings: str | None = setting(
        None, "optional", "Compilation",
        "Let cargo write a report on compile times: as HTML, or in a form that an older cargo has",
        flags=("--timings",), metavar="FORMAT", commands=COMPILING,
    )  # fmt: skip

    # Features
    features: tuple[Feature, ...] = setting(
        (), "list", "Features",
        "Cargo features to enable, separated by commas or spaces",
        flags=("-F", "--features"), metavar="FEATURES", key="features", commands=WITH_SDIST,
    )  # fmt: skip
    all_features: bool = setting(
        False, "switch", "Features", "Enable every cargo feature of the crate",
        flags=("--all-features",), key="all-features", commands=WITH_SDIST,
    )  # fmt: skip
    no_default_features: bool = setting(
        False, "switch", "Features", "Disable the crate's default features",
        flags=("--no-default-features",), key="no-default-features", commands=WITH_SDIST,
    )  # fmt: skip

    # Manifest
    manifest_path: Path | None = setting(
        None, "path", "Manifest",
        "The Cargo.toml to build; the one in this folder, or the one that pyproject.toml names, by default",
        flags=("-m", "--manifest-path"), metavar="PATH", key="manifest-path",
        commands=(*WITH_SDIST, "metadata", "clean"),
    )  # fmt: skip
    locked: bool = setting(
        False, "switch", "Manifest", "Fail if Cargo.lock would have to change",
        flags=("--locked",), key="locked", commands=WITH_SDIST,
    )  # fmt: skip
    offline: bool = setting(
        False, "switch", "Manifest", "Do not use the network",
        flags=("--offline",), key="offline", commands=WITH_SDIST,
    )  # fmt: skip
    frozen: bool = setting(
        False, "switch", "Manifest", "Both --locked and --offline",
        flags=("--frozen",), key="frozen", commands=WITH_SDIST,
    )  # fmt: skip

    # Reporting
    dry_run: bool = setting(
        False, "switch", "Reporting", "Print what would be built, without building",
        flags=("--dry-run",), commands=("build",),
    )  # fmt: skip
    matrix: bool = setting(
        False, "switch", "Reporting", "With --dry-run: print the wheels as one JSON list, for the matrix of a CI job",
        flags=("--matrix",), commands=("build",),
    )  # fmt: skip
    explain: bool = setting(
        False, "switch", "Reporting", "Print the reason for each decision",
        flags=("--explain",), commands=ARCHIVING,
    )  # fmt: skip
    message_format: str = setting(
        "human", "text", "Reporting",
        "The output on stdout: the path of each finished file, or one JSON object per line",
        flags=("--message-format",), metavar="FORMAT", choices=("human", "json"),
        commands=(*ARCHIVING, "build-extension", "doctor", "upload"),
    )  # fmt: skip

    # Project layout: keys without a flag
    module_name: str | None = setting(
        None, "text", "Project layout", "The dotted module name of the extension",
        key="module-name",
    )  # fmt: skip
    python_source: str | None = setting(
        None, "text", "Project layout", "The folder of the Python packages, relative to the project",
        key="python-source",
    )  # fmt: skip
    python_packages: tuple[str, ...] = setting(
        (), "list", "Project layout", "More Python packages to ship, relative to python-source",
        key="python-packages",
    )  # fmt: skip
    data: str | None = setting(
        None, "text", "Project layout", "The folder of the wheel's data, scripts, headers, purelib and platlib files",
        key="data",
    )  # fmt: skip
    include: tuple[Include, ...] = setting(
        (), "table", "Project layout", "Globs of additional files for the archives", key="include",
    )  # fmt: skip
    exclude: tuple[Exclude, ...] = setting(
        (), "table", "Project layout", "Patterns of files to exclude, as in .gitignore", key="exclude",
    )  # fmt: skip
    sdist_include: tuple[str, ...] = setting(
        (), "list", "Project layout",
        "Globs of additional files for the sdist, relative to Cargo.toml (from maturin 0.12)",
        key="sdist-include",
    )  # fmt: skip
    sdist_generator: str = setting(
        "cargo", "text", "Project layout", "The program that lists the files of an sdist",
        key="sdist-generator", choices=("cargo", "git"),
    )  # fmt: skip
    targets: tuple[TargetSelection, ...] = setting(
        (), "table", "Project layout", "The cargo targets to build, by name and kind", key="targets",
    )  # fmt: skip
    artifacts: tuple[ArtifactSettings, ...] = setting(
        (), "table", "Project layout",
        "The compiled files of the wheel, where it has several: each a library, program or example of a crate",
        key="artifacts",
    )  # fmt: skip
    target_options: tuple[TargetOptions, ...] = setting(
        (), "table", "Project layout", "Settings for one target triple", key="target",
    )  # fmt: skip
    sbom: Sbom = setting(
        Sbom(), "table", "Project layout", "The SBOMs (bills of materials) in the wheel", key="sbom",
    )  # fmt: skip
    licenses: Licenses = setting(
        Licenses(), "table", "Project layout",
        "The licences of the crates in the wheel: their texts, and which are allowed", key="licenses",
    )  # fmt: skip
    include_import_lib: bool = setting(
        False, "switch", "Project layout", "Include the import library of a Windows module",
        key="include-import-lib",
    )  # fmt: skip

    hooks: tuple[Hook, ...] = setting(
        (), "table", "Hooks", "Programs and functions of the project that make files for a build", key="hooks",
    )  # fmt: skip
    force_hooks: bool = setting(
        False, "switch", "Hooks", "Run all hooks of the project, even where their inputs are unchanged",
        flags=("--force-hooks",), commands=("build", "sdist", "develop", "publish"),
    )  # fmt: skip

    # Editable installs
    editable_profile: str | None = setting(
        None, "text", "Editable installs", "The cargo profile of editable installs [default: `profile`]",
        key="editable-profile",
    )  # fmt: skip
    editable_mode: str = setting(
        "redirect", "text", "Editable installs",
        "Where editable installs put the compiled files: `redirect` keeps them out of the project, `inplace` puts "
        "them into the Python package",
        key="editable-mode", choices=("redirect", "inplace"),
    )  # fmt: skip
    editable_rebuild: bool = setting(
        False, "switch", "Editable installs",
        "Compile again on import when a Rust source is newer than the module of an editable install",
        key="editable-rebuild",
    )  # fmt: skip
    bootstrap_rust: bool = setting(
        False, "toggle", "Build backend",
        "As a build backend, get Rust through the package puccinialin where there is no cargo",
        key="bootstrap-rust", variables=("CRATEWHEEL_BOOTSTRAP_RUST",),
    )  # fmt: skip

    use_base_python: bool = setting(
        False, "toggle", "Build backend",
        "As a build backend, build for the Python that the virtual environment was made of, so that nothing is "
        "compiled again because each build has an environment of its own",
        key="use-base-python", variables=("CRATEWHEEL_USE_BASE_PYTHON", "MATURIN_PEP517_USE_BASE_PYTHON"),
    )  # fmt: skip

    generate_ci: GenerateCi = setting(
        GenerateCi(), "table", "Continuous integration", "What `cratewheel generate-ci` writes", key="generate-ci",
    )  # fmt: skip

    # Set by what was called, not by the user
    editable: bool = False
    origins: Origins = field(default_factory=lambda: MappingProxyType({}), compare=False)


def settings(*models: type[Options | PublishOptions]) -> dict[str, Setting]:
    """Return the model: each field's name and its `Setting`, in the order of `Options`."""
    return {
        field.name: field.metadata["setting"]
        for model in models or (Options, PublishOptions)
        for field in fields(model)
        if "setting" in field.metadata
    }
