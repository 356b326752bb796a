"""Calls the providers of [[tool.dynamic-metadata]], each in the project's folder and in a Python of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cratewheel.cargo.manifest import Manifest
from cratewheel.errors import ConfigError, MissingToolError, did_you_mean
from cratewheel.events import Reporter
from cratewheel.project.metadata import built_in, dynamic, vcs
from cratewheel.project.metadata.built_in import is_built_in
from cratewheel.project.metadata.dynamic import Provider, Resolved
from cratewheel.system import files
from cratewheel.system.command import Command, capture, which

BuildState = Literal["sdist", "wheel", "editable", "metadata_wheel", "metadata_editable"]
VCS = "cratewheel.vcs"
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from cratewheel.project.provider_process import main; main()"

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """How providers are run: in the project's folder, with this environment, for this kind of build."""

    folder: Path
    manifest: Manifest
    environ: Mapping[str, str]
    reporter: Reporter = field(repr=False)
    build_state: BuildState = "metadata_wheel"

    def resolve(self, project: Table, providers: tuple[Provider, ...]) -> Resolved:
        """Return [project] with the fields that the providers fill.

        Raises `ConfigError` for a provider that is unknown, fails, or fills what it may not.
        """
        return dynamic.resolve(project, providers, self._fields)

    def requires(self, providers: tuple[Provider, ...]) -> list[str]:
        """Return what the providers want installed; one that cannot be imported yet is not asked."""
        found: list[str] = []
        for provider in providers:
            if is_built_in(provider):
                found += [vcs.REQUIREMENT] if provider.name == VCS and vcs.read_pkg_info(self.folder) is None else []
                continue
            answer = self._call(provider, "get_requires_for_dynamic_metadata", provider.settings)
            if answer.get("error") not in (None, "broken"):
                raise _error(provider, answer, self.folder)
            wanted = answer.get("answer") or []
            if not isinstance(wanted, list) or not all(isinstance(text, str) for text in wanted):
                raise ConfigError(
                    f"{provider.name}, the provider of {provider.where}, does not say what it requires: {wanted!r}",
                    hint="get_requires_for_dynamic_metadata returns a list of requirements",
                )
            found += wanted
        return list(dict.fromkeys(found))

    def wheel_fields(self, providers: tuple[Provider, ...]) -> tuple[str, ...]:
        """Return the fields that may have another value in a wheel than in the source distribution it is built from."""
        found: list[str] = []
        for provider in providers:
            if is_built_in(provider):
                continue
            answer = self._call(provider, "dynamic_wheel", provider.settings)
            if "error" in answer:
                raise _error(provider, answer, self.folder)
            said = answer["answer"] or {}
            if not isinstance(said, dict) or said.get("version") or not dynamic.FIELDS.issuperset(said):
                raise ConfigError(
                    f"dynamic_wheel of {provider.name}, the provider of {provider.where}, returned {said!r}",
                    hint="it returns a dict of fields, each true or false; the version cannot differ",
                )
            found += [name for name, differs in said.items() if differs]
        return tuple(found)

    def _fields(self, provider: Provider, project: Table) -> object:
        if is_built_in(provider):
            if provider.name == "cratewheel.regex":
                return built_in.regex(provider, self.folder)
            if provider.name == "cratewheel.readme":
                return built_in.readme(provider, self.folder)
            if provider.name == "cratewheel.cargo-features":
                return built_in.cargo_features(provider, self.manifest)
            version = vcs.read_pkg_info(self.folder)
            if version is not None:
                return {"version": version}
        answer = self._call(provider, "dynamic_metadata", provider.settings, project)
        if answer.get("error") == "wrong" and provider.name == VCS and which("git", self.environ) is None:
            raise MissingToolError(
                f"git was not found, with which {provider.where} reads the version",
                hint="install git, or build from a source distribution",
            )
        if "error" in answer:
            raise _error(provider, answer, self.folder)
        for warning in answer["warnings"]:
            self.reporter.warn(f"{provider.name}: {warning}")
        if answer["answer"] is None:
            raise ConfigError(
                f"{provider.name}, the provider of {provider.where}, returned nothing",
                hint="it needs a function `dynamic_metadata(settings, project)` that returns a dict of fields",
            )
        return answer["answer"]

    def _source(self, provider: Provider) -> str | None:
        """Return where a provider is: its folder, "" for one of ours, None for an installed one."""
        if provider.path is not None:
            return str(self.folder / provider.path)
        return "" if provider.name == VCS else None

    def _call(self, provider: Provider, hook: str, *arguments: object) -> dict[str, Any]:
        """Return what the hook answers, or why it does not."""
        if provider.path is not None:
            _check_local(provider, self.folder)
        request = {
            "name": provider.name if provider.name != VCS else vcs.__name__,
            "source": self._source(provider),
            "hook": hook,
            "arguments": arguments,
            "build_state": self.build_state,
        }
        try:
            text = json.dumps(request)
        except TypeError as error:
            raise ConfigError(
                f"{provider.where} has a date or a time, which cannot be handed to {provider.name}",
                hint="write it as a string",
            ) from error
        path = [os.path.abspath(folder) for folder in sys.path]  # noqa: PTH100  # a Path would not be "" for the folder we are in
        command = Command(argv=(sys.executable, "-c", _PROGRAM, *path), cwd=self.folder)
        done = capture(command, self.environ, stdin=text)
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            raise ConfigError(
                f"{provider.name}, the provider of {provider.where}, ended its process with status {done.status}",
                notes=tuple(done.stderr.splitlines()),
                hint="correct the provider, or remove the entry",
            ) from error
        return {**answer, "stderr": done.stderr.splitlines()}


def _check_local(provider: Provider, folder: Path) -> None:
    assert provider.path is not None
    place = Path(os.path.realpath(folder / provider.path))
    if files.root_of(str(place), files.project_roots(folder)) is None:
        raise ConfigError(
            f"provider.path of {provider.where} is {provider.path!r}, which lies outside of the project",
            hint=f"write it relative to {folder}",
        )
    if not place.is_dir():
        raise ConfigError(
            f"{place}, provider.path of {provider.where}, is not a folder", hint="correct the path of the provider"
        )


def _error(provider: Provider, answer: Mapping[str, Any], folder: Path) -> ConfigError | MissingToolError:
    """Return the error for a provider that did not answer."""
    who = f"{provider.name}, the provider of {provider.where},"
    match answer:
        case {"error": "missing" | "wrong" as kind, "message": message, "hint": hint, "notes": notes}:
            known = MissingToolError if kind == "missing" else ConfigError
            return known(message, hint=hint, notes=tuple(notes))
        case {"error": "unknown"} if provider.path is not None:
            return ConfigError(
                f"there is no module {provider.name} in {folder / provider.path}: {provider.where} names it",
                hint="correct `module` or `path` of the provider",
            )
        case {"error": "unknown", "known": known}:
            near = did_you_mean(provider.name, known)
            return ConfigError(
                f"{who} is not installed",
                notes=(f"installed are {', '.join(known)}",) if known else (),
                hint=near or "add the package that has it to `requires` of [build-system], and install it here",
            )
        case {"error": "broken", "message": message}:
            return ConfigError(f"{who} cannot be imported: {message}", hint="install what it needs, or correct it")
    return ConfigError(
        f"{who} failed: {answer['message']}",
        notes=(answer["place"], *answer["stderr"]),
        hint="correct its settings or the provider",
    )
