"""Where a new project is: in a cargo workspace, in a git repository, and whose it is."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cratewheel.cargo import lockfile
from cratewheel.cargo.edits import filter_members, relative_path
from cratewheel.cargo.manifest import find_workspace
from cratewheel.errors import ConfigError, CratewheelError
from cratewheel.system import toml
from cratewheel.system.command import capture, which
from cratewheel.system.files import project_roots
from cratewheel.system.git import git

_SSH_REMOTE = re.compile(r"(?:ssh://)?git@([^:/]+)[:/](.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The cargo workspace around a new crate: its Cargo.toml, and the crate's folder as `members` would name it.

    `package` and `dependencies` are the tables that members
    inherit from, `lints` whether there is one of lints. `pyo3` is the version of pyo3 in its Cargo.lock.
    """

    manifest: Path
    member: str
    members: tuple[str, ...] = ()
    package: Mapping[str, Any] = field(default_factory=dict)
    dependencies: Mapping[str, Any] = field(default_factory=dict)
    lints: bool = False
    pyo3: str | None = None

    @property
    def listed(self) -> bool:
        """Whether the members name the crate already."""
        return bool(filter_members(self.members, [self.member]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What surrounds a new project: the repository `above` it, the `url` of its own or that one, and git's user."""

    workspace: Workspace | None = None
    above: Path | None = None
    url: str | None = None
    author: str | None = None
    year: int = 2026


def read_place(root: Path, crate: Path, environ: Mapping[str, str]) -> Place:
    """Return what surrounds the project in `root`, whose crate is in the folder `crate`; neither must exist yet.

    Raises `ConfigError` for a Cargo.toml above that is not valid, and where its workspace takes `root` for a crate
    while the crate is in a folder of it.
    """
    workspace = read_workspace(crate)
    if workspace is not None and root != crate:
        _refuse_members(workspace, root)
    repository = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    there = next(folder for folder in (root, *root.parents) if folder.is_dir())
    remote = _ask_git(("remote", "get-url", "origin"), repository, environ) if repository else None
    return Place(
        workspace=workspace,
        above=repository if repository != root else None,
        url=web_page(remote) if remote else None,
        author=_ask_git(("config", "--get", "user.name"), there, environ),
        year=datetime.datetime.now(tz=datetime.timezone.utc).year,
    )


def read_workspace(crate: Path) -> Workspace | None:
    """Return the workspace that takes in a crate in this folder, or None if there is none or it excludes the folder."""
    path = Path(os.path.abspath(crate)) / "Cargo.toml"  # noqa: PTH100 (a symlinked folder keeps its name)
    manifest = find_workspace(path)
    if manifest is None:
        return None
    table = _table(toml.load_file(manifest, project_roots(manifest.parent)), "workspace")
    member = relative_path(manifest.parent, path.parent)
    members = table.get("members", [])
    if not isinstance(members, list) or not all(isinstance(entry, str) for entry in members):
        raise ConfigError(f"workspace.members in {manifest} must be a list of strings, found {toml.describe(members)}")
    return Workspace(
        manifest=manifest,
        member=member,
        members=tuple(members),
        package=_table(table, "package"),
        dependencies=_table(table, "dependencies"),
        lints=bool(_table(table, "lints")),
        pyo3=_locked_version("pyo3", manifest.parent / "Cargo.lock"),
    )


def with_member(text: str, workspace: Workspace) -> str:
    """Return the text of a workspace's Cargo.toml with the crate in its `members`, sorted where they were sorted."""
    import tomlkit  # slow to import
    from tomlkit.items import Array

    document = toml.parse_editable(text, str(workspace.manifest))
    table: Any = document["workspace"]
    found = table.get("members")
    if not isinstance(found, Array):
        table["members"] = tomlkit.item([workspace.member])
        return tomlkit.dumps(document)
    entries = [str(entry) for entry in found]
    at = len(entries)
    if entries == sorted(entries):
        at = sum(entry < workspace.member for entry in entries)
    found.insert(at, workspace.member)
    return tomlkit.dumps(document)


def web_page(remote: str) -> str | None:
    """Return the page of a repository from the address that git has for it, without a user or password.

    >>> web_page("git@github.com:you/shout.git"), web_page("https://token@gitlab.com/you/shout"), web_page("/srv/a.git")
    ('https://github.com/you/shout', 'https://gitlab.com/you/shout', None)
    """
    ssh = _SSH_REMOTE.fullmatch(remote)
    http = re.fullmatch(r"https?://(?:[^@/]*@)?([^/]+)/(.+)", remote)
    found = ssh or http
    if found is None:
        return None
    path = found[2].strip("/").removesuffix(".git")
    return f"https://{found[1]}/{path}" if re.fullmatch(r"[\w.:-]+/[\w./~-]+", f"{found[1]}/{path}") else None


def _refuse_members(workspace: Workspace, root: Path) -> None:
    """Raise `ConfigError` if the members of the workspace name a folder without a Cargo.toml: cargo would then fail."""
    folder = relative_path(workspace.manifest.parent, root)
    found = filter_members(workspace.members, [folder])
    if found:
        raise ConfigError(
            f'members = ["{found[0]}"] in {workspace.manifest} means the crate {folder}, but with --src it would be '
            f"{workspace.member}",
            hint="use --mixed without --src, which has the Cargo.toml in the project's own folder",
        )


def _ask_git(words: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> str | None:
    if which("git", environ) is None:
        return None
    try:
        done = capture(git(*words, cwd=folder), environ)
    except CratewheelError:
        return None
    answer = done.stdout.strip()
    return answer if not done.status and answer.isprintable() else None


def _locked_version(crate: str, path: Path) -> str | None:
    if not path.is_file():
        return None
    try:
        found = lockfile.packages(toml.load_file(path, project_roots(path.parent)), path)
    except CratewheelError:
        return None  # cargo will say it
    versions = (str(package["version"]) for package in found if package["name"] == crate)
    return next((version for version in versions if re.match(r"\d{1,9}\.\d{1,9}\.\d{1,9}", version)), None)


def _table(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key, {})
    return value if isinstance(value, Mapping) else {}
