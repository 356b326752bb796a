"""What is known of the project's hooks."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.options.values import Hook
from cratewheel.project.hooks import (
    HookPlace,
    LastRun,
    check_module,
    fingerprint,
    module_files,
    needed_paths,
    parse_run,
    program_files,
    read_files,
    read_shipped,
    state_name,
)


def place(root: Path, *built: str) -> HookPlace:
    return HookPlace(root=root, roots=(str(root.resolve()),), built=tuple(root / name for name in built))


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_program_of_a_hook_is_an_input_and_what_it_makes_is_none(tmp_path: Path) -> None:
    write(tmp_path, "gen.py", "s/a.proto", "s/a.py", "target/x.proto", ".git/y.proto")
    hook = Hook(run=("python", "gen.py"), inputs=("**/*.proto", "s/*"), outputs=("s/*.py", "none/*"))
    found = read_files(hook, place(tmp_path, "target"))
    assert found.inputs == {name: digest(name) for name in ("gen.py", "s/a.proto")}
    assert found.outputs == {"s/a.py": digest("s/a.py")}
    assert found.missing == ("none/*",)
    assert sorted(path.name for path in needed_paths(hook, place(tmp_path, "target"))) == ["a.proto", "gen.py"]


def test_the_module_of_a_function_is_an_input(tmp_path: Path) -> None:
    write(tmp_path, "tools/__init__.py", "tools/gen.py", "pkg/__init__.py", "pkg/a/b.py", "one.py")
    assert {name: [path.relative_to(tmp_path).as_posix() for path in module_files(name, tmp_path)] for name in
            ("tools.gen", "pkg", "one", "two")} == {
        "tools.gen": ["tools/__init__.py", "tools/gen.py"],
        "pkg": ["pkg/__init__.py", "pkg/a/b.py"],
        "one": ["one.py"],
        "two": [],
    }  # fmt: skip
    assert program_files(Hook(python="one:f"), tmp_path) == (tmp_path / "one.py",)
    assert program_files(Hook(run=("python3", "-m", "one")), tmp_path) == (tmp_path / "one.py",)
    outside = Hook(run=("python", "../gen.py", "/bin/sh", "one.py"))
    assert program_files(outside, tmp_path) == (tmp_path / "one.py",)


def test_a_function_of_a_module_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        check_module(Hook(python="tools.gen:f"), tmp_path)
    assert caught.value.message == f"there is no module tools.gen in {tmp_path}: the hook `tools.gen:f` names it"
    assert caught.value.hint == f"create {tmp_path / 'tools' / 'gen.py'}, or correct `python`"


def test_another_definition_or_another_project_has_another_state() -> None:
    one = Hook(python="m:f", inputs=("a",))
    assert fingerprint(one) == fingerprint(Hook(python="m:f", inputs=("a",), sdist="regenerate"))
    assert fingerprint(one) != fingerprint(Hook(python="m:f", outputs=("a",)))
    assert state_name(one, Path("/a")) != state_name(one, Path("/b"))


@pytest.mark.parametrize("value", [None, [], {}, {"inputs": {}, "outputs": [1]}, {"inputs": {"a": 1}, "outputs": {}}])
def test_what_we_did_not_write_is_no_last_run(value: object) -> None:
    assert parse_run(value) is None


def test_a_last_run_is_read_as_it_was_written() -> None:
    run = LastRun(inputs={"a": "1"}, outputs={"b": "2"}, variables={"TARGET": "t"})
    assert parse_run(json.loads(json.dumps(run.as_json()))) == run


def test_only_a_source_distribution_says_what_its_hooks_made(tmp_path: Path) -> None:
    run = LastRun(inputs={"a": "1"}, outputs={"b": "2"})
    (tmp_path / "cratewheel-hooks.json").write_text(json.dumps({"x": run.as_json(), "y": 1}), encoding="utf-8")
    assert read_shipped(tmp_path) == {}
    write(tmp_path, "PKG-INFO")
    assert read_shipped(tmp_path) == {"x": run}
    (tmp_path / "cratewheel-hooks.json").write_text("[", encoding="utf-8")
    assert read_shipped(tmp_path) == {}
