"""Decides how to repair ELF files: search paths, matching files, copies and run paths.

Pure. What is looked at, and what patchelf is told, is the matter of `linux`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cratewheel.audit.model import Binary
from cratewheel.audit.policy import is_musl_libc
from cratewheel.repair.closure import Closure, Library
from cratewheel.targets.triples import Target

Change = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A file that the loader has loaded or would load.

    `folders` are what `$ORIGIN` stands for in it, more than one when it was reached through a link; `by` is the file
    for which it was loaded.
    """

    path: Path
    folders: tuple[Path, ...]
    binary: Binary
    by: Loaded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file to add to the wheel under `name`: its source, and arguments for patchelf."""

    name: str
    library: Library
    changes: tuple[Change, ...]


def run_paths(loaded: Loaded) -> tuple[Path, ...]:
    """Return the folders in which a file's libraries are searched first.

    They are its own and, where it does not say RUNPATH, those of the files that it was loaded for (ld.so(8)). A path
    from where the process happens to run is none.
    """
    found = []
    if not loaded.binary.runpath:
        above: Loaded | None = loaded
        while above is not None:
            if not above.binary.runpath:  # which makes RPATH void
                found += _expanded(above.binary.rpath, above.folders)
            above = above.by
    return tuple(dict.fromkeys((*found, *_expanded(loaded.binary.runpath, loaded.folders))))


def _expanded(paths: Iterable[str], folders: Sequence[Path]) -> list[Path]:
    written = [path.replace("${ORIGIN}", "$ORIGIN") for path in paths]
    places = [posixpath.normpath(path.replace("$ORIGIN", folder.as_posix())) for path in written for folder in folders]
    return [Path(place) for place in places if (place.startswith("/") or Path(place).drive) and "$" not in place]


def incompatibility(found: Binary, needer: Binary, target: Target) -> str | None:
    """Return why the loader would skip `found` for `needer`, or None if it is compatible."""
    if (found.format, found.arch, found.bits) != (needer.format, needer.arch, needer.bits):
        return f"is for {found.arch} with {found.bits} bits"
    if target.is_musl and "libc.so.6" in found.needed:
        return "is for glibc"
    if target.is_glibc and any(is_musl_libc(name) for name in found.needed):
        return "is for musl"
    return None


def plan_copies(found: Closure) -> tuple[tuple[Copy, ...], dict[Path, dict[str, str]]]:
    """Return the files to add to the wheel, and for each file the new names of its libraries.

    Libraries of the same content are one, whatever they are called.
    """
    same: dict[str, Library] = {}
    for library in found.libraries:
        same.setdefault(library.sha256, library)
    names = {
        needer: {need: same[library.sha256].name for need, library in links.items()}
        for needer, links in found.links.items()
    }
    made = (
        Copy(name=library.name, library=library, changes=_library_changes(library.name, names[library.path]))
        for library in same.values()
    )
    return tuple(sorted(made, key=lambda copy: copy.name)), names


def _library_changes(name: str, names: Mapping[str, str]) -> tuple[Change, ...]:
    run_path = ("--force-rpath", "--set-rpath", "$ORIGIN") if names else ("--remove-rpath",)
    return (("--set-soname", name), *_replaced(names), run_path)


def subject_changes(
    needs: Iterable[str], own: Sequence[str], names: Mapping[str, str], *, folder: PurePosixPath, libs: str
) -> tuple[Change, ...]:
    """Return patchelf arguments by which a file in `folder` finds its libraries in `libs`.

    Of its `own` run-time paths those stay that lead to another place in the wheel, and all of them while one of its
    `needs` stays outside: it may be there.
    """
    if not names:
        return ()
    way = run_path_to(folder, libs)
    outside = any(need not in names for need in needs)
    kept = [path for path in dict.fromkeys(own) if path and path != way and (outside or _in_wheel(path, folder))]
    return (*_replaced(names), ("--force-rpath", "--set-rpath", ":".join([*kept, way])))


def _replaced(names: Mapping[str, str]) -> tuple[Change, ...]:
    return tuple(("--replace-needed", need, name) for need, name in names.items())


def run_path_to(folder: PurePosixPath, libs: str) -> str:
    """Return the run path from a folder of the wheel to the libraries.

    >>> run_path_to(PurePosixPath("pkg/inner"), "demo.libs"), run_path_to(PurePosixPath("."), "demo.libs")
    ('$ORIGIN/../../demo.libs', '$ORIGIN/demo.libs')
    """
    return "/".join(["$ORIGIN", *[".."] * len(folder.parts), libs])


def _in_wheel(path: str, folder: PurePosixPath) -> bool:
    """Return whether a run path leads to a folder in the wheel, or in another one installed beside it."""
    origin, _, rest = path.replace("${ORIGIN}", "$ORIGIN").partition("/")
    return origin == "$ORIGIN" and not posixpath.normpath(posixpath.join(folder, rest)).startswith("..")
