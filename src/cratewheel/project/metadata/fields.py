"""The fields of core metadata before they are written."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.version import InvalidVersion

from cratewheel.errors import ConfigError
from cratewheel.system import files
from cratewheel.system.files import Roots
from cratewheel.system.versions import parse_version

Pairs = tuple[tuple[str, str], ...]

PLAIN = "text/plain; charset=UTF-8"
CONTENT_TYPES = {
    ".md": "text/markdown; charset=UTF-8; variant=GFM",
    ".markdown": "text/markdown; charset=UTF-8; variant=GFM",
    ".rst": "text/x-rst; charset=UTF-8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Readme:
    """The long description and its content type."""

    text: str
    content_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceFile:
    """A licence file: its path below `licenses/` in the archive, and its source."""

    target: PurePosixPath
    source: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Core metadata by field (https://packaging.python.org/en/latest/specifications/core-metadata/).

    None is a field that is absent. `metadata_version` is 2.4 where no field needs a later one: from 2.2 on, an
    installer may take the requirements from an sdist instead of building it (PEP 643). `notes` and `warnings` are what
    there is to say about how the fields were found.
    """

    name: str
    version: str
    metadata_version: str = "2.4"
    summary: str | None = None
    readme: Readme | None = None
    keywords: tuple[str, ...] | None = None
    home_page: str | None = None
    author: str | None = None
    author_email: str | None = None
    maintainer: str | None = None
    maintainer_email: str | None = None
    license: str | None = None
    license_expression: str | None = None
    license_files: tuple[LicenceFile, ...] = ()
    classifiers: tuple[str, ...] = ()
    urls: Pairs = ()
    requires_python: str | None = None
    requires_dist: tuple[str, ...] = ()
    requires_external: tuple[str, ...] = ()
    provides_extra: tuple[str, ...] = ()
    import_names: tuple[str, ...] | None = None
    import_namespaces: tuple[str, ...] | None = None
    scripts: Pairs = ()
    gui_scripts: Pairs = ()
    entry_points: tuple[tuple[str, Pairs], ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def resolve_file(folder: Path, name: str, where: str, *, roots: Roots) -> Path:
    """Return the file that a key names, relative to `folder`; `where` names the key in messages.

    Raises `ConfigError` for one that does not lie in `roots`, as its path stands or once every link is followed.
    """
    path = Path(os.path.normpath(folder / name))
    if files.root_of(os.path.realpath(path), roots) is None and not path.is_relative_to(folder):
        raise ConfigError(
            f"{where} is {name!r}, which is not a path in {' or '.join(roots)}",
            hint=f"write it relative to {folder}, or copy the file into the project",
        )
    files.ProjectBoundary(roots).check(str(path))
    return path


def read_readme(path: Path, where: str, *, content_type: str | None, roots: Roots) -> Readme:
    """Return the readme at `path`; `where` says in messages which key names it.

    Raises `ConfigError` when it cannot be read as UTF-8, is no regular file, or does not lie in `roots`.
    """
    try:
        text = files.read_text(path, roots).removeprefix("\ufeff")  # what Windows puts before UTF-8
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}, the readme of {where}, is not UTF-8: {error.reason} at byte {error.start}",
            hint="save it as UTF-8",
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{path}, the readme of {where}, cannot be read: {error.strerror}",
            hint="correct the path, or remove the key",
        ) from error
    return Readme(text=text, content_type=content_type)


def content_type(path: Path | PurePosixPath) -> str:
    """Return the content type that a readme's suffix stands for.

    >>> content_type(PurePosixPath("README.md"))
    'text/markdown; charset=UTF-8; variant=GFM'
    >>> content_type(PurePosixPath("README"))
    'text/plain; charset=UTF-8'
    """
    return CONTENT_TYPES.get(path.suffix.lower(), PLAIN)


def one_line(text: str) -> str:
    r"""Return text on one line, without surrounding space.

    >>> one_line("  A thing\n   of two lines. ")
    'A thing of two lines.'
    """
    lines = (line.strip() for line in re.split(r"[\r\n]", text))
    return " ".join(line for line in lines if line)


def normal_version(text: str, where: str) -> str:
    """Return a version in the normal form of PEP 440; `where` names the key in errors.

    SemVer's pre-releases that have a counterpart are understood.

    >>> normal_version("1.0.0-alpha.1+x.y", "package.version in Cargo.toml")
    '1.0.0a1+x.y'
    """
    try:
        return str(parse_version(text))
    except InvalidVersion as error:
        raise ConfigError(
            f"{text!r}, {where}, is not a valid version (PEP 440)",
            hint=_version_hint(text),
        ) from error


def _version_hint(text: str) -> str:
    release = re.match(r"v?(\d+(?:\.\d+)*)", text)
    if release is None:
        return "write numbers separated by dots, such as 1.0.0"
    rest = text[release.end() :]
    if not re.match(r"-?[a-z]{2,}", rest, re.IGNORECASE):  # no pre-release in words, such as 1.0.x or 1.0-2-3
        return f"write numbers separated by dots, such as {release[1]} or {release[1]}rc1"
    number = next(iter(re.findall(r"\d+", rest.partition("+")[0])), "1")
    return (
        f"write {release[1]}-alpha.{number}, -beta.{number}, -rc.{number} or -dev.{number}, "
        "or give the version in [project] of pyproject.toml"
    )


def is_name(name: str) -> bool:
    """Return whether this is a valid distribution name.

    >>> is_name("foo.Bar_2"), is_name("_foo")
    (True, False)
    """
    return re.fullmatch(r"[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]", name) is not None


def check_name(name: str, where: str) -> tuple[str, ...]:
    """Return warnings about a distribution's name; raises `ConfigError` for an invalid one."""
    if is_name(name):
        return ()
    if re.fullmatch(r"[A-Za-z0-9._-]*[A-Za-z0-9][A-Za-z0-9._-]*", name):
        return (f"the name {name!r}, {where}, must begin and end with a letter or digit: PyPI refuses it",)
    raise ConfigError(
        f"{name!r}, {where}, cannot be the name of a Python package",
        hint="use ASCII letters, digits, `-`, `_` and `.`",
    )
