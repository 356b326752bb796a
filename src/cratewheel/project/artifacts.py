"""The facts of a wheel's listed artifacts: crate, target, kind and place of each.

An artifact has its own answers of cargo, for its crate with its features, so its bindings are found as those of a
project with one artifact are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path, PurePosixPath

from cratewheel.bindings.detect import EXTENSION_KINDS, RUST_CPYTHON_CRATES, Bindings
from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.cargo.command import shared_arguments
from cratewheel.cargo.model import CargoMetadata, CrateTarget, Package
from cratewheel.errors import ConfigError, did_you_mean
from cratewheel.events import Reporter
from cratewheel.options.model import Options
from cratewheel.options.values import ArtifactKind, ArtifactSettings
from cratewheel.project.bindings import read_bindings
from cratewheel.project.cargo_metadata import CargoAnswer, query_crate
from cratewheel.project.python_layout import ModuleLayout, check_module_name, has_package, place_module, read_modules
from cratewheel.project.read import Project
from cratewheel.system.tasks import task_group

LIBRARY_KINDS = frozenset({"lib", "cdylib", "dylib", "rlib", "staticlib"})
LINKED_TYPES = frozenset({"lib", "rlib", "dylib"})  # those of a library that other crates use
IMPORTED: tuple[ArtifactKind, ...] = ("extension", "cffi", "uniffi")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crate:
    """What cargo and the tables say of a listed artifact.

    `name` is the cargo target's, by which messages and `--prebuilt` name the artifact; `place` is its table. `module`
    is the dotted name of what is imported.
    """

    name: str
    place: str
    settings: ArtifactSettings
    kind: ArtifactKind
    target: CrateTarget
    module: str | None
    options: Options
    project: Project
    cargo: CargoMetadata
    bindings: Bindings


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(_Crate):
    """One listed artifact: what it has of its own, where `Inputs` has that of the project.

    `modules` is the layout of its module; of what is not imported, that of the project's Python files. `is_linked` says
    that another artifact is linked with the same library: a program of its crate, or a crate that depends on it;
    `beside_linked` that there is such a library among the artifacts.
    """

    modules: ModuleLayout
    conditional_bindings: Mapping[tuple[str, ...], Bindings] = field(default_factory=dict)
    is_linked: bool = False
    beside_linked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """An artifact before cargo is asked about its crate."""

    place: str
    settings: ArtifactSettings
    package: Package
    target: CrateTarget


def read_parts(
    answer: CargoAnswer, options: Options, project: Project, *, environ: Mapping[str, str], reporter: Reporter
) -> tuple[Part, ...]:
    """Return the listed artifacts; none where the project does not list any.

    Raises `ConfigError` for a crate, target or kind that cannot be, and for two artifacts at one place.
    """
    if not options.artifacts:
        return ()
    if options.bindings is not None:
        raise ConfigError(
            f"{options.origins['bindings']} and {options.origins['artifacts']} both say what the bindings are",
            hint="write `kind` into the tables of the artifacts instead",
        )
    chosen = _chosen(options, answer.cargo)
    with task_group() as group:
        tasks = [group.start(partial(_read_crate, one, answer, options, project, environ, reporter)) for one in chosen]
        crates = [task.result() for task in tasks]
    _refuse_doubles(crates)
    return _placed(crates, options, project)


def artifact_manifests(options: Options, cargo: CargoMetadata) -> tuple[Path, ...]:
    """Return the Cargo.toml of each listed artifact's crate; raises as `read_parts` does."""
    return tuple(dict.fromkeys(one.package.manifest_path for one in _chosen(options, cargo)))


def module_names(options: Options, cargo: CargoMetadata) -> tuple[str, ...]:
    """Return the dotted names of the modules among the listed artifacts, as far as their tables tell."""
    return tuple(
        one.settings.module or one.target.name
        for one in _chosen(options, cargo)
        if one.settings.module or not (one.settings.path or one.settings.kind == "library" or _is_program(one.target))
    )


def _chosen(options: Options, cargo: CargoMetadata) -> tuple[_Chosen, ...]:
    if not options.artifacts:
        return ()
    key = options.origins["artifacts"].name
    return tuple(choose(f"{key}[{at}]", settings, cargo) for at, settings in enumerate(options.artifacts))


def _placed(crates: Sequence[_Crate], options: Options, project: Project) -> tuple[Part, ...]:
    """Return the artifacts with the layout of each module, in that of the project."""
    base = project_modules(options, project, [one.module for one in crates if one.module is not None])
    linked = [any(_links(other, one) for other in crates) for one in crates]
    return tuple(
        Part(
            **{each.name: getattr(one, each.name) for each in fields(one)},
            modules=base if one.module is None else place_module(base, one.module),
            is_linked=is_linked,
            beside_linked=any(linked),
        )
        for one, is_linked in zip(crates, linked, strict=True)
    )


def _links(other: _Crate, library: _Crate) -> bool:
    """Return whether an artifact is linked with the library that another one is."""
    if not _is_library(library.target) or LINKED_TYPES.isdisjoint(library.target.crate_types):
        return False
    if other.cargo.root == library.cargo.root:
        return not _is_library(other.target)
    return library.cargo.root in other.cargo.closure()


def project_modules(options: Options, project: Project, names: Sequence[str]) -> ModuleLayout:
    """Return the layout of the project's Python files, with the packages around all modules with these `names`."""
    folders = [split_path(one.path)[0].parts[:1] for one in options.artifacts if one.path is not None]
    around = [part for parts in folders for part in parts]
    inside = [name for name in (*names, options.module_name, _project_name(project), *around) if name]
    main = next((name for name in inside if has_package(project, options, name)), next(iter(names), None))
    base = read_modules(project, replace(options, module_name=main or options.module_name), binary=not names)
    others = [place_module(base, name) for name in names if name != main]
    packages = {one.package_dir for one in others} | {base.python_source / name for name in around}
    more = sorted(
        one.name for one in packages - {base.package_dir, None} if one and has_package(project, options, one.name)
    )
    return replace(
        base,
        python_packages=tuple(dict.fromkeys((*base.python_packages, *more))),
        other_extensions=tuple(one.extension_name for one in others),
    )


def _project_name(project: Project) -> str | None:
    table = (project.pyproject.project if project.pyproject is not None else None) or {}
    name = table.get("name")
    return name.replace("-", "_") if isinstance(name, str) else None


# -- the choice of crate, target and kind


def choose(place: str, settings: ArtifactSettings, cargo: CargoMetadata) -> _Chosen:
    """Return the package and target of an artifact; raises `ConfigError` if there is none, or it does not fit."""
    package = _find_package(place, settings, cargo)
    return _Chosen(place=place, settings=settings, package=package, target=_find_target(place, settings, package))


def _find_package(place: str, settings: ArtifactSettings, cargo: CargoMetadata) -> Package:
    if settings.crate is None:
        return cargo.root_package
    own = {package.name: package for package in cargo.packages.values() if package.source is None}
    if settings.crate not in own:
        names = sorted(own)
        libraries = {target.name: one.name for one in own.values() for target in one.targets if _is_library(target)}
        of_library = libraries.get(settings.crate)
        raise ConfigError(
            f"{place}.crate is `{settings.crate}`, which is no crate of the workspace {cargo.workspace_root}",
            hint=(f"write `{of_library}`, whose library it is" if of_library else did_you_mean(settings.crate, names))
            or f"the crates are {', '.join(names)}",
        )
    return own[settings.crate]


def _find_target(place: str, settings: ArtifactSettings, package: Package) -> CrateTarget:
    targets = [one for one in package.targets if _is_library(one) or _is_program(one) or "example" in one.kinds]
    wants_program = settings.kind == "bin"
    if settings.target is not None:
        named = [one for one in targets if one.name == settings.target]
        found = named or [one for one in targets if _same_name(one.name, settings.target)]
    elif wants_program:
        found = [one for one in targets if "bin" in one.kinds]
    else:
        found = [one for one in targets if _is_library(one)] or [one for one in targets if "bin" in one.kinds]
    if not found:
        names = sorted({one.name for one in targets})
        wanted = f"no target `{settings.target}`" if settings.target else "neither a library nor a program"
        raise ConfigError(
            f"{place}: {package.manifest_path} has {wanted}",
            hint=(did_you_mean(settings.target, names) if settings.target else None)
            or (f"its libraries, programs and examples are {', '.join(names)}" if names else "name another `crate`"),
        )
    fitting = [one for one in found if settings.kind is None or _is_program(one) == wants_program]
    if not fitting:
        what = "a program" if _is_program(found[0]) else "a library"
        raise ConfigError(
            f"{place}: `{found[0].name}` is {what}, which cannot be of the kind {settings.kind}",
            hint='correct `kind`: a program is "bin", a library is one of extension, cffi, uniffi, library',
        )
    several = [one.name for one in fitting if one.kinds == fitting[0].kinds]
    if settings.target is None and len(several) > 1:
        raise ConfigError(
            f"{place}: {package.name} has {len(several)} programs",
            hint=f"name one with `target`: {', '.join(several)}",
        )
    (target, *_) = fitting
    if not _is_program(target) and "cdylib" not in target.crate_types:
        section = "[[example]]" if "example" in target.kinds else "[lib]"
        raise ConfigError(
            f"{place}: the library `{target.name}` of {package.manifest_path} is of the crate type "
            f"{', '.join(target.crate_types)}, which Python and C cannot load",
            hint=f'write `crate-type = ["cdylib"]` below {section}; add "lib" if other crates or programs use it',
        )
    return target


def _is_library(target: CrateTarget) -> bool:
    return not LIBRARY_KINDS.isdisjoint(target.kinds)


def _is_program(target: CrateTarget) -> bool:
    return "bin" in target.crate_types


def _same_name(name: str, wanted: str) -> bool:
    return name.replace("-", "_") == wanted.replace("-", "_")


# -- what cargo says of the crate


def _read_crate(
    chosen: _Chosen,
    answer: CargoAnswer,
    options: Options,
    project: Project,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> _Crate:
    settings = chosen.settings
    own = chosen.package.id == answer.cargo.root
    # a feature of the project is one of its crate; other crates have others
    features = (*(options.features if own else ()), *settings.features)
    flagged = any(options.origins[name].kind == "flag" for name in ("profile", "release") if name in options.origins)
    profile = options.profile if settings.profile is None or flagged else settings.profile
    release = options.release and (flagged or settings.profile is None)
    mine = replace(options, features=features, profile=profile, release=release)
    if not own:
        project = replace(project, manifest=cargo_manifest.read(chosen.package.manifest_path))
    if not (mine.features or options.features or _chooses_features(options)):
        answer = replace(answer, cargo=replace(answer.cargo, root=chosen.package.id))  # cargo has told of all crates
    elif not own or mine.features != options.features:
        answer = query_crate(answer, mine, project, environ=environ, reporter=reporter)
    kind, mine, bindings = _find_kind(chosen, answer, mine, environ)
    _check_features(chosen, bindings)
    return _Crate(
        name=chosen.target.name,
        place=chosen.place,
        settings=settings,
        kind=kind,
        target=chosen.target,
        options=mine,
        project=project,
        module=_module_name(kind, chosen, options, project, own=own),
        cargo=answer.cargo,
        bindings=bindings,
    )


def _chooses_features(options: Options) -> bool:
    """Return whether features are chosen other than by name: cargo then answers for each crate differently."""
    return options.all_features or options.no_default_features or bool(shared_arguments(options.cargo_extra_args))


def _find_kind(
    chosen: _Chosen, answer: CargoAnswer, options: Options, environ: Mapping[str, str]
) -> tuple[ArtifactKind, Options, Bindings]:
    """Return the kind of an artifact, with the options and bindings of a project of that kind."""
    place, kind, package = chosen.place, chosen.settings.kind, chosen.package.name
    if _is_program(chosen.target):
        kind = "bin"
        if chosen.settings.module is not None:
            raise ConfigError(
                f"{place}: `{chosen.target.name}` is a program, and has a `module`",
                hint="remove it: a program is put on PATH, or into the folder `path`",
            )
    if kind == "library" and chosen.settings.path is None:
        raise ConfigError(
            f"{place} is a library, and has no `path`", hint="name a folder of the wheel, such as one of your package"
        )
    if kind in ("extension", "cffi", "uniffi") and chosen.settings.path is not None:
        raise ConfigError(
            f"{place} has a `path`, and the kind {kind} lies where its `module` says",
            hint="name the place with `module`",
        )
    if kind in ("cffi", "uniffi", "bin", "library"):
        options = replace(options, bindings=kind)
        return kind, options, read_bindings(answer, options, environ)
    bindings = read_bindings(answer, replace(options, bindings="bin"), environ)
    if bindings.crate is not None:
        requested = "rust-cpython" if bindings.crate in RUST_CPYTHON_CRATES else "pyo3"
        bindings = read_bindings(answer, replace(options, bindings=requested), environ)
        if chosen.settings.path is not None:
            raise ConfigError(
                f"{place} has a `path`, and {package} is an extension module, which lies where its name says",
                hint='name it with `module`, or write `kind = "library"` if Python does not import it',
            )
        return "extension", options, bindings
    bindings = read_bindings(answer, options, environ) if kind is None else bindings
    if kind == "extension":
        raise ConfigError(
            f"{place} has the kind extension, and {package} depends neither on pyo3 nor on rust-cpython",
            hint=f"add it with `cargo add pyo3 --package {package}`, or correct `kind` or `features`",
        )
    if chosen.settings.path is not None:
        return _find_kind(replace(chosen, settings=replace(chosen.settings, kind="library")), answer, options, environ)
    assert bindings.kind not in EXTENSION_KINDS
    found: ArtifactKind = "uniffi" if bindings.kind == "uniffi" else "cffi"
    return _find_kind(replace(chosen, settings=replace(chosen.settings, kind=found)), answer, options, environ)


def _check_features(chosen: _Chosen, bindings: Bindings) -> None:
    missing = sorted(set(chosen.target.required_features) - bindings.package_features)
    if missing:
        raise ConfigError(
            f"{chosen.place}: `{chosen.target.name}` needs the features {', '.join(missing)}, which are off",
            hint=f"write `features = [{', '.join(f'{chr(34)}{name}{chr(34)}' for name in missing)}]` into its table",
        )


def _module_name(kind: ArtifactKind, chosen: _Chosen, options: Options, project: Project, *, own: bool) -> str | None:
    if kind not in IMPORTED:
        return None
    if chosen.settings.module is not None:
        check_module_name(chosen.settings.module, chosen.place)
        return chosen.settings.module
    if own and _is_library(chosen.target):  # as that of a project without listed artifacts
        return read_modules(project, options, binary=True).module_name
    return chosen.target.name


# -- places


def _refuse_doubles(parts: Sequence[_Crate]) -> None:
    """Raise `ConfigError` for two artifacts at one place of the wheel."""
    seen: dict[str, _Crate] = {}
    for part in parts:
        where = _where(part)
        if where in seen:
            raise ConfigError(
                f"{seen[where].place} and {part.place} are both {where}",
                hint="give one of them another `module` or `path`",
            )
        seen[where] = part


def describe(part: _Crate) -> str:
    """Return what an artifact is and where it lies, in a few words: `the module px._fast`."""
    if part.module is not None:
        return f"the module {part.module}"
    what = "program" if part.kind == "bin" else "library"
    return f"the {what} {part.name}" + (f" in {part.settings.path}" if part.settings.path else "")


def _where(part: _Crate) -> str:
    """Return the place of an artifact: there is one for each name that an import, a shell or a path leads to."""
    if part.module is not None or part.settings.path is None:
        return describe(part)
    folder, name = split_path(part.settings.path)
    return f"the file {folder / (name or part.name)}"


def split_path(path: str) -> tuple[PurePosixPath, str | None]:
    """Return the folder of a `path`, and the file's name where the last part has a dot.

    >>> split_path("px/lib/"), split_path("px/plugins/fast.so")
    ((PurePosixPath('px/lib'), None), (PurePosixPath('px/plugins'), 'fast.so'))
    """
    whole = PurePosixPath(path)
    named = "." in whole.name and not path.endswith("/")
    return (whole.parent, whole.name) if named else (whole, None)
