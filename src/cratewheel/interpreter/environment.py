"""The Python environment that a project is installed into."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cratewheel.archive.install import InstallPaths
from cratewheel.errors import ConfigError, MissingToolError
from cratewheel.system import utf8
from cratewheel.system.command import Command, capture, which

if TYPE_CHECKING:
    from cratewheel.archive.install import InstallPaths

_ASK = r"""
import json, os, platform, sys, sysconfig
v = sys.implementation.version
kind = v.releaselevel
print(json.dumps({
    "executable": sys.executable,
    "prefix": sys.prefix,
    "venv": sys.prefix != sys.base_prefix,
    "managed": os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")),
    "conda": os.path.isdir(os.path.join(sys.prefix, "conda-meta")),
    "paths": sysconfig.get_paths(),
    "markers": {
        "implementation_name": sys.implementation.name,
        "implementation_version": "%d.%d.%d" % v[:3] + ("" if kind == "final" else kind[0] + str(v.serial)),
        "os_name": os.name, "platform_machine": platform.machine(), "platform_release": platform.release(),
        "platform_system": platform.system(), "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "platform_python_implementation": platform.python_implementation(),
        "python_version": ".".join(platform.python_version_tuple()[:2]), "sys_platform": sys.platform,
    },
}))
"""


PIXI_DEFAULT = ".pixi/envs/default"
PIXI_MARK = "conda-meta/pixi_env_prefix"


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyOptions:
    """The extras and dependency groups to install, and the program that installs them."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    uv: bool = False
    pip: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A Python environment: its paths, its values for markers, and whether uv or pixi created it, without a pip."""

    paths: InstallPaths
    markers: Mapping[str, str]
    prefers_uv: bool

    @property
    def site_folders(self) -> tuple[str, ...]:
        """The folders of installed distributions."""
        return tuple(dict.fromkeys((str(self.paths.platlib), str(self.paths.purelib))))


def find_python(named: str | None, *, environ: Mapping[str, str], cwd: Path) -> Path:
    """Return the interpreter of the environment to install into.

    That is the one `named`, else that of VIRTUAL_ENV or CONDA_PREFIX, else of the nearest `.venv` or pixi environment
    upward. Raises `MissingToolError` when there is none or it has no Python, and `ConfigError` when two are active.
    """
    if named is not None:
        found = which(named, environ)
        if found is None:
            raise MissingToolError(f"the interpreter `{named}` was not found", hint="name it by its path")
        return found
    active = _active_environments(environ)
    if len(set(active.values())) > 1:
        both = " and ".join(f"{name} ({path})" for name, path in active.items())
        raise ConfigError(f"two environments are active: {both}", hint="deactivate one, or name an interpreter with -i")
    nearby = (folder / name for folder in (cwd, *cwd.parents) for name in (".venv", PIXI_DEFAULT))
    folders = [*active.values(), *nearby]
    for folder in folders:
        for program in (folder / "bin" / "python", folder / "Scripts" / "python.exe", folder / "python.exe"):
            if program.is_file():
                return program
        if folder in active.values() or (folder.name == ".venv" and folder.is_dir()):
            variable = next((name for name, path in active.items() if path == folder), None)
            where = f"{variable} names {folder}, which" if variable else f"the environment {folder}"
            unset = f", or forget it: `unset {variable}`" if variable else ""
            raise MissingToolError(f"{where} has no Python in it", hint=f"{_create_again(folder)}{unset}")
    raise MissingToolError(
        "no environment to install into: none is active, and no .venv in this folder or its parents",
        hint="create one with `python3 -m venv .venv` or `uv venv`, or name an interpreter with -i",
    )


def _active_environments(environ: Mapping[str, str]) -> dict[str, Path]:
    """Return the environments that are active, by variable; conda's base, which shells activate, is the weakest."""
    active = {name: Path(environ[name]) for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if environ.get(name)}
    if "VIRTUAL_ENV" in active and environ.get("CONDA_DEFAULT_ENV") == "base":
        active.pop("CONDA_PREFIX", None)
    return active


def read_environment(python: Path, environ: Mapping[str, str]) -> Environment:
    """Return the environment of an interpreter.

    Raises `MissingToolError` if it is managed by the system, or if the interpreter is in the folder of an environment
    and installs elsewhere: then that folder is damaged, and the other Python is not ours to change.
    """
    done = capture(Command(argv=(str(python), "-I", *utf8.MODE, "-c", _ASK)), environ)
    if done.status:
        raise MissingToolError(
            f"{python} is not a working Python interpreter",
            notes=tuple(done.stderr.splitlines()),
            hint="create the environment again, or name another interpreter with -i",
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    _check_prefix(python, Path(answer["prefix"]), environ)
    if answer["managed"] and not answer["venv"]:
        raise MissingToolError(
            f"the environment of {python} is managed by the system (PEP 668)",
            hint="create a virtual environment: `python3 -m venv .venv`",
        )
    folders = {name: Path(path) for name, path in answer["paths"].items()}
    prefix = Path(answer["prefix"])
    config = prefix / "pyvenv.cfg"
    lines = config.read_text(encoding="utf-8", errors="replace").splitlines() if config.is_file() else []
    made_by_uv = any(line.partition("=")[0].strip() == "uv" for line in lines)
    return Environment(
        paths=InstallPaths(
            python=Path(answer["executable"] or python),
            platlib=folders["platlib"],
            purelib=folders["purelib"],
            scripts=folders["scripts"],
            data=folders["data"],
            headers=folders["data"] / "include" / "site" / folders["include"].name,
        ),
        markers=answer["markers"],
        prefers_uv=made_by_uv or (prefix / PIXI_MARK).is_file(),
    )


def _check_prefix(python: Path, prefix: Path, environ: Mapping[str, str]) -> None:
    """Raise `MissingToolError` if an environment's own Python installs elsewhere, as it does without a pyvenv.cfg."""
    folder = python.parent.parent if python.parent.name in ("bin", "Scripts") else python.parent
    active = [Path(environ[name]) for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if environ.get(name)]
    is_environment = folder in active or folder.name == ".venv" or (python.parent / "activate").is_file()
    if not is_environment or os.path.realpath(folder) == os.path.realpath(prefix):
        return
    why = "" if (folder / "pyvenv.cfg").is_file() else ": it has no pyvenv.cfg"
    raise MissingToolError(
        f"the environment {folder} is damaged{why}",
        notes=(f"its Python would install into {prefix}",),
        hint=_create_again(folder),
    )


def _create_again(folder: Path) -> str:
    if (folder / "conda-meta").is_dir():  # which holds more than Python
        return "install one there: `conda install python`, or `pixi add python`"
    marks = ("pyvenv.cfg", "bin/activate", "Scripts/activate")
    of_venv = folder.name == ".venv" or any((folder / mark).is_file() for mark in marks)
    if folder.is_dir() and not of_venv and any(folder.iterdir()):  # as /usr, which nobody should clear
        return "it is no virtual environment: create one with `python3 -m venv .venv` or `uv venv`"
    name = shlex.quote(str(folder))
    return f"create it again: `python3 -m venv --clear {name}` or `uv venv --clear {name}`"
