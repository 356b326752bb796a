"""`init` in a folder that has files: what is missing, and how Cargo.toml and pyproject.toml would change."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from cratewheel.cargo.manifest import read as check_manifest
from cratewheel.commands import new as scaffold
from cratewheel.commands.new import Choices, Files, Kind
from cratewheel.commands.project_place import Place
from cratewheel.errors import ConfigError
from cratewheel.system import toml
from cratewheel.system.files import project_roots, read_bytes
from cratewheel.system.versions import parse_requirement

Table = Mapping[str, Any]

BINDING_CRATES: Mapping[str, Kind] = {"pyo3": "pyo3", "pyo3-ffi": "pyo3", "uniffi": "uniffi"}
# What other build backends need; cratewheel needs none of it.
OTHER_BACKENDS = frozenset(
    {
        "cratewheel", "flit", "flit-core", "hatchling", "maturin", "meson-python", "pdm-backend", "poetry",
        "poetry-core", "scikit-build-core", "setuptools", "setuptools-rust", "uv-build", "wheel",
    }
)  # fmt: skip
FROM_CARGO = ("description", "license", "keywords", "authors", "readme")  # what `dynamic` may take from Cargo.toml
OWN_METADATA = ("poetry", "flit")  # tools that can have the metadata in a table of their own
_PYMODULE = re.compile(
    r"#\[(?:pyo3::)?pymodule(?:\((?P<options>[^\]]*)\))?\]\s*(?P<more>(?:#\[[^\]]*\]\s*|///[^\n]*\n\s*)*)"
    r"(?:pub(?:\([^)]*\))?\s+)?(?:fn|mod)\s+(?P<name>\w+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """What a folder has: the texts of its Cargo.toml (at `manifest`) and pyproject.toml, each with its content.

    `source` is the path of the Rust library; `licensed` says
    whether there is a licence file, `program` whether there is a program. `readme` is the file's name. `root` is the
    folder.
    """

    root: Path
    manifest: str = "Cargo.toml"
    cargo_text: str | None = None
    cargo: Table = field(default_factory=dict)
    pyproject_text: str | None = None
    pyproject: Table = field(default_factory=dict)
    source: str | None = None
    program: bool = False
    licensed: bool = False
    readme: str | None = None

    @property
    def is_project(self) -> bool:
        """Whether there is a Cargo.toml or a pyproject.toml."""
        return self.cargo_text is not None or self.pyproject_text is not None

    @property
    def name(self) -> str | None:
        """The name that the project has."""
        name = _table(self.pyproject, "project").get("name", _table(self.cargo, "package").get("name"))
        return name if isinstance(name, str) else None

    @property
    def kind(self) -> Kind | None:
        """The kind of bindings that its files say: by a key, a dependency, or since there is only a program."""
        tool = _table(self.pyproject, "tool")
        keys = (_table(tool, backend).get("bindings") for backend in ("cratewheel", "maturin"))
        named = next((key for key in keys if key in scaffold.KINDS), None)
        found = (BINDING_CRATES[crate] for crate in _dependencies(self.cargo) if crate in BINDING_CRATES)
        only_program = self.program and self.source is None
        return named or next(found, None) or ("bin" if only_program else None)

    def package(self, module: str) -> str | None:
        """Return the folder that the project's Python package is in, or None if it has none."""
        return next((at for at in ("python", "src", ".") if (self.root / at / module / "__init__.py").is_file()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file that would change, relative to the project's folder."""

    path: PurePosixPath
    before: str
    after: str

    def diff(self) -> tuple[str, ...]:
        """Return the change as the lines of a diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), f"a/{self.path}", f"b/{self.path}", lineterm=""
        )
        return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `init` does: files to create, files to change, files that stay as they are, and what is left to the user."""

    created: Files
    changes: tuple[Change, ...] = ()
    kept: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(root: Path) -> Existing:
    """Return what the folder has.

    Raises `ConfigError` for files that are not TOML, and for a workspace without a package.
    """
    manifest = next((name for name in ("Cargo.toml", "rust/Cargo.toml") if (root / name).is_file()), "Cargo.toml")
    cargo_text, cargo = _read_toml(root, manifest)
    if cargo_text is not None:
        check_manifest(root / manifest)
    if cargo_text is not None and "package" not in cargo:
        raise ConfigError(
            f"{root / manifest} is a workspace without a package",
            hint="run `cratewheel new NAME` for a new member, or `cratewheel init` in the folder of one",
        )
    pyproject_text, pyproject = _read_toml(root, "pyproject.toml")
    _check_pyproject(pyproject, root / "pyproject.toml")
    folder = (root / manifest).parent
    library = str(_table(cargo, "lib").get("path", "src/lib.rs"))
    return Existing(
        root=root,
        manifest=manifest,
        cargo_text=cargo_text,
        cargo=cargo,
        pyproject_text=pyproject_text,
        pyproject=pyproject,
        source=(PurePosixPath(manifest).parent / library).as_posix() if (folder / library).is_file() else None,
        program=(folder / "src" / "main.rs").is_file() or bool(cargo.get("bin")),
        readme=next((path.name for path in sorted(root.glob("README*"))), None),
        licensed=any(root.glob("LICEN[CS]E*")) or any(root.glob("COPYING*")),
    )


def fit(choices: Choices, existing: Existing) -> Choices:
    """Return the choices that fit what there is: the layout of its package and crate, and no licence but its own."""
    found = existing.package(choices.module)
    in_rust = existing.manifest.startswith("rust/") or (found == "src" and existing.cargo_text is None)
    return replace(
        choices,
        mixed=choices.mixed or found is not None,
        src=in_rust or (choices.src and existing.cargo_text is None),
        source=found if found is not None else choices.source,
        ci=choices.ci and not existing.is_project and not (existing.root / ".github" / "workflows").exists(),
    )


def make_plan(existing: Existing, choices: Choices, place: Place) -> Plan:
    """Return what is missing for a project with these choices, and what would change in the files that there are."""
    fresh = not (existing.program if choices.kind == "bin" else existing.source)
    url = _table(existing.cargo, "package").get("repository")
    place = replace(place, url=url) if isinstance(url, str) else place
    wanted = {str(path): text for path, text in scaffold.files(choices, place)}
    if existing.readme not in (None, "README.md"):
        del wanted["README.md"]
        wanted["pyproject.toml"] = wanted["pyproject.toml"].replace('"README.md"', f'"{existing.readme}"')
    if existing.cargo_text is not None:
        wanted["pyproject.toml"] = _pyproject_beside_cargo(wanted["pyproject.toml"], existing, choices)
        wanted.pop(f"{choices.crate}Cargo.toml")
    here = existing.package(choices.module) is not None
    skipped = {path for path in wanted if _is_example(path, choices, fresh=fresh, package_exists=here)}
    kept = tuple(path for path in wanted if path not in skipped and (existing.root / path).exists())
    changes = _changes(existing, choices, place, fresh=fresh)
    touched = {str(change.path) for change in changes} | {"pyproject.toml"}
    return Plan(
        created=tuple(
            (PurePosixPath(path), text)
            for path, text in wanted.items()
            if path not in skipped and not (existing.root / path).exists()
        ),
        changes=changes,
        kept=tuple(path for path in kept if path not in touched),
        notes=_notes(existing, choices, fresh=fresh, package_exists=here),
    )


def _changes(existing: Existing, choices: Choices, place: Place, *, fresh: bool) -> tuple[Change, ...]:
    texts: list[tuple[str, str, str]] = []
    if existing.cargo_text is not None:
        after = complete_cargo(existing, choices, place, fresh=fresh)
        texts.append((existing.manifest, existing.cargo_text, after))
    if existing.pyproject_text is not None:
        texts.append(("pyproject.toml", existing.pyproject_text, complete_pyproject(existing, choices)))
    ignored = existing.root / ".gitignore"
    if ignored.is_file():
        before = read_bytes(ignored, project_roots(existing.root)).decode(errors="replace")
        texts.append((".gitignore", before, complete_gitignore(before, f"/{choices.crate}target/")))
    return tuple(
        Change(path=PurePosixPath(path), before=before, after=after) for path, before, after in texts if before != after
    )


def complete_gitignore(text: str, line: str) -> str:
    r"""Return the text with a line for cargo's folder, unless there is one.

    >>> complete_gitignore("*.log", "/target/"), complete_gitignore("target\n", "/target/")
    ('*.log\n/target/\n', 'target\n')
    """
    if any(one.strip().strip("/").endswith("target") for one in text.splitlines()):
        return text
    return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{line}\n"


def complete_cargo(existing: Existing, choices: Choices, place: Place, *, fresh: bool) -> str:
    """Return the Cargo.toml with a library that Python can load and the crate of the bindings.

    Raises `ConfigError` for a crate of procedural macros.
    """
    import tomlkit  # slow to import

    document: Any = toml.parse_editable(str(existing.cargo_text), existing.manifest)
    kind = choices.kind
    if kind == "bin":
        return str(existing.cargo_text)
    if _table(existing.cargo, "lib").get("proc-macro"):
        raise ConfigError(
            f"{existing.manifest} is a crate of procedural macros, which Python cannot load",
            hint="make another crate for Python that depends on it: `cratewheel new NAME`",
        )
    library = document.setdefault("lib", tomlkit.table())
    types = library.get("crate_type", library.get("crate-type", []))
    if not isinstance(types, list):
        raise ConfigError(f"lib.crate-type in {existing.manifest} must be an array, found {toml.describe(types)}")
    if fresh and choices.mixed and "name" not in library:
        library["name"] = "_native"
    key = "crate_type" if "crate_type" in library else "crate-type"
    if "cdylib" not in types:
        library[key] = ["cdylib", *library.get(key, () if fresh else ("rlib",))]
    if kind in scaffold.VERSIONS and not any(
        BINDING_CRATES.get(name) == kind for name in _dependencies(existing.cargo)
    ):
        dependencies = document.setdefault("dependencies", tomlkit.table())
        own = "workspace" in existing.cargo
        (line,) = toml.parse(scaffold.dependency(kind, None if own else place.workspace)).values()
        dependencies[kind] = _inline(line) if isinstance(line, Mapping) else line
    if kind == "uniffi" and not any(bin_.get("name") == "uniffi-bindgen" for bin_ in existing.cargo.get("bin", ())):
        programs = document.setdefault("bin", tomlkit.aot())
        program = tomlkit.table()
        program.update({"name": "uniffi-bindgen", "path": "uniffi-bindgen.rs"})
        programs.append(program)
    return _dumps(document)


def complete_pyproject(existing: Existing, choices: Choices) -> str:
    """Return the pyproject.toml with the build backend, a name and version, and where the module is."""
    import tomlkit  # slow to import

    document: Any = toml.parse_editable(str(existing.pyproject_text), "pyproject.toml")
    system = document.setdefault("build-system", tomlkit.table())
    before = system.get("build-backend")
    if before != choices.backend or "requires" not in system:
        others = [text for text in system.get("requires", ()) if _requirement_name(text) not in OTHER_BACKENDS]
        system["requires"] = [scaffold.REQUIRES[choices.backend], *others]
        system["build-backend"] = choices.backend
        system.pop("backend-path", None)
    project = document.setdefault("project", tomlkit.table())
    project.setdefault("name", choices.name)
    if "version" not in project and "version" not in project.get("dynamic", ()):
        project["dynamic"] = [*project.get("dynamic", ()), "version"]
    if choices.kind == "cffi" and not any(
        _requirement_name(text) == "cffi" for text in project.get("dependencies", ())
    ):
        project["dependencies"] = [*project.get("dependencies", ()), "cffi>=1.16"]
    tool = _table(existing.pyproject, "tool")
    settings = _settings(existing, choices)
    if settings and not _table(tool, "cratewheel") and not _table(tool, "maturin"):
        _set_settings(document, settings, choices)
    # tomlkit leaves no empty line behind a table that it puts between others
    return re.sub(rf"(\n\[tool\.{choices.backend}\]\n(?:[\w-]+ = .*\n)+)(?=\[)", r"\1\n", _dumps(document))


def find_pymodule(source: str) -> str | None:
    r"""Return the name of the module that a Rust source defines with PyO3.

    >>> find_pymodule("#[pymodule]\n#[pyo3(name = '_x')]\npub fn x(m: &Bound<PyModule>)".replace("'", '"'))
    '_x'
    """
    found = _PYMODULE.search(source)
    if found is None:
        return None
    named = re.search(r'\bname\s*=\s*"(\w+)"', f"{found['options'] or ''}{found['more']}")
    return named[1] if named else found["name"]


def _settings(existing: Existing, choices: Choices) -> dict[str, str]:
    """Return the keys of our table that the project needs."""
    table: Table = _table(_table(toml.parse(scaffold.tool(choices, ci=False)), "tool"), choices.backend)
    settings = dict(table)
    library = _library_name(existing)
    if choices.kind == "pyo3" and existing.source is not None:
        module = find_pymodule(_read(existing.root / existing.source)) or library
        if choices.mixed:
            settings["module-name"] = f"{choices.module}.{module}"
        elif module != (_table(existing.cargo, "lib").get("name") or choices.module):
            settings["module-name"] = module
    return settings


def _library_name(existing: Existing) -> str:
    package = str(_table(existing.cargo, "package").get("name", ""))
    return str(_table(existing.cargo, "lib").get("name", package.replace("-", "_")))


def _pyproject_beside_cargo(text: str, existing: Existing, choices: Choices) -> str:
    """Return a new pyproject.toml that takes from Cargo.toml what that gives, and has what the module needs."""
    document: Any = toml.parse_editable(text, "pyproject.toml")
    package = _table(existing.cargo, "package")
    dynamic = [key for key in FROM_CARGO if key in package and package[key] is not False]
    dynamic += ["license"] if "license-file" in package and "license" not in package else []
    for key in dynamic:
        document["project"].pop(key, None)
    document["project"]["dynamic"] = ["version", *dynamic]
    _set_settings(document, _settings(existing, choices), choices)
    return _dumps(document)


def _set_settings(document: Any, settings: Mapping[str, str], choices: Choices) -> None:
    import tomlkit  # slow to import

    if settings:
        tables = document.setdefault("tool", tomlkit.table(is_super_table=True))
        tables.setdefault(choices.backend, tomlkit.table()).update(settings)


def _is_example(path: str, choices: Choices, *, fresh: bool, package_exists: bool) -> bool:
    """Return whether a file of the template belongs to its example, `add`, which the project does not have."""
    python = path.startswith(f"{choices.package}/") if choices.mixed else False
    is_test = path.startswith("tests/")
    if package_exists and (is_test or path.endswith(("/py.typed", "/__init__.py"))):
        return True
    rust = path.endswith(("src/lib.rs", "src/main.rs", "build.rs"))
    return not fresh and (is_test or rust or python or path == f"{choices.module}.pyi")


def _notes(existing: Existing, choices: Choices, *, fresh: bool, package_exists: bool) -> tuple[str, ...]:
    """Return what the user has to do, or should know."""
    notes = []
    source = existing.source
    text = _read(existing.root / source) if source is not None else ""
    if not fresh and choices.kind == "pyo3" and find_pymodule(text) is None:
        name = "_native" if choices.mixed else _library_name(existing)
        notes.append(f"{source} has no module for Python yet: add `#[pyo3::pymodule] mod {name} {{ … }}`")
    if not fresh and choices.kind == "uniffi" and "setup_scaffolding!" not in text:
        notes.append(f"{source} exports nothing yet: add `uniffi::setup_scaffolding!();` and `#[uniffi::export]`")
    if not fresh and choices.kind == "cffi" and 'extern "C"' not in text:
        notes.append(f'{source} exports nothing yet: add functions with `#[unsafe(no_mangle)] pub extern "C"`')
    if fresh and package_exists and choices.kind != "bin":
        name = "lib" if choices.kind == "cffi" else "add"
        notes.append(f"import from the compiled module in {choices.package}/__init__.py: `from ._native import {name}`")
    tool = _table(existing.pyproject, "tool")
    others = [name for name in ("setuptools", "hatch", "poetry", "flit", "pdm") if name in tool]
    notes += [f"[tool.{name}] in pyproject.toml has no effect with {choices.backend}" for name in others]
    notes += [f"write what [tool.{name}] says of the project into [project]" for name in others if name in OWN_METADATA]
    notes += [
        f"{name} has no effect with {choices.backend}"
        for name in ("setup.py", "setup.cfg")
        if (existing.root / name).is_file()
    ]
    dynamic = [name for name in _table(existing.pyproject, "project").get("dynamic", ()) if name != "version"]
    if dynamic and others:
        notes.append(f"dynamic in pyproject.toml: write {', '.join(map(str, dynamic))} into [project]")
    return tuple(notes)


def _dependencies(cargo: Table) -> tuple[str, ...]:
    """Return the names of the crates that a manifest depends on, for whatever target."""
    tables = [cargo, *(each for each in _table(cargo, "target").values() if isinstance(each, Mapping))]
    found = (item for table in tables for item in _table(table, "dependencies").items())
    return tuple(str(_table({"": value}, "").get("package", name)) for name, value in found)


def _check_pyproject(document: Table, path: Path) -> None:
    """Raise `ConfigError` for values of a wrong type where something is to be added."""
    for name in ("build-system", "project", "tool"):
        if not isinstance(document.get(name, {}), Mapping):
            raise ConfigError(f"{name} in {path} must be a table, found {toml.describe(document[name])}")
    for table, key in (("build-system", "requires"), ("project", "dependencies"), ("project", "dynamic")):
        value = _table(document, table).get(key, [])
        if not isinstance(value, list):
            raise ConfigError(f"{table}.{key} in {path} must be an array, found {toml.describe(value)}")


def _requirement_name(text: object) -> str:
    try:
        return canonicalize_name(parse_requirement(str(text)).name)
    except InvalidRequirement:
        return ""


def _dumps(document: Any) -> str:
    import tomlkit  # slow to import

    return tomlkit.dumps(document)


def _inline(values: Mapping[str, Any]) -> Any:
    import tomlkit  # slow to import

    table = tomlkit.inline_table()
    table.update(values)
    return table


def _read_toml(root: Path, name: str) -> tuple[str | None, dict[str, Any]]:
    path = root / name
    if not path.is_file():
        return None, {}
    content = toml.load_file(path, project_roots(root))
    return read_bytes(path, project_roots(root)).decode(), content


def _read(path: Path) -> str:
    return read_bytes(path, project_roots(path.parent)).decode(errors="replace")


def _table(parent: Table, key: str) -> Table:
    value = parent.get(key, {})
    return value if isinstance(value, Mapping) else {}
