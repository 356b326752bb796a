"""What to do about well-known errors of cargo, rustc, linkers, rustup and build scripts.

Each rule is a pattern of their output and a hint; the first rule that matches counts. Pure: callers pass what the
program printed, and the names that the project has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cratewheel.cargo.system_packages import LIBRARIES, OPENSSL, TOOLS
from cratewheel.errors import did_you_mean

MAX_REASON = 300  # characters
MAX_DETAILS = 20  # lines

# patterns are text: they are compiled where a command has failed
_COLOURS = r"\x1b\[[0-9;]*[A-Za-z]"
_ERROR = r"(?m)^error(?:\[E\d+\])?: (.+)$"
_CAUSE = r"Caused by:\n +(.+)"
_NO_FEATURE = r"package `([^`]+)` depends on `([^`]+)` with feature `([^`]+)` but `[^`]+` does not have that feature"
_LINKERS_WORDS = r"(?:unable to find library|cannot find) \S+|undefined (?:symbol:|reference to) \S+"
_VAGUE = ("failed to parse", "failed to get", "failed to load", "could not load Cargo configuration")
_FIRST_ERROR = r"(?m)^error(?:\[E\d+\])?: .*\n +--> (\S+?:\d+:\d+)$"
_FAILED_BUILD = (
    "could not compile",
    "failed to run custom build command",
    "failed to download",
    "is not supported by the following",
    "cannot be built because it requires rustc",
)
_DISK_FULL = ("No space left on device", "(os error 28)", "(os error 112)")
_TOO_OLD = (
    r"is older than the `\d+` edition|feature `edition\d+` is required"
    r"|lock file version `?\d+`? .*(?:does not understand|requires `-Znext-lockfile-bump`)"
)
_SUMMARY = r"could not compile `([^`]+)`.* due to (?:(\d{1,9}) previous errors?|(?:1 )?previous error)"
_UNKNOWN_TARGET = r'could not find specification for target "([^"]+)"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names that a message of cargo may be about, for suggestions; `platform` is `sys.platform`."""

    platform: str
    features: Sequence[str] = ()
    profiles: Sequence[str] = ()
    targets: Sequence[str] = ()


_NEW_SDK = "install Xcode's command line tools: `xcode-select --install`"
BUILD_TOOLS_FOR_VISUAL_STUDIO = (
    "install the Build Tools for Visual Studio, with “Desktop development with C++”: "
    "`winget install Microsoft.VisualStudio.2022.BuildTools`"
)


def _plain(text: str) -> str:
    """Return the text without colours, and with what was drawn over the progress bar on a line of its own."""
    return re.sub(_COLOURS, "", text).replace("\r\n", "\n").replace("\r", "\n")


def advise(text: str, names: Names) -> str | None:
    """Return what to do about the error in the output of cargo, rustc or rustup; None for one that is not known.

    >>> advise("error: profile `relase` is not defined", Names(platform="linux", profiles=("release",)))
    'did you mean `release`?'
    """
    plain = _plain(text)
    for pattern, hint in RULES:
        found = re.search(pattern, plain)
        if found:
            return hint if isinstance(hint, str) else hint(found, names)
    return None


def place_of_failure(text: str) -> str | None:
    r"""Return how many errors rustc found in which crate, and where the first one is; None for no compile error.

    >>> place_of_failure("error: x\n --> src/lib.rs:7:1\n\nerror: could not compile `a` (lib) due to 2 previous errors")
    '2 errors in a, the first at src/lib.rs:7:1'
    """
    plain = _plain(text)
    summary, first = re.search(_SUMMARY, plain), re.search(_FIRST_ERROR, plain)
    if not summary or not first:
        return None
    number = int(summary[2] or 1)
    return (
        f"1 error in {summary[1]}, at {first[1]}"
        if number == 1
        else (f"{number} errors in {summary[1]}, the first at {first[1]}")
    )


def first_error(text: str) -> str | None:
    r"""Return the first error in the output of cargo or rustc, or its cause where only that says what is wrong.

    >>> first_error("   Compiling a v0.1.0\nerror: linker `cc` not found\n  |\n")
    'linker `cc` not found'
    """
    plain = _plain(text)
    found = re.search(_ERROR, plain)
    if not found:
        return None
    target = unknown_target(plain)
    if target:
        return f"rustc does not know the target {target}"
    without = re.search(_NO_FEATURE, plain)
    if without:
        return f"{without[2]} has no feature `{without[3]}`, which {without[1]} asks for"
    reason = found[1].strip()
    pattern = _CAUSE if reason.startswith(_VAGUE) else _LINKERS_WORDS if reason.startswith("linking with") else None
    causes = re.findall(pattern, plain[found.end() :]) if pattern else ()
    if reason.endswith(":"):  # what is meant stands on the next line
        reason = f"{reason} {plain[found.end() :].strip().partition(chr(10))[0].strip()}"
    return (causes[-1] if causes else reason)[:MAX_REASON]


def error_details(text: str, reason: str) -> tuple[str, ...]:
    r"""Return the lines of cargo's first error and those after it, but for those that `reason` or a hint repeats.

    >>> error_details("error: failed to parse manifest at `/a/Cargo.toml`\n\nCaused by:\n  bad key\n", "bad key")
    ('failed to parse manifest at `/a/Cargo.toml`',)
    """
    plain = _plain(text)
    found = None if re.search(_NO_FEATURE, plain) else re.search(_ERROR, plain)
    lines = plain[found.start() :].splitlines() if found else []
    kept = [
        line.removeprefix("error: ").rstrip()
        for line in lines
        if not line.startswith(("help:", "Caused by:"))
        and line.strip().removeprefix("error: ").rstrip(".") not in reason
    ]
    shown = [line for line in kept if line.strip() and line.strip() not in reason][:MAX_DETAILS]
    return tuple(shown) if len(shown) < MAX_DETAILS else (*shown, "…")


def is_failed_build(text: str) -> bool:
    """Return whether cargo says that code could not be compiled here, rather than that it was called wrongly.

    A disk that is full is neither.

    >>> is_failed_build("error: could not compile `a` (lib)"), is_failed_build("error: profile `x` is not defined")
    (True, False)
    """
    return any(words in text for words in _FAILED_BUILD) and not any(words in text for words in _DISK_FULL)


def needs_newer_rust(text: str) -> bool:
    """Return whether cargo says that it is too old for a manifest or lock file.

    >>> needs_newer_rust("feature `edition2024` is required"), needs_newer_rust("failed to parse manifest")
    (True, False)
    """
    return re.search(_TOO_OLD, text) is not None


def unknown_target(text: str) -> str | None:
    """Return the target triple that rustc said it does not know."""
    found = re.search(_UNKNOWN_TARGET, text)
    return found[1] if found else None


def without_backtrace(text: str) -> tuple[str, ...]:
    """Return the lines of an error of rustup before its backtrace, which helps its developers only."""
    return tuple(text.partition("Stack backtrace:")[0].strip().splitlines())


def _missing_linker(found: re.Match[str], names: Names) -> str:
    program = found[1]
    if program == "link.exe":
        return BUILD_TOOLS_FOR_VISUAL_STUDIO
    if program in TOOLS:
        return f"install it: {TOOLS[program].install(names.platform)}"
    cross = re.fullmatch(r"([a-z0-9_]+)-linux-(gnu\w*)-gcc", program)
    if cross:
        debian = f"gcc-{cross[1].replace('_', '-')}-linux-{cross[2]}"
        return f"install it: `apt install {debian}` (Debian, Ubuntu), or pass --zig"
    return f"install {program}, or correct `linker` in .cargo/config.toml or CARGO_TARGET_…_LINKER"


def _missing_library(found: re.Match[str], names: Names) -> str:
    library = next(name for name in found.groups() if name)
    if re.match(r"python\d", library):
        return "remove `-lpython…` from the linker's arguments: an extension module does not link libpython"
    stem = library.removeprefix("lib")
    if names.platform == "darwin":
        if stem == "System":
            return f"{_NEW_SDK}; or unset SDKROOT, if it names a folder that is not there"
        install = LIBRARIES[stem].install("darwin") if stem in LIBRARIES else f"`brew search {stem}` names the package"
        return (
            f'install it: {install}; Homebrew\'s folder is searched with `export LIBRARY_PATH="$(brew --prefix)/lib"`'
        )
    if stem in LIBRARIES:
        return f"install it: {LIBRARIES[stem].install(names.platform)}"
    return (
        f"install the development files of {library}; `apt-file search lib{stem}.so` names the package (Debian, Ubuntu)"
    )


def _pkg_config_library(found: re.Match[str], names: Names) -> str:
    stem = found[1].removeprefix("lib")
    if stem in LIBRARIES:
        return f"install it: {LIBRARIES[stem].install(names.platform)}"
    if names.platform == "darwin":
        return f"install {found[1]}: `brew search {found[1]}` names the package"
    return (
        f"install the development files of {found[1]}; `apt-file search {found[1]}.pc` names the package "
        "(Debian, Ubuntu)"
    )


def _missing_tool(found: re.Match[str], names: Names) -> str:
    program = next(name for name in found.groups() if name)
    if program in TOOLS:
        return f"install {program}: {TOOLS[program].install(names.platform)}"
    return f"install {program}, and put its folder on PATH"


def _tool(name: str) -> Callable[[re.Match[str], Names], str]:
    return lambda _, names: f"install {name}: {TOOLS[name].install(names.platform)}"


def _newer_rust(found: re.Match[str], _: Names) -> str:
    crate, version, needed = found[1], found[2], found[3]
    return f"update Rust to {needed} or newer: `rustup update`; or choose an older {crate} than {version}"


def _feature(found: re.Match[str], names: Names) -> str:
    word = found["feature"]
    if not names.features:
        return "the crate has no features: remove `features`, or add [features] to Cargo.toml"
    near = did_you_mean(word, names.features)
    listed = f"the features are {', '.join(sorted(names.features))}"
    return f"{near} {listed}" if near else listed


def _profile(found: re.Match[str], names: Names) -> str:
    word = found[1]
    return did_you_mean(word, names.profiles) or (
        f"the profiles are {', '.join(names.profiles)}; [profile.{word}] in Cargo.toml adds one"
    )


def _crate_feature(found: re.Match[str], _: Names) -> str:
    feature, crate = found[1], found[2]
    near = re.search(rf"package `{re.escape(crate)}` does have feature `([^`]+)`", found.string)
    shows = f"`cargo info {crate}` lists the features of {crate}"
    return f"did you mean `{near[1]}`? {shows}" if near else f"{shows}; {feature} is none of them"


def _toolchain(found: re.Match[str], _: Names) -> str:
    name = re.sub(r"-(x86_64|aarch64|i686)-.*", "", found[1])
    near = did_you_mean(name, ("stable", "beta", "nightly"))
    install = f"`rustup toolchain install {name}`"
    return f"{near} Otherwise {install}" if near and name not in near else install


def _requirement(found: re.Match[str], _: Names) -> str:
    return f"write a version of {found[1]} that exists, in Cargo.toml; `cargo info {found[1]}` shows the newest"


def _target(found: re.Match[str], names: Names) -> str:
    return did_you_mean(found[1], names.targets) or "`rustc --print target-list` lists all targets"


Rule = tuple[str, str | Callable[["re.Match[str]", Names], str]]

# Messages of cargo 1.64 to 1.95; where their words have changed, both are there. The first that matches counts, so
# causes stand before what follows from them.
RULES: tuple[Rule, ...] = (
    # the machine
    (
        r"No space left on device|File size limit exceeded|not enough space on the disk",
        "free disk space; `cratewheel clean` removes build files and caches",
    ),
    (
        r"\(signal: 9, SIGKILL|LLVM ERROR: out of memory|memory allocation of \d+ bytes failed",
        "close other programs, or compile fewer crates at a time: `--jobs 1`",
    ),
    # Xcode
    (r"not agreed to the Xcode (?:and Apple SDKs )?license", "agree to Xcode's licence: `sudo xcodebuild -license`"),
    (r"invalid active developer path|(?i:no developer tools were found)", _NEW_SDK),
    (
        r"SDK \"[\w.]+\" cannot be located|unable to lookup item 'Path' in SDK",
        f"{_NEW_SDK}; if they are there, `sudo xcode-select --switch /Library/Developer/CommandLineTools` chooses them",
    ),
    # file systems
    (
        r"does not appear to support locking|incremental compilation: could not create session directory lock file",
        "compile in a folder of another file system: `--target-dir`; or without incremental files: CARGO_INCREMENTAL=0",
    ),
    (
        r"is set to an empty string in the `(\w+)` environment variable",
        lambda found, _: f"`unset {found[1]}`, or set it to a folder",
    ),
    # rustup
    (r"no /proc/self/exe available", "rustup needs /proc: `mount -t proc proc /proc`"),
    (r"no default is configured|no default toolchain configured", "`rustup default stable`"),
    (r"toolchain '([^']+)' is not installed", _toolchain),
    (r"toolchain '([^']+)' specified in override file '[^']+' is not installed", _toolchain),
    (
        r"could not download nonexistent rust version `([^`-]+)",
        lambda found, _: (
            f"there is no Rust {found[1]}: correct RUSTUP_TOOLCHAIN or rust-toolchain.toml; "
            "`rustup toolchain list` shows those that are installed"
        ),
    ),
    (
        r"'([\w.-]+)' is not a recognized processor for this target",
        lambda found, _: (
            f"correct target-cpu={found[1]} in RUSTFLAGS or .cargo/config.toml; `rustc --print target-cpus` lists all"
        ),
    ),
    # target
    (_UNKNOWN_TARGET, _target),
    (r"the `([^`]+)` target may not be installed", lambda found, _: f"`rustup target add {found[1]}`"),
    # versions of Rust
    (
        r"(?s)rustc [\d.]+\S* is not supported by the following packages?:\s+(\S+?)@(\S+) requires rustc ([\d.]+)",
        _newer_rust,
    ),
    (r"package `(\S+) v(\S+?)(?: \([^)]*\))?` cannot be built because it requires rustc ([\d.]+)", _newer_rust),
    (
        r"is older than the `(\d+)` edition|feature `edition\d+` is required",
        "update Rust: `rustup update`; or set `edition` in Cargo.toml to one that this cargo supports",
    ),
    (
        r"lock file version `?\d+`? .*(?:does not understand|requires `-Znext-lockfile-bump`)",
        "update Rust: `rustup update`",
    ),
    (
        r"may not be used on the (?:stable|beta) release channel",
        "build with nightly Rust: `rustup toolchain install nightly`, and set RUSTUP_TOOLCHAIN=nightly",
    ),
    # Cargo.lock
    (
        r"cannot update the lock file|the lock file .* needs to be updated but --(?:locked|frozen) was passed",
        "bring Cargo.lock up to date: `cargo update --workspace`",
    ),
    (r"cannot create the lock file", "create Cargo.lock: `cargo generate-lockfile`"),
    (
        r"(?s)failed to parse lock file at.*(?:<<<<<<<|=======|>>>>>>>)",
        "Cargo.lock has a merge conflict: `git checkout --theirs Cargo.lock`, then `cargo update --workspace`",
    ),
    (r"failed to parse lock file at", "remove Cargo.lock and create it again: `cargo generate-lockfile`"),
    # network and registries
    (
        r"you're using offline mode|but --(?:offline|frozen) was specified|failed to download.*offline",
        "download the crates while online: `cargo fetch`; or remove --offline",
    ),
    (
        r"Permission denied \(publickey\)|failed to authenticate when downloading repository",
        "let cargo use git's own credentials: set CARGO_NET_GIT_FETCH_WITH_CLI=true",
    ),
    (
        (
            r"[Cc]ould not resolve host|[Cc]ould(?:n't| not) connect to server|download of config\.json failed|"
            r"spurious network error|Operation (?:timed out|too slow)|Timeout was reached|"
            r"failed to (?:download from|fetch) `|SSL certificate problem"
        ),
        "check the network and the proxy (HTTPS_PROXY, or `http.proxy` in .cargo/config.toml), and try again",
    ),
    (
        r"no matching package(?: named `([^`]+)`)? found",
        lambda found, _: (
            f"correct the name in Cargo.toml; `cargo search {found[1]}` finds crates"
            if found[1]
            else "correct the name of the crate in Cargo.toml"
        ),
    ),
    (r"failed to select a version for the requirement `([\w-]+)", _requirement),
    # names
    (r"depends on `[^`]+` with feature `([^`]+)` but `([^`]+)` does not have that feature", _crate_feature),
    (r"profile `([^`]+)` is not defined", _profile),
    (r"profile name `debug` is reserved", "did you mean `dev`?"),
    (r"does not (?:contain|have) (?:this|these|the) features?:? `?(?P<feature>[\w+-]+)", _feature),
    (r"none of the selected packages contains (?:this|these) features?: (?P<feature>[\w+-]+)", _feature),
    # Cargo.toml
    (
        r"can't find library `[^`]+`|no targets specified in the manifest",
        "create src/lib.rs: `mkdir -p src && touch src/lib.rs`; or set `path` in [lib] of Cargo.toml",
    ),
    (
        r"library target names cannot contain hyphens: (\S+)",
        lambda found, _: f'write `name = "{found[1].replace("-", "_")}"` in [lib] of Cargo.toml',
    ),
    (r"supported edition values are", 'write `edition = "2021"` in Cargo.toml'),
    (r"failed to parse value from --config argument", "write it like `--config 'build.jobs=2'`"),
    (
        r"current package believes it's in a workspace when it's not",
        "add the crate to `workspace.members`, or an empty [workspace] table to its own Cargo.toml",
    ),
    (
        r"could not parse TOML configuration in `([^`]+)`",
        lambda found, _: f"correct {found[1]} at the place shown above",
    ),
    (
        r"`([^`]+)` is not a dependency",
        lambda found, _: f"`cargo add {found[1].partition('/')[0]}`, or correct [features] in Cargo.toml",
    ),
    (
        r"failed to read root of directory source: (\S+)",
        lambda found, _: f"`cargo vendor {found[1]}`, or remove [source] from cargo's configuration",
    ),
    (
        r"failed to load source for dependency `([^`]+)`|failed to load manifest for workspace member `([^`]+)`",
        lambda found, _: f"correct the path of {found[1] or found[2]} in Cargo.toml",
    ),
    # linkers
    (r"linker `([^`]+)` not found", _missing_linker),
    (r"invalid linker name in argument '-fuse-ld=([\w-]+)'", _missing_tool),
    (r"(?s).*-fuse-ld=(mold|lld|gold|wild)\".*collect2: fatal error: cannot find 'ld'", _missing_tool),
    (r"collect2: fatal error: cannot find '(ld)'", _missing_tool),
    (
        (
            r"unable to find library -l([\w.+-]+)|cannot find -l([\w.+-]+)|library '([\w.+-]+)' not found|"
            r"library not found for -l([\w.+-]+)|"
            r"cannot open input file '([\w.+-]+)\.lib'"
        ),
        _missing_library,
    ),
    (
        r"undefined (?:symbol:|reference to `)\s*_?Py[A-Z_]|\"_Py[A-Za-z_]+\", referenced from",
        "update pyo3 to 0.26 or newer: `cargo update -p pyo3`; or enable its feature `extension-module`",
    ),
    # build scripts
    (
        r"newer than PyO3's maximum supported version",
        "update pyo3: `cargo add pyo3@latest`, or choose an older Python with -i",
    ),
    (r"lower than PyO3's minimum supported version", "choose a newer Python with -i, or an older pyo3 in Cargo.toml"),
    (
        r"cannot set a minimum Python version (\d+\.\d+) higher than",
        lambda found, _: f"choose Python {found[1]} or newer with -i, or an older `abi3-py3…` feature of pyo3",
    ),
    (
        r"[Cc]ould not find (?:directory of )?OpenSSL|Could not find openssl via pkg-config",
        lambda _, names: (
            f"install OpenSSL's development files: {OPENSSL.install(names.platform)}; "
            "or enable the feature `vendored` of openssl"
        ),
    ),
    (r"The system library `([\w.+-]+)` required by crate", _pkg_config_library),
    (
        r"[Pp]ackage '?([\w.+-]+)'?, required by|No package '([\w.+-]+)' found",
        lambda found, names: _pkg_config_library(re.match(r"(.*)", found[1] or found[2]) or found, names),
    ),
    (r"[Tt]he pkg-config command could not be (?:found|run)|Could not run `?\S*pkg-config", _tool("pkg-config")),
    (r"is `([\w+-]+)` not installed\?", _missing_tool),
    (r"failed to find tool \"?`?([\w+-]+)|Failed to find tool\. Is `([\w+-]+)` installed", _missing_tool),
    (r"Unable to find libclang|couldn't find any valid shared libraries matching: \['libclang", _tool("libclang")),
    (
        r"Libc\+\+ only supports Clang (\d+) and later",
        lambda found, _: (
            f"the C++ headers need libclang {found[1]} or newer: set LIBCLANG_PATH to the folder of one, "
            "or install an older zig: `pip install 'ziglang<0.14'` for libclang 18"
        ),
    ),
    (r"Could not find `?protoc`?", _tool("protoc")),
    (r"(?:Command|Program|program) [`'\"](perl|nasm|make|ninja|cmake|git)[`'\"]? ?(?:was )?not found", _missing_tool),
    (
        r"failed to run custom build command for `([^ `]+)",
        lambda found, _: f"{found[1]} has a build script that failed; its documentation says what it needs",
    ),
    # the build directory
    (
        r"Permission denied \(os error 13\)|Read-only file system",
        "make the folder that is named above writable, or choose another build directory: `--target-dir`",
    ),
)
