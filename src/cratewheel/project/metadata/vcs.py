"""The provider `cratewheel.vcs`: the version that vcs-versioning, or setuptools-scm, finds in git or Mercurial.

In an unpacked source distribution it is the version of PKG-INFO, so that its wheel has the same one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cratewheel.errors import ConfigError, MissingToolError
from cratewheel.system import files, toml

REQUIREMENT = "vcs-versioning>=2"
SETTINGS = (
    "root", "tag", "scm", "version-scheme", "local-scheme", "fallback-version", "fallback-root",
    "parentdir-prefix-version", "search-parent-directories",
)  # fmt: skip
TABLES = ("vcs-versioning", "setuptools_scm")  # where projects have these settings already
WRITES = ("version_file", "version_file_template", "write_to", "write_to_template", "write_to_source")
REPOSITORIES = (".git", ".hg", ".jj")

Table = Mapping[str, Any]


def check_settings(settings: Table, where: str) -> None:
    """Raise `ConfigError` for a setting of the wrong type; `where` names the entry."""
    types = {"tag": (dict, "a table"), "scm": (dict, "a table"), "search-parent-directories": (bool, "true or false")}
    for key, value in settings.items():
        kind, wanted = types.get(key, (str, "a string"))
        if not isinstance(value, kind):
            raise ConfigError(f"{key} of {where} must be {wanted}, found {toml.describe(value)}")


def read_pkg_info(folder: Path) -> str | None:
    """Return the version of an unpacked source distribution, None where the folder is none."""
    path = folder / "PKG-INFO"
    if any((folder / name).exists() for name in REPOSITORIES) or not files.is_file(path):
        return None
    try:
        text = files.read_text(path, files.project_roots(folder))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8", hint="unpack the source distribution again") from error
    from email.parser import HeaderParser  # slow to import

    version = HeaderParser().parsestr(text)["Version"]
    return str(version).strip() if version else None


def dynamic_metadata(settings: Table, project: Table) -> dict[str, str]:
    """Return the version of the project in the current folder.

    Raises `MissingToolError` where neither library is installed, and `ConfigError` where they find no version.
    """
    path = Path.cwd() / "pyproject.toml"
    tool = toml.load_file(path, files.project_roots(path.parent)).get("tool", {})
    section: Table = next((tool[name] for name in TABLES if isinstance(tool.get(name), dict)), {})
    own = {key.replace("-", "_"): value for key, value in settings.items()}
    merged = {key.replace("-", "_"): value for key, value in section.items()} | own
    for key in WRITES:  # a build does not write into the project
        merged.pop(key, None)
    try:
        return {"version": _ask(project, merged, path)}
    except MissingToolError:
        raise
    except (Exception, SystemExit) as error:  # the libraries' own classes differ between versions
        missing = isinstance(error, (LookupError, SystemExit))
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        if missing:
            raise ConfigError(
                f"no version found for {path.parent} in its version control",
                notes=tuple(lines[1:] or lines),
                hint=_hint(path.parent),
            ) from error
        raise ConfigError(
            f"no version found for {path.parent}: {lines[0]}",
            notes=tuple(lines[1:]),
            hint="correct the settings of cratewheel.vcs, or the tag",
        ) from error


def _hint(folder: Path) -> str:
    if not any((folder / name).exists() for name in REPOSITORIES):
        real = Path(os.path.realpath(folder))
        around = next((place for place in real.parents if any((place / name).exists() for name in REPOSITORIES)), None)
        if around is not None:
            return f'the repository is {around}: add `root = "{os.path.relpath(around, real)}"` to the entry'
    return "tag a commit: `git tag v0.1.0`; in CI, fetch the tags: `git fetch --tags --unshallow`"


def _ask(project: Table, settings: dict[str, Any], path: Path) -> str:
    try:
        import vcs_versioning
        from vcs_versioning.overrides import GlobalOverrides
    except ImportError:
        return _ask_setuptools_scm(settings, path)
    with GlobalOverrides.from_env("SETUPTOOLS_SCM", dist_name=project.get("name")):
        data = vcs_versioning.PyProjectData.from_file(path)
        found: str = vcs_versioning.infer_version_string(project.get("name"), data, settings)
    return found


def _ask_setuptools_scm(settings: dict[str, Any], path: Path) -> str:
    """Return the version as setuptools-scm before 10 finds it, which has no library of its own."""
    try:
        from setuptools_scm import get_version
    except ImportError as error:
        raise MissingToolError(
            "vcs-versioning, which reads the version from git, is not installed",
            hint='pip install "vcs-versioning>=2"',
        ) from error
    tag = settings.pop("tag", {})
    if not isinstance(tag, dict) or tag.keys() - {"regex"}:
        raise MissingToolError(
            "this setuptools-scm knows of `tag` only `regex`", hint='pip install "vcs-versioning>=2"'
        )
    if "regex" in tag:
        settings["tag_regex"] = tag["regex"]
    found: str = get_version(relative_to=str(path), **settings)
    return found
