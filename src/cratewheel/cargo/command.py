"""The options of a build → the command lines of `cargo rustc` and `cargo clean`. Pure.

Follows https://doc.rust-lang.org/cargo/commands/cargo-rustc.html: one cargo target at a time, so that arguments for the
crate's own rustc can be given after `--`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from cratewheel.system.command import Command

# Options that `cargo metadata` shares with `cargo rustc`: True for those with a value (`--config x` or `--config=x`).
SHARED = {
    "--frozen": False,
    "--locked": False,
    "--offline": False,
    "--all-features": False,
    "--no-default-features": False,
    "--features": True,
    "-F": True,
    "--config": True,
    "-Z": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CargoOptions:
    """The options for cargo that the user chose, named as in the settings model."""

    profile: str | None = None
    jobs: int | None = None
    features: tuple[str, ...] = ()
    all_features: bool = False
    no_default_features: bool = False
    target: str | None = None
    target_dir: Path | None = None
    verbose: int = 0
    quiet: bool = False
    color: str | None = None
    frozen: bool = False
    locked: bool = False
    offline: bool = False
    config: tuple[str, ...] = ()
    unstable_flags: tuple[str, ...] = ()
    timings: str | None = None
    ignore_rust_version: bool = False
    future_incompat_report: bool = False
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CargoBuild:
    """One `cargo rustc`, started in `cwd`: the library of the crate at `manifest`, a `binary` or an `example` of it.

    `cdylib` overrides the crate types of a library that has others too, so that only the one for Python is made.
    `through` is a cargo subcommand that wraps `rustc`: `xwin`, which provides Microsoft's SDK.
    """

    manifest: Path
    cwd: Path
    binary: str | None = None
    example: str | None = None
    cdylib: bool = False
    through: str | None = None
    options: CargoOptions = CargoOptions()
    rustc_args: tuple[str, ...] = ()
    env: tuple[tuple[str, str | None], ...] = ()


def command(build: CargoBuild, *, program: str = "cargo") -> Command:
    """Return the command for `build`; it prints JSON messages to stdout and diagnostics to stderr."""
    options = build.options
    selection = _selection(build)
    argv = (
        program,
        *((build.through,) if build.through else ()),
        "rustc",
        *_compile_flags(options),
        *resolution_flags(options),
        *_timings(options.timings),
        *(("--ignore-rust-version",) if options.ignore_rust_version else ()),
        *(("--future-incompat-report",) if options.future_incompat_report else ()),
        "--message-format",
        "json-render-diagnostics",
        "--manifest-path",
        str(build.manifest),
        *options.extra,
        *selection,
        *(("--crate-type", "cdylib") if build.cdylib else ()),
        *(("--", *build.rustc_args) if build.rustc_args else ()),
    )
    return Command(argv=argv, env=build.env, cwd=build.cwd)


def clean_command(build: CargoBuild, packages: Iterable[str], directory: Path, *, program: str = "cargo") -> Command:
    """Return the command that removes what a build compiled of `packages`, each `name@version`, in a target directory.

    See https://doc.rust-lang.org/cargo/commands/cargo-clean.html.
    """
    options = build.options
    lock = replace(CargoOptions(), frozen=options.frozen, locked=options.locked, offline=options.offline)
    flags = replace(lock, config=config_values(options.config, options.extra), unstable_flags=options.unstable_flags)
    argv = (
        program,
        "clean",
        "--quiet",
        *resolution_flags(flags),
        *("--profile", profile_name(options)),
        *(("--target", options.target) if options.target else ()),
        *("--target-dir", str(directory)),
        *("--manifest-path", str(build.manifest)),
        *(word for package in packages for word in ("--package", package)),
    )
    return Command(argv=argv, env=build.env, cwd=build.cwd)


def _selection(build: CargoBuild) -> tuple[str, ...]:
    if build.example is not None:
        return ("--example", build.example)
    return ("--lib",) if build.binary is None else ("--bin", build.binary)


def is_cross(program: str) -> bool:
    """Return whether a program that stands for cargo is cross, which compiles in a container with all that it takes.

    See https://github.com/cross-rs/cross.

    >>> is_cross("/home/me/.cargo/bin/cross"), is_cross("cargo")
    (True, False)
    """
    return PurePath(program).name.startswith("cross")


def _timings(form: str | None) -> tuple[str, ...]:
    if form is None:
        return ()
    # HTML is what every cargo writes, and newer ones take no form
    return ("--timings",) if form in ("", "html") else (f"--timings={form}",)


def resolution_flags(options: CargoOptions) -> tuple[str, ...]:
    """Return the flags that select packages and features; `cargo metadata` has them too."""
    return (
        *(word for name in options.features for word in ("--features", name)),
        *(("--all-features",) if options.all_features else ()),
        *(("--no-default-features",) if options.no_default_features else ()),
        *(("--frozen",) if options.frozen else ()),
        *(("--locked",) if options.locked else ()),
        *(("--offline",) if options.offline else ()),
        *(word for value in options.config for word in ("--config", value)),
        *(word for flag in options.unstable_flags for word in ("-Z", flag)),
    )


def metadata_arguments(options: CargoOptions, *, platforms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments that make `cargo metadata` resolve what `cargo rustc` will build for `platforms`."""
    filters = (word for platform in platforms for word in ("--filter-platform", platform))
    return (*resolution_flags(options), *shared_arguments(options.extra), *filters)


def shared_arguments(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the user's extra cargo arguments that `cargo metadata` accepts too.

    >>> shared_arguments(("--locked", "-j", "2", "--features", "a b", "-Zunstable-options", "--release"))
    ('--locked', '--features', 'a b', '-Zunstable-options')
    """
    kept: list[str] = []
    queue = list(argv)
    while queue:
        word = queue.pop(0)
        name = word.split("=", 1)[0]
        if SHARED.get(word) and queue:
            kept += [word, queue.pop(0)]
        elif name in SHARED or word[:2] in ("-Z", "-F"):
            kept.append(word)
    return tuple(kept)


def config_values(config: tuple[str, ...], extra: tuple[str, ...]) -> tuple[str, ...]:
    """Return the `--config` values of the option and of the user's extra arguments, the strongest last.

    >>> config_values(("a.toml",), ("-j", "2", "--config=b=1", "--config", "c=2"))
    ('a.toml', 'b=1', 'c=2')
    """
    found = list(config)
    words = iter(shared_arguments(extra))
    for word in words:
        if word == "--config" and (value := next(words, None)) is not None:
            found.append(value)
        elif word.startswith("--config="):
            found.append(word.removeprefix("--config="))
    return tuple(found)


def extra_value(argv: tuple[str, ...], *names: str) -> str | None:
    """Return the value of one of the options `names` in the user's extra cargo arguments, or None.

    >>> extra_value(("-j2", "--profile=dist"), "--profile")
    'dist'
    """
    for at, word in enumerate(argv):
        for name in names:
            if word == name and at + 1 < len(argv):
                return argv[at + 1]
            if word.startswith(f"{name}="):
                return word.removeprefix(f"{name}=")
    return None


def take_targets(argv: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the targets in the user's extra cargo arguments, and the arguments without them.

    >>> take_targets(("-j2", "--target", "a", "--target=b", "--locked"))
    (('a', 'b'), ('-j2', '--locked'))
    """
    found: list[str] = []
    kept: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--target" and (value := next(words, None)) is not None:
            found.append(value)
        elif word.startswith("--target="):
            found.append(word.removeprefix("--target="))
        else:
            kept.append(word)
    return tuple(found), tuple(kept)


def profile_name(options: CargoOptions) -> str:
    """Return the name of the profile that cargo builds."""
    if not options.profile and {"--release", "-r"}.intersection(options.extra):
        return "release"
    return extra_value(options.extra, "--profile") or options.profile or "dev"


def profile_folders(options: CargoOptions) -> tuple[str, ...]:
    """Return the folders in a build directory that hold the units of a build: for the target, and for the host.

    >>> profile_folders(CargoOptions(profile="release", target="wasm32-wasip1"))
    ('wasm32-wasip1/release', 'release')
    >>> profile_folders(CargoOptions(extra=("--profile", "test")))
    ('debug',)
    """
    profile = profile_name(options)
    folder = {"dev": "debug", "test": "debug", "bench": "release"}.get(profile, profile)
    return (f"{options.target}/{folder}", folder) if options.target else (folder,)


def _compile_flags(options: CargoOptions) -> tuple[str, ...]:
    return (
        *(("--quiet",) if options.quiet else ()),
        *(("--jobs", str(options.jobs)) if options.jobs is not None else ()),
        *(("--profile", options.profile) if options.profile else ()),
        *(("--target", options.target) if options.target else ()),
        *(("--target-dir", str(options.target_dir)) if options.target_dir else ()),
        *(("-" + "v" * options.verbose,) if options.verbose else ()),
        *(("--color", options.color) if options.color else ()),
    )
