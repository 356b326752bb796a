"""Hints for well-known errors, from what cargo, rustc, rustup, linkers and build scripts have printed."""

from __future__ import annotations

import pytest

from cratewheel.cargo.advice import Names, advise, first_error, place_of_failure, unknown_target, without_backtrace

NAMES = Names(
    platform="linux",
    features=("answer", "default", "loud"),
    profiles=("dev", "release", "test", "bench"),
    targets=("aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"),
)
RUSTC = "error: failed to run `rustc` to learn about target-specific information\n\nCaused by:\n  --- stderr\n"
SCRIPT = "error: failed to run custom build command for `demo-sys v0.1.0 (/p)`\n\nCaused by:\n  --- stderr\n\n"
LINK = 'error: linking with `cc` failed: exit status: 1\n  |\n  = note:  "cc" "-m64" '

RECORDED = {
    # cargo 1.95
    "profile": ("error: profile `relase` is not defined\n", "did you mean `release`?"),
    "profile, like none": (
        "error: profile `zzz` is not defined\n",
        "the profiles are dev, release, test, bench; [profile.zzz] in Cargo.toml adds one",
    ),
    "feature of a dependency": (
        (
            "error: failed to select a version for `pyo3`.\n    ... required by package `demo v0.1.0 (/p)`\n"
            "package `demo` depends on `pyo3` with feature `abi3-py3100` but `pyo3` does not have that feature.\n"
            " package `pyo3` does have feature `abi3-py310`\n"
        ),
        "did you mean `abi3-py310`? `cargo info pyo3` lists the features of pyo3",
    ),
    "library with a hyphen": (
        (
            "error: failed to parse manifest at `/p/Cargo.toml`\n\nCaused by:\n  "
            "library target names cannot contain hyphens: sh-out\n"
        ),
        'write `name = "sh_out"` in [lib] of Cargo.toml',
    ),
    "processor": (
        (
            "'natve' is not a recognized processor for this target (ignoring processor)\nrustc-LLVM ERROR: x\n"
            "error: could not compile `demo` (lib)\n"
        ),
        "correct target-cpu=natve in RUSTFLAGS or .cargo/config.toml; `rustc --print target-cpus` lists all",
    ),
    "toolchain file": (
        "error: custom toolchain 'nigthly' specified in override file '/p/rust-toolchain.toml' is not installed\n",
        "did you mean `nightly`? Otherwise `rustup toolchain install nigthly`",
    ),
    "empty target directory": (
        "error: the target directory is set to an empty string in the `CARGO_TARGET_DIR` environment variable\n",
        "`unset CARGO_TARGET_DIR`, or set it to a folder",
    ),
    "profile debug": ("error: profile name `debug` is reserved\n", "did you mean `dev`?"),
    "feature": (
        ("error: the package 'demo' does not contain this feature: luod\nhelp: there is a similarly named "
        "feature: loud\n"),
        "did you mean `loud`? the features are answer, default, loud",
    ),
    "feature, cargo 1.64": (
        "error: Package `demo v0.1.0 (/p)` does not have the feature `zzzzz`\n",
        "the features are answer, default, loud",
    ),
    "feature of a workspace": (
        "error: none of the selected packages contains this feature: luod\n",
        "did you mean `loud`? the features are answer, default, loud",
    ),
    "target": (
        f'{RUSTC}  error: could not find specification for target "x86_64-unknown-linux-gun"\n',
        "did you mean `x86_64-unknown-linux-gnu`?",
    ),
    "target, like none": (
        f'{RUSTC}  error: could not find specification for target "z80"\n',
        "`rustc --print target-list` lists all targets",
    ),
    "standard library": (
        ("error[E0463]: can't find crate for `core`\n  |\n"
        "  = note: the `aarch64-unknown-linux-musl` target may not be installed\n"),
        "`rustup target add aarch64-unknown-linux-musl`",
    ),
    "rust-version": (
        "error: rustc 1.95.0 is not supported by the following package:\n  demo@1.2.3 requires rustc 1.199\n\n",
        "update Rust to 1.199 or newer: `rustup update`; or choose an older demo than 1.2.3",
    ),
    "rust-version, cargo 1.64": (
        ("error: package `demo v1.2.3 (/p)` cannot be built because it requires rustc 1.70 or newer, while the "
        "currently active rustc version is 1.64.0\n"),
        "update Rust to 1.70 or newer: `rustup update`; or choose an older demo than 1.2.3",
    ),
    "edition": (
        ("error: failed to parse manifest at `/p/Cargo.toml`\n\nCaused by:\n  failed to parse the `edition` key\n\n"
        "Caused by:\n  this version of Cargo is older than the `2027` edition, and only supports `2015`, `2018`, "
        "`2021`, and `2024` editions.\n"),
        "update Rust: `rustup update`; or set `edition` in Cargo.toml to one that this cargo supports",
    ),
    "nightly": (
        "error[E0554]: `#![feature]` may not be used on the stable release channel\n --> src/lib.rs:3:1\n",
        "build with nightly Rust: `rustup toolchain install nightly`, and set RUSTUP_TOOLCHAIN=nightly",
    ),
    "stale lock": (
        "error: cannot update the lock file /p/Cargo.lock because --locked was passed to prevent this\n",
        "bring Cargo.lock up to date: `cargo update --workspace`",
    ),
    "stale lock, cargo 1.64": (
        "error: the lock file /p/Cargo.lock needs to be updated but --locked was passed to prevent this\n",
        "bring Cargo.lock up to date: `cargo update --workspace`",
    ),
    "no lock": (
        "error: cannot create the lock file /p/Cargo.lock because --locked was passed to prevent this\n",
        "create Cargo.lock: `cargo generate-lockfile`",
    ),
    "lock of a newer cargo": (
        ("error: failed to parse lock file at: /p/Cargo.lock\n\nCaused by:\n  lock file version `9` was found, but "
        "this version of Cargo does not understand this lock file, perhaps Cargo needs to be updated?\n"),
        "update Rust: `rustup update`",
    ),
    "lock with a conflict": (
        ("error: failed to parse lock file at: /p/Cargo.lock\n\nCaused by:\n  TOML parse error at line 1, column 9\n"
        "    |\n  1 | <<<<<<< HEAD\n    |         ^\n  key with no value, expected `=`\n"),
        "Cargo.lock has a merge conflict: `git checkout --theirs Cargo.lock`, then `cargo update --workspace`",
    ),
    "damaged lock": (
        "error: failed to parse lock file at: /p/Cargo.lock\n\nCaused by:\n  TOML parse error at line 2, column 11\n",
        "remove Cargo.lock and create it again: `cargo generate-lockfile`",
    ),
    "offline": (
        ("error: no matching package named `rustfft` found\nlocation searched: crates.io index\nAs a reminder, you're "
        "using offline mode (--offline) which can sometimes cause surprising resolution failures\n"),
        "download the crates while online: `cargo fetch`; or remove --offline",
    ),
    "network": (
        ("error: failed to get `rustfft` as a dependency of package `demo v1.2.3 (/p)`\n\nCaused by:\n  download of "
        "config.json failed\n\nCaused by:\n  [7] Could not connect to server (Failed to connect)\n"),
        "check the network and the proxy (HTTPS_PROXY, or `http.proxy` in .cargo/config.toml), and try again",
    ),
    "no such crate": (
        "error: no matching package named `nonexistent-xyz` found\nlocation searched: crates.io index\n",
        "correct the name in Cargo.toml; `cargo search nonexistent-xyz` finds crates",
    ),
    "no such version": (
        ('error: failed to select a version for the requirement `pyo3 = "^99"`\n'
        "candidate versions found which didn't match: 0.30.1, 0.29.3, ...\n"),
        "write a version of pyo3 that exists, in Cargo.toml; `cargo info pyo3` shows the newest",
    ),
    "no source": (
        ("error: failed to parse manifest at `/p/Cargo.toml`\n\nCaused by:\n  can't find library `demo`, rename file "
        "to `src/lib.rs` or specify lib.path\n"),
        "create src/lib.rs: `mkdir -p src && touch src/lib.rs`; or set `path` in [lib] of Cargo.toml",
    ),
    "feature of a crate that is no dependency": (
        "error: feature `stable` includes `pyo3-ffi/abi3-py38`, but `pyo3-ffi` is not a dependency\n",
        "`cargo add pyo3-ffi`, or correct [features] in Cargo.toml",
    ),
    "no folder of vendored crates": (
        (
            "error: failed to get `a` as a dependency of package `b v0.1.0 (/p)`\n\nCaused by:\n"
            "  failed to load source for dependency `a`\n\nCaused by:\n"
            "  failed to update replaced source registry `crates-io`\n\nCaused by:\n"
            "  failed to read root of directory source: /p/vendor\n"
        ),
        "`cargo vendor /p/vendor`, or remove [source] from cargo's configuration",
    ),
    "workspace": (
        "error: current package believes it's in a workspace when it's not:\ncurrent:   /p/a/Cargo.toml\n",
        "add the crate to `workspace.members`, or an empty [workspace] table to its own Cargo.toml",
    ),
    "configuration": (
        ("error: could not load Cargo configuration\n\nCaused by:\n  could not parse TOML configuration in "
        "`/p/.cargo/config.toml`\n"),
        "correct /p/.cargo/config.toml at the place shown above",
    ),
    # rustup 1.28
    "no default toolchain": (
        ("error: rustup could not choose a version of rustc to run, because one wasn't specified explicitly, and no "
        "default is configured.\n"),
        "`rustup default stable`",
    ),
    "toolchain": (
        "error: toolchain '1.10.0-x86_64-unknown-linux-gnu' is not installed\n",
        "`rustup toolchain install 1.10.0`",
    ),
    "misspelt toolchain": (
        "error: toolchain 'nigthly' is not installed\n",
        "did you mean `nightly`? Otherwise `rustup toolchain install nigthly`",
    ),
    # linkers
    "no linker": (
        "error: linker `cc` not found\n  |\n  = note: No such file or directory (os error 2)\n",
        "install it: `apt install gcc` (Debian, Ubuntu) or `dnf install gcc` (Fedora)",
    ),
    "no linker of the configuration": (
        "error: linker `clang-99` not found\n",
        "install clang-99, or correct `linker` in .cargo/config.toml or CARGO_TARGET_…_LINKER",
    ),
    "no cross linker": (
        "error: linker `aarch64-linux-gnu-gcc` not found\n",
        "install it: `apt install gcc-aarch64-linux-gnu` (Debian, Ubuntu), or pass --zig",
    ),
    "no linker of Windows": (
        "error: linker `link.exe` not found\n",
        ("install the Build Tools for Visual Studio, with “Desktop development with C++”: "
        "`winget install Microsoft.VisualStudio.2022.BuildTools`"),
    ),
    "library, GNU ld": (
        f"{LINK}\n  = note: /usr/bin/ld: cannot find -lssl\n          collect2: error: ld returned 1 exit status\n",
        ("install it: `apt install libssl-dev pkg-config` (Debian, Ubuntu) or `dnf install openssl-devel pkgconf` "
        "(Fedora)"),
    ),
    "library, lld": (
        f"{LINK}\n  = note: rust-lld: error: unable to find library -lssl3x\n",
        "install the development files of ssl3x; `apt-file search libssl3x.so` names the package (Debian, Ubuntu)",
    ),
    "mold": (
        f'{LINK}"-fuse-ld=lld" "-nodefaultlibs" "-fuse-ld=mold"\n  = note: collect2: fatal error: cannot find \'ld\'\n',
        "install mold: `apt install mold` (Debian, Ubuntu) or `dnf install mold` (Fedora)",
    ),
    "symbols of Python": (
        f"{LINK}\n  = note: rust-lld: error: undefined symbol: PyLong_FromLong\n",
        "update pyo3 to 0.26 or newer: `cargo update -p pyo3`; or enable its feature `extension-module`",
    ),
    # build scripts
    "openssl-sys": (
        f"{SCRIPT}  Could not find directory of OpenSSL installation, and this `-sys` crate cannot\n  proceed\n",
        ("install OpenSSL's development files: `apt install libssl-dev pkg-config` (Debian, Ubuntu) or `dnf install "
        "openssl-devel pkgconf` (Fedora); or enable the feature `vendored` of openssl"),
    ),
    "pkg-config": (
        (f"{SCRIPT}  pkg-config exited with status code 1\n  The system library `libpq` required by crate `pq-sys` was "
        "not found.\n"),
        "install it: `apt install libpq-dev` (Debian, Ubuntu) or `dnf install libpq-devel` (Fedora)",
    ),
    "pkg-config, a library that is not in the table": (
        f"{SCRIPT}  The system library `gtk+-3.0` required by crate `gtk-sys` was not found.\n",
        "install the development files of gtk+-3.0; `apt-file search gtk+-3.0.pc` names the package (Debian, Ubuntu)",
    ),
    "no pkg-config": (
        f"{SCRIPT}  The pkg-config command could not be found.\n",
        "install pkg-config: `apt install pkg-config` (Debian, Ubuntu) or `dnf install pkgconf` (Fedora)",
    ),
    "cmake": (
        f"{SCRIPT}  failed to execute command: No such file or directory (os error 2)\n  is `cmake` not installed?\n",
        "install cmake: `apt install cmake` (Debian, Ubuntu) or `dnf install cmake` (Fedora)",
    ),
    "cc": (
        f'{SCRIPT}  error occurred in cc-rs: failed to find tool "c++": No such file or directory (os error 2)\n',
        "install c++: `apt install g++` (Debian, Ubuntu) or `dnf install gcc-c++` (Fedora)",
    ),
    "bindgen": (
        f"{SCRIPT}  Unable to find libclang: \"couldn't find any valid shared libraries matching: ['libclang.so']\"\n",
        "install libclang: `apt install libclang-dev` (Debian, Ubuntu) or `dnf install clang-devel` (Fedora)",
    ),
    "bindgen older than the C++ library": (
        f'{SCRIPT}  /zig/libcxx/include/x.h:37:8: warning: "Libc++ only supports Clang 20 and later" [-W#warnings]\n',
        ("the C++ headers need libclang 20 or newer: set LIBCLANG_PATH to the folder of one, or install an older zig: "
        "`pip install 'ziglang<0.14'` for libclang 18"),
    ),
    "prost": (
        f"{SCRIPT}  Could not find `protoc`. If `protoc` is installed, try setting the `PROTOC` environment variable\n",
        "install protoc: `apt install protobuf-compiler` (Debian, Ubuntu) or `dnf install protobuf-compiler` (Fedora)",
    ),
    "pyo3 is too old": (
        (f"{SCRIPT}  error: the configured Python interpreter version (3.14) is newer than PyO3's maximum supported "
        "version (3.13)\n"),
        "update pyo3: `cargo add pyo3@latest`, or choose an older Python with -i",
    ),
    "abi3 of a newer Python": (
        f"{SCRIPT}  error: cannot set a minimum Python version 3.12 higher than the interpreter version 3.11\n",
        "choose Python 3.12 or newer with -i, or an older `abi3-py3…` feature of pyo3",
    ),
    "another build script": (
        f"{SCRIPT}  thread 'main' panicked at build.rs:1:13:\n  no luck\n",
        "demo-sys has a build script that failed; its documentation says what it needs",
    ),
    # the machine
    "full disk": (
        "error: failed to write `/t/x`\n\nCaused by:\n  No space left on device (os error 28)\n",
        "free disk space; `cratewheel clean` removes build files and caches",
    ),
    "out of memory": (
        ("error: could not compile `demo` (lib)\n\nCaused by:\n  process didn't exit successfully: `rustc` "
        "(signal: 9, SIGKILL: kill)\n"),
        "close other programs, or compile fewer crates at a time: `--jobs 1`",
    ),
    "build directory": (
        "error: failed to create directory `/root/t/debug`\n\nCaused by:\n  Permission denied (os error 13)\n",
        "make the folder that is named above writable, or choose another build directory: `--target-dir`",
    ),
    "no locks": (
        "error: incremental compilation: could not create session directory lock file: Operation not supported\n",
        "compile in a folder of another file system: `--target-dir`; or without incremental files: CARGO_INCREMENTAL=0",
    ),
    "no /proc": (
        "error: Unable to proceed.\n\nCaused by:\n    no /proc/self/exe available. Is /proc mounted?\n",
        "rustup needs /proc: `mount -t proc proc /proc`",
    ),
    "a mistake in the source": ("error[E0308]: mismatched types\n  --> src/lib.rs:11:9\n", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "hint"), RECORDED.values(), ids=RECORDED)
def test_a_well_known_error_has_a_hint(text: str, hint: str | None) -> None:
    assert advise(text, NAMES) == hint


def test_colours_do_not_hide_an_error() -> None:
    text = "\x1b[1m\x1b[91merror\x1b[0m: linker `\x1b[1mcc\x1b[0m` not found\n"
    assert first_error(text) == "linker `cc` not found"
    assert advise(text, NAMES) == "install it: `apt install gcc` (Debian, Ubuntu) or `dnf install gcc` (Fedora)"


@pytest.mark.parametrize(
    ("platform", "hint"),
    [
        ("darwin", "install it: `xcode-select --install`"),
        ("win32", "install it: with winget or vcpkg"),
        ("freebsd14", "install it: with the packages of your system"),
    ],
)
def test_packages_are_those_of_the_system(platform: str, hint: str) -> None:
    assert advise("error: linker `cc` not found\n", Names(platform=platform)) == hint


TOOLS = "install Xcode's command line tools: `xcode-select --install`"
BREW = 'Homebrew\'s folder is searched with `export LIBRARY_PATH="$(brew --prefix)/lib"`'


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            f"{LINK}\n  = note: xcrun: error: invalid active developer path (/Library/Developer/CommandLineTools)\n",
            TOOLS,
        ),
        (f"{LINK}\n  = note: xcode-select: note: No developer tools were found, requesting install.\n", TOOLS),
        (f"{LINK}\n  = note: xcode-select: note: no developer tools were found at '/Applications/Xcode.app'\n", TOOLS),
        (
            f"{LINK}\n  = note: You have not agreed to the Xcode license agreements. Please run\n",
            "agree to Xcode's licence: `sudo xcodebuild -license`",
        ),
        (
            'error: failed running `"xcrun"`\n  = note: xcrun: error: SDK "macosx" cannot be located\n',
            TOOLS
            + "; if they are there, `sudo xcode-select --switch /Library/Developer/CommandLineTools` chooses them",
        ),
        (
            f"{LINK}\n  = note: clang: warning: no such sysroot directory: '/x'\n  ld: library 'System' not found\n",
            f"{TOOLS}; or unset SDKROOT, if it names a folder that is not there",
        ),
        (f"{LINK}\n  = note: ld: library 'ssl' not found\n", f"install it: `brew install openssl@3 pkgconf`; {BREW}"),
        (
            f"{LINK}\n  = note: ld: library not found for -lraylib\n",
            f"install it: `brew search raylib` names the package; {BREW}",
        ),
        (
            f"{SCRIPT}  The system library `libusb-1.0` required by crate `libusb1-sys` was not found.\n",
            "install libusb-1.0: `brew search libusb-1.0` names the package",
        ),
    ],
    ids=[
        "no tools",
        "asked to install",
        "asked, older",
        "licence",
        "no SDK",
        "SDKROOT",
        "Homebrew",
        "older ld",
        "pkg-config",
    ],
)
def test_errors_of_macos(text: str, hint: str) -> None:
    assert advise(text, Names(platform="darwin")) == hint


def test_a_progress_bar_does_not_hide_an_error() -> None:
    bar = "\x1b[1m\x1b[96m    Building\x1b[0m [====>   ] 1/2: demo      \r\x1b[K"
    text = (
        f"{bar}\x1b[1m\x1b[91merror\x1b[0m\x1b[1m: this file\x1b[0m\n  \x1b[1m\x1b[94m--> \x1b[0msrc/lib.rs:56:3\n\n"
        f"{bar}\x1b[1m\x1b[91merror\x1b[0m: could not compile `demo` (lib) due to 1 previous error\r\n"
    )
    assert place_of_failure(text) == "1 error in demo, at src/lib.rs:56:3"
    assert first_error(text) == "this file"
    assert advise(f"{bar}error: linker `cc` not found\n", NAMES) == RECORDED["no linker"][1]


def test_a_crate_without_features_says_so() -> None:
    text = "error: the package 'demo' does not contain this feature: luod\n"
    assert advise(text, Names(platform="linux")) == (
        "the crate has no features: remove `features`, or add [features] to Cargo.toml"
    )


@pytest.mark.parametrize(
    ("end", "place"),
    [
        ("due to 7 previous errors", "7 errors in demo, the first at src/lib.rs:3:5"),
        ("due to 1 previous error", "1 error in demo, at src/lib.rs:3:5"),
        ("due to previous error", "1 error in demo, at src/lib.rs:3:5"),
        ("due to 2 previous errors; 1 warning emitted", "2 errors in demo, the first at src/lib.rs:3:5"),
    ],
)
def test_the_first_mistake_in_the_source_is_located(end: str, place: str) -> None:
    warning = "warning: unused\n --> src/a.rs:1:1\n\n"
    error = "error[E0432]: unresolved import\n --> src/lib.rs:3:5\n  |\n\n"
    text = f"{warning}{error}error: could not compile `demo` (lib) {end}\n"
    assert place_of_failure(text) == place


def test_an_error_without_a_place_has_none() -> None:
    assert (
        place_of_failure("error: linker `cc` not found\n\nerror: could not compile `a` (lib) due to 1 previous error\n")
        is None
    )
    assert first_error("nothing at all") is None
    assert unknown_target("error: linker `cc` not found") is None


def test_a_vague_error_is_replaced_by_its_cause() -> None:
    text = RECORDED["no source"][0]
    assert first_error(text) == "can't find library `demo`, rename file to `src/lib.rs` or specify lib.path"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("library, GNU ld", "cannot find -lssl"),
        ("library, lld", "unable to find library -lssl3x"),
        ("symbols of Python", "undefined symbol: PyLong_FromLong"),
        (
            "rust-version",
            "rustc 1.95.0 is not supported by the following package: demo@1.2.3 requires rustc 1.199",
        ),
        ("openssl-sys", "failed to run custom build command for `demo-sys v0.1.0 (/p)`"),
    ],
)
def test_the_reason_is_one_line_that_says_it(name: str, reason: str) -> None:
    assert first_error(RECORDED[name][0]) == reason


def test_the_target_that_rustc_does_not_know_is_the_error() -> None:
    text = f'{RUSTC}  error: could not find specification for target "z80"\n'
    assert (unknown_target(text), first_error(text)) == ("z80", "rustc does not know the target z80")


def test_the_backtrace_of_rustup_is_not_shown() -> None:
    text = "error: toolchain 'x' is not installed\n\nStack backtrace:\n   0: anyhow::error\n"
    assert without_backtrace(text) == ("error: toolchain 'x' is not installed",)
