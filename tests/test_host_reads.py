"""Where the code looks at the machine it runs on: only in these modules, and each branch for macOS has a test.

macOS is no machine of the developers, so what happens there is tested elsewhere, by parameters and recorded answers.
Branches on the target instead of the machine are in `tests/plan`, which plans whole builds for macOS.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from source_trees import MODULES

pytestmark = pytest.mark.xdist_group("layers")  # they share the syntax trees

TESTS = Path(__file__).parent
SYSTEM = {"sys.platform", "os.name", "os.uname", "os.sched_getaffinity", "os.cpu_count", "sysconfig.get_platform"}
SYSTEM_MODULES = ("platform", "sysconfig")

READS = {
    "archive/install.py": {"os.name"},
    "backend.py": {"sys.platform", "sysconfig.get_platform"},
    "bindings/cbindgen.py": {"os.name", "sys.platform"},
    "builder/compile.py": {"sys.platform"},
    "builder/pgo.py": {"os.name"},
    "cargo/jobserver.py": {"os.name"},
    "cargo/query.py": {"sys.platform"},
    "cargo/run.py": {"sys.platform"},
    "cli/menu.py": {"sys.platform"},
    "cli/new.py": {"os.name"},
    "commands/clean.py": {"os.name"},
    "commands/develop.py": {"sys.platform"},
    "commands/doctor.py": {"os.name", "sys.platform"},
    "commands/publish/http.py": {"sys.platform"},
    "contents/git_modes.py": {"os.name"},
    "contents/source_tree.py": {"os.name"},
    "interpreter/cache.py": {"os.uname"},
    "interpreter/candidates.py": {"os.name"},
    "interpreter/launcher.py": {"sys.platform"},
    "repair/linux.py": {"os.name"},
    "system/command.py": {"os.name"},
    "system/files/content.py": {"os.name"},
    "system/files/copying.py": {"os.name", "sys.platform"},
    "system/files/globs.py": {"os.name"},
    "system/files/json_cache.py": {"os.name"},
    "system/files/links.py": {"os.name"},
    "system/files/lock.py": {"sys.platform"},
    "system/files/temporary.py": {"sys.platform"},
    "system/files/transaction.py": {"sys.platform"},
    "system/frontend.py": {"os.name"},
    "system/job_object.py": {"sys.platform"},
    "system/machine.py": {
        "os.cpu_count", "os.sched_getaffinity", "platform.libc_ver", "platform.machine", "sys.platform"
    },
    "system/utf8.py": {"sys.platform"},
}  # fmt: skip

# function with a branch on macOS as the machine → the test that runs it
ON_MACOS = {
    "cargo/advice.py _missing_library": "unit/cargo/test_advice.py test_errors_of_macos",
    "cargo/advice.py _pkg_config_library": "unit/cargo/test_advice.py test_errors_of_macos",
    "cargo/system_packages.py install": (
        "unit/cargo/test_system_packages.py test_a_tool_is_installed_by_the_systems_packages"
    ),
    "commands/ci_plan.py rust_targets": "unit/commands/test_ci_plan.py test_platforms_that_are_named",
    "interpreter/own_target.py _triple": "unit/interpreter/test_own_target.py test_the_pythons_decide_the_target",
    "interpreter/probe.py describe": (
        "unit/interpreter/test_macos.py test_each_build_of_python_has_its_tag_and_target"
    ),
    "project/cargo_metadata.py _archflags_target": (
        "unit/project/test_cargo_metadata.py test_the_target_is_the_one_asked_for"
    ),
    "project/cargo_metadata.py _target_of_pythons": (
        "unit/interpreter/test_own_target.py test_the_requested_or_the_default_python_decides"
    ),
    "project/interpreters.py target_of_pythons": (
        "unit/interpreter/test_own_target.py test_the_requested_or_the_default_python_decides"
    ),
    "system/files/copying.py _clone": (
        "unit/system/files/test_copying.py test_a_file_is_cloned_by_the_call_of_its_system"
    ),
    "system/machine.py host_triple": "unit/system/test_machine.py test_the_triple_of_each_machine",
    "targets/toolchain.py _apple_linker": (
        "unit/targets/test_toolchain.py test_the_linker_of_a_target_is_there_or_named_with_what_gets_one"
    ),
    "targets/toolchain.py find_host_linker": "unit/targets/test_toolchain.py test_the_linker_of_this_machine",
}


def system_reads(tree: ast.Module) -> Iterator[str]:
    """Yield what a module reads of the system, as `sys.platform`."""
    imported = {
        alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in imported:
                if f"{module}.{name}" in SYSTEM or module in SYSTEM_MODULES:
                    yield f"{module}.{name}"
            case ast.ImportFrom(module=str(module), names=names) if module in SYSTEM_MODULES:
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.ImportFrom(module="sys" | "os" as module, names=names):
                yield from (found for alias in names if (found := f"{module}.{alias.name}") in SYSTEM)


def functions_on_macos(tree: ast.Module) -> Iterator[str]:
    """Yield the functions that compare with `darwin`, or a `host` or `machine` with `macos`."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            conditions: list[ast.AST] = []
            match node:
                case ast.Compare() | ast.match_case():
                    conditions = [node.pattern if isinstance(node, ast.match_case) else node]
                case ast.Call(func=ast.Attribute(attr="startswith" | "endswith")):
                    conditions = [node]
            texts = " ".join(ast.unparse(one) if isinstance(one, ast.expr) else ast.dump(one) for one in conditions)
            if "darwin" in texts or (re.search(r"\b(host|machine)\b", texts) and "macos" in texts):
                yield function.name
                break


def test_the_machine_is_looked_at_in_these_modules_only() -> None:
    found = {path: set(system_reads(tree)) for path, tree in MODULES.items()}
    assert {path: names for path, names in found.items() if names} == READS


def test_each_branch_for_macos_as_the_machine_has_a_test() -> None:
    found = {f"{path} {name}" for path, tree in MODULES.items() for name in functions_on_macos(tree)}
    assert found == set(ON_MACOS)


@pytest.mark.parametrize("function", ON_MACOS)
def test_the_test_of_a_branch_for_macos_names_it(function: str) -> None:
    path, _, name = ON_MACOS[function].partition(" ")
    source = (TESTS / path).read_text(encoding="utf-8")
    lines = source.splitlines()
    tests = {
        node.name: "\n".join(lines[_first_line(node) - 1 : node.end_lineno])
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }
    assert name in tests
    assert any(word in tests[name] for word in ("darwin", "macos", "MAC", "ARM"))


def _first_line(function: ast.FunctionDef) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
