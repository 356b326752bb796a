"""What continuous integration is to do for a project: jobs as data, decided from its bindings and settings. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cratewheel.audit import policy
from cratewheel.commands import not_on_pypi
from cratewheel.errors import ConfigError, UsageError, did_you_mean
from cratewheel.interpreter.abi_words import request_word
from cratewheel.interpreter.known_table import known
from cratewheel.options.arguments import parse_flags
from cratewheel.options.tables import CI_PLATFORMS
from cratewheel.options.values import CiOptions, CiPlatform, CiSettings, CiTarget
from cratewheel.targets.platform_tags import linux_arch, parse_compatibility
from cratewheel.targets.triples import Target, parse

Platform = Literal["linux", "musllinux", "windows", "macos", "emscripten", "android"]

DEFAULT_PLATFORMS: tuple[str, ...] = ("linux", "musllinux", "windows", "macos")
OWNED = {  # options of `build` that the jobs themselves need
    "out": ("--out", "remove it: the next steps take the wheels from dist"),
    "target": ("--target", "name the targets with the key `targets` of a platform"),
    "sdist": ("--sdist", "remove it: the job sdist makes one"),
    "sdist_first": ("--sdist-first", "remove it: the job sdist makes one"),
    "profile": ("--profile", "set the profile `release` in Cargo.toml, which the jobs build"),
}
PLATFORM_ALIASES = {"manylinux": "linux"}
OLDEST_FOR_US = (3, 10)
# The oldest CPythons of platforms that came late: Windows on ARM alone, PEP 738, PEP 776
OLDEST_FOR: Mapping[str, tuple[int, int]] = {"windows": (3, 11), "android": (3, 13), "emscripten": (3, 12)}
LINUX = "ubuntu-latest"
LINUX_ARM = "ubuntu-24.04-arm"

# The words for processors → target triples, the usual ones first; `DEFAULTS` says how many of these are built unasked.
TRIPLES: Mapping[str, Mapping[str, str]] = {
    "linux": {
        "x86_64": "x86_64-unknown-linux-gnu",
        "x86": "i686-unknown-linux-gnu",
        "aarch64": "aarch64-unknown-linux-gnu",
        "armv7": "armv7-unknown-linux-gnueabihf",
        "s390x": "s390x-unknown-linux-gnu",
        "ppc64le": "powerpc64le-unknown-linux-gnu",
        "i686": "i686-unknown-linux-gnu",
        "riscv64": "riscv64gc-unknown-linux-gnu",
        "riscv64gc": "riscv64gc-unknown-linux-gnu",
        "loongarch64": "loongarch64-unknown-linux-gnu",
        "ppc64": "powerpc64-unknown-linux-gnu",
    },
    "musllinux": {
        "x86_64": "x86_64-unknown-linux-musl",
        "x86": "i686-unknown-linux-musl",
        "aarch64": "aarch64-unknown-linux-musl",
        "armv7": "armv7-unknown-linux-musleabihf",
        "i686": "i686-unknown-linux-musl",
        "ppc64le": "powerpc64le-unknown-linux-musl",
        "riscv64": "riscv64gc-unknown-linux-musl",
        "s390x": "s390x-unknown-linux-musl",
        "loongarch64": "loongarch64-unknown-linux-musl",
    },
    "windows": {
        "x64": "x86_64-pc-windows-msvc",
        "x86": "i686-pc-windows-msvc",
        "aarch64": "aarch64-pc-windows-msvc",
        "x86_64": "x86_64-pc-windows-msvc",
        "arm64": "aarch64-pc-windows-msvc",
    },
    "macos": {
        "x86_64": "x86_64-apple-darwin",
        "aarch64": "aarch64-apple-darwin",
        "universal2": "universal2-apple-darwin",
        "universal2-apple-darwin": "universal2-apple-darwin",
    },
    "emscripten": {"wasm32-unknown-emscripten": "wasm32-unknown-emscripten", "wasm32": "wasm32-unknown-emscripten"},
    "android": {"aarch64": "aarch64-linux-android", "x86_64": "x86_64-linux-android"},
}
DEFAULTS = {"linux": 6, "musllinux": 4, "windows": 3, "macos": 2, "emscripten": 1, "android": 2}
# What zig links for Windows, which has no MSVC's libraries
ZIG_WINDOWS = {
    "x86_64-pc-windows-msvc": "x86_64-pc-windows-gnu",
    "i686-pc-windows-msvc": "i686-pc-windows-gnu",
    "aarch64-pc-windows-msvc": "aarch64-pc-windows-gnullvm",
}
# Processor of a triple → what docker calls it
DOCKER = {
    "x86_64": "linux/amd64", "x86": "linux/386", "aarch64": "linux/arm64", "armv7": "linux/arm/v7",
    "s390x": "linux/s390x", "powerpc64le": "linux/ppc64le", "riscv64": "linux/riscv64",
}  # fmt: skip
NO_DEBIAN_IMAGE = frozenset({"loongarch64", "powerpc64"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CiFacts:
    """What of a project decides its jobs.

    `pythons` are the interpreters to build for, as `-i` takes them, none for wheels that serve every Python; `tested`
    is the Python that tests run with. `program` says that nothing is built against Python. `manifest` is the Cargo.toml
    where it is not found without being named. `version_from_git` says that the version needs the tags of git,
    `optional_rust` that a release has a wheel of the Python part, too. `abi` has the word of the project's key `abi`
    for each of the `pythons`, where there is one.
    """

    name: str
    pythons: tuple[str, ...] = ()
    tested: str = "3.x"
    program: bool = False
    sdist: bool = True
    manifest: str | None = None
    version_from_git: bool = False
    optional_rust: bool = False
    abi: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One `cratewheel build`: for these targets and Pythons, which `args` name where `args_name_pythons`."""

    targets: tuple[str, ...]
    pythons: tuple[str, ...]
    zig: bool
    compatibility: str | None = None
    args: str | None = None
    args_name_pythons: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildJob:
    """One machine that builds wheels; `pytest` says that it tests them too."""

    name: str
    platform: Platform
    runner: str
    settings: CiSettings
    builds: tuple[Build, ...]
    python_arch: str | None = None
    pytest: bool = False

    @property
    def rust_targets(self) -> tuple[str, ...]:
        """The targets whose standard library is needed."""
        return rust_targets(self.builds)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxTest:
    """One test of the Linux wheels in a container, emulated where no machine has the processor."""

    target: str
    runner: str
    platform: str
    image: str
    emulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CiPlan:
    """All jobs, and how the release is made."""

    facts: CiFacts
    options: CiOptions
    jobs: tuple[BuildJob, ...]
    tests: tuple[LinuxTest, ...]

    @property
    def wasm(self) -> bool:
        """Whether there are wheels for Pyodide."""
        return any(job.platform == "emscripten" for job in self.jobs)


def plan(
    facts: CiFacts, options: CiOptions, *, platforms: Iterable[str] = (), only_linux_machines: bool = False
) -> CiPlan:
    """Return the jobs for the platforms that are named, else those that have a table, else the usual ones.

    With `only_linux_machines` every wheel is built on Linux. Raises `ConfigError` for a target that there is not, or
    arguments that `cratewheel build` does not take.
    """
    usual = DEFAULT_PLATFORMS[:2] if only_linux_machines else DEFAULT_PLATFORMS
    tables = {table.name: table for table in options.platforms}
    platforms = tuple(platforms)
    chosen = _platforms(platforms, tuple(tables), usual, facts)
    if only_linux_machines:
        chosen = _without_machines(chosen, named=platforms)
    jobs: dict[object, BuildJob] = {}
    for platform in chosen:
        table = tables.get(platform, CiPlatform(name=platform))
        for target in table.targets or _usual_targets(platform):
            settings = _inherit(target.settings, table.settings, CiSettings(args=options.args))
            job = _job(platform, target.arch, settings, options, facts, only_linux=only_linux_machines)
            key = (job.runner, job.settings, job.python_arch, job.platform)
            known_job = jobs.get(key)
            builds = _merged((*known_job.builds, *job.builds)) if known_job else job.builds
            jobs[key] = replace(job, builds=builds, name=known_job.name if known_job else _name(job, jobs.values()))
    tests = tuple(_linux_tests(jobs.values(), facts)) if options.pytest and not only_linux_machines else ()
    return CiPlan(facts=facts, options=options, jobs=tuple(jobs.values()), tests=tests)


def requirement(facts: CiFacts, builds: Iterable[Build] = ()) -> str:
    """Return cratewheel as pip is asked for it, with the extras that the project and these builds need.

    >>> requirement(CiFacts(name="px")), requirement(CiFacts(name="px", version_from_git=True))
    ('cratewheel', '"cratewheel[vcs]"')
    """
    wanted = (("vcs", facts.version_from_git), ("zig", any(build.zig for build in builds)))
    extras = ",".join(name for name, needed in wanted if needed)
    return f'"cratewheel[{extras}]"' if extras else "cratewheel"


def build_command(facts: CiFacts, build: Build, *, python: str | None = None) -> str:
    """Return the command line of a build; `python` is the one interpreter, where a variable has it."""
    words = ["cratewheel", "build", "--release", "--no-sdist", "--out", "dist"]
    words += ["--zig"] if build.zig else []
    words += ["--compatibility", build.compatibility] if build.compatibility else []
    words += [word for target in build.targets for word in ("--target", target)]
    words += ["--manifest-path", facts.manifest] if facts.manifest else []
    words += ["--require-rust"] if facts.optional_rust else []
    words += _abi_words(facts, build)
    line = shlex.join(words)
    if build.pythons and not build.args_name_pythons:
        line += f" -i {python or ' '.join(build.pythons)}"
    return f"{line} {build.args}" if build.args else line


def _abi_words(facts: CiFacts, build: Build) -> list[str]:
    """Return the option that names the wheels of a build, where it makes fewer than the project's key `abi` says."""
    if not facts.abi or build.args_name_pythons or "--abi" in (build.args or ""):
        return []
    stable = next((word for word in facts.abi.values() if word.startswith("abi3")), "")
    built = dict.fromkeys(facts.abi.get(python, stable) for python in build.pythons)
    return ["--abi", ",".join(built)] if built.keys() != {*facts.abi.values()} else []


def pure_command(facts: CiFacts) -> str:
    """Return the command line that builds the wheel of the Python part."""
    manifest = ["--manifest-path", facts.manifest] if facts.manifest else []
    return shlex.join(["cratewheel", "build", "--pure", "--out", "dist", *manifest])


def installed_pythons(job: BuildJob) -> tuple[str, ...]:
    """Return the Pythons that a machine needs, the one that runs cratewheel last."""
    words = {word for build in job.builds for word in build.pythons}
    ordered = sorted(words, key=lambda word: (word[0].isdigit(), not word.endswith("t"), _version(word)))
    if (
        not ordered
        or not ordered[-1][0].isdigit()
        or ordered[-1].endswith("t")
        or _version(ordered[-1]) < OLDEST_FOR_US
    ):
        ordered.append("3.x")
    return tuple(ordered)


def rust_targets(builds: Iterable[Build]) -> tuple[str, ...]:
    """Return the triples that rustup must have: both of macOS for universal2."""
    found: dict[str, None] = {}
    for build in builds:
        for target in build.targets:
            both = target == "universal2-apple-darwin"
            found.update(dict.fromkeys(("x86_64-apple-darwin", "aarch64-apple-darwin") if both else (target,)))
    return tuple(found)


def _version(word: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]{1,9}", word))


def _platforms(named: tuple[str, ...], tables: tuple[str, ...], usual: tuple[str, ...], facts: CiFacts) -> list[str]:
    found = {PLATFORM_ALIASES.get(name, name) for name in named}
    if "all" in found:
        found = set(DEFAULT_PLATFORMS if facts.program else CI_PLATFORMS)
    found = found or set(tables) or set(usual)
    return [name for name in CI_PLATFORMS if name in found and not (name == "emscripten" and facts.program)]


def _without_machines(platforms: list[str], *, named: tuple[str, ...]) -> list[str]:
    """Return the platforms whose wheels are built on Linux without the parts of an SDK."""
    left = [name for name in platforms if name in OLDEST_FOR and name != "windows"]
    if left and "all" not in named and set(left) & set(named):
        raise ConfigError(
            f"there is no job for {left[0]} on this service", hint="the platforms are linux, musllinux, windows, macos"
        )
    return [name for name in platforms if name not in left]


def _usual_targets(platform: str) -> tuple[CiTarget, ...]:
    return tuple(CiTarget(arch=arch) for arch in list(TRIPLES[platform])[: DEFAULTS[platform]])


def header(command: str) -> str:
    """Return the first lines of a generated file, with the `command` that writes it."""
    return f"# Written by cratewheel. To write it again:\n#\n#     {command}\n#\n{not_on_pypi.CI_COMMENT}\n"


def _inherit(*layers: CiSettings) -> CiSettings:
    """Return settings of which each comes from the first layer that has it."""
    names = CiSettings.__dataclass_fields__
    return CiSettings(
        **{name: next((value for one in layers if (value := getattr(one, name)) is not None), None) for name in names}
    )


def _flags(args: str | None, platform: str) -> dict[str, Any]:
    try:
        flags = parse_flags("build", "", shlex.split(args or ""))
    except (UsageError, ValueError) as error:
        message = error.message if isinstance(error, UsageError) else str(error)
        raise ConfigError(
            f"`args` for {platform} in `generate-ci` is not what `cratewheel build` takes: {message}",
            hint="`cratewheel build --help` shows what it takes",
        ) from error
    for name, (option, hint) in OWNED.items():
        if flags.get(name):
            raise ConfigError(f"`args` for {platform} in `generate-ci` has {option}, which the jobs have", hint=hint)
    return flags


def _job(
    platform: str, arch: str, settings: CiSettings, options: CiOptions, facts: CiFacts, *, only_linux: bool
) -> BuildJob:
    triple = _triple(platform, arch)
    flags = _flags(settings.args, platform)
    named = tuple(word.removeprefix("python") for word in flags.get("interpreter", ()))
    on_linux = only_linux or (settings.runner is not None and settings.runner.startswith(("ubuntu", "linux")))
    container = settings.container if settings.container not in (None, "off", "") else None
    crossed = on_linux and platform in ("macos", "windows")
    linux = platform in ("linux", "musllinux") or crossed
    native_tests = options.pytest and platform in ("macos", "windows") and not crossed
    if crossed and platform == "windows":
        triple = ZIG_WINDOWS.get(triple, triple)
    build = Build(
        targets=(triple,),
        pythons=named or _pythons_for(platform, triple, facts),
        zig=linux and (container is None or options.zig or crossed),
        compatibility=_compatibility(settings.manylinux, triple) if platform in ("linux", "musllinux") else None,
        args=settings.args,
        args_name_pythons=bool(named or flags.get("find_interpreter")),
    )
    return BuildJob(
        name="",
        platform="linux" if linux else platform,  # type: ignore[arg-type]  # one of the names of tables
        runner=settings.runner or (LINUX if linux else _runner(platform, triple, native=native_tests)),
        settings=replace(
            settings, runner=None, manylinux=None, args=None, container=container,
            rust_toolchain=settings.rust_toolchain or ("nightly" if platform == "emscripten" else None),
        ),
        builds=(build,),
        python_arch=_python_arch(triple) if native_tests and platform == "windows" else None,
        pytest=native_tests or (options.pytest and platform == "emscripten"),
    )  # fmt: skip


def _triple(platform: str, arch: str) -> str:
    known_words = TRIPLES[platform]
    if arch in known_words:
        return known_words[arch]
    if arch.count("-") >= 2:
        parse(arch)
        return arch
    raise ConfigError(
        f"{arch!r} is not a target of {platform} that CI can build for",
        hint=did_you_mean(arch, known_words) or f"one of {', '.join(known_words)}, or a target triple",
    )


def _compatibility(manylinux: str | None, triple: str) -> str | None:
    """Return what `--compatibility` takes for the word of a `manylinux` key; none for what is found by itself.

    Raises `ConfigError` for a policy that the target does not have.
    """
    if manylinux in (None, "", "auto"):
        return None
    if manylinux == "off":
        return "linux"
    assert manylinux is not None
    target = parse(triple)
    family: policy.Family = "musllinux" if target.is_musl else "manylinux"
    try:
        name = parse_compatibility(manylinux)
    except UsageError as error:
        raise ConfigError(
            f"`manylinux` in `generate-ci` for {triple}: {error.message}", hint=f"write {_of(family, target)}"
        ) from error
    if name in ("linux", "pypi"):
        return name
    if not name.startswith(family) or not policy.is_known(name, linux_arch(target)):
        raise ConfigError(
            f"`manylinux` in `generate-ci` is {manylinux!r}, which is no policy for {triple}",
            hint=f"write {_of(family, target)}",
        )
    return manylinux


def _of(family: policy.Family, target: Target) -> str:
    return f"one of {', '.join(policy.names(family, linux_arch(target)))}, or `auto` or `off`"


def _pythons_for(platform: str, triple: str, facts: CiFacts) -> tuple[str, ...]:
    """Return the Pythons that there are for a target, of those to build for.

    Raises `ConfigError` where the project's key `abi` has a wheel for none of them.
    """
    there = {request_word(one) for one in known(parse(triple))}
    facts = replace(facts, pythons=tuple(word for word in facts.pythons if word[0].isdigit() or word in there))
    if platform == "windows" and not triple.startswith("aarch64"):
        return facts.pythons
    oldest = OLDEST_FOR.get(platform)
    if oldest is None or not facts.pythons:
        return facts.pythons
    free_threaded = platform == "windows"
    with_gil = [word for word in facts.pythons if not word.endswith("t")]
    without = [word for word in facts.pythons if word.endswith("t") and free_threaded and _version(word) >= oldest]
    fitting = [word for word in with_gil if _version(word) >= oldest]
    if not fitting and (with_gil or not without):
        if facts.abi and not any(word.startswith("abi3") for word in facts.abi.values()):
            raise ConfigError(
                f"`abi` has no wheel for {triple}, whose oldest Python is {oldest[0]}.{oldest[1]}",
                hint=f"add a word to `abi`, or name other platforms or targets than this one of {platform}",
            )
        # a wheel that serves older ones too is built with the oldest that there is
        fitting = [f"{oldest[0]}.{oldest[1]}"]
    return (*fitting, *without)


def _runner(platform: str, triple: str, *, native: bool) -> str:
    match platform:
        case "windows":
            return "windows-11-arm" if native and triple.startswith("aarch64") else "windows-latest"
        case "macos":
            return "macos-15-intel" if native and triple.startswith("x86_64") else "macos-latest"
        case _:
            return LINUX


def _python_arch(triple: str) -> str:
    return {"i686": "x86", "aarch64": "arm64"}.get(triple.split("-")[0], "x64")


def _merged(builds: tuple[Build, ...]) -> tuple[Build, ...]:
    """Return one build for those that differ in their targets alone."""
    found: dict[Build, Build] = {}
    for build in builds:
        key = replace(build, targets=())
        found[key] = replace(
            build, targets=tuple(dict.fromkeys((*(found[key].targets if key in found else ()), *build.targets)))
        )
    return tuple(found.values())


def _name(job: BuildJob, others: Iterable[BuildJob]) -> str:
    taken = {other.name for other in others}
    with_arch = f"{job.platform}-{job.builds[0].targets[0].split('-')[0]}"
    numbered = (f"{job.platform}-{number}" for number in range(2, len(taken) + 3))
    each_its_own = job.pytest and job.platform in ("macos", "windows")
    names: tuple[str, ...] = (*(() if each_its_own else (job.platform,)), with_arch, *numbered)
    return next(name for name in names if name not in taken)


def _linux_tests(jobs: Iterable[BuildJob], facts: CiFacts) -> Iterable[LinuxTest]:
    version = facts.tested.rstrip("t").removesuffix(".x")
    for job in jobs:
        for target in (target for build in job.builds for target in build.targets):
            triple = parse(target)
            if triple.os != "linux" or triple.arch not in DOCKER:
                continue
            arm = triple.arch == "aarch64"
            yield LinuxTest(
                target=target,
                runner=LINUX_ARM if arm else LINUX,
                platform=DOCKER[triple.arch],
                image=f"python:{version}-{'alpine' if triple.is_musl else 'slim'}",
                emulated=not arm and triple.arch not in ("x86_64", "x86"),
            )
