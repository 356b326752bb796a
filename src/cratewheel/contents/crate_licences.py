"""The licence texts of crates for a wheel: which files of a crate they are, and where they lie in the wheel.

They are below `licenses/crates/` of the dist-info folder, with one index. METADATA does not list them: by PEP 639 each
`License-File` must be in the wheel, and not the reverse, while metadata that is asked for alone, without Rust, and that
of the sdist must say the same as the wheel's (PEP 517, PEP 643).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cratewheel.cargo import licences
from cratewheel.cargo.model import Package
from cratewheel.errors import ConfigError
from cratewheel.system import files
from cratewheel.system.files.links import root_of

FOLDER = PurePosixPath("crates")  # below `licenses/`
INDEX = FOLDER / "INDEX.txt"
LARGEST = 4 * 1024 * 1024  # bytes of one text: more is none

_NAMES = ("license", "licence", "copying", "notice", "unlicense", "copyright")
_CODE = frozenset((".rs", ".py", ".c", ".h", ".js", ".ts", ".toml", ".json", ".yml", ".yaml", ".sh", ".tera", ".hbs"))
_FOLDERS = frozenset(("license", "licenses", "licence", "licences"))
_ABOVE = "above"  # for a text of a name that the crate has in its own folder
_CHECKOUT = (".cargo-ok", ".git")
_HEAD = """\
The crates that are compiled into this wheel, their licences, and the files with their texts.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrateTexts:
    """A crate with the texts in its folder: their names, with `/` between folders, and contents.

    `lost` is the `license-file` of its manifest, where that is not among them: it is absent, or outside of the project.
    """

    package: Package
    expression: str | None
    texts: tuple[tuple[str, bytes], ...]
    lost: str | None = None

    @property
    def label(self) -> str:
        """The name and version."""
        return f"{self.package.name} {self.package.version}"

    @property
    def has_licence(self) -> bool:
        """Whether one of the texts may be a licence: a notice says whose the work is, and not what is allowed."""
        return any(not _is_notice(name) for name, _ in self.texts)


def read_crates(
    packages: Iterable[Package], clarified: Mapping[str, str], *, workspace: Path, members: Collection[str]
) -> tuple[CrateTexts, ...]:
    """Return the crates by name and version, with their licence texts; `members` are the ids of the `workspace`'s own.

    Raises `ConfigError` for a text that cannot be read, or is a link out of its crate.
    """
    ordered = sorted(packages, key=lambda one: (one.name, one.version, one.id))
    return tuple(
        _read(package, licences.expression_of(package, clarified), workspace if package.id in members else None)
        for package in ordered
    )


def place(crates: Iterable[CrateTexts]) -> tuple[tuple[PurePosixPath, bytes], ...]:
    """Return the files below `licenses/`: each text once, and the index, which says whose it is. Sorted."""
    placed: dict[bytes, PurePosixPath] = {}
    folders: dict[PurePosixPath, str] = {}
    lines: list[str] = []
    for crate in crates:
        folder = _own_folder(crate, folders)
        lines += ["", crate.label, f"  licence: {_licence(crate)}"]
        paths = {placed.setdefault(content, folder / name) for name, content in crate.texts}
        lines += [f"  {path.relative_to(FOLDER)}" for path in sorted(paths)]
        lines += [] if crate.has_licence else [f"  no{' licence' if paths else ''} text in the crate"]
    index = _HEAD + "".join(f"{line}\n" for line in lines)
    found = [(path, content) for content, path in placed.items()]
    return tuple(sorted([*found, (INDEX, index.encode())]))


def _own_folder(crate: CrateTexts, taken: dict[PurePosixPath, str]) -> PurePosixPath:
    """Return a folder for the texts of a crate; two sources may have the same name and version."""
    name = f"{crate.package.name}-{crate.package.version}"
    number = 1
    folder = FOLDER / name
    while taken.setdefault(folder, crate.package.id) != crate.package.id:
        number += 1
        folder = FOLDER / f"{name}-{number}"
    return folder


def _licence(crate: CrateTexts) -> str:
    if crate.expression is not None:
        return crate.expression
    if crate.package.license:
        return f"{' '.join(crate.package.license.split())} (no SPDX expression)"
    return "see the text" if crate.texts else "not given"


def _read(package: Package, expression: str | None, workspace: Path | None) -> CrateTexts:
    home = package.manifest_path.parent
    top = _top(package, workspace)
    found = _texts_up_to(home, top)
    # a link may lead to another part of the same repository
    roots = files.project_roots(home, top) if package.source is None else (os.path.realpath(top),)
    lost = None
    if package.license_file:
        named = Path(os.path.normpath(home / package.license_file))
        if root_of(os.path.realpath(named), roots) is None or not files.is_file(named):
            lost = package.license_file
        elif named not in found.values():
            found[named.name] = named
    texts = tuple(sorted((name, _content(path, roots, package)) for name, path in found.items()))
    return CrateTexts(package=package, expression=expression, texts=texts, lost=lost)


def _texts_up_to(home: Path, top: Path) -> dict[str, Path]:
    """Return the texts of the crate in `home`; without a licence those of the folders above it too, as far as `top`.

    A crate of a git repository or workspace often has its licence above, with or without a notice of its own.
    """
    found: dict[str, Path] = {}
    for folder in (home, *home.parents):
        if not folder.is_relative_to(top) or not all(map(_is_notice, found)):
            break
        for path in _texts_in(folder):
            name = path.relative_to(folder).as_posix()
            found[f"{_ABOVE}/{name}" if name in found else name] = path
    return found


def _is_notice(name: str) -> bool:
    return PurePosixPath(name).name.lower().startswith("notice")


def _top(package: Package, workspace: Path | None) -> Path:
    """Return the outermost folder that may have the crate's texts: its own, its workspace or its git checkout."""
    home = package.manifest_path.parent
    if workspace is not None and home.is_relative_to(workspace):
        return workspace
    if package.source is not None and package.source.startswith("git+"):
        marked = (place for place in (home, *home.parents) if any((place / mark).exists() for mark in _CHECKOUT))
        return next(marked, home)
    return home


def _name(path: Path) -> str:
    return path.name


def _texts_in(folder: Path) -> list[Path]:
    found = []
    for entry in sorted(folder.iterdir(), key=_name) if folder.is_dir() else ():
        name = entry.name.lower()
        if name in _FOLDERS and entry.is_dir():
            found += [path for path in sorted(entry.iterdir(), key=_name) if files.is_file(path)]
        elif name.startswith(_NAMES) and entry.suffix.lower() not in _CODE and files.is_file(entry):
            found.append(entry)
    return [path for path in found if not re.search(r"[\x00-\x1f\x7f\\:]", path.name)]


def _content(path: Path, roots: tuple[str, ...], package: Package) -> bytes:
    try:
        content = files.read_bytes(path, roots, limit=LARGEST + 1)
    except OSError as error:
        raise ConfigError(
            f"the licence text {path} of {package.name} {package.version} cannot be read: {error.strerror}",
            hint="make it readable, or remove `crates` from the table `licenses`",
        ) from error
    if len(content) > LARGEST:
        raise ConfigError(
            f"{path} of {package.name} {package.version} is too large for a licence text: more than {LARGEST} bytes",
            hint="remove `crates` from the table `licenses`",
        )
    return content
