"""What a setting is: how an option can be given, for which commands, and what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

Kind = Literal[
    "switch",  # a flag without value; true or false in TOML
    "toggle",  # a flag with an optional true or false
    "text",
    "optional",  # a flag with an optional value; the empty text without one
    "path",
    "number",
    "count",  # a flag that counts how often it is given
    "list",  # one value each time the flag is given; an array in TOML
    "words",  # several values each time the flag is given; an array or one string in TOML
    "shell",  # text split as a shell does, repeatable; one string or an array in TOML
    "rest",  # what follows -- on the command line
    "table",  # structured TOML, read by its own parser
]

GROUPS = (
    "Build",
    "Python",
    "Platform",
    "Output",
    "Cargo",
    "Compilation",
    "Features",
    "Manifest",
    "Hooks",
    "Upload",
    "Reporting",
    "Project layout",
    "Editable installs",
    "Build backend",
    "Continuous integration",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How one option can be given, and what it means.

    `flags` without a leading dash name a positional. `key` is the name in `[tool.maturin]` and `[tool.cratewheel]`,
    `key_aliases` older spellings of it. `negations` are flags that turn the option off (`--no-sdist`).
    """

    kind: Kind
    help: str
    group: str
    flags: tuple[str, ...] = ()
    flag_aliases: tuple[str, ...] = ()
    negations: tuple[str, ...] = ()
    negation_help: str = ""
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    key: str | None = None
    key_aliases: tuple[str, ...] = ()
    commands: tuple[str, ...] = ("build", "publish")


ALL_COMMANDS = (
    "build", "sdist", "list-files", "develop", "rebuild", "ide", "metadata", "list-python", "clean", "doctor",
    "publish", "upload", "inspect", "new", "init", "build-extension", "generate-stubs", "generate-ci", "completions",
)  # fmt: skip
WITH_SDIST = (
    "build",
    "sdist",
    "list-files",
    "develop",
    "rebuild",
    "ide",
    "publish",
    "build-extension",
    "generate-stubs",
)
OPTIMISING = (
    "build",
    "develop",
    "rebuild",
    "ide",
    "build-extension",
)  # `publish` optimises and strips unless told otherwise
COMPILING = (*OPTIMISING, "publish", "generate-stubs")
AUDITING = ("build", "publish", "build-extension")
ARCHIVING = ("build", "sdist", "publish")
UPLOADING = ("publish", "upload")

T = TypeVar("T")


def setting(default: T, kind: Kind, group: str, text: str, *, secret: bool = False, **how: Any) -> T:
    """Return a dataclass field that carries a `Setting`; a `secret` is not in the text of the object."""
    assert group in GROUPS
    model = Setting(kind=kind, group=group, help=text, **how)
    return field(default=default, repr=not secret, metadata={"setting": model})
