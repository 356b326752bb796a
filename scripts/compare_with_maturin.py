"""Writes docs/reference/from-maturin.md: each option, key, variable and config setting of maturin, and ours.

`python scripts/compare_with_maturin.py` writes the page from the list in maturin-interface.json; with `--read MATURIN`
it first reads that list again from an installed maturin: options from its help pages, keys by giving it a value of a
wrong type, variables and config settings from the text of its files.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cratewheel.cli.completions import command_lines
from cratewheel.options.model import settings
from cratewheel.options.schema import schema

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).with_name("maturin-interface.json")
PAGE = ROOT / "docs" / "reference" / "from-maturin.md"
COMMANDS = (
    "build", "publish", "list-python", "develop", "sdist", "init", "new", "generate-ci", "upload", "generate-stubs",
    "completions", "pep517 write-dist-info", "pep517 build-wheel", "pep517 write-sdist", "zig",
)  # fmt: skip

# What maturin's documentation names: whether the program reads them, it is asked itself.
GITHUB = (
    "pytest", "zig", "skip-attestation", "trusted-publishing", "publishing-environment", "args",
    *(f"{system}.targets" for system in ("linux", "musllinux", "windows", "macos", "emscripten", "android")),
    *(f"linux.{name}" for name in ("target", "runner", "manylinux", "container", "docker-options", "args")),
    *(f"linux.{name}" for name in ("rust-toolchain", "rustup-components", "before-script-linux")),
)  # fmt: skip
KEYS = (
    "module-name", "include", "exclude", "bindings", "compatibility", "manylinux", "auditwheel", "skip-auditwheel",
    "strip", "sdist-generator", "python-source", "python-packages", "data", "targets", "target", "profile",
    "editable-profile", "features", "all-features", "no-default-features", "frozen", "locked", "manifest-path",
    "config", "unstable-flags", "rustc-args", "use-base-python", "sbom.rust", "sbom.auditwheel", "sbom.include",
    "include-import-lib", "pgo-command", "pgo-dependency-group", *(f"generate-ci.github.{name}" for name in GITHUB),
)  # fmt: skip
VARIABLES = (
    "CARGO", "CARGO_BUILD_TARGET", "RUST_LOG", "VIRTUAL_ENV", "CONDA_PREFIX", "pythonLocation", "PYO3_PYTHON",
    "PYO3_CONFIG_FILE", "PYO3_CROSS_LIB_DIR", "PYO3_CROSS_PYTHON_VERSION", "_PYTHON_SYSCONFIGDATA_NAME",
    "_PYTHON_HOST_PLATFORM", "ARCHFLAGS", "MACOSX_DEPLOYMENT_TARGET", "IPHONEOS_DEPLOYMENT_TARGET",
    "ANDROID_API_LEVEL", "MATURIN_EMSCRIPTEN_VERSION", "MATURIN_PYEMSCRIPTEN_PLATFORM_VERSION",
    "PYEMSCRIPTEN_PLATFORM_VERSION", "MATURIN_PYODIDE_ABI_VERSION", "PYODIDE_ABI_VERSION", "SOURCE_DATE_EPOCH",
    "TARGET_SYSROOT", "MATURIN_USE_XWIN", "MATURIN_PEP517_ARGS", "MATURIN_PEP517_USE_BASE_PYTHON",
    "MATURIN_PEP517_METADATA_DIR", "MATURIN_NO_INSTALL_RUST", "MATURIN_NO_MISSING_BUILD_BACKEND_WARNING",
    "MATURIN_STRIP", "MATURIN_PGO", "MATURIN_PYPI_TOKEN", "MATURIN_USERNAME", "MATURIN_PASSWORD",
    "MATURIN_REPOSITORY", "MATURIN_REPOSITORY_URL", "MATURIN_NON_INTERACTIVE", "MATURIN_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "CARGO_ZIGBUILD_ZIG_PATH",
    "CARGO_ZIGBUILD_PYTHON_PATH",
)  # fmt: skip
OF_ITS_TESTS = ("MATURIN_TEST_PYTHON", "MATURIN_ACTION_FIELDS")  # words in its files that are no variables of users

# What has another name here: how to write it
OTHER_NAMES = {
    "pep517 write-dist-info": "`cratewheel metadata`, and the hook of the build backend",
    "pep517 build-wheel": "`cratewheel build`, and the hook of the build backend",
    "pep517 write-sdist": "`cratewheel sdist`, and the hook of the build backend",
}
# What is not here: the first cell of its row in docs/differences.md
DIFFERENCES = {
    "command zig": "`maturin zig`",
    "variable MATURIN_NO_INSTALL_RUST": "Rust is missing",
    "variable MATURIN_NO_MISSING_BUILD_BACKEND_WARNING": "no `build-backend` in `[build-system]`",
    "variable MATURIN_PEP517_METADATA_DIR": "metadata that changed after it was prepared",
}


def read_peer(program: Path) -> dict[str, Any]:
    """Return the interface of an installed maturin."""
    version = _output(program, "--version").split()[1]
    return {
        "version": version,
        "options": {command: _help_options(_help(program, command)) for command in COMMANDS},
        "keys": [key for key in KEYS if _reads_key(program, key)],
        "variables": list(VARIABLES),
        "config-settings": _config_settings(program),
    }


def _output(program: Path, *words: str) -> str:
    return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout


def _help(program: Path, command: str) -> str:
    return _output(program, *command.split(), "--help")


def _help_options(text: str) -> list[list[str]]:
    """Return the spellings of each option on a help page: `[["-i", "--interpreter"], ["--strip"]]`."""
    lines = (re.match(r" {2,8}(-[A-Za-z]\b)?(?:, | +)?(--[a-z][\w-]*)?", line) for line in text.splitlines())
    found = [[spelling for spelling in line.groups() if spelling] for line in lines if line]
    return [spellings for spellings in found if spellings and "--help" not in spellings and "-V" not in spellings]


def _reads_key(program: Path, key: str) -> bool:
    """Return whether maturin refuses a number for this key: unknown keys it ignores."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "src").mkdir()
        (root / "src" / "lib.rs").touch()
        (root / "Cargo.toml").write_text('[package]\nname = "x"\nversion = "0.1.0"\n', encoding="utf-8")
        (root / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["maturin>=1,<2"]\nbuild-backend = "maturin"\n'
            f'[project]\nname = "x"\nversion = "0.1.0"\n[tool.maturin]\n{key} = 1.5\n',
            encoding="utf-8",
        )
        done = subprocess.run([program, "sdist"], cwd=root, capture_output=True, text=True, check=False)
        return "TOML parse error" in done.stderr


def unlisted_variables(program: Path) -> tuple[str, ...]:
    """Return the words in maturin's files that look like variables of its own and are not among `VARIABLES`."""
    texts = [program.read_bytes(), *(path.read_bytes() for path in _python_files(program))]
    words = {word.decode() for text in texts for word in re.findall(rb"(?<![A-Z_])MATURIN_[A-Z][A-Z0-9_]{2,}", text)}
    # in the program, names of constants stand one after the other
    known = (*VARIABLES, *OF_ITS_TESTS)
    return tuple(sorted(word for word in words if not word.startswith(known)))


def _python_files(program: Path) -> list[Path]:
    return sorted(program.parent.parent.glob("lib/python*/site-packages/maturin/*.py"))


def _config_settings(program: Path) -> list[str]:
    texts = (path.read_text(encoding="utf-8") for path in _python_files(program))
    return sorted({name for text in texts for name in re.findall(r'config_settings\.get\("([\w.-]+)"', text)})


def rows(peer: Mapping[str, Any]) -> dict[str, str | None]:
    """Return of each thing of the peer how it is written here, or None where there is no such thing.

    The names are `command build`, `option build --strip`, `key strip`, `variable CARGO`, `config setting build-args`.
    """
    ours = {name: set(line.flags) for line in command_lines() for name in line.names}
    found: dict[str, str | None] = {}
    for command, options in peer["options"].items():
        name = OTHER_NAMES.get(command)
        here = ours.get(command)
        found[f"command {command}"] = name or (f"`cratewheel {command}`" if here is not None else None)
        if name or here is None:
            continue
        for spellings in options:
            same = [spelling for spelling in spellings if spelling in here]
            shown = ", ".join(f"`{spelling}`" for spelling in same)
            found[f"option {command} {spellings[-1]}"] = shown if len(same) == len(spellings) else None
    for key in peer["keys"]:
        found[f"key {key}"] = f"`{key}`" if _has_key(key) else None
    documented = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")
    by_option = {variable for one in settings().values() for variable in one.variables}
    for name in peer["variables"]:
        known = name in by_option or f"`{name}`" in documented
        found[f"variable {name}"] = f"`{name}`" if known else None
    from cratewheel.backend import ARGUMENT_SETTINGS

    for name in peer["config-settings"]:
        found[f"config setting {name}"] = f"`{name}`" if name in ARGUMENT_SETTINGS else None
    return found


def _has_key(key: str) -> bool:
    """Return whether the schema of our table has a key, `sbom.rust` for one in a table."""
    whole = schema()
    here: Mapping[str, Any] = whole
    for name in key.split("."):
        reference = here.get("$ref")
        here = whole["definitions"][reference.rpartition("/")[2]] if reference else here
        here = here.get("properties", {}).get(name)
        if here is None:
            return False
    return True


def missing(peer: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is neither here nor in the table of differences."""
    differences = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    return tuple(
        name
        for name, ours in rows(peer).items()
        if ours is None and (name not in DIFFERENCES or f"| {DIFFERENCES[name]} |" not in differences)
    )


def page(peer: Mapping[str, Any]) -> str:
    """Return the text of the page."""
    found = rows(peer)
    return "\n\n".join((HEADER.format(version=peer["version"]), *_option_tables(found), *_other_tables(found))) + "\n"


def _option_tables(found: Mapping[str, str | None]) -> Iterable[str]:
    commands = [name.removeprefix("command ") for name in found if name.startswith("command ")]
    yield "## Commands\n\n" + _table([(f"`maturin {name}`", f"command {name}") for name in commands], found)
    for command in commands:
        prefix = f"option {command} "
        options = [(f"`{name.removeprefix(prefix)}`", name) for name in found if name.startswith(prefix)]
        if options:
            yield f"## Options of {command}\n\n" + _table(options, found)


def _other_tables(found: Mapping[str, str | None]) -> Iterable[str]:
    for kind, title in (
        ("key", "Keys of [tool.maturin]"), ("variable", "Variables"), ("config setting", "Config settings"),
    ):  # fmt: skip
        names = [(f"`{name.removeprefix(kind).strip()}`", name) for name in found if name.startswith(f"{kind} ")]
        yield f"## {title}\n\n" + _table(names, found)


def _table(names: list[tuple[str, str]], found: Mapping[str, str | None]) -> str:
    lines = ["| maturin | cratewheel |", "|---|---|"]
    for shown, name in names:
        ours = found[name]
        row = f"[different](../differences.md): {DIFFERENCES.get(name, 'missing')}"
        lines.append(f"| {shown} | {ours or row} |")
    return "\n".join(lines)


HEADER = """\
# From maturin, name by name

What maturin {version} takes, and what it is called here. `scripts/compare_with_maturin.py` writes this page, from
maturin's own help pages. Where the same name does something else, it stands in
[the table of differences](../differences.md)."""


def main() -> None:
    """Write the page, and with `--read` the list before it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--read", type=Path, metavar="MATURIN")
    program = parser.parse_args().read
    if program is not None:
        DATA.write_text(json.dumps(read_peer(program.absolute()), indent=1) + "\n", encoding="utf-8")
    peer = json.loads(DATA.read_text(encoding="utf-8"))
    PAGE.write_text(page(peer), encoding="utf-8")
    left = missing(peer)
    if left:
        sys.exit("neither here nor in docs/differences.md: " + ", ".join(left))


if __name__ == "__main__":
    main()
