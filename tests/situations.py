"""Inputs for a plan, from values alone: any machine, any set of interpreters, any crate, with no program started."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crate_graphs import BIN, CDYLIB, HOME, app, crate, detected, graph, target
from cratewheel.cargo.manifest import Manifest
from cratewheel.cargo.model import CargoMetadata, CrateTarget
from cratewheel.cargo.query import Rustc
from cratewheel.interpreter import foreign
from cratewheel.interpreter.known_table import known, named
from cratewheel.interpreter.model import Implementation, Interpreter
from cratewheel.interpreter.own_target import chosen_target
from cratewheel.options.arguments import parse_flags
from cratewheel.options.resolve import resolve
from cratewheel.options.tool_tables import ToolTables
from cratewheel.project.inputs import Inputs
from cratewheel.project.location import Location
from cratewheel.project.metadata import CoreMetadata
from cratewheel.project.pyproject import PyProject
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.project.read import Project
from cratewheel.targets.platform_tags import MACOS_DEFAULTS
from cratewheel.targets.system_versions import NO_VERSIONS, System
from cratewheel.targets.triples import Target
from cratewheel.targets.triples import parse as parse_target
from cratewheel.ui import Ui

GRAALPY_RELEASES = {(3, 10): "240", (3, 11): "242", (3, 12): "250"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A kind of machine: rustc's triple for it, and what its Pythons say of themselves."""

    triple: str
    system: str
    platform: str | None
    words: str
    width: int = 64

    def cpython(self, minor: int, flags: str = "", **changes: Any) -> Interpreter:
        """Return CPython 3.`minor`; of the flags, `t` is without the GIL and `d` a debug build."""
        if self.system == "windows":
            debug = "_d" if "d" in flags else ""
            suffix = f"{debug}.cp3{minor}{flags.replace('d', '')}-{self.words}.pyd"
        else:
            suffix = f".cpython-3{minor}{flags}-{self.words}.so"
        return self._python("cpython", minor, suffix, flags, **changes)

    def pypy(self, minor: int, **changes: Any) -> Interpreter:
        """Return PyPy 7.3 for the language of Python 3.`minor`."""
        ending = "pyd" if self.system == "windows" else "so"
        return self._python("pypy", minor, f".pypy3{minor}-pp73-{self.words}.{ending}", **changes)

    def graalpy(self, minor: int, **changes: Any) -> Interpreter:
        """Return GraalPy for the language of Python 3.`minor`."""
        suffix = f".graalpy{GRAALPY_RELEASES[3, minor]}-3{minor}-native-{self.words}.so"
        return self._python("graalpy", minor, suffix, **changes)

    def cpythons(self, *names: str) -> tuple[Interpreter, ...]:
        """Return the interpreters of these names: `8`, `13t`, `14td`, `pp11`, `graal12`."""
        return tuple(self.python(name) for name in names)

    def python(self, name: str) -> Interpreter:
        """Return the interpreter of a short name: `8`, `13t`, `14td`, `pp11`, `graal12`."""
        if name.startswith("pp"):
            return self.pypy(int(name.removeprefix("pp")))
        if name.startswith("graal"):
            return self.graalpy(int(name.removeprefix("graal")))
        digits = name.rstrip("td")
        return self.cpython(int(digits), name.removeprefix(digits))

    def _python(
        self, implementation: Implementation, minor: int, suffix: str, flags: str = "", **changes: Any
    ) -> Interpreter:
        name = f"{implementation}3.{minor}{flags}"
        words = suffix.strip(".").split(".")[0].split("-")
        python = Interpreter(
            implementation=implementation,
            implementation_name=implementation,
            version=(3, minor),
            abiflags=flags,
            ext_suffix=suffix,
            soabi="-".join(words),
            platform=self.platform,
            system=self.system,
            executable=Path(f"/pythons/{name}/bin/python"),
            pointer_width=self.width,
            gil_disabled="t" in flags,
            debug="d" in flags,
        )
        return replace(python, **changes)


LINUX = Machine(triple="x86_64-unknown-linux-gnu", system="linux", platform="linux_x86_64", words="x86_64-linux-gnu")
LINUX_ARM = Machine(
    triple="aarch64-unknown-linux-gnu", system="linux", platform="linux_aarch64", words="aarch64-linux-gnu"
)
LINUX_ARMV7 = Machine(
    triple="armv7-unknown-linux-gnueabihf",
    system="linux",
    platform="linux_armv7l",
    words="arm-linux-gnueabihf",
    width=32,
)
LINUX_RISCV = Machine(
    triple="riscv64gc-unknown-linux-gnu", system="linux", platform="linux_riscv64", words="riscv64-linux-gnu"
)
MUSL = Machine(triple="x86_64-unknown-linux-musl", system="linux", platform="linux_x86_64", words="x86_64-linux-musl")
MACOS_ARM = Machine(triple="aarch64-apple-darwin", system="darwin", platform=None, words="darwin")
MACOS_INTEL = Machine(triple="x86_64-apple-darwin", system="darwin", platform=None, words="darwin")
WINDOWS = Machine(triple="x86_64-pc-windows-msvc", system="windows", platform="win_amd64", words="win_amd64")
WINDOWS_ARM = Machine(triple="aarch64-pc-windows-msvc", system="windows", platform="win_arm64", words="win_arm64")
WINDOWS_32 = Machine(triple="i686-pc-windows-msvc", system="windows", platform="win32", words="win32", width=32)
FREEBSD = Machine(
    triple="x86_64-unknown-freebsd", system="freebsd", platform="freebsd_14_1_release_amd64", words="freebsd14"
)


def pyo3(
    version: str = "0.26.0",
    *features: str,
    targets: tuple[CrateTarget, ...] = (CDYLIB,),
    of_the_crate: Mapping[str, tuple[str, ...]] | None = None,
    on: tuple[str, ...] = (),
) -> CargoMetadata:
    """Return a crate that uses pyo3 with these features; `of_the_crate` are its own, of which some are `on`."""
    ffi = crate("pyo3-ffi", version)
    return graph(
        app(*targets, features=of_the_crate),
        crate("pyo3", version),
        ffi,
        features={"pyo3": features, "pyo3-ffi": tuple(name for name in features if name.startswith("abi3")), "app": on},
    )


def pyo3_ffi(version: str = "0.26.0", *features: str) -> CargoMetadata:
    """Return a crate that uses pyo3-ffi alone."""
    return graph(app(CDYLIB), crate("pyo3-ffi", version), features={"pyo3-ffi": features})


def plain(
    *targets: CrateTarget,
    of_the_crate: Mapping[str, tuple[str, ...]] | None = None,
    on: tuple[str, ...] = (),
) -> CargoMetadata:
    """Return a crate without any crate for Python: a program, or a library for cffi."""
    return graph(app(*targets, features=of_the_crate), features={"app": on})


RUST_CPYTHON = graph(
    app(CDYLIB), crate("cpython", "0.7.2"), crate("python3-sys", "0.7.2"), features={"cpython": ("extension-module",)}
)
UNIFFI = graph(app(CDYLIB), crate("uniffi", "0.29.4"))
CFFI = plain(CDYLIB)
PROGRAM = plain(BIN)


def program(name: str, *required_features: str) -> CrateTarget:
    """Return a program of the crate."""
    return replace(target(name, "bin", source=f"src/bin/{name}.rs"), required_features=required_features)


def modules(name: str = "app", *, mixed: bool = False) -> ModuleLayout:
    """Return where the module is, from its dotted name."""
    parts = tuple(name.split("."))
    return ModuleLayout(
        module_name=name,
        extension_name=parts[-1],
        package_parts=parts[:-1],
        mixed=mixed,
        python_source=HOME / "python" if mixed else HOME,
        package_dir=HOME / "python" / parts[0] if mixed else None,
        python_packages=(),
        data=None,
    )


def project(tool: Mapping[str, Any] | None = None, *, pyproject: bool = True) -> Project:
    """Return the files of the project `app`; `tool` is its [tool.maturin]."""
    manifest = HOME / "Cargo.toml"
    file = PyProject(
        path=HOME / "pyproject.toml",
        requires=("cratewheel",),
        build_backend="cratewheel",
        project={"name": "app"},
        tools=ToolTables(path=HOME / "pyproject.toml", maturin=tool or {}, cratewheel={}),
        dependency_groups={},
    )
    return Project(
        location=Location(manifest=manifest, pyproject=file if pyproject else None, root=HOME, cwd=HOME),
        manifest=Manifest(
            path=manifest,
            document={},
            package={"name": "app", "version": "0.1.0"},
            lib={},
            bins=(),
            features={},
            workspace_root=HOME,
            workspace_manifest=None,
        ),
    )


METADATA = CoreMetadata(
    name="app",
    version="0.1.0",
    requires_python=None,
    requires_dist=(),
    headers=(),
    description=None,
    text="",
    entry_points="",
    license_files=(),
    scripts=(),
    notes=(),
    warnings=(),
)


def _versions(built_for: Target) -> System:
    """Return what is known of the system when no variable is set: of macOS what rustc links for."""
    if built_for.os != "macos":
        return NO_VERSIONS
    return System(macos=tuple((one.arch, MACOS_DEFAULTS[one.arch]) for one in built_for.slices))


def situation(
    words: str = "",
    *,
    cargo: CargoMetadata,
    machine: Machine = LINUX,
    pythons: Iterable[str | Interpreter] = (),
    named: bool = False,
    installed: bool = False,
    tool: Mapping[str, Any] | None = None,
    module: ModuleLayout | None = None,
    pyproject: bool = True,
    rustc: tuple[int, int, int] = (1, 95, 0),
    host: str | None = None,
    system: System | None = None,
    with_features: Mapping[tuple[str, ...], CargoMetadata] | None = None,
    cargo_target: str | None = None,
    **facts: Any,
) -> Inputs:
    """Return the facts when `cratewheel build` is called with `words` for the crate `cargo` on `machine`.

    `pythons` are the interpreters of the machine; as in discovery, those that the bindings do not support take no part,
    unless the user `named` them, or the wheel is `installed` for the one of an environment. `tool` is the project's
    [tool.maturin].
    """
    files = project(tool, pyproject=pyproject)
    built_for = parse_target(machine.triple)
    flags = parse_flags("build", "", shlex.split(words))
    options, _ = resolve(
        flags,
        environ={},
        tools=files.pyproject.tools if files.pyproject else None,
        defaults={"interpreter": ("python",)} if installed else {},
    )
    bindings = detected(cargo, requested=options.bindings)
    known = [machine.python(name) if isinstance(name, str) else name for name in pythons]
    if named:
        known = [replace(python, requested=python.display) for python in known]
    return Inputs(
        options=options,
        project=files,
        metadata=METADATA,
        modules=module or modules(),
        cargo=cargo,
        bindings=bindings,
        cargo_target=cargo_target or (options.target[0] if options.target else None),
        rustc=Rustc(version=rustc, host=host or machine.triple),
        target=built_for,
        system=system or _versions(built_for),
        interpreters=tuple(python for python in known if python.requested or bindings.supported.fits(python)),
        conditional_bindings={chosen: detected(crates) for chosen, crates in (with_features or {}).items()},
        **facts,
    )


def by_python(machine: Machine, python: Machine, *names: str, cargo: CargoMetadata, words: str = "") -> Inputs:
    """Return the facts when Pythons of another processor are used on a machine: they decide the target."""
    arch = parse_target(python.triple).arch
    pythons = [replace(one, arch=arch) for one in python.cpythons(*names)]
    triple = chosen_target(pythons, parse_target(machine.triple))
    assert triple == python.triple, "the Python's own target"
    return situation(
        words, cargo=cargo, machine=python, pythons=pythons, host=machine.triple, named=True, cargo_target=triple
    )


def not_here(machine: Machine, *words: str) -> tuple[Interpreter, ...]:
    """Return the Pythons that `-i` names without their being on the machine: those of the table."""
    table = known(parse_target(machine.triple))
    return tuple(one for word in words for one in named(table, word))


def from_elsewhere(
    triple: str,
    *,
    cargo: CargoMetadata,
    pythons: tuple[str, ...] = (),
    words: str = "",
    system: System | None = None,
    host: str = "x86_64-unknown-linux-gnu",
) -> Inputs:
    """Return the facts when a machine that is no `triple` builds for it: its Pythons are those of the table."""
    target = parse_target(triple)
    bindings = detected(cargo)
    found = foreign.find(
        pythons,
        target=target,
        supported=bindings.supported,
        requires_python=None,
        environ={},
        reporter=Ui(out=io.StringIO(), err=io.StringIO()),
        allow_empty=True,
    )
    machine = Machine(triple=triple, system=target.python_os, platform=None, words="")
    return situation(
        f"--target {triple} {words}",
        cargo=cargo,
        machine=machine,
        pythons=found if bindings.per_interpreter else (),
        host=host,
        system=system,
        foreign=True,
    )
