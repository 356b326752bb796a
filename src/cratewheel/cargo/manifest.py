"""Reads Cargo.toml without cargo, with the values that a crate inherits from its workspace.

The rules are those of https://doc.rust-lang.org/cargo/reference/manifest.html and
https://doc.rust-lang.org/cargo/reference/workspaces.html. Only the files are read: that every workspace member exists,
or that the dependencies resolve, is for cargo to say when it builds.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewheel.cargo.edits import filter_members, relative_path
from cratewheel.errors import ConfigError
from cratewheel.system import toml
from cratewheel.system.files import Roots, is_file, join_roots, project_roots

Table = Mapping[str, Any]

README_NAMES = ("README.md", "README.txt", "README")  # in cargo's order
TEXTS = frozenset(
    {
        "name", "version", "edition", "rust-version", "description", "documentation", "homepage", "repository",
        "license", "license-file", "workspace", "links", "default-run",
    }
)  # fmt: skip
LISTS = frozenset({"authors", "keywords", "categories", "include", "exclude"})
INHERITED = frozenset(
    {
        "version", "edition", "rust-version", "description", "documentation", "homepage", "repository", "license",
        "license-file", "readme", "authors", "keywords", "categories", "include", "exclude", "publish",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A Cargo.toml; `package` includes inherited values.

    `package` has no `{ workspace = true }` left; `version` is always there, `readme` is a path relative to the
    manifest's folder, or False where the author turned it off, or missing where there is none; `license-file` is
    relative to the same folder. It is empty for a workspace without a package of its own. `workspace_root` is the
    manifest's own folder when there is no workspace, and `workspace_manifest` is None then. `excluded_by` is the
    Cargo.toml of a workspace above that names the package in its `exclude`. `bins` are the names of the binaries.
    """

    path: Path
    document: Table
    package: Table
    lib: Table
    bins: tuple[str, ...]
    features: Mapping[str, tuple[str, ...]]
    workspace_root: Path
    workspace_manifest: Path | None
    excluded_by: Path | None = None

    @property
    def directory(self) -> Path:
        """The folder of the manifest: the root of the package."""
        return self.path.parent

    @property
    def roots(self) -> Roots:
        """The folders that files named by the manifest may lie in: its repository and workspace, or its own folder."""
        around = (manifest.parent for manifest in (self.workspace_manifest, self.excluded_by) if manifest is not None)
        return project_roots(self.directory, *around)

    def roots_with(self, project: Path) -> Roots:
        """Return `roots` joined with those of a pyproject.toml in the folder `project`."""
        return join_roots(project_roots(project), self.roots)

    @property
    def is_virtual(self) -> bool:
        """Whether this is a workspace without a package."""
        return not self.package

    @property
    def name(self) -> str:
        """The name of the package; an error for a virtual workspace."""
        return str(self.package["name"])

    @property
    def version(self) -> str:
        """The version of the package as written in Cargo.toml (SemVer)."""
        return str(self.package["version"])

    @property
    def declares_version(self) -> bool:
        """Whether Cargo.toml gives a version; cargo takes 0.0.0 for one that does not."""
        return "version" in _table(self.document, "package" if "package" in self.document else "project", self.path)

    @property
    def lib_name(self) -> str:
        """The name of the library target: `[lib] name`, or the package's name with underscores."""
        return str(self.lib.get("name", self.name.replace("-", "_")))


def read(path: Path) -> Manifest:
    """Return the manifest in the Cargo.toml at `path`.

    Raises `ConfigError` when the file, or the workspace's that it inherits from, is missing, is not TOML, or gives a
    field a value that cargo would not take.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 (takes `..` out, and a symlinked project keeps its name)
    document = toml.load_file(path, project_roots(path.parent))
    _check_texts(document, path)
    # before the 2024 edition, cargo also accepts the old name [project]
    package = _table(document, "package" if "package" in document else "project", path)
    if not package and "workspace" not in document:
        raise ConfigError(
            f"{path} has neither a [package] nor a [workspace]", hint="name the Cargo.toml of the crate to build"
        )
    _table(document, "workspace", path)
    workspace, excluded_by = _workspace_manifest(path, document, package)
    if package:
        package = _resolve(package, path, workspace)
    lib = _table(document, "lib", path)
    _check_text(lib, "name", "lib.name", path)
    return Manifest(
        path=path,
        document=document,
        package=package,
        lib=lib,
        bins=_bins(document, package, path),
        features=_features(document, path),
        workspace_root=(workspace or path).parent,
        workspace_manifest=workspace,
        excluded_by=excluded_by,
    )


def find_workspace(path: Path) -> Path | None:
    """Return the Cargo.toml of the workspace that takes in a package whose Cargo.toml is to be at `path`, absolute.

    Raises `ConfigError` for a Cargo.toml above that is not valid.
    """
    workspace, _ = _workspace_manifest(path, {}, {})
    return workspace


def _resolve(package: Table, path: Path, workspace: Path | None) -> Table:
    result = dict(package)
    inherited = [key for key in package if key in INHERITED and isinstance(package[key], dict)]
    if inherited:
        result.update(_inherit(package, inherited, path, workspace))
    for key in result.keys() & TEXTS:
        _check_text(result, key, f"package.{key}", path)
    for key in result.keys() & LISTS:
        _check_list(result[key], f"package.{key}", path)
    if not result.get("name"):
        raise ConfigError(f"package.name is missing in {path}", hint='write `name = "…"` below [package]')
    result.setdefault("version", "0.0.0")  # cargo's default since 1.75
    if "readme" not in inherited:
        _set(result, "readme", _readme(result.get("readme"), path.parent, path))
    return result


def _inherit(package: Table, keys: list[str], path: Path, workspace: Path | None) -> dict[str, Any]:
    if workspace is None:
        raise ConfigError(
            f"package.{keys[0]} in {path} is inherited from a workspace, but no workspace was found above it",
            hint=f"write the value of {', '.join(keys)}, or add the crate to a workspace",
        )
    shared = _table(_workspace_table(workspace), "package", workspace, parent="workspace.")
    result: dict[str, Any] = {}
    for key in keys:
        if package[key] != {"workspace": True}:
            raise ConfigError(
                f"package.{key} in {path} cannot be {toml.describe(package[key])}",
                hint="write the value, or `{ workspace = true }` to inherit it",
            )
        value = shared.get(key)
        if key == "readme":
            value = _readme(value, workspace.parent, workspace)
        if value is None:
            raise ConfigError(
                f"package.{key} in {path} is inherited, but [workspace.package] in {workspace} has no {key}",
                hint=f"add `{key}` to [workspace.package], or write it in the crate's Cargo.toml",
            )
        if key == "license-file":
            _check_text(shared, key, f"workspace.package.{key}", workspace)
        if key in ("readme", "license-file") and isinstance(value, str):
            value = Path(os.path.relpath(workspace.parent / value, path.parent)).as_posix()
        result[key] = value
    return result


def _readme(value: object, folder: Path, path: Path) -> str | bool | None:
    """Return the readme by cargo's rules: a path, False if disabled, None if there is none."""
    match value:
        case False | "false":
            return False
        case True:
            return "README.md"
        case str():
            return value
        case None:
            return next((name for name in README_NAMES if is_file(folder / name)), None)
    raise ConfigError(
        f"package.readme in {path} must be a path, true or false, found {toml.describe(value)}",
        hint='write `readme = "README.md"`',
    )


def _set(table: dict[str, Any], key: str, value: object) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _workspace_manifest(path: Path, document: Table, package: Table) -> tuple[Path | None, Path | None]:
    """Return the Cargo.toml of the manifest's workspace, found as cargo finds it.

    Then that of the nearest workspace which it would belong to, were it not excluded there.
    """
    if "workspace" in document:
        return path, None
    pointer = package.get("workspace")
    if isinstance(pointer, str):
        return _read_workspace_pointer(path, pointer), None
    excluded_by = None
    for candidate in _manifests_above(path):
        above = toml.load_file(candidate)
        if "workspace" in above:
            if not _is_excluded(path, candidate, _table(above, "workspace", candidate)):
                return candidate, None
            excluded_by = excluded_by or candidate
            continue
        pointer = _table(above, "package", candidate).get("workspace")
        if isinstance(pointer, str):
            return _read_workspace_pointer(candidate, pointer), None
    return None, excluded_by


def _read_workspace_pointer(path: Path, pointer: str) -> Path:
    """Return the Cargo.toml that `package.workspace` names; it must list the crate unless it is above it."""
    root = Path(os.path.normpath(path.parent / pointer / "Cargo.toml"))
    if not is_file(root):
        raise ConfigError(
            f"package.workspace in {path} names {pointer!r}, where there is no Cargo.toml",
            hint="name the folder of the workspace, relative to the crate",
        )
    if not path.is_relative_to(root.parent):
        members = _check_list(_workspace_table(root).get("members", []), "workspace.members", root)
        if not filter_members(members, [relative_path(root.parent, path.parent)]):
            raise ConfigError(
                f"package.workspace in {path} names {pointer!r}, but {root} does not list the crate",
                hint=f'add "{relative_path(root.parent, path.parent)}" to `members` in [workspace] there',
            )
    return root


def _workspace_table(path: Path) -> Table:
    return _table(toml.load_file(path, project_roots(path.parent)), "workspace", path)


def _manifests_above(path: Path) -> Iterator[Path]:
    for folder in path.parent.parents:
        if folder.parts[-2:] == (
            "target",
            "package",
        ):  # `cargo package` unpacks there: the crate is not part of the workspace
            return
        candidate = folder / "Cargo.toml"
        if candidate.is_file():
            yield candidate


def _is_excluded(path: Path, root: Path, workspace: Table) -> bool:
    def names(key: str) -> bool:
        patterns = _check_list(workspace.get(key, []), f"workspace.{key}", root)
        return any(path.is_relative_to(os.path.normpath(root.parent / pattern)) for pattern in patterns)

    return names("exclude") and not names("members")


def _bins(document: Table, package: Table, path: Path) -> tuple[str, ...]:
    """Return the names of the binaries: the [[bin]] tables, then those discovered in src/."""
    tables = document.get("bin", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"bin in {path} must be an array of tables", hint="write [[bin]] with two brackets")
    named = [str(table["name"]) for table in tables if "name" in table]
    discover = package.get("autobins", not (named and package.get("edition", "2015") == "2015"))
    found = _discovered_bins(path.parent / "src", str(package.get("name", ""))) if discover and package else []
    taken = {str(table["path"]) for table in tables if "path" in table}
    return tuple(
        dict.fromkeys(
            [*named, *(name for name, file in found if file.relative_to(path.parent).as_posix() not in taken)]
        )
    )


def _discovered_bins(source: Path, package_name: str) -> list[tuple[str, Path]]:
    main = source / "main.rs"
    found = [(package_name, main)] if main.is_file() else []
    folder = source / "bin"
    for entry in sorted(folder.iterdir(), key=lambda path: path.name) if folder.is_dir() else []:
        if entry.suffix == ".rs" and entry.is_file():
            found.append((entry.stem, entry))
        elif (entry / "main.rs").is_file():
            found.append((entry.name, entry / "main.rs"))
    return found


def _features(document: Table, path: Path) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(_check_list(enabled, f"features.{name}", path))
        for name, enabled in _table(document, "features", path).items()
    }


def _table(data: Table, key: str, path: Path, *, parent: str = "") -> Table:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{parent}{key} in {path} must be a table, found {toml.describe(value)}")
    return value


def _check_texts(document: Table, path: Path) -> None:
    for key, value in document.items():
        # `metadata` belongs to other tools
        ours = {name: item for name, item in value.items() if name != "metadata"} if isinstance(value, dict) else value
        toml.check_texts(ours, key, path)


def _check_text(table: Table, key: str, where: str, path: Path) -> None:
    if key in table and not isinstance(table[key], str):
        raise ConfigError(f"{where} in {path} must be a string, found {toml.describe(table[key])}")


def _check_list(value: object, where: str, path: Path) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{where} in {path} must be a list of strings, found {toml.describe(value)}")
    return value
