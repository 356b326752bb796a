"""The commands for setuptools, which a project with a table [tool.cratewheel] gets without a setup.py.

Setuptools loads this module wherever cratewheel is installed, whatever it builds: it imports little, and the rest when
something is compiled. See https://setuptools.pypa.io/en/latest/userguide/extension.html.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from setuptools import Command, Distribution
from setuptools.errors import ModuleError

if TYPE_CHECKING:
    from cratewheel.builder.extension import Extension
    from cratewheel.contents.crate_sources import CrateFile
    from cratewheel.plugins.other_backend import OtherProject

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

COMMAND = "build_cratewheel"


def finalize_distribution(dist: Distribution) -> None:
    """Add our commands to those of a distribution whose pyproject.toml has [tool.cratewheel]; setuptools calls this."""
    if COMMAND in dist.cmdclass or not _reads_crates(Path(dist.src_root or os.curdir, "pyproject.toml")):
        return
    dist.cmdclass |= {
        COMMAND: BuildCratewheel,
        "build": _build_class(dist.get_command_class("build")),
        "sdist": _sdist_class(dist.get_command_class("sdist")),
        "install_scripts": _install_scripts_class(dist.get_command_class("install_scripts")),
    }
    with suppress(ModuleError):  # setuptools before 70.1 has it from the package wheel, and needs it later
        dist.cmdclass["bdist_wheel"] = _bdist_wheel_class(dist.get_command_class("bdist_wheel"))
    dist.ext_modules = dist.ext_modules or []  # for `build_ext`, which now runs
    dist.has_ext_modules = lambda: True  # setuptools asks this for the folders of compiled files


def _reads_crates(path: Path) -> bool:
    """Return whether a pyproject.toml is one of setuptools with a table [tool.cratewheel]."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    if "cratewheel" not in text:
        return False
    with suppress(tomllib.TOMLDecodeError):
        return has_crates(tomllib.loads(text))
    return False


def has_crates(document: Mapping[str, Any]) -> bool:
    """Return whether the tables of a pyproject.toml are those of a project that setuptools builds with our help.

    With our own build backend, cffi makes a distribution of setuptools in the project's folder.

    >>> has_crates({"tool": {"cratewheel": {}}, "build-system": {"build-backend": "cratewheel"}})
    False
    """
    tool, system = document.get("tool", {}), document.get("build-system", {})
    if not isinstance(tool, dict) or not isinstance(tool.get("cratewheel"), dict) or not isinstance(system, dict):
        return False
    backend = str(system.get("build-backend") or "setuptools")
    return backend.startswith("setuptools") or "backend-path" in system  # a backend in the project may call setuptools


class BuildCratewheel(Command):  # type: ignore[misc]  # setuptools has no types for mypy
    """Compiles the crates of [tool.cratewheel]: a part of the command `build`."""

    description = "compile the Rust crates of [tool.cratewheel]"
    user_options: ClassVar[list[tuple[str, str, str]]] = []

    def initialize_options(self) -> None:
        """Set the options to what is then filled in."""
        self.build_lib: str | None = None
        self.editable_mode = False

    def finalize_options(self) -> None:
        """Take the options of the command `build`."""
        self.set_undefined_options("build", ("build_lib", "build_lib"))

    def run(self) -> None:
        """Compile, and copy the files to `build_lib`, or into the project for an editable install."""
        from cratewheel.plugins.other_backend import place_file, remove_stale

        places = tuple(self._places())
        if not self.editable_mode:
            assert self.build_lib is not None, "set by finalize_options"
            remove_stale(Path(self.build_lib), (place for _, place in places))
        for source, place in places:
            place_file(source, place)

    def get_outputs(self) -> list[str]:
        """Return the files of the wheel below `build_lib`, whether they are there or in the project."""
        return list(self.get_output_mapping()) if self.editable_mode else [str(place) for _, place in self._places()]

    def get_output_mapping(self) -> dict[str, str]:
        """Return where an editable install has the files below `build_lib`: in the project."""
        if not self.editable_mode:
            return {}
        assert self.build_lib is not None, "set by finalize_options"
        paths = [one.path for one in compiled(self.distribution).files]
        folders = {path: self._folder_in_project(path.parent.parts) for path in paths}
        return {
            str(Path(self.build_lib, path)): str(folder / path.name)
            for path, folder in folders.items()
            if folder is not None
        }

    def get_source_files(self) -> list[str]:
        """Return the files of the crates, where setuptools makes a source distribution.

        It asks for them for each list of metadata as well, which needs no Rust.
        """
        files = getattr(self.distribution, "cratewheel_sources", ())
        return [file.entry.path for file in files]

    def _places(self) -> Iterator[tuple[Path, Path]]:
        """Yield each compiled file and where it goes; `install_scripts` copies programs, but to editable wheels.

        What hooks of ours made comes too late for `build_py`.
        """
        from cratewheel.plugins.other_backend import is_program, place_in_wheel

        built = compiled(self.distribution)
        folders = {} if self.editable_mode else self._folders()
        for file in built.made:
            if (path := place_in_wheel(file, folders)) is not None:
                assert self.build_lib is not None, "set by finalize_options"
                yield file, Path(self.build_lib, path)
        for one in built.files:
            if self.editable_mode:
                yield one.file, self._editable_place(one.path, program=is_program(str(one.path)))
            elif not is_program(str(one.path)):
                assert self.build_lib is not None, "set by finalize_options"
                yield one.file, Path(self.build_lib, one.path)

    def _editable_place(self, path: PurePath, *, program: bool) -> Path:
        """Return the place of a file for an editable install: in the project's package, or in the wheel."""
        install = self.get_finalized_command("install")
        if program:
            return Path(install.install_scripts, path.name)
        folder = self._folder_in_project(path.parent.parts)
        return Path(install.install_lib, path) if folder is None else folder / path.name

    def _folders(self) -> dict[PurePath, Path]:
        """Return the folders of the project's packages, by their paths in a wheel."""
        build_py = self.get_finalized_command("build_py")
        names = self.distribution.packages or ()
        return {PurePath(*name.split(".")): Path(build_py.get_package_dir(name)).absolute() for name in names}

    def _folder_in_project(self, package: tuple[str, ...]) -> Path | None:
        """Return the folder of a package in the project, if it or one around it is there."""
        build_py = self.get_finalized_command("build_py")
        for depth in range(len(package), 0, -1):
            folder = Path(build_py.get_package_dir(".".join(package[:depth])))
            if folder.is_dir():
                return folder.joinpath(*package[depth:]).absolute()
        return None


def compiled(dist: Distribution) -> Extension:
    """Return the compiled files of a distribution, which are compiled once; errors end the process."""
    found: Extension | None = getattr(dist, "cratewheel_extension", None)
    if found is None:
        from cratewheel.backend import hook_call
        from cratewheel.plugins.other_backend import compile_wheel
        from cratewheel.system.files.temporary import temporary_folder

        stack = ExitStack()
        atexit.register(stack.close)  # several commands use the files
        project = _project(dist)
        editable = "editable_wheel" in (dist.commands or ())  # it asks for the tag before it says so to commands
        with hook_call(None, project.root) as call:
            out = stack.enter_context(temporary_folder())
            found = compile_wheel(call, project, out, editable=editable)
        dist.cratewheel_extension = found
    return found


def _project(dist: Distribution) -> OtherProject:
    from cratewheel.plugins.other_backend import OtherProject

    root = Path(dist.src_root or os.curdir).absolute()
    build_py = dist.get_command_obj("build_py")
    build_py.ensure_finalized()
    tops = sorted({name.partition(".")[0] for name in dist.packages or ()})
    folders = {top: root / build_py.get_package_dir(top) for top in tops}
    return OtherProject(
        root=root,
        backend="setuptools",
        name=dist.get_name(),
        version=dist.get_version(),
        requires_python=str(dist.python_requires) if dist.python_requires else None,
        requires_dist=tuple(dist.install_requires or ()),
        packages={top: folder.parent for top, folder in folders.items() if folder.name == top},
    )


def _build_class(base: Any) -> Any:
    class Build(base):  # type: ignore[misc]  # whatever class the project has
        sub_commands = [*base.sub_commands, (COMMAND, None)]  # noqa: RUF012  # as in the base class

    return Build


def _bdist_wheel_class(base: Any) -> Any:
    class BdistWheel(base):  # type: ignore[misc]
        def get_tag(self) -> tuple[str, str, str]:
            tag = compiled(self.distribution).tag
            return ".".join(tag.python), ".".join(tag.abi), ".".join(tag.platform)

        def write_wheelfile(self, wheelfile_base: str, *args: Any, **kwargs: Any) -> None:
            """Write WHEEL, and the SBOMs and licences beside it."""
            from cratewheel.plugins.other_backend import place_file

            built = compiled(self.distribution)
            if built.tag.platform == ("any",):  # where Rust is optional, and failed
                self.root_is_pure = True
            super().write_wheelfile(wheelfile_base, *args, **kwargs)
            for one in (*built.sboms, *built.licences):
                place_file(one.file, Path(wheelfile_base, *one.path.parts[1:]))

    return BdistWheel


def _install_scripts_class(base: Any) -> Any:
    class InstallScripts(base):  # type: ignore[misc]
        def run(self) -> None:
            from cratewheel.plugins.other_backend import is_program, place_file

            super().run()
            for one in compiled(self.distribution).files:
                if is_program(str(one.path)):
                    place = Path(self.install_dir, one.path.name)
                    place_file(one.file, place)
                    self.outfiles.append(str(place))

    return InstallScripts


def _sdist_class(base: Any) -> Any:
    class Sdist(base):  # type: ignore[misc]
        def run(self) -> None:
            self.distribution.cratewheel_sources = crate_sources(self.distribution)
            super().run()

        def make_release_tree(self, base_dir: str, files: list[str]) -> None:
            """Copy the files, and write each Cargo.toml and Cargo.lock as the archive needs it."""
            from cratewheel.archive.layout import Generated

            super().make_release_tree(base_dir, files)
            for file in self.distribution.cratewheel_sources:
                if isinstance(file.entry.source, Generated):
                    place = Path(base_dir, file.entry.path)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.unlink(missing_ok=True)  # it may be a hard link to the project's file
                    place.write_bytes(file.entry.source.data)

    return Sdist


def crate_sources(dist: Distribution) -> tuple[CrateFile, ...]:
    """Return the files of the crates for a source distribution; errors end the process."""
    from cratewheel.backend import hook_call
    from cratewheel.plugins.other_backend import crate_files

    project = _project(dist)
    with hook_call(None, project.root) as call:
        return crate_files(call, project)
