"""What may be shown of a command: names and harmless values, and never a token, a password or the user of a URL.

Commands are printed in plans, with `-v` and in errors, and end in the logs of CI, which many can read.
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
# Variables that we set ourselves, or add our own words to.
_HARMLESS_VARIABLES = re.compile(
    r"CARGO_(BUILD_BUILD_DIR|ENCODED_RUSTFLAGS|TARGET_\w+|TERM_COLOR)|RUSTFLAGS|MACOSX_DEPLOYMENT_TARGET|SDKROOT"
    r"|PYO3_\w+|PYTHON\w*|(AR|CC|CXX|RANLIB)_\w+"
)
_HARMLESS_UNSTABLE = ("build-std", "build-std-features", "target-applies-to-host")
_ASSIGNING = ("--config", "-Z", "--env-set")  # options whose values are `name=value`
_SECRET_OPTION = re.compile(r"--[\w-]*(token|passw|secret|credential|api-key)[\w-]*", re.IGNORECASE)
_PART_OF_KEY = r"""(?:[\w-]+|'[^']*'|"[^"]*")"""
_KEY = re.compile(rf"\s*({_PART_OF_KEY}(?:\.{_PART_OF_KEY})*)\s*=")
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")


def words(argv: Iterable[str]) -> tuple[str, ...]:
    """Return the words of a command line as they may be shown.

    >>> words(("cargo", "--config", "http.proxy='http://me:pw@host'", "--config=build.jobs=2", "-Zbuild-std=core"))
    ('cargo', '--config', 'http.proxy=***', '--config=build.jobs=2', '-Zbuild-std=core')
    """
    return tuple(without_userinfo(word) for word in _words(argv))


def _words(argv: Iterable[str]) -> Iterator[str]:
    before = ""
    for word in argv:
        option, equals, value = word.partition("=")
        assigns, confides = before in _ASSIGNING, _SECRET_OPTION.fullmatch(before)
        if assigns:
            yield assignment(word)
        elif confides:
            yield HIDDEN
        elif word.startswith("-Z") and len(word) > len("-Z"):
            yield f"-Z{assignment(word.removeprefix('-Z'))}"
        elif option in _ASSIGNING and equals:
            yield f"{option}={assignment(value)}"
        elif _SECRET_OPTION.fullmatch(option) and equals:
            yield f"{option}={HIDDEN}"
        else:
            yield word
        before = "" if assigns or confides else word


def unknown(argv: Iterable[str]) -> tuple[str, ...]:
    """Return words of which nobody knows what they mean: names of options, and what can be no value of one.

    >>> unknown(("--tokn", "x", "y", "--a=b"))
    ('--tokn', '***', 'y', '--a=***')
    """
    shown, before = [], ""
    for word in argv:
        name, equals, _ = word.partition("=")
        is_value = before.startswith("-") and "=" not in before and not word.startswith("-")
        shown.append(HIDDEN if is_value else f"{name}={HIDDEN}" if equals else without_userinfo(word))
        before = word
    return tuple(shown)


def assignment(text: str) -> str:
    """Return `name=value` with the value only where that is known to be harmless; other text, such as a path, as it is.

    >>> assignment("registries.mine.token='x'"), assignment("net.offline=true"), assignment("ci/cargo.toml")
    ('registries.mine.token=***', 'net.offline=true', 'ci/cargo.toml')
    """
    match = _KEY.match(text)
    if match is None:
        return f"{text.partition('=')[0]}={HIDDEN}" if "=" in text else text
    name = match[1]
    harmless = name in _HARMLESS_UNSTABLE or _HARMLESS_SETTINGS.fullmatch(name)
    return text if harmless and "\n" not in text else f"{name}={HIDDEN}"


def variable(name: str, value: str) -> str:
    """Return the value of a variable of a command as it may be shown.

    >>> variable("PYO3_PYTHON", "/usr/bin/python3"), variable("CARGO_REGISTRY_TOKEN", "x")
    ('/usr/bin/python3', '***')
    """
    return without_userinfo(value) if _HARMLESS_VARIABLES.fullmatch(name) else HIDDEN


def without_userinfo(text: str, *, mark: str = f"{HIDDEN}@") -> str:
    """Return the text with a mark in place of the user and the password of each URL in it.

    >>> without_userinfo("git+https://me:secret@example.org/x.git@v1")
    'git+https://***@example.org/x.git@v1'
    >>> without_userinfo("https://token@example.org", mark="")
    'https://example.org'
    """
    return _USERINFO.sub(mark, text)
