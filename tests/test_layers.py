"""The rules of the house (docs/architecture.md), checked over every import, lazy ones too."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator, Mapping

import pytest

from source_trees import MODULES, SOURCE

pytestmark = pytest.mark.xdist_group("layers")  # they share the syntax trees

# A package imports only from rows above its own; the packages of one row are strangers. A loose module is a package.
ROWS: tuple[frozenset[str], ...] = (
    frozenset({"errors"}),
    frozenset({"system"}),
    frozenset({"events"}),
    frozenset({"live"}),
    frozenset({"ui"}),
    frozenset({"cargo"}),
    frozenset({"targets"}),
    frozenset({"archive"}),
    frozenset({"options"}),
    frozenset({"interpreter"}),
    frozenset({"bindings", "audit"}),
    frozenset({"project", "repair"}),
    frozenset({"planning", "contents"}),
    frozenset({"builder"}),
    frozenset({"commands"}),
    frozenset({"api"}),
    frozenset({"backend"}),
    frozenset({"plugins"}),
    frozenset({"cli"}),
    frozenset({"__init__", "__main__"}),
)
LEVEL = {room: level for level, rooms in enumerate(ROWS) for room in rooms}

PURE = (
    "cargo/command.py",
    "audit/check.py",
    "audit/identity.py",
    "planning",
    "archive/layout.py",
    "targets/triples.py",
    "targets/platform_tags.py",
    "targets/wheel_tags.py",
    "bindings/detect.py",
    "archive/entry_points.py",
)
OUTSIDE = frozenset({"os", "shutil", "tempfile", "socket", "platform", "sysconfig", "time", "glob", "random"})
FILE_METHODS = frozenset(
    {
        "read_text", "read_bytes", "write_text", "write_bytes", "open", "exists", "is_file", "is_dir", "is_symlink",
        "iterdir", "rglob", "stat", "lstat", "mkdir", "unlink", "rename", "touch", "chmod", "absolute", "cwd", "home",
    }
)  # fmt: skip

# Modules that write, start programs, wait for others or print: what decides, or lays out, imports none of them
EFFECTS = (
    "ui.py",
    "events.py",
    "system/files/atomic.py",
    "system/files/copying.py",
    "system/files/json_cache.py",
    "system/files/lock.py",
    "system/files/temporary.py",
    "system/files/transaction.py",
    "system/git.py",
    "system/tasks.py",
    "archive/install.py",
    "archive/sdist.py",
    "archive/unpacking.py",
    "archive/wheel.py",
    "archive/zip.py",
    "cargo/run.py",
)
# Modules that read the project's files, and return what goes into an archive
LAYING_OUT = (
    "archive/dist_info.py",
    "builder/wheel_entries.py",
    "commands/list_files.py",
    "contents/dist_info.py",
    "contents/editable.py",
    "contents/wheel.py",
)
WRITING_METHODS = frozenset(
    {"write_text", "write_bytes", "mkdir", "unlink", "rename", "touch", "chmod", "rmdir", "symlink_to", "warn", "step"}
)
# Threads of their own have tasks, signals and the output of programs; deflate and HTTP start no program
WITH_THREADS = (
    "system/frontend.py",  # waits, and starts nothing
    "live.py",
    "system/tasks.py",
    "system/signals.py",
    "system/command.py",
    "archive/deflate.py",
    "commands/publish/http.py",
)

EDGES = frozenset({"cli", "backend", "api"})  # only these read the environment, and pass it on
NAMELESS = frozenset({"utils", "util", "common", "helpers", "helper", "core", "manager", "misc"})
LONGEST_MODULE = 500
LONGEST_FUNCTION = 50
SHORT_TABLE = 10  # a literal of more lines is a table, which may be as long as its facts are many

Function = ast.FunctionDef | ast.AsyncFunctionDef


def dotted(path: str) -> str:
    """Return the import name of a module.

    >>> dotted("cargo/__init__.py")
    'cratewheel.cargo'
    """
    return ".".join(["cratewheel", *path.removesuffix(".py").removesuffix("__init__").strip("/").split("/")]).rstrip(
        "."
    )


NAMES = {dotted(path): path for path in MODULES}


def room(path: str) -> str:
    return path.split("/")[0].removesuffix(".py")


def imports(path: str, modules: Mapping[str, ast.Module] = MODULES) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each import in a module: at its top, in a function, or under TYPE_CHECKING."""
    for node in ast.walk(modules[path]):
        match node:
            case ast.Import(names=aliases):
                yield from ((node.lineno, alias.name) for alias in aliases)
            case ast.ImportFrom(level=0, module=str(name), names=aliases):
                for alias in aliases:
                    inner = f"{name}.{alias.name}"
                    yield node.lineno, inner if inner in NAMES else name
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__")):
                yield node.lineno, _imported_name(node.args[0])


def _imported_name(argument: ast.expr) -> str:
    """Return what `import_module(…)` imports; of an f-string, the package before the first hole."""
    match argument:
        case ast.Constant(value=str(name)):
            return name
        case ast.JoinedStr(values=[ast.Constant(value=str(name)), *_]) if "." in name:
            return name.rpartition(".")[0]
        case _:
            pytest.fail(f"line {argument.lineno}: the name of an imported module must be readable in the source")


def own_imports(path: str) -> Iterator[tuple[int, str]]:
    """Yield the imports of our own modules, as paths. `cratewheel` itself is only asked for its version."""
    for line, name in imports(path):
        if name == "cratewheel":
            continue
        if name.split(".")[0] == "cratewheel":
            yield line, NAMES.get(name, f"{name.removeprefix('cratewheel.').replace('.', '/')}.py")


def test_every_room_has_its_row() -> None:
    assert {room(path) for path in MODULES} - set(LEVEL) == set()


def test_a_room_imports_only_from_rows_above_its_own() -> None:
    wrong = [
        f"{path}:{line} imports {target}"
        for path in MODULES
        for line, target in own_imports(path)
        if room(path) != room(target) and LEVEL.get(room(target), -1) >= LEVEL.get(room(path), len(ROWS))
    ]
    assert wrong == []


def test_what_is_imported_exists() -> None:
    wrong = [
        f"{path}:{line} {target}" for path in MODULES for line, target in own_imports(path) if target not in MODULES
    ]
    assert wrong == []


def test_imports_name_the_module_in_full() -> None:
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.level or any(alias.name == "*" for alias in node.names))
    ]
    assert wrong == []


def test_only_the_version_is_taken_from_the_package_itself() -> None:
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "cratewheel"
        for alias in node.names
        if alias.name != "__version__" and f"cratewheel.{alias.name}" not in NAMES
    ]
    assert wrong == []


def test_no_module_imports_itself_through_others() -> None:
    graph = {path: {target for _, target in own_imports(path) if target != path} for path in MODULES}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_only_its_own_module_makes_commands_of_git() -> None:
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if path != "system/git.py"
        if isinstance(node, ast.Tuple | ast.List) and node.elts
        if isinstance(first := node.elts[0], ast.Constant) and first.value == "git"
    ]
    assert wrong == []


def test_only_process_starts_programs() -> None:
    starters = {"subprocess", "multiprocessing", "pty"}
    wrong = [
        f"{path}:{line} imports {name}"
        for path in MODULES
        for line, name in imports(path)
        if name.split(".")[0] in starters and path != "system/command.py"
    ]
    wrong += [
        f"{path}:{node.lineno} uses os.{node.attr}"
        for path, node in attributes_of("os")
        if path != "system/command.py"
        and (node.attr in ("system", "popen", "fork") or node.attr.startswith(("exec", "spawn", "posix_spawn")))
    ]
    assert wrong == []


def test_only_one_module_reads_versions_and_requirements() -> None:
    wrong = [
        f"{path}:{node.lineno} calls {node.func.id}"
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if path != "system/versions.py" and isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in ("Version", "Specifier", "SpecifierSet", "Requirement", "Marker")
    ]
    assert wrong == [], "call system.versions, which refuses what makes `packaging` raise whatever Python does"


def test_only_ui_and_the_command_line_print() -> None:
    wrong = [
        f"{path}:{node.lineno} prints"
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in ("print", "input") and path != "ui.py"
    ]
    wrong += [
        f"{path}:{node.lineno} uses sys.{node.attr}"
        for path, node in attributes_of("sys")
        if node.attr in ("stdout", "stderr", "stdin", "__stdout__", "__stderr__")
        and path != "ui.py"
        and room(path) not in ("cli", "backend")
    ]
    wrong += [f"{path}:{line} imports {name}" for path in MODULES for line, name in imports(path) if name == "logging"]
    assert wrong == []


def test_only_the_edges_read_the_environment() -> None:
    wrong = [
        f"{path}:{node.lineno} uses os.{node.attr}"
        for path, node in attributes_of("os")
        if node.attr in ("environ", "environb", "getenv", "putenv", "unsetenv") and room(path) not in EDGES
    ]
    wrong += [
        f"{path}:{node.lineno} takes names from os"
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module in ("os", "sys")
        and any(alias.name in ("environ", "getenv", "stdout", "stderr", "system", "popen") for alias in node.names)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.startswith(PURE)])
def test_pure_modules_touch_nothing(path: str) -> None:
    wrong = [f"line {line} imports {name}" for line, name in imports(path) if name.split(".")[0] in OUTSIDE]
    wrong += [
        f"line {line} imports {target}"
        for line, target in own_imports(path)
        if target in ("system/files/__init__.py", "ui.py", "system/toml.py")
    ]
    wrong += [
        f"line {node.lineno} takes {alias.name} from {node.module}"
        for node in ast.walk(MODULES[path])
        if isinstance(node, ast.ImportFrom) and node.module == "cratewheel.system.command"
        for alias in node.names
        if alias.name != "Command"  # the value; running it is an effect
    ]
    wrong += [
        f"line {node.lineno} calls .{node.func.attr}()"
        for node in ast.walk(MODULES[path])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FILE_METHODS
    ]
    assert wrong == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.startswith((*PURE, *LAYING_OUT))])
def test_what_decides_or_lays_out_neither_writes_nor_starts_nor_prints(path: str) -> None:
    wrong = [f"line {line} imports {target}" for line, target in own_imports(path) if target in EFFECTS]
    wrong += [
        f"line {node.lineno} takes {alias.name}"
        for node in ast.walk(MODULES[path])
        if isinstance(node, ast.ImportFrom) and node.module == "cratewheel.system.command"
        for alias in node.names
        if alias.name != "Command"  # the value
    ]
    wrong += [
        f"line {node.lineno} calls .{node.func.attr}()"
        for node in ast.walk(MODULES[path])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITING_METHODS
    ]
    assert wrong == []


def test_modules_of_contents_that_start_programs_say_which() -> None:
    starters = {"cratewheel.cargo.query", "cratewheel.cargo.run", "cratewheel.system.command"}
    wrong = [
        f"{path}:{line} imports {name}"
        for path in MODULES
        if room(path) == "contents" and not path.startswith(("contents/cargo_", "contents/git_"))
        for line, name in imports(path)
        if name in starters
    ]
    assert wrong == []


def test_modules_that_the_rules_name_exist() -> None:
    named = (*PURE, *EFFECTS, *LAYING_OUT, *WITH_THREADS)
    assert [name for name in named if not any(path.startswith(name) for path in MODULES)] == []


def test_work_in_threads_is_done_by_tasks() -> None:
    """Only so does the end of a task reach the programs that it has started."""
    starters = {"threading.Thread", "_thread.start_new_thread", "ThreadPoolExecutor", "ProcessPoolExecutor"}
    wrong = [
        f"{path}:{node.lineno} calls {ast.unparse(node.func)}"
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in starters and path not in WITH_THREADS
    ]
    wrong += [
        f"{path}:{line} imports {name}"
        for path in MODULES
        for line, name in imports(path)
        if name.split(".")[0] in ("concurrent", "_thread", "asyncio") and path not in WITH_THREADS
    ]
    assert wrong == []


def test_modules_are_short() -> None:
    lengths = {
        path: len((SOURCE / path).read_text(encoding="utf-8").splitlines()) - table_lines(tree)
        for path, tree in MODULES.items()
    }
    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, Function)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_dataclasses_are_frozen_slotted_and_keyword_only() -> None:
    wrong = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if "dataclass" in ast.unparse(decorator)
        and not {"frozen=True", "slots=True", "kw_only=True"} <= _keywords(decorator)
    ]
    assert wrong == []


def test_names_say_what_a_module_is_for() -> None:
    assert [path for path in MODULES if NAMELESS & set(path.removesuffix(".py").split("/"))] == []


def test_the_import_rule_sees_lazy_and_typing_imports() -> None:
    tree = ast.parse(
        "import json\n"
        "if TYPE_CHECKING:\n    from cratewheel.ui import Ui\n"
        "def late():\n    from cratewheel import errors\n    importlib.import_module(f'cratewheel.cli.{name}')\n"
    )
    assert sorted(imports("x.py", {"x.py": tree})) == [
        (1, "json"),
        (3, "cratewheel.ui"),
        (5, "cratewheel.errors"),
        (6, "cratewheel.cli"),
    ]


def attributes_of(module: str) -> Iterator[tuple[str, ast.Attribute]]:
    """Yield each `module.name` of the sources."""
    for path, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == module:
                yield path, node


def table_lines(tree: ast.Module) -> int:
    """Return how many lines of a module are literals that hold facts rather than code."""
    literals = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and not any(isinstance(inner, ast.Lambda | ast.comprehension) for inner in ast.walk(node))
    ]
    lengths = [(node.end_lineno or node.lineno) - node.lineno + 1 for node in literals]
    return sum(length for length in lengths if length > SHORT_TABLE)


def docstring_lines(node: Function) -> int:
    """Return how many lines the docstring of a function has."""
    match node.body[0]:
        case ast.Expr(value=ast.Constant(value=str())) as first:
            return (first.end_lineno or first.lineno) - first.lineno + 1
        case _:
            return 0


def _keywords(decorator: ast.expr) -> set[str]:
    return {ast.unparse(word) for word in decorator.keywords} if isinstance(decorator, ast.Call) else set()
