"""The build hook for hatchling: https://hatch.pypa.io/latest/plugins/build-hook/reference/.

Hatchling loads this module wherever cratewheel is installed, whatever it builds: it imports little, and the rest when
a hook runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

if TYPE_CHECKING:
    from cratewheel.builder.extension import Extension, ExtensionFile
    from cratewheel.contents.crate_sources import CrateFile
    from cratewheel.plugins.other_backend import OtherProject

Selected = tuple[Path, Path]  # a file, and its path in the wheel
MODULE_ENDINGS = (".so", ".pyd")


@hookimpl
def hatch_register_build_hook() -> type[CratewheelBuildHook]:
    """Return the hook; hatchling calls this."""
    return CratewheelBuildHook


class CratewheelBuildHook(BuildHookInterface[BuilderConfig]):
    """Compiles the crates of [tool.cratewheel] and adds them to wheels, and their sources to source distributions."""

    PLUGIN_NAME = "cratewheel"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add our files to `build_data`, which hatchling then packs."""
        self._stack = ExitStack()
        if self.target_name not in ("wheel", "sdist"):
            return
        from cratewheel.backend import hook_call
        from cratewheel.plugins.other_backend import compile_wheel, crate_files
        from cratewheel.system.files.temporary import temporary_folder

        selected = tuple(self._selected()) if self.target_name == "wheel" else ()
        project = self._project(selected)
        try:
            # errors of hatchling's are not for `hook_call`, which reports an unknown one as a bug of cratewheel
            with hook_call(None, project.root) as call:
                check_settings(project.root, self.config, self.target_name)
                scratch = self._stack.enter_context(temporary_folder())
                if self.target_name == "wheel":
                    editable = version == "editable"
                    built = compile_wheel(call, project, scratch, editable=editable)
                    self._add_compiled(built, build_data, selected, editable=editable)
                else:
                    self._add_crates(crate_files(call, project), build_data, scratch)
        except BaseException:
            self._stack.close()
            raise

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the temporary files, after hatchling has packed them."""
        self._stack.close()

    def dependencies(self) -> list[str]:
        """Return what compiling needs, which frontends install."""
        if self.target_name != "wheel":
            return []
        from cratewheel.backend import compile_requirements, hook_call

        with hook_call(None, Path(self.root)) as call:
            return compile_requirements(call)

    def _project(self, selected: Iterable[Selected]) -> OtherProject:
        from cratewheel.plugins.other_backend import OtherProject

        core = self.metadata.core
        return OtherProject(
            root=Path(self.root),
            backend="hatchling",
            name=core.raw_name,
            version=self.metadata.version,
            requires_python=core.requires_python or None,
            requires_dist=tuple(core.dependencies),
            packages=dict(_packages(selected)),
        )

    def _selected(self) -> Iterator[Selected]:
        """Yield the files that hatchling selects for a wheel, and their paths in it."""
        for file in self.build_config.builder.recurse_selected_project_files():
            yield Path(file.path), Path(file.distribution_path)

    def _add_compiled(
        self, built: Extension, build_data: dict[str, Any], selected: Iterable[Selected], *, editable: bool
    ) -> None:
        from cratewheel.plugins.other_backend import folder_in_project, is_program, place_file, place_in_wheel

        build_data["pure_python"] = built.tag.platform == ("any",)  # where Rust is optional, and failed
        build_data["tag"] = str(built.tag)  # hatchling gives editable wheels a tag of its own
        folders = {place.parent: path.parent for path, place in selected if path.suffix == ".py"}
        if not editable:
            stale = stale_modules(built.files, (place for _, place in selected))
            self.build_config.build_reserved_paths.update(stale)
            build_data["force_include"] |= {
                str(file): str(place) for file in built.made if (place := place_in_wheel(file, folders)) is not None
            }
        for one in built.files:
            name = one.path.name
            if is_program(str(one.path)):
                build_data["shared_scripts"][str(one.file)] = name
            elif editable and (folder := folder_in_project(Path(one.path), folders)) is not None:
                place_file(one.file, folder / name)
            else:
                build_data["force_include"][str(one.file)] = str(one.path)
                if build_data["force_include_editable"]:  # if another hook sets it, hatchling takes only these
                    build_data["force_include_editable"][str(one.file)] = str(one.path)
        for one in built.licences:
            build_data["force_include"][str(one.file)] = str(one.path)
        if "sbom_files" in build_data:
            build_data["sbom_files"] += [str(one.file) for one in built.sboms]
        else:  # before hatchling 1.28
            build_data["force_include"] |= {str(one.file): str(one.path) for one in built.sboms}

    def _add_crates(self, files: Iterable[CrateFile], build_data: dict[str, Any], scratch: Path) -> None:
        from cratewheel.archive.layout import Generated

        for file in files:
            entry = file.entry
            if not file.needed and self.build_config.path_is_excluded(entry.path):
                continue  # by the project's own settings
            if isinstance(entry.source, Generated):
                path = scratch / entry.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(entry.source.data)
                build_data["force_include"][str(path)] = entry.path
            else:
                build_data["force_include"][entry.source.path] = entry.path


def _packages(selected: Iterable[Selected]) -> Iterator[tuple[str, Path]]:
    """Yield the top-level packages of a wheel, and the folders that they lie in."""
    for path, place in selected:
        depth = len(place.parts)
        if path.suffix == ".py" and depth > 1 and path.parts[-depth:] == place.parts:
            yield place.parts[0], path.parents[depth - 1]


def stale_modules(files: Iterable[ExtensionFile], places: Iterable[Path]) -> tuple[str, ...]:
    """Return which paths of a wheel have modules that editable installs have written into the project."""
    built = {(Path(one.path.parent), _stem(one.path)) for one in files if one.path.name.endswith(MODULE_ENDINGS)}
    return tuple(
        str(place) for place in places if place.name.endswith(MODULE_ENDINGS) and (place.parent, _stem(place)) in built
    )


def _stem(path: PurePath) -> str:
    return path.name.partition(".")[0]


def check_settings(root: Path, config: Mapping[str, Any], target: str) -> None:
    """Raise `ConfigError` if hatchling has other settings of the hook than pyproject.toml, where we read them."""
    from cratewheel.errors import ConfigError
    from cratewheel.project import pyproject

    found = pyproject.read(root / "pyproject.toml")
    own = {key: value for key, value in config.items() if key not in pyproject.HATCH_KEYS}
    if own != found.tools.hook:
        place = found.tools.hook_place or pyproject.HATCH_HOOKS[-1]
        raise ConfigError(
            f"the build hook has other settings for the target {target} than [{place}] in {found.path}",
            hint=f"write them in [{pyproject.HATCH_HOOKS[-1]}] of pyproject.toml, for all targets",
        )
