"""The Python side of a wheel: packages, included files and the data folder, without compiled files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePath, PurePosixPath

from cratewheel.archive.layout import SCHEMES, Entry, FromFile, sort_key
from cratewheel.contents.build_outputs import matched_sources, without_build_outputs
from cratewheel.errors import ConfigError
from cratewheel.options.values import ArchiveFormat, Exclude, Include
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.system import files
from cratewheel.system.files import Roots
from cratewheel.system.files.junk import within_rubbish

SkipLink = Callable[[str], bool]  # returns whether to skip a dangling link

_LIBRARIES = (".so", ".pyd", ".dll", ".dylib", ".pdb", ".dwp")


def python_entries(
    modules: ModuleLayout,
    root: Path,
    roots: Roots,
    tracked: Iterable[str] = (),
    *,
    skips: SkipLink | None = None,
    built: Iterable[Path] = (),
) -> list[Entry]:
    """Return the files of the project's Python packages, at their paths in the wheel.

    Files ignored by git are skipped, except those that git tracks nevertheless (`tracked`), and so are build output,
    in the folders `built` and others, and caches. Files that an earlier
    `develop` left in a package are skipped: libraries and debug information named after the extension. Raises
    `ConfigError` for unreadable files, for links out of the project's folders `roots`, and for dangling links that
    `skips` does not skip.
    """
    source = modules.python_source
    home = root if source.is_relative_to(root) else source  # a python-source outside of the project is its own root
    start = len(f"{str(source).rstrip(os.sep)}{os.sep}")
    found = {
        path: path[start:].replace(os.sep, "/")
        for package in modules.packages
        for path in (
            *without_build_outputs(
                files.walk(home, under=package, roots=roots, skips=skips), package, built, caches=True
            ),
            *tracked_below(package, tracked, roots),
        )
    }
    return [
        _entry(path, place, "Python package", roots)
        for path, place in sorted(found.items(), key=lambda pair: sort_key(pair[1]))
        if not is_leftover(place, modules)
    ]


def tracked_below(package: Path, tracked: Iterable[str], roots: Roots) -> Iterator[str]:
    """Yield existing tracked files in a package, without junk; links out of it are an error."""
    fence = files.ProjectBoundary(roots)
    for path in tracked:
        if path.startswith(f"{package}{os.sep}") and os.path.isfile(path) and not within_rubbish(path):  # noqa: PTH113
            fence.check(path)
            yield path


def python_warnings(modules: ModuleLayout, entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return warnings about configured packages that do not exist, and packages without files in `entries`."""
    package = modules.package_dir
    if package is None or any(entry.path.startswith(f"{package.name}/") for entry in entries):
        return modules.warnings
    empty = f"the wheel has no file of the Python package {package}: it is empty, or its files are ignored"
    return (*modules.warnings, empty)


def without_own_stubs(modules: ModuleLayout, generated: Iterable[Entry], entries: Iterable[Entry]) -> list[Entry]:
    """Return the generated files except those that the project's own stub folder has in `entries`."""
    brought = set() if modules.stubs_dir is None else {entry.path for entry in entries}
    return [entry for entry in generated if entry.path not in brought]


def is_leftover(place: str, modules: ModuleLayout) -> bool:
    """Return whether a file is a library of an earlier build, or is in its `.dSYM` bundle."""
    return any(_is_leftover(place, name) for name in (modules.extension_name, *modules.other_extensions))


def _is_leftover(place: str, extension: str) -> bool:
    if not place.endswith(_LIBRARIES) and ".dSYM/" not in place:
        return False
    *folders, name = place.split("/")
    return (_is_named(name, extension) and name.endswith(_LIBRARIES)) or any(
        _is_named(folder, extension) and folder.endswith(".dSYM") for folder in folders
    )


def _is_named(file: str, extension: str) -> bool:
    """Return whether a compiled file is of the extension: `_native.abi3.so` is of `_native`, `_native_data.so` not."""
    return file.replace("-", ".").partition(".")[0] in (extension, f"lib{extension}")  # `-`: of cargo's `deps` folder


def include_entries(
    root: Path,
    modules: ModuleLayout,
    includes: tuple[Include, ...],
    *,
    roots: Roots,
    skips: SkipLink | None = None,
    out_dirs: Mapping[str, Path],
    root_crate: str,
    built: Iterable[Path] = (),
) -> tuple[list[Entry], tuple[str, ...]]:
    """Return the files that `include` adds to a wheel, and a warning for each pattern without matches.

    A pattern is matched in the project root, then in `python_source`; files in the latter are
    placed relative to it. Build output, in the folders `built` and others, matches only a pattern that names its
    folder. `out_dirs` are the OUT_DIR folders of build scripts by crate. Raises `ConfigError` for a
    pattern that leads out of its folder, for dangling links that `skips` does not skip, and for crates without a build
    script.
    """
    entries: list[Entry] = []
    warnings: list[str] = []
    for include in includes:
        if "wheel" not in include.formats:
            continue
        if include.from_out_dir:
            added, folder = _from_out_dir(include, out_dirs, root_crate)
        else:
            found = included_files(root, modules.python_source, include.path, roots, skips, built)
            added, folder = [_included(path, root, modules.python_source, include, roots) for path in found], root
        entries += added
        if not added:
            warnings.append(_nothing_found(include.path, folder))
    return entries, tuple(warnings)


def included_files(
    root: Path,
    python_source: Path,
    pattern: str,
    roots: Roots,
    skips: SkipLink | None = None,
    built: Iterable[Path] = (),
) -> tuple[Path, ...]:
    """Return the files matching an `include` pattern in `root`, or else in `python_source`, without build output."""
    found: tuple[Path, ...] = ()
    for folder in dict.fromkeys((root, python_source)):
        found = found or matched_sources(files.glob(folder, pattern, roots=roots, skips=skips), folder, pattern, built)
    return found


def _included(path: Path, root: Path, source: Path, include: Include, roots: Roots) -> Entry:
    place = path.relative_to(source if path.is_relative_to(source) else root).as_posix()
    return _entry(str(path), place, f"include '{include.path}'", roots)


def _from_out_dir(include: Include, out_dirs: Mapping[str, Path], root_crate: str) -> tuple[list[Entry], Path]:
    crate = include.crate or root_crate
    if crate not in out_dirs:
        raise ConfigError(
            f"include '{include.path}' needs the OUT_DIR of the crate '{crate}', which has no build script",
            hint="add a build.rs that writes the files, or name the crate that has one with `crate-name`",
        )
    folder = out_dirs[crate]
    to = PurePosixPath(include.to or "")
    why = f"include '{include.path}' from OUT_DIR"
    roots = (os.path.realpath(folder),)
    return [
        _entry(str(path), str(to / path.relative_to(folder).as_posix()), why, roots)
        for path in files.glob(folder, include.path)
    ], folder


def _nothing_found(pattern: str, folder: Path) -> str:
    if within_rubbish(pattern):
        return f"include '{pattern}' adds nothing: files of interpreters, editors and desktops are never packed"
    named = folder / pattern.rstrip("/").removesuffix("/**")
    if pattern and named.is_dir():
        below = f"{pattern.rstrip('/').removesuffix('/**')}/**/*"
        return f"include '{pattern}' matches only a folder; write '{below}' for its files"
    return f"include '{pattern}' matches no file in {folder}"


def find_stub(modules: ModuleLayout, root: Path, roots: Roots) -> FromFile | None:
    """Return the stub of the extension module if there is one: in its stub folder, or next to pyproject.toml.

    Raises `ConfigError` for a pipe, a socket or a device, and for links out of the folders `roots`.
    """
    own = [] if modules.stubs_dir is None else [modules.stubs_dir / "__init__.pyi"]
    path = next(filter(files.is_file, (*own, root / f"{modules.extension_name}.pyi")), None)
    if path is None:
        return None
    files.ProjectBoundary(roots).check(str(path))
    return FromFile(path=str(path), roots=roots)


def data_entries(
    modules: ModuleLayout, data_dir_name: str, *, roots: Roots, skips: SkipLink | None = None
) -> list[Entry]:
    """Return the files of the data folder, in `data_dir_name` in the wheel; ignore files have no effect.

    Raises `ConfigError` for files that installers do not know, for links out of the project's folders `roots`, and for
    dangling links that `skips` does not skip.
    """
    if modules.data is None:
        return []
    entries = []
    for path in sorted(modules.data.iterdir()):
        if skips is not None and skips(str(path)):
            continue
        if path.name not in SCHEMES or not path.is_dir():
            raise ConfigError(
                f"{path} cannot be packed: a data folder may contain only the folders {', '.join(SCHEMES)}",
                hint=f"move it into one of them, for example {modules.data / 'data'}",
            )
        entries += [
            _entry(file, f"{data_dir_name}/{Path(file).relative_to(modules.data).as_posix()}", "data folder", roots)
            for file in files.tree(path, roots=roots, skips=skips)
        ]
    return entries


def apply_excludes(
    entries: Iterable[Entry], root: Path, excludes: tuple[Exclude, ...], archive: ArchiveFormat
) -> list[Entry]:
    """Return the entries that remain after `exclude`, in an archive of the format.

    A pattern is matched with a file's path relative to `root`, then with its path in the archive. Generated files are
    always kept; compiled ones must not be passed. Raises `ConfigError` for an invalid pattern.
    """
    chosen = [exclude.path for exclude in excludes if archive in exclude.formats]
    if not chosen:
        return list(entries)
    patterns = files.Patterns(root, chosen)
    return [
        entry
        for entry in entries
        if not isinstance(entry.source, FromFile)
        or not (patterns.excludes(entry.source.path) or patterns.excludes(entry.path))
    ]


def exclude_warnings(
    root: Path, excludes: tuple[Exclude, ...], archive: ArchiveFormat, packed: Iterable[Entry]
) -> tuple[str, ...]:
    """Return a warning for each `exclude` that has no effect because of how it is written.

    Such as one that matches a folder of files which are `packed` all the same.
    """
    warnings = []
    written = [exclude.path for exclude in excludes if archive in exclude.formats]
    folders = _folders(root, packed, archive) if written else ()
    for path in written:
        plain = path.strip("/")
        if plain.startswith(("./", "../")):
            warnings.append(f"exclude '{path}' matches nothing: patterns are relative to {root}, without './'")
        elif plain and (root / plain).is_dir():
            warnings.append(f"exclude '{path}' is a folder, and excludes nothing; write '{plain}/**'")
        elif (folder := _matched_folder(root, path, folders)) is not None:
            deep = plain if path.startswith("/") or "/" in plain else f"**/{plain}"
            warnings.append(
                f"exclude '{path}' matches only the folder {folder}, and excludes nothing; write '{deep}/**'"
            )
    return tuple(warnings)


def _folders(root: Path, packed: Iterable[Entry], archive: ArchiveFormat) -> tuple[str, ...]:
    """Return the folders of files as patterns see them: first those in the project, then those in a wheel."""
    start = f"{root}{os.sep}"
    entries = tuple(packed)
    sources = (entry.source.path for entry in entries if isinstance(entry.source, FromFile))
    in_project = (path.removeprefix(start) for path in sources if path.startswith(start))
    in_wheel = (entry.path for entry in entries) if archive == "wheel" else ()
    return tuple(dict.fromkeys((*_parents(in_project), *_parents(in_wheel))))


def _parents(paths: Iterable[str]) -> list[str]:
    return sorted({parent.as_posix() for path in paths for parent in PurePath(path).parents} - {"."})


def _matched_folder(root: Path, pattern: str, folders: Iterable[str]) -> str | None:
    """Return the first folder that a pattern matches whose last name has no wildcard."""
    plain = pattern.rstrip("/")
    if plain.startswith("!") or not plain or re.search(r"[*?\[{\\]", plain.rpartition("/")[2]):
        return None
    patterns = files.Patterns(root, (plain,))
    return next(filter(patterns.excludes, folders), None)


def _entry(path: str, place: str, why: str, roots: Roots) -> Entry:
    source = FromFile(path=path, executable=files.is_executable(path), roots=roots)
    return Entry(path=place, source=source, why=why)
