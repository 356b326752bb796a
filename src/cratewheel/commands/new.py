"""Creates new projects; existing files are never overwritten."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from packaging.specifiers import SpecifierSet

from cratewheel.bindings import support
from cratewheel.bindings.detect import Bindings
from cratewheel.commands import ci_github, generate_ci, templates
from cratewheel.errors import ConfigError, UsageError
from cratewheel.options.values import CiOptions
from cratewheel.system.command import capture, which
from cratewheel.system.git import git

Kind = Literal["pyo3", "cffi", "bin", "uniffi"]
Backend = Literal["cratewheel", "maturin"]
KINDS: tuple[Kind, ...] = ("pyo3", "cffi", "bin", "uniffi")
WHAT: Mapping[Kind, str] = {
    "pyo3": "A Python module in Rust, with PyO3",
    "cffi": "A Rust library with a C interface, called through cffi",
    "bin": "A program in Rust, installed with pip",
    "uniffi": "A Rust library for several languages, with uniffi",
}
NATIVE: tuple[Kind, ...] = ("pyo3", "cffi")  # in a mixed project, the compiled module is `_native` of the package
PYO3 = "0.30"
REQUIRES_PYTHON = ">=3.9"
CRATES: Mapping[Kind, str] = {
    "pyo3": f'pyo3 = "{PYO3}"\n',
    "cffi": "",
    "bin": "",
    "uniffi": 'uniffi = { version = "0.29", features = ["cli"] }\n',
}
SOURCES: Mapping[Kind, str] = {
    "pyo3": templates.PYO3,
    "cffi": templates.CFFI,
    "bin": templates.BIN,
    "uniffi": templates.UNIFFI,
}
REQUIRES: Mapping[Backend, str] = {"cratewheel": "cratewheel>=0.1", "maturin": "maturin>=1.16,<2"}
RUST_KEYWORDS = frozenset(
    {
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
        "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match",
        "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "test",
        "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
        "deps", "examples", "build", "incremental",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The choices for a new project: `mixed` adds a Python package, `src` then puts the crate in `rust/`.

    `backend` is its build backend.
    """

    name: str
    kind: Kind
    mixed: bool = False
    src: bool = False
    backend: Backend = "cratewheel"

    @property
    def module(self) -> str:
        """The name of the module to import."""
        return self.name.replace("-", "_").lower()


def check_name(name: str) -> tuple[str, ...]:
    """Return warnings about a project's name; raises `UsageError` for a name that cargo, PyPI or Python rejects."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*[A-Za-z0-9]|[A-Za-z]", name):
        raise UsageError(
            f"{name!r} is not a valid project name",
            hint="use letters, digits, hyphens and underscores; start with a letter, and do not end with a hyphen",
        )
    module = name.replace("-", "_").lower()
    if module in RUST_KEYWORDS or keyword.iskeyword(module):
        raise UsageError(f"{name!r} is a keyword of Rust or Python, or a folder of cargo", hint="choose another name")
    if module in sys.stdlib_module_names:
        return (f"{module} is a module of Python's standard library, which would hide it",)
    return ()


def files(choices: Choices) -> tuple[tuple[PurePosixPath, str], ...]:
    """Return the files of the project, by paths relative to its folder."""
    mixed = choices.mixed
    crate = "rust/" if mixed and choices.src else ""
    native = mixed and choices.kind in NATIVE
    tests = "tests"
    words = {
        "name": choices.name,
        "backend": choices.backend,
        "requires_python": REQUIRES_PYTHON,
        "requires": REQUIRES[choices.backend],
        "module": choices.module,
        "crate": crate,
        "library_name": "_native" if native else choices.module,
        "package": f"{choices.module}._native" if mixed and choices.kind == "cffi" else choices.module,
        "what": f"{WHAT[choices.kind]}.",
        "crates": CRATES[choices.kind],
        "dependencies": 'dependencies = ["cffi>=1.16"]\n' if choices.kind == "cffi" else "",
        "tool": _tool(choices, mixed=mixed),
        "library": "" if choices.kind == "bin" else templates.LIBRARY,
    }
    if choices.kind == "uniffi":
        words["library"] += '\n[[bin]]\nname = "uniffi-bindgen"\npath = "uniffi-bindgen.rs"\n'
    test = {"cffi": templates.CFFI_TEST, "bin": templates.BIN_TEST}.get(choices.kind, templates.TEST)
    texts = {
        ".gitignore": templates.GITIGNORE,
        "README.md": templates.README,
        f"{crate}Cargo.toml": templates.CARGO,
        "pyproject.toml": templates.PYPROJECT,
        f"{crate}src/{'main' if choices.kind == 'bin' else 'lib'}.rs": SOURCES[choices.kind],
        f"{tests}/test_{choices.module}.py": test,
        **_python_files(choices, mixed=mixed),
    }
    if choices.kind == "cffi":
        texts[f"{crate}build.rs"] = templates.CFFI_BUILD
    if choices.kind == "uniffi":
        texts[f"{crate}uniffi-bindgen.rs"] = templates.UNIFFI_BINDGEN
    written = {path: _fill(text, words) for path, text in texts.items()} | {ci_github.PATH: _workflow(choices)}
    return tuple((PurePosixPath(path), text) for path, text in sorted(written.items()))


def write(root: Path, content: tuple[tuple[PurePosixPath, str], ...]) -> None:
    """Write the files to `root`. Raises `ConfigError` that names existing files."""
    taken = [str(path) for path, _ in content if (root / path).exists()]
    if taken:
        raise ConfigError(
            f"{root} already contains {', '.join(taken)}", hint="choose another folder, or move the files"
        )
    for path, text in content:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="\n")


def make_repository(root: Path, environ: Mapping[str, str]) -> bool:
    """Run `git init` in `root` as `cargo new` does, unless it is in a repository or git is missing."""
    if which("git", environ) is None or any((folder / ".git").exists() for folder in (root, *root.parents)):
        return False
    return capture(git("init", "--quiet", cwd=root), environ).status == 0


def _workflow(choices: Choices) -> str:
    """Return the workflow that `generate-ci` would write for the project, without asking cargo."""
    if choices.kind == "pyo3":
        bindings = Bindings(kind="pyo3", crate="pyo3", supported=support.pyo3(support.release(f"{PYO3}.0"), {}))
    else:
        bindings = Bindings(kind=choices.kind, supported=support.every_interpreter(programs=choices.kind == "bin"))
    facts = generate_ci.facts_of(choices.name, bindings, SpecifierSet(REQUIRES_PYTHON))
    command = f"cratewheel generate-ci github -o {ci_github.PATH}"
    return generate_ci.text(facts, CiOptions(pytest=True), generate_ci.Choices(service="github", command=command))


def _tool(choices: Choices, *, mixed: bool) -> str:
    lines = []
    if mixed and choices.kind in NATIVE:
        lines.append(f'module-name = "{choices.module}._native"')
    if mixed and choices.kind == "bin":
        lines.append(f'module-name = "{choices.module}"')
    if choices.kind in ("cffi", "bin", "uniffi"):
        lines.append(f'bindings = "{choices.kind}"')
    if mixed and not choices.src:
        lines.append('python-source = "python"')
    table = f"\n[tool.{choices.backend}]\n" + "".join(f"{line}\n" for line in lines) if lines else ""
    return f"{table}\n[tool.{choices.backend}.generate-ci.github]\npytest = true\n"


def _python_files(choices: Choices, *, mixed: bool) -> Mapping[str, str]:
    if not mixed:
        return {f"{choices.module}.pyi": templates.STUB} if choices.kind == "pyo3" else {}
    folder = f"{'src' if choices.src else 'python'}/{choices.module}"
    match choices.kind:
        case "pyo3":
            return {
                f"{folder}/__init__.py": templates.INIT,
                f"{folder}/_native.pyi": templates.STUB,
                f"{folder}/py.typed": "",
            }
        case "cffi":
            return {f"{folder}/__init__.py": '"""A package with a part in Rust."""\n'}
        case "bin":
            return {f"{folder}/__init__.py": f'"""The Python package beside the program {choices.name}."""\n'}
        case _:
            return {f"{folder}/__init__.py": f'from .{choices.module} import add\n\n__all__ = ["add"]\n'}


def _fill(text: str, values: Mapping[str, str]) -> str:
    # replaced texts may contain further placeholders
    for _ in range(2):
        text = re.sub(r"@(\w+)@", lambda match: values[match[1]], text)
    return re.sub(r"\n{3,}", "\n\n", text)
