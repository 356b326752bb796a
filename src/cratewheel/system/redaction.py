"""Redacts secrets in commands before they are shown: tokens, passwords and user names in URLs.

Commands are printed in plans, with `-v` and in errors, and so they end up in CI logs that many people can read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

HIDDEN = "***"

# Settings of cargo (https://doc.rust-lang.org/cargo/reference/config.html) that say how to compile, and no more.
_HARMLESS_SETTINGS = re.compile(
    r"(build|cache|future-incompat-report|profile|resolver|term|unstable)\..+"
    r"|net\.(git-fetch-with-cli|offline|retry)"
    r"|http\.(check-revoke|debug|low-speed-limit|multiplexing|ssl-version|timeout)"
    r"|target\..+\.(ar|linker|runner|rustflags|rustdocflags)"
)
# Variables that we set ourselves, or extend with flags of our own.
_HARMLESS_VARIABLES = re.compile(
    r"CARGO_(BUILD_BUILD_DIR|ENCODED_RUSTFLAGS|TARGET_\w+|TERM_COLOR)|RUSTFLAGS|MACOSX_DEPLOYMENT_TARGET|SDKROOT"
    r"|CRATEWHEEL_VERSION|PYO3_\w+|PYTHON\w*|(AR|CC|CXX|RANLIB)_\w+|LLVM_PROFILE_FILE|UV_PYTHON|VIRTUAL_ENV"
)
_HARMLESS_UNSTABLE = ("build-std", "build-std-features", "target-applies-to-host")
_ASSIGNING = ("--config", "-Z", "--env-set")  # options whose values are `name=value`
_SECRET_OPTION = re.compile(r"--[\w-]*(token|passw|secret|credential|api-key)[\w-]*", re.IGNORECASE)
_PART_OF_KEY = r"""(?:[\w-]+|'[^']*'|"[^"]*")"""
_KEY = re.compile(rf"\s*({_PART_OF_KEY}(?:\.{_PART_OF_KEY})*)\s*=")
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")


def redact_argv(argv: Iterable[str]) -> tuple[str, ...]:
    """Return a command line with its secrets replaced by `***`.

    >>> redact_argv(("cargo", "--config", "http.proxy='http://me:pw@host'", "--config=build.jobs=2", "-Zx=core"))
    ('cargo', '--config', 'http.proxy=***', '--config=build.jobs=2', '-Zx=***')
    """
    return tuple(strip_userinfo(word) for word in _redact_argv(argv))


def _redact_argv(argv: Iterable[str]) -> Iterator[str]:
    before = ""
    for word in argv:
        option, equals, value = word.partition("=")
        is_assignment, is_secret = before in _ASSIGNING, _SECRET_OPTION.fullmatch(before)
        if is_assignment:
            yield redact_assignment(word)
        elif is_secret:
            yield HIDDEN
        elif word.startswith("-Z") and len(word) > len("-Z"):
            yield f"-Z{redact_assignment(word.removeprefix('-Z'))}"
        elif option in _ASSIGNING and equals:
            yield f"{option}={redact_assignment(value)}"
        elif _SECRET_OPTION.fullmatch(option) and equals:
            yield f"{option}={HIDDEN}"
        else:
            yield word
        before = "" if is_assignment or is_secret else word


def redact_unknown(argv: Iterable[str]) -> tuple[str, ...]:
    """Return arguments of unknown meaning with every possible value replaced by `***`.

    >>> redact_unknown(("--tokn", "x", "y", "--a=b", "-psecret"))
    ('--tokn', '***', 'y', '--a=***', '-p***')
    """
    shown, before = [], ""
    for word in argv:
        name, equals, _ = word.partition("=")
        is_value = before.startswith("-") and "=" not in before and not word.startswith("-")
        joined = re.match(r"-[^-](?=.)", word)  # -pVALUE
        if is_value:
            shown.append(HIDDEN)
        elif joined:
            shown.append(f"{joined[0]}{HIDDEN}")
        else:
            shown.append(f"{name}={HIDDEN}" if equals else strip_userinfo(word))
        before = word
    return tuple(shown)


def redact_assignment(text: str) -> str:
    """Return `name=value` with the value hidden unless it is known to be harmless; other text unchanged.

    >>> [redact_assignment(text) for text in ("registries.mine.token='x'", "net.offline=true", "ci/cargo.toml")]
    ['registries.mine.token=***', 'net.offline=true', 'ci/cargo.toml']
    """
    match = _KEY.match(text)
    if match is None:
        return f"{text.partition('=')[0]}={HIDDEN}" if "=" in text else text
    name = match[1]
    harmless = name in _HARMLESS_UNSTABLE or _HARMLESS_SETTINGS.fullmatch(name)
    return text if harmless and "\n" not in text else f"{name}={HIDDEN}"


def redact_variable(name: str, value: str) -> str:
    """Return the value of an environment variable, or `***` unless it is known to be harmless.

    >>> redact_variable("PYO3_PYTHON", "/usr/bin/python3"), redact_variable("CARGO_REGISTRY_TOKEN", "x")
    ('/usr/bin/python3', '***')
    """
    return strip_userinfo(value) if _HARMLESS_VARIABLES.fullmatch(name) else HIDDEN


def strip_userinfo(text: str, *, mark: str = f"{HIDDEN}@") -> str:
    """Return the text with the user and password of each URL replaced by `mark`.

    >>> strip_userinfo("git+https://me:secret@example.org/x.git@v1")
    'git+https://***@example.org/x.git@v1'
    >>> strip_userinfo("https://token@example.org", mark="")
    'https://example.org'
    """
    return _USERINFO.sub(mark, text)
