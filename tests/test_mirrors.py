"""Each module has tests of its own, where its path says: `src/cratewheel/a/b.py` has `tests/unit/a/test_b.py`.

Where all of a module's work is to start programs, they are in `tests/integration/a/test_b.py`.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "cratewheel"
KINDS = ("unit", "integration")

# Modules without decisions of their own (models, tables, texts), and those that other tests prove: of whole builds, of
# commands, of every format. This list only shrinks.
WITHOUT: frozenset[str] = frozenset(
    {
        "__main__.py", "audit/model.py", "audit/stable_abi.py", "builder/assembly.py",
        "builder/prepare.py", "builder/run.py", "builder/sdist.py", "builder/wheel.py", "cli/build.py",
        "cli/clean.py", "cli/develop.py", "cli/ide.py", "cli/list_files.py",
        "cli/metadata.py", "cli/new.py", "cli/pep517.py", "cli/sdist.py",
        "commands/templates.py", "contents/cargo_lock.py", "contents/cargo_vendor.py",
        "interpreter/search.py", "options/typed_keywords.py", "planning/model.py",
        "project/bindings.py", "project/inputs.py", "project/metadata/cargo.py", "project/metadata/fields.py",
        "project/metadata/project.py", "repair/closure.py",
    }
)  # fmt: skip


def _has_tests(module: Path) -> bool:
    relative = module.relative_to(SOURCE)
    return any((ROOT / "tests" / kind / relative.parent / f"test_{module.stem}.py").is_file() for kind in KINDS)


def test_each_module_has_tests_where_its_path_says() -> None:
    modules = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py") if path.stem != "__init__"}
    missing = sorted(name for name, path in modules.items() if name not in WITHOUT and not _has_tests(path))
    assert missing == [], "write tests/unit/<its path>/test_<its name>.py"
    listed = sorted(name for name in WITHOUT if name not in modules or _has_tests(modules[name]))
    assert listed == [], "take them out of WITHOUT: they have tests now, or are gone"
