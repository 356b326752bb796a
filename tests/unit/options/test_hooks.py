"""The tables of hooks, as TOML gives them."""

from __future__ import annotations

import pytest

from cratewheel.errors import ConfigError
from cratewheel.options.hooks import hooks
from cratewheel.options.values import Hook

KEY = "tool.cratewheel.hooks"


def test_a_hook_runs_before_compiling_once_for_each_target_unless_it_says_otherwise() -> None:
    assert hooks(
        KEY,
        [
            {"run": ["python", "codegen.py"], "inputs": ["a/*.proto"], "outputs": ["b/**/*.py"], "sdist": "regenerate"},
            {"python": "pkg.module:function"},
            {"python": "m:f", "when": "before-pack"},
            {"python": "m:f", "when": "sdist"},
            {"python": "m:f", "per": "wheel"},
        ],
    ) == (
        Hook(
            run=("python", "codegen.py"),
            when="before-compile",
            per="target",
            inputs=("a/*.proto",),
            outputs=("b/**/*.py",),
            sdist="regenerate",
        ),
        Hook(python="pkg.module:function"),
        Hook(python="m:f", when="before-pack", per="wheel", sdist="regenerate"),
        Hook(python="m:f", when="sdist"),
        Hook(python="m:f", per="wheel"),
    )


@pytest.mark.parametrize(
    ("table", "message", "hint"),
    [
        pytest.param(
            {"python": "m:f", "input": []},
            "tool.cratewheel.hooks[0] has an unknown key `input`",
            "did you mean `inputs`?",
            id="unknown key",
        ),
        pytest.param(
            {"python": "m:f", "zzz": []},
            "tool.cratewheel.hooks[0] has an unknown key `zzz`",
            "the keys are run, python, when, per, inputs, outputs, sdist",
            id="key like none",
        ),
        pytest.param(
            {},
            "tool.cratewheel.hooks[0] has neither `run` nor `python`",
            'write a command, `run = ["python", "codegen.py"]`, or a function, `python = "module:function"`',
            id="nothing to run",
        ),
        pytest.param(
            {"run": ["a"], "python": "m:f"},
            "tool.cratewheel.hooks[0] has both `run` and `python`",
            'write a command, `run = ["python", "codegen.py"]`, or a function, `python = "module:function"`',
            id="two to run",
        ),
        pytest.param(
            {"run": "python codegen.py"},
            "tool.cratewheel.hooks[0].run must be a list of strings, found 'python codegen.py'",
            "no shell splits it: write the program and each argument as a string of its own",
            id="a command line",
        ),
        pytest.param(
            {"run": []},
            "tool.cratewheel.hooks[0].run must be a program and its arguments, found an empty array",
            "correct `tool.cratewheel.hooks[0].run` in pyproject.toml",
            id="no program",
        ),
        pytest.param(
            {"python": "build_hooks.py"},
            "tool.cratewheel.hooks[0].python must be `module:function`, both of the project, found 'build_hooks.py'",
            "correct `tool.cratewheel.hooks[0].python` in pyproject.toml",
            id="no function",
        ),
        pytest.param(
            {"python": "m:f", "when": "before_compile"},
            "tool.cratewheel.hooks[0].when must be one of before-compile, before-pack, sdist, found 'before_compile'",
            "did you mean `before-compile`?",
            id="unknown moment",
        ),
        pytest.param(
            {"python": "m:f", "when": "sdist", "per": "wheel"},
            "tool.cratewheel.hooks[0] has `per`, and a source distribution is made once",
            "remove `per`",
            id="sdist per wheel",
        ),
        pytest.param(
            {"python": "m:f", "when": "before-pack", "sdist": "include"},
            'tool.cratewheel.hooks[0] cannot have `sdist = "include"` with `when = "before-pack"`',
            "nothing is compiled for a source distribution: remove `sdist`",
            id="compiled in an sdist",
        ),
        pytest.param(
            {"python": "m:f", "inputs": ["../a"]},
            "tool.cratewheel.hooks[0].inputs: the glob '../a' must not have '.' or '..' in it",
            "write it relative to the project's folder",
            id="outside",
        ),
        pytest.param(
            {"python": "m:f", "outputs": ["/tmp/*"]},
            "tool.cratewheel.hooks[0].outputs: the glob '/tmp/*' must be relative",
            "write it relative to the project's folder",
            id="absolute",
        ),
        pytest.param(
            {"python": "m:f", "outputs": ["gen/"]},
            "tool.cratewheel.hooks[0].outputs: the glob 'gen/' matches folders only",
            "write 'gen/**/*' for the files in it",
            id="folder",
        ),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(table: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        hooks(KEY, [table])
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_hooks_are_an_array_of_tables() -> None:
    for value, message in (
        ({"run": ["a"]}, "tool.cratewheel.hooks must be an array of tables, found a table"),
        (["a"], "tool.cratewheel.hooks[0] must be a table, found 'a'"),
    ):
        with pytest.raises(ConfigError) as caught:
            hooks(KEY, value)
        assert caught.value.message == message


def test_a_hook_is_named_by_what_it_runs() -> None:
    assert [str(hook) for hook in (Hook(run=("sh", "-c", "a b")), Hook(python="m:f"))] == ["sh -c 'a b'", "m:f"]
