"""The files of the project's hooks, and what is known of their last run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from cratewheel.errors import ConfigError
from cratewheel.options.model import Options
from cratewheel.options.values import Hook
from cratewheel.project.read import Project
from cratewheel.system import files
from cratewheel.system.files import Roots
from cratewheel.system.files.json_cache import JsonCache
from cratewheel.system.files.links import REPOSITORIES

RECORD = "cratewheel-hooks.json"  # in a source distribution: what its hooks read and made
STATE = "cratewheel/hooks"  # the folder of the last runs, in the target directory
PYTHON = ("python", "python3")  # the first words that stand for the Python that runs us

Hashes = Mapping[str, str]  # paths relative to the project, with slashes → SHA-256


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """What a hook read and made when it ran: hashes by path, and the values of its variables that count.

    Of a source distribution, `variables` is None: its author has chosen them.
    """

    inputs: Hashes
    outputs: Hashes
    variables: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, object]:
        """Return the values that `parse_run` reads."""
        of_run = {} if self.variables is None else {"variables": dict(self.variables)}
        return {**of_run, "inputs": dict(self.inputs), "outputs": dict(self.outputs)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFiles:
    """The present files of a hook: what it reads, its own program among that, and what it made.

    `missing` are the globs of `outputs` that match nothing.
    """

    inputs: Hashes
    outputs: Hashes
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HookState:
    """A hook with its files and its last run, if it is known."""

    hook: Hook
    files: HookFiles
    last: LastRun | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlace:
    """Where hooks run and their files are: the project's folder, and the folders of build output, which have none.

    Of files that links lead to, only those in `roots` count.
    """

    root: Path
    roots: Roots
    built: tuple[Path, ...] = ()
    shipped: Mapping[str, LastRun] = field(default_factory=dict)


def fingerprint(hook: Hook) -> str:
    """Return a name for the definition of a hook: another one if anything but `sdist` is changed."""
    definition = [hook.run, hook.python, hook.when, hook.per, hook.inputs, hook.outputs]
    return hashlib.sha256(json.dumps(definition).encode()).hexdigest()[:32]


def state_name(hook: Hook, root: Path) -> str:
    """Return the file of a hook's last run; several projects may have one target directory."""
    return f"{hashlib.sha256(f'{fingerprint(hook)} {root}'.encode()).hexdigest()[:32]}.json"


def hook_place(project: Project, options: Options, target_dir: Path) -> HookPlace:
    """Return where the hooks of a project run; archives and cargo's output are no files of theirs."""
    built = tuple(folder for folder in (target_dir, options.target_dir, options.out) if folder is not None)
    return HookPlace(
        root=project.root,
        roots=project.roots,
        built=tuple(folder for folder in built if folder != project.root),
        shipped=read_shipped(project.root),
    )


def read_state(hook: Hook, place: HookPlace, cache: JsonCache) -> HookState:
    """Return a hook with its files as they are now; raises `ConfigError` for files that cannot be read."""
    last = parse_run(cache.read(state_name(hook, place.root))) or place.shipped.get(fingerprint(hook))
    return HookState(hook=hook, files=read_files(hook, place), last=last)


def read_files(hook: Hook, place: HookPlace) -> HookFiles:
    """Return the hashes of a hook's files; what it makes is not counted as its input."""
    outputs = output_paths(hook, place)
    inputs = {path for pattern in hook.inputs for path in _matches(pattern, place)}
    inputs.update(program_files(hook, place.root))
    return HookFiles(
        inputs=_hashes(inputs.difference(outputs), place.root),
        outputs=_hashes(outputs, place.root),
        missing=tuple(pattern for pattern in hook.outputs if not _matches(pattern, place)),
    )


def output_paths(hook: Hook, place: HookPlace) -> tuple[Path, ...]:
    """Return the present files that the globs of `outputs` match."""
    return tuple(dict.fromkeys(path for pattern in hook.outputs for path in _matches(pattern, place)))


def needed_paths(hook: Hook, place: HookPlace) -> tuple[Path, ...]:
    """Return the present files without which a hook cannot run: its inputs and its own program."""
    found = (path for pattern in hook.inputs for path in _matches(pattern, place))
    made = set(output_paths(hook, place))
    return tuple(path for path in dict.fromkeys((*found, *program_files(hook, place.root))) if path not in made)


def program_files(hook: Hook, root: Path) -> tuple[Path, ...]:
    """Return the files of the project that a hook's command or function names."""
    if hook.python is not None:
        return module_files(hook.python.partition(":")[0], root)
    words = map(Path, filter(None, hook.run))
    scripts = tuple(root / word for word in words if _is_inside(word) and (root / word).is_file())
    if hook.run[0] in PYTHON and hook.run[1:2] == ("-m",):
        return (*scripts, *(path for name in hook.run[2:3] for path in module_files(name, root)))
    return scripts


def check_module(hook: Hook, root: Path) -> None:
    """Raise `ConfigError` if the project does not have the module of a hook's function."""
    module = hook.python.partition(":")[0] if hook.python is not None else None
    if module is not None and not module_files(module, root):
        raise ConfigError(
            f"there is no module {module} in {root}: the hook `{hook}` names it",
            hint=f"create {root.joinpath(*module.split('.')).with_suffix('.py')}, or correct `python`",
        )


def _is_inside(path: Path) -> bool:
    return not path.is_absolute() and ".." not in path.parts


def module_files(name: str, root: Path) -> tuple[Path, ...]:
    """Return the files of a module or package of the project, with the packages around it."""
    parts = name.split(".")
    around = [root.joinpath(*parts[:count], "__init__.py") for count in range(1, len(parts))]
    single = root.joinpath(*parts).with_suffix(".py") if parts[-1] else root
    package = root.joinpath(*parts)
    if single.is_file():
        found: Iterable[Path] = (single,)
    elif (package / "__init__.py").is_file():
        found = sorted(package.rglob("*.py"), key=lambda path: path.parts)
    else:
        return ()
    return (*(path for path in around if path.is_file()), *found)


def parse_run(value: object) -> LastRun | None:
    """Return the last run in a JSON value, or None if it is none of ours."""
    if not isinstance(value, dict):
        return None
    inputs, outputs, variables = (value.get(name) for name in ("inputs", "outputs", "variables"))
    if not _is_texts(inputs) or not _is_texts(outputs) or not (variables is None or _is_texts(variables)):
        return None
    assert isinstance(inputs, dict)
    assert isinstance(outputs, dict)
    return LastRun(inputs=inputs, outputs=outputs, variables=variables)


def _is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def read_shipped(root: Path) -> dict[str, LastRun]:
    """Return what the source distribution unpacked in `root` says of its hooks; nothing where it is none."""
    if not (root / "PKG-INFO").is_file():
        return {}
    try:
        document = json.loads((root / RECORD).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    table = document if isinstance(document, dict) else {}
    return {key: run for key, value in table.items() if (run := parse_run(value)) is not None}


def _matches(pattern: str, place: HookPlace) -> tuple[Path, ...]:
    found = files.glob(place.root, pattern, roots=place.roots)
    return tuple(path for path in found if not _is_built(path, place))


def _is_built(path: Path, place: HookPlace) -> bool:
    relative = PurePosixPath(path.relative_to(place.root).as_posix())
    return not REPOSITORIES.isdisjoint(relative.parts) or any(path.is_relative_to(folder) for folder in place.built)


def _hashes(paths: Iterable[Path], root: Path) -> Hashes:
    return {path.relative_to(root).as_posix(): files.sha256(path) for path in sorted(paths)}
