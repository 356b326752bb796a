"""The file of a CI service for a project: reading what decides it, and comparing it with the one on the disk."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.specifiers import SpecifierSet

from cratewheel.bindings.detect import Bindings
from cratewheel.commands import ci_github, ci_gitlab
from cratewheel.commands.ci_plan import CiFacts, CiPlan, plan
from cratewheel.commands.ci_pythons import AS_BUILT, pythons
from cratewheel.errors import ConfigError, with_suggestion
from cratewheel.events import Reporter
from cratewheel.options import tables
from cratewheel.options.model import Options
from cratewheel.options.values import CiOptions
from cratewheel.planning.abi_set import AbiChoice
from cratewheel.planning.optional import tolerated
from cratewheel.project.bindings import read_bindings
from cratewheel.project.cargo_metadata import query_cargo
from cratewheel.project.interpreters import abi_words
from cratewheel.project.metadata.providers import VCS
from cratewheel.project.read import read_metadata
from cratewheel.project.request import Request, read_project, resolve_options

SERVICES: Mapping[str, Callable[[CiPlan, str], str]] = {"github": ci_github.render, "gitlab": ci_gitlab.render}
PATHS = {"github": ci_github.PATH, "gitlab": ci_gitlab.PATH}
KEYS = (
    *tables.CI_SERVICES, *tables.CI_SWITCHES, *tables.CI_TEXTS, *tables.CI_PLATFORMS, *tables.CI_SETTINGS, "targets",
    "target", "arch",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the command line chooses; `command` is that line, as the file's first lines have it."""

    service: str
    command: str
    platforms: tuple[str, ...] = ()
    pytest: bool = False
    zig: bool = False
    skip_attestation: bool = False


def read(request: Request, choices: Choices, reporter: Reporter) -> str:
    """Return the text of the file for a project.

    Raises `ConfigError` for keys of `generate-ci` that mean nothing, and what reading a project raises.
    """
    project = read_project(request)
    options = resolve_options(request, project, reporter, compiles=False)
    ci = _ci_options(options, choices)
    metadata = read_metadata(project, reporter, environ=request.environ)
    of_host = replace(options, target=())
    (answer, *_) = query_cargo(of_host, project, request.environ, reporter)
    bindings = read_bindings(answer, options, request.environ)
    choice = AbiChoice(words=abi_words(options), only_abi3=options.only_abi3, no_abi3=options.no_abi3)
    facts = facts_of(metadata.name, bindings, metadata.requires_python, choice)
    given = request.flags.get("manifest_path")
    facts = replace(
        facts,
        sdist=project.pyproject is not None,
        manifest=str(given) if given else None,
        version_from_git=metadata.version_provider == VCS,
        optional_rust=bool(tolerated(replace(options, require_rust=False))),
    )
    decided = _plan(facts, ci, choices)
    if choices.service == "gitlab" and ci.pytest and not ci_gitlab.is_tested(decided):
        reporter.warn(
            "no wheel is tested: none is for x86_64 Linux with glibc, where the job would be",
            hint="add `--platform linux`, or take out `pytest`",
        )
    return SERVICES[choices.service](decided, choices.command)


def text(facts: CiFacts, options: CiOptions, choices: Choices) -> str:
    """Return the text of the file from what is known of the project."""
    return SERVICES[choices.service](_plan(facts, options, choices), choices.command)


def _plan(facts: CiFacts, options: CiOptions, choices: Choices) -> CiPlan:
    return plan(facts, options, platforms=choices.platforms, only_linux_machines=choices.service == "gitlab")


def facts_of(
    name: str,
    bindings: Bindings,
    requires_python: SpecifierSet | None,
    choice: AbiChoice = AS_BUILT,
) -> CiFacts:
    """Return what decides the jobs of a project with these bindings."""
    if not bindings.per_interpreter:
        return CiFacts(name=name, program=bindings.kind == "bin")
    words, tested = pythons(bindings.supported, requires_python, bindings.stable_abi, choice)
    abi = {python: word for python, word in words.items() if word is not None} if choice.words else {}
    return CiFacts(name=name, pythons=tuple(words), tested=tested, program=bindings.kind == "bin", abi=abi)


def difference(path: Path, wanted: str) -> tuple[str, ...]:
    """Return how the file at `path` differs from what it should be, as lines of a diff; none when it does not."""
    try:
        found = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        found = ""
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    lines: Iterable[str] = difflib.unified_diff(
        found.splitlines(), wanted.splitlines(), str(path), f"{path} as it would be written", lineterm=""
    )
    return tuple(lines)


def write(path: Path, content: str) -> None:
    """Write the file, and the folders that it lies in."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="name another file with -o") from error


def _ci_options(options: Options, choices: Choices) -> CiOptions:
    """Return the settings of the service, where GitLab has no table of its own those of GitHub."""
    given = options.generate_ci
    found = given.github or CiOptions()
    if choices.service == "gitlab":
        found = given.gitlab or _without_runners(found)
    unknown = (*given.unknown, *(place for one in (given.github, given.gitlab) if one for place in one.unknown))
    if unknown:
        message, name = f"{unknown[0]} in pyproject.toml is not a setting", unknown[0].rpartition(".")[2]
        if name in KEYS:
            raise ConfigError(
                message, hint=f"`{name}` belongs elsewhere in `generate-ci`; see the reference of settings"
            )
        raise ConfigError(with_suggestion(message, name, KEYS), hint="correct or remove it")
    return replace(
        found,
        pytest=found.pytest or choices.pytest,
        zig=found.zig or choices.zig,
        skip_attestation=found.skip_attestation or choices.skip_attestation,
    )


def _without_runners(options: CiOptions) -> CiOptions:
    """Return the settings of one service for another, which has other machines."""
    platforms = (
        replace(
            platform,
            settings=replace(platform.settings, runner=None),
            targets=tuple(replace(one, settings=replace(one.settings, runner=None)) for one in platform.targets),
        )
        for platform in options.platforms
    )
    return replace(options, platforms=tuple(platforms))
